//! Every type of event, in one table.

use std::{fmt, str::FromStr};

macro_rules! event_types {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventType { $($(#[doc = $doc])+ $variant,)+ }

        impl EventType {
            /// Every type, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in the event's bytes; never changed once used.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What happened, in one sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

event_types! {
    /// A job entered the ledger.
    JobAccepted = "job.accepted",
    /// A job whose time had come became available.
    JobAvailable = "job.available",
    /// A worker took a job.
    JobClaimed = "job.claimed",
    /// The policy decided on a job; names the rules, facts digest and policy version.
    JobDecided = "job.decided",
    /// A job was completed.
    JobCompleted = "job.completed",
    /// A job was sent back to the applicant.
    JobReturned = "job.returned",
    /// A job was put in front of a person.
    JobBlocked = "job.blocked",
    /// A job waits for an outside event or a time.
    JobWaiting = "job.waiting",
    /// An attempt failed technically; another will follow.
    JobRetryScheduled = "job.retry_scheduled",
    /// The attempts are used up.
    JobFailed = "job.failed",
    /// The job of a dead worker was given back.
    JobRescued = "job.rescued",
    /// A worker gave a job back unfinished, for example at shutdown.
    JobReleased = "job.released",
    /// A person asked to cancel a running job.
    JobCancelRequested = "job.cancel_requested",
    /// A job was cancelled.
    JobCancelled = "job.cancelled",
    /// A person gave a failed job another chance.
    JobRedriven = "job.redriven",
    /// An act in another system was announced.
    EffectIntended = "effect.intended",
    /// The act happened.
    EffectConfirmed = "effect.confirmed",
    /// The other system refused the act.
    EffectRefused = "effect.refused",
    /// Whether the act happened is not known.
    EffectUnknown = "effect.unknown",
    /// A connector called another system, or tried to: one event for each try.
    ConnectorCalled = "connector.called",
    /// A question was put to people.
    ReviewOpened = "review.opened",
    /// A person let the item pass.
    ReviewApproved = "review.approved",
    /// A person sends the item back.
    ReviewReturned = "review.returned",
    /// An open question was handed to another person or group.
    ReviewHandedOver = "review.handed_over",
    /// What a decision was bound to has changed.
    ReviewLapsed = "review.lapsed",
    /// A person took an open question, so that nobody else works on it meanwhile.
    ReviewClaimed = "review.claimed",
    /// A person gave an open question back, or their claim ran out.
    ReviewReleased = "review.released",
    /// An open question was given to a person or group, by a person or by the desk.
    ReviewAssigned = "review.assigned",
    /// The first of two people approved; the question stays open.
    ReviewSeconded = "review.seconded",
    /// The applicant was asked for more.
    ReviewAsked = "review.asked",
    /// The applicant answered, or the time to answer ran out.
    ReviewAnswered = "review.answered",
    /// A person did by hand what the item asks for.
    ReviewDoneByHand = "review.done_by_hand",
    /// The same matter is asked about already; both are decided together.
    ReviewJoined = "review.joined",
    /// A deadline is near.
    ReviewReminded = "review.reminded",
    /// A deadline has gone by: the question goes to the next level.
    ReviewEscalated = "review.escalated",
    /// The last level's deadline has gone by; the item stays blocked.
    ReviewExpired = "review.expired",
    /// An upstream's answer that a question rests on was kept; the page itself is sealed.
    EvidenceKept = "evidence.kept",
    /// A batch was opened.
    BatchCreated = "batch.created",
    /// A process of the fleet started.
    WorkerStarted = "worker.started",
    /// A process of the fleet stopped by itself.
    WorkerStopped = "worker.stopped",
    /// A process of the fleet fell silent and was given up.
    WorkerLost = "worker.lost",
    /// A process started with other settings than those that were last recorded.
    ConfigLoaded = "config.loaded",
    /// A person called an operation of a connector, or asked whether its upstream is there.
    ConnectorTried = "connector.tried",
    /// A person had the files of the connectors read again.
    ConnectorsReloaded = "connectors.reloaded",
    /// A policy bundle was put into force by a process.
    PolicyLoaded = "policy.loaded",
    /// A person handed in a policy bundle.
    PolicyProposed = "policy.proposed",
    /// Another person approved a proposed bundle.
    PolicyApproved = "policy.approved",
    /// A person refused a proposed bundle.
    PolicyRejected = "policy.rejected",
    /// An approved bundle came into force everywhere.
    PolicyActivated = "policy.activated",
    /// An earlier bundle came into force again.
    PolicyRolledBack = "policy.rolled_back",
    /// Acting was stopped, by a person, a rule or the breaker.
    BrakeOn = "brake.on",
    /// Acting was allowed again.
    BrakeOff = "brake.off",
    /// The first administrator was made.
    InstallationClaimed = "installation.claimed",
    /// A user was entered.
    UserCreated = "user.created",
    /// A user was enabled, disabled, moved, or put into or taken out of a group.
    UserChanged = "user.changed",
    /// A user was given a role.
    RoleGranted = "role.granted",
    /// A role was taken from a user.
    RoleRevoked = "role.revoked",
    /// A token was made for a user; only its digest is kept.
    TokenCreated = "token.created",
    /// A token was revoked.
    TokenRevoked = "token.revoked",
    /// Somebody may act for somebody else for a time.
    SubstituteNamed = "substitute.named",
    /// A substitution was ended early.
    SubstituteEnded = "substitute.ended",
    /// The queue lost its entries and was filled again from the ledger.
    QueueRefilled = "queue.refilled",
    /// Somebody signed in with a token.
    AccessSignedIn = "access.signed_in",
    /// Somebody was refused something.
    AccessRefused = "access.refused",
    /// A key signs the heads of the log from now on.
    LogKeyAdded = "log.key_added",
    /// A key signs the heads of the log no more.
    LogKeyRetired = "log.key_retired",
    /// Another master key opens what the ledger has sealed.
    MasterKeyAdded = "master_key.added",
    /// A master key opens it no more.
    MasterKeyRetired = "master_key.retired",
    /// What the ledger holds of a person was destroyed.
    PersonErased = "person.erased",
    /// A head of the log was handed to others.
    LogPublished = "log.published",
    /// The trail itself was read.
    AuditRead = "audit.read",
}

/// The text is not the name of an event type.
#[derive(Debug, thiserror::Error)]
#[error("unknown event type `{text}`; use one of {}", known())]
pub struct UnknownEventType {
    text: String,
}

fn known() -> String {
    let names: Vec<_> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

impl FromStr for EventType {
    type Err = UnknownEventType;
    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownEventType { text: text.into() })
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_read_back() {
        let names: BTreeSet<_> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), EventType::ALL.len());
        for kind in EventType::ALL {
            assert_eq!(kind.as_str().parse::<EventType>().unwrap(), *kind);
        }
        assert!("job.vanished".parse::<EventType>().is_err());
    }
}
