//! Whether somebody may act on a review: asked of the policy in force, with what the ledger holds at
//! the moment of the act.
//!
//! A refusal is recorded, with what they were about to do, before it is told.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Job, Review};
use clerkwork_policy::{Denied, Engine, ReviewAct, ReviewQuestion};
use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    installation::{self, Opened},
    sign_in::Principal,
};

/// The policy in force, for one command.
pub struct Gate<'a> {
    context: &'a Context,
    opened: &'a Opened,
    /// The policy in force.
    pub engine: Engine,
    /// Who acts.
    pub principal: &'a Principal,
}

impl<'a> Gate<'a> {
    /// Reads the policy in force.
    pub async fn open(
        context: &'a Context,
        opened: &'a Opened,
        principal: &'a Principal,
    ) -> Result<Self, Failure> {
        Ok(Self {
            context,
            opened,
            engine: installation::policy_in_force(opened).await?,
            principal,
        })
    }

    /// Asks about one review. `verb` names the act in the record.
    pub async fn ask(
        &self,
        review: &Review,
        job: &Job,
        act: ReviewAct,
        verb: &str,
    ) -> Result<(), Failure> {
        let Some(denied) = self.denied(review, job, act).await? else {
            return Ok(());
        };
        let ids: Vec<_> = denied.rules.iter().map(|rule| rule.id.clone()).collect();
        let data = json!({
            "action": verb,
            "job": job.id.to_string(),
            "review": review.id.to_string(),
            "rules": ids,
            "policy": denied.policy_version.to_string(),
        });
        let principal = self.principal;
        let data = principal.noted(data);
        let event = EventDraft::new(EventType::AccessRefused, principal.actor(), data);
        self.opened.ledger.record(job.office.clone(), event).await?;
        let reasons = denied.rules.iter().map(|rule| {
            let reason = self.context.told(&rule.reason);
            format!("{reason} ({})", rule.id)
        });
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        let name = principal.name();
        Err(Failure::refused(
            "policy",
            format!("`{name}` may not decide this: {reasons}"),
        ))
    }

    /// Why they may not; for a preview, which records nothing.
    pub async fn denied(
        &self,
        review: &Review,
        job: &Job,
        act: ReviewAct,
    ) -> Result<Option<Denied>, Failure> {
        let ledger = &self.opened.ledger;
        let kinds = installation::kinds();
        let kind = installation::kind(&kinds, job.kind.as_str())?;
        let mut related = false;
        for name in self.principal.names() {
            related |= ledger.is_related(name, job.id).await?;
        }
        let batch = match job.batch {
            Some(batch) => ledger.batch(batch).await?,
            None => None,
        };
        let item = job.id.to_string();
        let question = ReviewQuestion {
            user: &self.principal.user,
            on_behalf_of: self.principal.on_behalf_of.as_ref(),
            act,
            related,
            resource_type: kind.resource_type(),
            item: &item,
            office: &job.office,
            submitter: &job.submitter,
            batch_starter: batch.as_ref().map(|batch| batch.submitter.as_str()),
            policy_authors: &ledger.policy_authors(review.binding.policy).await?,
            tier: review.tier,
            approvals_needed: review.approvals_needed,
            approvals: &review.approvals,
        };
        Ok(self.engine.may_decide_review(&question).err())
    }
}
