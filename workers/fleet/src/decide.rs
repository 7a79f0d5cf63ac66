//! Gather and decide: from an item to an order, or to a person.

use clerkwork_audit::EventType;
use clerkwork_connectors_api::{ConnectorError, Page};
use clerkwork_core::{
    Binding, Decision, Facts, Finding, MadeBy, Review, ReviewId, ReviewState, RuleHit, Severity,
    State, Verdict,
};
use clerkwork_kinds::{Found, Item, JobKind, Order, Past};
use clerkwork_ledger::{DecisionRecord, LedgerError, ReviewWrite};
use clerkwork_policy::Question;
use serde_json::json;

use crate::{
    age,
    attempt::{Attempt, Held},
    history, hits,
};

/// What is known about an item at one moment.
pub(crate) struct Known {
    pub(crate) findings: Vec<Finding>,
    pub(crate) facts: Facts,
    pub(crate) pages: Vec<Page>,
}

/// What the gate says.
pub(crate) enum Ruling {
    /// Carry this out.
    Carry(Order, DecisionRecord),
    /// A person must decide; the decision holds the rules.
    Ask(DecisionRecord),
    /// The attempt was overtaken while an old approval was put aside.
    Lost,
}

/// Runs the checks and asks the upstream. Every decision is made on what was gathered just before it;
/// before an act all is gathered anew once it is older than `fleet.gate_fresh_seconds`.
pub(crate) async fn gather(
    attempt: &Attempt<'_>,
    kind: &dyn JobKind,
    item: &dyn Item,
) -> Result<Known, ConnectorError> {
    let mut found = Found::by(item);
    let services = attempt.services;
    let (upstreams, clock) = (&services.upstreams, services.clock.as_ref());
    let past = Past(&attempt.journal);
    let mut facts = item.gather(upstreams, clock, past, &mut found).await?;
    age::put(&mut facts, clock.now());
    history::put(attempt, kind, &mut facts);
    Ok(Known {
        findings: found.findings,
        facts,
        pages: found.pages,
    })
}

/// Asks the gate about what is known, taking into account what a person decided before.
pub(crate) async fn rule(
    attempt: &mut Attempt<'_>,
    kind: &dyn JobKind,
    mut known: Known,
) -> Result<Ruling, LedgerError> {
    attempt.pages = std::mem::take(&mut known.pages);
    // What a person decided is never replaced by what the policy says: when it no longer binds, a
    // person is asked again, also when the attempt that put it aside ended before it could ask.
    let mut lapsed = None;
    if let Some(review) = attempt.review.clone() {
        let binding = Binding {
            payload: attempt.job.payload_digest,
            facts: known.facts.digest(),
            policy: attempt.policy.version(),
        };
        let holds = review.binding == binding;
        match review.state {
            ReviewState::Approved | ReviewState::Returned if holds => {
                return Ok(rule_as_decided(attempt, kind, known, &review));
            }
            ReviewState::Approved | ReviewState::Returned => {
                if put_aside(attempt, review.id).await? == Held::Lost {
                    return Ok(Ruling::Lost);
                }
                attempt.review = None;
                lapsed = Some(lapse(attempt, &review, &binding, &known.facts).await?);
            }
            ReviewState::Lapsed => {
                lapsed = Some(lapse(attempt, &review, &binding, &known.facts).await?);
            }
            ReviewState::Open => {}
        }
    }
    let mut decision = attempt
        .policy
        .decide(&question(attempt, kind, &known.facts));
    let mut made_by = MadeBy::Policy;
    if let Some(lapsed) = lapsed {
        made_by = MadeBy::Fleet;
        if !decision.verdict.asks_people() {
            decision.verdict = Verdict::Review;
            decision.rules.clear();
        }
        decision.rules.push(lapsed);
    }
    let order = match decision.verdict {
        Verdict::Proceed => Some(Order::Proceed),
        Verdict::Return => Some(Order::Return {
            reasons: return_reasons(&known.findings),
        }),
        Verdict::Review | Verdict::Review2 | Verdict::Hold => None,
    };
    Ok(ruling(order, decision, made_by, known))
}

/// Says why a person's decision no longer binds. What the person saw is in the ledger.
async fn lapse(
    attempt: &Attempt<'_>,
    review: &Review,
    binding: &Binding,
    facts: &Facts,
) -> Result<RuleHit, LedgerError> {
    let decisions = attempt.services.ledger.decisions(attempt.job.id).await?;
    let seen = decisions
        .iter()
        .rev()
        .find(|kept| kept.decision.facts_digest == review.binding.facts);
    let changed = seen.map_or_else(Vec::new, |kept| {
        let differing = kept.facts.differing(facts);
        differing.into_iter().map(str::to_owned).collect()
    });
    Ok(hits::approval_lapsed(&review.binding, binding, &changed))
}

/// Records that a person's decision no longer binds.
async fn put_aside(attempt: &mut Attempt<'_>, review: ReviewId) -> Result<Held, LedgerError> {
    let event = attempt.event(
        EventType::ReviewLapsed,
        json!({"review": review.to_string()}),
    );
    attempt
        .commit(State::Running, |change| {
            change.review = Some(ReviewWrite::Lapse { id: review });
            change.events.push(event);
        })
        .await
}

/// Carries out a person's decision, if the policy lets a robot do so.
fn rule_as_decided(
    attempt: &Attempt<'_>,
    kind: &dyn JobKind,
    known: Known,
    review: &Review,
) -> Ruling {
    let order = order_of(review, &known.findings);
    // Nothing is written upstream for a kind that no robot may complete: the person did it by hand.
    if !kind.automatable() {
        let decision = Decision {
            verdict: match order {
                Order::Proceed => Verdict::Proceed,
                Order::Return { .. } => Verdict::Return,
            },
            rules: Vec::new(),
            policy_version: attempt.policy.version(),
            facts_digest: known.facts.digest(),
        };
        return ruling(Some(order), decision, MadeBy::Person, known);
    }
    let policy = &attempt.policy;
    let question = question(attempt, kind, &known.facts);
    let (decision, allowed) = match order {
        Order::Proceed => (policy.may_execute_approved(&question), Verdict::Proceed),
        Order::Return { .. } => (policy.may_execute_returned(&question), Verdict::Return),
    };
    let order = (decision.verdict == allowed).then_some(order);
    ruling(order, decision, MadeBy::Person, known)
}

fn ruling(order: Option<Order>, decision: Decision, made_by: MadeBy, known: Known) -> Ruling {
    let record = DecisionRecord {
        decision,
        made_by,
        facts: known.facts,
        findings: known.findings,
    };
    match order {
        Some(order) => Ruling::Carry(order, record),
        None => Ruling::Ask(record),
    }
}

/// What the policy would put in front of a person, or send back, if it were asked now.
pub(crate) fn objections(attempt: &Attempt<'_>, kind: &dyn JobKind, facts: &Facts) -> Vec<RuleHit> {
    let policy = &attempt.policy;
    let decision = policy.decide(&question(attempt, kind, facts));
    match decision.verdict {
        Verdict::Proceed => Vec::new(),
        Verdict::Return | Verdict::Review | Verdict::Review2 | Verdict::Hold => decision.rules,
    }
}

fn question<'q>(attempt: &'q Attempt<'_>, kind: &'q dyn JobKind, facts: &'q Facts) -> Question<'q> {
    Question {
        robot: &attempt.services.name,
        resource_type: kind.resource_type(),
        automatable: kind.automatable(),
        item: &attempt.name,
        office: &attempt.job.office,
        submitter: &attempt.job.submitter,
        facts,
    }
}

/// The order that an earlier attempt of this job was carrying out when it ended early.
pub(crate) fn order_under_way(
    review: Option<&Review>,
    verdict: Option<Verdict>,
    findings: &[Finding],
) -> Option<Order> {
    match review.map(|review| (review, review.state)) {
        Some((review, ReviewState::Approved | ReviewState::Returned)) => {
            Some(order_of(review, findings))
        }
        // What was put aside is carried out by nobody, whatever the policy said before.
        Some((_, ReviewState::Open | ReviewState::Lapsed)) => None,
        None => match verdict? {
            Verdict::Proceed => Some(Order::Proceed),
            Verdict::Return => Some(Order::Return {
                reasons: return_reasons(findings),
            }),
            Verdict::Review | Verdict::Review2 | Verdict::Hold => None,
        },
    }
}

fn order_of(review: &Review, findings: &[Finding]) -> Order {
    match review.state {
        ReviewState::Returned => {
            let mut reasons: Vec<_> = review.reason.iter().cloned().collect();
            reasons.extend(return_reasons(findings));
            Order::Return { reasons }
        }
        ReviewState::Approved | ReviewState::Open | ReviewState::Lapsed => Order::Proceed,
    }
}

/// What the applicant is told, in Chinese, one line each.
fn return_reasons(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Return)
        .map(|finding| format!("{}（{}）", finding.text.zh, finding.code))
        .collect()
}
