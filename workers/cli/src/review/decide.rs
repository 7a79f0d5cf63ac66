//! `clerkwork review approve` and `clerkwork review return`
//!
//! Four eyes: the policy says who may decide, and never the one who submitted. A decision names the
//! digest of what was shown and is refused when item, facts, policy, approvals or joined items are
//! others now. It is recorded in one change of the review and its job; the fleet then carries it out
//! only if facts and policy are still the same.
//!
//! Items of the same matter that joined the review are decided with it, each by a change of its own
//! and each asked of the policy before the first is made.

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Job, ReasonCode, ReasonFor, Review, ReviewState, State, Tier, reason};
use clerkwork_ledger::{Change, Changed, ReviewWrite, Terms};
use clerkwork_policy::ReviewAct;
use serde_json::{Value, json};

use super::{
    fresh,
    gate::Gate,
    refusals::{decided, overtaken},
    settlement,
    sheet::Sheet,
};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::{self, Opened},
    job,
    sign_in::{Acting, Principal},
    texts,
};

/// Lets the item pass.
///
/// Not by the one who submitted it. `review show` prints what to hand to --shown; what has changed
/// since refuses. A worker carries it out at once. Where two must approve, the first approval leaves
/// the review open for somebody of a higher tier. An act whose outcome is unclear is looked up again;
/// `review settle` says how it ended.
///
/// Once its first act has started, a decision cannot be undone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork review approve DK-1 --shown 3f9a01c2 --code checked --note 'contract seen' --as bob")]
pub struct ApproveArgs {
    #[command(flatten)]
    what: What,
}

/// Sends the item back to the applicant.
///
/// Not by the one who submitted it. The note is told to the applicant. One person is enough, also
/// where two must approve.
///
/// Once its first act has started, a decision cannot be undone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork review return DK-1 --shown 3f9a01c2 --code amount_differs --note '合同金额与申请金额不符' --as bob")]
pub struct ReturnArgs {
    #[command(flatten)]
    what: What,
}

/// What is decided, and why.
#[derive(Debug, clap::Args)]
struct What {
    /// Id of the review, or id or reference of its job
    review: String,
    /// What you saw: the first 8 or more digits that `review show` prints as shown
    #[arg(long, value_name = "HASH")]
    shown: String,
    /// Why, from the list
    #[arg(long)]
    code: ReasonCode,
    /// Why, in your words; kept sealed in the audit trail
    #[arg(long)]
    note: String,
    #[command(flatten)]
    acting: Acting,
}

/// Lets the item pass.
pub async fn approve(context: &Context, args: ApproveArgs) -> Outcome {
    decide(context, &args.what, true).await
}

/// Sends the item back.
pub async fn send_back(context: &Context, args: ReturnArgs) -> Outcome {
    decide(context, &args.what, false).await
}

async fn decide(context: &Context, what: &What, approve: bool) -> Outcome {
    let note = note(&what.note)?;
    let gives = match approve {
        true => ReasonFor::Approve,
        false => ReasonFor::Return,
    };
    fits(what.code, gives)?;
    let opened = installation::open(context).await?;
    let verb = verb(approve);
    let (principal, review, job) =
        super::find_for(context, &opened, &what.acting, verb, &what.review).await?;
    if review.state != ReviewState::Open {
        return Err(decided(context, &review));
    }
    let sheet = Sheet::read(&opened.ledger, review).await?;
    let ruling = Ruling {
        context,
        opened: &opened,
        gate: &Gate::open(context, &opened, &principal).await?,
        approve,
        code: what.code,
        note: &note,
    };
    let told = ruling.make(&sheet, &job, &what.shown).await?;
    context.out.json(&told);
    Ok(Exit::Done)
}

/// The name of the verb in the rules of access and in the trail.
pub fn verb(approve: bool) -> &'static str {
    match approve {
        true => "review.approve",
        false => "review.return",
    }
}

/// A note as it is kept.
pub fn note(text: &str) -> Result<String, Failure> {
    job::reason(text).map_err(|_| Failure::usage("`--note` must say why, in 1 to 1000 characters"))
}

/// Refuses a code that is not for this.
pub fn fits(code: ReasonCode, gives: ReasonFor) -> Result<(), Failure> {
    if code.gives(gives) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "`--code {code}` is no reason for this; use one of {}",
        reason::codes(Some(gives))
    )))
}

/// Under what somebody decides on what they were shown.
pub fn terms(principal: &Principal, gate: &Gate<'_>, sheet: &Sheet, code: ReasonCode) -> Terms {
    let counts = principal.counts_as();
    let users = std::iter::once(&principal.user).chain(&principal.on_behalf_of);
    let absent = principal.on_behalf_of.as_ref();
    Terms {
        shown: sheet.shown(),
        policy: gate.engine.version(),
        on_behalf_of: absent.map(|absent| absent.name.clone()),
        tier: counts.tier().unwrap_or(Tier::Business),
        code: code.as_str().to_owned(),
        authority: users
            .map(|user| (user.name.clone(), user.revision))
            .collect(),
    }
}

/// One decision, on as many reviews as it covers.
pub struct Ruling<'a> {
    /// Where it is told.
    pub context: &'a Context,
    /// The ledger.
    pub opened: &'a Opened,
    /// The policy in force, and who decides.
    pub gate: &'a Gate<'a>,
    /// Approved or returned.
    pub approve: bool,
    /// Why.
    pub code: ReasonCode,
    /// Why, in words.
    pub note: &'a str,
}

impl Ruling<'_> {
    /// Decides a review and those that joined it; what `--json` tells of it.
    pub async fn make(&self, sheet: &Sheet, job: &Job, seen: &str) -> Result<Value, Failure> {
        let ledger = &self.opened.ledger;
        let review = &sheet.review;
        if let Some(first) = review.joined_to
            && let Some(first) = ledger.review(first).await?
            && first.state == ReviewState::Open
        {
            return Err(Failure::refused(
                "joined",
                format!(
                    "review {} is of the same matter as {} and is decided with it; decide that one",
                    review.id, first.id
                ),
            ));
        }
        sheet.check(seen)?;
        let act = match self.approve {
            true => ReviewAct::Approve,
            false => ReviewAct::Return,
        };
        self.gate.ask(review, job, act, verb(self.approve)).await?;
        let mut joined = Vec::with_capacity(sheet.joined.len());
        for review in &sheet.joined {
            let job = job::find(ledger, &review.job.to_string()).await?;
            self.gate.ask(review, &job, act, verb(self.approve)).await?;
            joined.push((review, job));
        }
        fresh::check_policy(self.context, self.opened, self.gate, review, job).await?;
        if self.approve {
            fresh::check(self.context, self.opened, self.gate.principal, review, job).await?;
        }
        let mut told = self.one(sheet, job, None).await?;
        let mut others = Vec::with_capacity(joined.len());
        for (other, job) in joined {
            let alone = Sheet {
                review: other.clone(),
                joined: Vec::new(),
            };
            // The first is decided by now; that one of them is not is told and undoes nothing.
            others.push(match self.one(&alone, &job, Some(review)).await {
                Ok(told) => told,
                Err(failure) => {
                    self.context.out.note(&failure);
                    json!({"review": other.id, "job": other.job, "state": "open",
                        "refused": failure.code})
                }
            });
        }
        if let Value::Object(map) = &mut told {
            map.insert("joined".into(), others.into());
        }
        Ok(told)
    }

    async fn one(&self, sheet: &Sheet, job: &Job, with: Option<&Review>) -> Result<Value, Failure> {
        let (ledger, principal) = (&self.opened.ledger, self.gate.principal);
        let review = &sheet.review;
        let effects = ledger.effects(job.id).await?;
        let last = !self.approve || review.is_last_approval();
        let looks_again = self.approve && last && settlement::unclear(review, &effects).is_some();
        let (kind, state) = match (self.approve, last) {
            (true, true) => (EventType::ReviewApproved, ReviewState::Approved),
            (true, false) => (EventType::ReviewSeconded, ReviewState::Open),
            (false, _) => (EventType::ReviewReturned, ReviewState::Returned),
        };
        let terms = terms(principal, self.gate, sheet, self.code);
        let mut data = json!({
            "review": review.id.to_string(),
            "payload": review.binding.payload.to_string(),
            "facts": review.binding.facts.to_string(),
            "policy": review.binding.policy.to_string(),
            "shown": terms.shown.to_string(),
            "code": self.code.as_str(),
        });
        if let (Some(first), Value::Object(data)) = (with, &mut data) {
            data.insert("decided_with".into(), first.id.to_string().into());
        }
        let event = EventDraft::new(kind, principal.actor(), principal.noted(data))
            .with_personal("reason", self.note);
        let to = match last {
            true => State::Available,
            false => State::Blocked,
        };
        let mut change = Change::new(job.id, State::Blocked, job.attempt, to).event(event);
        if last {
            change.next_attempt = job.attempt.saturating_add(1);
        }
        change.review = Some(ReviewWrite::Decide {
            id: review.id,
            approve: self.approve,
            by: principal.name().to_owned(),
            reason: self.note.to_owned(),
            terms: Some(Box::new(terms)),
        });
        if let Changed::No(refused) = ledger.change(change).await? {
            return Err(overtaken(self.context, ledger, review, job, refused).await?);
        }
        let out = &self.context.out;
        let (id, reference) = (job.id, &job.reference);
        match last {
            true => out.line(format!(
                "{}: job {id} (`{reference}`) goes on",
                out.both(&texts::review(state)),
            )),
            false => out.line(format!(
                "{}: job {id} (`{reference}`)",
                out.both(&texts::SECONDED)
            )),
        }
        if looks_again {
            out.line(out.sentence("  ", &texts::LOOKS_AGAIN));
        }
        Ok(json!({
            "review": review.id,
            "job": job.id,
            "state": state,
            "decided_by": last.then(|| principal.name()),
            "approvals": review.approvals.len() + usize::from(self.approve),
            "approvals_needed": review.approvals_needed,
            "upstream_is_asked_again": looks_again,
        }))
    }
}
