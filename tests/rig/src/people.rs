//! Users for tests that need somebody to act.

use clerkwork_core::{Office, Role, Tier};
use clerkwork_ledger::{Authority, Ledger, NewUser, PeopleChange, Token};

/// The first administrator.
const FOUNDER: &str = "founder";

/// In the name of this user, who is entered as an operator and as a supervisor of the highest tier if
/// there is none of that name.
pub async fn person(ledger: &Ledger, name: &str) -> Authority {
    if !ledger.is_claimed().await.expect("the ledger answers") {
        let (office, token) = (Office::default(), Token::generate());
        let claimed = ledger.claim_installation(FOUNDER, office, "rig", &token);
        claimed
            .await
            .expect("the ledger answers")
            .expect("nobody was first");
    }
    let find = async |name: &str| ledger.user(name).await.expect("the ledger answers");
    if let Some(user) = find(name).await {
        return Authority::of(&user);
    }
    let founder = find(FOUNDER).await.expect("the founder is there");
    let user = NewUser {
        name: name.into(),
        office: Office::default(),
        roles: vec![Role::Operator, Role::Supervisor(Tier::Integrity)],
        groups: Vec::new(),
    };
    let by = Authority::of(&founder);
    let made = ledger.change_people(&by, PeopleChange::Create(user)).await;
    made.expect("the ledger answers").expect("the name is free");
    let user = find(name).await.expect("the user was entered");
    Authority::of(&user)
}
