//! A confirmation form in the desk's memory.

use clerkwork_connectors_api::red_letter::{ConfirmationForm, FormState};
use clerkwork_core::Timestamp;

use super::{deed::Entry, script::Step};

/// A form and everything that was done to it.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) entry: Entry,
    /// Answers through the API and by hand.
    pub(crate) answers: Vec<(Timestamp, Step)>,
    /// When the red invoice was issued.
    pub(crate) issued_at: Option<Timestamp>,
    /// The state that was last told to others.
    pub(crate) noticed: FormState,
}

impl Form {
    pub(crate) fn new(entry: Entry) -> Self {
        Self {
            noticed: entry.state,
            entry,
            answers: Vec::new(),
            issued_at: None,
        }
    }

    /// Where it stands at `now`, and when it was answered.
    pub(crate) fn state(&self, now: Timestamp) -> (FormState, Option<Timestamp>) {
        let mut state = self.entry.state;
        let mut answered_at = None;
        // Nobody else has a say in a form that waits for nobody, nor in one that is issued.
        let mut steps = if state.waits_for().is_some() {
            self.entry.script.steps(self.entry.entered_at)
        } else {
            Vec::new()
        };
        steps.extend(&self.answers);
        steps.sort_by_key(|(at, _)| *at);
        let end = self.issued_at.map_or(now, |issued| issued.min(now));
        for (at, step) in steps.into_iter().take_while(|(at, _)| *at <= end) {
            if let Some(next) = step.after(state) {
                state = next;
                if matches!(step, Step::Agree | Step::Refuse) {
                    answered_at = Some(at);
                }
            }
        }
        (state, answered_at)
    }

    /// When its state may change by itself.
    pub(crate) fn due(&self) -> Vec<Timestamp> {
        if self.entry.state.waits_for().is_none() {
            return Vec::new();
        }
        let steps = self.entry.script.steps(self.entry.entered_at);
        steps.into_iter().map(|(at, _)| at).collect()
    }

    /// Whether the platform has finished saving it.
    pub(crate) fn is_saved(&self, now: Timestamp) -> bool {
        self.entry.saving_until.is_none_or(|until| until <= now)
    }

    /// Whether it keeps what it reverses from others: it is neither void nor issued.
    pub(crate) fn reserves(&self, now: Timestamp) -> bool {
        self.issued_at.is_none() && !self.state(now).0.is_void()
    }

    /// As the platform shows it.
    pub(crate) fn show(
        &self,
        now: Timestamp,
        number: String,
        uuid: String,
        red_number: Option<String>,
    ) -> ConfirmationForm {
        let (state, answered_at) = self.state(now);
        ConfirmationForm {
            number,
            uuid,
            draft: (&self.entry.draft).into(),
            state,
            entered_at: self.entry.entered_at,
            answered_at,
            red_number,
        }
    }
}
