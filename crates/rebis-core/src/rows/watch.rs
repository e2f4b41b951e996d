//! What goes with an answer on its way to the user: its statement, its pool, its span in the log.

use std::ops::Deref;
use std::sync::Arc;

use tracing::Span;

use crate::compile::Compiled;
use crate::error::Error;
use crate::pool::Loss;

/// What an answer needs beside its cursor: its statement for errors, a pool that hears of lost connections, its span in the log.
pub(crate) struct Watch<'c> {
    pub(super) sql: Sql,
    loss: Loss<'c>,
    span: Span,
    /// How many rows were read.
    pub(super) rows: u64,
}

/// The text that was sent: from the cache, or made for this once.
#[derive(Clone)]
pub(crate) enum Sql {
    Compiled(Arc<Compiled>),
    Text(Arc<str>),
}

impl Deref for Sql {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Sql::Compiled(compiled) => &compiled.sql,
            Sql::Text(text) => text,
        }
    }
}

impl<'c> Watch<'c> {
    pub(crate) fn new(sql: Sql, loss: Loss<'c>, span: Span) -> Self {
        Watch { sql, loss, span, rows: 0 }
    }

    /// All but what it borrows.
    pub(super) fn into_parts(self) -> (Sql, Span, u64) {
        (self.sql, self.span, self.rows)
    }

    pub(crate) fn failed(&mut self, error: Error) -> Error {
        self.loss.handle(error, &self.sql)
    }

    /// An answer of so many rows was read where it arrived.
    pub(crate) fn read(mut self, rows: u64) {
        self.rows = rows;
        self.ended();
    }

    /// The answer was read to its end.
    pub(super) fn ended(&self) {
        self.span.record("rows", self.rows);
    }
}
