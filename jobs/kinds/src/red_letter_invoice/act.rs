//! Carrying out a decision: form, perhaps a wait, red invoice, tax, report; or the return.
//!
//! Each step is an effect of the journal, so a later attempt passes over what was done. Where the
//! form stands is asked again whenever an earlier attempt entered it: the other side may have
//! answered since.

use clerkwork_connectors_api::{
    ConnectorError,
    red_letter::{
        ConfirmationForm, FormState, RedLetterApplication, RedLetterDossier, RedLetters,
        SettlementOrder, VatUse, WriteBack,
    },
};
use clerkwork_core::{Cents, Clock, EffectState, Text, Timestamp};
use serde_json::{Value, json};

use crate::{Done, Effects, Order, Past, Stop, identifiers::is_digital_invoice_number};

use super::{
    Latest,
    basis::{long, rules, size},
    effect::{
        self, CONFIRM_FORM, CREATE_FORM, ConfirmForm, CreateForm, ISSUE_RED, IssueRed, OVERTAKEN,
        RETURN, Report, Return, SETTLE_TAX, SettleTax, WRITE_BACK, is_target, word,
    },
    own::{announced, fits, named_form},
    remark,
    upstream::{self, Settlement},
    waits,
};

/// What carrying out rests on.
pub(super) struct Act<'a> {
    pub(super) application: &'a RedLetterApplication,
    pub(super) api: &'a dyn RedLetters,
    pub(super) clock: &'a dyn Clock,
    pub(super) latest: &'a Latest,
}

/// The job's form, once it may be issued on.
struct Entered {
    number: String,
    route: &'static str,
}

/// The next step, or how the attempt ends here.
type Step<T> = Result<Result<T, Done>, Stop>;

impl Act<'_> {
    pub(super) async fn carry_out(
        &self,
        order: &Order,
        effects: &mut dyn Effects,
    ) -> Result<Done, Stop> {
        match order {
            Order::Proceed => match self.proceed(effects).await? {
                Ok(done) | Err(done) => Ok(done),
            },
            Order::Return { reasons } => self.give_back(reasons, effects).await,
        }
    }

    async fn proceed(&self, effects: &mut dyn Effects) -> Step<Done> {
        let entered = match self.enter(effects).await? {
            Ok(entered) => entered,
            Err(done) => return Ok(Err(done)),
        };
        let call = IssueRed {
            api: self.api,
            form_number: &entered.number,
        };
        let result = effects.run(ISSUE_RED, &call).await?;
        let Some(red) = word(Some(&result), "red_number") else {
            return Ok(Err(Done::Contradicted(NO_RED_NUMBER)));
        };
        if !is_digital_invoice_number(red) {
            return Ok(Err(Done::Contradicted(NO_RED_NUMBER)));
        }
        let dossier = self.known().await.map_err(Stop::Retry)?;
        let Some(blue) = &dossier.blue else {
            return Ok(Err(Done::Contradicted(BLUE_GONE)));
        };
        let settlement_number = match self.settle(red, &dossier, effects).await? {
            Ok(number) => number,
            Err(done) => return Ok(Err(done)),
        };
        let transfer_out = (blue.vat_use == VatUse::Confirmed)
            .then(|| Cents(long(size(self.application.total_tax))));
        let report = Report {
            api: self.api,
            application_number: &self.application.application_number,
            outcome: WriteBack {
                form_number: entered.number.clone(),
                red_number: red.into(),
                transfer_out,
                settlement_number: settlement_number.clone(),
            },
        };
        effects.run(WRITE_BACK, &report).await?;
        let summary = json!({
            "form_number": entered.number,
            "red_number": red,
            "route": entered.route,
            "transfer_out_cents": transfer_out.unwrap_or_default().0,
            "settlement_number": settlement_number,
            "remark": remark::of(self.application, blue, &entered.number),
        });
        Ok(Ok(Done::Completed { summary }))
    }

    /// Enters the form, or answers the other side's; then whether the red invoice may be issued.
    async fn enter(&self, effects: &mut dyn Effects) -> Step<Entered> {
        let fresh = announced(effects.past(), CREATE_FORM).is_none()
            && announced(effects.past(), CONFIRM_FORM).is_none();
        if fresh {
            // Nothing is begun that could not be brought to its end.
            let dossier = self.known().await.map_err(Stop::Retry)?;
            if Settlement::of(self.application, &dossier, false)
                .cents()
                .is_none()
            {
                return Ok(Err(Done::Contradicted(NOTHING_TO_SETTLE)));
            }
        }
        let target = self.target(effects.past()).await.map_err(Stop::Retry)?;
        let name = if target.is_some() {
            CONFIRM_FORM
        } else {
            CREATE_FORM
        };
        let earlier = effects.past().result(name).is_some();
        let run = match &target {
            Some(number) => {
                let call = ConfirmForm {
                    api: self.api,
                    number,
                    side: self.application.started_by,
                };
                effects.run(CONFIRM_FORM, &call).await
            }
            None => {
                let call = CreateForm {
                    api: self.api,
                    application: self.application,
                    latest: self.latest,
                };
                effects.run(CREATE_FORM, &call).await
            }
        };
        let result = match run {
            Ok(result) => result,
            Err(Stop::Refused(error)) => return refused(error, target.is_some()),
            Err(stop) => return Err(stop),
        };
        let Some(number) = word(Some(&result), "form_number") else {
            return Ok(Err(Done::Contradicted(NO_FORM_NUMBER)));
        };
        let entered_as = word(Some(&result), "state");
        let entered = Entered {
            number: number.into(),
            route: match target {
                Some(_) => "confirm",
                None if entered_as == Some(FormState::NotNeeded.as_str()) => "direct",
                None => "form",
            },
        };
        if effects.past().result(ISSUE_RED).is_some() {
            return Ok(Ok(entered));
        }
        // What this attempt was just told needs no second question.
        let told = (!earlier).then(|| state_of(&result)).flatten();
        if let Some((state, entered_at)) = told {
            return Ok(self.stands(state, entered_at, entered));
        }
        let form = self.api.form(number).await.map_err(Stop::Retry)?;
        Ok(match form {
            // That it is gone shows in the findings.
            None => Err(Done::Reconsider),
            Some(form) if form.red_number.is_some() => Ok(entered),
            Some(form) => self.stands(form.state, form.entered_at, entered),
        })
    }

    /// Where the job's form stands, and what that means for it.
    fn stands(
        &self,
        state: FormState,
        entered_at: Timestamp,
        entered: Entered,
    ) -> Result<Entered, Done> {
        if state.may_be_issued() {
            return Ok(entered);
        }
        // That it is void shows in the findings.
        let side = state.waits_for().ok_or(Done::Reconsider)?;
        let window = rules(self.application).confirmation.map(|row| row.value);
        let now = self.clock.now();
        let wait = waits::next(&entered.number, entered_at, side, window, now);
        let why = if window.is_some() {
            OVERDUE
        } else {
            NO_DEADLINE
        };
        Err(wait.map_or(Done::Contradicted(why), Done::Waiting))
    }

    /// Number of the other side's form to be agreed to; nothing when the job enters its own.
    async fn target(&self, past: Past<'_>) -> Result<Option<String>, ConnectorError> {
        if let Some(number) = announced(past, CONFIRM_FORM).and_then(named_form) {
            return Ok(Some(number.into()));
        }
        if announced(past, CREATE_FORM).is_some() {
            return Ok(None);
        }
        let ours = self.application.started_by;
        let dossier = self.known().await?;
        let mut forms = dossier.traces.forms.iter();
        let target = forms.find(|form| is_target(form, self.application, ours));
        Ok(target.map(|form| form.number.clone()))
    }

    /// Opens the refund or offset where tax was paid through the bureau; its number.
    async fn settle(
        &self,
        red: &str,
        dossier: &RedLetterDossier,
        effects: &mut dyn Effects,
    ) -> Step<Option<String>> {
        let settlement = Settlement::of(self.application, dossier, false);
        if !settlement.needed {
            return Ok(Ok(None));
        }
        let (Some(receipt_number), Some(kind)) = (settlement.receipt_number, settlement.kind)
        else {
            return Ok(Err(Done::Contradicted(NOTHING_TO_SETTLE)));
        };
        let call = SettleTax {
            api: self.api,
            order: SettlementOrder {
                receipt_number,
                kind,
                amount: settlement.amount,
                red_number: red.into(),
            },
        };
        let result = effects.run(SETTLE_TAX, &call).await?;
        match word(Some(&result), "settlement_number") {
            Some(number) => Ok(Ok(Some(number.into()))),
            None => Ok(Err(Done::Contradicted(NO_SETTLEMENT_NUMBER))),
        }
    }

    /// Sends the application back, unless something of the job still stands upstream.
    async fn give_back(&self, reasons: &[String], effects: &mut dyn Effects) -> Result<Done, Stop> {
        let left = self.left(effects.past()).await.map_err(Stop::Retry)?;
        if let Some(found) = left {
            return Ok(Done::Contradicted(found));
        }
        let call = Return {
            api: self.api,
            application_number: &self.application.application_number,
            reasons,
        };
        effects.run(RETURN, &call).await?;
        Ok(Done::Returned)
    }

    /// What of the job's own doing still stands upstream and contradicts a return.
    async fn left(&self, past: Past<'_>) -> Result<Option<Text>, ConnectorError> {
        if let Some(effect) = announced(past, CONFIRM_FORM) {
            let Some(number) = named_form(effect) else {
                return Ok(Some(NO_FORM_NUMBER));
            };
            let form = self.api.form(number).await?;
            // Not answered: it is the other side's alone.
            let answered = effect.state == EffectState::Confirmed
                || form.as_ref().is_some_and(|form| {
                    form.state.waits_for() != Some(self.application.started_by)
                });
            return Ok(form.filter(|_| answered).and_then(|form| standing(&form)));
        }
        let Some(effect) = announced(past, CREATE_FORM) else {
            return Ok(None);
        };
        if effect.state == EffectState::Confirmed {
            let Some(number) = named_form(effect) else {
                return Ok(Some(NO_FORM_NUMBER));
            };
            return Ok(self.api.form(number).await?.as_ref().and_then(standing));
        }
        let traces = self.api.traces(&self.application.blue).await?;
        if traces.saving {
            return Err(effect::still_saving(RETURN));
        }
        let before = effect.before.as_ref();
        let mut fitting = traces
            .forms
            .iter()
            .filter(|form| fits(form, before, self.application));
        Ok(fitting.find_map(standing))
    }

    /// What the gate saw last; asked for when this attempt did not go through the gate.
    async fn known(&self) -> Result<std::sync::Arc<RedLetterDossier>, ConnectorError> {
        if let Some(dossier) = self.latest.get() {
            return Ok(dossier);
        }
        let query = upstream::query(self.application);
        Ok(self.latest.put(self.api.dossier(query).await?))
    }
}

/// State and time of entry of the form that a result tells of.
fn state_of(result: &Value) -> Option<(FormState, Timestamp)> {
    let named = word(Some(result), "state")?;
    let mut states = FormState::ALL.into_iter();
    let state = states.find(|state| state.as_str() == named)?;
    Some((state, Timestamp(result.get("entered_at")?.as_i64()?)))
}

/// A refusal to enter or, with `confirming`, to confirm a form, which has words of its own or asks
/// for another decision.
fn refused<T>(error: ConnectorError, confirming: bool) -> Step<T> {
    match error.code.as_deref() {
        Some(OVERTAKEN) => Ok(Err(Done::Reconsider)),
        Some("31120") if confirming => Ok(Err(Done::Contradicted(Text::new(
            "纳税人为高风险，上游系统不允许确认红字发票信息确认单，请人工处理",
            "the upstream forbids a taxpayer of high risk to confirm the form",
        )))),
        Some("31121") if confirming => Ok(Err(Done::Contradicted(Text::new(
            "纳税人处于红色预警，上游系统不允许确认红字发票信息确认单，请人工处理",
            "the upstream forbids a taxpayer under a red warning to confirm the form",
        )))),
        Some(_) | None => Err(Stop::Refused(error)),
    }
}

/// Why an application cannot be returned while this form of the job stands.
fn standing(form: &ConfirmationForm) -> Option<Text> {
    if form.red_number.is_some() {
        return Some(Text::new(
            "红字发票已经开具，不能退回申请，请人工处理",
            "the red invoice is issued: the application cannot be returned",
        ));
    }
    if form.state.waits_for().is_some() {
        return Some(Text::new(
            "红字发票信息确认单仍在等待对方确认，应当先由发起方撤销，再退回申请",
            "the form still waits for the other side; its starter must withdraw it first",
        ));
    }
    form.state.may_be_issued().then(|| {
        Text::new(
            "红字发票信息确认单仍然有效，应当先撤销，再退回申请",
            "the form is still valid; it must be withdrawn first",
        )
    })
}

const NO_RED_NUMBER: Text = Text::new(
    "已提交开具红字发票，但上游系统返回的红字发票号码不是20位数字，请人工核实",
    "issued, but the upstream's red invoice number does not have 20 digits",
);
const NO_FORM_NUMBER: Text = Text::new(
    "红字发票信息确认单已处理，但记录中没有确认单编号，请人工核实",
    "the form was dealt with, but the record does not name it",
);
const NO_SETTLEMENT_NUMBER: Text = Text::new(
    "退税或抵缴已提交，但记录中没有受理编号，请人工核实",
    "the refund or offset was opened, but the record does not name it",
);
const NOTHING_TO_SETTLE: Text = Text::new(
    "红冲涉及代开已缴税款，但缺少完税凭证或退税、抵缴意愿，无法继续办理，请人工处理",
    "tax was paid through the bureau, but its receipt or what is to become of it is not known",
);
const BLUE_GONE: Text = Text::new(
    "红字发票已经开具，但上游系统查无蓝字发票，请人工核实",
    "the red invoice is issued, but the upstream does not hold the blue one",
);
const OVERDUE: Text = Text::new(
    "确认时限已过一天以上，上游系统仍显示待确认，请人工核实",
    "the time to confirm ended over a day ago, and the upstream still says that the form waits",
);
const NO_DEADLINE: Text = Text::new(
    "没有规则记录载明申请日期适用的确认时限，确认单已等待30日以上，请人工核实",
    "no rule row holds the time to confirm of the day of application, and the form has waited for 30 days",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_refusals_have_words_of_their_own() {
        let with = |code: Option<&str>| ConnectorError {
            connector: "fake",
            operation: "answer_form",
            kind: clerkwork_connectors_api::ErrorKind::Rejected,
            code: code.map(str::to_owned),
            message: "as the test asked for".into(),
            source: None,
        };
        for code in ["31120", "31121"] {
            let step = refused::<()>(with(Some(code)), true);
            assert!(matches!(step, Ok(Err(Done::Contradicted(_)))), "{code}");
        }
        let step = refused::<()>(with(Some(OVERTAKEN)), false);
        assert!(matches!(step, Ok(Err(Done::Reconsider))));
        for code in [Some("31022"), None] {
            let step = refused::<()>(with(code), true);
            assert!(matches!(step, Err(Stop::Refused(_))));
        }
        let step = refused::<()>(with(Some("31120")), false);
        assert!(matches!(step, Err(Stop::Refused(_))), "nobody confirms");
    }
}
