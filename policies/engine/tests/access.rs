//! Every role against every verb: the table is the specification, and the rules must give it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use clerkwork_core::{Office, Role, Tier, Timestamp, User};
use clerkwork_policy::Access;

/// Who has a verb: **o**perator, **s**upervisor of any tier, supervisor of **t**ier integrity alone,
/// **a**uditor, **i**ntegrator, a**d**ministrator.
const TABLE: &str = "
    job.submit o        job.list osa        job.show osa        job.reveal sa
    job.retry o         job.cancel o
    batch.submit o      batch.list osa      batch.status osa    batch.watch osa
    document.write oa   dead_letters.list oai
    review.list sa      review.show sa      review.claim s      review.release s
    review.page sa      review.assign s     review.approve s    review.return s     review.ask s
    review.answer os    review.hand_over s  review.by_hand s    review.settle s
    review.bulk s
    brake.on s          brake.off s         brake.list osa
    connector.list oaid connector.show aid  connector.health oaid
    connector.try i     connector.reload i
    policy.check tai    policy.test tai     policy.explain osai policy.diff sai
    policy.backtest tai policy.propose i    policy.approve t    policy.reject t
    policy.activate t   policy.rollback t   policy.list osai    policy.show osai
    audit.search a      audit.show a        audit.prove a       audit.verify a
    audit.export a      audit.checkpoint a  audit.keys ad       audit.add_key d
    audit.retire_key d  audit.rotate_master_key d
    audit.erase d       audit.publish a
    user.create d       user.list ad        user.show ad        user.enable d
    user.disable d      user.move d         user.relate d
    role.grant d        role.revoke d       role.list ad
    group.add d         group.remove d
    token.create d      token.list ad       token.revoke d
    substitute.add d    substitute.end d    substitute.list ad
    config.show aid     config.check aid    doctor aid
";

fn table() -> BTreeMap<&'static str, &'static str> {
    let words: Vec<_> = TABLE.split_whitespace().collect();
    words.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

fn has(letters: &str, role: Role) -> bool {
    let any_of = |wanted: &str| letters.chars().any(|letter| wanted.contains(letter));
    match role {
        Role::Operator => any_of("o"),
        Role::Supervisor(Tier::Integrity) => any_of("st"),
        Role::Supervisor(_) => any_of("s"),
        Role::Auditor => any_of("a"),
        Role::Integrator => any_of("i"),
        Role::Administrator => any_of("d"),
    }
}

fn office(path: &str) -> Office {
    Office::new(path).unwrap()
}

fn user(roles: &[Role]) -> User {
    User {
        name: "王芳".into(),
        office: office("center/north"),
        roles: roles.to_vec(),
        groups: vec!["red-letter".into()],
        enabled: true,
        revision: 1,
        created_at: Timestamp(0),
    }
}

#[test]
fn every_role_has_the_verbs_of_the_table_and_no_other() {
    let access = Access::embedded().unwrap();
    let table = table();
    let verbs: Vec<_> = access.verbs().collect();
    assert_eq!(verbs, table.keys().copied().collect::<Vec<_>>());
    for role in Role::ALL {
        let user = user(&[role]);
        for (verb, letters) in &table {
            let expected = has(letters, role);
            for office in [None, Some(&user.office)] {
                let answer = access.may(&user, verb, office);
                assert_eq!(answer.is_ok(), expected, "{role} {verb}: {answer:?}");
            }
        }
    }
    for (verb, letters) in &table {
        let roles = Role::ALL.into_iter().filter(|role| has(letters, *role));
        assert_eq!(access.roles_with(verb), roles.collect::<Vec<_>>(), "{verb}");
    }
}

#[test]
fn several_roles_give_what_each_gives() {
    let access = Access::embedded().unwrap();
    for one in Role::ALL {
        for two in Role::ALL {
            let user = user(&[one, two]);
            for (verb, letters) in table() {
                let expected = has(letters, one) || has(letters, two);
                assert_eq!(access.may(&user, verb, None).is_ok(), expected, "{verb}");
            }
        }
    }
}

#[test]
fn work_of_another_office_is_out_of_reach() {
    let access = Access::embedded().unwrap();
    let user = user(&Role::ALL);
    for verb in access.verbs() {
        for (path, allowed) in [
            ("center/north", true),
            ("center/north/desk-1", true),
            ("center", false),
            ("center/south", false),
            ("center/north2", false),
            ("other", false),
        ] {
            let answer = access.may(&user, verb, Some(&office(path)));
            assert_eq!(answer.is_ok(), allowed, "{verb} {path}");
            if let Err(denied) = answer {
                let text = denied.text();
                assert!(text.zh.contains("本机构"), "{text:?}");
                assert!(text.en.contains("another office"), "{text:?}");
            }
        }
    }
}

#[test]
fn a_disabled_user_may_nothing() {
    let access = Access::embedded().unwrap();
    let user = User {
        enabled: false,
        ..user(&Role::ALL)
    };
    for verb in access.verbs() {
        let denied = access.may(&user, verb, None).unwrap_err();
        assert_eq!(denied.reasons.len(), 1);
        assert!(denied.to_string().contains("disabled"), "{denied}");
    }
}

#[test]
fn a_denial_names_the_roles_that_may() {
    let access = Access::embedded().unwrap();
    let denied = access
        .may(&user(&[Role::Operator]), "review.approve", None)
        .unwrap_err();
    assert_eq!(
        denied.to_string(),
        "`王芳` may not review.approve: this takes one of the roles supervisor:business, \
         supervisor:enforcement, supervisor:integrity"
    );
    let nobody = access.may(&user(&[]), "job.list", None).unwrap_err();
    assert!(nobody.text().zh.contains("operator"), "{nobody}");
}

#[test]
fn an_unknown_verb_is_denied() {
    let access = Access::embedded().unwrap();
    for verb in ["job.fly", "", "job", "review.Approve"] {
        let denied = access.may(&user(&Role::ALL), verb, None).unwrap_err();
        assert!(denied.to_string().contains("do not know"), "{denied}");
    }
}
