//! Clauses about what goes wrong on the way.

use std::time::Instant;

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    contract::{Answer, Connector, Idempotency, Looked, Operation},
    http::{Access, CallRecord},
};
use clerkwork_core::IdempotencyKey;
use serde_json::Value;

use super::{Found, Objection, Trial, broken, calls::name, not_tried};
use crate::{Clause, Proxy, Trouble};

/// Statuses that are played.
const STATUSES: [u16; 12] = [400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504];

/// Of an endless body so much may be read: the limit of usual settings, and what lies in buffers.
const READ: u64 = 64 * 1024 * 1024;

/// How a call ended, and with what it was made.
struct Ended {
    result: Result<Answer, ConnectorError>,
    connector: std::sync::Arc<dyn Connector>,
    key: IdempotencyKey,
    input: Value,
}

impl Trial<'_> {
    /// Nothing for a clause that says nothing about such an operation.
    pub(super) async fn troubles(
        &mut self,
        clause: Clause,
        operation: &Operation,
    ) -> Option<Found> {
        let is_write = operation.access() == Access::Write;
        Some(match clause {
            Clause::Statuses => self.statuses(operation).await,
            Clause::NoConnection => self.no_connection(operation).await,
            Clause::CutBefore => self.unclear(operation, Trouble::CutBefore).await,
            Clause::TimeoutHonoured => self.unclear(operation, Trouble::Silence).await,
            Clause::SlowBody => self.unclear(operation, Trouble::Drip).await,
            Clause::HugeBody => self.huge(operation).await,
            Clause::WrongType if self.subject.reads_pages => return None,
            Clause::WrongType => self.unclear(operation, Trouble::Maintenance).await,
            Clause::TornAnswer if self.subject.reads_pages => return None,
            Clause::TornAnswer => self.torn(operation).await,
            Clause::LostAnswer if is_write && operation.idempotency != Idempotency::None => {
                self.lost(operation).await
            }
            Clause::PageChanged if self.subject.reads_pages => self.page_changed(operation).await,
            Clause::NoRedirect => self.no_redirect(operation).await,
            _ => return None,
        })
    }

    /// A call under a trouble that never lets the upstream be asked.
    async fn under(&mut self, operation: &Operation, trouble: Trouble) -> Result<Ended, Objection> {
        let connector = self.ready().await?;
        let input = match operation.polled {
            true => Value::Null,
            false => self.glance(operation)?,
        };
        self.play(trouble);
        self.ends(connector, operation, input).await
    }

    async fn ends(
        &mut self,
        connector: std::sync::Arc<dyn Connector>,
        operation: &Operation,
        input: Value,
    ) -> Result<Ended, Objection> {
        let key = self.key();
        let named = (operation.access() == Access::Write).then_some(&key);
        let result = self.call(&*connector, operation, named, &input).await;
        self.proxy.play(None);
        Ok(Ended {
            result: result?,
            connector,
            key,
            input,
        })
    }

    async fn statuses(&mut self, operation: &Operation) -> Found {
        let is_read = operation.access() == Access::Read;
        for status in STATUSES {
            let trouble = Trouble::Status {
                status,
                // Longer than a call waits by itself.
                retry_after: (status == 429).then_some(60),
            };
            let ended = self.under(operation, trouble).await?;
            let kind = match ended.result {
                Ok(answer) if status == 404 && is_read && answer.output.is_null() => continue,
                Ok(_) => return broken(format!("{status} was taken for an answer")),
                Err(error) => error.kind,
            };
            use ErrorKind::*;
            let fits = match (status, kind) {
                (401 | 403, Unauthorized) => true,
                (429, RateLimited { retry_after }) => retry_after.is_some(),
                (408 | 500..=599, Transient) => is_read || self.subject.reads_pages,
                (408 | 500..=599, OutcomeUnknown) => !is_read,
                (400 | 404 | 409 | 422, Misconfigured | Rejected) => true,
                (400 | 404 | 409 | 422, OutcomeUnknown) => !is_read,
                _ => false,
            };
            if !fits {
                return broken(format!("{status} ended as {}", kind.as_str()));
            }
            self.sent_once(operation)?;
        }
        Ok(())
    }

    /// A write went out once.
    fn sent_once(&self, operation: &Operation) -> Found {
        let sent = self.proxy.take();
        let records = self.calls.take();
        let is_its = |record: &&CallRecord| {
            record.access == Access::Write && record.operation == operation.name
        };
        let writes = match records.is_empty() {
            true => sent.iter().filter(|one| one.method != "GET").count(),
            // A sign-in is none of its writes.
            false => records.iter().filter(is_its).count(),
        };
        match operation.access() {
            Access::Write if writes > 1 && !self.subject.reads_pages => {
                broken(format!("the write was sent {writes} times"))
            }
            Access::Write | Access::Read => Ok(()),
        }
    }

    async fn no_connection(&mut self, operation: &Operation) -> Found {
        let proxy = Proxy::start(self.subject.upstream.clone()).await;
        let proxy = proxy.map_err(|error| Objection::NotTried(error.to_string()))?;
        let connector = self.connect_to(proxy.base_url());
        let connector = connector.map_err(|error| Objection::Broken(error.to_string()))?;
        // A session begins before the way to the upstream is gone.
        if self.subject.has_session
            && let Err(error) = connector.health().await
        {
            return not_tried(format!("no session: {error}"));
        }
        self.proxy.keep_of(&proxy);
        proxy.stop().await;
        let input = match operation.polled {
            true => Value::Null,
            false => self.glance(operation)?,
        };
        match self.ends(connector, operation, input).await?.result {
            Err(error) if error.kind == ErrorKind::Transient => Ok(()),
            Err(error) => broken(format!("ended as {}: {error}", error.kind.as_str())),
            Ok(_) => broken("it was answered without an upstream"),
        }
    }

    /// Nothing came back: a read may be repeated, a write is unclear.
    async fn unclear(&mut self, operation: &Operation, trouble: Trouble) -> Found {
        let ended = self.under(operation, trouble).await?;
        self.kind_is_unclear(operation, &ended)?;
        self.sent_once(operation)
    }

    fn kind_is_unclear(&self, operation: &Operation, ended: &Ended) -> Found {
        let kind = match &ended.result {
            Ok(_) => return broken("it was taken for an answer"),
            Err(error) => error.kind,
        };
        let fits = match (operation.access(), kind) {
            (Access::Read, ErrorKind::Transient) => true,
            (Access::Write, ErrorKind::OutcomeUnknown) => true,
            // Of many steps the first ones only read.
            (Access::Write, ErrorKind::Transient) => self.subject.reads_pages,
            _ => false,
        };
        match fits {
            true => Ok(()),
            false => broken(format!("ended as {}", kind.as_str())),
        }
    }

    async fn huge(&mut self, operation: &Operation) -> Found {
        let began = Instant::now();
        let ended = self.under(operation, Trouble::Endless).await?;
        if ended.result.is_ok() {
            return broken("it was taken for an answer");
        }
        let unclear =
            matches!(&ended.result, Err(error) if error.kind == ErrorKind::OutcomeUnknown);
        if operation.access() == Access::Write && !unclear && !self.subject.reads_pages {
            return broken("a write whose answer was too long is not unclear");
        }
        let sent = self.proxy.take();
        let most = sent.iter().map(|one| one.bytes_out).max().unwrap_or(0);
        match most <= READ {
            true => Ok(()),
            false => broken(format!(
                "{most} bytes were read in {} ms",
                began.elapsed().as_millis()
            )),
        }
    }

    async fn torn(&mut self, operation: &Operation) -> Found {
        let connector = self.ready().await?;
        let input = match operation.polled {
            true => Value::Null,
            false => self.input(operation)?,
        };
        self.play(Trouble::Torn);
        let ended = self.ends(connector, operation, input).await?;
        let kind = match ended.result {
            Ok(_) => return broken("it was taken for an answer"),
            Err(error) => error.kind,
        };
        match (operation.access(), kind) {
            (Access::Write, ErrorKind::OutcomeUnknown) => Ok(()),
            (Access::Read, ErrorKind::Misconfigured | ErrorKind::Transient) => Ok(()),
            _ => broken(format!("ended as {}", kind.as_str())),
        }
    }

    async fn lost(&mut self, operation: &Operation) -> Found {
        let connector = self.ready().await?;
        let input = self.input(operation)?;
        match self.subject.reads_pages {
            true => self.proxy.play_on_writes(Trouble::CutAfter),
            false => self.play(Trouble::CutAfter),
        }
        let ended = self.ends(connector, operation, input).await?;
        let kind = match &ended.result {
            Ok(_) => return broken("it was answered, though the answer was lost"),
            Err(error) => error.kind,
        };
        let Ended {
            connector,
            key,
            input,
            ..
        } = &ended;
        let looked = self.look(&**connector, operation, key, input).await?;
        match (kind, looked) {
            (ErrorKind::OutcomeUnknown, Looked::Happened(_)) => Ok(()),
            // A form of many steps that was cut before its last.
            (ErrorKind::OutcomeUnknown | ErrorKind::Transient, Looked::DidNotHappen)
                if self.subject.reads_pages =>
            {
                Ok(())
            }
            (kind, looked) => broken(format!(
                "ended as {}, and is looked up as {}",
                kind.as_str(),
                name(&looked)
            )),
        }
    }

    async fn page_changed(&mut self, operation: &Operation) -> Found {
        let ended = self.under(operation, Trouble::OtherPage).await?;
        match &ended.result {
            Err(error) if error.kind == ErrorKind::PageChanged && error.page.is_some() => Ok(()),
            // In the place of the answer to a form: whether it was done is another question.
            Err(error) if error.kind == ErrorKind::OutcomeUnknown && self.on_writes => Ok(()),
            Err(error) if error.kind == ErrorKind::PageChanged => {
                broken("the page was not kept as evidence")
            }
            Err(error) => broken(format!("ended as {}: {error}", error.kind.as_str())),
            Ok(_) => broken("it was taken for an answer"),
        }
    }

    async fn no_redirect(&mut self, operation: &Operation) -> Found {
        let not_tried = |error: std::io::Error| Objection::NotTried(error.to_string());
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(not_tried)?;
        listener.set_nonblocking(true).map_err(not_tried)?;
        let port = listener.local_addr().map_err(not_tried)?.port();
        let to = format!("http://localhost:{port}/elsewhere").parse();
        let to = to.map_err(|_| Objection::NotTried("no address".into()))?;
        let ended = self.under(operation, Trouble::Redirect(to)).await?;
        // Whoever came waits in the listener's queue.
        if listener.accept().is_ok() {
            return broken("it was followed");
        }
        match ended.result {
            Err(_) => Ok(()),
            Ok(_) => broken("it was taken for an answer"),
        }
    }
}
