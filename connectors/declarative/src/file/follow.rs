//! How a write is looked up, and how a list goes on.

use clerkwork_connectors_api::contract::intern;
use serde_json::Value;

use super::{
    answer::path,
    head,
    tree::{Node, Table},
};
use crate::{
    extract::Locator,
    lookup::{Lookup, Test, When},
    paging::{Next, Paging},
    path::Path,
    request::Request,
    template::{Allowed, Json},
};

pub(super) fn lookup(node: &Node<'_>, input: &Value) -> Option<Lookup> {
    let table = node.table()?;
    let allowed = Allowed {
        input,
        words: &["key", "now"],
    };
    let with_found = Allowed {
        input,
        words: &["key", "now", "found"],
    };
    let operation = table
        .want("operation", "the name of a read")
        .and_then(|node| node.word());
    let asked = table
        .want("input", "what the read is called with")
        .and_then(|node| Json::read(&node, allowed));
    let happened = table
        .want("happened", "`when` it happened, and the `result`")
        .and_then(|node| {
            let table = node.table()?;
            let when = table
                .want("when", "conditions on what the read gives")
                .and_then(|node| self::when(&node, allowed));
            let result = table
                .get("result")
                .map(|node| Json::read(&node, with_found));
            table.finish();
            Some((when?, result.map_or(Some(None), |result| result.map(Some))?))
        });
    let not = table.get("did_not_happen").map(|node| {
        let table = node.table()?;
        let when = table
            .want("when", "conditions on what the read gives")
            .and_then(|node| self::when(&node, allowed));
        table.finish();
        when
    });
    if not.is_none() {
        node.warn("without `did_not_happen` a write that was lost is never tried again by itself; say how it shows, if it does");
    }
    let unclear = table.get("unclear").map(|node| {
        let all: Vec<_> = node
            .list()?
            .iter()
            .map(|node| unclear(node, allowed))
            .collect();
        all.into_iter().collect::<Option<Vec<_>>>()
    });
    let otherwise = table.want(
        "otherwise",
        "what a person is told if nothing fits, as `{ zh, en }`",
    );
    let otherwise = otherwise.and_then(|node| head::text(&node));
    table.finish();
    let (happened, result) = happened?;
    Some(Lookup {
        operation: intern(operation?),
        input: asked?,
        happened,
        result,
        did_not_happen: not.map_or(Some(None), |not| not.map(Some))?,
        unclear: unclear.map_or(Some(vec![]), |unclear| unclear)?,
        otherwise: otherwise?,
    })
}

fn unclear(node: &Node<'_>, allowed: Allowed<'_>) -> Option<(When, clerkwork_core::Text)> {
    let table = node.table()?;
    let when = table
        .want("when", "conditions on what the read gives")
        .and_then(|node| self::when(&node, allowed));
    let text = table
        .want("text", "what a person is told, as `{ zh, en }`")
        .and_then(|node| head::text(&node));
    table.finish();
    Some((when?, text?))
}

fn when(node: &Node<'_>, allowed: Allowed<'_>) -> Option<When> {
    let table = node.table()?;
    let read = |(name, span, node): (&str, _, Node<'_>)| {
        let path = Path::parse(name)
            .map_err(|why| node.notes.error(&span, why))
            .ok();
        let test = test(&node, allowed);
        Some((path?, test?))
    };
    let all: Vec<_> = table.entries().map(read).collect();
    if all.is_empty() {
        table.error("`when` is empty and would always fit; give a path and what stands there");
    }
    all.into_iter().collect::<Option<_>>().map(When)
}

fn test(node: &Node<'_>, allowed: Allowed<'_>) -> Option<Test> {
    if node.is_list() {
        let all: Vec<_> = node
            .list()?
            .iter()
            .map(|one| Json::read(one, allowed))
            .collect();
        return all.into_iter().collect::<Option<_>>().map(Test::OneOf);
    }
    if node.is_table() {
        let table = node.table()?;
        let exists = table
            .want("exists", "`true` or `false`")
            .and_then(|node| node.boolean());
        table.finish();
        return exists.map(Test::Exists);
    }
    Json::read(node, allowed).map(|one| Test::OneOf(vec![one]))
}

pub(super) fn paging(node: &Node<'_>) -> Option<Paging> {
    let table = node.table()?;
    let next = next(&table);
    let item_key = table.get("item_key").map(|node| path(&node));
    let max_pages = table.get("max_pages").map(|node| node.number(1, 1_000_000));
    let max_limit = table.get("max_limit").map(|node| node.number(1, 100_000));
    table.finish();
    Some(Paging {
        next: next?,
        item_key: item_key.map_or(Some(None), |key| key.map(Some))?,
        max_pages: max_pages.unwrap_or(Some(10_000))?,
        max_limit: max_limit.unwrap_or(Some(1_000))?,
    })
}

fn next(table: &Table<'_>) -> Option<Next> {
    let cursor = table.get("cursor");
    let last_item = table.get("last_item");
    let page_number = table.get("page_number");
    let link = table.get("link");
    let ways = [&cursor, &last_item, &page_number, &link];
    if ways.iter().filter(|way| way.is_some()).count() != 1 {
        table.error("a list goes on in one way; give one of `cursor`, `last_item`, `page_number` and `link`");
        return None;
    }
    if let Some(node) = cursor {
        return path(&node).map(Next::Cursor);
    }
    if let Some(node) = last_item {
        return path(&node).map(Next::LastItem);
    }
    if let Some(node) = page_number {
        let table = node.table()?;
        let first = table
            .get("first")
            .map_or(Some(1), |node| node.number(0, 1_000_000));
        let total = table.get("total_pages").map(|node| path(&node));
        table.finish();
        return Some(Next::PageNumber {
            first: first?,
            total: total.map_or(Some(None), |total| total.map(Some))?,
        });
    }
    let node = link?;
    if node.is_text() && node.text()? == "header" {
        return Some(Next::LinkHeader);
    }
    if !node.is_table() {
        node.error("`link` is \"header\", or `{ selector = \"a.next\" }` for a link on the page");
        return None;
    }
    let table = node.table()?;
    let selector = table
        .want("selector", "where the link stands")
        .and_then(|node| {
            Locator::css(node.word()?)
                .map_err(|why| node.error(why))
                .ok()
        });
    table.finish();
    selector.map(Next::LinkOnPage)
}

/// Whether the request takes the cursor as it comes.
pub(super) fn check_cursor(paging: &Paging, request: &Request, node: &Node<'_>) {
    match &paging.next {
        Next::LinkHeader | Next::LinkOnPage(_) => {}
        Next::Cursor(_) | Next::LastItem(_) | Next::PageNumber { .. }
            if !request.mentions("cursor") =>
        {
            node.error("the request does not hold `{cursor}`, so every page would be the first; put it where the upstream looks for it");
        }
        Next::Cursor(_) | Next::LastItem(_) if request.requires("cursor") => {
            node.error("the first page has no cursor; write `{cursor?}`");
        }
        Next::Cursor(_) | Next::LastItem(_) | Next::PageNumber { .. } => {}
    }
}
