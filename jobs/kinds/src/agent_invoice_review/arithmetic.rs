//! Sums, to the cent.
//!
//! A line may be off by one cent, since quantity, price and rate are rounded somewhere before they
//! are typed in: |quantity × price − net| ≤ 0.01 and |net × rate − tax| ≤ 0.01. Totals may not be
//! off at all.

use clerkwork_connectors_api::agent_invoice::{Application, Line};
use clerkwork_core::{Cents, Finding};
use rust_decimal::Decimal;

use crate::{
    capitals,
    decimals::{plain_decimal, rate},
};

use super::Code;

/// Decimals of a quantity, of a unit price.
const QUANTITY_SCALE: usize = 13;
const PRICE_SCALE: usize = 10;
/// What a line may be off by, in yuan.
const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

pub(super) fn check(application: &Application, out: &mut Vec<Finding>) {
    for (i, line) in application.lines.iter().enumerate() {
        check_line(i, line, out);
    }
    let sum = |amount: fn(&Line) -> Cents| Cents::sum(application.lines.iter().map(amount));
    if sum(|line| line.net) != Some(application.total_net) {
        out.push(Code::TotalNet.at("/total_net"));
    }
    if sum(|line| line.tax) != Some(application.total_tax) {
        out.push(Code::TotalTax.at("/total_tax"));
    }
    if application.total_net.plus(application.total_tax) != Some(application.total_gross) {
        out.push(Code::TotalGross.at("/total_gross"));
    }
    match capitals::read(&application.total_in_words) {
        None => out.push(Code::CapitalsUnreadable.at("/total_in_words")),
        Some(amount) if amount != application.total_gross => {
            out.push(Code::CapitalsMismatch.at("/total_in_words"));
        }
        Some(_) => {}
    }
}

fn check_line(i: usize, line: &Line, out: &mut Vec<Finding>) {
    if line.net <= Cents::ZERO {
        out.push(Code::AmountSign.at(format!("/lines/{i}/net")));
    }
    if line.tax < Cents::ZERO {
        out.push(Code::AmountSign.at(format!("/lines/{i}/tax")));
    }
    match (&line.quantity, &line.unit_price) {
        (Some(quantity), Some(price)) => {
            let quantity = positive(quantity, QUANTITY_SCALE);
            let price = positive(price, PRICE_SCALE);
            match (quantity, price) {
                (None, _) => out.push(Code::QuantityOrPriceForm.at(format!("/lines/{i}/quantity"))),
                (_, None) => {
                    out.push(Code::QuantityOrPriceForm.at(format!("/lines/{i}/unit_price")));
                }
                (Some(quantity), Some(price)) => {
                    if !near(quantity.checked_mul(price), line.net) {
                        out.push(Code::NetMismatch.at(format!("/lines/{i}/net")));
                    }
                }
            }
        }
        (None, None) => {}
        (Some(_), None) => {
            out.push(Code::QuantityWithoutPrice.at(format!("/lines/{i}/unit_price")));
        }
        (None, Some(_)) => out.push(Code::QuantityWithoutPrice.at(format!("/lines/{i}/quantity"))),
    }
    // A rate that cannot be read is a finding of its own.
    if tax_fits(line) == Some(false) {
        out.push(Code::TaxMismatch.at(format!("/lines/{i}/tax")));
    }
}

/// Whether the tax of a line is that of its net amount; nothing when its rate cannot be read.
pub(super) fn tax_fits(line: &Line) -> Option<bool> {
    let rate = rate(&line.levy_rate)?;
    Some(near(line.net.yuan().checked_mul(rate), line.tax))
}

fn positive(text: &str, scale: usize) -> Option<Decimal> {
    plain_decimal(text, scale).filter(|value| !value.is_zero())
}

/// Whether an exact product and an amount differ by one cent at most. A product that does not fit
/// is no amount.
fn near(product: Option<Decimal>, amount: Cents) -> bool {
    product
        .and_then(|product| product.checked_sub(amount.yuan()))
        .is_some_and(|difference| difference.abs() <= TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(net: i64, levy_rate: &str, tax: i64) -> Line {
        Line {
            item_name: "*信息技术服务*软件开发".into(),
            item_code: "3040201010000000000".into(),
            specification: String::new(),
            unit: String::new(),
            quantity: None,
            unit_price: None,
            net: Cents(net),
            levy_rate: levy_rate.into(),
            tax: Cents(tax),
        }
    }

    fn codes(line: &Line) -> Vec<String> {
        let mut out = Vec::new();
        check_line(0, line, &mut out);
        out.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn published_pairs_hold() {
        assert!(codes(&line(419_717, "0.06", 25_183)).is_empty());
        assert!(codes(&line(49_505, "0.01", 495)).is_empty());
    }

    #[test]
    fn one_cent_is_tolerated_and_no_more() {
        assert!(codes(&line(100_000, "0.03", 3_001)).is_empty());
        assert!(codes(&line(100_000, "0.03", 2_999)).is_empty());
        assert_eq!(codes(&line(100_000, "0.03", 3_002)), ["AIR-SUM-004"]);
        assert_eq!(codes(&line(100_000, "0.03", 2_998)), ["AIR-SUM-004"]);
        // 1000.20 × 0.03 = 30.006: 30.01 is 0.004 off, 30.02 is 0.014 off.
        assert!(codes(&line(100_020, "0.03", 3_001)).is_empty());
        assert_eq!(codes(&line(100_020, "0.03", 3_002)), ["AIR-SUM-004"]);
    }

    #[test]
    fn quantity_times_price_is_held_to_the_cent() {
        let with = |quantity: &str, price: &str, net| {
            let mut line = line(net, "0", 0);
            line.quantity = Some(quantity.into());
            line.unit_price = Some(price.into());
            codes(&line)
        };
        assert!(with("3", "33.3333333333", 10_000).is_empty());
        assert!(with("1", "100.01", 10_000).is_empty());
        assert_eq!(with("1", "100.0101", 10_000), ["AIR-SUM-003"]);
        assert_eq!(with("0", "100", 10_000), ["AIR-SUM-001"]);
        assert_eq!(with("1e2", "1", 10_000), ["AIR-SUM-001"]);
        assert_eq!(with("-1", "-100", 10_000), ["AIR-SUM-001"]);
        assert_eq!(with("1", "100.00000000001", 10_000), ["AIR-SUM-001"]);
        assert_eq!(
            with("999999999999999", "999999999999999", 10_000),
            ["AIR-SUM-003"]
        );
    }

    proptest! {
        #[test]
        fn an_honestly_computed_line_is_never_refused(
            gross in 1_i64..10_000_000_000, rate in prop::sample::select(vec!["0.01", "0.015", "0.03", "0.05", "0.06"]), quantity in 1_i64..10_000,
        ) {
            let net = Cents(gross).net_of(rate.parse().unwrap()).unwrap();
            prop_assume!(net > Cents::ZERO);
            let mut line = line(net.0, rate, gross - net.0);
            let price = (net.yuan() / Decimal::from(quantity)).round_dp(10);
            prop_assume!(!price.is_zero());
            line.quantity = Some(quantity.to_string());
            line.unit_price = Some(price.to_string());
            prop_assert_eq!(codes(&line), Vec::<String>::new());
        }

        #[test]
        fn a_tax_that_is_off_by_two_cents_or_more_is_always_found(net in 1_i64..10_000_000_000, off in 2_i64..1_000, less in any::<bool>()) {
            let exact = Cents(net).times(Decimal::new(3, 2)).unwrap().0;
            let tax = if less { exact - off } else { exact + off };
            prop_assert!(codes(&line(net, "0.03", tax)).contains(&"AIR-SUM-004".to_string()));
        }
    }
}
