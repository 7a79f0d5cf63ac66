//! What the desk reads: the open reviews for which it is time to do something, and who may be given
//! one.
//!
//! The desk writes by [`ReviewWrite::Patch`](crate::ReviewWrite::Patch), which is refused unless the
//! review is open and at the revision that was read, and leaves its job blocked. So two desks at once
//! do each thing once, and none of them can decide anything.
//!
//! Every selection is bounded and goes by an index of open reviews. A review that is decided with
//! another of the same concern has no task of its own while that one is open.
//!
//! To add a duty: a variant of [`Duty`] with its condition here, and its step in the scheduler's desk.

use clerkwork_core::{JobId, Review, ReviewId, Role, Tier, Timestamp};
use uuid::Uuid;

use crate::{
    Ledger, LedgerError,
    engine::{Engine, cell::Cells},
    read::{filter::Query, rows},
};

const CANDIDATES: &str = include_str!("../sql/desk_candidates.sql");
/// It has a task of its own.
const APART: &str =
    "NOT EXISTS (SELECT 1 FROM review f WHERE f.id = r.joined_to AND f.state = 'open')";

/// Something to be done about open reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Those without a deadline that come after this one: to be given one, and to somebody.
    Place {
        /// Where to go on; the nil id: from the first.
        after: ReviewId,
    },
    /// Those of a level, not reminded of at it, whose time ends after `now` and up to `until`.
    Remind {
        /// The level.
        level: u32,
        /// The present time.
        now: Timestamp,
        /// The latest deadline.
        until: Timestamp,
    },
    /// Those whose deadline has come and that have not expired.
    Escalate {
        /// The present time.
        now: Timestamp,
    },
    /// Those whose claim has run out.
    Release {
        /// The present time.
        now: Timestamp,
    },
    /// Those whose applicant had time to answer until now.
    Answer {
        /// The present time.
        now: Timestamp,
    },
}

/// A person to whom a review may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The user.
    pub name: String,
    /// Up to which tier they decide.
    pub tier: Tier,
    /// They are in the group named after the job's kind.
    pub specialist: bool,
    /// They submitted the item or its batch, or are related to its taxpayer: it is never theirs.
    pub barred: bool,
    /// Open reviews that they have.
    pub load: u64,
}

impl Ledger {
    /// Open reviews for which there is something to do, at most `limit`, those that wait longest
    /// first.
    pub async fn desk_due(&self, duty: Duty, limit: u32) -> Result<Vec<Review>, LedgerError> {
        let columns = rows::REVIEW;
        let mut query = match self.pools().engine() {
            // Without statistics SQLite would take the index by state and sort all that is open. It
            // refuses a statement whose index does not serve it.
            Engine::Sqlite => {
                let index = duty.index();
                Query::new(format!("SELECT {columns} FROM review r INDEXED BY {index}"))
            }
            Engine::Postgres => Query::new(format!("SELECT {columns} FROM review r")),
        };
        query.always("r.state = 'open'");
        let order = match duty {
            Duty::Place { after } => {
                query.always("r.due_at IS NULL AND r.expired_at IS NULL AND r.asked_until IS NULL");
                query.always(APART);
                query.put("r.id >", after.0);
                "r.id"
            }
            Duty::Remind { level, now, until } => {
                query.always("r.reminded_at IS NULL AND r.expired_at IS NULL");
                query.always("r.asked_until IS NULL");
                query.always(APART);
                query.put("r.level =", level);
                query.put("r.due_at >", now);
                query.put("r.due_at <=", until);
                "r.due_at, r.id"
            }
            Duty::Escalate { now } => {
                query.always("r.expired_at IS NULL AND r.asked_until IS NULL");
                query.always(APART);
                query.put("r.due_at <=", now);
                "r.due_at, r.id"
            }
            Duty::Release { now } => {
                query.always("r.claimed_by IS NOT NULL");
                query.put("r.claim_until <=", now);
                "r.claim_until, r.id"
            }
            Duty::Answer { now } => {
                query.put("r.asked_until <=", now);
                "r.asked_until, r.id"
            }
        };
        let (sql, cells) = query.first_by(order, limit);
        let found = self.pools().fetch(sql, cells).await?;
        let mut reviews = found
            .iter()
            .map(rows::review)
            .collect::<Result<Vec<_>, _>>()?;
        for review in reviews.iter_mut().filter(|one| one.approvals_needed > 1) {
            self.add_approvals(review).await?;
        }
        Ok(reviews)
    }

    /// The enabled supervisors of at least `tier`, in the office of the job or above it, with what
    /// speaks for and against each; specialists first, then those with the fewest open reviews. At
    /// most 500.
    pub async fn desk_candidates(
        &self,
        job: JobId,
        tier: Tier,
    ) -> Result<Vec<Candidate>, LedgerError> {
        // Three roles at most; a higher tier repeats the highest.
        let role = |tier| Role::Supervisor(tier).as_str();
        let mut roles = [role(Tier::Integrity); 3];
        for (slot, tier) in roles
            .iter_mut()
            .zip(Tier::ALL.into_iter().filter(|t| *t >= tier))
        {
            *slot = role(tier);
        }
        let mut cells = vec![job.0.into()];
        cells.extend(roles.map(Into::into));
        let found = self.pools().fetch(CANDIDATES, cells).await?;
        found.iter().map(candidate).collect()
    }
}

fn candidate(row: &Cells) -> Result<Candidate, LedgerError> {
    let read = || {
        Ok(Candidate {
            name: row.text(0)?,
            tier: match row.int(1)? {
                0 => Tier::Business,
                1 => Tier::Enforcement,
                _ => Tier::Integrity,
            },
            specialist: row.int(2)? == 1,
            barred: row.int(3)? == 1,
            load: u64::from(row.count(4)?),
        })
    };
    rows::named("account", row, read())
}

impl Duty {
    /// Every review without a deadline.
    pub const PLACE: Self = Self::Place {
        after: ReviewId(Uuid::nil()),
    };

    const fn index(self) -> &'static str {
        match self {
            Self::Place { .. } | Self::Remind { .. } | Self::Escalate { .. } => "review_due",
            Self::Release { .. } => "review_claimed",
            Self::Answer { .. } => "review_asked",
        }
    }
}
