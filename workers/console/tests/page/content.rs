//! What the page says: the right figures, every item once, and nothing personal.

use std::collections::BTreeSet;

use clerkwork_console::paths;
use clerkwork_core::State;
use serde_json::Value;

use crate::visitor::{Served, serve};

const APPLICATIONS: usize = 120;

/// All items of a state, page by page.
async fn items(served: &Served, state: State, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = format!("/api/items?state={state}&limit={limit}");
    loop {
        let mut page = served.json(&path).await;
        let items = page["items"].as_array_mut().unwrap();
        assert!(items.len() <= limit);
        let full = items.len() == limit;
        all.append(items);
        let Some(next) = page["next"].as_str() else {
            return all;
        };
        assert!(full, "a page that is not full is the last");
        path = format!("/api/items?state={state}&limit={limit}&after={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_and_lists_agree_with_the_ledger() {
    let served = serve(APPLICATIONS).await;
    let counts = served.services.ledger.counts(None).await.unwrap();
    let status = served.json("/api/status").await;
    let mut seen = BTreeSet::new();
    for state in State::ALL {
        let expected = counts.get(&state).copied().unwrap_or(0);
        assert_eq!(status["counts"][state.as_str()], expected, "{state}");
        for limit in [1, 7, 200] {
            let items = items(&served, state, limit).await;
            assert_eq!(items.len() as u64, expected, "{state} by {limit}");
            let ids: BTreeSet<_> = items.iter().map(|item| item["job"].to_string()).collect();
            assert_eq!(ids.len(), items.len(), "{state} by {limit}: duplicates");
            seen.extend(ids);
        }
    }
    assert_eq!(seen.len(), APPLICATIONS);
    assert!(counts[&State::Blocked] > 0 && counts[&State::Returned] > 0);
    let batch = &status["batches"][0];
    assert_eq!(batch["total"], APPLICATIONS);
    assert_eq!(batch["ended"], APPLICATIONS);
    assert_eq!(status["lanes"].as_array().unwrap().len(), 3);
    let log = &status["audit_log"];
    assert!(
        log["entries"].as_u64().unwrap() > 0
            && log["lag_ms"].is_u64()
            && log["searchable"].as_u64() <= log["entries"].as_u64(),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_or_returned_item_tells_why_in_both_languages() {
    let served = serve(APPLICATIONS).await;
    for state in [State::Blocked, State::Returned] {
        for item in items(&served, state, 200).await {
            let rules = item["rules"].as_array().unwrap();
            assert!(!rules.is_empty(), "{item}");
            for rule in rules {
                assert!(
                    rule["zh"]
                        .as_str()
                        .unwrap()
                        .contains(|c: char| c > '\u{4e00}')
                );
                assert!(rule["en"].as_str().unwrap().is_ascii());
                assert!(!rule["id"].as_str().unwrap().is_empty());
            }
        }
    }
    // Without a state: what waits for a person.
    let blocked = served.json("/api/items").await;
    assert_eq!(
        blocked,
        served.json("/api/items?state=blocked&limit=50").await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_holds_personal_data() {
    let served = serve(APPLICATIONS).await;
    let mut answers = String::new();
    for path in paths() {
        answers += &served.get(path).await.text().await.unwrap();
    }
    for state in State::ALL {
        for item in items(&served, state, 200).await {
            answers += &item.to_string();
        }
    }
    let book = served.rig.sandbox.state();
    let mut searched = 0;
    for i in 0..APPLICATIONS {
        let application = book.world().application(i).unwrap();
        assert!(
            answers.contains(&application.application_number),
            "not all was asked for"
        );
        let agent = application.agent.iter();
        let agent = agent.flat_map(|agent| [&agent.name, &agent.identity_number, &agent.phone]);
        let parties = [&application.seller, &application.buyer];
        let parties = parties.into_iter().flat_map(|party| {
            [
                &party.name,
                &party.tax_id,
                &party.address,
                &party.phone,
                &party.bank,
                &party.account,
            ]
        });
        for personal in parties.chain(agent).filter(|text| !text.is_empty()) {
            assert!(
                !answers.contains(personal.as_str()),
                "`{personal}` is shown"
            );
            searched += 1;
        }
    }
    assert!(searched > 5 * APPLICATIONS, "{searched}");
}

#[tokio::test]
async fn a_question_that_cannot_be_understood_is_a_problem_with_an_answer() {
    let served = serve(0).await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=many",
        "limit=99999999999999999999",
        "after=nonsense",
        "after=",
        "state=lost",
        "state=",
        "page=2",
        "limit=1&limit=2",
    ] {
        let answer = served.get(&format!("/api/items?{query}")).await;
        assert_eq!(answer.status(), 400, "{query}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["status"], 400);
        assert!(problem["detail"].as_str().unwrap().len() > 10, "{query}");
    }
}

#[tokio::test]
async fn without_its_ledger_the_page_says_so_and_stays() {
    let served = serve(0).await;
    served.services.ledger.clone().close().await;
    for path in ["/api/status", "/api/items"] {
        let answer = served.get(path).await;
        assert_eq!(answer.status(), 503, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    assert_eq!(served.get("/").await.status(), 200);
}

#[tokio::test]
async fn without_redis_the_page_shows_what_the_ledger_knows() {
    let mut served = serve(0).await;
    served.rig.redis.kill9();
    let status = served.json("/api/status").await;
    assert_eq!(status["counts"]["blocked"], 0);
    assert!(status["lanes"][0]["entries"].is_null());
    assert!(status["dead_letters"].is_null());
}
