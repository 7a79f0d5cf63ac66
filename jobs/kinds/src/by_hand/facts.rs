//! The facts that the policies see. Names, types and words are those of
//! `policies/schema.cedarschema`; a test compares them. All of them come from the item.

use clerkwork_core::{Cents, FactValue, Facts, Timestamp};

use crate::local_day;

use super::matters::{
    CreditGrade, CreditRefund, Deregistration, EquityTransfer, InvoiceQuota, QuotaIndicators,
    ScoreCause, Size,
};

/// Takes down what an item says.
#[derive(Debug)]
pub struct Said<'f> {
    facts: &'f mut Facts,
    now: Timestamp,
}

impl<'f> Said<'f> {
    pub(super) fn new(facts: &'f mut Facts, now: Timestamp) -> Self {
        Self { facts, now }
    }

    fn put(&mut self, name: &str, value: impl Into<FactValue>) {
        self.facts.put(name, value, "item", self.now);
    }

    fn maybe(&mut self, name: &str, value: Option<impl Into<FactValue>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}

/// `part` in thousandths of `whole`, rounded down; nothing is a share of nothing.
fn permille(part: Cents, whole: Cents) -> Option<i64> {
    if whole.0 <= 0 {
        return None;
    }
    let share = i128::from(part.0) * 1_000 / i128::from(whole.0);
    Some(i64::try_from(share).unwrap_or(if share < 0 { i64::MIN } else { i64::MAX }))
}

impl InvoiceQuota {
    pub(super) fn facts(&self, said: &mut Said<'_>) {
        said.put("suspended", self.suspended);
        said.put("requested_cents", self.requested_quota.0);
        said.maybe(
            "requested_permille",
            permille(self.requested_quota, self.month_quota),
        );
        let unused = self.remaining.plus(self.downloaded_unused);
        said.maybe(
            "unused_permille",
            unused.and_then(|unused| permille(unused, self.month_quota)),
        );
        let QuotaIndicators {
            days_to_use_up,
            purchases_permille,
            night_permille,
            top_of_quota_permille,
            red_void_permille,
            distant_buyers_permille,
            same_device_taxpayers,
            shared_officer_companies,
            one_person_all_roles,
            risky_partners,
            unfiled_periods,
            score_cause,
        } = self.indicators;
        for (name, number) in [
            ("days_to_use_up_count", days_to_use_up),
            ("purchases_permille", purchases_permille),
            ("night_permille", night_permille),
            ("top_of_quota_permille", top_of_quota_permille),
            ("red_void_permille", red_void_permille),
            ("distant_buyers_permille", distant_buyers_permille),
            ("same_device_taxpayers_count", same_device_taxpayers),
            ("shared_officer_companies_count", shared_officer_companies),
            ("risky_partners_count", risky_partners),
            ("unfiled_periods_count", unfiled_periods),
        ] {
            said.maybe(name, number.map(i64::from));
        }
        said.maybe("one_person_all_roles", one_person_all_roles);
        said.maybe(
            "score_cause",
            score_cause.map(|cause| match cause {
                ScoreCause::Indicator => "indicator",
                ScoreCause::Grade => "grade",
                ScoreCause::Whitelist => "whitelist",
                ScoreCause::Manual => "manual",
            }),
        );
    }
}

impl Deregistration {
    pub(super) fn facts(&self, said: &mut Said<'_>) {
        said.put("unfiled_periods_count", i64::from(self.unfiled_periods));
        said.put("arrears_cents", self.arrears.0);
        said.put("unused_invoices_count", i64::from(self.unused_invoices));
        said.put("open_inspection", self.open_inspection);
        said.put("open_refunds_count", i64::from(self.open_refunds));
        said.put("credit_balance_cents", self.credit_balance.0);
        for (name, number) in [
            ("red_letters_90_days_count", self.red_letters_90_days),
            (
                "legal_rep_changes_12_months_count",
                self.legal_rep_changes_12_months,
            ),
        ] {
            said.maybe(name, number.map(i64::from));
        }
    }
}

impl EquityTransfer {
    pub(super) fn facts(&self, said: &mut Said<'_>) {
        said.put("price_cents", self.price.0);
        said.put("net_asset_share_cents", self.net_asset_share.0);
        said.maybe(
            "price_to_net_assets_permille",
            permille(self.price, self.net_asset_share),
        );
        said.put("price_below_cost", self.price < self.cost);
        said.maybe("paid_permille", permille(self.paid, self.price));
        said.put("property_permille", i64::from(self.property_permille));
        said.put("appraisal_attached", self.appraisal_attached);
        if let Some(today) = local_day(said.now) {
            let age = (today - self.contract_date).get_days();
            said.put("contract_age_days", i64::from(age));
        }
    }
}

impl CreditRefund {
    pub(super) fn facts(&self, said: &mut Said<'_>) {
        said.put(
            "credit_grade",
            match self.credit_grade {
                CreditGrade::A => "A",
                CreditGrade::B => "B",
                CreditGrade::C => "C",
                CreditGrade::D => "D",
                CreditGrade::M => "M",
            },
        );
        said.put(
            "size",
            match self.size {
                Size::Large => "large",
                Size::Medium => "medium",
                Size::Small => "small",
                Size::Micro => "micro",
            },
        );
        said.put("requested_cents", self.requested.0);
        let credit = self.stock_credit.plus(self.new_credit);
        said.maybe(
            "requested_over_refundable_cents",
            credit.and_then(|credit| self.over(credit)),
        );
        let credit_to_input = credit
            .zip(self.input_tax_12_months)
            .and_then(|(credit, input)| permille(credit, input));
        said.maybe("credit_to_input_tax_permille", credit_to_input);
        for (name, number) in [
            ("abnormal_vouchers_count", self.abnormal_vouchers),
            ("open_risks_count", self.open_risks),
        ] {
            said.maybe(name, number.map(i64::from));
        }
    }

    /// By how much the request is over credit × composition of the input tax × share refunded.
    fn over(&self, credit: Cents) -> Option<i64> {
        let shares =
            i128::from(self.input_composition_permille) * i128::from(self.refundable_permille);
        let refundable = i128::from(credit.0) * shares / 1_000_000;
        let over = i128::from(self.requested.0) - refundable;
        i64::try_from(over.max(0)).ok()
    }
}
