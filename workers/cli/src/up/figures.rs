//! What came out of a batch, and why.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use clerkwork_core::{BatchId, Job, JobId, ReviewState, Severity, State, Text, Verdict};
use clerkwork_ledger::{
    Counts, DecisionFilter, JobFilter, Ledger, LedgerError, Page, ReviewFilter,
};

/// Rows in one question to the ledger.
const PAGE: u32 = 1_000;

/// Reasons that are shown by name; the rest is counted.
const TOP: usize = 12;

/// Why some items ended as they did.
#[derive(Debug, Clone)]
pub struct Reason {
    /// Code of the finding, id of the rule, or nothing for an error.
    pub code: String,
    /// For people.
    pub text: Text,
    /// How many items.
    pub count: u64,
}

/// The figures of a batch.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Jobs by state.
    pub counts: Counts,
    /// Why items were returned; the most frequent first.
    pub returned: Vec<Reason>,
    /// Why items stopped in front of a person; the most frequent first.
    pub blocked: Vec<Reason>,
    /// Why items failed; the most frequent first.
    pub failed: Vec<Reason>,
    /// How long it took.
    pub elapsed: Duration,
    /// Items that this run brought to their end.
    pub done_now: u64,
}

impl Figures {
    /// Asks the ledger.
    pub async fn of(ledger: &Ledger, batch: BatchId, counts: Counts) -> Result<Self, LedgerError> {
        Ok(Self {
            returned: returned(ledger, batch).await?,
            blocked: blocked(ledger, batch).await?,
            failed: failed(ledger, batch).await?,
            counts,
            elapsed: Duration::ZERO,
            done_now: 0,
        })
    }

    /// Jobs in a state.
    pub fn count(&self, state: State) -> u64 {
        self.counts.get(&state).copied().unwrap_or(0)
    }

    /// All jobs.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Items a second of this run, rounded down.
    pub fn rate(&self) -> u64 {
        let millis = self.elapsed.as_millis().max(1);
        u64::try_from(u128::from(self.done_now) * 1_000 / millis).unwrap_or(u64::MAX)
    }
}

async fn jobs(ledger: &Ledger, batch: BatchId, state: State) -> Result<Vec<Job>, LedgerError> {
    let filter = JobFilter {
        batch: Some(batch),
        state: Some(state),
        ..JobFilter::default()
    };
    let mut all = Vec::new();
    let mut page = Page::first(PAGE);
    loop {
        let mut jobs = ledger.jobs(&filter, page).await?;
        let last = jobs.last().map(|job| job.id);
        let full = jobs.len() == PAGE as usize;
        for job in &mut jobs {
            // Only ids and errors are needed; a large batch need not be held with its items.
            job.payload = String::new();
        }
        all.append(&mut jobs);
        if !full {
            return Ok(all);
        }
        page.after = last;
    }
}

async fn ids(ledger: &Ledger, batch: BatchId, state: State) -> Result<HashSet<JobId>, LedgerError> {
    let jobs = jobs(ledger, batch, state).await?;
    Ok(jobs.into_iter().map(|job| job.id).collect())
}

/// The codes of the findings that ask for a return, from each job's latest decision to return it.
async fn returned(ledger: &Ledger, batch: BatchId) -> Result<Vec<Reason>, LedgerError> {
    let mut left = ids(ledger, batch, State::Returned).await?;
    let filter = DecisionFilter {
        batch: Some(batch),
        verdict: Some(Verdict::Return),
    };
    let mut tally = Tally::default();
    let mut page = Page::first(PAGE);
    while !left.is_empty() {
        let decisions = ledger.decisions_of(&filter, page).await?;
        for kept in decisions.iter().filter(|kept| left.remove(&kept.job)) {
            let grounds = kept
                .findings
                .iter()
                .filter(|f| f.severity == Severity::Return);
            tally.job(grounds.map(|finding| (finding.code.as_str(), &finding.text)));
        }
        if decisions.len() < PAGE as usize {
            break;
        }
        page.after = decisions.last().map(|kept| kept.key);
    }
    Ok(tally.top())
}

/// The rules of the open reviews that asked for a person.
async fn blocked(ledger: &Ledger, batch: BatchId) -> Result<Vec<Reason>, LedgerError> {
    let mut left = ids(ledger, batch, State::Blocked).await?;
    let filter = ReviewFilter {
        state: Some(ReviewState::Open),
        ..ReviewFilter::default()
    };
    let mut tally = Tally::default();
    let mut page = Page::first(PAGE);
    while !left.is_empty() {
        let reviews = ledger.reviews(&filter, page).await?;
        for review in reviews.iter().filter(|review| left.remove(&review.job)) {
            let asked = review.rules.iter().filter(|rule| rule.asks.asks_people());
            tally.job(asked.map(|rule| (rule.id.as_str(), &rule.reason)));
        }
        if reviews.len() < PAGE as usize {
            break;
        }
        page.after = reviews.last().map(|review| review.id);
    }
    Ok(tally.top())
}

async fn failed(ledger: &Ledger, batch: BatchId) -> Result<Vec<Reason>, LedgerError> {
    let mut tally = Tally::default();
    for job in jobs(ledger, batch, State::Failed).await? {
        let error = job.last_error.unwrap_or_default();
        let text = Text::owned(error.clone(), error.clone());
        tally.job(std::iter::once((error.as_str(), &text)));
    }
    let mut top = tally.top();
    for reason in &mut top {
        reason.code = String::new();
    }
    Ok(top)
}

/// Counts jobs by code; a job counts once for each of its codes.
#[derive(Debug, Default)]
struct Tally(BTreeMap<String, Reason>);

impl Tally {
    fn job<'a>(&mut self, codes: impl Iterator<Item = (&'a str, &'a Text)>) {
        let codes: BTreeMap<_, _> = codes.collect();
        for (code, text) in codes {
            let reason = self.0.entry(code.to_owned()).or_insert_with(|| Reason {
                code: code.to_owned(),
                text: text.clone(),
                count: 0,
            });
            reason.count += 1;
        }
    }

    fn top(self) -> Vec<Reason> {
        let mut reasons: Vec<_> = self.0.into_values().collect();
        reasons.sort_by(|a, b| (b.count, &a.code).cmp(&(a.count, &b.code)));
        let others = reasons.split_off(TOP.min(reasons.len()));
        if !others.is_empty() {
            let kinds = others.len();
            reasons.push(Reason {
                code: String::new(),
                text: Text::owned(
                    format!("其他 {kinds} 种原因"),
                    format!("{kinds} other reasons"),
                ),
                count: others.iter().map(|reason| reason.count).sum(),
            });
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_counts_once_for_each_code_and_the_most_frequent_come_first() {
        let text = Text::new("甲", "a");
        let mut tally = Tally::default();
        tally.job([("A", &text), ("A", &text), ("B", &text)].into_iter());
        tally.job([("B", &text)].into_iter());
        let top: Vec<_> = tally.top().into_iter().map(|r| (r.code, r.count)).collect();
        assert_eq!(top, [("B".into(), 2), ("A".into(), 1)]);
    }
}
