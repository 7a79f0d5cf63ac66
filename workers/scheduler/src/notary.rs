//! The notary: numbers the events that were committed, signs heads over them, and hands those to others.
//!
//! It works in the leader, and two at once do no harm (see [`LogKeeper`]). When it cannot go on, work
//! goes on all the same: events are committed with what they tell about, and wait for their numbers.
//! How long they wait is watched, and an alarm when it is too long.

use clerkwork_core::{Actor, Office};
use clerkwork_ledger::{LedgerError, LedgerErrorKind, LogKeeper};
use clerkwork_runtime::{Services, Witness, publish as publish_to};

use crate::{lease::Leading, pause};

pub(crate) async fn run(services: &Services, leading: Leading) {
    tokio::join!(
        number_and_sign(services, leading.clone()),
        keep_terms(services, leading)
    );
}

/// Keeps what a search finds events by, beside the numbering.
async fn keep_terms(services: &Services, mut leading: Leading) {
    while leading.wait(services).await.is_some() {
        match services.ledger.keep_terms().await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "new events cannot be searched yet; trying again");
            }
        }
        if !pause(services, services.config.audit.checkpoint_every).await {
            return;
        }
    }
}

async fn number_and_sign(services: &Services, mut leading: Leading) {
    let settings = &services.config.audit;
    let mut keeper: Option<LogKeeper> = None;
    let mut published = services.clock.now();
    while leading.wait(services).await.is_some() {
        match pass(services, &mut keeper).await {
            Ok(()) => {}
            Err(error) if error.kind() == LedgerErrorKind::Corrupt => {
                tracing::error!(%error, "the audit log does not fit together; no head is signed");
            }
            Err(error) => {
                tracing::warn!(%error, "events could not be numbered; trying again");
            }
        }
        if services.clock.now().since(published) >= settings.publish_every {
            published = services.clock.now();
            publish(services).await;
        }
        if !pause(services, settings.checkpoint_every).await {
            // What was recorded while others stopped gets its number as well.
            let _ = pass(services, &mut keeper).await;
            return;
        }
    }
}

/// Hands the latest head to those who are named in the settings. Whoever cannot be told is told the next.
async fn publish(services: &Services) {
    // Checked when the settings were read.
    let witnesses = Witness::configured(&services.config.audit).unwrap_or_default();
    for witness in witnesses {
        let by = Actor::System("notary".into());
        let done = publish_to(&services.ledger, &witness, by, Office::default()).await;
        if let Err(error) = done {
            let to = witness.shown();
            tracing::error!(%error, to, "the head of the audit log was not published");
        }
    }
}

async fn pass(services: &Services, keeper: &mut Option<LogKeeper>) -> Result<(), LedgerError> {
    let settings = &services.config.audit;
    let keeper = match keeper {
        Some(keeper) => keeper,
        None => {
            let made_up = || format!("clerkwork.local/{:08x}", rand::random::<u32>());
            let origin = settings.origin.clone().unwrap_or_else(made_up);
            keeper.insert(LogKeeper::open(&services.ledger, &origin).await?)
        }
    };
    let numbered = keeper.pass().await?;
    if numbered.lag > settings.lag_alarm {
        tracing::error!(
            seconds = numbered.lag.as_secs(),
            events = numbered.events,
            "events waited too long for their numbers; look for a transaction that stays open"
        );
    }
    Ok(())
}
