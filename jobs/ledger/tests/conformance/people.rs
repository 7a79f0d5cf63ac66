//! Users, roles, groups, relations, and that whoever changes them is looked at again.

use clerkwork_core::{Office, Role, Tier, User};
use clerkwork_ledger::{
    Authority, LedgerErrorKind, NewUser, PeopleChange, PeopleRefusal, Registered, Token, UserFilter,
};
use serde_json::{Value, json};

use crate::world::{World, on_both_engines};

on_both_engines!(
    the_first_administrator_is_made_once,
    two_claims_at_once_make_one_administrator,
    every_change_raises_the_revision_and_is_one_event,
    refusals_leave_everything_as_it_was,
    an_administrator_remains,
    who_was_changed_a_moment_ago_changes_nothing,
    of_a_change_and_the_loss_of_its_authority_one_comes_first,
    users_are_listed_by_name,
    a_relation_is_kept_by_pseudonym,
    names_that_cannot_be_are_refused,
);

impl World {
    /// The first administrator.
    pub(crate) async fn root(&self) -> User {
        let token = Token::generate();
        let made = self
            .ledger
            .claim_installation("root", Office::default(), "first", &token);
        made.await.unwrap().unwrap();
        self.user("root").await
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        self.ledger.user(name).await.unwrap().unwrap()
    }

    pub(crate) async fn by(
        &self,
        user: &User,
        change: PeopleChange,
    ) -> Result<Registered, PeopleRefusal> {
        let authority = Authority::of(user);
        self.ledger.change_people(&authority, change).await.unwrap()
    }

    /// By `root`, as they are now.
    pub(crate) async fn people(&self, change: PeopleChange) -> Result<Registered, PeopleRefusal> {
        let root = self.user("root").await;
        self.by(&root, change).await
    }

    pub(crate) async fn person(&self, name: &str, roles: &[Role]) -> User {
        self.people(create(name, roles)).await.unwrap();
        self.user(name).await
    }

    /// All events, the newest first.
    pub(crate) async fn newest_events(&self) -> Vec<Value> {
        let page = clerkwork_ledger::Page::first(1_000);
        let newest = clerkwork_ledger::Order::Newest;
        let found = self.ledger.search(&Default::default(), newest, page).await;
        let events = found.unwrap().events;
        let read = |event: &clerkwork_ledger::StoredEvent| serde_json::from_slice(&event.bytes);
        events.iter().map(|event| read(event).unwrap()).collect()
    }
}

pub(crate) fn create(name: &str, roles: &[Role]) -> PeopleChange {
    PeopleChange::Create(NewUser {
        name: name.into(),
        office: Office::default(),
        roles: roles.to_vec(),
        groups: Vec::new(),
    })
}

pub(crate) fn enable(user: &str, enabled: bool) -> PeopleChange {
    let user = user.into();
    PeopleChange::Enable { user, enabled }
}

fn grant(user: &str, role: Role) -> PeopleChange {
    let user = user.into();
    PeopleChange::Grant { user, role }
}

fn revoke(user: &str, role: Role) -> PeopleChange {
    let user = user.into();
    PeopleChange::Revoke { user, role }
}

fn join(user: &str, group: &str) -> PeopleChange {
    PeopleChange::Join {
        user: user.into(),
        group: group.into(),
    }
}

fn leave(user: &str, group: &str) -> PeopleChange {
    PeopleChange::Leave {
        user: user.into(),
        group: group.into(),
    }
}

fn moved(user: &str, office: &str) -> PeopleChange {
    PeopleChange::Move {
        user: user.into(),
        office: Office::new(office).unwrap(),
    }
}

async fn the_first_administrator_is_made_once(world: World) {
    assert!(!world.ledger.is_claimed().await.unwrap());
    let root = world.root().await;
    assert!(world.ledger.is_claimed().await.unwrap());
    assert_eq!(root.roles, [Role::Administrator]);
    assert!(root.enabled);
    let token = Token::generate();
    let again = world
        .ledger
        .claim_installation("eve", Office::default(), "x", &token);
    assert_eq!(again.await.unwrap(), Err(PeopleRefusal::AlreadyClaimed));
    assert!(world.ledger.user("eve").await.unwrap().is_none());
    let events = world.newest_events().await;
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(events[0]["type"], "installation.claimed");
    assert_eq!(events[0]["data"]["user"], "root");
}

async fn two_claims_at_once_make_one_administrator(world: World) {
    let other = world.another().await;
    let (one, two) = (Token::generate(), Token::generate());
    let office = Office::default;
    let (one, two) = tokio::join!(
        world.ledger.claim_installation("one", office(), "x", &one),
        other.claim_installation("two", office(), "x", &two),
    );
    let made = [one.unwrap(), two.unwrap()];
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    assert_eq!(world.number("SELECT count(*) FROM account").await, 1);
}

async fn every_change_raises_the_revision_and_is_one_event(world: World) {
    world.root().await;
    world.person("bob", &[Role::Operator]).await;
    let supervisor = Role::Supervisor(Tier::Enforcement);
    let subject_id = || "440301199001011234".to_owned();
    let changes = [
        (grant("bob", supervisor), "role.granted"),
        (join("bob", "red-letter"), "user.changed"),
        (moved("bob", "center/north"), "user.changed"),
        (
            PeopleChange::Relate {
                user: "bob".into(),
                subject_id: subject_id(),
            },
            "user.changed",
        ),
        (
            PeopleChange::Unrelate {
                user: "bob".into(),
                subject_id: subject_id(),
            },
            "user.changed",
        ),
        (enable("bob", false), "user.changed"),
        (enable("bob", true), "user.changed"),
        (revoke("bob", Role::Operator), "role.revoked"),
        (leave("bob", "red-letter"), "user.changed"),
    ];
    let mut revision = world.user("bob").await.revision;
    for (change, event) in changes {
        let before = world.newest_events().await.len();
        world.people(change.clone()).await.unwrap();
        let bob = world.user("bob").await;
        assert_eq!(bob.revision, revision + 1, "{change:?}");
        revision = bob.revision;
        let events = world.newest_events().await;
        assert_eq!(events.len(), before + 1, "{change:?}");
        assert_eq!(events[0]["type"], event);
        assert_eq!(events[0]["data"]["user"], "bob");
        assert_eq!(events[0]["actor"], json!({"kind": "user", "name": "root"}));
    }
    let bob = world.user("bob").await;
    assert_eq!(bob.roles, [supervisor]);
    assert_eq!(bob.tier(), Some(Tier::Enforcement));
    assert_eq!(bob.office.as_str(), "center/north");
    assert!(bob.groups.is_empty());
}

async fn refusals_leave_everything_as_it_was(world: World) {
    world.root().await;
    world.person("bob", &[Role::Operator]).await;
    world.people(join("bob", "g")).await.unwrap();
    let before = (
        world.user("bob").await,
        world.user("root").await,
        world.newest_events().await,
    );
    let (bob, group) = (|| "bob".to_owned(), || "g".to_owned());
    let nobody = || PeopleRefusal::NoSuchUser("nobody".into());
    for (change, refusal) in [
        (create("bob", &[]), PeopleRefusal::UserExists(bob())),
        (
            enable("bob", true),
            PeopleRefusal::AlreadySo {
                user: bob(),
                enabled: true,
            },
        ),
        (enable("nobody", false), nobody()),
        (moved("bob", "center"), PeopleRefusal::SameOffice(bob())),
        (moved("nobody", "center"), nobody()),
        (
            grant("bob", Role::Operator),
            PeopleRefusal::HasRole(bob(), Role::Operator),
        ),
        (grant("nobody", Role::Operator), nobody()),
        (
            grant("root", Role::Operator),
            PeopleRefusal::OwnRole("root".into()),
        ),
        (
            revoke("bob", Role::Auditor),
            PeopleRefusal::NoRole(bob(), Role::Auditor),
        ),
        (join("bob", "g"), PeopleRefusal::InGroup(bob(), group())),
        (
            leave("bob", "h"),
            PeopleRefusal::NotInGroup(bob(), "h".into()),
        ),
        (
            PeopleChange::Unrelate {
                user: bob(),
                subject_id: "1".into(),
            },
            PeopleRefusal::NotRelated(bob()),
        ),
    ] {
        assert_eq!(world.people(change).await, Err(refusal.clone()));
        let text = refusal.text();
        assert!(!text.zh.is_ascii() && text.en == refusal.to_string());
    }
    let after = (
        world.user("bob").await,
        world.user("root").await,
        world.newest_events().await,
    );
    assert_eq!(after, before);
}

async fn an_administrator_remains(world: World) {
    world.root().await;
    let last = || Err(PeopleRefusal::LastAdministrator("root".into()));
    assert_eq!(world.people(enable("root", false)).await, last());
    let admin = Role::Administrator;
    assert_eq!(world.people(revoke("root", admin)).await, last());
    world.person("ann", &[admin]).await;
    world.people(enable("ann", false)).await.unwrap();
    // One who cannot act is none.
    assert_eq!(world.people(enable("root", false)).await, last());
    world.people(enable("ann", true)).await.unwrap();
    world.people(enable("root", false)).await.unwrap();
    let ann = world.user("ann").await;
    let refused = world.by(&ann, revoke("ann", admin)).await;
    assert_eq!(refused, Err(PeopleRefusal::LastAdministrator("ann".into())));
}

async fn who_was_changed_a_moment_ago_changes_nothing(world: World) {
    world.root().await;
    let ann = world.person("ann", &[Role::Administrator]).await;
    world.people(join("ann", "g")).await.unwrap();
    let events = world.newest_events().await.len();
    let refused = world.by(&ann, create("eve", &[])).await;
    let changed = Err(PeopleRefusal::AuthorityChanged("ann".into()));
    assert_eq!(refused, changed);
    assert!(world.ledger.user("eve").await.unwrap().is_none());
    // The one in whose name it is done is looked at as well.
    let root = world.user("root").await;
    let authority = Authority::on_behalf_of(&root, &ann);
    let done = world.ledger.change_people(&authority, create("eve", &[]));
    assert_eq!(done.await.unwrap(), changed);
    assert_eq!(world.newest_events().await.len(), events);

    let ann = world.user("ann").await;
    world.people(enable("ann", false)).await.unwrap();
    assert_eq!(world.by(&ann, create("eve", &[])).await, changed);
    let disabled = world.user("ann").await;
    assert_eq!(world.by(&disabled, create("eve", &[])).await, changed);
    let ghost = User {
        name: "ghost".into(),
        ..disabled
    };
    let refused = world.by(&ghost, create("eve", &[])).await;
    assert_eq!(
        refused,
        Err(PeopleRefusal::AuthorityChanged("ghost".into()))
    );
}

/// Two processes at once: what Ann does counts only if it was before she was disabled.
async fn of_a_change_and_the_loss_of_its_authority_one_comes_first(world: World) {
    world.root().await;
    world.person("ann", &[Role::Administrator]).await;
    let other = world.another().await;
    for round in 0..20 {
        let (root, ann) = (world.user("root").await, world.user("ann").await);
        let name = format!("u{round}");
        let (by_root, by_ann) = (Authority::of(&root), Authority::of(&ann));
        let (disabled, created) = tokio::join!(
            world.ledger.change_people(&by_root, enable("ann", false)),
            other.change_people(&by_ann, create(&name, &[])),
        );
        disabled.unwrap().unwrap();
        let created = created.unwrap();
        let made = world.ledger.user(&name).await.unwrap().is_some();
        assert_eq!(created.is_ok(), made);
        if let Err(refusal) = created {
            assert_eq!(refusal, PeopleRefusal::AuthorityChanged("ann".into()));
        }
        let late = other.change_people(&by_ann, create("late", &[])).await;
        let changed = PeopleRefusal::AuthorityChanged("ann".into());
        assert_eq!(late.unwrap(), Err(changed));
        world.people(enable("ann", true)).await.unwrap();
    }
}

async fn users_are_listed_by_name(world: World) {
    world.root().await;
    for (name, role) in [
        ("ann", Role::Operator),
        ("bob", Role::Auditor),
        ("cai", Role::Operator),
    ] {
        world.person(name, &[role]).await;
    }
    world.people(moved("cai", "center/north")).await.unwrap();
    world.people(join("bob", "g")).await.unwrap();
    world.people(enable("ann", false)).await.unwrap();
    let list = |filter: UserFilter, after: Option<&'static str>, limit| {
        let ledger = world.ledger.clone();
        async move {
            let users = ledger.users(&filter, after, limit).await.unwrap();
            users.into_iter().map(|user| user.name).collect::<Vec<_>>()
        }
    };
    let all = UserFilter::default;
    assert_eq!(list(all(), None, 2).await, ["ann", "bob"]);
    assert_eq!(list(all(), Some("bob"), 2).await, ["cai", "root"]);
    let operators = UserFilter {
        role: Some(Role::Operator),
        ..all()
    };
    assert_eq!(list(operators, None, 9).await, ["ann", "cai"]);
    let north = UserFilter {
        office: Some(Office::new("center/north").unwrap()),
        ..all()
    };
    assert_eq!(list(north, None, 9).await, ["cai"]);
    let group = UserFilter {
        group: Some("g".into()),
        enabled: Some(true),
        ..all()
    };
    assert_eq!(list(group, None, 9).await, ["bob"]);
    let off = UserFilter {
        enabled: Some(false),
        ..all()
    };
    assert_eq!(list(off, None, 9).await, ["ann"]);
}

async fn a_relation_is_kept_by_pseudonym(world: World) {
    world.root().await;
    world.person("bob", &[]).await;
    let job = world.one("R-1").await;
    assert!(!world.ledger.is_related("bob", job).await.unwrap());
    let number = "440301199001011234";
    let relate = || PeopleChange::Relate {
        user: "bob".into(),
        subject_id: number.into(),
    };
    world.people(relate()).await.unwrap();
    assert!(world.ledger.is_related("bob", job).await.unwrap());
    assert!(!world.ledger.is_related("root", job).await.unwrap());
    let again = world.people(relate()).await;
    assert_eq!(again, Err(PeopleRefusal::Related("bob".into())));
    let events = json!(world.newest_events().await).to_string();
    assert!(!events.contains(number));
    let unrelate = PeopleChange::Unrelate {
        user: "bob".into(),
        subject_id: number.into(),
    };
    world.people(unrelate).await.unwrap();
    assert!(!world.ledger.is_related("bob", job).await.unwrap());
}

async fn names_that_cannot_be_are_refused(world: World) {
    let root = world.root().await;
    let authority = Authority::of(&root);
    let relate = PeopleChange::Relate {
        user: "root".into(),
        subject_id: "12 34\0".into(),
    };
    for change in [create("a b", &[]), join("root", "group:x"), relate] {
        let error = world.ledger.change_people(&authority, change).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), LedgerErrorKind::Rejected);
        assert!(!error.to_string().contains("12 34"));
    }
    let token = Token::generate();
    let claim = world
        .ledger
        .claim_installation("", Office::default(), "x", &token);
    assert!(claim.await.is_err());
}
