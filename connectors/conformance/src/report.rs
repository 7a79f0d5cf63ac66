//! What came of a check.

use clerkwork_core::Text;
use serde::Serialize;

use crate::{Clause, Exchange};

/// How a clause fared with an operation.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// As it must be.
    Kept,
    /// Not as it must be.
    Broken {
        /// What was seen instead.
        why: String,
        /// What went over the wire.
        exchanges: Vec<Exchange>,
    },
    /// It could not be tried, which is not the same as kept.
    NotTried {
        /// Why not.
        why: String,
    },
}

/// One clause, tried with one operation.
#[derive(Debug, Clone, Serialize)]
pub struct Ruling {
    /// The clause.
    pub clause: Clause,
    /// What it says.
    pub text: Text,
    /// The operation; nothing when it is about the connector as a whole.
    pub operation: Option<&'static str>,
    /// How it fared.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// All rulings about a connector.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The connector.
    pub connector: &'static str,
    /// Its version.
    pub version: String,
    /// The rulings, in the order of the clauses.
    pub rulings: Vec<Ruling>,
}

impl Report {
    /// Clauses that were broken.
    pub fn broken(&self) -> impl Iterator<Item = &Ruling> {
        let rulings = self.rulings.iter();
        rulings.filter(|ruling| matches!(ruling.outcome, Outcome::Broken { .. }))
    }

    /// Kept, broken, not tried.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Outcome) -> bool| {
            let outcomes = self.rulings.iter().map(|ruling| &ruling.outcome);
            outcomes.filter(|outcome| wanted(outcome)).count()
        };
        (
            count(|outcome| matches!(outcome, Outcome::Kept)),
            count(|outcome| matches!(outcome, Outcome::Broken { .. })),
            count(|outcome| matches!(outcome, Outcome::NotTried { .. })),
        )
    }
}
