//! Connections that come back by themselves.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError,
    RedisResult, ScriptInvocation, ServerErrorKind, Value, aio::MultiplexedConnection,
};
use tokio::sync::Mutex;
use tracing::{debug, info, warn};

/// One connection, made when first needed and again after it broke.
///
/// A command that finds an older connection broken is repeated once on a new one: a connection
/// that was idle may have died long ago, and only a new one tells whether Redis lives. So commands
/// sent this way must bear being run twice.
#[derive(Debug)]
pub(crate) struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    current: Mutex<Option<MultiplexedConnection>>,
}

impl Link {
    pub(crate) fn new(client: Client, connect: Duration, response: Duration) -> Self {
        Self {
            client,
            config: AsyncConnectionConfig::new()
                .set_connection_timeout(Some(connect))
                .set_response_timeout(Some(response)),
            current: Mutex::new(None),
        }
    }

    /// The connection, and whether it was made just now.
    pub(crate) async fn connection(&self) -> RedisResult<(MultiplexedConnection, bool)> {
        let mut current = self.current.lock().await;
        if let Some(connection) = current.as_ref() {
            return Ok((connection.clone(), false));
        }
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&self.config)
            .await?;
        *current = Some(made.clone());
        Ok((made, true))
    }

    /// Gives the connection up if `error` says that it is of no more use: it broke, it stalled, or
    /// the server behind it is not (or not yet) the one to write to, as after a failover.
    pub(crate) async fn judge(&self, error: &RedisError) {
        let useless = error.is_io_error()
            || error.is_unrecoverable_error()
            || match error.kind() {
                ErrorKind::Server(kind) => matches!(
                    kind,
                    ServerErrorKind::ReadOnly
                        | ServerErrorKind::MasterDown
                        | ServerErrorKind::BusyLoading
                ),
                _ => false,
            };
        if useless {
            *self.current.lock().await = None;
        }
    }

    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        self.send(Order::Command(command)).await
    }

    /// Runs a pipeline; an error of any of its commands is an error.
    pub(crate) async fn run(&self, pipeline: &Pipeline) -> RedisResult<Vec<Value>> {
        self.send(Order::Pipeline(pipeline)).await
    }

    /// Runs a script.
    pub(crate) async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> RedisResult<T> {
        self.send(Order::Script(script)).await
    }

    async fn send<T: FromRedisValue>(&self, order: Order<'_>) -> RedisResult<T> {
        loop {
            let (mut connection, new) = self.connection().await?;
            let result = match order {
                Order::Command(command) => command.query_async(&mut connection).await,
                Order::Pipeline(pipeline) => pipeline.query_async(&mut connection).await,
                Order::Script(script) => script.invoke_async(&mut connection).await,
            };
            let error = match result {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            self.judge(&error).await;
            if new || !error.is_connection_dropped() {
                return Err(error);
            }
        }
    }
}

/// What may be sent.
#[derive(Clone, Copy)]
enum Order<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

/// Whether the stream or its group is gone, as after FLUSHALL.
pub(crate) fn group_is_missing(error: &RedisError) -> bool {
    matches!(error.code(), Some("NOGROUP" | "UNBLOCKED"))
}

/// A series of failures of one background task: how long to wait, and what to log. The first
/// failure is a warning, the rest is for debugging, the end is told.
#[derive(Debug)]
pub(crate) struct Outage {
    doing: &'static str,
    failures: u32,
}

impl Outage {
    pub(crate) const fn new(doing: &'static str) -> Self {
        Self { doing, failures: 0 }
    }

    /// Notes a failure and tells how long to wait: 20 ms doubling to 1 s, with jitter so that a
    /// fleet does not come back all at once.
    #[must_use]
    pub(crate) fn failed(&mut self, error: &RedisError) -> Duration {
        if self.failures == 0 {
            warn!(queue.doing = self.doing, %error, "redis failed; trying again until it is back");
        } else {
            debug!(queue.doing = self.doing, %error, queue.failures = self.failures, "redis failed again");
        }
        self.failures = self.failures.saturating_add(1);
        let most = 20_u64 << self.failures.min(6);
        Duration::from_millis(rand::random_range(most / 2..=most.min(1000)))
    }

    /// Notes a success.
    pub(crate) fn over(&mut self) {
        if self.failures > 0 {
            info!(
                queue.doing = self.doing,
                queue.failures = self.failures,
                "redis is back"
            );
            self.failures = 0;
        }
    }
}
