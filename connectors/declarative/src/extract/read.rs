//! An extract as it is written in a file.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Convert, Extract, Locator, What};
use crate::{
    answer::Kind,
    file::tree::{Node, Table},
    template::{Allowed, Json},
};

/// Reads extracts of one answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// A page has selectors instead of paths, and one element of XML may be a list.
    pub(crate) kind: Kind,
    /// For values that the file gives.
    pub(crate) allowed: Allowed<'a>,
}

impl Reader<'_> {
    /// A path or a selector.
    pub(crate) fn locator(&self, node: &Node<'_>) -> Option<Locator> {
        let text = node.word()?;
        let read = match self.kind == Kind::Html {
            true => Locator::css(text),
            false => Locator::path(text),
        };
        read.map_err(|why| node.error(why)).ok()
    }

    /// One part: its path alone, or a table.
    pub(crate) fn read(&self, node: &Node<'_>) -> Option<Extract> {
        if node.is_text() {
            return Some(Extract {
                within: None,
                path: Some(self.locator(node)?),
                attribute: None,
                optional: false,
                default: None,
                what: What::Value {
                    map: None,
                    convert: None,
                },
            });
        }
        if !node.is_table() {
            node.error("a part of the result is a path as text, or a table with `path`, `value`, `fields`, `each` or `by`");
            return None;
        }
        let table = node.table()?;
        let path = table.get("path").map(|node| self.locator(&node));
        let within = table.get("within").map(|node| self.locator(&node));
        let attribute = table
            .get("attribute")
            .and_then(|node| match self.kind == Kind::Html {
                true => Some(node.word()?.to_owned()),
                false => {
                    node.error(
                        "`attribute` belongs to HTML; in XML an attribute is the path `@name`",
                    );
                    None
                }
            });
        let optional = table.get("optional").and_then(|node| node.boolean());
        let default = table.get("default").and_then(|node| node.json());
        let what = self.what(&table, node);
        if let (Some(What::List { .. }), None) = (&what, &path) {
            node.error("`each` needs the `path` of the list");
        }
        if let (true, Some(What::List { .. }), None) = (self.kind == Kind::Html, &what, &within) {
            node.warn(
                "a list of a page without `within` is empty when the page has changed; name what stands around the list, and must be there",
            );
        }
        table.finish();
        Some(Extract {
            path: path.map_or(Some(None), |path| path.map(Some))?,
            within: within.map_or(Some(None), |within| within.map(Some))?,
            attribute,
            optional: optional.unwrap_or_default(),
            default,
            what: what?,
        })
    }

    fn what(&self, table: &Table<'_>, node: &Node<'_>) -> Option<What> {
        let value = table.get("value");
        let fields = table.get("fields");
        let each = table.get("each");
        let by = table.get("by");
        let cases = table.get("cases");
        let map = table.get("map");
        let convert = table.get("as");
        let kinds = [
            value.is_some(),
            fields.is_some(),
            each.is_some(),
            by.is_some(),
            map.is_some() || convert.is_some(),
        ];
        if kinds.iter().filter(|is| **is).count() > 1 {
            node.error("a part is one of: a value of the answer (`map`, `as`), `value`, `fields`, `each`, `by` with `cases`");
            return None;
        }
        if let Some(node) = value {
            return Json::read(&node, self.allowed).map(What::Given);
        }
        if let Some(node) = fields {
            return self.named(&node).map(What::Record);
        }
        if let Some(node) = each {
            return self.read(&node).map(|each| What::List {
                each: Box::new(each),
                alone: self.kind == Kind::Xml,
            });
        }
        if let Some(by) = by {
            // Where the part may be missing, its word may be.
            let optional = table.get("optional").is_some() || table.get("default").is_some();
            let by = self.read(&by).map(|by| Extract {
                optional: by.optional || optional,
                ..by
            });
            let Some(cases) = cases else {
                node.error("`by` needs `cases`, one part for each word");
                return None;
            };
            let cases = self.named(&cases);
            return Some(What::Cases {
                by: Box::new(by?),
                cases: cases?,
            });
        }
        if let Some(cases) = cases {
            cases.error("`cases` needs `by`, the path of the word");
            return None;
        }
        Some(What::Value {
            map: map.map_or(Some(None), |node| words(&node).map(Some))?,
            convert: convert.map_or(Some(None), |node| conversion(&node).map(Some))?,
        })
    }

    fn named(&self, node: &Node<'_>) -> Option<BTreeMap<String, Extract>> {
        let table = node.table()?;
        let read =
            |(name, _, node): (&str, _, Node<'_>)| Some((name.to_owned(), self.read(&node)?));
        let all: Vec<_> = table.entries().map(read).collect();
        all.into_iter().collect()
    }
}

/// A code table.
fn words(node: &Node<'_>) -> Option<BTreeMap<String, Value>> {
    let table = node.table()?;
    let read = |(name, _, node): (&str, _, Node<'_>)| Some((name.to_owned(), node.json()?));
    let all: Vec<_> = table.entries().map(read).collect();
    all.into_iter().collect()
}

fn conversion(node: &Node<'_>) -> Option<Convert> {
    let name = node.text()?;
    let found = Convert::ALL.iter().find(|(known, _)| *known == name);
    if found.is_none() {
        let known: Vec<_> = Convert::ALL.iter().map(|(name, _)| *name).collect();
        node.error(format!(
            "`{name}` is no conversion; there are: {}",
            known.join(", ")
        ));
    }
    found.map(|(_, convert)| *convert)
}
