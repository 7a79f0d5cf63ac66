//! The domain of the fleet, without I/O: what a job is, which states it may be in, what is found
//! and known about it, what was decided, and the small types (ids, times, money, digests) that
//! every other crate speaks in.
//!
//! Invariants kept here:
//! * the state machine is one table, [`state::TRANSITIONS`]; the ledger refuses everything else;
//! * money is integer cents, times are integer microseconds UTC, ids are UUIDv7;
//! * nothing here reads a clock, a file or the network: a [`time::Clock`] is handed in.

pub mod actor;
pub mod brake;
pub mod calendar;
pub mod canonical;
pub mod decision;
pub mod effect;
pub mod fact;
pub mod finding;
pub mod id;
pub mod job;
pub mod money;
pub mod people;
pub mod reason;
pub mod review;
pub mod state;
pub mod text;
pub mod time;

pub use actor::{Actor, Office};
pub use brake::{Brake, Scope};
pub use calendar::{Calendar, OfficeHours, UnknownYear};
pub use canonical::Digest;
pub use decision::{Decision, MadeBy, RuleHit, Tier, Verdict};
pub use effect::{EffectRecord, EffectState, IdempotencyKey};
pub use fact::{Fact, FactValue, Facts};
pub use finding::{Finding, Severity};
pub use id::{BatchId, BrakeId, EventId, JobId, ReviewId, SubstitutionId, TokenId, WorkerId};
pub use job::{Entry, Job, KindName, Lane};
pub use money::Cents;
pub use people::{Role, UnknownRole, User};
pub use reason::{REASONS, Reason, ReasonCode, ReasonFor};
pub use review::{Approval, Binding, Review, ReviewState, is_assignee, is_user, rules_key};
pub use state::State;
pub use text::Text;
pub use time::{Clock, ManualClock, ShiftedClock, SystemClock, Timestamp};
