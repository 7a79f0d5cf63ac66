//! What became of other items of the same taxpayer, as facts.
//!
//! It comes from the ledger with the claim. It passes for progress: an approval does not lapse because
//! another item of the taxpayer was decided meanwhile.

use clerkwork_core::Facts;
use clerkwork_kinds::JobKind;

use crate::attempt::Attempt;

/// Items sent back to the applicant within 90 days.
const RETURNS: &str = "taxpayer_returns_90_days_count";
/// Items that a person approved although rules stood against them.
const OVERRIDES: &str = "taxpayer_overrides_90_days_count";
/// The source of both.
const LEDGER: &str = "ledger";

/// Adds what the policy in force asks about; a bundle that knows neither is not troubled with them.
pub(crate) fn put(attempt: &Attempt<'_>, kind: &dyn JobKind, facts: &mut Facts) {
    let Some(vocabulary) = attempt.policy.vocabulary(kind.resource_type()) else {
        return;
    };
    let history = attempt.history;
    for (name, count) in [(RETURNS, history.returned), (OVERRIDES, history.overridden)] {
        if vocabulary.contains_key(name) {
            facts.put_progress(name, i64::from(count), LEDGER, history.at);
        }
    }
}
