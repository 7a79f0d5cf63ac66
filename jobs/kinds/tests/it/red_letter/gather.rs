//! The facts: names and types of the policy schema, closed words, and what they rest on.

use clerkwork_connectors_api::red_letter::{
    BlueStatus, FormState, IssuerActivity, RedLetterStatus, SettlementKind, Side, VatUse,
};
use clerkwork_core::{Cents, FactValue, Facts};
use jiff::civil::date;

use crate::schema::{schema_facts, with_types};
use crate::upstream::{AS_OF, NOW};

use super::world::{Desk, FORM, RED, State, example, form};

async fn facts(change: impl FnOnce(&mut Desk)) -> Facts {
    let application = example();
    let state = State::of(&application, 2);
    let mut desk = Desk::new(application, state);
    change(&mut desk);
    desk.review().await.1
}

fn value<'f>(facts: &'f Facts, name: &str) -> Option<&'f FactValue> {
    facts.value(name)
}

#[tokio::test]
async fn every_fact_of_the_schema_is_produced_with_its_type_and_no_other() {
    let facts = facts(|_| {}).await;
    let mut wanted = schema_facts("RedLetterFacts");
    // The fleet's own: at a decision.
    for fleets in [
        "facts_age_seconds",
        "taxpayer_returns_90_days_count",
        "taxpayer_overrides_90_days_count",
    ] {
        assert!(wanted.remove(fleets).is_some(), "{fleets}");
    }
    assert_eq!(with_types(&facts), wanted);
}

#[tokio::test]
async fn the_example_as_facts() {
    let facts = facts(|_| {}).await;
    let shown: Vec<_> = facts
        .0
        .iter()
        .map(|(name, fact)| {
            let time = match fact.at {
                AS_OF => "as of",
                NOW => "now",
                _ => "?",
            };
            let progress = if fact.progress { ", progress" } else { "" };
            format!(
                "{name} = {:?} ({}, {time}{progress})",
                fact.value, fact.source
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[tokio::test]
async fn what_is_not_known_is_absent() {
    let facts = facts(|desk| {
        desk.application.buyer.tax_id = "9144".into();
        desk.world
            .with(|s| (s.blue, s.status, s.seller) = (None, None, None));
    })
    .await;
    for name in [
        "route",
        "full_reversal",
        "margin_taxation",
        "cross_year",
        "blue_age_days",
        "buyer_deducted",
        "transfer_out_cents",
        "agent_issued",
        "tax_settlement",
        "settlement_cents",
        "buyer_natural_person",
    ] {
        assert_eq!(value(&facts, name), None, "{name}");
    }
    assert_eq!(value(&facts, "blue_status"), Some(&"unknown".into()));
    assert_eq!(value(&facts, "application_status"), Some(&"unknown".into()));
    let registration = value(&facts, "seller_registration");
    assert_eq!(registration, Some(&"unregistered".into()));
}

#[tokio::test]
async fn the_route_follows_use_booking_and_the_other_sides_form() {
    let route = async |change: fn(&mut State)| {
        let facts = facts(|desk| desk.world.with(change)).await;
        let open = value(&facts, "other_form_open").cloned();
        (value(&facts, "route").cloned().unwrap(), open.unwrap())
    };
    let free = (FactValue::from("direct"), FactValue::from(false));
    assert_eq!(route(|_| {}).await, free);
    assert_eq!(route(|s| s.blue().vat_use = VatUse::Ticked).await, free);
    let form_route = (FactValue::from("form"), FactValue::from(false));
    for change in [
        (|s| s.blue().vat_use = VatUse::Confirmed) as fn(&mut State),
        |s| s.blue().consumption_use_confirmed = true,
        |s| s.blue().booked = true,
    ] {
        assert_eq!(route(change).await, form_route);
    }
    // The other side's form, waiting for ours, is answered, and is no other open form.
    let answered = route(|s| {
        s.blue().booked = true;
        let theirs = form(&example(), FORM, Side::Buyer, FormState::WaitsForSeller);
        s.forms.push(theirs);
    });
    assert_eq!(answered.await, ("confirm".into(), false.into()));
    // One that says something else is not.
    let other = route(|s| {
        let mut theirs = form(&example(), FORM, Side::Buyer, FormState::WaitsForSeller);
        theirs.draft.lines[0].net = Cents(-199_999);
        s.forms.push(theirs);
    });
    assert_eq!(other.await, ("direct".into(), true.into()));
    // Nor one that waits for its own buyer, nor one that ended.
    let ours = route(|s| {
        let ours = form(&example(), FORM, Side::Seller, FormState::WaitsForBuyer);
        s.forms.push(ours);
    });
    assert_eq!(ours.await, ("direct".into(), true.into()));
    let ended = route(|s| {
        let ended = form(&example(), FORM, Side::Buyer, FormState::Lapsed);
        s.forms.push(ended);
    });
    assert_eq!(ended.await, free);
}

#[tokio::test]
async fn content_is_compared_by_what_it_says_not_by_how_it_is_written() {
    let facts = facts(|desk| {
        desk.world.with(|s| {
            let mut theirs = form(&example(), FORM, Side::Buyer, FormState::WaitsForSeller);
            theirs.draft.lines.reverse();
            theirs.draft.lines[1].quantity = Some("-2.000".into());
            theirs.draft.lines[1].item_name = "打印机".into();
            theirs.draft.blue.code = Some(String::new());
            s.forms.push(theirs);
        });
    })
    .await;
    assert_eq!(value(&facts, "route"), Some(&"confirm".into()));
}

#[tokio::test]
async fn money_time_and_reversals_are_told() {
    let facts = facts(|desk| {
        desk.application.applied_on = date(2026, 3, 6);
        desk.application.blue.issued_on = date(2025, 12, 31);
        desk.world.with(|s| {
            let blue = s.blue();
            blue.vat_use = VatUse::Confirmed;
            blue.reference.issued_on = date(2025, 12, 31);
            blue.status = BlueStatus::PartlyReversed;
            let mut earlier = form(&example(), RED, Side::Buyer, FormState::Confirmed);
            earlier.red_number = Some(RED.into());
            s.forms.push(earlier);
        });
    })
    .await;
    for (name, expected) in [
        ("reversed_gross_cents", 256_002.into()),
        ("transfer_out_cents", 29_452.into()),
        ("buyer_deducted", true.into()),
        ("cross_year", true.into()),
        ("blue_age_days", 65.into()),
        ("blue_status", "partly_reversed".into()),
        ("earlier_reversals_count", 1.into()),
        ("other_form_open", false.into()),
        ("full_reversal", false.into()),
        ("tax_settlement", "not_needed".into()),
        ("settlement_cents", 0.into()),
    ] {
        assert_eq!(value(&facts, name), Some(&expected), "{name}");
    }
}

#[tokio::test]
async fn shares_are_rounded_down_and_nothing_issued_has_none() {
    let shares = async |activity| {
        let facts = facts(|desk| desk.world.with(|s| s.activity = activity)).await;
        [
            "seller_red_permille",
            "seller_void_permille",
            "seller_red_void_permille",
            "seller_top_quota_permille",
        ]
        .map(|name| value(&facts, name).cloned().unwrap())
    };
    let activity = IssuerActivity {
        issued: 26,
        red: 13,
        voided: 1,
        top_of_quota: 25,
        month_end_reds: 2,
        reissued_to_others: 3,
    };
    assert_eq!(
        shares(activity).await,
        [500, 38, 538, 961].map(FactValue::Long)
    );
    let none = IssuerActivity {
        issued: 0,
        ..activity
    };
    assert_eq!(shares(none).await, [0; 4].map(FactValue::Long));
    let most = IssuerActivity {
        issued: 1,
        red: u32::MAX,
        voided: u32::MAX,
        ..activity
    };
    let big = i64::from(u32::MAX) * 1_000;
    assert_eq!(shares(most).await[2], FactValue::Long(2 * big));
}

#[tokio::test]
async fn what_becomes_of_the_tax_is_told() {
    let settled = async |change: fn(&mut Desk)| {
        let facts = facts(|desk| {
            desk.application.settlement = Some(SettlementKind::Offset);
            desk.world.with(State::agent_issued);
            change(desk);
        })
        .await;
        let word = value(&facts, "tax_settlement").cloned().unwrap();
        (word, value(&facts, "settlement_cents").cloned())
    };
    let told = |word: &str, cents: Option<i64>| (FactValue::from(word), cents.map(FactValue::Long));
    assert_eq!(settled(|_| {}).await, told("offset", Some(29_452)));
    let missing = told("missing", None);
    assert_eq!(settled(|d| d.application.settlement = None).await, missing);
    assert_eq!(
        settled(|d| d.world.with(|s| s.receipt = None)).await,
        missing
    );
    let short = settled(|d| {
        d.world
            .with(|s| s.receipt.as_mut().unwrap().settled = Cents(29_453))
    });
    assert_eq!(short.await, told("mismatch", Some(29_452)));
}

#[tokio::test]
async fn an_application_that_was_done_by_others_is_told() {
    let facts = facts(|desk| {
        desk.world.with(|s| {
            s.status = Some(RedLetterStatus::Done {
                red_number: RED.into(),
            });
        });
    })
    .await;
    assert_eq!(value(&facts, "application_status"), Some(&"done".into()));
}

#[tokio::test]
async fn one_dossier_is_asked_for() {
    let application = example();
    let state = State::of(&application, 2);
    let desk = Desk::new(application, state);
    desk.review().await;
    assert_eq!(
        desk.world.with(|s| s.calls.clone()),
        ["read dossier HZ-202603-00000001"]
    );
}
