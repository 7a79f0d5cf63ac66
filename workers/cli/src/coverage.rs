//! In debug builds, so in every test: what a verb recorded is what the schema of events says of it.
//!
//! A verb that changes something and records nothing, or something else, fails; so does one that reads the
//! trail and does not say so.

use std::collections::BTreeSet;

use clerkwork_audit::{EventType, schema::schema};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
};

/// What every verb may record: that somebody came, or was refused, and each call to another system.
const OF_ALL: [EventType; 3] = [
    EventType::AccessSignedIn,
    EventType::AccessRefused,
    EventType::ConnectorCalled,
];

/// Verbs that may find that there is nothing left to do, or only look.
const MAY_CHANGE_NOTHING: [&str; 8] = [
    "job.submit",
    "batch.submit",
    "brake.on",
    "policy.propose",
    "review.bulk",
    "audit.erase",
    "audit.rotate_master_key",
    "job.reveal",
];

/// Fails a run that recorded what it should not, or did not what it should.
pub fn check(context: &Context, outcome: Outcome) -> Outcome {
    let (verbs, recorded) = context.used();
    let schema = schema().map_err(Failure::internal)?;
    let of = |verb: &str| -> BTreeSet<&str> {
        let events = schema.events.iter();
        let by = events.filter(|(_, event)| event.verbs.iter().any(|known| known == verb));
        by.map(|(name, _)| name.as_str()).collect()
    };
    let wrong = |what: String| {
        let what = format!("{what}; put it right, or `verbs` in jobs/audit/events.toml");
        Err(Failure::internal(what))
    };
    let mut may: BTreeSet<&str> = OF_ALL.iter().map(|kind| kind.as_str()).collect();
    may.extend(verbs.iter().flat_map(|verb| of(verb)));
    if let Some(kind) = recorded.iter().find(|kind| !may.contains(*kind)) {
        return wrong(format!(
            "`{verbs:?}` recorded `{kind}`, which it does not by the schema"
        ));
    }
    let quiet = verbs.iter().any(|verb| MAY_CHANGE_NOTHING.contains(verb));
    let done = matches!(outcome, Ok(Exit::Done)) && !quiet;
    for verb in verbs.iter().filter(|_| done) {
        let should = of(verb);
        if !should.is_empty() && should.is_disjoint(&recorded) {
            return wrong(format!(
                "`{verb}` was done and recorded nothing of {should:?}"
            ));
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Verbs that change nothing and read nothing of the trail.
    const READING: [&str; 26] = [
        "batch.list",
        "batch.status",
        "batch.watch",
        "brake.list",
        "config.check",
        "config.show",
        "connector.list",
        "connector.show",
        "dead_letters.list",
        "doctor",
        "job.list",
        "job.show",
        "policy.backtest",
        "policy.check",
        "policy.diff",
        "policy.explain",
        "policy.list",
        "policy.show",
        "policy.test",
        "review.list",
        "review.show",
        "role.list",
        "substitute.list",
        "token.list",
        "user.list",
        "user.show",
    ];

    #[test]
    fn every_verb_records_something_or_only_reads() {
        let schema = schema().unwrap();
        let declared: BTreeSet<_> = schema
            .events
            .values()
            .flat_map(|event| &event.verbs)
            .collect();
        let declared: BTreeSet<_> = declared.into_iter().map(String::as_str).collect();
        let access = crate::sign_in::access().unwrap();
        let verbs: BTreeSet<_> = access.verbs().collect();
        let reading: BTreeSet<_> = READING.into();
        // The first administrator is made by whoever holds the data folder, before there is a role.
        let by_nobody = BTreeSet::from(["init"]);
        let known: BTreeSet<_> = declared.union(&reading).copied().collect();
        let needed: BTreeSet<_> = verbs.union(&by_nobody).copied().collect();
        assert_eq!(known, needed);
        assert!(declared.is_disjoint(&reading));
    }
}
