//! People in the ledger: users with their roles and groups, their tokens, and who stands in for
//! whom.
//!
//! Invariants:
//! * **The first administrator is made once,** by [`Ledger::claim_installation`], and an enabled
//!   administrator is there from then on.
//! * **Whoever changes something here is looked at again inside the transaction:** an
//!   [`Authority`] names the revision at which its holder was allowed to, and is refused when the
//!   holder was disabled or changed meanwhile. So a role that was taken away a moment ago is of no
//!   use. What a role may do is not asked here but in `policies/access`.
//! * **Every change is one event,** in the same transaction; with a substitute it names both people.
//!   A refusal is an answer ([`PeopleRefusal`]) and leaves nothing behind.
//! * **A token's secret is nowhere.** Only its SHA-256 is kept; a person's relation to a taxpayer
//!   only under the taxpayer's pseudonym.
//! * **Nobody gives themselves anything:** no role, and no place as a substitute.
//! * **A substitute has the absent person's own roles and nothing more:** who stands in for somebody
//!   cannot be absent with a substitute at the same time.
//! * **A clock that is set back does not give back what has ended:** expiry and periods are judged
//!   by [`Ledger::judged_now`].
//!
//! To add a change: a variant of [`PeopleChange`], its arm in `write.rs`, its work in
//! `users.rs`, `tokens.rs` or `substitutes.rs`, and its refusals.

mod change;
mod refusal;
mod substitutes;
mod token;
mod tokens;
mod users;
mod write;

pub use change::{PeopleChange, Registered};
pub use refusal::PeopleRefusal;
pub use token::Token;

use clerkwork_core::{Actor, Office, Role, SubstitutionId, Timestamp, TokenId, User, is_user};

use crate::{Ledger, LedgerError};

/// In whose name people, roles and tokens are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub(crate) actor: Actor,
    pub(crate) seen: Vec<(String, u64)>,
    pub(crate) on_behalf_of: Option<String>,
}

impl Authority {
    /// A user in their own name, as they were when they were allowed to.
    pub fn of(user: &User) -> Self {
        Self {
            actor: Actor::User(user.name.clone()),
            seen: vec![(user.name.clone(), user.revision)],
            on_behalf_of: None,
        }
    }

    /// A user in the name of another whom they stand in for.
    pub fn on_behalf_of(user: &User, absent: &User) -> Self {
        let mut authority = Self::of(user);
        authority.seen.push((absent.name.clone(), absent.revision));
        authority.on_behalf_of = Some(absent.name.clone());
        authority
    }

    /// Whether this user acts, or is acted for.
    pub(crate) fn is(&self, user: &str) -> bool {
        self.name() == user || self.on_behalf_of.as_deref() == Some(user)
    }

    pub(crate) fn name(&self) -> &str {
        self.actor.name()
    }
}

/// A user to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Their name; see [`is_user`].
    pub name: String,
    /// Where they work.
    pub office: Office,
    /// What they may be trusted with.
    pub roles: Vec<Role>,
    /// The groups they are in.
    pub groups: Vec<String>,
}

/// A token as it is kept: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its id, to revoke it by.
    pub id: TokenId,
    /// Whose it is.
    pub user: String,
    /// What it is for, in its owner's words.
    pub label: String,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// From when on it is not valid any more; absent: it does not expire.
    pub expires_at: Option<Timestamp>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Somebody may act for somebody else for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// Its id, to end it by.
    pub id: SubstitutionId,
    /// Who acts.
    pub substitute: String,
    /// For whom.
    pub absent: String,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until before when.
    pub ends_at: Timestamp,
    /// Who named the substitute.
    pub named_by: String,
    /// When.
    pub named_at: Timestamp,
    /// Who ended it early.
    pub ended_by: Option<String>,
    /// When it was ended early.
    pub ended_at: Option<Timestamp>,
}

impl Substitution {
    /// Whether it is in force at `at`.
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.ended_at.is_none() && self.starts_at <= at && at < self.ends_at
    }
}

/// Why a token does not sign in. For the trail; whoever showed it is told the same in each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSignedIn {
    /// There is no such token.
    Unknown,
    /// It was revoked.
    Revoked,
    /// Its time is over.
    Expired,
    /// Its user is disabled.
    Disabled,
}

impl NotSignedIn {
    /// The name in the trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
        }
    }
}

/// A sign-in within this time after another with the same token goes on with that session.
pub(crate) const SESSION: std::time::Duration = std::time::Duration::from_secs(900);

/// What a token gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// It is valid and its user is enabled.
    Yes {
        /// Whose it is.
        user: User,
        /// Which token it was.
        token: TokenId,
        /// It was used within the last quarter of an hour: this is no new session.
        recent: bool,
    },
    /// It gives nothing.
    No {
        /// Why.
        why: NotSignedIn,
        /// Whose token it was, if there is one.
        user: Option<String>,
        /// The office of that user.
        office: Option<Office>,
    },
}

/// Which users; every given part must fit.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Of this office or one below it.
    pub office: Option<Office>,
    /// With this role.
    pub role: Option<Role>,
    /// In this group.
    pub group: Option<String>,
    /// Enabled or not.
    pub enabled: Option<bool>,
}

/// Which substitutions; every given part must fit.
#[derive(Debug, Clone, Default)]
pub struct SubstitutionFilter {
    /// In which this user stands in or is stood in for.
    pub user: Option<String>,
    /// In force at this time.
    pub at: Option<Timestamp>,
}

impl Ledger {
    /// Makes the first administrator, with a token. Refused when there is any account.
    pub async fn claim_installation(
        &self,
        name: &str,
        office: Office,
        label: &str,
        token: &Token,
    ) -> Result<Result<TokenId, PeopleRefusal>, LedgerError> {
        check_name("user name", name)?;
        check_label(label)?;
        let write = write::Claim {
            name: name.to_owned(),
            office,
            label: label.to_owned(),
            digest: token.digest(),
        };
        self.register(write).await
    }

    /// Changes people, roles, tokens or substitutes. Durable when answered.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when a name cannot be one.
    pub async fn change_people(
        &self,
        authority: &Authority,
        change: PeopleChange,
    ) -> Result<Result<Registered, PeopleRefusal>, LedgerError> {
        change.check()?;
        let sealer = &self.shared().sealer;
        let person = match &change {
            PeopleChange::Relate { subject_id, .. } | PeopleChange::Unrelate { subject_id, .. } => {
                Some(sealer.pseudonym(subject_id))
            }
            _ => None,
        };
        let write = write::PeopleWrite {
            authority: authority.clone(),
            // The number itself goes no further than this.
            change: change.without_subject(),
            person,
        };
        self.register(write).await
    }

    /// The time by which expiry and periods are judged: the clock's, but never before the newest
    /// event, so that a clock that is set back does not make valid again what has ended.
    pub async fn judged_now(&self) -> Result<Timestamp, LedgerError> {
        let found = self.shared().pools.fetch(write::NEWEST, Vec::new()).await?;
        write::judged(self.shared().clock.now(), &found)
    }
}

pub(crate) fn check_name(what: &str, name: &str) -> Result<(), LedgerError> {
    if is_user(name) {
        return Ok(());
    }
    let shown: String = name.chars().take(70).collect();
    Err(LedgerError::Invalid(format!(
        "`{shown}` is no {what}; use up to 64 letters, digits, `.`, `_`, `-` and `@`"
    )))
}

pub(crate) fn check_label(label: &str) -> Result<(), LedgerError> {
    let fits = (1..=100).contains(&label.chars().count()) && !label.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    let shown: String = label.chars().take(40).collect();
    Err(LedgerError::Invalid(format!(
        "`{shown}` is no label; say in 1 to 100 characters what the token is for"
    )))
}
