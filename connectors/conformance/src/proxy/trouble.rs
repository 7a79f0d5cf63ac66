//! What is played.

use reqwest::Url;

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// This status instead of the upstream's answer; the upstream is not asked.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After` in seconds.
        retry_after: Option<u64>,
    },
    /// The connection ends before the upstream was asked.
    CutBefore,
    /// The upstream is asked, and its answer is lost.
    CutAfter,
    /// Nothing is said.
    Silence,
    /// A body that comes a byte at a time and never ends.
    Drip,
    /// A body of a gigabyte.
    Endless,
    /// A page of maintenance in place of the answer.
    Maintenance,
    /// A page in place of the answer which is none that the connector was made for.
    OtherPage,
    /// A redirect.
    Redirect(Url),
    /// An answer that ends in the middle.
    Torn,
    /// The upstream is asked without the cookies, as if it had forgotten the session.
    SignedOut,
}

impl Trouble {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::CutBefore => "connection cut before the upstream was asked",
            Self::CutAfter => "answer lost",
            Self::Silence => "no answer",
            Self::Drip => "body that drips",
            Self::Endless => "body of a gigabyte",
            Self::Maintenance => "maintenance page",
            Self::OtherPage => "another page",
            Self::Redirect(_) => "redirect",
            Self::Torn => "answer that ends in the middle",
            Self::SignedOut => "session forgotten",
        }
    }
}
