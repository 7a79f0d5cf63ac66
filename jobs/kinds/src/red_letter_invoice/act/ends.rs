//! Where an attempt ends with a person, and in what words.

use clerkwork_connectors_api::ConnectorError;
use clerkwork_core::Text;

use crate::{Done, Stop};

use super::{super::effect::OVERTAKEN, Step};

/// A refusal to enter or, with `confirming`, to confirm a form, which has words of its own or asks
/// for another decision.
pub(super) fn refused<T>(error: ConnectorError, confirming: bool) -> Step<T> {
    match error.code.as_deref() {
        Some(OVERTAKEN) => Ok(Err(Done::Reconsider)),
        Some("31120") if confirming => Ok(Err(Done::Contradicted(Text::new(
            "纳税人为高风险，上游系统不允许确认红字发票信息确认单，请人工处理",
            "the upstream forbids a taxpayer of high risk to confirm the form",
        )))),
        Some("31121") if confirming => Ok(Err(Done::Contradicted(Text::new(
            "纳税人处于红色预警，上游系统不允许确认红字发票信息确认单，请人工处理",
            "the upstream forbids a taxpayer under a red warning to confirm the form",
        )))),
        Some(_) | None => Err(Stop::Refused(error)),
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
            source: None,
        };
        for code in ["31120", "31121"] {
            let step = refused::<()>(with(Some(code)), true);
            assert!(matches!(step, Ok(Err(Done::Contradicted(_)))), "{code}");
        }
        let step = refused::<()>(with(Some(OVERTAKEN)), false);
        assert!(matches!(step, Ok(Err(Done::Reconsider))));
        for code in [Some("31022"), None] {
            let step = refused::<()>(with(code), true);
            assert!(matches!(step, Err(Stop::Refused(_))));
        }
        let step = refused::<()>(with(Some("31120")), false);
        assert!(matches!(step, Err(Stop::Refused(_))), "nobody confirms");
    }
}
