//! A login page: its form is read, filled and sent, and its cookies are kept.

use std::{collections::BTreeMap, sync::Arc};

use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    http::{Accept, Endpoint, HttpStack, Outgoing, Reply, Secret},
};
use clerkwork_core::Timestamp;
use form_urlencoded::Serializer;
use reqwest::{
    Method,
    header::{CONTENT_TYPE, COOKIE, HeaderValue, LOCATION},
};
use scraper::Html;

use super::{Cookies, NoSignIn, Pass, SignedIn};
use crate::{
    answer::masked_page,
    credential::Credential,
    extract::{Locator, Top},
};

/// A login page.
#[derive(Debug)]
pub(crate) struct Form {
    /// Path of the page with the form; nothing to send the form at once.
    pub(crate) page: Option<String>,
    /// Path to which the form goes.
    pub(crate) action: String,
    pub(crate) csrf: Option<Csrf>,
    /// Credentials by the names of their fields.
    pub(crate) fields: BTreeMap<String, Credential>,
    /// Further fields.
    pub(crate) extra: BTreeMap<String, String>,
    pub(crate) success: Shown,
    pub(crate) expired: Shown,
}

/// A token on the page that goes back with the form.
#[derive(Debug)]
pub(crate) struct Csrf {
    pub(crate) selector: Locator,
    pub(crate) attribute: String,
    /// Name of its field.
    pub(crate) field: String,
}

/// How something is recognised. One of them is enough.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Something on the page.
    pub(crate) selector: Option<Locator>,
    /// A part of the address of a redirect.
    pub(crate) location: Option<String>,
    pub(crate) statuses: Vec<u16>,
    /// A cookie that is set; only after a sign-in.
    pub(crate) cookie: Option<String>,
}

impl Shown {
    pub(crate) fn is_empty(&self) -> bool {
        self.selector.is_none()
            && self.location.is_none()
            && self.statuses.is_empty()
            && self.cookie.is_none()
    }

    pub(crate) fn is_shown(&self, reply: &Reply<'_>) -> bool {
        let location = || {
            let location = reply.headers().get(LOCATION)?.to_str().ok()?;
            self.location
                .as_ref()
                .filter(|part| location.contains(part.as_str()))
        };
        let selector = || {
            let selector = self.selector.as_ref().filter(|_| reply.is_markup())?;
            Top::Html(Html::parse_document(&reply.text()))
                .find(selector)
                .map(|_| ())
        };
        self.statuses.contains(&reply.status().as_u16())
            || (reply.status().is_redirection() && location().is_some())
            || selector().is_some()
    }
}

impl Form {
    /// Signs in. The form is sent once: a second try with wrong credentials could lock the account.
    pub(crate) async fn sign_in(
        &self,
        stack: &HttpStack,
        read: &Endpoint,
        write: &Endpoint,
        credentials: &[Secret],
        now: Timestamp,
    ) -> Result<SignedIn, NoSignIn> {
        let mut cookies = Cookies::default();
        let csrf = match &self.page {
            Some(page) => self.open(stack, read, page, &mut cookies, now).await?,
            None => None,
        };
        let body = self.filled(credentials, csrf.as_deref());
        let mut outgoing = self.outgoing(write, Method::POST, &self.action, &cookies)?;
        outgoing.headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        outgoing.body = body.into();
        outgoing.accept.statuses = [401, 403]
            .into_iter()
            .chain(self.success.statuses.iter().copied())
            .collect();
        let reply = stack.send(write, &outgoing).await.map_err(failed)?;
        // One that the page has set, for a visitor, is no sign of success.
        let visitor = cookies.clone();
        cookies.take(reply.headers());
        let cookie = self.success.cookie.as_ref();
        let cookie = cookie.is_some_and(|name| {
            cookies.get(name).is_some() && cookies.get(name) != visitor.get(name)
        });
        let is_in = (cookie || self.success.is_shown(&reply)) && !self.expired.is_shown(&reply);
        if !is_in {
            let why = format!(
                "upstream did not take the sign-in (status {}); correct the credentials, they are not tried again",
                reply.status().as_u16()
            );
            return Err(NoSignIn::Refused(write.error(ErrorKind::Unauthorized, why)));
        }
        Ok(SignedIn {
            pass: Pass::Cookies(cookies),
            ends: None,
        })
    }

    fn filled(&self, credentials: &[Secret], csrf: Option<&str>) -> String {
        let mut body = Serializer::new(String::new());
        for (name, credential) in self.fields.keys().zip(credentials) {
            body.append_pair(name, credential.expose());
        }
        body.extend_pairs(&self.extra);
        if let (Some(csrf), Some(token)) = (&self.csrf, csrf) {
            body.append_pair(&csrf.field, token);
        }
        body.finish()
    }

    /// Opens the page of the form, for its cookies and its token.
    async fn open(
        &self,
        stack: &HttpStack,
        endpoint: &Endpoint,
        page: &str,
        cookies: &mut Cookies,
        now: Timestamp,
    ) -> Result<Option<String>, NoSignIn> {
        let outgoing = self.outgoing(endpoint, Method::GET, page, cookies)?;
        let reply = stack.send(endpoint, &outgoing).await.map_err(failed)?;
        cookies.take(reply.headers());
        let Some(csrf) = &self.csrf else {
            return Ok(None);
        };
        let text = reply.text();
        let top = Top::Html(Html::parse_document(&text));
        let found = top
            .find(&csrf.selector)
            .and_then(|here| here.said(Some(&csrf.attribute)));
        let token = found.and_then(|token| token.as_str().map(str::to_owned));
        token.map(Some).ok_or_else(|| {
            let why = format!(
                "nothing on the login page is at `{}`; look at the page and correct the connector's file",
                csrf.selector.as_str()
            );
            let mut error = endpoint.error(ErrorKind::PageChanged, why);
            error.page = Some(Arc::new(masked_page(endpoint, now, &text)));
            NoSignIn::Failed(error)
        })
    }

    fn outgoing(
        &self,
        endpoint: &Endpoint,
        method: Method,
        path: &str,
        cookies: &Cookies,
    ) -> Result<Outgoing, NoSignIn> {
        let url = endpoint
            .url()
            .join(path.trim_start_matches('/'))
            .map_err(|_| {
                let why = format!("`{path}` makes no address; check `auth`");
                NoSignIn::Failed(endpoint.error(ErrorKind::Misconfigured, why))
            })?;
        let mut outgoing = Outgoing::new(method, url);
        outgoing
            .headers
            .extend(cookies.header().map(|value| (COOKIE, value)));
        outgoing.accept = Accept {
            markup: true,
            redirects: true,
            statuses: vec![],
        };
        Ok(outgoing)
    }
}

/// Whatever happened, nothing of the work that waits for the sign-in was done.
fn failed(mut error: ConnectorError) -> NoSignIn {
    if error.kind == ErrorKind::OutcomeUnknown {
        error.kind = ErrorKind::Transient;
    }
    NoSignIn::Failed(error)
}
