//! The client itself.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use backon::{ExponentialBuilder, Retryable};
use clerkwork_core::IdempotencyKey;
use reqwest::{
    Client, Method, Request, StatusCode,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use tracing::{Instrument, Span, field::Empty};

use super::{
    BreakerStatus, CallLog, HttpSettings, Outgoing, Rehearsal, Reply, RetrySettings,
    admission::Admission,
    auth::Signer,
    breaker::Breaker,
    client::client,
    endpoint::Endpoint,
    fault::Fault,
    origin::Origins,
    record::{Flight, Seen},
    revalidate::Kept,
};
use crate::{ConnectorError, ErrorKind};

/// Where an upstream that honours it looks for the name of a write.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The client of one upstream; built once, shared by all workers.
#[derive(Debug)]
pub struct HttpStack {
    name: &'static str,
    origins: Origins,
    signer: Signer,
    pub(super) client: Client,
    admission: Admission,
    breaker: Breaker,
    retry: RetrySettings,
    log: Option<Arc<dyn CallLog>>,
    rehearsal: Option<Rehearsal>,
    pub(super) max_response_bytes: usize,
    pub(super) kept: Kept,
}

impl HttpStack {
    /// Builds the client.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`], naming the setting.
    pub fn new(settings: HttpSettings) -> Result<Self, ConnectorError> {
        let wrong = |message: String| ConnectorError {
            connector: settings.name,
            operation: "configure",
            kind: ErrorKind::Misconfigured,
            code: None,
            message,
            page: None,
            source: None,
        };
        let origins = Origins::new(&settings.base_url, &settings.hosts).map_err(&wrong)?;
        let signer = Signer::new(settings.auth.clone()).map_err(&wrong)?;
        let client = client(&settings).map_err(&wrong)?;
        Ok(Self {
            name: settings.name,
            origins,
            signer,
            client,
            admission: Admission::new(&settings),
            breaker: Breaker::new(settings.name, settings.breaker, Instant::now()),
            retry: settings.retry,
            log: settings.log,
            rehearsal: settings.rehearsal,
            max_response_bytes: settings.max_response_bytes,
            kept: Kept::new(settings.revalidate_bytes),
        })
    }

    /// A read at `path` below the base, for example `api/cxdkfpsqzt`.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`] when the path makes no address.
    pub fn read(&self, operation: &'static str, path: &str) -> Result<Endpoint, ConnectorError> {
        Endpoint::new(
            self.name,
            operation,
            super::Access::Read,
            self.origins.base(),
            path,
        )
    }

    /// A write at `path` below the base.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`] when the path makes no address.
    pub fn write(&self, operation: &'static str, path: &str) -> Result<Endpoint, ConnectorError> {
        Endpoint::new(
            self.name,
            operation,
            super::Access::Write,
            self.origins.base(),
            path,
        )
    }

    /// Whether nothing is sent: calls are only shown.
    pub fn rehearses(&self) -> bool {
        self.rehearsal.is_some()
    }

    /// What a status page shows of the circuit breaker.
    pub fn breaker(&self) -> BreakerStatus {
        self.breaker.status(Instant::now())
    }

    /// Posts `question` as JSON, with the key that names a write. See [`send`](Self::send).
    ///
    /// # Errors
    /// Every [`ErrorKind`] but [`ErrorKind::Rejected`], which only the connector can tell.
    pub async fn call<'a, Q: Serialize>(
        &self,
        endpoint: &'a Endpoint,
        key: Option<&IdempotencyKey>,
        question: &Q,
    ) -> Result<Reply<'a>, ConnectorError> {
        let body = serde_json::to_vec(question).map_err(|error| {
            endpoint.error(
                ErrorKind::Misconfigured,
                format!("the question has no JSON form: {error}"),
            )
        })?;
        let mut outgoing = Outgoing::new(Method::POST, endpoint.url().clone());
        outgoing.body = body.into();
        outgoing.headers = HeaderMap::from_iter([
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json; charset=utf-8"),
            ),
            (header::ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        if let Some(key) = key {
            let value = HeaderValue::try_from(key.0.as_str()).map_err(|_| {
                endpoint.error(
                    ErrorKind::Misconfigured,
                    "the idempotency key holds characters that no HTTP header may hold",
                )
            })?;
            outgoing.headers.insert(IDEMPOTENCY_KEY, value);
            outgoing.key = Some(key.clone());
        }
        self.send(endpoint, &outgoing).await
    }

    /// Sends a call. Tries again as the settings say and `endpoint` allows; at worst it takes
    /// (retries + 1) × `request_timeout` and the pauses between.
    ///
    /// # Errors
    /// Every [`ErrorKind`] but [`ErrorKind::Rejected`], which only the connector can tell.
    pub async fn send<'a>(
        &self,
        endpoint: &'a Endpoint,
        outgoing: &Outgoing,
    ) -> Result<Reply<'a>, ConnectorError> {
        let span = tracing::info_span!(
            "connector.call",
            connector.name = self.name,
            connector.operation = endpoint.operation(),
            connector.retries = Empty,
            outcome = Empty,
            duration_ms = Empty,
        );
        let started = Instant::now();
        let inner = span.clone();
        async {
            let result = self.tries(endpoint, outgoing, &inner).await;
            let outcome = match &result {
                Ok(_) => "answered",
                Err(error) => error.kind.as_str(),
            };
            inner.record("outcome", outcome);
            inner.record("duration_ms", millis(started.elapsed()));
            result
        }
        .instrument(span)
        .await
    }

    async fn tries<'a>(
        &self,
        endpoint: &'a Endpoint,
        outgoing: &Outgoing,
        span: &Span,
    ) -> Result<Reply<'a>, ConnectorError> {
        let access = endpoint.access();
        let mut tries = 0;
        let mut attempt = || {
            tries += 1;
            self.attempt(endpoint, outgoing, tries)
        };
        let outcome = (&mut attempt)
            .retry(self.backoff())
            .when(|fault| fault.is_retried(access))
            .adjust(|fault, pause| self.pause(fault, pause))
            .await;
        if tries > 1 {
            span.record("connector.retries", tries - 1);
        }
        outcome.map_err(|fault| fault.into_error(endpoint))
    }

    /// One try, counted by the breaker.
    async fn attempt<'a>(
        &self,
        endpoint: &'a Endpoint,
        outgoing: &Outgoing,
        attempt: u32,
    ) -> Result<Reply<'a>, Fault> {
        let mut request = self.request(outgoing)?;
        if let Some(rehearsal) = &self.rehearsal {
            return Err(rehearsal.keep(outgoing));
        }
        let kept = self.kept.find(endpoint, outgoing);
        if let Some(kept) = &kept {
            kept.ask(request.headers_mut());
        }
        let permit = self
            .breaker
            .admit(Instant::now())
            .map_err(|retry_after| Fault::LeftAlone { retry_after })?;
        let place = self.admission.enter(outgoing.cost).await?;
        let log = self.log.as_ref();
        let flight = log.map(|log| Flight::new(log, endpoint, outgoing, attempt));
        let mut seen = Seen::new(flight.is_some());
        let outcome = self
            .exchange(endpoint, outgoing, request, kept, &mut seen)
            .await;
        // Even if the connector takes it for an answer.
        if seen.status() == Some(StatusCode::UNAUTHORIZED) {
            self.signer.doubt();
        }
        let answered = match &outcome {
            Ok(_) => Some(true),
            Err(fault) => fault.answered(),
        };
        match answered {
            Some(answered) => permit.record(answered, Instant::now()),
            None => drop(permit),
        }
        drop(place);
        if let Some(flight) = flight {
            let sent = outcome.as_ref().err().is_none_or(Fault::was_sent);
            let landed = flight.land(&outcome, seen).await;
            landed.map_err(|cause| Fault::Unrecorded { sent, cause })?;
        }
        outcome
    }

    /// The call as it goes to the upstream. Our credentials go home only: another host gets what the
    /// connector itself puts into the call.
    fn request(&self, outgoing: &Outgoing) -> Result<Request, Fault> {
        self.origins.check(&outgoing.url)?;
        let mut request = Request::new(outgoing.method.clone(), outgoing.url.clone());
        if self.origins.is_home(&outgoing.url) {
            self.signer.sign(request.headers_mut())?;
        }
        request.headers_mut().extend(outgoing.headers.clone());
        *request.timeout_mut() = outgoing.timeout;
        if !outgoing.body.is_empty() {
            *request.body_mut() = Some(outgoing.body.clone().into());
        }
        Ok(request)
    }

    fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_jitter()
            .with_factor(2.0)
            .with_min_delay(self.retry.min_delay)
            .with_max_delay(self.retry.max_delay)
            .with_max_times(self.retry.retries)
    }

    /// How long to wait before the next try; nothing to leave it to the caller.
    fn pause(&self, fault: &Fault, planned: Option<Duration>) -> Option<Duration> {
        let planned = planned?;
        match fault.retry_after() {
            Some(asked) if asked > self.retry.max_retry_after => None,
            Some(asked) => Some(planned.max(asked)),
            None => Some(planned),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Secret;

    fn stack(base: &str) -> Result<HttpStack, ConnectorError> {
        HttpStack::new(HttpSettings::new("test", base, Secret::new("t")))
    }

    #[test]
    fn paths_are_joined_below_the_base() {
        for base in ["http://localhost:1/gate", "http://localhost:1/gate/"] {
            let endpoint = stack(base).unwrap().read("status", "api/x").unwrap();
            assert_eq!(endpoint.url().as_str(), "http://localhost:1/gate/api/x");
        }
    }

    #[test]
    fn a_wrong_base_is_refused_and_the_setting_is_named() {
        for base in ["", "localhost", "ftp://a", "http://u:p@a", "http://a?x=1"] {
            let error = stack(base).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Misconfigured);
            assert!(error.message.contains("base_url"), "{error}");
        }
    }

    #[test]
    fn a_token_with_a_line_break_is_refused_without_showing_it() {
        let settings = HttpSettings::new("test", "http://a", Secret::new("geheim\n"));
        let error = HttpStack::new(settings).unwrap_err();
        assert!(!error.to_string().contains("geheim"));
    }
}
