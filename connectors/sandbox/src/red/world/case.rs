//! What kind of case an application for a red-letter invoice is made to be.

use serde::Serialize;

use crate::generate::rotation;

/// What comes of a case under sensible policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RedEnd {
    /// The red invoice is issued and written back.
    Completed,
    /// It goes back to the applicant.
    Returned,
    /// A person must look.
    Blocked,
}

/// The five kinds of cases; of every 25 applications so many are of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RedGroup {
    /// 13: nothing is wrong, nobody needs to confirm.
    Direct,
    /// 5: nothing is wrong, the other side confirms or asks us to.
    Confirmed,
    /// 3: the other side, or the platform, does something else.
    Counterpart,
    /// 2: the applicant must correct something.
    Defect,
    /// 2: nothing is wrong on its face, but a person must look.
    Risk,
}

impl RedGroup {
    /// All of them with their share of every 25.
    pub(crate) const SHARES: [(Self, usize); 5] = [
        (Self::Direct, 13),
        (Self::Confirmed, 5),
        (Self::Counterpart, 3),
        (Self::Defect, 2),
        (Self::Risk, 2),
    ];
}

rotation! {
    /// What an application is made to be.
    RedCase {
        /// 01, in full.
        MistakeInFull,
        /// 02, in full.
        ReturnInFull,
        /// 02, some of the quantity.
        ReturnInPart,
        /// 03, in full.
        StoppedInFull,
        /// 03, some of the quantity.
        StoppedInPart,
        /// 04, some of the amount.
        AllowanceInPart,
        /// 04, the whole amount.
        AllowanceInFull,
        /// 01 on an invoice with a discount line.
        DiscountInFull,
        /// 01 on an exempt invoice.
        ExemptInFull,
        /// 02 on an exempt invoice, some of the quantity.
        ExemptInPart,
        /// 01 on an invoice that is taxed on the margin.
        MarginInFull,
        /// Issued on somebody's behalf; the tax is paid back.
        AgentRefund,
        /// Issued on somebody's behalf, in part; the tax is set off.
        AgentOffset,
        /// Issued on somebody's behalf without tax; nothing is to be settled.
        AgentExempt,
        /// 02 of what an earlier red invoice left.
        ReturnOfTheRest,
        /// One of two partial reversals that leave nothing.
        SeriesOfTwo,
        /// One of three partial reversals that leave nothing.
        SeriesOfThree,

        /// The seller starts, the buyer confirms after some hours.
        BuyerConfirms,
        /// The buyer starts, the seller confirms after some hours.
        SellerConfirms,
        /// The buyer's form waits for the seller, who applies.
        BuyersFormWaits,
        /// The seller's form waits for the buyer, who applies.
        SellersFormWaits,

        /// The seller starts, the buyer refuses: state 05.
        BuyerRefuses,
        /// The buyer starts, the seller refuses: state 06.
        SellerRefuses,
        /// Nobody answers: state 07 after 72 hours.
        Silent,
        /// The starter's own staff withdraws the form: state 08.
        Withdrawn,
        /// The form is withdrawn together with its confirmation: state 09.
        WithdrawnAfterConfirmation,
        /// The invoice is declared an abnormal voucher: state 10.
        Abnormal,
        /// The platform forbids confirming with 31120, although the risk information says nothing.
        ConfirmingForbiddenHighRisk,
        /// The same with 31121.
        ConfirmingForbiddenRedWarning,

        /// A line that the blue invoice does not have.
        LineNotOnBlue,
        /// One cent more than is left of a line.
        OneCentOver,
        /// The blue invoice was reversed in full before.
        AlreadyReversed,
        /// The applicant is on neither side.
        NotTheApplicants,
        /// There is no such blue invoice.
        BlueUnknown,
        /// Amounts in another currency.
        OtherCurrency,
        /// A header total is not the sum of the lines.
        HeaderNotSum,
        /// Positive amounts.
        WrongSign,
        /// 01 reverses in full only.
        MistakeInPart,
        /// 01 is impossible after a partial reversal.
        MistakeAfterPartial,
        /// 02 with nothing but services.
        ReturnOfServices,
        /// 02 changes the quantity, not the unit price.
        ReturnAtAnotherPrice,
        /// 03 with nothing but goods.
        StoppedGoods,
        /// 04 has neither quantity nor unit price.
        AllowanceWithQuantity,
        /// Margin taxation is reversed in full only.
        MarginInPart,
        /// Quantity times unit price is not the amount.
        QuantityTimesPrice,

        /// More than 20 % of the seller's invoices are red.
        HighRedRatio,
        /// The seller is deregistered.
        SellerDeregistered,
        /// The buyer is deregistered.
        BuyerDeregistered,
        /// The seller reverses again and again at the end of a month.
        MonthEndRepeats,
        /// The seller reversed and invoiced the same goods to another buyer.
        ReissuedToOthers,
        /// The seller is of risk class Ⅰ.
        HighRiskSeller,
        /// There is a red warning on the buyer.
        RedWarnedBuyer,
        /// More than 100,000 gross.
        LargeAmount,
        /// Issued in the year before, and the buyer has deducted.
        CrossYearDeducted,
        /// Another form on the blue invoice waits.
        OtherFormOpen,
        /// The tax was paid by somebody else.
        ReceiptOfAnotherPayer,
    }
}

impl RedCase {
    /// Which kind of case it is.
    pub const fn group(self) -> RedGroup {
        match self {
            Self::MistakeInFull
            | Self::ReturnInFull
            | Self::ReturnInPart
            | Self::StoppedInFull
            | Self::StoppedInPart
            | Self::AllowanceInPart
            | Self::AllowanceInFull
            | Self::DiscountInFull
            | Self::ExemptInFull
            | Self::ExemptInPart
            | Self::MarginInFull
            | Self::AgentRefund
            | Self::AgentOffset
            | Self::AgentExempt
            | Self::ReturnOfTheRest
            | Self::SeriesOfTwo
            | Self::SeriesOfThree => RedGroup::Direct,
            Self::BuyerConfirms
            | Self::SellerConfirms
            | Self::BuyersFormWaits
            | Self::SellersFormWaits => RedGroup::Confirmed,
            Self::BuyerRefuses
            | Self::SellerRefuses
            | Self::Silent
            | Self::Withdrawn
            | Self::WithdrawnAfterConfirmation
            | Self::Abnormal
            | Self::ConfirmingForbiddenHighRisk
            | Self::ConfirmingForbiddenRedWarning => RedGroup::Counterpart,
            Self::LineNotOnBlue
            | Self::OneCentOver
            | Self::AlreadyReversed
            | Self::NotTheApplicants
            | Self::BlueUnknown
            | Self::OtherCurrency
            | Self::HeaderNotSum
            | Self::WrongSign
            | Self::MistakeInPart
            | Self::MistakeAfterPartial
            | Self::ReturnOfServices
            | Self::ReturnAtAnotherPrice
            | Self::StoppedGoods
            | Self::AllowanceWithQuantity
            | Self::MarginInPart
            | Self::QuantityTimesPrice => RedGroup::Defect,
            Self::HighRedRatio
            | Self::SellerDeregistered
            | Self::BuyerDeregistered
            | Self::MonthEndRepeats
            | Self::ReissuedToOthers
            | Self::HighRiskSeller
            | Self::RedWarnedBuyer
            | Self::LargeAmount
            | Self::CrossYearDeducted
            | Self::OtherFormOpen
            | Self::ReceiptOfAnotherPayer => RedGroup::Risk,
        }
    }

    /// What comes of it under sensible checks and policies, once the other side had its time.
    pub const fn expected(self) -> RedEnd {
        match self.group() {
            RedGroup::Direct | RedGroup::Confirmed => RedEnd::Completed,
            RedGroup::Counterpart => match self {
                Self::Abnormal
                | Self::ConfirmingForbiddenHighRisk
                | Self::ConfirmingForbiddenRedWarning => RedEnd::Blocked,
                _ => RedEnd::Returned,
            },
            RedGroup::Defect => RedEnd::Returned,
            RedGroup::Risk => RedEnd::Blocked,
        }
    }

    /// How many applications of a world make up one such case together, on one blue invoice.
    pub(crate) const fn parts(self) -> u8 {
        match self {
            Self::SeriesOfTwo => 2,
            Self::SeriesOfThree => 3,
            _ => 1,
        }
    }
}
