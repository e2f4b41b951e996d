//! An answer that lets go of its connection for a while.

use std::fmt;
use std::sync::Arc;

use tracing::Span;

use super::batch::Batch;
use super::{After, Rows, Sql, Watch};
use crate::driver::Cursor;
use crate::pool::Loss;
use crate::process::Generation;

/// An answer that is not read to its end and does not borrow its connection: what goes on is in the connection. It is read on by
/// [`Connection::resume`](crate::Connection::resume).
#[doc(hidden)]
pub struct PausedRows {
    /// Which of the connection's statements it is the answer to.
    pub(crate) statement: u64,
    pub(crate) generation: Generation,
    sql: Sql,
    span: Span,
    rows: u64,
    batch: Option<Arc<Batch>>,
    handed: usize,
    after: After,
    read_ahead: usize,
}

impl<'c> Rows<'c> {
    pub(crate) fn pause(self, statement: u64) -> PausedRows {
        let Rows { cursor: _, generation, watch, batch, handed, after, read_ahead } = self;
        let (sql, span, rows) = watch.into_parts();
        PausedRows { statement, generation, sql, span, rows, batch, handed, after, read_ahead }
    }

    pub(crate) fn resumed(cursor: &'c mut dyn Cursor, loss: Loss<'c>, paused: PausedRows) -> Self {
        let PausedRows { statement: _, generation, sql, span, rows, batch, handed, after, read_ahead } =
            paused;
        let mut watch = Watch::new(sql, loss, span);
        watch.rows = rows;
        Rows { cursor, generation, watch, batch, handed, after, read_ahead }
    }
}

impl fmt::Debug for PausedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PausedRows").field("sql", &&*self.sql).finish_non_exhaustive()
    }
}
