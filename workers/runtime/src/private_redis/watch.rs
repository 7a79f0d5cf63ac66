//! Keeps a server running.

use std::time::Duration;

use tokio::{
    sync::watch::Sender,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    RedisPlace,
    server::{self, Server},
};
use crate::Machine;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that lived so long has earned a fresh start.
const STEADY_AFTER: Duration = Duration::from_secs(30);

/// Starts the server again whenever it ends, until `stopping`; then ends it.
pub(super) async fn watch(
    mut server: Server,
    place: RedisPlace,
    machine: Machine,
    tell: Sender<Option<i32>>,
    stopping: CancellationToken,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let since = Instant::now();
        let how = tokio::select! {
            how = server.ended() => how,
            () = stopping.cancelled() => break server.end(&place).await,
        };
        tell.send_replace(None);
        tracing::error!(
            redis.pid = server.pid(),
            redis.status = how,
            "the private redis died; starting it again"
        );
        if since.elapsed() > STEADY_AFTER {
            pause = FIRST_PAUSE;
        }
        server = loop {
            tokio::select! {
                () = sleep(pause) => {}
                () = stopping.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            // Not cancelled midway: a server that is starting must not be left behind.
            match server::launch(&place, &machine).await {
                Ok(server) => break server,
                Err(error) => tracing::error!(%error, "the private redis does not come back"),
            }
        };
        tracing::info!(redis.pid = server.pid(), "the private redis serves again");
        tell.send_replace(Some(server.pid()));
    }
}
