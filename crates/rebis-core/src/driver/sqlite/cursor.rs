//! The rows of a running statement, read in place.

use std::sync::Arc;

use super::SqliteConnection;
use super::statement::Step;
use crate::driver::{Column, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::process::forked;
use crate::value::ValueRef;

/// What the connection remembers of the answer that is being read.
#[derive(Debug)]
pub(super) struct Answer {
    columns: Arc<[Column]>,
    /// The first step was taken by `execute`, so that an error of the statement comes from there.
    ahead: Option<Step>,
    changes_before: i64,
    inserts: bool,
}

impl Answer {
    /// Before the first statement.
    pub(super) fn none() -> Self {
        Answer { columns: Arc::from([]), ahead: Some(Step::Done), changes_before: 0, inserts: false }
    }

    /// The answer to another statement, whose first step came to this.
    pub(super) fn begin(&mut self, columns: &Arc<[Column]>, first: Step, changes_before: i64, inserts: bool) {
        if !Arc::ptr_eq(&self.columns, columns) {
            self.columns = Arc::clone(columns);
        }
        self.ahead = Some(first);
        self.changes_before = changes_before;
        self.inserts = inserts;
    }
}

impl SqliteConnection {
    fn changed(&self) -> bool {
        self.handle.total_changes() != self.answer.changes_before
    }
}

impl Cursor for SqliteConnection {
    fn columns(&self) -> &Arc<[Column]> {
        &self.answer.columns
    }

    fn advance(&mut self) -> Result<bool> {
        if self.handle.is_inherited() {
            return Err(forked("cursor"));
        }
        let Some((_, statement)) = &mut self.running else { return Ok(false) };
        let step = self.answer.ahead.take().unwrap_or_else(|| statement.step());
        match step {
            Step::Row => {
                if !Arc::ptr_eq(&self.answer.columns, statement.columns()) {
                    self.answer.columns = statement.columns().clone();
                }
                Ok(true)
            }
            Step::Done => {
                self.finish_running();
                Ok(false)
            }
            Step::Failed(code) => {
                let error = self.handle.error_of_step(code);
                self.finish_running();
                self.failed();
                Err(error)
            }
        }
    }

    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        match &self.running {
            Some((_, statement)) if self.answer.ahead.is_none() && index < self.answer.columns.len() => {
                statement.cell(index)
            }
            _ => Err(Error::new(
                ErrorKind::InvalidState,
                format!("there is no current row with a column {index}"),
            )),
        }
    }

    fn rows_affected(&self) -> u64 {
        if self.changed() { u64::try_from(self.handle.changes()).unwrap_or(0) } else { 0 }
    }

    fn last_insert_id(&self) -> Option<i64> {
        // SQLite remembers it beyond the statement that made it.
        (self.answer.inserts && self.changed())
            .then(|| self.handle.last_insert_rowid())
            .filter(|rowid| *rowid != 0)
    }
}

/// A statement whose parameters lie where they were given: it ends with this.
pub(super) struct RunToEnd<'c>(pub(super) &'c mut SqliteConnection);

impl Drop for RunToEnd<'_> {
    fn drop(&mut self) {
        if self.0.handle.is_inherited() {
            // It is the parent's, and is not looked at any more.
            self.0.running = None;
        } else {
            self.0.finish_running();
        }
    }
}
