//! The way of one item: claim → check → gather → decide → act → finish.

use std::time::Duration;

use clerkwork_audit::EventType;
use clerkwork_connectors_api::{ConnectorError, ErrorKind};
use clerkwork_core::{Actor, EffectState, Entry, ReviewState, Scope, State, Verdict};
use clerkwork_kinds::{Done, Item, JobKind, Order, Stop, Wait};
use clerkwork_ledger::{BrakePut, Claim, Claimed, KeptDecision, LedgerError};
use clerkwork_runtime::{Services, Stopped, scopes_of};
use serde_json::json;

use crate::{
    attempt::{Attempt, Held},
    backoff,
    decide::{self, Ruling},
    failure::{Again, Failure},
    hits,
    journal::{Halt, Journal},
};

/// Longest pause between two tries to get at a matter that another job works on. Who gives it back
/// wakes those who wait; this is for when that was not heard.
const TURN: Duration = Duration::from_secs(30 * 60);

/// Longest rest of a job that a brake stopped, if its release was not heard.
const BRAKED: Duration = Duration::from_secs(10 * 60);

/// Longest reason of a brake, in bytes.
const REASON: usize = 500;

/// Rest of a job whose process cannot use the policy in force; another process may.
const UNUSABLE: Duration = Duration::from_secs(10);

/// Leads the entry's job as far as it goes in one attempt. Returns when the ledger has committed
/// how the attempt ended; an error means that it has not. An entry that is stale is left alone.
///
/// The fleet reaches it through the layers of its worker. It is public so that tests can lead one
/// attempt without a queue and stop it at any point, which is to drop this future.
///
/// # Errors
/// What the ledger could not do. The job may then still be `running` in the name of this process.
pub async fn travel(services: &Services, entry: &Entry) -> Result<(), LedgerError> {
    let claim = Claim {
        job: entry.job,
        attempt: entry.attempt,
        worker: services.worker,
        actor: services.robot(),
    };
    let claimed = match services.ledger.claim(claim).await? {
        Claimed::Yes(claimed) => *claimed,
        Claimed::Stale => return Ok(()),
    };
    let mut attempt = Attempt::new(services, claimed);
    let Some(kind) = services
        .kinds
        .get(attempt.job.kind.as_str())
        .map(|kind| &**kind)
    else {
        let hit = hits::unknown_kind(attempt.job.kind.as_str());
        return end(attempt.block_for(hit).await);
    };
    attempt.scopes = scopes_of(kind, attempt.job.batch);
    if services.oversight.stops(&attempt.scopes).is_some() {
        // It may have been released a moment ago: the release woke this very job.
        services.oversight.refresh(&services.ledger).await?;
    }
    if let Some(stopped) = services.oversight.stops(&attempt.scopes) {
        return rest_stopped(&mut attempt, &stopped).await;
    }
    let payload = serde_json::from_str(&attempt.job.payload);
    let item = match payload
        .map_err(|_| ".".to_owned())
        .and_then(|p| kind.parse(&p).map_err(|e| e.path))
    {
        Ok(item) => item,
        Err(path) => return end(attempt.block_for(hits::unreadable(&path)).await),
    };
    attempt.concern = item.concern();
    if let Some(matter) = item.matter() {
        if !services.ledger.hold(attempt.job.id, &matter).await? {
            let wait = elsewhere(&attempt, matter);
            return rest(&mut attempt, wait).await;
        }
        attempt.holds = Some(matter);
    }
    if attempt
        .journal
        .iter()
        .any(|effect| effect.state != EffectState::Refused)
        && let Some(order) = order_under_way(&attempt).await?
    {
        return act(&mut attempt, kind, item.as_ref(), order, false, false).await;
    }
    decide_and_act(&mut attempt, kind, item.as_ref(), false).await
}

/// Whether a person has decided since the last effect was announced. What they say between two
/// effects is looked at anew, with the facts as they are now.
///
/// Who says that the last effect happened, or lets it be found out, says nothing new: the order
/// under way goes on. Its own effect is what has changed the facts.
fn person_spoke_since(attempt: &Attempt<'_>, kept: &[KeptDecision]) -> bool {
    let Some(review) = &attempt.review else {
        return false;
    };
    let decided = match review.state {
        ReviewState::Approved | ReviewState::Returned => true,
        ReviewState::Open | ReviewState::Lapsed => false,
    };
    let asked = |kept: &&KeptDecision| kept.decision.verdict.asks_people();
    let asked_at = kept.iter().rev().find(asked).map(|kept| kept.attempt);
    let last = attempt
        .journal
        .iter()
        .max_by_key(|effect| (effect.attempt, effect.intended_at));
    let settled = review.rules.iter().any(hits::is_outcome_unclear)
        && last.is_some_and(|effect| effect.state == EffectState::Confirmed);
    decided && !settled && asked_at >= last.map(|effect| effect.attempt)
}

/// Another job works on the same matter: this one's turn comes later.
fn elsewhere(attempt: &Attempt<'_>, matter: String) -> Wait {
    let fleet = &attempt.services.config.fleet;
    let pause = backoff::delay(attempt.job.attempt, fleet.backoff_base, TURN, None);
    Wait {
        topic: matter,
        until: attempt.services.clock.now().after(pause),
        deadline: None,
        why: hits::ELSEWHERE,
    }
}

/// A brake is on: the job rests until it is released. Who releases it wakes those who wait; the time
/// is for when that was not heard.
fn until_released(attempt: &Attempt<'_>, stopped: &Stopped) -> Wait {
    let pause = match stopped {
        Stopped::Brake(_) => BRAKED,
        Stopped::PolicyUnusable(_) => UNUSABLE,
    };
    Wait {
        topic: stopped.topic(),
        until: attempt.services.clock.now().after(pause),
        deadline: None,
        why: stopped.why(),
    }
}

/// Gathers, asks the gate, and carries out what it says. `again`: an act of this attempt asked for
/// it.
async fn decide_and_act(
    attempt: &mut Attempt<'_>,
    kind: &dyn JobKind,
    item: &dyn Item,
    again: bool,
) -> Result<(), LedgerError> {
    let known = match decide::gather(attempt, kind, item).await {
        Ok(known) => known,
        Err(error) => return technical(attempt, error).await,
    };
    match decide::rule(attempt, kind, known).await? {
        Ruling::Carry(order, record) => {
            attempt.note_decision(record);
            act(attempt, kind, item, order, true, again).await
        }
        Ruling::Ask(record) => {
            let rules = record.decision.rules.clone();
            attempt.note_decision(record);
            end(attempt.block(rules).await)
        }
        Ruling::Lost => Ok(()),
    }
}

/// What earlier attempts were carrying out, for this one to go on with.
async fn order_under_way(attempt: &Attempt<'_>) -> Result<Option<Order>, LedgerError> {
    let kept = attempt.services.ledger.decisions(attempt.job.id).await?;
    if attempt.open_effect().is_none() && person_spoke_since(attempt, &kept) {
        return Ok(None);
    }
    let acting = kept.iter().rev().find(|kept| match kept.decision.verdict {
        Verdict::Proceed | Verdict::Return => true,
        Verdict::Review | Verdict::Review2 | Verdict::Hold => false,
    });
    let findings = acting
        .map(|kept| kept.findings.as_slice())
        .unwrap_or_default();
    let verdict = acting.map(|kept| kept.decision.verdict);
    Ok(decide::order_under_way(
        attempt.review.as_ref(),
        verdict,
        findings,
    ))
}

async fn act(
    attempt: &mut Attempt<'_>,
    kind: &dyn JobKind,
    item: &dyn Item,
    order: Order,
    asked: bool,
    again: bool,
) -> Result<(), LedgerError> {
    let services = attempt.services;
    let (upstreams, clock) = (&services.upstreams, services.clock.as_ref());
    let passed = asked.then(|| services.clock.now());
    let mut journal = Journal {
        attempt,
        kind,
        item,
        order: &order,
        passed,
        halt: None,
    };
    let done = item.act(&order, upstreams, clock, &mut journal).await;
    let (halt, attempt) = (journal.halt, journal.attempt);
    match done {
        Ok(Done::Waiting(wait)) => rest(attempt, wait).await,
        // Decided once more and no further: what the new order finds in its way is for a person.
        Ok(Done::Reconsider) if again => end(attempt.block_for(hits::gate_closed()).await),
        Ok(Done::Reconsider) => Box::pin(decide_and_act(attempt, kind, item, true)).await,
        Ok(Done::Completed { summary }) => {
            let event = attempt.event(EventType::JobCompleted, json!({"summary": summary}));
            end(attempt.finish(State::Completed, event).await)
        }
        Ok(Done::Returned) => {
            let event = attempt.event(EventType::JobReturned, json!({}));
            end(attempt.finish(State::Returned, event).await)
        }
        Ok(Done::Contradicted(found)) => end(attempt.block_for(hits::contradicted(&found)).await),
        Err(Stop::Retry(error)) => technical(attempt, error).await,
        Err(Stop::Refused(error)) => end(attempt.block_for(hits::upstream_refused(&error)).await),
        Err(Stop::Unclear { effect, found }) => {
            let mut rules = vec![hits::outcome_unclear(&effect.name, &found)];
            // Whoever decides sees the facts, the decision is bound to them, and what the policy
            // would stop now is not let pass unseen along with the question what happened.
            if !asked && let Ok(known) = decide::gather(attempt, kind, item).await {
                rules.extend(decide::objections(attempt, kind, &known.facts));
                (attempt.facts, attempt.findings) = (known.facts, known.findings);
                attempt.pages = known.pages;
            }
            end(attempt.block_for_all(rules).await)
        }
        Err(Stop::Halted) => match halt {
            Some(Halt::Gate(rules)) => end(attempt.block(rules).await),
            Some(Halt::Stopped(stopped)) => rest_stopped(attempt, &stopped).await,
            Some(Halt::Ledger(error)) => Err(error),
            Some(Halt::Lost) => cancelled_or_lost(attempt).await,
            Some(Halt::Floor) | None => end(attempt.block_for(hits::gate_closed()).await),
        },
    }
}

/// A technical failure, by what its kind says about another try.
async fn technical(attempt: &mut Attempt<'_>, error: ConnectorError) -> Result<(), LedgerError> {
    let failure = Failure::of(&error);
    tracing::warn!(job.id = %attempt.job.id, job.attempt = attempt.job.attempt, error = failure.summary, "attempt failed");
    end(match error.kind() {
        ErrorKind::Transient | ErrorKind::OutcomeUnknown | ErrorKind::Unauthorized => {
            attempt.fail(&failure, Again::Backoff).await
        }
        ErrorKind::RateLimited { retry_after } => {
            attempt
                .fail(&failure, Again::NotNow { asked: retry_after })
                .await
        }
        ErrorKind::Misconfigured => attempt.fail(&failure, Again::Never).await,
        ErrorKind::Rejected => attempt.block_for(hits::upstream_refused(&error)).await,
        ErrorKind::PageChanged => {
            stop_connector(attempt, &error).await?;
            attempt.pages.extend(error.page.as_deref().cloned());
            attempt.block_for(hits::page_changed(&error)).await
        }
    })
}

/// Stops all work through a connector whose upstream shows other pages than it was made for, until an
/// integrator has looked into it.
async fn stop_connector(attempt: &Attempt<'_>, error: &ConnectorError) -> Result<(), LedgerError> {
    let scope = Scope::Connector(error.connector.to_owned());
    let mut reason = error.to_string();
    reason.truncate(reason.floor_char_boundary(REASON));
    let by = Actor::System("fleet".into());
    let services = attempt.services;
    // Whoever released it while this attempt ran may have mended what it met.
    let known = attempt.job.updated_at;
    let put = services
        .ledger
        .put_brake_unless_released(scope, &reason, by, known)
        .await?;
    if let Some(BrakePut::New(_)) = put {
        tracing::error!(%error, "a page changed: the connector is stopped, an integrator must look");
    }
    services.oversight.refresh(&services.ledger).await
}

/// Lets the job wait, unless a person asked to cancel it.
async fn rest(attempt: &mut Attempt<'_>, wait: Wait) -> Result<(), LedgerError> {
    match attempt.wait(wait).await? {
        Held::Yes => Ok(()),
        Held::Lost | Held::Braked(_) | Held::PolicyChanged => cancelled_or_lost(attempt).await,
    }
}

/// Lets the job rest until the stop ends. One that ended while the job was being laid to rest has woken
/// those that rested already, and not this one.
async fn rest_stopped(attempt: &mut Attempt<'_>, stopped: &Stopped) -> Result<(), LedgerError> {
    let services = attempt.services;
    let wait = until_released(attempt, stopped);
    rest(attempt, wait).await?;
    services.oversight.refresh(&services.ledger).await?;
    let still = services.oversight.stops(&attempt.scopes);
    if still.is_none_or(|still| still.topic() != stopped.topic()) {
        let by = services.robot();
        services.ledger.wake(&stopped.topic(), by).await?;
    }
    Ok(())
}

/// The announcement was refused: either a person asked to cancel in time, or the job is elsewhere.
async fn cancelled_or_lost(attempt: &mut Attempt<'_>) -> Result<(), LedgerError> {
    let Some(job) = attempt.services.ledger.job(attempt.job.id).await? else {
        return Ok(());
    };
    if job.state == State::Running && job.attempt == attempt.job.attempt && job.cancel_requested {
        let event = attempt.event(EventType::JobCancelled, json!({"by": "request"}));
        return end(attempt.finish(State::Cancelled, event).await);
    }
    Ok(())
}

/// Overtaken is an end as well: whoever overtook goes on.
fn end(held: Result<Held, LedgerError>) -> Result<(), LedgerError> {
    held.map(|_| ())
}
