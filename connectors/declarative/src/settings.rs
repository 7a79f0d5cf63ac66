//! What an installation says of a connector beside its file.

use std::{collections::BTreeMap, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use clerkwork_connectors_api::http::{CallLog, FleetPace, Rehearsal, RetrySettings, Secret};
use clerkwork_core::{Clock, SystemClock};

/// What an installation says beside the file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Instead of the file's `upstream.base_url`; the file's proxy is the way to that one, and not used then.
    pub base_url: Option<String>,
    /// Instead of every credential that the file names: to check it against what stands for its upstream.
    pub credential: Option<Secret>,
    /// Instead of variables of the environment with these names.
    pub variables: BTreeMap<String, Secret>,
    /// Instead of `$CREDENTIALS_DIRECTORY`.
    pub credentials_directory: Option<PathBuf>,
    /// Pauses between tries; how many there are, a file may say itself.
    pub retry: RetrySettings,
    /// Instead of what the file says, for each try.
    pub timeout: Option<Duration>,
    /// Where turns of the file's rate are taken by all processes of the fleet; nothing: each goes by its share.
    pub pace: Option<Arc<dyn FleetPace>>,
    /// How many processes have the rate together.
    pub processes: NonZeroU32,
    /// Each try of each call is put on record here.
    pub log: Option<Arc<dyn CallLog>>,
    /// Where calls are kept in the place of being sent.
    pub rehearsal: Option<Rehearsal>,
    /// What `{now}` is, and when tokens end.
    pub clock: Arc<dyn Clock>,
}

impl Default for Settings {
    /// What the file says, for one process alone, and the machine's clock.
    fn default() -> Self {
        Self {
            base_url: None,
            credential: None,
            variables: BTreeMap::new(),
            credentials_directory: None,
            retry: RetrySettings::default(),
            timeout: None,
            pace: None,
            processes: NonZeroU32::MIN,
            log: None,
            rehearsal: None,
            clock: Arc::new(SystemClock),
        }
    }
}
