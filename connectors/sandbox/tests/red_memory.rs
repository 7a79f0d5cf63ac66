//! Memory that survives a restart.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod red_platform;

use std::{fs, path::Path};

use clerkwork_connectors_api::red_letter::{FormState, SettlementOrder, WriteBack};
use clerkwork_core::Cents;
use clerkwork_sandbox::{Options, RedCase, Sandbox, StartError};
use red_platform::{NOON, Platform, draft, hours, options};

fn with_memory(path: &Path) -> Options {
    Options {
        memory: Some(path.into()),
        ..options()
    }
}

#[tokio::test]
async fn a_second_start_goes_on_where_the_first_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.jsonl");
    let platform = Platform::with(with_memory(&path)).await;
    let application = platform.first(RedCase::AgentRefund);
    let agent = platform.blue(&application).await.agent_issued.unwrap();
    let form = platform.entered(&draft(&application)).await;
    let red = platform.issue(&form.number).await.data.unwrap().hzfphm;
    let order = SettlementOrder {
        receipt_number: agent.tax_receipt_number.unwrap(),
        kind: application.settlement.unwrap(),
        amount: Cents(-application.total_tax.0),
        red_number: red.clone(),
    };
    let settled = platform.settle(&order).await.data.unwrap().tdkbh;
    let outcome = WriteBack {
        form_number: form.number.clone(),
        red_number: red.clone(),
        transfer_out: None,
        settlement_number: Some(settled),
    };
    let number = &application.application_number;
    platform.write_back(number, &outcome).await;
    let waiting = platform.first(RedCase::BuyersFormWaits);
    platform.dossier(&waiting).await;
    let refused = platform
        .entered(&draft(&platform.first(RedCase::BuyerRefuses)))
        .await;
    let silent = platform
        .entered(&draft(&platform.first(RedCase::Silent)))
        .await;
    let returned = platform.first(RedCase::WrongSign).application_number;
    platform.give_back(&returned).await;
    let world = platform.state().world();
    let (issued, withdrawn) = (world.number(0).unwrap(), world.number(1).unwrap());
    let body = serde_json::json!({"sqbh": issued});
    platform.send("api/dkfpspkj", "sandbox", &body).await;
    assert!(platform.state().withdraw(&withdrawn));
    platform.advance(hours(31));
    assert_eq!(platform.state().changed_forms().len(), 1);
    let (book, red_book) = (platform.state().book(), platform.state().red_book());
    let mut counts = platform.state().counts();
    platform.running.shutdown().await;

    let platform = Platform::with(with_memory(&path)).await;
    assert_eq!(platform.state().now(), NOON.after(hours(31)));
    assert_eq!(platform.state().book(), book);
    assert_eq!(platform.state().red_book(), red_book);
    let again = platform.state().counts();
    // Refusals and calls are of one run.
    (counts.calls, counts.refused) = (again.calls.clone(), again.refused);
    counts.red_refused = again.red_refused;
    assert_eq!(again, counts);
    assert_eq!(
        platform.state_of(&refused.number).await,
        FormState::RefusedByBuyer
    );
    assert_eq!(platform.issue(&form.number).await.code, "31405");
    assert_eq!(platform.settle(&order).await.code, "31409");
    assert_ne!(platform.write_back(number, &outcome).await.code, "0");
    assert_eq!(platform.dossier(&waiting).await.traces.forms.len(), 1);
    platform.advance(hours(41));
    assert_eq!(platform.state_of(&silent.number).await, FormState::Lapsed);
    let told = platform.state().changed_forms();
    assert!(
        told.iter()
            .any(|change| change.form_number == silent.number)
    );
}

#[tokio::test]
async fn a_torn_last_line_is_dropped_and_another_world_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.jsonl");
    let platform = Platform::with(with_memory(&path)).await;
    let application = platform.first(RedCase::MistakeInFull);
    platform.entered(&draft(&application)).await;
    let other = platform.first(RedCase::ReturnInFull);
    platform.entered(&draft(&other)).await;
    platform.running.shutdown().await;
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 20]).unwrap();

    let platform = Platform::with(with_memory(&path)).await;
    assert_eq!(platform.traces(&application.blue).await.forms.len(), 1);
    assert!(platform.traces(&other.blue).await.forms.is_empty());
    platform.entered(&draft(&other)).await;
    platform.running.shutdown().await;
    let platform = Platform::with(with_memory(&path)).await;
    assert_eq!(platform.traces(&other.blue).await.forms.len(), 1);
    platform.running.shutdown().await;

    for wrong in [
        Options {
            seed: 2,
            ..with_memory(&path)
        },
        Options {
            red_letters: 10,
            ..with_memory(&path)
        },
    ] {
        let error = Sandbox::start(wrong).await.unwrap_err();
        assert!(matches!(error, StartError::Memory(_)));
        let text = error.to_string();
        assert!(
            text.contains("sandbox.jsonl") && text.contains("seed 1"),
            "{text}"
        );
    }
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("entered", "entertained")).unwrap();
    let error = Sandbox::start(with_memory(&path)).await.unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
}
