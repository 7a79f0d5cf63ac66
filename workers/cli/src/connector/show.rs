//! `clerkwork connector list` and `show`

use clerkwork_connectors_api::contract::{Connector, Idempotency, Operation};
use serde_json::{Value, json};

use super::{all, named};
use crate::{
    context::Context,
    failure::{Exit, Outcome},
    installation,
    sign_in::Acting,
    texts,
};

/// Lists the connectors of this installation.
///
/// With --json: {"items": [{"connector", "title", "version", "operations", "serves"}]}.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  clerkwork connector list --as dora")]
pub struct ListArgs {
    #[command(flatten)]
    acting: Acting,
}

/// Shows what a connector can do: its operations, what they take and give, and how a write is kept from
/// happening twice.
///
/// With --json also the schemas (JSON Schema 2020-12).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  clerkwork connector show etax --as dora
  clerkwork connector show etax --operation status --json --as dora")]
pub struct ShowArgs {
    /// Its name, as `connector list` shows it
    connector: String,
    /// This operation alone
    #[arg(long)]
    operation: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Fields of work that a connector serves.
fn serves(connector: &dyn Connector) -> Vec<&'static str> {
    let profile = connector.profile();
    let fields = [(
        "agent_invoices",
        clerkwork_connectors_api::agent_invoice::operations(),
    )];
    let served = fields.iter().filter(|(_, wanted)| profile.serves(wanted));
    served.map(|(name, _)| *name).collect()
}

/// Lists them.
pub async fn list(context: &Context, args: ListArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "connector.list";
    let by = context.authorise(&opened, &args.acting, verb, None).await?;
    let connectors = all(&opened, &by, None)?;
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    for fault in connectors.faults() {
        context.out.note(format!("left out: {fault}"));
    }
    for connector in connectors.all() {
        let profile = connector.profile();
        let names: Vec<_> = profile.operations.iter().map(|one| one.name).collect();
        let serves = serves(&*connector);
        rows.push(vec![
            profile.name.to_owned(),
            context.out.both(&profile.title),
            profile.version.clone(),
            names.join(", "),
            serves.join(", "),
        ]);
        items.push(json!({
            "connector": profile.name, "title": profile.title, "version": profile.version,
            "operations": names, "serves": serves,
        }));
    }
    let headers = [
        texts::CONNECTOR,
        texts::TITLE,
        texts::VERSION,
        texts::OPERATIONS,
        texts::SERVES,
    ];
    context.out.table(&headers, rows, &texts::NO_CONNECTORS);
    context.out.json_page(items, None);
    Ok(Exit::Done)
}

fn as_json(operation: &Operation) -> Value {
    let lookup = match operation.idempotency {
        Idempotency::BusinessKey { lookup } => Some(lookup),
        Idempotency::Read | Idempotency::NativeKey | Idempotency::None => None,
    };
    json!({
        "operation": operation.name,
        "writes": operation.idempotency != Idempotency::Read,
        "polled": operation.polled,
        "idempotency": operation.idempotency.as_str(),
        "lookup": lookup,
        "timeout_ms": u64::try_from(operation.timeout.as_millis()).unwrap_or(u64::MAX),
        "cost": operation.cost,
        "input": operation.input.json(),
        "output": operation.output.json(),
    })
}

/// Shows one.
pub async fn show(context: &Context, args: ShowArgs) -> Outcome {
    let opened = installation::open(context).await?;
    let verb = "connector.show";
    let by = context.authorise(&opened, &args.acting, verb, None).await?;
    let connector = named(&all(&opened, &by, None)?, &args.connector)?;
    let profile = connector.profile();
    let operations: Vec<_> = match &args.operation {
        Some(name) => vec![
            profile
                .operation(name)
                .map_err(|error| super::failed(&error))?,
        ],
        None => profile.operations.iter().collect(),
    };
    let out = &context.out;
    out.line(format!(
        "{} {} ({})",
        profile.name,
        profile.version,
        out.both(&profile.title)
    ));
    let rows = operations.iter().map(|operation| {
        let way = match (operation.polled, &operation.idempotency) {
            (true, _) => texts::POLLED,
            (false, Idempotency::Read) => texts::READS,
            (false, _) => texts::WRITES,
        };
        let again = match operation.idempotency {
            Idempotency::BusinessKey { lookup } => format!("business_key ({lookup})"),
            ref other => other.as_str().to_owned(),
        };
        vec![
            operation.name.to_owned(),
            out.both(&way),
            again,
            format!("{} ms", operation.timeout.as_millis()),
            operation.cost.to_string(),
        ]
    });
    let headers = [
        texts::OPERATION,
        texts::WAY,
        texts::IDEMPOTENCY,
        texts::TIMEOUT,
        texts::COST,
    ];
    out.table(&headers, rows.collect(), &texts::NO_CONNECTORS);
    out.json(&json!({
        "connector": profile.name,
        "title": profile.title,
        "version": profile.version,
        "serves": serves(&*connector),
        "operations": operations.into_iter().map(as_json).collect::<Vec<_>>(),
    }));
    Ok(Exit::Done)
}
