//! What kind of case an application is made to be.

use clerkwork_core::Verdict;
use serde::Serialize;

/// What an application is made to be, so that a test can compare what was found in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(tag = "case", content = "what", rename_all = "snake_case")]
pub enum Case {
    /// Nothing is wrong with it.
    Clean,
    /// The applicant must correct something.
    Defect(Defect),
    /// Nothing is wrong on its face, but a person must look.
    Risk(Risk),
}

impl Case {
    /// What comes of it under the shipped checks and policies. A test holds this against them.
    pub const fn expected(self) -> Verdict {
        match self {
            Self::Clean => Verdict::Proceed,
            Self::Defect(Defect::SpecialForPerson) => Verdict::Review2,
            Self::Defect(defect) if defect.concerns_a_person() => Verdict::Review,
            Self::Defect(_) => Verdict::Return,
            Self::Risk(
                Risk::HighRiskBuyer | Risk::RedWarning | Risk::HighRiskSeller | Risk::ReceiptUsed,
            ) => Verdict::Review2,
            Self::Risk(_) => Verdict::Review,
        }
    }
}

/// Declares an enum together with the list of its variants.
macro_rules! rotation {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All of them, in the order in which a world rotates through them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
        }
    };
}

pub(crate) use rotation;

rotation! {
    /// What the applicant must correct.
    Defect {
        /// The seller's tax id has a wrong check character.
        SellerCheckCharacter,
        /// A header total is not the sum of the lines.
        HeaderNotSum,
        /// The capitals say another amount than the figures.
        WrongCapitals,
        /// Less tax was paid than is due.
        TaxPaidShort,
        /// The item asks for a special element that is not there.
        SpecialElementMissing,
        /// The identity document or the licence is not attached.
        AttachmentMissing,
        /// The contract has another amount.
        ContractAmount,
        /// The contract names another seller.
        ContractSeller,
        /// The buyer is 非正常.
        BuyerAbnormal,
        /// The buyer's tax id is well-formed, but nobody is registered under it.
        BuyerNonexistent,
        /// The levy rate is none that the law knows for the item.
        RateNotAllowed,
        /// A special invoice for an exempt sale.
        ExemptSpecial,
        /// The buyer's tax id has a wrong check character.
        BuyerCheckCharacter,
        /// A special invoice for a buyer who is a natural person.
        SpecialForPerson,
        /// Quantity times unit price is not the net amount.
        QuantityTimesPrice,
        /// A line's tax is not its net amount times its rate.
        LineTax,
        /// The item code has 18 digits.
        ItemCodeMalformed,
        /// Cross-city construction without the number of the cross-region report.
        CrossRegionReportMissing,
        /// The identity number of the person who acts has a wrong check character.
        AgentCheckCharacter,
        /// Tax is due and no receipt is named.
        ReceiptMissing,
        /// The buyer is deregistered.
        BuyerDeregistered,
    }
}

impl Defect {
    /// Whether a person looks at it although the applicant must correct it: tax that is unpaid or
    /// cannot be told, a buyer whose registration ended or is abnormal, an invoice the law bars.
    const fn concerns_a_person(self) -> bool {
        matches!(
            self,
            Self::TaxPaidShort
                | Self::ReceiptMissing
                | Self::LineTax
                | Self::BuyerAbnormal
                | Self::BuyerDeregistered
                | Self::SpecialForPerson
        )
    }
}

rotation! {
    /// Why a person must look.
    Risk {
        /// A special invoice by a natural person outside real estate.
        SpecialByPerson,
        /// The month's sum ends just under the line of 100,000.
        UnderLine,
        /// One of three applications of one seller on one day.
        SameDaySplit,
        /// Many natural persons sell to one buyer.
        ManySellers,
        /// One person acts for many sellers.
        OneAgent,
        /// Many sellers give one telephone number.
        OnePhone,
        /// Goods that a natural person cannot plausibly sell.
        ImplausibleGoods,
        /// The buyer is of risk class Ⅰ.
        HighRiskBuyer,
        /// There is a red warning on the buyer.
        RedWarning,
        /// The same seller, buyer, item and amount twice.
        Duplicate,
        /// A small taxpayer over the general-taxpayer line in 12 months.
        OverGeneralLine,
        /// The seller is of risk class Ⅰ.
        HighRiskSeller,
        /// The tax receipt was already used for another invoice.
        ReceiptUsed,
        /// The seller applies more than ten times in the month.
        MonthBurst,
        /// More than 100,000 gross.
        LargeAmount,
    }
}

impl Risk {
    /// How many applications of a world make up one such case together.
    pub(crate) const fn group(self) -> u32 {
        match self {
            Self::SameDaySplit => 3,
            Self::Duplicate => 2,
            _ => 1,
        }
    }
}
