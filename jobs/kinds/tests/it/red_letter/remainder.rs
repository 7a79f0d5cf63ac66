//! What is left, over many partial reversals; discounts; whatever amounts the upstream tells.

use clerkwork_connectors_api::red_letter::{
    BlueLine, BlueStatus, LineRole, RedLetterApplication, ReversalLine, ReversalReason, VatUse,
};
use clerkwork_core::Cents;
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

use super::world::{Desk, State, example, total};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

fn cents(yuan: Decimal) -> i64 {
    let cents = yuan * Decimal::ONE_HUNDRED;
    cents
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .try_into()
        .unwrap()
}

/// A line of a blue invoice, reckoned honestly.
#[derive(Debug, Clone)]
struct Row {
    /// In tenths.
    quantity: i64,
    price: Decimal,
    rate: Decimal,
}

impl Row {
    fn quantity(&self, tenths: i64) -> Decimal {
        Decimal::new(tenths, 1)
    }

    /// Net and tax of the first `tenths` of the line, rounded once: what a careful seller takes
    /// off at each partial reversal is the difference of two of these.
    fn up_to(&self, tenths: i64) -> (i64, i64) {
        let net = cents(self.quantity(tenths) * self.price);
        (net, cents(Decimal::new(net, 2) * self.rate))
    }

    fn blue(&self, number: u32) -> BlueLine {
        let (net, tax) = self.up_to(self.quantity);
        let quantity = Some(self.quantity(self.quantity).normalize().to_string());
        BlueLine {
            line: number,
            role: LineRole::Normal,
            item_name: "*计算机外部设备*打印机".into(),
            item_code: "1090512010000000000".into(),
            specification: String::new(),
            unit: String::new(),
            quantity: quantity.clone(),
            unit_price: Some(self.price.normalize().to_string()),
            net: Cents(net),
            rate: self.rate.normalize().to_string(),
            tax: Cents(tax),
            remaining_quantity: quantity,
            remaining_net: Cents(net),
            remaining_tax: Cents(tax),
        }
    }

    /// Takes off what lies between two marks.
    fn cut(&self, number: u32, from: i64, to: i64) -> ReversalLine {
        let ((net_from, tax_from), (net_to, tax_to)) = (self.up_to(from), self.up_to(to));
        ReversalLine {
            blue_line: number,
            item_name: "*计算机外部设备*打印机".into(),
            item_code: "1090512010000000000".into(),
            specification: String::new(),
            unit: String::new(),
            quantity: Some((-self.quantity(to - from)).normalize().to_string()),
            unit_price: Some(self.price.normalize().to_string()),
            net: Cents(net_from - net_to),
            rate: self.rate.normalize().to_string(),
            tax: Cents(tax_from - tax_to),
        }
    }
}

fn row() -> impl Strategy<Value = Row> {
    let rate = prop::sample::select(vec!["0.01", "0.03", "0.05", "0.06", "0.09", "0.13", "0"]);
    // Dear enough that no tenth of a unit is without tax.
    (20_i64..2_000, 200_000_i64..9_000_000_000, rate).prop_map(|(quantity, price, rate)| Row {
        quantity,
        price: Decimal::new(price, 4),
        rate: rate.parse().unwrap(),
    })
}

fn with_lines(lines: Vec<ReversalLine>) -> RedLetterApplication {
    let mut application = example();
    application.lines = lines;
    total(&mut application);
    application
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn partial_reversals_until_nothing_is_left_raise_nothing_and_one_cent_more_always_does(
        rows in prop::collection::vec(row(), 1..4), cuts in prop::collection::vec(1_i64..100, 0..6),
    ) {
        let mut marks = cuts;
        marks.push(100);
        marks.sort_unstable();
        marks.dedup();
        let first = with_lines(rows.iter().zip(1..).map(|(row, n)| row.cut(n, 0, row.quantity)).collect());
        let mut state = State::of(&first, 1);
        state.blue().lines = rows.iter().zip(1..).map(|(row, n)| row.blue(n)).collect();
        let mut from = 0;
        for mark in marks {
            let at = |row: &Row, percent: i64| row.quantity * percent / 100;
            let lines: Vec<_> = rows.iter().zip(1..)
                .filter(|(row, _)| at(row, from) < at(row, mark))
                .map(|(row, n)| row.cut(n, at(row, from), at(row, mark)))
                .collect();
            from = mark;
            if lines.is_empty() { continue }
            let application = with_lines(lines);
            let mut desk = Desk::new(application.clone(), state.clone());
            desk.world.with(|s| s.status = Some(clerkwork_connectors_api::red_letter::RedLetterStatus::Pending));
            prop_assert_eq!(block_on(desk.codes()), Vec::<String>::new(), "{:?}", application.lines);

            // One cent over what is left of any line, by amount or by tax.
            for i in 0..application.lines.len() {
                let held = state.blue().lines.iter().find(|b| b.line == application.lines[i].blue_line).unwrap().clone();
                let mut more = application.clone();
                more.lines[i].net = Cents(-held.remaining_net.0 - 1);
                total(&mut more);
                let codes = block_on(Desk::new(more, state.clone()).codes());
                prop_assert!(codes.contains(&"RLI-REM-006".to_string()), "{codes:?}");
                let mut more = application.clone();
                more.lines[i].tax = Cents(-held.remaining_tax.0 - 1);
                total(&mut more);
                let codes = block_on(Desk::new(more, state.clone()).codes());
                prop_assert!(codes.contains(&"RLI-REM-007".to_string()), "{codes:?}");
            }
            let done = block_on(desk.proceed()).unwrap();
            prop_assert!(matches!(done, clerkwork_kinds::Done::Completed { .. }), "{done:?}");
            state = desk.world.with(|s| s.clone());
            state.forms.clear();
        }
        prop_assert_eq!(state.blue().status, BlueStatus::Reversed);
    }

    #[test]
    fn any_amounts_of_the_upstream_are_gathered(
        net in any::<i64>(), tax in any::<i64>(), paid in any::<i64>(), settled in any::<i64>(), quantity in any::<String>(),
        own in -99_999_999_999_999_999_i64..=99_999_999_999_999_999, role in 0_usize..3,
    ) {
        let mut application = example();
        application.lines[0].net = Cents(own);
        application.lines[1].tax = Cents(own);
        application.total_tax = Cents(own);
        application.total_gross = Cents(own);
        let mut state = State::of(&application, 1);
        state.receipt = Some(clerkwork_connectors_api::red_letter::SettlementReceipt {
            tax_paid: Cents(paid), settled: Cents(settled), payer_tax_id: quantity.clone(),
        });
        let blue = state.blue();
        blue.vat_use = VatUse::Confirmed;
        blue.agent_issued = Some(clerkwork_connectors_api::red_letter::AgentIssued {
            principal: blue.seller.clone(), tax_receipt_number: Some(quantity.clone()),
        });
        for line in &mut blue.lines {
            line.role = [LineRole::Normal, LineRole::Discount, LineRole::Discounted][role];
            (line.net, line.remaining_net) = (Cents(net), Cents(net));
            (line.tax, line.remaining_tax) = (Cents(tax), Cents(tax));
            (line.quantity, line.remaining_quantity) = (Some(quantity.clone()), Some(quantity.clone()));
        }
        block_on(Desk::new(application, state).review());
    }
}

/// 10 at 100.00, less 10 %: 900.00 and 117.00 are left, at 90 apiece.
fn discounted() -> (RedLetterApplication, State) {
    let mut application = example();
    application.lines.truncate(1);
    let line = &mut application.lines[0];
    line.quantity = Some("-4".into());
    line.unit_price = Some("90".into());
    (line.net, line.tax) = (Cents(-36_000), Cents(-4_680));
    total(&mut application);
    let mut state = State::of(&application, 1);
    let blue = state.blue();
    let whole = &mut blue.lines[0];
    whole.role = LineRole::Discounted;
    whole.quantity = Some("10".into());
    whole.remaining_quantity = Some("10".into());
    whole.unit_price = Some("100".into());
    (whole.net, whole.remaining_net) = (Cents(100_000), Cents(100_000));
    (whole.tax, whole.remaining_tax) = (Cents(13_000), Cents(13_000));
    let mut discount = whole.clone();
    discount.line = 2;
    discount.role = LineRole::Discount;
    (discount.quantity, discount.unit_price) = (None, None);
    discount.remaining_quantity = None;
    (discount.net, discount.remaining_net) = (Cents(-10_000), Cents(-10_000));
    (discount.tax, discount.remaining_tax) = (Cents(-1_300), Cents(-1_300));
    blue.lines.push(discount);
    (application, state)
}

async fn codes(application: &RedLetterApplication, state: &State) -> Vec<String> {
    Desk::new(application.clone(), state.clone()).codes().await
}

#[tokio::test]
async fn a_discount_is_merged_into_its_line_before_anything_is_compared() {
    let (application, state) = discounted();
    assert_eq!(codes(&application, &state).await, Vec::<String>::new());

    // All of it, at the price after the discount.
    let mut full = application.clone();
    full.reason = ReversalReason::IssuingMistake;
    full.lines[0].quantity = Some("-10".into());
    (full.lines[0].net, full.lines[0].tax) = (Cents(-90_000), Cents(-11_700));
    total(&mut full);
    let desk = Desk::new(full.clone(), state.clone());
    let (findings, facts) = desk.review().await;
    assert_eq!(findings, []);
    assert_eq!(facts.value("full_reversal"), Some(&true.into()));

    // At the price before the discount it is more than is left.
    let mut before = full.clone();
    before.lines[0].unit_price = Some("100".into());
    (before.lines[0].net, before.lines[0].tax) = (Cents(-100_000), Cents(-13_000));
    total(&mut before);
    let codes = codes(&before, &state).await;
    assert!(codes.contains(&"RLI-REM-006".to_string()), "{codes:?}");
    assert!(codes.contains(&"RLI-RSN-007".to_string()), "{codes:?}");
}

#[tokio::test]
async fn a_merged_line_may_be_off_by_a_cent_for_itself_and_one_for_its_discount() {
    let (mut application, mut state) = discounted();
    application.lines[0].quantity = Some("-10".into());
    for (tax, clean) in [(11_702, true), (11_703, false)] {
        (application.lines[0].net, application.lines[0].tax) = (Cents(-90_000), Cents(-tax));
        total(&mut application);
        let line = &mut state.blue().lines[0];
        (line.tax, line.remaining_tax) = (Cents(tax + 1_300), Cents(tax + 1_300));
        assert_eq!(codes(&application, &state).await.is_empty(), clean, "{tax}");
    }
}

/// What the upstream says of the whole invoice may lag behind its lines.
#[tokio::test]
async fn an_invoice_stands_where_its_lines_say_if_that_is_stricter() {
    let mut application = example();
    application.reason = ReversalReason::IssuingMistake;
    // Half of the second line was reversed; the rest of the invoice is asked for.
    let mut state = State::of(&application, 1);
    let line = &mut state.blue().lines[1];
    (line.net, line.tax) = (Cents(53_100), Cents(6_903));
    line.quantity = Some("6".into());
    let (_, facts) = Desk::new(application.clone(), state.clone()).review().await;
    assert_eq!(facts.value("blue_status"), Some(&"partly_reversed".into()));
    assert_eq!(codes(&application, &state).await, ["RLI-RSN-005"]);

    for line in &mut state.blue().lines {
        (line.remaining_net, line.remaining_tax) = (Cents::ZERO, Cents::ZERO);
    }
    assert_eq!(codes(&application, &state).await, ["RLI-BLU-003"]);
    state.blue().status = BlueStatus::Voided;
    assert_eq!(codes(&application, &state).await, ["RLI-BLU-002"]);
}

/// On an invoice that nobody reversed before, a full reversal keeps to the narrow tolerance; on
/// the rest of one it need not, whatever the upstream calls it.
#[tokio::test]
async fn the_rest_of_an_invoice_is_no_full_reversal_of_an_untouched_one() {
    let mut application = example();
    (application.lines[0].net, application.lines[0].tax) = (Cents(-200_000), Cents(-26_002));
    total(&mut application);
    let mut state = State::of(&application, 1);
    assert_eq!(codes(&application, &state).await, ["RLI-SUM-012"]);
    let line = &mut state.blue().lines[0];
    (line.net, line.tax) = (Cents(400_000), Cents(52_000));
    assert_eq!(codes(&application, &state).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_exempt_line_is_reversed_in_parts() {
    let mut application = example();
    for line in &mut application.lines {
        line.rate = "exempt".into();
        line.tax = Cents::ZERO;
    }
    total(&mut application);
    let state = State::of(&application, 2);
    assert_eq!(codes(&application, &state).await, Vec::<String>::new());
}
