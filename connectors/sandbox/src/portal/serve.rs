//! One request: session, variants, page.

use axum::{
    body::Bytes,
    extract::{Path, State as FromRouter},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::Response,
};

use super::{
    Expiry, PortalSettings, Variant, acts, files,
    form::{Fields, urlencoded},
    list, login, pages,
    session::Session,
};
use crate::{server::App, state::State};

const BUSY: &str = "系统繁忙，请稍后再试";
const EXPIRED: &str = "会话已超时，请重新登录";

/// What came in.
struct Request<'a> {
    method: Method,
    path: &'a str,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl Request<'_> {
    fn header(&self, name: header::HeaderName) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    fn cookie(&self) -> &str {
        let mut pairs = self.header(header::COOKIE).split(';').map(str::trim);
        pairs
            .find_map(|pair| pair.strip_prefix("JSESSIONID="))
            .unwrap_or_default()
    }

    fn query(&self, settings: &PortalSettings) -> Fields {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        urlencoded(query, settings.charset.encoding())
    }

    fn form(&self, settings: &PortalSettings) -> Fields {
        urlencoded(self.body, settings.charset.encoding())
    }
}

/// Everything below `/portal/`.
pub(crate) async fn serve(
    FromRouter(app): FromRouter<App>,
    method: Method,
    Path(path): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request {
        method,
        path: &path,
        uri: &uri,
        headers: &headers,
        body: &body,
    };
    answer(&app.state, &request)
}

fn answer(state: &State, request: &Request<'_>) -> Response {
    let portal = state.portal();
    let settings = &portal.settings();
    portal.sessions().count_request();
    if settings.has(Variant::Maintenance) {
        let charset = pages::charset(settings);
        return pages::send(settings, &pages::MaintenancePage { charset });
    }
    match (&request.method, request.path) {
        (&Method::GET, "login.do") => return login::form(portal, settings, ""),
        (&Method::POST, "login.do") => {
            let sent = request.form(settings);
            return login::login(portal, settings, request.cookie(), &sent);
        }
        _ => {}
    }
    if settings.has(Variant::ForeignRedirect) {
        return pages::redirect("http://portal.invalid/portal/dsh/list.do");
    }
    let mut sessions = portal.sessions();
    let Some(session) = sessions.enter(request.cookie(), settings.session_requests) else {
        drop(sessions);
        return match settings.expiry {
            Expiry::Redirect => pages::redirect("/portal/login.do"),
            Expiry::LoginPage => login::form(portal, settings, EXPIRED),
            Expiry::Banner => pages::banner(settings, EXPIRED),
        };
    };
    if settings.has(Variant::Busy) {
        return pages::banner(settings, BUSY);
    }
    if settings.has(Variant::StrangeBanner) {
        return pages::banner(settings, "网关节点漂移，错误码E7701，联系人13800001234");
    }
    inside(state, settings, session, request)
}

fn inside(
    state: &State,
    settings: &PortalSettings,
    session: &mut Session,
    request: &Request<'_>,
) -> Response {
    let stops = settings.has(Variant::Notice) && !session.notice_read;
    if stops && request.path != "gg/yd.do" {
        let back = match (&request.method, request.uri.path_and_query()) {
            (&Method::GET, Some(asked)) => asked.as_str(),
            _ => "/portal/dsh/list.do",
        };
        return login::notice(settings, session, back);
    }
    let query = || request.query(settings);
    let form = || request.form(settings);
    match (&request.method, request.path) {
        (&Method::GET, "dsh/list.do") => list::list(state, settings, &query()),
        (&Method::GET, "dsh/detail.do") => list::detail(state, settings, session, &query()),
        (&Method::GET, "dsh/jg.do") => acts::result(settings, session, &query()),
        (&Method::GET, "fj/xz.do") => files::download(state, settings, &query()),
        (&Method::POST, "dsh/tg.do") => acts::prepare(state, settings, session, &form(), false),
        (&Method::POST, "dsh/th.do") => acts::prepare(state, settings, session, &form(), true),
        (&Method::POST, "dsh/qr.do") => acts::confirm(state, settings, session, &form()),
        (&Method::POST, "gg/yd.do") => login::acknowledge(settings, session, &form()),
        (&Method::POST, "fj/sc.do") => {
            let content_type = request.header(header::CONTENT_TYPE).to_owned();
            files::upload(state, settings, session, &content_type, request.body)
        }
        _ => pages::status(StatusCode::NOT_FOUND),
    }
}
