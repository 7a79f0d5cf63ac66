//! What a job kind is.

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, Page, agent_invoice::AgentInvoices, red_letter::RedLetters,
};
use clerkwork_core::{
    Clock, EffectRecord, EffectState, Facts, Finding, IdempotencyKey, Text, Timestamp,
};
use serde::Serialize;
use serde_json::Value;
use std::{fmt, sync::Arc};

use crate::PayloadError;

/// A kind of work. One file or folder implements it, one line in the registry names it.
#[async_trait]
pub trait JobKind: Send + Sync {
    /// Stable name in storage, on the wire and on the command line, for example
    /// `agent_invoice_review`.
    fn name(&self) -> &'static str;

    /// The name for people.
    fn title(&self) -> Text;

    /// JSON Schema (2020-12) of the payload.
    fn schema(&self) -> Value;

    /// The resource type of the policy schema, for example `AgentInvoiceReview`.
    fn resource_type(&self) -> &'static str;

    /// Whether a robot may ever complete an item of this kind. `false` is the hard floor: no
    /// policy can let such an item pass.
    fn automatable(&self) -> bool;

    /// The systems that it speaks to, by the names of their connectors; its effects go through the first.
    fn connectors(&self) -> &[&'static str] {
        &[]
    }

    /// Reads a payload. Refuses only what no applicant could correct: wrong types, unknown
    /// fields, amounts that are no amounts. Whatever a reviewer would object to is a finding.
    fn parse(&self, payload: &Value) -> Result<Box<dyn Item>, PayloadError>;

    /// A valid payload as JSON text, without findings, for help texts and trials. Every kind of the
    /// standard registry has one.
    fn example(&self) -> Option<&'static str> {
        None
    }

    /// Items that wait at the upstream, not decided yet: those after the reference `after`, in the
    /// order of their references, at most `limit`. Nothing for a kind that comes from elsewhere.
    async fn pending(
        &self,
        _upstreams: &Upstreams,
        _after: Option<&str>,
        _limit: u32,
    ) -> Result<Option<Vec<PendingItem>>, ConnectorError> {
        Ok(None)
    }
}

/// An item as the upstream hands it over.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingItem {
    /// The upstream's own name for it, which becomes the job's.
    pub reference: String,
    /// The payload.
    pub payload: Value,
}

impl PendingItem {
    /// From a payload that was read from the upstream's answer.
    pub fn new(reference: &str, payload: &impl Serialize) -> Self {
        Self {
            reference: reference.to_owned(),
            // Types of the contract are plain data with text keys: they have a JSON form.
            payload: serde_json::to_value(payload).unwrap_or_default(),
        }
    }
}

/// The person an item is about; their data are sealed in the audit trail.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// Tax id or identity number; groups a person's events, under a keyed pseudonym.
    pub id: String,
    /// Name.
    pub name: String,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(sealed)")
    }
}

/// The systems a kind may speak to.
#[derive(Clone)]
pub struct Upstreams {
    /// Where agent-issued invoices are applied for and issued.
    pub agent_invoices: Arc<dyn AgentInvoices>,
    /// Where blue invoices are held and reversed.
    pub red_letters: Arc<dyn RedLetters>,
}

impl fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upstreams")
    }
}

/// One item of work, read from its payload.
#[async_trait]
pub trait Item: Send + Sync {
    /// The person it is about.
    fn subject(&self) -> Subject;

    /// What only one job may work on at a time, for example one blue invoice: where the upstream
    /// knows no idempotency key, an effect is found again by what it left there, and that tells
    /// nothing while another job leaves the same. Held from the first attempt on until the job has
    /// ended, or rests with nothing done upstream.
    fn matter(&self) -> Option<String> {
        None
    }

    /// What makes another item the same matter for the people who decide, so that they are asked once
    /// for both. Holds no personal data in clear. Nothing: each item is a matter of its own.
    fn concern(&self) -> Option<String> {
        None
    }

    /// Pure rules on the item alone.
    fn check(&self) -> Vec<Finding>;

    /// Read-only calls. Adds to `found` what only the upstream's answer shows, and returns the
    /// facts, those derived from the item and from all findings included. `past` is what this job
    /// did before, so that its own traces upstream are not taken for somebody else's.
    async fn gather(
        &self,
        upstreams: &Upstreams,
        clock: &dyn Clock,
        past: Past<'_>,
        found: &mut Found,
    ) -> Result<Facts, ConnectorError>;

    /// Carries out `order`, every write upstream through `effects`. Called again after a crash or a
    /// wait: the journal then answers for what was already done.
    async fn act(
        &self,
        order: &Order,
        upstreams: &Upstreams,
        clock: &dyn Clock,
        effects: &mut dyn Effects,
    ) -> Result<Done, Stop>;

    /// What the upstream says now about an effect of this job, for the person who has to say how
    /// it ended. Only reads. Nothing when the item has no such effect.
    async fn inquire(
        &self,
        effect: &EffectRecord,
        upstreams: &Upstreams,
    ) -> Result<Option<Inquiry>, ConnectorError>;
}

/// What was found out about an item, beside its facts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// What a reviewer would object to.
    pub findings: Vec<Finding>,
    /// The upstream's answers that the facts rest on, as they came.
    pub pages: Vec<Page>,
}

impl Found {
    /// What the item itself shows.
    pub fn by(item: &dyn Item) -> Self {
        Self {
            findings: item.check(),
            pages: Vec::new(),
        }
    }
}

/// What a job did upstream before: its journal, the oldest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Past<'a>(pub &'a [EffectRecord]);

impl<'a> Past<'a> {
    /// The journal's record of an effect.
    pub fn effect(self, name: &str) -> Option<&'a EffectRecord> {
        self.0.iter().find(|effect| effect.name == name)
    }

    /// What a confirmed effect gave; nothing while it is not confirmed.
    pub fn result(self, name: &str) -> Option<&'a Value> {
        self.effect(name)
            .filter(|effect| effect.state == EffectState::Confirmed)
            .and_then(|effect| effect.result.as_ref())
    }
}

/// What the upstream says about an effect, put for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// What was found, in one sentence.
    pub found: Text,
    /// What the fleet itself would make of it.
    pub lookup: Lookup,
    /// What stands upstream and may be this effect's doing.
    pub candidates: Vec<Candidate>,
}

/// Something upstream that may be an effect's doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its number there, by which a person names it.
    pub number: String,
    /// What it is, without personal data.
    pub text: Text,
    /// It says what the effect was to say. One that does not is shown and cannot be chosen.
    pub fits: bool,
    /// The effect's result, were it this one.
    pub result: Value,
}

/// What is to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Complete the item.
    Proceed,
    /// Send it back to the applicant with these reasons (Chinese, one line each).
    Return {
        /// The reasons.
        reasons: Vec<String>,
    },
}

/// How an item ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Completed; the summary is shown to people and holds no personal data.
    Completed {
        /// For example `{"invoice_number": "…"}`.
        summary: Value,
    },
    /// Returned to the applicant.
    Returned,
    /// An outside event or a time is awaited.
    Waiting(Wait),
    /// What the order rests on has changed by somebody else's doing, for example the other party
    /// refused: the fleet gathers and decides again, and `act` is called with what comes of it.
    Reconsider,
    /// The upstream holds a state that contradicts the order (for example: withdrawn by the
    /// applicant); a person must look. The text says what was found.
    Contradicted(Text),
}

/// What is awaited, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Names what is awaited, unique over all jobs, for example `etax.form:2644…`; whoever hears of
    /// it wakes the job by this name. Holds no personal data.
    pub topic: String,
    /// When to look again if nobody wakes the job.
    pub until: Timestamp,
    /// When waiting ends by law or contract, if it does.
    pub deadline: Option<Timestamp>,
    /// What is awaited, for people.
    pub why: Text,
}

/// The journal, as a kind sees it.
///
/// `run` asks the gate, records the intent durably, calls, and records the result. When an earlier
/// attempt left a record: confirmed answers from the journal without a call; intended or unknown
/// is looked up first; what stays unclear stops the job in front of a person.
#[async_trait]
pub trait Effects: Send {
    /// Runs one effect. `name` is unique within the job. The value is what the call or the lookup
    /// returned; it is stored in the ledger and holds no personal data.
    async fn run(&mut self, name: &'static str, call: &dyn EffectCall) -> Result<Value, Stop>;

    /// What this job did so far, this attempt included.
    fn past(&self) -> Past<'_>;
}

/// One write in another system, and how to find out whether it happened.
#[async_trait]
pub trait EffectCall: Send + Sync {
    /// What stands upstream now, as far as the lookup needs it to tell this effect's doing from what
    /// was there already. Asked after the gate, recorded with the announcement, handed to
    /// [`lookup`](Self::lookup). Holds no personal data.
    fn before(&self) -> Option<Value> {
        None
    }

    /// Performs it.
    async fn call(&self, key: &IdempotencyKey) -> Result<Value, ConnectorError>;

    /// Asks the upstream whether it happened. `before` is what was recorded when the effect was
    /// announced.
    async fn lookup(
        &self,
        key: &IdempotencyKey,
        before: Option<&Value>,
    ) -> Result<Lookup, ConnectorError>;
}

/// The answer to "did it happen?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It did; with what the call would have returned.
    Happened(Value),
    /// It did not, and can be tried.
    DidNotHappen,
    /// The upstream cannot tell, or holds something else in its place.
    Unclear(Text),
}

/// Why a job stops before its end. Kinds hand it through with `?`.
#[derive(Debug)]
pub enum Stop {
    /// A technical failure; the fleet retries the job later.
    Retry(ConnectorError),
    /// The upstream refused on business grounds; a person must look.
    Refused(ConnectorError),
    /// The outcome of this effect is unclear; a person must look.
    Unclear {
        /// The journal's record.
        effect: Box<EffectRecord>,
        /// What was found out.
        found: Text,
    },
    /// The gate, a cancel request or a lost lease stopped it; the fleet knows which.
    Halted,
}
