//! How each clause is tried.

mod calls;
mod troubles;
mod whole;

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::Arc,
    time::Duration,
};

use clerkwork_connectors_api::{
    ConnectorError,
    contract::{Answer, Connector, Looked, Operation},
    http::Access,
};
use clerkwork_core::IdempotencyKey;
use serde_json::Value;
use tracing::instrument::WithSubscriber;

use crate::{
    Cassette, Clause, Outcome, Place, Proxy, Report, Ruling, Subject, Trouble, calls::Calls,
    cassette::Checked, watch::Watch,
};

/// How long a call may take at most beside its tries: pauses between them, and a slow machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Steps and tries that a call has at most.
const TRIES: u32 = 20;

/// What a trial found: nothing to object to, or what.
type Found = Result<(), Objection>;

/// Why a clause is not kept, or could not be tried.
enum Objection {
    Broken(String),
    NotTried(String),
}

fn broken<T>(why: impl Into<String>) -> Result<T, Objection> {
    Err(Objection::Broken(why.into()))
}

fn not_tried<T>(why: impl Into<String>) -> Result<T, Objection> {
    Err(Objection::NotTried(why.into()))
}

/// Goes through all clauses. `told` hears of each before it is tried.
///
/// # Errors
/// The proxy cannot listen, or the connector cannot be built for it.
pub async fn check(
    subject: &Subject,
    told: impl Fn(Clause),
) -> io::Result<Result<Report, ConnectorError>> {
    let checked = check_and_record(subject, told).await?;
    Ok(checked.map(|(report, _)| report))
}

/// Goes through all clauses, and keeps what the upstream answered; nothing when it was too much to keep.
///
/// # Errors
/// As [`check`].
pub async fn check_and_record(
    subject: &Subject,
    told: impl Fn(Clause),
) -> io::Result<Result<(Report, Option<Cassette>), ConnectorError>> {
    let proxy = Proxy::start(subject.upstream.clone()).await?;
    let watch = Watch::default();
    let mut trial = Trial {
        subject,
        proxy,
        watch: watch.clone(),
        calls: Arc::default(),
        left: HashMap::new(),
        rulings: Vec::new(),
        keys: 0,
        on_writes: false,
    };
    for sample in &subject.samples {
        let inputs = sample.inputs.iter().cloned().collect();
        trial.left.insert(sample.operation.clone(), inputs);
    }
    let connector = match trial.connect() {
        Ok(connector) => connector,
        Err(error) => return Ok(Err(error)),
    };
    let profile = connector.profile().clone();
    let run = async {
        for clause in Clause::ALL {
            told(clause);
            trial.go(clause, &profile.operations).await;
        }
    };
    run.with_subscriber(watch.subscriber()).await;
    let credentials = [subject.secrets.as_slice(), &subject.users].concat();
    let checked = Checked {
        connector: profile.name,
        version: &profile.version,
        at: subject.at,
        upstream: &subject.upstream,
        samples: &subject.samples,
        credentials: &credentials,
    };
    let tape = trial.proxy.tape();
    let cassette = tape.map(|tape| Cassette::new(&checked, tape));
    let report = Report {
        connector: profile.name,
        version: profile.version,
        rulings: trial.rulings,
    };
    Ok(Ok((report, cassette)))
}

/// A check under way.
struct Trial<'a> {
    subject: &'a Subject,
    proxy: Proxy,
    watch: Watch,
    /// What the connector put on record.
    calls: Arc<Calls>,
    /// Inputs of each operation that were not used yet.
    left: HashMap<String, VecDeque<Value>>,
    rulings: Vec<Ruling>,
    keys: u64,
    /// Troubles are met by requests that are no `GET`.
    on_writes: bool,
}

impl Trial<'_> {
    async fn go(&mut self, clause: Clause, operations: &[Operation]) {
        match clause {
            Clause::Declared
            | Clause::Healthy
            | Clause::NoOther
            | Clause::NoLockOut
            | Clause::RateKept
            | Clause::NoSecrets => {
                let found = self.whole(clause, operations).await;
                self.rule(clause, None, found);
            }
            Clause::InputChecked
            | Clause::OutputFits
            | Clause::PollEnds
            | Clause::WriteFound
            | Clause::WriteTwice
            | Clause::SessionRenewed
            | Clause::Recorded => {
                for operation in operations {
                    if let Some(found) = self.calls(clause, operation).await {
                        self.rule(clause, Some(operation.name), found);
                    }
                }
            }
            Clause::Statuses
            | Clause::NoConnection
            | Clause::CutBefore
            | Clause::LostAnswer
            | Clause::TimeoutHonoured
            | Clause::SlowBody
            | Clause::HugeBody
            | Clause::WrongType
            | Clause::TornAnswer
            | Clause::PageChanged
            | Clause::NoRedirect => {
                for operation in operations {
                    let mut found = self.troubles(clause, operation).await;
                    // Of many steps the first ones only read; then it meets the others.
                    let is_write = operation.access() == Access::Write;
                    if is_write && self.subject.reads_pages && matches!(found, Some(Ok(()))) {
                        self.on_writes = true;
                        found = self.troubles(clause, operation).await;
                        self.on_writes = false;
                    }
                    if let Some(found) = found {
                        self.rule(clause, Some(operation.name), found);
                    }
                }
            }
        }
        self.proxy.play(None);
        self.proxy.take();
    }

    fn rule(&mut self, clause: Clause, operation: Option<&'static str>, found: Found) {
        let outcome = match found {
            Ok(()) => Outcome::Kept,
            Err(Objection::NotTried(why)) => Outcome::NotTried { why },
            Err(Objection::Broken(why)) => Outcome::Broken {
                why,
                exchanges: self.proxy.take(),
            },
        };
        self.proxy.take();
        self.rulings.push(Ruling {
            clause,
            text: clause.text(),
            operation,
            outcome,
        });
    }

    /// The connector, new: no trouble of before has left its mark on it.
    fn connect(&self) -> Result<Arc<dyn Connector>, ConnectorError> {
        self.connect_to(self.proxy.base_url())
    }

    fn place(&self, base_url: String) -> Place {
        Place {
            base_url,
            timeout: self.subject.timeout,
            wrong_credential: None,
            at: self.subject.at,
            log: Some(Arc::clone(&self.calls) as _),
        }
    }

    fn connect_to(&self, base_url: String) -> Result<Arc<dyn Connector>, ConnectorError> {
        let connector = (self.subject.connect)(&self.place(base_url));
        match &connector {
            Ok(connector) => self.watch.note(&format!("{connector:?}")),
            Err(error) => self.watch.note(&format!("{error:?}")),
        }
        connector
    }

    /// A new connector whose session, if it keeps one, has begun.
    async fn ready(&self) -> Result<Arc<dyn Connector>, Objection> {
        self.proxy.play(None);
        let connector = self
            .connect()
            .map_err(|error| Objection::Broken(error.to_string()))?;
        if self.subject.has_session
            && let Err(error) = connector.health().await
        {
            return not_tried(format!("no session: {error}"));
        }
        self.proxy.take();
        self.calls.take();
        Ok(connector)
    }

    /// The next input of an operation; the last one of a read again and again.
    fn input(&mut self, operation: &Operation) -> Result<Value, Objection> {
        let left = self.left.get_mut(operation.name);
        let next = left.and_then(|left| match operation.access() {
            Access::Read if left.len() == 1 => left.front().cloned(),
            Access::Read | Access::Write => left.pop_front(),
        });
        match next {
            Some(input) => Ok(input),
            None => not_tried(format!(
                "no input is left for `{}`: give more samples",
                operation.name
            )),
        }
    }

    /// An input that is not used up: for what never reaches the upstream.
    fn glance(&self, operation: &Operation) -> Result<Value, Objection> {
        let left = self.left.get(operation.name);
        match left.and_then(VecDeque::front) {
            Some(input) => Ok(input.clone()),
            None => not_tried(format!(
                "no input is left for `{}`: give more samples",
                operation.name
            )),
        }
    }

    fn key(&mut self) -> IdempotencyKey {
        self.keys += 1;
        IdempotencyKey(format!("conformance-{}-{}", self.subject.at.0, self.keys))
    }

    /// Calls an operation, or polls it. A call that does not come back in time is an objection.
    async fn call(
        &self,
        connector: &dyn Connector,
        operation: &Operation,
        key: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<Result<Answer, ConnectorError>, Objection> {
        let call = async {
            if operation.polled {
                let polled = connector.poll(operation.name, None, 20).await?;
                return Ok(Answer::from(Value::Array(polled.items)));
            }
            connector.call(operation.name, key, input).await
        };
        let patience = PATIENCE + TRIES * self.subject.timeout;
        let Ok(done) = tokio::time::timeout(patience, call).await else {
            return broken(format!(
                "the call had not ended after {} s, with a timeout of {} ms",
                patience.as_secs(),
                self.subject.timeout.as_millis()
            ));
        };
        if let Err(error) = &done {
            self.watch.note(&format!("{error} {error:?}"));
        }
        Ok(done)
    }

    async fn look(
        &self,
        connector: &dyn Connector,
        operation: &Operation,
        key: &IdempotencyKey,
        input: &Value,
    ) -> Result<Looked, Objection> {
        match connector.lookup(operation.name, key, input).await {
            Ok(looked) => Ok(looked),
            Err(error) => broken(format!("looking it up failed: {error}")),
        }
    }

    fn play(&self, trouble: Trouble) {
        match self.on_writes {
            true => self.proxy.play_on_writes(trouble),
            false => self.proxy.play(Some(trouble)),
        }
    }
}
