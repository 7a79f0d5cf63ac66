//! Serves the status page over a private fleet, for looking at it in a browser: works through most
//! of 200 made-up applications, leaves some waiting, prints the address and stays until Ctrl-C.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a demonstration ends where it cannot go on, and says so"
)]

use std::time::Duration;

use clerkwork_core::{Actor, Office};
use clerkwork_ledger::NewBatch;
use clerkwork_rig::{Process, Rig, RigOptions, pending_jobs, until_some};

#[tokio::main]
async fn main() {
    let rig = Rig::start(RigOptions {
        applications: 200,
        ..RigOptions::default()
    })
    .await;
    let services = rig.services().await;
    let jobs = pending_jobs(&services).await;
    let parts = [
        ("2026-11 代开发票 上午批次", 1, &jobs[..150]),
        ("nanshan-window-3/2026-11-21", 2, &jobs[150..190]),
    ];
    for (reference, weight, part) in parts {
        let batch = NewBatch {
            reference: reference.into(),
            office: Office::default(),
            submitter: "wang.fang".into(),
            weight,
        };
        let opened = services
            .ledger
            .create_batch(batch, Actor::User("wang.fang".into()))
            .await;
        let (batch, _) = opened.expect("a batch");
        let mut part = part.to_vec();
        part.iter_mut().for_each(|job| job.batch = Some(batch));
        let total = part.len() as u64;
        services.ledger.accept(part).await.expect("accepted");
        // The last batch stays unfinished.
        if weight == 1 {
            let process = Process::start(&services);
            until_some(&services, batch, total, Duration::from_secs(60)).await;
            process.abort();
        }
    }
    let console = clerkwork_console::serve(services.clone(), services.config.console.bind)
        .await
        .expect("the page");
    println!("{}", console.url());
    tokio::signal::ctrl_c().await.expect("a signal");
}
