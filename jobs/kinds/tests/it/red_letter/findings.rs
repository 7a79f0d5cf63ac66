//! Every code is raised by its case, at its place, and not at the boundary.

use std::collections::BTreeSet;

use clerkwork_kinds::red_letter_invoice::Code;

use super::{
    cases::cases,
    world::{Desk, State, example},
};

#[tokio::test]
async fn the_example_has_no_findings() {
    for times in [1, 2] {
        let application = example();
        let state = State::of(&application, times);
        let (findings, _) = Desk::new(application, state).review().await;
        assert_eq!(findings, []);
    }
}

#[tokio::test]
async fn every_code_is_raised_by_its_case_at_its_place() {
    let mut raised = BTreeSet::new();
    for case in cases() {
        let (findings, _) = case.bad.desk().review().await;
        let found = findings
            .iter()
            .find(|finding| finding.code == case.code.as_str() && finding.path == case.path);
        let finding = found.unwrap_or_else(|| panic!("{:?}: {findings:?}", case.code));
        assert_eq!(finding.severity, case.code.severity());
        raised.insert(case.code);
    }
    let without: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !raised.contains(code))
        .collect();
    assert!(without.is_empty(), "no case raises {without:?}");
}

#[tokio::test]
async fn no_code_is_raised_at_its_boundary() {
    for case in cases() {
        let codes = case.good.desk().codes().await;
        assert!(
            !codes.contains(&case.code.as_str().to_owned()),
            "{:?}: {codes:?}",
            case.code
        );
    }
}

/// A change that breaks one rule raises one finding, except where rules lean on each other.
#[tokio::test]
async fn most_cases_raise_nothing_else() {
    let mut others = Vec::new();
    for case in cases() {
        let code = case.code.as_str();
        let codes: BTreeSet<_> = case.bad.desk().codes().await.into_iter().collect();
        if codes.len() > 1 {
            let rest: Vec<_> = codes.into_iter().filter(|other| other != code).collect();
            others.push(format!("{code}: {}", rest.join(" ")));
        }
    }
    insta::assert_snapshot!(others.join("\n"));
}

#[tokio::test]
async fn paths_point_into_the_payload_and_texts_hold_no_values() {
    for case in cases() {
        let desk = case.bad.desk();
        let payload = serde_json::to_value(&desk.application).unwrap();
        let (findings, _) = desk.review().await;
        for finding in findings {
            // A missing field has no place of its own; what should hold it has.
            let parent = finding
                .path
                .rsplit_once('/')
                .map_or("", |(parent, _)| parent);
            let known = payload.pointer(&finding.path).or(payload.pointer(parent));
            assert!(known.is_some(), "{finding:?}");
            let seller = &desk.application.seller;
            for value in [&seller.name, &seller.tax_id] {
                if !value.is_empty() {
                    assert!(!finding.text.zh.contains(value.as_str()), "{finding:?}");
                    assert!(!finding.text.en.contains(value.as_str()), "{finding:?}");
                }
            }
        }
    }
}
