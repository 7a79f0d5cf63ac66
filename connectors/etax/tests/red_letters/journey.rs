//! From the pending list to the end, and that no step can be taken twice.

use clerkwork_connectors_api::{
    ErrorKind,
    red_letter::{
        BlueStatus, FormState, RedLetterApplication, RedLetterStatus, RedLetters, SettlementOrder,
        WriteBack,
    },
};
use clerkwork_core::Cents;
use clerkwork_etax::wire::method;
use clerkwork_sandbox::RedCase;
use futures::future::join_all;

use crate::{APPLICATIONS, Office, draft, key, query};

#[tokio::test]
async fn every_pending_application_is_read_page_by_page_and_has_a_dossier() {
    let office = Office::open().await;
    let mut all: Vec<RedLetterApplication> = Vec::new();
    loop {
        let after = all.last().map(|a| a.application_number.clone());
        let page = office.etax.pending(after.as_deref(), 170).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 170);
        all.extend(page);
    }
    assert_eq!(all.len(), APPLICATIONS);
    let world = office.sandbox.state().red_world();
    for (i, application) in all.iter().enumerate() {
        assert_eq!(Some(application), world.application(i).as_ref());
    }

    let dossiers = join_all(all.iter().map(|a| office.etax.dossier(query(a)))).await;
    for (i, dossier) in dossiers.into_iter().enumerate() {
        let dossier = dossier.unwrap();
        assert_eq!(dossier.status, Some(RedLetterStatus::Pending));
        assert_eq!(dossier.application.as_ref(), Some(&all[i]));
        let exists = world.case(i) != Some(RedCase::BlueUnknown);
        let blue = world.blue_of(i).filter(|_| exists);
        assert_eq!(dossier.blue, blue, "{:?}", world.case(i));
        assert!(!dossier.traces.saving);
    }
    let calls = office.sandbox.state().counts().calls;
    assert!(calls[method::RED_DOSSIERS] <= 22, "{calls:?}");
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn a_direct_reversal_goes_its_way_and_no_step_is_taken_twice() {
    let office = Office::open().await;
    let application = office.application(RedCase::ReturnInFull);
    let number = &application.application_number;
    let etax = &office.etax;
    let draft = draft(&application);

    let form = etax.create_form(&key("form"), &draft).await.unwrap();
    assert_eq!(form.state, FormState::NotNeeded);
    assert_eq!((&form.draft, form.entered_at), (&draft, crate::NOW));
    let again = etax.create_form(&key("form"), &draft).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::OutcomeUnknown);

    let red = etax.issue_red(&key("red"), &form.number).await.unwrap();
    assert_eq!(red.issued_at, crate::NOW);
    for _ in 0..3 {
        let again = etax.issue_red(&key("red"), &form.number).await;
        assert_eq!(again.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    }
    assert_eq!(
        office.form(&form.number).await.red_number,
        Some(red.number.clone())
    );

    let outcome = WriteBack {
        form_number: form.number.clone(),
        red_number: red.number.clone(),
        transfer_out: None,
        settlement_number: None,
    };
    let end = key("end");
    let report = || etax.write_back(&end, number, &outcome);
    report().await.unwrap();
    for _ in 0..3 {
        assert_eq!(report().await.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    }
    let reasons = ["x".to_owned()];
    let returned = etax.return_to_applicant(&end, number, &reasons);
    assert_eq!(returned.await.unwrap_err().kind, ErrorKind::OutcomeUnknown);

    let dossier = office.dossier(&application).await;
    let red_number = red.number.clone();
    assert_eq!(dossier.status, Some(RedLetterStatus::Done { red_number }));
    let blue = dossier.blue.unwrap();
    assert_eq!(blue.status, BlueStatus::Reversed);
    assert!(blue.lines.iter().all(|line| line.remaining_net == Cents(0)));
    let book = office.sandbox.state().red_book();
    assert_eq!(book.issued[&application.blue.number].len(), 1);
    assert_eq!(book.forms[&application.blue.number].len(), 1);
    assert_eq!(book.written_back[number].len(), 1);
    office.sandbox.shutdown().await;
}

#[tokio::test]
async fn the_tax_of_an_agent_issued_invoice_is_settled_once_and_never_more_than_was_paid() {
    let office = Office::open().await;
    let application = office.application(RedCase::AgentRefund);
    let etax = &office.etax;
    let blue = office.dossier(&application).await.blue.unwrap();
    let receipt = blue.agent_issued.unwrap().tax_receipt_number.unwrap();
    let form = etax.create_form(&key("form"), &draft(&application)).await;
    let red = etax
        .issue_red(&key("red"), &form.unwrap().number)
        .await
        .unwrap();
    assert_eq!(etax.settlement_of(&red.number).await.unwrap(), None);

    let order = |amount| SettlementOrder {
        receipt_number: receipt.clone(),
        kind: application.settlement.unwrap(),
        amount,
        red_number: red.number.clone(),
    };
    let tax = Cents(-application.total_tax.0);
    let much = etax
        .open_settlement(&key("tax"), &order(Cents(tax.0 + 1)))
        .await;
    let much = much.unwrap_err();
    assert_eq!(much.kind, ErrorKind::Rejected);
    assert_eq!(much.code.as_deref(), Some("31408"));

    let settlement = etax
        .open_settlement(&key("tax"), &order(tax))
        .await
        .unwrap();
    assert_eq!(
        etax.settlement_of(&red.number).await.unwrap(),
        Some(settlement)
    );
    let again = etax.open_settlement(&key("tax"), &order(tax)).await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    let receipt = office.dossier(&application).await.receipt.unwrap();
    assert_eq!(receipt.settled, tax);
    let book = office.sandbox.state().red_book();
    assert_eq!(book.settled[&red.number].len(), 1);
    office.sandbox.shutdown().await;
}
