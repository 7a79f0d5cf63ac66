//! A write whose outcome is unclear, and what a look afterwards shows.

use clerkwork_connectors_api::{
    ErrorKind,
    red_letter::{RedLetterStatus, RedLetters, SettlementOrder, WriteBack},
};
use clerkwork_core::Cents;
use clerkwork_etax::wire::{codes::business, method};
use clerkwork_sandbox::{FaultKind, RedCase};

use crate::{Office, draft, hours, key};

#[tokio::test]
async fn each_write_whose_answer_was_lost_is_unclear_and_found_by_a_look() {
    for kind in [FaultKind::LostAnswer, FaultKind::MalformedAnswer] {
        let office = Office::open().await;
        let application = office.application(RedCase::AgentRefund);
        let (number, blue) = (&application.application_number, &application.blue);
        let etax = &office.etax;
        let draft = draft(&application);

        office.strike(kind, method::ENTER_FORM);
        let lost = etax.create_form(&key("form"), &draft).await.unwrap_err();
        assert_eq!(lost.kind, ErrorKind::OutcomeUnknown, "{kind:?}");
        let traces = etax.traces(blue).await.unwrap();
        assert_eq!(traces.forms.len(), 1);
        let form = &traces.forms[0];
        assert_eq!(form.draft, draft);

        office.strike(kind, method::ISSUE_RED);
        let lost = etax.issue_red(&key("red"), &form.number).await.unwrap_err();
        assert_eq!(lost.kind, ErrorKind::OutcomeUnknown, "{kind:?}");
        let red_number = office.form(&form.number).await.red_number.unwrap();

        let dossier = office.dossier(&application).await;
        let agent = dossier.blue.unwrap().agent_issued.unwrap();
        let order = SettlementOrder {
            receipt_number: agent.tax_receipt_number.unwrap(),
            kind: application.settlement.unwrap(),
            amount: Cents(-application.total_tax.0),
            red_number: red_number.clone(),
        };
        office.strike(kind, method::SETTLE);
        let lost = etax.open_settlement(&key("tax"), &order).await.unwrap_err();
        assert_eq!(lost.kind, ErrorKind::OutcomeUnknown, "{kind:?}");
        let settlement_number = etax.settlement_of(&red_number).await.unwrap();
        assert!(settlement_number.is_some());

        let outcome = WriteBack {
            form_number: form.number.clone(),
            red_number: red_number.clone(),
            transfer_out: None,
            settlement_number,
        };
        office.strike(kind, method::WRITE_BACK);
        let lost = etax.write_back(&key("done"), number, &outcome).await;
        assert_eq!(
            lost.unwrap_err().kind,
            ErrorKind::OutcomeUnknown,
            "{kind:?}"
        );
        let status = etax.status(number).await.unwrap();
        assert_eq!(status, Some(RedLetterStatus::Done { red_number }));
        assert_eq!(office.sandbox.state().counts().red_issued, 1);
        office.sandbox.shutdown().await;
    }
}

#[tokio::test]
async fn a_form_that_is_being_saved_is_not_there_yet_and_may_not_be_entered_again() {
    let office = Office::open().await;
    let application = office.application(RedCase::MistakeInFull);
    let draft = draft(&application);
    let etax = &office.etax;
    let milliseconds = 5_000;
    office.strike(FaultKind::Saving { milliseconds }, method::ENTER_FORM);
    for _ in 0..2 {
        let error = etax.create_form(&key("form"), &draft).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
        assert_eq!(error.code.as_deref(), Some(business::SAVING_FORM));
        let traces = etax.traces(&application.blue).await.unwrap();
        assert!(traces.saving && traces.forms.is_empty());
    }
    office.wait(hours(1));
    let traces = etax.traces(&application.blue).await.unwrap();
    assert!(!traces.saving);
    assert_eq!(traces.forms.len(), 1);
    let error = etax.create_form(&key("form"), &draft).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some(business::NOTHING_TO_REVERSE));
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn faults_before_the_act_are_survived_by_reads_and_never_repeated_by_writes() {
    let office = Office::open().await;
    let application = office.application(RedCase::ReturnInFull);
    let etax = &office.etax;
    for kind in [
        FaultKind::ServerError {
            status: 500,
            after_act: false,
        },
        FaultKind::Reset,
        FaultKind::Maintenance { status: 200 },
    ] {
        office.strike(kind, method::FORMS_OF_BLUE);
        let traces = etax.traces(&application.blue).await.unwrap();
        assert!(traces.forms.is_empty(), "{kind:?}");
        office.strike(kind, method::ENTER_FORM);
        let error = etax.create_form(&key("form"), &draft(&application)).await;
        assert_eq!(
            error.unwrap_err().kind,
            ErrorKind::OutcomeUnknown,
            "{kind:?}"
        );
        assert_eq!(office.sandbox.state().counts().forms, 0, "{kind:?}");
    }
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn what_is_not_there_is_nothing_and_a_blue_invoice_that_is_not_is_told() {
    let office = Office::open().await;
    let etax = &office.etax;
    assert_eq!(etax.status("none").await.unwrap(), None);
    assert_eq!(etax.form("44000026030000000001").await.unwrap(), None);
    let red = etax.settlement_of("26442000000000000001").await;
    assert_eq!(red.unwrap(), None);

    let application = office.application(RedCase::BlueUnknown);
    assert_eq!(office.dossier(&application).await.blue, None);
    for error in [
        etax.traces(&application.blue).await.unwrap_err(),
        etax.create_form(&key("form"), &draft(&application))
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind, ErrorKind::Rejected);
        assert_eq!(error.code.as_deref(), Some(business::UNKNOWN_BLUE));
    }
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn a_returned_application_is_returned_once() {
    let office = Office::open().await;
    let application = office.application(RedCase::ReturnOfServices);
    let number = &application.application_number;
    let reasons = ["服务不能按销货退回处理".to_owned()];
    let key = key("return");
    let send = || office.etax.return_to_applicant(&key, number, &reasons);
    send().await.unwrap();
    let status = office.etax.status(number).await.unwrap();
    assert_eq!(status, Some(RedLetterStatus::Returned));
    for _ in 0..3 {
        assert_eq!(send().await.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    }
    let book = office.sandbox.state().red_book();
    assert_eq!(book.returned[number].len(), 1);
    assert_eq!(book.returned[number][0].reasons, reasons);
    office.sandbox.shutdown().await;
}
