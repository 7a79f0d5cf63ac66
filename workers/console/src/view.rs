//! What the page shows, as JSON for the script and for other programs.

use std::collections::BTreeMap;

use clerkwork_core::{Lane, Review, ReviewId, ReviewState, State, Timestamp};
use clerkwork_ledger::{Counts, LedgerError, Page, ReviewFilter};
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

/// A page of items that wait for a person.
#[derive(Debug, Serialize)]
pub(crate) struct Blocked {
    items: Vec<BlockedItem>,
    /// Ask with this as `after` for the next page.
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct BlockedItem {
    review: String,
    job: String,
    reference: String,
    kind: String,
    kind_zh: String,
    kind_en: String,
    opened_at: String,
    rules: Vec<Rule>,
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
        policy: services.policy.version().to_string(),
        counts: named(&counts),
        batches,
        lanes,
        dead_letters: services.queue.dead_letter_count().await.ok(),
        workers: workers.collect(),
    })
}

pub(crate) async fn blocked(
    services: &Services,
    after: Option<ReviewId>,
    limit: u32,
) -> Result<Blocked, LedgerError> {
    let filter = ReviewFilter {
        state: Some(ReviewState::Open),
        ..ReviewFilter::default()
    };
    let reviews = services
        .ledger
        .reviews(&filter, Page { after, limit })
        .await?;
    let next = (reviews.len() == limit as usize)
        .then(|| reviews.last().map(|review| review.id.to_string()))
        .flatten();
    let mut items = Vec::with_capacity(reviews.len());
    for review in reviews {
        if let Some(item) = item(services, review).await? {
            items.push(item);
        }
    }
    Ok(Blocked { items, next })
}

async fn item(services: &Services, review: Review) -> Result<Option<BlockedItem>, LedgerError> {
    let Some(job) = services.ledger.job(review.job).await? else {
        return Ok(None);
    };
    let title = services
        .kinds
        .get(job.kind.as_str())
        .map(|kind| kind.title());
    let (kind_zh, kind_en) = match title {
        Some(title) => (title.zh.into_owned(), title.en.into_owned()),
        None => (job.kind.to_string(), job.kind.to_string()),
    };
    let rules = review.rules.into_iter().map(|rule| Rule {
        id: rule.id,
        tier: rule.tier.as_str(),
        zh: rule.reason.zh.into_owned(),
        en: rule.reason.en.into_owned(),
    });
    Ok(Some(BlockedItem {
        review: review.id.to_string(),
        job: job.id.to_string(),
        reference: job.reference,
        kind: job.kind.to_string(),
        kind_zh,
        kind_en,
        opened_at: review.opened_at.to_string(),
        rules: rules.collect(),
    }))
}
