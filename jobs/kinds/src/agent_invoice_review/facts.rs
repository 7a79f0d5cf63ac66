//! The facts that the policies see. Names, types and words are those of
//! `policies/schema.cedarschema`; a test compares them. What is not known is absent.

use std::collections::BTreeSet;

use clerkwork_connectors_api::agent_invoice::{Application, ApplicationStatus, Dossier};
use clerkwork_core::{Cents, Facts, Finding, Severity, Timestamp};

use crate::{items::Trade, relations, taxpayers::words};

use super::{basis::Basis, upstream};

const ITEM: &str = "item";

/// A line further away than this, in thousandths of it, is not near. Wide on purpose: how near is
/// too near is for the policies.
const NEAR_PERMILLE: i64 = 200;

/// What the facts are made of.
pub(super) struct Known<'a> {
    pub(super) application: &'a Application,
    pub(super) basis: &'a Basis,
    pub(super) dossier: &'a Dossier,
    /// Where the dossier is from: `connector.operation`.
    pub(super) source: &'a str,
    pub(super) tax_due: Option<Cents>,
    pub(super) findings: &'a [Finding],
    /// When the item was looked at; the upstream's facts have their own time.
    pub(super) now: Timestamp,
}

impl Known<'_> {
    pub(super) fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        self.item(&mut facts);
        self.upstream(&mut facts);
        self.taxpayers(&mut facts);
        self.money(&mut facts);
        facts
    }

    fn item(&self, facts: &mut Facts) {
        let Self {
            application, basis, ..
        } = self;
        let count = |severity| {
            let found = self.findings.iter().filter(|f| f.severity == severity);
            long(found.count() as u64)
        };
        let codes: BTreeSet<_> = self.findings.iter().map(|f| f.code.clone()).collect();
        let mut put = |name, value: clerkwork_core::FactValue| {
            facts.put(name, value, ITEM, self.now);
        };
        put("findings_return_count", count(Severity::Return).into());
        put("findings_review_count", count(Severity::Review).into());
        put("finding_codes", codes.into());
        put("special_invoice", basis.special.into());
        put("seller_natural_person", basis.seller_is_person.into());
        if let Some(person) = basis.buyer_is_person {
            put("buyer_natural_person", person.into());
        }
        put("real_estate", basis.any_trade(Trade::is_real_estate).into());
        let agent = basis.any_trade(|trade| trade == Trade::CommissionAgent);
        put("commission_agent", agent.into());
        put(
            "implausible_goods",
            basis.implausible_goods(application).into(),
        );
        put("gross_cents", application.total_gross.0.into());
        put("net_cents", application.total_net.0.into());
        put("rates_known", basis.rows().is_some().into());
        let same = relations::of_application(application);
        put("same_person_both_sides", same.into());
    }

    fn upstream(&self, facts: &mut Facts) {
        let dossier = self.dossier;
        let status = match dossier.status {
            None => "unknown",
            Some(ApplicationStatus::Pending) => "pending",
            Some(ApplicationStatus::Issued { .. }) => "issued",
            Some(ApplicationStatus::Returned) => "returned",
            Some(ApplicationStatus::Withdrawn) => "withdrawn",
        };
        facts.put("upstream_status", status, self.source, dossier.as_of);
        let sums = &dossier.accumulation;
        let relations = &dossier.relations;
        for (name, value) in [
            ("seller_day_count", i64::from(sums.day_count)),
            ("seller_day_net_cents", sums.day_net.0),
            ("seller_month_count", i64::from(sums.month_count)),
            ("seller_month_net_cents", sums.month_net.0),
            ("seller_quarter_net_cents", sums.quarter_net.0),
            ("seller_twelve_months_net_cents", sums.twelve_months_net.0),
            ("duplicates_count", i64::from(relations.duplicates)),
            (
                "sellers_of_buyer_count",
                i64::from(relations.sellers_of_buyer),
            ),
            (
                "sellers_of_agent_count",
                i64::from(relations.sellers_of_agent),
            ),
            (
                "sellers_of_phone_count",
                i64::from(relations.sellers_of_phone),
            ),
        ] {
            facts.put(name, value, self.source, dossier.as_of);
        }
        for (name, count) in [
            ("buyer_day_count", relations.buyer_counts.day),
            ("buyer_month_count", relations.buyer_counts.month),
            ("agent_day_count", relations.agent_counts.day),
            ("agent_month_count", relations.agent_counts.month),
            ("phone_day_count", relations.phone_counts.day),
            ("phone_month_count", relations.phone_counts.month),
        ] {
            if let Some(count) = count {
                facts.put(name, i64::from(count), self.source, dossier.as_of);
            }
        }
        if let Some(over) = upstream::over_general_line(self.basis, dossier) {
            facts.put("seller_over_general_line", over, self.source, dossier.as_of);
        }
        if let Some(gap) = line_gap(self.basis, dossier) {
            facts.put("line_gap_permille", gap, self.source, dossier.as_of);
        }
    }

    fn taxpayers(&self, facts: &mut Facts) {
        let dossier = self.dossier;
        for (taxpayer, registration, class, warning) in [
            (
                &dossier.seller,
                "seller_registration",
                "seller_risk_class",
                "seller_warning",
            ),
            (
                &dossier.buyer,
                "buyer_registration",
                "buyer_risk_class",
                "buyer_warning",
            ),
        ] {
            let words = words(taxpayer.as_ref());
            for (name, word) in [registration, class, warning].into_iter().zip(words) {
                facts.put(name, word, self.source, dossier.as_of);
            }
        }
    }

    fn money(&self, facts: &mut Facts) {
        let dossier = self.dossier;
        if let Some(due) = self.tax_due {
            facts.put("tax_due_cents", due.0, self.source, dossier.as_of);
        }
        if let Some(receipt) = &dossier.receipt {
            facts.put(
                "tax_paid_cents",
                receipt.tax_paid.0,
                self.source,
                dossier.as_of,
            );
            facts.put("receipt_used", receipt.used, self.source, dossier.as_of);
        } else if self.application.tax_receipt_number.is_none() {
            // Known all the same: no receipt is shown, so nothing is shown to be paid or used.
            facts.put("tax_paid_cents", 0, ITEM, self.now);
            facts.put("receipt_used", false, ITEM, self.now);
        }
    }
}

/// How far the seller's accumulation stays below the nearest line that matters to them.
fn line_gap(basis: &Basis, dossier: &Dossier) -> Option<i64> {
    let sums = &dossier.accumulation;
    let lines = &basis.lines;
    let person = basis.seller_is_person;
    [
        (person, lines.day, sums.day_net),
        (true, lines.month, sums.month_net),
        (!person, lines.quarter, sums.quarter_net),
        (!person, lines.general_taxpayer, sums.twelve_months_net),
    ]
    .into_iter()
    .filter(|(matters, ..)| *matters)
    .filter_map(|(_, line, amount)| line?.value.gap_permille(amount))
    .filter(|gap| *gap <= NEAR_PERMILLE)
    .min()
}

fn long(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
