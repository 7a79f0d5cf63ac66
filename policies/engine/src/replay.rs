//! What another bundle would have decided about items that were decided before.
//!
//! Each stored input is decided by both engines. The table counts old against new verdicts; an item
//! whose verdict moves is handed to the caller, with the rules that appear and disappear. What was
//! stored is compared with what the old engine says now: a difference (*drift*) means that the
//! record does not reproduce, and then the replay says little.
//!
//! Invariant: what is kept does not grow with the number of inputs. Feed a whole history.

use clerkwork_core::{Digest, Facts, Office, RuleHit, Verdict};
use serde::{Deserialize, Serialize};

use crate::{decide::Question, engine::Engine};

/// An input as it was stored with its decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredInput {
    /// The id of the job.
    pub item: String,
    /// The kind, as the schema names it.
    pub resource_type: String,
    /// Whether a robot may ever complete items of this kind.
    pub automatable: bool,
    /// Whose work it is.
    pub office: Office,
    /// The user who submitted it.
    pub submitter: String,
    /// What was known about it.
    pub facts: Facts,
    /// What was decided then.
    pub old_verdict: Verdict,
}

impl StoredInput {
    fn question(&self) -> Question<'_> {
        Question {
            robot: "replay",
            resource_type: &self.resource_type,
            automatable: self.automatable,
            item: &self.item,
            office: &self.office,
            submitter: &self.submitter,
            facts: &self.facts,
        }
    }
}

/// An item on which the two bundles do not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mover {
    /// The id of the job.
    pub item: String,
    /// The kind, as the schema names it.
    pub resource_type: String,
    /// What was stored.
    pub stored: Verdict,
    /// What the old bundle says.
    pub old: Verdict,
    /// What the new bundle says.
    pub new: Verdict,
    /// Rules that are in the new decision only, or ask for something else there; by id.
    pub appear: Vec<RuleHit>,
    /// Rules that are in the old decision only, or ask for something else there; by id.
    pub disappear: Vec<RuleHit>,
}

/// How many items went from one verdict to another, or stayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// What the old bundle says.
    pub old: Verdict,
    /// What the new bundle says.
    pub new: Verdict,
    /// How many items.
    pub count: u64,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayTable {
    /// Version of the old bundle.
    pub old: Digest,
    /// Version of the new bundle.
    pub new: Digest,
    /// How many inputs were fed.
    pub inputs: u64,
    /// How many have another verdict under the new bundle.
    pub moved: u64,
    /// How many keep their verdict, by other rules.
    pub other_rules: u64,
    /// How many have another verdict under the old bundle than was stored.
    pub drift: u64,
    /// The cells that are not zero, in the order of the verdicts.
    pub cells: Vec<Cell>,
}

/// A replay under way.
#[derive(Debug)]
pub struct Replay<'e> {
    old: &'e Engine,
    new: &'e Engine,
    other_rules: u64,
    drift: u64,
    counts: [[u64; Verdict::ALL.len()]; Verdict::ALL.len()],
}

impl<'e> Replay<'e> {
    /// Nothing fed yet.
    pub fn new(old: &'e Engine, new: &'e Engine) -> Self {
        Self {
            old,
            new,
            other_rules: 0,
            drift: 0,
            counts: Default::default(),
        }
    }

    /// Decides one input by both. If its verdict moves, `moved` is called with it.
    pub fn feed(&mut self, input: &StoredInput, moved: impl FnOnce(Mover)) {
        let question = input.question();
        let (old, new) = (self.old.decide(&question), self.new.decide(&question));
        if input.old_verdict != old.verdict {
            self.drift += 1;
        }
        if let Some(count) = self
            .counts
            .get_mut(place(old.verdict))
            .and_then(|row| row.get_mut(place(new.verdict)))
        {
            *count += 1;
        }
        let only = |these: &[RuleHit], those: &[RuleHit]| -> Vec<RuleHit> {
            let same =
                |a: &RuleHit, b: &RuleHit| (&a.id, a.tier, a.asks) == (&b.id, b.tier, b.asks);
            let only = these
                .iter()
                .filter(|one| !those.iter().any(|other| same(one, other)));
            only.cloned().collect()
        };
        let appear = only(&new.rules, &old.rules);
        let disappear = only(&old.rules, &new.rules);
        if old.verdict != new.verdict {
            moved(Mover {
                item: input.item.clone(),
                resource_type: input.resource_type.clone(),
                stored: input.old_verdict,
                old: old.verdict,
                new: new.verdict,
                appear,
                disappear,
            });
        } else if !appear.is_empty() || !disappear.is_empty() {
            self.other_rules += 1;
        }
    }

    /// What was found so far.
    pub fn table(&self) -> ReplayTable {
        let mut cells = Vec::new();
        for (old, row) in Verdict::ALL.into_iter().zip(&self.counts) {
            for (new, count) in Verdict::ALL.into_iter().zip(row) {
                let count = *count;
                if count > 0 {
                    cells.push(Cell { old, new, count });
                }
            }
        }
        let moved = cells.iter().filter(|cell| cell.old != cell.new);
        ReplayTable {
            old: self.old.version(),
            new: self.new.version(),
            inputs: cells.iter().map(|cell| cell.count).sum(),
            moved: moved.map(|cell| cell.count).sum(),
            other_rules: self.other_rules,
            drift: self.drift,
            cells,
        }
    }
}

impl ReplayTable {
    /// How many items went from one verdict to another, or stayed.
    pub fn count(&self, old: Verdict, new: Verdict) -> u64 {
        let cell = self
            .cells
            .iter()
            .find(|cell| (cell.old, cell.new) == (old, new));
        cell.map_or(0, |cell| cell.count)
    }
}

fn place(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Proceed => 0,
        Verdict::Return => 1,
        Verdict::Review => 2,
        Verdict::Review2 => 3,
        Verdict::Hold => 4,
    }
}
