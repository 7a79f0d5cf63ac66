//! The platform's methods about red-letter invoices.

use std::time::Duration;

use clerkwork_connectors_api::red_letter::{
    BlueReference, ConfirmationForm, ReversalDraft, SettlementOrder,
};
use clerkwork_etax::wire::{
    Envelope, MAX_DOSSIERS, MAX_FORMS, MAX_PENDING, Nothing, PendingRequest, ReturnRequest,
    StatusRequest, WireError,
    codes::{business, write_time},
    method,
    red_letter::{
        AnswerAnswer, AnswerRequest, Dossier, DossierAnswer, DossierRequest, EnterRequest,
        FormEntry, FormsAnswer, FormsRequest, Hzqrd, IssueAnswer, IssueRequest, PendingAnswer,
        SettleAnswer, SettleRequest, SettlementAnswer, SettlementRequest, StatusAnswer,
        TracesAnswer, TracesRequest, WriteBackRequest,
    },
};

use super::{refusal::Refusal, state::Refused};
use crate::{
    State,
    api::{BadRequest, Body, read, write},
};

/// Does what the method does. A form that is entered is being saved for as long as `saving` says.
pub(crate) fn perform(
    state: &State,
    name: &str,
    body: &[u8],
    saving: Option<Duration>,
) -> Result<Body, BadRequest> {
    match name {
        method::RED_DOSSIERS => dossiers(state, &read(body)?),
        method::FORMS_OF_BLUE => traces(state, read(body)?),
        method::FORMS => forms(state, read(body)?),
        method::ENTER_FORM => enter(state, read(body)?, saving),
        method::ANSWER_FORM => answer(state, &read(body)?),
        method::ISSUE_RED => issue(state, &read(body)?),
        method::SETTLE => settle(state, read(body)?),
        method::SETTLEMENT => settlement(state, &read(body)?),
        method::WRITE_BACK => write_back(state, read(body)?),
        method::RED_RETURN => give_back(state, read(body)?),
        method::RED_STATUS => status(state, &read(body)?),
        method::RED_PENDING => pending(state, &read(body)?),
        _ => Err(BadRequest("接口不存在".into())),
    }
}

impl From<WireError> for BadRequest {
    fn from(error: WireError) -> Self {
        Self(format!("请求报文有误: {error}"))
    }
}

fn dossiers(state: &State, request: &DossierRequest) -> Result<Body, BadRequest> {
    if request.list.len() > MAX_DOSSIERS {
        return Err(BadRequest(format!("list 最多 {MAX_DOSSIERS} 条")));
    }
    let now = state.now();
    let dossier = |query: &_| {
        let wanted = clerkwork_etax::wire::red_letter::DossierQuery::clone(query).into();
        Dossier::of(query, &state.red_dossier(&wanted, now))
    };
    let list = request.list.iter().map(dossier).collect();
    write(&Envelope::ok(DossierAnswer {
        sjc: now.0 / 1000,
        list,
    }))
}

fn traces(state: &State, request: TracesRequest) -> Result<Body, BadRequest> {
    let blue = BlueReference::from(request);
    write(&match state.red_traces(&blue, state.now()) {
        Some(traces) => Envelope::ok(TracesAnswer::from(&traces)),
        None => Envelope::refused(business::UNKNOWN_BLUE, Refusal::UnknownBlue.words(0).1),
    })
}

fn forms(state: &State, request: FormsRequest) -> Result<Body, BadRequest> {
    if request.list.len() > MAX_FORMS {
        return Err(BadRequest(format!("list 最多 {MAX_FORMS} 条")));
    }
    let entry = |hzqrdbh: String| FormEntry {
        hzqrd: state.form(&hzqrdbh).as_ref().map(Hzqrd::from),
        hzqrdbh,
    };
    let list = request.list.into_iter().map(entry).collect();
    write(&Envelope::ok(FormsAnswer { list }))
}

fn enter(
    state: &State,
    request: EnterRequest,
    saving: Option<Duration>,
) -> Result<Body, BadRequest> {
    let draft = ReversalDraft::try_from(request.nr)?;
    let sum = |amount: fn(&_) -> i64| draft.lines.iter().map(amount).sum::<i64>();
    type Line = clerkwork_connectors_api::red_letter::ReversalLine;
    let net = sum(|line: &Line| line.net.0);
    let tax = sum(|line: &Line| line.tax.0);
    if draft.lines.is_empty() || draft.lines.iter().any(|line| line.net.0 >= 0) {
        return Err(BadRequest("hzqrdmxList 为空或 je 不为负数".into()));
    }
    if net != draft.net.0 || tax != draft.tax.0 {
        return Err(BadRequest("hzcxje、hzcxse 与明细合计不一致".into()));
    }
    let entered = state.enter_form(draft, saving);
    write(&envelope(entered.map(|form| shown(state, &form))))
}

/// A form with what goes with its blue invoice.
fn shown(state: &State, form: &ConfirmationForm) -> Hzqrd {
    let blue = state.red_world().blue_named(&form.draft.blue);
    match blue {
        Some(blue) => Hzqrd::from(form).with_blue(&blue),
        None => Hzqrd::from(form),
    }
}

fn answer(state: &State, request: &AnswerRequest) -> Result<Body, BadRequest> {
    let (side, answer) = request.read()?;
    let answered = state.answer_form(&request.hzqrdbh, &request.uuid, side, answer);
    write(&envelope(answered.map(|at| AnswerAnswer {
        qrrq: write_time(at),
    })))
}

fn issue(state: &State, request: &IssueRequest) -> Result<Body, BadRequest> {
    let issued = state.issue_red(&request.hzqrdbh);
    write(&envelope(issued.map(|red| IssueAnswer::from(&red))))
}

fn settle(state: &State, request: SettleRequest) -> Result<Body, BadRequest> {
    let order = SettlementOrder::try_from(request)?;
    let opened = state.open_settlement(&order);
    write(&envelope(opened.map(|tdkbh| SettleAnswer { tdkbh })))
}

fn settlement(state: &State, request: &SettlementRequest) -> Result<Body, BadRequest> {
    write(&Envelope::ok(SettlementAnswer {
        tdkbh: state.settlement_of(&request.hzfphm),
    }))
}

fn write_back(state: &State, request: WriteBackRequest) -> Result<Body, BadRequest> {
    let application = request.sqbh.clone();
    let reported = state.write_back(&application, request.read()?);
    write(&envelope(reported.map(|()| Nothing {})))
}

fn give_back(state: &State, request: ReturnRequest) -> Result<Body, BadRequest> {
    if request.thyy.iter().all(|reason| reason.trim().is_empty()) {
        return Err(BadRequest("thyy 不能为空".into()));
    }
    let returned = state.return_red(&request.sqbh, request.thyy);
    write(&envelope(returned.map(|()| Nothing {})))
}

fn status(state: &State, request: &StatusRequest) -> Result<Body, BadRequest> {
    write(&match state.red_status(&request.sqbh) {
        Some(status) => Envelope::ok(StatusAnswer::from(&status)),
        None => envelope(Err((Refusal::UnknownApplication, 0))),
    })
}

fn pending(state: &State, request: &PendingRequest) -> Result<Body, BadRequest> {
    if !(1..=MAX_PENDING).contains(&request.ts) {
        return Err(BadRequest(format!("ts 应为 1 至 {MAX_PENDING}")));
    }
    let list = state
        .red_pending_after(request.sqbhh.as_deref(), request.ts as usize)
        .into_iter()
        .filter_map(|i| state.red_world().application(i))
        .map(Into::into)
        .collect();
    write(&Envelope::ok(PendingAnswer { list }))
}

fn envelope<T>(done: Result<T, Refused>) -> Envelope<T> {
    match done {
        Ok(data) => Envelope::ok(data),
        Err((refusal, turn)) => {
            let (code, message) = refusal.words(turn);
            Envelope::refused(code, message)
        }
    }
}
