//! Dossiers: batches, and what spoils them.

use std::ops::Range;

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    agent_invoice::{AgentInvoices, ApplicationStatus, Dossier, DossierQuery, Registration},
};
use clerkwork_core::{Cents, Timestamp};
use clerkwork_etax::wire;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::Platform;

fn query(number: u32) -> DossierQuery {
    DossierQuery {
        application_number: format!("DK{number}"),
        seller_tax_id: "S".into(),
        buyer_tax_id: String::new(),
        tax_receipt_number: None,
        transaction_date: "2026-03-01".parse().unwrap(),
    }
}

/// The dossier of `DK{n}`; its month's count is `n`.
fn dossier(number: &str) -> Value {
    let count: u32 = number[2..].parse().unwrap();
    json!({
        "sqbh": number, "sqzt": "00",
        "xf": {"nsrsbh": "S", "nsrmc": "张三", "nsrzt": "01"},
        "lj": {"rbs": 1, "rje": "1.00", "ybs": count, "yje": "2.00", "jje": "3.00", "lxseyje": "4.00"},
        "gl": {"cfbs": 0, "gmfxfs": 1, "jbrxfs": 0, "sjhxfs": 0},
    })
}

fn numbers(request: &Value) -> Vec<&str> {
    let list = request["list"].as_array().unwrap();
    list.iter().map(|q| q["sqbh"].as_str().unwrap()).collect()
}

fn dossiers(request: &Value) -> Vec<Value> {
    numbers(request).into_iter().map(dossier).collect()
}

fn answer(list: Vec<Value>) -> Value {
    json!({"code": "0", "msg": "", "data": {"sjc": 1_772_352_000_000_i64, "list": list}})
}

async fn ask(platform: &Platform, numbers: Range<u32>) -> Vec<Result<Dossier, ConnectorError>> {
    join_all(numbers.map(|number| platform.etax.dossier(query(number)))).await
}

#[tokio::test]
async fn five_hundred_dossiers_take_few_calls_and_each_caller_gets_its_own() {
    let platform = Platform::start(|method, request| {
        assert_eq!(method, wire::method::DOSSIERS);
        assert!(numbers(request).len() <= wire::MAX_DOSSIERS);
        answer(dossiers(request))
    })
    .await;
    for (result, count) in ask(&platform, 0..500).await.into_iter().zip(0..) {
        let dossier = result.unwrap();
        assert_eq!(dossier.accumulation.month_count, count);
        assert_eq!(dossier.accumulation.twelve_months_net, Cents(400));
        assert_eq!(dossier.as_of, Timestamp(1_772_352_000_000_000));
        assert_eq!(dossier.status, Some(ApplicationStatus::Pending));
        assert_eq!(dossier.seller.unwrap().registration, Registration::Normal);
        assert_eq!(dossier.buyer, None);
    }
    assert_eq!(platform.calls(), 3);
}

#[tokio::test]
async fn one_query_that_spoils_its_batch_spoils_no_other() {
    for spoilt in [
        json!({"code": "31001", "msg": "参数错误", "data": {}}),
        json!({"code": "0", "msg": "", "data": {"sjc": 1, "list": [{"sqbh": 5}]}}),
    ] {
        let platform = Platform::start(move |_, request| {
            if numbers(request).contains(&"DK77") {
                return spoilt.clone();
            }
            answer(dossiers(request))
        })
        .await;
        for (result, number) in ask(&platform, 0..200).await.into_iter().zip(0..) {
            match result {
                Ok(dossier) => assert_eq!(dossier.accumulation.month_count, number),
                Err(_) => assert_eq!(number, 77),
            }
        }
        assert!(platform.calls() <= 17, "{}", platform.calls());
    }
}

#[tokio::test]
async fn a_batch_that_is_always_refused_costs_a_bounded_number_of_calls() {
    let platform = Platform::saying(json!({"code": "31001", "msg": "服务已关闭"})).await;
    let results = ask(&platform, 0..200).await;
    assert_eq!(results.len(), 200);
    for result in results {
        assert_eq!(result.unwrap_err().kind, ErrorKind::Rejected);
    }
    assert_eq!(platform.calls(), 33);
}

#[tokio::test]
async fn an_unknown_code_is_an_error_that_names_field_and_value_for_its_item_alone() {
    let platform = Platform::start(|_, request| {
        let mut list = dossiers(request);
        list[1]["xf"]["nsrzt"] = json!("08");
        list[2]["sqbh"] = json!("DK9");
        answer(list)
    })
    .await;
    let results = ask(&platform, 0..4).await;
    assert!(results[0].is_ok() && results[3].is_ok());
    let error = results[1].as_ref().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`08`") && error.message.contains("`nsrzt`"));
    let error = results[2].as_ref().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`DK2`"), "{error}");
    assert_eq!(platform.calls(), 1);
}

#[tokio::test]
async fn too_few_dossiers_are_nobodys_dossiers() {
    let platform = Platform::start(|_, request| {
        let mut list = dossiers(request);
        list.pop();
        answer(list)
    })
    .await;
    for result in ask(&platform, 0..3).await {
        assert_eq!(result.unwrap_err().kind, ErrorKind::Misconfigured);
    }
}
