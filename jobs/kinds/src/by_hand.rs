//! Kinds of matter that a robot never completes: each item is blocked, and a person decides.
//!
//! They pass through the fleet all the same, so that they have an owner, a deadline and a trail.
//! An approval means that a person did the work in the system of record; nothing is written
//! upstream from here. To add one, add its payload, its [`ByHand`] row, an example, and its line
//! in the registry.

use std::{marker::PhantomData, sync::Arc};

use async_trait::async_trait;
use clerkwork_connectors_api::ConnectorError;
use clerkwork_core::{Cents, Clock, EffectRecord, Facts, Finding, Text};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    Done, Effects, Inquiry, Item, JobKind, Order, Past, PayloadError, Stop, Subject, Upstreams,
    payload, schema,
};

/// What sets one such kind apart.
pub trait ByHand: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// See [`JobKind::name`].
    const NAME: &'static str;
    /// See [`JobKind::title`].
    const TITLE: Text;
    /// See [`JobKind::resource_type`].
    const RESOURCE_TYPE: &'static str;
    /// See [`JobKind::example`].
    const EXAMPLE: &'static str;

    /// Whose matter it is.
    fn taxpayer(&self) -> &Taxpayer;
}

macro_rules! by_hand {
    ($($payload:ident $name:literal $zh:literal $en:literal;)*) => {$(
        impl ByHand for $payload {
            const NAME: &'static str = $name;
            const TITLE: Text = Text::new($zh, $en);
            const RESOURCE_TYPE: &'static str = stringify!($payload);
            const EXAMPLE: &'static str = include_str!(concat!("../examples/", $name, ".json"));

            fn taxpayer(&self) -> &Taxpayer {
                &self.taxpayer
            }
        }
    )*};
}

by_hand! {
    InvoiceQuota "invoice_quota" "发票总额度调整" "Invoice-quota change";
    Deregistration "deregistration" "一般注销" "Deregistration";
    EquityTransfer "equity_transfer" "股权转让" "Equity transfer";
    CreditRefund "credit_refund" "增值税留抵退税" "VAT credit refund";
}

/// The taxpayer a matter is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taxpayer {
    /// Tax id.
    pub tax_id: String,
    /// Registered name.
    pub name: String,
}

/// A change of the quota of digital invoices (数电票赋额).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceQuota {
    /// The upstream's number of the request.
    pub request_number: String,
    /// Who asks.
    pub taxpayer: Taxpayer,
    /// The month, `yyyyMM`.
    #[schemars(regex(pattern = r"^\d{4}(0[1-9]|1[0-2])$"))]
    pub period: String,
    /// Issuing is suspended.
    pub suspended: bool,
    /// Quota of the month.
    pub month_quota: Cents,
    /// What is left of it.
    pub remaining: Cents,
    /// Downloaded to issuing software.
    pub downloaded: Cents,
    /// Downloaded and not used.
    pub downloaded_unused: Cents,
    /// The quota that is asked for.
    pub requested_quota: Cents,
    /// Why, in the taxpayer's words.
    pub reason: String,
}

/// Deregistration by the general procedure (一般注销).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deregistration {
    /// The upstream's number of the request.
    pub request_number: String,
    /// Who asks.
    pub taxpayer: Taxpayer,
    /// The day of the request (local date).
    #[schemars(with = "String", extend("format" = "date"))]
    pub applied_on: Date,
    /// Periods without a return.
    pub unfiled_periods: u32,
    /// Tax owed.
    pub arrears: Cents,
    /// Invoices held and not used.
    pub unused_invoices: u32,
    /// An inspection is open.
    pub open_inspection: bool,
    /// Refunds not settled yet.
    pub open_refunds: u32,
    /// Input tax not yet credited.
    pub credit_balance: Cents,
}

/// A transfer of shares by a natural person (股权转让, 公告2014年第67号).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EquityTransfer {
    /// The upstream's number of the request.
    pub request_number: String,
    /// Who transfers.
    pub taxpayer: Taxpayer,
    /// The company whose shares they are.
    pub company: Taxpayer,
    /// The day of the contract (local date).
    #[schemars(with = "String", extend("format" = "date"))]
    pub contract_date: Date,
    /// Number of the contract.
    pub contract_number: String,
    /// Agreed price.
    pub price: Cents,
    /// Share in the company's net assets.
    pub net_asset_share: Cents,
    /// What the shares cost.
    pub cost: Cents,
    /// What was paid so far.
    pub paid: Cents,
    /// Real estate and intellectual property in the company's assets, in thousandths; over 200 an
    /// appraisal is needed.
    pub property_permille: u32,
    /// An appraisal is attached.
    pub appraisal_attached: bool,
}

/// A refund of uncredited input tax (留抵退税).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditRefund {
    /// The upstream's number of the request.
    pub request_number: String,
    /// Who asks.
    pub taxpayer: Taxpayer,
    /// Credit grade.
    pub credit_grade: CreditGrade,
    /// Industry, as registered.
    pub industry: String,
    /// Size.
    pub size: Size,
    /// Credit from before the policy began.
    pub stock_credit: Cents,
    /// Credit since.
    pub new_credit: Cents,
    /// Share of the input tax that counts for the refund (进项构成比例), in thousandths.
    pub input_composition_permille: u32,
    /// Share of the credit that is refunded, in thousandths.
    pub refundable_permille: u32,
    /// What is asked for.
    pub requested: Cents,
}

/// Credit grade of a taxpayer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CreditGrade {
    /// The best.
    A,
    /// Good.
    B,
    /// Fair.
    C,
    /// Bad.
    D,
    /// Newly registered.
    M,
}

/// Size of a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// 大型.
    Large,
    /// 中型.
    Medium,
    /// 小型.
    Small,
    /// 微型.
    Micro,
}

/// The kind of a payload.
pub(crate) fn kind<P: ByHand>() -> Arc<dyn JobKind> {
    Arc::new(Kind::<P>(PhantomData))
}

struct Kind<P>(PhantomData<fn() -> P>);

impl<P: ByHand> JobKind for Kind<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn title(&self) -> Text {
        P::TITLE
    }

    fn schema(&self) -> Value {
        schema::of::<P>()
    }

    fn resource_type(&self) -> &'static str {
        P::RESOURCE_TYPE
    }

    fn automatable(&self) -> bool {
        false
    }

    fn parse(&self, payload: &Value) -> Result<Box<dyn Item>, PayloadError> {
        let matter: P = payload::read(payload)?;
        Ok(Box::new(Matter(matter)))
    }

    fn example(&self) -> Option<&'static str> {
        Some(P::EXAMPLE)
    }
}

struct Matter<P>(P);

#[async_trait]
impl<P: ByHand> Item for Matter<P> {
    fn subject(&self) -> Subject {
        let Taxpayer { tax_id, name } = self.0.taxpayer().clone();
        Subject { id: tax_id, name }
    }

    /// Nothing: what a supervisor looks at here is not for a robot to judge.
    fn check(&self) -> Vec<Finding> {
        Vec::new()
    }

    async fn gather(
        &self,
        _: &Upstreams,
        _: &dyn Clock,
        _: Past<'_>,
        _: &mut Vec<Finding>,
    ) -> Result<Facts, ConnectorError> {
        Ok(Facts::default())
    }

    /// Records how a person ended it; no effect, no call.
    async fn act(
        &self,
        order: &Order,
        _: &Upstreams,
        _: &dyn Clock,
        _: &mut dyn Effects,
    ) -> Result<Done, Stop> {
        Ok(match order {
            Order::Proceed => Done::Completed {
                summary: json!({ "by_hand": true }),
            },
            Order::Return { .. } => Done::Returned,
        })
    }

    /// No effect, so nothing to ask about.
    async fn inquire(
        &self,
        _: &EffectRecord,
        _: &Upstreams,
    ) -> Result<Option<Inquiry>, ConnectorError> {
        Ok(None)
    }
}
