//! Loads, validates and asks the policy bundle: may this robot, or this person, take this action
//! on this item, given these facts?
//!
//! A [`Bundle`] is a schema, rules and cases. An [`Engine`] is a bundle that was found fit to
//! decide. Robots ask [`Engine::decide`], and before they carry out a person's decision
//! [`Engine::may_execute_approved`] or [`Engine::may_execute_returned`]; people's decisions are
//! asked of [`Engine::may_decide_review`]. [`Engine::explain`] says why, and
//! [`Engine::smallest_change`] with what else the item would have passed. [`cases::run`] tests a
//! bundle against its own cases, [`RuleDiff`] compares two, [`Replay`] shows what the difference
//! does to items. Apart from all this, [`Access`] says which verb a user may use at all.
//!
//! Invariants:
//! * **Default deny, and closed when in doubt.** An error while a rule is evaluated, a fact that is
//!   missing, unknown or of another type, an unknown kind: each ends with a person. Cedar by itself
//!   skips a policy that errs; errors are therefore looked at before the decision.
//! * **The hard floor is not policy.** A kind that is on the list in [`floor`], that is not
//!   automatable, or that the schema knows only for `process_blocked`, is never completed by a
//!   robot, even if every rule permitted it.
//! * **A bundle is refused whole.** Strict validation, warnings as errors, annotations, ids, the
//!   manifest of files, and canaries whose answers are known: see [`Refused`], which lists all that
//!   is wrong. What decides is named by a digest of its content.
//! * **Same question, same answer:** nothing here reads a clock, a file after loading, or the order
//!   in which rules or facts were given. Ages and sums are facts, computed before.
//!
//! To add a rule, see `policies/README.md`; no code changes. To add an act, add it to the schema
//! and to `engine::Act`. To ask a new kind, add its resource type and its actions to the schema:
//! `policies/docs/adr/0001-actions-of-a-kind.md`.

mod access;
mod bundle;
mod canary;
pub mod cases;
mod change;
mod compared;
mod contradiction;
mod decide;
mod diff;
mod engine;
mod explain;
pub mod floor;
mod load;
mod manifest;
mod people;
mod problem;
pub mod refusal;
mod replay;
mod review;
mod rule;
mod vocabulary;

pub use access::{Access, AccessBroken, AccessDenied};
pub use bundle::Bundle;
pub use change::{FactChange, SmallestChange};
pub use decide::Question;
pub use diff::{RuleChange, RuleDiff, RuleText};
pub use engine::Engine;
pub use explain::{ExplainedRule, Explanation, MissingFact, ReadFact, RuleSource, UsedFact};
pub use people::{Denied, ReviewAct, ReviewQuestion};
pub use problem::{Place, Problem, Refused};
pub use replay::{Cell, Mover, Replay, ReplayTable, StoredInput};
pub use rule::Rule;
pub use vocabulary::{FactType, Vocabulary};
