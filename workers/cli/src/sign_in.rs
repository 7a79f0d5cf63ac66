//! Who acts, and whether they may: every verb that reads or changes the ledger asks here first.
//!
//! A token says who it is; `--as` alone finds one that is kept in the data folder, and beside a
//! token must name its owner. With `--for` somebody acts as a substitute: with the absent person's
//! own roles, and both are recorded.
//!
//! Invariants:
//! * nobody is taken at their word: without a valid token nothing is read and nothing is done;
//! * each refusal is in the trail before it is told, and tells nothing about the ledger;
//! * a token appears in no message, log or event.

use std::{path::PathBuf, sync::LazyLock};

use clap::Args;
use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Office, Text, User, is_user};
use clerkwork_ledger::{Authority, Ledger, SignIn, Token};
use clerkwork_policy::{Access, AccessBroken};
use clerkwork_runtime::Config;
use serde_json::{Value, json};

use crate::{
    context::Context,
    credentials,
    failure::{Failure, chain},
    installation::Opened,
    out::Lang,
    texts,
};

/// The variable that holds a token.
const TOKEN: &str = "CLERKWORK_TOKEN";

/// The rules of access, read once.
static ACCESS: LazyLock<Result<Access, AccessBroken>> = LazyLock::new(Access::embedded);

/// Verbs whose events name one person only.
const IN_PERSON: [&str; 14] = [
    "job.submit",
    "job.retry",
    "job.cancel",
    "batch.submit",
    "brake.on",
    "brake.off",
    "policy.propose",
    "policy.approve",
    "policy.reject",
    "policy.activate",
    "policy.rollback",
    "audit.publish",
    "audit.add_key",
    "audit.retire_key",
];

/// How somebody signs in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Who you are")]
pub struct Acting {
    /// Your user name; with a token it must be the token's owner, without one the token that is kept
    /// in the data folder is taken. CLERKWORK_TOKEN holds a token
    #[arg(long = "as", value_name = "USER", env = "CLERKWORK_USER")]
    acting_as: Option<String>,
    /// File with your token, readable by you alone
    #[arg(long, value_name = "FILE", env = "CLERKWORK_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Act as the substitute of this user
    #[arg(long = "for", value_name = "USER")]
    standing_in_for: Option<String>,
}

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Who acts.
    pub user: User,
    /// For whom, if they stand in for somebody.
    pub on_behalf_of: Option<User>,
}

impl Principal {
    /// The user whose roles and office count.
    pub fn counts_as(&self) -> &User {
        self.on_behalf_of.as_ref().unwrap_or(&self.user)
    }

    /// The name of who acts.
    pub fn name(&self) -> &str {
        &self.user.name
    }

    /// The names of all whom the act concerns: who acts, and for whom.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let absent = self.on_behalf_of.iter();
        std::iter::once(self.name()).chain(absent.map(|absent| absent.name.as_str()))
    }

    /// Who acts, for the trail.
    pub fn actor(&self) -> Actor {
        Actor::User(self.user.name.clone())
    }

    /// The office whose work, and that below it, they see.
    pub fn office(&self) -> &Office {
        &self.counts_as().office
    }

    /// In whose name people are changed.
    pub fn authority(&self) -> Authority {
        match &self.on_behalf_of {
            Some(absent) => Authority::on_behalf_of(&self.user, absent),
            None => Authority::of(&self.user),
        }
    }

    /// Particulars of an event, with the person in whose name it is done.
    pub fn noted(&self, mut data: Value) -> Value {
        if let (Some(absent), Value::Object(data)) = (&self.on_behalf_of, &mut data) {
            data.insert("on_behalf_of".into(), absent.name.clone().into());
        }
        data
    }

    /// Whose work it is when nobody says: that of the settings, if it is theirs to do.
    pub fn office_or(&self, given: Option<Office>, config: &Config) -> Office {
        given.unwrap_or_else(|| match self.office().contains(&config.office) {
            true => config.office.clone(),
            false => self.office().clone(),
        })
    }

    /// The office that a list is narrowed to: the one asked for, or their own.
    pub fn narrowed(&self, office: Option<Office>) -> Office {
        office.unwrap_or_else(|| self.office().clone())
    }
}

impl Context {
    /// Lets somebody use a verb on the work of an office, or without an office on what concerns none
    /// or is narrowed to theirs. A refusal is recorded, then told.
    pub async fn authorise(
        &self,
        opened: &Opened,
        acting: &Acting,
        verb: &'static str,
        office: Option<&Office>,
    ) -> Result<Principal, Failure> {
        let ledger = &opened.ledger;
        if !ledger.is_claimed().await? {
            return Err(Failure::refused(
                "no_users",
                self.told(&Text::owned(
                    "尚无用户，请先用 `clerkwork init` 设立首位管理员",
                    format!(
                        "there are no users yet; make the first administrator with `{}`",
                        self.command(&opened.config, "init --admin NAME")
                    ),
                )),
            ));
        }
        let token = acting.token(opened)?;
        let user = self.sign_in(opened, acting, &token, verb).await?;
        let on_behalf_of = match &acting.standing_in_for {
            None => None,
            Some(absent) => Some(self.stand_in(ledger, &user, absent, verb).await?),
        };
        let principal = Principal { user, on_behalf_of };
        self.allow(opened, &principal, verb, office).await?;
        Ok(principal)
    }

    /// The same for somebody who was let in already, for example when the office of a job is known.
    pub async fn allow(
        &self,
        opened: &Opened,
        principal: &Principal,
        verb: &'static str,
        office: Option<&Office>,
    ) -> Result<(), Failure> {
        let Err(denied) = access()?.may(principal.counts_as(), verb, office) else {
            self.uses(verb, &opened.ledger);
            return Ok(());
        };
        let data = json!({
            "action": verb,
            "office": office.map(Office::as_str),
            "why": denied.reasons.iter().map(|reason| &*reason.en).collect::<Vec<_>>(),
        });
        let event = EventDraft::new(
            EventType::AccessRefused,
            principal.actor(),
            principal.noted(data),
        );
        let home = principal.user.office.clone();
        opened.ledger.record(home, event).await?;
        Err(Failure::refused("access", self.told(&denied.text())))
    }

    async fn sign_in(
        &self,
        opened: &Opened,
        acting: &Acting,
        token: &Token,
        verb: &str,
    ) -> Result<User, Failure> {
        let ledger = &opened.ledger;
        let (why, owner, office) = match ledger.sign_in(token).await? {
            SignIn::Yes {
                user,
                token,
                recent,
            } => match &acting.acting_as {
                Some(named) if *named != user.name => {
                    ("another_user", Some(user.name), Some(user.office))
                }
                Some(_) | None => {
                    if !recent {
                        ledger.session_begins(token, &user, verb).await?;
                    }
                    return Ok(user);
                }
            },
            SignIn::No { why, user, office } => (why.as_str(), user, office),
        };
        // Who it was is not known, whatever they say.
        let data = json!({"action": verb, "why": why, "token_of": owner, "named": acting.named()});
        let actor = Actor::System("cli".into());
        let event = EventDraft::new(EventType::AccessRefused, actor, data);
        let office = office.unwrap_or_else(|| opened.config.office.clone());
        ledger.record(office, event).await?;
        let text = match why {
            "another_user" => texts::TOKEN_OF_ANOTHER,
            _ => texts::TOKEN_NOT_VALID,
        };
        Err(Failure::refused("access", self.told(&text)))
    }

    async fn stand_in(
        &self,
        ledger: &Ledger,
        user: &User,
        absent: &str,
        verb: &'static str,
    ) -> Result<User, Failure> {
        if IN_PERSON.contains(&verb) {
            return Err(Failure::usage(format!(
                "`{verb}` is done in one's own name; leave out `--for`"
            )));
        }
        if !is_user(absent) {
            return Err(not_a_user(absent));
        }
        let known = ledger.user(absent).await?;
        let stands_in = ledger.stands_in(&user.name, absent).await?;
        if let Some(absent) = known.filter(|absent| stands_in && absent.enabled) {
            return Ok(absent);
        }
        let data = json!({"action": verb, "why": "no_substitute", "on_behalf_of": absent});
        let actor = Actor::User(user.name.clone());
        let event = EventDraft::new(EventType::AccessRefused, actor, data);
        ledger.record(user.office.clone(), event).await?;
        let name = &user.name;
        let text = Text::owned(
            format!("`{name}` 现在不是 `{absent}` 的代理人"),
            format!(
                "`{name}` does not stand in for `{absent}` now; an administrator names a \
                 substitute with `clerkwork substitute add`"
            ),
        );
        Err(Failure::refused("access", self.told(&text)))
    }

    /// A sentence in an error: Chinese and English beside it, or English alone.
    pub fn told(&self, text: &Text) -> String {
        match self.out.lang {
            Lang::Zh => format!("{} / {}", text.zh, text.en),
            Lang::En => text.en.to_string(),
        }
    }
}

/// The rules of access.
pub fn access() -> Result<&'static Access, Failure> {
    let access = ACCESS.as_ref();
    access.map_err(|error| Failure::internal(chain(error)))
}

fn not_a_user(name: &str) -> Failure {
    Failure::usage(format!(
        "`{name}` is no user name; use up to 64 letters, digits, `.`, `_`, `-` and `@`"
    ))
}

impl Acting {
    /// What a command to be copied adds, so that it works as it stands.
    pub fn option(&self) -> String {
        let name = self.named();
        name.map(|name| format!(" --as {name}")).unwrap_or_default()
    }

    /// The name as far as it can be one.
    fn named(&self) -> Option<&str> {
        self.acting_as.as_deref().filter(|name| is_user(name))
    }

    /// The token: from a named file, the environment, or the data folder.
    fn token(&self, opened: &Opened) -> Result<Token, Failure> {
        if let Some(name) = &self.acting_as
            && !is_user(name)
        {
            return Err(not_a_user(name));
        }
        let variable = std::env::var(TOKEN).ok().filter(|text| !text.is_empty());
        match (&self.token_file, variable, &self.acting_as) {
            (Some(path), _, _) => credentials::read(path),
            (None, Some(text), _) => text
                .parse()
                .map_err(|error| Failure::refused("sign_in", format!("{TOKEN}: {error}"))),
            (None, None, Some(name)) => {
                let path = credentials::path(&opened.config, name);
                if name.starts_with('.') || path.symlink_metadata().is_err() {
                    return Err(Failure::refused(
                        "sign_in",
                        format!(
                            "no token of `{name}` is kept in `{}`; put theirs into {TOKEN} or name \
                             its file with `--token-file`; an administrator makes one with \
                             `clerkwork token create {name}`",
                            opened.config.data_dir.display()
                        ),
                    ));
                }
                credentials::read(&path)
            }
            (None, None, None) => Err(Failure::refused(
                "sign_in",
                format!(
                    "say who you are: put your token into {TOKEN}, name its file with \
                     `--token-file`, or name a user whose token is kept in the data folder with \
                     `--as USER`"
                ),
            )),
        }
    }
}
