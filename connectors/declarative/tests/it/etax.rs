//! The example `etax.toml` against the simulated platform, beside the connector in Rust.

use std::{sync::Arc, time::Duration};

use clerkwork_connectors_api::{
    ErrorKind,
    agent_invoice::{AgentInvoices, Application, ApplicationStatus, DossierQuery, Over},
    contract::{Connector, Looked},
    http::{HttpSettings, RetrySettings, Secret},
};
use clerkwork_core::IdempotencyKey;
use clerkwork_declarative::{Declarative, Settings, lint};
use clerkwork_etax::{Etax, EtaxSettings, wire::method};
use clerkwork_sandbox::{Fault, FaultKind, Faults, Options, Running, Sandbox};
use futures::future::join_all;
use serde_json::json;

const FILE: &str = include_str!("../../examples/etax.toml");

struct Both {
    sandbox: Running,
    etax: Etax,
    file: Arc<Declarative>,
    over: Over,
}

async fn start(options: Options) -> Both {
    let retry = RetrySettings {
        min_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(2),
        ..RetrySettings::default()
    };
    let token = Secret::new(options.token.clone());
    let sandbox = Sandbox::start(options).await.unwrap();
    let http = HttpSettings {
        retry,
        ..HttpSettings::new("etax", sandbox.url(), token.clone())
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("etax-token"), token.expose()).unwrap();
    let settings = Settings {
        base_url: Some(sandbox.url()),
        credentials_directory: Some(folder.keep()),
        retry,
        ..Settings::default()
    };
    // The rate is the platform's, and would only make the test wait.
    let text = FILE.replace("per_second = 200, burst = 50", "per_second = 100000");
    let file = Arc::new(Declarative::parse(&text, "etax.toml", &settings).unwrap());
    Both {
        sandbox,
        etax: Etax::new(EtaxSettings::new(http)).unwrap(),
        over: Over::new(file.clone()).unwrap(),
        file,
    }
}

fn query(application: &Application) -> DossierQuery {
    DossierQuery {
        application_number: application.application_number.clone(),
        seller_tax_id: application.seller.tax_id.clone(),
        buyer_tax_id: application.buyer.tax_id.clone(),
        tax_receipt_number: application.tax_receipt_number.clone(),
        transaction_date: application.transaction_date,
    }
}

async fn all(api: &dyn AgentInvoices) -> Vec<Application> {
    let mut all: Vec<Application> = Vec::new();
    loop {
        let after = all.last().map(|a| a.application_number.clone());
        let page = api.pending(after.as_deref(), 70).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[test]
fn the_example_has_nothing_that_deserves_a_look() {
    let found: Vec<_> = lint(FILE, "etax.toml")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test]
async fn it_gives_the_same_applications_dossiers_and_states_as_the_connector_in_rust() {
    // So many that every trade, defect and risk is among them.
    let both = start(Options {
        applications: 250,
        ..Options::default()
    })
    .await;
    let (known, read) = (all(&both.etax).await, all(&both.over).await);
    assert_eq!(known.len(), 250);
    assert_eq!(read, known);
    assert!(known.iter().any(|a| a.special_element.is_some()));
    assert!(known.iter().any(|a| a.exemption.is_some()));
    assert!(known.iter().any(|a| a.agent.is_some()));

    // Some of them decided, so that all states are there.
    for (at, application) in known.iter().enumerate().take(30) {
        let number = &application.application_number;
        let key = IdempotencyKey(format!("cw-{at}"));
        match at % 3 {
            0 => drop(both.over.approve_and_issue(&key, number).await.unwrap()),
            1 => {
                let reasons = ["合同金额与申请金额不一致".to_owned()];
                both.over
                    .return_to_applicant(&key, number, &reasons)
                    .await
                    .unwrap();
            }
            _ => assert!(both.sandbox.state().withdraw(number)),
        }
    }
    let etax = join_all(known.iter().map(|a| both.etax.dossier(query(a)))).await;
    let over = join_all(known.iter().map(|a| both.over.dossier(query(a)))).await;
    let numbers = known.iter().map(|a| &a.application_number);
    let of_file = join_all(numbers.clone().map(|number| both.over.status(number))).await;
    let of_rust = join_all(numbers.map(|number| both.etax.status(number))).await;
    let mut states = std::collections::BTreeSet::new();
    for (file, rust) in of_file.into_iter().zip(of_rust) {
        let status = file.unwrap();
        assert_eq!(status, rust.unwrap());
        states.insert(json!(status)["state"].to_string());
    }
    assert_eq!(states.len(), 4, "{states:?}");
    for (etax, over) in etax.into_iter().zip(over) {
        let (mut etax, mut over) = (etax.unwrap(), over.unwrap());
        let page = over.page.take().unwrap();
        assert_eq!(
            (page.source.as_str(), page.media_type),
            ("etax-file.dossier", "application/json")
        );
        etax.page = None;
        // Each says when it was asked.
        assert!(over.as_of.0 > 0);
        over.as_of = etax.as_of;
        assert_eq!(over, etax);
    }
    assert_eq!(both.over.status("DK-none").await.unwrap(), None);
    both.file.health().await.unwrap();
    both.sandbox.shutdown().await;
}

#[tokio::test]
async fn it_issues_once_and_what_was_lost_is_found_again() {
    let both = start(Options::default()).await;
    let application = &both.over.pending(None, 1).await.unwrap()[0];
    let number = &application.application_number;
    let key = IdempotencyKey("cw-1-issue".into());
    let input = json!({ "application_number": number });
    let lookup = || both.file.lookup("approve_and_issue", &key, &input);
    assert_eq!(lookup().await.unwrap(), Looked::DidNotHappen);
    for kind in [FaultKind::LostAnswer, FaultKind::MalformedAnswer] {
        let fault = Fault::always(kind).on(method::ISSUE);
        both.sandbox
            .state()
            .set_faults(Faults(vec![fault]))
            .unwrap();
        let error = both.over.approve_and_issue(&key, number).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
    }
    both.sandbox.state().set_faults(Faults::none()).unwrap();
    let Some(ApplicationStatus::Issued { invoice_number }) =
        both.etax.status(number).await.unwrap()
    else {
        panic!("it was not issued");
    };
    // The platform says the same in three wordings; none of them is an answer.
    for _ in 0..3 {
        let error = both.over.approve_and_issue(&key, number).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
        let happened = Looked::Happened(json!({ "invoice_number": invoice_number }));
        assert_eq!(lookup().await.unwrap(), happened);
    }
    assert_eq!(both.sandbox.state().book()[number].len(), 1, "issued once");
    let returned = json!({ "application_number": number, "reasons": ["材料不全"] });
    let looked = both
        .file
        .lookup("return_to_applicant", &key, &returned)
        .await
        .unwrap();
    assert!(matches!(looked, Looked::Unclear(text) if text.en == "the invoice was issued"));
    both.sandbox.shutdown().await;
}

#[tokio::test]
async fn faults_before_the_act_are_survived_by_reads_and_never_repeated_by_writes() {
    let both = start(Options::default()).await;
    let number = both.over.pending(None, 1).await.unwrap()[0]
        .application_number
        .clone();
    let key = IdempotencyKey("cw-1-issue".into());
    for kind in [
        FaultKind::Reset,
        FaultKind::Maintenance { status: 200 },
        FaultKind::Maintenance { status: 503 },
        FaultKind::Busy,
        FaultKind::TooManyRequests {
            retry_after_seconds: None,
        },
    ] {
        let faults = Faults(vec![Fault::always(kind)]);
        both.sandbox.state().set_faults(faults).unwrap();
        let (over, etax) = (
            both.over.status(&number).await,
            both.etax.status(&number).await,
        );
        assert_eq!(over.unwrap_err().kind, etax.unwrap_err().kind, "{kind:?}");
        let over = both
            .over
            .approve_and_issue(&key, &number)
            .await
            .unwrap_err();
        let etax = both
            .etax
            .approve_and_issue(&key, &number)
            .await
            .unwrap_err();
        assert_eq!((over.kind, over.code), (etax.kind, etax.code), "{kind:?}");
        assert!(both.sandbox.state().book().is_empty(), "{kind:?}");
    }
    both.sandbox.shutdown().await;
}
