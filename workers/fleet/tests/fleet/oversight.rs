//! Brakes and changes of the policy under way: no act slips through.

use clerkwork_core::{Actor, Job, JobId, KindName, Scope, State};
use clerkwork_ledger::{BrakePut, BrakeReleased, BundleVerdict, NewBundle};
use clerkwork_policy::{Bundle, Engine};
use clerkwork_rig::{LedgerKind, person};
use clerkwork_runtime::Services;

use crate::stage::{KIND, Stage, entry};

async fn stage(ledger: LedgerKind) -> Stage {
    Stage::new(ledger, 40).await
}

async fn put(services: &Services, scope: Scope) -> clerkwork_core::BrakeId {
    let by = Actor::User("bob".into());
    match services.ledger.put_brake(scope, "stop", by).await.unwrap() {
        BrakePut::New(id) => id,
        BrakePut::Already(id) => panic!("{id} was on"),
    }
}

async fn release(services: &Services, id: clerkwork_core::BrakeId) {
    let released = services
        .ledger
        .release_brake(id, "seen to", &person(&services.ledger, "bob").await)
        .await;
    let BrakeReleased::Yes(brake) = released.unwrap() else {
        panic!("{id} was not on")
    };
    let by = Actor::User("bob".into());
    services.ledger.wake(&brake.topic(), by).await.unwrap();
}

/// A process that has not heard of what its ledger says: it looks once, at its start.
async fn deaf(stage: &Stage) -> Services {
    let mut services = stage.process().await;
    let policy = Engine::embedded().unwrap();
    services.oversight = clerkwork_runtime::Oversight::of(policy);
    services
}

async fn a_brake_that_the_process_has_not_heard_of(ledger: LedgerKind) {
    let stage = stage(ledger).await;
    let scopes = [
        Scope::All,
        Scope::Kind(KindName::new(KIND)),
        Scope::Connector("etax".into()),
    ];
    let mut clean = stage.cases(|case| case == clerkwork_sandbox::Case::Clean);
    for scope in scopes {
        let services = deaf(&stage).await;
        let id = stage.submit(clean.next().unwrap()).await;
        let brake = put(&services, scope.clone()).await;
        let job = stage.attempt(&services, id).await;
        stage.assert_end(&job, State::Waiting, (0, 0)).await;
        assert!(stage.services.ledger.effects(id).await.unwrap().is_empty());
        // Its fact-finding is on record, and what it waits for.
        let wait = stage.services.ledger.wait_of(id).await.unwrap().unwrap();
        assert_eq!(wait.topic, format!("brake:{brake}"), "{scope}");
        release(&services, brake).await;
        let job = stage.attempt(&services, id).await;
        stage.assert_end(&job, State::Completed, (1, 0)).await;
    }
}

#[tokio::test]
async fn a_brake_stops_an_act_before_the_process_has_heard_of_it_on_sqlite() {
    a_brake_that_the_process_has_not_heard_of(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn a_brake_stops_an_act_before_the_process_has_heard_of_it_on_postgres() {
    a_brake_that_the_process_has_not_heard_of(LedgerKind::Postgres).await;
}

#[tokio::test]
async fn a_known_brake_lets_a_job_rest_before_the_upstream_is_asked() {
    let stage = stage(LedgerKind::Sqlite).await;
    let services = deaf(&stage).await;
    let id = stage.submit(stage.clean()).await;
    put(&services, Scope::All).await;
    services.oversight.refresh(&services.ledger).await.unwrap();
    let job = stage.attempt(&services, id).await;
    assert_eq!(job.state, State::Waiting);
    assert!(
        stage
            .services
            .ledger
            .decisions(id)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_brake_on_something_else_stops_nothing() {
    let stage = stage(LedgerKind::Sqlite).await;
    let services = deaf(&stage).await;
    put(&services, Scope::Kind(KindName::new("red_letter_invoice"))).await;
    put(&services, Scope::Connector("portal".into())).await;
    services.oversight.refresh(&services.ledger).await.unwrap();
    let id = stage.submit(stage.clean()).await;
    let job = stage.attempt(&services, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
}

/// A bundle whose rule about large amounts is changed by `edit`.
fn changed(edit: impl Fn(&str) -> String) -> Engine {
    let path = "rules/agent_invoice_integrity.cedar";
    let bundle = Bundle::embedded();
    let text = edit(bundle.file(path).unwrap());
    assert_ne!(bundle.file(path), Some(&*text));
    Engine::new(bundle.with_file(path, text).seal().unwrap()).unwrap()
}

/// The same, in force.
async fn put_into_force(services: &Services, engine: &Engine) {
    let files = |engine: &Engine| {
        let files = engine.bundle().files();
        files
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .collect()
    };
    let installed = services.oversight.installed();
    let (ledger, version) = (&services.ledger, engine.version());
    let bundle = NewBundle {
        version,
        files: files(engine),
        note: "a lower line".into(),
        installed: (installed.version(), files(&installed)),
    };
    ledger
        .propose_policy(bundle, &person(ledger, "erin").await)
        .await
        .unwrap()
        .unwrap();
    let approve = BundleVerdict::Approve;
    ledger
        .decide_policy(version, approve, "read", &person(ledger, "bob").await)
        .await
        .unwrap()
        .unwrap();
    let before = ledger.control().await.unwrap().policy;
    let bob = person(ledger, "bob").await;
    let active = ledger.activate_policy(version, before, false, "agreed", &bob);
    active.await.unwrap().unwrap();
}

async fn decided_under(stage: &Stage, id: JobId) -> Vec<clerkwork_core::Digest> {
    let decisions = stage.services.ledger.decisions(id).await.unwrap();
    let versions = decisions.iter().map(|kept| kept.decision.policy_version);
    versions.collect()
}

async fn a_policy_that_the_process_has_not_heard_of(ledger: LedgerKind) {
    let stage = stage(ledger).await;
    let services = deaf(&stage).await;
    // Every amount is large now.
    let strict = changed(|text| text.replace("gross_cents <= 10000000", "gross_cents <= 1"));
    let id = stage.submit(stage.clean()).await;
    put_into_force(&services, &strict).await;
    let job = stage.attempt(&services, id).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    let review = stage.open_review(id).await;
    assert_eq!(review.binding.policy, strict.version());
    assert_eq!(services.oversight.policy().version(), strict.version());
    assert_eq!(
        decided_under(&stage, id).await.last(),
        Some(&strict.version())
    );

    // Back to what was there before: the next item passes.
    let installed = services.oversight.installed().version();
    let bob = person(&services.ledger, "bob").await;
    let before = Some(strict.version());
    let ledger = &services.ledger;
    let back = ledger.activate_policy(installed, before, true, "too strict", &bob);
    back.await.unwrap().unwrap();
    let id = stage.submit(stage.unsubmitted_clean().await).await;
    services.oversight.refresh(&services.ledger).await.unwrap();
    let job = stage.attempt(&services, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    assert_eq!(decided_under(&stage, id).await, [installed]);
}

#[tokio::test]
async fn no_act_passes_under_a_policy_that_is_not_in_force_any_more_on_sqlite() {
    a_policy_that_the_process_has_not_heard_of(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn no_act_passes_under_a_policy_that_is_not_in_force_any_more_on_postgres() {
    a_policy_that_the_process_has_not_heard_of(LedgerKind::Postgres).await;
}

#[tokio::test]
async fn a_changed_policy_that_lets_it_pass_as_well_lets_it_pass() {
    let stage = stage(LedgerKind::Sqlite).await;
    let services = deaf(&stage).await;
    let same = changed(|text| text.replace("line_gap_permille > 50", "line_gap_permille > 49"));
    let id = stage.submit(stage.clean()).await;
    put_into_force(&services, &same).await;
    let job = stage.attempt(&services, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    let last = decided_under(&stage, id).await;
    assert_eq!(last.last(), Some(&same.version()), "the version is pinned");
}

#[tokio::test]
async fn a_policy_that_cannot_be_used_stops_the_process_and_not_the_job() {
    let stage = stage(LedgerKind::Sqlite).await;
    let services = deaf(&stage).await;
    let mut bad = changed(|text| format!("{text}\n// \n")).bundle().clone();
    let version = bad.version();
    bad = bad.with_file("rules/more.cedar", "permit (principal, action, resource);");
    let files: std::collections::BTreeMap<_, _> = bad
        .files()
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    let bundle = NewBundle {
        version,
        files,
        note: "damaged on its way".into(),
        installed: (services.oversight.policy().version(), Default::default()),
    };
    let ledger = &services.ledger;
    ledger
        .propose_policy(bundle, &person(ledger, "erin").await)
        .await
        .unwrap()
        .unwrap();
    let approve = BundleVerdict::Approve;
    ledger
        .decide_policy(version, approve, "unread", &person(ledger, "bob").await)
        .await
        .unwrap()
        .unwrap();
    let active = ledger
        .activate_policy(version, None, false, "x", &person(ledger, "bob").await)
        .await;
    active.unwrap().unwrap();
    let id = stage.submit(stage.clean()).await;
    services.oversight.refresh(ledger).await.unwrap();
    let job: Job = stage.attempt(&services, id).await;
    stage.assert_end(&job, State::Waiting, (0, 0)).await;
    assert_eq!(entry(&job).job, id);
}

#[tokio::test]
async fn a_rule_that_holds_stops_the_batch_of_its_item_and_no_other() {
    let mut stage = stage(LedgerKind::Sqlite).await;
    // Every amount is large, and a large amount holds the batch.
    let holds = changed(|text| {
        let (before, after) = text
            .split_once("@id(\"agent_invoice.large_amount\")")
            .unwrap();
        let after = after
            .replacen("@disposition(\"review\")", "@disposition(\"hold\")", 1)
            .replacen("gross_cents <= 10000000", "gross_cents <= 1", 1);
        format!("{before}@id(\"agent_invoice.large_amount\"){after}")
    });
    stage.services.oversight = clerkwork_runtime::Oversight::of(holds);
    let services = stage.process().await;
    let mut batches = Vec::new();
    for reference in ["held", "other"] {
        let batch = clerkwork_ledger::NewBatch {
            reference: reference.into(),
            office: clerkwork_core::Office::default(),
            submitter: "rig".into(),
            weight: 1,
        };
        let by = Actor::User("rig".into());
        batches.push(services.ledger.create_batch(batch, by).await.unwrap().0);
    }
    let mut clean = stage.cases(|case| case == clerkwork_sandbox::Case::Clean);
    let mut next = || clean.next().unwrap();
    let first = stage.submit_in(batches[0], next()).await;
    let second = stage.submit_in(batches[0], next()).await;
    let job = stage.attempt(&services, first).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    assert_eq!(job.verdict, Some(clerkwork_core::Verdict::Hold));
    let brakes = services.ledger.control().await.unwrap().brakes;
    assert_eq!(brakes.len(), 1);
    assert_eq!(brakes[0].scope, Scope::Batch(batches[0]));
    assert!(
        brakes[0].reason.contains("agent_invoice.large_amount"),
        "{}",
        brakes[0].reason
    );

    services.oversight.refresh(&services.ledger).await.unwrap();
    let job = stage.attempt(&services, second).await;
    assert_eq!(job.state, State::Waiting, "it rests with its batch");
    let elsewhere = stage.submit_in(batches[1], next()).await;
    let job = stage.attempt(&services, elsewhere).await;
    assert_eq!(job.state, State::Blocked, "another batch goes on");
}
