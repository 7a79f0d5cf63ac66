//! The admin API: switches faults and shows what was done. Under a token of its own.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Request, State as FromRouter},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    answer, api,
    faults::Faults,
    server::App,
    state::{Counts, Issue, Return},
};

/// What was done to applications, by their numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Book {
    issued: BTreeMap<String, Vec<Issue>>,
    returned: BTreeMap<String, Vec<Return>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdraw {
    application_number: String,
}

/// Lets only the admin token through.
pub(crate) async fn authorise(
    FromRouter(app): FromRouter<App>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    if api::bears(&headers, &app.admin_token) {
        return next.run(request).await;
    }
    app.state.count_unauthorized();
    answer::refusal(StatusCode::UNAUTHORIZED, "40100", "wrong admin token")
}

/// `POST /admin/faults`: puts a list of faults in the place of those in force.
pub(crate) async fn set_faults(FromRouter(app): FromRouter<App>, body: Bytes) -> Response {
    let faults: Faults = match serde_json::from_slice(&body) {
        Ok(faults) => faults,
        Err(error) => return wrong(&format!("body is no list of faults: {error}")),
    };
    match app.state.set_faults(faults) {
        Ok(()) => Json(app.state.faults()).into_response(),
        Err(error) => wrong(&error.to_string()),
    }
}

/// `GET /admin/faults`: the faults in force.
pub(crate) async fn faults(FromRouter(app): FromRouter<App>) -> Json<Faults> {
    Json(app.state.faults())
}

/// `GET /admin/book`: what was issued and returned.
pub(crate) async fn book(FromRouter(app): FromRouter<App>) -> Json<Book> {
    Json(Book {
        issued: app.state.book(),
        returned: app.state.returned(),
    })
}

/// `GET /admin/counts`: how much was done.
pub(crate) async fn counts(FromRouter(app): FromRouter<App>) -> Json<Counts> {
    Json(app.state.counts())
}

/// `POST /admin/withdraw`: an applicant withdraws an application.
pub(crate) async fn withdraw(FromRouter(app): FromRouter<App>, body: Bytes) -> Response {
    match serde_json::from_slice::<Withdraw>(&body) {
        Ok(request) if app.state.withdraw(&request.application_number) => {
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(_) => answer::refusal(
            StatusCode::CONFLICT,
            "40900",
            "no such application, or it is already decided",
        ),
        Err(error) => wrong(&format!("body is no withdrawal: {error}")),
    }
}

fn wrong(message: &str) -> Response {
    answer::refusal(StatusCode::BAD_REQUEST, "40000", message)
}
