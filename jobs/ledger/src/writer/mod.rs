//! The writer: every change of the ledger goes through it, many in one transaction.
//!
//! It takes all requests that are queued, reads and locks the rows they name, works out in memory
//! what to write ([`plan`]), writes it with one statement for each table, commits, and only then
//! answers. While one commit waits for the disk the next group gathers, so the group is as large as
//! the load and no longer than needed. See `jobs/docs/adr/0002-group-commit.md`.
//!
//! A statement that the database refuses spoils its transaction; then the requests of the group are
//! done one by one, so that the one that cannot be done fails alone.

mod accept;
pub(crate) mod authority;
pub(crate) mod dispatch;
mod group;
mod memory;
mod plain;
pub(crate) mod plan;
pub(crate) mod register;
pub(crate) mod request;
pub(crate) mod reviews;
mod steps;
mod templates;
mod write;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clerkwork_audit::Sealer;
use clerkwork_core::Clock;
use tokio::sync::{mpsc, watch};

use crate::{
    GroupCommit, LedgerError, LedgerErrorKind,
    engine::{Engine, Pools},
    mint::Mint,
    wake::Wake,
};
use memory::{Memory, Written};
use request::{Answered, Request, Work};

/// Tries of a group that a busy or briefly absent database refuses.
const TRIES: u32 = 6;

/// What the writers and the readers of one ledger share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) pools: Pools,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mint: Mint,
    /// Events must be as their schema says.
    pub(crate) strict: bool,
    /// Then the types of those that were written.
    pub(crate) recorded: std::sync::Mutex<std::collections::BTreeSet<&'static str>>,
    pub(crate) wake: Wake,
    pub(crate) commits: AtomicU64,
    pub(crate) requests: AtomicU64,
    memory: Memory,
    turns: tokio::sync::Mutex<dispatch::Turns>,
}

impl Shared {
    pub(crate) fn new(pools: Pools, sealer: Sealer, clock: Arc<dyn Clock>, strict: bool) -> Self {
        Self {
            pools,
            sealer,
            clock,
            mint: Mint::default(),
            strict,
            recorded: std::sync::Mutex::default(),
            wake: Wake::default(),
            commits: AtomicU64::default(),
            requests: AtomicU64::default(),
            memory: Memory::default(),
            turns: tokio::sync::Mutex::default(),
        }
    }
}

/// Where the writers take their work from.
pub(crate) type Queue = Arc<tokio::sync::Mutex<mpsc::Receiver<Request>>>;

/// One writer. On PostgreSQL several take from the same queue.
pub(crate) async fn run(
    shared: Arc<Shared>,
    queue: Queue,
    options: GroupCommit,
    mut closing: watch::Receiver<bool>,
) {
    let shard = match shared.pools.engine() {
        Engine::Sqlite => 0,
        // Two writers that draw the same shard wait for each other now and then, no more.
        Engine::Postgres => i64::from(rand::random::<u8>() % 64),
    };
    let mut group = Vec::with_capacity(options.max);
    while gather(&queue, &mut group, options, &mut closing).await {
        let (works, replies): (Vec<_>, Vec<_>) = group
            .drain(..)
            .map(|request| (request.work, request.reply))
            .unzip();
        let answers = answer(&shared, &works, shard).await;
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Who does not wait any more needs no answer.
            let _ = reply.send(answer);
        }
    }
}

/// Waits for requests. `false`: the ledger is closed and everything is done.
async fn gather(
    queue: &Queue,
    group: &mut Vec<Request>,
    options: GroupCommit,
    closing: &mut watch::Receiver<bool>,
) -> bool {
    let mut queue = queue.lock().await;
    let max = options.max.max(1);
    if !*closing.borrow() {
        tokio::select! {
            n = queue.recv_many(group, max) => {
                if n == 0 {
                    return false;
                }
                if !options.linger.is_zero() && n < max {
                    let more = queue.recv_many(group, max - n);
                    let _ = tokio::time::timeout(options.linger, more).await;
                }
                return true;
            }
            () = async { let _ = closing.wait_for(|closing| *closing).await; } => {}
        }
    }
    queue.close();
    queue.recv_many(group, max).await > 0
}

/// Does a group: together, or one by one when the database refuses something in it.
async fn answer(shared: &Shared, works: &[Work], shard: i64) -> Vec<Answered> {
    match attempt(shared, works, shard).await {
        Ok(answers) => answers,
        Err(error) if works.len() > 1 && is_refusal(&error) => {
            tracing::warn!(%error, requests = works.len(), "a group was refused; doing it one by one");
            let mut answers = Vec::with_capacity(works.len());
            for work in works {
                let one = std::slice::from_ref(work);
                answers.extend(match attempt(shared, one, shard).await {
                    Ok(answers) => answers,
                    Err(error) => vec![Err(error)],
                });
            }
            answers
        }
        Err(error) => works.iter().map(|_| Err(error.clone())).collect(),
    }
}

/// Whether the error is about what was asked rather than about the database as a whole.
const fn is_refusal(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Database(_))
        || matches!(
            error.kind(),
            LedgerErrorKind::Rejected | LedgerErrorKind::Corrupt
        )
}

/// Tries a group until the database takes it, refuses it for good, or the tries are used up.
async fn attempt(
    shared: &Shared,
    works: &[Work],
    shard: i64,
) -> Result<Vec<Answered>, LedgerError> {
    let mut pause = Duration::from_millis(10);
    for _ in 1..TRIES {
        match group::commit(shared, works, shard).await {
            Err(LedgerError::Unavailable(error)) => {
                tracing::warn!(%error, "the database did not take a group; trying again");
                tokio::time::sleep(pause).await;
                pause *= 3;
            }
            done => return finish(shared, works, done).await,
        }
    }
    let done = group::commit(shared, works, shard).await;
    finish(shared, works, done).await
}

async fn finish(
    shared: &Shared,
    works: &[Work],
    done: Result<(Vec<Answered>, Written), LedgerError>,
) -> Result<Vec<Answered>, LedgerError> {
    let (answers, written) = done?;
    shared
        .requests
        .fetch_add(works.len() as u64, Ordering::Relaxed);
    let work_appeared = written.work_appeared;
    shared.memory.keep(written);
    if work_appeared {
        shared.wake.ring();
        shared.wake.ring_abroad(&shared.pools).await;
    }
    Ok(answers)
}
