//! The door: login form, login, notice.

use axum::response::Response;

use super::{
    Portal, PortalSettings, Variant,
    form::Fields,
    pages::{LoginPage, NoticePage, banner, charset, redirect, send, with_cookie},
    session::Session,
};

/// The login form, with a word of why if there is one.
pub(super) fn form(portal: &Portal, settings: &PortalSettings, why: &str) -> Response {
    let (cookie, token) = portal.sessions().door();
    let changed = settings.has(Variant::LoginChanged);
    let page = LoginPage {
        charset: charset(settings),
        banner: why,
        token: &token,
        password: if changed { "password" } else { "mm" },
        asks_code: changed,
    };
    with_cookie(send(settings, &page), &cookie)
}

/// `POST login.do`.
pub(super) fn login(
    portal: &Portal,
    settings: &PortalSettings,
    cookie: &str,
    sent: &Fields,
) -> Response {
    let field = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
    let mut sessions = portal.sessions();
    let at_door = sessions.at_door(cookie, field("_csrf"));
    if !at_door || field("__VIEWSTATE").is_empty() || field("op") != "登录" {
        drop(sessions);
        return form(portal, settings, "页面已失效，请重新登录");
    }
    if sessions.locked() {
        sessions.refuse();
        drop(sessions);
        return form(portal, settings, "账号已锁定，请联系管理员");
    }
    if field("yhm") != settings.user || field("mm") != settings.password {
        sessions.refuse();
        drop(sessions);
        return form(portal, settings, "用户名或密码错误，连续错误5次将锁定账号");
    }
    let cookie = sessions.let_in();
    with_cookie(redirect("/portal/dsh/list.do"), &cookie)
}

/// The notice that stands before a page.
pub(super) fn notice(settings: &PortalSettings, session: &mut Session, back: &str) -> Response {
    let page = NoticePage {
        charset: charset(settings),
        token: &session.token(),
        back,
    };
    send(settings, &page)
}

/// `POST gg/yd.do`: the notice was read.
pub(super) fn acknowledge(
    settings: &PortalSettings,
    session: &mut Session,
    sent: &Fields,
) -> Response {
    let field = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
    if !session.spend(field("_csrf")) || field("op") != "我已阅读" {
        return banner(settings, "请勿重复提交");
    }
    session.notice_read = true;
    match field("fhdz") {
        back if back.starts_with("/portal/") => redirect(back),
        _ => redirect("/portal/dsh/list.do"),
    }
}
