//! `clerkwork job submit`

use std::{fs::File, io};

use clerkwork_core::{Lane, Office};
use clerkwork_ledger::{Accepted, NewJob};
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    installation::{self, Opened},
    intake::{self, Defaults},
    moment,
    sign_in::Acting,
};

/// Hands in one item, or one a line.
///
/// The file holds one payload, or one object a line with `reference`, `payload` and, if wanted,
/// `lane`, `deadline`, `run_at` and `office`. The same reference with the same content is the same
/// job; with other content it is a conflict. When a line is wrong nothing is submitted.
/// With --json: {"id", "reference", "outcome"} for one item, {"items", "next"} for several.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork job submit --kind agent_invoice_review --file item.json --reference DK-1 --as alice
  clerkwork job example agent_invoice_review | clerkwork job submit --kind agent_invoice_review --reference DK-2 --as alice")]
pub struct Args {
    /// Kind of work; `clerkwork job kinds` lists them
    #[arg(long)]
    kind: String,
    /// The item or items; `-` reads from stdin
    #[arg(long, default_value = "-")]
    file: String,
    /// Your name for the item, unique per kind
    #[arg(long)]
    reference: Option<String>,
    /// express, standard or bulk
    #[arg(long, default_value = "standard")]
    lane: Lane,
    /// When it should be done: a span such as 2h, or a time
    #[arg(long, value_name = "TIME")]
    deadline: Option<String>,
    /// Not before: a span such as 2h, or a time
    #[arg(long, value_name = "TIME")]
    run_at: Option<String>,
    /// Whose work it is; default as configured
    #[arg(long)]
    office: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Does it.
pub async fn run(context: &Context, args: Args) -> Outcome {
    let kinds = installation::kinds();
    let kind = installation::kind(&kinds, &args.kind)?;
    let now = context.now();
    let deadline = args.deadline.as_deref();
    let deadline = deadline.map(|text| moment::deadline(text, now));
    let run_at = args.run_at.as_deref();
    let run_at = run_at.map(|text| moment::to_come(text, now));
    let office = args.office.clone().map(Office::new).transpose();
    let office = office.map_err(|error| Failure::usage(error.to_string()))?;
    let opened = installation::open(context).await?;
    let verb = "job.submit";
    let named = office.as_ref();
    let principal = context
        .authorise(&opened, &args.acting, verb, named)
        .await?;
    let defaults = Defaults {
        office: principal.office_or(office, &opened.config),
        within: principal.office().clone(),
        lane: args.lane,
        deadline: deadline.transpose()?,
        run_at: run_at.transpose()?,
        batch: None,
        submitter: principal.name().to_owned(),
        reference: args.reference.clone(),
        now,
    };
    let values = read(&args.file)?;
    if values.len() > 1 && args.reference.is_some() {
        return Err(Failure::usage(
            "`--reference` names one item, and there are several; write \
             {\"reference\": …, \"payload\": …} on every line",
        ));
    }
    let jobs = check(kind, values, &args.file, &defaults)?;
    hand_in(context, &opened, &args.acting, jobs).await
}

fn read(file: &str) -> Result<Vec<(usize, Value)>, Failure> {
    let values = if file == "-" {
        intake::document(io::stdin().lock())
    } else {
        let opened = File::open(file);
        let opened = opened.map_err(|error| Failure::input(format!("`{file}`: {error}")))?;
        intake::document(opened)
    };
    values.map_err(|error| Failure::input(format!("`{file}`: {error}")))
}

fn check(
    kind: &dyn clerkwork_kinds::JobKind,
    values: Vec<(usize, Value)>,
    file: &str,
    defaults: &Defaults,
) -> Result<Vec<NewJob>, Failure> {
    let several = values.len() > 1;
    let mut jobs = Vec::with_capacity(values.len());
    for (line, value) in values {
        let job = intake::job(kind, value, defaults).map_err(|error| {
            let place = if several {
                format!(", line {line}")
            } else {
                String::new()
            };
            let nothing = if several {
                "; nothing was submitted"
            } else {
                ""
            };
            Failure::input(format!("`{file}`{place}: {error}{nothing}"))
        })?;
        jobs.push(job);
    }
    Ok(jobs)
}

/// Hands jobs in and tells what became of each.
pub async fn hand_in(
    context: &Context,
    opened: &Opened,
    acting: &Acting,
    jobs: Vec<NewJob>,
) -> Outcome {
    let references: Vec<_> = jobs.iter().map(|job| job.reference.clone()).collect();
    let several = references.len() > 1;
    let accepted = opened.ledger.accept(jobs).await?;
    let mut items = Vec::new();
    let mut conflicts = Vec::new();
    for (reference, accepted) in references.iter().zip(&accepted) {
        let (id, outcome) = match accepted {
            Accepted::New(id) => (id, "new"),
            Accepted::Same(id) => (id, "same"),
            Accepted::Conflict(id) => {
                conflicts.push((reference.clone(), *id));
                (id, "conflict")
            }
        };
        items.push(json!({"id": id, "reference": reference, "outcome": outcome}));
        match accepted {
            Accepted::New(id) => context
                .out
                .line(format!("accepted: job {id} (`{reference}`)")),
            Accepted::Same(id) => context.out.line(format!(
                "same job: {id} (`{reference}`) was accepted before with the same content"
            )),
            Accepted::Conflict(_) => {}
        }
    }
    if !several && conflicts.is_empty() {
        context.out.json(&items.pop());
    } else if several {
        context.out.json_page(items, None);
    }
    if let Some((reference, id)) = conflicts.first() {
        let more = match conflicts.len() {
            1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        return Err(Failure::refused(
            "conflict",
            format!(
                "the reference `{reference}` is taken by job {id} with other content{more}; \
                 choose another reference"
            ),
        ));
    }
    if !several && !context.out.json {
        let command = context.command(
            &opened.config,
            &format!("job show {}{}", accepted_id(&accepted), acting.option()),
        );
        context.out.line(format!("its story: {command}"));
    }
    Ok(Exit::Done)
}

fn accepted_id(accepted: &[Accepted]) -> String {
    match accepted.first() {
        Some(Accepted::New(id) | Accepted::Same(id) | Accepted::Conflict(id)) => id.to_string(),
        None => String::new(),
    }
}
