//! What concerns the whole connector.

use std::collections::BTreeMap;

use clerkwork_connectors_api::contract::{Idempotency, intern};
use clerkwork_core::Text;

use super::{
    Health, OperationSpec, Spec, answer, auth, operation,
    tree::{Node, Table},
    upstream,
};
use crate::auth::Auth;

pub(super) fn read(table: Table<'_>) -> Option<Spec> {
    let name = table.want("name", "a name of lower case letters, digits and `-`");
    let name = name.and_then(|node| checked_name(&node, '-'));
    let title = table
        .want("title", "`{ zh = \"…\", en = \"…\" }`")
        .and_then(|node| text(&node));
    let version = table.want(
        "version",
        "the version of this file as text, for example \"1\"",
    );
    let version = version.and_then(|node| node.word().map(str::to_owned));
    let upstream = table
        .want("upstream", "a table with `base_url`")
        .and_then(|node| upstream::read(&node));
    let auth = match table.get("auth") {
        Some(node) => auth::read(&node),
        None => Some(Auth::None),
    };
    let envelope = table.get("envelope").map(|node| answer::envelope(&node));
    let errors = table.get("errors").map(|node| answer::errors(&node));
    let health = table.get("health");
    let operations = table
        .want("operations", "a table for each operation")
        .and_then(|node| node.table());
    let common = operation::Common {
        envelope: envelope.flatten(),
        errors: errors.flatten().unwrap_or_default(),
        rate: upstream.as_ref().and_then(|upstream| upstream.rate),
    };
    let operations = operations.map(|operations| read_operations(&operations, &common));
    let health = match (&health, &operations) {
        (Some(node), Some(operations)) => read_health(node, operations).map(Some),
        _ => Some(None),
    };
    table.finish();
    Some(Spec {
        name: name?,
        title: title?,
        version: version?,
        upstream: upstream?,
        auth: auth?,
        health: health?,
        operations: operations?,
    })
}

fn read_operations(table: &Table<'_>, common: &operation::Common) -> Vec<OperationSpec> {
    let mut all = Vec::new();
    let mut lookups = Vec::new();
    let mut names = BTreeMap::new();
    for (name, span, node) in table.entries() {
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !is_name {
            table.notes.error(
                &span,
                format!(
                    "`{name}` is no name of an operation; use lower case letters, digits and `_`"
                ),
            );
        }
        // Those with faults are known by name all the same, so that one fault does not make others.
        names.insert(name, operation::sort(&node));
        lookups.extend(operation::asked_by(&node).map(|(span, asked)| (name, span, asked)));
        all.extend(operation::read(name, &span, &node, common));
    }
    if names.is_empty() {
        table.error("there is no operation; give `[operations.<name>]`");
    }
    for (name, span, asked) in lookups {
        let known: Vec<_> = names.keys().copied().collect();
        let fault = match names.get(asked.as_str()) {
            None => format!(
                "the lookup of `{name}` asks `{asked}`, which is no operation; there are: {}",
                known.join(", ")
            ),
            Some(operation::Sort::Write) => {
                format!("the lookup of `{name}` asks `{asked}`, which is a write; ask a read")
            }
            Some(operation::Sort::Polled) => format!(
                "the lookup of `{name}` asks `{asked}`, which is read page by page; ask another read"
            ),
            Some(operation::Sort::Read) => continue,
        };
        table.notes.error(&span, fault);
    }
    all.sort_by_key(|spec| spec.declared.name);
    all
}

fn read_health(node: &Node<'_>, operations: &[OperationSpec]) -> Option<Health> {
    let table = node.table()?;
    let operation = table.want("operation", "the name of a read");
    let input = table
        .want("input", "what it is called with")
        .and_then(|node| node.json());
    let operation = operation.and_then(|node| {
        let name = node.word()?;
        let found = operations.iter().find(|known| known.declared.name == name);
        match found.map(|found| (&found.declared.idempotency, found.declared.polled)) {
            Some((Idempotency::Read, false)) => Some((intern(name), found?)),
            Some(_) | None => {
                node.error(format!(
                    "`{name}` is no read that can be called; name one that is"
                ));
                None
            }
        }
    });
    if let (Some((_, found)), Some(input)) = (&operation, &input)
        && let Err(why) = found.declared.input.check(input)
    {
        node.error(format!(
            "the input of `health` is not what the operation takes: {why}"
        ));
    }
    table.finish();
    Some(Health {
        operation: operation?.0,
        input: input?,
    })
}

/// A name of the connector.
fn checked_name(node: &Node<'_>, between: char) -> Option<&'static str> {
    let name = node.word()?;
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == between);
    match fits {
        true => Some(intern(name)),
        false => {
            node.error(format!("`{name}` is no name; use lower case letters, digits and `{between}`, a letter first"));
            None
        }
    }
}

/// A sentence in both languages.
pub(super) fn text(node: &Node<'_>) -> Option<Text> {
    let table = node.table()?;
    let zh = table
        .want("zh", "it in Chinese")
        .and_then(|node| node.word());
    let en = table
        .want("en", "it in English")
        .and_then(|node| node.word());
    table.finish();
    Some(Text::owned(zh?, en?))
}
