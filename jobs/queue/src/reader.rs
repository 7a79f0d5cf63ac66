//! The background tasks of one worker: a reader for each lane, the acker, the lease keeper.
//! None of them ends because of Redis; each tries again until the worker closes.

use std::{pin::pin, sync::Arc, time::Duration};

use clerkwork_core::Lane;
use redis::{Cmd, RedisResult, Value, aio::MultiplexedConnection};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::{
    keys::GROUP,
    link::{Link, Outage, group_is_missing},
    session::Session,
    wire::{self, Read, StreamId},
};

/// Entries of its own that a reader asks for at a time after a reconnect.
const OWN_BATCH: usize = 500;

/// Fetches entries of one lane whenever there is room, until the worker closes.
pub(crate) async fn read(session: Arc<Session>, lane: Lane) {
    let mut reader = Reader {
        link: session.queue.own_link(session.queue.options().block),
        session: &session,
        lane,
        client_id: None,
    };
    let mut outage = Outage::new("read entries");
    loop {
        let room = tokio::select! {
            biased;
            () = session.closing.cancelled() => return,
            room = session.room(lane) => room,
        };
        let Err(error) = reader.read_once(room).await else {
            outage.over();
            continue;
        };
        reader.link.judge(&error).await;
        if group_is_missing(&error) {
            warn!(queue.lane = %lane, "the lane is gone, as after FLUSHALL; creating it anew");
            if session.queue.ensure_lane(lane).await.is_ok() {
                continue;
            }
        }
        let pause = outage.failed(&error);
        let _ = timeout(pause, session.closing.cancelled()).await;
    }
}

struct Reader<'a> {
    session: &'a Session,
    lane: Lane,
    /// Reads block their connection, so each reader has its own.
    link: Link,
    client_id: Option<u64>,
}

impl Reader<'_> {
    async fn read_once(&mut self, room: usize) -> RedisResult<()> {
        let (mut connection, new) = self.link.connection().await?;
        if new {
            let mut command = redis::cmd("CLIENT");
            // Where an administrator has forbidden it, a close waits for the end of the read.
            self.client_id = command.arg("ID").query_async(&mut connection).await.ok();
            self.read_own(&mut connection).await?;
        }
        let block = self.session.queue.options().block;
        let mut command = read_command(self.session, self.lane, room, Some(block));
        command.arg(">");
        let mut answer = pin!(command.query_async::<Value>(&mut connection));
        let answer = tokio::select! {
            biased;
            answer = &mut answer => answer,
            () = self.session.closing.cancelled() => loop {
                // What the server is about to hand out must arrive here to be released, so the
                // read is ended in order instead of dropped. It may not have begun there: repeat.
                self.unblock().await;
                if let Ok(answer) = timeout(Duration::from_millis(50), &mut answer).await {
                    break answer;
                }
            },
        };
        sort_in(self.session, self.lane, wire::read_group(answer?)).await;
        Ok(())
    }

    async fn unblock(&self) {
        let Some(id) = self.client_id else { return };
        let mut command = redis::cmd("CLIENT");
        command.arg("UNBLOCK").arg(id);
        if let Err(error) = self.session.link.query::<Value>(&command).await {
            debug!(%error, "a read could not be ended early");
        }
    }

    /// Fetches what this worker was given and never received, because the connection broke.
    async fn read_own(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let mut after = "0".to_owned();
        loop {
            let mut command = read_command(self.session, self.lane, OWN_BATCH, None);
            command.arg(&after);
            let reads = wire::read_group(command.query_async(connection).await?);
            let Some(last) = reads.last() else {
                return Ok(());
            };
            after = id_of(last).to_string();
            sort_in(self.session, self.lane, reads).await;
        }
    }
}

fn read_command(session: &Session, lane: Lane, count: usize, block: Option<Duration>) -> Cmd {
    let mut command = redis::cmd("XREADGROUP");
    command.arg("GROUP").arg(GROUP).arg(&session.consumer);
    command.arg("COUNT").arg(count);
    if let Some(block) = block {
        command.arg("BLOCK").arg(millis(block));
    }
    command.arg("STREAMS").arg(&session.queue.keys(lane).stream);
    command
}

const fn id_of(read: &Read) -> StreamId {
    match read {
        Read::Entry(id, _) | Read::Malformed { id, .. } | Read::Gone(id) => *id,
    }
}

/// Offers proper entries to the worker and puts the rest aside.
async fn sort_in(session: &Session, lane: Lane, reads: Vec<Read>) {
    let mut entries = Vec::with_capacity(reads.len());
    let mut gone = Vec::new();
    let mut malformed = Vec::new();
    for read in reads {
        match read {
            Read::Entry(id, entry) => entries.push((id, entry)),
            Read::Gone(id) => gone.push(id),
            Read::Malformed { id, reason, fields } => malformed.push((id, reason, fields)),
        }
    }
    session.offer(lane, entries);
    for (id, reason, fields) in malformed {
        warn!(queue.lane = %lane, queue.entry = %id, reason, "malformed entry goes to the dead letters");
        if let Err(error) = session.queue.bury(lane, id, reason, &fields).await {
            // Nobody holds it, so it is found again once the lease has run out.
            debug!(queue.lane = %lane, queue.entry = %id, %error, "could not be put aside yet");
        }
    }
    if !gone.is_empty() {
        let mut pipeline = redis::Pipeline::new();
        session.forget(&mut pipeline, lane, &gone);
        if let Err(error) = session.link.run(pipeline.atomic()).await {
            debug!(queue.lane = %lane, %error, "deleted entries could not be acknowledged yet");
        }
    }
}

/// Sends acknowledgements in batches until the worker has stopped.
pub(crate) async fn acknowledge(session: Arc<Session>) {
    let mut outage = Outage::new("acknowledge entries");
    loop {
        tokio::select! {
            () = session.stopped.cancelled() => break,
            () = session.acks_waiting.notified() => {}
        }
        // Nobody waits for an acknowledgement, and a busy worker adds many within a millisecond.
        sleep(Duration::from_millis(1)).await;
        while let Err(error) = session.flush_acks().await {
            let pause = outage.failed(&error);
            tokio::select! {
                () = session.stopped.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
        outage.over();
    }
    // The worker was dropped without a close: one last attempt saves the others some work.
    let _ = session.flush_acks().await;
}

/// Renews what is held here and takes over what nobody renews, until the worker has stopped.
pub(crate) async fn keep_leases(session: Arc<Session>) {
    let lease = session.queue.options().lease;
    let rhythm = (lease / 4).min(Duration::from_secs(1));
    let mut outage = Outage::new("keep leases");
    let mut rounds = 0_u32;
    loop {
        let pause = match keep_once(&session, lease, rounds).await {
            Ok(()) => {
                outage.over();
                // Not all processes at the same moment.
                rhythm.mul_f64(rand::random_range(0.75..1.0))
            }
            Err(error) => outage.failed(&error).min(rhythm),
        };
        rounds = rounds.wrapping_add(1);
        if timeout(pause, session.stopped.cancelled()).await.is_ok() {
            return;
        }
    }
}

async fn keep_once(session: &Session, lease: Duration, round: u32) -> RedisResult<()> {
    for lane in Lane::ALL {
        let kept = keep_lane(session, lane, lease, round).await;
        if let Err(error) = kept {
            if !group_is_missing(&error) {
                return Err(error);
            }
            session.queue.ensure_lane(lane).await?;
        }
    }
    Ok(())
}

async fn keep_lane(session: &Session, lane: Lane, lease: Duration, round: u32) -> RedisResult<()> {
    let key = &session.queue.keys(lane).stream;
    for ids in session.held(lane).chunks(500) {
        let mut command = redis::cmd("XCLAIM");
        command.arg(key).arg(GROUP).arg(&session.consumer).arg(0);
        for id in ids {
            command.arg(id.to_string());
        }
        command.arg("JUSTID");
        session.link.query::<Value>(&command).await?;
    }
    let mut next = Some("0-0".to_owned());
    while let Some(start) = next.take() {
        let room = session.free(lane);
        if room == 0 || session.closing.is_cancelled() {
            break;
        }
        let mut command = redis::cmd("XAUTOCLAIM");
        command.arg(key).arg(GROUP).arg(&session.consumer);
        command.arg(millis(lease)).arg(start);
        command.arg("COUNT").arg(room);
        let (reads, cursor) = wire::read_claimed(session.link.query(&command).await?);
        if !reads.is_empty() {
            debug!(queue.lane = %lane, queue.entries = reads.len(), "taking over entries");
        }
        sort_in(session, lane, reads).await;
        next = cursor;
    }
    if round.is_multiple_of(64) {
        // Several leases without a word: that reader will not come back.
        let silent = lease.max(Duration::from_secs(1)) * 10;
        forget_consumers(session, lane, silent, "").await?;
    }
    Ok(())
}

/// Deletes readers that hold nothing and were silent for `silent`; see the script.
pub(crate) async fn forget_consumers(
    session: &Session,
    lane: Lane,
    silent: Duration,
    only: &str,
) -> RedisResult<()> {
    let script = redis::Script::new(include_str!("lua/forget_consumers.lua"));
    let mut invocation = script.key(&session.queue.keys(lane).stream);
    invocation.arg(GROUP).arg(millis(silent)).arg(only);
    session.link.invoke::<u64>(&invocation).await.map(drop)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
