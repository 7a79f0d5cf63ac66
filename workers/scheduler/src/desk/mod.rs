//! The desk: every blocked item has somebody who is to decide it and a time until when.
//!
//! A review is given a deadline in working time and the supervisor best placed to decide it. Before
//! the deadline comes a reminder; after it, the next level with people of the next tier: 1 the office
//! itself, 2 several together, 3 a special case. After the last the review is marked as expired. Claims
//! that ran out are released, and what the applicant did not answer in time comes back.
//!
//! Invariants:
//! * the desk decides nothing: it only patches open reviews, and their jobs stay blocked, expired
//!   or not;
//! * what was done is marked in the review and each patch is a compare-and-set on its revision, with
//!   one event: two desks at once, a crash, or a clock that jumps do nothing twice;
//! * a review for which nobody fits goes to the group `tier-…`, so that it is on somebody's list;
//! * a deadline that cannot be counted (a year whose holidays are not known) is none. Everything else
//!   goes on.
//!
//! To add a duty: its selection in the ledger's `desk`, its step in `step.rs`, its line in
//! [`Desk::look`].

mod assign;
mod step;

use std::sync::atomic::{AtomicI64, Ordering};

use clerkwork_core::{Calendar, Review, ReviewId, Timestamp, UnknownYear};
use clerkwork_ledger::{Duty, LedgerError};
use clerkwork_runtime::{DeskConfig, Services};

use crate::{lease::Leading, pause};

/// Reviews read at a time.
const AT_ONCE: u32 = 200;
/// The last level.
const LAST: u32 = 3;

pub(crate) async fn run(services: &Services, mut leading: Leading) {
    let desk = Desk::new(services);
    while leading.wait(services).await.is_some() {
        if let Err(error) = desk.look().await {
            tracing::warn!(%error, "the desk could not look through the reviews; trying again");
        }
        if !pause(services, services.config.desk.look_every).await {
            return;
        }
    }
}

/// What looks through the open reviews. It remembers nothing that matters.
pub struct Desk<'s> {
    services: &'s Services,
    /// The year that was last said to be unknown.
    said: AtomicI64,
}

impl<'s> Desk<'s> {
    /// A desk with the settings of the process.
    pub fn new(services: &'s Services) -> Self {
        let said = AtomicI64::new(i64::MIN);
        Self { services, said }
    }

    /// Does for every open review what it is time for; answers how many were changed. Any number may
    /// look at once.
    ///
    /// # Errors
    /// When the ledger cannot be reached; what was done until then is done.
    pub async fn look(&self) -> Result<u64, LedgerError> {
        let now = self.services.clock.now();
        let mut changed = self.all(Duty::Release { now }, now).await?;
        changed += self.all(Duty::Answer { now }, now).await?;
        changed += self.all(Duty::Escalate { now }, now).await?;
        for level in 1..=LAST {
            if let Some(until) = self.to_remind_of(level, now) {
                changed += self.all(Duty::Remind { level, now, until }, now).await?;
            }
        }
        changed += self.place(now).await?;
        Ok(changed)
    }

    /// Goes on as long as pages are full and something changes: what is done is not selected again.
    async fn all(&self, duty: Duty, now: Timestamp) -> Result<u64, LedgerError> {
        let mut changed = 0;
        loop {
            let due = self.services.ledger.desk_due(duty, AT_ONCE).await?;
            let mut done = 0;
            for review in &due {
                done += u64::from(self.step(duty, review, now).await?);
            }
            changed += done;
            if due.len() < AT_ONCE as usize || done == 0 {
                return Ok(changed);
            }
        }
    }

    /// All without a deadline: some may have to stay so.
    async fn place(&self, now: Timestamp) -> Result<u64, LedgerError> {
        let (mut changed, mut after) = (0, Duty::PLACE);
        loop {
            let due = self.services.ledger.desk_due(after, AT_ONCE).await?;
            for review in &due {
                changed += u64::from(self.step(after, review, now).await?);
            }
            match due.last() {
                Some(&Review { id, .. }) if due.len() == AT_ONCE as usize => {
                    after = Duty::Place { after: id };
                }
                _ => return Ok(changed),
            }
        }
    }

    async fn step(&self, duty: Duty, review: &Review, now: Timestamp) -> Result<bool, LedgerError> {
        match duty {
            Duty::Place { .. } => self.give(review, now).await,
            Duty::Remind { .. } => self.remind(review, now).await,
            Duty::Escalate { .. } if review.level < LAST => self.escalate(review, now).await,
            Duty::Escalate { .. } => self.expire(review, now).await,
            Duty::Release { .. } => self.release(review).await,
            Duty::Answer { .. } => self.answer(review, now).await,
        }
    }

    /// Up to which deadline reviews of a level are reminded of now; nothing while working time cannot
    /// be counted.
    fn to_remind_of(&self, level: u32, now: Timestamp) -> Option<Timestamp> {
        let config = &self.services.config.desk;
        let left = config.minutes_of(level) - config.reminder_of(level);
        match Calendar::china().add(now, left, &config.office_hours) {
            Ok(until) => Some(until),
            // The known years end before so much time is left: every deadline is nearer.
            Err(_) if Calendar::china().is_working_day(now).is_ok() => Some(Timestamp(i64::MAX)),
            Err(_) => None,
        }
    }

    /// The deadline of a level that begins now.
    fn deadline(&self, level: u32, now: Timestamp) -> Result<Timestamp, UnknownYear> {
        let config: &DeskConfig = &self.services.config.desk;
        Calendar::china().add(now, config.minutes_of(level), &config.office_hours)
    }

    fn say(&self, unknown: UnknownYear, review: ReviewId) {
        if self.said.swap(unknown.year, Ordering::Relaxed) != unknown.year {
            tracing::warn!(
                error = %unknown, review.id = %review,
                "reviews have no deadline from now on; people see them all the same"
            );
        }
    }
}
