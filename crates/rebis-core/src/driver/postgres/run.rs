//! Running statements: which messages go out together, and in which order their answers come.
//!
//! One call is one group of messages up to a Sync. A BEGIN that waits goes first in the group, by the extended protocol:
//! when it fails, the server skips the rest.

use std::sync::Arc;

use postgres_protocol::Oid;
use postgres_protocol::message::backend;

use super::error::may_be_stale;
use super::statement::Statement;
use super::wire::Wait;
use super::{PostgresConnection, decode, encode, request, types};
use crate::driver::interrupt::Limit;
use crate::driver::{Connection, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::is_quiet;
use crate::value::ValueRef;

/// How far an answer has been read.
#[derive(Debug)]
pub(super) enum Step {
    /// A row is in the buffer.
    Row,
    /// All is read; so many rows were changed.
    End(u64),
}

/// A statement that runs.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) statement: Arc<Statement>,
    pub(super) step: Step,
}

impl Started {
    /// Before the first statement.
    pub(super) fn nothing() -> Self {
        Started { statement: Arc::default(), step: Step::End(0) }
    }
}

/// What stands at the beginning of a group and is answered first; empty once it is answered.
#[derive(Debug)]
struct Prefix {
    closing: Vec<String>,
    begin: Option<String>,
}

/// The bounds of a batch in [`PostgresConnection::run_many`]. The client reads only after it has written a batch, so a batch
/// must fit into the sockets' buffers while the server is busy writing answers, and the answers to it (some 20 bytes each) too.
const BATCH_BYTES: usize = 48 * 1024;
const BATCH_SETS: usize = 512;

impl PostgresConnection {
    /// Sends a statement and reads its answer up to the first row, or to its end.
    pub(super) fn run(&mut self, sql: &str, parameters: &[ValueRef<'_>]) -> Result<Started> {
        encode::size(parameters)?;
        let wanted: Vec<_> = parameters.iter().map(encode::wanted).collect();
        let mut prefix = self.open_group();
        let statement = self.statement(sql, &wanted, &mut prefix)?;
        self.wire.run.check().inspect_err(|_| self.take_back(&mut prefix))?;
        let output = self.wire.output();
        encode::bind(output, &statement, parameters);
        request::execute(output);
        self.wire.send_group()?;
        let mut wait = None;
        self.read_prefix(&mut prefix, &mut wait)?;
        self.wire.expect(backend::BIND_COMPLETE_TAG, &mut wait)?;
        self.has_bound = true;
        let step = self.step(statement.shapes.len())?;
        Ok(Started { statement, step })
    }

    /// Runs a statement once for every set, pipelined in batches that end with a Flush; only the run ends with a Sync.
    /// So, when no transaction is open, the run is one: all sets or none.
    pub(super) fn run_many(&mut self, sql: &str, parameters: &[ValueRef<'_>], width: usize) -> Result<u64> {
        let mut sets = parameters.chunks_exact(width);
        // Before anything is sent, so that a set that cannot be sent does not end a half-done run.
        sets.clone().try_for_each(|set| encode::size(set).map(drop))?;
        let Some(first) = sets.clone().next() else { return Ok(0) };
        let uniform = encode::widest(parameters, width);
        let is_uniform = uniform.is_some();
        let mut wanted = uniform.unwrap_or_else(|| first.iter().map(encode::wanted).collect());
        let mut prefix = self.open_group();
        let mut statement = self.statement(sql, &wanted, &mut prefix)?;
        let (mut waiting, mut affected) = (0, 0_u64);
        sets.try_for_each(|set| {
            if !is_uniform {
                wanted.clear();
                wanted.extend(set.iter().map(encode::wanted));
                if !statement.fits(&wanted) {
                    affected = affected.saturating_add(self.end_batch(&mut waiting, &mut prefix)?);
                    statement = self.statement(sql, &wanted, &mut prefix)?;
                }
            }
            let bytes = self.wire.output().len() + encode::size(set)?;
            if waiting > 0 && (waiting == BATCH_SETS || bytes > BATCH_BYTES) {
                affected = affected.saturating_add(self.end_batch(&mut waiting, &mut prefix)?);
            }
            let output = self.wire.output();
            encode::bind(output, &statement, set);
            request::execute(output);
            waiting += 1;
            Ok(())
        })?;
        self.wire.send_group()?;
        affected = affected.saturating_add(self.read_batch(&mut waiting, &mut prefix)?);
        self.wire.expect(backend::READY_FOR_QUERY_TAG, &mut None)?;
        Ok(affected)
    }

    fn end_batch(&mut self, waiting: &mut usize, prefix: &mut Prefix) -> Result<u64> {
        request::flush(self.wire.output());
        self.wire.send_open()?;
        let affected = self.read_batch(waiting, prefix)?;
        if let Err(stopped) = self.wire.run.check() {
            // The Sync alone, that ends the run, would commit what has run.
            request::fail(self.wire.output());
            self.wire.send_open()?;
            return Err(stopped);
        }
        Ok(affected)
    }

    fn read_batch(&mut self, waiting: &mut usize, prefix: &mut Prefix) -> Result<u64> {
        let mut wait = None;
        self.read_prefix(prefix, &mut wait)?;
        let mut affected = 0_u64;
        for _ in 0..std::mem::take(waiting) {
            self.wire.expect(backend::BIND_COMPLETE_TAG, &mut wait)?;
            self.has_bound = true;
            loop {
                match self.wire.receive(&mut wait)? {
                    backend::DATA_ROW_TAG => {}
                    backend::EMPTY_QUERY_RESPONSE_TAG => break,
                    backend::COMMAND_COMPLETE_TAG => {
                        affected = affected.saturating_add(decode::affected(self.wire.body()));
                        break;
                    }
                    backend::ERROR_RESPONSE_TAG => return Err(self.wire.server_error()),
                    tag => return Err(self.wire.unexpected(tag)),
                }
            }
        }
        Ok(affected)
    }

    /// Runs text by the simple protocol and returns the tag of its last command.
    pub(super) fn query(&mut self, sql: &str) -> Result<String> {
        request::query(self.wire.output(), sql);
        self.wire.send_ended()?;
        let mut wait = None;
        let mut last = String::new();
        loop {
            match self.wire.receive(&mut wait)? {
                backend::READY_FOR_QUERY_TAG => return Ok(last),
                backend::COMMAND_COMPLETE_TAG => last = decode::tag(self.wire.body()).to_owned(),
                backend::ROW_DESCRIPTION_TAG | backend::DATA_ROW_TAG | backend::EMPTY_QUERY_RESPONSE_TAG => {}
                backend::ERROR_RESPONSE_TAG => return Err(self.wire.server_error()),
                tag => return Err(self.wire.unexpected(tag)),
            }
        }
    }

    /// Sends a BEGIN that waits.
    pub(super) fn send_begin(&mut self) -> Result<()> {
        if self.begin.is_none() {
            return Ok(());
        }
        let mut prefix = self.open_group();
        self.wire.send_group()?;
        let mut wait = None;
        self.read_prefix(&mut prefix, &mut wait)?;
        self.wire.expect(backend::READY_FOR_QUERY_TAG, &mut wait)
    }

    /// The next message of a running statement.
    pub(super) fn step(&mut self, columns: usize) -> Result<Step> {
        let mut wait = None;
        let mut skipped = false;
        loop {
            match self.wire.receive(&mut wait)? {
                // Its time was up: what was under way is read past, the server's word is what counts.
                backend::DATA_ROW_TAG if self.wire.run.limit.is_stopped() => skipped = true,
                backend::DATA_ROW_TAG => {
                    let cells = decode::cells(self.wire.body(), columns, &mut self.cells);
                    return cells.map(|()| Step::Row).map_err(|error| self.wire.malformed(error));
                }
                tag @ (backend::COMMAND_COMPLETE_TAG | backend::EMPTY_QUERY_RESPONSE_TAG) => {
                    let is_empty = tag == backend::EMPTY_QUERY_RESPONSE_TAG;
                    let affected = if is_empty { 0 } else { decode::affected(self.wire.body()) };
                    // A type that is made again is another one, whatever it is called.
                    if !is_empty && decode::tag(self.wire.body()) == "DROP TYPE" {
                        self.statements.forget_all();
                    }
                    // A deferred constraint may still fail here, where the server commits.
                    self.wire.expect(backend::READY_FOR_QUERY_TAG, &mut wait)?;
                    return if skipped { Err(Limit::error()) } else { Ok(Step::End(affected)) };
                }
                backend::ERROR_RESPONSE_TAG => return Err(self.wire.server_error()),
                tag => return Err(self.wire.unexpected(tag)),
            }
        }
    }

    /// Begins a request: statements to close, then a BEGIN that waits.
    fn open_group(&mut self) -> Prefix {
        let closing = self.statements.take_closing();
        let begin = self.begin.take();
        let output = self.wire.output();
        output.clear();
        for name in &closing {
            request::close_statement(output, name);
        }
        if let Some(sql) = &begin {
            request::parse(output, "", sql, std::iter::empty());
            request::bind(output, "", |output| output.extend_from_slice(&[0; 6]));
            request::execute(output);
        }
        Prefix { closing, begin }
    }

    /// The request is not sent after all: what stands before it waits for the next one.
    fn take_back(&mut self, prefix: &mut Prefix) {
        self.wire.output().clear();
        prefix.closing.drain(..).for_each(|name| self.statements.abandon(name));
        self.begin = prefix.begin.take();
    }

    fn read_prefix(&mut self, prefix: &mut Prefix, wait: &mut Wait) -> Result<()> {
        for _ in std::mem::take(&mut prefix.closing) {
            self.wire.expect(backend::CLOSE_COMPLETE_TAG, wait)?;
        }
        if prefix.begin.take().is_some() {
            self.wire.expect(backend::PARSE_COMPLETE_TAG, wait)?;
            self.wire.expect(backend::BIND_COMPLETE_TAG, wait)?;
            self.wire.expect(backend::COMMAND_COMPLETE_TAG, wait)?;
            // The status itself comes with the end of the answer, which a program may leave unread.
            self.wire.set_begun();
        }
        Ok(())
    }

    /// The prepared statement for this text and these types: kept, or prepared now inside the open group.
    fn statement(
        &mut self,
        sql: &str,
        wanted: &[Option<Oid>],
        prefix: &mut Prefix,
    ) -> Result<Arc<Statement>> {
        if let Some(statement) = self.statements.find(sql, wanted) {
            self.has_reused = true;
            return Ok(statement);
        }
        let mut statement = self.prepare(sql, &encode::inferred(wanted), prefix)?;
        if !statement.fits(wanted) {
            self.statements.abandon(statement.name);
            statement = self.prepare(sql, &encode::explicit(wanted), prefix)?;
        }
        let statement = Arc::new(statement);
        self.statements.keep(sql, Arc::clone(&statement));
        Ok(statement)
    }

    fn prepare(&mut self, sql: &str, wanted: &[Option<Oid>], prefix: &mut Prefix) -> Result<Statement> {
        let name = self.statements.new_name();
        let output = self.wire.output();
        let declared = wanted.iter().map(|wanted| wanted.unwrap_or(types::UNSPECIFIED));
        request::parse(output, &name, sql, declared);
        request::describe_statement(output, &name);
        request::flush(output);
        self.wire.send_open()?;
        let mut wait = None;
        let received = self
            .read_prefix(prefix, &mut wait)
            .and_then(|()| Statement::receive(&mut self.wire, name.clone(), wanted, &mut wait));
        received.inspect_err(|_| self.statements.abandon(name))
    }

    /// Brings the wire back to a known state after an error, where it can be.
    pub(super) fn recover(&mut self, error: Error) -> Error {
        if !self.wire.is_broken()
            && let Err(lost) = self.wire.settle()
            && !is_quiet()
        {
            tracing::debug!(target: "rebis::postgres", error = %lost, "the connection was lost after an error");
        }
        error
    }

    /// Runs a call that uses prepared statements. When the server does not take one of them any more, and nothing has run
    /// yet and nothing else is at stake, the call is made once more with a new one.
    pub(super) fn call<T>(&mut self, sql: &str, mut call: impl FnMut(&mut Self) -> Result<T>) -> Result<T> {
        self.wire.check()?;
        check_text(sql)?;
        self.wire.run.limit.approach();
        self.wire.settle()?;
        self.wire.run.start();
        let begin = self.begin.clone();
        (self.has_reused, self.has_bound) = (false, false);
        let error = match call(self) {
            Ok(value) => return Ok(value),
            Err(error) => self.recover(error),
        };
        if self.has_reused && !self.wire.is_broken() && may_be_stale(&error) {
            self.statements.forget(sql);
            // What was bound may have run in part, and a procedure may have committed that.
            if self.has_bound {
                return Err(error.with_sql(sql));
            }
            match (begin, self.status()) {
                (None, TransactionStatus::Idle) => {}
                // The transaction that this very call began holds nothing yet: begin it again.
                (Some(begin), TransactionStatus::Failed) => {
                    self.query("ROLLBACK").map_err(|error| self.recover(error))?;
                    self.begin = Some(begin);
                }
                _ => return Err(error.with_sql(sql)),
            }
            return call(self).map_err(|error| self.recover(error).with_sql(sql));
        }
        Err(error.with_sql(sql))
    }
}

/// # Errors
/// [`ErrorKind::Statement`] for text that the protocol cannot carry.
pub(super) fn check_text(sql: &str) -> Result<()> {
    if sql.contains('\0') {
        return Err(Error::new(ErrorKind::Statement, "the statement contains a NUL"));
    }
    if sql.len() > request::LARGEST {
        return Err(Error::new(ErrorKind::Statement, "the statement is longer than PostgreSQL's 1 GiB"));
    }
    Ok(())
}

/// # Errors
/// [`ErrorKind::Statement`] for more parameters than the protocol can count.
pub(super) fn check_width(width: usize) -> Result<()> {
    if width <= usize::from(u16::MAX) {
        return Ok(());
    }
    let text = format!("the statement has {width} parameters; PostgreSQL takes at most {}", u16::MAX);
    Err(Error::new(ErrorKind::Statement, text))
}
