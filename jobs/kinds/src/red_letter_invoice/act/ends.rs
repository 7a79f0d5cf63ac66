//! Where an attempt ends with a person, and in what words.

use clerkwork_connectors_api::{ConnectorError, red_letter::Side};
use clerkwork_core::Text;

use crate::{Done, Stop};

use super::{
    super::{
        effect::{ANOTHER_FORM, OVERTAKEN},
        meant::ANOTHER,
    },
    Step,
};

/// A refusal to enter or, where a side is `confirming`, to confirm a form, which has words of its
/// own or asks for another decision.
pub(super) fn refused<T>(error: ConnectorError, confirming: Option<Side>) -> Step<T> {
    match (error.code.as_deref(), confirming) {
        (Some(OVERTAKEN), _) => Ok(Err(Done::Reconsider)),
        (Some(ANOTHER_FORM), _) => Ok(Err(Done::Contradicted(ANOTHER))),
        (Some("31120"), Some(side)) => Ok(Err(Done::Contradicted(high_risk(side)))),
        (Some("31121"), Some(side)) => Ok(Err(Done::Contradicted(red_warning(side)))),
        (Some(_) | None, _) => Err(Stop::Refused(error)),
    }
}

const fn high_risk(confirming: Side) -> Text {
    match confirming {
        Side::Seller => Text::new(
            "申请方（销售方）为高风险纳税人，上游系统不允许其确认红字发票信息确认单，请人工处理",
            "the upstream forbids the applicant's side (the seller), of high risk, to confirm the form",
        ),
        Side::Buyer => Text::new(
            "申请方（购买方）为高风险纳税人，上游系统不允许其确认红字发票信息确认单，请人工处理",
            "the upstream forbids the applicant's side (the buyer), of high risk, to confirm the form",
        ),
    }
}

const fn red_warning(confirming: Side) -> Text {
    match confirming {
        Side::Seller => Text::new(
            "申请方（销售方）处于红色预警，上游系统不允许其确认红字发票信息确认单，请人工处理",
            "the upstream forbids the applicant's side (the seller), under a red warning, to confirm the form",
        ),
        Side::Buyer => Text::new(
            "申请方（购买方）处于红色预警，上游系统不允许其确认红字发票信息确认单，请人工处理",
            "the upstream forbids the applicant's side (the buyer), under a red warning, to confirm the form",
        ),
    }
}

pub(super) const NO_RED_NUMBER: Text = Text::new(
    "已提交开具红字发票，但上游系统返回的红字发票号码不是20位数字，请人工核实",
    "issued, but the upstream's red invoice number does not have 20 digits",
);
pub(super) const NO_FORM_NUMBER: Text = Text::new(
    "红字发票信息确认单已处理，但记录中没有确认单编号，请人工核实",
    "the form was dealt with, but the record does not name it",
);
pub(super) const NO_SETTLEMENT_NUMBER: Text = Text::new(
    "退税或抵缴已提交，但记录中没有受理编号，请人工核实",
    "the refund or offset was opened, but the record does not name it",
);
pub(super) const NOTHING_TO_SETTLE: Text = Text::new(
    "红冲涉及代开已缴税款，但缺少完税凭证或退税、抵缴意愿，无法继续办理，请人工处理",
    "tax was paid through the bureau, but its receipt or what is to become of it is not known",
);
pub(super) const BLUE_GONE: Text = Text::new(
    "红字发票已经开具，但上游系统查无蓝字发票，请人工核实",
    "the red invoice is issued, but the upstream does not hold the blue one",
);
pub(super) const OVERDUE: Text = Text::new(
    "确认时限已过一天以上，上游系统仍显示待确认，请人工核实",
    "the time to confirm ended over a day ago, and the upstream still says that the form waits",
);
pub(super) const NO_DEADLINE: Text = Text::new(
    "没有规则记录载明申请日期适用的确认时限，确认单已等待30日以上，请人工核实",
    "no rule row holds the time to confirm of the day of application, and the form has waited for 30 days",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_refusals_have_words_of_their_own() {
        let with = |code: Option<&str>| ConnectorError {
            connector: "fake",
            operation: "answer_form",
            kind: clerkwork_connectors_api::ErrorKind::Rejected,
            code: code.map(str::to_owned),
            message: "as the test asked for".into(),
            page: None,
            source: None,
        };
        for code in ["31120", "31121"] {
            for (side, zh, en) in [
                (Side::Seller, "申请方（销售方）", "(the seller)"),
                (Side::Buyer, "申请方（购买方）", "(the buyer)"),
            ] {
                let step = refused::<()>(with(Some(code)), Some(side));
                let Ok(Err(Done::Contradicted(text))) = step else {
                    panic!("{code}");
                };
                assert!(text.zh.contains(zh) && text.en.contains(en), "{text:?}");
            }
        }
        let step = refused::<()>(with(Some(OVERTAKEN)), None);
        assert!(matches!(step, Ok(Err(Done::Reconsider))));
        for code in [Some("31022"), None] {
            let step = refused::<()>(with(code), Some(Side::Buyer));
            assert!(matches!(step, Err(Stop::Refused(_))));
        }
        let step = refused::<()>(with(Some("31120")), None);
        assert!(matches!(step, Err(Stop::Refused(_))), "nobody confirms");
    }
}
