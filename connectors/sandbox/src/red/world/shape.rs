//! What a case asks of its blue invoice and of its application.

use clerkwork_connectors_api::red_letter::{ReversalReason as Reason, SettlementKind, Side};

use super::case::RedCase as Case;
use crate::generate::draw::Draw;

/// What is sold on the blue invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Goods,
    Labour,
    Services,
    /// One line of services, taxed on the margin.
    Margin,
}

/// How much is reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All that is left.
    Full,
    /// Some of the quantity of a line or two.
    Part,
    /// Some of the amount, without quantity.
    Amount,
    /// All of the amount, without quantity.
    AmountFull,
    /// One of so many parts that leave nothing together.
    Share(u8),
}

/// What was reversed before the world begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    Nothing,
    Part,
    All,
}

/// On whose behalf the blue invoice was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behalf {
    /// Its seller's own.
    Own,
    /// Somebody's, by a bureau; what is to become of the tax.
    Settled(SettlementKind),
    /// Somebody's, by a bureau, without tax.
    Untaxed,
}

/// What the other side's forms are at the time when somebody first looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    None,
    /// One that says what the application says.
    Matching,
    /// One that says something else.
    Another,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) class: Class,
    pub(crate) reason: Reason,
    pub(crate) extent: Extent,
    pub(crate) started_by: Side,
    /// Use or booking of the blue invoice is confirmed.
    pub(crate) used: bool,
    /// The use for VAT is confirmed, so the buyer deducted.
    pub(crate) deducted: bool,
    pub(crate) discount: bool,
    pub(crate) exempt: bool,
    pub(crate) behalf: Behalf,
    pub(crate) earlier: Earlier,
    pub(crate) preset: Preset,
    /// Issued in the year before.
    pub(crate) cross_year: bool,
    /// Over 100,000 gross.
    pub(crate) large: bool,
}

impl Shape {
    /// The shape of a case; what the case leaves open is drawn.
    pub(crate) fn of(case: Case, draw: &mut Draw) -> Self {
        use Class::{Goods, Labour, Margin, Services};
        use Extent::{Amount, AmountFull, Full, Part, Share};
        use Reason::{IssuingMistake, ReturnOfGoods, SalesAllowance, ServiceStopped};
        let any = if draw.permille(500) { Goods } else { Services };
        let material = if draw.permille(800) { Goods } else { Labour };
        let usual = match draw.below(5) {
            0 => plain(any, IssuingMistake, Full),
            1 => plain(Goods, ReturnOfGoods, Full),
            2 => plain(material, ReturnOfGoods, Part),
            3 => plain(Services, ServiceStopped, Part),
            _ => plain(any, SalesAllowance, Amount),
        };
        let deducted = draw.permille(500);
        let used = Self {
            used: true,
            deducted,
            ..usual
        };
        let bought = Self {
            started_by: Side::Buyer,
            ..used
        };
        match case {
            Case::MistakeInFull => Self {
                cross_year: draw.permille(100),
                ..plain(any, IssuingMistake, Full)
            },
            Case::ReturnInFull => plain(material, ReturnOfGoods, Full),
            Case::ReturnInPart => plain(material, ReturnOfGoods, Part),
            Case::StoppedInFull => plain(Services, ServiceStopped, Full),
            Case::StoppedInPart => plain(Services, ServiceStopped, Part),
            Case::AllowanceInPart => plain(any, SalesAllowance, Amount),
            Case::AllowanceInFull => plain(any, SalesAllowance, AmountFull),
            Case::DiscountInFull => Self {
                discount: true,
                ..plain(any, IssuingMistake, Full)
            },
            Case::ExemptInFull => Self {
                exempt: true,
                ..plain(any, IssuingMistake, Full)
            },
            Case::ExemptInPart => Self {
                exempt: true,
                ..plain(Goods, ReturnOfGoods, Part)
            },
            Case::MarginInFull => plain(Margin, IssuingMistake, Full),
            Case::AgentRefund | Case::ReceiptOfAnotherPayer => Self {
                behalf: Behalf::Settled(SettlementKind::Refund),
                ..plain(Services, IssuingMistake, Full)
            },
            Case::AgentOffset => Self {
                behalf: Behalf::Settled(SettlementKind::Offset),
                ..plain(Services, ServiceStopped, Part)
            },
            Case::AgentExempt => Self {
                behalf: Behalf::Untaxed,
                exempt: true,
                ..plain(Services, IssuingMistake, Full)
            },
            Case::ReturnOfTheRest => Self {
                earlier: Earlier::Part,
                ..plain(Goods, ReturnOfGoods, Full)
            },
            Case::SeriesOfTwo | Case::SeriesOfThree => {
                plain(Goods, ReturnOfGoods, Share(case.parts()))
            }

            Case::BuyerConfirms
            | Case::BuyerRefuses
            | Case::Silent
            | Case::Withdrawn
            | Case::WithdrawnAfterConfirmation
            | Case::Abnormal => used,
            Case::SellerConfirms | Case::SellerRefuses => bought,
            Case::BuyersFormWaits
            | Case::ConfirmingForbiddenHighRisk
            | Case::ConfirmingForbiddenRedWarning => Self {
                preset: Preset::Matching,
                ..used
            },
            Case::SellersFormWaits => Self {
                preset: Preset::Matching,
                ..bought
            },

            Case::LineNotOnBlue | Case::QuantityTimesPrice => plain(Goods, ReturnOfGoods, Part),
            Case::OneCentOver | Case::WrongSign => plain(Goods, ReturnOfGoods, Full),
            Case::AlreadyReversed => Self {
                earlier: Earlier::All,
                ..plain(Goods, ReturnOfGoods, Full)
            },
            Case::NotTheApplicants
            | Case::BlueUnknown
            | Case::OtherCurrency
            | Case::HeaderNotSum => plain(any, IssuingMistake, Full),
            Case::MistakeInPart => plain(Goods, IssuingMistake, Part),
            Case::MistakeAfterPartial => Self {
                earlier: Earlier::Part,
                ..plain(Goods, IssuingMistake, Full)
            },
            Case::ReturnOfServices => plain(Services, ReturnOfGoods, Part),
            Case::ReturnAtAnotherPrice => plain(Goods, ReturnOfGoods, Part),
            Case::StoppedGoods => plain(Goods, ServiceStopped, Part),
            Case::AllowanceWithQuantity => plain(any, SalesAllowance, Part),
            Case::MarginInPart => plain(Margin, SalesAllowance, Amount),

            Case::HighRedRatio
            | Case::SellerDeregistered
            | Case::BuyerDeregistered
            | Case::MonthEndRepeats
            | Case::ReissuedToOthers
            | Case::HighRiskSeller
            | Case::RedWarnedBuyer => usual,
            Case::LargeAmount => Self {
                large: true,
                ..plain(any, IssuingMistake, Full)
            },
            Case::CrossYearDeducted => Self {
                cross_year: true,
                deducted: true,
                ..used
            },
            Case::OtherFormOpen => Self {
                preset: Preset::Another,
                used: true,
                ..plain(Goods, ReturnOfGoods, Part)
            },
        }
    }

    /// The blue invoice must be a special one: only that can be deducted.
    pub(crate) const fn needs_special(&self) -> bool {
        self.used && self.deducted
    }
}

const fn plain(class: Class, reason: Reason, extent: Extent) -> Shape {
    Shape {
        class,
        reason,
        extent,
        started_by: Side::Seller,
        used: false,
        deducted: false,
        discount: false,
        exempt: false,
        behalf: Behalf::Own,
        earlier: Earlier::Nothing,
        preset: Preset::None,
        cross_year: false,
        large: false,
    }
}
