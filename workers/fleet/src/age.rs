//! How old the facts are on which an item is decided.
//!
//! An upstream may answer from a copy of yesterday, and an attempt may rest between asking and
//! deciding. The policies hold an item whose facts are stale or of unknown age; what is stale is
//! theirs to say. Sources are open: a kind that asks another upstream changes nothing here.

use clerkwork_core::{Facts, Timestamp};

/// The name of the fact, as in `policies/schema.cedarschema`.
const NAME: &str = "facts_age_seconds";
/// The source of the fact.
const FLEET: &str = "fleet";
/// The source of facts that come from the item itself. They are made when it is looked at, and
/// what is in an item does not age.
const ITEM: &str = "item";

/// Adds the age, in whole seconds at `now`, of the oldest fact that came from an upstream. Below
/// zero the upstream's clock is ahead of ours. Where nothing came from an upstream the age is not
/// known, and the fact is absent.
///
/// It passes for progress: an approval does not lapse because time goes by.
pub(crate) fn put(facts: &mut Facts, now: Timestamp) {
    let told = facts.0.values().filter(|fact| fact.source != ITEM);
    if let Some(oldest) = told.map(|fact| fact.at).min() {
        let age = now.0.saturating_sub(oldest.0).div_euclid(1_000_000);
        facts.put_progress(NAME, age, FLEET, now);
    }
}

#[cfg(test)]
mod tests {
    use clerkwork_core::FactValue;

    use super::*;

    const SECOND: i64 = 1_000_000;

    /// The age at second 1,000 of facts with these sources and seconds.
    fn age(told: &[(&str, i64)]) -> Option<i64> {
        let mut facts = Facts::default();
        for (index, (source, second)) in told.iter().enumerate() {
            let at = Timestamp(second * SECOND);
            facts.put(&format!("fact_{index}"), 1, source, at);
        }
        let before = facts.digest();
        put(&mut facts, Timestamp(1_000 * SECOND));
        assert_eq!(facts.digest(), before, "an approval is not bound to it");
        facts.value(NAME).map(|value| match value {
            FactValue::Long(seconds) => *seconds,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_oldest_fact_of_an_upstream_counts_and_the_item_itself_does_not() {
        let told = [("etax.dossier", 990), ("etax.other", 99), (ITEM, 1)];
        assert_eq!(age(&told), Some(901));
    }

    #[test]
    fn without_a_fact_of_an_upstream_the_age_is_not_known() {
        assert_eq!(age(&[(ITEM, 1_000)]), None);
        assert_eq!(age(&[]), None);
    }

    #[test]
    fn a_clock_that_is_ahead_shows() {
        assert_eq!(age(&[("etax.dossier", 1_061)]), Some(-61));
    }
}
