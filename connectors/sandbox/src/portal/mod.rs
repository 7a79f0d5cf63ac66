//! The legacy portal: pages in HTML over the same applications as the JSON API.
//!
//! It is what a robot meets at an office: a login with hidden fields, a session that ends, lists over many
//! pages, a notice that stands before a page, forms with a token that serves once and a confirmation, GBK.
//!
//! Invariants:
//! * applications, dossiers and decisions are those of [`State`](crate::State); nothing is decided here;
//! * a form's token serves once, so that a form sent twice decides nothing twice;
//! * [`Variant`]s change pages, never what an act does.
//!
//! To extend: a variant in `settings.rs` and where it shows; a page in `templates/portal` with its struct in
//! `pages.rs` and its line in `serve.rs`.

mod acts;
mod detail;
mod files;
mod form;
mod list;
mod login;
mod pages;
mod serve;
mod session;
mod settings;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use files::Upload;
pub(crate) use serve::serve;
use session::Sessions;
pub use settings::{Charset, Expiry, PortalSettings, Variant};

/// What was done at the portal's door.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PortalCounts {
    /// Logins that were let in.
    pub logins: u64,
    /// Logins that were refused.
    pub failed_logins: u64,
    /// Sessions that are open.
    pub sessions: u64,
    /// Pages and files that were asked for, logins included.
    pub requests: u64,
}

/// The portal's own memory: settings, sessions, uploaded files.
#[derive(Debug, Default)]
pub(crate) struct Portal {
    settings: Mutex<PortalSettings>,
    sessions: Mutex<Sessions>,
    uploads: Mutex<BTreeMap<String, Vec<Upload>>>,
}

impl Portal {
    pub(crate) fn settings(&self) -> PortalSettings {
        lock(&self.settings).clone()
    }

    pub(crate) fn set(&self, settings: PortalSettings) {
        self.sessions().unlock();
        *lock(&self.settings) = settings;
    }

    pub(crate) fn expire(&self) {
        self.sessions().expire();
    }

    pub(crate) fn counts(&self) -> PortalCounts {
        self.sessions().counts()
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        lock(&self.sessions)
    }

    /// The files that were uploaded to an application: their names and contents.
    pub(crate) fn uploaded(&self, number: &str) -> Vec<(String, Vec<u8>)> {
        let uploads = lock(&self.uploads);
        let of = uploads.get(number).into_iter().flatten();
        of.map(|upload| (upload.name.clone(), upload.content.clone()))
            .collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under these locks can leave the memory half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
