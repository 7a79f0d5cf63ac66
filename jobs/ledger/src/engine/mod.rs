//! The two engines behind one set of calls.
//!
//! Statements are written once. Where the engines differ, a statement holds a word in braces:
//! `{rows}` (see [`bulk`]), `{lock}` (rows are locked on PostgreSQL; SQLite has one writer anyway),
//! `{update}` (every row found is locked), `{skip}` (locked rows are passed over), `{share}` (rows stay as they are until the end of the
//! transaction), and the same for rows of `review r`: `{lock_review}`, `{share_review}`; `{keep_person}` (rows of
//! `person p` are not deleted before the end of the transaction).

pub(crate) mod bulk;
pub(crate) mod cell;
pub(crate) mod connect;

use std::borrow::Cow;

use bulk::{Bulk, Column, Rows};
use cell::{Cell, Cells};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// What stands for each word in braces: on SQLite, which has one writer, nothing.
const WORDS: [(&str, &str); 7] = [
    ("{lock}", "ORDER BY job.id FOR NO KEY UPDATE OF job"),
    ("{skip}", "FOR NO KEY UPDATE SKIP LOCKED"),
    ("{share}", "FOR SHARE"),
    ("{update}", "FOR UPDATE"),
    ("{lock_review}", "ORDER BY r.id FOR NO KEY UPDATE OF r"),
    ("{share_review}", "ORDER BY r.id FOR SHARE OF r"),
    ("{keep_person}", "ORDER BY p.pseudonym FOR KEY SHARE OF p"),
];

/// The text of a statement for one engine.
pub(crate) fn engine_text(sql: &'static str, engine: Engine) -> Cow<'static, str> {
    if !WORDS.iter().any(|(word, _)| sql.contains(word)) {
        return Cow::Borrowed(sql);
    }
    let text = WORDS.iter().fold(sql.to_owned(), |text, (word, meaning)| {
        text.replace(
            word,
            match engine {
                Engine::Sqlite => "",
                Engine::Postgres => meaning,
            },
        )
    });
    Cow::Owned(text)
}

/// Connections to the database: some that write, some that only read.
#[derive(Debug, Clone)]
pub(crate) enum Pools {
    Sqlite { write: SqlitePool, read: SqlitePool },
    Postgres { write: PgPool, read: PgPool },
}

fn sqlite_query(sql: Cow<'static, str>, cells: Vec<Cell>) -> cell::SqliteQuery {
    // The texts are constants of this crate, or built from constants; values are bound.
    let query = sqlx::query(AssertSqlSafe(sql));
    cells
        .into_iter()
        .fold(query, |query, cell| cell.bind_sqlite(query))
}

fn postgres_query(sql: Cow<'static, str>, cells: Vec<Cell>) -> cell::PgQuery {
    let query = sqlx::query(AssertSqlSafe(sql));
    cells
        .into_iter()
        .fold(query, |query, cell| cell.bind_postgres(query))
}

impl Pools {
    pub(crate) const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Reads outside any transaction.
    pub(crate) async fn fetch(
        &self,
        sql: impl Into<Cow<'static, str>>,
        cells: Vec<Cell>,
    ) -> Result<Vec<Cells>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite { read, .. } => sqlite_query(sql.into(), cells)
                .fetch_all(read)
                .await?
                .into_iter()
                .map(Cells::Sqlite)
                .collect(),
            Self::Postgres { read, .. } => postgres_query(sql.into(), cells)
                .fetch_all(read)
                .await?
                .into_iter()
                .map(Cells::Postgres)
                .collect(),
        })
    }

    /// Runs a statement outside any transaction, where others write.
    pub(crate) async fn run_alone(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite { write, .. } => sqlx::query(sql).execute(write).await.map(|_| ()),
            Self::Postgres { write, .. } => sqlx::query(sql).execute(write).await.map(|_| ()),
        }
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres { write, .. } => Tx::Postgres(write.begin().await?),
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                // The last connection to close moves the write-ahead log into the file.
                write.close().await;
            }
            Self::Postgres { write, read } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}

/// A transaction that writes. Dropped without [`commit`](Tx::commit), it is rolled back.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }

    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Postgres(tx) => tx.rollback().await,
        }
    }

    /// SQLite's mark of the last commit by any other connection; PostgreSQL has none.
    pub(crate) async fn version(&mut self) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::Sqlite(tx) => sqlx::query_scalar("PRAGMA data_version")
                .fetch_one(&mut **tx)
                .await
                .map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Runs a statement; answers the number of rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        cells: Vec<Cell>,
    ) -> Result<u64, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite_query(engine_text(sql, Engine::Sqlite), cells)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
            Self::Postgres(tx) => postgres_query(engine_text(sql, Engine::Postgres), cells)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// Runs a statement that answers rows.
    pub(crate) async fn fetch(
        &mut self,
        sql: &'static str,
        cells: Vec<Cell>,
    ) -> Result<Vec<Cells>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite_query(engine_text(sql, Engine::Sqlite), cells)
                .fetch_all(&mut **tx)
                .await?
                .into_iter()
                .map(Cells::Sqlite)
                .collect(),
            Self::Postgres(tx) => postgres_query(engine_text(sql, Engine::Postgres), cells)
                .fetch_all(&mut **tx)
                .await?
                .into_iter()
                .map(Cells::Postgres)
                .collect(),
        })
    }

    /// Runs a statement over many rows; answers the number of rows it changed.
    pub(crate) async fn bulk(
        &mut self,
        bulk: &'static Bulk,
        rows: Rows,
    ) -> Result<u64, sqlx::Error> {
        if rows.is_empty() {
            return Ok(0);
        }
        match self {
            Self::Sqlite(tx) => {
                let mut affected = 0;
                for query in sqlite_pieces(bulk, rows) {
                    affected += query.execute(&mut **tx).await?.rows_affected();
                }
                Ok(affected)
            }
            Self::Postgres(tx) => Ok(postgres_bulk(bulk, rows)
                .execute(&mut **tx)
                .await?
                .rows_affected()),
        }
    }

    /// Runs a statement over many rows that answers rows.
    pub(crate) async fn bulk_fetch(
        &mut self,
        bulk: &'static Bulk,
        rows: Rows,
    ) -> Result<Vec<Cells>, sqlx::Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite(tx) => {
                let mut found = Vec::with_capacity(rows.count);
                for query in sqlite_pieces(bulk, rows) {
                    let rows = query.fetch_all(&mut **tx).await?;
                    found.extend(rows.into_iter().map(Cells::Sqlite));
                }
                Ok(found)
            }
            Self::Postgres(tx) => Ok(postgres_bulk(bulk, rows)
                .fetch_all(&mut **tx)
                .await?
                .into_iter()
                .map(Cells::Postgres)
                .collect()),
        }
    }
}

fn sqlite_pieces(bulk: &'static Bulk, rows: Rows) -> impl Iterator<Item = cell::SqliteQuery> {
    let width = bulk.types.len();
    debug_assert_eq!(rows.cells.len(), rows.count * width, "{}", bulk.sql);
    let mut left = rows.count;
    let mut cells = rows.cells.into_iter();
    std::iter::from_fn(move || {
        let size = (left > 0).then(|| bulk::piece(left))?;
        left -= size;
        let query = sqlx::query(AssertSqlSafe(bulk::sqlite_text(bulk, size)));
        Some(
            cells
                .by_ref()
                .take(size * width)
                .fold(query, |query, cell| cell.bind_sqlite(query)),
        )
    })
}

fn postgres_bulk(bulk: &'static Bulk, rows: Rows) -> cell::PgQuery {
    let query = sqlx::query(AssertSqlSafe(bulk::postgres_text(bulk)));
    bulk::columns(bulk.types, rows)
        .into_iter()
        .fold(query, |query, column| match column {
            Column::Int(values) => query.bind(values),
            Column::Text(values) => query.bind(values),
            Column::Blob(values) => query.bind(values),
            Column::Id(values) => query.bind(values),
        })
}
