//! Why the platform refuses, in its codes and wordings.

use clerkwork_etax::wire::codes::business;

/// Why it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownApplication,
    UnknownBlue,
    NothingToReverse,
    Saving,
    UnknownForm,
    /// The red invoice is issued.
    AlreadyIssued,
    /// The state of the form is another.
    FormState,
    NotApplicants,
    WrongSide,
    NothingToSettle,
    AlreadySettled,
    HighRisk,
    RedWarning,
    /// The application is done.
    AlreadyDone,
    /// The application was returned or withdrawn.
    AlreadyReturned,
}

/// One fact in turns of three wordings, as real platforms have grown them.
type Wordings = [(&'static str, &'static str); 3];

const ALREADY_ISSUED: Wordings = [
    (
        business::FORM_STATE_FORBIDS,
        "该确认单已开具红字发票，请勿重复提交",
    ),
    (business::FORM_STATE_FORBIDS, "确认单状态不允许开票"),
    (
        business::FORM_STATE_FORBIDS,
        "红字发票已开具，重复的业务请求",
    ),
];

const FORM_STATE: Wordings = [
    (business::FORM_STATE_FORBIDS, "确认单状态不允许此操作"),
    (business::FORM_STATE_FORBIDS, "该确认单已作废或已处理"),
    (
        business::FORM_STATE_FORBIDS,
        "确认单当前状态不可操作，请刷新后重试",
    ),
];

const ALREADY_DONE: Wordings = [
    (business::STATE_FORBIDS, "该申请已办结，请勿重复提交"),
    (business::STATE_FORBIDS, "申请单状态不允许此操作"),
    (business::DUPLICATE_REQUEST, "重复的业务请求"),
];

const ALREADY_RETURNED: Wordings = [
    (business::STATE_FORBIDS, "该申请已退回或撤回，请勿重复提交"),
    (business::STATE_FORBIDS, "申请单状态不允许此操作"),
    (business::DUPLICATE_REQUEST, "重复的业务请求"),
];

impl Refusal {
    /// Code and message of the refusal number `turn`.
    pub(crate) fn words(self, turn: usize) -> (&'static str, &'static str) {
        let one_of = |wordings: Wordings| wordings[turn % wordings.len()];
        match self {
            Self::UnknownApplication => (business::UNKNOWN_APPLICATION, "申请单不存在"),
            Self::UnknownBlue => (business::UNKNOWN_BLUE, "未查询到该蓝字发票"),
            Self::NothingToReverse => (
                business::NOTHING_TO_REVERSE,
                business::NOTHING_TO_REVERSE_WORDING,
            ),
            Self::Saving => (business::SAVING_FORM, business::SAVING_FORM_WORDING),
            Self::UnknownForm => (business::UNKNOWN_FORM, "红字发票信息确认单不存在"),
            Self::AlreadyIssued => one_of(ALREADY_ISSUED),
            Self::FormState => one_of(FORM_STATE),
            Self::NotApplicants => (business::NOT_APPLICANTS, "所填信息与蓝字发票或申请不一致"),
            Self::WrongSide => (business::WRONG_SIDE, "当前身份不可发起或处理该确认单"),
            Self::NothingToSettle => (business::NOTHING_TO_SETTLE, "完税凭证不存在或无可退抵税额"),
            Self::AlreadySettled => (business::ALREADY_SETTLED, "该红字发票已申请退抵税"),
            Self::HighRisk => (business::HIGH_RISK, "高风险纳税人，不允许确认"),
            Self::RedWarning => (business::RED_WARNING, "红色预警纳税人，不允许确认"),
            Self::AlreadyDone => one_of(ALREADY_DONE),
            Self::AlreadyReturned => one_of(ALREADY_RETURNED),
        }
    }
}
