//! The queue as producers and overseers see it.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use clerkwork_core::{Entry, Lane};
use redis::{Client, IntoConnectionInfo, RedisResult};

use crate::{
    QueueError, QueueOptions, StreamBackend,
    keys::{GROUP, LaneKeys, index},
    link::Link,
    wire::add,
};

/// Entries in one round trip of a push.
const PUSH_BATCH: usize = 500;

/// A queue of three lanes in Redis. Cheap to clone; clones share a connection.
#[derive(Clone)]
pub struct Queue {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    address: String,
    options: QueueOptions,
    keys: [LaneKeys; 3],
    link: Link,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("address", &self.inner.address)
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// Its version, for example `7.0.15`.
    pub version: String,
    /// Changes whenever the server process does.
    pub run_id: String,
    /// Memory in use.
    pub used_memory_bytes: u64,
    /// The limit on memory; 0 is none.
    pub max_memory_bytes: u64,
    /// Must be `noeviction`: any other policy may throw entries away.
    pub max_memory_policy: String,
    /// Whether writes go to an append-only file and so survive a restart.
    pub append_only: bool,
}

impl Queue {
    /// Connects to `redis://…`, `rediss://…`, `redis+unix:///path` or `unix:///path`, and creates
    /// the lanes where they are missing.
    ///
    /// # Errors
    /// When a setting is out of range, the address is none, or Redis cannot be reached now. Later
    /// outages are survived.
    pub async fn connect(url: &str, options: QueueOptions) -> Result<Self, QueueError> {
        options.check()?;
        let invalid = |source| QueueError::InvalidAddress {
            address: without_password(url),
            source,
        };
        let info = url.into_connection_info().map_err(invalid)?;
        let address = info.addr().to_string();
        let client = Client::open(info).map_err(invalid)?;
        let queue = Self {
            inner: Arc::new(Inner {
                link: Link::new(
                    client.clone(),
                    options.connect_timeout,
                    options.response_timeout,
                ),
                client,
                address,
                keys: Lane::ALL.map(|lane| LaneKeys::new(&options.prefix, lane)),
                options,
            }),
        };
        queue.ping().await?;
        queue.ensure().await?;
        Ok(queue)
    }

    /// Appends `entries` to a lane, in order. At least once: when this fails, some may be there,
    /// and after a broken connection some may be there twice. Readers must expect both, which the
    /// ledger's compare-and-set on the attempt does.
    ///
    /// # Errors
    /// When Redis is unreachable or refuses, for example because its memory is full.
    pub async fn push(&self, lane: Lane, entries: &[Entry]) -> Result<(), QueueError> {
        let key = &self.keys(lane).stream;
        for batch in entries.chunks(PUSH_BATCH) {
            let mut pipeline = redis::Pipeline::with_capacity(batch.len());
            for entry in batch {
                pipeline.add_command(add(key, entry));
            }
            let result = self.inner.link.run(&pipeline).await;
            self.checked("push entries", result)?;
        }
        Ok(())
    }

    /// Entries of a lane that nobody has acknowledged: waiting and being worked on.
    ///
    /// # Errors
    /// When Redis is unreachable.
    pub async fn len(&self, lane: Lane) -> Result<u64, QueueError> {
        let mut command = redis::cmd("XLEN");
        command.arg(&self.keys(lane).stream);
        self.checked("count entries", self.inner.link.query(&command).await)
    }

    /// Creates the lanes and their reader group where they are missing, as after FLUSHALL. Readers
    /// do this by themselves.
    ///
    /// # Errors
    /// When Redis is unreachable.
    pub async fn ensure(&self) -> Result<(), QueueError> {
        for lane in Lane::ALL {
            self.checked("create a lane", self.ensure_lane(lane).await)?;
        }
        Ok(())
    }

    pub(crate) async fn ensure_lane(&self, lane: Lane) -> RedisResult<()> {
        let mut command = redis::cmd("XGROUP");
        // From 0, so that what was pushed before the group existed is read.
        command
            .arg("CREATE")
            .arg(&self.keys(lane).stream)
            .arg(GROUP)
            .arg("0")
            .arg("MKSTREAM");
        match self.inner.link.query(&command).await {
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            result => result,
        }
    }

    /// The apalis backend of one worker. `consumer` names it in Redis and must differ at every
    /// boot of every worker; see [`StreamBackend`].
    pub fn backend(&self, consumer: &str) -> StreamBackend {
        StreamBackend::new(self.clone(), consumer)
    }

    /// Asks for a sign of life and tells how long it took.
    ///
    /// # Errors
    /// When Redis is unreachable.
    pub async fn ping(&self) -> Result<Duration, QueueError> {
        let start = std::time::Instant::now();
        let answer = self.inner.link.query(&redis::cmd("PING")).await;
        self.checked::<()>("answer PING", answer)?;
        Ok(start.elapsed())
    }

    /// What the server says of itself, for health checks.
    ///
    /// # Errors
    /// When Redis is unreachable.
    pub async fn server_info(&self) -> Result<ServerInfo, QueueError> {
        let answer: String = self.checked(
            "tell about itself",
            self.inner.link.query(&redis::cmd("INFO")).await,
        )?;
        let facts: HashMap<&str, &str> = answer
            .lines()
            .filter_map(|line| line.trim_end().split_once(':'))
            .collect();
        let text = |name: &str| facts.get(name).copied().unwrap_or_default().to_owned();
        let number = |name: &str| {
            let digits = facts.get(name).copied().unwrap_or_default();
            digits.parse().unwrap_or_default()
        };
        Ok(ServerInfo {
            version: text("redis_version"),
            run_id: text("run_id"),
            used_memory_bytes: number("used_memory"),
            max_memory_bytes: number("maxmemory"),
            max_memory_policy: text("maxmemory_policy"),
            append_only: text("aof_enabled") == "1",
        })
    }

    /// Where Redis is, without a password.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// The settings.
    pub fn options(&self) -> &QueueOptions {
        &self.inner.options
    }

    pub(crate) fn keys(&self, lane: Lane) -> &LaneKeys {
        &self.inner.keys[index(lane)]
    }

    /// The connection shared by all clones.
    pub(crate) fn link(&self) -> &Link {
        &self.inner.link
    }

    /// A connection of its own; `extra` is added to the time an answer may take.
    pub(crate) fn own_link(&self, extra: Duration) -> Link {
        let options = &self.inner.options;
        Link::new(
            self.inner.client.clone(),
            options.connect_timeout,
            options.response_timeout + extra,
        )
    }

    pub(crate) fn checked<T>(
        &self,
        doing: &'static str,
        result: RedisResult<T>,
    ) -> Result<T, QueueError> {
        result.map_err(|source| QueueError::Redis {
            address: self.inner.address.clone(),
            doing,
            source,
        })
    }
}

/// An address that may be shown: between `//` and `@` stands the password.
fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}…{}", &url[..scheme + 3], &url[at..])
        }
        _ => url.split('?').next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_shown_address_has_no_password() {
        assert_eq!(without_password("redis://u:p@h:1/0"), "redis://…@h:1/0");
        assert_eq!(without_password("unix:///s?pass=p"), "unix:///s");
        assert_eq!(without_password("nonsense"), "nonsense");
    }
}
