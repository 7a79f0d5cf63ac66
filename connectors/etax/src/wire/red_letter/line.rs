//! A line of a reversal.

use clerkwork_connectors_api::red_letter::{LineRole, ReversalLine};
use clerkwork_core::Cents;
use serde::{Deserialize, Serialize};

use super::super::{WireError, codes, null_as_default, present};

/// A line of an application or a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hzmx {
    /// Number of the line, from 1.
    pub xh: u32,
    /// Number of the blue invoice's line that it reverses, from 1.
    pub lzmxxh: u32,
    /// Item code, 19 digits.
    #[serde(default, deserialize_with = "null_as_default")]
    pub sphfwssflhbbm: String,
    /// `*short name*name`.
    pub hwhyslwfwmc: String,
    /// The name without the short name. Follows from `hwhyslwfwmc`, so it is not read.
    #[serde(default, deserialize_with = "null_as_default")]
    pub xmmc: String,
    /// Specification.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ggxh: String,
    /// Unit.
    #[serde(default, deserialize_with = "null_as_default")]
    pub dw: String,
    /// Quantity, negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fpspsl: Option<String>,
    /// Net unit price, positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fpspdj: Option<String>,
    /// Net amount, negative.
    pub je: Cents,
    /// Rate, see [`codes::read_rate`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub sl1: String,
    /// Tax, negative or zero.
    pub se: Cents,
    /// What the line is among its neighbours: 0, since discounts are merged before a reversal.
    pub fphxz: String,
    /// Why the rate is zero: empty, 1 exempt, 2 not taxed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub lslbs: String,
}

impl TryFrom<Hzmx> for ReversalLine {
    type Error = WireError;

    fn try_from(wire: Hzmx) -> Result<Self, WireError> {
        // Discounts are merged, so there is one role; a word for none is still an error.
        codes::read_line_role("fphxz", &wire.fphxz)?;
        Ok(Self {
            blue_line: wire.lzmxxh,
            item_name: wire.hwhyslwfwmc,
            item_code: wire.sphfwssflhbbm,
            specification: wire.ggxh,
            unit: wire.dw,
            quantity: present(wire.fpspsl),
            unit_price: present(wire.fpspdj),
            net: wire.je,
            rate: codes::read_rate(wire.sl1, &wire.lslbs)?,
            tax: wire.se,
        })
    }
}

impl Hzmx {
    /// The wire form of the line with the number `xh`, from 1.
    pub fn of(line: &ReversalLine, xh: u32) -> Self {
        let (sl1, lslbs) = codes::rate_codes(&line.rate);
        Self {
            xh,
            lzmxxh: line.blue_line,
            sphfwssflhbbm: line.item_code.clone(),
            hwhyslwfwmc: line.item_name.clone(),
            xmmc: bare_name(&line.item_name).into(),
            ggxh: line.specification.clone(),
            dw: line.unit.clone(),
            fpspsl: line.quantity.clone(),
            fpspdj: line.unit_price.clone(),
            je: line.net,
            sl1: sl1.into(),
            se: line.tax,
            fphxz: codes::line_role_code(LineRole::Normal).into(),
            lslbs: lslbs.into(),
        }
    }
}

/// All lines, numbered from 1.
pub(super) fn write_lines(lines: &[ReversalLine]) -> Vec<Hzmx> {
    lines
        .iter()
        .zip(1..)
        .map(|(line, xh)| Hzmx::of(line, xh))
        .collect()
}

/// All lines in their order.
pub(super) fn read_lines(lines: Vec<Hzmx>) -> Result<Vec<ReversalLine>, WireError> {
    lines.into_iter().map(ReversalLine::try_from).collect()
}

/// `name` of `*short name*name`.
fn bare_name(printed: &str) -> &str {
    let parts = printed.strip_prefix('*').and_then(|p| p.split_once('*'));
    parts.map_or(printed, |(_, name)| name)
}
