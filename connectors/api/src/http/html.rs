//! HTML where JSON was due: a maintenance page, a login page, a gateway's error page.

use encoding_rs::{Encoding, GB18030, UTF_8};
use scraper::{Html, Selector};

use crate::redact;

/// A title stands near the start; what follows is not parsed.
const PARSED_BYTES: usize = 64 * 1024;

/// Longest title in a message.
const TITLE_CHARS: usize = 80;

/// Whether an answer is markup, by its content type or its first character.
pub(super) fn is_html(content_type: &str, body: &[u8]) -> bool {
    if content_type.to_ascii_lowercase().contains("html") {
        return true;
    }
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<')
}

/// What the page calls itself, in `<title>` or else in `<h1>`; masked.
pub(super) fn title(content_type: &str, body: &[u8]) -> Option<String> {
    let head = body.get(..PARSED_BYTES).unwrap_or(body);
    let (text, _, _) = encoding(content_type, head).decode(head);
    let page = Html::parse_document(&text);
    ["title", "h1"].iter().find_map(|name| {
        let selector = Selector::parse(name).ok()?;
        let element = page.select(&selector).next()?;
        let found = redact::mask(&element.text().collect::<String>(), TITLE_CHARS);
        (!found.is_empty()).then_some(found)
    })
}

/// The charset of a page, by its content type, by itself, or by its looks.
pub(super) fn encoding(content_type: &str, body: &[u8]) -> &'static Encoding {
    let head = || String::from_utf8_lossy(body.get(..1024).unwrap_or(body));
    declared(content_type)
        .or_else(|| declared(&head()))
        .unwrap_or_else(|| undeclared(body))
}

/// The charset named after `charset=`, in a content type or a `<meta>`.
pub(super) fn declared(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let (_, after) = lower.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    Encoding::for_label(label.as_bytes())
}

/// UTF-8 if it is UTF-8 (a character cut at the end aside), else what old Chinese pages are in.
fn undeclared(head: &[u8]) -> &'static Encoding {
    match std::str::from_utf8(head) {
        Ok(_) => UTF_8,
        Err(error) if error.error_len().is_none() => UTF_8,
        Err(_) => GB18030,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_known_by_type_or_first_character() {
        assert!(is_html("text/html; charset=GBK", b""));
        assert!(is_html(
            "application/json",
            b"\xEF\xBB\xBF \n<!DOCTYPE html>"
        ));
        assert!(!is_html("application/json", b" {\"a\":\"<\"}"));
        assert!(!is_html("", b""));
    }

    #[test]
    fn a_title_is_found_in_title_or_heading_in_any_declared_charset() {
        let page = "<html><head><title> 系统\n维护 </title></head><h1>x</h1>";
        assert_eq!(
            title("text/html", page.as_bytes()),
            Some("系统 维护".into())
        );

        let (gbk, _, _) = encoding_rs::GBK.encode("<title>系统维护</title>");
        assert_eq!(
            title("text/html; charset=gbk", &gbk),
            Some("系统维护".into())
        );
        assert_eq!(title("text/html", &gbk), Some("系统维护".into()));

        let (meta, _, _) = encoding_rs::GBK
            .encode("<meta http-equiv=x content=\"text/html; charset=gb2312\"><h1>登录</h1>");
        assert_eq!(title("text/html", &meta), Some("登录".into()));
        assert_eq!(title("text/html", b"<p>nothing"), None);
    }

    #[test]
    fn a_title_is_masked_and_cut() {
        let long = format!("<title>13800001234{}</title>", "长".repeat(200));
        let found = title("", long.as_bytes()).unwrap();
        assert!(found.starts_with("138****34长"), "{found}");
        assert_eq!(found.chars().count(), TITLE_CHARS);
    }
}
