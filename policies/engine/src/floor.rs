//! The hard floor: what no bundle can let a robot do.
//!
//! It is code and not a rule, so that whoever may change the rules, or replaces the bundle, cannot
//! lift it: lowering it takes a new build, with its review. The engine consults it in every answer
//! to a robot, whatever the kind or the bundle says; the fleet consults it before every effect.
//!
//! Invariants:
//! * A kind on the floor never gets `proceed`, `return` or a carried-out approval: a person does it
//!   by hand.
//! * An effect on the floor is never called, for any kind, and after any approval.
//! * Names are compared without regard to case and `_`, and a name that only continues a barred one
//!   (`void_invoice_again`) is barred as well: a new spelling is no way around it.
//!
//! To add to it: a line in [`KINDS`] or [`EFFECTS`] with its reason. Names are for ever: an effect's
//! name is a part of its idempotency key. Nothing is taken away without the bureau's order.

use clerkwork_core::Text;

/// Something that no robot does, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barred {
    /// The resource type of a kind, or the name of an effect.
    pub name: &'static str,
    /// Why, for people.
    pub reason: Text,
}

const fn barred(name: &'static str, zh: &'static str, en: &'static str) -> Barred {
    Barred {
        name,
        reason: Text::new(zh, en),
    }
}

/// Kinds that a robot never completes, by resource type.
pub static KINDS: [Barred; 4] = [
    barred(
        "InvoiceQuota",
        "发票额度直接决定可开票金额，是虚开发票的入口",
        "the quota is how much can be invoiced: the door to false invoices",
    ),
    barred(
        "Deregistration",
        "注销后税款、发票与责任主体难以追索，不可逆转",
        "once deregistered, tax, invoices and whoever answers for them are hard to reach; it cannot be undone",
    ),
    barred(
        "EquityTransfer",
        "计税价格需作专业判断，且登记后影响第三人权利",
        "the taxable price is a matter of judgement, and the register binds third parties",
    ),
    barred(
        "CreditRefund",
        "国库资金一经退付难以追回",
        "public money that was paid out is hard to get back",
    ),
];

/// Effects that a robot never has in another system, by name.
pub static EFFECTS: [Barred; 14] = [
    barred(
        "change_invoice_quota",
        "调整发票额度是虚开发票的入口",
        "a change of quota is the door to false invoices",
    ),
    barred(
        "deregister_taxpayer",
        "注销登记不可逆转",
        "a deregistration cannot be undone",
    ),
    barred(
        "transfer_equity",
        "股权变更登记影响第三人权利",
        "a transfer of equity binds third parties",
    ),
    barred(
        "pay_credit_refund",
        "留抵退税支付国库资金",
        "a refund of VAT credit pays out public money",
    ),
    barred(
        "pay_tax_refund",
        "退税支付国库资金；机器人只可提出退抵税申请，不可付款",
        "a refund pays out public money; a robot may apply for one and not pay it",
    ),
    barred(
        "change_bank_account",
        "变更纳税人银行账号可使退税款流向他人，是最常见的侵吞手法",
        "a changed account sends refunds to somebody else: the commonest way to embezzle one",
    ),
    barred(
        "waive_arrears",
        "减免欠税须依法定权限审批",
        "arrears are waived only by those whom the law names",
    ),
    barred(
        "waive_penalty",
        "减免罚款、滞纳金须依法定权限审批",
        "fines and late charges are waived only by those whom the law names",
    ),
    barred(
        "grant_exemption",
        "核准减免税须依法定权限审批",
        "an exemption is granted only by those whom the law names",
    ),
    barred(
        "void_invoice",
        "作废发票使销售记录消失；应开具红字发票冲销并留痕",
        "a voided invoice makes a sale vanish; a red-letter invoice reverses it and leaves a trace",
    ),
    barred(
        "lift_abnormal_status",
        "解除非正常户须核实补报补缴及处罚情况",
        "abnormal status is lifted once filings, tax and fines were looked into",
    ),
    barred(
        "lift_risk_warning",
        "解除风险预警等于放行被拦截的纳税人",
        "lifting a warning lets through everyone whom it stops",
    ),
    barred(
        "change_credit_grade",
        "纳税信用级别决定退税、开票等待遇",
        "the credit grade decides on refunds, quotas and more",
    ),
    barred(
        "close_inspection",
        "结束稽查案件属执法决定",
        "to close an inspection is an act of enforcement",
    ),
];

/// Whether a robot may never complete items of this kind, by its resource type.
pub fn forbids_kind(resource_type: &str) -> bool {
    // A namespace does not make it another kind.
    let name = resource_type.rsplit("::").next().unwrap_or(resource_type);
    KINDS
        .iter()
        .any(|kind| continues(kind.name, name) == Some(true))
}

/// Why a robot may never have this effect; nothing when the floor does not bar it.
pub fn forbids_effect(name: &str) -> Option<Text> {
    let found = EFFECTS
        .iter()
        .find(|effect| continues(effect.name, name).is_some());
    found.map(|effect| effect.reason.clone())
}

/// Whether `name` is `barred` (`true`) or goes on after it with another word (`false`).
fn continues(barred: &str, name: &str) -> Option<bool> {
    let plain = |text: &str| -> Vec<char> {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let (barred, name) = (plain(barred), plain(name));
    name.strip_prefix(barred.as_slice()).map(<[char]>::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_any_spelling() {
        for name in [
            "CreditRefund",
            "credit_refund",
            "Tax::CreditRefund",
            "CREDITREFUND",
        ] {
            assert!(forbids_kind(name), "{name}");
        }
        for name in ["AgentInvoiceReview", "RedLetterInvoice", "Refund", ""] {
            assert!(!forbids_kind(name), "{name}");
        }
    }

    #[test]
    fn effects_are_known_by_any_spelling_and_by_their_beginning() {
        for name in [
            "void_invoice",
            "VoidInvoice",
            "void-invoice",
            "void_invoice_again",
        ] {
            assert!(forbids_effect(name).is_some(), "{name}");
        }
        // What the kinds do today, and what is not an effect at all.
        for name in [
            "approve_and_issue",
            "return_to_applicant",
            "create_form",
            "confirm_form",
            "issue_red",
            "settle_tax",
            "write_back",
            "invoice",
            "",
        ] {
            assert_eq!(forbids_effect(name), None, "{name}");
        }
    }

    #[test]
    fn every_entry_is_named_once_and_says_why() {
        let all: Vec<&Barred> = KINDS.iter().chain(&EFFECTS).collect();
        for (index, one) in all.iter().enumerate() {
            assert!(!one.reason.zh.is_empty() && !one.reason.en.is_empty());
            assert!(
                all[..index].iter().all(|other| other.name != one.name),
                "{}",
                one.name
            );
        }
    }
}
