//! `clerkwork policy …`: the bundle of rules.

pub mod bundles;
mod compare;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use clerkwork_policy::{Bundle, Engine, Problem, Question, Refused, SmallestChange, cases};
use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation, job,
    out::Out,
    sign_in::Acting,
    texts,
};

/// What can be done with the policy.
#[derive(Debug, Subcommand)]
pub enum Verb {
    Check(CheckArgs),
    Test(TestArgs),
    Seal(SealArgs),
    Explain(ExplainArgs),
    Diff(compare::DiffArgs),
    Backtest(compare::BacktestArgs),
    List(bundles::ListArgs),
    Propose(bundles::ProposeArgs),
    Approve(bundles::ApproveArgs),
    Reject(bundles::RejectArgs),
    Activate(bundles::ActivateArgs),
    Rollback(bundles::RollbackArgs),
}

/// Validates a bundle and names every problem with file, line and column.
///
/// Without a folder: the configured bundle, or the one compiled into the binary.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  clerkwork policy check\n  clerkwork policy check ./policies")]
pub struct CheckArgs {
    /// The bundle's folder
    dir: Option<PathBuf>,
}

/// Runs a bundle's cases; every rule needs one in which it holds and one in which not.
///
/// Without a folder: the configured bundle, or the one compiled into the binary. Exit code 1 when
/// a case fails.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork policy test ./policies")]
pub struct TestArgs {
    /// The bundle's folder
    dir: Option<PathBuf>,
}

/// Writes the manifest of a bundle anew, after a change of its files that is meant.
///
/// The manifest lists every file that decides, so that none is lost or changed on its way unseen.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork policy seal ./policies")]
pub struct SealArgs {
    /// The bundle's folder
    dir: PathBuf,
}

/// Says why the policy decides on a job as it does.
///
/// Asks the policy in force about the facts of the job's last decision.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork policy explain DK-1")]
pub struct ExplainArgs {
    /// Id or reference of the job
    job: String,
    #[command(flatten)]
    acting: Acting,
}

impl Verb {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Self::Check(args) => check(context, args.dir),
            Self::Test(args) => test(context, args.dir),
            Self::Seal(args) => seal(context, &args.dir),
            Self::Explain(args) => explain(context, &args).await,
            Self::Diff(args) => compare::diff(context, args).await,
            Self::Backtest(args) => compare::backtest(context, args).await,
            Self::List(args) => bundles::list(context, args).await,
            Self::Propose(args) => bundles::propose(context, args).await,
            Self::Approve(args) => bundles::approve(context, args).await,
            Self::Reject(args) => bundles::reject(context, args).await,
            Self::Activate(args) => bundles::activate(context, args).await,
            Self::Rollback(args) => bundles::rollback(context, args).await,
        }
    }
}

/// The bundle of this folder, or the one in force; with the folder's name for messages.
fn load(
    context: &Context,
    dir: Option<PathBuf>,
) -> Result<(Result<Engine, Refused>, String), Failure> {
    let dir = match dir {
        Some(dir) => Some(dir),
        None => context.config()?.policy.dir.clone(),
    };
    Ok(match dir {
        Some(dir) => (Engine::load(&dir), dir.display().to_string()),
        None => (Engine::embedded(), "compiled in".into()),
    })
}

fn as_json(problem: &Problem) -> serde_json::Value {
    let place = problem.place.as_ref();
    json!({
        "file": problem.file,
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "message": problem.message,
        "hint": problem.hint,
    })
}

fn seal(context: &Context, dir: &Path) -> Outcome {
    Bundle::write_manifest(dir).map_err(|refused| installation::policy_refused(&refused))?;
    let bundle = Bundle::read_dir(dir).map_err(|refused| installation::policy_refused(&refused))?;
    let version = bundle.version();
    context.out.line(format!("sealed: version {version}"));
    context.out.json(&json!({"version": version}));
    Ok(Exit::Done)
}

fn check(context: &Context, dir: Option<PathBuf>) -> Outcome {
    let out = &context.out;
    let (engine, name) = load(context, dir)?;
    match engine {
        Ok(engine) => {
            let rules = engine.rules().count();
            out.line(format!(
                "ok: {rules} rules ({name}), version {}",
                engine.version()
            ));
            out.json(&json!({
                "ok": true,
                "version": engine.version(),
                "rules": rules,
                "problems": [],
            }));
            Ok(Exit::Done)
        }
        Err(refused) => {
            let problems = refused.problems();
            for problem in problems {
                out.line(problem);
            }
            let items: Vec<_> = problems.iter().map(as_json).collect();
            out.json(&json!({"ok": false, "version": null, "rules": null, "problems": items}));
            Err(installation::policy_refused(&refused))
        }
    }
}

fn test(context: &Context, dir: Option<PathBuf>) -> Outcome {
    let out = &context.out;
    let (engine, _) = load(context, dir)?;
    let engine = engine.map_err(|refused| installation::policy_refused(&refused))?;
    let report = cases::run(&engine);
    let failures = report.failures.iter().map(|failure| {
        json!({
            "file": failure.file,
            "subject": failure.subject,
            "message": failure.message,
        })
    });
    out.json(&json!({
        "ok": report.ok(),
        "rules": engine.rules().count(),
        "passed": report.passed,
        "failures": failures.collect::<Vec<_>>(),
    }));
    out.line(&report);
    Ok(if report.ok() {
        Exit::Done
    } else {
        Exit::WorkFailed
    })
}

async fn explain(context: &Context, args: &ExplainArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let (acting, verb) = (&args.acting, "policy.explain");
    let (_, job) = job::find_for(context, &opened, acting, verb, &args.job).await?;
    let engine = installation::policy_in_force(&opened).await?;
    let kinds = installation::kinds();
    let kind = installation::kind(&kinds, job.kind.as_str())?;
    let decisions = opened.ledger.decisions(job.id).await?;
    let Some(kept) = decisions.last() else {
        return Err(Failure::refused(
            "not_decided",
            format!(
                "job {} was not decided yet, so there are no facts to explain",
                job.id
            ),
        ));
    };
    let item = job.id.to_string();
    let explained = engine.explain(&Question {
        robot: "cli",
        resource_type: kind.resource_type(),
        automatable: kind.automatable(),
        item: &item,
        office: &job.office,
        submitter: &job.submitter,
        facts: &kept.facts,
    });
    let change = engine.smallest_change(&Question {
        robot: "cli",
        resource_type: kind.resource_type(),
        automatable: kind.automatable(),
        item: &item,
        office: &job.office,
        submitter: &job.submitter,
        facts: &kept.facts,
    });
    let same = explained.decision.policy_version == kept.decision.policy_version;
    let out = &context.out;
    out.json(&json!({
        "job": job.id,
        "decided_at": kept.at.to_string(),
        "same_policy": same,
        "explanation": explained,
        "smallest_change": change,
    }));
    out.line(format!(
        "{}: {}",
        out.both(&texts::VERDICT),
        out.both(&texts::verdict(explained.decision.verdict))
    ));
    if !same {
        out.line("  (the policy has changed since this job was decided)");
    }
    for rule in &explained.rules {
        for line in job::rule(out, "  ", &rule.hit) {
            out.line(line);
        }
        if let Some(source) = &rule.source {
            out.line(format!("    {}:{}", source.file, source.line));
        }
        for read in &rule.reads {
            let value = match &read.fact {
                Some(fact) => job::plain(&json!(fact.value)),
                None => "?".into(),
            };
            out.line(format!("    {} = {value}", read.name));
        }
    }
    for unmet in &explained.unmet {
        out.line(format!("  not met: {unmet}"));
    }
    show_change(out, &change);
    if !explained.missing.is_empty() {
        let names = explained
            .missing
            .iter()
            .map(|missing| missing.name.as_str());
        out.line(format!(
            "  not known: {}",
            names.collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(Exit::Done)
}

/// With what it would have passed.
fn show_change(out: &Out, change: &SmallestChange) {
    match change {
        SmallestChange::NotNeeded => {}
        SmallestChange::Found { changes } => {
            out.line(format!("  {}:", out.both(&texts::WOULD_PASS)));
            for change in changes {
                let from = match &change.from {
                    Some(value) => job::plain(&json!(value)),
                    None => "?".into(),
                };
                let to = job::plain(&json!(change.to));
                out.line(format!("    {}: {from} -> {to}", change.name));
            }
        }
        SmallestChange::Impossible { .. } => {
            out.line(format!("  {}", out.both(&texts::NEVER_PASSES)));
        }
        SmallestChange::NotFound { .. } => {
            out.line(format!("  {}", out.both(&texts::NO_CHANGE_FOUND)));
        }
    }
}
