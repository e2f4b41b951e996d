//! Many rows changed, each to values of its own.

use std::collections::HashSet;
use std::sync::Arc;

use super::connection::Connection;
use super::execute::Sending;
use super::flat_rows::{array_parameters, flat, in_arrays};
use super::row_order::key_of;
use crate::compile::{Rendered, fits_in_array, update_of_arrays};
use crate::dialect::ManyRows;
use crate::error::{Error, ErrorKind, Result};
use crate::rows::{Rows, Sql};
use crate::schema::Table;
use crate::sql::{Assignment, Composed, Expression, StatementNode, all, param, update_each, update_table};
use crate::value::Value;

/// How many rows one statement changes: each is compared with all of the statement's keys.
const ROWS_AT_A_TIME: usize = 100;

impl Connection {
    /// Changes many rows, each to values of its own, in as few statements as the database allows. Each row has the values of its
    /// keys, then those of the columns. Returns how many rows were found; on each database a row counts also when it is already as it
    /// is to be.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::{Engine, text};
    ///
    /// let t = Table::build("t")
    ///     .column(ColumnDef::new("id", SqlType::Integer).primary_key())
    ///     .column(ColumnDef::new("n", SqlType::Integer))
    ///     .finish()?;
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.create_table(&t)?;
    /// conn.execute(text("insert into t values (1, 0), (2, 0)"))?;
    /// let rows = vec![vec![1.into(), 10.into()], vec![2.into(), 20.into()], vec![3.into(), 30.into()]];
    /// assert_eq!(conn.update_rows(&t, &["id"], &["n"], rows)?, 2, "there is no row 3");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`update_each`] and [`execute`](Connection::execute), and [`ErrorKind::Statement`] for more than 100
    /// rows that get another key.
    pub fn update_rows(
        &mut self,
        table: &Table,
        keys: &[&str],
        columns: &[&str],
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        self.know_server()?;
        if self.updates_flat(table, keys, columns, &rows) {
            return self.update_flat(table, keys, columns, rows);
        }
        let most = self.dialect().writes.most_parameters;
        let each = keys.len() * (columns.len() + 1) + columns.len();
        let batch = (most / each.max(1)).clamp(1, ROWS_AT_A_TIME);
        let changes_key = keys.iter().any(|key| columns.contains(key));
        if rows.len() > batch && changes_key && !told_apart(table, keys, columns, &rows) {
            let text = format!(
                "rows that get another key go in one statement, of at most {batch}: the next one would find them again"
            );
            return Err(Error::new(ErrorKind::Statement, text));
        }
        let mut found = 0_u64;
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let some = rows.by_ref().take(batch).collect();
            let update = update_each(table, keys, columns, some)?;
            found = found.saturating_add(self.execute(update)?.rows_affected());
        }
        Ok(found)
    }

    /// Whether the rows can go out as arrays, or by one statement for many sets. Rows that get another key have to be compared with
    /// what was there before, all at once.
    fn updates_flat(&self, table: &Table, keys: &[&str], columns: &[&str], rows: &[Vec<Value>]) -> bool {
        let named = |name: &str| columns.contains(&name);
        let distinct = !keys.iter().any(|key| named(key)) || {
            let mut primary = table.primary_key().peekable();
            primary.peek().is_some() && primary.all(|key| keys.contains(&key.name()) && !named(key.name()))
        };
        let width = keys.len() + columns.len();
        let listeners = &self.engine().core().listeners;
        let can = match self.dialect().writes.many_rows {
            ManyRows::RoundTrips => false,
            ManyRows::Values | ManyRows::Bulk => true,
            ManyRows::Arrays => keys.iter().chain(columns).enumerate().all(|(index, name)| {
                let fits = |column: &crate::schema::ColumnDef| {
                    fits_in_array(column.sql_type(), rows.iter().filter_map(|row| row.get(index)))
                };
                table.column(name).is_some_and(fits)
            }),
        };
        can && distinct
            && rows.len() > 1
            && !keys.is_empty()
            && !columns.is_empty()
            && rows.iter().all(|row| row.len() == width)
            && listeners.before_execute.is_empty()
            && listeners.after_execute.is_empty()
            && table
                .columns()
                .iter()
                .all(|column| column.client_defaults.update.is_none() || named(column.name()))
    }

    fn update_flat(
        &mut self,
        table: &Table,
        keys: &[&str],
        columns: &[&str],
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        if self.dialect().writes.many_rows == ManyRows::Arrays {
            return self.update_arrays(table, keys, columns, rows);
        }
        // The values are in the order in which the text has them: those that are set, then the keys.
        let set = columns.iter().enumerate();
        let set =
            set.map(|(at, name)| Assignment::expr((*name).to_owned(), param::<Value>(format!("set {at}"))));
        let equal = keys.iter().enumerate();
        let equal =
            equal.map(|(at, name)| table.c((*name).to_owned()).eq(param::<Value>(format!("key {at}"))));
        let update = update_table(table).set_all(set).filter(all(equal));
        let update = Composed(StatementNode::Update(update.node.into()));
        let text = Rendered::of(&update, self.dialect(), &self.options().schema_translate_map)?.sql;
        let parameters = rows.iter().flat_map(|row| {
            let (found_by, set) = row.split_at(keys.len());
            set.iter().chain(found_by).map(Value::as_ref)
        });
        let (sql, deadline) = (Sql::Text(text.into()), self.options().deadline(None));
        let sending =
            Sending { sql, parameters: parameters.collect(), sets: rows.len(), cached: false, deadline };
        self.send_many(sending, keys.len() + columns.len())
    }

    fn update_arrays(
        &mut self,
        table: &Table,
        keys: &[&str],
        columns: &[&str],
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let text =
            update_of_arrays(table, keys, columns, self.dialect(), &self.options().schema_translate_map)?;
        let text: Arc<str> = text.into();
        let most_bytes = self.dialect().writes.most_bytes;
        let mut found = 0_u64;
        let width = keys.len() + columns.len();
        for (_, arrays) in in_arrays(flat(rows, width), width, most_bytes) {
            let parameters = array_parameters(&arrays);
            let (sql, deadline) = (Sql::Text(Arc::clone(&text)), self.options().deadline(None));
            let sending = Sending { sql, parameters, sets: 1, cached: false, deadline };
            let sent = self.send_once(sending)?;
            let mut answer = Rows::new(sent.answer, sent.watch);
            while answer.next()?.is_some() {}
            found = found.saturating_add(answer.rows_affected());
        }
        Ok(found)
    }
}

/// Whether the keys that stay as they are tell the rows apart: then none is found again under its new key.
fn told_apart(table: &Table, keys: &[&str], columns: &[&str], rows: &[Vec<Value>]) -> bool {
    let unchanged: Vec<_> = keys.iter().enumerate().filter(|(_, key)| !columns.contains(key)).collect();
    let key = |row: &Vec<Value>| -> Option<Vec<_>> {
        unchanged.iter().map(|(at, name)| key_of(table.column(name)?.sql_type(), row.get(*at)?)).collect()
    };
    let mut seen = HashSet::with_capacity(rows.len());
    !unchanged.is_empty() && rows.iter().all(|row| key(row).is_some_and(|key| seen.insert(key)))
}
