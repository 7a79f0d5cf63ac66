//! Queries whose conditions depend on what was asked. Values are bound, never written into the text.

use std::fmt::Write as _;

use clerkwork_core::Office;
use uuid::Uuid;

use crate::{Page, engine::cell::Cell};

/// A query under construction.
pub(crate) struct Query {
    text: String,
    cells: Vec<Cell>,
    conditions: u32,
}

impl Query {
    pub(crate) fn new(select: impl Into<String>) -> Self {
        Self {
            text: select.into(),
            cells: Vec::new(),
            conditions: 0,
        }
    }

    /// Goes on with a text that has conditions already.
    pub(crate) fn going_on(text: String, cells: Vec<Cell>) -> Self {
        Self {
            text,
            cells,
            conditions: 1,
        }
    }

    /// The text and what is bound.
    pub(crate) fn done(self) -> (String, Vec<Cell>) {
        (self.text, self.cells)
    }

    fn and(&mut self) -> &mut String {
        self.text.push_str(if self.conditions == 0 {
            " WHERE "
        } else {
            " AND "
        });
        self.conditions += 1;
        &mut self.text
    }

    fn bind(&mut self, cell: impl Into<Cell>) -> usize {
        self.cells.push(cell.into());
        self.cells.len()
    }

    /// A condition without a value.
    pub(crate) fn always(&mut self, condition: &'static str) {
        self.and().push_str(condition);
    }

    /// `left` (with its operator) against a value.
    pub(crate) fn put(&mut self, left: &'static str, cell: impl Into<Cell>) {
        let n = self.bind(cell);
        // Writing to a string does not fail.
        let _ = write!(self.and(), "{left} ${n}");
    }

    /// Like [`put`](Self::put), inside a parenthesis that `left` opens.
    pub(crate) fn put_within(&mut self, left: &'static str, cell: impl Into<Cell>) {
        let n = self.bind(cell);
        let _ = write!(self.and(), "{left} ${n})");
    }

    /// One of two columns (with their operators) against one value.
    pub(crate) fn put_either(
        &mut self,
        one: &'static str,
        two: &'static str,
        cell: impl Into<Cell>,
    ) {
        let n = self.bind(cell);
        let _ = write!(self.and(), "({one} ${n} OR {two} ${n})");
    }

    /// The same where the value ends a query in brackets.
    pub(crate) fn put_in(&mut self, left: &'static str, cell: impl Into<Cell>) {
        let n = self.bind(cell);
        let _ = write!(self.and(), "{left} ${n})");
    }

    /// A column holds one of these values.
    pub(crate) fn any_of(&mut self, column: &'static str, values: &[&str]) {
        let values: Vec<_> = values.iter().map(|value| self.bind(*value)).collect();
        let values: Vec<_> = values.iter().map(|n| format!("${n}")).collect();
        let _ = write!(self.and(), "{column} IN ({})", values.join(", "));
    }

    /// One of two columns holds a value.
    pub(crate) fn either(&mut self, columns: [&'static str; 2], cell: impl Into<Cell>) {
        let n = self.bind(cell);
        let [one, two] = columns;
        let _ = write!(self.and(), "({one} = ${n} OR {two} = ${n})");
    }

    /// The office itself or one below it: `0` is the character after `/`.
    pub(crate) fn office(&mut self, column: &'static str, office: &Office) {
        let itself = self.bind(office.as_str());
        let from = self.bind(format!("{office}/"));
        let to = self.bind(format!("{office}0"));
        let _ = write!(
            self.and(),
            "({column} = ${itself} OR ({column} >= ${from} AND {column} < ${to}))"
        );
    }

    /// The first `limit` rows in the order of a column.
    pub(crate) fn first_by(mut self, column: &'static str, limit: u32) -> (String, Vec<Cell>) {
        let n = self.bind(limit.clamp(1, 1_000));
        let _ = write!(self.text, " ORDER BY {column} LIMIT ${n}");
        (self.text, self.cells)
    }

    /// The first `limit` rows in the order of a column, at the end of a query that goes on.
    pub(crate) fn sorted_first(&mut self, column: &'static str, descending: bool, limit: u32) {
        let n = self.bind(limit);
        let order = if descending { "DESC" } else { "ASC" };
        let _ = write!(self.text, " ORDER BY {column} {order} LIMIT ${n}");
    }

    /// The page, newest first.
    pub(crate) fn page(self, column: &'static str, page: Page<Uuid>) -> (String, Vec<Cell>) {
        self.sorted(column, page, ["<", "DESC"])
    }

    fn sorted(
        mut self,
        column: &'static str,
        page: Page<Uuid>,
        [beyond, order]: [&'static str; 2],
    ) -> (String, Vec<Cell>) {
        if let Some(after) = page.after {
            let n = self.bind(after);
            let _ = write!(self.and(), "{column} {beyond} ${n}");
        }
        let n = self.bind(page.limit.clamp(1, 1_000));
        let _ = write!(self.text, " ORDER BY {column} {order} LIMIT ${n}");
        (self.text, self.cells)
    }
}

impl<K> Page<K> {
    pub(crate) fn raw(self, key: impl FnOnce(K) -> Uuid) -> Page<Uuid> {
        Page {
            after: self.after.map(key),
            limit: self.limit,
        }
    }
}
