//! The legacy portal as a browser and an administrator meet it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use clerkwork_sandbox::{Charset, Options, PortalCounts, PortalSettings, Running, Sandbox};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};

struct Browser {
    running: Running,
    client: Client,
    cookie: String,
}

impl Browser {
    async fn start() -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = Options {
            applications: 10,
            ..Options::default()
        };
        let client = Client::builder().no_proxy().redirect(Policy::none());
        Self {
            running: Sandbox::start(options).await.unwrap(),
            client: client.build().unwrap(),
            cookie: String::new(),
        }
    }

    fn number(&self) -> String {
        self.running.state().world().number(0).unwrap()
    }

    async fn get(&mut self, path: &str) -> (u16, String) {
        let url = format!("{}/portal/{path}", self.running.url());
        let request = self.client.get(url).header("cookie", &self.cookie);
        let response = request.send().await.unwrap();
        self.take(response).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let url = format!("{}/portal/{path}", self.running.url());
        // Fields of these tests need no escape but these.
        let escaped = |text: &str| text.replace('=', "%3D");
        let pairs = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let request = self.client.post(url).header("cookie", &self.cookie);
        let response = request.body(body).send().await.unwrap();
        self.take(response).await
    }

    /// Keeps the cookie; the text of a page in GBK, or where the answer leads.
    async fn take(&mut self, response: Response) -> (u16, String) {
        if let Some(set) = response.headers().get("set-cookie") {
            let set = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = set.to_owned();
        }
        let status = response.status().as_u16();
        let location = response.headers().get("location").cloned();
        let body = response.bytes().await.unwrap();
        match location {
            Some(location) => (status, location.to_str().unwrap().to_owned()),
            None => (status, encoding_rs::GBK.decode(&body).0.into_owned()),
        }
    }

    async fn log_in(&mut self, password: &str) -> (u16, String) {
        let (_, page) = self.get("login.do").await;
        let token = hidden(&page, "_csrf", 0);
        let op = percent("登录");
        let fields = [
            ("_csrf", token.as_str()),
            ("__VIEWSTATE", "ZGwvMQ=="),
            ("yhm", "robot"),
            ("mm", password),
            ("op", &op),
        ];
        self.post("login.do", &fields).await
    }

    async fn admin(&self, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/admin/{path}", self.running.url());
        let request = match body {
            Some(body) => self.client.post(url).json(&body),
            None => self.client.get(url),
        };
        let response = request.bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

/// The value of a hidden field, the one with this place among those of its name.
fn hidden(page: &str, name: &str, place: usize) -> String {
    let key = format!("name=\"{name}\" value=\"");
    let rest = page.split(&key).nth(place + 1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn percent(text: &str) -> String {
    let bytes = encoding_rs::GBK.encode(text).0;
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn a_form_serves_once_and_only_its_own_session() {
    let mut browser = Browser::start().await;
    assert_eq!(
        browser.get("dsh/list.do").await,
        (302, "/portal/login.do".into())
    );
    assert_eq!(
        browser.log_in("sandbox").await,
        (302, "/portal/dsh/list.do".into())
    );
    let number = browser.number();
    let (status, page) = browser.get(&format!("dsh/detail.do?sqbh={number}")).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("charset=GBK") && page.contains("待审核"),
        "{page}"
    );
    // The upload's form comes first, then the approval's.
    let (token, view) = (hidden(&page, "_csrf", 1), hidden(&page, "__VIEWSTATE", 1));
    let op = percent("审核通过");
    let fields = [
        ("_csrf", token.as_str()),
        ("__VIEWSTATE", view.as_str()),
        ("sqbh", number.as_str()),
        ("op", op.as_str()),
    ];
    let (_, page) = browser.post("dsh/tg.do", &fields).await;
    assert!(page.contains("审核通过确认"), "{page}");
    assert!(
        browser.running.state().book().is_empty(),
        "nothing is decided yet"
    );
    let (_, again) = browser.post("dsh/tg.do", &fields).await;
    assert!(again.contains("重复提交"), "{again}");

    let (token, draft, op) = (
        hidden(&page, "_csrf", 0),
        hidden(&page, "qrbh", 0),
        percent("确定"),
    );
    let fields = [("_csrf", token.as_str()), ("qrbh", &draft), ("op", &op)];
    let (status, result) = browser.post("dsh/qr.do", &fields).await;
    assert_eq!(status, 302, "{result}");
    let (_, page) = browser.get(result.trim_start_matches("/portal/")).await;
    let book = browser.running.state().book();
    assert!(page.contains(&book[&number][0].invoice_number), "{page}");
    let (_, again) = browser.post("dsh/qr.do", &fields).await;
    assert!(again.contains("重复提交"), "{again}");
    assert_eq!(browser.running.state().book()[&number].len(), 1);
}

#[tokio::test]
async fn five_refused_logins_in_a_row_lock_the_account() {
    let mut browser = Browser::start().await;
    for _ in 0..5 {
        let (status, page) = browser.log_in("wrong").await;
        assert!(status == 200 && page.contains("用户名或密码错误"), "{page}");
    }
    let (_, page) = browser.log_in("sandbox").await;
    assert!(page.contains("账号已锁定"), "{page}");
    let state = browser.running.state();
    state.set_portal(PortalSettings::default());
    assert_eq!(browser.log_in("sandbox").await.0, 302);
    let counts = browser.running.state().portal_counts();
    assert_eq!(
        (counts.logins, counts.failed_logins, counts.sessions),
        (1, 6, 1)
    );
}

#[tokio::test]
async fn the_admin_api_switches_pages_and_ends_sessions() {
    let mut browser = Browser::start().await;
    browser.log_in("sandbox").await;
    assert_eq!(browser.admin("portal", "wrong", None).await.0, 401);
    let body = json!({"variants": ["extra_button", "notice"], "charset": "utf8", "page_size": 3});
    let (status, answer) = browser.admin("portal", "sandbox-admin", Some(body)).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer["settings"]["variants"],
        json!(["extra_button", "notice"])
    );
    assert_eq!(answer["counts"]["logins"], 1);
    assert!(!answer.to_string().contains("password"), "{answer}");
    let settings = browser.running.state().portal_settings();
    assert_eq!((settings.charset, settings.page_size), (Charset::Utf8, 3));
    let wrong = json!({"variants": ["brand_new"]});
    let (status, answer) = browser.admin("portal", "sandbox-admin", Some(wrong)).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(
        browser.running.state().portal_settings(),
        settings,
        "nothing changed"
    );
    let (_, answer) = browser
        .admin("portal/expire", "sandbox-admin", Some(json!({})))
        .await;
    assert_eq!(answer["counts"]["sessions"], 0);
    assert_eq!(browser.get("dsh/list.do").await.0, 302);
    let counts: PortalCounts = browser.running.state().portal_counts();
    assert_eq!(counts.logins, 1);
}
