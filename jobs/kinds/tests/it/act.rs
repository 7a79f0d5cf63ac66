//! Carrying out: one write, and what the upstream's state says when its outcome is unclear.

use std::sync::Arc;

use clerkwork_connectors_api::{ErrorKind, agent_invoice::ApplicationStatus};
use clerkwork_core::ManualClock;
use clerkwork_kinds::{Done, Order, Stop};
use serde_json::json;

use crate::upstream::{Fake, INVOICE, Journal, NOW, example, item};

fn reasons() -> Order {
    Order::Return {
        reasons: vec!["未上传合同".into(), "金额有误".into()],
    }
}

async fn act(fake: &Arc<Fake>, journal: &mut Journal, order: &Order) -> Result<Done, Stop> {
    item(&example())
        .act(order, &fake.upstreams(), &ManualClock::new(NOW), journal)
        .await
}

fn issued(number: &str) -> Option<ApplicationStatus> {
    Some(ApplicationStatus::Issued {
        invoice_number: number.into(),
    })
}

#[tokio::test]
async fn proceeding_issues_the_invoice_once() {
    let fake = Arc::new(Fake::new(None));
    let mut journal = Journal::default();
    let done = act(&fake, &mut journal, &Order::Proceed).await.unwrap();
    let summary = json!({ "invoice_number": INVOICE });
    assert_eq!(done, Done::Completed { summary });
    assert_eq!(journal.ran, ["approve_and_issue"]);
    assert_eq!(
        *fake.calls.lock().unwrap(),
        ["issue DK-202603-00000001 key-approve_and_issue"]
    );
}

#[tokio::test]
async fn returning_hands_the_reasons_on() {
    let fake = Arc::new(Fake::new(None));
    let mut journal = Journal::default();
    let done = act(&fake, &mut journal, &reasons()).await.unwrap();
    assert_eq!(done, Done::Returned);
    assert_eq!(
        *fake.calls.lock().unwrap(),
        ["return DK-202603-00000001 key-return_to_applicant 未上传合同|金额有误"]
    );
}

#[tokio::test]
async fn a_write_that_landed_unseen_is_taken_from_the_upstreams_state() {
    let fake = Arc::new(Fake::new(None));
    *fake.refuse.lock().unwrap() = Some(ErrorKind::OutcomeUnknown);
    *fake.status.lock().unwrap() = issued(INVOICE);
    let done = act(&fake, &mut Journal::default(), &Order::Proceed).await;
    let summary = json!({ "invoice_number": INVOICE });
    assert_eq!(done.unwrap(), Done::Completed { summary });
    assert_eq!(fake.calls.lock().unwrap().len(), 1, "not called twice");

    let fake = Arc::new(Fake::new(None));
    *fake.status.lock().unwrap() = Some(ApplicationStatus::Returned);
    let mut journal = Journal {
        earlier: true,
        ..Journal::default()
    };
    let done = act(&fake, &mut journal, &reasons()).await.unwrap();
    assert_eq!(done, Done::Returned);
    assert!(fake.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_write_that_did_not_land_is_made() {
    for order in [Order::Proceed, reasons()] {
        let fake = Arc::new(Fake::new(None));
        *fake.refuse.lock().unwrap() = Some(ErrorKind::OutcomeUnknown);
        act(&fake, &mut Journal::default(), &order).await.unwrap();
        assert_eq!(fake.calls.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_state_that_contradicts_the_order_goes_to_a_person() {
    let cases = [
        (Order::Proceed, Some(ApplicationStatus::Returned)),
        (Order::Proceed, Some(ApplicationStatus::Withdrawn)),
        (Order::Proceed, None),
        (reasons(), issued(INVOICE)),
        (reasons(), Some(ApplicationStatus::Withdrawn)),
        (reasons(), None),
    ];
    for (order, status) in cases {
        let fake = Arc::new(Fake::new(None));
        (*fake.status.lock().unwrap()).clone_from(&status);
        *fake.refuse.lock().unwrap() = Some(ErrorKind::OutcomeUnknown);
        let stop = act(&fake, &mut Journal::default(), &order)
            .await
            .unwrap_err();
        assert!(matches!(stop, Stop::Unclear { .. }), "{order:?} {status:?}");
        assert_eq!(fake.calls.lock().unwrap().len(), 1, "not tried again");
    }
}

#[tokio::test]
async fn a_refusal_and_a_failure_pass_through() {
    let fake = Arc::new(Fake::new(None));
    *fake.refuse.lock().unwrap() = Some(ErrorKind::Rejected);
    let stop = act(&fake, &mut Journal::default(), &Order::Proceed).await;
    assert!(matches!(stop, Err(Stop::Refused(_))));
    *fake.refuse.lock().unwrap() = Some(ErrorKind::Transient);
    let stop = act(&fake, &mut Journal::default(), &Order::Proceed).await;
    assert!(matches!(stop, Err(Stop::Retry(_))));
}

#[tokio::test]
async fn an_invoice_number_of_unknown_form_goes_to_a_person() {
    let fake = Arc::new(Fake::new(None));
    *fake.status.lock().unwrap() = issued("0123");
    let mut journal = Journal {
        earlier: true,
        ..Journal::default()
    };
    let done = act(&fake, &mut journal, &Order::Proceed).await.unwrap();
    assert!(matches!(done, Done::Contradicted(_)));
}
