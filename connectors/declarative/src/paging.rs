//! Lists that are read page by page, and how one that turns in a circle is found.
//!
//! A cursor of ours is the upstream's own, after a few numbers about the way so far: how many pages, and one page
//! that was passed (Brent's method), so that a circle of any length is found with little to remember and with no
//! memory in the process. The page that is remembered moves ahead in steps that double.

use std::collections::HashSet;

use clerkwork_connectors_api::{
    contract::Polled,
    http::{Endpoint, Reply},
};
use reqwest::{Url, header::LINK};
use serde_json::Value;

use crate::{
    extract::{Locator, Top, word_of},
    path::Path,
};

/// How a list goes on.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    pub(crate) next: Next,
    /// What makes an item another than the others; nothing for the whole of it.
    pub(crate) item_key: Option<Path>,
    pub(crate) max_pages: u32,
    /// Most items that a call may ask for.
    pub(crate) max_limit: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// The answer has the cursor of the next page; none, or an empty one, with the last.
    Cursor(Path),
    /// The next page comes after the last item, by this field of it.
    LastItem(Path),
    /// Pages are numbered from `first`.
    PageNumber { first: u64, total: Option<Path> },
    /// A header `Link` with `rel="next"`.
    LinkHeader,
    /// A link on the page.
    LinkOnPage(Locator),
}

/// Where a poll stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Pages before.
    pages: u32,
    /// The page that is remembered, from 1; its cursor and its first item.
    marked: (u32, u64, u64),
    /// The upstream's own cursor; nothing at the start.
    pub(crate) cursor: Option<String>,
}

impl Place {
    /// Reads a cursor of ours.
    pub(crate) fn read(after: Option<&str>) -> Result<Self, String> {
        let Some(after) = after else {
            return Ok(Self {
                pages: 0,
                marked: (0, 0, 0),
                cursor: None,
            });
        };
        let read = || {
            let (numbers, cursor) = after.split_once('~')?;
            let mut numbers = numbers
                .split('.')
                .map(|part| u64::from_str_radix(part, 16).ok());
            let mut number = || numbers.next().flatten();
            Some(Self {
                pages: number()?.try_into().ok()?,
                marked: (number()?.try_into().ok()?, number()?, number()?),
                cursor: Some(cursor.to_owned()),
            })
        };
        read().ok_or_else(|| "this cursor is not from here; begin without one".into())
    }

    fn write(&self) -> Option<String> {
        let (at, cursor, item) = self.marked;
        let next = self.cursor.as_ref()?;
        Some(format!(
            "{:x}.{at:x}.{cursor:x}.{item:x}~{next}",
            self.pages
        ))
    }
}

impl Paging {
    /// The cursor to ask with.
    pub(crate) fn cursor(&self, place: &Place) -> Option<String> {
        match (&self.next, &place.cursor) {
            (Next::PageNumber { first, .. }, None) => Some(first.to_string()),
            (_, cursor) => cursor.clone(),
        }
    }

    /// The page that was read at `place`, and where it goes on.
    ///
    /// # Errors
    /// When the list turns in a circle.
    pub(crate) fn page(
        &self,
        place: &Place,
        items: Vec<Value>,
        reply: &Reply<'_>,
        top: Option<&Top>,
    ) -> Result<Polled, String> {
        let mut seen = HashSet::new();
        if items.iter().any(|item| !seen.insert(self.digest(item))) {
            return Err(
                "an item comes again on the same page; check `result` and `item_key`".into(),
            );
        }
        let first = items.first().map_or(0, |item| self.digest(item));
        let (marked_at, marked_cursor, marked_item) = place.marked;
        if marked_at > 0 && !items.is_empty() && first == marked_item {
            return Err(format!(
                "page {} begins with the same item as page {marked_at}: the list turns in a circle; check `pagination`",
                place.pages.saturating_add(1)
            ));
        }
        let Some(next) = self.after(place, &items, reply, top)? else {
            return Ok(Polled { items, next: None });
        };
        let pages = place.pages.saturating_add(1);
        if pages >= self.max_pages {
            return Err(format!(
                "the list has more than {} pages; raise `pagination.max_pages` if that is right",
                self.max_pages
            ));
        }
        let here = self.cursor(place);
        if here.as_ref() == Some(&next) || (marked_at > 0 && hash(&next) == marked_cursor) {
            return Err(format!(
                "the cursor after page {pages} was there before: the list turns in a circle; check `pagination`"
            ));
        }
        let marked = match marked_at == 0 || pages >= marked_at.saturating_mul(2) {
            true => (pages, hash(&here.unwrap_or_default()), first),
            false => place.marked,
        };
        let next = Place {
            pages,
            marked,
            cursor: Some(next),
        };
        Ok(Polled {
            items,
            next: next.write(),
        })
    }

    /// The upstream's cursor of the next page.
    fn after(
        &self,
        place: &Place,
        items: &[Value],
        reply: &Reply<'_>,
        top: Option<&Top>,
    ) -> Result<Option<String>, String> {
        Ok(match &self.next {
            Next::Cursor(path) => in_answer(path, top).filter(|cursor| !cursor.is_empty()),
            Next::LastItem(path) => {
                match items.last() {
                    None => None,
                    Some(last) => {
                        let key = path.find(last, last).and_then(word_of);
                        Some(key.ok_or_else(|| {
                        format!("the last item has no `{}` to go on from; check `pagination.last_item`", path.as_str())
                    })?)
                    }
                }
            }
            Next::PageNumber { .. } => self.number_after(place, items.is_empty(), top)?,
            Next::LinkHeader => {
                let link = reply
                    .headers()
                    .get_all(LINK)
                    .iter()
                    .find_map(|value| next_of(value.to_str().ok()?));
                link.map(|link| below(reply.endpoint(), &link))
                    .transpose()?
            }
            Next::LinkOnPage(locator) => {
                let link = top
                    .and_then(|top| top.find(locator))
                    .and_then(|here| here.said(Some("href")));
                let link = link.as_ref().and_then(Value::as_str);
                link.map(|link| below(reply.endpoint(), link)).transpose()?
            }
        })
    }

    /// The number of the next page, as text.
    fn number_after(
        &self,
        place: &Place,
        is_empty: bool,
        top: Option<&Top>,
    ) -> Result<Option<String>, String> {
        let Next::PageNumber { first, total } = &self.next else {
            return Ok(None);
        };
        let number = match &place.cursor {
            None => *first,
            Some(text) => text
                .parse()
                .map_err(|_| "this cursor is no number of a page; begin without one")?,
        };
        let next = u64::saturating_add(number, 1);
        if let Some(path) = total {
            let total = in_answer(path, top).and_then(|total| total.parse::<u64>().ok());
            let total = total.ok_or_else(|| {
                let path = path.as_str();
                format!("`{path}` is no number of pages; check `pagination.total_pages`")
            })?;
            if next >= first.saturating_add(total) {
                return Ok(None);
            }
        }
        Ok((!is_empty && next > number).then(|| next.to_string()))
    }

    fn digest(&self, item: &Value) -> u64 {
        let key = self
            .item_key
            .as_ref()
            .and_then(|path| path.find(item, item));
        hash(&key.unwrap_or(item).to_string())
    }

    /// Whether the cursor is the address of the next page.
    pub(crate) fn follows_links(&self) -> bool {
        matches!(self.next, Next::LinkHeader | Next::LinkOnPage(_))
    }
}

/// A word of the answer.
fn in_answer(path: &Path, top: Option<&Top>) -> Option<String> {
    match top {
        Some(Top::Json(top)) => path.find(top, top).and_then(word_of),
        Some(Top::Html(_)) | None => None,
    }
}

/// The address with `rel="next"` of a header `Link`.
fn next_of(header: &str) -> Option<String> {
    header.split(',').find_map(|link| {
        let (address, about) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = about.split(';').any(|part| {
            let part = part.trim().to_ascii_lowercase();
            matches!(part.as_str(), "rel=\"next\"" | "rel=next")
        });
        is_next.then(|| address.to_owned())
    })
}

/// A link as an address, which must be of the upstream: credentials go along.
pub(crate) fn below(endpoint: &Endpoint, link: &str) -> Result<String, String> {
    let url: Url = endpoint
        .url()
        .join(link)
        .map_err(|_| "the link to the next page is no address")?;
    match url.origin() == endpoint.url().origin() {
        true => Ok(url.into()),
        false => {
            Err("the link to the next page leads away from the upstream; check `pagination`".into())
        }
    }
}

/// FNV-1a: the same in every process and version, as cursors outlive both.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_another_is_refused() {
        let place = Place {
            pages: 300,
            marked: (256, u64::MAX, 7),
            cursor: Some("a~b.c".into()),
        };
        assert_eq!(Place::read(place.write().as_deref()).unwrap(), place);
        assert_eq!(Place::read(None).unwrap().write(), None);
        for other in ["", "DK-1", "1.2.3~x", "x.1.1.1~x"] {
            assert!(
                Place::read(Some(other))
                    .unwrap_err()
                    .contains("not from here"),
                "{other}"
            );
        }
    }

    #[test]
    fn a_number_at_the_end_of_its_range_does_no_harm() {
        let end = format!("{:x}.1.1.1~{}", u32::MAX, u64::MAX);
        let place = Place::read(Some(&end)).unwrap();
        let paging = Paging {
            next: Next::PageNumber {
                first: 1,
                total: Some(Path::parse("n").unwrap()),
            },
            item_key: None,
            max_pages: u32::MAX,
            max_limit: 1,
        };
        let top = Top::Json(serde_json::json!({ "n": u64::MAX }));
        let next = paging.number_after(&place, false, Some(&top));
        assert_eq!(next.unwrap(), None);
    }

    #[test]
    fn the_next_link_is_found_among_others() {
        let header = "<http://a/x?page=1>; rel=\"prev\", <http://a/x?page=3>; rel=\"next\"";
        assert_eq!(next_of(header).unwrap(), "http://a/x?page=3");
        assert_eq!(next_of("<http://a>; rel=\"last\""), None);
    }
}
