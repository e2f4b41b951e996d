//! Answers that let go of their connection between two looks.

use super::connection::{Connection, no_connection};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{forked, generation};
use crate::rows::{PausedRows, Rows};
use crate::sql::IntoStatement;

impl Connection {
    /// Runs a statement; its answer waits in the connection until it is read on. Whatever else is sent before that ends it.
    ///
    /// # Errors
    /// As [`execute`](Connection::execute); [`ErrorKind::Unsupported`] for many rows to insert whose columns are wanted.
    #[doc(hidden)]
    pub fn execute_paused(&mut self, statement: impl IntoStatement) -> Result<PausedRows> {
        let statement = statement.into_statement();
        if self.is_for_batches(&statement) {
            let text =
                "rows that are inserted in several statements have no answer that waits; execute it whole";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let number = self.statements.wrapping_add(1);
        let rows = self.execute(statement)?;
        Ok(rows.pause(number))
    }

    /// Goes on with an answer; `read` gets it, and it is paused again.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when another statement was sent since; [`ErrorKind::Unsupported`] of a driver that cannot do
    /// this; [`ErrorKind::Forked`] in a child; and what `read` says.
    #[doc(hidden)]
    pub fn resume<T>(
        &mut self,
        paused: PausedRows,
        read: impl FnOnce(&mut Rows<'_>) -> Result<T>,
    ) -> Result<(T, PausedRows)> {
        if paused.generation != generation() {
            return Err(forked("answer"));
        }
        let number = paused.statement;
        if number != self.statements {
            let text = "the answer is over: another statement was sent before it was read to its end";
            return Err(Error::new(ErrorKind::InvalidState, text));
        }
        let (connection, loss, _) = self.lease.parts().ok_or_else(no_connection)?;
        let Some(cursor) = connection.cursor() else {
            let text = "this driver cannot read an answer in parts; read it whole";
            return Err(Error::new(ErrorKind::Unsupported, text));
        };
        let mut rows = Rows::resumed(cursor, loss, paused);
        let value = read(&mut rows)?;
        Ok((value, rows.pause(number)))
    }
}
