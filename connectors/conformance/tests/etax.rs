//! The connector to the JSON API keeps every clause that can be tried with it.

use std::sync::Arc;

use clerkwork_conformance::{
    Cassette, Clause, Outcome, REDACTED, Replay, Report, Sample, Subject, TIMEOUT, check,
    check_and_record, of_agent_invoices,
};
use clerkwork_connectors_api::http::{HttpSettings, PaceSettings, Secret};
use clerkwork_core::Timestamp;
use clerkwork_etax::{Etax, EtaxSettings};
use clerkwork_sandbox::{Options, Sandbox};
use reqwest::Url;

const RATE: u32 = 20;

const TOKEN: &str = "a-token-that-must-not-show";
const AT: Timestamp = Timestamp(1_772_352_000_000_000);

fn subject(upstream: Url, samples: Vec<Sample>, token: &'static str) -> Subject {
    Subject {
        connect: Box::new(move |place| {
            let token = place.wrong_credential.as_deref().unwrap_or(token);
            let mut http = HttpSettings::new("etax", &place.base_url, Secret::new(token));
            http.request_timeout = place.timeout;
            http.log = place.log.clone();
            let one = std::num::NonZeroU32::MIN;
            http.pace = std::num::NonZeroU32::new(RATE).map(|per_second| PaceSettings {
                per_second,
                burst: one,
                max_wait: std::time::Duration::from_secs(10),
            });
            let mut settings = EtaxSettings::new(http);
            settings.dossiers_per_call = 1;
            Ok(Arc::new(Etax::new(settings)?))
        }),
        upstream,
        samples,
        secrets: vec![token.into()],
        users: vec![],
        timeout: TIMEOUT,
        has_session: false,
        reads_pages: false,
        rate: Some(RATE),
        at: AT,
    }
}

#[tokio::test]
async fn every_clause_is_kept_and_kept_again_by_the_recording_of_it() {
    let options = Options {
        token: TOKEN.into(),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let base = sandbox.url();
    let direct = HttpSettings::new("etax", &base, Secret::new(TOKEN));
    let direct = Etax::new(EtaxSettings::new(direct)).unwrap();
    let samples = of_agent_invoices(&direct).await.unwrap();
    let numbers = numbers(&samples);
    let live = subject(base.parse().unwrap(), samples, TOKEN);
    let (report, cassette) = check_and_record(&live, |_| {}).await.unwrap().unwrap();
    everything_is_kept(&report);
    drop(sandbox);

    let text = cassette.unwrap().write().unwrap();
    for told in numbers.iter().map(String::as_str).chain([TOKEN]) {
        assert!(!text.contains(told), "{told} is in the cassette");
    }
    let cassette = Cassette::read(&text).unwrap();
    let samples = cassette.samples();
    let replay = Replay::start(cassette.clone()).await.unwrap();
    let offline = subject(replay.url().unwrap(), samples, REDACTED);
    let replayed = check(&offline, |_| {}).await.unwrap().unwrap();
    assert_eq!(replay.missing(), [""; 0]);
    everything_is_kept(&replayed);
    assert_eq!(replayed.counts(), report.counts());
}

#[tokio::test]
async fn what_a_recording_does_not_hold_is_told() {
    let empty = r#"{"format": 1, "connector": "etax", "version": "1", "at": 1772352000000000,
        "path": "/", "samples": {"status": [{"application_number": "1"}]}, "exchanges": []}"#;
    let cassette = Cassette::read(empty).unwrap();
    let replay = Replay::start(cassette.clone()).await.unwrap();
    let subject = subject(replay.url().unwrap(), cassette.samples(), REDACTED);
    let report = check(&subject, |_| {}).await.unwrap().unwrap();
    assert!(report.broken().count() > 0);
    let missing = replay.missing();
    assert!(
        missing.contains(&"POST /api/cxdkfpsqzt".to_owned()),
        "{missing:?}"
    );
    let other = empty.replace("\"format\": 1", "\"format\": 7");
    assert!(Cassette::read(&other).unwrap_err().contains("format 7"));
    assert!(
        Cassette::read("{}")
            .unwrap_err()
            .contains("record it again")
    );
}

/// Numbers of applications and taxpayers.
fn numbers(samples: &[Sample]) -> Vec<String> {
    let inputs = samples.iter().flat_map(|sample| &sample.inputs);
    let named = inputs.flat_map(|input| ["application_number", "seller_tax_id"].map(|n| &input[n]));
    let numbers: Vec<_> = named
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect();
    assert!(numbers.len() > 50);
    numbers
}

fn everything_is_kept(report: &Report) {
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    for ruling in &report.rulings {
        if let Outcome::NotTried { why } = &ruling.outcome {
            let expected = [Clause::NoLockOut, Clause::SessionRenewed];
            assert!(
                expected.contains(&ruling.clause),
                "{:?}: {why}",
                ruling.clause
            );
        }
    }
    let (kept, _, _) = report.counts();
    assert!(kept > 55, "{kept}");
}
