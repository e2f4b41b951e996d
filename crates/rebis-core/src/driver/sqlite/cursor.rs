//! The rows of a running statement, read in place.

use std::sync::Arc;

use super::SqliteConnection;
use super::statement::Step;
use crate::driver::{Column, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::process::forked;
use crate::value::ValueRef;

#[derive(Debug)]
pub(super) struct SqliteCursor<'c> {
    connection: &'c mut SqliteConnection,
    columns: Arc<[Column]>,
    /// The first step was taken by `execute`, so that an error of the statement comes from there.
    ahead: Option<Step>,
    changes_before: i64,
    inserts: bool,
}

impl<'c> SqliteCursor<'c> {
    pub(super) fn new(
        connection: &'c mut SqliteConnection,
        columns: Arc<[Column]>,
        first: Step,
        changes_before: i64,
        inserts: bool,
    ) -> Self {
        SqliteCursor { connection, columns, ahead: Some(first), changes_before, inserts }
    }

    fn changed(&self) -> bool {
        self.connection.handle.total_changes() != self.changes_before
    }
}

impl Cursor for SqliteCursor<'_> {
    fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    fn advance(&mut self) -> Result<bool> {
        if self.connection.handle.is_inherited() {
            return Err(forked("cursor"));
        }
        let Some((_, statement)) = &mut self.connection.running else { return Ok(false) };
        let step = self.ahead.take().unwrap_or_else(|| statement.step());
        match step {
            Step::Row => {
                if !Arc::ptr_eq(&self.columns, statement.columns()) {
                    self.columns = statement.columns().clone();
                }
                Ok(true)
            }
            Step::Done => {
                self.connection.finish_running();
                Ok(false)
            }
            Step::Failed(code) => {
                let error = self.connection.handle.error_of_step(code);
                self.connection.finish_running();
                self.connection.failed();
                Err(error)
            }
        }
    }

    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        match &self.connection.running {
            Some((_, statement)) if self.ahead.is_none() && index < self.columns.len() => {
                statement.cell(index)
            }
            _ => Err(Error::new(
                ErrorKind::InvalidState,
                format!("there is no current row with a column {index}"),
            )),
        }
    }

    fn rows_affected(&self) -> u64 {
        if self.changed() { u64::try_from(self.connection.handle.changes()).unwrap_or(0) } else { 0 }
    }

    fn last_insert_id(&self) -> Option<i64> {
        // SQLite remembers it beyond the statement that made it.
        (self.inserts && self.changed())
            .then(|| self.connection.handle.last_insert_rowid())
            .filter(|rowid| *rowid != 0)
    }
}
