//! The facts that the policies see. Names, types and words are those of
//! `policies/schema.cedarschema`; a test compares them. What is not known is absent.
//!
//! Facts of progress tell how far the job's own acts have come. Every other fact is the same before
//! and after them.

use std::collections::BTreeSet;

use clerkwork_connectors_api::red_letter::{
    BlueInvoice, BlueStatus, IssuerActivity, RedLetterApplication, RedLetterDossier,
    RedLetterStatus, VatUse,
};
use clerkwork_core::{FactValue, Facts, Finding, Severity, Timestamp};

use crate::{relations, taxpayers::words};

use super::{
    basis::{is_person, long, rules, size},
    own::Own,
    remainder::Remainder,
    upstream::Settlement,
};

const ITEM: &str = "item";
const DOSSIER: &str = "etax.dossier";

/// What the facts are made of.
pub(super) struct Known<'a> {
    pub(super) application: &'a RedLetterApplication,
    pub(super) dossier: &'a RedLetterDossier,
    pub(super) own: &'a Own<'a>,
    pub(super) remainder: Option<&'a Remainder<'a>>,
    pub(super) settlement: &'a Settlement,
    pub(super) findings: &'a [Finding],
    /// When the item was looked at; the upstream's facts have their own time.
    pub(super) now: Timestamp,
}

impl Known<'_> {
    pub(super) fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        self.item(&mut facts);
        let at = self.dossier.as_of;
        let mut put = |name: &str, value: FactValue| facts.put(name, value, DOSSIER, at);
        self.application(&mut put);
        self.activity(&mut put);
        if let (Some(blue), Some(remainder)) = (&self.dossier.blue, self.remainder) {
            self.blue(blue, remainder, &mut put);
        }
        let stage = match (&self.own.red_number, &self.own.number) {
            (Some(_), _) if self.own.settled => "settled",
            (Some(_), _) => "issued",
            (None, Some(_)) => "form_entered",
            (None, None) => "fresh",
        };
        let form = self.own.form.map_or("none", |form| form.state.as_str());
        facts.put_progress("stage", stage, DOSSIER, at);
        facts.put_progress("form_state", form, DOSSIER, at);
        facts
    }

    fn item(&self, facts: &mut Facts) {
        let application = self.application;
        let count = |severity| {
            let found = self.findings.iter().filter(|f| f.severity == severity);
            i64::try_from(found.count()).unwrap_or(i64::MAX)
        };
        let codes: BTreeSet<_> = self.findings.iter().map(|f| f.code.clone()).collect();
        let mut put = |name, value: FactValue| facts.put(name, value, ITEM, self.now);
        put("findings_return_count", count(Severity::Return).into());
        put("findings_review_count", count(Severity::Review).into());
        put("finding_codes", codes.into());
        put("reason", application.reason.as_str().into());
        put("started_by", application.started_by.as_str().into());
        let gross = long(size(application.total_gross));
        put("reversed_gross_cents", gross.into());
        put(
            "rules_known",
            (rules(application).rows() == Some(true)).into(),
        );
        let same = relations::of_reversal(application);
        put("same_person_both_sides", same.into());
        if let Some(person) = is_person(&application.buyer, application.applied_on) {
            put("buyer_natural_person", person.into());
        }
    }

    /// Where the application and the blue invoice stand, and what else was begun about it.
    fn application(&self, put: &mut impl FnMut(&str, FactValue)) {
        let status = match self.own.status(self.dossier.status.as_ref()) {
            None => "unknown",
            Some(RedLetterStatus::Pending) => "pending",
            Some(RedLetterStatus::Done { .. }) => "done",
            Some(RedLetterStatus::Returned) => "returned",
            Some(RedLetterStatus::Withdrawn) => "withdrawn",
        };
        put("application_status", status.into());
        let blue = match self.remainder.map(|remainder| remainder.status) {
            None => "unknown",
            Some(BlueStatus::Normal) => "normal",
            Some(BlueStatus::PartlyReversed) => "partly_reversed",
            Some(BlueStatus::Reversed) => "reversed",
            Some(BlueStatus::Voided) => "voided",
        };
        put("blue_status", blue.into());
        let traces = &self.dossier.traces;
        let reversals = traces
            .forms
            .iter()
            .filter(|form| form.red_number.is_some() && !self.own.is(form))
            .count();
        put(
            "earlier_reversals_count",
            i64::try_from(reversals).unwrap_or(i64::MAX).into(),
        );
        let open = self
            .own
            .others(traces)
            .any(|form| form.red_number.is_none());
        put("other_form_open", open.into());
    }

    fn blue(
        &self,
        blue: &BlueInvoice,
        remainder: &Remainder<'_>,
        put: &mut impl FnMut(&str, FactValue),
    ) {
        let application = self.application;
        let route = if self.own.answered || self.own.target.is_some() {
            "confirm"
        } else if blue.needs_confirmation() {
            "form"
        } else {
            "direct"
        };
        put("route", route.into());
        put("full_reversal", remainder.is_full(application).into());
        put("margin_taxation", blue.margin.into());
        let (issued, applied) = (blue.reference.issued_on, application.applied_on);
        put("cross_year", (issued.year() < applied.year()).into());
        let age = (applied - issued).get_days();
        put("blue_age_days", i64::from(age).into());
        let deducted = blue.vat_use == VatUse::Confirmed;
        put("buyer_deducted", deducted.into());
        let transfer = if deducted {
            long(size(application.total_tax))
        } else {
            0
        };
        put("transfer_out_cents", transfer.into());
        put("agent_issued", blue.agent_issued.is_some().into());
        put("tax_settlement", self.settlement.word().into());
        if let Some(cents) = self.settlement.cents() {
            put("settlement_cents", cents.into());
        }
    }

    /// How the parties stand and how the seller has been acting.
    fn activity(&self, put: &mut impl FnMut(&str, FactValue)) {
        let [registration, class, warning] = words(self.dossier.seller.as_ref());
        put("seller_registration", registration.into());
        put("seller_risk_class", class.into());
        put("seller_warning", warning.into());
        let [registration, class, warning] = words(self.dossier.buyer.as_ref());
        put("buyer_registration", registration.into());
        put("buyer_risk_class", class.into());
        put("buyer_warning", warning.into());
        let IssuerActivity {
            issued,
            red,
            voided,
            top_of_quota,
            month_end_reds,
            reissued_to_others,
        } = self.dossier.activity;
        // Rounded down; nobody who issued nothing has a share of it.
        let permille = |part: u64| {
            let share = (part * 1_000).checked_div(u64::from(issued)).unwrap_or(0);
            i64::try_from(share).unwrap_or(i64::MAX)
        };
        let (red, voided) = (u64::from(red), u64::from(voided));
        put("seller_issued_count", i64::from(issued).into());
        put("seller_red_permille", permille(red).into());
        put("seller_void_permille", permille(voided).into());
        put("seller_red_void_permille", permille(red + voided).into());
        put(
            "seller_top_quota_permille",
            permille(u64::from(top_of_quota)).into(),
        );
        put(
            "seller_month_end_reds_count",
            i64::from(month_end_reds).into(),
        );
        put(
            "reissued_to_others_count",
            i64::from(reissued_to_others).into(),
        );
    }
}
