//! Decisions: a form, a confirmation, a result.

use axum::response::Response;

use super::{
    PortalSettings, Variant,
    form::Fields,
    list::view_state,
    pages::{ConfirmPage, ResultPage, banner, charset, redirect, send},
    session::{Draft, Outcome, Session},
};
use crate::state::State;

const TWICE: &str = "请勿重复提交：该表单已处理";
const NOT_ALLOWED: &str = "申请单状态不允许此操作";

fn field<'a>(sent: &'a Fields, name: &str) -> &'a str {
    sent.get(name).map(String::as_str).unwrap_or_default()
}

/// Name and label of the buttons of approval and return.
pub(super) fn buttons(settings: &PortalSettings) -> [(&'static str, &'static str); 2] {
    match settings.has(Variant::MovedButton) {
        true => [("btnTg", "提交审核结果"), ("btnTh", "驳回申请")],
        false => [("op", "审核通过"), ("op", "退回")],
    }
}

/// Whether a form may be taken: sent once, of this application, by a right button.
pub(super) fn refusal(
    settings: &PortalSettings,
    session: &mut Session,
    sent: &Fields,
    button: (&str, &str),
) -> Option<&'static str> {
    if !session.spend(field(sent, "_csrf")) {
        return Some(TWICE);
    }
    if settings.has(Variant::Forbidden) {
        return Some("权限不足：当前岗位无此操作权限");
    }
    let known = field(sent, "__VIEWSTATE") == view_state(field(sent, "sqbh"));
    (!known || field(sent, button.0) != button.1).then_some("提交的数据无效")
}

/// `POST dsh/tg.do` and `dsh/th.do`: asks for the confirmation. Nothing is decided.
pub(super) fn prepare(
    state: &State,
    settings: &PortalSettings,
    session: &mut Session,
    sent: &Fields,
    returns: bool,
) -> Response {
    let [approve, give_back] = buttons(settings);
    let button = if returns { give_back } else { approve };
    if let Some(why) = refusal(settings, session, sent, button) {
        return banner(settings, why);
    }
    let number = field(sent, "sqbh").to_owned();
    let pending = clerkwork_connectors_api::agent_invoice::ApplicationStatus::Pending;
    if state.status(&number) != Some(pending) {
        return banner(settings, NOT_ALLOWED);
    }
    let reasons = field(sent, "thyy").lines().map(str::trim);
    let reasons: Vec<String> = reasons.filter(|r| !r.is_empty()).map(Into::into).collect();
    if returns && reasons.is_empty() {
        return banner(settings, "退回原因不能为空");
    }
    let draft_id = session.token();
    let token = session.token();
    let draft = match returns {
        true => Draft::Return {
            number: number.clone(),
            reasons,
        },
        false => Draft::Issue {
            number: number.clone(),
        },
    };
    session.drafts.insert(draft_id.clone(), draft);
    let page = ConfirmPage {
        charset: charset(settings),
        title: if returns {
            "退回确认"
        } else {
            "审核通过确认"
        },
        number: &number,
        draft: &draft_id,
        token: &token,
        view_state: &view_state(&number),
        extra_button: settings.has(Variant::ConfirmChanged),
    };
    send(settings, &page)
}

/// `POST dsh/qr.do`: decides.
pub(super) fn confirm(
    state: &State,
    settings: &PortalSettings,
    session: &mut Session,
    sent: &Fields,
) -> Response {
    if !session.spend(field(sent, "_csrf")) {
        return banner(settings, TWICE);
    }
    let Some(draft) = session.drafts.remove(field(sent, "qrbh")) else {
        return banner(settings, TWICE);
    };
    let (Draft::Issue { number } | Draft::Return { number, .. }) = &draft;
    let number = number.clone();
    match field(sent, "op") {
        "确定" => {}
        "取消" => return redirect(&format!("/portal/dsh/detail.do?sqbh={number}")),
        _ => return banner(settings, "提交的数据无效"),
    }
    let Some(i) = state.world().index_of(&number) else {
        return banner(settings, "申请单不存在，请核对申请编号");
    };
    let done = match draft {
        Draft::Issue { .. } => state
            .issue(i)
            .map(|(invoice_number, _)| Some(invoice_number)),
        Draft::Return { reasons, .. } => state.give_back(i, reasons).map(|()| None),
    };
    let Ok(invoice_number) = done else {
        return banner(settings, NOT_ALLOWED);
    };
    let id = session.token();
    let outcome = Outcome {
        number,
        invoice_number,
    };
    session.outcomes.insert(id.clone(), outcome);
    redirect(&format!("/portal/dsh/jg.do?id={id}"))
}

/// `GET dsh/jg.do?id=`: what came of it.
pub(super) fn result(settings: &PortalSettings, session: &Session, query: &Fields) -> Response {
    let Some(outcome) = session.outcomes.get(field(query, "id")) else {
        return banner(settings, "办理结果不存在");
    };
    let mut rows = vec![("申请编号", outcome.number.clone())];
    let title = match &outcome.invoice_number {
        Some(invoice_number) => {
            rows.push(("发票号码", invoice_number.clone()));
            "开票成功"
        }
        None => "退回成功",
    };
    let changed = settings.has(Variant::ResultChanged);
    let page = ResultPage {
        charset: charset(settings),
        title: if changed { "办理完成" } else { title },
        rows,
        changed,
    };
    send(settings, &page)
}
