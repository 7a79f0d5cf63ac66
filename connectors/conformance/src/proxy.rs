//! Stands between a connector and its upstream, keeps every exchange, and plays what goes wrong between them.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{
    Client, Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{Exchange, cassette::Raw};

/// Longest head and longest body of a request.
const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Most that is kept of what went to the upstream and came back, in bytes.
const TAPE: usize = 64 * 1024 * 1024;

/// How a body without end is announced, and how much of one is given at most.
const GIGABYTE: u64 = 1 << 30;

/// How long a body that drips says it is.
const DRIPPED: u64 = 10_000;

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// This status instead of the upstream's answer; the upstream is not asked.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After` in seconds.
        retry_after: Option<u64>,
    },
    /// The connection ends before the upstream was asked.
    CutBefore,
    /// The upstream is asked, and its answer is lost.
    CutAfter,
    /// Nothing is said.
    Silence,
    /// A body that comes a byte at a time and never ends.
    Drip,
    /// A body of a gigabyte.
    Endless,
    /// A page of maintenance in place of the answer.
    Maintenance,
    /// A page in place of the answer which is none that the connector was made for.
    OtherPage,
    /// A redirect.
    Redirect(Url),
    /// An answer that ends in the middle.
    Torn,
    /// The upstream is asked without the cookies, as if it had forgotten the session.
    SignedOut,
}

impl Trouble {
    const fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::CutBefore => "connection cut before the upstream was asked",
            Self::CutAfter => "answer lost",
            Self::Silence => "no answer",
            Self::Drip => "body that drips",
            Self::Endless => "body of a gigabyte",
            Self::Maintenance => "maintenance page",
            Self::OtherPage => "another page",
            Self::Redirect(_) => "redirect",
            Self::Torn => "answer that ends in the middle",
            Self::SignedOut => "session forgotten",
        }
    }
}

/// What is played, and on which requests.
#[derive(Debug, Clone)]
struct Played {
    trouble: Trouble,
    on: On,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    All,
    Once,
    Writes,
    WriteOnce,
}

#[derive(Debug)]
struct Inner {
    upstream: Url,
    client: Client,
    trouble: Mutex<Option<Played>>,
    exchanges: Mutex<Vec<Exchange>>,
    tape: Mutex<Tape>,
    /// Where the upstream is, and where this listens instead: what it says of itself is followed here.
    origins: [String; 2],
}

#[derive(Debug, Default)]
struct Tape {
    kept: Vec<Raw>,
    bytes: usize,
}

/// A proxy that listens until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under the lock can leave it half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// No port can be had, or TLS cannot be set up.
    pub async fn start(upstream: Url) -> io::Result<Self> {
        // An error only says that the process has chosen a provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(io::Error::other)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            origins: [
                upstream.origin().ascii_serialization(),
                format!("http://{address}"),
            ],
            upstream,
            client,
            trouble: Mutex::default(),
            exchanges: Mutex::default(),
            tape: Mutex::default(),
        });
        let task = tokio::spawn({
            let inner = Arc::clone(&inner);
            async move {
                // They end with the proxy.
                let mut connections = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    while connections.try_join_next().is_some() {}
                    let inner = Arc::clone(&inner);
                    connections.spawn(async move {
                        // A connection that breaks is what the connector makes of it.
                        let _ = serve(stream, &inner).await;
                    });
                }
            }
        });
        Ok(Self {
            address,
            inner,
            task,
        })
    }

    /// Ends it, and every connection with it: whoever calls next finds nobody.
    pub async fn stop(mut self) {
        self.task.abort();
        // How it ended is known.
        let _ = (&mut self.task).await;
    }

    /// Keeps what another one has kept after its own.
    pub(crate) fn keep_of(&self, other: &Self) {
        let mut others = std::mem::take(&mut *lock(&other.inner.tape));
        let mut tape = lock(&self.inner.tape);
        tape.bytes += others.bytes;
        tape.kept.append(&mut others.kept);
    }

    /// Where it listens, with the upstream's path.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.inner.upstream.path())
    }

    /// Plays a trouble from the next request on; nothing: none.
    pub fn play(&self, trouble: Option<Trouble>) {
        *lock(&self.inner.trouble) = trouble.map(|trouble| Played {
            trouble,
            on: On::All,
        });
    }

    /// Plays a trouble with the next request only.
    pub fn play_once(&self, trouble: Trouble) {
        *lock(&self.inner.trouble) = Some(Played {
            trouble,
            on: On::Once,
        });
    }

    /// Plays a trouble with the next request that is no `GET`.
    pub fn play_on_write(&self, trouble: Trouble) {
        *lock(&self.inner.trouble) = Some(Played {
            trouble,
            on: On::WriteOnce,
        });
    }

    /// Plays a trouble with requests that are no `GET`.
    pub fn play_on_writes(&self, trouble: Trouble) {
        *lock(&self.inner.trouble) = Some(Played {
            trouble,
            on: On::Writes,
        });
    }

    /// All that went to the upstream and came back; nothing when it was too much to keep.
    pub(crate) fn tape(&self) -> Option<Vec<Raw>> {
        let mut tape = lock(&self.inner.tape);
        (tape.bytes <= TAPE).then(|| std::mem::take(&mut tape.kept))
    }

    /// The exchanges since the last time they were taken.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *lock(&self.inner.exchanges))
    }
}

impl Inner {
    fn keep(&self, asked: &Asked, status: u16, headers: &HeaderMap, body: &[u8]) {
        let mut tape = lock(&self.tape);
        tape.bytes += asked.body.len() + body.len();
        if tape.bytes <= TAPE {
            tape.kept.push(Raw {
                method: asked.method.clone(),
                target: asked.target.clone(),
                sent: asked.body.clone(),
                status,
                headers: headers.clone(),
                answer: body.to_vec(),
            });
        }
    }

    /// An answer in which the upstream is where this listens, as a gateway in front of it would have it.
    fn here(&self, mut headers: HeaderMap, body: &[u8]) -> (HeaderMap, Vec<u8>) {
        let [there, here] = &self.origins;
        let moved = |bytes: &[u8]| crate::bytes::replace(bytes, there.as_bytes(), here.as_bytes());
        for name in ["location", "link"] {
            let value = headers.get(name).map(|value| moved(value.as_bytes()));
            if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(&value).ok()) {
                headers.insert(name, value);
            }
        }
        (headers, moved(body))
    }

    fn trouble_of(&self, asked: &Asked) -> Option<Trouble> {
        let mut played = lock(&self.trouble);
        let now = played.clone()?;
        match now.on {
            On::All => {}
            On::WriteOnce if asked.method == "GET" => return None,
            On::Once | On::WriteOnce => *played = None,
            On::Writes if asked.method == "GET" => return None,
            On::Writes => {}
        }
        Some(now.trouble)
    }
}

/// A request as it came.
#[derive(Clone)]
struct Asked {
    method: String,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn serve(mut stream: TcpStream, inner: &Inner) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await? {
        let trouble = inner.trouble_of(&asked);
        let path = asked.target.split('?').next().unwrap_or_default();
        let mut exchange = Exchange {
            at: Instant::now(),
            method: asked.method.clone(),
            path: path.to_owned(),
            bytes_in: asked.body.len(),
            status: None,
            bytes_out: 0,
            played: trouble.as_ref().map(Trouble::name),
            asked: false,
        };
        // Kept from the moment it came: a connector may hang up long before it ends.
        lock(&inner.exchanges).push(exchange.clone());
        let done = answer(&mut stream, inner, &asked, trouble, &mut exchange).await;
        let mut kept = lock(&inner.exchanges);
        if let Some(same) = kept.iter_mut().find(|kept| kept.at == exchange.at) {
            *same = exchange;
        }
        drop(kept);
        if !done? {
            return Ok(());
        }
    }
    Ok(())
}

/// Answers a request. Whether the connection goes on.
async fn answer(
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
        Some(Trouble::Maintenance) => {
            let page = "<html><head><title>系统维护</title></head><body>系统维护中</body></html>";
            put(
                stream,
                200,
                &typed("text/html; charset=utf-8"),
                page.as_bytes(),
                exchange,
            )
            .await
        }
        Some(Trouble::OtherPage) => {
            let page =
                "<html><head><title>新版首页</title></head><body><main>欢迎</main></body></html>";
            put(
                stream,
                200,
                &typed("text/html; charset=utf-8"),
                page.as_bytes(),
                exchange,
            )
            .await
        }
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

fn typed(media_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(
        reqwest::header::CONTENT_TYPE,
        HeaderValue::from_static(media_type),
    )])
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

async fn put(
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
fn head(status: u16, headers: &HeaderMap, length: u64) -> Vec<u8> {
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
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Asked>> {
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
