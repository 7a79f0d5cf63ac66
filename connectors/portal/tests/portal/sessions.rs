//! One login for all workers, and none too many.

use std::sync::Arc;

use clerkwork_connectors_api::{
    ErrorKind,
    agent_invoice::AgentInvoices,
    contract::Connector,
    credential::{self, Secret},
};
use clerkwork_portal::{Credential, Portal};
use clerkwork_sandbox::{Charset, Expiry, PortalSettings as Pages, Variant};
use futures::future::join_all;

use crate::{Office, key, portal, query, reasons, settings};

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_workers_share_one_login_and_after_an_expiry_a_second() {
    let office = Arc::new(Office::open(40).await);
    for (expiry, logins) in [
        (Expiry::Redirect, 1),
        (Expiry::LoginPage, 2),
        (Expiry::Banner, 3),
    ] {
        office.state().set_portal(Pages {
            expiry,
            ..Pages::default()
        });
        office.state().expire_portal_sessions();
        let workers = (0..16).map(|i| {
            let office = Arc::clone(&office);
            tokio::spawn(async move {
                let application = office.state().world().application(i).unwrap();
                let dossier = office.portal.dossier(query(&application)).await.unwrap();
                let number = &application.application_number;
                assert_eq!(dossier.status, office.state().status(number));
            })
        });
        for worker in join_all(workers).await {
            worker.unwrap();
        }
        assert_eq!(office.counts().logins, logins, "{expiry:?}");
        assert_eq!(office.counts().failed_logins, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_workers_decide_side_by_side_each_once() {
    let office = Arc::new(Office::open(40).await);
    let workers = (0..16).map(|i| {
        let office = Arc::clone(&office);
        tokio::spawn(async move {
            let (portal, number) = (&office.portal, office.number(i));
            if i % 2 == 0 {
                portal.approve_and_issue(&key(), &number).await.unwrap();
            } else {
                portal
                    .return_to_applicant(&key(), &number, &reasons())
                    .await
                    .unwrap();
            }
        })
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }
    let (book, returned) = (office.state().book(), office.state().returned());
    assert_eq!((book.len(), returned.len()), (8, 8));
    assert!(book.values().all(|acts| acts.len() == 1));
    assert!(returned.values().all(|acts| acts.len() == 1));
    assert_eq!(office.counts().logins, 1);
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_of_a_list_is_renewed() {
    for expiry in [Expiry::Redirect, Expiry::LoginPage, Expiry::Banner] {
        let office = Office::open(12).await;
        office.state().set_portal(Pages {
            session_requests: Some(4),
            page_size: 3,
            expiry,
            ..Pages::default()
        });
        assert_eq!(office.portal.pending(None, 100).await.unwrap().len(), 12);
        let counts = office.counts();
        assert!(
            counts.logins >= 4,
            "4 pages and 12 applications, 4 a session: {counts:?}"
        );
        assert_eq!(counts.failed_logins, 0);
    }
}

#[tokio::test]
async fn a_refused_credential_is_used_once_until_it_changes() {
    let office = Office::open(10).await;
    let stranger = portal(&office.sandbox, "wrong");
    let number = office.number(0);
    let mut told = Vec::new();
    for _ in 0..4 {
        let error = stranger.status(&number).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        told.push(error.message);
        let error = stranger
            .approve_and_issue(&key(), &number)
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind, error.operation),
            (ErrorKind::Unauthorized, "approve_and_issue")
        );
        told.push(error.message);
    }
    assert!(told.iter().all(|message| *message == told[0]));
    assert!(
        told[0].contains("用户名或密码错误") && !told[0].contains("wrong"),
        "{}",
        told[0]
    );
    assert_eq!(office.counts().failed_logins, 1);
    let credential = |password| Credential {
        user: "robot".into(),
        password: Secret::new(password).into(),
    };
    // The same one changes nothing.
    stranger.change_credential(credential("wrong")).await;
    assert!(stranger.health().await.is_err());
    assert_eq!(office.counts().failed_logins, 1);
    stranger.change_credential(credential("sandbox")).await;
    stranger.health().await.unwrap();
    assert_eq!(
        (office.counts().failed_logins, office.counts().logins),
        (1, 1)
    );
}

#[tokio::test]
async fn a_password_in_a_file_is_replaced_without_a_restart() {
    let office = Office::open(10).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "wrong\n").unwrap();
    let mut settings = settings(&office.sandbox, "");
    settings.credential.password = credential::Credential::File(file.clone());
    let portal = Portal::new(settings).unwrap();
    for _ in 0..3 {
        let error = portal.health().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
    }
    assert_eq!(office.counts().failed_logins, 1);
    // Written beside it and renamed over it, as a rotation does.
    let next = folder.path().join("next");
    std::fs::write(&next, "sandbox\n").unwrap();
    std::fs::rename(&next, &file).unwrap();
    portal.health().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    office.state().expire_portal_sessions();
    let gone = portal.health().await.unwrap_err();
    assert_eq!(gone.kind, ErrorKind::Misconfigured, "{gone}");
    assert_eq!(office.counts().failed_logins, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_with_a_wrong_password_fail_with_one_refused_login() {
    let office = Office::open(20).await;
    let stranger = Arc::new(portal(&office.sandbox, "wrong"));
    let workers = (0..16).map(|i| {
        let (stranger, number) = (Arc::clone(&stranger), office.number(i));
        tokio::spawn(async move { stranger.status(&number).await.unwrap_err().kind })
    });
    for worker in join_all(workers).await {
        assert_eq!(worker.unwrap(), ErrorKind::Unauthorized);
    }
    assert_eq!(office.counts().failed_logins, 1);
}

#[tokio::test]
async fn a_notice_is_acknowledged_before_reads_and_writes() {
    for charset in [Charset::Gbk, Charset::Utf8] {
        let office = Office::open(10).await;
        office.state().set_portal(Pages {
            variants: [Variant::Notice].into(),
            charset,
            ..Pages::default()
        });
        let number = office.number(0);
        office
            .portal
            .approve_and_issue(&key(), &number)
            .await
            .unwrap();
        assert_eq!(office.state().book()[&number].len(), 1);
        office.state().expire_portal_sessions();
        assert_eq!(office.portal.pending(None, 5).await.unwrap().len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_at_one_application_decide_it_once() {
    let office = Arc::new(Office::open(10).await);
    let workers = (0..8).map(|_| {
        let office = Arc::clone(&office);
        tokio::spawn(async move {
            let number = office.number(0);
            office.portal.approve_and_issue(&key(), &number).await
        })
    });
    let results: Vec<_> = join_all(workers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let book = office.state().book();
    assert_eq!(book[&office.number(0)].len(), 1);
    let issued = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(issued, 1, "one was answered with the invoice");
    for error in results.into_iter().filter_map(Result::err) {
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
    }
}
