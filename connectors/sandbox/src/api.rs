//! The platform's methods: `POST /api/{method}` with a bearer token.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{ConnectInfo, Path, State as FromRouter},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::Response,
};
use clerkwork_etax::wire::{
    Dossier, DossierAnswer, DossierRequest, Envelope, Fxxx, IssueAnswer, IssueRequest,
    MAX_DOSSIERS, MAX_PENDING, Nothing, PendingAnswer, PendingRequest, ReturnRequest, RiskRequest,
    StatusAnswer, StatusRequest, codes::business, method,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{answer, connection::Cut, desk::AlreadyDecided, red, server::App, state::State};

/// Every method of the platform.
pub(crate) const METHOD_NAMES: [&str; 18] = [
    method::DOSSIERS,
    method::TAXPAYER_RISK,
    method::STATUS,
    method::ISSUE,
    method::RETURN,
    method::PENDING,
    method::RED_DOSSIERS,
    method::FORMS_OF_BLUE,
    method::FORMS,
    method::ENTER_FORM,
    method::ANSWER_FORM,
    method::ISSUE_RED,
    method::SETTLE,
    method::SETTLEMENT,
    method::WRITE_BACK,
    method::RED_RETURN,
    method::RED_STATUS,
    method::RED_PENDING,
];

/// What the platform says to a write on an application that was returned or withdrawn.
const ALREADY_RETURNED: [(&str, &str); 3] = [
    (business::STATE_FORBIDS, "该申请已退回或撤回，请勿重复提交"),
    (business::STATE_FORBIDS, "申请单状态不允许此操作"),
    (business::DUPLICATE_REQUEST, "重复的业务请求"),
];

/// A request that the platform cannot read.
#[derive(Debug)]
pub(crate) struct BadRequest(pub(crate) String);

/// JSON of an envelope.
pub(crate) type Body = Vec<u8>;

/// Whether the request carries this bearer token.
pub(crate) fn bears(headers: &HeaderMap, token: &str) -> bool {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|bearer| bearer == token)
}

/// One call: token, method, fault, act, answer.
pub(crate) async fn call(
    FromRouter(app): FromRouter<App>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !bears(&headers, &app.token) {
        app.state.count_unauthorized();
        return answer::refusal(StatusCode::UNAUTHORIZED, "40100", "令牌无效或已过期");
    }
    let Some(method) = METHOD_NAMES.iter().position(|known| *known == name) else {
        return answer::refusal(StatusCode::NOT_FOUND, "40400", "接口不存在");
    };
    app.state.count_call(method);
    let strike = app.state.saboteur().strike(&name);
    if !strike.delay.is_zero() {
        tokio::time::sleep(strike.delay).await;
    }
    if !strike.acts() {
        return answer::broken(strike.kind, &cut, Vec::new());
    }
    match perform(&app.state, &name, &body, strike.saving()) {
        Ok(body) => answer::broken(strike.kind, &cut, body),
        Err(BadRequest(message)) => answer::refusal(StatusCode::BAD_REQUEST, "40000", &message),
    }
}

/// Does what the method does. Writes take effect here.
pub(crate) fn perform(
    state: &State,
    name: &str,
    body: &[u8],
    saving: Option<Duration>,
) -> Result<Body, BadRequest> {
    match name {
        method::DOSSIERS => dossiers(state, read(body)?),
        method::TAXPAYER_RISK => taxpayer_risk(state, &read(body)?),
        method::STATUS => status(state, &read(body)?),
        method::ISSUE => issue(state, &read(body)?),
        method::RETURN => give_back(state, read(body)?),
        method::PENDING => pending(state, &read(body)?),
        _ => red::api::perform(state, name, body, saving),
    }
}

fn dossiers(state: &State, request: DossierRequest) -> Result<Body, BadRequest> {
    if request.list.len() > MAX_DOSSIERS {
        return Err(BadRequest(format!("list 最多 {MAX_DOSSIERS} 条")));
    }
    let now = state.now();
    let dossier = |query| Dossier::of(query, &state.dossier(query, now));
    let list = request.list.iter().map(dossier).collect();
    write(&Envelope::ok(DossierAnswer {
        sjc: now.0 / 1000,
        list,
    }))
}

fn taxpayer_risk(state: &State, request: &RiskRequest) -> Result<Body, BadRequest> {
    write(&match state.taxpayer(&request.nsrsbh) {
        Some(risk) => Envelope::ok(Fxxx::of(&request.nsrsbh, &risk)),
        None => Envelope::refused(business::NOT_REGISTERED, "未查询到该纳税人的登记信息"),
    })
}

fn status(state: &State, request: &StatusRequest) -> Result<Body, BadRequest> {
    write(&match state.status(&request.sqbh) {
        Some(status) => Envelope::ok(StatusAnswer::from(&status)),
        None => unknown_application(),
    })
}

fn issue(state: &State, request: &IssueRequest) -> Result<Body, BadRequest> {
    let Some(i) = state.world().index_of(&request.sqbh) else {
        return write(&unknown_application::<IssueAnswer>());
    };
    write(&match state.issue(i) {
        Ok((fphm, at)) => {
            // Beijing time: the day of issue is the office's day.
            let day = jiff::Timestamp::from_microsecond(at.0)
                .map(|time| jiff::tz::offset(8).to_datetime(time).date().to_string());
            Envelope::ok(IssueAnswer {
                fphm,
                kprq: day.unwrap_or_default(),
            })
        }
        Err(already) => refused(already),
    })
}

fn give_back(state: &State, request: ReturnRequest) -> Result<Body, BadRequest> {
    if request.thyy.iter().all(|reason| reason.trim().is_empty()) {
        return Err(BadRequest("thyy 不能为空".into()));
    }
    let Some(i) = state.world().index_of(&request.sqbh) else {
        return write(&unknown_application::<Nothing>());
    };
    write(&match state.give_back(i, request.thyy) {
        Ok(()) => Envelope::ok(Nothing {}),
        Err(already) => refused(already),
    })
}

fn pending(state: &State, request: &PendingRequest) -> Result<Body, BadRequest> {
    if !(1..=MAX_PENDING).contains(&request.ts) {
        return Err(BadRequest(format!("ts 应为 1 至 {MAX_PENDING}")));
    }
    let list = state
        .pending_after(request.sqbhh.as_deref(), request.ts as usize)
        .into_iter()
        .filter_map(|i| state.world().application(i))
        .map(Into::into)
        .collect();
    write(&Envelope::ok(PendingAnswer { list }))
}

fn unknown_application<T>() -> Envelope<T> {
    Envelope::refused(business::UNKNOWN_APPLICATION, "申请单不存在")
}

/// The same refusal in turns of three wordings, as real platforms have grown them.
fn refused<T>(already: AlreadyDecided) -> Envelope<T> {
    let wordings = if already.issued {
        business::ALREADY_DONE
    } else {
        ALREADY_RETURNED
    };
    let (code, message) = wordings[already.turn % wordings.len()];
    Envelope::refused(code, message)
}

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadRequest> {
    serde_json::from_slice(body).map_err(|error| BadRequest(format!("请求报文有误: {error}")))
}

pub(crate) fn write<T: Serialize>(envelope: &Envelope<T>) -> Result<Body, BadRequest> {
    serde_json::to_vec(envelope).map_err(|error| BadRequest(format!("无法生成应答: {error}")))
}
