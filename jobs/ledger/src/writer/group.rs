//! One transaction for a group of requests.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use clerkwork_audit::Pseudonym;
use clerkwork_core::{Actor, EffectState, Job, JobId, ReviewId, State, Timestamp};

use super::{
    Shared, accept, authority,
    memory::Written,
    plain,
    plan::{Person, Plan},
    request::{Answer, Answered, Work},
    reviews::ReviewRow,
    templates as sql,
    write::write,
};
use crate::{
    Change, Claimed, ClaimedJob, Control, History, LedgerError, ReviewWrite,
    engine::{Tx, bulk::Rows, cell::Damage},
    mint::first_of,
    read::rows,
    row::JobRow,
};

const RUNNING_OF: &str = include_str!("../sql/running_of.sql");
const DUE: &str = include_str!("../sql/due.sql");
/// So far back a taxpayer's other items count.
const HISTORY: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const WAITING_ON: &str = include_str!("../sql/waiting_on.sql");

/// Does a group in one transaction. An error means that nothing of it was done, except
/// [`LedgerError::OutcomeUnknown`].
pub(crate) async fn commit(
    shared: &Shared,
    works: &[Work],
    shard: i64,
) -> Result<(Vec<Answered>, Written), LedgerError> {
    let done = transact(shared, works, shard).await;
    if done.is_err() {
        shared.memory.forget_rows();
    }
    done
}

async fn transact(
    shared: &Shared,
    works: &[Work],
    shard: i64,
) -> Result<(Vec<Answered>, Written), LedgerError> {
    let mut tx = shared.pools.begin().await?;
    let done = run(&mut tx, shared, works, shard).await;
    let (answers, written, changed) = match done {
        Ok(done) => done,
        Err(error) => {
            // A broken connection is rolled back by the database.
            let _ = tx.rollback().await;
            return Err(error);
        }
    };
    if !changed {
        // Nothing to make durable, and other processes need not look.
        let _ = tx.rollback().await;
        return Ok((answers, written));
    }
    tx.commit().await.map_err(LedgerError::of_commit)?;
    shared.commits.fetch_add(1, Ordering::Relaxed);
    let mut recorded = shared
        .recorded
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    recorded.extend(&written.kinds);
    drop(recorded);
    Ok((answers, written))
}

/// What the requests of a group need to be read.
#[derive(Default)]
struct Needed {
    jobs: BTreeSet<JobId>,
    reviews: BTreeSet<JobId>,
    /// Reviews that somebody decides on.
    decided: BTreeSet<ReviewId>,
    /// Users on whose rights a decision rests, as they were judged.
    authority: BTreeSet<(String, u64)>,
    /// What new reviews are about.
    concerns: BTreeSet<String>,
    persons: BTreeSet<JobId>,
    /// Jobs that somebody wants to cancel, or did by hand: their open effects matter.
    cancelled: BTreeSet<JobId>,
    /// An act is to be announced: brakes and the policy in force matter.
    control: bool,
    /// The jobs that a request found by itself, by its place in the group.
    found: HashMap<usize, Vec<JobId>>,
}

async fn run(
    tx: &mut Tx,
    shared: &Shared,
    works: &[Work],
    shard: i64,
) -> Result<(Vec<Answered>, Written, bool), LedgerError> {
    let mut plan = Plan::new(shared.clock.now(), shared);
    let mut written = Written::default();
    let mut answers: Vec<Option<Answered>> = works.iter().map(|_| None).collect();

    let (places, jobs): (Vec<_>, Vec<_>) = works
        .iter()
        .enumerate()
        .filter_map(|(i, work)| match work {
            Work::Accept(jobs) => Some((i, jobs.as_slice())),
            _ => None,
        })
        .unzip();
    if !jobs.is_empty() {
        let accepted = accept::accept(tx, &mut plan, shared, &jobs, &mut written).await?;
        for (place, accepted) in places.into_iter().zip(accepted) {
            answers[place] = Some(accepted.map(Answer::Accepted));
        }
    }

    let needed = needed(tx, works).await?;
    read(tx, shared, &mut plan, &needed, &mut written).await?;
    let mut claims = Vec::new();
    for (i, work) in works.iter().enumerate() {
        if answers[i].is_some() {
            continue;
        }
        answers[i] = match step(&mut plan, work, needed.found.get(&i), i, &mut claims) {
            Ok(answer) => answer.map(Ok),
            Err(error) => Some(Err(error)),
        };
    }

    let mut changed = false;
    for (i, work) in works.iter().enumerate() {
        if answers[i].is_none() || matches!(work, Work::Rescue { .. } | Work::Retire(_)) {
            let (answer, wrote) = plain::answer(tx, shared, &mut plan, work).await?;
            changed |= wrote;
            if answers[i].is_none() {
                answers[i] = Some(answer);
            }
        }
    }

    let claimed = claims
        .iter()
        .filter_map(|(i, job)| plan.row(*job).map(|row| (*i, row.clone())))
        .collect();
    changed |= !plan.events.is_empty();
    written.work_appeared = plan.work_appeared;
    if shared.strict {
        written.kinds = plan.events.iter().map(|event| event.kind).collect();
    }
    let at = plan.at;
    written.rows = write(tx, plan, shard).await?;
    for (i, job) in claimed_jobs(tx, at, claimed).await? {
        answers[i] = Some(Ok(Answer::Claimed(Claimed::Yes(Box::new(job)))));
    }
    let answers = answers
        .into_iter()
        .map(|answer| answer.unwrap_or(Ok(Answer::Done)))
        .collect();
    Ok((answers, written, changed))
}

fn wants_reviews(change: &Change) -> bool {
    change.to == State::Cancelled
        || match &change.review {
            Some(
                ReviewWrite::Decide { .. }
                | ReviewWrite::ByHand { .. }
                | ReviewWrite::HandOver { .. }
                | ReviewWrite::Patch { .. }
                | ReviewWrite::Lapse { .. },
            ) => true,
            Some(ReviewWrite::Open { .. }) | None => false,
        }
}

async fn needed(tx: &mut Tx, works: &[Work]) -> Result<Needed, LedgerError> {
    let mut needed = Needed::default();
    for (i, work) in works.iter().enumerate() {
        let found = match work {
            Work::Claim(claim) => {
                needed.jobs.insert(claim.job);
                continue;
            }
            Work::Change(change) => {
                needed.jobs.insert(change.job);
                needed.control |= change.gate.is_some();
                match &change.review {
                    Some(ReviewWrite::Decide { id, terms, .. }) => {
                        needed.control = true;
                        needed.decided.insert(*id);
                        let terms = terms.iter().flat_map(|terms| &terms.authority);
                        needed.authority.extend(terms.cloned());
                    }
                    Some(ReviewWrite::ByHand { id, terms, .. }) => {
                        needed.control = true;
                        needed.decided.insert(*id);
                        needed.cancelled.insert(change.job);
                        needed.authority.extend(terms.authority.iter().cloned());
                    }
                    Some(ReviewWrite::Open { concern, .. }) => {
                        needed.concerns.extend(concern.clone());
                    }
                    _ => {}
                }
                if wants_reviews(change) {
                    needed.reviews.insert(change.job);
                }
                if change.events.iter().any(|event| !event.personal.is_empty()) {
                    needed.persons.insert(change.job);
                }
                continue;
            }
            Work::Cancel { job, .. } => {
                needed.jobs.insert(*job);
                needed.reviews.insert(*job);
                needed.persons.insert(*job);
                needed.cancelled.insert(*job);
                continue;
            }
            Work::Redrive { job, .. } => {
                needed.jobs.insert(*job);
                needed.persons.insert(*job);
                continue;
            }
            Work::Rescue { worker, .. } | Work::Retire(worker) => {
                tx.fetch(RUNNING_OF, vec![worker.0.into()]).await?
            }
            Work::Promote { now, limit } => {
                tx.fetch(DUE, vec![(*now).into(), (*limit).into()]).await?
            }
            Work::Wake { topic, .. } => tx.fetch(WAITING_ON, vec![topic.as_str().into()]).await?,
            _ => continue,
        };
        let ids = found
            .iter()
            .map(|row| row.uuid(0).map(JobId))
            .collect::<Result<Vec<_>, Damage>>()
            .map_err(|damage| LedgerError::corrupt("job", "?", damage.0))?;
        needed.jobs.extend(&ids);
        needed.found.insert(i, ids);
    }
    Ok(needed)
}

fn ids(jobs: &BTreeSet<JobId>) -> Rows {
    let mut rows = Rows::with_capacity(jobs.len(), 1);
    for job in jobs {
        rows.push([job.0.into()]);
    }
    rows
}

/// Reads and locks the jobs, and reads what else the plan must know of them.
async fn read(
    tx: &mut Tx,
    shared: &Shared,
    plan: &mut Plan<'_>,
    needed: &Needed,
    written: &mut Written,
) -> Result<(), LedgerError> {
    written.version = tx.version().await?;
    let mut unknown = Cow::Borrowed(&needed.jobs);
    if let Some(version) = written.version {
        for row in shared
            .memory
            .take_rows(version, needed.jobs.iter().copied())
        {
            unknown.to_mut().remove(&row.id);
            plan.add_job(row);
        }
    }
    if needed.control {
        plan.control = Some(Control::of_tx(tx).await?);
    }
    for row in tx.bulk_fetch(&sql::JOB_LOAD, ids(&unknown)).await? {
        plan.add_job(JobRow::read(&row)?);
    }
    read_reviews(tx, plan, needed).await?;
    let effects = tx.bulk_fetch(&sql::EFFECT_OF, ids(&needed.cancelled));
    for row in effects.await? {
        let (job, effect) = rows::effect(&row)?;
        if matches!(effect.state, EffectState::Intended | EffectState::Unknown) {
            plan.open_effects.insert(job);
        }
    }
    let persons = tx.bulk_fetch(&sql::PERSON_OF_JOB, ids(&needed.persons));
    for row in persons.await? {
        let read = || Ok::<_, Damage>((JobId(row.uuid(0)?), row.bytes(1)?, row.opt_blob(2)?));
        let (job, pseudonym, wrapped) =
            read().map_err(|d| LedgerError::corrupt("job_item", row.name_of_row(0), d.0))?;
        // Without a key the person was erased, and whoever wants to write about them is refused.
        if let Some(wrapped) = wrapped {
            let key = shared.sealer.unwrap_key(&wrapped, &Pseudonym(pseudonym))?;
            plan.persons.insert(job, Person { pseudonym, key });
        }
    }
    Ok(())
}

/// Reads the reviews that are to be changed, and what a decision on them is judged by.
async fn read_reviews(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    needed: &Needed,
) -> Result<(), LedgerError> {
    let reviews = tx.bulk_fetch(&sql::REVIEW_STANDING, ids(&needed.reviews));
    for row in reviews.await? {
        let review = rows::review(&row)?;
        plan.reviews.insert(review.id, ReviewRow::of(review));
    }
    let mut decided = Rows::default();
    for review in &needed.decided {
        decided.push([review.0.into()]);
    }
    for row in tx.bulk_fetch(&sql::APPROVALS_OF, decided.clone()).await? {
        let (review, approval) = rows::approval(&row)?;
        if let Some(row) = plan.reviews.get_mut(&review) {
            row.review.approvals.push(approval);
        }
    }
    for row in tx.bulk_fetch(&sql::REVIEW_JOINED, decided).await? {
        let read = || Ok::<_, Damage>((ReviewId(row.uuid(0)?), ReviewId(row.uuid(1)?)));
        let (first, joined) =
            read().map_err(|d| LedgerError::corrupt("review", row.name_of_row(1), d.0))?;
        if let Some(row) = plan.reviews.get_mut(&first) {
            row.joined.push(joined);
        }
    }
    for seen in &needed.authority {
        let lost = authority::unchanged(tx, std::slice::from_ref(seen)).await?;
        if lost.is_some() {
            plan.lost_authority.insert(seen.clone());
        }
    }
    let mut concerns = Rows::default();
    for concern in &needed.concerns {
        concerns.push([concern.as_str().into()]);
    }
    for row in tx.bulk_fetch(&sql::REVIEW_CONCERN, concerns).await? {
        let read = || Ok::<_, Damage>((row.text(0)?, ReviewId(row.uuid(1)?)));
        let (concern, review) =
            read().map_err(|d| LedgerError::corrupt("review", row.name_of_row(1), d.0))?;
        plan.concerns.insert(concern, review);
    }
    Ok(())
}

/// Requests that only move jobs. `None`: it is none of these, or it is a claim, whose answer is
/// read after the write.
fn step(
    plan: &mut Plan<'_>,
    work: &Work,
    found: Option<&Vec<JobId>>,
    place: usize,
    claims: &mut Vec<(usize, JobId)>,
) -> Result<Option<Answer>, LedgerError> {
    let found = found.map(Vec::as_slice).unwrap_or_default();
    let mut moved = 0;
    Ok(Some(match work {
        Work::Claim(claim) => {
            if plan.claim(claim)? {
                claims.push((place, claim.job));
            }
            Answer::Claimed(Claimed::Stale)
        }
        Work::Change(change) => Answer::Changed(plan.change(change)?),
        Work::Cancel { job, actor, reason } => Answer::Cancel(plan.cancel(*job, actor, reason)?),
        Work::Redrive { job, actor, reason } => Answer::Changed(plan.redrive(*job, actor, reason)?),
        Work::Promote { now, .. } => {
            for job in found {
                moved += u64::from(plan.promote(*job, *now)?);
            }
            Answer::Count(moved)
        }
        Work::Wake { actor, .. } => {
            for job in found {
                moved += u64::from(plan.wake(*job, actor)?);
            }
            Answer::Count(moved)
        }
        Work::Rescue { worker, max } => {
            for job in found {
                moved += u64::from(plan.rescue(*job, *worker, *max)?);
            }
            Answer::Count(moved)
        }
        Work::Retire(worker) => {
            let actor = Actor::System("shutdown".into());
            for job in found {
                moved += u64::from(plan.release(*job, *worker, &actor)?);
            }
            Answer::Count(moved)
        }
        _ => return Ok(None),
    }))
}

/// The claimed jobs as their workers get them, with what earlier attempts left.
async fn claimed_jobs(
    tx: &mut Tx,
    at: Timestamp,
    claimed: Vec<(usize, JobRow)>,
) -> Result<Vec<(usize, ClaimedJob)>, LedgerError> {
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    let of = |rows: &[(usize, JobRow)], again: bool| {
        let jobs: BTreeSet<_> = rows
            .iter()
            .filter(|(_, row)| !again || row.attempt > 1)
            .map(|(_, row)| row.id)
            .collect();
        ids(&jobs)
    };
    let mut items = HashMap::with_capacity(claimed.len());
    for row in tx.bulk_fetch(&sql::ITEM_LOAD, of(&claimed, false)).await? {
        let item = rows::item(&row)?;
        items.insert(item.id, item);
    }
    let mut effects: HashMap<JobId, Vec<_>> = HashMap::new();
    for row in tx.bulk_fetch(&sql::EFFECT_OF, of(&claimed, true)).await? {
        let (job, effect) = rows::effect(&row)?;
        effects.entry(job).or_default().push(effect);
    }
    let mut reviews = HashMap::new();
    for row in tx.bulk_fetch(&sql::REVIEW_OF, of(&claimed, true)).await? {
        let review = rows::review(&row)?;
        reviews.insert(review.job, review);
    }
    let mut histories = histories(tx, at, &claimed).await?;
    let mut answers = Vec::with_capacity(claimed.len());
    for (place, row) in claimed {
        let Some(item) = items.remove(&row.id) else {
            return Err(LedgerError::corrupt("job_item", row.id, "missing"));
        };
        let id = row.id;
        let job: Job = item.with(row);
        let claimed = ClaimedJob {
            job,
            effects: effects.remove(&id).unwrap_or_default(),
            review: reviews.remove(&id),
            history: histories.remove(&id).unwrap_or(History::none(at)),
        };
        answers.push((place, claimed));
    }
    Ok(answers)
}

/// What else there was of the taxpayers of these jobs.
async fn histories(
    tx: &mut Tx,
    at: Timestamp,
    claimed: &[(usize, JobRow)],
) -> Result<HashMap<JobId, History>, LedgerError> {
    let since = first_of(at.before(HISTORY));
    let mut rows = Rows::with_capacity(claimed.len(), 2);
    for (_, row) in claimed {
        rows.push([row.id.0.into(), since.into()]);
    }
    let mut histories = HashMap::with_capacity(claimed.len());
    for row in tx.bulk_fetch(&sql::HISTORY_OF, rows).await? {
        let read = || {
            let history = History {
                returned: row.count(1)?,
                overridden: row.count(2)?,
                at,
            };
            Ok::<_, Damage>((JobId(row.uuid(0)?), history))
        };
        let (job, history) =
            read().map_err(|d| LedgerError::corrupt("job_item", row.name_of_row(0), d.0))?;
        histories.insert(job, history);
    }
    Ok(histories)
}
