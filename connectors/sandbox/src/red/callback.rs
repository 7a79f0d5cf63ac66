//! Tells somebody that a form's state changed, signed after Standard Webhooks.
//!
//! Best effort: a few tries each, then the change is left to whoever looks. The message's id is
//! made of form and state, so a change that is told twice can be recognised.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use clerkwork_etax::wire::codes::form_state_code;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use super::FormChange;
use crate::State;

/// Whom to tell.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    /// Where to post to.
    pub url: String,
    /// The key of the signature: the bytes of this text.
    pub secret: String,
}

impl fmt::Debug for Callback {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Callback");
        shown.field("url", &self.url).finish_non_exhaustive()
    }
}

/// How often the desk is looked at while nobody acts.
const TICK: Duration = Duration::from_secs(1);
/// Waits between the tries; one more try than waits.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
];
/// For one try.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Serialize)]
struct Message<'a> {
    event: &'static str,
    hzqrdbh: &'a str,
    #[serde(rename = "hzqrxxztDm")]
    hzqrxxzt_dm: &'static str,
}

/// Tells every change until stopped.
pub(crate) async fn run(state: State, callback: Callback, stop: CancellationToken) {
    // Another part of this process may have been first.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let client = reqwest::Client::builder().no_proxy().timeout(TIMEOUT);
    let client = match client.build() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "no callbacks: the client cannot be built");
            return;
        }
    };
    let told = tell_all(&state, &callback, &client);
    stop.run_until_cancelled(told).await;
}

async fn tell_all(state: &State, callback: &Callback, client: &reqwest::Client) {
    let mut told = 0;
    loop {
        let changes = state.changed_forms_from(told);
        told += changes.len();
        for change in changes {
            tell(state, callback, client, &change).await;
        }
        // What changes meanwhile leaves a permit behind.
        tokio::time::timeout(TICK, state.memory().changed.notified())
            .await
            .ok();
    }
}

async fn tell(state: &State, callback: &Callback, client: &reqwest::Client, change: &FormChange) {
    let code = form_state_code(change.state);
    let id = format!("hzqrd-{}-{code}", change.form_number);
    let message = Message {
        event: "hzqrd",
        hzqrdbh: &change.form_number,
        hzqrxxzt_dm: code,
    };
    let body = serde_json::to_string(&message).unwrap_or_default();
    let mut pauses = PAUSES.into_iter();
    loop {
        let timestamp = state.now().0.div_euclid(1_000_000);
        let signed = format!("{id}.{timestamp}.{body}");
        let sent = client
            .post(&callback.url)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature(&callback.secret, &signed))
            .body(body.clone())
            .send()
            .await
            .and_then(reqwest::Response::error_for_status);
        let Err(error) = sent else { return };
        let Some(pause) = pauses.next() else {
            tracing::warn!(%error, form.number = change.form_number, "gave up a callback");
            return;
        };
        tokio::time::sleep(pause).await;
    }
}

/// `v1,` and the base64 of the HMAC-SHA256 over `signed`.
fn signature(secret: &str, signed: &str) -> String {
    // A key of any length is taken; the empty text stands for a failure that cannot be.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(signed.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_a_published_example() {
        // RFC 4231, test case 2.
        assert_eq!(
            signature("Jefe", "what do ya want for nothing?"),
            "v1,W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
        );
    }
}
