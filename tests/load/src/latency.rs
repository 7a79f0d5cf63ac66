//! Time from acceptance to the end, as the ledger itself recorded both.

use std::time::Duration;

use clerkwork_core::{Actor, JobId, KindName, Lane, Office};
use clerkwork_ledger::{JobFilter, NewBatch, NewJob, Page};
use clerkwork_rig::{Process, Rig, RigOptions, until_ended};
use tokio::time::{Instant, MissedTickBehavior, interval};

pub(crate) async fn measure(options: RigOptions, rate: u64) {
    let total = options.applications;
    let rig = Rig::start(options).await;
    let services = rig.services().await;
    let kind = services
        .kinds
        .get("agent_invoice_review")
        .expect("the kind")
        .clone();
    let batch = NewBatch {
        reference: "steady".into(),
        office: Office::default(),
        submitter: "load".into(),
        weight: 1,
    };
    let (batch, _) = services
        .ledger
        .create_batch(batch, Actor::User("load".into()))
        .await
        .expect("a batch");
    let mut jobs = Vec::with_capacity(total);
    let mut after: Option<String> = None;
    loop {
        let page = services
            .upstreams
            .agent_invoices
            .pending(after.as_deref(), 1_000)
            .await
            .expect("the pending ones");
        let Some(last) = page.last() else { break };
        after = Some(last.application_number.clone());
        for application in page {
            let payload = serde_json::to_value(&application).expect("json");
            let subject = kind.parse(&payload).expect("readable").subject();
            jobs.push(NewJob {
                kind: KindName::new(kind.name()),
                reference: application.application_number,
                office: Office::default(),
                batch: Some(batch),
                lane: Lane::Standard,
                deadline: None,
                run_at: None,
                submitter: "load".into(),
                payload,
                subject_id: subject.id,
                subject_name: subject.name,
                traceparent: None,
            });
        }
    }
    let process = Process::start(&services);
    let mut tick = interval(Duration::from_secs(1) / u32::try_from(rate).expect("a rate"));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let start = Instant::now();
    for job in jobs {
        tick.tick().await;
        let ledger = services.ledger.clone();
        // Each on its own, as single callers would; the rate does not wait for the ledger.
        tokio::spawn(async move { ledger.accept(vec![job]).await.expect("accepted") });
    }
    until_ended(&services, batch, total as u64, Duration::from_secs(60)).await;
    let taken = start.elapsed().as_secs_f64();
    process.stop().await;
    let mut latencies = Vec::with_capacity(total);
    let mut after: Option<JobId> = None;
    loop {
        let filter = JobFilter {
            batch: Some(batch),
            ..JobFilter::default()
        };
        let page = services
            .ledger
            .jobs(
                &filter,
                Page {
                    after,
                    limit: 1_000,
                },
            )
            .await
            .expect("jobs");
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        latencies.extend(page.iter().map(|job| job.updated_at.since(job.created_at)));
    }
    latencies.sort_unstable();
    let at =
        |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{total} items at {rate}/s in {taken:.1} s; accepted to ended, ms:");
    println!(
        "  p50 {:.1}   p90 {:.1}   p99 {:.1}   max {:.1}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}
