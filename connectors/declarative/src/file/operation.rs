//! `[operations.<name>]`.

use std::time::Duration;

use super::{
    OperationSpec, Rate, answer, follow, request,
    tree::{Node, Table},
};
use crate::{
    fault::Span,
    refusal::{Envelope, Errors},
    template::Allowed,
};
use clerkwork_connectors_api::{
    agent_invoice,
    contract::{Idempotency, Operation, Schema, Shape, intern},
    http::Access,
};

/// What all operations share.
#[derive(Debug, Default)]
pub(super) struct Common {
    pub(super) envelope: Option<Envelope>,
    pub(super) errors: Errors,
    pub(super) rate: Option<Rate>,
}

/// What an operation is, whether or not the rest of it is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Read,
    Polled,
    Write,
}

pub(super) fn sort(node: &Node<'_>) -> Sort {
    let Some(table) = node.is_table().then(|| node.table()).flatten() else {
        return Sort::Read;
    };
    let word = table
        .get("idempotency")
        .filter(Node::is_text)
        .and_then(|node| node.text());
    match word {
        Some("native_key" | "business_key" | "none") => Sort::Write,
        Some(_) | None if table.get("pagination").is_some() => Sort::Polled,
        Some(_) | None => Sort::Read,
    }
}

/// Reads one.
pub(super) fn read(
    name: &str,
    span: &Span,
    node: &Node<'_>,
    common: &Common,
) -> Option<OperationSpec> {
    let table = node.table()?;
    let paging = table.get("pagination");
    let lookup = table.get("lookup");
    let idempotency = idempotency(&table, lookup.as_ref(), span);
    let schemas = schemas(name, &table, paging.is_some(), idempotency.as_ref());
    let timeout = table.get("timeout_seconds").map(|node| node.seconds());
    let cost = table.get("cost").map(|node| cost(&node, common.rate));
    let errors = table.get("errors").map(|node| answer::errors(&node));
    let request_node = table.want("request", "`method`, `path` and what goes with them");
    let response = table.want("response", "how the answer is read");
    // Nothing is known of what is wrong, so that the rest can be read.
    let are_known = schemas.is_some();
    let (input, output) = schemas.unwrap_or_else(|| (Schema::any(), Schema::any()));
    let is_write = !matches!(idempotency, Some(Idempotency::Read));
    let words: &[&'static str] = match (is_write, paging.is_some()) {
        (true, _) => &["key", "now"],
        (false, true) => &["cursor", "limit", "now"],
        (false, false) => &["now"],
    };
    let allowed = Allowed {
        input: input.json(),
        words,
    };
    let request = request_node
        .as_ref()
        .and_then(|node| request::read(node, allowed));
    let errors = errors.flatten().unwrap_or_default().over(&common.errors);
    let response = response.and_then(|node| {
        let read = answer::response(&node, errors, common, allowed)?;
        if is_write && read.reads_nothing() && read.statuses.is_empty() {
            node.error("any page would count as done, also one that says no; give `result`, something that only the page of success has, or `statuses`, for example 302");
        }
        Some(read)
    });
    let paging = paging.map(|node| follow::paging(&node));
    let lookup = lookup.map(|node| follow::lookup(&node, input.json()));
    table.finish();
    let paging = paging.map_or(Some(None), |paging| paging.map(Some));
    if let (Some(Some(paging)), Some(read), Some(node)) = (&paging, &request, &request_node) {
        follow::check_cursor(paging, read, node);
    }
    let idempotency = idempotency?;
    if idempotency == Idempotency::NativeKey
        && let (Some(read), Some(node)) = (&request, &request_node)
        && !read.mentions("key")
    {
        node.error("the upstream is said to honour our key, but the request does not hold `{key}`; put it where the upstream looks for it");
    }
    let mut declared = Operation::write(intern(name), input, output, idempotency);
    declared.polled = matches!(paging, Some(Some(_)));
    declared.timeout = timeout.flatten().unwrap_or(Duration::ZERO);
    declared.cost = cost.flatten().unwrap_or(1);
    if !are_known {
        return None;
    }
    Some(OperationSpec {
        declared,
        request: request?,
        response: response?,
        paging: paging?,
        lookup: lookup.map_or(Some(None), |lookup| lookup.map(Some))?,
    })
}

/// Which operation the lookup of one asks, and where it says so; whether or not the rest of it is right.
pub(super) fn asked_by(node: &Node<'_>) -> Option<(Span, String)> {
    let table = node.is_table().then(|| node.table()).flatten()?;
    let lookup = table.get("lookup").filter(Node::is_table)?.table()?;
    let operation = lookup.get("operation").filter(Node::is_text)?;
    Some((operation.span().clone(), operation.text()?.to_owned()))
}

/// Turns of the pace, which must come before a call has waited too long.
fn cost(node: &Node<'_>, rate: Option<Rate>) -> Option<u32> {
    let cost = node.number(1, 1_000)?;
    let most = |rate: Rate| {
        let waited = f64::from(rate.per_second.get()) * rate.max_wait.as_secs_f64();
        f64::from(rate.burst.get()) + waited
    };
    if let Some(rate) = rate
        && f64::from(cost) > most(rate)
    {
        node.error(format!(
            "`rate` never gives {cost} turns within its `max_wait_seconds`, so no call would go out; give a smaller `cost`, or a larger `max_wait_seconds`"
        ));
    }
    Some(cost)
}

fn idempotency(table: &Table<'_>, lookup: Option<&Node<'_>>, span: &Span) -> Option<Idempotency> {
    let node = table.want("idempotency", "read, native_key, business_key or none")?;
    let idempotency = match node.text()? {
        "read" => Idempotency::Read,
        "native_key" => Idempotency::NativeKey,
        "none" => {
            node.warn("a write that cannot be looked up goes to a person whenever its outcome is unclear; give it a `lookup` if a read can tell");
            Idempotency::None
        }
        "business_key" => {
            let Some(lookup) = lookup else {
                table.notes.error(span, "a write with a business key needs a `lookup`, the read that tells whether it happened");
                return None;
            };
            let operation = lookup.table()?;
            let operation = operation
                .get("operation")
                .and_then(|node| node.word())
                .map(intern);
            return Some(Idempotency::BusinessKey {
                lookup: operation.unwrap_or("lookup"),
            });
        }
        other => {
            node.error(format!("`{other}` is no sort of idempotency; there are: read, native_key, business_key, none"));
            return None;
        }
    };
    if let Some(lookup) = lookup {
        lookup.error("`lookup` belongs to a write with `idempotency = \"business_key\"`");
    }
    Some(idempotency)
}

/// What it takes and gives.
fn schemas(
    name: &str,
    table: &Table<'_>,
    polled: bool,
    idempotency: Option<&Idempotency>,
) -> Option<(Schema, Schema)> {
    let input = table.get("input");
    let output = table.get("output");
    let Some(field) = table.get("field") else {
        let input = match (input, polled) {
            (Some(node), _) => shape(&node),
            (None, true) => Some(Schema::shaped(Shape::Record(Default::default()))),
            (None, false) => {
                table.error("`input` is missing; give its shape, or `field` for the operation of a field of work");
                None
            }
        };
        let output = match output {
            Some(node) => shape(&node),
            None => {
                table.error("`output` is missing; give its shape, or `field` for the operation of a field of work");
                None
            }
        };
        return Some((input?, output?));
    };
    if input.is_some() || output.is_some() {
        field.error(
            "`field` says what the operation takes and gives; leave out `input` and `output`",
        );
    }
    if field.text()? != "agent_invoice" {
        field.error(
            "this field of work has no operations that a file can serve; there is: agent_invoice",
        );
        return None;
    }
    let known = agent_invoice::operations();
    let Some(found) = known.iter().find(|known| known.name == name) else {
        let known: Vec<_> = known.iter().map(|known| known.name).collect();
        field.error(format!(
            "the field has no operation `{name}`; there are: {}",
            known.join(", ")
        ));
        return None;
    };
    let writes = |idempotency: &Idempotency| *idempotency != Idempotency::Read;
    if idempotency.is_some_and(|own| writes(own) != (found.access() == Access::Write)) {
        field.error(match found.access() {
            Access::Read => "this operation of the field is a read; write `idempotency = \"read\"`",
            Access::Write => {
                "this operation of the field is a write; its `idempotency` cannot be `read`"
            }
        });
    }
    if found.polled != polled {
        field.error(match found.polled {
            true => "this operation of the field is read page by page; give `pagination`",
            false => "this operation of the field is not read page by page; leave out `pagination`",
        });
    }
    let input = match found.polled {
        // It takes nothing but cursor and limit, so no placeholder of the input has a value.
        true => Schema::shaped(Shape::Record(Default::default())),
        false => found.input.clone(),
    };
    Some((input, found.output.clone()))
}

fn shape(node: &Node<'_>) -> Option<Schema> {
    let written = node.json()?;
    match serde_json::from_value::<Shape>(written) {
        Ok(shape) => Some(Schema::shaped(shape)),
        Err(why) => {
            node.error(why.to_string());
            None
        }
    }
}
