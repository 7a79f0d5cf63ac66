//! What stands above single jobs, as this process knows it: the policy in force and the brakes.
//!
//! The ledger is asked a few times a second. That a process has not heard yet does no harm: an act
//! is announced only under the policy in force and with no brake in its way, and both are read in
//! the transaction that announces it. What is known here keeps a process from taking up work that
//! could not be acted on, and tells it under which rules to decide.
//!
//! A bundle that came into force and cannot be used here stops this process: it takes up no work
//! and says so, until it can be used or another is in force.

use std::{
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use clerkwork_core::{Brake, Digest, KindName, Scope, Text};
use clerkwork_kinds::JobKind;
use clerkwork_ledger::{Control, Ledger, LedgerError, LedgerErrorKind};
use clerkwork_policy::{Bundle, Engine, Refused};

/// How often the ledger is asked.
const EVERY: Duration = Duration::from_millis(200);

/// Why a process takes up no work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// A brake is on.
    Brake(Box<Brake>),
    /// The policy in force cannot be used by this process.
    PolicyUnusable(Digest),
}

impl Stopped {
    /// What stopped jobs wait for: whoever ends the stop wakes them by this name.
    pub fn topic(&self) -> String {
        match self {
            Self::Brake(brake) => brake.topic(),
            Self::PolicyUnusable(version) => format!("policy:{version}"),
        }
    }

    /// Why, for people.
    pub fn why(&self) -> Text {
        match self {
            Self::Brake(brake) => Text::owned(
                format!(
                    "已制动（{}），解除后继续办理：{}",
                    brake.scope, brake.reason
                ),
                format!("a brake is on ({}): {}", brake.scope, brake.reason),
            ),
            Self::PolicyUnusable(version) => Text::owned(
                format!("现行规则包 {version} 在本进程无法使用，暂停办理"),
                format!("the policy in force, {version}, cannot be used by this process"),
            ),
        }
    }
}

#[derive(Debug)]
struct Known {
    policy: Arc<Engine>,
    control: Control,
    /// The version in force that could not be loaded.
    unusable: Option<Digest>,
}

/// The policy in force and the brakes. Cheap to clone; all clones see the same.
#[derive(Debug, Clone)]
pub struct Oversight {
    /// What the process was installed with.
    installed: Arc<Engine>,
    known: Arc<RwLock<Known>>,
}

/// The scopes that a job of this kind falls under.
pub fn scopes_of(kind: &dyn JobKind, batch: Option<clerkwork_core::BatchId>) -> Vec<Scope> {
    let mut scopes = vec![Scope::All, Scope::Kind(KindName::new(kind.name()))];
    let connectors = kind.connectors().iter();
    scopes.extend(connectors.map(|name| Scope::Connector((*name).to_owned())));
    scopes.extend(batch.map(Scope::Batch));
    scopes
}

impl Oversight {
    /// Nothing but this policy, and no brake.
    pub fn of(installed: Engine) -> Self {
        let installed = Arc::new(installed);
        let known = Known {
            policy: Arc::clone(&installed),
            control: Control::default(),
            unusable: None,
        };
        Self {
            installed,
            known: Arc::new(RwLock::new(known)),
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The policy in force. Keep it for as long as one decision takes.
    pub fn policy(&self) -> Arc<Engine> {
        self.read(|known| Arc::clone(&known.policy))
    }

    /// The policy that the process was installed with.
    pub fn installed(&self) -> Arc<Engine> {
        Arc::clone(&self.installed)
    }

    /// The brakes that are on.
    pub fn brakes(&self) -> Vec<Brake> {
        self.read(|known| known.control.brakes.clone())
    }

    /// Why nothing that falls under these scopes is to be taken up now.
    pub fn stops(&self, scopes: &[Scope]) -> Option<Stopped> {
        self.read(|known| {
            if let Some(version) = known.unusable {
                return Some(Stopped::PolicyUnusable(version));
            }
            let brake = known.control.stops(scopes)?;
            Some(Stopped::Brake(Box::new(brake.clone())))
        })
    }

    /// Asks the ledger what is on and in force now.
    ///
    /// # Errors
    /// What the ledger could not do; then what was known stays.
    pub async fn refresh(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        let control = ledger.control().await?;
        let wanted = control.policy.unwrap_or(self.installed.version());
        let (same, was_unusable) = self.read(|known| {
            let same = known.policy.version() == wanted && known.unusable.is_none();
            (same, known.unusable == Some(wanted))
        });
        let loaded = match same || was_unusable {
            true => None,
            false => Some(self.load(ledger, wanted).await?),
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.control = control;
        match loaded {
            None => {}
            Some(Ok(policy)) => {
                tracing::info!(policy = %wanted, "another policy is in force");
                known.policy = policy;
                known.unusable = None;
            }
            Some(Err(why)) => {
                tracing::error!(policy = %wanted, why, "the policy in force cannot be used; nothing is taken up");
                known.unusable = Some(wanted);
            }
        }
        Ok(())
    }

    async fn load(
        &self,
        ledger: &Ledger,
        version: Digest,
    ) -> Result<Result<Arc<Engine>, String>, LedgerError> {
        if self.installed.version() == version {
            return Ok(Ok(self.installed()));
        }
        let Some(engine) = stored_policy(ledger, version).await? else {
            return Ok(Err("its files are not in the ledger".into()));
        };
        Ok(match engine {
            Ok(engine) if engine.version() == version => Ok(Arc::new(engine)),
            Ok(_) => Err("its files are not those of its version".into()),
            Err(refused) => Err(refused.to_string()),
        })
    }

    /// Keeps this up to date until nobody holds it any more or the ledger is closed.
    pub(crate) fn follow(&self, ledger: Ledger) {
        let (installed, known) = (Arc::clone(&self.installed), Arc::downgrade(&self.known));
        tokio::spawn(follow(installed, known, ledger));
    }
}

async fn follow(installed: Arc<Engine>, known: Weak<RwLock<Known>>, ledger: Ledger) {
    let mut away = false;
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(known) = known.upgrade() else {
            return;
        };
        let installed = Arc::clone(&installed);
        let refreshed = Oversight { installed, known }.refresh(&ledger).await;
        match refreshed {
            Ok(()) => away = false,
            Err(error) if error.kind() == LedgerErrorKind::Closed => return,
            Err(error) => {
                if !away {
                    tracing::warn!(%error, "the ledger does not tell brakes and policy");
                }
                away = true;
            }
        }
    }
}

/// A bundle that was handed in, made ready; nothing when the ledger does not hold it.
///
/// # Errors
/// What the ledger could not do. The inner error says what is wrong with the bundle.
pub async fn stored_policy(
    ledger: &Ledger,
    version: Digest,
) -> Result<Option<Result<Engine, Refused>>, LedgerError> {
    let files = ledger.policy_files(version).await?;
    Ok(files.map(|files| Engine::new(Bundle::from_files(files))))
}
