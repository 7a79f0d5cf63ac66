//! For every code a change to the example that raises it, and one at the boundary that does not.

use clerkwork_connectors_api::red_letter::{
    BlueStatus, FormState, LineRole, RedLetterApplication, RedLetterStatus, ReversalReason,
    SettlementKind, Side,
};
use clerkwork_core::{Cents, EffectRecord};
use clerkwork_kinds::red_letter_invoice::Code;
use jiff::civil::date;

use super::world::{Desk, FORM, RED, State, THIRD, entered, example, form, total};

/// What a case is about: the application, the upstream, and what the job did before.
pub struct Setup {
    pub a: RedLetterApplication,
    pub s: State,
    pub past: Vec<EffectRecord>,
}

impl Setup {
    fn new() -> Self {
        let a = example();
        let s = State::of(&a, 2);
        Self {
            a,
            s,
            past: Vec::new(),
        }
    }

    /// The upstream agrees with the application as it is now; the blue invoice is twice as large.
    fn agree(&mut self) {
        self.s = State::of(&self.a, 2);
    }

    /// The application reverses all of the blue invoice.
    fn agree_in_full(&mut self) {
        self.s = State::of(&self.a, 1);
    }

    /// The job has entered its form, and it stands so.
    fn own(&mut self, state: FormState) {
        let own = form(&self.a, FORM, self.a.started_by, state);
        self.s.forms.push(own);
        self.past.push(entered(FORM, state));
    }

    /// Somebody else has entered a form of the same content.
    fn other(&mut self, number: &str) {
        let other = form(&self.a, number, Side::Seller, FormState::WaitsForBuyer);
        self.s.forms.push(other);
    }

    fn agent_issued(&mut self) {
        self.a.settlement = Some(SettlementKind::Refund);
        self.s.agent_issued();
    }

    pub fn desk(self) -> Desk {
        let mut desk = Desk::new(self.a, self.s);
        desk.records = self.past;
        desk
    }
}

/// A code, where it is raised, and the two sides of its boundary.
pub struct Case {
    pub code: Code,
    pub path: &'static str,
    pub bad: Setup,
    pub good: Setup,
}

fn case(
    code: Code,
    path: &'static str,
    bad: impl FnOnce(&mut Setup),
    good: impl FnOnce(&mut Setup),
) -> Case {
    let with = |change: Box<dyn FnOnce(&mut Setup) + '_>| {
        let mut setup = Setup::new();
        change(&mut setup);
        setup
    };
    Case {
        code,
        path,
        bad: with(Box::new(bad)),
        good: with(Box::new(good)),
    }
}

/// A change of the application, with which the upstream agrees.
fn item(
    code: Code,
    path: &'static str,
    bad: impl Fn(&mut RedLetterApplication),
    good: impl Fn(&mut RedLetterApplication),
) -> Case {
    let agreeing = |change: &dyn Fn(&mut RedLetterApplication), setup: &mut Setup| {
        change(&mut setup.a);
        setup.agree();
    };
    case(code, path, |x| agreeing(&bad, x), |x| agreeing(&good, x))
}

fn buyer(a: &mut RedLetterApplication, name: &str, tax_id: &str) {
    a.buyer.name = name.into();
    a.buyer.tax_id = tax_id.into();
}

/// Amounts only.
fn allowance(a: &mut RedLetterApplication) {
    a.reason = ReversalReason::SalesAllowance;
    for line in &mut a.lines {
        (line.quantity, line.unit_price) = (None, None);
    }
}

fn amounts(a: &mut RedLetterApplication, net: i64, tax: i64) {
    (a.lines[0].net, a.lines[0].tax) = (Cents(net), Cents(tax));
    total(a);
}

fn many_lines(a: &mut RedLetterApplication, count: u32) {
    let line = a.lines[0].clone();
    a.lines = (1..=count)
        .map(|blue_line| {
            let mut line = line.clone();
            line.blue_line = blue_line;
            line
        })
        .collect();
    total(a);
}

fn codes_of_items(a: &mut RedLetterApplication, first: &str, second: &str) {
    a.lines[0].item_code = first.into();
    a.lines[1].item_code = second.into();
}

/// The blue invoice bears these codes, the application none.
fn on_the_blue(x: &mut Setup, first: &str, second: &str) {
    codes_of_items(&mut x.a, "", "");
    let lines = &mut x.s.blue().lines;
    lines[0].item_code = first.into();
    lines[1].item_code = second.into();
}

const GOODS: &str = "1090512010000000000";
const LABOUR: &str = "2010000000000000000";
const SERVICE: &str = "3040201010000000000";

fn same(_: &mut RedLetterApplication) {}

fn form_case(code: Code, state: FormState) -> Case {
    case(code, "", |x| x.own(state), |x| x.own(FormState::Confirmed))
}

pub fn cases() -> Vec<Case> {
    let mut cases = of_the_application();
    cases.extend(of_the_blue_invoice());
    cases.extend(of_what_is_left());
    cases.extend(of_the_way());
    cases
}

fn of_the_application() -> Vec<Case> {
    vec![
        item(
            Code::TaxIdMissing,
            "/seller/tax_id",
            |a| a.seller.tax_id.clear(),
            |a| buyer(a, "张三", ""),
        ),
        item(
            Code::TaxIdLength,
            "/buyer/tax_id",
            |a| buyer(a, "示例公司", "11000060003734"),
            |a| buyer(a, "示例公司", "110000600037341"),
        ),
        item(
            Code::TaxIdCharacter,
            "/buyer/tax_id",
            |a| buyer(a, "示例公司", "91440300MA5O001294"),
            same,
        ),
        item(
            Code::CreditCodeCheck,
            "/buyer/tax_id",
            |a| buyer(a, "示例公司", "91440300MA50001295"),
            same,
        ),
        item(
            Code::OrganisationCheck,
            "/buyer/tax_id",
            |a| buyer(a, "示例公司", "110000600037342"),
            |a| buyer(a, "示例公司", "110000600037341"),
        ),
        item(
            Code::ResidentCheck,
            "/buyer/tax_id",
            |a| buyer(a, "张三", "110105194912310021"),
            |a| buyer(a, "张三", "11010519491231002X"),
        ),
        item(
            Code::BirthDate,
            "/buyer/tax_id",
            |a| buyer(a, "张三", "110105194913310021"),
            |a| buyer(a, "张三", "11010519491231002X"),
        ),
        item(
            Code::OldForm,
            "/buyer/tax_id",
            |a| buyer(a, "示例公司", "110000600037341"),
            same,
        ),
        item(
            Code::NameMissing,
            "/buyer/name",
            |a| a.buyer.name = "　".into(),
            |a| a.buyer.name = "甲".into(),
        ),
        item(
            Code::OrganisationWithoutTaxId,
            "/buyer/tax_id",
            |a| a.buyer.tax_id.clear(),
            |a| buyer(a, "张三", ""),
        ),
        item(
            Code::SellerIsBuyer,
            "/buyer/tax_id",
            |a| a.buyer.tax_id.clone_from(&a.seller.tax_id),
            same,
        ),
        item(
            Code::ApplicationNumber,
            "/application_number",
            |a| a.application_number = "1".repeat(41),
            |a| a.application_number = "1".repeat(40),
        ),
        item(
            Code::BlueCode,
            "/blue/code",
            |a| {
                a.blue.code = Some("04400230011".into());
                a.blue.number = "12345678".into();
            },
            |a| {
                a.blue.code = Some("044002300111".into());
                a.blue.number = "12345678".into();
            },
        ),
        item(
            Code::BlueNumber,
            "/blue/number",
            |a| a.blue.number = "12345678".into(),
            |a| {
                a.blue.code = Some("4400230011".into());
                a.blue.number = "12345678".into();
            },
        ),
        item(
            Code::BlueAfterApplication,
            "/blue/issued_on",
            |a| a.blue.issued_on = date(2026, 3, 7),
            |a| a.blue.issued_on = date(2026, 3, 6),
        ),
        item(
            Code::Currency,
            "/currency",
            |a| a.currency = "USD".into(),
            same,
        ),
        item(
            Code::RulesUnknown,
            "/applied_on",
            |a| {
                a.applied_on = date(2024, 11, 30);
                a.blue.issued_on = date(2024, 11, 1);
            },
            |a| {
                a.applied_on = date(2024, 12, 1);
                a.blue.issued_on = date(2024, 11, 1);
            },
        ),
        item(
            Code::LineCount,
            "/lines",
            |a| many_lines(a, 101),
            |a| many_lines(a, 100),
        ),
        case(
            Code::LineTwice,
            "/lines/1/blue_line",
            |x| {
                x.a.lines[1] = x.a.lines[0].clone();
                total(&mut x.a);
            },
            |_| {},
        ),
        case(
            Code::ItemName,
            "/lines/0/item_name",
            |x| x.a.lines[0].item_name = " ".into(),
            |_| {},
        ),
        item(
            Code::ItemCode,
            "/lines/0/item_code",
            |a| codes_of_items(a, "109051201000000000", "1060105040000000000"),
            |a| codes_of_items(a, "", "1060105040000000000"),
        ),
        case(
            Code::RateForm,
            "/lines/0/rate",
            |x| x.a.lines[0].rate = "13%".into(),
            |x| x.a.lines[0].rate = "0.130".into(),
        ),
        item(
            Code::NetSign,
            "/lines/0/net",
            |a| {
                allowance(a);
                amounts(a, 0, 0);
            },
            |a| {
                allowance(a);
                amounts(a, -1, 0);
            },
        ),
        item(
            Code::TaxSign,
            "/lines/0/tax",
            |a| {
                allowance(a);
                amounts(a, -1, 1);
            },
            |a| {
                allowance(a);
                amounts(a, -1, 0);
            },
        ),
        item(
            Code::QuantityForm,
            "/lines/0/quantity",
            |a| a.lines[0].quantity = Some("-2.00000000000000".into()),
            |a| a.lines[0].quantity = Some("-2.0000000000000".into()),
        ),
        item(
            Code::PriceForm,
            "/lines/0/unit_price",
            |a| a.lines[0].unit_price = Some("1000.00000000000".into()),
            |a| a.lines[0].unit_price = Some("1000.0000000000".into()),
        ),
        case(
            Code::QuantityWithoutPrice,
            "/lines/0/unit_price",
            |x| x.a.lines[0].unit_price = None,
            |x| (x.a.lines[0].quantity, x.a.lines[0].unit_price) = (None, None),
        ),
        item(
            Code::NetMismatch,
            "/lines/0/net",
            |a| amounts(a, -200_002, -26_000),
            |a| amounts(a, -200_001, -26_000),
        ),
        item(
            Code::TaxMismatch,
            "/lines/0/tax",
            |a| amounts(a, -200_000, -26_007),
            |a| amounts(a, -200_000, -26_006),
        ),
        item(
            Code::TaxOnExempt,
            "/lines/0/tax",
            |a| {
                a.lines[0].rate = "exempt".into();
                amounts(a, -200_000, -1);
            },
            |a| {
                a.lines[0].rate = "exempt".into();
                amounts(a, -200_000, 0);
            },
        ),
        item(
            Code::TotalNet,
            "/total_net",
            |a| a.total_net = Cents(-226_549),
            same,
        ),
        item(
            Code::TotalTax,
            "/total_tax",
            |a| a.total_tax = Cents(-29_453),
            same,
        ),
        item(
            Code::TotalGross,
            "/total_gross",
            |a| a.total_gross = Cents(-256_003),
            same,
        ),
        item(
            Code::AllowanceWithQuantity,
            "/lines/0/quantity",
            |a| a.reason = ReversalReason::SalesAllowance,
            allowance,
        ),
        item(
            Code::RemarkLength,
            "/remark",
            |a| a.remark = "退".repeat(201),
            |a| a.remark = "退".repeat(200),
        ),
        item(
            Code::RemarkCharacter,
            "/remark",
            |a| a.remark = "退\n货".into(),
            |a| a.remark = "退 货".into(),
        ),
    ]
}

fn of_the_blue_invoice() -> Vec<Case> {
    vec![
        case(
            Code::BlueCurrency,
            "/currency",
            |x| x.s.blue().currency = "USD".into(),
            |_| {},
        ),
        case(
            Code::BlueUnknown,
            "/blue/number",
            |x| x.s.blue = None,
            |_| {},
        ),
        case(
            Code::BlueVoided,
            "/blue/number",
            |x| x.s.blue().status = BlueStatus::Voided,
            |x| x.s.blue().status = BlueStatus::PartlyReversed,
        ),
        case(
            Code::BlueReversed,
            "/blue/number",
            |x| x.s.blue().status = BlueStatus::Reversed,
            |x| x.s.blue().status = BlueStatus::PartlyReversed,
        ),
        case(
            Code::BlueDate,
            "/blue/issued_on",
            |x| x.s.blue().reference.issued_on = date(2026, 2, 11),
            |_| {},
        ),
        case(
            Code::BlueSeller,
            "/seller",
            |x| x.s.blue().seller.name = "另一家有限公司".into(),
            |x| x.s.blue().seller.name = "示例科技(深圳)有限公司".into(),
        ),
        case(
            Code::BlueBuyer,
            "/buyer",
            |x| x.s.blue().buyer.tax_id = THIRD.into(),
            |x| x.s.blue().buyer.name = "示例商贸(深圳)有限公司".into(),
        ),
        case(
            Code::NotApplicants,
            "/applicant_tax_id",
            |x| x.a.applicant_tax_id.clone_from(&x.a.buyer.tax_id),
            by_principal,
        ),
        case(
            Code::NotApplicants,
            "/applicant_tax_id",
            |x| {
                // What the bureau issued is not its own to reverse.
                x.agent_issued();
                x.s.receipt.as_mut().unwrap().payer_tax_id = THIRD.into();
                let agent = x.s.blue().agent_issued.as_mut().unwrap();
                agent.principal.tax_id = THIRD.into();
            },
            |x| by_buyer(x, true),
        ),
        case(
            Code::NotApplicants,
            "/applicant_tax_id",
            |x| {
                // Whose invoice it is does not act for the buyer.
                by_principal(x);
                x.a.started_by = Side::Buyer;
                x.s.blue().booked = true;
            },
            by_principal,
        ),
        case(
            Code::BuyerMayNotStart,
            "/started_by",
            |x| by_buyer(x, false),
            |x| by_buyer(x, true),
        ),
    ]
}

/// The buyer applies.
fn by_buyer(x: &mut Setup, booked: bool) {
    x.a.started_by = Side::Buyer;
    x.a.applicant_tax_id.clone_from(&x.a.buyer.tax_id);
    x.s.blue().booked = booked;
}

/// Somebody else than the seller on paper, for whom the bureau issued it, applies.
fn by_principal(x: &mut Setup) {
    x.agent_issued();
    x.a.applicant_tax_id = THIRD.into();
    x.s.receipt.as_mut().unwrap().payer_tax_id = THIRD.into();
    let agent = x.s.blue().agent_issued.as_mut().unwrap();
    agent.principal.tax_id = THIRD.into();
}

fn of_what_is_left() -> Vec<Case> {
    vec![
        case(
            Code::FullTaxMismatch,
            "/lines/0/tax",
            |x| {
                amounts(&mut x.a, -200_000, -26_002);
                x.agree_in_full();
            },
            |x| {
                amounts(&mut x.a, -200_000, -26_001);
                x.agree_in_full();
            },
        ),
        case(
            Code::MistakeNotInFull,
            "/lines",
            |x| x.a.reason = ReversalReason::IssuingMistake,
            |x| {
                x.a.reason = ReversalReason::IssuingMistake;
                x.agree_in_full();
            },
        ),
        case(
            Code::MistakeAfterPartial,
            "/reason",
            |x| {
                x.a.reason = ReversalReason::IssuingMistake;
                x.agree_in_full();
                x.s.blue().status = BlueStatus::PartlyReversed;
            },
            |x| {
                x.a.reason = ReversalReason::IssuingMistake;
                x.agree_in_full();
            },
        ),
        item(
            Code::ReturnOfServices,
            "/reason",
            |a| codes_of_items(a, SERVICE, SERVICE),
            |a| codes_of_items(a, SERVICE, GOODS),
        ),
        case(
            // A file that gives no codes changes nothing.
            Code::ReturnOfServices,
            "/reason",
            |x| on_the_blue(x, SERVICE, SERVICE),
            |x| on_the_blue(x, SERVICE, GOODS),
        ),
        item(
            Code::StoppedGoods,
            "/reason",
            |a| {
                a.reason = ReversalReason::ServiceStopped;
                codes_of_items(a, GOODS, LABOUR);
            },
            |a| {
                a.reason = ReversalReason::ServiceStopped;
                codes_of_items(a, GOODS, SERVICE);
            },
        ),
        case(
            Code::StoppedGoods,
            "/reason",
            |x| {
                x.a.reason = ReversalReason::ServiceStopped;
                on_the_blue(x, GOODS, LABOUR);
            },
            |x| {
                x.a.reason = ReversalReason::ServiceStopped;
                on_the_blue(x, GOODS, SERVICE);
            },
        ),
        case(
            Code::BlueItemCodeMissing,
            "/reason",
            |x| on_the_blue(x, SERVICE, ""),
            |x| on_the_blue(x, GOODS, ""),
        ),
        case(
            // What the application says of it is no proof.
            Code::BlueItemCodeMissing,
            "/reason",
            |x| {
                for line in &mut x.s.blue().lines {
                    line.item_code.clear();
                }
            },
            |x| {
                allowance(&mut x.a);
                for line in &mut x.s.blue().lines {
                    line.item_code.clear();
                }
            },
        ),
        case(
            Code::ReturnWithoutQuantity,
            "/lines/0/quantity",
            |x| (x.a.lines[0].quantity, x.a.lines[0].unit_price) = (None, None),
            |x| {
                (x.a.lines[0].quantity, x.a.lines[0].unit_price) = (None, None);
                x.agree();
            },
        ),
        case(
            Code::PriceChanged,
            "/lines/0/unit_price",
            |x| x.a.lines[0].unit_price = Some("1000.0000000001".into()),
            |x| x.a.lines[0].unit_price = Some("1000.00".into()),
        ),
        case(
            Code::MarginNotInFull,
            "/lines",
            |x| x.s.blue().margin = true,
            |x| {
                x.agree_in_full();
                x.s.blue().margin = true;
            },
        ),
        case(
            Code::LineUnknown,
            "/lines/1/blue_line",
            |x| x.a.lines[1].blue_line = 3,
            |_| {},
        ),
        case(
            Code::LineIsDiscount,
            "/lines/1/blue_line",
            |x| {
                let lines = &mut x.s.blue().lines;
                lines[0].role = LineRole::Discounted;
                lines[1].role = LineRole::Discount;
            },
            |x| x.s.blue().lines[1].role = LineRole::Discounted,
        ),
        case(
            Code::LineItemName,
            "/lines/0/item_name",
            |x| x.a.lines[0].item_name = "*计算机外部设备*扫描仪".into(),
            |x| x.a.lines[0].item_name = "*计算机外部设备* 打印机".into(),
        ),
        case(
            Code::LineItemCode,
            "/lines/0/item_code",
            |x| x.a.lines[0].item_code = "1090511010000000000".into(),
            |x| x.a.lines[0].item_code.clear(),
        ),
        case(
            Code::LineRate,
            "/lines/0/rate",
            |x| x.s.blue().lines[0].rate = "0.09".into(),
            |x| x.s.blue().lines[0].rate = "0.130".into(),
        ),
        case(
            Code::NetOver,
            "/lines/0/net",
            |x| x.s.blue().lines[0].remaining_net = Cents(199_999),
            |x| {
                let line = &mut x.s.blue().lines[0];
                (line.remaining_net, line.remaining_tax) = (Cents(200_000), Cents(26_000));
            },
        ),
        case(
            Code::TaxOver,
            "/lines/0/tax",
            |x| x.s.blue().lines[0].remaining_tax = Cents(25_999),
            |x| {
                let line = &mut x.s.blue().lines[0];
                (line.remaining_net, line.remaining_tax) = (Cents(200_000), Cents(26_000));
            },
        ),
        case(
            Code::QuantityOver,
            "/lines/0/quantity",
            |x| x.s.blue().lines[0].remaining_quantity = Some("1.9999999999999".into()),
            |x| x.s.blue().lines[0].remaining_quantity = Some("2.0".into()),
        ),
        case(
            Code::RestDisagrees,
            "/lines/0/tax",
            |x| {
                let line = &mut x.s.blue().lines[0];
                (line.remaining_net, line.remaining_tax) = (Cents(200_000), Cents(26_001));
            },
            |x| {
                let line = &mut x.s.blue().lines[0];
                (line.remaining_net, line.remaining_tax) = (Cents(200_001), Cents(26_001));
            },
        ),
        case(
            Code::QuantityNotOnBlue,
            "/lines/0/quantity",
            |x| x.s.blue().lines[0].quantity = None,
            |_| {},
        ),
        case(
            Code::Reserved,
            "/lines",
            |x| {
                x.other("26442099000000000008");
                x.other("26442099000000000009");
            },
            |x| x.other("26442099000000000009"),
        ),
    ]
}

fn of_the_way() -> Vec<Case> {
    let path = "/application_number";
    vec![
        case(
            Code::AlreadyDone,
            path,
            |x| {
                x.s.status = Some(RedLetterStatus::Done {
                    red_number: RED.into(),
                });
            },
            |_| {},
        ),
        case(
            Code::AlreadyReturned,
            path,
            |x| x.s.status = Some(RedLetterStatus::Returned),
            |_| {},
        ),
        case(
            Code::ApplicationWithdrawn,
            path,
            |x| x.s.status = Some(RedLetterStatus::Withdrawn),
            |_| {},
        ),
        case(Code::UnknownUpstream, path, |x| x.s.status = None, |_| {}),
        case(
            Code::NotAsFiled,
            "/remark",
            |x| {
                let mut filed = x.a.clone();
                filed.remark.push('。');
                x.s.filed = Some(filed);
            },
            |x| x.s.filed = Some(x.a.clone()),
        ),
        item(
            Code::AppliedInFuture,
            "/applied_on",
            |a| a.applied_on = date(2026, 3, 7),
            |a| a.applied_on = date(2026, 3, 6),
        ),
        form_case(Code::RefusedByBuyer, FormState::RefusedByBuyer),
        form_case(Code::RefusedBySeller, FormState::RefusedBySeller),
        form_case(Code::FormLapsed, FormState::Lapsed),
        form_case(Code::FormWithdrawn, FormState::Withdrawn),
        form_case(
            Code::FormWithdrawnAfterConfirmation,
            FormState::WithdrawnAfterConfirmation,
        ),
        form_case(Code::FormAbnormal, FormState::Abnormal),
        case(
            Code::FormVanished,
            "",
            |x| x.past.push(entered(FORM, FormState::WaitsForBuyer)),
            |x| x.own(FormState::WaitsForBuyer),
        ),
        case(
            Code::SecondForm,
            "",
            |x| {
                x.own(FormState::WaitsForBuyer);
                x.other("26442099000000000009");
            },
            |x| {
                x.own(FormState::WaitsForBuyer);
                x.other("26442099000000000009");
                x.past[0].before = Some(serde_json::json!(["26442099000000000009"]));
            },
        ),
        case(
            Code::ReceiptMissing,
            "/settlement",
            |x| {
                x.agent_issued();
                x.s.receipt = None;
            },
            Setup::agent_issued,
        ),
        case(
            Code::ReceiptPayer,
            "/settlement",
            |x| {
                x.agent_issued();
                x.s.receipt.as_mut().unwrap().payer_tax_id = THIRD.into();
            },
            Setup::agent_issued,
        ),
        case(
            Code::TaxShort,
            "/total_tax",
            |x| {
                x.agent_issued();
                x.s.receipt.as_mut().unwrap().settled = Cents(29_453);
            },
            |x| {
                x.agent_issued();
                x.s.receipt.as_mut().unwrap().settled = Cents(29_452);
            },
        ),
        case(
            Code::SettlementMissing,
            "/settlement",
            |x| {
                x.agent_issued();
                x.a.settlement = None;
            },
            Setup::agent_issued,
        ),
        case(
            Code::SettlementNotNeeded,
            "/settlement",
            |x| x.a.settlement = Some(SettlementKind::Offset),
            Setup::agent_issued,
        ),
    ]
}
