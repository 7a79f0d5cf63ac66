//! `clerkwork review claim`, `release`, `assign`, `ask`, `answer` and `hand-over`
//!
//! None of these decides anything. Each is made from the revision of the review that was read: of two
//! people who act at once one does, and the other is told.

use std::time::Duration;

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{ReviewState, State, is_assignee};
use clerkwork_ledger::{Change, Changed, ReviewPatch, ReviewWrite};
use clerkwork_policy::ReviewAct;
use serde_json::{Value, json};

use super::{
    decide::note,
    gate::Gate,
    refusals::{MOVED, claimed, decided, overtaken},
};
use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::{self, Opened},
    moment,
    sign_in::Acting,
    texts,
};

/// The review, and who acts.
#[derive(Debug, clap::Args)]
pub struct On {
    /// Id of the review, or id or reference of its job
    review: String,
    #[command(flatten)]
    acting: Acting,
}

/// Takes a review, so that nobody else decides it meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork review claim DK-1 --minutes 30 --as bob")]
pub struct ClaimArgs {
    #[command(flatten)]
    on: On,
    /// For so long
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=480))]
    minutes: u32,
}

/// Gives back a review that you claimed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork review release DK-1 --as bob")]
pub struct ReleaseArgs {
    #[command(flatten)]
    on: On,
}

/// Says who should decide. Whoever may decide still may.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork review assign DK-1 --to group:red-letter --as bob")]
pub struct AssignArgs {
    #[command(flatten)]
    on: On,
    /// A user, or group: and a name
    #[arg(long, value_name = "USER")]
    to: String,
}

/// Asks the applicant for more. Nobody can approve until the answer is noted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork review ask DK-1 --question '请补充合同第二页' --days 5 --as bob")]
pub struct AskArgs {
    #[command(flatten)]
    on: On,
    /// What; kept sealed in the audit trail
    #[arg(long)]
    question: String,
    /// Days that the applicant has
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=90))]
    days: u32,
}

/// Notes what the applicant answered, so that the review can be decided.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork review answer DK-1 --note '已补交合同' --as alice")]
pub struct AnswerArgs {
    #[command(flatten)]
    on: On,
    /// What; kept sealed in the audit trail
    #[arg(long)]
    note: String,
}

/// Hands a review to somebody else, and ends your claim.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork review hand-over DK-1 --to carol --note 'my neighbour' --as bob")]
pub struct HandOverArgs {
    #[command(flatten)]
    on: On,
    /// A user, or group: and a name
    #[arg(long, value_name = "USER")]
    to: String,
    /// Why; kept sealed in the audit trail
    #[arg(long)]
    note: String,
}

/// One act.
#[derive(Clone)]
struct Act {
    verb: &'static str,
    kind: EventType,
    patch: ReviewPatch,
    data: Value,
    /// What a person wrote, to be sealed.
    words: Option<(&'static str, String)>,
    /// Only whoever works on it now may.
    mine: bool,
    /// Not while somebody else works on it.
    free: bool,
}

impl Act {
    fn new(verb: &'static str, kind: EventType, patch: ReviewPatch, data: Value) -> Self {
        Self {
            verb,
            kind,
            patch,
            data,
            words: None,
            mine: false,
            free: true,
        }
    }
}

/// Takes it.
pub async fn claim(context: &Context, args: ClaimArgs) -> Outcome {
    let minutes = Duration::from_secs(u64::from(args.minutes) * 60);
    let until = context.now().after(minutes);
    // Who claims is known only when they have signed in: see `run`.
    let patch = ReviewPatch {
        claim: Some(Some((String::new(), until))),
        ..ReviewPatch::default()
    };
    let data = json!({"until": until.0});
    let act = Act::new("review.claim", EventType::ReviewClaimed, patch, data);
    run(context, &args.on, act).await
}

/// Gives it back.
pub async fn release(context: &Context, args: ReleaseArgs) -> Outcome {
    let patch = ReviewPatch {
        claim: Some(None),
        ..ReviewPatch::default()
    };
    let kind = EventType::ReviewReleased;
    let act = Act {
        mine: true,
        ..Act::new("review.release", kind, patch, json!({}))
    };
    run(context, &args.on, act).await
}

/// Says who should decide.
pub async fn assign(context: &Context, args: AssignArgs) -> Outcome {
    let patch = ReviewPatch {
        assigned_to: Some(Some(assignee(&args.to)?)),
        ..ReviewPatch::default()
    };
    let data = json!({"to": args.to});
    let act = Act {
        free: false,
        ..Act::new("review.assign", EventType::ReviewAssigned, patch, data)
    };
    run(context, &args.on, act).await
}

/// Asks the applicant.
pub async fn ask(context: &Context, args: AskArgs) -> Outcome {
    let question = words("--question", &args.question)?;
    let days = Duration::from_secs(u64::from(args.days) * 24 * 60 * 60);
    let until = context.now().after(days);
    let patch = ReviewPatch {
        asked_until: Some(Some(until)),
        ..ReviewPatch::default()
    };
    let data = json!({"until": until.0});
    let act = Act {
        words: Some(("question", question)),
        ..Act::new("review.ask", EventType::ReviewAsked, patch, data)
    };
    run(context, &args.on, act).await
}

/// Notes the answer.
pub async fn answer(context: &Context, args: AnswerArgs) -> Outcome {
    let patch = ReviewPatch {
        asked_until: Some(None),
        ..ReviewPatch::default()
    };
    let kind = EventType::ReviewAnswered;
    let act = Act {
        words: Some(("answer", note(&args.note)?)),
        free: false,
        ..Act::new("review.answer", kind, patch, json!({}))
    };
    run(context, &args.on, act).await
}

/// Hands it over.
pub async fn hand_over(context: &Context, args: HandOverArgs) -> Outcome {
    let patch = ReviewPatch {
        assigned_to: Some(Some(assignee(&args.to)?)),
        claim: Some(None),
        ..ReviewPatch::default()
    };
    let (kind, data) = (EventType::ReviewHandedOver, json!({"to": args.to}));
    let act = Act {
        words: Some(("reason", note(&args.note)?)),
        ..Act::new("review.hand_over", kind, patch, data)
    };
    run(context, &args.on, act).await
}

fn assignee(text: &str) -> Result<String, Failure> {
    if is_assignee(text) {
        return Ok(text.to_owned());
    }
    Err(Failure::usage(format!(
        "`{text}` is nobody to hand over to; name a user, or `group:` and a name, of up to 64 \
         letters, digits, `.`, `_`, `-` and `@`"
    )))
}

fn words(option: &str, text: &str) -> Result<String, Failure> {
    let long = Failure::usage(format!("`{option}` must say what, in 1 to 1000 characters"));
    note(text).map_err(|_| long)
}

/// So often somebody else, most likely the desk, may change the review between reading and writing.
const MOVES: u32 = 5;

async fn run(context: &Context, on: &On, act: Act) -> Outcome {
    let opened = installation::open(context).await?;
    for _ in 1..MOVES {
        match once(context, &opened, on, act.clone()).await {
            Err(failure) if failure.code == MOVED => {}
            done => return done,
        }
    }
    once(context, &opened, on, act).await
}

/// Looks, and does it if what was seen is still so.
async fn once(context: &Context, opened: &Opened, on: &On, mut act: Act) -> Outcome {
    let ledger = &opened.ledger;
    let (principal, review, job) =
        super::find_for(context, opened, &on.acting, act.verb, &on.review).await?;
    if review.state != ReviewState::Open {
        return Err(decided(context, &review));
    }
    // The counter that takes the applicant's answer decides nothing; access alone says who may.
    if act.kind != EventType::ReviewAnswered {
        let gate = Gate::open(context, opened, &principal).await?;
        gate.ask(&review, &job, ReviewAct::Work, act.verb).await?;
    }
    let now = context.now();
    let holds = review.claim_until.is_some_and(|until| until > now);
    let claimant = review.claimed_by.as_deref().filter(|_| holds);
    let others = claimant.is_some_and(|who| !principal.names().any(|name| name == who));
    if others && (act.free || act.mine) {
        return Err(Failure::refused("claimed", claimed(&review)));
    }
    if act.mine && claimant.is_none() {
        let id = review.id;
        let text = format!("nobody works on review {id} now; there is nothing to release");
        return Err(Failure::refused("not_claimed", text));
    }
    if act.kind == EventType::ReviewAnswered && review.asked_until.is_none() {
        let text = format!("the applicant was not asked about review {}", review.id);
        return Err(Failure::refused("not_asked", text));
    }
    if act.kind == EventType::ReviewAsked
        && let Some(until) = review.asked_until
    {
        let until = moment::show(until);
        let text = format!("the applicant was asked already and has until {until} to answer");
        return Err(Failure::refused("waits_for_applicant", text));
    }
    if let Some(Some((who, _))) = &mut act.patch.claim {
        principal.name().clone_into(who);
    }
    let mut data = act.data;
    if let Value::Object(data) = &mut data {
        data.insert("review".into(), review.id.to_string().into());
    }
    let mut event = EventDraft::new(act.kind, principal.actor(), principal.noted(data));
    if let Some((field, words)) = act.words {
        event = event.with_personal(field, words);
    }
    let mut change = Change::new(job.id, State::Blocked, job.attempt, State::Blocked).event(event);
    change.review = Some(ReviewWrite::Patch {
        id: review.id,
        revision: review.revision,
        patch: Box::new(act.patch),
    });
    if let Changed::No(refused) = ledger.change(change).await? {
        return Err(overtaken(context, ledger, &review, &job, refused).await?);
    }
    let review = ledger.review(review.id).await?.unwrap_or(review);
    let out = &context.out;
    out.line(format!(
        "{}: {} {}",
        out.both(&texts::event(act.kind.as_str())),
        out.both(&texts::REVIEW),
        review.id
    ));
    out.json(&json!({
        "review": review.id,
        "job": job.id,
        "state": review.state,
        "assigned_to": review.assigned_to,
        "claimed_by": review.claimed_by,
        "claim_until": review.claim_until.map(|time| time.to_string()),
        "asked_until": review.asked_until.map(|time| time.to_string()),
    }));
    Ok(Exit::Done)
}
