//! HTTP/1.1 by hand: so that answers can be as wrong as they are on the way.

use std::io;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Exchange;

/// Longest head and longest body of a request.
const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;

/// A request as it came.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// The one header that every answer has.
pub(super) fn typed(media_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(
        reqwest::header::CONTENT_TYPE,
        HeaderValue::from_static(media_type),
    )])
}

/// Answers with a whole body. The connection goes on.
pub(super) async fn put(
    stream: &mut TcpStream,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    exchange: &mut Exchange,
) -> io::Result<bool> {
    let mut all = head_of(
        status,
        headers,
        &format!("content-length: {}\r\n", body.len()),
    );
    all.extend_from_slice(body);
    stream.write_all(&all).await?;
    (exchange.status, exchange.bytes_out) = (Some(status), body.len() as u64);
    Ok(true)
}

/// A head; of a body of length 0 in chunks.
pub(super) fn head(status: u16, headers: &HeaderMap, length: u64) -> Vec<u8> {
    match length {
        0 => head_of(status, headers, "transfer-encoding: chunked\r\n"),
        length => head_of(status, headers, &format!("content-length: {length}\r\n")),
    }
}

fn head_of(status: u16, headers: &HeaderMap, framing: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} -\r\n{framing}").into_bytes();
    for (name, value) in headers {
        if matches!(
            name.as_str(),
            "content-length" | "transfer-encoding" | "connection"
        ) {
            continue;
        }
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The next request of a connection; nothing at its end.
pub(super) async fn read(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Asked>> {
    let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let (mut asked, head) = loop {
        if let Some(found) = parse(buffer)? {
            break found;
        }
        if buffer.len() > MAX_HEAD {
            return Err(wrong("a head that is too long"));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let length = asked.headers.get("content-length");
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    if asked.headers.contains_key("transfer-encoding") {
        return Err(wrong("a body in chunks"));
    }
    let length: usize = length.unwrap_or(0);
    if length > MAX_BODY {
        return Err(wrong("a body that is too long"));
    }
    while buffer.len() < head + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let rest = buffer.split_off(head + length);
    asked.body = buffer.split_off(head);
    *buffer = rest;
    // Of this connection, not of the next.
    for name in ["connection", "host", "content-length"] {
        asked.headers.remove(name);
    }
    Ok(Some(asked))
}

/// A head, and its length.
fn parse(buffer: &[u8]) -> io::Result<Option<(Asked, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(buffer).map_err(io::Error::other)?;
    let httparse::Status::Complete(head) = parsed else {
        return Ok(None);
    };
    let mut kept = HeaderMap::new();
    for header in request.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(io::Error::other)?;
        let value = HeaderValue::from_bytes(header.value).map_err(io::Error::other)?;
        kept.append(name, value);
    }
    let asked = Asked {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        headers: kept,
        body: Vec::new(),
    };
    Ok(Some((asked, head)))
}
