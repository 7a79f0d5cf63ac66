//! What an application comes down to before anything is judged: who, which trades, which rates and
//! lines of the law on the day.

use clerkwork_connectors_api::agent_invoice::{ApplicantKind, Application, InvoiceType, Line};
use clerkwork_core::Cents;
use rust_decimal::Decimal;

use crate::{
    dated::{self, Dated, LineName, RateName, tables},
    decimals::rate,
    identifiers::TaxId,
    items::{Trade, is_implausible_for_a_person},
    names,
};

/// Read once per check; pure.
pub(super) struct Basis {
    pub(super) seller_is_person: bool,
    /// Nothing when the buyer's tax id cannot be right.
    pub(super) buyer_is_person: Option<bool>,
    pub(super) special: bool,
    /// The trade of each line.
    pub(super) trades: Vec<Trade>,
    pub(super) rates: Rates,
    pub(super) lines: Lines,
}

/// The levy rates of the day; nothing where no row covers it.
pub(super) struct Rates {
    pub(super) statutory: Option<Dated<Decimal>>,
    pub(super) reduced: Option<Dated<Decimal>>,
    pub(super) real_estate: Option<Dated<Decimal>>,
    pub(super) housing_letting: Option<Dated<Decimal>>,
}

/// The lines of the day; nothing where no row covers it.
pub(super) struct Lines {
    pub(super) day: Option<Dated<dated::Line>>,
    pub(super) month: Option<Dated<dated::Line>>,
    pub(super) quarter: Option<Dated<dated::Line>>,
    pub(super) general_taxpayer: Option<Dated<dated::Line>>,
}

impl Basis {
    pub(super) fn of(application: &Application) -> Self {
        let on = application.transaction_date;
        Self {
            seller_is_person: application.applicant_kind == ApplicantKind::NaturalPerson,
            buyer_is_person: buyer_is_person(application),
            special: application.invoice_type == InvoiceType::Special,
            trades: application
                .lines
                .iter()
                .map(|line| Trade::of(&line.item_code))
                .collect(),
            rates: Rates {
                statutory: tables().rate(RateName::Statutory, on),
                reduced: tables().rate(RateName::Reduced, on),
                real_estate: tables().rate(RateName::RealEstate, on),
                housing_letting: tables().rate(RateName::HousingLetting, on),
            },
            lines: Lines {
                day: tables().line(LineName::Day, on),
                month: tables().line(LineName::Month, on),
                quarter: tables().line(LineName::Quarter, on),
                general_taxpayer: tables().line(LineName::GeneralTaxpayer, on),
            },
        }
    }

    /// Whether every rate and line of the day is in a row, and if so whether all are confirmed.
    pub(super) fn rows(&self) -> Option<bool> {
        let Self { rates, lines, .. } = self;
        [
            rates.statutory,
            rates.reduced,
            rates.real_estate,
            rates.housing_letting,
        ]
        .into_iter()
        .map(|rate| rate.map(|dated| dated.confirmed))
        .chain(
            [
                lines.day,
                lines.month,
                lines.quarter,
                lines.general_taxpayer,
            ]
            .into_iter()
            .map(|line| line.map(|dated| dated.confirmed)),
        )
        .try_fold(true, |all, confirmed| Some(all & confirmed?))
    }

    pub(super) fn any_trade(&self, is: impl Fn(Trade) -> bool) -> bool {
        self.trades.iter().any(|&trade| is(trade))
    }

    /// A natural person who sells what a natural person cannot plausibly have.
    pub(super) fn implausible_goods(&self, application: &Application) -> bool {
        self.seller_is_person
            && application
                .lines
                .iter()
                .any(|line| is_implausible_for_a_person(&line.item_code))
    }

    /// The rate to tax a line at: the one it shows, or the one that would apply had it not been
    /// claimed exempt. Nothing when that is not known.
    pub(super) fn applicable_rate(&self, line: &Line, trade: Trade) -> Option<Decimal> {
        let shown = rate(&line.levy_rate)?;
        if !shown.is_zero() {
            return Some(shown);
        }
        let row = match (trade.is_real_estate(), self.special) {
            (true, _) => self.rates.real_estate,
            (false, false) => self.rates.reduced,
            // Under the exemption of 2022 a special invoice was taxed at the statutory rate.
            (false, true) => self
                .rates
                .reduced
                .filter(|reduced| !reduced.value.is_zero())
                .or(self.rates.statutory),
        };
        row.map(|dated| dated.value)
    }

    /// Tax on all lines at their applicable rates, each rounded to the cent.
    pub(super) fn tax(&self, application: &Application) -> Option<Cents> {
        application
            .lines
            .iter()
            .zip(&self.trades)
            .try_fold(Cents::ZERO, |sum, (line, &trade)| {
                sum.plus(line.net.times(self.applicable_rate(line, trade)?)?)
            })
    }
}

fn buyer_is_person(application: &Application) -> Option<bool> {
    let buyer = &application.buyer;
    if buyer.tax_id.is_empty() {
        return Some(!names::is_organisation(&buyer.name));
    }
    TaxId::read(&buyer.tax_id, application.applied_on)
        .ok()
        .map(TaxId::is_natural_person)
}
