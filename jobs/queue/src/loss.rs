//! Noticing that Redis lost what it held.
//!
//! Each lane has an epoch: a random value set by whoever finds none. It says nothing about entries
//! or groups, so that a group re-created by a reader does not hide a loss. Everyone who asks keeps
//! the epochs it last saw; an epoch that is missing or differs means that the lane was wiped in
//! between, and everyone notices it, not only the first.

use clerkwork_core::Lane;
use uuid::Uuid;

use crate::{Queue, QueueError, keys::index, wire::lossy};

/// What was seen by the last [`Queue::lost_since`]; begin with the default and keep it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    epochs: [Option<String>; 3],
    run_id: Option<String>,
}

/// What Redis lost since it was last asked. Ordered by gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// Nothing.
    Nothing,
    /// The server was restarted or replaced and kept its data, but the writes of its last second
    /// may be missing.
    Recent,
    /// At least one lane was wiped, or is new: everything that was pushed to it and not finished
    /// must be pushed again.
    Everything,
}

impl Queue {
    /// Tells whether Redis lost data since the last call with the same `seen`, which is updated
    /// once the answer is complete. For a process that asks for the first time the answer is
    /// [`Loss::Everything`] exactly if nobody asked this Redis since it was last empty.
    ///
    /// Two small round trips.
    ///
    /// # Errors
    /// When Redis is unreachable; `seen` is unchanged then.
    pub async fn lost_since(&self, seen: &mut Seen) -> Result<Loss, QueueError> {
        let mut now = Seen::default();
        let mut loss = Loss::Nothing;
        for lane in Lane::ALL {
            let (created, epoch) = self.epoch(lane).await?;
            let known = &seen.epochs[index(lane)];
            if created || known.as_ref().is_some_and(|known| *known != epoch) {
                loss = Loss::Everything;
            }
            now.epochs[index(lane)] = Some(epoch);
        }
        let run_id = self.server_info().await?.run_id;
        if seen.run_id.as_ref().is_some_and(|known| *known != run_id) {
            loss = loss.max(Loss::Recent);
        }
        now.run_id = Some(run_id);
        *seen = now;
        Ok(loss)
    }

    /// The epoch of a lane, and whether it had to be created.
    async fn epoch(&self, lane: Lane) -> Result<(bool, String), QueueError> {
        let key = &self.keys(lane).epoch;
        let mine = Uuid::new_v4().to_string();
        let mut pipeline = redis::pipe();
        pipeline
            .atomic()
            .cmd("SET")
            .arg(key)
            .arg(&mine)
            .arg("NX")
            .cmd("GET")
            .arg(key);
        let answers = self.checked("tell its epoch", self.link().run(&pipeline).await)?;
        let epoch = answers.get(1).map(lossy).unwrap_or_default();
        // Not by the answer to SET, which says no when this had to be sent twice.
        Ok((epoch == mine, epoch))
    }
}
