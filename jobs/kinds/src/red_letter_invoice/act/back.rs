//! The return: only when nothing of the job's own doing still stands upstream.

use clerkwork_connectors_api::{ConnectorError, red_letter::ConfirmationForm};
use clerkwork_core::{EffectState, Text};

use crate::{Done, Effects, Past, Stop};

use super::{
    super::{
        effect::{self, CONFIRM_FORM, CREATE_FORM, RETURN, Return},
        meant::{ANOTHER, Meant},
        own::{announced, fits, named_form},
    },
    Act,
    ends::NO_FORM_NUMBER,
};

impl Act<'_> {
    /// Sends the application back, unless something of the job still stands upstream.
    pub(super) async fn give_back(
        &self,
        reasons: &[String],
        effects: &mut dyn Effects,
    ) -> Result<Done, Stop> {
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
            let theirs = self.application.started_by.other();
            if Meant::of(effect, self.application, Some(theirs)).is_another(form.as_ref()) {
                return Ok(Some(ANOTHER));
            }
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
            let form = self.api.form(number).await?;
            let ours = self.application.started_by;
            if Meant::of(effect, self.application, Some(ours)).is_another(form.as_ref()) {
                return Ok(Some(ANOTHER));
            }
            return Ok(form.as_ref().and_then(standing));
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
