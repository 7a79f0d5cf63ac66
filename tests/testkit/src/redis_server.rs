//! A private Redis.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::Signal;

use crate::watched::{Watched, find_program};

const START_WITHIN: Duration = Duration::from_secs(20);

/// A Redis (or Valkey) server of one test: own folder, unix socket only, gone when dropped.
#[derive(Debug)]
pub struct Redis {
    folder: PathBuf,
    append_only: bool,
    server: Option<Watched>,
}

impl Redis {
    /// Starts a server that writes an append-only file, so that its data survive
    /// [`kill9`](Self::kill9) and [`restart`](Self::restart).
    ///
    /// # Panics
    /// When no server can be started; the message holds its log.
    pub async fn start() -> Self {
        Self::start_with(true).await
    }

    /// Starts a server that keeps nothing: after a restart it is empty.
    ///
    /// # Panics
    /// When no server can be started; the message holds its log.
    pub async fn forgetful() -> Self {
        Self::start_with(false).await
    }

    async fn start_with(append_only: bool) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("cw-redis-")
            .tempdir()
            .expect("a folder for redis")
            .keep();
        let mut redis = Self {
            folder,
            append_only,
            server: None,
        };
        redis.launch().await;
        redis
    }

    /// The address as `redis+unix:///path/to/socket`.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// The unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("redis.sock")
    }

    /// Ends the server at once, as a crash would; its folder stays.
    pub fn kill9(&mut self) {
        if let Some(server) = self.server.take() {
            server.signal(Signal::KILL).expect("redis was running");
            server.stop_and_keep().expect("the watcher of redis ends");
        }
    }

    /// Starts the server again with the same folder and socket, ending it first if it runs.
    pub async fn restart(&mut self) {
        self.kill9();
        self.launch().await;
    }

    /// Stalls the server: connections stay open, nothing is answered until [`thaw`](Self::thaw).
    pub fn freeze(&self) {
        if let Some(server) = &self.server {
            server.signal(Signal::STOP).expect("redis was running");
        }
    }

    /// Ends a stall.
    pub fn thaw(&self) {
        if let Some(server) = &self.server {
            server.signal(Signal::CONT).expect("redis was running");
        }
    }

    async fn launch(&mut self) {
        let (folder, append_only) = (self.folder.clone(), self.append_only);
        let started = tokio::task::spawn_blocking(move || launch(&folder, append_only))
            .await
            .expect("the start of redis does not panic");
        match started {
            Ok(server) => self.server = Some(server),
            Err(error) => {
                let log = std::fs::read_to_string(self.folder.join("server.log"));
                panic!("redis did not start: {error}\n{}", log.unwrap_or_default())
            }
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // A running server's watcher removes the folder.
        if self.server.take().is_none() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn launch(folder: &Path, append_only: bool) -> io::Result<Watched> {
    let program = find_program(&["redis-server", "valkey-server"], &[]).ok_or_else(|| {
        io::Error::other("neither `redis-server` nor `valkey-server` is in PATH; install one")
    })?;
    let socket = folder.join("redis.sock");
    if socket.as_os_str().len() >= 100 {
        return Err(io::Error::other(format!(
            "the socket path `{}` is too long for a unix socket; set TMPDIR to a shorter folder",
            socket.display()
        )));
    }
    let append_only = if append_only { "yes" } else { "no" };
    let args = [
        ("--port", "0"),
        ("--unixsocket", &socket.to_string_lossy()),
        ("--unixsocketperm", "700"),
        ("--dir", &folder.to_string_lossy()),
        ("--appendonly", append_only),
        ("--save", ""),
        ("--maxmemory-policy", "noeviction"),
        ("--daemonize", "no"),
    ]
    .iter()
    .flat_map(|(name, value)| [name.to_string(), value.to_string()])
    .collect::<Vec<_>>();
    let server = Watched::start(folder, "KILL", None, &program, &args)?;
    let end = Instant::now() + START_WITHIN;
    loop {
        let trouble = match answers(&socket) {
            Ok(true) => return Ok(server),
            Ok(false) => "it does not answer PING".to_string(),
            Err(error) => error.to_string(),
        };
        if Instant::now() > end {
            server.stop_and_keep()?;
            return Err(io::Error::other(trouble));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether the server serves commands, which it refuses while it loads its data.
fn answers(socket: &Path) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    Ok(&answer == b"+PONG")
}
