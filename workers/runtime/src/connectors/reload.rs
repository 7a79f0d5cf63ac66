//! Reading the files of connectors again, in every process, when a person has said so.

use std::{sync::Weak, time::Duration};

use clerkwork_audit::EventType;
use clerkwork_core::EventId;
use clerkwork_declarative::Folder;
use clerkwork_ledger::{EventFilter, Ledger, LedgerError, LedgerErrorKind, Order, Page};

/// How often it is asked for.
const EVERY: Duration = Duration::from_secs(1);

/// The last time that a person had the files read again.
async fn latest(ledger: &Ledger) -> Result<Option<EventId>, LedgerError> {
    let filter = EventFilter {
        kind: Some(EventType::ConnectorsReloaded.as_str().to_owned()),
        ..EventFilter::default()
    };
    let found = ledger
        .search(&filter, Order::Newest, Page::first(1))
        .await?;
    Ok(found.events.first().map(|event| event.id))
}

/// Follows the ledger until it is closed, or nobody holds the folder any more.
pub(super) async fn follow(folder: Weak<Folder>, ledger: Ledger) {
    // Nothing known yet: what was said while the files were read at the start is done once more.
    let mut known = None;
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(folder) = folder.upgrade() else {
            return;
        };
        let now = match latest(&ledger).await {
            Ok(now) => now,
            Err(error) if error.kind() == LedgerErrorKind::Closed => return,
            // Others tell that the ledger is away.
            Err(_) => continue,
        };
        if now == known {
            continue;
        }
        match folder.reload() {
            Ok(told) => {
                known = now;
                for fault in &told.faults {
                    tracing::error!(%fault, "a connector stays as it was: its file is broken");
                }
                tracing::info!(loaded = ?told.loaded, removed = ?told.removed, "connectors were read again");
            }
            Err(error) => tracing::error!(%error, "the folder of connectors cannot be read"),
        }
    }
}
