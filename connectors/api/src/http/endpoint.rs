//! One operation of an upstream: what it is called, where it is, whether it changes anything.

use reqwest::Url;

use crate::{ConnectorError, ErrorKind};

/// Whether a call changes anything upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It may be repeated freely.
    Read,
    /// It is sent again only when no connection was made, and what is unclear ends as
    /// [`ErrorKind::OutcomeUnknown`].
    Write,
}

impl Access {
    /// The name in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// One operation of an upstream; made by [`HttpStack::read`](super::HttpStack::read) or
/// [`HttpStack::write`](super::HttpStack::write), once.
#[derive(Debug, Clone)]
pub struct Endpoint {
    connector: &'static str,
    operation: &'static str,
    access: Access,
    url: Url,
}

impl Endpoint {
    pub(super) fn new(
        connector: &'static str,
        operation: &'static str,
        access: Access,
        base: &Url,
        path: &str,
    ) -> Result<Self, ConnectorError> {
        let url = base
            .join(path.trim_start_matches('/'))
            .map_err(|error| ConnectorError {
                connector,
                operation,
                kind: ErrorKind::Misconfigured,
                code: None,
                message: format!("`{path}` makes no address: {error}"),
                page: None,
                source: None,
            })?;
        Ok(Self {
            connector,
            operation,
            access,
            url,
        })
    }

    /// The name of the connector.
    pub fn connector(&self) -> &'static str {
        self.connector
    }

    /// The name of the operation, for example `approve_and_issue`.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether it changes anything upstream.
    pub fn access(&self) -> Access {
        self.access
    }

    /// An error of this operation.
    pub fn error(&self, kind: ErrorKind, message: impl Into<String>) -> ConnectorError {
        ConnectorError {
            connector: self.connector,
            operation: self.operation,
            kind,
            code: None,
            message: message.into(),
            page: None,
            source: None,
        }
    }

    /// The kind of an error after which it is open whether the upstream has done its work: a read
    /// may be repeated, a write must be looked up.
    pub fn unclear(&self) -> ErrorKind {
        match self.access {
            Access::Read => ErrorKind::Transient,
            Access::Write => ErrorKind::OutcomeUnknown,
        }
    }

    /// Where it is. A connector adds what one call needs: the rest of the path, a query.
    pub fn url(&self) -> &Url {
        &self.url
    }
}
