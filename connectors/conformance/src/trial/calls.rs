//! Clauses about calls that go well.

use std::collections::HashSet;

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    contract::{Answer, Connector, Idempotency, Looked, Operation},
    http::{Access, CallRecord},
};
use serde_json::{Map, Value, json};

use super::{Found, Objection, Trial, broken, not_tried};
use crate::{Clause, Trouble};

/// Pages that are read of a list at most.
const PAGES: usize = 500;

impl Trial<'_> {
    /// Nothing for a clause that says nothing about such an operation.
    pub(super) async fn calls(&mut self, clause: Clause, operation: &Operation) -> Option<Found> {
        let is_write = operation.access() == Access::Write;
        let can_look = operation.idempotency != Idempotency::None;
        match clause {
            Clause::InputChecked if operation.polled => None,
            Clause::InputChecked => Some(self.input_checked(operation).await),
            Clause::OutputFits if !is_write => Some(self.output_fits(operation).await),
            Clause::PollEnds if operation.polled => Some(self.poll_ends(operation).await),
            Clause::WriteFound if is_write && can_look => Some(self.write_found(operation).await),
            Clause::WriteTwice if is_write && can_look => Some(self.write_twice(operation).await),
            Clause::SessionRenewed if !operation.polled => {
                Some(self.session_renewed(operation).await)
            }
            Clause::Recorded => Some(self.recorded(operation).await),
            _ => None,
        }
    }

    async fn input_checked(&mut self, operation: &Operation) -> Found {
        let input = json!({"a_field_that_nobody_declares": [1, 2, 3]});
        if operation.input.check(&input).is_ok() {
            return not_tried("its schema takes anything");
        }
        let connector = self.ready().await?;
        let key = self.key();
        match self
            .call(&*connector, operation, Some(&key), &input)
            .await?
        {
            Err(error) if error.kind == ErrorKind::Misconfigured => self.nothing_sent(),
            Err(error) => broken(format!("ended as {}: {error}", error.kind.as_str())),
            Ok(_) => broken("it was called"),
        }
    }

    async fn output_fits(&mut self, operation: &Operation) -> Found {
        let connector = self.ready().await?;
        let input = match operation.polled {
            true => Value::Null,
            false => self.glance(operation)?,
        };
        let answer = match self.call(&*connector, operation, None, &input).await? {
            Ok(answer) => answer,
            Err(error) => return broken(error.to_string()),
        };
        let fits = match &answer.output {
            Value::Array(items) if operation.polled => items
                .iter()
                .try_for_each(|item| operation.output.check(item)),
            output => operation.output.check(output),
        };
        fits.or_else(|why| broken(format!("the answer does not fit its schema: {why}")))
    }

    async fn poll_ends(&mut self, operation: &Operation) -> Found {
        let connector = self.ready().await?;
        let (mut after, mut seen) = (None, HashSet::new());
        for _ in 0..PAGES {
            let page = connector.poll(operation.name, after.as_deref(), 7).await;
            let page = match page {
                Ok(page) => page,
                Err(error) => return broken(error.to_string()),
            };
            for item in &page.items {
                if let Err(why) = operation.output.check(item) {
                    return broken(format!("an item does not fit its schema: {why}"));
                }
                if !seen.insert(item.to_string()) {
                    return broken(format!("an item comes again after {} others", seen.len()));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
        broken(format!("{PAGES} pages, and no end"))
    }

    async fn write_found(&mut self, operation: &Operation) -> Found {
        let connector = self.ready().await?;
        let (key, input) = (self.key(), self.input(operation)?);
        if self.look(&*connector, operation, &key, &input).await? != Looked::DidNotHappen {
            return not_tried("the sample was used before: give fresh ones");
        }
        match self
            .call(&*connector, operation, Some(&key), &input)
            .await?
        {
            Ok(answer) => operation
                .output
                .check(&answer.output)
                .or_else(|why| broken(format!("the answer does not fit its schema: {why}")))?,
            Err(error) => return broken(error.to_string()),
        }
        match self.look(&*connector, operation, &key, &input).await? {
            Looked::Happened(_) => Ok(()),
            other => broken(format!("it was done, and is looked up as {}", name(&other))),
        }
    }

    async fn write_twice(&mut self, operation: &Operation) -> Found {
        let connector = self.ready().await?;
        let (key, input) = (self.key(), self.input(operation)?);
        let first = self
            .call(&*connector, operation, Some(&key), &input)
            .await?;
        if let Err(error) = &first {
            return not_tried(format!("the first was not done: {error}"));
        }
        let second = self
            .call(&*connector, operation, Some(&key), &input)
            .await?;
        let kind = second.as_ref().err().map(|error| error.kind);
        if let (Ok(first), Ok(second)) = (&first, &second)
            && first.output != second.output
        {
            return broken("both were done: they gave different answers");
        }
        if let (Ok(first), Ok(_)) = (&first, &second)
            && first.output.as_object().is_some_and(Map::is_empty)
        {
            return not_tried(
                "both were accepted, and their answers do not tell whether it was done once or twice: look upstream",
            );
        }
        match kind {
            None | Some(ErrorKind::Rejected | ErrorKind::OutcomeUnknown) => {}
            Some(other) => return broken(format!("the second ended as {}", other.as_str())),
        }
        match self.look(&*connector, operation, &key, &input).await? {
            Looked::Happened(_) => Ok(()),
            other => broken(format!("done twice, it is looked up as {}", name(&other))),
        }
    }

    /// The upstream says once that nobody is signed in: with 401, or in its own way to whoever comes without cookies.
    async fn session_renewed(&mut self, operation: &Operation) -> Found {
        if !self.subject.has_session {
            return not_tried("it keeps no session");
        }
        let connector = self.ready().await?;
        let (key, input) = (self.key(), self.input(operation)?);
        let is_write = operation.access() == Access::Write;
        match self.subject.reads_pages {
            // Of many steps the one that matters.
            true if is_write => self.proxy.play_on_write(Trouble::SignedOut),
            true => self.proxy.play_once(Trouble::SignedOut),
            false => self.proxy.play_once(Trouble::Status {
                status: 401,
                retry_after: None,
            }),
        }
        let named = is_write.then_some(&key);
        match self.call(&*connector, operation, named, &input).await? {
            Ok(_) => Ok(()),
            Err(error) if is_write && error.kind == ErrorKind::Transient => {
                // Nothing was done, and the caller may try again.
                match self.look(&*connector, operation, &key, &input).await? {
                    Looked::DidNotHappen => Ok(()),
                    other => broken(format!(
                        "ended as transient, and is looked up as {}",
                        name(&other)
                    )),
                }
            }
            Err(error) => broken(format!("ended as {}: {error}", error.kind.as_str())),
        }
    }

    /// Each exchange has its record, and without a record there is no answer.
    async fn recorded(&mut self, operation: &Operation) -> Found {
        let connector = self.ready().await?;
        self.calls.take();
        let answer = self.once(&*connector, operation).await?;
        if let Err(error) = answer {
            return broken(error.to_string());
        }
        let mut left: Vec<_> = self.calls.take();
        for sent in self.proxy.take() {
            // One of both may not know the status: of an answer that came too late, or is being noted just now.
            let its = |record: &CallRecord| {
                let statuses = record.status.zip(sent.status);
                record.method == sent.method && statuses.is_none_or(|(noted, seen)| noted == seen)
            };
            let Some(at) = left.iter().position(its) else {
                return broken(format!("not on record: {}", sent.line()));
            };
            left.swap_remove(at);
        }
        if let Some(record) = left.first() {
            return broken(format!(
                "on record, and never sent: {} {}",
                record.method, record.path
            ));
        }
        self.calls.refuse(true);
        let answer = self.once(&*connector, operation).await;
        self.calls.refuse(false);
        match answer? {
            Err(_) => Ok(()),
            Ok(_) => broken("it was answered, though the call could not be put on record"),
        }
    }

    /// A call with the next input.
    async fn once(
        &mut self,
        connector: &dyn Connector,
        operation: &Operation,
    ) -> Result<Result<Answer, ConnectorError>, Objection> {
        let key = self.key();
        let input = match operation.polled {
            true => Value::Null,
            false => self.input(operation)?,
        };
        let key = (operation.access() == Access::Write).then_some(&key);
        self.call(connector, operation, key, &input).await
    }
}

pub(super) fn name(looked: &Looked) -> &'static str {
    match looked {
        Looked::Happened(_) => "happened",
        Looked::DidNotHappen => "did not happen",
        Looked::Unclear(_) => "unclear",
    }
}
