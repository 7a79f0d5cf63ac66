//! The writes of a reversal, and how each is found again.
//!
//! The upstream knows no idempotency key. A form is found by what it says among those that were not
//! there before; everything after it by the form's number, or by where the application stands. What
//! a lookup needs is recorded with the announcement (`before`), so that it can be asked for the
//! journal's record alone. `enter` holds the form, `issue` the red invoice and its tax, `report` what
//! the application hears.

mod enter;
mod issue;
mod report;

use clerkwork_connectors_api::{ConnectorError, ErrorKind};
use clerkwork_core::Text;
use serde_json::Value;

pub(super) use enter::{ConfirmForm, CreateForm, answered, entered, form_result, is_target};
pub(super) use issue::{IssueRed, SettleTax, issued, settled};
pub(super) use report::{Report, Return, reported, returned};

pub(super) const CREATE_FORM: &str = "create_form";
pub(super) const CONFIRM_FORM: &str = "confirm_form";
pub(super) const ISSUE_RED: &str = "issue_red";
pub(super) const SETTLE_TAX: &str = "settle_tax";
pub(super) const WRITE_BACK: &str = "write_back";
pub(super) const RETURN: &str = "return_to_applicant";

/// Code of a write that was not made, because what it rests on changed while the gate was asked.
pub(super) const OVERTAKEN: &str = "overtaken";

/// Code of a write that was not made, because another form stands under the number.
pub(super) const ANOTHER_FORM: &str = "another_form";

/// A word of a journal's record.
pub(super) fn word<'v>(value: Option<&'v Value>, name: &str) -> Option<&'v str> {
    value?.get(name)?.as_str()
}

fn error(operation: &'static str, kind: ErrorKind, message: &str) -> ConnectorError {
    ConnectorError {
        connector: "red_letter_invoice",
        operation,
        kind,
        code: (kind == ErrorKind::Rejected).then(|| OVERTAKEN.into()),
        message: message.into(),
        page: None,
        source: None,
    }
}

/// The upstream is about to show a form that it does not show yet.
pub(super) fn still_saving(operation: &'static str) -> ConnectorError {
    error(
        operation,
        ErrorKind::Transient,
        "the upstream is still saving a form for this invoice; ask again",
    )
}

/// Somebody's form is about to appear, so what is seen of the blue invoice is not whole.
pub(super) fn saving_another() -> ConnectorError {
    error(
        "dossier",
        ErrorKind::Transient,
        "the upstream is saving another form for this invoice; ask again",
    )
}

const NO_FORM: Text = Text::new(
    "上游系统查无该红字发票信息确认单",
    "the upstream does not hold the form",
);
