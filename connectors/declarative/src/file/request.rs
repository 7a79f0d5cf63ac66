//! `[operations.<name>.request]`.

use reqwest::{
    Method,
    header::{AUTHORIZATION, COOKIE, HOST, HeaderName},
};

use super::tree::{Node, Table};
use crate::{
    extract::Locator,
    fault::Span,
    form::{FormPage, Keep},
    request::{Address, Body, Request},
    template::{Allowed, Json, Template, template},
};

pub(super) fn read(node: &Node<'_>, allowed: Allowed<'_>) -> Option<Request> {
    let table = node.table()?;
    let method = table
        .want("method", "GET, POST, PUT, PATCH or DELETE")
        .and_then(|node| {
            let word = node.text()?;
            let known = [
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ];
            let found = known.into_iter().find(|method| method.as_str() == word);
            if found.is_none() {
                node.error(format!(
                    "`{word}` is no method; there are: GET, POST, PUT, PATCH, DELETE"
                ));
            }
            found
        });
    let address = address(&table, allowed);
    let headers = table.get("headers").map(|node| headers(&node, allowed));
    let json = table
        .get("json")
        .map(|node| Json::read(&node, allowed).map(Body::Json));
    let form = table
        .get("form")
        .map(|node| templates(&node, allowed).map(Body::Form));
    let xml = table
        .get("xml")
        .map(|node| xml(&node, allowed).map(Body::Xml));
    let bodies: Vec<_> = [json, form, xml].into_iter().flatten().collect();
    if bodies.len() > 1 {
        table.error("a request has one body; give one of `json`, `form` and `xml`");
    }
    let page = table.get("page").map(|node| {
        if table.get("form").is_none() {
            node.error("`page` is the page of a form; give `form`, the fields that are filled in");
        }
        page(&node, allowed)
    });
    table.finish();
    Some(Request {
        method: method?,
        address: address?,
        headers: headers.map_or(Some(vec![]), |headers| headers)?,
        body: bodies.into_iter().next().unwrap_or(Some(Body::None))?,
        page: page.map_or(Some(None), |page| page.map(Some))?,
    })
}

/// `path` and `query`.
fn address(table: &Table<'_>, allowed: Allowed<'_>) -> Option<Address> {
    let path = table
        .want("path", "the path below `base_url`")
        .and_then(|node| {
            let path = template(&node, allowed)?;
            let text = path.sample();
            if text.contains(['?', '#', '\\']) {
                node.error("a path holds no `?`, `#` or `\\`; put a query into `query`");
            }
            if text.contains("://") || text.split('/').any(|part| part == "..") {
                node.error("a path stays below `base_url`; leave out `://` and `..`");
            }
            Some(path)
        });
    let query = table.get("query").map(|node| templates(&node, allowed));
    Some(Address {
        path: path?,
        query: query.map_or(Some(vec![]), |query| query)?,
    })
}

/// `page`: where the form stands.
fn page(node: &Node<'_>, allowed: Allowed<'_>) -> Option<FormPage> {
    let table = node.table()?;
    let address = address(&table, allowed);
    let form = table
        .want("form", "the selector of the form on the page")
        .and_then(|node| {
            let selector = Locator::css(node.word()?);
            selector.map_err(|why| node.error(why)).ok()
        });
    let keep = table.get("keep").map(|node| match node.text()? {
        "hidden" => Some(Keep::Hidden),
        "all" => Some(Keep::All),
        other => {
            node.error(format!(
                "`{other}` does not say what goes along; there are: hidden, all"
            ));
            None
        }
    });
    table.finish();
    Some(FormPage {
        address: address?,
        form: form?,
        keep: keep.unwrap_or(Some(Keep::Hidden))?,
    })
}

fn templates(node: &Node<'_>, allowed: Allowed<'_>) -> Option<Vec<(String, Template)>> {
    let table = node.table()?;
    let read =
        |(name, _, node): (&str, _, Node<'_>)| Some((name.to_owned(), template(&node, allowed)?));
    let all: Vec<_> = table.entries().map(read).collect();
    all.into_iter().collect()
}

fn headers(node: &Node<'_>, allowed: Allowed<'_>) -> Option<Vec<(HeaderName, Template)>> {
    let table = node.table()?;
    let read = |(name, span, node): (&str, Span, Node<'_>)| {
        let value = template(&node, allowed);
        let Ok(header) = HeaderName::try_from(name) else {
            node.notes
                .error(&span, format!("`{name}` is no name of a header"));
            return None;
        };
        if [AUTHORIZATION, COOKIE, HOST].contains(&header) {
            node.notes.error(
                &span,
                format!("the header `{name}` is not set here; credentials belong into `[auth]`"),
            );
        }
        Some((header, value?))
    };
    let all: Vec<_> = table.entries().map(read).collect();
    all.into_iter().collect()
}

/// A text of XML; that it is well formed is tried with words for its placeholders.
fn xml(node: &Node<'_>, allowed: Allowed<'_>) -> Option<Template> {
    let read = template(node, allowed)?;
    if let Err(error) = roxmltree::Document::parse(&read.sample()) {
        node.error(format!("the body is no XML: {error}"));
    }
    Some(read)
}
