//! Pages that have changed stop the work before anything is sent.

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind, agent_invoice::AgentInvoices, contract::Connector,
};
use clerkwork_portal::Portal;
use clerkwork_sandbox::Variant;

use crate::{Office, key, query, reasons, settings};

/// A changed page names itself, the place and the version of the data file, and is attached.
fn is_changed(error: &ConnectorError, page: &str, selector: &str) {
    assert_eq!(error.kind, ErrorKind::PageChanged, "{error}");
    for part in [page, selector, "`2026-03`"] {
        assert!(error.message.contains(part), "{part} is not in: {error}");
    }
    assert!(error.page.is_some());
}

#[tokio::test]
async fn renamed_columns_stop_the_list() {
    let office = Office::with(&[Variant::RenamedColumn]).await;
    let error = office.portal.pending(None, 10).await.unwrap_err();
    is_changed(&error, "`list`", "`table#sqlb`");
    assert!(error.message.contains("`申请编号`"), "{error}");
    assert_eq!(
        office.portal.health().await.unwrap_err().kind,
        ErrorKind::PageChanged
    );
    // The lines of the application are not read for a status, so that still serves.
    let status = office.portal.status(&office.number(0)).await.unwrap();
    assert_eq!(status, office.state().status(&office.number(0)));
}

#[tokio::test]
async fn moved_and_undeclared_buttons_stop_every_decision_before_anything_is_sent() {
    for (variant, word) in [
        (Variant::MovedButton, "提交审核结果"),
        (Variant::ExtraButton, "一键办结"),
    ] {
        let office = Office::with(&[variant]).await;
        let number = office.number(0);
        let error = office
            .portal
            .approve_and_issue(&key(), &number)
            .await
            .unwrap_err();
        is_changed(&error, "`detail`", "`form#tgForm`");
        assert!(error.message.contains(word), "{error}");
        let sent = office.counts().requests;
        let error = office
            .portal
            .return_to_applicant(&key(), &number, &reasons())
            .await;
        is_changed(&error.unwrap_err(), "`detail`", "`form#thForm`");
        assert_eq!(
            office.counts().requests,
            sent + 1,
            "the page was read, no form was sent"
        );
        assert!(office.untouched());
    }
}

#[tokio::test]
async fn a_changed_login_is_not_tried() {
    let office = Office::with(&[Variant::LoginChanged]).await;
    for _ in 0..2 {
        let error = office.portal.status(&office.number(0)).await.unwrap_err();
        is_changed(&error, "`login`", "`form#dlForm`");
    }
    let counts = office.counts();
    assert_eq!((counts.logins, counts.failed_logins), (0, 0));
}

#[tokio::test]
async fn a_list_in_a_circle_and_ways_to_other_hosts_are_not_followed() {
    let office = Office::with(&[Variant::LoopingPages]).await;
    let error = office.portal.pending(None, 30).await.unwrap_err();
    is_changed(&error, "`list`", "`a#xyy`");

    office.change(&[Variant::ForeignLink]);
    let error = office.portal.pending(None, 30).await.unwrap_err();
    is_changed(&error, "`list`", "`a#xyy`");
    assert!(error.message.contains("leads away"), "{error}");

    office.change(&[Variant::ForeignRedirect]);
    let error = office.portal.status(&office.number(0)).await.unwrap_err();
    is_changed(&error, "detail.do", "`Location`");
    let error = office
        .portal
        .approve_and_issue(&key(), &office.number(0))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::PageChanged);
    assert!(office.untouched());
}

#[tokio::test]
async fn banners_mean_what_the_data_file_says() {
    let office = Office::with(&[Variant::Busy]).await;
    let number = office.number(0);
    let error = office.portal.status(&number).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.contains("系统繁忙"), "{error}");

    office.change(&[Variant::Maintenance]);
    let error = office.portal.status(&number).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient, "{error}");

    office.change(&[Variant::StrangeBanner]);
    let error = office.portal.status(&number).await.unwrap_err();
    is_changed(&error, "detail.do", "`div.tsxx`");
    assert!(error.message.contains("网关节点漂移") && !error.message.contains("13800001234"));

    office.change(&[Variant::Forbidden]);
    let error = office
        .portal
        .approve_and_issue(&key(), &number)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.message.contains("权限不足"), "{error}");
    assert_eq!(
        office.counts().logins,
        1,
        "a want of rights is no refused login"
    );
    assert!(office.untouched());
}

#[tokio::test]
async fn the_attached_page_keeps_markup_and_holds_nothing_personal() {
    let office = Office::with(&[Variant::MovedButton]).await;
    for i in 0..12 {
        let application = office.state().world().application(i).unwrap();
        let number = &application.application_number;
        // What is read for the dossier is as it was, and whole.
        let dossier = office.portal.dossier(query(&application)).await.unwrap();
        assert!(dossier.page.unwrap().body.contains(number));
        let error = office
            .portal
            .approve_and_issue(&key(), number)
            .await
            .unwrap_err();
        let body = &error.page.as_ref().unwrap().body;
        assert!(body.contains("id=\"tgForm\"") && body.contains("提交审核结果"));
        assert!(body.contains("购买方信息") && body.contains("征收率"));
        let mut personal = vec![number.clone(), application.remark.clone()];
        for party in [&application.seller, &application.buyer] {
            let named = [&party.name, &party.tax_id, &party.phone];
            personal.extend(named.into_iter().cloned());
            personal.extend(
                [&party.address, &party.account, &party.bank]
                    .into_iter()
                    .cloned(),
            );
        }
        if let Some(agent) = &application.agent {
            personal.extend([agent.name.clone(), agent.identity_number.clone()]);
        }
        for value in personal.iter().filter(|value| !value.is_empty()) {
            assert!(
                !body.contains(value.as_str()),
                "`{value}` of application {i} is there"
            );
        }
    }
}

/// A portal with a data file in which each text was replaced by another.
fn with_data(office: &Office, name: &str, changes: &[(&str, &str)]) -> Portal {
    let mut text = include_str!("../../src/pages.toml").to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let file = format!("clerkwork-{name}-{}.toml", std::process::id());
    let path = std::env::temp_dir().join(file);
    std::fs::write(&path, text).unwrap();
    let mut settings = settings(&office.sandbox, "sandbox");
    settings.pages = Some(path.clone());
    let portal = Portal::new(settings).unwrap();
    std::fs::remove_file(&path).unwrap();
    portal
}

#[tokio::test]
async fn a_mended_data_file_serves_the_changed_pages() {
    let office = Office::with(&[Variant::RenamedColumn, Variant::MovedButton]).await;
    let (approve, give_back) = (
        "name = \"op\", value = \"审核通过\"",
        "name = \"op\", value = \"退回\"",
    );
    let changes = [
        ("version = \"2026-03\"", "version = \"2026-04\""),
        (
            "columns = { number = \"申请编号\" }",
            "columns = { number = \"申请单编号\" }",
        ),
        (
            "item_name = \"项目名称\"",
            "item_name = \"货物或应税劳务名称\"",
        ),
        (approve, "name = \"btnTg\", value = \"提交审核结果\""),
        (give_back, "name = \"btnTh\", value = \"驳回申请\""),
    ];
    let portal = with_data(&office, "mended", &changes);
    assert_eq!(portal.pages_version(), "2026-04");
    assert_eq!(portal.pending(None, 25).await.unwrap().len(), 25);
    let (first, second) = (office.number(0), office.number(1));
    portal.approve_and_issue(&key(), &first).await.unwrap();
    portal
        .return_to_applicant(&key(), &second, &reasons())
        .await
        .unwrap();
    assert_eq!(office.state().book()[&first].len(), 1);
    assert_eq!(office.state().returned()[&second].len(), 1);

    let mut lost = settings(&office.sandbox, "sandbox");
    lost.pages = Some("/nowhere/pages.toml".into());
    let error = Portal::new(lost).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.contains("`/nowhere/pages.toml`"), "{error}");
}

#[tokio::test]
async fn an_unknown_word_is_an_error_that_names_field_and_word() {
    let office = Office::with(&[]).await;
    let changes = [("\"待审核\" = \"pending\"\n", "")];
    let portal = with_data(&office, "words", &changes);
    let number = office.number(0);
    let error = portal.status(&number).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(
        error.message.contains("`待审核`") && error.message.contains("`申请状态`"),
        "{error}"
    );
    let error = portal.approve_and_issue(&key(), &number).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(office.untouched());
}

#[tokio::test]
async fn an_undeclared_button_beside_the_confirmation_stops_before_it_is_given() {
    let office = Office::with(&[Variant::ConfirmChanged]).await;
    let number = office.number(0);
    let error = office
        .portal
        .approve_and_issue(&key(), &number)
        .await
        .unwrap_err();
    is_changed(&error, "`confirm_issue`", "`form#qrForm`");
    assert!(error.message.contains("确定并归档"), "{error}");
    assert!(error.message.contains("nothing was decided"), "{error}");
    let error = office
        .portal
        .return_to_applicant(&key(), &number, &reasons())
        .await;
    is_changed(&error.unwrap_err(), "`confirm_return`", "`form#qrForm`");
    assert!(office.untouched());
}

#[tokio::test]
async fn neither_password_nor_cookie_shows() {
    let office = Office::with(&[]).await;
    office.portal.health().await.unwrap();
    let shown = format!("{:?}", office.portal);
    assert!(
        shown.contains("robot") && shown.contains("Session {"),
        "{shown}"
    );
    assert!(
        !shown.contains("JSESSIONID") && !shown.contains("\"sandbox\""),
        "{shown}"
    );
}
