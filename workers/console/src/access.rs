//! Who may see the page: whoever holds the token.

use std::net::SocketAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use clerkwork_core::Digest;

/// The token of one boot, and the names this page answers to.
#[derive(Clone)]
pub(crate) struct Access {
    token: String,
    digest: Digest,
    address: SocketAddr,
}

impl Access {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let token = Digest(rand::random()).to_string();
        Self {
            digest: Digest::of(&[token.as_bytes()]),
            token,
            address,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/?token={}", self.address, self.token)
    }

    /// Compares digests, so that the time it takes says nothing about the token.
    fn opens(&self, token: &str) -> bool {
        Digest::of(&[token.as_bytes()]) == self.digest
    }

    fn cookie_name(&self) -> String {
        // Cookies are shared between the ports of a host.
        format!("clerkwork_{}", self.address.port())
    }

    /// A page of a foreign name that resolves to this machine must not read ours.
    fn host_is_ours(&self, headers: &HeaderMap) -> bool {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        host == self.address.to_string() || host == format!("localhost:{}", self.address.port())
    }

    fn cookie_opens(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(key, value)| key == name && self.opens(value))
    }

    fn bearer_opens(&self, headers: &HeaderMap) -> bool {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|token| self.opens(token))
    }
}

/// Guards every route, and sets the headers that keep the page to itself.
pub(crate) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    seal(admit(&access, request, next).await).await
}

/// Sets the headers that keep an answer to itself.
pub(crate) async fn seal(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn admit(access: &Access, request: Request, next: Next) -> Response {
    if !access.host_is_ours(request.headers()) {
        return (
            StatusCode::MISDIRECTED_REQUEST,
            "this page answers to its loopback address only\n",
        )
            .into_response();
    }
    let offered = request.uri().query().and_then(|query| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix("token="))
    });
    if let Some(token) = offered {
        if !access.opens(token) {
            return denied();
        }
        // The token leaves the address bar at once.
        let cookie = format!(
            "{}={token}; HttpOnly; SameSite=Strict; Path=/",
            access.cookie_name()
        );
        let mut response = Redirect::to("/").into_response();
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        return response;
    }
    if access.cookie_opens(request.headers()) || access.bearer_opens(request.headers()) {
        next.run(request).await
    } else {
        denied()
    }
}

fn denied() -> Response {
    let text = "请使用启动时显示的完整地址打开本页（含 token）。\nOpen this page with the whole address that was printed at the start, token included.\n";
    (StatusCode::UNAUTHORIZED, text).into_response()
}
