//! The generated world: the same for the same seed, right where it is to be right, wrong where it
//! is to be wrong.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use std::collections::{BTreeMap, HashMap, HashSet};

use clerkwork_connectors_api::agent_invoice::{ApplicantKind, Application, InvoiceType, Line};
use clerkwork_core::{Cents, Digest};
use clerkwork_sandbox::{Case, Defect, Risk, World, generate};

fn digest(world: &World) -> Digest {
    let bytes: Vec<u8> = (0..world.len())
        .flat_map(|i| serde_json::to_vec(&world.application(i).unwrap()).unwrap())
        .collect();
    Digest::of(&[&bytes])
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    assert_eq!(digest(&generate(7, 500)), digest(&generate(7, 500)));
    assert_ne!(digest(&generate(7, 500)), digest(&generate(8, 500)));
}

#[test]
fn the_bytes_of_a_known_seed_do_not_change_by_accident() {
    // A deliberate change of the generator changes this digest: then write the new one here.
    assert_eq!(
        digest(&generate(42, 200)).to_string(),
        "67babd1445fec5d7451766e834e8e7321d275742908f5001253bc3e395f4d0c0"
    );
}

#[test]
fn of_a_hundred_72_are_clean_16_defective_and_12_risky() {
    let world = generate(1, 10_000);
    let mut counts = BTreeMap::new();
    let mut seen = HashSet::new();
    for i in 0..world.len() {
        let case = world.case(i).unwrap();
        let kind = match case {
            Case::Clean => "clean",
            Case::Defect(_) => "defect",
            Case::Risk(_) => "risk",
        };
        *counts.entry(kind).or_insert(0) += 1;
        seen.insert(case);
    }
    let expected = [("clean", 7200), ("defect", 1600), ("risk", 1200)];
    assert_eq!(counts, BTreeMap::from(expected));
    for defect in Defect::ALL {
        assert!(seen.contains(&Case::Defect(*defect)), "{defect:?}");
    }
    for risk in Risk::ALL {
        assert!(seen.contains(&Case::Risk(*risk)), "{risk:?}");
    }
}

/// Quantity times price, in cents, exactly enough.
fn quantity_times_price(line: &Line) -> f64 {
    let number = |text: &Option<String>| text.as_ref().unwrap().parse::<f64>().unwrap();
    number(&line.quantity) * number(&line.unit_price) * 100.0
}

fn assert_consistent(application: &Application) {
    let number = &application.application_number;
    for line in &application.lines {
        let rate: f64 = line.levy_rate.parse().unwrap();
        let tax = line.net.0 as f64 * rate;
        assert!((tax - line.tax.0 as f64).abs() <= 1.0, "{number}: {line:?}");
        assert!(
            (quantity_times_price(line) - line.net.0 as f64).abs() <= 1.0,
            "{number}: {line:?}"
        );
        assert_eq!(line.item_code.len(), 19);
    }
    let sum =
        |amount: fn(&Line) -> Cents| Cents::sum(application.lines.iter().map(amount)).unwrap();
    assert_eq!(sum(|line| line.net), application.total_net, "{number}");
    assert_eq!(sum(|line| line.tax), application.total_tax, "{number}");
    let gross = application.total_net.plus(application.total_tax);
    assert_eq!(gross, Some(application.total_gross), "{number}");
    assert_eq!(
        application.contract.as_ref().unwrap().amount,
        application.total_gross
    );
    assert!(application.transaction_date <= application.applied_on);
}

fn clean(world: &World) -> impl Iterator<Item = (usize, Application)> {
    (0..world.len())
        .filter(|i| world.case(*i) == Some(Case::Clean))
        .map(|i| (i, world.application(i).unwrap()))
}

#[test]
fn clean_applications_are_consistent_and_keep_away_from_the_lines_of_the_law() {
    let world = generate(3, 5000);
    for (i, application) in clean(&world) {
        assert_consistent(&application);
        let net = application.total_net.0;
        let person = application.applicant_kind == ApplicantKind::NaturalPerson;
        match (person, &application.exemption) {
            (true, Some(_)) => assert!((5000..=70_000).contains(&net), "{i}: {net}"),
            (true, None) => assert!((110_000..=4_000_000).contains(&net), "{i}: {net}"),
            (false, _) => assert!((100_000..=6_000_000).contains(&net), "{i}: {net}"),
        }
        if let Some(exemption) = application.exemption {
            assert_eq!(application.invoice_type, InvoiceType::Ordinary);
            assert_eq!(application.total_tax, Cents::ZERO);
            assert!(exemption.tax > Cents::ZERO);
        }
    }
}

#[test]
fn clean_applications_share_buyers_and_telephones_modestly() {
    let world = generate(5, 5000);
    let (mut buyers, mut phones) = (HashMap::new(), HashMap::new());
    for (_, application) in clean(&world) {
        let seller = application.seller.tax_id;
        let (buyer, phone) = (application.buyer.tax_id, application.seller.phone);
        if !buyer.is_empty() {
            buyers
                .entry(buyer)
                .or_insert_with(HashSet::new)
                .insert(seller.clone());
        }
        phones
            .entry(phone)
            .or_insert_with(HashSet::new)
            .insert(seller);
    }
    assert!(buyers.values().all(|sellers| sellers.len() <= 3));
    assert!(
        buyers.values().any(|sellers| sellers.len() > 1),
        "buyers are shared"
    );
    assert!(phones.values().all(|sellers| sellers.len() == 1));
}

#[test]
fn some_sellers_apply_twice_on_days_apart() {
    let world = generate(5, 5000);
    let mut days = HashMap::<String, Vec<_>>::new();
    for (_, application) in clean(&world) {
        days.entry(application.seller.tax_id)
            .or_default()
            .push(application.transaction_date);
    }
    let twice: Vec<_> = days.values().filter(|days| days.len() > 1).collect();
    assert!(twice.len() > 50, "{}", twice.len());
    for days in twice {
        assert_eq!(days.len(), 2);
        assert!((days[0] - days[1]).get_days().abs() >= 5, "{days:?}");
    }
}

#[test]
fn a_defect_is_in_the_application_it_was_planned_for() {
    let world = generate(9, 2000);
    for i in 0..world.len() {
        let Some(Case::Defect(defect)) = world.case(i) else {
            continue;
        };
        let it = world.application(i).unwrap();
        let shows = match defect {
            Defect::SpecialElementMissing => it.special_element.is_none(),
            Defect::ReceiptMissing => it.tax_receipt_number.is_none(),
            Defect::ExemptSpecial => {
                it.exemption.is_some() && it.invoice_type == InvoiceType::Special
            }
            Defect::SpecialForPerson => it.invoice_type == InvoiceType::Special,
            Defect::ItemCodeMalformed => it.lines[0].item_code.len() == 18,
            Defect::AgentCheckCharacter => it.agent.is_some(),
            Defect::HeaderNotSum => {
                Cents::sum(it.lines.iter().map(|l| l.net)) != Some(it.total_net)
            }
            Defect::ContractAmount => it.contract.unwrap().amount != it.total_gross,
            Defect::ContractSeller => it.contract.unwrap().seller_name != it.seller.name,
            Defect::TaxPaidShort => {
                let number = it.tax_receipt_number.unwrap();
                world.receipt(&number).unwrap().tax_paid < it.total_tax
            }
            Defect::BuyerNonexistent | Defect::BuyerCheckCharacter => {
                world.taxpayer(&it.buyer.tax_id).is_none()
            }
            Defect::QuantityTimesPrice => {
                let line = &it.lines[0];
                (quantity_times_price(line) - line.net.0 as f64).abs() > 1.0
            }
            Defect::CrossRegionReportMissing => serde_json::to_value(&it.special_element)
                .is_ok_and(|e| e["cross_city"] == true && e["cross_region_report"].is_null()),
            Defect::SellerCheckCharacter
            | Defect::WrongCapitals
            | Defect::AttachmentMissing
            | Defect::BuyerAbnormal
            | Defect::BuyerDeregistered
            | Defect::RateNotAllowed
            | Defect::LineTax => true,
        };
        assert!(shows, "{defect:?} in {i}");
    }
}

#[test]
fn numbers_sort_as_indexes_and_lead_back_to_them() {
    let world = generate(1, 150);
    let numbers: Vec<_> = (0..150).map(|i| world.number(i).unwrap()).collect();
    assert!(numbers.is_sorted());
    for (i, number) in numbers.iter().enumerate() {
        assert_eq!(world.index_of(number), Some(i));
        assert_eq!(world.application(i).unwrap().application_number, *number);
    }
    assert_eq!(world.number(150), None);
    assert!(world.application(150).is_none());
}

#[test]
fn an_empty_world_is_one() {
    let world = generate(1, 0);
    assert!(world.is_empty());
    assert!(world.application(0).is_none());
}
