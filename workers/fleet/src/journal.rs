//! The journal of effects: gate, intent, call, result.
//!
//! The result of an effect is committed together with the next intent or with the end of the
//! attempt. Until then the journal says `intended`, and a process that dies in between finds out
//! by looking the effect up.

use std::time::Duration;

use async_trait::async_trait;
use clerkwork_audit::EventType;
use clerkwork_connectors_api::{ConnectorError, ErrorKind};
use clerkwork_core::{
    BrakeId, EffectRecord, EffectState, IdempotencyKey, RuleHit, State, Text, Timestamp,
};
use clerkwork_kinds::{EffectCall, Effects, Item, JobKind, Lookup, Order, Past, Stop};
use clerkwork_ledger::{EffectWrite, Gate, LedgerError};
use clerkwork_policy::floor;
use clerkwork_runtime::Stopped;
use serde_json::{Value, json};

use crate::{
    attempt::{Attempt, Held},
    decide::{self, Ruling},
    hits,
};

/// So many times in a row the policy may change under an act before a person looks.
const POLICY_CHANGES: usize = 4;

/// Why the journal halted the act.
pub(crate) enum Halt {
    /// The attempt was overtaken.
    Lost,
    /// The gate said no.
    Gate(Vec<RuleHit>),
    /// A brake is on, or the policy in force cannot be used here.
    Stopped(Box<Stopped>),
    /// The ledger failed.
    Ledger(LedgerError),
    /// A robot tried to act for a kind that no robot may complete.
    Floor,
}

/// The journal of one attempt.
pub(crate) struct Journal<'j, 'a> {
    pub(crate) attempt: &'j mut Attempt<'a>,
    pub(crate) kind: &'j dyn JobKind,
    pub(crate) item: &'j dyn Item,
    pub(crate) order: &'j Order,
    /// When the gate let it pass in this attempt; nothing: it was not asked yet.
    pub(crate) passed: Option<Timestamp>,
    pub(crate) halt: Option<Halt>,
}

impl Journal<'_, '_> {
    fn halted(&mut self, halt: Halt) -> Stop {
        self.halt = Some(halt);
        Stop::Halted
    }

    /// Keeps the attempt's own view of the journal as the ledger will have it.
    fn announced(&mut self, key: &IdempotencyKey, name: &str, before: Option<Value>) {
        let record = EffectRecord {
            key: key.clone(),
            name: name.into(),
            state: EffectState::Intended,
            attempt: self.attempt.job.attempt,
            before,
            result: None,
            intended_at: self.attempt.services.clock.now(),
            resolved_at: None,
        };
        match self.known(key) {
            Some(at) => self.attempt.journal[at] = record,
            None => self.attempt.journal.push(record),
        }
    }

    /// The connector that effects go through.
    fn connector(&self) -> Option<&'static str> {
        self.kind.connectors().first().copied()
    }

    fn known(&self, key: &IdempotencyKey) -> Option<usize> {
        let mut journal = self.attempt.journal.iter();
        journal.position(|effect| effect.key == *key)
    }

    /// Notes an outcome for the next commit.
    fn resolve(
        &mut self,
        key: &IdempotencyKey,
        name: &str,
        state: EffectState,
        result: Option<Value>,
        found_by: &str,
    ) {
        let kind = match state {
            EffectState::Confirmed => EventType::EffectConfirmed,
            EffectState::Refused => EventType::EffectRefused,
            EffectState::Unknown | EffectState::Intended => EventType::EffectUnknown,
        };
        let data = json!({
            "by": found_by,
            "connector": self.connector(),
            "effect": name,
            "key": key.0,
            "result": result.clone().unwrap_or(Value::Null),
        });
        let event = self.attempt.event(kind, data);
        self.attempt.pending.events.push(event);
        self.attempt.pending.effects.push(EffectWrite::Resolve {
            key: key.clone(),
            state,
            result: result.clone(),
        });
        if let Some(at) = self.known(key) {
            let now = self.attempt.services.clock.now();
            let effect = &mut self.attempt.journal[at];
            (effect.state, effect.result, effect.resolved_at) = (state, result, Some(now));
        }
    }

    /// Asks again with fresh facts, unless the gate was asked a moment ago under the policy that is in
    /// force: same inputs, same answer.
    async fn pass_gate(&mut self) -> Result<(), Stop> {
        let services = self.attempt.services;
        if let Some(stopped) = services.oversight.stops(&self.attempt.scopes) {
            return Err(self.halted(Halt::Stopped(Box::new(stopped))));
        }
        let in_force = services.oversight.policy();
        let fresh =
            |at: Timestamp| services.clock.now().since(at) < services.config.fleet.gate_fresh;
        if self.passed.is_some_and(fresh) && self.attempt.policy.version() == in_force.version() {
            return Ok(());
        }
        self.attempt.policy = in_force;
        let asked_at = services.clock.now();
        let known = decide::gather(self.attempt, self.kind, self.item)
            .await
            .map_err(Stop::Retry)?;
        let ruling = decide::rule(self.attempt, self.kind, known).await;
        match ruling.map_err(|error| self.halted(Halt::Ledger(error)))? {
            Ruling::Carry(order, record) if order == *self.order => {
                self.attempt.note_decision(record);
                self.passed = Some(asked_at);
                Ok(())
            }
            Ruling::Carry(_, record) => {
                self.attempt.note_decision(record);
                Err(self.halted(Halt::Gate(vec![hits::gate_closed()])))
            }
            Ruling::Ask(record) => {
                let rules = record.decision.rules.clone();
                self.attempt.note_decision(record);
                Err(self.halted(Halt::Gate(rules)))
            }
            Ruling::Lost => Err(self.halted(Halt::Lost)),
        }
    }

    /// Nothing is begun while the outcome of another effect is open.
    fn settled_but(&self, key: &IdempotencyKey) -> Result<(), Stop> {
        let open = |effect: &&EffectRecord| {
            effect.key != *key
                && matches!(effect.state, EffectState::Intended | EffectState::Unknown)
        };
        match self.attempt.journal.iter().find(open) {
            None => Ok(()),
            Some(effect) => Err(Stop::Unclear {
                effect: Box::new(effect.clone()),
                found: hits::SETTLE_FIRST,
            }),
        }
    }

    /// That an act is not there is believed only when it has had the time to get there: its request
    /// may still be under way when its answer is given up.
    fn may_not_land_any_more(&self, key: &IdempotencyKey, name: &'static str) -> Result<(), Stop> {
        let Some(at) = self.known(key) else {
            return Ok(());
        };
        let services = self.attempt.services;
        let landing = services.config.fleet.landing;
        let age = services
            .clock
            .now()
            .since(self.attempt.journal[at].intended_at);
        match landing.checked_sub(age) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(left) => Err(Stop::Retry(ConnectorError {
                connector: "fleet",
                operation: name,
                kind: ErrorKind::RateLimited {
                    retry_after: Some(left),
                },
                code: None,
                message: "its request may still be under way; looked up again later".into(),
                page: None,
                source: None,
            })),
        }
    }

    async fn look_up(
        &mut self,
        key: &IdempotencyKey,
        name: &'static str,
        call: &dyn EffectCall,
    ) -> Result<Option<Value>, Stop> {
        let known = self.known(key).map(|at| &self.attempt.journal[at]);
        let before = known.and_then(|effect| effect.before.clone());
        let found = call.lookup(key, before.as_ref()).await;
        match found.map_err(Stop::Retry)? {
            Lookup::Happened(value) => {
                self.resolve(
                    key,
                    name,
                    EffectState::Confirmed,
                    Some(value.clone()),
                    "lookup",
                );
                Ok(Some(value))
            }
            Lookup::DidNotHappen => Ok(None),
            Lookup::Unclear(found) => Err(self.unclear(key, found)),
        }
    }

    fn unclear(&self, key: &IdempotencyKey, found: Text) -> Stop {
        match self.known(key) {
            Some(at) => Stop::Unclear {
                effect: Box::new(self.attempt.journal[at].clone()),
                found,
            },
            // `look_up` runs only for a recorded effect.
            None => Stop::Halted,
        }
    }

    async fn announce(
        &mut self,
        key: &IdempotencyKey,
        name: &'static str,
        before: Option<Value>,
    ) -> Result<(), Stop> {
        for _ in 0..POLICY_CHANGES {
            match self.try_to_announce(key, name, before.clone()).await {
                Ok(Held::Yes) => {
                    self.announced(key, name, before);
                    return Ok(());
                }
                Ok(Held::Lost) => return Err(self.halted(Halt::Lost)),
                Ok(Held::Braked(brake)) => return Err(self.braked(brake).await),
                Ok(Held::PolicyChanged) => {
                    let services = self.attempt.services;
                    let refreshed = services.oversight.refresh(&services.ledger).await;
                    refreshed.map_err(|error| self.halted(Halt::Ledger(error)))?;
                    self.passed = None;
                    self.pass_gate().await?;
                }
                Err(error) => return Err(self.halted(Halt::Ledger(error))),
            }
        }
        Err(self.halted(Halt::Gate(vec![hits::gate_closed()])))
    }

    async fn try_to_announce(
        &mut self,
        key: &IdempotencyKey,
        name: &'static str,
        before: Option<Value>,
    ) -> Result<Held, LedgerError> {
        let event = self.attempt.event(
            EventType::EffectIntended,
            json!({"connector": self.connector(), "effect": name, "key": key.0}),
        );
        let intend = EffectWrite::Intend {
            key: key.clone(),
            name: name.into(),
            before,
        };
        let gate = Gate {
            policy: self.attempt.policy.version(),
            scopes: self.attempt.scopes.clone(),
        };
        self.attempt
            .commit(State::Running, |change| {
                change.unless_cancelled = true;
                change.gate = Some(gate);
                change.effects.push(intend);
                change.events.push(event);
            })
            .await
    }

    /// A brake that this process had not heard of yet.
    async fn braked(&mut self, brake: BrakeId) -> Stop {
        match self.attempt.services.ledger.brake(brake).await {
            Ok(Some(brake)) => {
                self.halted(Halt::Stopped(Box::new(Stopped::Brake(Box::new(brake)))))
            }
            Ok(None) => self.halted(Halt::Gate(vec![hits::gate_closed()])),
            Err(error) => self.halted(Halt::Ledger(error)),
        }
    }

    /// The outcome is not known: says so durably, then asks once. "Not there" is no proof while the
    /// request may still be under way, so the next look comes with the next attempt.
    async fn after_unknown(
        &mut self,
        key: &IdempotencyKey,
        name: &'static str,
        call: &dyn EffectCall,
        error: ConnectorError,
    ) -> Result<Value, Stop> {
        self.resolve(key, name, EffectState::Unknown, None, "call");
        match self.attempt.commit(State::Running, |_| ()).await {
            Ok(Held::Yes) => {}
            // Nothing was announced, so neither brake nor policy could refuse it.
            Ok(Held::Lost | Held::Braked(_) | Held::PolicyChanged) => {
                return Err(self.halted(Halt::Lost));
            }
            Err(error) => return Err(self.halted(Halt::Ledger(error))),
        }
        match self.look_up(key, name, call).await? {
            Some(value) => Ok(value),
            None => Err(Stop::Retry(error)),
        }
    }
}

#[async_trait]
impl Effects for Journal<'_, '_> {
    async fn run(&mut self, name: &'static str, call: &dyn EffectCall) -> Result<Value, Stop> {
        if !self.kind.automatable()
            || floor::forbids_kind(self.kind.resource_type())
            || floor::forbids_effect(name).is_some()
        {
            return Err(self.halted(Halt::Floor));
        }
        let key = IdempotencyKey::of(self.attempt.job.id, name);
        let earlier = self
            .attempt
            .journal
            .iter()
            .find(|effect| effect.key == key)
            .cloned();
        match earlier.as_ref().map(|effect| effect.state) {
            Some(EffectState::Confirmed) => {
                return Ok(earlier
                    .and_then(|effect| effect.result)
                    .unwrap_or(Value::Null));
            }
            Some(EffectState::Intended | EffectState::Unknown) => {
                if let Some(value) = self.look_up(&key, name, call).await? {
                    return Ok(value);
                }
                self.may_not_land_any_more(&key, name)?;
            }
            Some(EffectState::Refused) | None => {}
        }
        self.settled_but(&key)?;
        self.pass_gate().await?;
        let open = earlier.filter(|effect| effect.state != EffectState::Refused);
        if open.is_some()
            && let Some(value) = self.look_up(&key, name, call).await?
        {
            // It landed between the look and the gate.
            return Ok(value);
        }
        // What has appeared since the first announcement may be its doing, however late.
        let before = match open {
            Some(effect) => effect.before,
            None => call.before(),
        };
        self.announce(&key, name, before).await?;
        match call.call(&key).await {
            Ok(value) => {
                self.resolve(
                    &key,
                    name,
                    EffectState::Confirmed,
                    Some(value.clone()),
                    "call",
                );
                Ok(value)
            }
            Err(error) => match error.kind() {
                ErrorKind::Rejected => {
                    let code = error.code.as_ref().map(|code| json!({"code": code}));
                    self.resolve(&key, name, EffectState::Refused, code, "call");
                    Err(Stop::Refused(error))
                }
                ErrorKind::OutcomeUnknown => self.after_unknown(&key, name, call, error).await,
                ErrorKind::Transient
                | ErrorKind::RateLimited { .. }
                | ErrorKind::Unauthorized
                | ErrorKind::Misconfigured
                | ErrorKind::PageChanged => Err(Stop::Retry(error)),
            },
        }
    }

    fn past(&self) -> Past<'_> {
        Past(&self.attempt.journal)
    }
}
