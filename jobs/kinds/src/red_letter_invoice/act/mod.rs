//! Carrying out a decision: form, perhaps a wait, red invoice, tax, report; or the return.
//!
//! Each step is an effect of the journal, so a later attempt passes over what was done. Where the
//! form stands is asked again whenever an earlier attempt entered it: the other side may have
//! answered since. `back` holds the return, `ends` where an attempt ends with a person.

mod back;
mod ends;

use clerkwork_connectors_api::{
    ConnectorError,
    red_letter::{
        FormState, RedLetterApplication, RedLetterDossier, RedLetters, SettlementOrder, VatUse,
        WriteBack,
    },
};
use clerkwork_core::{Cents, Clock, Timestamp};
use serde_json::{Value, json};

use crate::{Done, Effects, Order, Past, Stop, identifiers::is_digital_invoice_number};

use super::{
    Latest,
    basis::{long, rules, size},
    effect::{
        CONFIRM_FORM, CREATE_FORM, ConfirmForm, CreateForm, ISSUE_RED, IssueRed, Report,
        SETTLE_TAX, SettleTax, WRITE_BACK, is_target, word,
    },
    meant::{ANOTHER, Meant},
    own::{announced, named_form},
    remark,
    upstream::{self, Settlement},
    waits,
};
use ends::{
    BLUE_GONE, NO_DEADLINE, NO_FORM_NUMBER, NO_RED_NUMBER, NO_SETTLEMENT_NUMBER, NOTHING_TO_SETTLE,
    OVERDUE, refused,
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
    uuid: Option<String>,
    route: &'static str,
}

/// The route on which the other side's form is answered.
const CONFIRM: &str = "confirm";

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
            meant: self.meant(&entered),
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
                    meant: Meant {
                        application: self.application,
                        started_by: Some(self.application.started_by.other()),
                        uuid: None,
                    },
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
            Err(Stop::Refused(error)) => {
                let side = self.application.started_by;
                return refused(error, target.is_some().then_some(side));
            }
            Err(stop) => return Err(stop),
        };
        let Some(number) = word(Some(&result), "form_number") else {
            return Ok(Err(Done::Contradicted(NO_FORM_NUMBER)));
        };
        let entered_as = word(Some(&result), "state");
        let entered = Entered {
            number: number.into(),
            uuid: word(Some(&result), "uuid").map(str::to_owned),
            route: match target {
                Some(_) => CONFIRM,
                None if entered_as == Some(FormState::NotNeeded.as_str()) => "direct",
                None => "form",
            },
        };
        let issued = effects.past().result(ISSUE_RED).is_some();
        // What this attempt was just told needs no second question.
        let told = (!earlier).then(|| state_of(&result)).flatten();
        if let (Some((state, entered_at)), false) = (told, issued) {
            return Ok(self.stands(state, entered_at, entered));
        }
        let form = self.api.form(number).await.map_err(Stop::Retry)?;
        if self.meant(&entered).is_another(form.as_ref()) {
            return Ok(Err(Done::Contradicted(ANOTHER)));
        }
        Ok(match form {
            _ if issued => Ok(entered),
            // That it is gone shows in the findings.
            None => Err(Done::Reconsider),
            Some(form) if form.red_number.is_some() => Ok(entered),
            Some(form) => self.stands(form.state, form.entered_at, entered),
        })
    }

    /// The job's form as the journal tells of it.
    fn meant<'e>(&'e self, entered: &'e Entered) -> Meant<'e> {
        let ours = self.application.started_by;
        Meant {
            application: self.application,
            started_by: Some(if entered.route == CONFIRM {
                ours.other()
            } else {
                ours
            }),
            uuid: entered.uuid.as_deref(),
        }
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
