//! Another upstream in the place of the first: the same number is somebody else's form there.

use clerkwork_connectors_api::{
    ErrorKind,
    red_letter::{ConfirmationForm, FormState, Side},
};
use clerkwork_core::EffectState;
use clerkwork_kinds::{Done, Lookup, Order, Stop};

use super::world::{Desk, FORM, RED, State, example, form, item};

type Swap = fn(&mut ConfirmationForm);

/// How a form can be another under the same number.
const OF_ANY: [Swap; 3] = [
    |form| form.draft.blue.number = "26442000000099999999".into(),
    |form| form.draft.net.0 -= 1,
    |form| form.draft.started_by = form.draft.started_by.other(),
];

/// And where the number was given to the job itself.
const OF_OWN: [Swap; 4] = [OF_ANY[0], OF_ANY[1], OF_ANY[2], |form| {
    form.uuid = "f".repeat(32)
}];

fn desk(theirs: bool) -> Desk {
    let application = example();
    let mut state = State::of(&application, 2);
    state.blue().booked = true;
    if theirs {
        let waits = form(&application, FORM, Side::Buyer, FormState::WaitsForSeller);
        state.forms.push(waits);
    }
    Desk::new(application, state)
}

fn swap(desk: &Desk, swap: Swap) {
    desk.world.with(|s| swap(&mut s.forms[0]));
}

fn stop(desk: &Desk, at: &'static str) {
    desk.world
        .with(|s| s.refuse = Some((at, ErrorKind::Transient, None)));
}

/// Both orders end with a person, and nothing more is written.
async fn nothing_is_written(mut desk: Desk) {
    let writes = desk.world.writes();
    let done = desk.proceed().await;
    assert!(another(&done), "{done:?}");
    let order = Order::Return {
        reasons: vec!["资料不全".into()],
    };
    let announced = desk.records.iter().any(|r| r.state != EffectState::Refused);
    if announced {
        let done = desk.attempt(&order, true).await;
        assert!(another(&done), "{done:?}");
    }
    assert_eq!(desk.world.writes(), writes);
}

fn another(done: &Result<Done, Stop>) -> bool {
    match done {
        Ok(Done::Contradicted(text)) | Err(Stop::Unclear { found: text, .. }) => {
            text.zh.contains("另一张发票") && text.en.contains("another invoice")
        }
        Ok(_) | Err(_) => false,
    }
}

#[tokio::test]
async fn nothing_is_issued_on_another_form_under_the_jobs_number() {
    for change in OF_OWN {
        for state in [FormState::WaitsForBuyer, FormState::Confirmed] {
            let mut desk = desk(false);
            assert!(matches!(desk.proceed().await, Ok(Done::Waiting(_))));
            desk.world.with(|s| s.forms[0].state = state);
            swap(&desk, change);
            assert!(desk.codes().await.contains(&"RLI-FORM-007".to_owned()));
            nothing_is_written(desk).await;
        }
    }
}

#[tokio::test]
async fn another_form_under_the_number_of_the_other_sides_is_not_confirmed() {
    for change in OF_ANY {
        // Between the decision and the act.
        let mut fresh = desk(true);
        stop(&fresh, "answer_form");
        assert!(fresh.proceed().await.is_err());
        swap(&fresh, change);
        nothing_is_written(fresh).await;
    }
}

#[tokio::test]
async fn nothing_is_issued_where_the_form_that_was_confirmed_is_another_now() {
    for change in OF_OWN {
        let mut desk = desk(true);
        stop(&desk, "issue_red");
        assert!(desk.proceed().await.is_err());
        swap(&desk, change);
        nothing_is_written(desk).await;
    }
}

#[tokio::test]
async fn nothing_is_reported_where_the_form_that_was_issued_on_is_another_now() {
    for theirs in [false, true] {
        for change in OF_OWN {
            let mut desk = desk(theirs);
            if !theirs {
                assert!(matches!(desk.proceed().await, Ok(Done::Waiting(_))));
                desk.world.with(|s| s.forms[0].state = FormState::Confirmed);
            }
            stop(&desk, "write_back");
            assert!(desk.proceed().await.is_err());
            swap(&desk, change);
            nothing_is_written(desk).await;
        }
    }
}

#[tokio::test]
async fn a_lost_act_is_not_found_in_another_form() {
    for (name, change) in [("confirm_form", OF_ANY[0]), ("issue_red", OF_ANY[1])] {
        let mut desk = desk(true);
        stop(&desk, "write_back");
        assert!(desk.proceed().await.is_err());
        swap(&desk, change);
        let mut effect = desk
            .records
            .iter()
            .find(|r| r.name == name)
            .unwrap()
            .clone();
        (effect.state, effect.result) = (EffectState::Unknown, None);
        assert!(
            desk.world
                .with(|s| s.forms[0].red_number.as_deref() == Some(RED))
        );
        let inquiry = item(&desk.application)
            .inquire(&effect, &desk.world.upstreams())
            .await
            .unwrap()
            .unwrap();
        let Lookup::Unclear(text) = &inquiry.lookup else {
            panic!("{inquiry:?}");
        };
        assert!(text.zh.contains("另一张发票"), "{text:?}");
        assert!(inquiry.candidates.iter().all(|candidate| !candidate.fits));
    }
}
