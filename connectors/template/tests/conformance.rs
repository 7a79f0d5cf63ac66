//! The connector keeps what every connector must, with the simulated platform as its upstream.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use clerkwork_conformance::{Clause, Outcome, Place, Sample, Subject, TIMEOUT, check};
use clerkwork_connectors_api::{
    ErrorKind,
    contract::{Connector, Looked},
    http::{HttpSettings, PaceSettings, Secret},
};
use clerkwork_core::{IdempotencyKey, Timestamp};
use clerkwork_sandbox::{Options, Running, Sandbox};
use serde_json::{Value, json};

use clerkwork_template::{NAME, build};

const TOKEN: &str = "a-token-that-must-not-show";

/// What time it is for the connector.
const AT: Timestamp = Timestamp(1_772_352_000_000_000);

/// Calls a second.
const RATE: NonZeroU32 = NonZeroU32::new(20).unwrap();

async fn upstream() -> Running {
    let options = Options {
        token: TOKEN.into(),
        ..Options::default()
    };
    Sandbox::start(options).await.unwrap()
}

fn connector(place: &Place) -> Arc<dyn Connector> {
    let token = place.wrong_credential.as_deref().unwrap_or(TOKEN);
    let mut http = HttpSettings::new(NAME, &place.base_url, Secret::new(token));
    http.request_timeout = place.timeout;
    http.log = place.log.clone();
    http.pace = Some(PaceSettings {
        per_second: RATE,
        burst: NonZeroU32::MIN,
        max_wait: Duration::from_secs(10),
    });
    build(http).unwrap()
}

fn connector_to(base_url: String) -> Arc<dyn Connector> {
    connector(&Place {
        base_url,
        timeout: Duration::from_secs(10),
        wrong_credential: None,
        at: AT,
        log: None,
    })
}

async fn ready() -> (Running, Arc<dyn Connector>) {
    let upstream = upstream().await;
    let connector = connector_to(upstream.url());
    (upstream, connector)
}

/// Inputs of the read and the write; a write uses one up each time that it is tried.
async fn inputs(connector: &dyn Connector, most: u32) -> Vec<Value> {
    let waiting = connector.poll("waiting", None, most).await.unwrap().items;
    let named = |item: &Value| json!({"application_number": item["application_number"]});
    waiting.iter().map(named).collect()
}

#[tokio::test]
async fn every_clause_is_kept() {
    let (upstream, direct) = ready().await;
    let sample = |operation: &str, inputs| Sample {
        operation: operation.to_owned(),
        inputs,
    };
    let subject = Subject {
        connect: Box::new(|place| Ok(connector(place))),
        upstream: upstream.url().parse().unwrap(),
        samples: vec![
            sample("status", inputs(&*direct, 5).await),
            sample("issue", inputs(&*direct, 60).await),
        ],
        secrets: vec![TOKEN.into()],
        users: Vec::new(),
        timeout: TIMEOUT,
        has_session: false,
        reads_pages: false,
        rate: Some(RATE.get()),
        at: AT,
    };
    let report = check(&subject, |_| {}).await.unwrap().unwrap();
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    for ruling in &report.rulings {
        // It keeps no session; all else is tried.
        let of_sessions = [Clause::NoLockOut, Clause::SessionRenewed].contains(&ruling.clause);
        let tried = !matches!(ruling.outcome, Outcome::NotTried { .. });
        assert!(tried || of_sessions, "{ruling:#?}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_place_and_nothing_is_sent() {
    // Nobody listens there: what is sent would end as transient.
    let connector = connector_to("http://127.0.0.1:1".into());
    let key = IdempotencyKey("key".into());
    for (operation, key, input, says) in [
        ("issue", Some(&key), json!({}), "`application_number`"),
        ("status", None, json!({"number": "1"}), "`number`"),
        ("issue", None, json!({"application_number": "1"}), "a key"),
        ("waiting", None, json!({}), "poll it"),
        ("delete", None, json!({}), "issue, status, waiting"),
    ] {
        let error = connector.call(operation, key, &input).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured, "{error}");
        assert!(error.message.contains(says), "{error}");
    }
}

#[tokio::test]
async fn each_code_of_the_upstream_has_its_kind() {
    let (_upstream, connector) = ready().await;
    let key = IdempotencyKey("key".into());
    let nobody = json!({"application_number": "0"});
    let status = connector.call("status", None, &nobody).await.unwrap();
    assert_eq!(status.output, Value::Null);
    let issued = connector.call("issue", Some(&key), &nobody).await;
    assert_eq!(issued.unwrap_err().kind, ErrorKind::Rejected);

    let input = inputs(&*connector, 1).await.remove(0);
    let issued = connector.call("issue", Some(&key), &input).await.unwrap();
    // Perhaps it was ours: whoever asked looks it up, and finds the first.
    let again = connector.call("issue", Some(&key), &input).await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    let looked = connector.lookup("issue", &key, &input).await.unwrap();
    assert_eq!(looked, Looked::Happened(issued.output));
}
