//! A page as the data file describes it: recognised first, then read part by part.
//!
//! Whatever does not match is a [`Mismatch`]: there are no defaults, no first of several, no nearest fit.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html, Selector};

use crate::pages::{Css, PageShape, Pages};

/// A part of a page that is not as the data file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) page: String,
    pub(crate) selector: String,
    pub(crate) why: String,
}

/// Labels and values of a section, by the names in the data file.
#[derive(Debug)]
pub(crate) struct Fields {
    pub(crate) page: String,
    pub(crate) at: String,
    values: BTreeMap<String, (String, String)>,
}

impl Fields {
    /// A field's label and value.
    pub(crate) fn entry(&self, key: &str) -> Result<(&str, &str), Mismatch> {
        let found = self.values.get(key);
        let (label, value) = found.ok_or_else(|| Mismatch {
            page: self.page.clone(),
            selector: self.at.clone(),
            why: format!("the label for `{key}` is missing"),
        })?;
        Ok((label, value))
    }

    pub(crate) fn text(&self, key: &str) -> Result<String, Mismatch> {
        Ok(self.entry(key)?.1.to_owned())
    }

    /// A value that may be empty or have no label at all.
    pub(crate) fn optional(&self, key: &str) -> Option<String> {
        let value = &self.values.get(key)?.1;
        (!value.is_empty()).then(|| value.clone())
    }
}

/// A row of a table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) fields: Fields,
    links: BTreeMap<String, String>,
}

impl Row {
    /// The address of the one link in a cell.
    pub(crate) fn link(&self, key: &str) -> Result<&str, Mismatch> {
        let found = self.links.get(key).map(String::as_str);
        found.ok_or_else(|| Mismatch {
            page: self.fields.page.clone(),
            selector: self.fields.at.clone(),
            why: format!("a cell for `{key}` holds not one link"),
        })
    }
}

/// A recognised page.
pub(crate) struct View<'a> {
    pub(crate) name: &'static str,
    pub(crate) html: &'a Html,
    pub(crate) shape: &'a PageShape,
    pages: &'a Pages,
}

/// The title of a page.
pub(crate) fn title(html: &Html) -> String {
    let titles = Selector::parse("title").ok();
    let title = titles.and_then(|selector| html.select(&selector).next());
    title.map(text).unwrap_or_default()
}

/// The text of an element, without space around it.
pub(crate) fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

impl<'a> View<'a> {
    /// Recognises a page by its title and what it needs.
    pub(crate) fn of(
        pages: &'a Pages,
        name: &'static str,
        html: &'a Html,
    ) -> Result<Self, Mismatch> {
        let wrong = |selector: &str, why: String| Mismatch {
            page: name.into(),
            selector: selector.into(),
            why,
        };
        let shape = pages.page(name);
        let shape = shape.ok_or_else(|| wrong("title", "the data file has no such page".into()))?;
        let view = Self {
            name,
            html,
            shape,
            pages,
        };
        let found = title(html);
        if found != shape.title {
            let found = clerkwork_connectors_api::redact::mask(&found, 40);
            let why = format!("it says `{found}`, not `{}`", shape.title);
            return Err(wrong("title", why));
        }
        for css in &shape.needs {
            view.one(css)?;
        }
        Ok(view)
    }

    pub(crate) fn wrong(&self, selector: &str, why: impl Into<String>) -> Mismatch {
        Mismatch {
            page: self.name.into(),
            selector: selector.into(),
            why: why.into(),
        }
    }

    /// The one element that a selector matches.
    pub(crate) fn one(&self, css: &Css) -> Result<ElementRef<'a>, Mismatch> {
        let mut found = self.html.select(&css.selector);
        match (found.next(), found.count()) {
            (Some(element), 0) => Ok(element),
            (None, _) => Err(self.wrong(&css.text, "it matches nothing")),
            (Some(_), more) => {
                Err(self.wrong(&css.text, format!("it matches {} elements", more + 1)))
            }
        }
    }

    /// A text by its name in the data file.
    pub(crate) fn text(&self, key: &str) -> Result<String, Mismatch> {
        let css = self.shape.texts.get(key);
        let css = css.ok_or_else(|| self.wrong(key, "the data file has no such text"))?;
        Ok(text(self.one(css)?))
    }

    /// A number by its name in the data file.
    pub(crate) fn number(&self, key: &str) -> Result<u64, Mismatch> {
        let selector = || {
            self.shape
                .texts
                .get(key)
                .map_or(key, |css| css.text.as_str())
        };
        let text = self.text(key)?;
        text.parse()
            .map_err(|_| self.wrong(selector(), "it holds no number"))
    }

    /// The address of a link; nothing when it is not there.
    pub(crate) fn link(&self, key: &str) -> Result<Option<(String, &'a str)>, Mismatch> {
        let css = self.shape.links.get(key);
        let css = css.ok_or_else(|| self.wrong(key, "the data file has no such link"))?;
        if self.html.select(&css.selector).next().is_none() {
            return Ok(None);
        }
        let href = self.one(css)?.attr("href");
        let href = href.ok_or_else(|| self.wrong(&css.text, "it has no address"))?;
        Ok(Some((css.text.clone(), href)))
    }

    /// A section; nothing when the page says that there is none.
    pub(crate) fn section(&self, key: &str) -> Result<Option<Fields>, Mismatch> {
        let shape = self.shape.sections.get(key);
        let shape = shape.ok_or_else(|| self.wrong(key, "the data file has no such section"))?;
        let section = self.one(&shape.at)?;
        let labels = selector("th", self)?;
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for label in section.select(&labels) {
            let value = label.next_siblings().find_map(ElementRef::wrap);
            let value = value.filter(|value| value.value().name() == "td");
            let label = text(label);
            match value {
                Some(value) => found.entry(label).or_default().push(text(value)),
                None => {
                    let why = format!("no value stands behind the label `{label}`");
                    return Err(self.wrong(&shape.at.text, why));
                }
            }
        }
        if found.is_empty() && section.select(&self.pages.empty.selector).count() == 1 {
            return Ok(None);
        }
        let mut values = BTreeMap::new();
        for (key, label) in &shape.labels {
            match found.get(label).map(Vec::as_slice) {
                Some([value]) => {
                    values.insert(key.clone(), (label.clone(), value.clone()));
                }
                None if shape.optional.contains(key) => {}
                None => {
                    let why = format!("there is no label `{label}`");
                    return Err(self.wrong(&shape.at.text, why));
                }
                Some(_) => {
                    let why = format!("the label `{label}` comes more than once");
                    return Err(self.wrong(&shape.at.text, why));
                }
            }
        }
        Ok(Some(Fields {
            page: self.name.into(),
            at: shape.at.text.clone(),
            values,
        }))
    }

    /// A section that is always there.
    pub(crate) fn required(&self, key: &str) -> Result<Fields, Mismatch> {
        let at = self.shape.sections.get(key);
        let at = at.map_or(key, |section| section.at.text.as_str());
        self.section(key)?
            .ok_or_else(|| self.wrong(at, "it is empty"))
    }

    /// The rows of a table, with columns by their headers, wherever they stand.
    pub(crate) fn table(&self, key: &str) -> Result<Vec<Row>, Mismatch> {
        let shape = self.shape.tables.get(key);
        let shape = shape.ok_or_else(|| self.wrong(key, "the data file has no such table"))?;
        let at = &shape.at.text;
        let table = self.one(&shape.at)?;
        let (rows, anchors) = (selector("tr", self)?, selector("a[href]", self)?);
        let mut rows = table.select(&rows);
        let head = rows.next();
        let head = head.ok_or_else(|| self.wrong(at, "it has no row of headers"))?;
        let headers: Vec<String> = head.child_elements().map(text).collect();
        let mut columns = Vec::new();
        for (key, header) in &shape.columns {
            let mut places = (0..).zip(&headers).filter(|(_, found)| *found == header);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => columns.push((key, header, place)),
                (None, _) => {
                    return Err(self.wrong(at, format!("there is no column `{header}`")));
                }
                (Some(_), Some(_)) => {
                    let why = format!("the column `{header}` comes more than once");
                    return Err(self.wrong(at, why));
                }
            }
        }
        let mut read = Vec::new();
        for row in rows {
            let cells: Vec<_> = row.child_elements().collect();
            if cells.len() != headers.len() {
                let why = format!(
                    "a row has {} cells below {} headers",
                    cells.len(),
                    headers.len()
                );
                return Err(self.wrong(at, why));
            }
            let (mut values, mut links) = (BTreeMap::new(), BTreeMap::new());
            for &(key, header, place) in &columns {
                let Some(cell) = cells.get::<usize>(place) else {
                    continue;
                };
                values.insert(key.clone(), (header.clone(), text(*cell)));
                let mut hrefs = cell
                    .select(&anchors)
                    .filter_map(|anchor| anchor.attr("href"));
                if let (Some(href), None) = (hrefs.next(), hrefs.next()) {
                    links.insert(key.clone(), href.to_owned());
                }
            }
            let fields = Fields {
                page: self.name.into(),
                at: at.clone(),
                values,
            };
            read.push(Row { fields, links });
        }
        Ok(read)
    }
}

fn selector(text: &str, view: &View<'_>) -> Result<Selector, Mismatch> {
    Selector::parse(text).map_err(|_| view.wrong(text, "it is no selector"))
}
