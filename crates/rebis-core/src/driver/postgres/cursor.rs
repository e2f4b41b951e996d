//! The answer to one statement, read off the wire row by row.

use std::sync::Arc;

use super::PostgresConnection;
use super::run::{Started, Step};
use crate::driver::{Column, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// Rows of a running statement. It has no `Drop`: what is not read, the connection reads past at its next call.
#[derive(Debug)]
pub(super) struct PostgresCursor<'c> {
    connection: &'c mut PostgresConnection,
    started: Started,
    /// `advance` has been called for the row that is in the buffer.
    on_row: bool,
}

impl<'c> PostgresCursor<'c> {
    pub(super) fn new(connection: &'c mut PostgresConnection, started: Started) -> Self {
        PostgresCursor { connection, started, on_row: false }
    }
}

impl Cursor for PostgresCursor<'_> {
    fn columns(&self) -> &Arc<[Column]> {
        &self.started.statement.columns
    }

    fn advance(&mut self) -> Result<bool> {
        self.connection.wire.check()?;
        if let Step::End(_) = self.started.step {
            self.on_row = false;
            return Ok(false);
        }
        // The first row arrived when the statement was started.
        if self.on_row {
            self.on_row = false;
            self.started.step = match self.connection.step(self.started.statement.shapes.len()) {
                Ok(step) => step,
                Err(error) => {
                    self.started.step = Step::End(0);
                    return Err(self.connection.recover(error));
                }
            };
        }
        self.on_row = matches!(self.started.step, Step::Row);
        Ok(self.on_row)
    }

    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        let shape = self.started.statement.shapes.get(index);
        match (shape, self.connection.cells.get(index)) {
            (Some(shape), Some(cell)) if self.on_row => match cell.bytes(self.connection.wire.body()) {
                Some(bytes) => shape.value(bytes),
                None => Ok(ValueRef::Null),
            },
            _ => Err(Error::new(ErrorKind::Internal, format!("there is no row, or it has no cell {index}"))),
        }
    }

    fn rows_affected(&self) -> u64 {
        match self.started.step {
            Step::End(affected) => affected,
            Step::Row => 0,
        }
    }

    fn last_insert_id(&self) -> Option<i64> {
        None
    }
}
