//! What somebody is told whose act on a review came too late or must not be.

use clerkwork_core::{Job, Review, ReviewState};
use clerkwork_ledger::{Ledger, Refused, ReviewRefused};

use super::sheet::stale;
use crate::{context::Context, failure::Failure, moment, texts};

/// The code of the refusal of what was changed between reading and writing.
pub const MOVED: &str = "moved";

/// By whom and when it was decided.
pub fn decided(context: &Context, review: &Review) -> Failure {
    let state = context.out.both(&texts::review(review.state));
    let by = match (&review.decided_by, review.decided_at) {
        (Some(by), Some(at)) => format!(" by `{by}` at {}", moment::show(at)),
        (Some(by), None) => format!(" by `{by}`"),
        (None, _) => String::new(),
    };
    let code = match review.state {
        ReviewState::Lapsed => "lapsed",
        ReviewState::Open | ReviewState::Approved | ReviewState::Returned => "already_decided",
    };
    Failure::refused(code, format!("review {} is {state}{by}", review.id))
}

/// Somebody else was faster, or it must not be.
pub async fn overtaken(
    context: &Context,
    ledger: &Ledger,
    review: &Review,
    job: &Job,
    refused: Refused,
) -> Result<Failure, Failure> {
    let now = ledger.review(review.id).await?;
    Ok(match (now, refused) {
        (Some(now), _) if now.state != ReviewState::Open => decided(context, &now),
        (Some(now), Refused::Review(refused)) => refusal(&now, refused),
        (_, Refused::JobIs { state, .. }) => Failure::refused(
            "state",
            format!(
                "job {} is {} now; look at it again",
                job.id,
                context.out.both(&texts::state(state))
            ),
        ),
        (_, Refused::CancelRequested) => Failure::refused(
            "state",
            format!(
                "job {} is to be cancelled; there is nothing left to decide",
                job.id
            ),
        ),
        (
            _,
            Refused::NoSuchJob
            | Refused::ReviewNotOpen
            | Refused::Review(_)
            | Refused::Braked(_)
            | Refused::PolicyChanged,
        ) => Failure::refused(
            "state",
            format!("review {} is not open any more", review.id),
        ),
    })
}

/// What the ledger refuses about an open review, which is handed in as it stands now.
fn refusal(review: &Review, refused: ReviewRefused) -> Failure {
    let id = review.id;
    let (code, text) = match refused {
        ReviewRefused::Moved => (
            MOVED,
            format!("review {id} was changed by somebody else this moment; look at it again"),
        ),
        ReviewRefused::Stale => {
            return stale(review, "somebody approved it, or another item joined it");
        }
        ReviewRefused::StalePolicy => {
            return stale(
                review,
                "another policy is in force than the one that blocked the item",
            );
        }
        ReviewRefused::ClaimedByAnother => ("claimed", claimed(review)),
        ReviewRefused::WaitsForApplicant => (
            "waits_for_applicant",
            format!(
                "the applicant was asked and has until {} to answer; note the answer with \
                 `clerkwork review answer {id}`, or return the item",
                review.asked_until.map_or_else(String::new, moment::show)
            ),
        ),
        ReviewRefused::ApprovedBefore => (
            "approved_before",
            format!(
                "you, or the one you stand in for, have approved review {id} already; the second \
                 approval is another person's"
            ),
        ),
        ReviewRefused::AuthorityChanged => (
            "authority_changed",
            "your account, or that of the one you stand in for, was changed this moment; try again \
             with what you may do now"
                .to_owned(),
        ),
        ReviewRefused::NeedsTerms => (
            "two_needed",
            format!("two people must approve review {id}; use `clerkwork review approve`"),
        ),
        ReviewRefused::EffectOpen => (
            "effect_open",
            format!(
                "whether an act of this item happened is not known; say how it ended with \
                 `clerkwork review settle {id}` first"
            ),
        ),
    };
    Failure::refused(code, text)
}

/// Who works on it, and until when.
pub fn claimed(review: &Review) -> String {
    format!(
        "`{}` works on review {} until {}; ask them to release it",
        review.claimed_by.as_deref().unwrap_or_default(),
        review.id,
        review.claim_until.map_or_else(String::new, moment::show)
    )
}
