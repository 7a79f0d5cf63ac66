//! Red-letter invoices a second on the direct route, against the same upstream calls made bare.

use std::time::Instant;

use clerkwork_connectors_api::red_letter::{
    RedLetterApplication, RedLetterQuery, ReversalDraft, WriteBack,
};
use clerkwork_core::{IdempotencyKey, State};
use clerkwork_rig::{Process, RED_LETTERS, Rig, RigOptions, submit_pending_of, until_ended};
use futures::StreamExt as _;

use crate::{LIMIT, cpu};

pub(crate) async fn measure(options: RigOptions) {
    let total = options.red_letters;
    let bare = bare(options.clone()).await;
    println!("baseline, upstream calls alone:  {bare:>9.0} items/s");
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let batch = submit_pending_of(&services, RED_LETTERS, "load").await;
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
    assert_book_agrees(&rig, counts.get(&State::Completed).copied().unwrap_or(0));
    println!("  the upstream's book agrees: one form, one red invoice, one report each");
}

/// One form, one red invoice and one report for each completed item, and no more.
fn assert_book_agrees(rig: &Rig, completed: u64) {
    let book = rig.sandbox.state().red_book();
    let reports: Vec<usize> = book.written_back.values().map(Vec::len).collect();
    assert!(
        reports.iter().all(|n| *n == 1),
        "an item was reported twice"
    );
    let sum = |lengths: Vec<usize>| lengths.into_iter().sum::<usize>() as u64;
    assert_eq!(sum(reports), completed);
    assert_eq!(sum(book.issued.values().map(Vec::len).collect()), completed);
    assert_eq!(sum(book.forms.values().map(Vec::len).collect()), completed);
}

/// One dossier and the three writes of the direct route for each application, 256 at a time.
async fn bare(options: RigOptions) -> f64 {
    let total = options.red_letters;
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let upstream = services.upstreams.red_letters.clone();
    let mut applications: Vec<RedLetterApplication> = Vec::with_capacity(total);
    loop {
        let after = applications
            .last()
            .map(|one| one.application_number.clone());
        let page = upstream.pending(after.as_deref(), 1_000).await;
        let page = page.expect("the pending ones");
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
                let number = application.application_number.clone();
                let query = RedLetterQuery {
                    application_number: number.clone(),
                    blue: application.blue.clone(),
                    seller_tax_id: application.seller.tax_id.clone(),
                    buyer_tax_id: application.buyer.tax_id.clone(),
                };
                upstream.dossier(query).await.expect("a dossier");
                let key = IdempotencyKey(number.clone());
                let draft = ReversalDraft {
                    started_by: application.started_by,
                    blue: application.blue,
                    seller: application.seller,
                    buyer: application.buyer,
                    reason: application.reason,
                    lines: application.lines,
                    net: application.total_net,
                    tax: application.total_tax,
                };
                let form = upstream.create_form(&key, &draft).await.expect("a form");
                let red = upstream
                    .issue_red(&key, &form.number)
                    .await
                    .expect("a red one");
                let outcome = WriteBack {
                    form_number: form.number,
                    red_number: red.number,
                    transfer_out: None,
                    settlement_number: None,
                };
                let told = upstream.write_back(&key, &number, &outcome).await;
                told.expect("a report");
            }
        })
        .await;
    total as f64 / start.elapsed().as_secs_f64()
}
