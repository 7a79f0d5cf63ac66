//! How the other side of a form behaves. No timer runs: what it has done by now is worked out when
//! somebody looks.

use std::time::Duration;

use clerkwork_connectors_api::red_letter::{FormState, Side};
use clerkwork_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::world::RedCase;
use crate::generate::draw::Draw;

/// A form that nobody confirmed lapses after so long (公告2024年第11号).
pub(crate) const LAPSE: Duration = Duration::from_secs(72 * 3600);

/// What happens to a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    Agree,
    Refuse,
    Withdraw,
    Abnormal,
    Lapse,
}

impl Step {
    /// Where a form in `state` stands after this step; nothing when it changes nothing.
    pub(crate) const fn after(self, state: FormState) -> Option<FormState> {
        match (self, state.waits_for()) {
            (Self::Agree, Some(_)) => Some(FormState::Confirmed),
            (Self::Refuse, Some(Side::Buyer)) => Some(FormState::RefusedByBuyer),
            (Self::Refuse, Some(Side::Seller)) => Some(FormState::RefusedBySeller),
            (Self::Lapse, Some(_)) => Some(FormState::Lapsed),
            (Self::Withdraw, Some(_)) => Some(FormState::Withdrawn),
            (Self::Withdraw, None) => match state {
                FormState::NotNeeded => Some(FormState::Withdrawn),
                FormState::Confirmed => Some(FormState::WithdrawnAfterConfirmation),
                _ => None,
            },
            (Self::Abnormal, _) if !state.is_void() => Some(FormState::Abnormal),
            (Self::Agree | Self::Refuse | Self::Lapse | Self::Abnormal, _) => None,
        }
    }
}

/// What the other side will do with a form that waits for it; seconds count from its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Script {
    Silent,
    Confirm { after: u32 },
    Refuse { after: u32 },
    Withdraw { after: u32 },
    ConfirmThenWithdraw { after: u32, later: u32 },
    Abnormal { after: u32 },
}

impl Script {
    /// The script of a case. `blue` chooses the hour.
    pub(crate) fn of(case: RedCase, seed: u64, blue: u32) -> Self {
        let mut draw = Draw::new(seed ^ 0x5C_21, u64::from(blue));
        // Between two and thirty hours, to the second.
        let after = 7200 + draw.below(28 * 3600) as u32;
        match case {
            RedCase::BuyerRefuses | RedCase::SellerRefuses => Self::Refuse { after },
            RedCase::Silent => Self::Silent,
            RedCase::Withdrawn => Self::Withdraw { after },
            // At once, so that nobody issues in between.
            RedCase::WithdrawnAfterConfirmation => Self::ConfirmThenWithdraw { after, later: 0 },
            RedCase::Abnormal => Self::Abnormal { after },
            _ => Self::Confirm { after },
        }
    }

    /// The steps and when they are taken, in their order, the lapse included.
    pub(crate) fn steps(self, entered_at: Timestamp) -> Vec<(Timestamp, Step)> {
        let at = |seconds: u32| entered_at.after(Duration::from_secs(u64::from(seconds)));
        let mut steps = match self {
            Self::Silent => Vec::new(),
            Self::Confirm { after } => vec![(at(after), Step::Agree)],
            Self::Refuse { after } => vec![(at(after), Step::Refuse)],
            Self::Withdraw { after } => vec![(at(after), Step::Withdraw)],
            Self::ConfirmThenWithdraw { after, later } => vec![
                (at(after), Step::Agree),
                (at(after.saturating_add(later)), Step::Withdraw),
            ],
            Self::Abnormal { after } => vec![(at(after), Step::Abnormal)],
        };
        let lapse = (entered_at.after(LAPSE), Step::Lapse);
        let place = steps.partition_point(|(at, _)| *at < lapse.0);
        steps.insert(place, lapse);
        steps
    }
}
