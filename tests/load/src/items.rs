//! Items a second, against the same upstream calls made bare.

use std::time::Instant;

use clerkwork_connectors_api::agent_invoice::{Application, DossierQuery};
use clerkwork_core::IdempotencyKey;
use clerkwork_rig::{Process, Rig, RigOptions, assert_book_agrees, submit_pending, until_ended};
use futures::StreamExt as _;

use crate::{LIMIT, cpu};

pub(crate) async fn measure(options: RigOptions) {
    let total = options.applications;
    let bare = bare(options.clone()).await;
    println!("baseline, upstream calls alone:  {bare:>9.0} items/s");
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let start = Instant::now();
    let batch = submit_pending(&services, "load").await;
    let intake = total as f64 / start.elapsed().as_secs_f64();
    println!("intake (read, check, accept):    {intake:>9.0} items/s");
    let (start, before) = (Instant::now(), cpu());
    let process = Process::start(&services);
    let counts = until_ended(&services, batch, total as u64, LIMIT).await;
    let taken = start.elapsed().as_secs_f64();
    let spent = cpu() - before;
    process.stop().await;
    let rate = total as f64 / taken;
    println!("fleet, backlog to end:           {rate:>9.0} items/s   ({taken:.2} s)");
    println!(
        "  CPU of fleet and sandbox:      {:>9.3} ms/item",
        spent * 1e3 / total as f64
    );
    println!("  ratio to the baseline:         {:>9.2}", rate / bare);
    println!("  ended as:                      {counts:?}");
    assert_book_agrees(&rig, &services, batch).await;
    println!("  the upstream's book agrees with the ledger");
}

/// One dossier and one write for each application, 256 at a time, and nothing else.
async fn bare(options: RigOptions) -> f64 {
    let total = options.applications;
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let upstream = services.upstreams.agent_invoices.clone();
    let mut applications: Vec<Application> = Vec::with_capacity(total);
    loop {
        let after = applications
            .last()
            .map(|application| application.application_number.clone());
        let page = upstream
            .pending(after.as_deref(), 1_000)
            .await
            .expect("the pending ones");
        if page.is_empty() {
            break;
        }
        applications.extend(page);
    }
    let start = Instant::now();
    futures::stream::iter(applications)
        .for_each_concurrent(256, |application| {
            let upstream = upstream.clone();
            async move {
                let query = DossierQuery {
                    application_number: application.application_number.clone(),
                    seller_tax_id: application.seller.tax_id.clone(),
                    buyer_tax_id: application.buyer.tax_id.clone(),
                    tax_receipt_number: application.tax_receipt_number.clone(),
                    transaction_date: application.transaction_date,
                };
                upstream.dossier(query).await.expect("a dossier");
                let key = IdempotencyKey(application.application_number.clone());
                upstream
                    .approve_and_issue(&key, &application.application_number)
                    .await
                    .expect("an invoice");
            }
        })
        .await;
    total as f64 / start.elapsed().as_secs_f64()
}
