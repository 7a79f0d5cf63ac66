//! Why a person decided as they did: a code from one list, so that decisions can be counted and
//! compared. The words of the case stand in a note beside it.
//!
//! A new code is a line in the table. A code is never changed or taken out once it was used.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Text;

/// What a reason may be given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonFor {
    /// Letting the item pass.
    Approve,
    /// Sending it back to the applicant.
    Return,
    /// Noting that a person did by hand what it asks for.
    ByHand,
}

impl ReasonFor {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Return => "return",
            Self::ByHand => "by_hand",
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The code.
    pub code: &'static str,
    /// What it may be given for.
    pub gives: &'static [ReasonFor],
    /// What it says.
    pub text: Text,
}

macro_rules! reasons {
    ($($code:literal [$($gives:ident),+] $zh:literal, $en:literal;)+) => {
        /// Every reason.
        pub const REASONS: &[Reason] = &[$(Reason {
            code: $code,
            gives: &[$(ReasonFor::$gives),+],
            text: Text::new($zh, $en),
        },)+];
    };
}

reasons! {
    "checked" [Approve] "材料齐全，核对无误", "documents complete and checked";
    "evidence_seen" [Approve] "已核验合同、付款等佐证", "contract, payment or other evidence was seen";
    "confirmed_by_phone" [Approve] "已与纳税人电话核实", "confirmed with the taxpayer by telephone";
    "rule_too_strict" [Approve] "规则过严，本件无风险", "the rule is too strict; no risk in this item";
    "leader_decided" [Approve, Return] "经集体研究或领导审批", "decided in council or by the head";
    "documents_missing" [Return] "材料不齐", "documents are missing";
    "content_wrong" [Return] "填报内容有误", "what was stated is wrong";
    "amount_differs" [Return] "金额与佐证不符", "the amount differs from the evidence";
    "no_real_trade" [Return] "业务真实性存疑", "it is doubtful that the trade took place";
    "not_entitled" [Return] "申请人不符合条件", "the applicant does not meet the conditions";
    "wrong_office" [Return] "不属本机关受理", "another office is competent";
    "no_answer" [Return] "申请人逾期未补正", "the applicant did not answer in time";
    "done_at_counter" [ByHand] "已在办税服务厅办理", "done at the counter";
    "done_in_system" [ByHand] "已在业务系统中人工办理", "done by hand in the business system";
    "other" [Approve, Return, ByHand] "其他，见说明", "other; see the note";
}

/// The code of a reason that stands in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReasonCode(&'static Reason);

/// The text is not a code of the list.
#[derive(Debug, thiserror::Error)]
#[error("there is no reason `{0}`; use one of {list}", list = codes(None))]
pub struct UnknownReason(String);

/// The codes for a decision, for people; of all without one.
pub fn codes(gives: Option<ReasonFor>) -> String {
    let fits = |reason: &&Reason| gives.is_none_or(|one| reason.gives.contains(&one));
    let codes = REASONS.iter().filter(fits).map(|reason| reason.code);
    codes.collect::<Vec<_>>().join(", ")
}

impl ReasonCode {
    /// The code.
    pub const fn as_str(self) -> &'static str {
        self.0.code
    }

    /// What it says.
    pub const fn text(self) -> &'static Text {
        &self.0.text
    }

    /// Whether it may be given for this.
    pub fn gives(self, what: ReasonFor) -> bool {
        self.0.gives.contains(&what)
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ReasonCode {
    type Err = UnknownReason;
    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let found = REASONS.iter().find(|reason| reason.code == text);
        found
            .map(Self)
            .ok_or_else(|| UnknownReason(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        let codes: BTreeSet<_> = REASONS.iter().map(|reason| reason.code).collect();
        assert_eq!(codes.len(), REASONS.len());
        for reason in REASONS {
            assert_eq!(
                reason.code.parse::<ReasonCode>().unwrap().as_str(),
                reason.code
            );
        }
        let unknown = "because".parse::<ReasonCode>().unwrap_err().to_string();
        assert!(
            unknown.contains("`because`") && unknown.contains("checked"),
            "{unknown}"
        );
    }

    #[test]
    fn every_decision_has_reasons_of_its_own() {
        for what in [ReasonFor::Approve, ReasonFor::Return, ReasonFor::ByHand] {
            assert!(
                REASONS
                    .iter()
                    .filter(|reason| reason.gives.contains(&what))
                    .count()
                    > 1
            );
        }
        assert!(
            !"checked"
                .parse::<ReasonCode>()
                .unwrap()
                .gives(ReasonFor::Return)
        );
    }
}
