//! The routes. Read-only; every one lies behind [`access::guard`].

use askama::Template;
use axum::{
    Json, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use clerkwork_core::ReviewId;
use clerkwork_ledger::LedgerError;
use clerkwork_runtime::Services;
use serde::Deserialize;
use serde_json::json;

use crate::{
    access::{self, Access},
    view,
};

pub(crate) fn router(services: Services, access: Access) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/page.css", get(style))
        .route("/page.js", get(script))
        .route("/api/status", get(status))
        .route("/api/blocked", get(blocked))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "no such page") })
        .layer(middleware::from_fn_with_state(access, access::guard))
        .with_state(services)
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

async fn status(State(services): State<Services>) -> Response {
    match view::status(&services).await {
        Ok(status) => Json(status).into_response(),
        Err(error) => unavailable(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockedQuery {
    after: Option<ReviewId>,
    limit: Option<u32>,
}

async fn blocked(
    State(services): State<Services>,
    query: Result<Query<BlockedQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else {
        return problem(StatusCode::BAD_REQUEST, "use ?after=REVIEW_ID&limit=1..200");
    };
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return problem(
            StatusCode::BAD_REQUEST,
            "`limit` must lie between 1 and 200",
        );
    }
    match view::blocked(&services, query.after, limit).await {
        Ok(blocked) => Json(blocked).into_response(),
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
fn problem(status: StatusCode, detail: &str) -> Response {
    let body =
        json!({"title": status.canonical_reason(), "status": status.as_u16(), "detail": detail});
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        body.to_string(),
    )
        .into_response()
}
