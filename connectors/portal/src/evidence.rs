//! Pages kept as evidence.

use clerkwork_connectors_api::{Page, redact};
use clerkwork_core::Timestamp;
use ego_tree::NodeId;
use scraper::{ElementRef, Html, Node, Selector};

use crate::{pages::Pages, view::text};

const HTML: &str = "text/html";

/// Whoever stands in the place of a value that is left out.
const LEFT_OUT: &str = "***";

/// A page for whoever decides: whole, without the tokens of its forms.
pub(crate) fn whole(source: String, at: Timestamp, page: &Html) -> Page {
    let mut html = page.clone();
    blank_hidden(&mut html);
    Page::new(source, at, HTML, &html.html())
}

/// A page for whoever mends the data file: the markup, the labels, the buttons; no long numbers, no tokens,
/// and nothing of what the data file calls personal.
pub(crate) fn redacted(pages: &Pages, source: String, at: Timestamp, page: &str) -> Page {
    let mut html = Html::parse_document(page);
    blank_hidden(&mut html);
    let personal = personal_cells(pages, &html);
    let ids: Vec<_> = html.tree.nodes().map(|node| node.id()).collect();
    for id in ids {
        let Some(mut node) = html.tree.get_mut(id) else {
            continue;
        };
        match node.value() {
            Node::Text(text) => text.text = masked(&text.text).into(),
            Node::Comment(comment) => comment.comment = masked(&comment.comment).into(),
            Node::Element(element) => {
                for (_, value) in &mut element.attrs {
                    *value = masked(value).into();
                }
            }
            Node::Document | Node::Fragment | Node::Doctype(_) | Node::ProcessingInstruction(_) => {
            }
        }
    }
    for cell in personal {
        let texts: Vec<_> = match html.tree.get(cell) {
            Some(cell) => cell.descendants().map(|node| node.id()).collect(),
            None => continue,
        };
        for id in texts {
            let Some(mut node) = html.tree.get_mut(id) else {
                continue;
            };
            match node.value() {
                Node::Text(text) if !text.text.trim().is_empty() => text.text = LEFT_OUT.into(),
                Node::Element(element) => {
                    for (name, value) in &mut element.attrs {
                        if matches!(&*name.local, "href" | "title" | "value") {
                            *value = LEFT_OUT.into();
                        }
                    }
                }
                _ => {}
            }
        }
    }
    Page::new(source, at, HTML, &html.html())
}

/// Line breaks stay: they are markup to its reader.
fn masked(text: &str) -> String {
    let lines = text.split('\n').map(|line| redact::mask(line, usize::MAX));
    lines.collect::<Vec<_>>().join("\n")
}

fn blank_hidden(html: &mut Html) {
    for node in html.tree.values_mut() {
        let Node::Element(element) = node else {
            continue;
        };
        let input = element.name() == "input";
        let hidden = element.attr("type").is_some_and(|kind| {
            kind.eq_ignore_ascii_case("hidden") || kind.eq_ignore_ascii_case("text")
        });
        if !(input && hidden) {
            continue;
        }
        for (name, value) in &mut element.attrs {
            if &*name.local == "value" && !value.is_empty() {
                *value = LEFT_OUT.into();
            }
        }
    }
}

/// The cells behind a personal label or below a personal header.
fn personal_cells(pages: &Pages, html: &Html) -> Vec<NodeId> {
    let (Ok(labels), Ok(rows)) = (Selector::parse("th, td"), Selector::parse("table tr")) else {
        return Vec::new();
    };
    let is_cell = |element: &ElementRef<'_>| matches!(element.value().name(), "th" | "td");
    let mut found = Vec::new();
    for label in html.select(&labels) {
        if !pages.is_personal(&text(label)) {
            continue;
        }
        let next = label.next_siblings().find_map(ElementRef::wrap);
        let next = next.filter(|next| next.value().name() == "td");
        found.extend(next.map(|next| next.id()));
    }
    // Below a header: the cells at its place in all later rows of its table.
    for row in html.select(&rows) {
        let headers = row.child_elements().filter(is_cell);
        let personal: Vec<usize> = (0..)
            .zip(headers)
            .filter(|(_, header)| {
                header.value().name() == "th" && pages.is_personal(&text(*header))
            })
            .map(|(place, _)| place)
            .collect();
        if personal.is_empty() {
            continue;
        }
        for below in row.next_siblings().filter_map(ElementRef::wrap) {
            let cells = (0..).zip(below.child_elements().filter(is_cell));
            let cells = cells
                .filter(|(place, cell)| personal.contains(place) && cell.value().name() == "td");
            found.extend(cells.map(|(_, cell)| cell.id()));
        }
    }
    found
}
