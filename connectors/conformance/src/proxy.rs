//! Stands between a connector and its upstream, keeps every exchange, and plays what goes wrong between them.

mod play;
mod trouble;
mod wire;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use reqwest::{
    Client, Url,
    header::{HeaderMap, HeaderValue},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{Exchange, cassette::Raw};
use play::answer;
pub use trouble::Trouble;
use wire::{Asked, read};

/// Most that is kept of what went to the upstream and came back, in bytes.
const TAPE: usize = 64 * 1024 * 1024;

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
