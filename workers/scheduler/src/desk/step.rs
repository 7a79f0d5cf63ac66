//! One thing done to one review: a patch from the revision that was read, and its event.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Review, State, Timestamp};
use clerkwork_ledger::{Change, Changed, LedgerError, ReviewPatch, ReviewWrite};
use serde_json::{Value, json};

use super::{Desk, assign};

impl Desk<'_> {
    /// A deadline for a review without one, and somebody if it has nobody. One whose deadline cannot
    /// be counted is given to somebody once and then left alone.
    pub(super) async fn give(&self, review: &Review, now: Timestamp) -> Result<bool, LedgerError> {
        let mut patch = ReviewPatch::default();
        let mut data = json!({"level": review.level});
        let timed = self.set_deadline(review, review.level, now, &mut patch, &mut data);
        match &review.assigned_to {
            Some(_) if !timed => return Ok(false),
            Some(to) => data["to"] = json!(to),
            None => {
                self.set_assignee(review, review.level, &mut patch, &mut data)
                    .await?
            }
        }
        self.write(review, patch, EventType::ReviewAssigned, data)
            .await
    }

    pub(super) async fn remind(
        &self,
        review: &Review,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let patch = ReviewPatch {
            reminded_at: Some(Some(now)),
            ..ReviewPatch::default()
        };
        let data = json!({
            "level": review.level,
            "to": review.assigned_to,
            "due_at": review.due_at.map(|at| at.to_string()),
        });
        self.write(review, patch, EventType::ReviewReminded, data)
            .await
    }

    pub(super) async fn escalate(
        &self,
        review: &Review,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let level = review.level + 1;
        let mut patch = ReviewPatch {
            level: Some(level),
            reminded_at: Some(None),
            ..ReviewPatch::default()
        };
        let mut data = json!({
            "from": review.level,
            "level": level,
            "was_with": review.assigned_to,
        });
        self.set_deadline(review, level, now, &mut patch, &mut data);
        self.set_assignee(review, level, &mut patch, &mut data)
            .await?;
        self.write(review, patch, EventType::ReviewEscalated, data)
            .await
    }

    /// The last level's time is over: marked, and open and blocked as before.
    pub(super) async fn expire(
        &self,
        review: &Review,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let patch = ReviewPatch {
            expired_at: Some(Some(now)),
            ..ReviewPatch::default()
        };
        let data = json!({
            "level": review.level,
            "to": review.assigned_to,
            "due_at": review.due_at.map(|at| at.to_string()),
        });
        self.write(review, patch, EventType::ReviewExpired, data)
            .await
    }

    pub(super) async fn release(&self, review: &Review) -> Result<bool, LedgerError> {
        let patch = ReviewPatch {
            claim: Some(None),
            ..ReviewPatch::default()
        };
        let data = json!({
            "by": "deadline",
            "was_with": review.claimed_by,
            "claim_until": review.claim_until.map(|at| at.to_string()),
        });
        self.write(review, patch, EventType::ReviewReleased, data)
            .await
    }

    /// The applicant did not answer in time: the level begins anew, as people could not go on before.
    pub(super) async fn answer(
        &self,
        review: &Review,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let mut patch = ReviewPatch {
            asked_until: Some(None),
            reminded_at: Some(None),
            ..ReviewPatch::default()
        };
        let mut data = json!({"by": "deadline", "level": review.level});
        if review.expired_at.is_none() {
            self.set_deadline(review, review.level, now, &mut patch, &mut data);
        }
        self.write(review, patch, EventType::ReviewAnswered, data)
            .await
    }

    /// Whether there is a deadline.
    fn set_deadline(
        &self,
        review: &Review,
        level: u32,
        now: Timestamp,
        patch: &mut ReviewPatch,
        data: &mut Value,
    ) -> bool {
        match self.deadline(level, now) {
            Ok(at) => {
                patch.due_at = Some(Some(at));
                data["due_at"] = json!(at.to_string());
                true
            }
            Err(unknown) => {
                self.say(unknown, review.id);
                patch.due_at = Some(None);
                data["no_deadline"] = json!(unknown.to_string());
                false
            }
        }
    }

    async fn set_assignee(
        &self,
        review: &Review,
        level: u32,
        patch: &mut ReviewPatch,
        data: &mut Value,
    ) -> Result<(), LedgerError> {
        let (to, tier) = assign::assignee(&self.services.ledger, review, level).await?;
        data["to"] = json!(to);
        data["tier"] = json!(tier.as_str());
        patch.assigned_to = Some(Some(to));
        Ok(())
    }

    /// Whether it was written; not when somebody changed the review meanwhile: the next look sees it
    /// as it is then.
    async fn write(
        &self,
        review: &Review,
        patch: ReviewPatch,
        kind: EventType,
        mut data: Value,
    ) -> Result<bool, LedgerError> {
        let ledger = &self.services.ledger;
        let Some(job) = ledger.job(review.job).await? else {
            return Err(LedgerError::Invalid(format!(
                "review `{}` has no job; look into the ledger",
                review.id
            )));
        };
        data["review"] = json!(review.id.to_string());
        let event = EventDraft::new(kind, Actor::System("desk".into()), data);
        let mut change =
            Change::new(job.id, State::Blocked, job.attempt, State::Blocked).event(event);
        change.review = Some(ReviewWrite::Patch {
            id: review.id,
            revision: review.revision,
            patch: Box::new(patch),
        });
        match ledger.change(change).await? {
            Changed::Yes => Ok(true),
            Changed::No(refused) => {
                tracing::debug!(review.id = %review.id, ?refused, "a review moved on meanwhile");
                Ok(false)
            }
        }
    }
}
