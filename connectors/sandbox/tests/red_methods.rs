//! What each method about red-letter invoices answers, and what it refuses.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod red_platform;

use std::{collections::BTreeSet, time::Duration};

use clerkwork_connectors_api::red_letter::{
    BlueStatus, FormAnswer, FormState, RedLetterApplication, SettlementOrder, Side, WriteBack,
};
use clerkwork_core::Cents;
use clerkwork_etax::wire::{Envelope, method, red_letter::PendingAnswer};
use clerkwork_sandbox::{Fault, FaultKind, RedCase, RedEnd, RedGroup};
use red_platform::{Platform, draft, options};
use reqwest::StatusCode;
use serde_json::json;

/// Calls three times and expects one code in three wordings.
macro_rules! three_wordings {
    ($call:expr, $code:expr) => {{
        let mut wordings = BTreeSet::new();
        for _ in 0..3 {
            let refused = $call.await;
            assert_ne!(refused.code, "0");
            assert!($code.contains(&refused.code.as_str()), "{}", refused.code);
            wordings.insert(refused.msg);
        }
        assert_eq!(wordings.len(), 3, "{wordings:?}");
    }};
}

#[tokio::test]
async fn a_direct_reversal_of_an_agent_issued_invoice_goes_all_the_way_once() {
    let platform = Platform::start().await;
    for case in [RedCase::AgentRefund, RedCase::AgentOffset] {
        let application = platform.first(case);
        let number = &application.application_number;
        let before = platform.dossier(&application).await;
        let receipt_number = before
            .blue
            .unwrap()
            .agent_issued
            .unwrap()
            .tax_receipt_number;
        let receipt = before.receipt.unwrap();
        assert_eq!(receipt.payer_tax_id, application.applicant_tax_id);

        let form = platform.entered(&draft(&application)).await;
        assert_eq!((form.state, form.number.len()), (FormState::NotNeeded, 20));
        assert_eq!(
            form.draft,
            draft(&application),
            "what was said is what is held"
        );
        assert_eq!(platform.form(&form.number).await, Some(form.clone()));
        assert_eq!(
            platform.traces(&application.blue).await.forms,
            std::slice::from_ref(&form)
        );

        let red = platform.issue(&form.number).await.data.unwrap();
        assert_eq!(red.hzfphm.len(), 20);
        three_wordings!(platform.issue(&form.number), ["31405"]);
        let held = platform.form(&form.number).await.unwrap();
        assert_eq!(held.red_number.as_ref(), Some(&red.hzfphm));

        let order = SettlementOrder {
            receipt_number: receipt_number.unwrap(),
            kind: application.settlement.unwrap(),
            amount: Cents(-application.total_tax.0),
            red_number: red.hzfphm.clone(),
        };
        assert_eq!(platform.settlement(&red.hzfphm).await, None);
        let settled = platform.settle(&order).await.data.unwrap().tdkbh;
        assert_eq!(platform.settle(&order).await.code, "31409");
        assert_eq!(
            platform.settlement(&red.hzfphm).await.as_ref(),
            Some(&settled)
        );
        let receipt = platform.dossier(&application).await.receipt.unwrap();
        assert_eq!(receipt.settled, order.amount);

        let outcome = WriteBack {
            form_number: form.number.clone(),
            red_number: red.hzfphm.clone(),
            transfer_out: None,
            settlement_number: Some(settled),
        };
        assert_eq!(platform.write_back(number, &outcome).await.code, "0");
        three_wordings!(platform.write_back(number, &outcome), ["31302", "31399"]);
        three_wordings!(platform.give_back(number), ["31302", "31399"]);
        let status = platform.status(number).await.data.unwrap();
        assert_eq!(
            (status.sqzt.as_str(), status.hzfphm),
            ("01", Some(red.hzfphm.clone()))
        );

        let book = platform.state().red_book();
        let blue = match &application.blue.code {
            Some(code) => format!("{code}-{}", application.blue.number),
            None => application.blue.number.clone(),
        };
        assert_eq!((book.forms[&blue].len(), book.issued[&blue].len()), (1, 1));
        assert_eq!(
            book.forms[&blue][0].application_number.as_ref(),
            Some(number)
        );
        assert_eq!(
            (
                book.settled[&red.hzfphm].len(),
                book.written_back[number].len()
            ),
            (1, 1)
        );
    }
    assert_eq!(platform.state().counts().red_issued, 2);
}

#[tokio::test]
async fn a_dossier_holds_the_application_as_it_was_made() {
    let platform = Platform::start().await;
    let world = platform.state().red_world();
    let mut cases = BTreeSet::new();
    for i in 0..world.len() {
        let case = format!("{:?}", world.case(i).unwrap());
        if cases.insert(case.clone()) {
            let application = platform.application(i);
            let mut dossier = platform.dossier(&application).await;
            assert_eq!(dossier.application.as_ref(), Some(&application), "{case}");
            let unknown = RedLetterApplication {
                application_number: "HZ0".into(),
                ..application
            };
            dossier = platform.dossier(&unknown).await;
            assert_eq!((dossier.application, dossier.status), (None, None));
        }
    }
    assert_eq!(cases.len(), 56);
}

#[tokio::test]
async fn every_application_that_is_to_be_completed_can_be() {
    let platform = Platform::start().await;
    let world = platform.state().red_world();
    for i in 0..world.len() {
        let case = world.case(i).unwrap();
        if case.expected() != RedEnd::Completed || case.group() != RedGroup::Direct {
            continue;
        }
        let application = platform.application(i);
        let form = platform.entered(&draft(&application)).await;
        assert_eq!(platform.issue(&form.number).await.code, "0", "{case:?}");
        let blue = platform.blue(&application).await;
        let left: i64 = blue.lines.iter().map(|line| line.remaining_net.0).sum();
        let left_tax: i64 = blue.lines.iter().map(|line| line.remaining_tax.0).sum();
        assert_eq!(left == 0, blue.status == BlueStatus::Reversed, "{case:?}");
        assert!(left == 0 || left_tax > 0 || blue.total_tax == Cents::ZERO);
        if matches!(case, RedCase::DiscountInFull | RedCase::ReturnOfTheRest) {
            assert_eq!((left, left_tax), (0, 0), "{case:?}");
            let all = blue
                .lines
                .iter()
                .all(|line| line.remaining_net == Cents::ZERO);
            assert!(all, "the discount too");
        }
    }
    // Every series has left nothing.
    for case in [RedCase::SeriesOfTwo, RedCase::SeriesOfThree] {
        let application = platform.first(case);
        assert_eq!(
            platform.blue(&application).await.status,
            BlueStatus::Reversed
        );
        assert_eq!(platform.enter(&draft(&application)).await.code, "31402");
    }
}

/// A draft of the first line alone, `cents` of it.
fn allowance(
    application: &RedLetterApplication,
    cents: i64,
) -> clerkwork_connectors_api::red_letter::ReversalDraft {
    let mut draft = draft(application);
    draft.lines.truncate(1);
    draft.lines[0].quantity = None;
    draft.lines[0].unit_price = None;
    draft.lines[0].net = Cents(-cents);
    draft.lines[0].tax = Cents::ZERO;
    (draft.net, draft.tax) = (Cents(-cents), Cents::ZERO);
    draft
}

#[tokio::test]
async fn what_open_forms_keep_is_not_left_for_others_to_the_cent() {
    let platform = Platform::start().await;
    let application = platform.first(RedCase::ReturnInFull);
    let whole = platform.blue(&application).await.lines[0].remaining_net.0;
    let first = platform
        .entered(&allowance(&application, whole - 300))
        .await;
    assert_eq!(
        platform.enter(&allowance(&application, 301)).await.code,
        "31402"
    );
    let second = platform.entered(&allowance(&application, 300)).await;
    assert_eq!(
        platform.enter(&allowance(&application, 1)).await.code,
        "31402"
    );
    // An open form is not yet a reversal.
    assert_eq!(
        platform.blue(&application).await.lines[0].remaining_net.0,
        whole
    );
    // A form that is withdrawn gives back what it kept.
    let withdrawn = platform
        .answer(&first, Side::Seller, FormAnswer::Withdraw)
        .await;
    assert_eq!(withdrawn.code, "0");
    assert_eq!(platform.state_of(&first.number).await, FormState::Withdrawn);
    assert_eq!(
        platform
            .enter(&allowance(&application, whole - 299))
            .await
            .code,
        "31402"
    );
    let third = platform
        .entered(&allowance(&application, whole - 300))
        .await;
    for form in [&second, &third] {
        assert_eq!(platform.issue(&form.number).await.code, "0");
    }
    assert_eq!(
        platform.blue(&application).await.lines[0].remaining_net,
        Cents::ZERO
    );
    assert_eq!(platform.issue(&first.number).await.code, "31405");
    assert_eq!(platform.traces(&application.blue).await.forms.len(), 3);
}

#[tokio::test]
async fn what_does_not_fit_the_blue_invoice_is_refused() {
    let platform = Platform::start().await;
    for (case, code) in [
        (RedCase::BlueUnknown, "31401"),
        (RedCase::OneCentOver, "31402"),
        (RedCase::LineNotOnBlue, "31402"),
        (RedCase::AlreadyReversed, "31402"),
    ] {
        let application = platform.first(case);
        assert_eq!(
            platform.enter(&draft(&application)).await.code,
            code,
            "{case:?}"
        );
    }
    let application = platform.first(RedCase::ReturnInFull);
    let mut other = draft(&application);
    other.seller.tax_id = application.buyer.tax_id.clone();
    assert_eq!(platform.enter(&other).await.code, "31406");
    let mut other = draft(&application);
    other.started_by = Side::Buyer;
    assert_eq!(
        platform.enter(&other).await.code,
        "31407",
        "the issuer must start"
    );
    for case in [RedCase::HeaderNotSum, RedCase::WrongSign] {
        let body = json!(clerkwork_etax::wire::red_letter::EnterRequest {
            nr: (&draft(&platform.first(case))).into()
        });
        let answer = platform.send("api/bchzqrd", "sandbox", &body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{case:?}");
    }
    assert!(platform.state().red_book().forms.is_empty());
    assert_eq!(platform.state().counts().red_refused, 6);
}

#[tokio::test]
async fn unknown_things_are_said_to_be_unknown() {
    let platform = Platform::start().await;
    let application = platform.first(RedCase::AgentRefund);
    let form = platform.entered(&draft(&application)).await;
    for number in ["44032603000000000099", "44032603900000000000", "", "甲"] {
        assert_eq!(platform.form(number).await, None, "{number}");
        assert_eq!(platform.issue(number).await.code, "31404", "{number}");
    }
    let mut other = form.clone();
    other.uuid = "0".repeat(32);
    let answer = platform.answer(&other, Side::Seller, FormAnswer::Withdraw);
    assert_eq!(answer.await.code, "31404");
    let order = SettlementOrder {
        receipt_number: "344260310000000001".into(),
        kind: application.settlement.unwrap(),
        amount: Cents(1),
        red_number: "26449000000000000001".into(),
    };
    assert_eq!(
        platform.settle(&order).await.code,
        "31408",
        "nothing is issued"
    );
    let red = platform.issue(&form.number).await.data.unwrap().hzfphm;
    let agent = platform.blue(&application).await.agent_issued.unwrap();
    let mine = SettlementOrder {
        receipt_number: agent.tax_receipt_number.unwrap(),
        red_number: red.clone(),
        ..order.clone()
    };
    let too_much = SettlementOrder {
        amount: Cents(1 - application.total_tax.0),
        ..mine.clone()
    };
    assert_eq!(platform.settle(&too_much).await.code, "31408");
    let of_another = SettlementOrder {
        red_number: red.clone(),
        ..order
    };
    assert_eq!(platform.settle(&of_another).await.code, "31408");
    assert_eq!(
        platform.settle(&mine).await.code,
        "0",
        "a part may be settled"
    );
    for number in [
        "HZ20260300000000",
        "HZ20260300000251",
        "DK20260300000001",
        "",
    ] {
        assert_eq!(platform.status(number).await.code, "31301", "{number}");
        assert_eq!(platform.give_back(number).await.code, "31301", "{number}");
    }
    let outcome = WriteBack {
        form_number: form.number,
        red_number: red,
        transfer_out: None,
        settlement_number: None,
    };
    let another = platform.first(RedCase::MistakeInFull).application_number;
    let answer = platform.write_back(&another, &outcome).await;
    assert_eq!(answer.code, "31406", "of another blue invoice");
}

#[tokio::test]
async fn a_form_from_before_the_world_began_is_shown_and_issued() {
    let platform = Platform::start().await;
    let application = platform.first(RedCase::ReturnOfTheRest);
    let dossier = platform.dossier(&application).await;
    assert_eq!(dossier.blue.unwrap().status, BlueStatus::PartlyReversed);
    let [old] = &dossier.traces.forms[..] else {
        panic!("one form");
    };
    assert!(old.red_number.is_some());
    assert_eq!(platform.form(&old.number).await.as_ref(), Some(old));
    assert_eq!(platform.issue(&old.number).await.code, "31405");
}

#[tokio::test]
async fn many_entries_at_once_make_one_form() {
    let platform = Platform::start().await;
    let application = platform.first(RedCase::MistakeInFull);
    let draft = draft(&application);
    let calls: Vec<_> = (0..16).map(|_| platform.enter(&draft)).collect();
    let mut codes = Vec::new();
    let mut calls = calls.into_iter().map(Box::pin).collect::<Vec<_>>();
    std::future::poll_fn(|cx| {
        calls.retain_mut(|call| match call.as_mut().poll(cx) {
            std::task::Poll::Ready(answer) => {
                codes.push(answer.code);
                false
            }
            std::task::Poll::Pending => true,
        });
        if calls.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    codes.sort();
    assert_eq!(codes[0], "0");
    assert!(codes[1..].iter().all(|code| code == "31402"), "{codes:?}");
    assert_eq!(platform.traces(&application.blue).await.forms.len(), 1);
}

#[tokio::test]
async fn a_form_that_is_being_saved_shows_later_and_keeps_others_out() {
    let mut options = options();
    let saving = FaultKind::Saving { milliseconds: 4000 };
    options.faults = Fault::always(saving).times(1).into();
    let platform = Platform::with(options).await;
    let application = platform.first(RedCase::MistakeInFull);
    let refused = platform.enter(&draft(&application)).await;
    assert_eq!(refused.code, "31403");
    assert_eq!(refused.msg, "存在进行中的红字确认单保存操作");
    for _ in 0..2 {
        let traces = platform.traces(&application.blue).await;
        assert!(traces.saving && traces.forms.is_empty());
        let dossier = platform.dossier(&application).await;
        assert!(dossier.traces.saving && dossier.traces.forms.is_empty());
        assert_eq!(platform.enter(&draft(&application)).await.code, "31403");
        platform.advance(Duration::from_millis(1999));
    }
    platform.advance(Duration::from_millis(2));
    let traces = platform.traces(&application.blue).await;
    assert!(!traces.saving);
    assert_eq!(traces.forms.len(), 1, "it was saved all the same, once");
    assert_eq!(platform.enter(&draft(&application)).await.code, "31402");
    assert_eq!(platform.issue(&traces.forms[0].number).await.code, "0");
    assert_eq!(platform.state().counts().faults["saving"], 1);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_act_to_be_found() {
    let mut options = options();
    let lost = |method| Fault::always(FaultKind::LostAnswer).on(method).times(1);
    options.faults = clerkwork_sandbox::Faults(vec![lost("bchzqrd"), lost("kjhzfp")]);
    let platform = Platform::with(options).await;
    let application = platform.first(RedCase::MistakeInFull);
    let request = clerkwork_etax::wire::red_letter::EnterRequest {
        nr: (&draft(&application)).into(),
    };
    let lost = |path: &str, body: serde_json::Value| {
        let url = format!("{}/api/{path}", platform.running.url());
        platform
            .client
            .post(url)
            .bearer_auth("sandbox")
            .json(&body)
            .send()
    };
    assert!(lost("bchzqrd", json!(request)).await.is_err());
    let forms = platform.traces(&application.blue).await.forms;
    assert_eq!(forms.len(), 1);
    assert!(
        lost("kjhzfp", json!({"hzqrdbh": forms[0].number}))
            .await
            .is_err()
    );
    let form = platform.form(&forms[0].number).await.unwrap();
    assert!(form.red_number.is_some());
}

#[tokio::test]
async fn pending_applications_come_in_pages_and_leave_when_decided() {
    let platform = Platform::start().await;
    let page = async |after: Option<&str>, ts: u32| -> Vec<RedLetterApplication> {
        let body = json!({"sqbhh": after, "ts": ts});
        let answer: Envelope<PendingAnswer> = platform.call(method::RED_PENDING, &body).await;
        let list = answer.data.unwrap().list.into_iter();
        list.map(|wire| wire.try_into().unwrap()).collect()
    };
    let all = page(None, 1000).await;
    assert_eq!(all.len(), 250);
    for (i, application) in all.iter().enumerate() {
        assert_eq!(
            *application,
            platform.application(i),
            "it survives the wire"
        );
    }
    let number = |i: usize| all[i].application_number.clone();
    assert_eq!(page(Some(&number(39)), 10).await, all[40..50]);
    assert!(page(Some("Z"), 10).await.is_empty());
    assert_eq!(platform.give_back(&number(40)).await.code, "0");
    assert!(platform.state().withdraw(&number(41)));
    assert!(!platform.state().withdraw(&number(41)), "only once");
    assert_eq!(page(Some(&number(39)), 2).await, all[42..44]);
    for (i, state) in [(40, "02"), (41, "03"), (42, "00")] {
        assert_eq!(platform.status(&number(i)).await.data.unwrap().sqzt, state);
    }
    let book = platform.state().red_book();
    assert_eq!(book.returned[&number(40)][0].reasons, ["对方拒绝"]);
    let counts = platform.state().counts();
    assert_eq!((counts.red_pending, counts.red_withdrawn), (248, 1));
}
