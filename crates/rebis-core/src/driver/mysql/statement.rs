//! One statement: prepared once per connection, run with its values, or as text where it cannot be prepared.

use std::sync::Arc;

use mysql_common::constants::Command;

use super::answer::{Expected, Head, Patience};
use super::columns::Shape;
use super::cursor::Outcome;
use super::packet::Reader;
use super::{MysqlConnection, encode, error};
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// A prepared statement.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) id: u32,
    pub(super) parameters: usize,
    /// Of its last answer.
    shape: Option<Arc<Shape>>,
}

impl MysqlConnection {
    /// Runs one statement with its parameters.
    ///
    /// # Errors
    /// The server's, a disconnect, [`ErrorKind::Bind`] when the parameters do not fit.
    pub(super) fn run(&mut self, sql: &str, parameters: &[ValueRef<'_>]) -> Result<Outcome> {
        encode::check(parameters)?;
        let mut statement = match self.prepare(sql) {
            Err(refused) if error::is_not_preparable(&refused) && parameters.is_empty() => {
                return self.query(sql);
            }
            prepared => prepared?,
        };
        match self.run_prepared(sql, &statement, parameters) {
            Err(lost) if error::is_lost_statement(&lost) => {
                self.forget(sql);
                statement = self.prepare(sql)?;
                self.run_prepared(sql, &statement, parameters)
            }
            outcome => outcome,
        }
    }

    fn run_prepared(
        &mut self,
        sql: &str,
        statement: &Statement,
        parameters: &[ValueRef<'_>],
    ) -> Result<Outcome> {
        if parameters.len() != statement.parameters {
            let (wanted, given) = (statement.parameters, parameters.len());
            let message = format!("the statement has {wanted} parameters, and {given} values were given");
            return Err(Error::new(ErrorKind::Bind, message));
        }
        self.request(Expected::Result, |output| encode::execute(output, statement.id, parameters))?;
        let outcome = self.read_outcome(statement.shape.as_ref(), true)?;
        let same = statement.shape.as_ref().is_some_and(|known| Arc::ptr_eq(known, &outcome.shape));
        if !same
            && outcome.done.is_none()
            && let Some(kept) = self.statements.peek_mut(sql)
        {
            kept.shape = Some(Arc::clone(&outcome.shape));
        }
        self.notice_use(sql);
        Ok(outcome)
    }

    /// Runs a statement as text.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn query(&mut self, sql: &str) -> Result<Outcome> {
        self.request_text(sql)?;
        let outcome = self.read_outcome(None, false)?;
        self.notice_use(sql);
        Ok(outcome)
    }

    /// Sends a statement as text.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub(super) fn request_text(&mut self, sql: &str) -> Result<()> {
        self.request(Expected::Result, |output| command(output, Command::COM_QUERY, sql))
    }

    /// A prepared statement keeps the database in which it was prepared: after USE it would find another's tables.
    fn notice_use(&mut self, sql: &str) {
        let word = sql.split_ascii_whitespace().next().unwrap_or("");
        if word.eq_ignore_ascii_case("USE") {
            self.forget_all();
        }
    }

    fn forget_all(&mut self) {
        while let Some((_, old)) = self.statements.pop_lru() {
            self.closing.push(old.id);
        }
    }

    fn read_outcome(&mut self, known: Option<&Arc<Shape>>, binary: bool) -> Result<Outcome> {
        let patience = &mut None;
        match self.read_head(patience)? {
            Head::Done(done) => {
                let done = self.read_rest(done, patience)?;
                Ok(Outcome { shape: Arc::clone(&self.no_rows), binary, done: Some(done) })
            }
            Head::Columns(count) => {
                let shape = self.read_shape(count, known, patience)?;
                self.unfinished = true;
                Ok(Outcome { shape, binary, done: None })
            }
        }
    }

    /// The prepared statement, from the cache or made now.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn prepare(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = match self.make(sql) {
            // The server's limit is for all connections: give back our share, and try once more.
            Err(error) if error::is_too_many_statements(&error) && !self.statements.is_empty() => {
                self.forget_all();
                self.make(sql)?
            }
            made => made?,
        };
        if let Some((_, old)) = self.statements.push(sql.to_owned(), statement.clone()) {
            self.closing.push(old.id);
        }
        Ok(statement)
    }

    fn make(&mut self, sql: &str) -> Result<Statement> {
        self.request(Expected::Prepared, |output| command(output, Command::COM_STMT_PREPARE, sql))?;
        let (id, parameters) = self.read_prepared(&mut None)?;
        Ok(Statement { id, parameters, shape: None })
    }

    /// Reads the answer to a prepare: the statement's number and how many parameters it has.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn read_prepared(&mut self, patience: &mut Patience) -> Result<(u32, usize)> {
        self.wire.read(patience)?;
        let mut reader = Reader(self.wire.payload());
        let parts = (reader.u8(), reader.u32(), reader.u16(), reader.u16());
        let (id, columns, parameters) = match parts {
            (Some(0xff), ..) => return Err(self.server_error()),
            (Some(0), Some(id), Some(columns), Some(parameters)) => (id, columns, parameters),
            _ => return Err(self.wire.protocol_error("a malformed prepared statement")),
        };
        // What they say of columns comes again with each answer, and may be better then.
        self.skip_definitions(parameters.into(), patience)?;
        self.skip_definitions(columns.into(), patience)?;
        Ok((id, parameters.into()))
    }

    /// Closes a prepared statement with the next request.
    pub(super) fn forget(&mut self, sql: &str) {
        if let Some(statement) = self.statements.pop(sql) {
            self.closing.push(statement.id);
        }
    }
}

fn command(output: &mut Vec<u8>, command: Command, sql: &str) -> Result<()> {
    output.push(command as u8);
    output.extend_from_slice(sql.as_bytes());
    Ok(())
}
