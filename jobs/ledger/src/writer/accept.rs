//! Jobs that enter: items, jobs, persons and the first event of each, over all requests at once.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
};

use clerkwork_audit::{EventDraft, EventType, Pseudonym};
use clerkwork_core::{Actor, BatchId, JobId, KindName, State};
use serde_json::json;
use uuid::Uuid;

use super::{
    Shared,
    memory::Written,
    plan::{Person, Plan},
    request::PreparedJob,
    templates as sql,
};
use crate::{
    Accepted, LedgerError,
    engine::{Engine, Tx, bulk::Rows, cell::Damage},
    row::{JobRow, NO_DEADLINE, batch_cell},
};

/// What a reference stands for in this transaction.
#[derive(Debug, Clone)]
struct Taken<'r> {
    id: JobId,
    new: bool,
    payload: Cow<'r, str>,
}

type ByReference<'r> = HashMap<(&'r KindName, &'r str), Taken<'r>>;

/// Accepts the jobs of all requests; one answer for each request.
pub(crate) async fn accept(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    shared: &Shared,
    requests: &[&[PreparedJob]],
    written: &mut Written,
) -> Result<Vec<Result<Vec<Accepted>, LedgerError>>, LedgerError> {
    let unknown = unknown_batches(tx, shared, requests, written).await?;
    let missing = |jobs: &[PreparedJob]| {
        jobs.iter()
            .filter_map(|job| job.new.batch)
            .find(|batch| unknown.contains(batch))
    };
    let entering: Vec<&PreparedJob> = requests
        .iter()
        .filter(|jobs| missing(jobs).is_none())
        .copied()
        .flatten()
        .collect();
    let taken = insert_items(tx, plan, shared.pools.engine(), &entering).await?;
    let persons = persons(tx, plan, shared, &entering, &taken).await?;
    let mut rows = Rows::with_capacity(taken.len(), sql::JOB_INSERT.types.len());
    let mut first = HashSet::new();
    let mut answers = Vec::with_capacity(requests.len());
    for jobs in requests {
        if let Some(batch) = missing(jobs) {
            answers.push(Err(LedgerError::NoSuchBatch(batch)));
            continue;
        }
        let mut accepted = Vec::with_capacity(jobs.len());
        for job in *jobs {
            let Some(place) = taken.get(&(&job.new.kind, job.new.reference.as_str())) else {
                return Err(LedgerError::corrupt(
                    "job_item",
                    &job.new.reference,
                    "taken and not there",
                ));
            };
            let is_first = first.insert(place.id);
            if place.new && is_first {
                enter(plan, &mut rows, place.id, job, persons.get(&job.person))?;
                accepted.push(Accepted::New(place.id));
            } else if place.payload == job.payload {
                accepted.push(Accepted::Same(place.id));
            } else {
                accepted.push(Accepted::Conflict(place.id));
            }
        }
        answers.push(Ok(accepted));
    }
    tx.bulk(&sql::JOB_INSERT, rows).await?;
    Ok(answers)
}

async fn unknown_batches(
    tx: &mut Tx,
    shared: &Shared,
    requests: &[&[PreparedJob]],
    written: &mut Written,
) -> Result<HashSet<BatchId>, LedgerError> {
    let mut unknown: HashSet<BatchId> = requests
        .iter()
        .copied()
        .flatten()
        .filter_map(|job| job.new.batch)
        .filter(|batch| !shared.memory.knows_batch(*batch))
        .collect();
    let mut rows = Rows::default();
    for batch in &unknown {
        rows.push([batch.0.into()]);
    }
    for row in tx.bulk_fetch(&sql::BATCH_KNOWN, rows).await? {
        let id = row
            .uuid(0)
            .map_err(|damage| LedgerError::corrupt("batch", "?", damage.0))?;
        unknown.remove(&BatchId(id));
        written.batches.push(BatchId(id));
    }
    Ok(unknown)
}

async fn insert_items<'r>(
    tx: &mut Tx,
    plan: &Plan<'_>,
    engine: Engine,
    entering: &[&'r PreparedJob],
) -> Result<ByReference<'r>, LedgerError> {
    let mut taken = ByReference::with_capacity(entering.len());
    let mut new: Vec<(&PreparedJob, Uuid)> = Vec::with_capacity(entering.len());
    for job in entering.iter().copied() {
        let key = (&job.new.kind, job.new.reference.as_str());
        taken.entry(key).or_insert_with(|| {
            let id = plan.id();
            new.push((job, id));
            Taken {
                id: JobId(id),
                new: true,
                payload: Cow::Borrowed(&job.payload),
            }
        });
    }
    if engine == Engine::Postgres {
        // Two writers that meet the same references wait for each other; in one order they do not
        // wait in a circle.
        new.sort_unstable_by_key(|(job, _)| (&job.new.kind, &job.new.reference));
    }
    let mut rows = Rows::with_capacity(new.len(), sql::ITEM_INSERT.types.len());
    for (job, id) in &new {
        rows.push([
            (*id).into(),
            job.new.kind.as_str().into(),
            job.new.reference.as_str().into(),
            batch_cell(job.new.batch).into(),
            job.new.submitter.as_str().into(),
            job.person.0.to_vec().into(),
            plan.at.into(),
            job.new.traceparent.clone().into(),
            job.payload.as_str().into(),
            job.salt.to_vec().into(),
            job.digest.0.to_vec().into(),
        ]);
    }
    let inserted = tx.bulk(&sql::ITEM_INSERT, rows).await?;
    if inserted < new.len() as u64 {
        find_taken(tx, &new, &mut taken).await?;
    }
    Ok(taken)
}

/// Finds what holds the references now; what was inserted just now is found as itself.
async fn find_taken<'r>(
    tx: &mut Tx,
    known: &[(&'r PreparedJob, Uuid)],
    taken: &mut ByReference<'r>,
) -> Result<(), LedgerError> {
    let mut rows = Rows::with_capacity(known.len(), 2);
    for (job, _) in known {
        rows.push([
            job.new.kind.as_str().into(),
            job.new.reference.as_str().into(),
        ]);
    }
    let mut found = HashMap::with_capacity(known.len());
    for row in tx.bulk_fetch(&sql::ITEM_TAKEN, rows).await? {
        let read = || {
            let key = (row.text(1)?, row.text(2)?);
            Ok::<_, Damage>((key, (row.uuid(0)?, row.text(3)?)))
        };
        let (key, value) =
            read().map_err(|d| LedgerError::corrupt("job_item", row.name_of_row(0), d.0))?;
        found.insert(key, value);
    }
    for (job, minted) in known {
        let key = (job.new.kind.as_str().to_owned(), job.new.reference.clone());
        if let Some((id, payload)) = found.remove(&key)
            && id != *minted
        {
            let old = Taken {
                id: JobId(id),
                new: false,
                payload: Cow::Owned(payload),
            };
            taken.insert((&job.new.kind, job.new.reference.as_str()), old);
        }
    }
    Ok(())
}

/// The keys of the persons whom the new jobs are about; made where there is none yet. They are read each
/// time, and stay until the commit: a person may be erased at any moment.
async fn persons(
    tx: &mut Tx,
    plan: &Plan<'_>,
    shared: &Shared,
    entering: &[&PreparedJob],
    taken: &ByReference<'_>,
) -> Result<HashMap<Pseudonym, Person>, LedgerError> {
    let is_new = |job: &&&PreparedJob| {
        let key = (&job.new.kind, job.new.reference.as_str());
        taken.get(&key).is_some_and(|place| place.new)
    };
    let new = entering.iter().filter(is_new).map(|job| job.person.0);
    let mut missing: BTreeSet<[u8; 32]> = new.collect();
    let mut persons = HashMap::with_capacity(missing.len());
    // One that was erased between the two statements is made in the next round.
    while !missing.is_empty() {
        let mut made = Rows::with_capacity(missing.len(), 3);
        let mut wanted = Rows::with_capacity(missing.len(), 1);
        for pseudonym in &missing {
            let key = shared.sealer.new_person_key();
            let wrapped = shared.sealer.wrap_key(&key, &Pseudonym(*pseudonym))?;
            made.push([pseudonym.to_vec().into(), wrapped.into(), plan.at.into()]);
            wanted.push([pseudonym.to_vec().into()]);
        }
        tx.bulk(&sql::PERSON_INSERT, made).await?;
        for row in tx.bulk_fetch(&sql::PERSON_LOAD, wanted).await? {
            let read = || Ok::<_, Damage>((row.bytes(0)?, row.blob(1)?));
            let (pseudonym, wrapped) =
                read().map_err(|d| LedgerError::corrupt("person", "?", d.0))?;
            let person = Pseudonym(pseudonym);
            let key = shared.sealer.unwrap_key(&wrapped, &person)?;
            persons.insert(person, Person { pseudonym, key });
            missing.remove(&pseudonym);
        }
    }
    Ok(persons)
}

fn enter(
    plan: &mut Plan<'_>,
    rows: &mut Rows,
    id: JobId,
    job: &PreparedJob,
    person: Option<&Person>,
) -> Result<(), LedgerError> {
    let new = &job.new;
    let run_at = new.run_at.unwrap_or(plan.at);
    let state = if run_at > plan.at {
        State::Scheduled
    } else {
        State::Available
    };
    let mut data = json!({
        "kind": new.kind.as_str(),
        "lane": new.lane.as_str(),
        "payload": job.digest.to_string(),
        "reference": new.reference,
        "state": state.as_str(),
    });
    if let Some(deadline) = new.deadline {
        data["deadline"] = deadline.0.into();
    }
    if let Some(trace) = &new.traceparent {
        data["trace"] = trace.as_str().into();
    }
    let draft = EventDraft::new(
        EventType::JobAccepted,
        Actor::User(new.submitter.clone()),
        data,
    )
    .with_personal("subject_id", new.subject_id.as_str())
    .with_personal("subject_name", new.subject_name.as_str());
    let event = plan.render(&draft, &new.office, Some((id, 1)), new.batch, person)?;
    plan.events.push(event);
    plan.count(new.batch, state, 1);
    plan.work_appeared |= state == State::Available;
    plan.entered.push(JobRow {
        id,
        office: new.office.clone(),
        batch: new.batch,
        lane: new.lane,
        deadline: new.deadline,
        state,
        attempt: 1,
        claimed_attempt: 0,
        failures: 0,
        rescues: 0,
        run_at,
        updated_at: plan.at,
        finished_at: None,
        seq: 1,
        verdict: None,
        last_error: None,
        cancel_asked_at: None,
        worker: None,
    });
    rows.push([
        id.0.into(),
        new.office.as_str().into(),
        batch_cell(new.batch).into(),
        new.lane.as_str().into(),
        new.deadline.map_or(NO_DEADLINE, |time| time.0).into(),
        state.as_str().into(),
        1_u32.into(),
        0_u32.into(),
        0_u32.into(),
        0_u32.into(),
        run_at.into(),
        plan.at.into(),
        1_u32.into(),
    ]);
    Ok(())
}
