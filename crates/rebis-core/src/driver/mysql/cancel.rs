//! Stopping what runs on a session, by KILL QUERY on a connection of its own; and what makes a session new.

use std::fmt;
use std::sync::Arc;

use mysql_common::constants::Command;

use super::answer::Head;
use super::connect::Account;
use super::packet::Reader;
use super::{MysqlConnection, connect, error};
use crate::driver::Notice;
use crate::driver::interrupt::SideDoor;
use crate::driver::transport::Way;
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;

/// The way to the session's server, and who may stop it: the same user.
pub(super) struct Door {
    way: Way,
    account: Arc<Account>,
    session: u32,
}

impl Door {
    pub(super) fn new(way: Way, account: Arc<Account>, session: u32) -> Self {
        Door { way, account, session }
    }
}

impl SideDoor for Door {
    /// The server answers when the session is marked. A session that waits for a request is left alone.
    fn stop(&self, deadline: Deadline) -> Result<()> {
        let transport = self.way.connect(deadline)?;
        let hello = connect::introduce(transport, &self.account, None).map_err(|error| {
            // Nothing was asked yet, so nothing is lost.
            Error::new(ErrorKind::Connect, "no second login, to stop the statement with").with_source(error)
        })?;
        let mut wire = hello.wire;
        let next = wire.write(0, |output| {
            output.push(Command::COM_QUERY as u8);
            output.extend_from_slice(format!("KILL QUERY {}", self.session).as_bytes());
            Ok(())
        })?;
        wire.flush()?;
        wire.expect(next);
        wire.read(&mut None)?;
        let answer = match wire.payload().first() {
            Some(0x00) => Ok(()),
            Some(0xff) => match error::from_packet(wire.payload()) {
                // The session has ended meanwhile.
                Some(error) if error::is_unknown_session(&error) => Ok(()),
                error => Err(error.unwrap_or_else(|| wire.protocol_error("a truncated error"))),
            },
            _ => Err(wire.protocol_error("an answer that is none")),
        };
        let quit = wire.write(0, |output| {
            output.push(Command::COM_QUIT as u8);
            Ok(())
        });
        // The server finds out by itself, if this does not arrive.
        let _ = quit.and_then(|_| wire.flush());
        answer
    }
}

/// The account holds a password.
impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("way", &self.way).field("session", &self.session).finish_non_exhaustive()
    }
}

impl MysqlConnection {
    /// The rows of SHOW WARNINGS: level, code, message.
    pub(super) fn read_warnings(&mut self) -> Result<Vec<Notice>> {
        self.request_text("SHOW WARNINGS")?;
        let patience = &mut None;
        let mut warnings = Vec::new();
        let head = self.read_head(patience)?;
        let Head::Columns(count) = head else {
            self.skip_result(head, patience)?;
            return Ok(warnings);
        };
        self.skip_definitions(count, patience)?;
        self.unfinished = true;
        let end = loop {
            if let Some(end) = self.read_row(patience)? {
                break end;
            }
            let mut row = Reader(self.wire.payload());
            let mut text = || row.counted().map(|text| String::from_utf8_lossy(text).into_owned());
            if let (Some(level), Some(code), Some(message)) = (text(), text(), text()) {
                warnings.push(Notice::new(level, code, message));
            }
        };
        self.read_rest(end, patience)?;
        Ok(warnings)
    }

    /// What the server keeps of a session goes, prepared statements as well; then it is set up as after the login.
    pub(super) fn reset_and_set_up(&mut self) -> Result<()> {
        self.send(&[Command::COM_RESET_CONNECTION as u8])?;
        self.read_done()?;
        self.statements.clear();
        self.closing.clear();
        self.failed = false;
        // The server keeps the database.
        if let Some(database) = &self.database {
            let request = [&[Command::COM_INIT_DB as u8], database.as_bytes()].concat();
            self.send(&request)?;
            self.read_done()?;
        }
        self.set_up()
    }
}
