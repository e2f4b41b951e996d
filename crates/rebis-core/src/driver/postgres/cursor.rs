//! The answer to one statement, read off the wire row by row.

use std::sync::Arc;

use super::PostgresConnection;
use super::run::{Started, Step};
use crate::driver::{Column, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// The answer that is being read: a part of the connection, which reads past what is left of it at its next call.
#[derive(Debug)]
pub(super) struct Answer {
    started: Started,
    /// `advance` has been called for the row that is in the buffer.
    on_row: bool,
}

impl Answer {
    pub(super) fn new(started: Started) -> Self {
        Answer { started, on_row: false }
    }
}

impl Cursor for PostgresConnection {
    fn columns(&self) -> &Arc<[Column]> {
        &self.answer.started.statement.columns
    }

    fn advance(&mut self) -> Result<bool> {
        self.wire.check()?;
        if !self.wire.is_answering() && matches!(self.answer.started.step, Step::Row) {
            // Something else was sent, which read past the rest.
            self.answer.started.step = Step::End(0);
        }
        if let Step::End(_) = self.answer.started.step {
            self.answer.on_row = false;
            return Ok(false);
        }
        // The first row arrived when the statement was started.
        if self.answer.on_row {
            self.answer.on_row = false;
            self.answer.started.step = match self.step(self.answer.started.statement.shapes.len()) {
                Ok(step) => step,
                Err(error) => {
                    self.answer.started.step = Step::End(0);
                    return Err(self.recover(error));
                }
            };
        }
        self.answer.on_row = matches!(self.answer.started.step, Step::Row);
        Ok(self.answer.on_row)
    }

    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        let shape = self.answer.started.statement.shapes.get(index);
        match (shape, self.cells.get(index)) {
            (Some(shape), Some(cell)) if self.answer.on_row && self.wire.is_answering() => {
                match cell.bytes(self.wire.body()) {
                    Some(bytes) => shape.value(bytes),
                    None => Ok(ValueRef::Null),
                }
            }
            _ => Err(Error::new(ErrorKind::Internal, format!("there is no row, or it has no cell {index}"))),
        }
    }

    fn rows_affected(&self) -> u64 {
        match self.answer.started.step {
            Step::End(affected) => affected,
            Step::Row => 0,
        }
    }

    fn last_insert_id(&self) -> Option<i64> {
        None
    }
}
