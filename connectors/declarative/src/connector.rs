//! The connector that a file describes.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    contract::{Answer, Connector, Looked, Operation, Polled, Profile},
    http::{Accept, Access, BreakerStatus, Endpoint, HttpStack, Outgoing, Reply},
};
use clerkwork_core::IdempotencyKey;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    answer::Kind,
    auth::{Auth, Grant, Session},
    fault::{Fault, Level, Notes},
    file::{self, Health, OperationSpec, Spec},
    form::{FormPage, Held},
    http,
    paging::Place,
    settings::Settings,
    template::Scope,
};

/// A connector that is written as a file.
#[derive(Debug)]
pub struct Declarative {
    profile: Profile,
    operations: BTreeMap<&'static str, Prepared>,
    health: Option<Health>,
    base: Endpoint,
    stack: Arc<HttpStack>,
    session: Arc<Session>,
    settings: Settings,
    /// Certificates and the like, which are read once.
    of_machine: bool,
}

/// An operation that can be called.
#[derive(Debug)]
struct Prepared {
    spec: OperationSpec,
    endpoint: Endpoint,
    /// For the page that its form stands on.
    page: Endpoint,
    timeout: Option<Duration>,
    accept: Accept,
}

impl Declarative {
    /// Reads a file. `file` is its name in messages. Nothing is sent, and no credential is read yet but a
    /// proxy's.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str, file: &str, settings: &Settings) -> Result<Self, Vec<Fault>> {
        let notes = Notes::new(text, file);
        let spec = file::read(text, &notes);
        let built = match spec.filter(|_| !notes.has_errors()) {
            Some(spec) => {
                let places = spec.upstream.of_machine.clone();
                let tell = |error: ConnectorError| {
                    let place = places.named(&error.message).unwrap_or_default();
                    notes.error(&place, error.message);
                };
                Self::build(spec, settings.clone()).map_err(tell).ok()
            }
            None => None,
        };
        built.ok_or_else(|| {
            let found = notes.into_findings().into_iter();
            let errors = found.filter(|finding| finding.level == Level::Error);
            errors.map(|finding| finding.fault).collect()
        })
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and when the file cannot be read.
    pub fn load(path: impl AsRef<Path>, settings: &Settings) -> Result<Self, Vec<Fault>> {
        let file = path.as_ref().display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &file, settings),
            Err(error) => Err(vec![Fault {
                message: format!("the file cannot be read: {}", error.kind()),
                file,
                line: 1,
                column: 1,
            }]),
        }
    }

    fn build(spec: Spec, settings: Settings) -> Result<Self, ConnectorError> {
        let timeout = settings.timeout.or(spec.upstream.timeout);
        let of_machine = !spec.upstream.of_machine.is_empty();
        let http = http::settings(spec.name, spec.upstream, &settings)?;
        let stack = Arc::new(HttpStack::new(http)?);
        let session = Arc::new(Session::new(
            spec.auth,
            Arc::clone(&stack),
            settings.clone(),
        )?);
        let mut operations = BTreeMap::new();
        for mut operation in spec.operations {
            let name = operation.declared.name;
            let own = Some(operation.declared.timeout).filter(|own| !own.is_zero());
            let own = own.map(|own| settings.timeout.unwrap_or(own));
            let usual = Operation::poll(name, operation.declared.output.clone()).timeout;
            operation.declared.timeout = own.or(timeout).unwrap_or(usual);
            let endpoint = match operation.declared.access() {
                Access::Read => stack.read(name, "")?,
                Access::Write => stack.write(name, "")?,
            };
            let prepared = Prepared {
                accept: accept(&operation, &session.auth),
                spec: operation,
                endpoint,
                page: stack.read(name, "")?,
                timeout: own,
            };
            operations.insert(name, prepared);
        }
        let declared = operations.values().map(|one| one.spec.declared.clone());
        Ok(Self {
            profile: Profile {
                name: spec.name,
                title: spec.title,
                version: spec.version,
                operations: declared.collect(),
            },
            operations,
            health: spec.health,
            base: stack.read("health", "")?,
            stack,
            session,
            settings,
            of_machine,
        })
    }

    /// Whether files of the machine were read when it was loaded: a reload reads them again.
    pub(crate) fn reads_files_when_loaded(&self) -> bool {
        self.of_machine
    }

    /// What a status page shows of the circuit breaker.
    pub fn breaker(&self) -> BreakerStatus {
        self.stack.breaker()
    }

    /// Lets credentials that the upstream refused be tried once more: for somebody who has put it right upstream.
    pub async fn allow_sign_in(&self) {
        self.session.allow().await;
    }

    fn prepared(&self, name: &str) -> Result<&Prepared, ConnectorError> {
        let declared = self.profile.operation(name)?;
        self.operations.get(declared.name).ok_or_else(|| {
            let why = "the operation is declared and not there";
            self.profile
                .error(declared.name, ErrorKind::Misconfigured, why)
        })
    }

    fn scope<'a>(&self, key: Option<&'a IdempotencyKey>, input: &'a Value) -> Scope<'a> {
        Scope {
            input,
            key: key.map(|key| key.0.as_str()),
            cursor: None,
            limit: None,
            now: self.settings.clock.now(),
            item: None,
            found: None,
        }
    }

    /// Sends what an operation is called with, once more when the session turns out to be over: that was not done.
    async fn ask<'s>(
        &'s self,
        one: &'s Prepared,
        scope: &Scope<'_>,
        link: Option<&str>,
    ) -> Result<Reply<'s>, ConnectorError> {
        let request = &one.spec.request;
        let mut worn = None;
        for _ in 0..2 {
            let mut grant = self.grant(&one.endpoint, worn).await?;
            let mut held = None;
            if let Some(page) = &request.page {
                match self.open(page, one, scope).await {
                    // Its token is one of the session that it was opened in.
                    Ok((opened, generation)) => match self.session.still(generation).await {
                        Some(same) => (held, grant) = (Some(opened), same),
                        None => continue,
                    },
                    // Nothing was opened, and the form is to be seen all the same.
                    Err(_) if self.stack.rehearses() => {}
                    Err(error) => return Err(error),
                }
            }
            let mut outgoing = request.fill(&one.endpoint, scope, link, held.as_ref())?;
            outgoing.accept = one.accept.clone();
            outgoing.timeout = one.timeout;
            outgoing.cost = one.spec.declared.cost;
            outgoing.key = scope.key.map(|key| IdempotencyKey(key.to_owned()));
            match self.with(&one.endpoint, outgoing, &grant).await? {
                Some(reply) => return Ok(reply),
                None => worn = Some(grant.generation),
            }
        }
        Err(ended_at_once(&one.endpoint))
    }

    /// Opens the page of a form, with a session that lasts, and tells which.
    async fn open(
        &self,
        page: &FormPage,
        one: &Prepared,
        scope: &Scope<'_>,
    ) -> Result<(Held, u64), ConnectorError> {
        let wrong = |why| one.page.error(ErrorKind::Misconfigured, why);
        let at = page.address.fill(&one.page, scope).map_err(wrong)?;
        let to = one.spec.request.address.fill(&one.page, scope);
        let to = to.map_err(wrong)?;
        let mut outgoing = Outgoing::new(Method::GET, at.clone());
        outgoing.accept.markup = true;
        expects_the_end(&mut outgoing.accept, &self.session.auth);
        outgoing.timeout = one.timeout;
        let (reply, generation) = self.send(&one.page, outgoing).await?;
        let held = page.read(&reply, (&at, &to), &one.spec.request.method, scope)?;
        Ok((held, generation))
    }

    /// Sends a read, once more when the session turns out to be over, and tells in which it was answered.
    async fn send<'s>(
        &'s self,
        endpoint: &'s Endpoint,
        outgoing: Outgoing,
    ) -> Result<(Reply<'s>, u64), ConnectorError> {
        let mut worn = None;
        for _ in 0..2 {
            let grant = self.grant(endpoint, worn).await?;
            match self.with(endpoint, outgoing.clone(), &grant).await? {
                Some(reply) => return Ok((reply, grant.generation)),
                None => worn = Some(grant.generation),
            }
        }
        Err(ended_at_once(endpoint))
    }

    async fn grant(&self, endpoint: &Endpoint, worn: Option<u64>) -> Result<Grant, ConnectorError> {
        self.session.grant(worn).await.map_err(|mut error| {
            error.operation = endpoint.operation();
            error
        })
    }

    /// Sends with what a session gave; nothing when that is over.
    async fn with<'s>(
        &'s self,
        endpoint: &'s Endpoint,
        mut outgoing: Outgoing,
        grant: &Grant,
    ) -> Result<Option<Reply<'s>>, ConnectorError> {
        outgoing.headers.extend(grant.headers.clone());
        let reply = self.stack.send(endpoint, &outgoing).await?;
        if self.session.auth.is_over(&reply) {
            return Ok(None);
        }
        self.session.learn(grant.generation, reply.headers()).await;
        Ok(Some(reply))
    }

    async fn perform(
        &self,
        one: &Prepared,
        key: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<Answer, ConnectorError> {
        let declared = &one.spec.declared;
        let wrong = |why: String| one.endpoint.error(ErrorKind::Misconfigured, why);
        if declared.polled {
            return Err(wrong("the operation is read page by page; poll it".into()));
        }
        declared
            .input
            .check(input)
            .map_err(|why| wrong(format!("the input does not fit: {why}")))?;
        if key.is_none() && declared.access() == Access::Write {
            return Err(wrong("a write needs an idempotency key".into()));
        }
        let scope = self.scope(key, input);
        let reply = self.ask(one, &scope, None).await?;
        let got = one.spec.response.read(&reply, &scope)?;
        // Nothing was found, and the file does not say that there may be nothing.
        if got.top.is_none() && declared.output.check(&Value::Null).is_err() {
            return Err(one
                .endpoint
                .error(ErrorKind::Rejected, "upstream has nothing of that name"));
        }
        let answer = got.answer;
        check(one, &answer.output, &reply)?;
        Ok(answer)
    }
}

fn ended_at_once(endpoint: &Endpoint) -> ConnectorError {
    let why = "upstream ended a session that had just begun; check the rights of the credentials";
    endpoint.error(ErrorKind::Unauthorized, why)
}

/// Whether an output is as declared. After a write it is not known otherwise what was done.
fn check(one: &Prepared, output: &Value, reply: &Reply<'_>) -> Result<(), ConnectorError> {
    let checked = one.spec.declared.output.check(output);
    checked.map_err(|why| reply.unreadable(&format!("the output does not fit: {why}")))
}

/// What counts as an answer of an operation: what the file reads itself, and what shows that a session is over.
fn accept(operation: &OperationSpec, auth: &Auth) -> Accept {
    let response = &operation.response;
    let mut accept = Accept {
        // XML begins like a page.
        markup: response.kind != Kind::Json,
        redirects: false,
        statuses: response.statuses.clone(),
    };
    accept.statuses.extend(response.errors.status.keys());
    expects_the_end(&mut accept, auth);
    accept
}

/// Takes what shows that a session is over.
fn expects_the_end(accept: &mut Accept, auth: &Auth) {
    match auth {
        Auth::None | Auth::Basic { .. } | Auth::Bearer { .. } => {}
        // A 401 often comes with a page, which says nothing more.
        Auth::OAuth(_) => {
            accept.statuses.push(401);
            accept.markup = true;
        }
        Auth::Form(form) => {
            accept.statuses.extend(&form.expired.statuses);
            accept.markup |= form.expired.selector.is_some();
            accept.redirects |= form.expired.location.is_some();
        }
    }
}

#[async_trait]
impl Connector for Declarative {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn call(
        &self,
        operation: &str,
        key: Option<&IdempotencyKey>,
        input: &Value,
    ) -> Result<Answer, ConnectorError> {
        self.perform(self.prepared(operation)?, key, input).await
    }

    async fn lookup(
        &self,
        operation: &str,
        key: &IdempotencyKey,
        input: &Value,
    ) -> Result<Looked, ConnectorError> {
        let one = self.prepared(operation)?;
        let wrong = |why: String| one.endpoint.error(ErrorKind::Misconfigured, why);
        let lookup = one.spec.lookup.as_ref();
        let lookup = lookup.ok_or_else(|| wrong("the operation cannot be looked up".into()))?;
        let fits = one.spec.declared.input.check(input);
        fits.map_err(|why| wrong(format!("the input does not fit: {why}")))?;
        let scope = self.scope(Some(key), input);
        let question = lookup
            .input
            .fill(&scope)
            .map_err(wrong)?
            .unwrap_or_default();
        let read = self.prepared(lookup.operation)?;
        let found = self.perform(read, None, &question).await?.output;
        let looked = lookup.judge(&found, &scope).map_err(wrong)?;
        if let Looked::Happened(output) = &looked {
            let fits = one.spec.declared.output.check(output);
            fits.map_err(|why| wrong(format!("what the lookup gives does not fit: {why}")))?;
        }
        Ok(looked)
    }

    async fn poll(
        &self,
        operation: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Polled, ConnectorError> {
        let one = self.prepared(operation)?;
        let wrong = |why: String| one.endpoint.error(ErrorKind::Misconfigured, why);
        let paging = one.spec.paging.as_ref();
        let paging = paging
            .ok_or_else(|| wrong("the operation is not read page by page; call it".into()))?;
        let place = Place::read(after).map_err(wrong)?;
        let cursor = paging.cursor(&place);
        let input = json!({});
        let scope = Scope {
            cursor: cursor.as_deref(),
            limit: Some(limit.clamp(1, paging.max_limit)),
            ..self.scope(None, &input)
        };
        let link = cursor.as_deref().filter(|_| paging.follows_links());
        let reply = self.ask(one, &scope, link).await?;
        let got = one.spec.response.read(&reply, &scope)?;
        let items = match got.answer.output {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            _ => {
                return Err(
                    reply.unreadable("a list was expected; give `result` a `path` and `each`")
                );
            }
        };
        for item in &items {
            check(one, item, &reply)?;
        }
        let page = paging.page(&place, items, &reply, got.top.as_ref());
        page.map_err(|why| reply.unreadable(&why))
    }

    async fn health(&self) -> Result<(), ConnectorError> {
        if let Some(Health { operation, input }) = &self.health {
            return self
                .perform(self.prepared(operation)?, None, input)
                .await
                .map(|_| ());
        }
        let mut outgoing = Outgoing::new(Method::GET, self.base.url().clone());
        // Whatever is at the base: that something answers is what matters.
        outgoing.accept = Accept {
            markup: true,
            redirects: true,
            statuses: (400..500)
                .filter(|status| ![401, 403, 429].contains(status))
                .collect(),
        };
        if matches!(self.session.auth, Auth::OAuth(_)) {
            outgoing.accept.statuses.push(401);
        }
        self.send(&self.base, outgoing).await.map(|_| ())
    }
}
