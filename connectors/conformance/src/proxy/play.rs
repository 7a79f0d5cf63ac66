//! What a request gets.

use std::{io, time::Duration};

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    Inner,
    trouble::Trouble,
    wire::{Asked, head, put, typed},
};
use crate::Exchange;

/// How a body without end is announced, and how much of one is given at most.
const GIGABYTE: u64 = 1 << 30;

/// How long a body that drips says it is.
const DRIPPED: u64 = 10_000;

/// Answers a request. Whether the connection goes on.
pub(super) async fn answer(
    stream: &mut TcpStream,
    inner: &Inner,
    asked: &Asked,
    trouble: Option<Trouble>,
    exchange: &mut Exchange,
) -> io::Result<bool> {
    let json = "application/json";
    match trouble {
        None => {
            let (status, headers, body) = forward(stream, inner, asked, exchange).await?;
            put(stream, status, &headers, &body, exchange).await
        }
        Some(Trouble::SignedOut) => {
            let mut asked = asked.clone();
            asked.headers.remove("cookie");
            let (status, headers, body) = forward(stream, inner, &asked, exchange).await?;
            put(stream, status, &headers, &body, exchange).await
        }
        Some(Trouble::Status {
            status,
            retry_after,
        }) => {
            let mut headers = typed(json);
            if let Some(seconds) = retry_after {
                headers.insert("retry-after", HeaderValue::from(seconds));
            }
            put(stream, status, &headers, b"{}", exchange).await
        }
        Some(Trouble::CutBefore) => Ok(false),
        Some(Trouble::CutAfter) => {
            forward(stream, inner, asked, exchange).await?;
            Ok(false)
        }
        Some(Trouble::Silence) => {
            // Until the connector hangs up.
            let _ = stream.read(&mut [0]).await?;
            Ok(false)
        }
        Some(Trouble::Drip) => {
            stream.write_all(&head(200, &typed(json), DRIPPED)).await?;
            exchange.status = Some(200);
            loop {
                stream.write_all(b" ").await?;
                exchange.bytes_out += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Some(Trouble::Endless) => {
            stream.write_all(&head(200, &typed(json), 0)).await?;
            exchange.status = Some(200);
            let chunk = [b' '; 64 * 1024];
            while exchange.bytes_out < GIGABYTE {
                let length = format!("{:x}\r\n", chunk.len());
                stream.write_all(length.as_bytes()).await?;
                stream.write_all(&chunk).await?;
                stream.write_all(b"\r\n").await?;
                exchange.bytes_out += chunk.len() as u64;
            }
            Ok(false)
        }
        Some(Trouble::Maintenance) => show(stream, "系统维护", exchange).await,
        Some(Trouble::OtherPage) => show(stream, "新版首页", exchange).await,
        Some(Trouble::Redirect(to)) => {
            let mut headers = typed(json);
            if let Ok(to) = HeaderValue::from_str(to.as_str()) {
                headers.insert("location", to);
            }
            put(stream, 302, &headers, b"", exchange).await
        }
        Some(Trouble::Torn) => {
            let (status, headers, body) = forward(stream, inner, asked, exchange).await?;
            let half = body.get(..body.len() / 2).unwrap_or_default();
            put(stream, status, &headers, half, exchange).await
        }
    }
}

/// A page that is no answer.
async fn show(stream: &mut TcpStream, title: &str, exchange: &mut Exchange) -> io::Result<bool> {
    let page = format!(
        "<html><head><title>{title}</title></head><body><main>{title}</main></body></html>"
    );
    let html = typed("text/html; charset=utf-8");
    put(stream, 200, &html, page.as_bytes(), exchange).await
}

/// Whether the other side has ended the connection.
async fn has_gone(stream: &TcpStream) -> bool {
    let peeked = tokio::time::timeout(Duration::ZERO, stream.peek(&mut [0])).await;
    matches!(peeked, Ok(Ok(0) | Err(_)))
}

async fn forward(
    stream: &TcpStream,
    inner: &Inner,
    asked: &Asked,
    exchange: &mut Exchange,
) -> io::Result<(u16, HeaderMap, Vec<u8>)> {
    let url = inner
        .upstream
        .join(&asked.target)
        .map_err(io::Error::other)?;
    let method = Method::from_bytes(asked.method.as_bytes()).map_err(io::Error::other)?;
    let request = inner
        .client
        .request(method, url)
        .headers(asked.headers.clone());
    exchange.asked = true;
    let sent = request.body(asked.body.clone()).send().await;
    let response = sent.map_err(io::Error::other)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map_err(io::Error::other)?;
    // Whoever hung up meanwhile has not seen it, and goes by another answer.
    if !has_gone(stream).await {
        inner.keep(asked, status, &headers, &body);
    }
    let (headers, body) = inner.here(headers, &body);
    Ok((status, headers, body))
}
