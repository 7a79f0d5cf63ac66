//! Kinds that misbehave: the review of agent-issued invoices with one thing changed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use clerkwork_connectors_api::ConnectorError;
use clerkwork_core::{Clock, EffectRecord, Facts, Finding, IdempotencyKey, Text};
use clerkwork_kinds::{
    Done, EffectCall, Effects, Found, Inquiry, Item, JobKind, Lookup, Order, Past, PayloadError,
    PendingItem, Registry, Stop, Subject, Upstreams, Wait,
};
use clerkwork_runtime::Services;
use serde_json::Value;

use crate::stage::KIND;

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    /// It panics when it asks the upstream.
    PanicsAsking,
    /// It never comes back from asking the upstream.
    HangsAsking,
    /// It acts, then panics.
    PanicsAfterTheAct,
    /// It acts, then never comes back.
    HangsAfterTheAct,
    /// No robot may complete it; but it tries to act all the same.
    ForPeopleOnly,
    /// It tries to change the taxpayer's bank account, which no kind may.
    ChangesAccount,
    /// All items are about the same matter.
    OneMatter,
    /// The first time it acts, it waits for an hour instead, or until somebody rings.
    WaitsFirst,
    /// It never acts and asks to be decided again.
    NeverContent,
}

/// What [`Twist::WaitsFirst`] waits for.
pub const BELL: &str = "test.bell";

/// The same parts, with the twisted kind in the place of the real one.
pub fn twisted(services: &Services, twist: Twist) -> (Services, Hanging) {
    let real = services.kinds.get(KIND).unwrap().clone();
    let hanging = Hanging::default();
    let kind: Arc<dyn JobKind> = Arc::new(Twisted {
        real,
        twist,
        hanging: hanging.clone(),
        acts: Arc::default(),
    });
    let services = Services {
        kinds: Arc::new(Registry::of([kind])),
        ..services.clone()
    };
    (services, hanging)
}

/// How many attempts hang.
#[derive(Clone, Default)]
pub struct Hanging(Arc<AtomicUsize>);

impl Hanging {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Never comes back; counted until it is dropped.
    async fn hang(&self) -> ! {
        struct Counted<'a>(&'a AtomicUsize);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        let _counted = Counted(&self.0);
        std::future::pending().await
    }
}

struct Twisted {
    real: Arc<dyn JobKind>,
    twist: Twist,
    hanging: Hanging,
    /// How often anything acted.
    acts: Arc<AtomicUsize>,
}

#[async_trait]
impl JobKind for Twisted {
    fn name(&self) -> &'static str {
        self.real.name()
    }

    fn title(&self) -> Text {
        self.real.title()
    }

    fn schema(&self) -> Value {
        self.real.schema()
    }

    fn resource_type(&self) -> &'static str {
        self.real.resource_type()
    }

    fn connectors(&self) -> &'static [&'static str] {
        &["etax"]
    }

    fn automatable(&self) -> bool {
        self.twist != Twist::ForPeopleOnly
    }

    fn parse(&self, payload: &Value) -> Result<Box<dyn Item>, PayloadError> {
        Ok(Box::new(TwistedItem {
            real: self.real.parse(payload)?,
            twist: self.twist,
            hanging: self.hanging.clone(),
            acts: self.acts.clone(),
        }))
    }

    async fn pending(
        &self,
        upstreams: &Upstreams,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Option<Vec<PendingItem>>, ConnectorError> {
        self.real.pending(upstreams, after, limit).await
    }
}

struct TwistedItem {
    real: Box<dyn Item>,
    twist: Twist,
    hanging: Hanging,
    acts: Arc<AtomicUsize>,
}

#[async_trait]
impl Item for TwistedItem {
    fn subject(&self) -> Subject {
        self.real.subject()
    }

    fn matter(&self) -> Option<String> {
        (self.twist == Twist::OneMatter).then(|| "test.one".to_owned())
    }

    fn check(&self) -> Vec<Finding> {
        self.real.check()
    }

    async fn gather(
        &self,
        upstreams: &Upstreams,
        clock: &dyn Clock,
        past: Past<'_>,
        found: &mut Found,
    ) -> Result<Facts, ConnectorError> {
        match self.twist {
            Twist::PanicsAsking => panic!("twisted"),
            Twist::HangsAsking => self.hanging.hang().await,
            Twist::PanicsAfterTheAct
            | Twist::HangsAfterTheAct
            | Twist::ForPeopleOnly
            | Twist::ChangesAccount
            | Twist::OneMatter
            | Twist::WaitsFirst
            | Twist::NeverContent => self.real.gather(upstreams, clock, past, found).await,
        }
    }

    async fn act(
        &self,
        order: &Order,
        upstreams: &Upstreams,
        clock: &dyn Clock,
        effects: &mut dyn Effects,
    ) -> Result<Done, Stop> {
        match self.twist {
            Twist::WaitsFirst if self.acts.fetch_add(1, Ordering::SeqCst) == 0 => {
                let until = clock.now().after(Duration::from_secs(3_600));
                return Ok(Done::Waiting(Wait {
                    topic: BELL.into(),
                    until,
                    deadline: Some(until),
                    why: Text::new("等铃响", "the bell"),
                }));
            }
            Twist::NeverContent => return Ok(Done::Reconsider),
            Twist::ChangesAccount => {
                effects.run("change_bank_account", &NeverCalled).await?;
            }
            _ => {}
        }
        let done = self.real.act(order, upstreams, clock, effects).await;
        match self.twist {
            Twist::PanicsAfterTheAct => panic!("twisted"),
            Twist::HangsAfterTheAct => self.hanging.hang().await,
            Twist::PanicsAsking
            | Twist::HangsAsking
            | Twist::ForPeopleOnly
            | Twist::ChangesAccount
            | Twist::OneMatter
            | Twist::WaitsFirst
            | Twist::NeverContent => done,
        }
    }

    async fn inquire(
        &self,
        effect: &EffectRecord,
        upstreams: &Upstreams,
    ) -> Result<Option<Inquiry>, ConnectorError> {
        self.real.inquire(effect, upstreams).await
    }
}

/// An effect that must not come about.
struct NeverCalled;

#[async_trait]
impl EffectCall for NeverCalled {
    async fn call(&self, _key: &IdempotencyKey) -> Result<Value, ConnectorError> {
        panic!("it was called")
    }

    async fn lookup(
        &self,
        _key: &IdempotencyKey,
        _before: Option<&Value>,
    ) -> Result<Lookup, ConnectorError> {
        panic!("it was looked up")
    }
}
