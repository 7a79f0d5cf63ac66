//! The demo's people, each with a token that is kept in its data folder, so that `--as` signs in.

use clerkwork_core::{Role, Tier, User};
use clerkwork_ledger::{Authority, Ledger, NewUser, PeopleChange, PeopleRefusal, Token};
use clerkwork_runtime::Config;

use crate::{context::Context, credentials, failure::Failure, people};

/// Who submits the demo's items.
pub const OPERATOR: &str = "alice";
/// Who decides on what stops, and reads the trail.
pub const SUPERVISOR: &str = "bob";
/// Who keeps the others.
const ADMINISTRATOR: &str = "dave";

const OTHERS: [(&str, &[Role]); 5] = [
    (OPERATOR, &[Role::Operator]),
    (
        SUPERVISOR,
        &[Role::Supervisor(Tier::Integrity), Role::Auditor],
    ),
    ("carol", &[Role::Supervisor(Tier::Business)]),
    ("erin", &[Role::Integrator]),
    ("frank", &[Role::Auditor]),
];

/// Makes those who are not there yet. A folder that has users of its own is left as it is.
pub async fn make(context: &Context, config: &Config, ledger: &Ledger) -> Result<(), Failure> {
    if !ledger.is_claimed().await? {
        let token = Token::generate();
        // Kept first: an administrator without a token could never be replaced.
        credentials::save(config, ADMINISTRATOR, &token)?;
        people::claim(
            context,
            ledger,
            ADMINISTRATOR,
            config.office.clone(),
            &token,
        )
        .await?;
    }
    let ours = credentials::path(config, ADMINISTRATOR).exists();
    let administrator = ledger.user(ADMINISTRATOR).await?.filter(|_| ours);
    let Some(administrator) = administrator else {
        context
            .out
            .note("this folder has users of its own; the demo adds none");
        return Ok(());
    };
    for (name, roles) in OTHERS {
        if ledger.user(name).await?.is_none() {
            let new = NewUser {
                name: name.into(),
                office: config.office.clone(),
                roles: roles.to_vec(),
                groups: Vec::new(),
            };
            let made = PeopleChange::Create(new);
            by(context, ledger, &administrator, made).await?;
        }
        if !credentials::path(config, name).exists() {
            let token = Token::generate();
            let made = PeopleChange::CreateToken {
                user: name.into(),
                label: "demo".into(),
                expires_at: None,
                token: token.clone(),
            };
            by(context, ledger, &administrator, made).await?;
            credentials::save(config, name, &token)?;
        }
    }
    Ok(())
}

async fn by(
    context: &Context,
    ledger: &Ledger,
    administrator: &User,
    change: PeopleChange,
) -> Result<(), Failure> {
    let authority = Authority::of(administrator);
    match ledger.change_people(&authority, change).await? {
        // Disabled by somebody who tried it out.
        Ok(_) | Err(PeopleRefusal::Disabled(_)) => Ok(()),
        Err(refusal) => Err(people::refused(context, &refusal)),
    }
}
