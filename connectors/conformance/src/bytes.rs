//! Texts in whatever charset.

/// `bytes` with each `from` replaced by `to`.
pub(crate) fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        match rest.strip_prefix(from).filter(|_| !from.is_empty()) {
            Some(after) => {
                out.extend_from_slice(to);
                rest = after;
            }
            None => {
                out.push(*first);
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    out
}

/// A body of several parts with the same boundary each time: it is made up anew with each request (RFC 2046, 5.1.1).
pub(crate) fn with_usual_boundary(body: &[u8]) -> Vec<u8> {
    let line = body.split(|c| *c == b'\r').next().unwrap_or_default();
    let ends = || {
        let body = body.trim_ascii_end();
        body.strip_suffix(b"--")
            .is_some_and(|body| body.ends_with(line))
    };
    match line.starts_with(b"--") && line.len() < 80 && ends() {
        true => replace(body, line, b"--boundary"),
        false => body.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_parts_the_boundary_is_always_the_same_and_other_bodies_stay() {
        let body = b"--x1\r\n\r\na\r\n--x1\r\n\r\nb\r\n--x1--\r\n";
        let usual = b"--boundary\r\n\r\na\r\n--boundary\r\n\r\nb\r\n--boundary--\r\n";
        assert_eq!(with_usual_boundary(body), usual);
        for body in [&b"a=1&b=--"[..], b"", b"--a", b"{}"] {
            assert_eq!(with_usual_boundary(body), body);
        }
    }
}
