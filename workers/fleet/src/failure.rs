//! What went wrong in an attempt, and whether another has a chance.

use std::time::Duration;

use clerkwork_audit::EventDraft;
use clerkwork_connectors_api::ConnectorError;

/// What went wrong, in words that may stand in the record and in logs, and what may not.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Our own words: the operation, the kind of error, the upstream's code.
    pub(crate) summary: String,
    /// The upstream's words, which may name a person; sealed in the event.
    said: Option<String>,
    /// Connector and operation, if one of them failed.
    at: Option<(&'static str, &'static str)>,
}

impl Failure {
    /// In our own words only.
    pub(crate) fn ours(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            said: None,
            at: None,
        }
    }

    /// A code means that the upstream itself spoke.
    pub(crate) fn of(error: &ConnectorError) -> Self {
        let (connector, operation, kind) = (error.connector, error.operation, error.kind.as_str());
        let at = Some((connector, operation));
        let Some(code) = &error.code else {
            let ours = Self::ours(error.to_string());
            return Self { at, ..ours };
        };
        Self {
            summary: format!("{connector}.{operation}: {kind}, upstream code `{code}`"),
            said: Some(error.to_string()),
            at,
        }
    }

    /// Says in the event where it failed, and seals what the upstream said.
    pub(crate) fn tell(&self, mut event: EventDraft) -> EventDraft {
        if let Some((connector, operation)) = self.at {
            event.data.insert("connector".into(), connector.into());
            event.data.insert("operation".into(), operation.into());
        }
        match &self.said {
            Some(said) => event.with_personal("upstream_said", said.as_str()),
            None => event,
        }
    }
}

/// What a technical failure says about another try.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Again {
    /// After a pause that grows.
    Backoff,
    /// The upstream takes no calls now.
    NotNow {
        /// Not before this time has passed.
        asked: Option<Duration>,
    },
    /// Another try would fail as well.
    Never,
}
