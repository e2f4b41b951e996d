//! Rows of plain values on their way into a table: one text for many statements, and no tree of the values.
//!
//! What the tree can say and this cannot (a listener that wants to see it, columns that are made here, keys of which nothing is
//! known) takes the way of [`execute_batches`](Connection::execute_batches).

use std::sync::Arc;

use super::connection::Connection;
use super::execute::Sending;
use super::insert_rows::{bytes_of_value, item, missing_rows, or_refused, render_insert};
use super::row_order::{RowOrder, key_of};
use crate::compile::fits_in_array;
use crate::dialect::ManyRows;
use crate::error::Result;
use crate::process::Deadline;
use crate::rows::{Rows, Sql};
use crate::sql::{InsertNode, Node};
use crate::value::{Value, ValueRef};

/// How many rows of VALUES one statement has. Always as many, so that it is prepared once.
const ROWS_OF_VALUES: usize = 1000;
/// How many rows go out as arrays, one for each column.
const ROWS_OF_ARRAYS: usize = 20_000;

/// The values of rows on the way, and what becomes of the answer.
struct Flat {
    insert: InsertNode,
    order: RowOrder,
    /// How many columns are wanted.
    shown: usize,
    /// Where the key stands in the answer, which is sorted by it.
    key: Option<usize>,
}

impl Connection {
    /// Whether rows of values can go out this way.
    pub(super) fn goes_flat(&self, insert: &InsertNode, rows: &[Vec<Value>]) -> bool {
        let made = |name: &str| insert.columns.iter().any(|column| *column == name);
        let listeners = &self.engine().core().listeners;
        rows.len() > 1
            && !insert.columns.is_empty()
            && (insert.returning.is_empty() || self.returns_inserted())
            && matches!(RowOrder::of(insert, self.dialect()), RowOrder::AsGiven | RowOrder::Ascending)
            && listeners.before_execute.is_empty()
            && listeners.after_execute.is_empty()
            && insert
                .table
                .columns()
                .iter()
                .all(|column| column.client_defaults.insert.is_none() || made(column.name()))
            && (self.dialect().writes.many_rows != ManyRows::Arrays || fit_in_arrays(insert, rows))
    }

    /// Sends them, and returns the wanted columns in the order of the rows.
    pub(super) fn insert_flat(
        &mut self,
        insert: InsertNode,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Vec<Value>>> {
        let deadline = self.options().deadline(None);
        let mut flat = Flat::of(insert, RowOrder::AsGiven);
        flat.order = RowOrder::of(&flat.insert, self.dialect());
        flat.return_key();
        match self.dialect().writes.many_rows {
            ManyRows::Arrays => self.insert_arrays(flat, rows, deadline),
            ManyRows::Bulk if flat.shown == 0 => self.insert_bulk(flat, &rows, deadline),
            ManyRows::Bulk | ManyRows::Values | ManyRows::RoundTrips => {
                self.insert_values(flat, &rows, deadline)
            }
        }
    }

    fn insert_values(
        &mut self,
        mut flat: Flat,
        rows: &[Vec<Value>],
        deadline: Deadline,
    ) -> Result<Vec<Vec<Value>>> {
        let writes = self.dialect().writes;
        let most = (writes.most_parameters / flat.insert.columns.len()).clamp(1, ROWS_OF_VALUES);
        let mut found = Vec::with_capacity(if flat.shown > 0 { rows.len() } else { 0 });
        let mut text: (usize, Arc<str>) = (0, "".into());
        let mut left = rows;
        while !left.is_empty() {
            let (some, rest) = left.split_at(as_many_as_fit(left, most, writes.most_bytes));
            left = rest;
            if text.0 != some.len() {
                flat.insert.rows = vec![placeholders(flat.insert.columns.len()); some.len()];
                text = (some.len(), self.text_of(&mut flat.insert)?);
            }
            let parameters = some.iter().flatten().map(Value::as_ref).collect();
            self.read_made(&flat, &text.1, parameters, some.len(), deadline, &mut found)?;
        }
        Ok(found)
    }

    /// One array for each column: the text has as many parameters as the table columns, whatever the number of rows.
    fn insert_arrays(
        &mut self,
        mut flat: Flat,
        rows: Vec<Vec<Value>>,
        deadline: Deadline,
    ) -> Result<Vec<Vec<Value>>> {
        let width = flat.insert.columns.len();
        flat.insert.rows = vec![placeholders(width)];
        flat.insert.arrays = true;
        flat.insert.ordered = flat.order == RowOrder::Ascending;
        let text = self.text_of(&mut flat.insert)?;
        let most_bytes = self.dialect().writes.most_bytes;
        let mut found = Vec::with_capacity(if flat.shown > 0 { rows.len() } else { 0 });
        for (count, arrays) in in_arrays(rows, width, most_bytes) {
            self.read_made(&flat, &text, array_parameters(&arrays), count, deadline, &mut found)?;
        }
        Ok(found)
    }

    /// The driver's way for many sets of one statement.
    fn insert_bulk(
        &mut self,
        mut flat: Flat,
        rows: &[Vec<Value>],
        deadline: Deadline,
    ) -> Result<Vec<Vec<Value>>> {
        let width = flat.insert.columns.len();
        flat.insert.rows = vec![placeholders(width)];
        let sql = Sql::Text(self.text_of(&mut flat.insert)?);
        let parameters = rows.iter().flatten().map(Value::as_ref).collect();
        let sending = Sending { sql, parameters, sets: rows.len(), cached: false, deadline };
        self.send_many(sending, width).map(|_| Vec::new())
    }

    fn text_of(&self, insert: &mut InsertNode) -> Result<Arc<str>> {
        Ok(render_insert(insert, self.dialect(), &self.options().schema_translate_map)?.sql.into())
    }

    /// Runs one statement, and puts what it returns behind the rest, in the order of the rows.
    fn read_made(
        &mut self,
        flat: &Flat,
        text: &Arc<str>,
        parameters: Vec<ValueRef<'_>>,
        count: usize,
        deadline: Deadline,
        found: &mut Vec<Vec<Value>>,
    ) -> Result<()> {
        let sending =
            Sending { sql: Sql::Text(Arc::clone(text)), parameters, sets: 1, cached: false, deadline };
        let sent = self.send_once(sending)?;
        let answer = Rows::new(sent.answer, sent.watch);
        let width = flat.insert.returning.len();
        let first = found.len();
        answer.each(|row| {
            found.push((0..width).map(|index| or_refused(row.value(index))).collect::<Result<Vec<Value>>>()?);
            Ok(())
        })?;
        match found.get_mut(first..) {
            Some(made) if flat.shown > 0 => flat.sort(made, count),
            _ => Ok(()),
        }
    }
}

impl Flat {
    fn of(insert: InsertNode, order: RowOrder) -> Self {
        let shown = insert.returning.len();
        Flat { insert, order, shown, key: None }
    }

    /// The key has to come back, if it is not wanted anyway.
    fn return_key(&mut self) {
        if self.order != RowOrder::Ascending {
            return;
        }
        let Some(name) = self.insert.table.primary_key().next().map(|key| key.name().to_owned()) else {
            return;
        };
        let is_key = |item: &crate::sql::Item| matches!(&*item.node, Node::Column { name: known, .. } if *known == name);
        self.key = self.insert.returning.iter().position(is_key);
        if self.key.is_none() {
            self.key = Some(self.shown);
            self.insert.returning.push(item(&self.insert.table, &name));
        }
    }

    /// Puts what came back into the order of the keys, which the database has counted in that of the rows.
    fn sort(&self, made: &mut [Vec<Value>], wanted: usize) -> Result<()> {
        if made.len() != wanted {
            return Err(missing_rows(made.len(), wanted));
        }
        let (Some(at), Some(column)) = (self.key, self.insert.table.primary_key().next()) else {
            return Ok(());
        };
        let key = |row: &Vec<Value>| row.get(at).and_then(|value| key_of(column.sql_type(), value));
        if made.iter().any(|row| key(row).is_none()) {
            return Err(missing_rows(made.len(), wanted));
        }
        if !made.is_sorted_by_key(key) {
            made.sort_by_cached_key(key);
        }
        if at == self.shown {
            made.iter_mut().for_each(|row| row.truncate(at));
        }
        Ok(())
    }
}

fn placeholders(width: usize) -> Vec<Arc<Node>> {
    (0..width).map(|_| Arc::new(Node::Value(Value::Null))).collect()
}

/// Whether all values are of their columns' types, so that an array of these holds them as they are.
fn fit_in_arrays(insert: &InsertNode, rows: &[Vec<Value>]) -> bool {
    insert.columns.iter().enumerate().all(|(index, name)| {
        insert.table.column(name).is_some_and(|column| {
            fits_in_array(column.sql_type(), rows.iter().filter_map(|row| row.get(index)))
        })
    })
}

/// At least one.
fn as_many_as_fit(rows: &[Vec<Value>], most: usize, most_bytes: usize) -> usize {
    let mut size = 0_usize;
    let fits = |row: &&Vec<Value>| {
        size = row.iter().map(bytes_of_value).fold(size, usize::saturating_add);
        size <= most_bytes
    };
    rows.iter().take(most).take_while(fits).count().max(1)
}

/// Rows as arrays, one for each column, of as many rows at a time as fit; and how many these are.
pub(super) fn in_arrays(
    mut left: Vec<Vec<Value>>,
    width: usize,
    most_bytes: usize,
) -> impl Iterator<Item = (usize, Vec<Vec<Value>>)> {
    std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let count = as_many_as_fit(&left, ROWS_OF_ARRAYS, most_bytes);
        let rest = left.split_off(count);
        Some((count, transposed(std::mem::replace(&mut left, rest), width)))
    })
}

pub(super) fn array_parameters(arrays: &[Vec<Value>]) -> Vec<ValueRef<'_>> {
    arrays.iter().map(|array| ValueRef::Array(array.as_slice().into())).collect()
}

/// Rows → columns.
fn transposed(rows: Vec<Vec<Value>>, width: usize) -> Vec<Vec<Value>> {
    let mut columns: Vec<Vec<Value>> = (0..width).map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}
