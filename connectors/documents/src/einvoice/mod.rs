//! Digital-invoice XML (数电票), blue and red.
//!
//! Printed `***` stands for what is not printed: with a tax of `***` the line is exempt, with a
//! number it is taxed on the margin. 免税 and 不征税 are read as well, and 不征税 is written, since
//! `***` would not tell it from exempt. A rate may be `0.13` or `13%`.
//!
//! A red invoice names the blue one in `RedEInvoice/OriginalInvoiceCode`: 20 digits of a digital
//! one, or 10 or 12 digits of a legacy code, whose number then stands in the remark
//! (对应正数发票代码:…号码:…). It names neither the blue invoice's day, nor the reason, nor lines of
//! the blue one: line n is taken to reverse line n.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

use crate::xml::Element;

/// Blue, in `InIssuType/LabelCode`.
const BLUE: &str = "Y";
/// Red.
const RED: &str = "N";
/// What is printed in place of a number.
const HIDDEN: &str = "***";
const EXEMPT: &str = "免税";
const NOT_TAXED: &str = "不征税";

/// Whether a root is that of a digital invoice.
pub(crate) fn is_root(root: &Element) -> bool {
    root.namespace.is_empty() && root.name == "EInvoice"
}

/// Whether a code is that of a legacy invoice.
fn is_legacy_code(code: &str) -> bool {
    matches!(code.len(), 10 | 12) && code.bytes().all(|byte| byte.is_ascii_digit())
}
