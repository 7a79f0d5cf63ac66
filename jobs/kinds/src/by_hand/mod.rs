//! Kinds of matter that a robot never completes: each item is blocked, and a person decides.
//!
//! They pass through the fleet all the same, so that they have an owner, a deadline and a trail.
//! An approval means that a person did the work in the system of record; nothing is written
//! upstream from here. What the item says becomes facts, so that the rules can say what a person
//! should look at, and how many people. To add one, add its payload (`matters`), its facts
//! (`facts`), its [`ByHand`] row, an example, and its line in the registry.

mod facts;
mod matters;

use std::{marker::PhantomData, sync::Arc};

use async_trait::async_trait;
use clerkwork_connectors_api::ConnectorError;
use clerkwork_core::{Clock, EffectRecord, Facts, Finding, Text};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    Done, Effects, Found, Inquiry, Item, JobKind, Order, Past, PayloadError, Stop, Subject,
    Upstreams, payload, schema,
};
use facts::Said;

pub use matters::{
    CreditGrade, CreditRefund, Deregistration, EquityTransfer, InvoiceQuota, QuotaIndicators,
    ScoreCause, Size, Taxpayer,
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

    /// What the item says, in the words of `policies/schema.cedarschema`. What it leaves out stays
    /// out.
    fn say(&self, said: &mut Said<'_>);
}

macro_rules! by_hand {
    ($($payload:ident $name:literal $zh:literal $en:literal;)*) => {$(
        impl ByHand for $payload {
            const NAME: &'static str = $name;
            const TITLE: Text = Text::new($zh, $en);
            const RESOURCE_TYPE: &'static str = stringify!($payload);
            const EXAMPLE: &'static str = include_str!(concat!("../../examples/", $name, ".json"));

            fn taxpayer(&self) -> &Taxpayer {
                &self.taxpayer
            }

            fn say(&self, said: &mut Said<'_>) {
                self.facts(said);
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
        clock: &dyn Clock,
        _: Past<'_>,
        _: &mut Found,
    ) -> Result<Facts, ConnectorError> {
        let mut facts = Facts::default();
        self.0.say(&mut Said::new(&mut facts, clock.now()));
        Ok(facts)
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
