//! Confirmation forms, and what was begun with them.

use clerkwork_core::{Cents, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BlueReference, ReversalLine, ReversalReason, Side, Trader};

/// Where a confirmation form stands (`hzqrxxztDm`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormState {
    /// 01 无需确认: may be issued at once.
    NotNeeded,
    /// 02 销方录入待购方确认.
    WaitsForBuyer,
    /// 03 购方录入待销方确认.
    WaitsForSeller,
    /// 04 购销双方已确认: may be issued.
    Confirmed,
    /// 05 作废（销方录入购方否认）.
    RefusedByBuyer,
    /// 06 作废（购方录入销方否认）.
    RefusedBySeller,
    /// 07 作废（超72小时未确认）.
    Lapsed,
    /// 08 作废（发起方已撤销）.
    Withdrawn,
    /// 09 作废（确认后撤销）.
    WithdrawnAfterConfirmation,
    /// 10 作废（异常凭证）.
    Abnormal,
}

impl FormState {
    /// All ten, in the order of their codes 01 to 10.
    pub const ALL: [Self; 10] = [
        Self::NotNeeded,
        Self::WaitsForBuyer,
        Self::WaitsForSeller,
        Self::Confirmed,
        Self::RefusedByBuyer,
        Self::RefusedBySeller,
        Self::Lapsed,
        Self::Withdrawn,
        Self::WithdrawnAfterConfirmation,
        Self::Abnormal,
    ];

    /// The name in facts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotNeeded => "not_needed",
            Self::WaitsForBuyer => "waits_for_buyer",
            Self::WaitsForSeller => "waits_for_seller",
            Self::Confirmed => "confirmed",
            Self::RefusedByBuyer => "refused_by_buyer",
            Self::RefusedBySeller => "refused_by_seller",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
            Self::WithdrawnAfterConfirmation => "withdrawn_after_confirmation",
            Self::Abnormal => "abnormal",
        }
    }

    /// The side whose answer is awaited.
    pub const fn waits_for(self) -> Option<Side> {
        match self {
            Self::WaitsForBuyer => Some(Side::Buyer),
            Self::WaitsForSeller => Some(Side::Seller),
            Self::NotNeeded
            | Self::Confirmed
            | Self::RefusedByBuyer
            | Self::RefusedBySeller
            | Self::Lapsed
            | Self::Withdrawn
            | Self::WithdrawnAfterConfirmation
            | Self::Abnormal => None,
        }
    }

    /// The red invoice may be issued on it.
    pub const fn may_be_issued(self) -> bool {
        matches!(self, Self::NotNeeded | Self::Confirmed)
    }

    /// It ended without a red invoice.
    pub const fn is_void(self) -> bool {
        !self.may_be_issued() && self.waits_for().is_none()
    }
}

/// What a reversal is to say: everything of a form that its starter chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalDraft {
    /// Who starts it.
    pub started_by: Side,
    /// The invoice to be reversed.
    pub blue: BlueReference,
    /// Who sold.
    pub seller: Trader,
    /// Who bought.
    pub buyer: Trader,
    /// Why.
    pub reason: ReversalReason,
    /// The lines.
    pub lines: Vec<ReversalLine>,
    /// Sum of the net amounts, negative.
    pub net: Cents,
    /// Sum of the taxes, negative or zero.
    pub tax: Cents,
}

/// A confirmation form as the upstream holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmationForm {
    /// Its number, 20 digits.
    pub number: String,
    /// The upstream's own id, 32 characters; its methods ask for it beside the number.
    pub uuid: String,
    /// What it says.
    pub draft: ReversalDraft,
    /// Where it stands.
    pub state: FormState,
    /// When it was entered: the 72 hours run from here.
    pub entered_at: Timestamp,
    /// When the other side answered.
    pub answered_at: Option<Timestamp>,
    /// Number of the red invoice that was issued on it.
    pub red_number: Option<String>,
}

/// What somebody says to a form (`qrlx`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormAnswer {
    /// Y.
    Agree,
    /// N.
    Refuse,
    /// C: the starter takes it back.
    Withdraw,
}

/// A red invoice that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedInvoice {
    /// Its number, 20 digits.
    pub number: String,
    /// The form it was issued on.
    pub form_number: String,
    /// When.
    pub issued_at: Timestamp,
}

/// Everything that was begun about one blue invoice, as of now, never from a cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlueTraces {
    /// All forms, ended ones too, in the order in which they were entered.
    pub forms: Vec<ConfirmationForm>,
    /// The upstream is saving a form at this moment: it is not among `forms` yet, and may be soon.
    pub saving: bool,
}
