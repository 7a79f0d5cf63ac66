//! Decisions through pages end in the platform's book once.

use clerkwork_connectors_api::{
    ErrorKind,
    agent_invoice::{AgentInvoices, ApplicationStatus},
    contract::{Connector, Looked},
};
use clerkwork_sandbox::{Charset, Expiry, PortalSettings as Pages, Variant};
use serde_json::json;

use crate::{Office, key, reasons};

#[tokio::test]
async fn an_application_is_issued_and_another_returned_once_in_either_charset() {
    for charset in [Charset::Gbk, Charset::Utf8] {
        let office = Office::open(30).await;
        office.state().set_portal(Pages {
            charset,
            ..Pages::default()
        });
        let portal = &office.portal;
        let (first, second) = (office.number(0), office.number(1));
        let issued = portal.approve_and_issue(&key(), &first).await.unwrap();
        let book = office.state().book();
        assert_eq!(book[&first].len(), 1);
        assert_eq!(book[&first][0].invoice_number, issued.invoice_number);
        portal
            .return_to_applicant(&key(), &second, &reasons())
            .await
            .unwrap();
        let returned = office.state().returned();
        assert_eq!(returned[&second].len(), 1);
        assert_eq!(returned[&second][0].reasons, reasons());

        // Again: it may have been ours, so it is looked up.
        let error = portal.approve_and_issue(&key(), &first).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
        let error = portal
            .return_to_applicant(&key(), &second, &reasons())
            .await;
        assert_eq!(error.unwrap_err().kind, ErrorKind::OutcomeUnknown);
        assert_eq!(
            (office.state().book().len(), office.state().returned().len()),
            (1, 1)
        );
        let input = json!({"application_number": first});
        let looked = portal
            .lookup("approve_and_issue", &key(), &input)
            .await
            .unwrap();
        let invoice = json!({"invoice_number": issued.invoice_number});
        assert_eq!(looked, Looked::Happened(invoice));
    }
}

#[tokio::test]
async fn what_the_portal_does_not_know_or_take_is_refused_and_nothing_is_done() {
    let office = Office::open(30).await;
    let portal = &office.portal;
    let error = portal
        .approve_and_issue(&key(), "DK-none")
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected);
    let number = office.number(0);
    let error = portal
        .return_to_applicant(&key(), &number, &[])
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    assert!(error.message.contains("退回原因不能为空"), "{error}");
    // GBK has no such character, and a reference in its place would be taken for the text.
    let smile = ["请修改\u{1F600}".to_owned()];
    let error = portal
        .return_to_applicant(&key(), &number, &smile)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(
        error.message.contains("`thyy`") && error.message.contains("`GBK`"),
        "{error}"
    );
    assert!(office.untouched());
}

#[tokio::test]
async fn a_result_that_nobody_knows_is_an_unknown_outcome_that_is_looked_up() {
    let office = Office::with(&[Variant::ResultChanged]).await;
    let number = office.number(0);
    let error = office
        .portal
        .approve_and_issue(&key(), &number)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    assert!(error.message.contains("`issued`"), "{error}");
    assert!(!error.message.contains("nothing was sent"), "{error}");
    assert_eq!(office.state().book()[&number].len(), 1, "done all the same");
    let status = office.portal.status(&number).await.unwrap();
    assert!(matches!(status, Some(ApplicationStatus::Issued { .. })));
}

/// Issues in sessions that end after `most` requests; the second of two decisions, so that the session's
/// first requests are used up.
async fn issue_in_short_sessions(most: u32, expiry: Expiry) -> (Result<(), ErrorKind>, usize) {
    let office = Office::open(10).await;
    office.portal.status(&office.number(5)).await.unwrap();
    office.state().set_portal(Pages {
        session_requests: Some(most),
        expiry,
        ..Pages::default()
    });
    let number = office.number(0);
    let result = office.portal.approve_and_issue(&key(), &number).await;
    let issued = office.state().book().get(&number).map_or(0, Vec::len);
    (result.map(|_| ()).map_err(|error| error.kind), issued)
}

#[tokio::test]
async fn a_write_whose_session_ends_is_sent_again_only_when_the_login_page_came() {
    use ErrorKind::{OutcomeUnknown, Transient};
    // A decision takes four requests: page, form, confirmation, result. One was used before it.
    let pages = [
        // Not even a form is ever taken: nothing was done.
        (1, Err(Transient), 0),
        // The confirmation is never taken: nothing was done.
        (2, Err(Transient), 0),
        // The first confirmation is not taken, the second is; its result is not shown.
        (3, Err(OutcomeUnknown), 1),
        // The result is not shown.
        (4, Err(OutcomeUnknown), 1),
        (5, Ok(()), 1),
    ];
    for (most, expected, issued) in pages {
        for expiry in [Expiry::Redirect, Expiry::LoginPage] {
            let found = issue_in_short_sessions(most, expiry).await;
            assert_eq!(found, (expected, issued), "{most} requests, {expiry:?}");
        }
    }
    // A banner in the place of an answer does not say that nothing was done.
    for (most, issued) in [(2, 0), (3, 0), (4, 1)] {
        let found = issue_in_short_sessions(most, Expiry::Banner).await;
        assert_eq!(found, (Err(OutcomeUnknown), issued), "{most} requests");
    }
}

#[tokio::test]
async fn a_session_that_ends_between_page_and_form_is_renewed_and_the_form_sent_again() {
    let office = Office::open(10).await;
    for _ in 0..3 {
        office.portal.status(&office.number(5)).await.unwrap();
    }
    // The session has one request left: for the page. The next one has enough.
    office.state().set_portal(Pages {
        session_requests: Some(4),
        ..Pages::default()
    });
    let number = office.number(0);
    let issued = office
        .portal
        .approve_and_issue(&key(), &number)
        .await
        .unwrap();
    assert_eq!(office.counts().logins, 2);
    let book = office.state().book();
    assert_eq!(book[&number].len(), 1);
    assert_eq!(book[&number][0].invoice_number, issued.invoice_number);
}
