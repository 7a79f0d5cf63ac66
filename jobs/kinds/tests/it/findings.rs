//! Every code is raised by its case, and little else with it.

use std::collections::BTreeSet;

use clerkwork_kinds::agent_invoice_review::Code;

use crate::{
    cases::cases,
    upstream::{dossier, example, review},
};

#[tokio::test]
async fn the_example_has_no_findings() {
    let application = example();
    let (findings, _) = review(&application, &dossier(&application)).await;
    assert_eq!(findings, []);
}

#[tokio::test]
async fn every_code_is_raised_by_its_case_at_its_place() {
    let mut raised = BTreeSet::new();
    for case in cases() {
        let (findings, _) = review(&case.application, &case.dossier).await;
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

/// A change that breaks one rule raises one finding, except where rules lean on each other.
#[tokio::test]
async fn most_cases_raise_nothing_else() {
    let mut others = Vec::new();
    for case in cases() {
        let (findings, _) = review(&case.application, &case.dossier).await;
        let codes: BTreeSet<_> = findings
            .iter()
            .map(|finding| finding.code.clone())
            .collect();
        if codes.len() > 1 {
            others.push(format!("{}: {}", case.code.as_str(), {
                let others: Vec<_> = codes.iter().filter(|c| *c != case.code.as_str()).collect();
                others.into_iter().cloned().collect::<Vec<_>>().join(" ")
            }));
        }
    }
    insta::assert_snapshot!(others.join("\n"));
}

#[tokio::test]
async fn paths_point_into_the_payload_and_texts_hold_no_values() {
    for case in cases() {
        let payload = serde_json::to_value(&case.application).unwrap();
        let (findings, _) = review(&case.application, &case.dossier).await;
        for finding in findings {
            // A missing field has no place of its own; what should hold it has.
            let parent = finding
                .path
                .rsplit_once('/')
                .map_or("", |(parent, _)| parent);
            let known = payload.pointer(&finding.path).or(payload.pointer(parent));
            assert!(known.is_some(), "{finding:?}");
            for value in [
                &case.application.seller.name,
                &case.application.seller.tax_id,
            ] {
                if !value.is_empty() {
                    assert!(!finding.text.zh.contains(value.as_str()), "{finding:?}");
                    assert!(!finding.text.en.contains(value.as_str()), "{finding:?}");
                }
            }
        }
    }
}
