//! `clerkwork review …`: what was put in front of a person.

mod bulk;
mod by_hand;
mod decide;
mod evidence;
mod fresh;
mod gate;
mod list;
mod page;
mod refusals;
mod settle;
mod settlement;
mod sheet;
mod show;
mod ways;
mod work;

use clap::Subcommand;
use clerkwork_core::{Job, Review};
use clerkwork_ledger::Ledger;

use crate::{
    context::Context,
    failure::{Failure, Outcome},
    installation::Opened,
    job,
    sign_in::{Acting, Principal},
};

/// What can be done with reviews.
#[derive(Debug, Subcommand)]
pub enum Verb {
    List(list::Args),
    Show(show::Args),
    Page(page::Args),
    Approve(decide::ApproveArgs),
    Return(decide::ReturnArgs),
    Settle(settle::Args),
    Claim(work::ClaimArgs),
    Release(work::ReleaseArgs),
    Assign(work::AssignArgs),
    Ask(work::AskArgs),
    Answer(work::AnswerArgs),
    HandOver(work::HandOverArgs),
    ByHand(by_hand::Args),
    Bulk(bulk::Args),
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::List(args) => list::run(context, args).await,
            Self::Show(args) => show::run(context, args).await,
            Self::Page(args) => page::run(context, args).await,
            Self::Approve(args) => decide::approve(context, args).await,
            Self::Return(args) => decide::send_back(context, args).await,
            Self::Settle(args) => settle::run(context, args).await,
            Self::Claim(args) => work::claim(context, args).await,
            Self::Release(args) => work::release(context, args).await,
            Self::Assign(args) => work::assign(context, args).await,
            Self::Ask(args) => work::ask(context, args).await,
            Self::Answer(args) => work::answer(context, args).await,
            Self::HandOver(args) => work::hand_over(context, args).await,
            Self::ByHand(args) => by_hand::run(context, args).await,
            Self::Bulk(args) => bulk::run(context, args).await,
        }
    }
}

/// The review that [`find`] finds, for somebody who may use the verb on it.
async fn find_for(
    context: &Context,
    opened: &Opened,
    acting: &Acting,
    verb: &'static str,
    text: &str,
) -> Result<(Principal, Review, Job), Failure> {
    // Who may not use the verb at all is not told what there is.
    let principal = context.authorise(opened, acting, verb, None).await?;
    let (review, job) = find(&opened.ledger, text).await?;
    let office = Some(&job.office);
    context.allow(opened, &principal, verb, office).await?;
    Ok((principal, review, job))
}

/// The review with this id, or the latest one of the job with this id or reference.
async fn find(ledger: &Ledger, text: &str) -> Result<(Review, Job), Failure> {
    let review = match text.parse() {
        Ok(id) => ledger.review(id).await?,
        Err(_) => None,
    };
    if let Some(review) = review {
        let job = job::find(ledger, &review.job.to_string()).await?;
        return Ok((review, job));
    }
    let Some(job) = ledger.find_job(text).await? else {
        return Err(Failure::not_found(format!(
            "there is no review or job `{text}`; `clerkwork review list` shows the open ones"
        )));
    };
    match ledger.review_of_job(job.id).await? {
        Some(review) => Ok((review, job)),
        None => Err(Failure::not_found(format!(
            "job {} was never put in front of a person",
            job.id
        ))),
    }
}
