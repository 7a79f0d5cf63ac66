//! What each method answers.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod platform;

use clerkwork_connectors_api::agent_invoice::{Application, Dossier, Registration};
use clerkwork_etax::wire::{DossierAnswer, DossierQuery, Fxxx, Nothing, PendingAnswer, method};
use clerkwork_sandbox::{Case, Defect, Faults, Options, Risk, Sandbox, StartError, World};
use platform::Platform;
use reqwest::StatusCode;
use serde_json::json;

fn find(world: &World, case: Case) -> usize {
    (0..world.len())
        .find(|i| world.case(*i) == Some(case))
        .unwrap()
}

fn query(application: &Application) -> DossierQuery {
    DossierQuery {
        sqbh: application.application_number.clone(),
        xfnsrsbh: application.seller.tax_id.clone(),
        gmfnsrsbh: application.buyer.tax_id.clone(),
        wspzhm: application.tax_receipt_number.clone(),
        jyrq: application.transaction_date,
    }
}

async fn dossier(platform: &Platform, i: usize) -> Dossier {
    let application = platform.running.state().world().application(i).unwrap();
    let body = json!({"list": [query(&application)]});
    let answer: DossierAnswer = platform
        .call(method::DOSSIERS, &body)
        .await
        .unwrap()
        .data
        .unwrap();
    let wire = answer.list.into_iter().next().unwrap();
    wire.into_contract(answer.sjc).unwrap()
}

#[tokio::test]
async fn an_application_is_issued_once_and_refused_in_three_wordings_after_that() {
    let platform = Platform::start(Faults::none()).await;
    let number = platform.number(3);
    let issued = platform.issue(&number).await.unwrap();
    let invoice = issued.data.unwrap().fphm;
    assert_eq!(invoice.len(), 20);
    let mut wordings = Vec::new();
    for _ in 0..3 {
        let refused = platform.issue(&number).await.unwrap();
        assert!(refused.data.is_none());
        assert_ne!(refused.code, "0");
        wordings.push(refused.msg);
    }
    wordings.sort();
    wordings.dedup();
    assert_eq!(wordings.len(), 3);
    assert_ne!(platform.give_back(&number).await.unwrap().code, "0");
    let book = platform.running.state().book();
    assert_eq!(book.len(), 1);
    assert_eq!(book[&number].len(), 1);
    assert_eq!(book[&number][0].invoice_number, invoice);
    assert!(platform.running.state().returned().is_empty());
    let status = platform.status(&number).await.unwrap().data.unwrap();
    assert_eq!((status.sqzt.as_str(), status.fphm), ("01", Some(invoice)));
    assert_eq!(platform.running.state().counts().refused, 4);
}

#[tokio::test]
async fn many_approvals_at_once_make_one_invoice() {
    let platform = Platform::start(Faults::none()).await;
    let number = platform.number(0);
    let calls = (0..32).map(|_| platform.issue(&number));
    let mut done = 0;
    for answer in futures_join(calls).await {
        done += u32::from(answer.unwrap().code == "0");
    }
    assert_eq!(done, 1);
    assert_eq!(platform.running.state().book()[&number].len(), 1);
}

async fn futures_join<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    // Polls all of them in one task, so that their requests are under way together.
    let mut futures: Vec<_> = futures.map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|cx| {
        let mut waiting = false;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    futures
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}

#[tokio::test]
async fn a_returned_or_withdrawn_application_cannot_be_issued() {
    let platform = Platform::start(Faults::none()).await;
    let (returned, withdrawn) = (platform.number(1), platform.number(2));
    assert_eq!(
        platform.give_back(&returned).await.unwrap().data,
        Some(Nothing {})
    );
    assert!(platform.running.state().withdraw(&withdrawn));
    assert!(!platform.running.state().withdraw(&withdrawn), "only once");
    for (number, state) in [(&returned, "02"), (&withdrawn, "03")] {
        assert_ne!(platform.issue(number).await.unwrap().code, "0");
        assert_eq!(
            platform.status(number).await.unwrap().data.unwrap().sqzt,
            state
        );
    }
    assert!(platform.running.state().book().is_empty());
    assert_eq!(
        platform.running.state().returned()[&returned][0].reasons,
        ["合同金额不符"]
    );
}

#[tokio::test]
async fn unknown_applications_are_said_to_be_unknown() {
    let platform = Platform::start(Faults::none()).await;
    for number in [
        "DK20260300000000",
        "DK20260300000101",
        "DK2026030000001",
        "",
        "甲",
    ] {
        assert_eq!(
            platform.issue(number).await.unwrap().code,
            "31301",
            "{number}"
        );
        assert_eq!(
            platform.give_back(number).await.unwrap().code,
            "31301",
            "{number}"
        );
        assert_eq!(
            platform.status(number).await.unwrap().code,
            "31301",
            "{number}"
        );
    }
    let mut unknown = query(&platform.running.state().world().application(0).unwrap());
    unknown.sqbh = "DK0".into();
    let answer: DossierAnswer = platform
        .call(method::DOSSIERS, &json!({"list": [unknown]}))
        .await
        .unwrap()
        .data
        .unwrap();
    assert_eq!(answer.list[0].sqzt, None);
    assert_eq!(answer.list[0].lj.rbs, 0);
}

#[tokio::test]
async fn a_dossier_holds_status_parties_sums_relations_and_receipt() {
    let platform = Platform::start(Faults::none()).await;
    let world = platform.running.state().world();
    for i in 0..world.len() {
        let (application, dossier) = (world.application(i).unwrap(), dossier(&platform, i).await);
        let sums = dossier.accumulation;
        assert!(dossier.status.is_some());
        assert!(sums.day_count >= 1 && sums.month_count >= sums.day_count);
        assert!(sums.day_net.0 >= application.lines.iter().map(|l| l.net.0).sum::<i64>());
        assert!(sums.month_net >= sums.day_net && sums.quarter_net >= sums.month_net);
        assert!(sums.twelve_months_net >= sums.quarter_net);
        assert!(dossier.relations.sellers_of_phone >= 1);
        for counts in [
            dossier.relations.buyer_counts,
            dossier.relations.phone_counts,
        ] {
            assert!(counts.day.is_some_and(|day| day >= 1), "{counts:?}");
            assert!(counts.month >= counts.day, "{counts:?}");
        }
        assert_eq!(
            dossier.relations.sellers_of_agent >= 1,
            application.agent.is_some()
        );
        if world.case(i) == Some(Case::Clean) {
            assert_eq!(dossier.receipt.is_some(), application.exemption.is_none());
            if let Some(receipt) = dossier.receipt {
                assert_eq!(receipt.tax_paid, application.total_tax);
                assert_eq!(receipt.payer_tax_id, application.seller.tax_id);
                assert!(!receipt.used);
            }
            assert_eq!(dossier.relations.duplicates, 0);
            if let Some(buyer) = dossier.buyer {
                assert_eq!(buyer.name, application.buyer.name);
                assert_eq!(buyer.registration, Registration::Normal);
            }
        }
    }
}

#[tokio::test]
async fn sums_and_relations_change_with_a_return_and_not_with_an_issue() {
    let platform = Platform::with(Options {
        applications: 600,
        ..Options::default()
    })
    .await;
    let world = platform.running.state().world();
    let twins: Vec<usize> = (0..world.len())
        .filter(|i| world.case(*i) == Some(Case::Risk(Risk::Duplicate)))
        .take(2)
        .collect();
    let before = dossier(&platform, twins[0]).await;
    assert_eq!(before.relations.duplicates, 1);
    assert_eq!(before.accumulation.month_count, 2);
    assert_eq!(
        platform
            .issue(&platform.number(twins[1]))
            .await
            .unwrap()
            .code,
        "0"
    );
    let issued = dossier(&platform, twins[0]).await;
    assert_eq!(issued.relations, before.relations);
    assert_eq!(issued.accumulation, before.accumulation);

    let busy: Vec<usize> = (0..world.len())
        .filter(|i| world.case(*i) == Some(Case::Risk(Risk::ManySellers)))
        .collect();
    let before = dossier(&platform, busy[0]).await;
    assert!(before.relations.sellers_of_buyer > 10);
    platform.give_back(&platform.number(busy[1])).await.unwrap();
    let after = dossier(&platform, busy[0]).await;
    assert_eq!(
        after.relations.sellers_of_buyer + 1,
        before.relations.sellers_of_buyer
    );

    let splits: Vec<usize> = (0..world.len())
        .filter(|i| world.case(*i) == Some(Case::Risk(Risk::SameDaySplit)))
        .take(3)
        .collect();
    assert_eq!(
        dossier(&platform, splits[0]).await.accumulation.day_count,
        3
    );
    platform
        .give_back(&platform.number(splits[1]))
        .await
        .unwrap();
    assert_eq!(
        dossier(&platform, splits[0]).await.accumulation.day_count,
        2
    );
}

#[tokio::test]
async fn risk_information_is_given_for_registered_taxpayers_only() {
    let platform = Platform::start(Faults::none()).await;
    let world = platform.running.state().world();
    for (case, expected) in [
        (Case::Defect(Defect::BuyerAbnormal), Some(("02", ""))),
        (Case::Defect(Defect::BuyerNonexistent), None),
        (Case::Risk(Risk::HighRiskBuyer), Some(("01", "01"))),
    ] {
        let application = world.application(find(world, case)).unwrap();
        let body = json!({"nsrsbh": application.buyer.tax_id});
        let answer = platform
            .call::<Fxxx>(method::TAXPAYER_RISK, &body)
            .await
            .unwrap();
        let known = answer.data.as_ref().map(|risk| {
            assert_eq!(risk.nsrmc, application.buyer.name);
            let class = if risk.fxnsrlx == "01" { "01" } else { "" };
            (risk.nsrzt.as_str(), class)
        });
        assert_eq!(known, expected);
        assert_eq!(answer.code == "31021", expected.is_none());
    }
}

#[tokio::test]
async fn pending_applications_come_in_pages_and_leave_when_decided() {
    let platform = Platform::start(Faults::none()).await;
    let page = async |after: Option<&str>, ts: u32| -> Vec<String> {
        let body = json!({"sqbhh": after, "ts": ts});
        let answer: PendingAnswer = platform
            .call(method::PENDING, &body)
            .await
            .unwrap()
            .data
            .unwrap();
        answer
            .list
            .into_iter()
            .map(|wire| Application::try_from(wire).unwrap().application_number)
            .collect()
    };
    let all = page(None, 1000).await;
    assert_eq!(all.len(), 100);
    assert!(all.is_sorted());
    assert_eq!(page(Some(&all[39]), 10).await, all[40..50]);
    assert_eq!(page(Some("DK"), 1).await, all[..1]);
    assert!(page(Some("Z"), 10).await.is_empty());
    platform.issue(&all[40]).await.unwrap();
    platform.give_back(&all[41]).await.unwrap();
    assert_eq!(page(Some(&all[39]), 2).await, all[42..44]);
}

#[tokio::test]
async fn an_application_survives_the_wire() {
    let platform = Platform::start(Faults::none()).await;
    let answer: PendingAnswer = platform
        .call(method::PENDING, &json!({"ts": 100}))
        .await
        .unwrap()
        .data
        .unwrap();
    let world = platform.running.state().world();
    for (i, wire) in answer.list.into_iter().enumerate() {
        assert_eq!(
            Application::try_from(wire).unwrap(),
            world.application(i).unwrap()
        );
    }
}

#[tokio::test]
async fn wrong_calls_are_refused_with_a_reason() {
    let platform = Platform::start(Faults::none()).await;
    let number = platform.number(0);
    let body = json!({"sqbh": number});
    for token in ["", "wrong", "sandbox-admin"] {
        let answer = platform.send("dkfpspkj", token, &body).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(platform.running.state().counts().unauthorized, 3);
    let answer = platform.send("nothing", "sandbox", &body).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    for (method, body, names) in [
        (method::ISSUE, json!({"nummer": 1}), "sqbh"),
        (method::RETURN, json!({"sqbh": number, "thyy": []}), "thyy"),
        (method::PENDING, json!({"ts": 1001}), "1000"),
        (method::PENDING, json!({"ts": 0}), "1000"),
        (
            method::DOSSIERS,
            json!({"list": vec![json!({"sqbh": "", "jyrq": "2026-03-02"}); 201]}),
            "200",
        ),
        (
            method::DOSSIERS,
            json!({"list": [{"sqbh": "", "jyrq": "today"}]}),
            "year",
        ),
    ] {
        let answer = platform.send(method, "sandbox", &body).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{method}");
        let envelope: serde_json::Value = answer.json().await.unwrap();
        let message = envelope["msg"].as_str().unwrap();
        assert!(message.contains(names), "{method}: {message}");
    }
    assert!(platform.running.state().book().is_empty());
}

#[tokio::test]
async fn a_port_in_use_is_named_and_a_stopped_platform_gives_its_port_back() {
    let first = Platform::start(Faults::none()).await;
    let bind = first.running.addr();
    let options = Options {
        bind,
        ..Options::default()
    };
    let error = Sandbox::start(options.clone()).await.unwrap_err();
    assert!(matches!(error, StartError::InUse(addr) if addr == bind));
    assert!(
        error.to_string().contains(&bind.port().to_string()),
        "{error}"
    );
    first.running.shutdown().await;
    Sandbox::start(options).await.unwrap().shutdown().await;
    let empty = Options {
        token: String::new(),
        ..Options::default()
    };
    assert!(matches!(
        Sandbox::start(empty).await,
        Err(StartError::EmptyToken)
    ));
}

#[tokio::test]
async fn the_admin_api_shows_book_and_counts() {
    let platform = Platform::start(Faults::none()).await;
    let (issued, returned) = (platform.number(0), platform.number(1));
    platform.issue(&issued).await.unwrap();
    platform.give_back(&returned).await.unwrap();
    let get = async |path: &str, token: &str| {
        let url = format!("{}/admin/{path}", platform.running.url());
        platform
            .client
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(
        get("book", "sandbox").await.status(),
        StatusCode::UNAUTHORIZED
    );
    let book: serde_json::Value = get("book", "sandbox-admin").await.json().await.unwrap();
    assert_eq!(book["issued"][&issued].as_array().unwrap().len(), 1);
    assert_eq!(
        book["returned"][&returned][0]["reasons"],
        json!(["合同金额不符"])
    );
    let counts: serde_json::Value = get("counts", "sandbox-admin").await.json().await.unwrap();
    assert_eq!(counts["pending"], 98);
    assert_eq!(counts["calls"]["dkfpspkj"], 1);
}
