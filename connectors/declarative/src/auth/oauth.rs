//! Tokens after RFC 6749, section 4.4: client credentials.

use std::time::Duration;

use clerkwork_connectors_api::{
    ErrorKind,
    http::{Endpoint, HttpStack, Outgoing, Secret},
};
use clerkwork_core::Timestamp;
use form_urlencoded::{Serializer, byte_serialize};
use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::Value;

use super::{NoSignIn, Pass, SignedIn, authorization, basic};
use crate::credential::Credential;

/// Where tokens are from.
#[derive(Debug)]
pub(crate) struct OAuth {
    /// A path below the base, or a whole address.
    pub(crate) token_url: String,
    pub(crate) client_id: Credential,
    pub(crate) client_secret: Credential,
    pub(crate) scope: Option<String>,
    /// The credentials go into the body instead of a header.
    pub(crate) in_body: bool,
}

/// A token is renewed so long before it ends, or when a tenth of its time is left, whichever is later.
const MARGIN: Duration = Duration::from_secs(30);

impl OAuth {
    /// Asks for a token. That changes nothing, so the stack may ask again.
    pub(crate) async fn sign_in(
        &self,
        stack: &HttpStack,
        endpoint: &Endpoint,
        credentials: &[Secret],
        now: Timestamp,
    ) -> Result<SignedIn, NoSignIn> {
        let wrong = |why: &str| {
            NoSignIn::Failed(
                endpoint.error(ErrorKind::Misconfigured, format!("{why}; check `auth`")),
            )
        };
        let [id, secret] = credentials else {
            return Err(wrong("there are no client credentials"));
        };
        let url = endpoint.url().join(self.token_url.trim_start_matches('/'));
        let url: Url = url.map_err(|_| wrong("`token_url` makes no address"))?;
        let (body, mut headers) = self.question(id, secret).map_err(|why| wrong(&why))?;
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut outgoing = Outgoing::new(Method::POST, url);
        outgoing.headers = headers;
        outgoing.body = body.into();
        outgoing.accept.statuses = vec![400, 401, 403];
        let reply = stack
            .send(endpoint, &outgoing)
            .await
            .map_err(NoSignIn::Failed)?;
        if !reply.status().is_success() {
            let why = format!(
                "upstream gives no token for these credentials (status {}); correct them, they are not tried again",
                reply.status().as_u16()
            );
            return Err(NoSignIn::Refused(
                endpoint.error(ErrorKind::Unauthorized, why),
            ));
        }
        let answer: Value = reply.json().map_err(NoSignIn::Failed)?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let token =
            token.ok_or_else(|| wrong("the token endpoint answered without an `access_token`"))?;
        let headers = authorization(&format!("Bearer {token}"));
        let seconds = answer.get("expires_in").and_then(|seconds| match seconds {
            Value::String(text) => text.parse().ok(),
            seconds => seconds.as_u64(),
        });
        let ends = seconds.map(|seconds| {
            let life = Duration::from_secs(seconds);
            now.after(life.saturating_sub(MARGIN.min(life / 10)))
        });
        Ok(SignedIn {
            pass: Pass::Headers(headers.map_err(|why| wrong(&why))?),
            ends,
        })
    }

    /// Body and headers.
    fn question(&self, id: &Secret, secret: &Secret) -> Result<(String, HeaderMap), String> {
        let mut body = Serializer::new(String::new());
        body.append_pair("grant_type", "client_credentials");
        if let Some(scope) = &self.scope {
            body.append_pair("scope", scope);
        }
        if self.in_body {
            body.append_pair("client_id", id.expose());
            body.append_pair("client_secret", secret.expose());
            return Ok((body.finish(), HeaderMap::new()));
        }
        // Section 2.3.1 has both encoded before they are joined.
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let value = basic(&encoded(id.expose()), &encoded(secret.expose()));
        Ok((body.finish(), authorization(&value)?))
    }
}
