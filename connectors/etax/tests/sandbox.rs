//! The connector against the simulated platform: both sides of the wire agree, and what a lost
//! answer leaves behind can be looked up.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use clerkwork_connectors_api::{
    ErrorKind,
    agent_invoice::{AgentInvoices, Application, ApplicationStatus, DossierQuery},
    http::{HttpSettings, RetrySettings, Secret},
};
use clerkwork_core::IdempotencyKey;
use clerkwork_etax::{Etax, EtaxSettings, wire::method};
use clerkwork_sandbox::{Fault, FaultKind, Faults, Options, Running, Sandbox};
use futures::future::join_all;

async fn start() -> (Running, Etax) {
    let options = Options::default();
    let token = Secret::new(options.token.clone());
    let sandbox = Sandbox::start(options).await.unwrap();
    let http = HttpSettings {
        retry: RetrySettings {
            min_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(2),
            ..RetrySettings::default()
        },
        ..HttpSettings::new("etax", sandbox.url(), token)
    };
    (sandbox, Etax::new(EtaxSettings::new(http)).unwrap())
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

fn key(application: &Application) -> IdempotencyKey {
    IdempotencyKey(format!("cw-{}-issue", application.application_number))
}

#[tokio::test]
async fn every_pending_application_is_read_page_by_page_and_has_a_dossier() {
    let (sandbox, etax) = start().await;
    let mut all: Vec<Application> = Vec::new();
    loop {
        let after = all.last().map(|a| a.application_number.clone());
        let page = etax.pending(after.as_deref(), 17).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 17);
        all.extend(page);
    }
    assert_eq!(all.len(), 100);
    assert!(all.is_sorted_by(|a, b| a.application_number < b.application_number));

    let dossiers = join_all(all.iter().map(|a| etax.dossier(query(a)))).await;
    for (dossier, application) in dossiers.into_iter().zip(&all) {
        let dossier = dossier.unwrap();
        assert_eq!(dossier.status, Some(ApplicationStatus::Pending));
        assert!(dossier.accumulation.day_count >= 1, "itself included");
        assert!(dossier.accumulation.month_net >= dossier.accumulation.day_net);
        let number = &application.application_number;
        assert_eq!(sandbox.state().status(number), dossier.status);
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_issue_whose_answer_was_lost_is_unclear_and_found_by_its_status() {
    let (sandbox, etax) = start().await;
    let application = &etax.pending(None, 1).await.unwrap()[0];
    let number = &application.application_number;
    for kind in [FaultKind::LostAnswer, FaultKind::MalformedAnswer] {
        sandbox
            .state()
            .set_faults(Faults(vec![Fault::always(kind).on(method::ISSUE)]))
            .unwrap();
        let error = etax.approve_and_issue(&key(application), number).await;
        assert_eq!(error.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    }
    sandbox.state().set_faults(Faults::none()).unwrap();

    let book = sandbox.state().book();
    assert_eq!(book[number].len(), 1, "issued once");
    let Some(ApplicationStatus::Issued { invoice_number }) = etax.status(number).await.unwrap()
    else {
        panic!("the status does not show the invoice");
    };
    assert_eq!(
        Some(ApplicationStatus::Issued { invoice_number }),
        sandbox.state().status(number)
    );
    let again = etax.approve_and_issue(&key(application), number).await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    assert_eq!(sandbox.state().book()[number].len(), 1);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_returned_application_is_returned_once() {
    let (sandbox, etax) = start().await;
    let application = &etax.pending(None, 1).await.unwrap()[0];
    let number = &application.application_number;
    let reasons = ["合同金额与申请金额不一致".to_owned()];
    let key_of_return = IdempotencyKey("cw-1-return".into());
    let send = || etax.return_to_applicant(&key_of_return, number, &reasons);
    send().await.unwrap();
    assert_eq!(
        etax.status(number).await.unwrap(),
        Some(ApplicationStatus::Returned)
    );
    assert_eq!(send().await.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    let issue = etax.approve_and_issue(&key(application), number).await;
    assert_eq!(issue.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    assert!(sandbox.state().book().is_empty());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn faults_before_the_act_are_survived_by_reads_and_never_repeated_by_writes() {
    let (sandbox, etax) = start().await;
    let application = &etax.pending(None, 1).await.unwrap()[0];
    let number = &application.application_number;
    for kind in [
        FaultKind::ServerError {
            status: 500,
            after_act: false,
        },
        FaultKind::Reset,
        FaultKind::Maintenance { status: 200 },
        FaultKind::Maintenance { status: 503 },
        FaultKind::TooManyRequests {
            retry_after_seconds: None,
        },
    ] {
        let once = Faults(vec![Fault::always(kind).times(1)]);
        sandbox.state().set_faults(once.clone()).unwrap();
        let status = etax.status(number).await.unwrap();
        assert_eq!(status, Some(ApplicationStatus::Pending), "{kind:?}");

        sandbox.state().set_faults(once).unwrap();
        let write = etax.approve_and_issue(&key(application), number).await;
        let expected = match kind {
            FaultKind::TooManyRequests { .. } => ErrorKind::RateLimited { retry_after: None },
            _ => ErrorKind::OutcomeUnknown,
        };
        assert_eq!(write.unwrap_err().kind, expected, "{kind:?}");
        assert!(sandbox.state().book().is_empty(), "{kind:?}");
    }
    let maintenance = Fault::always(FaultKind::Maintenance { status: 200 });
    sandbox
        .state()
        .set_faults(Faults(vec![maintenance]))
        .unwrap();
    let error = etax.status(number).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.contains("HTML page titled"), "{error}");
    assert!(!error.message.contains('\u{fffd}'), "read as GBK: {error}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn what_is_unknown_is_nothing_and_a_wrong_token_is_told() {
    let (sandbox, etax) = start().await;
    assert_eq!(etax.status("DK-none").await.unwrap(), None);
    assert_eq!(etax.taxpayer_risk("none").await.unwrap(), None);
    let http = HttpSettings::new("etax", sandbox.url(), Secret::new("wrong"));
    let stranger = Etax::new(EtaxSettings::new(http)).unwrap();
    let error = stranger.status("DK-none").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    sandbox.shutdown().await;
}
