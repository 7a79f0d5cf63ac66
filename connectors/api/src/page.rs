//! A page of an upstream, kept as evidence.

use std::fmt;

use clerkwork_core::Timestamp;

/// Longest page that is kept whole, in bytes; of a longer one its beginning is kept.
const MAX_BYTES: usize = 256 * 1024;

/// What an upstream answered to a question about one item, in its own words. Whoever decides the item
/// can look at what its facts rest on. It holds personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// Where it is from: `connector.operation`.
    pub source: String,
    /// When the upstream gave it.
    pub at: Timestamp,
    /// Its media type, without parameters.
    pub media_type: &'static str,
    /// The text; in UTF-8, whatever the upstream's charset is.
    pub body: String,
    /// The end is missing, because it was longer than is kept.
    pub cut: bool,
}

impl Page {
    /// Keeps an answer.
    pub fn new(source: String, at: Timestamp, media_type: &'static str, body: &str) -> Self {
        let end = body.floor_char_boundary(MAX_BYTES);
        Self {
            source,
            at,
            media_type,
            body: body.get(..end).unwrap_or_default().to_owned(),
            cut: end < body.len(),
        }
    }
}

/// Without the body.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("source", &self.source)
            .field("at", &self.at)
            .field("media_type", &self.media_type)
            .field("bytes", &self.body.len())
            .field("cut", &self.cut)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_too_long_is_cut_between_characters_and_says_so() {
        let page = |body: &str| Page::new("etax.dossier".into(), Timestamp(1), "text/html", body);
        let whole = page(&"x".repeat(MAX_BYTES));
        assert!(!whole.cut && whole.body.len() == MAX_BYTES);
        // Three bytes each, and the limit is no multiple of three.
        let cut = page(&"税".repeat(MAX_BYTES));
        assert!(cut.cut && cut.body.len() == MAX_BYTES - MAX_BYTES % 3);
        assert!(!format!("{cut:?}").contains('税'));
    }
}
