//! A page that is served, and somebody who asks for it.

use clerkwork_console::Console;
use clerkwork_rig::{Process, Rig, RigOptions, submit_pending, until_ended};
use clerkwork_runtime::Services;
use reqwest::{Client, Response, redirect::Policy};
use serde_json::Value;

/// A rig with its page.
pub struct Served {
    pub rig: Rig,
    pub services: Services,
    pub console: Console,
}

/// Serves the page over `applications` that the fleet has been through.
pub async fn serve(applications: usize) -> Served {
    serve_with(applications, Vec::new()).await
}

/// The same with settings that differ from the rig's.
pub async fn serve_with(applications: usize, settings: Vec<(&'static str, String)>) -> Served {
    let rig = Rig::start(RigOptions {
        applications,
        settings,
        ..RigOptions::default()
    })
    .await;
    if applications > 0 {
        let services = rig.services().await;
        let batch = submit_pending(&services, "page").await;
        let process = Process::start(&services);
        let limit = std::time::Duration::from_secs(120);
        until_ended(&services, batch, applications as u64, limit).await;
        process.stop().await;
    }
    let services = rig.services().await;
    let bind = services.config.console.bind;
    let console = clerkwork_console::serve(services.clone(), bind)
        .await
        .unwrap();
    Served {
        rig,
        services,
        console,
    }
}

impl Served {
    /// Without path and token.
    pub fn origin(&self) -> &str {
        self.console.url().split_once("/?").unwrap().0
    }

    pub fn token(&self) -> &str {
        self.console.url().split_once("token=").unwrap().1
    }

    /// Asks for a path with the token.
    pub async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.origin());
        let request = client().get(url).bearer_auth(self.token());
        request.send().await.unwrap()
    }

    /// Asks for JSON with the token.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }
}

/// Follows no redirect, so that each can be looked at.
pub fn client() -> Client {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}
