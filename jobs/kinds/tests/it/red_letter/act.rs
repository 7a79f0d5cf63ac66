//! Carrying out: every route, every end of a form, lookups, waiting times.

use std::time::Duration;

use clerkwork_connectors_api::{
    ErrorKind,
    red_letter::{BlueStatus, FormState, RedLetterStatus, SettlementKind, Side, VatUse},
};
use clerkwork_core::EffectState;
use clerkwork_kinds::{Done, Order, Stop, Wait};
use jiff::civil::date;
use serde_json::{Value, json};

use crate::upstream::NOW;

use super::world::{Desk, FORM, RED, State, example, form};

const HOUR: Duration = Duration::from_secs(3_600);

fn desk(change: impl FnOnce(&mut State)) -> Desk {
    let application = example();
    let mut state = State::of(&application, 2);
    change(&mut state);
    Desk::new(application, state)
}

fn booked(state: &mut State) {
    state.blue().booked = true;
}

fn theirs(state: &mut State) {
    booked(state);
    let waits = form(&example(), FORM, Side::Buyer, FormState::WaitsForSeller);
    state.forms.push(waits);
}

fn returning() -> Order {
    Order::Return {
        reasons: vec!["未查询到该蓝字发票".into(), "请核对".into()],
    }
}

fn completed(done: Result<Done, Stop>) -> Value {
    match done {
        Ok(Done::Completed { summary }) => summary,
        other => panic!("{other:?}"),
    }
}

fn waiting(done: Result<Done, Stop>) -> Wait {
    match done {
        Ok(Done::Waiting(wait)) => wait,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn where_nothing_is_confirmed_the_form_and_the_red_invoice_go_out_at_once() {
    let mut desk = desk(|_| {});
    let summary = completed(desk.proceed().await);
    assert_eq!(
        summary,
        json!({
            "form_number": FORM,
            "red_number": RED,
            "route": "direct",
            "transfer_out_cents": 0,
            "settlement_number": null,
            "remark": format!("被红冲蓝字数电票号码:26442000000012345678 红字发票信息确认单编号:{FORM}"),
        })
    );
    assert_eq!(
        desk.world.writes(),
        [
            "create_form".to_owned(),
            format!("issue_red {FORM}"),
            format!("write_back HZ-202603-00000001 {FORM} {RED} - -"),
        ]
    );
    assert_eq!(desk.records[0].before, Some(json!([])));
}

#[tokio::test]
async fn where_use_is_confirmed_the_other_side_is_waited_for() {
    let mut desk = desk(|s| s.blue().vat_use = VatUse::Confirmed);
    let wait = waiting(desk.proceed().await);
    assert_eq!(wait.topic, format!("etax.form:{FORM}"));
    assert_eq!(wait.deadline, Some(NOW.after(72 * HOUR)));
    assert_eq!(wait.until, NOW.after(Duration::from_secs(30)));

    // Nothing new: nothing is written, and the next look comes later.
    desk.clock.advance(4 * HOUR);
    let wait = waiting(desk.proceed().await);
    let pause = wait.until.since(NOW.after(4 * HOUR));
    assert!(pause > HOUR / 2 && pause <= HOUR, "{pause:?}");
    assert_eq!(wait.deadline, Some(NOW.after(72 * HOUR)));
    assert_eq!(desk.world.writes(), ["create_form"]);

    desk.world.with(|s| s.forms[0].state = FormState::Confirmed);
    let summary = completed(desk.proceed().await);
    assert_eq!(summary["route"], "form");
    assert_eq!(summary["transfer_out_cents"], 29_452);
    assert_eq!(
        desk.world.writes().last().unwrap(),
        &format!("write_back HZ-202603-00000001 {FORM} {RED} 294.52 -")
    );
}

#[tokio::test]
async fn where_the_other_sides_form_waits_it_is_agreed_to() {
    let mut desk = desk(theirs);
    let summary = completed(desk.proceed().await);
    assert_eq!(summary["route"], "confirm");
    assert_eq!(
        desk.world.writes()[..2],
        [
            format!("answer_form {FORM} Seller Agree"),
            format!("issue_red {FORM}")
        ]
    );
    assert_eq!(desk.state_of("create_form"), None);
}

#[tokio::test]
async fn tax_that_was_paid_through_the_bureau_is_settled() {
    let mut desk = desk(State::agent_issued);
    desk.application.settlement = Some(SettlementKind::Refund);
    let summary = completed(desk.proceed().await);
    assert_eq!(summary["settlement_number"], "TS0001");
    assert_eq!(
        summary["remark"],
        "对应正数发票号码:26442000000012345678代开企业税号:91440300MA50001107代开企业名称:示例科技（深圳）有限公司"
    );
    assert_eq!(
        desk.world.writes()[2..],
        [
            format!("open_settlement 344036260300001234 Refund 294.52 {RED}"),
            format!("write_back HZ-202603-00000001 {FORM} {RED} - TS0001"),
        ]
    );
}

#[tokio::test]
async fn a_summary_names_the_principal_only_if_it_is_surely_an_organisation() {
    for (name, tax_id) in [
        ("张三", "11010519491231002X"),
        // Sole traders, under the name of a shop too.
        ("深圳市福田区老王五金店", "92110000600037341H"),
        ("老王五金店", "11010519491231002X01"),
        // From before 2015: nobody can tell whose.
        ("老王五金店", "110000600037341"),
        ("老王五金店", "11010549123100201"),
        // An organisation by its code only.
        ("张三", "91110000600037341L"),
    ] {
        let mut desk = desk(State::agent_issued);
        desk.application.settlement = Some(SettlementKind::Offset);
        desk.world.with(|s| {
            let agent = s.blue().agent_issued.as_mut().unwrap();
            agent.principal.name = name.into();
            agent.principal.tax_id = tax_id.into();
        });
        let summary = completed(desk.proceed().await).to_string();
        assert!(
            !summary.contains(name) && !summary.contains(tax_id),
            "{summary}"
        );
        assert!(summary.contains("被红冲蓝字数电票号码"), "{summary}");
    }
}

#[tokio::test]
async fn without_a_receipt_or_a_wish_nothing_is_begun() {
    let mut desk = desk(State::agent_issued);
    assert!(matches!(desk.proceed().await, Ok(Done::Contradicted(_))));
    assert!(desk.world.writes().is_empty());
}

#[tokio::test]
async fn a_form_that_ended_makes_the_fleet_decide_again() {
    for state in FormState::ALL.into_iter().filter(|state| state.is_void()) {
        for change in [booked as fn(&mut State), theirs] {
            let mut desk = desk(change);
            desk.world
                .with(|s| s.refuse = Some(("issue_red", ErrorKind::Transient, None)));
            let _ = desk.proceed().await;
            desk.world.with(|s| s.forms[0].state = state);
            let done = desk.proceed().await.unwrap();
            assert_eq!(done, Done::Reconsider, "{state:?}");
            // Then it is returned: nothing of the job stands any more.
            let done = desk.attempt(&returning(), true).await.unwrap();
            assert_eq!(done, Done::Returned, "{state:?}");
        }
    }
    let mut desk = desk(booked);
    waiting(desk.proceed().await);
    desk.world.with(|s| s.forms.clear());
    assert_eq!(desk.proceed().await.unwrap(), Done::Reconsider);
}

#[tokio::test]
async fn the_deadline_passes_and_the_upstream_still_says_it_waits() {
    let mut desk = desk(booked);
    waiting(desk.proceed().await);
    let deadline = NOW.after(72 * HOUR);
    desk.clock.advance(72 * HOUR - HOUR / 4);
    assert_eq!(waiting(desk.proceed().await).until, deadline);
    desk.clock.advance(HOUR / 4);
    let later = deadline.after(Duration::from_secs(600));
    assert_eq!(waiting(desk.proceed().await).until, later);
    desk.clock.advance(24 * HOUR - Duration::from_micros(1));
    waiting(desk.proceed().await);
    desk.clock.advance(Duration::from_micros(1));
    assert!(matches!(desk.proceed().await, Ok(Done::Contradicted(_))));
    assert_eq!(desk.world.writes(), ["create_form"]);
}

#[tokio::test]
async fn without_a_row_that_holds_the_deadline_a_person_looks_after_thirty_days() {
    let mut desk = desk(booked);
    desk.application.applied_on = date(2024, 11, 30);
    assert_eq!(waiting(desk.proceed().await).deadline, None);
    desk.clock
        .advance(30 * 24 * HOUR - Duration::from_micros(1));
    assert_eq!(waiting(desk.proceed().await).deadline, None);
    desk.clock.advance(Duration::from_micros(1));
    let Ok(Done::Contradicted(text)) = desk.proceed().await else {
        panic!("still waiting");
    };
    assert!(text.zh.contains("没有规则记录"), "{text:?}");
    assert_eq!(desk.world.writes(), ["create_form"]);
}

#[tokio::test]
async fn a_write_that_landed_unseen_is_found() {
    for name in [
        "create_form",
        "answer_form",
        "issue_red",
        "open_settlement",
        "write_back",
    ] {
        let mut desk = desk(|s| {
            s.agent_issued();
            if name == "answer_form" {
                theirs(s);
            }
            s.lose = Some(name);
        });
        desk.application.settlement = Some(SettlementKind::Refund);
        let summary = completed(desk.proceed().await);
        assert_eq!(summary["settlement_number"], "TS0001", "{name}");
        assert_eq!(desk.world.writes().len(), 4, "{name}: nothing twice");
    }
}

#[tokio::test]
async fn a_write_that_did_not_land_is_made_by_the_next_attempt() {
    for name in [
        "create_form",
        "answer_form",
        "issue_red",
        "open_settlement",
        "write_back",
    ] {
        let mut desk = desk(|s| {
            s.agent_issued();
            if name == "answer_form" {
                theirs(s);
            }
            s.refuse = Some((name, ErrorKind::OutcomeUnknown, None));
        });
        desk.application.settlement = Some(SettlementKind::Refund);
        let stop = desk.proceed().await.unwrap_err();
        assert!(matches!(stop, Stop::Retry(_)), "{name}: {stop:?}");
        completed(desk.proceed().await);
    }
}

#[tokio::test]
async fn only_a_form_that_was_not_there_before_is_taken_for_ours() {
    // The same form as an earlier job left, ended since.
    let mut desk = desk(|s| {
        let old = form(
            &example(),
            "26442099000000000099",
            Side::Seller,
            FormState::Withdrawn,
        );
        s.forms.push(old);
        s.refuse = Some(("create_form", ErrorKind::OutcomeUnknown, None));
    });
    assert!(matches!(desk.proceed().await, Err(Stop::Retry(_))));
    assert_eq!(
        desk.records[0].before,
        Some(json!(["26442099000000000099"]))
    );
    let summary = completed(desk.proceed().await);
    assert_ne!(summary["form_number"], "26442099000000000099");
}

#[tokio::test]
async fn a_form_that_is_being_saved_is_waited_for() {
    let mut desk = desk(|s| s.refuse = Some(("create_form", ErrorKind::OutcomeUnknown, None)));
    assert!(matches!(desk.proceed().await, Err(Stop::Retry(_))));
    desk.world.with(|s| s.saving = true);
    for _ in 0..2 {
        let Err(Stop::Retry(error)) = desk.proceed().await else {
            panic!("not asked again");
        };
        assert_eq!(error.kind(), ErrorKind::Transient);
        assert!(error.message.contains("still saving"));
    }
    assert_eq!(desk.world.writes(), ["create_form"], "not tried again");
    let saved = form(&example(), FORM, Side::Seller, FormState::NotNeeded);
    desk.world.with(|s| {
        s.saving = false;
        s.forms.push(saved);
    });
    completed(desk.proceed().await);
    assert_eq!(desk.world.writes()[1], format!("issue_red {FORM}"));
}

#[tokio::test]
async fn of_several_forms_nobody_guesses() {
    let mut desk = desk(|s| s.refuse = Some(("create_form", ErrorKind::OutcomeUnknown, None)));
    assert!(matches!(desk.proceed().await, Err(Stop::Retry(_))));
    for number in [FORM, "26442099000000000002"] {
        let one = form(&example(), number, Side::Seller, FormState::NotNeeded);
        desk.world.with(|s| s.forms.push(one));
    }
    assert!(matches!(desk.proceed().await, Err(Stop::Unclear { .. })));
    assert_eq!(desk.codes().await, ["RLI-FORM-008", "RLI-REM-011"]);
}

#[tokio::test]
async fn the_other_sides_form_that_appears_at_the_last_moment_is_not_doubled() {
    let mut desk = desk(|s| {
        booked(s);
        s.refuse = Some(("create_form", ErrorKind::OutcomeUnknown, None));
    });
    assert!(matches!(desk.proceed().await, Err(Stop::Retry(_))));
    desk.world.with(theirs);
    // The gate gathers, and sees it; nothing is entered.
    assert_eq!(desk.proceed().await.unwrap(), Done::Reconsider);
    assert_eq!(desk.world.writes(), ["create_form"]);
    assert_eq!(desk.state_of("create_form"), Some(EffectState::Refused));
    let summary = completed(desk.proceed().await);
    assert_eq!(summary["route"], "confirm");
}

#[tokio::test]
async fn the_other_side_takes_its_form_back_before_it_is_answered() {
    let mut desk = desk(theirs);
    desk.world
        .with(|s| s.refuse = Some(("answer_form", ErrorKind::OutcomeUnknown, None)));
    assert!(matches!(desk.proceed().await, Err(Stop::Retry(_))));
    desk.world.with(|s| s.forms[0].state = FormState::Withdrawn);
    assert!(matches!(desk.proceed().await, Err(Stop::Unclear { .. })));
}

#[tokio::test]
async fn a_taxpayer_who_may_not_confirm_is_named_as_such() {
    for (code, word) in [("31120", "高风险"), ("31121", "红色预警")] {
        let mut desk = desk(|s| {
            theirs(s);
            s.refuse = Some(("answer_form", ErrorKind::Rejected, Some(code)));
        });
        let Ok(Done::Contradicted(text)) = desk.proceed().await else {
            panic!("{code}");
        };
        assert!(text.zh.contains(word), "{code}");
    }
    let mut desk = desk(|s| {
        theirs(s);
        s.refuse = Some(("answer_form", ErrorKind::Rejected, Some("31022")));
    });
    assert!(matches!(desk.proceed().await, Err(Stop::Refused(_))));
}

#[tokio::test]
async fn a_return_is_contradicted_while_something_of_the_job_stands() {
    for (state, done) in [
        (FormState::WaitsForBuyer, false),
        (FormState::Confirmed, false),
        (FormState::NotNeeded, false),
        (FormState::RefusedByBuyer, true),
        (FormState::Abnormal, true),
    ] {
        let mut desk = desk(booked);
        waiting(desk.proceed().await);
        desk.world.with(|s| s.forms[0].state = state);
        let ended = desk.attempt(&returning(), true).await.unwrap();
        assert_eq!(ended == Done::Returned, done, "{state:?}");
        assert_eq!(matches!(ended, Done::Contradicted(_)), !done, "{state:?}");
        // Also when nobody knows yet whether the form was entered.
        let mut desk = desk_with_unclear_form(state).await;
        let ended = desk.attempt(&returning(), true).await.unwrap();
        assert_eq!(ended == Done::Returned, done, "{state:?}");
    }
}

async fn desk_with_unclear_form(state: FormState) -> Desk {
    let mut desk = desk(|s| {
        booked(s);
        s.refuse = Some(("create_form", ErrorKind::OutcomeUnknown, None));
    });
    assert!(desk.proceed().await.is_err());
    let one = form(&example(), FORM, Side::Seller, state);
    desk.world.with(|s| s.forms.push(one));
    desk
}

#[tokio::test]
async fn an_issued_red_invoice_contradicts_a_return() {
    let mut desk = desk(|s| s.refuse = Some(("write_back", ErrorKind::Transient, None)));
    assert!(desk.proceed().await.is_err());
    let ended = desk.attempt(&returning(), true).await.unwrap();
    assert!(matches!(ended, Done::Contradicted(_)));
}

#[tokio::test]
async fn a_return_hands_the_reasons_on_once() {
    let mut desk = desk(|s| s.lose = Some("return_to_applicant"));
    let done = desk.attempt(&returning(), true).await.unwrap();
    assert_eq!(done, Done::Returned);
    assert_eq!(
        desk.world.writes(),
        ["return_to_applicant HZ-202603-00000001 未查询到该蓝字发票|请核对"]
    );
}

#[tokio::test]
async fn a_state_that_neither_this_write_nor_nothing_explains_goes_to_a_person() {
    let done = |red: &str| {
        Some(RedLetterStatus::Done {
            red_number: red.into(),
        })
    };
    for status in [
        done("26442088000000000099"),
        Some(RedLetterStatus::Returned),
        Some(RedLetterStatus::Withdrawn),
        None,
    ] {
        let mut desk = desk(|s| s.refuse = Some(("write_back", ErrorKind::Transient, None)));
        assert!(desk.proceed().await.is_err());
        desk.world.with(|s| s.status.clone_from(&status));
        let stop = desk.proceed().await.unwrap_err();
        assert!(matches!(stop, Stop::Unclear { .. }), "{status:?}");
    }
    for status in [done(RED), Some(RedLetterStatus::Withdrawn), None] {
        let mut desk =
            desk(|s| s.refuse = Some(("return_to_applicant", ErrorKind::Transient, None)));
        assert!(desk.attempt(&returning(), true).await.is_err());
        desk.world.with(|s| s.status.clone_from(&status));
        let stop = desk.attempt(&returning(), false).await.unwrap_err();
        assert!(matches!(stop, Stop::Unclear { .. }), "{status:?}");
    }
}

#[tokio::test]
async fn a_blue_invoice_that_is_used_up_is_reversed_once() {
    let application = example();
    let state = State::of(&application, 1);
    let mut desk = Desk::new(application, state);
    completed(desk.proceed().await);
    let status = desk.world.with(|s| s.blue().status);
    assert_eq!(status, BlueStatus::Reversed);
    completed(desk.proceed().await);
    assert_eq!(desk.world.writes().len(), 3, "the journal answers");
}
