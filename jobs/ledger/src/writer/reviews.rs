//! Reviews in the plan of a transaction: what may be changed, and what becomes of it.
//!
//! A decision is judged here and nowhere else, on rows that the transaction has read and locked with
//! their job: of two who decide at once, one does. What was shown is digested anew and compared, so
//! that nobody decides on what has changed since.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{
    Approval, Binding, JobId, Review, ReviewId, ReviewState, RuleHit, Tier, Verdict,
};

use serde_json::json;

use super::plan::Plan;
use crate::{Change, LedgerError, Refused, ReviewPatch, ReviewRefused, ReviewWrite, Terms};

/// A review as a transaction sees and changes it.
#[derive(Debug, Clone)]
pub(crate) struct ReviewRow {
    pub(crate) review: Review,
    /// The open reviews that are decided with it; known only when a decision is to be judged.
    pub(crate) joined: Vec<ReviewId>,
    pub(crate) changed: bool,
    /// Set when this transaction opens it; its concern.
    pub(crate) opened: Option<Option<String>>,
    /// The approvals that this transaction adds, with their codes.
    pub(crate) approvals: Vec<(Approval, String)>,
}

impl ReviewRow {
    pub(crate) fn of(review: Review) -> Self {
        Self {
            review,
            joined: Vec::new(),
            changed: false,
            opened: None,
            approvals: Vec::new(),
        }
    }

    fn end(&mut self, state: ReviewState, at: clerkwork_core::Timestamp) {
        self.review.state = state;
        self.review.decided_at = Some(at);
        self.touch();
    }

    fn touch(&mut self) {
        self.review.revision += 1;
        self.changed = true;
    }
}

/// The highest tier among the rules that ask for people; the highest of all when none does.
fn tier_of(rules: &[RuleHit]) -> Tier {
    let asking = rules.iter().filter(|rule| rule.asks.asks_people());
    asking
        .map(|rule| rule.tier)
        .max()
        .unwrap_or(Tier::Integrity)
}

impl Plan<'_> {
    /// Whether the change of a review that goes with a change of a job may be made.
    pub(crate) fn check_review(&self, change: &Change) -> Result<(), Refused> {
        let (id, allowed): (_, &[ReviewState]) = match &change.review {
            None | Some(ReviewWrite::Open { .. }) => return Ok(()),
            Some(
                ReviewWrite::Decide { id, .. }
                | ReviewWrite::ByHand { id, .. }
                | ReviewWrite::HandOver { id, .. }
                | ReviewWrite::Patch { id, .. },
            ) => (id, &[ReviewState::Open]),
            Some(ReviewWrite::Lapse { id }) => (
                id,
                &[
                    ReviewState::Open,
                    ReviewState::Approved,
                    ReviewState::Returned,
                ],
            ),
        };
        let row = match self.reviews.get(id) {
            Some(row) if row.review.job == change.job && allowed.contains(&row.review.state) => row,
            _ => return Err(Refused::ReviewNotOpen),
        };
        match &change.review {
            Some(ReviewWrite::Decide {
                approve, by, terms, ..
            }) => self.judge(row, *approve, by, terms.as_deref()),
            Some(ReviewWrite::ByHand { .. }) if self.open_effects.contains(&change.job) => {
                Err(ReviewRefused::EffectOpen.into())
            }
            // Nothing is let pass: judged like a return, which one person may decide.
            Some(ReviewWrite::ByHand { by, terms, .. }) => self.judge(row, false, by, Some(terms)),
            Some(ReviewWrite::Patch { revision, .. }) if *revision != row.review.revision => {
                Err(ReviewRefused::Moved.into())
            }
            _ => Ok(()),
        }
    }

    fn judge(
        &self,
        row: &ReviewRow,
        approve: bool,
        by: &str,
        terms: Option<&Terms>,
    ) -> Result<(), Refused> {
        let review = &row.review;
        let Some(terms) = terms else {
            return match approve && review.approvals_needed > 1 {
                true => Err(ReviewRefused::NeedsTerms.into()),
                false => Ok(()),
            };
        };
        if terms
            .authority
            .iter()
            .any(|seen| self.lost_authority.contains(seen))
        {
            return Err(ReviewRefused::AuthorityChanged.into());
        }
        let in_force = self.control.as_ref().and_then(|control| control.policy);
        if in_force.unwrap_or(terms.policy) != review.binding.policy {
            return Err(ReviewRefused::StalePolicy.into());
        }
        if terms.shown != review.shown(&row.joined) {
            return Err(ReviewRefused::Stale.into());
        }
        let claimed = review.claim_until.is_some_and(|until| until > self.at);
        if claimed && review.claimed_by.as_deref().is_some_and(|who| who != by) {
            return Err(ReviewRefused::ClaimedByAnother.into());
        }
        if approve && review.asked_until.is_some() {
            return Err(ReviewRefused::WaitsForApplicant.into());
        }
        let mine = [Some(by), terms.on_behalf_of.as_deref()];
        let before = |approval: &Approval| {
            mine.contains(&Some(approval.by.as_str()))
                || (approval.on_behalf_of.is_some()
                    && mine.contains(&approval.on_behalf_of.as_deref()))
        };
        if approve && review.approvals.iter().any(before) {
            return Err(ReviewRefused::ApprovedBefore.into());
        }
        Ok(())
    }

    /// The open review that a new one of this concern joins, unless an earlier request of the group
    /// has ended it.
    fn first_of(&self, concern: Option<&str>) -> Option<ReviewId> {
        let first = self.concerns.get(concern?).copied()?;
        let row = self.reviews.get(&first);
        row.is_none_or(|row| row.review.state == ReviewState::Open)
            .then_some(first)
    }

    /// The event of a review that joins another one.
    pub(crate) fn joining(&self, change: &Change) -> Option<EventDraft> {
        let Some(ReviewWrite::Open { id, concern, .. }) = &change.review else {
            return None;
        };
        let first = self.first_of(concern.as_deref())?;
        let data = json!({"review": id.to_string(), "joined_to": first.to_string()});
        let actor = change.events.first()?.actor.clone();
        Some(EventDraft::new(EventType::ReviewJoined, actor, data))
    }

    /// A decision that is not the last approval must leave the job where it is, and any other must
    /// not: a slip of the caller.
    pub(crate) fn check_shape(&self, change: &Change) -> Result<(), LedgerError> {
        use clerkwork_core::State;
        // Only a person who did the work by hand completes a blocked job, and does nothing else.
        let by_hand = matches!(change.review, Some(ReviewWrite::ByHand { .. }));
        let completes = change.expect == State::Blocked && change.to == State::Completed;
        if by_hand != completes {
            return Err(LedgerError::Invalid(
                "a blocked job is completed by hand or not at all".into(),
            ));
        }
        let Some(ReviewWrite::Decide { id, approve, .. }) = &change.review else {
            return Ok(());
        };
        let Some(row) = self.reviews.get(id) else {
            return Ok(());
        };
        let decides = !approve || row.review.is_last_approval();
        if decides == (change.to == State::Blocked) {
            return Err(LedgerError::Invalid(
                "the first of two approvals leaves its job blocked, every other decision does not"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Makes the change; everything that may refuse it has been asked.
    pub(crate) fn attach_review(&mut self, job: JobId, write: &ReviewWrite) {
        let at = self.at;
        match write {
            ReviewWrite::Open {
                id,
                rules,
                binding,
                concern,
            } => {
                let first = self.first_of(concern.as_deref());
                if let (Some(concern), None) = (concern, first) {
                    self.concerns.insert(concern.clone(), *id);
                }
                // Who decides in the same transaction has not seen it.
                if let Some(row) = first.and_then(|first| self.reviews.get_mut(&first)) {
                    row.joined.push(*id);
                }
                let mut row = ReviewRow::of(opened(*id, job, rules, *binding, at));
                row.review.joined_to = first;
                row.opened = Some(concern.clone());
                self.reviews.insert(*id, row);
            }
            ReviewWrite::Decide {
                id,
                approve,
                by,
                reason,
                terms,
            } => {
                let Some(row) = self.reviews.get_mut(id) else {
                    return;
                };
                let decides = !approve || row.review.is_last_approval();
                if *approve && let Some(terms) = terms {
                    let approval = Approval {
                        by: by.clone(),
                        on_behalf_of: terms.on_behalf_of.clone(),
                        tier: terms.tier,
                        at,
                    };
                    row.review.approvals.push(approval.clone());
                    row.approvals.push((approval, terms.code.clone()));
                }
                row.review.claimed_by = None;
                row.review.claim_until = None;
                if !decides {
                    row.review.leave_to_the_second();
                    row.touch();
                    return;
                }
                row.review.decided_by = Some(by.clone());
                row.review.reason = Some(reason.clone());
                if let Some(terms) = terms {
                    row.review.code = Some(terms.code.clone());
                    row.review.on_behalf_of.clone_from(&terms.on_behalf_of);
                }
                let state = match approve {
                    true => ReviewState::Approved,
                    false => ReviewState::Returned,
                };
                row.end(state, at);
            }
            ReviewWrite::ByHand {
                id,
                by,
                reason,
                terms,
            } => {
                if let Some(row) = self.reviews.get_mut(id) {
                    row.review.decided_by = Some(by.clone());
                    row.review.reason = Some(reason.clone());
                    row.review.code = Some(terms.code.clone());
                    row.review.on_behalf_of.clone_from(&terms.on_behalf_of);
                    row.review.claimed_by = None;
                    row.review.claim_until = None;
                    row.end(ReviewState::Approved, at);
                }
            }
            ReviewWrite::HandOver { id, to } => {
                if let Some(row) = self.reviews.get_mut(id) {
                    row.review.assigned_to = Some(to.clone());
                    row.touch();
                }
            }
            ReviewWrite::Patch { id, patch, .. } => {
                if let Some(row) = self.reviews.get_mut(id) {
                    apply(patch, &mut row.review);
                    row.touch();
                }
            }
            ReviewWrite::Lapse { id } => {
                if let Some(row) = self.reviews.get_mut(id) {
                    row.end(ReviewState::Lapsed, at);
                }
            }
        }
    }
}

fn opened(
    id: ReviewId,
    job: JobId,
    rules: &[RuleHit],
    binding: Binding,
    at: clerkwork_core::Timestamp,
) -> Review {
    Review {
        id,
        job,
        state: ReviewState::Open,
        rules: rules.to_vec(),
        binding,
        opened_at: at,
        revision: 1,
        approvals_needed: Verdict::asked_by(rules).approvals(),
        tier: tier_of(rules),
        level: 1,
        assigned_to: None,
        claimed_by: None,
        claim_until: None,
        due_at: None,
        reminded_at: None,
        asked_until: None,
        expired_at: None,
        joined_to: None,
        approvals: Vec::new(),
        code: None,
        on_behalf_of: None,
        decided_by: None,
        decided_at: None,
        reason: None,
    }
}

fn apply(patch: &ReviewPatch, review: &mut Review) {
    if let Some(to) = &patch.assigned_to {
        review.assigned_to.clone_from(to);
    }
    if let Some(claim) = &patch.claim {
        (review.claimed_by, review.claim_until) = match claim {
            Some((who, until)) => (Some(who.clone()), Some(*until)),
            None => (None, None),
        };
    }
    review.level = patch.level.unwrap_or(review.level);
    review.due_at = patch.due_at.unwrap_or(review.due_at);
    review.reminded_at = patch.reminded_at.unwrap_or(review.reminded_at);
    review.asked_until = patch.asked_until.unwrap_or(review.asked_until);
    review.expired_at = patch.expired_at.unwrap_or(review.expired_at);
}
