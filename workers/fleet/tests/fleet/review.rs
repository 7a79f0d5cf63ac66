//! What a person decides is carried out exactly as it was shown, or comes back.

use clerkwork_core::{Job, JobId, ReviewState, State};
use clerkwork_kinds::Registry;
use clerkwork_policy::{Bundle, Engine};
use clerkwork_rig::LedgerKind;
use clerkwork_runtime::{Oversight, Services};
use clerkwork_sandbox::{Case, Risk};

use crate::{
    kinds::{Twist, twisted},
    stage::{REASON, Stage},
};

/// A risk that lies in the item alone.
const LARGE: Risk = Risk::LargeAmount;

async fn stage(ledger: LedgerKind) -> Stage {
    Stage::new(ledger, 300).await
}

/// An item of this risk, in front of a person.
async fn blocked(stage: &Stage, risk: Risk) -> JobId {
    let id = stage.submit(stage.risky(risk)).await;
    let job = stage.lead(&stage.services, id).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    id
}

async fn led(stage: &Stage, id: JobId) -> Job {
    stage.lead(&stage.services, id).await
}

async fn approved(ledger: LedgerKind) {
    let stage = stage(ledger).await;
    let id = blocked(&stage, LARGE).await;
    let shown = stage.open_review(id).await.binding;
    stage.decide(id, true).await;
    let job = led(&stage, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
    let review = stage
        .services
        .ledger
        .review_of_job(id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(review.state, ReviewState::Approved);
    assert_eq!(review.decided_by.as_deref(), Some("eva"));
    let decisions = stage.services.ledger.decisions(id).await.unwrap();
    let last = &decisions.last().unwrap().decision;
    assert_eq!(
        (last.facts_digest, last.policy_version),
        (shown.facts, shown.policy)
    );
    let rules: Vec<_> = last.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(rules, ["agent_invoice.execute_approved"]);
}

#[tokio::test]
async fn an_approval_is_carried_out_with_the_facts_that_were_shown_on_sqlite() {
    approved(LedgerKind::Sqlite).await;
}

#[tokio::test]
async fn an_approval_is_carried_out_with_the_facts_that_were_shown_on_postgres() {
    approved(LedgerKind::Postgres).await;
}

/// Three applications of one seller on one day; another one of them is withdrawn after the first
/// was decided on. Answers the job that was decided on, after the next attempt.
async fn with_changed_facts(stage: &Stage, approve: bool) -> JobId {
    let split: Vec<_> = stage
        .cases(|case| case == Case::Risk(Risk::SameDaySplit))
        .take(3)
        .collect();
    let id = stage.submit(split[0]).await;
    assert_eq!(led(stage, id).await.state, State::Blocked);
    stage.decide(id, approve).await;
    let upstream = stage.rig.sandbox.state();
    let other = upstream.world().number(split[1]).unwrap();
    assert!(upstream.withdraw(&other));
    led(stage, id).await;
    id
}

async fn assert_came_back(stage: &Stage, id: JobId, changed: &str) {
    let job = stage.job(id).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    let reviews = stage.reviews(id).await;
    let lapsed = reviews.iter().filter(|r| r.state == ReviewState::Lapsed);
    assert_eq!(lapsed.count(), 1, "{reviews:?}");
    let open = stage.open_review(id).await;
    let lapse = open
        .rules
        .iter()
        .find(|rule| rule.id == "fleet.approval_lapsed");
    let says = lapse
        .map(|rule| rule.reason.en.to_string())
        .unwrap_or_default();
    assert!(
        says.ends_with(&format!("lapsed: {changed} changed")),
        "{says}"
    );
    // What is shown now can be decided now.
    stage.decide(id, true).await;
    let job = led(stage, id).await;
    stage.assert_end(&job, State::Completed, (1, 0)).await;
}

async fn facts_changed(ledger: LedgerKind, approve: bool) {
    let stage = stage(ledger).await;
    let id = with_changed_facts(&stage, approve).await;
    let changed = "facts (finding_codes, findings_review_count, phone_day_count, phone_month_count, \
                   seller_day_count, seller_day_net_cents, seller_month_count, seller_month_net_cents, \
                   seller_quarter_net_cents, seller_twelve_months_net_cents)";
    assert_came_back(&stage, id, changed).await;
}

#[tokio::test]
async fn an_approval_lapses_when_the_facts_have_changed_on_sqlite() {
    facts_changed(LedgerKind::Sqlite, true).await;
}

#[tokio::test]
async fn an_approval_lapses_when_the_facts_have_changed_on_postgres() {
    facts_changed(LedgerKind::Postgres, true).await;
}

#[tokio::test]
async fn a_return_by_a_person_lapses_as_well_when_the_facts_have_changed() {
    facts_changed(LedgerKind::Sqlite, false).await;
}

/// The same parts under a policy of another version that judges the same.
pub fn under_another_policy(services: &Services) -> Services {
    let path = "rules/agent_invoice_integrity.cedar";
    let bundle = Bundle::embedded();
    let text = bundle
        .file(path)
        .unwrap()
        .replace("line_gap_permille > 50", "line_gap_permille > 49");
    let bundle = bundle.with_file(path, text).seal().unwrap();
    let policy = Engine::new(bundle).unwrap();
    assert_ne!(policy.version(), services.oversight.policy().version());
    Services {
        oversight: Oversight::of(policy),
        ..services.clone()
    }
}

#[tokio::test]
async fn an_approval_lapses_when_the_policy_has_changed() {
    let mut stage = stage(LedgerKind::Sqlite).await;
    let id = blocked(&stage, LARGE).await;
    stage.decide(id, true).await;
    stage.services = under_another_policy(&stage.services);
    led(&stage, id).await;
    assert_came_back(&stage, id, "policy version").await;
}

#[tokio::test]
async fn a_return_by_a_person_reaches_the_applicant_with_the_persons_reason() {
    let stage = stage(LedgerKind::Sqlite).await;
    let id = blocked(&stage, LARGE).await;
    stage.decide(id, false).await;
    let job = led(&stage, id).await;
    stage.assert_end(&job, State::Returned, (0, 1)).await;
    assert_eq!(stage.returned(&job)[0].reasons[0], REASON);
}

/// An approval helps nothing against a rule that binds people too.
#[tokio::test]
async fn an_approval_that_the_policy_forbids_to_carry_out_comes_back() {
    let stage = stage(LedgerKind::Sqlite).await;
    let id = blocked(&stage, Risk::ReceiptUsed).await;
    stage.decide(id, true).await;
    let job = led(&stage, id).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    assert_eq!(
        stage.blocked_by(id).await,
        ["agent_invoice.approved_receipt_used"]
    );
    stage.decide(id, false).await;
    let job = led(&stage, id).await;
    stage.assert_end(&job, State::Returned, (0, 1)).await;
}

#[tokio::test]
async fn kinds_that_are_always_blocked_are_ended_by_people_without_a_call_upstream() {
    let stage = stage(LedgerKind::Sqlite).await;
    let kinds = Registry::standard();
    let by_hand: Vec<_> = kinds.iter().filter(|kind| !kind.automatable()).collect();
    assert_eq!(by_hand.len(), 4);
    for kind in by_hand {
        for (reference, approve, state) in [
            ("approved", true, State::Completed),
            ("returned", false, State::Returned),
        ] {
            let payload = serde_json::from_str(kind.example().unwrap()).unwrap();
            let id = stage.submit_item(kind.name(), reference, payload).await;
            let job = led(&stage, id).await;
            assert_eq!(job.state, State::Blocked, "{}", kind.name());
            assert!(!stage.open_review(id).await.rules.is_empty());
            stage.decide(id, approve).await;
            let job = led(&stage, id).await;
            stage.assert_end(&job, state, (0, 0)).await;
            assert_eq!(stage.effects(id).await, []);
        }
    }
    let calls = stage.rig.sandbox.state().counts().calls;
    assert!(calls.values().all(|calls| *calls == 0), "{calls:?}");
}

/// The policy would let it pass, the kind does not; and should such a kind try to act upstream
/// once a person has approved it, it is stopped there.
#[tokio::test]
async fn the_floor_holds_against_a_policy_that_permits_everything() {
    let mut stage = stage(LedgerKind::Sqlite).await;
    stage.services = twisted(&stage.services, Twist::ForPeopleOnly).0;
    let id = stage.submit(stage.clean()).await;
    let job = led(&stage, id).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    stage.decide(id, true).await;
    let job = led(&stage, id).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    assert_eq!(stage.blocked_by(id).await, ["fleet.gate_closed"]);
    assert_eq!(stage.effects(id).await, []);
}

/// The kind is one that a robot may complete, and the rules let the item pass; it is the act itself
/// that no robot may have upstream.
#[tokio::test]
async fn an_effect_on_the_floor_is_never_called_and_never_announced() {
    let mut stage = stage(LedgerKind::Sqlite).await;
    stage.services = twisted(&stage.services, Twist::ChangesAccount).0;
    let id = stage.submit(stage.clean()).await;
    let job = led(&stage, id).await;
    stage.assert_end(&job, State::Blocked, (0, 0)).await;
    assert_eq!(stage.blocked_by(id).await, ["fleet.gate_closed"]);
    assert_eq!(stage.effects(id).await, []);
}

/// A person said no to a large amount; a new policy no longer minds large amounts,
/// nor amounts just under a line.
#[tokio::test]
async fn a_decision_that_lapsed_is_asked_again_even_where_the_policy_would_let_it_pass() {
    for approve in [false, true] {
        let mut stage = stage(LedgerKind::Sqlite).await;
        let id = blocked(&stage, LARGE).await;
        stage.decide(id, approve).await;
        let mut bundle = Bundle::embedded();
        for path in [
            "rules/agent_invoice_integrity.cedar",
            "rules/agent_invoice_permits.cedar",
        ] {
            let text = bundle
                .file(path)
                .unwrap()
                .replace("10000000", "10000000000")
                .replace("line_gap_permille > 50", "line_gap_permille > -1");
            bundle = bundle.with_file(path, text);
        }
        let policy = Engine::new(bundle.seal().unwrap()).unwrap();
        stage.services = Services {
            oversight: Oversight::of(policy),
            ..stage.services.clone()
        };
        let job = led(&stage, id).await;
        stage.assert_end(&job, State::Blocked, (0, 0)).await;
        // Nothing else speaks against it: the policy alone would have issued the invoice.
        assert_eq!(stage.blocked_by(id).await, ["fleet.approval_lapsed"]);
    }
}
