//! What the page shows, as JSON for the script and for other programs.

use std::collections::BTreeMap;

use clerkwork_core::{Job, JobId, Lane, RuleHit, State, Timestamp};
use clerkwork_ledger::{Counts, JobFilter, JobWait, LedgerError, Page};
use clerkwork_runtime::Services;
use serde::Serialize;

/// The figures.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    at: String,
    policy: String,
    counts: BTreeMap<&'static str, u64>,
    batches: Vec<Batch>,
    lanes: Vec<LaneLength>,
    dead_letters: Option<u64>,
    workers: Vec<Worker>,
    /// Absent before the log has begun.
    audit_log: Option<AuditLog>,
}

#[derive(Debug, Serialize)]
struct AuditLog {
    entries: u64,
    /// Entries that are found by what they say.
    searchable: u64,
    /// How long the oldest event that has no number yet has waited for it.
    lag_ms: u64,
}

#[derive(Debug, Serialize)]
struct Batch {
    reference: String,
    submitter: String,
    total: u64,
    ended: u64,
    counts: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct LaneLength {
    lane: &'static str,
    /// Absent while Redis does not answer.
    entries: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Worker {
    name: String,
    silent_seconds: u64,
}

/// A page of items in one state, the newest first.
#[derive(Debug, Serialize)]
pub(crate) struct Items {
    items: Vec<Item>,
    /// Ask with this as `after` for the next page.
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Item {
    job: String,
    reference: String,
    kind: String,
    kind_zh: String,
    kind_en: String,
    attempt: u32,
    /// Since when it is in its state.
    since: String,
    /// Not before this time; only of items that wait for one.
    due: Option<String>,
    /// What it waits for, of items that wait for something outside.
    wait: Option<Wait>,
    /// Why it waits for a person, or was returned.
    rules: Vec<Rule>,
    /// The last technical failure, of items that are not through.
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Wait {
    topic: String,
    zh: String,
    en: String,
    /// When waiting ends by law or contract.
    deadline: Option<String>,
}

#[derive(Debug, Serialize)]
struct Rule {
    id: String,
    tier: &'static str,
    zh: String,
    en: String,
}

fn named(counts: &Counts) -> BTreeMap<&'static str, u64> {
    State::ALL
        .into_iter()
        .map(|state| (state.as_str(), counts.get(&state).copied().unwrap_or(0)))
        .collect()
}

pub(crate) async fn status(services: &Services) -> Result<Status, LedgerError> {
    let now = services.clock.now();
    let counts = services.ledger.counts(None).await?;
    let batches = services
        .ledger
        .batches(Page::first(20))
        .await?
        .into_iter()
        .map(|batch| Batch {
            total: batch.counts.values().sum(),
            // A blocked item has ended for the robot: it waits for a person.
            ended: batch
                .counts
                .iter()
                .filter(|(state, _)| !state.is_active())
                .map(|(_, n)| n)
                .sum(),
            counts: named(&batch.counts),
            reference: batch.reference,
            submitter: batch.submitter,
        });
    let batches = batches.collect();
    let mut lanes = Vec::new();
    for lane in Lane::ALL {
        lanes.push(LaneLength {
            lane: lane.as_str(),
            entries: services.queue.len(lane).await.ok(),
        });
    }
    let log = services.ledger.log_lag().await?;
    let silent = |heartbeat: Timestamp| now.since(heartbeat).as_secs();
    let workers = services
        .ledger
        .workers()
        .await?
        .into_iter()
        .map(|worker| Worker {
            silent_seconds: silent(worker.heartbeat_at),
            name: worker.name,
        });
    Ok(Status {
        at: now.to_string(),
        policy: services.oversight.policy().version().to_string(),
        counts: named(&counts),
        batches,
        lanes,
        dead_letters: services.queue.dead_letter_count().await.ok(),
        workers: workers.collect(),
        audit_log: log.map(|log| AuditLog {
            entries: log.entries,
            searchable: log.searchable,
            lag_ms: u64::try_from(log.lag.as_millis()).unwrap_or(u64::MAX),
        }),
    })
}

pub(crate) async fn items(
    services: &Services,
    state: State,
    after: Option<JobId>,
    limit: u32,
) -> Result<Items, LedgerError> {
    let filter = JobFilter {
        state: Some(state),
        ..JobFilter::default()
    };
    // One more tells whether there is another page.
    let page = Page {
        after,
        limit: limit.saturating_add(1),
    };
    let mut jobs = services.ledger.jobs(&filter, page).await?;
    let more = jobs.len() > limit as usize;
    jobs.truncate(limit as usize);
    let next = jobs.last().filter(|_| more).map(|job| job.id.to_string());
    let mut items = Vec::with_capacity(jobs.len());
    for job in jobs {
        let rules = rules(services, &job).await?;
        let wait = if job.state == State::Waiting {
            services.ledger.wait_of(job.id).await?
        } else {
            None
        };
        items.push(item(services, job, rules, wait));
    }
    Ok(Items { items, next })
}

/// The rules that put the item where it is.
async fn rules(services: &Services, job: &Job) -> Result<Vec<RuleHit>, LedgerError> {
    let ledger = &services.ledger;
    let hits = match job.state {
        State::Blocked => ledger
            .review_of_job(job.id)
            .await?
            .map(|review| review.rules),
        State::Returned => {
            let mut decisions = ledger.decisions(job.id).await?;
            decisions.pop().map(|kept| kept.decision.rules)
        }
        State::Scheduled
        | State::Available
        | State::Running
        | State::Waiting
        | State::Retryable
        | State::Completed
        | State::Cancelled
        | State::Failed => None,
    };
    Ok(hits.unwrap_or_default())
}

fn item(services: &Services, job: Job, rules: Vec<RuleHit>, wait: Option<JobWait>) -> Item {
    let kind = services.kinds.get(job.kind.as_str());
    let (kind_zh, kind_en) = match kind.map(|kind| kind.title()) {
        Some(title) => (title.zh.into_owned(), title.en.into_owned()),
        None => (job.kind.to_string(), job.kind.to_string()),
    };
    let rules = rules.into_iter().map(|rule| Rule {
        id: rule.id,
        tier: rule.tier.as_str(),
        zh: rule.reason.zh.into_owned(),
        en: rule.reason.en.into_owned(),
    });
    let waits = matches!(
        job.state,
        State::Scheduled | State::Waiting | State::Retryable
    );
    let through = matches!(job.state, State::Completed | State::Returned);
    Item {
        job: job.id.to_string(),
        reference: job.reference,
        kind: job.kind.to_string(),
        kind_zh,
        kind_en,
        attempt: job.attempt,
        since: job.updated_at.to_string(),
        due: waits.then(|| job.run_at.to_string()),
        wait: wait.map(|wait| Wait {
            topic: wait.topic,
            zh: wait.why.zh.into_owned(),
            en: wait.why.en.into_owned(),
            deadline: wait.deadline.map(|deadline| deadline.to_string()),
        }),
        rules: rules.collect(),
        error: job.last_error.filter(|_| !through),
    }
}
