//! Telling those who wait that something may have become available.
//!
//! In this process a counter moves. From other processes: on SQLite one held connection asks for
//! `PRAGMA data_version`, which moves with every commit of another connection; on PostgreSQL a
//! notification is sent after the commit, in a transaction of its own that writes nothing (inside
//! the commit, notifications would make all commits wait for each other's fsync).

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sqlx::{SqliteConnection, postgres::PgListener};
use tokio::sync::{Mutex, watch};

use crate::engine::Pools;

const CHANNEL: &str = "clerkwork_work";
const POLL: Duration = Duration::from_millis(20);
const RELISTEN: Duration = Duration::from_secs(1);

/// The counter, and the ear for other processes, which exists only while somebody waits.
#[derive(Debug)]
pub(crate) struct Wake {
    signal: watch::Sender<u64>,
    /// Marks this process's own notifications.
    token: String,
    ear: Mutex<Option<Ear>>,
    closed: AtomicBool,
}

#[derive(Debug)]
enum Ear {
    Sqlite {
        connection: sqlx::pool::PoolConnection<sqlx::Sqlite>,
        version: i64,
    },
    Postgres(PgListener),
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            signal: watch::Sender::new(0),
            token: format!("{:016x}", rand::random::<u64>()),
            ear: Mutex::default(),
            closed: AtomicBool::default(),
        }
    }
}

impl Wake {
    /// The present count.
    pub(crate) fn count(&self) -> u64 {
        *self.signal.borrow()
    }

    /// Something may have become available.
    pub(crate) fn ring(&self) {
        self.signal.send_modify(|count| *count += 1);
    }

    /// Lets all who wait go, and gives the held connection back.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.ring();
        *self.ear.lock().await = None;
    }

    /// Tells other processes; on SQLite they see the commit itself. Best effort: who waits for
    /// work also looks for it from time to time.
    pub(crate) async fn ring_abroad(&self, pools: &Pools) {
        if let Pools::Postgres { write, .. } = pools {
            let told = sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(&self.token)
                .execute(write)
                .await;
            if let Err(error) = told {
                tracing::debug!(%error, "other processes were not told of new work");
            }
        }
    }

    /// Returns the count once it is greater than `seen`, or the present one at `timeout`.
    pub(crate) async fn wait(&self, seen: u64, timeout: Duration, pools: &Pools) -> u64 {
        let mut signal = self.signal.subscribe();
        let here = signal.wait_for(|count| *count > seen);
        tokio::select! {
            _ = here => {}
            () = self.listen(pools) => {}
            () = tokio::time::sleep(timeout) => {}
        }
        self.count()
    }

    /// Listens to other processes until dropped; rings when it hears something.
    async fn listen(&self, pools: &Pools) {
        loop {
            let mut ear = self.ear.lock().await;
            if self.closed.load(Ordering::SeqCst) {
                drop(ear);
                return std::future::pending().await;
            }
            if ear.is_none() {
                *ear = Ear::open(pools)
                    .await
                    .inspect_err(|error| tracing::debug!(%error, "no ear for other processes"))
                    .ok();
                // What was committed before the ear opened was heard by nobody.
                if ear.is_some() {
                    self.ring();
                }
            }
            // It stays in its place while it listens, so that being dropped loses nothing.
            let heard = match ear.as_mut() {
                Some(ear) => ear.hear(&self.token).await,
                None => Ok(false),
            };
            match heard {
                Ok(true) => self.ring(),
                Ok(false) => {
                    drop(ear);
                    tokio::time::sleep(RELISTEN).await;
                }
                Err(error) => {
                    tracing::debug!(%error, "the ear for other processes failed");
                    *ear = None;
                }
            }
        }
    }
}

impl Ear {
    async fn open(pools: &Pools) -> Result<Self, sqlx::Error> {
        match pools {
            Pools::Sqlite { read, .. } => {
                let mut connection = read.acquire().await?;
                let version = data_version(&mut connection).await?;
                Ok(Self::Sqlite {
                    connection,
                    version,
                })
            }
            Pools::Postgres { read, .. } => {
                let mut listener = PgListener::connect_with(read).await?;
                listener.listen(CHANNEL).await?;
                Ok(Self::Postgres(listener))
            }
        }
    }

    /// Returns `true` when something was heard.
    async fn hear(&mut self, own: &str) -> Result<bool, sqlx::Error> {
        match self {
            Self::Sqlite {
                connection,
                version,
            } => loop {
                let now = data_version(connection).await?;
                if now != *version {
                    *version = now;
                    return Ok(true);
                }
                tokio::time::sleep(POLL).await;
            },
            Self::Postgres(listener) => {
                while listener.recv().await?.payload() == own {}
                Ok(true)
            }
        }
    }
}

async fn data_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}
