//! Everything that was done, so that a double act would show.

use std::collections::BTreeMap;

use clerkwork_connectors_api::red_letter::{BlueReference, FormState, SettlementKind, Side};
use clerkwork_core::{Cents, Timestamp};
use serde::Serialize;

use super::{desk::RedDesk, script::Step, world::RedWorld};
use crate::state::Return;

/// What was done, one entry for each act. A blue invoice is named by its number, a legacy one by
/// `code-number`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RedBook {
    /// Forms that were entered, by blue invoice.
    pub forms: BTreeMap<String, Vec<FormEntered>>,
    /// Answers that were given, by form.
    pub answered: BTreeMap<String, Vec<FormAnswered>>,
    /// Red invoices that were issued, by blue invoice.
    pub issued: BTreeMap<String, Vec<RedIssued>>,
    /// Refunds and offsets, by red invoice.
    pub settled: BTreeMap<String, Vec<Settled>>,
    /// What was reported as done, by application.
    pub written_back: BTreeMap<String, Vec<WrittenBack>>,
    /// Returns to the applicant, by application.
    pub returned: BTreeMap<String, Vec<Return>>,
}

/// A form that was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormEntered {
    /// Its number.
    pub form_number: String,
    /// The application that asks for just this, if one does.
    pub application_number: Option<String>,
    /// Which side started it.
    pub started_by: Side,
    /// It was not entered through the API: the other side's form was there already.
    pub found: bool,
    /// Where it stands now.
    pub state: FormState,
    /// What it reverses, net.
    pub net: Cents,
    /// And its tax.
    pub tax: Cents,
    /// When it was entered.
    pub at: Timestamp,
}

/// An answer, through the API or by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormAnswered {
    /// `agree`, `refuse`, `withdraw` or `abnormal`.
    pub answer: String,
    /// When.
    pub at: Timestamp,
}

/// A red invoice that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RedIssued {
    /// Its number.
    pub red_number: String,
    /// The form it was issued on.
    pub form_number: String,
    /// The application that asks for just this, if one does.
    pub application_number: Option<String>,
    /// What it reverses, net.
    pub net: Cents,
    /// And its tax.
    pub tax: Cents,
    /// When.
    pub at: Timestamp,
}

/// A refund or an offset that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settled {
    /// Its number.
    pub settlement_number: String,
    /// The receipt of the tax.
    pub receipt_number: String,
    /// Paid back or set off.
    pub kind: SettlementKind,
    /// How much.
    pub amount: Cents,
    /// When.
    pub at: Timestamp,
}

/// What was reported of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrittenBack {
    /// The form.
    pub form_number: String,
    /// The red invoice.
    pub red_number: String,
    /// Input tax to be transferred out.
    pub transfer_out: Option<Cents>,
    /// The refund or offset.
    pub settlement_number: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The name of a blue invoice in the book.
pub(crate) fn blue_name(blue: &BlueReference) -> String {
    match &blue.code {
        Some(code) => format!("{code}-{}", blue.number),
        None => blue.number.clone(),
    }
}

/// The book of what the desk remembers.
pub(crate) fn book(world: &RedWorld, desk: &RedDesk, now: Timestamp) -> RedBook {
    let number = |i: u32| world.number(i as usize).unwrap_or_default();
    let mut book = RedBook::default();
    for (index, form) in (0..).zip(&desk.forms) {
        let entry = &form.entry;
        let blue = blue_name(&entry.draft.blue);
        let form_number = desk.numbers.form(index);
        let application_number = entry.application.map(number);
        if let Some(at) = form.issued_at {
            let red = RedIssued {
                red_number: desk.numbers.red(index, at),
                form_number: form_number.clone(),
                application_number: application_number.clone(),
                net: entry.draft.net,
                tax: entry.draft.tax,
                at,
            };
            book.issued.entry(blue.clone()).or_default().push(red);
        }
        for (at, step) in &form.answers {
            let answer = match step {
                Step::Agree => "agree",
                Step::Refuse => "refuse",
                Step::Withdraw => "withdraw",
                Step::Abnormal => "abnormal",
                Step::Lapse => "lapse",
            };
            let answers = book.answered.entry(form_number.clone()).or_default();
            answers.push(FormAnswered {
                answer: answer.into(),
                at: *at,
            });
        }
        book.forms.entry(blue).or_default().push(FormEntered {
            form_number,
            application_number,
            started_by: entry.draft.started_by,
            found: entry.found,
            state: form.state(now).0,
            net: entry.draft.net,
            tax: entry.draft.tax,
            at: entry.entered_at,
        });
    }
    for (index, settlement) in desk.settlements.iter().enumerate() {
        let red = desk.show(settlement.form, now).and_then(|f| f.red_number);
        book.settled
            .entry(red.unwrap_or_default())
            .or_default()
            .push(Settled {
                settlement_number: desk.numbers.settlement(index),
                receipt_number: settlement.receipt.clone(),
                kind: settlement.kind,
                amount: settlement.amount,
                at: settlement.at,
            });
    }
    for (application, outcome, at) in &desk.reports {
        let reports = book.written_back.entry(number(*application)).or_default();
        reports.push(WrittenBack {
            form_number: outcome.form_number.clone(),
            red_number: outcome.red_number.clone(),
            transfer_out: outcome.transfer_out,
            settlement_number: outcome.settlement_number.clone(),
            at: *at,
        });
    }
    for (application, reasons, at) in &desk.returns {
        let returns = book.returned.entry(number(*application)).or_default();
        returns.push(Return {
            reasons: reasons.clone(),
            at: *at,
        });
    }
    book
}
