//! Values on their way into and out of the database, the same for both engines.

use clerkwork_core::Timestamp;
use sqlx::{
    Column, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use uuid::Uuid;

/// One value to be bound. Typed even when null, because PostgreSQL asks for the type.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
    Id(Option<Uuid>),
}

/// The types of [`Cell`], for the arrays of PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ty {
    Int,
    Text,
    Blob,
    Id,
}

impl Ty {
    pub(crate) const fn array(self) -> &'static str {
        match self {
            Self::Int => "bigint[]",
            Self::Text => "text[]",
            Self::Blob => "bytea[]",
            Self::Id => "uuid[]",
        }
    }
}

macro_rules! from {
    ($($ty:ty => $variant:ident,)+) => {$(
        impl From<$ty> for Cell {
            fn from(value: $ty) -> Self {
                Self::$variant(Some(value))
            }
        }
        impl From<Option<$ty>> for Cell {
            fn from(value: Option<$ty>) -> Self {
                Self::$variant(value)
            }
        }
    )+};
}

from! {
    i64 => Int,
    String => Text,
    Vec<u8> => Blob,
    Uuid => Id,
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<Timestamp> for Cell {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.0))
    }
}

impl From<Option<Timestamp>> for Cell {
    fn from(value: Option<Timestamp>) -> Self {
        Self::Int(value.map(|time| time.0))
    }
}

pub(crate) type SqliteQuery = Query<'static, sqlx::Sqlite, SqliteArguments>;
pub(crate) type PgQuery = Query<'static, sqlx::Postgres, PgArguments>;

impl Cell {
    pub(crate) fn bind_sqlite(self, query: SqliteQuery) -> SqliteQuery {
        match self {
            Self::Int(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
            Self::Blob(value) => query.bind(value),
            Self::Id(value) => query.bind(value),
        }
    }

    pub(crate) fn bind_postgres(self, query: PgQuery) -> PgQuery {
        match self {
            Self::Int(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
            Self::Blob(value) => query.bind(value),
            Self::Id(value) => query.bind(value),
        }
    }
}

/// A row that was read.
pub(crate) enum Cells {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Why a value could not be read; the reader adds table and id.
pub(crate) struct Damage(pub(crate) String);

macro_rules! read {
    ($($(#[$doc:meta])* $name:ident -> $ty:ty;)+) => {$(
        $(#[$doc])*
        pub(crate) fn $name(&self, column: usize) -> Result<$ty, Damage> {
            let read = match self {
                Self::Sqlite(row) => row.try_get(column),
                Self::Postgres(row) => row.try_get(column),
            };
            read.map_err(|error| Damage(error.to_string()))
        }
    )+};
}

impl Cells {
    read! {
        int -> i64;
        opt_int -> Option<i64>;
        text -> String;
        opt_text -> Option<String>;
        blob -> Vec<u8>;
        opt_blob -> Option<Vec<u8>>;
        uuid -> Uuid;
        opt_uuid -> Option<Uuid>;
    }

    /// Text that is parsed at once, for example the name of a state.
    pub(crate) fn parse<T: std::str::FromStr>(&self, column: usize) -> Result<T, Damage>
    where
        T::Err: std::fmt::Display,
    {
        let parsed = match self {
            Self::Sqlite(row) => row.try_get::<&str, _>(column).map(str::parse),
            Self::Postgres(row) => row.try_get::<&str, _>(column).map(str::parse),
        };
        match parsed {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.damage(column, error)),
            Err(error) => Err(Damage(error.to_string())),
        }
    }

    /// JSON that is read at once.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, Damage> {
        serde_json::from_str(&self.text(column)?).map_err(|error| self.damage(column, error))
    }

    /// A number that is never negative and small.
    pub(crate) fn count(&self, column: usize) -> Result<u32, Damage> {
        u32::try_from(self.int(column)?).map_err(|error| self.damage(column, error))
    }

    /// Exactly `N` bytes.
    pub(crate) fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N], Damage> {
        self.blob(column)?.try_into().map_err(|bytes: Vec<u8>| {
            self.damage(column, format!("{} bytes instead of {N}", bytes.len()))
        })
    }

    pub(crate) fn damage(&self, column: usize, error: impl std::fmt::Display) -> Damage {
        let name = match self {
            Self::Sqlite(row) => row.columns().get(column).map(|c| c.name().to_owned()),
            Self::Postgres(row) => row.columns().get(column).map(|c| c.name().to_owned()),
        };
        Damage(format!("column `{}`: {error}", name.unwrap_or_default()))
    }

    /// The key of a damaged row, as far as it can be read.
    pub(crate) fn name_of_row(&self, column: usize) -> String {
        self.uuid(column)
            .map(|id| id.to_string())
            .or_else(|_| self.text(column))
            .unwrap_or_else(|_| "?".into())
    }
}
