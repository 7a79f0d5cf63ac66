//! From what an operation is called with to what goes out.

use bytes::Bytes;
use clerkwork_connectors_api::{
    ConnectorError, ErrorKind,
    http::{Accept, Endpoint, Outgoing},
};
use form_urlencoded::Serializer;
use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue},
};

use crate::{
    form::{FormPage, Held},
    template::{Fit, Json, Named, Scope, Template},
};

/// What goes out.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) address: Address,
    pub(crate) headers: Vec<(HeaderName, Template)>,
    pub(crate) body: Body,
    /// The page of the form that the body is, opened first.
    pub(crate) page: Option<FormPage>,
}

/// Where something is, below the base.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) path: Template,
    pub(crate) query: Vec<(String, Template)>,
}

impl Address {
    /// The whole address.
    ///
    /// # Errors
    /// Which value is missing or does not fit, or that it would lead elsewhere.
    pub(crate) fn fill(&self, endpoint: &Endpoint, scope: &Scope<'_>) -> Result<Url, String> {
        let path = self.path.text(scope, Fit::Path)?.unwrap_or_default();
        let url = endpoint.url().join(path.trim_start_matches('/'));
        let mut url = url.map_err(|_| "the path of the request makes no address")?;
        let query = pairs(&self.query, scope)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        stays(endpoint, url)
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let query = self.query.iter().map(|(_, template)| template);
        query.chain([&self.path])
    }
}

/// Our credentials go with it, so it must be the upstream's.
fn stays(endpoint: &Endpoint, url: Url) -> Result<Url, String> {
    let base = endpoint.url();
    if url.origin() != base.origin() || !url.path().starts_with(base.path()) {
        return Err("the call would leave `base_url`; check the path of the request".into());
    }
    Ok(url)
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    None,
    Json(Json),
    Form(Vec<(String, Template)>),
    Xml(Template),
}

impl Request {
    fn named(&self, word: &str) -> Named {
        let headers = self.headers.iter().map(|(_, template)| template);
        let templates = self.address.templates().chain(headers);
        let named = templates.map(|template| template.named(word)).max();
        let body = match &self.body {
            Body::None => None,
            Body::Json(json) => Some(json.named(word)),
            Body::Form(fields) => fields
                .iter()
                .map(|(_, template)| template.named(word))
                .max(),
            Body::Xml(text) => Some(text.named(word)),
        };
        named.max(body).unwrap_or(Named::Not)
    }

    /// Whether a placeholder names the word.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.named(word) != Named::Not
    }

    /// Whether one names it without a `?`.
    pub(crate) fn requires(&self, word: &str) -> bool {
        self.named(word) == Named::Required
    }

    /// Fills it. `link` is the whole address instead, as an answer gave it; `held` is what the page of the form
    /// held.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`]: which value is missing or does not fit.
    pub(crate) fn fill(
        &self,
        endpoint: &Endpoint,
        scope: &Scope<'_>,
        link: Option<&str>,
        held: Option<&Held>,
    ) -> Result<Outgoing, ConnectorError> {
        self.filled(endpoint, scope, link, held)
            .map_err(|why| endpoint.error(ErrorKind::Misconfigured, why))
    }

    fn filled(
        &self,
        endpoint: &Endpoint,
        scope: &Scope<'_>,
        link: Option<&str>,
        held: Option<&Held>,
    ) -> Result<Outgoing, String> {
        let url = match link {
            Some(link) => {
                let url = Url::parse(link);
                stays(
                    endpoint,
                    url.map_err(|_| "this cursor is no address; begin without one")?,
                )?
            }
            None => {
                let mut url = self.address.fill(endpoint, scope)?;
                let query = held.and_then(|held| held.query.as_deref());
                if self.address.query.is_empty() && query.is_some() {
                    url.set_query(query);
                }
                url
            }
        };
        let mut outgoing = Outgoing::new(self.method.clone(), url);
        for (name, value) in &self.headers {
            if let Some(value) = value.text(scope, Fit::Plain)? {
                let value = HeaderValue::try_from(value).map_err(|_| {
                    format!(
                        "the header `{name}` would hold characters that no HTTP header may hold"
                    )
                })?;
                outgoing.headers.insert(name, value);
            }
        }
        let (body, media_type) = self.body(scope, held)?;
        outgoing.body = body;
        if let Some(media_type) = media_type
            && !outgoing.headers.contains_key(CONTENT_TYPE)
        {
            outgoing
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        if !outgoing.headers.contains_key(ACCEPT) {
            outgoing
                .headers
                .insert(ACCEPT, HeaderValue::from_static("*/*"));
        }
        outgoing.accept = Accept::default();
        Ok(outgoing)
    }

    fn body(
        &self,
        scope: &Scope<'_>,
        held: Option<&Held>,
    ) -> Result<(Bytes, Option<&'static str>), String> {
        Ok(match &self.body {
            Body::None => (Bytes::new(), None),
            Body::Json(json) => {
                let value = json.fill(scope)?.unwrap_or_default();
                (
                    value.to_string().into(),
                    Some("application/json; charset=utf-8"),
                )
            }
            Body::Form(fields) => {
                let declared = pairs(fields, scope)?;
                if let Some(held) = held {
                    let media_type = "application/x-www-form-urlencoded";
                    return Ok((held.body(&declared)?.into(), Some(media_type)));
                }
                let body = Serializer::new(String::new())
                    .extend_pairs(declared)
                    .finish();
                (
                    body.into(),
                    Some("application/x-www-form-urlencoded; charset=utf-8"),
                )
            }
            Body::Xml(text) => {
                let body = text.text(scope, Fit::Xml)?.unwrap_or_default();
                (body.into(), Some("application/xml; charset=utf-8"))
            }
        })
    }
}

/// Names and values; those whose value is missing are left out.
fn pairs(all: &[(String, Template)], scope: &Scope<'_>) -> Result<Vec<(String, String)>, String> {
    let fill = |(name, value): &(String, Template)| {
        let value = value.text(scope, Fit::Plain).transpose()?;
        Some(value.map(|value| (name.clone(), value)))
    };
    all.iter().filter_map(fill).collect()
}
