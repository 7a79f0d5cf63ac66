//! Work that is accepted while nothing is going on does not wait for a tick.

use std::time::{Duration, Instant};

use clerkwork_core::Lane;
use clerkwork_rig::{LedgerKind, Process};

use crate::{
    on_both_ledgers,
    stage::{self, accept, job, until_queued},
};

/// The longest tick there may be; an entry that comes much earlier was not found by it.
const TICK: &str = "60000";
const FAR_BELOW_THE_TICK: Duration = Duration::from_secs(10);

async fn work_accepted_here_wakes_the_dispatcher(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[("scheduler.tick_ms", TICK)]).await;
    let services = rig.services().await;
    let process = Process::scheduler_only(&services);
    wakes(&rig, &services.ledger).await;
    process.stop().await;
}

async fn work_accepted_by_another_process_wakes_the_dispatcher(ledger: LedgerKind) {
    let rig = stage::rig(ledger, &[("scheduler.tick_ms", TICK)]).await;
    let services = rig.services().await;
    let other = rig.services().await;
    let process = Process::scheduler_only(&services);
    wakes(&rig, &other.ledger).await;
    process.stop().await;
}

async fn wakes(rig: &clerkwork_rig::Rig, ledger: &clerkwork_ledger::Ledger) {
    // The first may be found by the first look; the dispatcher rests before each of the others.
    for round in 0..6 {
        let lane = Lane::ALL[round % 3];
        let mut one = job(format!("lone-{round}"));
        one.lane = lane;
        let start = Instant::now();
        let one = accept(ledger, vec![one]).await;
        until_queued(rig, lane, &one).await;
        let took = start.elapsed();
        assert!(took < FAR_BELOW_THE_TICK, "round {round}: {took:?}");
    }
}

on_both_ledgers!(
    work_accepted_here_wakes_the_dispatcher,
    work_accepted_by_another_process_wakes_the_dispatcher,
);
