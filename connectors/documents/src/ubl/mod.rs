//! Credit notes in UBL 2.1 under EN 16931.
//!
//! A credit note (type 381) carries positive amounts where a red invoice has negative ones, and
//! names the invoice that it credits (BR-55). Its elements are recognised by the namespaces, never
//! by prefixes.
//!
//! **Rates.** `S` with a percentage is a rate, `Z` is a rate of 0, `E` is exempt, `O` is not taxed.
//! EN 16931 has no category for an invoice that is taxed on the margin with a tax that shows: such
//! a line is written as `S` with the percentage that its tax makes of its net amount (or `E`,
//! without a tax), and marked by the item attribute 差额征税. `E` or `S` with the exemption reason
//! 差额征税 or one of `VATEX-EU-F`, `-I`, `-J` is read as the margin, too.
//!
//! **Tax of a line.** EN 16931 has none, so it is net × rate, rounded; what is left to the tax of
//! the subtotal goes to the largest lines, a cent each. Where that would not give the taxes that an
//! item has, they are written as item attributes (税额), and read from there.
//!
//! **Item attributes** of ours, all optional: 规格型号 specification, 单位 unit, 税额 tax, 差额征税
//! margin, and 数量 or 单价 with the value 无 where EN 16931 demands a quantity or a price and the
//! item has none.

mod line;
mod read;
mod tax;
mod totals;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

use crate::xml::Element;

const CREDIT_NOTE: &str = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2";
const CBC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";
const CAC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
const CUSTOMIZATION: &str = "urn:cen.eu:en16931:2017";
/// UNTDID 1001: credit note.
const TYPE: &str = "381";
/// The document that is the confirmation form.
const FORM: &str = "红字发票信息确认单";
const EXEMPT_REASON: &str = "免税";
const NOT_TAXED_REASON: &str = "不征税";
const MARGIN: &str = "差额征税";
/// Taxed on the margin: second-hand goods, works of art, antiques.
const MARGIN_CODES: [&str; 3] = ["VATEX-EU-F", "VATEX-EU-I", "VATEX-EU-J"];

/// Names of item attributes.
mod attribute {
    pub(super) const SPECIFICATION: &str = "规格型号";
    pub(super) const UNIT: &str = "单位";
    pub(super) const QUANTITY: &str = "数量";
    pub(super) const PRICE: &str = "单价";
    pub(super) const TAX: &str = "税额";
    pub(super) const NONE: &str = "无";
    pub(super) const YES: &str = "是";
}

/// A namespace, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    /// cbc: elements with a text.
    Basic,
    /// cac: elements with elements.
    Aggregate,
    /// Anything else.
    Other,
}

impl Space {
    fn of(element: &Element) -> Self {
        match element.namespace.as_str() {
            CBC => Self::Basic,
            CAC => Self::Aggregate,
            _ => Self::Other,
        }
    }
}

/// Whether a root is that of a credit note.
pub(crate) fn is_root(root: &Element) -> bool {
    root.namespace == CREDIT_NOTE && root.name == "CreditNote"
}
