//! The sums of a credit note, against each other and against the lines (BR-CO-10 to -16, BR-S-8).

use clerkwork_core::Cents;

use super::{
    MARGIN, MARGIN_CODES,
    line::Line,
    tax::{Category, Group, allocate},
};
use crate::{InvoiceLine, error::DocumentError, invoice::sum};

/// What `LegalMonetaryTotal` says.
pub(super) struct Totals {
    pub(super) lines: Cents,
    pub(super) net: Cents,
    pub(super) gross: Cents,
    pub(super) prepaid: Option<Cents>,
    pub(super) rounding: Option<Cents>,
    pub(super) payable: Cents,
}

/// A `TaxTotal` in the currency of the document.
pub(super) struct TaxTotal {
    pub(super) path: String,
    pub(super) tax: Cents,
    pub(super) subtotals: Vec<Subtotal>,
}

/// A `TaxSubtotal`.
pub(super) struct Subtotal {
    pub(super) path: String,
    pub(super) net: Cents,
    pub(super) tax: Cents,
    pub(super) group: Group,
    pub(super) reason: Option<String>,
    pub(super) reason_code: Option<String>,
}

impl Subtotal {
    fn is_margin(&self) -> bool {
        let reason = self.reason.as_deref();
        let code = self.reason_code.as_deref();
        match self.group.category {
            Category::Standard | Category::Exempt => {
                reason.is_some_and(|reason| reason.contains(MARGIN))
                    || code.is_some_and(|code| MARGIN_CODES.contains(&code))
            }
            Category::Zero | Category::Outside => false,
        }
    }
}

const TOTALS: &str = "CreditNote/LegalMonetaryTotal";

fn equal(path: &str, found: Cents, expected: Cents) -> Result<(), DocumentError> {
    if found == expected {
        Ok(())
    } else {
        Err(DocumentError::sum(path, found, expected))
    }
}

/// Checks `LegalMonetaryTotal` against the lines and the tax.
pub(super) fn check(totals: &Totals, lines: &[Line], tax: &TaxTotal) -> Result<(), DocumentError> {
    let at = |name: &str| format!("{TOTALS}/{name}");
    let lines_path = at("LineExtensionAmount");
    let lines = sum(&lines_path, lines.iter().map(|line| line.net))?;
    equal(&lines_path, totals.lines, lines)?;
    equal(&at("TaxExclusiveAmount"), totals.net, totals.lines)?;
    let gross_path = at("TaxInclusiveAmount");
    let gross = sum(&gross_path, [totals.net, tax.tax])?;
    equal(&gross_path, totals.gross, gross)?;
    let payable_path = at("PayableAmount");
    let prepaid = totals.prepaid.unwrap_or_default();
    let rounding = totals.rounding.unwrap_or_default();
    let payable = gross
        .minus(prepaid)
        .and_then(|payable| payable.plus(rounding));
    let payable = payable.ok_or_else(|| {
        DocumentError::unfit(
            &payable_path,
            "its parts are too large to be added; correct them",
        )
    })?;
    equal(&payable_path, totals.payable, payable)?;
    let subtotals = sum(&tax.path, tax.subtotals.iter().map(|part| part.tax))?;
    equal(&format!("{}/TaxAmount", tax.path), tax.tax, subtotals)
}

/// Gives every line its tax, each group of lines from its subtotal.
pub(super) fn tax_lines(
    lines: Vec<Line>,
    tax: &TaxTotal,
) -> Result<Vec<InvoiceLine>, DocumentError> {
    let mut taxes = vec![Cents::ZERO; lines.len()];
    let mut margin = vec![false; lines.len()];
    for (index, subtotal) in tax.subtotals.iter().enumerate() {
        let before = tax.subtotals.iter().take(index);
        if before
            .into_iter()
            .any(|other| other.group == subtotal.group)
        {
            return Err(DocumentError::Doubled {
                path: format!("{}/TaxCategory", subtotal.path),
            });
        }
        let of_group = |(_, line): &(usize, &Line)| line.group == subtotal.group;
        let group: Vec<_> = lines.iter().enumerate().filter(of_group).collect();
        let nets: Vec<_> = group.iter().map(|(_, line)| line.net).collect();
        let net_path = format!("{}/TaxableAmount", subtotal.path);
        equal(
            &net_path,
            subtotal.net,
            sum(&net_path, nets.iter().copied())?,
        )?;
        let given: Option<Vec<_>> = group.iter().map(|(_, line)| line.tax).collect();
        let tax_path = format!("{}/TaxAmount", subtotal.path);
        let shares = match given {
            Some(given) => {
                let whole = sum(&tax_path, given.iter().copied())?;
                equal(&tax_path, subtotal.tax, whole)?;
                given
            }
            None => allocate(&nets, subtotal.group.percent, subtotal.tax).ok_or_else(|| {
                let whole = allocate_plainly(&nets, subtotal.group);
                DocumentError::sum(&tax_path, subtotal.tax, whole)
            })?,
        };
        for ((index, _), share) in group.iter().zip(shares) {
            if let (Some(tax), Some(margin)) = (taxes.get_mut(*index), margin.get_mut(*index)) {
                *tax = share;
                *margin = subtotal.is_margin();
            }
        }
    }
    let of_some_group = |line: &Line| tax.subtotals.iter().any(|part| part.group == line.group);
    if let Some(line) = lines.iter().find(|line| !of_some_group(line)) {
        return Err(DocumentError::unfit(
            format!("{}/Item/ClassifiedTaxCategory", line.path),
            "no `TaxSubtotal` has this category and percentage; add it at the issuer",
        ));
    }
    let lines = lines.into_iter().zip(taxes).zip(margin);
    Ok(lines
        .map(|((mut line, tax), margin)| {
            line.margin |= margin;
            line.into_red(tax)
        })
        .collect())
}

/// What the lines' own taxes make, for a message.
fn allocate_plainly(nets: &[Cents], group: Group) -> String {
    let rate = group
        .percent
        .checked_div(rust_decimal::Decimal::ONE_HUNDRED);
    let taxes = nets
        .iter()
        .map(|net| rate.and_then(|rate| net.times(rate)))
        .collect::<Option<Vec<_>>>();
    match taxes.and_then(Cents::sum) {
        Some(sum) => format!("{sum} within a cent a line"),
        None => "no amount".into(),
    }
}
