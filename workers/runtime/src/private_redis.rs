//! A Redis of our own: started in the data folder, watched, and stopped with us.
//!
//! Invariants:
//! * it listens on a unix socket that only this user can open, and on no port;
//! * it keeps an append-only file and never evicts: an entry leaves Redis only when it is done;
//! * one server at a time works on the folder: whoever starts one holds the data folder's lock, and
//!   a server that outlived a crash of ours is adopted instead of joined by a second;
//! * it is in a process group of its own, so that Ctrl-C reaches us alone and what is in work can
//!   end before its queue does;
//! * its data may be lost at any moment without harm (the ledger is the truth), so an append-only
//!   file that Redis refuses to read is set aside and the start goes on.

mod place;
mod probe;
mod server;
mod watch;

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use place::RedisPlace;

use crate::{DataDirLock, Machine};

/// Why there is no private Redis. Each is one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PrivateRedisError {
    /// Neither program is there.
    #[error(
        "no Redis found: neither `redis-server` nor `valkey-server` is in PATH; install one (`apt-get install redis-server`, `brew install redis`), run deploy/quickstart.sh, or name a running one with --redis-url"
    )]
    NoProgram,
    /// Its folder cannot be used.
    #[error("cannot use the folder `{}` for the private Redis: {source}; choose another place with --data-dir", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// No path for the socket is short enough.
    #[error(
        "the path `{}` is too long for a unix socket (at most 99 bytes); choose a shorter --data-dir, or name a running Redis with --redis-url",
        .0.display()
    )]
    SocketPathTooLong(PathBuf),
    /// The folder for a short socket path belongs to somebody else.
    #[error(
        "the folder `{}` for the socket of the private Redis is open to other users; remove it, or choose a shorter --data-dir",
        .0.display()
    )]
    SocketFolderOpen(PathBuf),
    /// It cannot be run, or ends at once.
    #[error("the private Redis (`{}`) did not start: {said}; its log is `{}`", program.display(), log.display())]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// The end of its log, or the cause.
        said: String,
        /// Its log.
        log: PathBuf,
    },
    /// A server left by an earlier run holds the folder.
    #[error(
        "a Redis left by an earlier run (process {pid}) holds the folder `{}` and does not answer; end that process, then start again",
        folder.display()
    )]
    Stuck {
        /// The process.
        pid: i32,
        /// The folder.
        folder: PathBuf,
    },
}

/// The private Redis of a data folder, watched until [`stop`](Self::stop).
///
/// Dropped without `stop`, as in a crash, the server goes on and the next start adopts it.
#[derive(Debug)]
pub struct PrivateRedis {
    place: RedisPlace,
    adopted: bool,
    pid: tokio::sync::watch::Receiver<Option<i32>>,
    stopping: CancellationToken,
    watcher: JoinHandle<()>,
}

impl PrivateRedis {
    /// Adopts the server of an earlier run, or starts one, and waits until it serves.
    pub async fn start(lock: &DataDirLock, machine: &Machine) -> Result<Self, PrivateRedisError> {
        let place = RedisPlace::of(lock.path(), machine);
        place.prepare()?;
        let (server, adopted) = match server::adopt(&place).await? {
            Some(server) => (server, true),
            None => (server::launch(&place, machine).await?, false),
        };
        tracing::info!(
            redis.pid = server.pid(),
            redis.socket = %place.socket().display(),
            redis.adopted = adopted,
            "the private redis serves"
        );
        let stopping = CancellationToken::new();
        let (tell, pid) = tokio::sync::watch::channel(Some(server.pid()));
        let watcher = tokio::spawn(watch::watch(
            server,
            place.clone(),
            machine.clone(),
            tell,
            stopping.clone(),
        ));
        Ok(Self {
            place,
            adopted,
            pid,
            stopping,
            watcher,
        })
    }

    /// Its address, `redis+unix:///…`; stays the same over restarts.
    pub fn url(&self) -> String {
        self.place.url()
    }

    /// Whether it was left by an earlier run.
    pub fn was_adopted(&self) -> bool {
        self.adopted
    }

    /// Its process; absent while it is being started again.
    pub fn pid(&self) -> Option<i32> {
        *self.pid.borrow()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// Stops it: politely, then firmly. Returns when it has ended.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if (&mut self.watcher).await.is_err() {
            tracing::error!("the watcher of the private redis broke off; the next start adopts it");
        }
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        // Nobody may start a second server once the lock of the data folder can be free.
        self.watcher.abort();
    }
}
