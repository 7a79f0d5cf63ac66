//! The client itself.

use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use clerkwork_core::IdempotencyKey;
use reqwest::{
    Client, Method, Request, Response, StatusCode, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use tracing::{Instrument, Span, field::Empty};

use super::{
    BreakerStatus, HttpSettings, Outgoing, Reply, RetrySettings, breaker::Breaker,
    endpoint::Endpoint, fault::Fault, html, pace::Pace, retry_after,
};
use crate::{ConnectorError, ErrorKind};

/// Where an upstream that honours it looks for the name of a write.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Of a page behind a bad status so much is read to find its title.
const ERROR_PAGE_BYTES: usize = 64 * 1024;

/// The client of one upstream; built once, shared by all workers.
#[derive(Debug)]
pub struct HttpStack {
    name: &'static str,
    base: Url,
    headers: HeaderMap,
    client: Client,
    pace: Option<Pace>,
    breaker: Breaker,
    retry: RetrySettings,
    max_response_bytes: usize,
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
        let base = base_url(&settings.base_url).map_err(&wrong)?;
        let mut headers = HeaderMap::new();
        if let Some(token) = &settings.token {
            let token = HeaderValue::try_from(format!("Bearer {}", token.expose()));
            let mut token = token.map_err(|_| {
                wrong("`token` holds characters that no HTTP header may hold".into())
            })?;
            token.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, token);
        }
        // An error only says that the process has chosen a provider before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("clerkwork/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.request_timeout)
            .pool_max_idle_per_host(settings.idle_connections)
            .pool_idle_timeout(settings.idle_timeout)
            .build()
            .map_err(|error| wrong(format!("cannot set up TLS: {error}")))?;
        Ok(Self {
            name: settings.name,
            base,
            headers,
            client,
            pace: settings.pace.map(Pace::new),
            breaker: Breaker::new(settings.name, settings.breaker, Instant::now()),
            retry: settings.retry,
            max_response_bytes: settings.max_response_bytes,
        })
    }

    /// A read at `path` below the base, for example `api/cxdkfpsqzt`.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`] when the path makes no address.
    pub fn read(&self, operation: &'static str, path: &str) -> Result<Endpoint, ConnectorError> {
        Endpoint::new(self.name, operation, super::Access::Read, &self.base, path)
    }

    /// A write at `path` below the base.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`] when the path makes no address.
    pub fn write(&self, operation: &'static str, path: &str) -> Result<Endpoint, ConnectorError> {
        Endpoint::new(self.name, operation, super::Access::Write, &self.base, path)
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
        let mut retries = 0_u64;
        let outcome = (|| self.attempt(endpoint, outgoing))
            .retry(self.backoff())
            .when(|fault| fault.is_retried(access))
            .adjust(|fault, pause| self.pause(fault, pause))
            .notify(|_, _| retries += 1)
            .await;
        if retries > 0 {
            span.record("connector.retries", retries);
        }
        outcome.map_err(|fault| fault.into_error(endpoint))
    }

    /// One try, counted by the breaker.
    async fn attempt<'a>(
        &self,
        endpoint: &'a Endpoint,
        outgoing: &Outgoing,
    ) -> Result<Reply<'a>, Fault> {
        let permit = self
            .breaker
            .admit(Instant::now())
            .map_err(|retry_after| Fault::LeftAlone { retry_after })?;
        if let Some(pace) = &self.pace {
            pace.turn()
                .await
                .map_err(|retry_after| Fault::NoTurn { retry_after })?;
        }
        let outcome = self.exchange(endpoint, outgoing).await;
        let answered = match &outcome {
            Ok(_) => Some(true),
            Err(fault) => fault.answered(),
        };
        match answered {
            Some(answered) => permit.record(answered, Instant::now()),
            None => drop(permit),
        }
        outcome
    }

    /// One request, one answer.
    async fn exchange<'a>(
        &self,
        endpoint: &'a Endpoint,
        outgoing: &Outgoing,
    ) -> Result<Reply<'a>, Fault> {
        let mut request = Request::new(outgoing.method.clone(), outgoing.url.clone());
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().extend(outgoing.headers.clone());
        *request.timeout_mut() = outgoing.timeout;
        if !outgoing.body.is_empty() {
            *request.body_mut() = Some(outgoing.body.clone().into());
        }
        let response = self
            .client
            .execute(request)
            .await
            .map_err(Fault::from_client)?;
        let status = response.status();
        let content_type = text_of(response.headers(), header::CONTENT_TYPE).to_owned();
        let accept = &outgoing.accept;
        if !status.is_success() && !accept.takes(status) {
            return Err(self.refused(status, &content_type, response).await);
        }
        let headers = response.headers().clone();
        let body = whole(response, self.max_response_bytes).await?;
        if !accept.markup && html::is_html(&content_type, &body) {
            let title = html::title(&content_type, &body);
            return Err(Fault::HtmlPage { title });
        }
        Ok(Reply::new(endpoint, status, headers, &content_type, body))
    }

    async fn refused(&self, status: StatusCode, content_type: &str, response: Response) -> Fault {
        let retry_after = retry_after::parse(
            text_of(response.headers(), header::RETRY_AFTER),
            jiff::Timestamp::now(),
        );
        // The page only adds to the message, so it may fail; read, the connection can be used again.
        let page = whole(response, self.max_response_bytes.min(ERROR_PAGE_BYTES)).await;
        let title = page
            .ok()
            .filter(|page| html::is_html(content_type, page))
            .and_then(|page| html::title(content_type, &page));
        Fault::Status {
            status,
            retry_after,
            title,
        }
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

/// Reads a body to its end, and no further than `limit` bytes.
async fn whole(mut response: Response, limit: usize) -> Result<Vec<u8>, Fault> {
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Fault::TooLarge { limit });
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(Fault::from_client)? {
        if body.len() + chunk.len() > limit {
            return Err(Fault::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Checks the base and gives it the slash at its end that joining needs.
fn base_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text)
        .map_err(|error| format!("`base_url` is no address: {error}; give `https://host/path`"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("`base_url` must begin with `https://` or `http://`".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("`base_url` holds credentials; give them as `token`".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("`base_url` must end before `?` and `#`".into());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
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
