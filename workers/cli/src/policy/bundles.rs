//! `clerkwork policy list|propose|approve|reject|activate|rollback`: how the policy changes.
//!
//! One person hands a bundle in, another approves it, and from its activation on no act is announced
//! under any other. Who may do which step is asked of the access rules; that nobody approves what
//! they handed in is kept by the ledger.

use std::path::PathBuf;

use clerkwork_core::Digest;
use clerkwork_ledger::{BundleState, BundleVerdict, Files, Ledger, NewBundle, StoredBundle};
use clerkwork_policy::{Engine, cases};
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, moment,
    sign_in::Acting,
    texts,
};

/// Hands in a bundle, for another person to approve.
///
/// It must pass `policy check` and `policy test`. Nothing changes before it is approved by somebody
/// else and activated.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork policy propose ./policies --note 'lower line for large amounts' --as erin")]
pub struct ProposeArgs {
    /// The bundle's folder
    dir: PathBuf,
    /// What it changes and why; no personal data
    #[arg(long)]
    note: String,
    #[command(flatten)]
    acting: Acting,
}

/// A step on the way of a bundle.
#[derive(Debug, clap::Args)]
pub struct StepArgs {
    /// The bundle's version: its digest, or the first 8 or more digits of it
    bundle: String,
    /// Why; no personal data
    #[arg(long)]
    note: String,
    #[command(flatten)]
    acting: Acting,
}

/// Approves a proposed bundle. Not by the one who handed it in.
///
/// Look at it first: `policy diff`, `policy backtest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork policy approve 3fa9c1d2 --note 'read and back-tested' --as bob")]
pub struct ApproveArgs {
    #[command(flatten)]
    step: StepArgs,
}

/// Rejects a proposed bundle; whoever handed it in may take it back so.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork policy reject 3fa9c1d2 --note 'too many items move' --as bob")]
pub struct RejectArgs {
    #[command(flatten)]
    step: StepArgs,
}

/// Puts an approved bundle into force, everywhere and at once.
///
/// From then on no act is announced under another bundle. Open reviews that the one before blocked
/// must be looked at again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork policy activate 3fa9c1d2 --note 'as agreed on Monday' --as bob")]
pub struct ActivateArgs {
    #[command(flatten)]
    step: StepArgs,
}

/// Puts an earlier bundle back into force, everywhere and at once.
///
/// Only one that was in force before, or the one that was installed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  clerkwork policy rollback 9b1d22c0 --note 'the new one sends back too much' --as bob")]
pub struct RollbackArgs {
    #[command(flatten)]
    step: StepArgs,
}

/// Lists the bundles that were handed in, and which is in force.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork policy list --as bob")]
pub struct ListArgs {
    #[command(flatten)]
    acting: Acting,
}

/// The files of a bundle, by path.
pub fn files(engine: &Engine) -> Files {
    let files = engine.bundle().files();
    files
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect()
}

/// Hands in a bundle.
pub async fn propose(context: &Context, args: ProposeArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let principal = context
        .authorise(&opened, &args.acting, "policy.propose", None)
        .await?;
    let engine = Engine::load(&args.dir).map_err(|refused| {
        for problem in refused.problems() {
            context.out.note(problem);
        }
        installation::policy_refused(&refused)
    })?;
    let report = cases::run(&engine);
    if !report.ok() {
        context.out.note(&report);
        return Err(Failure::input(format!(
            "{} of the bundle's cases fail; mend them, `clerkwork policy test {}` shows all",
            report.failures.len(),
            args.dir.display()
        )));
    }
    let installed = installation::engine(&opened.config)?;
    let bundle = NewBundle {
        version: engine.version(),
        files: files(&engine),
        note: args.note,
        installed: (installed.version(), files(&installed)),
    };
    let proposed = opened
        .ledger
        .propose_policy(bundle, &principal.authority())
        .await?;
    proposed.map_err(|refusal| Failure::refused("policy", refusal.to_string()))?;
    let version = engine.version();
    context.out.line(format!(
        "proposed: {version}\nanother person approves it: clerkwork policy approve {}",
        short(version)
    ));
    let value = json!({"version": version, "state": BundleState::Proposed});
    context.out.json(&value);
    Ok(Exit::Done)
}

/// Approves a bundle.
pub async fn approve(context: &Context, args: ApproveArgs) -> Outcome {
    decide(context, args.step, BundleVerdict::Approve, "policy.approve").await
}

/// Rejects a bundle.
pub async fn reject(context: &Context, args: RejectArgs) -> Outcome {
    decide(context, args.step, BundleVerdict::Reject, "policy.reject").await
}

/// Puts a bundle into force.
pub async fn activate(context: &Context, args: ActivateArgs) -> Outcome {
    enforce(context, args.step, false).await
}

/// Puts an earlier bundle back into force.
pub async fn rollback(context: &Context, args: RollbackArgs) -> Outcome {
    enforce(context, args.step, true).await
}

async fn decide(
    context: &Context,
    args: StepArgs,
    verdict: BundleVerdict,
    verb: &'static str,
) -> Outcome {
    let opened = installation::open(context).await?;
    let principal = context.authorise(&opened, &args.acting, verb, None).await?;
    let bundle = find(&opened.ledger, &args.bundle).await?;
    let decided = opened
        .ledger
        .decide_policy(bundle.version, verdict, &args.note, &principal.authority())
        .await?;
    decided.map_err(|refusal| Failure::refused("policy", refusal.to_string()))?;
    let state = match verdict {
        BundleVerdict::Approve => BundleState::Approved,
        BundleVerdict::Reject => BundleState::Rejected,
    };
    let out = &context.out;
    out.line(format!("{}: {}", state.as_str(), bundle.version));
    out.json(&json!({"version": bundle.version, "state": state, "by": principal.name()}));
    Ok(Exit::Done)
}

async fn enforce(context: &Context, args: StepArgs, rollback: bool) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = match rollback {
        true => "policy.rollback",
        false => "policy.activate",
    };
    let principal = context.authorise(&opened, &args.acting, verb, None).await?;
    let ledger = &opened.ledger;
    let bundle = find(ledger, &args.bundle).await?;
    // What was fit once may not be to this program: no worker could go by it.
    installation::stored_policy(ledger, bundle.version).await?;
    let before = ledger.control().await?.policy;
    let done = ledger
        .activate_policy(
            bundle.version,
            before,
            rollback,
            &args.note,
            &principal.authority(),
        )
        .await?;
    done.map_err(|refusal| Failure::refused("policy", refusal.to_string()))?;
    let out = &context.out;
    let in_force = out.both(&texts::IN_FORCE);
    out.line(format!("{in_force}: {}", bundle.version));
    out.json(&json!({
        "version": bundle.version, "before": before, "rollback": rollback, "by": principal.name(),
    }));
    Ok(Exit::Done)
}

/// Lists bundles.
pub async fn list(context: &Context, args: ListArgs) -> Outcome {
    let opened = installation::open(context).await?;
    context
        .authorise(&opened, &args.acting, "policy.list", None)
        .await?;
    let ledger = &opened.ledger;
    let bundles = ledger.policy_bundles().await?;
    let installed = installation::engine(&opened.config)?.version();
    let in_force = ledger.control().await?.policy.unwrap_or(installed);
    let out = &context.out;
    let rows = bundles.iter().map(|bundle| {
        let mark = match bundle.version == in_force {
            true => out.both(&texts::IN_FORCE),
            false => String::new(),
        };
        vec![
            short(bundle.version),
            format!("{} {mark}", bundle.state.as_str())
                .trim()
                .to_owned(),
            format!(
                "{}, {}",
                bundle.proposed_by,
                moment::show(bundle.proposed_at)
            ),
            bundle.decided_by.clone().unwrap_or_default(),
            bundle.note.clone(),
        ]
    });
    let headers = [
        texts::VERSION,
        texts::STATE,
        texts::PROPOSED_BY,
        texts::DECIDED_BY,
        texts::NOTE,
    ];
    out.table(&headers, rows.collect(), &texts::NO_BUNDLES);
    out.line(format!("{}: {in_force}", out.both(&texts::IN_FORCE)));
    let activations = ledger.policy_activations().await?;
    let history = activations.iter().map(|one| {
        json!({
            "version": one.version, "by": one.by, "at": one.at.to_string(),
            "note": one.reason, "rollback": one.rollback,
        })
    });
    out.json(&json!({
        "in_force": in_force,
        "installed": installed,
        "items": bundles.iter().map(as_json).collect::<Vec<_>>(),
        "activations": history.collect::<Vec<_>>(),
    }));
    Ok(Exit::Done)
}

fn as_json(bundle: &StoredBundle) -> Value {
    json!({
        "version": bundle.version,
        "state": bundle.state,
        "proposed_by": bundle.proposed_by,
        "proposed_at": bundle.proposed_at.to_string(),
        "note": bundle.note,
        "decided_by": bundle.decided_by,
        "decided_at": bundle.decided_at.map(|at| at.to_string()),
        "decided_note": bundle.decided_note,
    })
}

/// Enough of a version to tell it from others at sight.
pub fn short(version: Digest) -> String {
    version.to_string().chars().take(12).collect()
}

/// The bundle of this version, or the only one whose version begins so.
pub async fn find(ledger: &Ledger, text: &str) -> Result<StoredBundle, Failure> {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if text.len() < 8 || !text.chars().all(hex) {
        return Err(Failure::usage(format!(
            "`{text}` is no version; give at least the first 8 digits, in lower case, as \
             `clerkwork policy list` shows them"
        )));
    }
    let mut bundles = ledger.policy_bundles().await?;
    bundles.retain(|bundle| bundle.version.to_string().starts_with(text));
    match bundles.len() {
        1 => Ok(bundles.remove(0)),
        0 => Err(Failure::not_found(format!(
            "there is no bundle `{text}`; `clerkwork policy list` shows them"
        ))),
        n => Err(Failure::usage(format!(
            "`{text}` begins the versions of {n} bundles; give more digits"
        ))),
    }
}
