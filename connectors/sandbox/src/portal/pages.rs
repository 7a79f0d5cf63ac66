//! The pages, and how they are sent.

use askama::Template;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use super::{PortalSettings, detail::Section, detail::Table};

const HTML: HeaderValue = HeaderValue::from_static("text/html");

#[derive(Template)]
#[template(path = "portal/login.html")]
pub(super) struct LoginPage<'a> {
    pub(super) charset: &'a str,
    pub(super) banner: &'a str,
    pub(super) token: &'a str,
    /// The name of the field for the password.
    pub(super) password: &'a str,
    pub(super) asks_code: bool,
}

#[derive(Template)]
#[template(path = "portal/list.html")]
pub(super) struct ListPage<'a> {
    pub(super) charset: &'a str,
    pub(super) table: Table,
    pub(super) total: usize,
    pub(super) page: usize,
    pub(super) pages: usize,
    pub(super) next: Option<String>,
    pub(super) after: &'a str,
}

#[derive(Template)]
#[template(path = "portal/detail.html")]
pub(super) struct DetailPage<'a> {
    pub(super) charset: &'a str,
    pub(super) number: &'a str,
    pub(super) state: &'a str,
    pub(super) sections: Vec<Section>,
    pub(super) tables: Vec<Table>,
    pub(super) pending: bool,
    /// Of the approval, the return and the upload.
    pub(super) tokens: [String; 3],
    pub(super) view_state: &'a str,
    /// Name and label of the buttons of approval and return.
    pub(super) buttons: [(&'a str, &'a str); 2],
    pub(super) extra_button: bool,
}

#[derive(Template)]
#[template(path = "portal/confirm.html")]
pub(super) struct ConfirmPage<'a> {
    pub(super) charset: &'a str,
    pub(super) title: &'a str,
    pub(super) number: &'a str,
    pub(super) draft: &'a str,
    pub(super) token: &'a str,
    pub(super) view_state: &'a str,
    pub(super) extra_button: bool,
}

#[derive(Template)]
#[template(path = "portal/result.html")]
pub(super) struct ResultPage<'a> {
    pub(super) charset: &'a str,
    pub(super) title: &'a str,
    pub(super) rows: Vec<(&'a str, String)>,
    pub(super) changed: bool,
}

#[derive(Template)]
#[template(path = "portal/notice.html")]
pub(super) struct NoticePage<'a> {
    pub(super) charset: &'a str,
    pub(super) token: &'a str,
    pub(super) back: &'a str,
}

#[derive(Template)]
#[template(path = "portal/banner.html")]
pub(super) struct BannerPage<'a> {
    pub(super) charset: &'a str,
    pub(super) banner: &'a str,
}

#[derive(Template)]
#[template(path = "portal/maintenance.html")]
pub(super) struct MaintenancePage<'a> {
    pub(super) charset: &'a str,
}

/// What a page says of its charset.
pub(super) fn charset(settings: &PortalSettings) -> &'static str {
    settings.charset.encoding().name()
}

/// A page in the portal's charset, which only the page itself declares.
pub(super) fn send(settings: &PortalSettings, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => {
            // What the charset lacks goes out as a reference, as browsers and servers do.
            let (bytes, _, _) = settings.charset.encoding().encode(&text);
            let mut response = Response::new(Body::from(bytes.into_owned()));
            response.headers_mut().insert(header::CONTENT_TYPE, HTML);
            response
        }
        Err(error) => {
            tracing::error!(%error, "a page of the portal cannot be made");
            status(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A page that only says why not.
pub(super) fn banner(settings: &PortalSettings, banner: &str) -> Response {
    let page = BannerPage {
        charset: charset(settings),
        banner,
    };
    send(settings, &page)
}

/// An answer without a body.
pub(super) fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Sends the reader elsewhere.
pub(super) fn redirect(to: &str) -> Response {
    let mut response = status(StatusCode::FOUND);
    match HeaderValue::try_from(to) {
        Ok(to) => {
            response.headers_mut().insert(header::LOCATION, to);
            response
        }
        Err(_) => status(StatusCode::BAD_REQUEST),
    }
}

/// Gives the reader a cookie.
pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    let value = format!("JSESSIONID={cookie}; Path=/portal; HttpOnly");
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
