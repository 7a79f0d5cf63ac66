//! The routes. Those of the page are read-only and lie behind [`access::guard`]; the platform's
//! [callback] opens to its signature instead.

use askama::Template;
use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::{MethodRouter, get},
};
use clerkwork_core::{JobId, State as JobState};
use clerkwork_ledger::LedgerError;
use clerkwork_runtime::Services;
use serde::Deserialize;
use serde_json::json;

use crate::{
    access::{self, Access},
    callback,
    signature::Key,
    view,
};

/// A path and what answers it.
type Route = (&'static str, fn() -> MethodRouter<Services>);

/// Every route: the router is built from this, and the tests ask each for its guard.
const ROUTES: &[Route] = &[
    ("/", || get(page)),
    ("/page.css", || get(style)),
    ("/page.js", || get(script)),
    ("/icon.svg", || get(icon)),
    ("/api/status", || get(status)),
    ("/api/items", || get(items)),
];

/// The paths of all routes.
pub fn paths() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|(path, _)| *path)
}

pub(crate) fn router(services: Services, access: Access, key: Option<Key>) -> Router {
    let callback = callback::router(services.clone(), key);
    ROUTES
        .iter()
        .fold(Router::new(), |router, (path, answer)| {
            router.route(path, answer())
        })
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "no such page") })
        .method_not_allowed_fallback(|| async {
            problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "this page is for reading only; use GET",
            )
        })
        .layer(middleware::from_fn_with_state(access, access::guard))
        .with_state(services)
        .merge(callback)
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    office: &'a str,
    version: &'a str,
}

async fn page(State(services): State<Services>) -> Response {
    let page = Page {
        office: services.config.office.as_str(),
        version: env!("CARGO_PKG_VERSION"),
    };
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "the page does not render");
            problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the page does not render",
            )
        }
    }
}

async fn style() -> Response {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("../assets/page.css"),
    )
        .into_response()
}

async fn script() -> Response {
    (
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
        include_str!("../assets/page.js"),
    )
        .into_response()
}

async fn icon() -> Response {
    (
        [(header::CONTENT_TYPE, "image/svg+xml")],
        include_str!("../assets/icon.svg"),
    )
        .into_response()
}

async fn status(State(services): State<Services>) -> Response {
    match view::status(&services).await {
        Ok(status) => Json(status).into_response(),
        Err(error) => unavailable(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemsQuery {
    state: Option<String>,
    after: Option<JobId>,
    limit: Option<u32>,
}

async fn items(
    State(services): State<Services>,
    query: Result<Query<ItemsQuery>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else {
        return problem(
            StatusCode::BAD_REQUEST,
            "use ?state=blocked&after=JOB_ID&limit=1..200; each may be left out",
        );
    };
    let state = match query.state.as_deref().map(str::parse::<JobState>) {
        None => JobState::Blocked,
        Some(Ok(state)) => state,
        Some(Err(error)) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return problem(
            StatusCode::BAD_REQUEST,
            "`limit` must lie between 1 and 200",
        );
    }
    match view::items(&services, state, query.after, limit).await {
        Ok(items) => Json(items).into_response(),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &LedgerError) -> Response {
    tracing::warn!(error = %error, "the status page cannot read the ledger");
    problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "the ledger does not answer; the page tries again by itself",
    )
}

/// RFC 9457.
pub(crate) fn problem(status: StatusCode, detail: &str) -> Response {
    let body =
        json!({"title": status.canonical_reason(), "status": status.as_u16(), "detail": detail});
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        body.to_string(),
    )
        .into_response()
}
