//! What answers at the socket.

use std::{path::PathBuf, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, ServerErrorKind,
    aio::MultiplexedConnection,
};

use super::RedisPlace;

const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// A server that serves.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Serving {
    pub(super) pid: i32,
    pub(super) folder: PathBuf,
}

/// Connects and waits a short while for each answer.
pub(super) async fn connect(place: &RedisPlace) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(ANSWER_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN));
    Client::open(place.url())?
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

/// Asks who is there. An error when nobody is, or while the server still reads its data.
pub(super) async fn ask(place: &RedisPlace) -> RedisResult<Serving> {
    let mut connection = connect(place).await?;
    redis::cmd("PING").exec_async(&mut connection).await?;
    let (_, folder): (String, String) = redis::cmd("CONFIG")
        .arg(&["GET", "dir"])
        .query_async(&mut connection)
        .await?;
    let info: redis::InfoDict = redis::cmd("INFO")
        .arg("server")
        .query_async(&mut connection)
        .await?;
    Ok(Serving {
        pid: info.get("process_id").unwrap_or_default(),
        folder: PathBuf::from(folder),
    })
}

/// Whether the server is there but still reads its data.
pub(super) fn is_loading(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::BusyLoading)
}
