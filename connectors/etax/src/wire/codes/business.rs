//! Codes and wordings of the envelope.

/// Done.
pub const OK: &str = "0";
/// The taxpayer is not registered.
pub const NOT_REGISTERED: &str = "31021";
/// There is no such application.
pub const UNKNOWN_APPLICATION: &str = "31301";
/// The write was already done, or the state forbids it. The platform uses the code for two of
/// the [`ALREADY_DONE`] wordings.
pub const STATE_FORBIDS: &str = "31302";
/// The write was already done; the code of the third wording.
pub const DUPLICATE_REQUEST: &str = "31399";
/// No risk information is cached; ask again later.
pub const NO_RISK_INFORMATION: &str = "31022";
/// A taxpayer of high risk may not confirm a form.
pub const HIGH_RISK: &str = "31120";
/// A taxpayer under a red warning may not confirm a form.
pub const RED_WARNING: &str = "31121";
/// There is no such blue invoice.
pub const UNKNOWN_BLUE: &str = "31401";
/// 没有可红冲的金额: nothing is left to reverse, perhaps because of our own form.
pub const NOTHING_TO_REVERSE: &str = "31402";
/// 存在进行中的红字确认单保存操作: a form is being saved, perhaps our own.
pub const SAVING_FORM: &str = "31403";
/// There is no such form.
pub const UNKNOWN_FORM: &str = "31404";
/// The form's state forbids it, perhaps because it was done before.
pub const FORM_STATE_FORBIDS: &str = "31405";
/// What is named is not the applicant's.
pub const NOT_APPLICANTS: &str = "31406";
/// This side may not start or answer it.
pub const WRONG_SIDE: &str = "31407";
/// There is no such receipt, or nothing on it to settle.
pub const NOTHING_TO_SETTLE: &str = "31408";
/// A settlement rests on this red invoice already, perhaps our own.
pub const ALREADY_SETTLED: &str = "31409";
/// The platform could not say yet; [`BUSY_WORDING`].
pub const BUSY: &str = "99999";

/// What the platform says to a write that it has done before, with the code it uses: the same
/// fact in three wordings.
pub const ALREADY_DONE: [(&str, &str); 3] = [
    (STATE_FORBIDS, "该申请已开具发票，请勿重复提交"),
    (STATE_FORBIDS, "申请单状态不允许开票"),
    (DUPLICATE_REQUEST, "重复的业务请求"),
];

/// What the platform says while a form of the same blue invoice is being saved.
pub const SAVING_FORM_WORDING: &str = "存在进行中的红字确认单保存操作";

/// What the platform says when all of a blue invoice, or of its line, is spoken for.
pub const NOTHING_TO_REVERSE_WORDING: &str = "没有可红冲的金额";

/// What the platform says under load.
pub const BUSY_WORDING: &str = "系统繁忙，请稍后再试";
