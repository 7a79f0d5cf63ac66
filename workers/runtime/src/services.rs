//! What every part of a process works with, wired once.

use std::{collections::BTreeSet, sync::Arc};

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Clock, Digest, Office, WorkerId, canonical};
use clerkwork_kinds::{Registry, Upstreams};
use clerkwork_ledger::{EventFilter, Ledger, LedgerError, Order, Page};
use clerkwork_queue::Queue;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Config, Oversight, Witness, WitnessError};

/// The wired parts of one process.
#[derive(Clone)]
pub struct Services {
    /// The checked configuration.
    pub config: Arc<Config>,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// The SQL truth.
    pub ledger: Ledger,
    /// The queue.
    pub queue: Queue,
    /// The policy in force and the brakes.
    pub oversight: Oversight,
    /// The job kinds.
    pub kinds: Arc<Registry>,
    /// The systems that kinds speak to.
    pub upstreams: Upstreams,
    /// This boot of this process.
    pub worker: WorkerId,
    /// The process's name in events and lists, for example `host-1234`.
    pub name: String,
    /// Cancelled when the process is to stop taking new work.
    pub draining: CancellationToken,
}

impl Services {
    /// The fleet's robot of this process.
    pub fn robot(&self) -> Actor {
        Actor::Robot(self.name.clone())
    }
}

impl Services {
    /// Records the settings in force, unless they are those that were recorded last.
    ///
    /// # Errors
    /// The ledger cannot take it: then nothing may be done under these settings.
    pub async fn tell_settings(&self) -> Result<(), LedgerError> {
        let settings = self.config.settings().iter();
        let settings: Map<String, Value> = settings
            .map(|setting| (setting.key.clone(), setting.value.clone().into()))
            .collect();
        let mut bytes = Vec::new();
        canonical::write_object(&settings, &mut bytes)
            .map_err(|error| LedgerError::Invalid(error.to_string()))?;
        let digest = Digest::of(&[&bytes]).to_string();
        let filter = EventFilter {
            kind: Some(EventType::ConfigLoaded.as_str().to_owned()),
            ..EventFilter::default()
        };
        let page = Page::first(1);
        let last = self.ledger.search(&filter, Order::Newest, page).await?;
        let last = last.events.first().map(|event| &event.bytes);
        let last: Value = last.map_or(Value::Null, |bytes| {
            serde_json::from_slice(bytes).unwrap_or_default()
        });
        let last = &last["data"];
        if last["config"] == digest.as_str() {
            return Ok(());
        }
        let before = &last["settings"];
        let gone = before.as_object().into_iter().flat_map(Map::keys);
        let names: BTreeSet<_> = settings.keys().chain(gone).collect();
        let changed: Vec<_> = names
            .into_iter()
            .filter(|name| before.get(name.as_str()) != settings.get(name.as_str()))
            .collect();
        let data = json!({
            "changed": changed,
            "config": digest,
            "settings": settings,
            "version": env!("CARGO_PKG_VERSION"),
            "worker": self.worker.to_string(),
        });
        let event = EventDraft::new(EventType::ConfigLoaded, self.robot(), data);
        self.ledger.record(Office::default(), event).await?;
        Ok(())
    }
}

/// Tells a witness the latest head, and records that.
///
/// # Errors
/// It was not told, in one sentence, or the ledger cannot take the record.
pub async fn publish(
    ledger: &Ledger,
    witness: &Witness,
    by: Actor,
    office: Office,
) -> Result<Option<u64>, PublishError> {
    let Some(head) = ledger.checkpoint(None).await? else {
        return Ok(None);
    };
    witness.tell(&head, ledger.clock().now()).await?;
    let data = json!({"size": head.size, "to": witness.shown()});
    let event = EventDraft::new(EventType::LogPublished, by, data);
    ledger.record(office, event).await?;
    Ok(Some(head.size))
}

/// Why a head was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The witness.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
