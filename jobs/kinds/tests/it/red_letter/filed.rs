//! The item against the application that the upstream holds under its number.

use clerkwork_connectors_api::red_letter::{
    RedLetterApplication, ReversalReason, SettlementKind, Side,
};
use clerkwork_core::{Cents, ManualClock, Timestamp};
use jiff::civil::date;

use super::world::{Desk, State, THIRD, example};

type Change = fn(&mut RedLetterApplication);

/// Where the item differs from what was filed, as the findings say.
async fn differs(change: impl FnOnce(&mut RedLetterApplication)) -> Option<String> {
    let application = example();
    let mut state = State::of(&application, 2);
    let mut filed = application.clone();
    change(&mut filed);
    state.filed = Some(filed);
    let (findings, _) = Desk::new(application, state).review().await;
    let mut findings = findings.into_iter();
    let path = findings
        .find(|finding| finding.code == "RLI-UPS-005")
        .map(|f| f.path);
    assert_eq!(findings.next(), None, "the first difference alone");
    path
}

#[tokio::test]
async fn every_field_counts_and_the_first_that_differs_is_named() {
    let changes: [(&str, Change); 26] = [
        ("/application_number", |a| {
            a.application_number = "HZ0".into();
        }),
        ("/applied_on", |a| a.applied_on = date(2026, 3, 5)),
        ("/started_by", |a| a.started_by = Side::Buyer),
        ("/applicant_tax_id", |a| a.applicant_tax_id = THIRD.into()),
        ("/blue/code", |a| a.blue.code = Some("044002111301".into())),
        ("/blue/number", |a| a.blue.number.push('1')),
        ("/blue/issued_on", |a| a.blue.issued_on = date(2026, 1, 1)),
        ("/reason", |a| a.reason = ReversalReason::SalesAllowance),
        ("/currency", |a| a.currency = "USD".into()),
        ("/lines", |a| a.lines.truncate(1)),
        ("/total_net", |a| a.total_net = Cents(-1)),
        ("/total_tax", |a| a.total_tax = Cents(-1)),
        ("/total_gross", |a| a.total_gross = Cents(-1)),
        ("/remark", |a| a.remark = "另一备注".into()),
        ("/settlement", |a| {
            a.settlement = Some(SettlementKind::Refund);
        }),
        ("/seller/name", |a| a.seller.name.push('甲')),
        ("/buyer/tax_id", |a| a.buyer.tax_id = THIRD.into()),
        ("/lines/0/blue_line", |a| a.lines[0].blue_line = 9),
        ("/lines/0/item_name", |a| a.lines[0].item_name.push('甲')),
        ("/lines/1/item_code", |a| a.lines[1].item_code = "1".into()),
        ("/lines/1/specification", |a| {
            a.lines[1].specification = "大".into();
        }),
        ("/lines/1/unit", |a| a.lines[1].unit.push('甲')),
        ("/lines/0/quantity", |a| a.lines[0].quantity = None),
        ("/lines/0/unit_price", |a| {
            a.lines[0].unit_price = Some("1000.0000000001".into());
        }),
        ("/lines/1/net", |a| a.lines[1].net = Cents(-1)),
        ("/lines/1/rate", |a| a.lines[1].rate = "exempt".into()),
    ];
    for (path, change) in changes {
        assert_eq!(differs(change).await.as_deref(), Some(path));
    }
}

#[tokio::test]
async fn values_are_compared_not_how_they_are_written() {
    let written = differs(|a| {
        a.blue.code = Some(String::new());
        a.lines[0].quantity = Some("-2.00".into());
        a.lines[0].unit_price = Some("1000.000".into());
        a.lines[0].rate = "0.130".into();
    });
    assert_eq!(written.await, None);
}

#[tokio::test]
async fn the_day_ends_at_midnight_in_beijing() {
    let application = example();
    // 2026-03-05 16:00 UTC.
    let midnight = 1_772_726_400_000_000;
    for (now, raised) in [(midnight - 1, true), (midnight, false)] {
        let mut desk = Desk::new(application.clone(), State::of(&application, 2));
        desk.clock = ManualClock::new(Timestamp(now));
        let codes = desk.codes().await;
        assert_eq!(codes.contains(&"RLI-NUM-005".to_owned()), raised);
    }
}
