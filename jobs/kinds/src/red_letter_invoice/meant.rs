//! Whether the form that stands under a number is the one that is meant.
//!
//! Where another upstream, or an older copy of it, stands in the place of the one that gave a
//! number, the number may be that of somebody else's form. So a form is believed for what it says,
//! and the job's own for the upstream's id of it too.

use clerkwork_connectors_api::red_letter::{ConfirmationForm, RedLetterApplication, Side};
use clerkwork_core::{EffectRecord, Text};

use super::{basis::same_content, effect::word};

/// The form that a number is to stand for.
#[derive(Clone, Copy)]
pub(super) struct Meant<'a> {
    /// What it is to say.
    pub(super) application: &'a RedLetterApplication,
    /// The side that entered it; nothing where that is not on record.
    pub(super) started_by: Option<Side>,
    /// The upstream's id of it; nothing where that is not on record.
    pub(super) uuid: Option<&'a str>,
}

impl<'a> Meant<'a> {
    /// The form that a record of the journal names, entered by `started_by`.
    pub(super) fn of(
        effect: &'a EffectRecord,
        application: &'a RedLetterApplication,
        started_by: Option<Side>,
    ) -> Self {
        Self {
            application,
            started_by,
            uuid: word(effect.result.as_ref(), "uuid"),
        }
    }

    /// Whether a form is the one.
    pub(super) fn is(&self, form: &ConfirmationForm) -> bool {
        self.started_by
            .is_none_or(|side| side == form.draft.started_by)
            && self.uuid.is_none_or(|uuid| uuid == form.uuid)
            && same_content(&form.draft, self.application)
    }

    /// Whether another stands under the number.
    pub(super) fn is_another(&self, form: Option<&ConfirmationForm>) -> bool {
        form.is_some_and(|form| !self.is(form))
    }
}

/// What a person is told of it.
pub(super) const ANOTHER: Text = Text::new(
    "上游系统在该编号下登记的是另一张发票的红字发票信息确认单，请人工核实",
    "under this number the upstream holds a form of another invoice",
);
