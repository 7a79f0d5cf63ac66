//! The list of waiting applications, and the page of one.

use axum::response::Response;
use clerkwork_connectors_api::agent_invoice::Application;

use super::{
    PortalSettings, Variant, acts,
    detail::{self, Cell, Table, money},
    form::{Fields, escape},
    pages::{DetailPage, ListPage, banner, charset, send},
    session::Session,
};
use crate::state::State;

/// `GET dsh/list.do?page=1&sqbhq=`: those that wait, after a number.
pub(super) fn list(state: &State, settings: &PortalSettings, query: &Fields) -> Response {
    let after = query.get("sqbhq").map(String::as_str).unwrap_or_default();
    let after = after.trim();
    let size = settings.page_size.max(1);
    let waiting = state.pending_after((!after.is_empty()).then_some(after), usize::MAX);
    let pages = waiting.len().div_ceil(size).max(1);
    let page = query.get("page").and_then(|page| page.parse().ok());
    let page = page.unwrap_or(1).clamp(1, pages);
    let rows = waiting.iter().skip((page - 1) * size).take(size);
    let rows = rows.filter_map(|i| state.world().application(*i)).map(row);
    let number = match settings.has(Variant::RenamedColumn) {
        true => "申请单编号",
        false => "申请编号",
    };
    let table = Table {
        id: "sqlb",
        caption: "待审核申请",
        headers: vec![
            number,
            "申请日期",
            "销售方名称",
            "购买方名称",
            "价税合计",
            "操作",
        ],
        rows: rows.collect(),
    };
    let next = (page < pages).then(|| next(settings, page, after));
    let shown = ListPage {
        charset: charset(settings),
        table: table.arranged(settings),
        total: waiting.len(),
        page,
        pages,
        next,
        after,
    };
    send(settings, &shown)
}

fn next(settings: &PortalSettings, page: usize, after: &str) -> String {
    let page = match settings.has(Variant::LoopingPages) {
        true => page,
        false => page + 1,
    };
    let host = match settings.has(Variant::ForeignLink) {
        true => "http://portal.invalid",
        false => "",
    };
    let after = escape(after, settings.charset.encoding());
    format!("{host}/portal/dsh/list.do?page={page}&sqbhq={after}")
}

fn row(application: Application) -> Vec<Cell> {
    let number = &application.application_number;
    vec![
        number.into(),
        application.applied_on.into(),
        application.seller.name.into(),
        application.buyer.name.into(),
        money(application.total_gross).into(),
        Cell::link("查看", format!("/portal/dsh/detail.do?sqbh={number}")),
    ]
}

/// `GET dsh/detail.do?sqbh=`: one application with all that is known about it.
pub(super) fn detail(
    state: &State,
    settings: &PortalSettings,
    session: &mut Session,
    query: &Fields,
) -> Response {
    let number = query.get("sqbh").map(String::as_str).unwrap_or_default();
    let world = state.world();
    let application = world.index_of(number).and_then(|i| world.application(i));
    let (Some(application), Some(status)) = (application, state.status(number)) else {
        return banner(settings, "申请单不存在，请核对申请编号");
    };
    let shown = DetailPage {
        charset: charset(settings),
        number,
        state: detail::state_word(&status),
        sections: detail::sections(state, &application, &status),
        tables: detail::tables(state, settings, &application),
        pending: status == clerkwork_connectors_api::agent_invoice::ApplicationStatus::Pending,
        tokens: [session.token(), session.token(), session.token()],
        view_state: &view_state(number),
        buttons: acts::buttons(settings),
        extra_button: settings.has(Variant::ExtraButton),
    };
    send(settings, &shown)
}

/// The hidden field that ties a form to its application.
pub(super) fn view_state(number: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(format!("dkfpsq/{number}"))
}
