//! `clerkwork job kinds`, `job schema` and `job example`

use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation, texts,
};

/// Lists the kinds of work.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork job kinds")]
pub struct KindsArgs {}

/// Prints the JSON Schema of a kind's payload.
///
/// JSON Schema 2020-12. What the schema allows may still get findings.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork job schema agent_invoice_review > schema.json")]
pub struct SchemaArgs {
    /// The kind
    kind: String,
}

/// Prints an example payload of a kind.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork job example agent_invoice_review > item.json")]
pub struct ExampleArgs {
    /// The kind
    kind: String,
}

/// Lists the kinds of work.
pub fn list(context: &Context, _: KindsArgs) -> Outcome {
    let kinds = installation::kinds();
    let out = &context.out;
    let rows = kinds.iter().map(|kind| {
        let unattended = if kind.automatable() {
            texts::YES
        } else {
            texts::NO_BY_FLOOR
        };
        vec![
            kind.name().to_owned(),
            out.both(&kind.title()),
            out.both(&unattended),
        ]
    });
    let headers = [texts::KIND, texts::TITLE, texts::UNATTENDED];
    out.table(&headers, rows.collect(), &texts::NO_JOBS);
    let items = kinds.iter().map(|kind| {
        json!({
            "kind": kind.name(),
            "title": kind.title(),
            "automatable": kind.automatable(),
        })
    });
    out.json_page(items.collect(), None);
    Ok(Exit::Done)
}

/// Prints the JSON Schema of a kind's payload.
pub fn schema(context: &Context, args: SchemaArgs) -> Outcome {
    let kinds = installation::kinds();
    let schema = installation::kind(&kinds, &args.kind)?.schema();
    context
        .out
        .document(&serde_json::to_string_pretty(&schema).unwrap_or_default());
    Ok(Exit::Done)
}

/// Prints an example payload of a kind.
pub fn example(context: &Context, args: ExampleArgs) -> Outcome {
    let kinds = installation::kinds();
    let example = installation::example(&kinds, &args.kind)?;
    context
        .out
        .document(&serde_json::to_string_pretty(&example).unwrap_or_default());
    Ok(Exit::Done)
}
