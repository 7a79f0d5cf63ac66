//! The first Ctrl-C or SIGTERM lets the items in work end, the second ends at once.

use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{failure::Exit, out::Out};

/// Hears signals until it is aborted.
pub fn listen(out: Out, draining: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        signalled().await;
        out.note("ending: nothing new is taken; a second Ctrl-C ends at once");
        draining.cancel();
        signalled().await;
        out.note("ended at once; what was in work is taken over at the next start");
        std::process::exit(Exit::Interrupted as i32);
    })
}

/// Waits for Ctrl-C or SIGTERM.
pub async fn signalled() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
