//! Statements over many rows at once.
//!
//! A template holds `{rows}` where the rows go. SQLite gets `VALUES (?, …), …` in pieces
//! ([`piece`]), PostgreSQL one `SELECT * FROM UNNEST($1, …)` over one array for each column. Measured: thousands of numbered
//! parameters are twenty times slower on SQLite, and arrays are the fastest way into PostgreSQL.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use super::cell::{Cell, Ty};

/// A statement over many rows.
#[derive(Debug)]
pub(crate) struct Bulk {
    /// With `{rows}`, and what [`engine_text`](super::engine_text) replaces.
    pub(crate) sql: &'static str,
    /// The type of each column of the rows.
    pub(crate) types: &'static [Ty],
}

/// The rows for a [`Bulk`], one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) cells: Vec<Cell>,
    pub(crate) count: usize,
}

impl Rows {
    pub(crate) fn with_capacity(rows: usize, width: usize) -> Self {
        Self {
            cells: Vec::with_capacity(rows * width),
            count: 0,
        }
    }

    pub(crate) fn push<const N: usize>(&mut self, row: [Cell; N]) {
        self.cells.extend(row);
        self.count += 1;
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// At most so many rows in one SQLite statement; it allows 32,766 parameters.
const PIECE: usize = 256;
const STEP: usize = 16;

/// How many of `rows` the next SQLite statement takes.
///
/// Each statement costs a hop to the connection's thread, and each size a prepared statement that is
/// kept. So a group of up to [`PIECE`] rows takes at most two statements (a multiple of [`STEP`] and
/// a rest below it), of no more than 31 sizes.
pub(crate) const fn piece(rows: usize) -> usize {
    if rows >= PIECE {
        PIECE
    } else if rows > STEP {
        rows / STEP * STEP
    } else {
        rows
    }
}

type Texts = Mutex<HashMap<(usize, usize), Arc<str>>>;

/// The text for SQLite with `count` rows. Built once for each size.
pub(crate) fn sqlite_text(bulk: &'static Bulk, count: usize) -> Arc<str> {
    static TEXTS: LazyLock<Texts> = LazyLock::new(Mutex::default);
    let key = (bulk.sql.as_ptr() as usize, count);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts
        .entry(key)
        .or_insert_with(|| {
            let row = format!("({})", vec!["?"; bulk.types.len()].join(","));
            let rows = format!("VALUES {}", vec![row; count].join(","));
            super::engine_text(bulk.sql, super::Engine::Sqlite)
                .replace("{rows}", &rows)
                .into()
        })
        .clone()
}

/// The text for PostgreSQL.
pub(crate) fn postgres_text(bulk: &'static Bulk) -> Arc<str> {
    static TEXTS: LazyLock<Texts> = LazyLock::new(Mutex::default);
    let key = (bulk.sql.as_ptr() as usize, 0);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts
        .entry(key)
        .or_insert_with(|| {
            let mut rows = "SELECT * FROM UNNEST(".to_owned();
            for (i, ty) in bulk.types.iter().enumerate() {
                let comma = if i == 0 { "" } else { ", " };
                // Writing to a string does not fail.
                let _ = write!(rows, "{comma}${}::{}", i + 1, ty.array());
            }
            rows.push(')');
            super::engine_text(bulk.sql, super::Engine::Postgres)
                .replace("{rows}", &rows)
                .into()
        })
        .clone()
}

/// The cells by column, as PostgreSQL wants them.
#[derive(Debug)]
pub(crate) enum Column {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Blob(Vec<Option<Vec<u8>>>),
    Id(Vec<Option<uuid::Uuid>>),
}

pub(crate) fn columns(types: &[Ty], rows: Rows) -> Vec<Column> {
    let n = rows.count;
    let mut columns: Vec<_> = types
        .iter()
        .map(|ty| match ty {
            Ty::Int => Column::Int(Vec::with_capacity(n)),
            Ty::Text => Column::Text(Vec::with_capacity(n)),
            Ty::Blob => Column::Blob(Vec::with_capacity(n)),
            Ty::Id => Column::Id(Vec::with_capacity(n)),
        })
        .collect();
    let width = types.len();
    for (i, cell) in rows.cells.into_iter().enumerate() {
        match (&mut columns[i % width], cell) {
            (Column::Int(column), Cell::Int(value)) => column.push(value),
            (Column::Text(column), Cell::Text(value)) => column.push(value),
            (Column::Blob(column), Cell::Blob(value)) => column.push(value),
            (Column::Id(column), Cell::Id(value)) => column.push(value),
            // Unequal columns: PostgreSQL fills the shorter with nulls, which every table refuses.
            (_, cell) => debug_assert!(false, "column {} does not take {cell:?}", i % width),
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    static BULK: Bulk = Bulk {
        sql: "INSERT INTO t (a, b) {rows}",
        types: &[Ty::Id, Ty::Int],
    };

    #[test]
    fn each_engine_gets_its_own_rows() {
        assert_eq!(
            &*sqlite_text(&BULK, 2),
            "INSERT INTO t (a, b) VALUES (?,?),(?,?)"
        );
        assert_eq!(
            &*postgres_text(&BULK),
            "INSERT INTO t (a, b) SELECT * FROM UNNEST($1::uuid[], $2::bigint[])"
        );
    }

    #[test]
    fn few_pieces_of_few_sizes_make_up_the_whole() {
        let mut sizes = std::collections::BTreeSet::new();
        for rows in 1..2_000 {
            let mut left = rows;
            let mut pieces = 0;
            while left > 0 {
                let size = piece(left);
                assert!(size > 0 && size <= left);
                sizes.insert(size);
                left -= size;
                pieces += 1;
            }
            assert!(pieces <= 2 + rows / PIECE, "{rows}");
        }
        assert_eq!(sizes.len(), 31);
    }
}
