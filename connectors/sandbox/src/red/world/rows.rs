//! The lines of a blue invoice in whole numbers, and what is cut out of them.
//!
//! Prices are whole tens of cents and quantities whole tenths, so quantity times price is the
//! amount to the cent; only the tax is rounded.

use clerkwork_connectors_api::red_letter::{
    BlueLine, LineRole, ReversalLine, rate_word::EXEMPT, rate_word::MARGIN,
};
use clerkwork_core::Cents;

use super::{
    goods::{GOODS, LABOUR, ON_MARGIN, SERVICES, SMALL, Ware},
    shape::{Class, Extent, Shape},
};
use crate::generate::draw::Draw;

/// How a line is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rate {
    /// Basis points.
    Points(i64),
    Exempt,
    Margin,
}

/// A line of a blue invoice.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) ware: &'static Ware,
    pub(crate) item: &'static str,
    pub(crate) role: LineRole,
    /// Quantity in tenths; 0 for a discount.
    pub(crate) tenths: i64,
    /// Net price of a unit in cents.
    pub(crate) price: i64,
    pub(crate) net: i64,
    pub(crate) rate: Rate,
    pub(crate) tax: i64,
}

/// What is reversed of a line; all magnitudes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Index of the row.
    pub(crate) row: usize,
    pub(crate) tenths: Option<i64>,
    pub(crate) net: i64,
    pub(crate) tax: i64,
}

/// Tax on `net` at `rate`, rounded half up in its magnitude.
pub(crate) fn tax_on(net: i64, rate: Rate) -> i64 {
    match rate {
        Rate::Points(points) => (net.abs() * points + 5000) / 10_000 * net.signum(),
        Rate::Exempt | Rate::Margin => 0,
    }
}

/// The lines of an invoice of this shape; `small` for the rate of a small taxpayer.
pub(crate) fn rows(draw: &mut Draw, shape: &Shape, small: bool) -> Vec<Row> {
    let wares: &'static [Ware] = match shape.class {
        Class::Goods => &GOODS,
        Class::Labour => &LABOUR,
        Class::Services => &SERVICES,
        Class::Margin => return vec![margin(draw)],
    };
    let ware = draw.pick(wares);
    let rate = match () {
        () if shape.exempt => Rate::Exempt,
        () if small => Rate::Points(SMALL),
        () => Rate::Points(ware.rate),
    };
    let count = match draw.below(100) {
        _ if shape.large => 1,
        0..40 => 1,
        40..65 => 2,
        65..80 => 3,
        80..97 => draw.range(4, 6),
        // With its discount line, if there is one, still 100.
        _ => 100 - i64::from(shape.discount),
    };
    let first = draw.below(ware.items.len() as u64) as usize;
    let mut rows = Vec::with_capacity(count as usize + 1);
    for k in 0..count as usize {
        let item = ware.items[(first + k) % ware.items.len()];
        rows.push(row(draw, ware, item, rate, count, shape.large));
    }
    if shape.discount
        && let Some(discounted) = rows.first_mut()
    {
        discounted.role = LineRole::Discounted;
        let net = -(discounted.net * draw.range(3, 15) / 100).max(1);
        let discount = Row {
            role: LineRole::Discount,
            tenths: 0,
            price: 0,
            net,
            tax: tax_on(net, rate),
            ..discounted.clone()
        };
        rows.insert(1, discount);
    }
    rows
}

fn row(
    draw: &mut Draw,
    ware: &'static Ware,
    item: &'static str,
    rate: Rate,
    count: i64,
    large: bool,
) -> Row {
    // At least six units, so that three parts are parts.
    let units = draw.range(6, 30);
    let (price, units) = if large {
        let price = draw.range(ware.price.0, ware.price.1) * 100;
        (price, draw.range(13_000_000, 28_000_000) / price + 1)
    } else {
        // All lines together stay below 48,000 net.
        let most = 4_800_000 / count / units;
        let price = draw.range(ware.price.0 * 10, ware.price.1 * 10) * 10;
        (price.min(most / 10 * 10).max(10), units)
    };
    let half = i64::from(ware.halves && draw.permille(400)) * 5;
    let tenths = units * 10 + half;
    let net = price * tenths / 10;
    Row {
        ware,
        item,
        role: LineRole::Normal,
        tenths,
        price,
        net,
        rate,
        tax: tax_on(net, rate),
    }
}

/// One line, taxed on what is left after the deduction. The smallest is 200.00 less 2.00 at 1 %:
/// 198.04 and 1.96.
fn margin(draw: &mut Draw) -> Row {
    let ware = draw.pick(&ON_MARGIN);
    let (gross, deduction, points) = if draw.permille(200) {
        (20_000, 200, SMALL)
    } else {
        let gross = draw.range(ware.price.0, ware.price.1) * 100;
        (gross, gross * draw.range(1, 90) / 100, ware.rate)
    };
    let base = (gross - deduction) * points;
    let tax = (2 * base + 10_000 + points) / (2 * (10_000 + points));
    Row {
        ware,
        item: draw.pick::<&str>(ware.items),
        role: LineRole::Normal,
        tenths: 10,
        price: gross - tax,
        net: gross - tax,
        rate: Rate::Margin,
        tax,
    }
}

/// What is left of the rows after `earlier`; a discount is merged into the line it discounts.
fn left(rows: &[Row], earlier: &[Cut]) -> Vec<Cut> {
    let mut left: Vec<Cut> = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        match row.role {
            LineRole::Discount => {
                if let Some(discounted) = left.last_mut() {
                    discounted.net += row.net;
                    discounted.tax += row.tax;
                }
            }
            LineRole::Normal | LineRole::Discounted => left.push(Cut {
                row: i,
                tenths: Some(row.tenths),
                net: row.net,
                tax: row.tax,
            }),
        }
    }
    for cut in earlier {
        for rest in left.iter_mut().filter(|rest| rest.row == cut.row) {
            rest.tenths = rest.tenths.zip(cut.tenths).map(|(rest, cut)| rest - cut);
            rest.net -= cut.net;
            rest.tax -= cut.tax;
        }
    }
    left.retain(|rest| rest.net != 0);
    left
}

/// What is reversed; `part` counts the parts of a series from 0.
pub(crate) fn cuts(
    draw: &mut Draw,
    rows: &[Row],
    earlier: &[Cut],
    extent: Extent,
    part: u8,
) -> Vec<Cut> {
    let mut cuts = left(rows, earlier);
    match extent {
        Extent::Full => {}
        Extent::AmountFull => cuts.iter_mut().for_each(|cut| cut.tenths = None),
        Extent::Part => {
            cuts.truncate(1 + draw.below(2) as usize);
            for cut in &mut cuts {
                let row = &rows[cut.row];
                let units = draw.range(1, (row.tenths / 10 * 6 / 10).max(1));
                *cut = slice(row, cut.row, units * 10);
            }
        }
        Extent::Amount => {
            cuts.truncate(1 + draw.below(2) as usize);
            for cut in &mut cuts {
                let row = &rows[cut.row];
                cut.tenths = None;
                cut.net = (row.net * draw.range(50, 300) / 1000).max(10);
                cut.tax = match row.rate {
                    // There is no rate to multiply with.
                    Rate::Margin => row.tax * cut.net / row.net,
                    Rate::Points(_) | Rate::Exempt => tax_on(cut.net, row.rate),
                };
            }
        }
        Extent::Share(parts) => {
            for cut in &mut cuts {
                let row = &rows[cut.row];
                let share = slice(row, cut.row, row.tenths / 10 / i64::from(parts) * 10);
                *cut = share;
                if part + 1 == parts {
                    let before = i64::from(part);
                    cut.tenths = share.tenths.map(|tenths| row.tenths - before * tenths);
                    cut.net = row.net - before * share.net;
                    cut.tax = row.tax - before * share.tax;
                }
            }
        }
    }
    cuts
}

/// So many tenths of a row, at its price.
fn slice(row: &Row, index: usize, tenths: i64) -> Cut {
    let net = row.price * tenths / 10;
    Cut {
        row: index,
        tenths: Some(tenths),
        net,
        tax: tax_on(net, row.rate),
    }
}

/// `value` with `decimals` decimals, without trailing zeros.
pub(crate) fn decimal(value: i64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let width = decimals as usize;
    let text = format!("{sign}{}.{:0width$}", magnitude / scale, magnitude % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

impl Row {
    fn item_name(&self) -> String {
        format!("*{}*{}", self.ware.short, self.item)
    }

    fn rate_text(&self) -> String {
        match self.rate {
            Rate::Points(points) => decimal(points, 4),
            Rate::Exempt => EXEMPT.into(),
            Rate::Margin => MARGIN.into(),
        }
    }

    /// The row as the platform holds it, nothing reversed.
    pub(crate) fn blue_line(&self, index: usize) -> BlueLine {
        let counted = self.role != LineRole::Discount;
        let quantity = counted.then(|| decimal(self.tenths, 1));
        BlueLine {
            line: index as u32 + 1,
            role: self.role,
            item_name: self.item_name(),
            item_code: self.ware.code.into(),
            specification: self.ware.specification.into(),
            unit: self.ware.unit.into(),
            quantity: quantity.clone(),
            unit_price: counted.then(|| decimal(self.price, 2)),
            net: Cents(self.net),
            rate: self.rate_text(),
            tax: Cents(self.tax),
            remaining_quantity: quantity,
            remaining_net: Cents(self.net),
            remaining_tax: Cents(self.tax),
        }
    }

    /// The line that reverses `cut` of this row.
    pub(crate) fn reversal(&self, cut: &Cut) -> ReversalLine {
        let price = cut.tenths.filter(|tenths| *tenths != 0).map(|tenths| {
            // Merged with a discount, the price of a unit is what is left divided.
            let scaled = i128::from(cut.net) * 10 * 100_000_000 / i128::from(tenths) / 100;
            match self.role {
                LineRole::Normal => decimal(self.price, 2),
                LineRole::Discount | LineRole::Discounted => {
                    decimal(i64::try_from(scaled).unwrap_or(i64::MAX), 8)
                }
            }
        });
        ReversalLine {
            blue_line: cut.row as u32 + 1,
            item_name: self.item_name(),
            item_code: self.ware.code.into(),
            specification: self.ware.specification.into(),
            unit: self.ware.unit.into(),
            quantity: price.as_ref().and(cut.tenths).map(|t| decimal(-t, 1)),
            unit_price: price,
            net: Cents(-cut.net),
            rate: self.rate_text(),
            tax: Cents(-cut.tax),
        }
    }
}
