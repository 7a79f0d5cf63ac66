//! An operation as its connector declares it.

use std::time::Duration;

use super::Schema;
use crate::http::Access;

/// How a write is kept from happening twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// It changes nothing.
    Read,
    /// The upstream honours our key: the same write again is answered as the first.
    NativeKey,
    /// The upstream knows no key; what a read says of the matter tells whether it happened.
    BusinessKey {
        /// The operation that is asked.
        lookup: &'static str,
    },
    /// It cannot be told: a write with an unclear outcome goes to a person.
    None,
}

impl Idempotency {
    /// The name in files and tables.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::NativeKey => "native_key",
            Self::BusinessKey { .. } => "business_key",
            Self::None => "none",
        }
    }
}

/// What a connector can do.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name: lower case letters, digits and `_`.
    pub name: &'static str,
    /// What it takes. Of an operation that is polled: what else than a cursor it takes, mostly nothing.
    pub input: Schema,
    /// What it gives; of an operation that is polled, what one item is.
    pub output: Schema,
    /// How it is kept from happening twice; tells as well whether it changes anything.
    pub idempotency: Idempotency,
    /// It gives items page by page, see [`Connector::poll`](super::Connector::poll).
    pub polled: bool,
    /// For one try, from its start to the end of the answer.
    pub timeout: Duration,
    /// Turns of the upstream's pace that a call takes, at least 1.
    pub cost: u32,
}

impl Operation {
    /// A read with usual limits.
    pub fn read(name: &'static str, input: Schema, output: Schema) -> Self {
        Self {
            name,
            input,
            output,
            idempotency: Idempotency::Read,
            polled: false,
            timeout: Duration::from_secs(10),
            cost: 1,
        }
    }

    /// A list that is read page by page.
    pub fn poll(name: &'static str, item: Schema) -> Self {
        Self {
            polled: true,
            ..Self::read(name, Schema::any(), item)
        }
    }

    /// A write with usual limits.
    pub fn write(
        name: &'static str,
        input: Schema,
        output: Schema,
        idempotency: Idempotency,
    ) -> Self {
        Self {
            idempotency,
            ..Self::read(name, input, output)
        }
    }

    /// Whether it changes anything upstream.
    pub fn access(&self) -> Access {
        match self.idempotency {
            Idempotency::Read => Access::Read,
            Idempotency::NativeKey | Idempotency::BusinessKey { .. } | Idempotency::None => {
                Access::Write
            }
        }
    }
}
