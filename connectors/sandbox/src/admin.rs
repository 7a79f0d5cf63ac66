//! The admin API: switches faults and shows what was done. Under a token of its own.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Request, State as FromRouter},
    http::{HeaderMap, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    answer, api,
    faults::Faults,
    portal::{PortalCounts, PortalSettings},
    red::{Play, RedBook},
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    answer: Play,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

/// The platform's time.
#[derive(Debug, Serialize)]
pub(crate) struct Time {
    /// RFC 3339, UTC.
    now: String,
    /// In microseconds since 1970 UTC.
    now_microseconds: i64,
    /// How far it was moved ahead of the clock it was given.
    advanced_seconds: u64,
}

impl Time {
    fn of(app: &App) -> Self {
        let now = app.state.now();
        Self {
            now: now.to_string(),
            now_microseconds: now.0,
            advanced_seconds: app.state.clock_offset().as_secs(),
        }
    }
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

/// `GET /admin/red-book`: everything that was done about red-letter invoices.
pub(crate) async fn red_book(FromRouter(app): FromRouter<App>) -> Json<RedBook> {
    Json(app.state.red_book())
}

/// `POST /admin/forms/{number}`: plays the other side of a form, or the platform.
pub(crate) async fn play_form(
    FromRouter(app): FromRouter<App>,
    Path(number): Path<String>,
    body: Bytes,
) -> Response {
    match serde_json::from_slice::<Answer>(&body) {
        Ok(request) if app.state.play_form(&number, request.answer) => {
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(_) => answer::refusal(
            StatusCode::CONFLICT,
            "40900",
            "no such form, or its state does not allow it",
        ),
        Err(error) => wrong(&format!(
            "body is no answer to a form, use {{\"answer\": \"agree|refuse|withdraw|abnormal\"}}: {error}"
        )),
    }
}

/// `GET /admin/clock`: the platform's time.
pub(crate) async fn clock(FromRouter(app): FromRouter<App>) -> Json<Time> {
    Json(Time::of(&app))
}

/// `POST /admin/clock`: moves the platform's clock forward.
pub(crate) async fn advance_clock(FromRouter(app): FromRouter<App>, body: Bytes) -> Response {
    match serde_json::from_slice::<Advance>(&body) {
        Ok(request) => {
            let duration = Duration::from_secs(request.advance_seconds);
            app.state.advance_clock(duration);
            Json(Time::of(&app)).into_response()
        }
        Err(error) => wrong(&format!(
            "body is no move of the clock, use {{\"advance_seconds\": 3600}}: {error}"
        )),
    }
}

/// The legacy portal as the admin API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Portal {
    settings: PortalSettings,
    counts: PortalCounts,
}

impl Portal {
    fn of(app: &App) -> Json<Self> {
        Json(Self {
            settings: app.state.portal_settings(),
            counts: app.state.portal_counts(),
        })
    }
}

/// `GET /admin/portal`: how the legacy portal is, and who came in.
pub(crate) async fn portal(FromRouter(app): FromRouter<App>) -> Json<Portal> {
    Portal::of(&app)
}

/// `POST /admin/portal`: how the legacy portal is from now on; what is not named is as usual.
pub(crate) async fn set_portal(FromRouter(app): FromRouter<App>, body: Bytes) -> Response {
    match serde_json::from_slice::<PortalSettings>(&body) {
        Ok(settings) => {
            app.state.set_portal(settings);
            Portal::of(&app).into_response()
        }
        Err(error) => wrong(&format!(
            "body is no setting of the portal, use {{\"variants\": [\"notice\"]}}: {error}"
        )),
    }
}

/// `POST /admin/portal/expire`: ends all sessions of the legacy portal.
pub(crate) async fn expire_portal(FromRouter(app): FromRouter<App>) -> Json<Portal> {
    app.state.expire_portal_sessions();
    Portal::of(&app)
}

fn wrong(message: &str) -> Response {
    answer::refusal(StatusCode::BAD_REQUEST, "40000", message)
}
