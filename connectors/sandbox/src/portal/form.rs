//! Forms as browsers send them, in the charset of the page.

use std::collections::HashMap;

use encoding_rs::Encoding;

/// Fields by name; of a name that comes twice the last.
pub(super) type Fields = HashMap<String, String>;

/// Reads `a=1&b=2`.
pub(super) fn urlencoded(body: &[u8], encoding: &'static Encoding) -> Fields {
    let text = |part: &[u8]| encoding.decode(&unescape(part)).0.into_owned();
    body.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (text(&pair[..at]), text(&pair[at + 1..])),
            None => (text(pair), String::new()),
        })
        .collect()
}

fn unescape(part: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (
            byte,
            escaped.and_then(|two| u8::from_str_radix(two, 16).ok()),
        ) {
            (b'%', Some(meant)) => {
                out.push(meant);
                rest = &after[2..];
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(byte),
        }
    }
    out
}

/// `text` for the query of a link.
pub(super) fn escape(text: &str, encoding: &'static Encoding) -> String {
    let bytes = encoding.encode(text).0;
    let escaped = bytes.iter().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(*byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    escaped.collect()
}

/// A file in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) file_name: String,
    pub(super) content: Vec<u8>,
}

/// Reads `multipart/form-data`: fields, and the file if there is one. Names stand in the page's charset, so
/// that readers which expect UTF-8 do not serve.
pub(super) fn multipart(
    content_type: &str,
    body: &[u8],
    encoding: &'static Encoding,
) -> Option<(Fields, Option<Sent>)> {
    let boundary = content_type.split_once("boundary=")?.1.trim_matches('"');
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter lacks the line break before it.
    let body = [b"\r\n", body].concat();
    let (mut fields, mut file) = (Fields::new(), None);
    for part in split(&body, delimiter.as_bytes()).into_iter().skip(1) {
        let Some(part) = part.strip_prefix(b"\r\n") else {
            continue;
        };
        let at = find(part, b"\r\n\r\n")?;
        let head = encoding.decode(&part[..at]).0.into_owned();
        let content = &part[at + 4..];
        let name = quoted(&head, "name=\"")?;
        match quoted(&head, "filename=\"") {
            Some(file_name) => {
                file = Some(Sent {
                    file_name,
                    content: content.to_vec(),
                });
            }
            None => {
                fields.insert(name, encoding.decode(content).0.into_owned());
            }
        }
    }
    Some((fields, file))
}

/// What stands behind `key` up to the next quote; `name` is not to be found in `filename`.
fn quoted(head: &str, key: &str) -> Option<String> {
    let rest = head.split_once(&format!("; {key}"))?.1;
    Some(rest.split_once('"')?.0.replace("%22", "\""))
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len())
        .position(|window| window == needle)
}

fn split<'a>(mut hay: &'a [u8], needle: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = find(hay, needle) {
        parts.push(&hay[..at]);
        hay = &hay[at + needle.len()..];
    }
    parts.push(hay);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GBK;

    #[test]
    fn a_form_in_gbk_is_read_and_a_link_reads_back() {
        let body = format!("thyy={}&x=a+b", escape("合同 不符", GBK));
        let fields = urlencoded(body.as_bytes(), GBK);
        assert_eq!(fields["thyy"], "合同 不符");
        assert_eq!(fields["x"], "a b");
        assert_eq!(urlencoded(b"%zz=%4", GBK)["%zz"], "%4");
    }

    #[test]
    fn a_file_in_a_form_is_read_with_its_name_in_gbk() {
        let text = "--b\r\nContent-Disposition: form-data; name=\"sqbh\"\r\n\r\nDK1\r\n--b\r\n\
                    Content-Disposition: form-data; name=\"wj\"; filename=\"说明.txt\"\r\n\
                    Content-Type: text/plain\r\n\r\n一\r\n二\r\n--b--\r\n";
        let (fields, file) =
            multipart("multipart/form-data; boundary=b", &GBK.encode(text).0, GBK).unwrap();
        let file = file.unwrap();
        assert_eq!(
            (fields["sqbh"].as_str(), file.file_name.as_str()),
            ("DK1", "说明.txt")
        );
        assert_eq!(file.content, GBK.encode("一\r\n二").0.into_owned());
    }
}
