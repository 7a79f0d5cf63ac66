//! What is left of the blue invoice, and whether the lines keep to it, to the cent.
//!
//! A discount line is merged into the line it discounts before anything is compared. What the job's
//! own red invoice took is put back first, so that the answer is the same before and after it.
//! Forms of others that are still open hold what they would reverse. `lines` holds what each line
//! must keep to by itself.

mod lines;

use std::collections::{BTreeMap, BTreeSet};

use clerkwork_connectors_api::red_letter::{
    BlueInvoice, BlueLine, BlueStatus, ConfirmationForm, LineRole, RedLetterApplication,
    ReversalLine, ReversalReason,
};
use clerkwork_core::{Cents, Finding};
use rust_decimal::Decimal;

use super::{
    Code,
    basis::{reversed_quantity, rules, size},
};

/// First digits of the item codes of services, and of goods and labour.
const SERVICES: &[u8] = b"3";
const GOODS_AND_LABOUR: &[u8] = b"12";

/// Amounts of one line, as sizes. Quantity only where there is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Amounts {
    net: i128,
    tax: i128,
    quantity: Option<Decimal>,
}

impl Amounts {
    fn of(line: &ReversalLine) -> Self {
        Self {
            net: size(line.net),
            tax: size(line.tax),
            quantity: line.quantity.as_deref().and_then(reversed_quantity),
        }
    }

    /// Merges a discount, whose amounts are negative, into its line.
    fn merge(&mut self, discount: Self) {
        self.net = self.net.saturating_add(discount.net);
        self.tax = self.tax.saturating_add(discount.tax);
    }

    fn plus(self, other: Self) -> Self {
        let quantity = match (self.quantity, other.quantity) {
            (Some(a), Some(b)) => a.checked_add(b).or(Some(a)),
            (one, None) | (None, one) => one,
        };
        Self {
            net: self.net.saturating_add(other.net),
            tax: self.tax.saturating_add(other.tax),
            quantity,
        }
    }
}

/// A line of the blue invoice, its discount merged in.
struct Merged<'b> {
    line: &'b BlueLine,
    /// How many discount lines were merged in.
    discounts: u32,
    /// The whole line.
    whole: Amounts,
    /// What is left of it.
    rest: Amounts,
}

/// What is left of a blue invoice but for the job's own doing.
pub(super) struct Remainder<'b> {
    lines: BTreeMap<u32, Merged<'b>>,
    discounts: BTreeSet<u32>,
    /// Where the invoice stands but for the job's own red invoice: what the upstream says or what
    /// its lines come to, whichever leaves less.
    pub(super) status: BlueStatus,
}

impl<'b> Remainder<'b> {
    /// `own_red`: the lines of the job's red invoice, when the upstream has counted it.
    pub(super) fn of(blue: &'b BlueInvoice, own_red: Option<&[ReversalLine]>) -> Self {
        let mut lines: BTreeMap<u32, Merged<'b>> = BTreeMap::new();
        let mut discounts = BTreeSet::new();
        let mut before: Option<u32> = None;
        for line in &blue.lines {
            let (whole, rest) = amounts(line);
            match (line.role, before.and_then(|number| lines.get_mut(&number))) {
                (LineRole::Discount, Some(discounted)) => {
                    discounted.discounts += 1;
                    discounted.whole.merge(whole);
                    discounted.rest.merge(rest);
                    discounts.insert(line.line);
                }
                (LineRole::Normal | LineRole::Discounted | LineRole::Discount, _) => {
                    before = Some(line.line);
                    lines.insert(
                        line.line,
                        Merged {
                            line,
                            discounts: 0,
                            whole,
                            rest,
                        },
                    );
                }
            }
        }
        for line in own_red.unwrap_or_default() {
            if let Some(merged) = lines.get_mut(&line.blue_line) {
                merged.rest = merged.rest.plus(Amounts::of(line));
            }
        }
        let told = status_of(&lines);
        let status = match (own_red, blue.status) {
            (None, status) => stricter(status, told),
            (Some(_), BlueStatus::Voided) => BlueStatus::Voided,
            // The job's own red invoice is in the upstream's word, and in the lines no more.
            (Some(_), BlueStatus::Normal | BlueStatus::PartlyReversed | BlueStatus::Reversed) => {
                told
            }
        };
        Self {
            lines,
            discounts,
            status,
        }
    }

    /// Whether the lines reverse all that is left.
    pub(super) fn is_full(&self, application: &RedLetterApplication) -> bool {
        let taken = taken(application.lines.iter());
        let mut any = false;
        let all = self.lines.iter().all(|(number, merged)| {
            let taken = taken.get(number).copied().unwrap_or_default();
            any |= merged.rest.net != 0;
            (taken.net, taken.tax) == (merged.rest.net, merged.rest.tax)
        });
        any && all && taken.keys().all(|number| self.lines.contains_key(number))
    }

    /// Adds what is wrong with the lines. `others`: forms of others that are still open.
    pub(super) fn check<'f>(
        &self,
        application: &RedLetterApplication,
        margin: bool,
        others: impl Iterator<Item = &'f ConfirmationForm>,
        out: &mut Vec<Finding>,
    ) {
        let rules = rules(application);
        let full = self.is_full(application);
        let untouched = self.status == BlueStatus::Normal;
        let reserved = taken(others.flat_map(|form| form.draft.lines.iter()));
        let before = out.len();
        for (i, line) in application.lines.iter().enumerate() {
            let Some(merged) = self.lines.get(&line.blue_line) else {
                let code = if self.discounts.contains(&line.blue_line) {
                    Code::LineIsDiscount
                } else {
                    Code::LineUnknown
                };
                out.push(code.at(format!("/lines/{i}/blue_line")));
                continue;
            };
            lines::same_item(i, line, merged.line, out);
            lines::within(i, line, &merged.rest, out);
            if full && untouched {
                lines::full_tax(i, line, merged.discounts, &rules, out);
            }
            lines::allowed(i, line, merged, application.reason, &rules, out);
        }
        let keeps = out.len() == before;
        if keeps && self.is_reserved(application, &reserved) {
            out.push(Code::Reserved.at("/lines"));
        }
        self.items(application, out);
        if application.reason == ReversalReason::IssuingMistake {
            if self.status == BlueStatus::PartlyReversed {
                out.push(Code::MistakeAfterPartial.at("/reason"));
            } else if !full || !self.takes_all_quantities(application) {
                out.push(Code::MistakeNotInFull.at("/lines"));
            }
        }
        if margin && !full {
            out.push(Code::MarginNotInFull.at("/lines"));
        }
    }

    /// Whether the reason fits the items, by the codes that the blue invoice bears: those of the
    /// application are its own word, and a file need not give any.
    fn items(&self, application: &RedLetterApplication, out: &mut Vec<Finding>) {
        let (chapters, code) = match application.reason {
            ReversalReason::ReturnOfGoods => (SERVICES, Code::ReturnOfServices),
            ReversalReason::ServiceStopped => (GOODS_AND_LABOUR, Code::StoppedGoods),
            ReversalReason::IssuingMistake | ReversalReason::SalesAllowance => return,
        };
        // A line that the blue invoice does not have is a finding already.
        let lines = application.lines.iter();
        let blue = lines.filter_map(|line| self.lines.get(&line.blue_line));
        let first: Vec<_> = blue
            .map(|merged| merged.line.item_code.trim().bytes().next())
            .collect();
        let fits = |first: &u8| !chapters.contains(first);
        if first.is_empty() || first.iter().flatten().any(fits) {
            return;
        }
        let code = if first.contains(&None) {
            Code::BlueItemCodeMissing
        } else {
            code
        };
        out.push(code.at("/reason"));
    }

    fn is_reserved(
        &self,
        application: &RedLetterApplication,
        reserved: &BTreeMap<u32, Amounts>,
    ) -> bool {
        application.lines.iter().any(|line| {
            let (Some(merged), Some(held)) = (
                self.lines.get(&line.blue_line),
                reserved.get(&line.blue_line),
            ) else {
                return false;
            };
            let wanted = Amounts::of(line).plus(*held);
            over(&wanted, &merged.rest)
        })
    }

    fn takes_all_quantities(&self, application: &RedLetterApplication) -> bool {
        application.lines.iter().all(|line| {
            let rest = self.lines.get(&line.blue_line).map(|merged| merged.rest);
            rest.is_none_or(|rest| rest.quantity == Amounts::of(line).quantity)
        })
    }
}

/// The whole line, and what is left of it. A discount counts negative.
fn amounts(line: &BlueLine) -> (Amounts, Amounts) {
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<Decimal>().ok());
    let quantity = number(line.quantity.as_deref());
    let rest = number(line.remaining_quantity.as_deref());
    let cents = |amount: Cents| i128::from(amount.0);
    let whole = Amounts {
        net: cents(line.net),
        tax: cents(line.tax),
        quantity,
    };
    let rest = Amounts {
        net: cents(line.remaining_net),
        tax: cents(line.remaining_tax),
        // A quantity that is used up may be told as none at all.
        quantity: quantity.map(|_| rest.unwrap_or_default()),
    };
    (whole, rest)
}

fn status_of(lines: &BTreeMap<u32, Merged<'_>>) -> BlueStatus {
    let nothing = |merged: &Merged<'_>| (merged.rest.net, merged.rest.tax) == (0, 0);
    let all = |merged: &Merged<'_>| {
        (merged.rest.net, merged.rest.tax) == (merged.whole.net, merged.whole.tax)
    };
    if lines.values().all(all) {
        BlueStatus::Normal
    } else if lines.values().all(nothing) {
        BlueStatus::Reversed
    } else {
        BlueStatus::PartlyReversed
    }
}

fn stricter(a: BlueStatus, b: BlueStatus) -> BlueStatus {
    let rank = |status| match status {
        BlueStatus::Normal => 0,
        BlueStatus::PartlyReversed => 1,
        BlueStatus::Reversed => 2,
        BlueStatus::Voided => 3,
    };
    if rank(a) < rank(b) { b } else { a }
}

fn taken<'l>(lines: impl Iterator<Item = &'l ReversalLine>) -> BTreeMap<u32, Amounts> {
    let mut sums: BTreeMap<u32, Amounts> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(line.blue_line).or_default();
        *sum = sum.plus(Amounts::of(line));
    }
    sums
}

fn over(wanted: &Amounts, rest: &Amounts) -> bool {
    wanted.net > rest.net
        || wanted.tax > rest.tax
        || matches!((wanted.quantity, rest.quantity), (Some(wanted), Some(rest)) if wanted > rest)
}
