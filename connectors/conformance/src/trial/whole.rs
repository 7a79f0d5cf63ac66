//! Clauses about the connector as a whole.

use std::{collections::BTreeSet, time::Duration};

use clerkwork_connectors_api::{
    ErrorKind,
    contract::{Idempotency, Operation},
    http::Access,
};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{Found, Objection, Trial, broken, not_tried};
use crate::Clause;

impl Trial<'_> {
    pub(super) async fn whole(&mut self, clause: Clause, operations: &[Operation]) -> Found {
        match clause {
            Clause::Healthy => self.healthy().await,
            Clause::NoOther => self.no_other().await,
            Clause::NoLockOut => self.no_lock_out().await,
            Clause::RateKept => self.rate_kept(operations).await,
            Clause::NoSecrets => self.no_secrets(),
            Clause::Declared => declared(operations),
            _ => not_tried("it is about operations, one by one"),
        }
    }

    async fn healthy(&self) -> Found {
        let connector = self.connect();
        let connector = connector.map_err(|error| Objection::Broken(error.to_string()))?;
        connector
            .health()
            .await
            .map_err(|error| Objection::Broken(error.to_string()))
    }

    async fn no_other(&self) -> Found {
        let connector = self.ready().await?;
        let name = "an_operation_that_nobody_declares";
        match connector.call(name, None, &json!({})).await {
            Err(error) if error.kind == ErrorKind::Misconfigured => self.nothing_sent(),
            Err(error) => broken(format!("ended as {}: {error}", error.kind.as_str())),
            Ok(_) => broken("it was called"),
        }
    }

    pub(super) fn nothing_sent(&self) -> Found {
        match self.proxy.take().first() {
            None => Ok(()),
            Some(sent) => broken(format!("something was sent: {}", sent.line())),
        }
    }

    /// One login, however often it is called.
    async fn no_lock_out(&self) -> Found {
        if !self.subject.has_session {
            return not_tried("it keeps no session");
        }
        let mut place = self.place(self.proxy.base_url());
        place.wrong_credential = Some("a-wrong-one".into());
        let connector = (self.subject.connect)(&place);
        let connector = connector.map_err(|error| Objection::Broken(error.to_string()))?;
        let mut posts = Vec::new();
        for _ in 0..3 {
            let answer = connector.health().await;
            match answer {
                Err(error) if error.kind == ErrorKind::Unauthorized => {}
                Err(error) => {
                    return broken(format!("ended as {}: {error}", error.kind.as_str()));
                }
                Ok(()) => return broken("a wrong credential was taken for a right one"),
            }
            let sent = self.proxy.take();
            posts.push(sent.iter().filter(|one| one.method == "POST").count());
        }
        match posts[..] {
            [1, 0, 0] => Ok(()),
            _ => broken(format!("three calls sent the login {posts:?} times")),
        }
    }

    async fn rate_kept(&mut self, operations: &[Operation]) -> Found {
        let Some(rate) = self.subject.rate else {
            return not_tried("no rate was given");
        };
        let mut reads = operations
            .iter()
            .filter(|one| one.access() == Access::Read && !one.polled);
        let Some(read) = reads.find(|read| self.glance(read).is_ok()) else {
            return not_tried("no read has a sample");
        };
        let (connector, input) = (self.ready().await?, self.glance(read)?);
        let calls = (0..rate * 2).map(|_| connector.call(read.name, None, &input));
        join_all(calls).await;
        let sent: Vec<_> = self.proxy.take().iter().map(|one| one.at).collect();
        let within = |from: &std::time::Instant| {
            let second = Duration::from_secs(1);
            let within = sent
                .iter()
                .filter(|at| *at >= from && **at - *from < second);
            within.count()
        };
        let most = sent.iter().map(within).max().unwrap_or(0);
        // One more may fall in where a second begins and ends.
        match most <= rate as usize + 1 {
            true => Ok(()),
            false => broken(format!("{most} calls in a second, with {rate} allowed")),
        }
    }

    fn no_secrets(&self) -> Found {
        if self.subject.secrets.is_empty() {
            return not_tried("no secret was given to look for");
        }
        match self.watch.holds(&self.subject.secrets) {
            None => Ok(()),
            Some(secret) => {
                let shown: String = secret.chars().take(2).collect();
                broken(format!(
                    "`{shown}…` stands in an error, a log line or a debug text"
                ))
            }
        }
    }
}

fn declared(operations: &[Operation]) -> Found {
    if operations.is_empty() {
        return broken("it declares no operation");
    }
    let mut names = BTreeSet::new();
    for operation in operations {
        let name = operation.name;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return broken(format!(
                "`{name}` is no name: lower case letters, digits and `_`"
            ));
        }
        if !names.insert(name) {
            return broken(format!("`{name}` is declared twice"));
        }
        if operation.timeout.is_zero() || operation.cost == 0 {
            return broken(format!("`{name}` has no timeout or no cost"));
        }
        if operation.polled && operation.access() == Access::Write {
            return broken(format!("`{name}` is polled, and changes something"));
        }
        if let Idempotency::BusinessKey { lookup } = operation.idempotency {
            let known = operations.iter().find(|known| known.name == lookup);
            if known.is_none_or(|known| known.access() == Access::Write) {
                return broken(format!(
                    "`{name}` is looked up by `{lookup}`, which is no read"
                ));
            }
        }
        for schema in [&operation.input, &operation.output] {
            if !matches!(schema.json(), Value::Bool(_) | Value::Object(_)) {
                return broken(format!("a schema of `{name}` is no JSON Schema"));
            }
        }
    }
    Ok(())
}
