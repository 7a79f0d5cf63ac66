//! Tokens and substitutes, and what a clock that is set back does to them.

use std::time::Duration;

use clerkwork_core::{Clock, Role, SubstitutionId, Timestamp, TokenId};
use clerkwork_ledger::{
    Authority, NotSignedIn, PeopleChange, PeopleRefusal, Registered, SignIn, SubstitutionFilter,
    Token,
};
use serde_json::json;

use crate::{
    people::enable,
    world::{World, on_both_engines},
};

on_both_engines!(
    a_token_signs_in_until_it_is_revoked_expires_or_its_user_is_disabled,
    a_session_begins_once_in_a_quarter_of_an_hour,
    tokens_are_made_for_those_who_may_use_them,
    a_secret_is_nowhere,
    a_clock_that_is_set_back_gives_nothing_back,
    a_substitute_stands_in_for_the_period,
    a_substitute_has_no_substitute,
    a_substitution_ends_early_once,
    what_was_allowed_for_an_absent_person_falls_with_the_substitution,
);

const DAY: Duration = Duration::from_secs(86_400);

impl World {
    async fn token(&self, user: &str, expires_at: Option<Timestamp>) -> (TokenId, Token) {
        let token = Token::generate();
        let change = PeopleChange::CreateToken {
            user: user.into(),
            label: "test".into(),
            expires_at,
            token: token.clone(),
        };
        match self.people(change).await.unwrap() {
            Registered::Token(id) => (id, token),
            other => panic!("{other:?}"),
        }
    }

    async fn why_not(&self, token: &Token) -> Option<NotSignedIn> {
        match self.ledger.sign_in(token).await.unwrap() {
            SignIn::Yes { .. } => None,
            SignIn::No { why, .. } => Some(why),
        }
    }

    async fn substitute(
        &self,
        substitute: &str,
        absent: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<SubstitutionId, PeopleRefusal> {
        let change = PeopleChange::NameSubstitute {
            substitute: substitute.into(),
            absent: absent.into(),
            from,
            until,
        };
        match self.people(change).await? {
            Registered::Substitution(id) => Ok(id),
            other => panic!("{other:?}"),
        }
    }

    async fn stands_in(&self, substitute: &str, absent: &str) -> bool {
        self.ledger.stands_in(substitute, absent).await.unwrap()
    }
}

async fn a_token_signs_in_until_it_is_revoked_expires_or_its_user_is_disabled(world: World) {
    world.root().await;
    world.person("bob", &[Role::Operator]).await;
    let (id, token) = world.token("bob", None).await;
    let signed_in = world.ledger.sign_in(&token).await.unwrap();
    let bob = world.user("bob").await;
    let (user, recent) = (bob.clone(), false);
    assert_eq!(
        signed_in,
        SignIn::Yes {
            user,
            token: id,
            recent
        }
    );
    let unknown = world.why_not(&Token::generate()).await;
    assert_eq!(unknown, Some(NotSignedIn::Unknown));

    world.people(enable("bob", false)).await.unwrap();
    assert_eq!(world.why_not(&token).await, Some(NotSignedIn::Disabled));
    world.people(enable("bob", true)).await.unwrap();
    assert_eq!(world.why_not(&token).await, None);

    world.people(PeopleChange::RevokeToken(id)).await.unwrap();
    assert_eq!(world.why_not(&token).await, Some(NotSignedIn::Revoked));
    let again = world.people(PeopleChange::RevokeToken(id)).await;
    assert_eq!(again, Err(PeopleRefusal::TokenRevoked(id)));
    let none = TokenId::new();
    let unknown = world.people(PeopleChange::RevokeToken(none)).await;
    assert_eq!(unknown, Err(PeopleRefusal::NoSuchToken(none)));

    let (_, short) = world.token("bob", Some(world.now().after(DAY))).await;
    assert_eq!(world.why_not(&short).await, None);
    world.clock.advance(DAY);
    assert_eq!(world.why_not(&short).await, Some(NotSignedIn::Expired));
    let kept = world.ledger.tokens(Some("bob")).await.unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[1].revoked_by.as_deref(), Some("root"));
    assert_eq!(world.ledger.token(id).await.unwrap().unwrap(), kept[1]);
    let kinds: Vec<_> = world.newest_events().await;
    let count = |kind: &str| kinds.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((count("token.created"), count("token.revoked")), (2, 1));
}

async fn a_session_begins_once_in_a_quarter_of_an_hour(world: World) {
    world.root().await;
    let bob = world.person("bob", &[Role::Operator]).await;
    let (id, token) = world.token("bob", None).await;
    let recent = async || match world.ledger.sign_in(&token).await.unwrap() {
        SignIn::Yes { recent, .. } => recent,
        other => panic!("{other:?}"),
    };
    let begins = async || {
        let both = [world.another().await, world.another().await];
        let [a, b] = both
            .each_ref()
            .map(|it| it.session_begins(id, &bob, "job.list"));
        let (a, b) = tokio::join!(a, b);
        (a.unwrap(), b.unwrap())
    };
    for begun in 1..=3 {
        assert!(!recent().await);
        begins().await;
        assert!(recent().await);
        let events = "SELECT count(*) FROM event WHERE type = 'access.signed_in'";
        assert_eq!(
            world.number(events).await,
            begun,
            "of two at once one begins it"
        );
        world.advance(899);
        assert!(recent().await);
        world.advance(1);
    }
}

async fn tokens_are_made_for_those_who_may_use_them(world: World) {
    world.root().await;
    world.person("bob", &[]).await;
    world.people(enable("bob", false)).await.unwrap();
    let make = |user: &str, expires_at| PeopleChange::CreateToken {
        user: user.into(),
        label: "x".into(),
        expires_at,
        token: Token::generate(),
    };
    let disabled = world.people(make("bob", None)).await;
    assert_eq!(disabled, Err(PeopleRefusal::Disabled("bob".into())));
    let nobody = world.people(make("nobody", None)).await;
    assert_eq!(nobody, Err(PeopleRefusal::NoSuchUser("nobody".into())));
    let passed = world.people(make("root", Some(world.now()))).await;
    assert_eq!(passed, Err(PeopleRefusal::ExpiryPassed));
}

async fn a_secret_is_nowhere(world: World) {
    world.root().await;
    let (_, token) = world.token("root", None).await;
    let secret = token.reveal();
    let events = json!(world.newest_events().await).to_string();
    assert!(!events.contains(&secret[4..]));
    assert!(!events.contains(&token.digest().to_string()));
    let kept = world
        .bytes("SELECT digest FROM access_token ORDER BY id DESC LIMIT 1")
        .await;
    assert_eq!(kept, token.digest().0);
}

async fn a_clock_that_is_set_back_gives_nothing_back(world: World) {
    world.root().await;
    world.person("bob", &[]).await;
    world.person("cai", &[]).await;
    let until = world.now().after(DAY);
    let (_, token) = world.token("bob", Some(until)).await;
    world
        .substitute("bob", "cai", world.now(), until)
        .await
        .unwrap();
    assert!(world.stands_in("bob", "cai").await);
    world.clock.advance(2 * DAY);
    // Anything that is recorded keeps the time.
    world.one("R-1").await;
    world.clock.set(Timestamp(crate::world::START.0 + 1));
    assert!(world.clock.now() < until);
    assert!(world.ledger.judged_now().await.unwrap() > until);
    assert_eq!(world.why_not(&token).await, Some(NotSignedIn::Expired));
    assert!(!world.stands_in("bob", "cai").await);
    // Nor can something be made that ends before what is known to have happened.
    let late = world.substitute("bob", "cai", world.now(), until).await;
    assert_eq!(late, Err(PeopleRefusal::PeriodOver));
}

async fn a_substitute_stands_in_for_the_period(world: World) {
    world.root().await;
    world.person("bob", &[]).await;
    world.person("cai", &[]).await;
    let (from, until) = (world.now().after(DAY), world.now().after(2 * DAY));
    let own = world.substitute("bob", "bob", from, until).await;
    assert_eq!(own, Err(PeopleRefusal::OwnSubstitute("bob".into())));
    let empty = world.substitute("bob", "cai", until, from).await;
    assert_eq!(empty, Err(PeopleRefusal::PeriodOver));
    let themselves = world.substitute("root", "cai", from, until).await;
    assert_eq!(
        themselves,
        Err(PeopleRefusal::NamesThemselves("root".into()))
    );
    let nobody = world.substitute("nobody", "cai", from, until).await;
    assert_eq!(nobody, Err(PeopleRefusal::NoSuchUser("nobody".into())));

    world.substitute("bob", "cai", from, until).await.unwrap();
    let twice = world.substitute("bob", "cai", from, until).await;
    assert!(matches!(twice, Err(PeopleRefusal::SubstituteNamed { .. })));
    assert!(!world.stands_in("bob", "cai").await);
    world.clock.advance(DAY);
    assert!(world.stands_in("bob", "cai").await);
    assert!(!world.stands_in("cai", "bob").await);
    let filter = SubstitutionFilter {
        user: Some("bob".into()),
        at: Some(world.now()),
    };
    let standing = world.ledger.substitutions(&filter).await.unwrap();
    assert_eq!(standing.len(), 1);
    assert!(standing[0].in_force(world.now()));
    world.clock.advance(DAY);
    assert!(!world.stands_in("bob", "cai").await);
    assert!(!standing[0].in_force(world.now()));
    let events = world.newest_events().await;
    assert_eq!(events[0]["type"], "substitute.named");
    assert_eq!(events[0]["data"]["substitute"], "bob");
    assert_eq!(events[0]["data"]["absent"], "cai");
}

async fn a_substitute_has_no_substitute(world: World) {
    world.root().await;
    for name in ["ann", "bob", "cai", "dan"] {
        world.person(name, &[]).await;
    }
    let now = world.now();
    let day = |n: u32| now.after(n * DAY);
    world
        .substitute("bob", "ann", day(2), day(4))
        .await
        .unwrap();
    // Bob acts for Ann: nobody acts for Bob in that time, and Ann for nobody.
    let refused = world.substitute("cai", "bob", day(3), day(5)).await;
    let expected = PeopleRefusal::AbsentIsSubstitute {
        absent: "bob".into(),
        of: "ann".into(),
    };
    assert_eq!(refused, Err(expected));
    let refused = world.substitute("ann", "dan", day(1), day(3)).await;
    let expected = PeopleRefusal::SubstituteIsAbsent {
        substitute: "ann".into(),
        by: "bob".into(),
    };
    assert_eq!(refused, Err(expected));
    // Beside it both may.
    world
        .substitute("cai", "bob", day(4), day(5))
        .await
        .unwrap();
    world
        .substitute("ann", "dan", day(1), day(2))
        .await
        .unwrap();
    // And others may act for Ann, too.
    world
        .substitute("dan", "ann", day(2), day(4))
        .await
        .unwrap();
}

async fn a_substitution_ends_early_once(world: World) {
    world.root().await;
    world.person("bob", &[]).await;
    world.person("cai", &[]).await;
    let until = world.now().after(DAY);
    let id = world
        .substitute("bob", "cai", world.now(), until)
        .await
        .unwrap();
    world.people(PeopleChange::EndSubstitute(id)).await.unwrap();
    assert!(!world.stands_in("bob", "cai").await);
    let kept = world.ledger.substitution(id).await.unwrap().unwrap();
    assert_eq!(kept.ended_by.as_deref(), Some("root"));
    let again = world.people(PeopleChange::EndSubstitute(id)).await;
    assert_eq!(again, Err(PeopleRefusal::SubstitutionOver(id)));
    let none = SubstitutionId::new();
    let unknown = world.people(PeopleChange::EndSubstitute(none)).await;
    assert_eq!(unknown, Err(PeopleRefusal::NoSuchSubstitution(none)));
    // Its time is free again.
    world
        .substitute("bob", "cai", world.now(), until)
        .await
        .unwrap();
}

async fn what_was_allowed_for_an_absent_person_falls_with_the_substitution(world: World) {
    let root = world.root().await;
    world.person("bob", &[]).await;
    let until = world.now().after(DAY);
    world.person("ann", &[Role::Administrator]).await;
    let id = world
        .substitute("bob", "ann", world.now(), until)
        .await
        .unwrap();
    let (bob, ann) = (world.user("bob").await, world.user("ann").await);
    let authority = Authority::on_behalf_of(&bob, &ann);
    let create = crate::people::create;
    let done = world.ledger.change_people(&authority, create("eve", &[]));
    done.await.unwrap().unwrap();
    let event = world.newest_events().await[0].clone();
    assert_eq!(event["actor"]["name"], "bob");
    assert_eq!(event["data"]["on_behalf_of"], "ann");
    // Neither the substitute nor the absent person gets a role through it.
    for user in ["bob", "ann"] {
        let grant = PeopleChange::Grant {
            user: user.into(),
            role: Role::Auditor,
        };
        let refused = world.ledger.change_people(&authority, grant).await.unwrap();
        assert_eq!(refused, Err(PeopleRefusal::OwnRole(user.into())));
    }
    assert_eq!(world.user("root").await, root);
    world.people(PeopleChange::EndSubstitute(id)).await.unwrap();
    let done = world.ledger.change_people(&authority, create("fay", &[]));
    let refused = done.await.unwrap();
    assert!(matches!(refused, Err(PeopleRefusal::AuthorityChanged(_))));
}
