//! Requests out, answers in: what was asked for, whether it worked, where its rows end.

use std::sync::Arc;

use mysql_common::constants::{Command, StatusFlags};

use super::columns::{Shape, append};
use super::packet::Reader;
use super::{MysqlConnection, error};
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;

/// More columns than any server allows: a claim of that many is not believed.
const MOST_COLUMNS: u64 = 4096;

/// What one answer's definitions may take.
const MOST_DEFINITIONS: usize = 16 << 20;

/// A deadline for one answer, made when something has to be waited for.
pub(super) type Patience = Option<Deadline>;

/// How a statement went that returned no rows, or whose rows are over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Done {
    pub(super) affected: u64,
    pub(super) last_insert_id: u64,
    /// Another result follows.
    more: bool,
}

/// The first packet of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Head {
    Done(Done),
    Columns(usize),
}

/// What kind of answer a request gets, to read past it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Result,
    Prepared,
}

impl MysqlConnection {
    /// Sends one request, behind the statements to close and the transaction to begin. Its own answer comes next.
    ///
    /// # Errors
    /// The failure of the transaction's begin; what `build` answers, with nothing sent; a disconnect.
    pub(super) fn request(
        &mut self,
        expected: Expected,
        build: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        self.settle()?;
        self.wire.run.check()?;
        let longest = self.session.longest;
        let sequence = match self.write_request(|output| {
            let before = output.len();
            build(output)?;
            fits(output.len() - before, longest)
        }) {
            Ok(sequence) => sequence,
            Err(error) => {
                self.wire.unwrite();
                return Err(error);
            }
        };
        self.closing.clear();
        let begin = self.begin.take();
        self.wire.flush()?;
        if let Some(sql) = begin {
            self.read_begin(&sql, expected, sequence)?;
        }
        self.wire.expect(sequence);
        Ok(())
    }

    fn write_request(&mut self, build: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<u8> {
        for statement in &self.closing {
            self.wire.write(0, |output| {
                output.push(Command::COM_STMT_CLOSE as u8);
                output.extend_from_slice(&statement.to_le_bytes());
                Ok(())
            })?;
        }
        if let Some(sql) = &self.begin {
            self.wire.write(0, |output| {
                output.push(Command::COM_QUERY as u8);
                output.extend_from_slice(sql.as_bytes());
                Ok(())
            })?;
        }
        self.wire.write(0, build)
    }

    /// Reads the answer to a BEGIN that was sent before another request. When it failed, the other one's answer is read
    /// past; what that one did, it did by itself, and the error says so.
    fn read_begin(&mut self, sql: &str, expected: Expected, next: u8) -> Result<()> {
        self.wire.expect(1);
        let patience = &mut None;
        let failure = match self.read_head(patience) {
            Ok(head) => return self.skip_result(head, patience),
            Err(failure) => failure,
        };
        if self.wire.is_broken() {
            return Err(failure);
        }
        self.wire.expect(next);
        let ran = match expected {
            Expected::Prepared => self.read_prepared(patience).map(|(statement, _)| {
                self.closing.push(statement);
                false
            }),
            Expected::Result => self.read_head(patience).and_then(|head| {
                self.skip_result(head, patience)?;
                Ok(true)
            }),
        };
        match ran {
            Ok(true) => {
                let kind = failure.kind();
                Err(failure.wrap(
                    kind,
                    format!("{sql} failed, and the statement after it ran outside a transaction"),
                ))
            }
            Err(error) if self.wire.is_broken() => Err(error),
            _ => Err(failure),
        }
    }

    /// Sends a request of bytes alone.
    ///
    /// # Errors
    /// As [`request`](Self::request), but an unread answer stays unread.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.wire.check()?;
        let sequence = self.wire.write(0, |output| {
            output.extend_from_slice(bytes);
            Ok(())
        })?;
        self.wire.flush()?;
        self.wire.expect(sequence);
        Ok(())
    }

    /// Reads an answer that can only be OK or an error.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn read_done(&mut self) -> Result<()> {
        let patience = &mut None;
        let head = self.read_head(patience)?;
        self.skip_result(head, patience)
    }

    /// Reads the first packet of an answer.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn read_head(&mut self, patience: &mut Patience) -> Result<Head> {
        self.wire.read(patience)?;
        match self.wire.payload().first() {
            Some(0x00) => self.read_ok().map(Head::Done),
            Some(0xff) => Err(self.server_error()),
            // The client has never said that it would.
            Some(0xfb) => Err(self.wire.protocol_error("a request for a file of this machine")),
            _ => self.read_count().map(Head::Columns),
        }
    }

    fn read_count(&mut self) -> Result<usize> {
        let mut reader = Reader(self.wire.payload());
        match reader.length() {
            Some(count) if count <= MOST_COLUMNS && reader.0.is_empty() => Ok(count as usize),
            _ => Err(self.wire.protocol_error("an answer that is none")),
        }
    }

    fn read_ok(&mut self) -> Result<Done> {
        let mut reader = Reader(self.wire.payload());
        let parse = |reader: &mut Reader<'_>| {
            reader.u8()?;
            Some((reader.length()?, reader.length()?, reader.u16()?))
        };
        let Some((affected, last_insert_id, status)) = parse(&mut reader) else {
            return Err(self.wire.protocol_error("a truncated OK"));
        };
        Ok(Done { affected, last_insert_id, more: self.set_status(status) })
    }

    fn set_status(&mut self, status: u16) -> bool {
        self.status = StatusFlags::from_bits_truncate(status);
        self.status.contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS)
    }

    /// The error packet that was just read. The answer ends with it.
    pub(super) fn server_error(&mut self) -> Error {
        self.unfinished = false;
        let Some(error) = error::from_packet(self.wire.payload()) else {
            return self.wire.protocol_error("a truncated error");
        };
        let error = if self.must_write { error::lost_if_read_only(error) } else { error };
        if error.is_disconnect() {
            self.wire.break_off();
        }
        self.failed |= error::ended_transaction(&error);
        if error::is_interrupted(&error) { self.wire.run.explain(error, true) } else { error }
    }

    /// Reads the definitions of that many columns: the known shape, when they say the same.
    ///
    /// # Errors
    /// A disconnect.
    pub(super) fn read_shape(
        &mut self,
        count: usize,
        known: Option<&Arc<Shape>>,
        patience: &mut Patience,
    ) -> Result<Arc<Shape>> {
        self.definitions.clear();
        for _ in 0..count {
            self.wire.read(patience)?;
            let definition = self.wire.payload();
            if self.definitions.len() + definition.len() > MOST_DEFINITIONS {
                return Err(self.wire.protocol_error("too long column definitions"));
            }
            append(&mut self.definitions, definition);
        }
        self.skip_eof(patience)?;
        if let Some(known) = known.filter(|known| known.is(&self.definitions)) {
            return Ok(Arc::clone(known));
        }
        match Shape::parse(&self.definitions) {
            Some(shape) => Ok(Arc::new(shape)),
            None => Err(self.wire.protocol_error("a malformed column definition")),
        }
    }

    /// Reads past definitions of parameters or columns.
    pub(super) fn skip_definitions(&mut self, count: usize, patience: &mut Patience) -> Result<()> {
        for _ in 0..count {
            self.wire.read(patience)?;
        }
        if count > 0 { self.skip_eof(patience) } else { Ok(()) }
    }

    fn skip_eof(&mut self, patience: &mut Patience) -> Result<()> {
        if self.session.without_eof {
            return Ok(());
        }
        self.wire.read(patience)?;
        if self.wire.payload().first() == Some(&0xfe) {
            return Ok(());
        }
        Err(self.wire.protocol_error("more column definitions than announced"))
    }

    /// Reads the next row of an unfinished answer, or how it ended.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn read_row(&mut self, patience: &mut Patience) -> Result<Option<Done>> {
        self.wire.read(patience)?;
        let payload = self.wire.payload();
        match payload.first() {
            Some(0xff) => Err(self.server_error()),
            // A text row may begin so too, but only with a cell of 16 MiB and more.
            Some(0xfe) if payload.len() < super::packet::LONGEST => {
                let done = self.read_end()?;
                self.unfinished = false;
                Ok(Some(done))
            }
            _ => Ok(None),
        }
    }

    fn read_end(&mut self) -> Result<Done> {
        if self.session.without_eof {
            // The count of changed rows means nothing at the end of rows.
            return self.read_ok().map(|done| Done { affected: 0, ..done });
        }
        let mut reader = Reader(self.wire.payload());
        let (Some(_), Some(_warnings), Some(status)) = (reader.u8(), reader.u16(), reader.u16()) else {
            return Err(self.wire.protocol_error("a truncated end of rows"));
        };
        Ok(Done { more: self.set_status(status), ..Done::default() })
    }

    /// Reads past the results that follow one, and returns how the last went.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn read_rest(&mut self, done: Done, patience: &mut Patience) -> Result<Done> {
        let mut done = done;
        while done.more {
            done = match self.read_head(patience)? {
                Head::Done(next) => next,
                Head::Columns(count) => {
                    self.skip_definitions(count, patience)?;
                    self.unfinished = true;
                    loop {
                        if let Some(end) = self.read_row(patience)? {
                            break end;
                        }
                    }
                }
            };
        }
        Ok(done)
    }

    /// Reads past one result and all that follow it.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn skip_result(&mut self, head: Head, patience: &mut Patience) -> Result<()> {
        match head {
            Head::Done(done) => self.read_rest(done, patience).map(drop),
            Head::Columns(count) => {
                self.skip_definitions(count, patience)?;
                self.unfinished = true;
                self.skip_rows(patience)
            }
        }
    }

    /// Reads past the rows that are left.
    ///
    /// # Errors
    /// The server's, or a disconnect.
    pub(super) fn skip_rows(&mut self, patience: &mut Patience) -> Result<()> {
        while self.unfinished {
            if let Some(done) = self.read_row(patience)? {
                self.read_rest(done, patience)?;
            }
        }
        Ok(())
    }

    /// Makes the wire free for the next request: reads past an answer that nobody has read to its end.
    ///
    /// # Errors
    /// [`ErrorKind::Forked`], or a disconnect. What the server says of the unread rows is nobody's concern any more.
    pub(super) fn settle(&mut self) -> Result<()> {
        self.wire.check()?;
        match self.skip_rows(&mut None) {
            Err(error) if self.wire.is_broken() => Err(error),
            _ => Ok(()),
        }
    }

    /// Begins a call: reads past what is left of the one before, and sets the limit of this one.
    ///
    /// # Errors
    /// As [`settle`](Self::settle).
    pub(super) fn start_call(&mut self, limited: bool) -> Result<()> {
        if limited {
            self.wire.run.limit.approach();
        }
        self.settle()?;
        // Its bytes are not there any more.
        self.answer.on_row = false;
        if limited {
            self.wire.run.start();
        } else {
            self.wire.run.start_unlimited();
        }
        self.wire.run.set_running(true);
        Ok(())
    }

    /// Ends a call, unless rows are left to be read.
    pub(super) fn end_call(&mut self) {
        self.wire.run.set_running(self.unfinished);
    }
}

fn fits(length: usize, longest: usize) -> Result<()> {
    if length < longest {
        return Ok(());
    }
    let message = format!(
        "the statement and its values take {length} bytes; the server takes less than {longest} (its variable max_allowed_packet)"
    );
    Err(Error::new(ErrorKind::Data, message))
}
