//! What stands in the way of serving the page, and how it ends.

use std::{net::SocketAddr, time::Duration};

use clerkwork_console::ConsoleError;

use crate::visitor::{client, serve};

#[tokio::test]
async fn a_port_in_use_is_named_with_the_setting_to_change() {
    let served = serve(0).await;
    let taken: SocketAddr = served.origin()["http://".len()..].parse().unwrap();
    let error = clerkwork_console::serve(served.services.clone(), taken)
        .await
        .unwrap_err();
    assert!(matches!(error, ConsoleError::Bind { .. }));
    let text = error.to_string();
    assert!(text.contains(&taken.to_string()), "{text}");
    assert!(text.contains("console.bind"), "{text}");
}

#[tokio::test]
async fn the_page_listens_on_loopback_only() {
    let served = serve(0).await;
    for bind in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8470"] {
        let bind: SocketAddr = bind.parse().unwrap();
        let error = clerkwork_console::serve(served.services.clone(), bind)
            .await
            .unwrap_err();
        assert!(matches!(error, ConsoleError::NotLoopback(at) if at == bind));
        assert!(error.to_string().contains("console.bind"), "{error}");
    }
}

#[tokio::test]
async fn each_boot_has_its_own_token() {
    let served = serve(0).await;
    let bind = served.services.config.console.bind;
    let second = clerkwork_console::serve(served.services.clone(), bind)
        .await
        .unwrap();
    let token = second.url().split_once("token=").unwrap().1;
    assert_eq!(token.len(), 64);
    assert_ne!(token, served.token());
}

#[tokio::test]
async fn the_page_ends_with_the_process_it_shows() {
    let served = serve(0).await;
    let url = format!("{}/api/status", served.origin());
    // A visitor whose connection stays open.
    let visitor = client();
    let request = visitor.get(&url).bearer_auth(served.token());
    assert_eq!(request.send().await.unwrap().status(), 200);
    served.services.draining.cancel();
    tokio::time::timeout(Duration::from_secs(30), served.console.stopped())
        .await
        .unwrap();
    let again = client().get(&url).send().await;
    assert!(again.is_err());
}
