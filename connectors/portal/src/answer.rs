//! One answer of the portal, and what it is.

use encoding_rs::{Encoding, GB18030, UTF_8};
use reqwest::{
    Url,
    header::{self, HeaderMap},
};
use scraper::{Html, Selector};

use crate::{
    pages::{Meaning, Pages},
    view::{text, title},
};

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) url: Url,
    /// Where it sends its reader, as it says it.
    pub(crate) redirect: Option<String>,
    pub(crate) headers: HeaderMap,
    /// It is a page.
    pub(crate) markup: bool,
    /// The page's text; empty of a file.
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
}

/// What a page is, before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The login page: the session has ended.
    Login,
    Maintenance,
    Notice,
    /// A banner: its words, and what they mean if they are known.
    Banner(String, Option<Meaning>),
    /// Something else.
    Page,
}

impl Answer {
    /// It is a file to keep, whatever it looks like.
    pub(crate) fn is_file(&self) -> bool {
        let disposition = self.headers.get(header::CONTENT_DISPOSITION);
        let disposition = disposition.map(|value| value.as_bytes().to_ascii_lowercase());
        disposition.is_some_and(|value| value.starts_with(b"attachment"))
    }

    pub(crate) fn parse(&self) -> Html {
        Html::parse_document(&self.text)
    }

    /// The charset of the page, in which its forms are sent.
    pub(crate) fn encoding(&self, html: &Html) -> &'static Encoding {
        let content_type = self.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let meta = Selector::parse("meta[charset], meta[http-equiv]").ok();
        let metas = meta.iter().flat_map(|meta| html.select(meta));
        let declared = metas.filter_map(|meta| match meta.attr("charset") {
            Some(label) => Encoding::for_label(label.as_bytes()),
            None => labelled(meta.attr("content")?),
        });
        let mut declared = content_type.and_then(labelled).into_iter().chain(declared);
        declared
            .next()
            .unwrap_or_else(|| match std::str::from_utf8(&self.bytes) {
                Ok(_) => UTF_8,
                Err(_) => GB18030,
            })
    }
}

/// The charset behind `charset=`.
fn labelled(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let (_, label) = lower.split_once("charset=")?;
    let label = label.split([';', ' ']).next()?.trim_matches(['"', '\'']);
    Encoding::for_label(label.as_bytes())
}

/// Says what a page is.
pub(crate) fn see(pages: &Pages, html: &Html) -> Seen {
    let title = title(html);
    let is = |name: &str| pages.page(name).is_some_and(|page| page.title == title);
    let login = pages.page("login");
    let login = login.and_then(|page| page.forms.get("login"));
    let form = login.is_some_and(|form| html.select(&form.at.selector).next().is_some());
    if form || is("login") {
        return Seen::Login;
    }
    if is("maintenance") {
        return Seen::Maintenance;
    }
    if is("notice") {
        return Seen::Notice;
    }
    match banner(pages, html) {
        Some(words) => {
            let means = pages.meaning(&words);
            Seen::Banner(words, means)
        }
        None => Seen::Page,
    }
}

/// The words of the banner on a page.
pub(crate) fn banner(pages: &Pages, html: &Html) -> Option<String> {
    let banners = html.select(&pages.banner.selector).map(text);
    let words = banners.collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_of_forms_is_that_of_the_page() {
        let page = |text: &str, bytes: &[u8]| Answer {
            url: Url::parse("http://a/").unwrap(),
            redirect: None,
            headers: HeaderMap::new(),
            markup: true,
            text: text.into(),
            bytes: bytes.to_vec(),
        };
        let of = |answer: Answer| answer.encoding(&answer.parse()).name();
        let declared = "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\">";
        assert_eq!(of(page(declared, b"")), "GBK");
        assert_eq!(of(page("<meta charset=utf-8>", b"")), "UTF-8");
        assert_eq!(of(page("<p>", "税".as_bytes())), "UTF-8");
        assert_eq!(of(page("<p>", b"\xB5\xC7")), "gb18030");
    }
}
