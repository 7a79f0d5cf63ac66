//! The world of red-letter applications: the same for the same seed, right where it is to be
//! right, wrong where it is to be wrong.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use clerkwork_connectors_api::red_letter::{
    BlueInvoice, BlueStatus, LineRole, RedLetterApplication, ReversalReason, Side, rate_word,
};
use clerkwork_core::{Cents, Digest};
use clerkwork_kinds::identifiers::TaxId;
use clerkwork_sandbox::{RedCase, RedEnd, RedGroup, RedWorld, generate_red};

fn digest(world: &RedWorld) -> Digest {
    let bytes: Vec<u8> = (0..world.len())
        .flat_map(|i| {
            let mut bytes = serde_json::to_vec(&world.application(i).unwrap()).unwrap();
            bytes.extend(format!("{:?}", world.blue_of(i).unwrap()).bytes());
            bytes
        })
        .collect();
    Digest::of(&[&bytes])
}

fn all(world: &RedWorld) -> impl Iterator<Item = (RedCase, RedLetterApplication, BlueInvoice)> {
    (0..world.len()).map(|i| {
        (
            world.case(i).unwrap(),
            world.application(i).unwrap(),
            world.blue_of(i).unwrap(),
        )
    })
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    assert_eq!(digest(&generate_red(7, 200)), digest(&generate_red(7, 200)));
    assert_ne!(digest(&generate_red(7, 200)), digest(&generate_red(8, 200)));
}

#[test]
fn the_bytes_of_a_known_seed_do_not_change_by_accident() {
    // A deliberate change of the generator changes this digest: then write the new one here.
    assert_eq!(
        digest(&generate_red(42, 200)).to_string(),
        "a7a309c83a5147f1bbe1276b0913795493d383c4db06ab8f8ddb0f7842a71b93"
    );
}

#[test]
fn of_every_25_13_are_direct_5_confirmed_and_7_something_else() {
    let world = generate_red(1, 5000);
    let mut counts = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for i in 0..world.len() {
        let case = world.case(i).unwrap();
        *counts.entry(case.group()).or_insert(0) += 1;
        seen.insert(case);
    }
    let expected = [
        (RedGroup::Direct, 2600),
        (RedGroup::Confirmed, 1000),
        (RedGroup::Counterpart, 600),
        (RedGroup::Defect, 400),
        (RedGroup::Risk, 400),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    assert_eq!(seen.len(), RedCase::ALL.len(), "every case has its turn");
    let small = generate_red(1, 250);
    let seen: BTreeSet<_> = (0..250).filter_map(|i| small.case(i)).collect();
    assert_eq!(seen.len(), RedCase::ALL.len(), "in 250 already");
}

/// Checks the sums, and every line against the blue invoice, as the law and the portal do.
fn assert_right(application: &RedLetterApplication, blue: &BlueInvoice) {
    let number = &application.application_number;
    let sum = |amount: fn(&_) -> Cents| Cents::sum(application.lines.iter().map(amount)).unwrap();
    type Line = clerkwork_connectors_api::red_letter::ReversalLine;
    assert_eq!(sum(|l: &Line| l.net), application.total_net, "{number}");
    assert_eq!(sum(|l: &Line| l.tax), application.total_tax, "{number}");
    let gross = application.total_net.plus(application.total_tax);
    assert_eq!(gross, Some(application.total_gross), "{number}");
    assert_eq!(blue.reference, application.blue);
    assert_eq!(
        (&blue.seller, &blue.buyer),
        (&application.seller, &application.buyer)
    );
    assert!((1..=100).contains(&application.lines.len()));
    for line in &application.lines {
        let at = (line.blue_line - 1) as usize;
        let of = &blue.lines[at];
        assert_ne!(of.role, LineRole::Discount, "{number}");
        let discount = blue
            .lines
            .get(at + 1)
            .filter(|l| l.role == LineRole::Discount);
        let (off, tax_off) = discount.map_or((0, 0), |l| (l.remaining_net.0, l.remaining_tax.0));
        let (left, left_tax) = (of.remaining_net.0 + off, of.remaining_tax.0 + tax_off);
        assert!(line.net.0 < 0 && -line.net.0 <= left, "{number}: {line:?}");
        assert!(
            line.tax.0 <= 0 && -line.tax.0 <= left_tax,
            "{number}: {line:?}"
        );
        if left_tax != 0 {
            assert_eq!(-line.net.0 == left, -line.tax.0 == left_tax, "{number}");
        }
        assert_eq!(line.item_code.len(), 19);
        assert_eq!((&line.item_name, &line.rate), (&of.item_name, &of.rate));
        if let (Some(quantity), Some(price)) = (&line.quantity, &line.unit_price) {
            let (quantity, price): (f64, f64) = (quantity.parse().unwrap(), price.parse().unwrap());
            let product = quantity * price * 100.0;
            assert!(
                (product - line.net.0 as f64).abs() <= 1.0,
                "{number}: {line:?}"
            );
            let left: f64 = of.remaining_quantity.as_ref().unwrap().parse().unwrap();
            assert!(-quantity <= left, "{number}");
        }
        if let Ok(rate) = line.rate.parse::<f64>() {
            let tax = line.net.0 as f64 * rate;
            let most = if application.total_net == Cents(-blue.total_net.0) {
                2.0
            } else {
                6.0
            };
            assert!(
                (tax - line.tax.0 as f64).abs() <= most,
                "{number}: {line:?}"
            );
        }
    }
}

#[test]
fn clean_applications_are_right_and_far_from_every_limit() {
    let world = generate_red(3, 3000);
    for (case, application, blue) in all(&world) {
        if case.expected() != RedEnd::Completed {
            continue;
        }
        assert_right(&application, &blue);
        let gross = -application.total_gross.0;
        assert!((100..=6_000_000).contains(&gross), "{case:?}: {gross}");
        assert!(blue.reference.issued_on < application.applied_on);
        let used = blue.needs_confirmation();
        assert_eq!(used, case.group() == RedGroup::Confirmed, "{case:?}");
        assert!(used || application.started_by == Side::Seller);
        let cross_year = blue.reference.issued_on.year() < application.applied_on.year();
        assert!(!(cross_year && used), "{case:?}");
        let activity = world.activity(&application.seller.tax_id);
        assert!(activity.issued >= 60 && activity.red * 20 <= activity.issued);
        assert!(activity.voided * 20 <= activity.issued && activity.month_end_reds < 2);
        assert_eq!(activity.reissued_to_others, 0);
        let applicant = match (&blue.agent_issued, application.started_by) {
            (Some(agent), _) => &agent.principal.tax_id,
            (None, Side::Seller) => &application.seller.tax_id,
            (None, Side::Buyer) => &application.buyer.tax_id,
        };
        assert_eq!(&application.applicant_tax_id, applicant);
        let seller = world.taxpayer(&application.seller.tax_id).unwrap();
        assert_eq!(seller.name, application.seller.name);
        let settles = blue.agent_issued.is_some() && application.total_tax < Cents::ZERO;
        assert_eq!(application.settlement.is_some(), settles);
    }
}

#[test]
fn every_tax_id_has_right_check_digits() {
    for (_, application, blue) in all(&generate_red(9, 1000)) {
        let mut ids = vec![&application.seller.tax_id, &application.applicant_tax_id];
        ids.extend(Some(&application.buyer.tax_id).filter(|id| !id.is_empty()));
        ids.extend(
            blue.agent_issued
                .as_ref()
                .map(|agent| &agent.principal.tax_id),
        );
        for id in ids {
            assert!(TaxId::read(id, application.applied_on).is_ok(), "{id}");
        }
    }
}

#[test]
fn the_register_holds_every_sort_of_invoice() {
    let (mut codes, mut hundred, mut halves, mut old) = (BTreeSet::new(), 0, 0, 0);
    let (mut discounts, mut rates, mut consumers) = (0, BTreeSet::new(), 0);
    for (_, application, blue) in all(&generate_red(5, 2000)) {
        codes.insert(blue.reference.code.as_ref().map(String::len));
        hundred += u32::from(blue.lines.len() == 100);
        discounts += u32::from(blue.lines.iter().any(|l| l.role == LineRole::Discount));
        halves += u32::from(blue.lines.iter().any(|l| {
            l.quantity
                .as_ref()
                .is_some_and(|quantity| quantity.ends_with(".5"))
        }));
        rates.extend(blue.lines.iter().map(|line| line.rate.clone()));
        old += u32::from(blue.reference.issued_on.year() == 2025);
        consumers += u32::from(application.buyer.tax_id.is_empty());
    }
    assert_eq!(codes, BTreeSet::from([None, Some(10), Some(12)]));
    for (what, count) in [
        ("100 lines", hundred),
        ("discounts", discounts),
        ("halves", halves),
    ] {
        assert!(count > 10, "{what}: {count}");
    }
    assert!(old > 10 && consumers > 10, "{old}, {consumers}");
    for rate in [
        "0.01",
        "0.06",
        "0.09",
        "0.13",
        rate_word::EXEMPT,
        rate_word::MARGIN,
    ] {
        assert!(rates.contains(rate), "{rate}");
    }
}

#[test]
fn margin_taxation_splits_200_less_2_as_printed() {
    let known = all(&generate_red(5, 2000)).any(|(case, _, blue)| {
        case == RedCase::MarginInFull
            && (blue.total_net, blue.total_tax) == (Cents(19_804), Cents(196))
    });
    assert!(known);
}

#[test]
fn a_series_leaves_nothing_in_whichever_order() {
    let world = generate_red(4, 1000);
    let mut sums = BTreeMap::<String, (i64, i64, i64, i64, usize)>::new();
    for (case, application, blue) in all(&world) {
        if matches!(case, RedCase::SeriesOfTwo | RedCase::SeriesOfThree) {
            let sum = sums.entry(blue.reference.number).or_default();
            sum.0 += application.total_net.0;
            sum.1 += application.total_tax.0;
            (sum.2, sum.3) = (blue.total_net.0, blue.total_tax.0);
            sum.4 += 1;
        }
    }
    assert!(sums.len() > 20);
    for (number, (net, tax, total_net, total_tax, parts)) in sums {
        assert_eq!((-net, -tax), (total_net, total_tax), "{number}");
        assert!((2..=3).contains(&parts), "{number}: {parts}");
    }
}

#[test]
fn every_defect_is_the_one_that_it_says() {
    let world = generate_red(6, 1000);
    for (i, (case, application, blue)) in all(&world).enumerate() {
        let total: i64 = application.lines.iter().map(|line| line.net.0).sum();
        let first = &application.lines[0];
        let of = blue.lines.get(first.blue_line as usize - 1);
        let full = application.total_net.0 == -blue.total_net.0;
        let chapter = first.item_code.as_bytes()[0];
        let number = |text: &Option<String>| text.as_ref().unwrap().parse::<f64>().unwrap();
        let holds = match case {
            RedCase::LineNotOnBlue => {
                let last = application.lines.last().unwrap();
                last.blue_line as usize > blue.lines.len()
            }
            RedCase::OneCentOver => -first.net.0 == of.unwrap().remaining_net.0 + 1,
            RedCase::AlreadyReversed => blue.status == BlueStatus::Reversed,
            RedCase::NotTheApplicants => application.applicant_tax_id != application.seller.tax_id,
            RedCase::BlueUnknown => application.blue != blue.reference,
            RedCase::OtherCurrency => application.currency == "USD",
            RedCase::HeaderNotSum => total != application.total_net.0,
            RedCase::WrongSign => application.total_net.0 > 0,
            RedCase::MistakeInPart => !full && application.reason == ReversalReason::IssuingMistake,
            RedCase::MistakeAfterPartial => blue.status == BlueStatus::PartlyReversed,
            RedCase::ReturnOfServices => chapter == b'3',
            RedCase::ReturnAtAnotherPrice => first.unit_price != of.unwrap().unit_price,
            RedCase::StoppedGoods => chapter == b'1',
            RedCase::AllowanceWithQuantity => first.quantity.is_some(),
            RedCase::MarginInPart => blue.margin && !full,
            RedCase::QuantityTimesPrice => {
                let product = number(&first.quantity) * number(&first.unit_price) * 100.0;
                (product - first.net.0 as f64).abs() > 1.0
            }
            _ => {
                assert_ne!(case.group(), RedGroup::Defect);
                true
            }
        };
        assert!(holds, "{i}: {case:?}");
    }
}

#[test]
fn every_risk_shows_in_what_the_platform_knows() {
    let world = generate_red(6, 1000);
    let mut seen = 0;
    for (case, application, blue) in all(&world) {
        let activity = world.activity(&application.seller.tax_id);
        let large = -application.total_gross.0 > 10_000_000;
        assert_eq!(large, case == RedCase::LargeAmount, "{case:?}");
        seen += u32::from(case.group() == RedGroup::Risk);
        match case {
            RedCase::HighRedRatio => assert!(activity.red * 5 > activity.issued),
            RedCase::MonthEndRepeats => assert!(activity.month_end_reds > 5),
            RedCase::ReissuedToOthers => assert!(activity.reissued_to_others > 1),
            RedCase::CrossYearDeducted => {
                assert_eq!(blue.reference.issued_on.year(), 2025);
                assert!(blue.needs_confirmation());
            }
            _ => {}
        }
    }
    assert_eq!(seen, 80);
}

#[test]
fn numbers_lead_back_to_their_applications() {
    let world = generate_red(2, 100);
    let numbers: Vec<_> = (0..100).map(|i| world.number(i).unwrap()).collect();
    assert!(numbers.is_sorted());
    for (i, number) in numbers.iter().enumerate() {
        assert_eq!(world.index_of(number), Some(i));
        assert_eq!(&world.application(i).unwrap().application_number, number);
    }
    for unknown in [
        "HZ20260300000000",
        "HZ20260300000101",
        "DK20260300000001",
        "",
        "HZ",
    ] {
        assert_eq!(world.index_of(unknown), None, "{unknown}");
    }
}
