//! The secret of a token.

use std::{fmt, str::FromStr};

use clerkwork_core::Digest;

const PREFIX: &str = "cwk_";

/// A token's secret: 32 random bytes. Shown once, when it is made, and kept nowhere by the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// The text is no token.
#[derive(Debug, thiserror::Error)]
#[error("this is no token; one begins with `cwk_` and has 64 hexadecimal digits")]
pub struct NotAToken;

impl Token {
    /// A new random one.
    pub fn generate() -> Self {
        Self(rand::random())
    }

    /// The text that its owner keeps.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", Digest(self.0))
    }

    /// What is kept of it, and what it is found by.
    pub fn digest(&self) -> Digest {
        Digest::of(&[b"clerkwork-token-v1/", &self.0])
    }
}

impl FromStr for Token {
    type Err = NotAToken;
    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let hex = text.trim().strip_prefix(PREFIX).ok_or(NotAToken)?;
        // `+f` would be taken for a number.
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAToken);
        }
        Digest::parse(hex)
            .map(|bytes| Self(bytes.0))
            .ok_or(NotAToken)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_shows_its_secret_only_when_asked() {
        let token = Token::generate();
        let text = token.reveal();
        assert_eq!(text.len(), 68);
        assert_eq!(format!(" {text}\n").parse::<Token>().unwrap(), token);
        let shown = format!("{token:?} {:?}", token.digest());
        assert!(!shown.contains(&text[4..]));
        assert_ne!(Token::generate(), token);
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        let plus = format!("cwk_{}", "+f".repeat(32));
        for text in ["", "cwk_", "cwk_12", &"a".repeat(68), &plus] {
            let error = text.parse::<Token>().unwrap_err().to_string();
            assert!(text.len() < 10 || !error.contains(text), "{error}");
        }
    }
}
