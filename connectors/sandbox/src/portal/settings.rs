//! How the portal is, and how its pages are changed.

use std::{collections::BTreeSet, fmt};

use encoding_rs::{Encoding, GBK, UTF_8};
use serde::{Deserialize, Serialize};

/// The charset of all pages and forms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charset {
    /// GBK, as old portals are.
    #[default]
    Gbk,
    /// UTF-8.
    Utf8,
}

impl Charset {
    pub(super) fn encoding(self) -> &'static Encoding {
        match self {
            Self::Gbk => GBK,
            Self::Utf8 => UTF_8,
        }
    }
}

/// How a session that has ended is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// By a redirect to the login page.
    #[default]
    Redirect,
    /// By the login page in place of what was asked for.
    LoginPage,
    /// By a banner.
    Banner,
}

/// A change of pages, as releases bring them overnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// A column of the list and one of the lines have other headers.
    RenamedColumn,
    /// The columns stand in another order.
    ReorderedColumns,
    /// The buttons of the decision have other names and labels.
    MovedButton,
    /// A button more stands in the forms of the decision.
    ExtraButton,
    /// A button more stands in the form of the confirmation.
    ConfirmChanged,
    /// The login form has another field for the password and asks for a code.
    LoginChanged,
    /// The page of a result is another one.
    ResultChanged,
    /// A notice stands before the first page of every session until it is acknowledged.
    Notice,
    /// A maintenance page stands in place of every page.
    Maintenance,
    /// Every page but the login says that the system is busy.
    Busy,
    /// Every decision is refused for want of rights.
    Forbidden,
    /// Every page but the login bears a banner that nobody has seen before.
    StrangeBanner,
    /// The list's next page is the one that was just read.
    LoopingPages,
    /// The list's next page lies on another host.
    ForeignLink,
    /// Every page but the login sends its reader to another host.
    ForeignRedirect,
}

/// How the portal is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortalSettings {
    /// Who may log in.
    pub user: String,
    /// With this password.
    #[serde(skip_serializing)]
    pub password: String,
    /// The charset of all pages.
    pub charset: Charset,
    /// How the pages are changed.
    pub variants: BTreeSet<Variant>,
    /// How a session that has ended is told.
    pub expiry: Expiry,
    /// A session ends after so many requests; nothing: only when told.
    pub session_requests: Option<u32>,
    /// Applications on one page of the list.
    pub page_size: usize,
}

impl Default for PortalSettings {
    /// The user `robot` with the password `sandbox`, pages in GBK, 20 applications on each.
    fn default() -> Self {
        Self {
            user: "robot".into(),
            password: "sandbox".into(),
            charset: Charset::default(),
            variants: BTreeSet::new(),
            expiry: Expiry::default(),
            session_requests: None,
            page_size: 20,
        }
    }
}

impl fmt::Debug for PortalSettings {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalSettings")
            .field("user", &self.user)
            .field("charset", &self.charset)
            .field("variants", &self.variants)
            .field("expiry", &self.expiry)
            .field("session_requests", &self.session_requests)
            .field("page_size", &self.page_size)
            .finish_non_exhaustive()
    }
}

impl PortalSettings {
    pub(super) fn has(&self, variant: Variant) -> bool {
        self.variants.contains(&variant)
    }
}
