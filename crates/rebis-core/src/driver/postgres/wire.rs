//! Messages from the server, framed in the transport's input buffer, and what every one of them may change: the
//! transaction's status, and whether the wire can still be used.

use postgres_protocol::message::backend;

use super::error::{self, ServerReport};
use super::{cancel, request};
use crate::driver::interrupt::Run;
use crate::driver::transport::Transport;
use crate::driver::{Notices, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, forked, is_quiet};

pub(super) const COPY_BOTH_TAG: u8 = b'W';

/// The deadline of one call, made when it first has to wait: a server that drips does not extend it.
pub(super) type Wait = Option<Deadline>;

/// A connection's wire.
///
/// Requests go out in groups that end with a Sync (or are one simple query, which ends itself), and each group's answer
/// ends with ReadyForQuery. After an error the server skips the rest of a group.
#[derive(Debug)]
pub(super) struct Wire {
    transport: Transport,
    /// The length of the message at the front of the input. It stays there, to be borrowed, until the next is received.
    current: usize,
    status: TransactionStatus,
    /// Messages were sent and no Sync after them.
    open: bool,
    /// The ReadyForQuery of a group that was ended is still to come.
    awaiting: bool,
    broken: bool,
    /// The URL wants a server that takes writes: one that stops taking them is as good as gone.
    must_write: bool,
    /// The statement that runs.
    pub(super) run: Run,
    pub(super) notices: Notices,
}

impl Wire {
    pub(super) fn new(transport: Transport) -> Self {
        Wire {
            transport,
            current: 0,
            status: TransactionStatus::Idle,
            open: false,
            awaiting: false,
            broken: false,
            must_write: false,
            run: Run::new(),
            notices: Notices::default(),
        }
    }

    pub(super) fn set_must_write(&mut self, must_write: bool) {
        self.must_write = must_write;
    }

    pub(super) fn status(&self) -> TransactionStatus {
        self.status
    }

    /// The server has confirmed a BEGIN.
    pub(super) fn set_begun(&mut self) {
        self.status = TransactionStatus::Active;
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken || self.run.is_abandoned()
    }

    pub(super) fn set_broken(&mut self) {
        self.broken = true;
    }

    pub(super) fn is_inherited(&self) -> bool {
        self.transport.is_inherited()
    }

    /// Every call begins here: neither another process's connection nor a lost one is used.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_inherited() {
            Err(forked("connection"))
        } else if self.is_broken() {
            Err(Error::new(ErrorKind::Disconnected, "the connection was lost or closed before"))
        } else {
            Ok(())
        }
    }

    /// The transport, for its limits.
    pub(super) fn transport(&mut self) -> &mut Transport {
        &mut self.transport
    }

    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        self.transport.output()
    }

    /// Sends what was written, as an unfinished group.
    pub(super) fn send_open(&mut self) -> Result<()> {
        self.run.set_running(true);
        self.open = true;
        self.send()
    }

    /// Sends what was written and ends the group by a Sync.
    pub(super) fn send_group(&mut self) -> Result<()> {
        request::sync(self.transport.output());
        self.send_ended()
    }

    /// Sends what was written: it ends its group by itself.
    pub(super) fn send_ended(&mut self) -> Result<()> {
        self.run.set_running(true);
        self.open = false;
        self.awaiting = true;
        self.send()
    }

    /// Sends what was written, outside of any group: the handshake, the goodbye.
    pub(super) fn send(&mut self) -> Result<()> {
        let sent = self.transport.flush();
        self.broken |= sent.is_err();
        sent
    }

    /// Waits for the next message and returns its tag; its body is at [`body`](Wire::body) until the next call.
    /// Messages that may come at any time are dealt with here.
    pub(super) fn receive(&mut self, wait: &mut Wait) -> Result<u8> {
        loop {
            let tag = self.frame(wait).inspect_err(|_| self.broken = true)?;
            match tag {
                backend::NOTICE_RESPONSE_TAG => {
                    let notice = error::notice(self.body());
                    self.notices.push(notice);
                }
                backend::PARAMETER_STATUS_TAG if !self.is_starting() => {}
                backend::NOTIFICATION_RESPONSE_TAG => {}
                backend::READY_FOR_QUERY_TAG => {
                    self.status = match self.body() {
                        b"I" => TransactionStatus::Idle,
                        b"T" => TransactionStatus::Active,
                        b"E" => TransactionStatus::Failed,
                        _ => return Err(self.unexpected(tag)),
                    };
                    self.awaiting = false;
                    self.run.set_running(false);
                    return Ok(tag);
                }
                tag => return Ok(tag),
            }
        }
    }

    /// Whether the server has more to say of what it was asked.
    pub(super) fn is_answering(&self) -> bool {
        self.awaiting
    }

    /// Nothing was asked yet: the handshake reads the server's parameters itself.
    fn is_starting(&self) -> bool {
        !self.open && !self.awaiting
    }

    fn frame(&mut self, wait: &mut Wait) -> Result<u8> {
        self.transport.consume(std::mem::take(&mut self.current));
        self.need(5, wait)?;
        let Some(([tag], length)) = self.transport.buffered().split_first_chunk::<1>() else {
            return Err(protocol("a message without a head"));
        };
        let tag = *tag;
        let length = length.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes)) as usize;
        if !(4..1 << 30).contains(&length) {
            return Err(protocol(format_args!("a message of {length} bytes")));
        }
        // The buffer grows as bytes arrive, not by what the length claims.
        self.need(1 + length, wait)?;
        self.current = 1 + length;
        Ok(tag)
    }

    fn need(&mut self, count: usize, wait: &mut Wait) -> Result<()> {
        if self.transport.buffered().len() >= count {
            return Ok(());
        }
        let read = *wait.get_or_insert_with(|| self.transport.read_deadline());
        loop {
            let deadline = read.min(self.run.limit.deadline());
            // A server that floods never lets the socket wait, so the socket does not notice the time.
            let received =
                if deadline.has_passed() { Err(too_late()) } else { self.transport.need(count, deadline) };
            match received {
                // The time of the statement was up; the server was told, and says something soon.
                Err(waited) => self.run.pass(waited)?,
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Keeps the key that the current message holds, with which the session's statements can be stopped, and returns the
    /// session's number.
    pub(super) fn keep_key(&mut self) -> Option<u32> {
        let mut reader = Reader(self.body());
        let session = reader.u32().ok()?;
        let door = cancel::Door::new(self.transport.way().clone(), session, reader.0);
        self.run.set_door(door);
        Some(session)
    }

    /// The current message without its head.
    pub(super) fn body(&self) -> &[u8] {
        self.transport.buffered().get(5..self.current).unwrap_or_default()
    }

    /// Receives a message that must be this one, or an error.
    pub(super) fn expect(&mut self, tag: u8, wait: &mut Wait) -> Result<()> {
        match self.receive(wait)? {
            received if received == tag => Ok(()),
            backend::ERROR_RESPONSE_TAG => Err(self.server_error()),
            received => Err(self.unexpected(received)),
        }
    }

    /// The error that the current message is. A fatal one costs the connection: the server hangs up after it.
    pub(super) fn server_error(&mut self) -> Error {
        let report = ServerReport::read(self.body());
        let fatal = report.is_fatal();
        let stopped = report.is_stopped().then(|| report.was_asked_for());
        let error = report.into_error();
        self.broken |= fatal;
        // read_only_sql_transaction: another server is the one that writes now.
        if self.must_write && error.sqlstate() == Some("25006") {
            self.broken = true;
            let text = "the server has become read-only; the connection is closed";
            return error.wrap(ErrorKind::Disconnected, text).with_disconnect();
        }
        match stopped {
            Some(asked) => self.run.explain(error, asked),
            None => error,
        }
    }

    /// A message that does not belong here.
    pub(super) fn unexpected(&mut self, tag: u8) -> Error {
        self.broken = true;
        match tag {
            backend::COPY_IN_RESPONSE_TAG | backend::COPY_OUT_RESPONSE_TAG | COPY_BOTH_TAG => Error::new(
                ErrorKind::Unsupported,
                "COPY from or to the client is not supported; the connection is closed",
            )
            .with_disconnect(),
            tag => protocol(format_args!("the message '{}' where it does not belong", tag.escape_ascii())),
        }
    }

    /// A message whose body cannot be read.
    pub(super) fn malformed(&mut self, error: Error) -> Error {
        self.broken = true;
        error
    }

    /// Ends a group that is open and reads past all answers, up to the server's ReadyForQuery.
    pub(super) fn settle(&mut self) -> Result<()> {
        if self.open {
            self.output().clear();
            self.send_group()?;
        }
        let mut wait = None;
        while self.awaiting {
            match self.receive(&mut wait)? {
                backend::ERROR_RESPONSE_TAG => {
                    // Nobody is left who asked; but the status that follows tells if it cost a transaction.
                    let error = self.server_error();
                    if self.broken {
                        return Err(error);
                    }
                    if !is_quiet() {
                        tracing::debug!(target: "rebis::postgres", %error, "error in an answer that nobody read");
                    }
                }
                backend::READY_FOR_QUERY_TAG
                | backend::PARSE_COMPLETE_TAG
                | backend::BIND_COMPLETE_TAG
                | backend::CLOSE_COMPLETE_TAG
                | backend::COMMAND_COMPLETE_TAG
                | backend::DATA_ROW_TAG
                | backend::EMPTY_QUERY_RESPONSE_TAG
                | backend::NO_DATA_TAG
                | backend::PARAMETER_DESCRIPTION_TAG
                | backend::ROW_DESCRIPTION_TAG => {}
                tag => return Err(self.unexpected(tag)),
            }
        }
        Ok(())
    }
}

fn too_late() -> Error {
    Error::new(ErrorKind::Timeout, "the read deadline passed; the connection is closed").with_disconnect()
}

/// The server said something that the protocol does not allow; the place in the stream is lost.
pub(super) fn protocol(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Protocol, format!("the server sent {what}; the connection is closed"))
        .with_disconnect()
}

/// Reads fields out of a message's body; every length is checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or_else(truncated)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>().ok_or_else(truncated)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// A C string, without its NUL.
    pub(super) fn text(&mut self) -> Result<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or_else(truncated)?;
        let text = self.bytes(end)?;
        self.u8()?;
        Ok(text)
    }
}

fn truncated() -> Error {
    protocol("a message that is shorter than what it holds")
}
