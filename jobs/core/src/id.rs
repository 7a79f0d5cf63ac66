//! Ids: UUIDv7, so that they sort by time of creation; one type for each thing that is named.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later than every id this process made before.
            #[expect(clippy::new_without_default, reason = "an id that differs at each call is no default value")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// One item of work.
    JobId
);
id!(
    /// A set of jobs submitted together.
    BatchId
);
id!(
    /// One question put to a person.
    ReviewId
);
id!(
    /// One event of the audit trail.
    EventId
);
impl EventId {
    /// When it was made, to the millisecond.
    pub fn at(&self) -> crate::Timestamp {
        let milliseconds = self.0.as_u128() >> 80;
        crate::Timestamp(
            i64::try_from(milliseconds)
                .unwrap_or(i64::MAX)
                .saturating_mul(1_000),
        )
    }
}

id!(
    /// One stop that was put on acting.
    BrakeId
);
id!(
    /// One boot of one process of the fleet; never reused.
    WorkerId
);
id!(
    /// A user's token, not its secret.
    TokenId
);
id!(
    /// One person standing in for another, for a time.
    SubstitutionId
);
