//! What goes into the queue next: first what is urgent, then a fair share for each batch.
//!
//! Fairness is deficit round robin: batches are visited in a circle, and each visit serves as many
//! jobs as the batch has weight (times a common factor, so that a large room needs few visits).
//! Where the room ends is remembered, so that the next call goes on there and nobody starves.
//! Jobs without a batch are served as one batch of weight 1.

use std::collections::HashMap;

use clerkwork_core::{Entry, JobId, Lane, Timestamp};
use uuid::Uuid;

use crate::{
    LedgerError,
    engine::{Tx, cell::Damage},
};

const READY: &str = include_str!("../sql/ready_batches.sql");
const READY_ONE: &str = include_str!("../sql/ready_batch.sql");
const URGENT: &str = include_str!("../sql/pick_urgent.sql");
const OF_BATCH: &str = include_str!("../sql/pick_of_batch.sql");

/// At most so many batches are visited in one call; the next call goes on with the others.
const VISITED: u32 = 64;

/// Where the circle stands, for each lane. Kept in memory: losing it costs nobody more than a turn.
pub(crate) type Turns = HashMap<Lane, Turn>;

/// The batch that was served last and what it may still be served before the next one's turn.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Turn {
    batch: Uuid,
    credit: u32,
}

struct Share {
    batch: Uuid,
    weight: u32,
    exhausted: bool,
    picked: Vec<Picked>,
}

struct Picked {
    job: JobId,
    attempt: u32,
    deadline: i64,
    traceparent: Option<String>,
}

impl Picked {
    fn entry(self) -> Entry {
        Entry {
            job: self.job,
            attempt: self.attempt,
            traceparent: self.traceparent,
        }
    }
}

/// Picks and marks at most `room` jobs of a lane.
pub(crate) async fn dispatch(
    tx: &mut Tx,
    turns: &mut Turns,
    lane: Lane,
    room: u32,
    now: Timestamp,
    urgent_before: Timestamp,
) -> Result<Vec<Entry>, LedgerError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut left = room;
    if left > 0 {
        let limits = vec![
            lane.as_str().into(),
            urgent_before.into(),
            left.into(),
            now.into(),
        ];
        let urgent = pick(tx, URGENT, limits).await?;
        left = left.saturating_sub(count(&urgent));
        entries.extend(urgent.into_iter().map(Picked::entry));
    }
    let turn = turns.entry(lane).or_default();
    let mut shares = if left > 0 {
        shares(tx, lane, *turn).await?
    } else {
        Vec::new()
    };
    while left > 0 {
        let weights: u32 = shares
            .iter()
            .filter(|share| !share.exhausted)
            .map(|share| share.weight)
            .sum();
        if weights == 0 {
            break;
        }
        let factor = (left / weights).max(1);
        for share in &mut shares {
            if left == 0 {
                break;
            }
            if share.exhausted {
                continue;
            }
            let owed = if turn.credit > 0 && turn.batch == share.batch {
                turn.credit
            } else {
                share.weight.saturating_mul(factor)
            };
            let asked = owed.min(left);
            let limits = vec![
                lane.as_str().into(),
                share.batch.into(),
                asked.into(),
                now.into(),
            ];
            let picked = pick(tx, OF_BATCH, limits).await?;
            let got = count(&picked);
            share.exhausted = got < asked;
            left -= got.min(left);
            // Only the weight itself is carried over, not the factor.
            let credit = if share.exhausted { 0 } else { owed - asked };
            *turn = Turn {
                batch: share.batch,
                credit: credit.min(share.weight),
            };
            share.picked.extend(picked);
        }
    }
    entries.extend(interleave(shares));
    Ok(entries)
}

fn count(picked: &[Picked]) -> u32 {
    u32::try_from(picked.len()).unwrap_or(u32::MAX)
}

/// The batches with ready work, from the one whose turn it is, once around the circle.
async fn shares(tx: &mut Tx, lane: Lane, turn: Turn) -> Result<Vec<Share>, LedgerError> {
    let mut found = Vec::new();
    // With credit left, the last batch comes first again; otherwise the one after it.
    if turn.credit > 0 {
        found.extend(batch_if_ready(tx, lane, turn.batch).await?);
    }
    found.extend(batches_after(tx, lane, turn.batch, VISITED).await?);
    if found.len() < VISITED as usize {
        found.extend(batch_if_ready(tx, lane, Uuid::nil()).await?);
        let rest = VISITED - u32::try_from(found.len()).unwrap_or(VISITED).min(VISITED);
        if !turn.batch.is_nil() && rest > 0 {
            found.extend(batches_after(tx, lane, Uuid::nil(), rest).await?);
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|(batch, _)| seen.insert(*batch));
    let share = |(batch, weight)| Share {
        batch,
        weight,
        exhausted: false,
        picked: Vec::new(),
    };
    Ok(found.into_iter().map(share).collect())
}

async fn batch_if_ready(
    tx: &mut Tx,
    lane: Lane,
    batch: Uuid,
) -> Result<Option<(Uuid, u32)>, LedgerError> {
    let cells = vec![lane.as_str().into(), batch.into()];
    let ready = tx.fetch(READY_ONE, cells).await?;
    let Some(row) = ready.first() else {
        return Ok(None);
    };
    let weight = row
        .count(0)
        .map_err(|d| LedgerError::corrupt("batch", batch, d.0))?;
    Ok(Some((batch, weight.max(1))))
}

async fn batches_after(
    tx: &mut Tx,
    lane: Lane,
    after: Uuid,
    limit: u32,
) -> Result<Vec<(Uuid, u32)>, LedgerError> {
    let cells = vec![lane.as_str().into(), after.into(), limit.into()];
    let rows = tx.fetch(READY, cells).await?;
    let read = |row: &crate::engine::cell::Cells| {
        let read = || Ok::<_, Damage>((row.uuid(0)?, row.count(1)?.max(1)));
        read().map_err(|d| LedgerError::corrupt("batch", row.name_of_row(0), d.0))
    };
    rows.iter().map(read).collect()
}

async fn pick(
    tx: &mut Tx,
    sql: &'static str,
    limits: Vec<crate::engine::cell::Cell>,
) -> Result<Vec<Picked>, LedgerError> {
    let rows = tx.fetch(sql, limits).await?;
    let read = |row: &crate::engine::cell::Cells| {
        let read = || {
            Ok::<_, Damage>(Picked {
                job: JobId(row.uuid(0)?),
                attempt: row.count(1)?,
                deadline: row.int(2)?,
                traceparent: row.opt_text(3)?,
            })
        };
        read().map_err(|d| LedgerError::corrupt("job", row.name_of_row(0), d.0))
    };
    let mut picked = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // An UPDATE answers in any order.
    picked.sort_unstable_by_key(|one| (one.deadline, one.job));
    Ok(picked)
}

/// Mixes the batches by weight, so that in the queue, too, none waits behind another's whole share.
fn interleave(shares: Vec<Share>) -> Vec<Entry> {
    let mut all: Vec<(u64, Picked)> = Vec::new();
    for share in shares {
        let weight = u64::from(share.weight);
        let place = |(i, one)| (i as u64 * 1_000_000 / weight, one);
        all.extend(share.picked.into_iter().enumerate().map(place));
    }
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, one)| one.entry()).collect()
}
