//! Who is given a review.

use clerkwork_core::{Review, Tier};
use clerkwork_ledger::{Candidate, Ledger, LedgerError};

/// What a review asks of the person who gets it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'w> {
    /// People who must not have it, beside those barred by the item.
    pub(super) not: &'w [String],
    /// Two must approve and this is the first: the highest tier is kept for the second.
    pub(super) first_of_two: bool,
}

/// The tier from which people decide at a level: the review's own at level 1, then one higher each.
pub(super) fn tier_at(tier: Tier, level: u32) -> Tier {
    let higher = Tier::ALL.into_iter().filter(|one| *one >= tier);
    let steps = usize::try_from(level.saturating_sub(1)).unwrap_or(usize::MAX);
    higher
        .take(steps.saturating_add(1))
        .last()
        .unwrap_or(Tier::Integrity)
}

/// The same for this review: who approves after somebody is of a higher tier than they are.
fn tier_of(review: &Review, level: u32) -> Tier {
    let above = review.approvals.iter().map(|one| tier_at(one.tier, 2));
    above.fold(tier_at(review.tier, level), Tier::max)
}

/// The one with the fewest open reviews, by name among equals. Where there are specialists, only they
/// are asked; nobody when none of them may have it.
pub(super) fn choose(mut candidates: Vec<Candidate>, wish: Wish<'_>) -> Option<String> {
    if candidates.iter().any(|one| one.specialist) {
        candidates.retain(|one| one.specialist);
    }
    candidates.retain(|one| !one.barred && !wish.not.contains(&one.name));
    let below = |one: &Candidate| one.tier < Tier::Integrity;
    if wish.first_of_two && candidates.iter().any(below) {
        candidates.retain(below);
    }
    let best = candidates
        .into_iter()
        .min_by(|a, b| (a.load, &a.name).cmp(&(b.load, &b.name)));
    best.map(|one| one.name)
}

/// Who gets a review at a level, and from which tier; a group when nobody fits.
pub(super) async fn assignee(
    ledger: &Ledger,
    review: &Review,
    level: u32,
) -> Result<(String, Tier), LedgerError> {
    let tier = tier_of(review, level);
    let mut not = ledger.policy_authors(review.binding.policy).await?;
    for approval in &review.approvals {
        not.push(approval.by.clone());
        not.extend(approval.on_behalf_of.clone());
    }
    // Who let a deadline pass does not get it again.
    not.extend(review.assigned_to.clone());
    let wish = Wish {
        not: &not,
        first_of_two: review.approvals_needed > 1 && review.approvals.is_empty(),
    };
    let candidates = ledger.desk_candidates(review.job, tier).await?;
    let chosen = choose(candidates, wish);
    let group = || format!("group:tier-{}", tier.as_str());
    Ok((chosen.unwrap_or_else(group), tier))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANY: Wish<'_> = Wish {
        not: &[],
        first_of_two: false,
    };

    fn one(name: &str, tier: Tier, load: u64) -> Candidate {
        Candidate {
            name: name.into(),
            tier,
            specialist: false,
            barred: false,
            load,
        }
    }

    #[test]
    fn the_fewest_open_reviews_win_and_names_decide_between_equals() {
        let all = vec![
            one("a", Tier::Business, 2),
            one("c", Tier::Business, 1),
            one("b", Tier::Integrity, 1),
        ];
        assert_eq!(choose(all, ANY).as_deref(), Some("b"));
        assert_eq!(choose(Vec::new(), ANY), None);
    }

    #[test]
    fn specialists_alone_are_asked_even_when_none_of_them_may() {
        let mut all = vec![one("a", Tier::Business, 0), one("b", Tier::Business, 9)];
        all[1].specialist = true;
        assert_eq!(choose(all.clone(), ANY).as_deref(), Some("b"));
        all[1].barred = true;
        assert_eq!(choose(all, ANY), None);
    }

    #[test]
    fn the_first_of_two_is_below_the_highest_tier_if_there_is_one() {
        let first = Wish {
            first_of_two: true,
            ..ANY
        };
        let mut all = vec![one("a", Tier::Integrity, 0), one("b", Tier::Enforcement, 9)];
        assert_eq!(choose(all.clone(), first).as_deref(), Some("b"));
        all.pop();
        assert_eq!(choose(all, first).as_deref(), Some("a"));
    }

    #[test]
    fn each_level_asks_a_tier_higher_up_to_the_highest() {
        let at = |tier| [0, 1, 2, 3, u32::MAX].map(|level| tier_at(tier, level));
        let (b, e, i) = (Tier::Business, Tier::Enforcement, Tier::Integrity);
        assert_eq!(at(b), [b, b, e, i, i]);
        assert_eq!(at(e), [e, e, i, i, i]);
        assert_eq!(at(i), [i; 5]);
    }

    proptest! {
        #[test]
        fn nobody_barred_is_ever_chosen(
            people in prop::collection::vec((0_u64..5, any::<bool>(), any::<bool>(), 0_usize..3), 0..12),
            not in prop::collection::vec(0_usize..12, 0..4),
            first_of_two in any::<bool>(),
        ) {
            let all: Vec<Candidate> = people
                .into_iter()
                .enumerate()
                .map(|(i, (load, specialist, barred, tier))| Candidate {
                    specialist,
                    barred,
                    ..one(&format!("u{i}"), Tier::ALL[tier], load)
                })
                .collect();
            let not: Vec<String> = not.into_iter().map(|i| format!("u{i}")).collect();
            if let Some(name) = choose(all.clone(), Wish { not: &not, first_of_two }) {
                let chosen = all.iter().find(|one| one.name == name).unwrap();
                prop_assert!(!chosen.barred && !not.contains(&name));
                prop_assert!(chosen.specialist || all.iter().all(|one| !one.specialist));
            }
        }
    }
}
