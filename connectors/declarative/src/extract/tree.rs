//! An answer as a tree: JSON, XML read as JSON, or HTML.

use scraper::{ElementRef, Html, Selector};
use serde_json::{Map, Value};

use crate::path::Path;

/// The whole answer.
pub(crate) enum Top {
    Json(Value),
    Html(Html),
}

/// A part of it.
#[derive(Clone, Copy)]
pub(crate) enum Here<'a> {
    Json(&'a Value),
    /// The whole page.
    Page,
    Element(ElementRef<'a>),
}

/// Where a part stands.
#[derive(Debug, Clone)]
pub(crate) enum Locator {
    Path(Path),
    Css { selector: Selector, written: String },
}

impl Locator {
    /// Reads a path.
    pub(crate) fn path(text: &str) -> Result<Self, String> {
        Path::parse(text).map(Self::Path)
    }

    /// Reads a CSS selector.
    pub(crate) fn css(text: &str) -> Result<Self, String> {
        let selector = Selector::parse(text).map_err(|_| {
            format!("`{text}` is no CSS selector; write one as `table#list td.number`")
        })?;
        Ok(Self::Css {
            selector,
            written: text.to_owned(),
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Path(path) => path.as_str(),
            Self::Css { written, .. } => written,
        }
    }
}

impl Top {
    /// Reads XML as a tree of the same sort as JSON. A document type is refused: it can name files and grow
    /// without end.
    pub(crate) fn xml(text: &str) -> Result<Self, String> {
        let document = roxmltree::Document::parse(text).map_err(|error| {
            let at = error.pos();
            format!("no XML at line {} column {}", at.row, at.col)
        })?;
        let root = document.root_element();
        let content = element(root, 0)?;
        let tree = Map::from_iter([(root.tag_name().name().to_owned(), content)]);
        Ok(Self::Json(Value::Object(tree)))
    }

    pub(crate) fn here(&self) -> Here<'_> {
        match self {
            Self::Json(value) => Here::Json(value),
            Self::Html(_) => Here::Page,
        }
    }

    /// The first that stands there.
    pub(crate) fn find(&self, locator: &Locator) -> Option<Here<'_>> {
        self.here().find(self, locator)
    }
}

/// Elements inside each other; as many as JSON may have.
const DEPTH: u32 = 128;

/// An element as text, or as a record when it has attributes or elements.
fn element(node: roxmltree::Node<'_, '_>, depth: u32) -> Result<Value, String> {
    if depth > DEPTH {
        return Err(format!(
            "more than {DEPTH} elements of XML inside each other"
        ));
    }
    let mut fields = Map::new();
    for attribute in node.attributes() {
        fields.insert(format!("@{}", attribute.name()), attribute.value().into());
    }
    let mut text = String::new();
    for child in node.children() {
        if child.is_element() {
            let value = element(child, depth + 1)?;
            match fields.get_mut(child.tag_name().name()) {
                Some(Value::Array(all)) => all.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
                None => {
                    fields.insert(child.tag_name().name().to_owned(), value);
                }
            }
        } else if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
    }
    let text = text.trim();
    if fields.is_empty() {
        return Ok(text.into());
    }
    if !text.is_empty() {
        fields.insert("#text".into(), text.into());
    }
    Ok(Value::Object(fields))
}

impl<'a> Here<'a> {
    /// The first that stands there, from here.
    pub(crate) fn find(self, top: &'a Top, locator: &Locator) -> Option<Self> {
        match (self, locator, top) {
            (Self::Json(here), Locator::Path(path), Top::Json(top)) => {
                path.find(top, here).map(Self::Json)
            }
            (Self::Page, Locator::Css { selector, .. }, Top::Html(page)) => {
                page.select(selector).next().map(Self::Element)
            }
            (Self::Element(here), Locator::Css { selector, .. }, _) => {
                here.select(selector).next().map(Self::Element)
            }
            _ => None,
        }
    }

    /// All that stand there; nothing when there is no list. Of a page none is an empty list; `alone` is one that
    /// is no list as well.
    pub(crate) fn all(
        self,
        top: &'a Top,
        locator: &Locator,
        alone: bool,
    ) -> Result<Option<Vec<Self>>, String> {
        Ok(Some(match (self, locator, top) {
            (Self::Page, Locator::Css { selector, .. }, Top::Html(page)) => {
                page.select(selector).map(Self::Element).collect()
            }
            (Self::Element(here), Locator::Css { selector, .. }, _) => {
                here.select(selector).map(Self::Element).collect()
            }
            (here, locator, top) => match here.find(top, locator) {
                None => return Ok(None),
                Some(Self::Json(Value::Array(all))) => all.iter().map(Self::Json).collect(),
                Some(one) if alone => vec![one],
                Some(_) => return Err("no list stands".into()),
            },
        }))
    }

    /// What it says: the value, the text of an element on one line, or its attribute.
    pub(crate) fn said(self, attribute: Option<&str>) -> Option<Value> {
        match (self, attribute) {
            (Self::Json(value), _) => (!value.is_null()).then(|| value.clone()),
            (Self::Page, _) => None,
            (Self::Element(element), Some(name)) => {
                element.attr(name).map(|text| text.trim().into())
            }
            (Self::Element(element), None) => {
                let text: String = element.text().collect();
                let words: Vec<_> = text.split_whitespace().collect();
                Some(words.join(" ").into())
            }
        }
    }
}
