//! What is read through pages is what the JSON API says.

use clerkwork_connectors_api::{
    ErrorKind,
    agent_invoice::{AgentInvoices, Application, ApplicationStatus, operations},
    contract::Connector,
};
use clerkwork_sandbox::{Charset, PortalSettings as Pages, Variant};
use serde_json::{Value, json};

use crate::{Office, key, query, reasons};

/// Everything that waiting applications are, as either way tells it.
async fn told(api: &dyn AgentInvoices, office: &Office, most: u32) -> Vec<Value> {
    let mut all = Vec::new();
    for application in api.pending(None, most).await.unwrap() {
        let mut dossier = api.dossier(query(&application)).await.unwrap();
        assert!(dossier.page.take().is_some());
        let status = office.state().status(&application.application_number);
        assert_eq!(dossier.status, status);
        all.push(json!([application, dossier]));
    }
    all
}

#[tokio::test]
async fn every_application_is_the_same_through_pages_and_through_json_in_either_charset() {
    let office = Office::open(60).await;
    let etax = office.etax();
    // Some are decided, so that sums and relations are not those of the first day.
    for i in [3, 40] {
        etax.approve_and_issue(&key(), &office.number(i))
            .await
            .unwrap();
    }
    etax.return_to_applicant(&key(), &office.number(7), &reasons())
        .await
        .unwrap();
    assert!(office.state().withdraw(&office.number(8)));
    let through_json = told(&etax, &office, 1_000).await;
    assert_eq!(through_json.len(), 56);
    for part in [
        "agent",
        "exemption",
        "contract",
        "special_element",
        "tax_receipt_number",
    ] {
        let has = |one: &&Value| one[0].get(part).is_some();
        let with = through_json.iter().filter(has).count();
        assert!(with > 0, "no application has {part}");
    }
    for (charset, variants, most) in [
        (Charset::Gbk, vec![], 1_000),
        (Charset::Utf8, vec![Variant::ReorderedColumns], 12),
    ] {
        office.state().set_portal(Pages {
            charset,
            variants: variants.into_iter().collect(),
            ..Pages::default()
        });
        let through_pages = told(&office.portal, &office, most).await;
        assert_eq!(through_pages.len(), through_json.len().min(most as usize));
        for (page, json) in through_pages.iter().zip(&through_json) {
            assert_eq!(page, json, "{charset:?}");
        }
    }
    for i in [3, 7, 8] {
        let number = office.number(i);
        let status = office.portal.status(&number).await.unwrap();
        assert_eq!(status, etax.status(&number).await.unwrap());
        assert_ne!(status, Some(ApplicationStatus::Pending));
    }
}

#[tokio::test]
async fn the_list_is_read_over_its_pages_from_any_number_on() {
    let office = Office::open(30).await;
    office.state().set_portal(Pages {
        page_size: 7,
        ..Pages::default()
    });
    let numbers = |found: Vec<Application>| {
        let numbers = found.into_iter().map(|one| one.application_number);
        numbers.collect::<Vec<_>>()
    };
    let all: Vec<_> = (0..30).map(|i| office.number(i)).collect();
    let found = office.portal.pending(None, 1_000).await.unwrap();
    assert_eq!(numbers(found), all);
    let found = office.portal.pending(Some(&all[9]), 12).await.unwrap();
    assert_eq!(numbers(found), all[10..22]);
    let found = office.portal.pending(Some(&all[29]), 20).await.unwrap();
    assert!(found.is_empty());

    // The same by name, page by page.
    let (mut after, mut polled) = (None, Vec::new());
    loop {
        let page = office
            .portal
            .poll("pending", after.as_deref(), 13)
            .await
            .unwrap();
        let numbers = page
            .items
            .iter()
            .map(|item| item["application_number"].clone());
        polled.extend(numbers);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(polled, all);
}

#[tokio::test]
async fn a_list_that_moves_while_it_is_read_loses_none() {
    let office = Office::open(30).await;
    office.state().set_portal(Pages {
        page_size: 5,
        ..Pages::default()
    });
    let etax = office.etax();
    let decide = async {
        for i in 0..10 {
            etax.approve_and_issue(&key(), &office.number(i))
                .await
                .unwrap();
        }
    };
    let (found, ()) = tokio::join!(office.portal.pending(None, 1_000), decide);
    let found = found.unwrap();
    for i in 10..30 {
        let number = office.number(i);
        let times = found.iter().filter(|one| one.application_number == number);
        assert_eq!(times.count(), 1, "{number}");
    }
}

#[tokio::test]
async fn what_the_portal_does_not_know_is_nothing_and_other_parties_are_told() {
    let office = Office::open(30).await;
    assert_eq!(office.portal.status("DK-none").await.unwrap(), None);
    let application = office.state().world().application(0).unwrap();
    let mut other = query(&application);
    other.application_number = "DK-none".into();
    assert_eq!(office.portal.dossier(other).await.unwrap().status, None);
    let mut other = query(&application);
    other.buyer_tax_id = "91440101MA5X00000A".into();
    let error = office.portal.dossier(other).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("other parties"), "{error}");
}

#[tokio::test]
async fn the_contract_of_connectors_is_kept_by_name() {
    let office = Office::open(30).await;
    let portal = &office.portal;
    portal.health().await.unwrap();
    let profile = portal.profile();
    assert!(profile.serves(&operations()));
    assert!(
        profile
            .operations
            .is_sorted_by_key(|operation| operation.name)
    );
    let number = office.number(0);
    let input = json!({"application_number": number});
    let answer = portal.call("status", None, &input).await.unwrap();
    assert_eq!(answer.output, json!({"state": "pending"}));
    let dossier = json!(query(&office.state().world().application(0).unwrap()));
    let answer = portal.call("dossier", None, &dossier).await.unwrap();
    let declared = profile.operation("dossier").unwrap();
    declared.output.check(&answer.output).unwrap();
    let page = answer.page.unwrap();
    assert!(page.body.contains(&number) && page.media_type == "text/html");

    for (operation, input) in [
        ("nothing", &input),
        ("pending", &input),
        ("status", &json!({})),
    ] {
        let error = portal.call(operation, None, input).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Misconfigured, "{error}");
    }
    let error = portal.poll("status", None, 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    let error = portal.lookup("status", &key(), &input).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
}
