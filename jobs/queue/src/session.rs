//! What one worker holds: entries fetched ahead, entries being worked on, acknowledgements to be
//! sent. Shared by the backend, its background tasks and the receipts of running handlers.
//!
//! An entry is *held* from the moment it is read until its acknowledgement has reached Redis or
//! its handler gave it up. What is held is renewed; what is not will be taken over.

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use clerkwork_core::{Entry, Lane};
use futures::task::AtomicWaker;
use redis::{Pipeline, RedisResult};
use tokio::sync::{Notify, OnceCell};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Queue,
    keys::{GROUP, index},
    link::Link,
    wire::{StreamId, add},
};

/// Acknowledgements in one round trip.
const ACK_BATCH: usize = 1000;

pub(crate) struct Session {
    pub(crate) queue: Queue,
    pub(crate) consumer: String,
    /// Renewals, acknowledgements and releases.
    pub(crate) link: Link,
    state: Mutex<[LaneState; 3]>,
    /// Wakes the worker when there is something to take.
    pub(crate) waker: AtomicWaker,
    /// Wakes the reader of a lane when there is room.
    room: [Notify; 3],
    /// Wakes the acker.
    pub(crate) acks_waiting: Notify,
    /// Wakes a close that waits for handlers.
    pub(crate) settled: Notify,
    /// No new entries are fetched or handed out.
    pub(crate) closing: CancellationToken,
    /// Nothing is renewed or acknowledged any more.
    pub(crate) stopped: CancellationToken,
    pub(crate) readers: TaskTracker,
    /// One flush at a time, so that a close does not overtake the acker.
    flushing: tokio::sync::Mutex<()>,
    pub(crate) closed: OnceCell<bool>,
}

#[derive(Default)]
struct LaneState {
    ready: VecDeque<(StreamId, Entry)>,
    held: HashSet<StreamId>,
    acks: Vec<StreamId>,
    running: usize,
}

impl Session {
    pub(crate) fn new(queue: Queue, consumer: &str) -> Self {
        Self {
            link: queue.own_link(std::time::Duration::ZERO),
            queue,
            consumer: consumer.to_owned(),
            state: Mutex::default(),
            waker: AtomicWaker::new(),
            room: Default::default(),
            acks_waiting: Notify::new(),
            settled: Notify::new(),
            closing: CancellationToken::new(),
            stopped: CancellationToken::new(),
            readers: TaskTracker::new(),
            flushing: tokio::sync::Mutex::new(()),
            closed: OnceCell::new(),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, [LaneState; 3]> {
        // No user code runs under the lock, and every change is complete at each step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many entries may be fetched; waits until it is at least half of the allowance, so that
    /// one read brings many.
    pub(crate) async fn room(&self, lane: Lane) -> usize {
        let prefetch = self.queue.options().prefetch;
        loop {
            let room = self.free(lane);
            if room * 2 >= prefetch {
                return room;
            }
            self.room[index(lane)].notified().await;
        }
    }

    /// How many entries may be fetched now.
    pub(crate) fn free(&self, lane: Lane) -> usize {
        let ready = self.lanes()[index(lane)].ready.len();
        self.queue.options().prefetch.saturating_sub(ready)
    }

    /// Adds what was read, except what is held already.
    pub(crate) fn offer(&self, lane: Lane, entries: Vec<(StreamId, Entry)>) {
        if entries.is_empty() {
            return;
        }
        {
            let state = &mut self.lanes()[index(lane)];
            for (id, entry) in entries {
                if state.held.insert(id) {
                    state.ready.push_back((id, entry));
                }
            }
        }
        self.waker.wake();
    }

    /// The next entry of the most urgent lane that has one.
    pub(crate) fn take(self: &Arc<Self>) -> Option<(Arc<Receipt>, Entry)> {
        if self.closing.is_cancelled() {
            return None;
        }
        let prefetch = self.queue.options().prefetch;
        let mut lanes = self.lanes();
        for lane in Lane::ALL {
            let state = &mut lanes[index(lane)];
            let Some((id, entry)) = state.ready.pop_front() else {
                continue;
            };
            state.running += 1;
            if (prefetch - state.ready.len().min(prefetch)) * 2 >= prefetch {
                self.room[index(lane)].notify_one();
            }
            let receipt = Receipt {
                session: Arc::clone(self),
                lane,
                id,
                settled: AtomicBool::new(false),
            };
            return Some((Arc::new(receipt), entry));
        }
        None
    }

    fn settle(&self, lane: Lane, id: StreamId, acknowledge: bool) {
        let running = {
            let mut lanes = self.lanes();
            let state = &mut lanes[index(lane)];
            state.running -= 1;
            if acknowledge {
                state.acks.push(id);
            } else {
                state.held.remove(&id);
            }
            lanes.iter().map(|state| state.running).sum::<usize>()
        };
        if acknowledge {
            self.acks_waiting.notify_one();
        }
        if running == 0 {
            self.settled.notify_one();
        }
    }

    /// Handlers that have not ended.
    pub(crate) fn running(&self) -> usize {
        self.lanes().iter().map(|state| state.running).sum()
    }

    /// Ids to be renewed.
    pub(crate) fn held(&self, lane: Lane) -> Vec<StreamId> {
        self.lanes()[index(lane)].held.iter().copied().collect()
    }

    /// Sends acknowledgements until none is left. What could not be sent stays.
    pub(crate) async fn flush_acks(&self) -> RedisResult<()> {
        let _one_at_a_time = self.flushing.lock().await;
        for lane in Lane::ALL {
            loop {
                let batch = {
                    let acks = &mut self.lanes()[index(lane)].acks;
                    let from = acks.len().saturating_sub(ACK_BATCH);
                    acks.split_off(from)
                };
                if batch.is_empty() {
                    break;
                }
                let mut pipeline = Pipeline::new();
                self.forget(&mut pipeline, lane, &batch);
                let result = self.link.run(pipeline.atomic()).await;
                let state = &mut self.lanes()[index(lane)];
                if let Err(error) = result {
                    state.acks.extend(batch);
                    return Err(error);
                }
                for id in &batch {
                    state.held.remove(id);
                }
            }
        }
        Ok(())
    }

    /// Puts entries that were fetched and not started back into their lanes, for others to read
    /// at once. What could not be put back stays.
    pub(crate) async fn release(&self) -> RedisResult<usize> {
        let mut released = 0;
        for lane in Lane::ALL {
            loop {
                let batch: Vec<(StreamId, Entry)> = {
                    let ready = &mut self.lanes()[index(lane)].ready;
                    let count = ready.len().min(ACK_BATCH);
                    ready.drain(..count).collect()
                };
                if batch.is_empty() {
                    break;
                }
                // Re-adding and forgetting in one transaction: claimed under another name an entry
                // would still wait for the next look at what may be taken over.
                let mut pipeline = Pipeline::new();
                for (_, entry) in &batch {
                    pipeline.add_command(add(&self.queue.keys(lane).stream, entry));
                }
                let ids: Vec<StreamId> = batch.iter().map(|(id, _)| *id).collect();
                self.forget(&mut pipeline, lane, &ids);
                let result = self.link.run(pipeline.atomic()).await;
                let state = &mut self.lanes()[index(lane)];
                if let Err(error) = result {
                    state.ready.extend(batch);
                    return Err(error);
                }
                for id in &ids {
                    state.held.remove(id);
                }
                released += ids.len();
            }
        }
        Ok(released)
    }

    /// Acknowledges and deletes.
    pub(crate) fn forget(&self, pipeline: &mut Pipeline, lane: Lane, ids: &[StreamId]) {
        let ids: Vec<String> = ids.iter().map(StreamId::to_string).collect();
        let key = &self.queue.keys(lane).stream;
        pipeline.cmd("XACK").arg(key).arg(GROUP).arg(&ids);
        pipeline.cmd("XDEL").arg(key).arg(&ids);
    }
}

/// The right to acknowledge one entry. Dropped unused, it gives the entry up, and the entry is
/// taken over once the lease has run out.
pub(crate) struct Receipt {
    session: Arc<Session>,
    pub(crate) lane: Lane,
    id: StreamId,
    settled: AtomicBool,
}

impl Receipt {
    /// Ends the holding of the entry, once.
    pub(crate) fn settle(&self, acknowledge: bool) {
        if !self.settled.swap(true, Ordering::Relaxed) {
            self.session.settle(self.lane, self.id, acknowledge);
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.settle(false);
    }
}
