//! Standard Webhooks: who signed a message, and when.
//!
//! A sender hands over `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`: one or
//! more of `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, separated by blanks, so
//! that a secret can be changed while both are in use. Signatures are compared in constant time.

use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clerkwork_core::Timestamp;
use clerkwork_runtime::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far the sender's clock may be from ours, in seconds; also how long a message is good for.
pub(crate) const WINDOW: u64 = 300;

/// Longest id of a message.
const LONGEST_ID: usize = 256;

/// What messages are signed with.
#[derive(Clone)]
pub(crate) struct Key(Vec<u8>);

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// A part of the signature is missing or cannot be read.
    Unsigned,
    /// It was signed with another secret, or changed on the way.
    Signature,
    /// It is from too long ago, or from the future.
    Timestamp,
}

impl Distrust {
    /// The name in the record.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Signature => "signature",
            Self::Timestamp => "timestamp",
        }
    }
}

impl Key {
    /// The key of a secret as it is written down.
    pub(crate) fn of(secret: &Secret) -> Result<Self, String> {
        secret.signing_key().map(Self)
    }

    /// The id of a message that was signed with this key, just now.
    pub(crate) fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<String, Distrust> {
        let header = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value).filter(|value| !value.is_empty())
        };
        let parts = || {
            let id = header("webhook-id").filter(|id| id.len() <= LONGEST_ID)?;
            let at = header("webhook-timestamp")?;
            let seconds: i64 = at.parse().ok()?;
            Some((id, at, seconds, header("webhook-signature")?))
        };
        let (id, at, seconds, signatures) = parts().ok_or(Distrust::Unsigned)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| Distrust::Signature)?;
        for part in [id.as_bytes(), b".", at.as_bytes(), b".", body] {
            mac.update(part);
        }
        let signed = signatures
            .split(' ')
            .filter_map(|one| one.strip_prefix("v1,"))
            .filter_map(|one| STANDARD.decode(one).ok())
            .any(|one| mac.clone().verify_slice(&one).is_ok());
        if !signed {
            return Err(Distrust::Signature);
        }
        let ours = now.0.div_euclid(1_000_000);
        if ours.abs_diff(seconds) > WINDOW {
            return Err(Distrust::Timestamp);
        }
        Ok(id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_example_of_the_standard_is_believed() {
        let key = Key::of(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            (
                "webhook-signature",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        let verified = key.verify(&headers, body, at(1_614_265_330 + 300));
        assert_eq!(verified.as_deref(), Ok("msg_p5jXN8AQM9LWM0D4loKWxJek"));
        for late in [1_614_265_330 + 301, 1_614_265_330 - 301] {
            let verified = key.verify(&headers, body, at(late));
            assert_eq!(verified, Err(Distrust::Timestamp));
        }
        let changed = key.verify(&headers, b"{}", at(1_614_265_330));
        assert_eq!(changed, Err(Distrust::Signature));
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_no_key() {
        for weak in ["", "whsec_", "whsec_AAEC", "plain"] {
            assert!(Key::of(&Secret::new(weak)).is_err(), "{weak}");
        }
    }
}
