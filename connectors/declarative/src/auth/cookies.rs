//! Cookies of a session, in memory. There is one upstream, so paths and domains do not matter.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};

/// Most cookies that are kept; an upstream that sets more is not helped by sending them all.
const MOST: usize = 100;

/// Cookies by their names.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Cookies(BTreeMap<String, String>);

/// Without the values, which are credentials.
impl std::fmt::Debug for Cookies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Cookies {
    /// Takes what an answer sets. Tells whether anything changed.
    pub(crate) fn take(&mut self, headers: &HeaderMap) -> bool {
        let before = self.clone();
        for header in headers.get_all(SET_COOKIE) {
            let Ok(text) = header.to_str() else { continue };
            let mut parts = text.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if name.is_empty() {
                continue;
            }
            if parts.any(ends) {
                self.0.remove(name);
            } else if self.0.len() < MOST || self.0.contains_key(name) {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        *self != before
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The header `Cookie`; nothing without cookies.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut header = HeaderValue::try_from(pairs.join("; ")).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// Whether an attribute says that the cookie is over.
fn ends(attribute: &str) -> bool {
    let Some((name, value)) = attribute.split_once('=') else {
        return false;
    };
    let value = value.trim();
    match name.trim().to_ascii_lowercase().as_str() {
        "max-age" => value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
        "expires" => jiff::fmt::rfc2822::parse(value).is_ok_and(|end| {
            end.timestamp() <= jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_replaced_and_ended() {
        let mut cookies = Cookies::default();
        let mut set = |values: &[&str]| {
            let headers = values
                .iter()
                .map(|v| (SET_COOKIE, HeaderValue::try_from(*v).unwrap()));
            let mut map = HeaderMap::new();
            headers.for_each(|(name, value)| {
                map.append(name, value);
            });
            let changed = cookies.take(&map);
            (changed, cookies.header())
        };
        assert_eq!(set(&[]), (false, None));
        let (changed, header) = set(&["sid=a; Path=/; HttpOnly", "lang=zh; Max-Age=60"]);
        assert!(changed);
        assert_eq!(header.unwrap(), "lang=zh; sid=a");
        assert_eq!(set(&["sid=b"]).1.unwrap(), "lang=zh; sid=b");
        assert!(!set(&["sid=b", "=x", "broken"]).0);
        let (_, header) = set(&[
            "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "lang=; max-age=0",
        ]);
        assert_eq!(header, None);
        assert!(!format!("{cookies:?}").contains('b'));
    }
}
