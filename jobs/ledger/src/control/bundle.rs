//! Policy bundles: handed in by one person, approved by another, put into force, taken back.

use std::collections::BTreeMap;

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_core::{Actor, Digest, Office, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::brake::reasonable;
use crate::{
    Authority, Ledger, LedgerError,
    engine::{
        Tx,
        cell::{Cells, Damage},
    },
    writer::{authority::unchanged, plan::Plan, register::Register},
};

const INSERT: &str = include_str!("../sql/bundle_insert.sql");
const ACTIVATE: &str = include_str!("../sql/policy_activate.sql");
const LIST: &str = "SELECT version, state, proposed_by, proposed_at, note, decided_by, \
    decided_at, decided_note FROM policy_bundle ORDER BY proposed_at DESC, version LIMIT 500";
const STANDING: &str = "SELECT version, state, proposed_by, proposed_at, note, decided_by, \
    decided_at, decided_note FROM policy_bundle WHERE version = $1";

/// How far a bundle has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BundleState {
    /// It came with the installation and was in force when the first other one was handed in.
    Installed,
    /// A person handed it in; another must approve it.
    Proposed,
    /// It may be put into force.
    Approved,
    /// A person refused it.
    Rejected,
}

impl BundleState {
    const ALL: [Self; 4] = [
        Self::Installed,
        Self::Proposed,
        Self::Approved,
        Self::Rejected,
    ];

    /// The name in storage and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// The files of a bundle, by path.
pub type Files = BTreeMap<String, String>;

/// A bundle to be handed in. Its files have been found fit to decide.
#[derive(Debug, Clone)]
pub struct NewBundle {
    /// Digest of what decides in it.
    pub version: Digest,
    /// Its files, by path.
    pub files: Files,
    /// What it changes and why; no personal data.
    pub note: String,
    /// The bundle that the installation came with, kept so that it can be taken back to.
    pub installed: (Digest, Files),
}

/// A bundle as the ledger keeps it, without its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredBundle {
    /// Digest of what decides in it.
    pub version: Digest,
    /// How far it has come.
    pub state: BundleState,
    /// Who handed it in.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Timestamp,
    /// What it changes and why.
    pub note: String,
    /// Who approved or rejected it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why.
    pub decided_note: Option<String>,
}

/// One change of the policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activation {
    /// Its number; the greatest is in force.
    pub n: u32,
    /// The bundle.
    pub version: Digest,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// It took an earlier bundle back into force.
    pub rollback: bool,
}

/// Why a step of a bundle's way was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// The bundle is there already.
    #[error("this bundle was handed in before, by `{by}`; it is {}", state.as_str())]
    Known {
        /// By whom.
        by: String,
        /// How far it has come.
        state: BundleState,
    },
    /// There is no such bundle.
    #[error("there is no such bundle; `clerkwork policy list` shows them")]
    NoSuchBundle,
    /// It is not in the state that the step needs.
    #[error("the bundle is {}, it must be {needed}", state.as_str())]
    State {
        /// How far it has come.
        state: BundleState,
        /// What is needed, in words.
        needed: &'static str,
    },
    /// Nobody approves what they handed in.
    #[error("`{0}` handed it in and cannot approve it; another person must")]
    OwnProposal(String),
    /// It is in force already.
    #[error("this bundle is in force already")]
    InForce,
    /// Somebody else changed the policy in force meanwhile.
    #[error("the policy in force was changed by somebody else meanwhile; look again")]
    Overtaken,
    /// Who does it is not what they were when it was allowed.
    #[error("the rights of `{0}` were changed a moment ago; sign in again")]
    AuthorityChanged(String),
    /// It was never in force, so there is nothing to go back to.
    #[error("this bundle was never in force; put it into force with `clerkwork policy activate`")]
    NeverInForce,
}

/// The answer to a step of a bundle's way.
pub type PolicyAnswer = Result<(), PolicyRefusal>;

/// How a person decides on a proposed bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleVerdict {
    /// It may be put into force.
    Approve,
    /// It may not.
    Reject,
}

#[derive(Debug)]
struct Propose {
    bundle: NewBundle,
    by: Authority,
}

#[derive(Debug)]
struct Decide {
    version: Digest,
    verdict: BundleVerdict,
    note: String,
    by: Authority,
}

#[derive(Debug)]
struct Activate {
    version: Digest,
    rollback: bool,
    instead_of: Option<Digest>,
    reason: String,
    by: Authority,
}

fn note(
    plan: &mut Plan<'_>,
    kind: EventType,
    by: &str,
    data: serde_json::Value,
) -> Result<(), LedgerError> {
    let draft = EventDraft::new(kind, Actor::User(by.to_owned()), data);
    let event = plan.render(&draft, &Office::default(), None, None, None)?;
    plan.events.push(event);
    Ok(())
}

async fn standing(tx: &mut Tx, version: Digest) -> Result<Option<StoredBundle>, LedgerError> {
    let found = tx.fetch(STANDING, vec![version.0.to_vec().into()]).await?;
    found.first().map(row).transpose()
}

/// The number of the latest activation and its bundle.
async fn latest(tx: &mut Tx) -> Result<(i64, Option<Digest>), LedgerError> {
    let sql = "SELECT n, version FROM policy_activation ORDER BY n DESC LIMIT 1";
    let found = tx.fetch(sql, Vec::new()).await?;
    let Some(row) = found.first() else {
        return Ok((0, None));
    };
    let read = || Ok::<_, Damage>((row.int(0)?, Some(Digest(row.bytes(1)?))));
    read().map_err(|Damage(damage)| LedgerError::corrupt("policy_activation", "?", damage))
}

async fn insert(
    tx: &mut Tx,
    plan: &Plan<'_>,
    (version, files): (Digest, &Files),
    state: BundleState,
    by: &str,
    note: &str,
) -> Result<bool, LedgerError> {
    let files =
        serde_json::to_string(files).map_err(|error| LedgerError::Invalid(error.to_string()))?;
    let cells = vec![
        version.0.to_vec().into(),
        files.into(),
        state.as_str().into(),
        by.into(),
        plan.at.into(),
        note.into(),
    ];
    Ok(tx.execute(INSERT, cells).await? > 0)
}

impl Register for Propose {
    type Answer = PolicyAnswer;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<PolicyAnswer, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(Err(PolicyRefusal::AuthorityChanged(name)));
        }
        let NewBundle {
            version,
            files,
            note: words,
            installed: (base, base_files),
        } = &self.bundle;
        if let Some(known) = standing(tx, *version).await? {
            return Ok(Err(PolicyRefusal::Known {
                by: known.proposed_by,
                state: known.state,
            }));
        }
        if version == base {
            return Ok(Err(PolicyRefusal::InForce));
        }
        let base = (*base, base_files);
        insert(tx, plan, base, BundleState::Installed, "installation", "").await?;
        let new = (*version, files);
        insert(tx, plan, new, BundleState::Proposed, self.by.name(), words).await?;
        let data = json!({"policy": version.to_string(), "note": words});
        note(plan, EventType::PolicyProposed, self.by.name(), data)?;
        Ok(Ok(()))
    }
}

impl Register for Decide {
    type Answer = PolicyAnswer;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<PolicyAnswer, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(Err(PolicyRefusal::AuthorityChanged(name)));
        }
        let Some(known) = standing(tx, self.version).await? else {
            return Ok(Err(PolicyRefusal::NoSuchBundle));
        };
        if known.state != BundleState::Proposed {
            return Ok(Err(PolicyRefusal::State {
                state: known.state,
                needed: "proposed",
            }));
        }
        let (state, kind) = match self.verdict {
            BundleVerdict::Approve if self.by.is(&known.proposed_by) => {
                return Ok(Err(PolicyRefusal::OwnProposal(self.by.name().to_owned())));
            }
            BundleVerdict::Approve => (BundleState::Approved, EventType::PolicyApproved),
            BundleVerdict::Reject => (BundleState::Rejected, EventType::PolicyRejected),
        };
        let sql = "UPDATE policy_bundle SET state = $2, decided_by = $3, decided_at = $4, \
            decided_note = $5 WHERE version = $1 AND state = 'proposed'";
        let cells = vec![
            self.version.0.to_vec().into(),
            state.as_str().into(),
            self.by.name().into(),
            plan.at.into(),
            self.note.as_str().into(),
        ];
        if tx.execute(sql, cells).await? == 0 {
            return Ok(Err(PolicyRefusal::Overtaken));
        }
        let data = json!({"policy": self.version.to_string(), "note": self.note});
        note(plan, kind, self.by.name(), data)?;
        Ok(Ok(()))
    }
}

impl Register for Activate {
    type Answer = PolicyAnswer;

    async fn write(&self, tx: &mut Tx, plan: &mut Plan<'_>) -> Result<PolicyAnswer, LedgerError> {
        if let Some(name) = unchanged(tx, &self.by.seen).await? {
            return Ok(Err(PolicyRefusal::AuthorityChanged(name)));
        }
        let Some(known) = standing(tx, self.version).await? else {
            return Ok(Err(PolicyRefusal::NoSuchBundle));
        };
        let (n, in_force) = latest(tx).await?;
        if in_force == Some(self.version) {
            return Ok(Err(PolicyRefusal::InForce));
        }
        if in_force != self.instead_of {
            return Ok(Err(PolicyRefusal::Overtaken));
        }
        match known.state {
            BundleState::Approved | BundleState::Installed => {}
            state @ (BundleState::Proposed | BundleState::Rejected) => {
                let needed = "approved";
                return Ok(Err(PolicyRefusal::State { state, needed }));
            }
        }
        if self.rollback && known.state != BundleState::Installed {
            let sql = "SELECT 1 FROM policy_activation WHERE version = $1";
            let cells = vec![self.version.0.to_vec().into()];
            if tx.fetch(sql, cells).await?.is_empty() {
                return Ok(Err(PolicyRefusal::NeverInForce));
            }
        }
        let cells = vec![
            (n + 1).into(),
            self.version.0.to_vec().into(),
            self.by.name().into(),
            plan.at.into(),
            self.reason.as_str().into(),
            i64::from(self.rollback).into(),
        ];
        // The number follows the one that was seen in force: of two at once one finds it taken.
        if tx.execute(ACTIVATE, cells).await? == 0 {
            return Ok(Err(PolicyRefusal::Overtaken));
        }
        let kind = match self.rollback {
            true => EventType::PolicyRolledBack,
            false => EventType::PolicyActivated,
        };
        let before = in_force.map(|version| version.to_string());
        let data = json!({
            "policy": self.version.to_string(), "before": before, "reason": self.reason,
        });
        note(plan, kind, self.by.name(), data)?;
        Ok(Ok(()))
    }
}

impl Ledger {
    /// Hands in a bundle, for another person to approve.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when the note is empty or over 500 bytes.
    pub async fn propose_policy(
        &self,
        mut bundle: NewBundle,
        by: &Authority,
    ) -> Result<PolicyAnswer, LedgerError> {
        bundle.note = reasonable(&bundle.note)?;
        let by = by.clone();
        self.register(Propose { bundle, by }).await
    }

    /// Approves or rejects a proposed bundle. Who handed it in cannot approve it.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when the note is empty or over 500 bytes.
    pub async fn decide_policy(
        &self,
        version: Digest,
        verdict: BundleVerdict,
        note: &str,
        by: &Authority,
    ) -> Result<PolicyAnswer, LedgerError> {
        let (note, by) = (reasonable(note)?, by.clone());
        self.register(Decide {
            version,
            verdict,
            note,
            by,
        })
        .await
    }

    /// Puts a bundle into force, instead of the one that the caller saw in force. With `rollback`,
    /// one that was in force before.
    ///
    /// # Errors
    /// [`LedgerError::Invalid`] when the reason is empty or over 500 bytes.
    pub async fn activate_policy(
        &self,
        version: Digest,
        instead_of: Option<Digest>,
        rollback: bool,
        reason: &str,
        by: &Authority,
    ) -> Result<PolicyAnswer, LedgerError> {
        let (reason, by) = (reasonable(reason)?, by.clone());
        self.register(Activate {
            version,
            rollback,
            instead_of,
            reason,
            by,
        })
        .await
    }

    /// Every bundle that was handed in, the newest first, at most 500.
    pub async fn policy_bundles(&self) -> Result<Vec<StoredBundle>, LedgerError> {
        let found = self.pools().fetch(LIST, Vec::new()).await?;
        found.iter().map(row).collect()
    }

    /// The files of a bundle, by path.
    pub async fn policy_files(&self, version: Digest) -> Result<Option<Files>, LedgerError> {
        let sql = "SELECT files FROM policy_bundle WHERE version = $1";
        let found = self
            .pools()
            .fetch(sql, vec![version.0.to_vec().into()])
            .await?;
        let files = found.first().map(|row| row.json(0)).transpose();
        files.map_err(|Damage(damage)| LedgerError::corrupt("policy_bundle", version, damage))
    }

    /// Who handed a bundle in and who approved it; nobody for one that came with the installation.
    pub async fn policy_authors(&self, version: Digest) -> Result<Vec<String>, LedgerError> {
        let cells = vec![version.0.to_vec().into()];
        let found = self.pools().fetch(STANDING, cells).await?;
        let Some(bundle) = found.first().map(row).transpose()? else {
            return Ok(Vec::new());
        };
        Ok(match bundle.state {
            BundleState::Installed => Vec::new(),
            BundleState::Proposed | BundleState::Approved | BundleState::Rejected => {
                let mut authors = vec![bundle.proposed_by];
                authors.extend(bundle.decided_by);
                authors
            }
        })
    }

    /// The changes of the policy in force, the newest first, at most 100.
    pub async fn policy_activations(&self) -> Result<Vec<Activation>, LedgerError> {
        let sql = "SELECT n, version, activated_by, activated_at, reason, rollback \
            FROM policy_activation ORDER BY n DESC LIMIT 100";
        let found = self.pools().fetch(sql, Vec::new()).await?;
        let read = |row: &Cells| {
            Ok::<_, Damage>(Activation {
                n: row.count(0)?,
                version: Digest(row.bytes(1)?),
                by: row.text(2)?,
                at: Timestamp(row.int(3)?),
                reason: row.text(4)?,
                rollback: row.int(5)? != 0,
            })
        };
        let read: Result<_, _> = found.iter().map(read).collect();
        read.map_err(|Damage(damage)| LedgerError::corrupt("policy_activation", "?", damage))
    }
}

fn row(row: &Cells) -> Result<StoredBundle, LedgerError> {
    let read = || {
        let name = row.text(1)?;
        let state = BundleState::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| row.damage(1, format!("unknown state `{name}`")))?;
        Ok(StoredBundle {
            version: Digest(row.bytes(0)?),
            state,
            proposed_by: row.text(2)?,
            proposed_at: Timestamp(row.int(3)?),
            note: row.text(4)?,
            decided_by: row.opt_text(5)?,
            decided_at: row.opt_int(6)?.map(Timestamp),
            decided_note: row.opt_text(7)?,
        })
    };
    read().map_err(|Damage(damage)| LedgerError::corrupt("policy_bundle", "?", damage))
}
