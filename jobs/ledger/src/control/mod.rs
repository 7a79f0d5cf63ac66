//! What stands above single jobs: brakes, and which policy is in force.
//!
//! Invariants:
//! * an act is announced only while no brake stops it and only under the policy in force: both are
//!   read in the transaction that announces it ([`Gate`]), so neither needs to reach a worker first;
//! * only one brake of a scope and target is on at a time, and only a person releases it;
//! * a bundle comes into force only when somebody other than its proposer approved it;
//! * every change here is one event.
//!
//! Processes also look at [`Ledger::control`](crate::Ledger::control) a few times a second, so that
//! they stop taking up work that could not be acted on.

pub(crate) mod brake;
mod bundle;
mod outcome;

use clerkwork_core::{Brake, BrakeId, Digest, Scope};

use crate::{
    Ledger, LedgerError,
    engine::{
        Pools, Tx,
        cell::{Cells, Damage},
    },
};

pub use brake::{BrakePut, BrakeReleased};
pub use bundle::{
    Activation, BundleState, BundleVerdict, Files, NewBundle, PolicyAnswer, PolicyRefusal,
    StoredBundle,
};
pub use outcome::{Outcome, OutcomeKind, Outcomes};

const BRAKES_ON: &str = include_str!("../sql/brakes_on.sql");
const IN_FORCE: &str = "SELECT version FROM policy_activation ORDER BY n DESC LIMIT 1";

/// Under what an act may be announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The policy that let it pass.
    pub policy: Digest,
    /// Every scope that the act falls under, [`Scope::All`] included.
    pub scopes: Vec<Scope>,
}

/// What stands above single jobs, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// The brakes that are on, by scope and target.
    pub brakes: Vec<Brake>,
    /// The bundle in force; nothing: the one that the process was installed with.
    pub policy: Option<Digest>,
}

impl Control {
    /// The first brake that stops an act which falls under these scopes.
    pub fn stops(&self, scopes: &[Scope]) -> Option<&Brake> {
        let on = |brake: &&Brake| scopes.contains(&brake.scope);
        self.brakes.iter().find(on)
    }

    fn read(brakes: &[Cells], policy: &[Cells]) -> Result<Self, LedgerError> {
        let version = policy.first().map(|row| row.bytes(0).map(Digest));
        Ok(Self {
            brakes: brakes.iter().map(brake::row).collect::<Result<_, _>>()?,
            policy: version
                .transpose()
                .map_err(|Damage(damage)| LedgerError::corrupt("policy_activation", "?", damage))?,
        })
    }

    pub(crate) async fn of_tx(tx: &mut Tx) -> Result<Self, LedgerError> {
        let brakes = tx.fetch(BRAKES_ON, Vec::new()).await?;
        let policy = tx.fetch(IN_FORCE, Vec::new()).await?;
        Self::read(&brakes, &policy)
    }

    async fn of_pools(pools: &Pools) -> Result<Self, LedgerError> {
        let brakes = pools.fetch(BRAKES_ON, Vec::new()).await?;
        let policy = pools.fetch(IN_FORCE, Vec::new()).await?;
        Self::read(&brakes, &policy)
    }

    /// Why an act may not be announced now.
    pub(crate) fn refuses(&self, gate: &Gate) -> Option<crate::Refused> {
        if let Some(brake) = self.stops(&gate.scopes) {
            return Some(crate::Refused::Braked(brake.id));
        }
        match self.policy {
            Some(policy) if policy != gate.policy => Some(crate::Refused::PolicyChanged),
            Some(_) | None => None,
        }
    }
}

impl Ledger {
    /// The brakes that are on and the policy in force. Cheap: asked several times a second.
    pub async fn control(&self) -> Result<Control, LedgerError> {
        Control::of_pools(self.pools()).await
    }

    /// A brake, on or released.
    pub async fn brake(&self, id: BrakeId) -> Result<Option<Brake>, LedgerError> {
        brake::find(self.pools(), id).await
    }
}
