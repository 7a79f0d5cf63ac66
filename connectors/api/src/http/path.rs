//! The path of a call as it may be shown: no query, and no value that may name a person.

use super::{Endpoint, Outgoing};

/// A segment with so many digits is taken for a number of somebody's.
const TELLING_DIGITS: usize = 7;

/// The template of the call; or else the path, of which only what the endpoint itself says is sure
/// to hold no value.
pub(super) fn shown(endpoint: &Endpoint, outgoing: &Outgoing) -> String {
    if let Some(template) = &outgoing.template {
        return template.clone();
    }
    let path = outgoing.url.path();
    let fixed = endpoint.url().path();
    let Some(rest) = path.strip_prefix(fixed) else {
        return path.split('/').map(masked).collect::<Vec<_>>().join("/");
    };
    let rest: Vec<_> = rest.split('/').map(masked).collect();
    format!("{fixed}{}", rest.join("/"))
}

/// A word stays; what is encoded, such as a name in Chinese, and long numbers do not.
fn masked(segment: &str) -> &str {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    if segment.bytes().all(word) && digits < TELLING_DIGITS {
        segment
    } else {
        "*"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HttpSettings, HttpStack, Secret};
    use reqwest::{Method, Url};

    fn path(below: &str, rest: &str, template: Option<&str>) -> String {
        let settings = HttpSettings::new("test", "http://a/gate", Secret::new("t"));
        let endpoint = HttpStack::new(settings)
            .unwrap()
            .read("look", below)
            .unwrap();
        let url = Url::parse(&format!("http://a/gate/{rest}")).unwrap();
        let mut outgoing = Outgoing::new(Method::GET, url);
        outgoing.template = template.map(Into::into);
        shown(&endpoint, &outgoing)
    }

    #[test]
    fn values_are_masked_and_words_stay() {
        assert_eq!(path("api/v2/x", "api/v2/x?id=1101", None), "/gate/api/v2/x");
        assert_eq!(
            path("people", "people/110101199003077774/files", None),
            "/gate/people/*/files"
        );
        assert_eq!(
            path("people", "people/张三/a.pdf", None),
            "/gate/people/*/a.pdf"
        );
        assert_eq!(path("people", "other/13800001234", None), "/gate/other/*");
        assert_eq!(
            path("people", "people/li", Some("/people/{name}")),
            "/people/{name}"
        );
    }
}
