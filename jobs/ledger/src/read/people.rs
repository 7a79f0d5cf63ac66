//! Reading people: who they are, what they may sign in with, and who stands in for whom.

use clerkwork_core::{JobId, Office, Role, SubstitutionId, Timestamp, TokenId, User};

use super::filter::Query;
use crate::{
    Ledger, LedgerError, NotSignedIn, SignIn, Substitution, SubstitutionFilter, Token, TokenRecord,
    UserFilter,
    engine::cell::{Cell, Cells, Damage},
};

/// What [`user`] reads, in one statement: roles read apart from the revision could belong to
/// another.
const USER: &str = "SELECT a.name, a.office, a.enabled, a.revision, a.created_at, \
    (SELECT string_agg(r.role, ' ') FROM account_role r WHERE r.name = a.name), \
    (SELECT string_agg(g.group_name, ' ') FROM account_group g WHERE g.name = a.name) \
    FROM account a";
const OF_TOKEN: &str = include_str!("../sql/user_of_token.sql");
const TOKEN: &str = "SELECT id, name, label, created_by, created_at, expires_at, revoked_by, \
    revoked_at FROM access_token";
const SUBSTITUTION: &str = "SELECT id, substitute, absent, starts_at, ends_at, named_by, named_at, \
    ended_by, ended_at FROM substitution";
const IS_RELATED: &str = "SELECT 1 FROM job_item i JOIN account_relation r ON r.person = i.person \
    WHERE i.id = $1 AND r.name = $2";

impl Ledger {
    /// Whether there is any account: the installation has an owner.
    pub async fn is_claimed(&self) -> Result<bool, LedgerError> {
        let found = self.pools().fetch("SELECT 1 FROM account LIMIT 1", vec![]);
        Ok(!found.await?.is_empty())
    }

    /// One user.
    pub async fn user(&self, name: &str) -> Result<Option<User>, LedgerError> {
        let sql = format!("{USER} WHERE a.name = $1");
        let found = self.pools().fetch(sql, vec![name.into()]).await?;
        found.first().map(user).transpose()
    }

    /// Users by name, at most `limit` (1 to 1,000) after the name `after`.
    pub async fn users(
        &self,
        filter: &UserFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, LedgerError> {
        let mut query = Query::new(USER);
        if let Some(office) = &filter.office {
            query.office("a.office", office);
        }
        if let Some(role) = filter.role {
            query.put_within(
                "a.name IN (SELECT name FROM account_role WHERE role =",
                role.as_str(),
            );
        }
        if let Some(group) = &filter.group {
            query.put_within(
                "a.name IN (SELECT name FROM account_group WHERE group_name =",
                group.as_str(),
            );
        }
        if let Some(enabled) = filter.enabled {
            query.put("a.enabled =", i64::from(enabled));
        }
        if let Some(after) = after {
            query.put("a.name >", after);
        }
        let (sql, cells) = query.first_by("a.name", limit);
        let found = self.pools().fetch(sql, cells).await?;
        found.iter().map(user).collect()
    }

    /// Whose token this is, if it is valid. One indexed look-up, whether there is such a token or
    /// not.
    pub async fn sign_in(&self, token: &Token) -> Result<SignIn, LedgerError> {
        let now = self.judged_now().await?;
        let digest = Cell::from(token.digest().0.to_vec());
        let found = self.pools().fetch(OF_TOKEN, vec![digest]).await?;
        let Some(row) = found.first() else {
            return Ok(SignIn::No {
                why: NotSignedIn::Unknown,
                user: None,
                office: None,
            });
        };
        let read = || {
            Ok::<_, Damage>((
                TokenId(row.uuid(7)?),
                row.opt_int(8)?.map(Timestamp),
                row.opt_int(9)?,
                row.opt_int(10)?.map(Timestamp),
            ))
        };
        let (id, expires_at, revoked, seen_at) =
            read().map_err(|damage| LedgerError::corrupt("access_token", "?", damage.0))?;
        let user = user(row)?;
        let why = if revoked.is_some() {
            NotSignedIn::Revoked
        } else if expires_at.is_some_and(|at| at <= now) {
            NotSignedIn::Expired
        } else if !user.enabled {
            NotSignedIn::Disabled
        } else {
            let recent = seen_at.is_some_and(|at| now.since(at) < crate::people::SESSION);
            let token = id;
            return Ok(SignIn::Yes {
                user,
                token,
                recent,
            });
        };
        Ok(SignIn::No {
            why,
            user: Some(user.name),
            office: Some(user.office),
        })
    }

    /// One token, by its id.
    pub async fn token(&self, id: TokenId) -> Result<Option<TokenRecord>, LedgerError> {
        let sql = format!("{TOKEN} WHERE id = $1");
        let found = self.pools().fetch(sql, vec![id.0.into()]).await?;
        found.first().map(token).transpose()
    }

    /// The newest tokens of a user, or of all: at most 1,000, those that are not valid any more
    /// among them.
    pub async fn tokens(&self, user: Option<&str>) -> Result<Vec<TokenRecord>, LedgerError> {
        let mut query = Query::new(TOKEN);
        if let Some(user) = user {
            query.put("name =", user);
        }
        let (sql, cells) = query.page("id", crate::Page::first(1_000));
        let found = self.pools().fetch(sql, cells).await?;
        found.iter().map(token).collect()
    }

    /// The newest substitutions, at most 1,000.
    pub async fn substitutions(
        &self,
        filter: &SubstitutionFilter,
    ) -> Result<Vec<Substitution>, LedgerError> {
        let mut query = Query::new(SUBSTITUTION);
        if let Some(at) = filter.at {
            query.always("ended_at IS NULL");
            query.put("starts_at <=", at);
            query.put("ends_at >", at);
        }
        if let Some(user) = &filter.user {
            query.put_either("substitute =", "absent =", user.as_str());
        }
        let (sql, cells) = query.page("id", crate::Page::first(1_000));
        let found = self.pools().fetch(sql, cells).await?;
        found.iter().map(substitution).collect()
    }

    /// One substitution, by its id.
    pub async fn substitution(
        &self,
        id: SubstitutionId,
    ) -> Result<Option<Substitution>, LedgerError> {
        let sql = format!("{SUBSTITUTION} WHERE id = $1");
        let found = self.pools().fetch(sql, vec![id.0.into()]).await?;
        found.first().map(substitution).transpose()
    }

    /// Whether `substitute` may act for `absent` now.
    pub async fn stands_in(&self, substitute: &str, absent: &str) -> Result<bool, LedgerError> {
        let filter = SubstitutionFilter {
            user: Some(absent.to_owned()),
            at: Some(self.judged_now().await?),
        };
        let standing = self.substitutions(&filter).await?;
        // Somebody who stands in for another is not stood in for, whatever the rows say.
        let acts = standing.iter().any(|one| one.substitute == absent);
        let named = |one: &Substitution| one.substitute == substitute && one.absent == absent;
        Ok(!acts && standing.iter().any(named))
    }

    /// Whether a user is related to the taxpayer of a job; such a user never decides on it.
    pub async fn is_related(&self, user: &str, job: JobId) -> Result<bool, LedgerError> {
        let cells = vec![job.0.into(), user.into()];
        Ok(!self.pools().fetch(IS_RELATED, cells).await?.is_empty())
    }
}

fn named<T>(table: &'static str, row: &Cells, read: Result<T, Damage>) -> Result<T, LedgerError> {
    read.map_err(|damage| LedgerError::corrupt(table, row.name_of_row(0), damage.0))
}

fn user(row: &Cells) -> Result<User, LedgerError> {
    let read = || {
        let office: Office = row
            .text(1)?
            .try_into()
            .map_err(|error| row.damage(1, error))?;
        let words = |column| {
            let text = row.opt_text(column)?.unwrap_or_default();
            Ok::<_, Damage>(
                text.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            )
        };
        let mut roles = Vec::new();
        for role in words(5)? {
            roles.push(role.parse::<Role>().map_err(|error| row.damage(5, error))?);
        }
        roles.sort();
        let mut groups = words(6)?;
        groups.sort();
        Ok(User {
            name: row.text(0)?,
            office,
            roles,
            groups,
            enabled: row.int(2)? == 1,
            revision: u64::try_from(row.int(3)?).map_err(|error| row.damage(3, error))?,
            created_at: Timestamp(row.int(4)?),
        })
    };
    named("account", row, read())
}

fn token(row: &Cells) -> Result<TokenRecord, LedgerError> {
    let read = || {
        Ok(TokenRecord {
            id: TokenId(row.uuid(0)?),
            user: row.text(1)?,
            label: row.text(2)?,
            created_by: row.text(3)?,
            created_at: Timestamp(row.int(4)?),
            expires_at: row.opt_int(5)?.map(Timestamp),
            revoked_by: row.opt_text(6)?,
            revoked_at: row.opt_int(7)?.map(Timestamp),
        })
    };
    named("access_token", row, read())
}

fn substitution(row: &Cells) -> Result<Substitution, LedgerError> {
    let read = || {
        Ok(Substitution {
            id: SubstitutionId(row.uuid(0)?),
            substitute: row.text(1)?,
            absent: row.text(2)?,
            starts_at: Timestamp(row.int(3)?),
            ends_at: Timestamp(row.int(4)?),
            named_by: row.text(5)?,
            named_at: Timestamp(row.int(6)?),
            ended_by: row.opt_text(7)?,
            ended_at: row.opt_int(8)?.map(Timestamp),
        })
    };
    named("substitution", row, read())
}
