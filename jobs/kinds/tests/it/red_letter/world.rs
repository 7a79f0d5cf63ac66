//! A small upstream for red-letter invoices, with memory, and a journal that keeps its records.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    agent_invoice::{InvoiceType, Registration, RiskClass, TaxpayerRisk, Warning},
    red_letter::*,
};
use clerkwork_core::{
    Cents, EffectRecord, EffectState, Facts, Finding, IdempotencyKey, ManualClock, Timestamp,
};
use clerkwork_kinds::{
    Done, EffectCall, Effects, Found, Item, Lookup, Order, Past, Registry, Stop, Upstreams,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::upstream::{AS_OF, Fake, NOW, error};

pub const FORM: &str = "26442099000000000001";
pub const RED: &str = "26442088000000000001";
/// Neither side of the example.
pub const THIRD: &str = "91110000600037341L";

/// The example of the kind, which has no findings.
pub fn example() -> RedLetterApplication {
    let registry = Registry::standard();
    let text = registry.get("red_letter_invoice").unwrap().example();
    serde_json::from_str(text.unwrap()).unwrap()
}

pub fn item(application: &RedLetterApplication) -> Box<dyn Item> {
    let payload = serde_json::to_value(application).unwrap();
    let registry = Registry::standard();
    let kind = registry.get("red_letter_invoice").unwrap();
    kind.parse(&payload).unwrap()
}

/// The sums of the header, set from the lines.
pub fn total(application: &mut RedLetterApplication) {
    let sum = |amount: fn(&ReversalLine) -> Cents| {
        Cents::sum(application.lines.iter().map(amount)).unwrap()
    };
    let (net, tax) = (sum(|line| line.net), sum(|line| line.tax));
    application.total_net = net;
    application.total_tax = tax;
    application.total_gross = net.plus(tax).unwrap();
}

/// What the upstream holds.
#[derive(Clone)]
pub struct State {
    pub blue: Option<BlueInvoice>,
    pub forms: Vec<ConfirmationForm>,
    pub saving: bool,
    pub status: Option<RedLetterStatus>,
    /// What the applicant filed, where it is not the item.
    pub filed: Option<RedLetterApplication>,
    /// The item, as of the last attempt.
    item: Option<RedLetterApplication>,
    pub seller: Option<TaxpayerRisk>,
    pub buyer: Option<TaxpayerRisk>,
    pub activity: IssuerActivity,
    pub receipt: Option<SettlementReceipt>,
    pub settlements: Vec<(String, String)>,
    /// Reads and writes, in their order.
    pub calls: Vec<String>,
    /// The next write of this name answers so instead of doing anything.
    pub refuse: Option<(&'static str, ErrorKind, Option<&'static str>)>,
    /// The next write of this name is done, and its answer is lost.
    pub lose: Option<&'static str>,
    /// A form that is entered only when the next dossier was read.
    pub after_dossier: Option<ConfirmationForm>,
    pub now: Timestamp,
}

fn taxpayer(name: &str) -> TaxpayerRisk {
    TaxpayerRisk {
        registration: Registration::Normal,
        name: name.into(),
        class: RiskClass::None,
        warning: Warning::None,
        credit_grade: Some("B".into()),
    }
}

/// A blue invoice of `times` the application's lines, nothing of it reversed.
pub fn blue(application: &RedLetterApplication, times: i64) -> BlueInvoice {
    let lines: Vec<_> = application
        .lines
        .iter()
        .map(|line| {
            let (net, tax) = (Cents(-line.net.0 * times), Cents(-line.tax.0 * times));
            let quantity = line.quantity.as_deref().map(|text| {
                let quantity: Decimal = text.parse().unwrap_or_default();
                (-quantity * Decimal::from(times)).normalize().to_string()
            });
            BlueLine {
                line: line.blue_line,
                role: LineRole::Normal,
                item_name: line.item_name.clone(),
                item_code: line.item_code.clone(),
                specification: line.specification.clone(),
                unit: line.unit.clone(),
                quantity: quantity.clone(),
                unit_price: line.unit_price.clone(),
                net,
                rate: line.rate.clone(),
                tax,
                remaining_quantity: quantity,
                remaining_net: net,
                remaining_tax: tax,
            }
        })
        .collect();
    BlueInvoice {
        reference: application.blue.clone(),
        invoice_type: InvoiceType::Special,
        seller: application.seller.clone(),
        buyer: application.buyer.clone(),
        currency: CURRENCY.into(),
        total_net: Cents::sum(lines.iter().map(|line| line.net)).unwrap(),
        total_tax: Cents::sum(lines.iter().map(|line| line.tax)).unwrap(),
        status: BlueStatus::Normal,
        vat_use: VatUse::Unticked,
        consumption_use_confirmed: false,
        booked: false,
        margin: false,
        agent_issued: None,
        lines,
    }
}

impl State {
    /// An upstream that agrees with the application; `times` as in [`blue`].
    pub fn of(application: &RedLetterApplication, times: i64) -> Self {
        let buyer = &application.buyer;
        Self {
            blue: Some(blue(application, times)),
            forms: Vec::new(),
            saving: false,
            status: Some(RedLetterStatus::Pending),
            filed: None,
            item: None,
            seller: Some(taxpayer(&application.seller.name)),
            buyer: (!buyer.tax_id.is_empty()).then(|| taxpayer(&buyer.name)),
            activity: IssuerActivity::default(),
            receipt: None,
            settlements: Vec::new(),
            calls: Vec::new(),
            refuse: None,
            lose: None,
            after_dossier: None,
            now: NOW,
        }
    }

    pub fn blue(&mut self) -> &mut BlueInvoice {
        self.blue.as_mut().unwrap()
    }

    /// Issued by the bureau for the seller, the tax paid.
    pub fn agent_issued(&mut self) {
        let blue = self.blue();
        let (principal, tax_paid) = (blue.seller.clone(), blue.total_tax);
        self.receipt = Some(SettlementReceipt {
            tax_paid,
            settled: Cents::ZERO,
            payer_tax_id: principal.tax_id.clone(),
        });
        self.blue().agent_issued = Some(AgentIssued {
            principal,
            tax_receipt_number: Some("344036260300001234".into()),
        });
    }

    fn write(&mut self, name: &'static str, call: String) -> Result<(), ConnectorError> {
        self.calls.push(call);
        match self.refuse.take_if(|(refused, ..)| *refused == name) {
            None => Ok(()),
            Some((_, kind, code)) => Err(ConnectorError {
                code: code.map(str::to_owned),
                ..error(name, kind)
            }),
        }
    }

    /// Whether the answer of a write that was done is lost.
    fn lost(&mut self, name: &'static str) -> Result<(), ConnectorError> {
        match self.lose.take_if(|lost| *lost == name) {
            None => Ok(()),
            Some(_) => Err(error(name, ErrorKind::OutcomeUnknown)),
        }
    }

    fn count_red(&mut self, lines: &[ReversalLine]) {
        let blue = self.blue.as_mut().unwrap();
        for line in lines {
            let held = blue.lines.iter_mut().find(|b| b.line == line.blue_line);
            let held = held.unwrap();
            held.remaining_net = held.remaining_net.plus(line.net).unwrap();
            held.remaining_tax = held.remaining_tax.plus(line.tax).unwrap();
            if let (Some(rest), Some(taken)) = (&held.remaining_quantity, &line.quantity) {
                let rest: Decimal = rest.parse().unwrap();
                let taken: Decimal = taken.parse().unwrap();
                held.remaining_quantity = Some((rest + taken).normalize().to_string());
            }
        }
        let left = Cents::sum(blue.lines.iter().map(|line| line.remaining_net));
        blue.status = if left == Some(Cents::ZERO) {
            BlueStatus::Reversed
        } else {
            BlueStatus::PartlyReversed
        };
    }
}

/// A form of this content.
pub fn form(
    application: &RedLetterApplication,
    number: &str,
    started_by: Side,
    state: FormState,
) -> ConfirmationForm {
    ConfirmationForm {
        number: number.into(),
        uuid: format!("{number:0>32}"),
        draft: ReversalDraft {
            started_by,
            blue: application.blue.clone(),
            seller: application.seller.clone(),
            buyer: application.buyer.clone(),
            reason: application.reason,
            lines: application.lines.clone(),
            net: application.total_net,
            tax: application.total_tax,
        },
        state,
        entered_at: NOW,
        answered_at: None,
        red_number: None,
    }
}

/// The upstream.
pub struct World(pub Mutex<State>);

impl World {
    pub fn new(state: State) -> Arc<Self> {
        Arc::new(Self(Mutex::new(state)))
    }

    pub fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// The writes so far.
    pub fn writes(&self) -> Vec<String> {
        self.with(|state| state.calls.clone())
            .into_iter()
            .filter(|call| !call.starts_with("read "))
            .collect()
    }

    pub fn upstreams(self: &Arc<Self>) -> Upstreams {
        Upstreams {
            agent_invoices: Arc::new(Fake::new(None)),
            red_letters: self.clone(),
        }
    }
}

#[async_trait]
impl RedLetters for World {
    async fn dossier(&self, query: RedLetterQuery) -> Result<RedLetterDossier, ConnectorError> {
        self.with(|s| {
            s.calls
                .push(format!("read dossier {}", query.application_number));
            let dossier = RedLetterDossier {
                as_of: AS_OF,
                status: s.status.clone(),
                application: (s.status.as_ref())
                    .and_then(|_| s.filed.clone().or_else(|| s.item.clone())),
                blue: s.blue.clone(),
                traces: BlueTraces {
                    forms: s.forms.clone(),
                    saving: s.saving,
                },
                seller: s.seller.clone(),
                buyer: s.buyer.clone(),
                activity: s.activity,
                page: None,
                receipt: s.receipt.clone(),
            };
            s.forms.extend(s.after_dossier.take());
            Ok(dossier)
        })
    }

    async fn traces(&self, _: &BlueReference) -> Result<BlueTraces, ConnectorError> {
        self.with(|s| {
            s.calls.push("read traces".into());
            Ok(BlueTraces {
                forms: s.forms.clone(),
                saving: s.saving,
            })
        })
    }

    async fn form(&self, number: &str) -> Result<Option<ConfirmationForm>, ConnectorError> {
        self.with(|s| {
            s.calls.push(format!("read form {number}"));
            Ok(s.forms.iter().find(|form| form.number == number).cloned())
        })
    }

    async fn create_form(
        &self,
        _: &IdempotencyKey,
        draft: &ReversalDraft,
    ) -> Result<ConfirmationForm, ConnectorError> {
        self.with(|s| {
            s.write("create_form", "create_form".into())?;
            let state = match (s.blue().needs_confirmation(), draft.started_by) {
                (false, _) => FormState::NotNeeded,
                (true, Side::Seller) => FormState::WaitsForBuyer,
                (true, Side::Buyer) => FormState::WaitsForSeller,
            };
            let number = format!("26442099{:012}", s.forms.len() + 1);
            let form = ConfirmationForm {
                uuid: format!("{number:0>32}"),
                number,
                draft: draft.clone(),
                state,
                entered_at: s.now,
                answered_at: None,
                red_number: None,
            };
            s.forms.push(form.clone());
            s.lost("create_form")?;
            Ok(form)
        })
    }

    async fn answer_form(
        &self,
        _: &IdempotencyKey,
        form: &ConfirmationForm,
        side: Side,
        answer: FormAnswer,
    ) -> Result<(), ConnectorError> {
        self.with(|s| {
            let call = format!("answer_form {} {side:?} {answer:?}", form.number);
            s.write("answer_form", call)?;
            let held = s.forms.iter_mut().find(|held| held.number == form.number);
            held.unwrap().state = FormState::Confirmed;
            s.lost("answer_form")
        })
    }

    async fn issue_red(
        &self,
        _: &IdempotencyKey,
        form_number: &str,
    ) -> Result<RedInvoice, ConnectorError> {
        self.with(|s| {
            s.write("issue_red", format!("issue_red {form_number}"))?;
            let held = s.forms.iter_mut().find(|held| held.number == form_number);
            let held = held.unwrap();
            held.red_number = Some(RED.into());
            let lines = held.draft.lines.clone();
            s.count_red(&lines);
            s.lost("issue_red")?;
            Ok(RedInvoice {
                number: RED.into(),
                form_number: form_number.into(),
                issued_at: s.now,
            })
        })
    }

    async fn open_settlement(
        &self,
        _: &IdempotencyKey,
        order: &SettlementOrder,
    ) -> Result<String, ConnectorError> {
        self.with(|s| {
            let call = format!(
                "open_settlement {} {:?} {} {}",
                order.receipt_number, order.kind, order.amount, order.red_number
            );
            s.write("open_settlement", call)?;
            let receipt = s.receipt.as_mut().unwrap();
            receipt.settled = receipt.settled.plus(order.amount).unwrap();
            s.settlements
                .push((order.red_number.clone(), "TS0001".into()));
            s.lost("open_settlement")?;
            Ok("TS0001".into())
        })
    }

    async fn settlement_of(&self, red_number: &str) -> Result<Option<String>, ConnectorError> {
        self.with(|s| {
            s.calls.push(format!("read settlement_of {red_number}"));
            let mut settlements = s.settlements.iter();
            let found = settlements.find(|(red, _)| red == red_number);
            Ok(found.map(|(_, number)| number.clone()))
        })
    }

    async fn write_back(
        &self,
        _: &IdempotencyKey,
        number: &str,
        outcome: &WriteBack,
    ) -> Result<(), ConnectorError> {
        self.with(|s| {
            let WriteBack {
                form_number,
                red_number,
                transfer_out,
                settlement_number,
            } = outcome;
            let out = transfer_out.map_or("-".into(), |out| out.to_string());
            let settlement = settlement_number.as_deref().unwrap_or("-");
            let call = format!("write_back {number} {form_number} {red_number} {out} {settlement}");
            s.write("write_back", call)?;
            s.status = Some(RedLetterStatus::Done {
                red_number: red_number.clone(),
            });
            s.lost("write_back")
        })
    }

    async fn return_to_applicant(
        &self,
        _: &IdempotencyKey,
        number: &str,
        reasons: &[String],
    ) -> Result<(), ConnectorError> {
        self.with(|s| {
            let call = format!("return_to_applicant {number} {}", reasons.join("|"));
            s.write("return_to_applicant", call)?;
            s.status = Some(RedLetterStatus::Returned);
            s.lost("return_to_applicant")
        })
    }

    async fn status(&self, _: &str) -> Result<Option<RedLetterStatus>, ConnectorError> {
        self.with(|s| Ok(s.status.clone()))
    }

    async fn pending(
        &self,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<RedLetterApplication>, ConnectorError> {
        Ok(Vec::new())
    }
}

/// A record as the ledger keeps it.
pub fn record(
    name: &str,
    state: EffectState,
    before: Option<Value>,
    result: Option<Value>,
) -> EffectRecord {
    EffectRecord {
        key: IdempotencyKey(format!("key-{name}")),
        name: name.into(),
        state,
        attempt: 1,
        before,
        result,
        intended_at: NOW,
        resolved_at: None,
    }
}

/// The record of the job's form.
pub fn entered(number: &str, state: FormState) -> EffectRecord {
    let result = json!({
        "form_number": number, "uuid": format!("{number:0>32}"), "entered_at": NOW.0, "state": state.as_str(),
    });
    record(
        "create_form",
        EffectState::Confirmed,
        Some(json!([])),
        Some(result),
    )
}

/// A job that several attempts work on: what the ledger keeps of it, and the upstream.
pub struct Desk {
    pub application: RedLetterApplication,
    pub world: Arc<World>,
    pub clock: ManualClock,
    pub records: Vec<EffectRecord>,
}

impl Desk {
    pub fn new(application: RedLetterApplication, state: State) -> Self {
        Self {
            application,
            world: World::new(state),
            clock: ManualClock::new(NOW),
            records: Vec::new(),
        }
    }

    /// The item, which the upstream holds just so unless told otherwise.
    fn item(&self) -> Box<dyn Item> {
        self.world.with(|s| s.item = Some(self.application.clone()));
        item(&self.application)
    }

    /// Checks and gathers, as the fleet does.
    pub async fn review(&self) -> (Vec<Finding>, Facts) {
        let item = self.item();
        let mut found = Found::by(item.as_ref());
        let upstreams = self.world.upstreams();
        let past = Past(&self.records);
        let facts = item
            .gather(&upstreams, &self.clock, past, &mut found)
            .await
            .unwrap();
        (found.findings, facts)
    }

    pub async fn codes(&self) -> Vec<String> {
        let (findings, _) = self.review().await;
        findings.into_iter().map(|finding| finding.code).collect()
    }

    /// One attempt of the fleet. With `decided`, it gathered before it acts; otherwise an order is
    /// under way, and the gate gathers before the first announcement.
    pub async fn attempt(&mut self, order: &Order, decided: bool) -> Result<Done, Stop> {
        let item = self.item();
        let upstreams = self.world.upstreams();
        if decided {
            let past = Past(&self.records);
            item.gather(&upstreams, &self.clock, past, &mut Found::default())
                .await
                .unwrap();
        }
        let mut journal = Journal {
            item: item.as_ref(),
            upstreams: &upstreams,
            clock: &self.clock,
            asked: decided,
            records: std::mem::take(&mut self.records),
        };
        let done = item.act(order, &upstreams, &self.clock, &mut journal).await;
        self.records = journal.records;
        done
    }

    pub async fn proceed(&mut self) -> Result<Done, Stop> {
        let decided = self
            .records
            .iter()
            .all(|effect| effect.state == EffectState::Refused);
        self.attempt(&Order::Proceed, decided).await
    }

    pub fn state_of(&self, name: &str) -> Option<EffectState> {
        Past(&self.records).effect(name).map(|effect| effect.state)
    }
}

/// The journal of one attempt, as the fleet keeps it.
struct Journal<'a> {
    item: &'a dyn Item,
    upstreams: &'a Upstreams,
    clock: &'a ManualClock,
    asked: bool,
    records: Vec<EffectRecord>,
}

impl Journal<'_> {
    fn resolve(&mut self, name: &str, state: EffectState, result: Option<Value>) {
        let mut records = self.records.iter_mut();
        let record = records.find(|record| record.name == name).unwrap();
        (record.state, record.result) = (state, result);
    }

    async fn look_up(&mut self, name: &str, call: &dyn EffectCall) -> Result<Option<Value>, Stop> {
        let record = Past(&self.records).effect(name).unwrap().clone();
        let found = call.lookup(&record.key, record.before.as_ref()).await;
        match found.map_err(Stop::Retry)? {
            Lookup::Happened(value) => {
                self.resolve(name, EffectState::Confirmed, Some(value.clone()));
                Ok(Some(value))
            }
            Lookup::DidNotHappen => Ok(None),
            Lookup::Unclear(found) => Err(Stop::Unclear {
                effect: Box::new(record),
                found,
            }),
        }
    }
}

#[async_trait]
impl Effects for Journal<'_> {
    async fn run(&mut self, name: &'static str, call: &dyn EffectCall) -> Result<Value, Stop> {
        let earlier = Past(&self.records).effect(name).cloned();
        match earlier.as_ref().map(|effect| effect.state) {
            Some(EffectState::Confirmed) => return Ok(earlier.unwrap().result.unwrap()),
            Some(EffectState::Intended | EffectState::Unknown) => {
                if let Some(value) = self.look_up(name, call).await? {
                    return Ok(value);
                }
            }
            Some(EffectState::Refused) | None => {}
        }
        if !self.asked {
            let past = Past(&self.records);
            self.item
                .gather(self.upstreams, self.clock, past, &mut Found::default())
                .await
                .map_err(Stop::Retry)?;
            self.asked = true;
        }
        self.records.retain(|record| record.name != name);
        self.records
            .push(record(name, EffectState::Intended, call.before(), None));
        match call.call(&IdempotencyKey(format!("key-{name}"))).await {
            Ok(value) => {
                self.resolve(name, EffectState::Confirmed, Some(value.clone()));
                Ok(value)
            }
            Err(error) => match error.kind() {
                ErrorKind::Rejected => {
                    self.resolve(name, EffectState::Refused, None);
                    Err(Stop::Refused(error))
                }
                ErrorKind::OutcomeUnknown => {
                    self.resolve(name, EffectState::Unknown, None);
                    let found = self.look_up(name, call).await?;
                    found.ok_or(Stop::Retry(error))
                }
                _ => Err(Stop::Retry(error)),
            },
        }
    }

    fn past(&self) -> Past<'_> {
        Past(&self.records)
    }
}
