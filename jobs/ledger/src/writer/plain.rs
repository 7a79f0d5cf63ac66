//! Requests with statements of their own: batches, workers, leases, and what goes into the queue.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, BatchId, EventId, Office, WorkerId};
use serde_json::json;

use super::{
    Shared, dispatch,
    plan::Plan,
    request::{Answer, Answered, Work},
};
use crate::{
    LedgerError, NewBatch,
    engine::{Tx, cell::Damage},
};

const UNDISPATCH: &str = include_str!("../sql/undispatch.sql");
const HEARTBEAT: &str = include_str!("../sql/heartbeat.sql");
const LEASE_TAKE: &str = include_str!("../sql/lease_take.sql");
const MATTER_TAKE: &str = include_str!("../sql/matter_take.sql");
const BATCH_INSERT: &str = include_str!("../sql/batch_insert.sql");

/// Requests that have statements of their own. The second part of the answer: something was written.
pub(crate) async fn answer(
    tx: &mut Tx,
    shared: &Shared,
    plan: &mut Plan<'_>,
    work: &Work,
) -> Result<(Answered, bool), LedgerError> {
    Ok(match work {
        Work::CreateBatch(batch, actor) => create_batch(tx, plan, batch, actor).await?,
        Work::Record(office, draft) => match plan.render(draft, office, None, None, None) {
            Ok(event) => {
                let id: EventId = event.id;
                plan.events.push(event);
                (Ok(Answer::Event(id)), true)
            }
            Err(error) => (Err(error), false),
        },
        Work::Heartbeat(id, name) => {
            heartbeat(tx, plan, *id, name).await?;
            (Ok(Answer::Done), true)
        }
        Work::Rescue { worker, .. } => {
            let kind = EventType::WorkerLost;
            (
                Ok(Answer::Done),
                leave(tx, plan, *worker, "lost", kind).await?,
            )
        }
        Work::Retire(worker) => {
            let kind = EventType::WorkerStopped;
            (
                Ok(Answer::Done),
                leave(tx, plan, *worker, "stopped", kind).await?,
            )
        }
        Work::Dispatch {
            lane,
            room,
            now,
            urgent_before,
        } => {
            let mut turns = shared.turns.lock().await;
            let entries =
                dispatch::dispatch(tx, &mut turns, *lane, *room, *now, *urgent_before).await?;
            let wrote = !entries.is_empty();
            (Ok(Answer::Entries(entries)), wrote)
        }
        Work::Undispatch {
            lane,
            before,
            limit,
        } => {
            let cells = vec![lane.as_str().into(), (*before).into(), (*limit).into()];
            let n = tx.execute(UNDISPATCH, cells).await?;
            plan.work_appeared |= n > 0;
            (Ok(Answer::Count(n)), n > 0)
        }
        Work::Lead {
            role,
            who,
            until,
            now,
        } => {
            let cells = vec![
                role.as_str().into(),
                who.0.into(),
                (*until).into(),
                (*now).into(),
            ];
            let leads = tx.execute(LEASE_TAKE, cells).await? > 0;
            (Ok(Answer::Lead(leads)), leads)
        }
        Work::Hold { job, topic } => {
            let cells = vec![topic.as_str().into(), job.0.into()];
            let held = tx.execute(MATTER_TAKE, cells).await? > 0;
            (Ok(Answer::Held(held)), held)
        }
        Work::Register(write) => (Ok(Answer::Registered(write.run(tx, plan).await?)), true),
        Work::Accept(_)
        | Work::Claim(_)
        | Work::Change(_)
        | Work::Cancel { .. }
        | Work::Redrive { .. }
        | Work::Promote { .. }
        | Work::Wake { .. } => (Ok(Answer::Done), false),
    })
}

async fn create_batch(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    batch: &NewBatch,
    actor: &Actor,
) -> Result<(Answered, bool), LedgerError> {
    let id = BatchId(plan.id());
    let cells = vec![
        id.0.into(),
        batch.reference.as_str().into(),
        batch.office.as_str().into(),
        batch.submitter.as_str().into(),
        batch.weight.max(1).into(),
        plan.at.into(),
    ];
    if tx.execute(BATCH_INSERT, cells).await? > 0 {
        let draft = EventDraft::new(
            EventType::BatchCreated,
            actor.clone(),
            json!({"reference": batch.reference, "weight": batch.weight.max(1)}),
        );
        let event = plan.render(&draft, &batch.office, None, Some(id), None)?;
        plan.events.push(event);
        return Ok((Ok(Answer::Batch(id, true)), true));
    }
    let cells = vec![batch.reference.as_str().into()];
    let found = tx
        .fetch(
            "SELECT id, office, submitter FROM batch WHERE reference = $1",
            cells,
        )
        .await?;
    let Some(row) = found.first() else {
        return Err(LedgerError::corrupt(
            "batch",
            &batch.reference,
            "taken and not there",
        ));
    };
    let read = || Ok::<_, Damage>((row.uuid(0)?, row.text(1)?, row.text(2)?));
    let (id, office, submitter) =
        read().map_err(|d| LedgerError::corrupt("batch", &batch.reference, d.0))?;
    let same = office == batch.office.as_str() && submitter == batch.submitter;
    let answer = if same {
        Ok(Answer::Batch(BatchId(id), false))
    } else {
        Err(LedgerError::BatchTaken(batch.reference.clone()))
    };
    Ok((answer, false))
}

async fn heartbeat(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    id: WorkerId,
    name: &str,
) -> Result<(), LedgerError> {
    let known = tx
        .fetch("SELECT 1 FROM worker WHERE id = $1", vec![id.0.into()])
        .await?;
    let cells = vec![id.0.into(), name.into(), plan.at.into()];
    tx.execute(HEARTBEAT, cells).await?;
    if known.is_empty() {
        let draft = EventDraft::new(
            EventType::WorkerStarted,
            Actor::Robot(name.to_owned()),
            json!({"worker": id.to_string()}),
        );
        let event = plan.render(&draft, &Office::default(), None, None, None)?;
        plan.events.push(event);
    }
    Ok(())
}

/// Marks a worker as gone, once, with an event and without its leases.
async fn leave(
    tx: &mut Tx,
    plan: &mut Plan<'_>,
    worker: WorkerId,
    state: &'static str,
    kind: EventType,
) -> Result<bool, LedgerError> {
    tx.execute("DELETE FROM lease WHERE holder = $1", vec![worker.0.into()])
        .await?;
    let marked = tx
        .fetch(
            "UPDATE worker SET state = $2 WHERE id = $1 AND state = 'live' RETURNING name",
            vec![worker.0.into(), state.into()],
        )
        .await?;
    if let Some(row) = marked.first() {
        let name = row
            .text(0)
            .map_err(|d| LedgerError::corrupt("worker", worker, d.0))?;
        let actor = match kind {
            EventType::WorkerStopped => Actor::Robot(name.clone()),
            _ => Actor::System("rescuer".into()),
        };
        let data = json!({"name": name, "worker": worker.to_string()});
        let draft = EventDraft::new(kind, actor, data);
        let event = plan.render(&draft, &Office::default(), None, None, None)?;
        plan.events.push(event);
    }
    Ok(true)
}
