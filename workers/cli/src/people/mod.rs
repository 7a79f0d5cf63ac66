//! `clerkwork init`, `user`, `role`, `group`, `token` and `substitute`: who may act here.
//!
//! To add a verb: its variant and its arm in one of these files, and its action in
//! `policies/access`. What is changed and when it is refused is the ledger's.

mod group;
mod init;
mod role;
mod substitute;
mod token;
mod user;

use clerkwork_core::{Office, User};
use clerkwork_ledger::{PeopleChange, PeopleRefusal, Registered};
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::Opened,
    sign_in::{Acting, Principal},
};

pub use group::Verb as Group;
pub use init::{Args as Init, claim, init};
pub use role::Verb as Role;
pub use substitute::Verb as Substitute;
pub use token::Verb as Token;
pub use user::Verb as Users;

/// Lets somebody use a verb on a user: the user's office must be theirs. Where there is no such user,
/// the role alone counts, and the ledger says so afterwards.
async fn on_user(
    context: &Context,
    opened: &Opened,
    acting: &Acting,
    verb: &'static str,
    name: &str,
) -> Result<Principal, Failure> {
    let principal = context.authorise(opened, acting, verb, None).await?;
    if let Some(user) = opened.ledger.user(name).await? {
        let office = Some(&user.office);
        context.allow(opened, &principal, verb, office).await?;
    }
    Ok(principal)
}

/// Makes a change, or tells why it was refused.
async fn change(
    context: &Context,
    opened: &Opened,
    principal: &Principal,
    change: PeopleChange,
) -> Result<Registered, Failure> {
    let authority = principal.authority();
    let changed = opened.ledger.change_people(&authority, change).await?;
    changed.map_err(|refusal| refused(context, &refusal))
}

/// A refusal in both languages, with its exit code.
pub fn refused(context: &Context, refusal: &PeopleRefusal) -> Failure {
    let exit = match refusal {
        PeopleRefusal::NoSuchUser(_)
        | PeopleRefusal::NoSuchToken(_)
        | PeopleRefusal::NoSuchSubstitution(_) => Exit::NotFound,
        PeopleRefusal::OwnSubstitute(_)
        | PeopleRefusal::PeriodOver
        | PeopleRefusal::ExpiryPassed => Exit::Usage,
        _ => Exit::Refused,
    };
    Failure::new(exit, refusal.code(), context.told(&refusal.text()))
}

/// Changes one user and says what came of it.
async fn change_user(
    context: &Context,
    opened: &Opened,
    principal: &Principal,
    name: &str,
    wanted: PeopleChange,
) -> Outcome {
    change(context, opened, principal, wanted).await?;
    let user = opened.ledger.user(name).await?;
    let Some(user) = user else {
        return Err(Failure::internal(format!("`{name}` is gone")));
    };
    let out = &context.out;
    out.line(line(&user));
    out.json(&as_json(&user));
    Ok(Exit::Done)
}

/// A user in one line.
fn line(user: &User) -> String {
    let state = if user.enabled { "" } else { " (disabled)" };
    format!(
        "{}{state}: {}; {}; {}",
        user.name,
        user.office,
        list(user.roles.iter().map(|role| role.as_str())),
        list(user.groups.iter().map(String::as_str)),
    )
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.collect();
    if words.is_empty() {
        "-".into()
    } else {
        words.join(", ")
    }
}

fn as_json(user: &User) -> Value {
    json!({
        "name": user.name,
        "office": user.office,
        "roles": user.roles,
        "groups": user.groups,
        "enabled": user.enabled,
        "revision": user.revision,
        "created_at": user.created_at.to_string(),
    })
}

/// An office from the command line.
fn office(text: Option<String>) -> Result<Option<Office>, Failure> {
    let office = text.map(Office::new).transpose();
    office.map_err(|error| Failure::usage(error.to_string()))
}
