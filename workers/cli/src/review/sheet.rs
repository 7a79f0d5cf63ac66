//! What a person decides on: a review with those that are decided with it, in one digest.

use clerkwork_core::{Digest, Review};
use clerkwork_ledger::Ledger;

use crate::failure::Failure;

/// So many digits of a digest must be given at least.
const DIGITS: usize = 8;

/// A review and the open ones that joined it.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The review.
    pub review: Review,
    /// Those of the same matter, the oldest first.
    pub joined: Vec<Review>,
}

impl Sheet {
    /// Reads what stands there now.
    pub async fn read(ledger: &Ledger, review: Review) -> Result<Self, Failure> {
        let joined = ledger.joined_reviews(review.id).await?;
        Ok(Self { review, joined })
    }

    /// The digest that a decision names.
    pub fn shown(&self) -> Digest {
        let ids: Vec<_> = self.joined.iter().map(|review| review.id).collect();
        self.review.shown(&ids)
    }

    /// Whether this is what somebody saw; refused with what has changed since.
    pub fn check(&self, seen: &str) -> Result<(), Failure> {
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if !(DIGITS..=64).contains(&seen.len()) || !seen.chars().all(hex) {
            return Err(Failure::usage(format!(
                "`--shown {}` is no digest; give the first {DIGITS} or more digits of what \
                 `clerkwork review show` prints as shown",
                seen.chars().take(70).collect::<String>()
            )));
        }
        if self.shown().to_string().starts_with(seen) {
            return Ok(());
        }
        Err(stale(&self.review, &self.changed_since(seen)))
    }

    /// What has come since a sheet with this digest was shown.
    fn changed_since(&self, seen: &str) -> String {
        let ids: Vec<_> = self.joined.iter().map(|review| review.id).collect();
        let mut then = self.review.clone();
        for approvals in (0..=self.review.approvals.len()).rev() {
            then.approvals.truncate(approvals);
            for joined in (0..=ids.len()).rev() {
                if !then.shown(&ids[..joined]).to_string().starts_with(seen) {
                    continue;
                }
                let new = self.review.approvals[approvals..].iter();
                let mut changes: Vec<_> = new
                    .map(|approval| format!("`{}` has approved it meanwhile", approval.by))
                    .collect();
                let new = self.joined[joined..].iter();
                changes.extend(
                    new.map(|review| format!("job {} of the same matter joined it", review.job)),
                );
                return changes.join("; ");
            }
        }
        "that digest is of another review, or of items that are not decided with it any more"
            .to_owned()
    }
}

/// A decision on what is not so any more.
pub fn stale(review: &Review, changed: &str) -> Failure {
    let id = review.id;
    Failure::refused(
        "stale",
        format!(
            "what was shown of review {id} is out of date: {changed}; look at it again with \
             `clerkwork review show {id}`"
        ),
    )
}
