//! What is done about red-letter invoices. The desk's memory is the sum of these.

use clerkwork_connectors_api::red_letter::{
    BlueReference, FormState, ReversalDraft, ReversalLine, ReversalReason, SettlementKind, Side,
    Trader, WriteBack,
};
use clerkwork_core::{Cents, Timestamp};
use serde::{Deserialize, Serialize};

use super::script::{Script, Step};

/// One act and when it was done. Applied again in their order, they make the same memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamped {
    pub(crate) at: Timestamp,
    #[serde(flatten)]
    pub(crate) deed: Deed,
}

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub(crate) enum Deed {
    /// A form is entered.
    Entered(Box<Entry>),
    /// A form is answered, by a side through the API or by hand.
    Answered { form: u32, step: Step },
    /// The red invoice is issued.
    Issued { form: u32 },
    /// A refund or an offset is opened.
    Settled {
        form: u32,
        receipt: String,
        kind: SettlementKind,
        amount: Cents,
    },
    /// An application is reported as done.
    WrittenBack {
        application: u32,
        form: u32,
        outcome: Reported,
    },
    /// An application is returned.
    Returned {
        application: u32,
        reasons: Vec<String>,
    },
    /// The applicant withdraws.
    Withdrawn { application: u32 },
}

/// A form as it is entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Index of the blue invoice.
    pub(crate) blue: u32,
    /// The application that asks for just this.
    pub(crate) application: Option<u32>,
    /// By the other side, before anybody looked; not through the API.
    pub(crate) found: bool,
    /// When it was entered, in whole seconds.
    pub(crate) entered_at: Timestamp,
    /// Until then the platform is saving it.
    pub(crate) saving_until: Option<Timestamp>,
    pub(crate) state: FormState,
    pub(crate) script: Script,
    pub(crate) draft: Draft,
}

/// A [`ReversalDraft`] that can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) started_by: Side,
    pub(crate) blue: BlueReference,
    seller: Trader,
    buyer: Trader,
    reason: ReversalReason,
    pub(crate) lines: Vec<ReversalLine>,
    pub(crate) net: Cents,
    pub(crate) tax: Cents,
}

impl From<ReversalDraft> for Draft {
    fn from(draft: ReversalDraft) -> Self {
        Self {
            started_by: draft.started_by,
            blue: draft.blue,
            seller: draft.seller,
            buyer: draft.buyer,
            reason: draft.reason,
            lines: draft.lines,
            net: draft.net,
            tax: draft.tax,
        }
    }
}

impl From<&Draft> for ReversalDraft {
    fn from(draft: &Draft) -> Self {
        Self {
            started_by: draft.started_by,
            blue: draft.blue.clone(),
            seller: draft.seller.clone(),
            buyer: draft.buyer.clone(),
            reason: draft.reason,
            lines: draft.lines.clone(),
            net: draft.net,
            tax: draft.tax,
        }
    }
}

/// A [`WriteBack`] that can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reported {
    pub(crate) form_number: String,
    pub(crate) red_number: String,
    pub(crate) transfer_out: Option<Cents>,
    pub(crate) settlement_number: Option<String>,
}

impl From<WriteBack> for Reported {
    fn from(outcome: WriteBack) -> Self {
        Self {
            form_number: outcome.form_number,
            red_number: outcome.red_number,
            transfer_out: outcome.transfer_out,
            settlement_number: outcome.settlement_number,
        }
    }
}
