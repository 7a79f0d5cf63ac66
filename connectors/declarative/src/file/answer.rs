//! What an operation answers: `response`, `envelope`, `errors`.

use super::{operation::Common, tree::Node};
use crate::{
    answer::{Kind, Response},
    extract::{Locator, Reader},
    path::Path,
    refusal::{Envelope, Errors, Means},
    template::{Allowed, template},
};

pub(super) fn path(node: &Node<'_>) -> Option<Path> {
    Path::parse(node.word()?)
        .map_err(|why| node.error(why))
        .ok()
}

/// Statuses, one or a list.
pub(super) fn statuses(node: &Node<'_>) -> Option<Vec<u16>> {
    match node.is_list() {
        true => node
            .list()?
            .iter()
            .map(|one| one.number(100, 599))
            .collect(),
        false => Some(vec![node.number(100, 599)?]),
    }
}

pub(super) fn envelope(node: &Node<'_>) -> Option<Envelope> {
    let table = node.table()?;
    let code = table
        .want("code", "the path of the code")
        .and_then(|node| path(&node));
    let ok = table
        .want("ok", "the code of success, or a list of them")
        .and_then(|node| match node.is_list() {
            true => node
                .list()?
                .iter()
                .map(|one| one.text().map(str::to_owned))
                .collect(),
            false => Some(vec![node.text()?.to_owned()]),
        });
    let message = table.get("message").map(|node| path(&node));
    let content = table.get("content").map(|node| path(&node));
    table.finish();
    Some(Envelope {
        code: code?,
        ok: ok?,
        message: message.flatten(),
        content: content.flatten(),
    })
}

fn means(node: &Node<'_>) -> Option<Means> {
    let name = node.text()?;
    let found = Means::ALL.iter().find(|(known, _)| *known == name);
    if found.is_none() {
        let known: Vec<_> = Means::ALL.iter().map(|(name, _)| *name).collect();
        node.error(format!(
            "`{name}` is no kind of error; there are: {}",
            known.join(", ")
        ));
    }
    found.map(|(_, means)| *means)
}

pub(super) fn errors(node: &Node<'_>) -> Option<Errors> {
    let table = node.table()?;
    let mut errors = Errors::default();
    if let Some(status) = table.get("status").and_then(|node| node.table()) {
        for (name, span, node) in status.entries() {
            match name.parse::<u16>() {
                Ok(status @ 100..=599) => errors
                    .status
                    .extend(means(&node).map(|means| (status, means))),
                Ok(_) | Err(_) => node.notes.error(
                    &span,
                    format!("`{name}` is no status; give a number as 404"),
                ),
            }
        }
    }
    if let Some(codes) = table.get("codes").and_then(|node| node.table()) {
        for (name, _, node) in codes.entries() {
            errors
                .codes
                .extend(means(&node).map(|means| (name.to_owned(), means)));
        }
    }
    if let Some(words) = table.get("words").and_then(|node| node.table()) {
        for (name, _, node) in words.entries() {
            errors
                .words
                .extend(means(&node).map(|means| (name.to_owned(), means)));
        }
    }
    errors.banner = table.get("banner").and_then(|node| {
        let selector = Locator::css(node.word()?);
        selector.map_err(|why| node.error(why)).ok()
    });
    errors.other = table.get("other").and_then(|node| means(&node));
    table.finish();
    Some(errors)
}

pub(super) fn response(
    node: &Node<'_>,
    errors: Errors,
    common: &Common,
    allowed: Allowed<'_>,
) -> Option<Response> {
    let table = node.table()?;
    let kind = match table.get("kind") {
        None => Some(Kind::Json),
        Some(node) => match node.text() {
            Some("json") => Some(Kind::Json),
            Some("xml") => Some(Kind::Xml),
            Some("html") => Some(Kind::Html),
            Some(other) => {
                node.error(format!(
                    "`{other}` is no kind of answer; there are: json, xml, html"
                ));
                None
            }
            None => None,
        },
    };
    let html = kind == Some(Kind::Html);
    let own_statuses = table.get("statuses").map(|node| statuses(&node));
    let without = table.get("envelope").and_then(|node| node.boolean()) == Some(false);
    let same = table.get("same").map(|node| {
        if html {
            node.error("`same` compares answers of JSON and XML; of a page ask for what must be there in `result`");
        }
        let table = node.table()?;
        let read = |(name, span, node): (&str, _, Node<'_>)| {
            let path = Path::parse(name).map_err(|why| node.notes.error(&span, why)).ok();
            let wanted = template(&node, allowed);
            Some((path?, wanted?))
        };
        let all: Vec<_> = table.entries().map(read).collect();
        all.into_iter().collect::<Option<Vec<_>>>()
    });
    let result = match (table.get("result"), kind) {
        (Some(node), Some(kind)) => Reader { kind, allowed }.read(&node).map(Some),
        _ => Some(None),
    };
    let location = table.get("location").map(|node| node.word());
    let keep_page = table.get("keep_page").and_then(|node| node.boolean());
    table.finish();
    Some(Response {
        kind: kind?,
        statuses: own_statuses.map_or(Some(vec![]), |statuses| statuses)?,
        location: location.flatten().map(str::to_owned),
        envelope: common.envelope.clone().filter(|_| !html && !without),
        errors,
        same: same.map_or(Some(vec![]), |same| same)?,
        result: result?,
        keep_page: keep_page.unwrap_or_default(),
    })
}
