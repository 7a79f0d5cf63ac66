//! What the upstream says now about an effect, for the person who has to say how it ended.

use clerkwork_connectors_api::{
    ConnectorError,
    red_letter::{ConfirmationForm, FormState, RedLetterApplication, RedLetters},
};
use clerkwork_core::{EffectRecord, Text};
use serde_json::Value;

use crate::{Candidate, Inquiry, Lookup};

use super::{
    effect::{
        self, CONFIRM_FORM, CREATE_FORM, ISSUE_RED, RETURN, SETTLE_TAX, WRITE_BACK, form_result,
        word,
    },
    meant::Meant,
    own::{fits, named_form, was_there},
};

pub(super) async fn inquire(
    application: &RedLetterApplication,
    effect: &EffectRecord,
    api: &dyn RedLetters,
) -> Result<Option<Inquiry>, ConnectorError> {
    let number = &application.application_number;
    let of_form = |lookup, form: Option<ConfirmationForm>| about_form(lookup, form.as_ref());
    Ok(Some(match effect.name.as_str() {
        CREATE_FORM => entered(application, effect, api).await?,
        CONFIRM_FORM => {
            let form = named(effect, api).await?;
            let ours = application.started_by;
            let meant = Meant::of(effect, application, Some(ours.other()));
            let lookup = effect::answered(form.as_ref(), ours, &meant);
            of_form(lookup, form)
        }
        ISSUE_RED => {
            let form = named(effect, api).await?;
            // Which side entered the form is in another record.
            let meant = Meant::of(effect, application, None);
            let lookup = effect::issued(form.as_ref(), &meant);
            let red = form.and_then(|form| form.red_number);
            about(
                lookup,
                red.as_deref(),
                Text::new("红字发票已开具", "the red invoice is issued"),
                Text::new(
                    "该红字发票信息确认单尚未开具红字发票",
                    "no red invoice was issued on the form",
                ),
            )
        }
        SETTLE_TAX => {
            let red = word(effect.before.as_ref(), "red_number");
            let settlement = match red {
                Some(red) => api.settlement_of(red).await?,
                None => None,
            };
            let lookup = red.map_or(Lookup::Unclear(NO_RED), |_| {
                effect::settled(settlement.as_deref())
            });
            about(
                lookup,
                settlement.as_deref(),
                Text::new(
                    "退税或抵缴已受理",
                    "the refund or offset of the red invoice is open",
                ),
                Text::new(
                    "该红字发票尚未办理退税或抵缴",
                    "no refund or offset rests on the red invoice",
                ),
            )
        }
        WRITE_BACK => {
            let status = api.status(number).await?;
            let red = word(effect.before.as_ref(), "red_number");
            about(
                effect::reported(status.as_ref(), red),
                Some(number),
                Text::new("上游系统显示已办结", "the upstream reports it as done"),
                PENDING,
            )
        }
        RETURN => {
            let status = api.status(number).await?;
            about(
                effect::returned(status.as_ref()),
                Some(number),
                Text::new("上游系统显示已退回", "the upstream reports it as returned"),
                PENDING,
            )
        }
        _ => return Ok(None),
    }))
}

const PENDING: Text = Text::new(
    "上游系统显示该申请仍待办理",
    "the upstream reports the application as pending",
);

const NO_RED: Text = Text::new(
    "记录中没有红字发票号码，无法查询退税或抵缴",
    "the record does not name the red invoice that a refund or offset would rest on",
);

/// The form that the record names.
async fn named(
    effect: &EffectRecord,
    api: &dyn RedLetters,
) -> Result<Option<ConfirmationForm>, ConnectorError> {
    match named_form(effect) {
        Some(number) => api.form(number).await,
        None => Ok(None),
    }
}

/// The forms of the blue invoice that were not there before, those that say something else too.
async fn entered(
    application: &RedLetterApplication,
    effect: &EffectRecord,
    api: &dyn RedLetters,
) -> Result<Inquiry, ConnectorError> {
    let traces = api.traces(&application.blue).await?;
    let before = effect.before.as_ref();
    // The form may be the one that is not shown yet: nobody can say now how the effect ended.
    if traces.saving {
        return Err(effect::still_saving(CREATE_FORM));
    }
    let lookup = effect::entered(&traces.forms, before, application);
    let candidates = traces
        .forms
        .iter()
        .filter(|form| !was_there(before, &form.number))
        .map(|form| Candidate {
            number: form.number.clone(),
            text: text_of(form.state),
            fits: fits(form, before, application),
            result: form_result(form),
        })
        .collect();
    let found = match &lookup {
        Lookup::Happened(_) => Text::new(
            "已查询到本次录入的红字发票信息确认单",
            "the form that was to be entered stands there",
        ),
        Lookup::DidNotHappen => Text::new(
            "未查询到本次录入的红字发票信息确认单",
            "no form that was to be entered stands there",
        ),
        Lookup::Unclear(found) => found.clone(),
    };
    Ok(Inquiry {
        found,
        lookup,
        candidates,
    })
}

fn about_form(lookup: Lookup, form: Option<&ConfirmationForm>) -> Inquiry {
    let found = match (&lookup, form) {
        (Lookup::Unclear(found), _) => found.clone(),
        (Lookup::Happened(_) | Lookup::DidNotHappen, Some(form)) => text_of(form.state),
        (Lookup::Happened(_) | Lookup::DidNotHappen, None) => PENDING,
    };
    let happened = happened(&lookup);
    let candidates = form
        .map(|form| Candidate {
            number: form.number.clone(),
            text: text_of(form.state),
            fits: happened.is_some(),
            result: happened.cloned().unwrap_or_else(|| form_result(form)),
        })
        .into_iter()
        .collect();
    Inquiry {
        found,
        lookup,
        candidates,
    }
}

/// One thing that either stands there or does not.
fn about(lookup: Lookup, number: Option<&str>, done: Text, not_done: Text) -> Inquiry {
    let candidate = happened(&lookup)
        .zip(number)
        .map(|(result, number)| Candidate {
            number: number.into(),
            text: done.clone(),
            fits: true,
            result: result.clone(),
        });
    let found = match &lookup {
        Lookup::Happened(_) => done,
        Lookup::DidNotHappen => not_done,
        Lookup::Unclear(found) => found.clone(),
    };
    Inquiry {
        found,
        candidates: candidate.into_iter().collect(),
        lookup,
    }
}

fn happened(lookup: &Lookup) -> Option<&Value> {
    match lookup {
        Lookup::Happened(result) => Some(result),
        Lookup::DidNotHappen | Lookup::Unclear(_) => None,
    }
}

/// Where a form stands, in one sentence.
fn text_of(state: FormState) -> Text {
    match state {
        FormState::NotNeeded => Text::new(
            "红字发票信息确认单无需确认",
            "the form needs no confirmation",
        ),
        FormState::WaitsForBuyer => Text::new(
            "销售方录入，待购买方确认",
            "entered by the seller, waits for the buyer",
        ),
        FormState::WaitsForSeller => Text::new(
            "购买方录入，待销售方确认",
            "entered by the buyer, waits for the seller",
        ),
        FormState::Confirmed => Text::new("购销双方已确认", "confirmed by both sides"),
        FormState::RefusedByBuyer => Text::new(
            "已作废：销售方录入，购买方否认",
            "void: refused by the buyer",
        ),
        FormState::RefusedBySeller => Text::new(
            "已作废：购买方录入，销售方否认",
            "void: refused by the seller",
        ),
        FormState::Lapsed => Text::new("已作废：超时未确认", "void: not confirmed in time"),
        FormState::Withdrawn => Text::new("已作废：发起方已撤销", "void: withdrawn by its starter"),
        FormState::WithdrawnAfterConfirmation => Text::new(
            "已作废：确认后撤销",
            "void: withdrawn after it was confirmed",
        ),
        FormState::Abnormal => Text::new("已作废：异常凭证", "void: abnormal voucher"),
    }
}
