//! MySQL and MariaDB: one protocol, two flavours told apart by the greeting.
//!
//! A statement's way: [`statement`] prepares it once per connection and sends its values by [`encode`], [`answer`] reads
//! what the server says, [`cursor`] hands out its rows, which [`decode`] reads where they arrived. [`bulk`] runs one
//! statement for many rows. Under all of it [`packet`] frames, and [`auth`] and [`connect`] come before; [`cancel`]
//! stops what runs.

mod answer;
mod auth;
mod bulk;
mod cancel;
mod columns;
mod connect;
mod cursor;
mod decode;
mod encode;
mod error;
mod packet;
mod statement;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lru::LruCache;
use mysql_common::constants::{Command, StatusFlags};

use self::columns::Shape;
use self::cursor::Answer;
use self::decode::Place;
use self::packet::Wire;
use self::statement::Statement;
use super::transport::{Endpoints, Location, Target, Timeouts, Tls, TlsNames};
use super::{Cancel, Connection, Connector, Cursor, Login, Notice, Server, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;
use crate::url::{Url, UrlOptions};
use crate::value::ValueRef;

/// Opens connections to the servers of one URL.
pub(crate) struct MysqlConnector {
    endpoints: Endpoints,
    target: Target,
    /// The URL's; its user serves where a login names none.
    login: Login,
    database: Option<String>,
    cleartext: bool,
    statements: NonZeroUsize,
    sql_mode: Arc<str>,
}

/// Wrong values are errors, not cut or zero; the same on every server, whatever its own default.
const SQL_MODE: &str =
    "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

const TLS_NAMES: TlsNames =
    TlsNames { mode: "ssl_mode", root: "ssl_ca", certificate: "ssl_cert", key: "ssl_key" };

const PORT: u16 = 3306;
const STATEMENTS: NonZeroUsize = NonZeroUsize::new(128).unwrap();
const PING: Duration = Duration::from_secs(5);
const RESET: Duration = Duration::from_secs(30);
const GOODBYE: Duration = Duration::from_secs(1);

impl MysqlConnector {
    /// Takes the driver's own options: `socket` or `unix_socket`, `read_timeout`, `write_timeout`, `charset`,
    /// `prepared_statement_cache_size`, `ssl_mode`, `ssl_ca`, `ssl_cert`, `ssl_key`, `allow_cleartext_password`, `sql_mode`,
    /// `target_session_attrs`, `load_balance_hosts`, `local_infile`.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for an option's value, [`ErrorKind::Configuration`] for a file that cannot be used,
    /// [`ErrorKind::Unsupported`] for local files.
    pub(crate) fn new(url: &Url, options: &mut UrlOptions<'_>) -> Result<Self> {
        let socket = match (options.text("socket")?, options.text("unix_socket")?) {
            (Some(_), Some(_)) => {
                return Err(unfit("the URL options 'socket' and 'unix_socket' mean the same: give one"));
            }
            (path, other) => path.or(other).map(PathBuf::from),
        };
        let timeouts = Timeouts::take(options)?;
        if options.text("charset")?.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf8mb4")) {
            return Err(unfit("the URL option 'charset' can only be utf8mb4"));
        }
        let statements = options.parsed("prepared_statement_cache_size", "a whole number of at least 1")?;
        let tls = Tls::take(options, &TLS_NAMES)?;
        let target = Target::take(options)?;
        if options.parsed("local_infile", "true or false")?.unwrap_or(false) {
            let text = "local_infile=true: Rebis never lets a server read files of this machine; send rows by execute_many";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let cleartext = options.parsed("allow_cleartext_password", "true or false")?.unwrap_or(false);
        let sql_mode = options.text("sql_mode")?.unwrap_or(SQL_MODE);
        // It goes into a statement's text.
        if sql_mode.to_ascii_uppercase().contains("NO_BACKSLASH_ESCAPES") {
            return Err(unfit(
                "the URL option 'sql_mode' cannot have NO_BACKSLASH_ESCAPES: text() reads \\ as an escape",
            ));
        }
        if !sql_mode.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b',') {
            return Err(unfit("the URL option 'sql_mode' must be names with commas between them"));
        }
        let locations = match socket {
            Some(path) => vec![Location::Unix(path)],
            None => Location::of(url.hosts(), PORT),
        };
        let locations = locations.into_iter().map(|location| {
            // Nobody listens on a unix socket; but who asks for TLS gets it, for accounts that must have it.
            let tls = if location.is_unix() && !tls.is_required() { tls.disabled() } else { tls.clone() };
            (location, tls)
        });
        let endpoints = Endpoints::new(locations.collect(), timeouts, options)?;
        Ok(MysqlConnector {
            login: Login::of(url),
            database: url.database().map(ToOwned::to_owned),
            cleartext,
            endpoints,
            target,
            statements: statements.unwrap_or(STATEMENTS),
            sql_mode: sql_mode.into(),
        })
    }

    fn open(&self, login: &Login, deadline: Deadline) -> Result<MysqlConnection> {
        self.target.choose(deadline, |target, deadline| {
            self.endpoints.connect(deadline, |transport| {
                connect::handshake(transport, self, login, target).map_err(connect::failed)
            })
        })
    }
}

fn unfit(message: &'static str) -> Error {
    Error::new(ErrorKind::Url, message)
}

impl Connector for MysqlConnector {
    fn login(&self) -> Login {
        self.login.clone()
    }

    fn connect(&self, login: &Login, deadline: Deadline) -> Result<Box<dyn Connection>> {
        Ok(Box::new(self.open(login, deadline)?))
    }
}

impl fmt::Debug for MysqlConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlConnector")
            .field("endpoints", &self.endpoints)
            .field("login", &self.login)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// One connection to a server.
pub(super) struct MysqlConnection {
    wire: Wire,
    server: Server,
    session: Session,
    /// What the server said last.
    status: StatusFlags,
    /// The server has ended the transaction by an error, which carries no status.
    failed: bool,
    /// The URL wants a server that takes writes: one that stops taking them is as good as gone.
    must_write: bool,
    /// An answer has rows that nobody has read.
    unfinished: bool,
    /// Starts a transaction, together with the next request.
    begin: Option<String>,
    /// Prepared statements that are closed with the next request: closing has no answer.
    closing: Vec<u32>,
    statements: LruCache<String, Statement>,
    no_rows: Arc<Shape>,
    answer: Answer,
    /// Where the cells of the current row lie, and a buffer for definitions; kept for their capacity.
    places: Vec<Place>,
    definitions: Vec<u8>,
    /// What `reset_session` sets again.
    sql_mode: Arc<str>,
    database: Option<String>,
}

/// What was agreed on at the handshake.
#[derive(Debug, Clone, Copy)]
struct Session {
    /// Rows end with an OK packet, and definitions with nothing.
    without_eof: bool,
    bulk: bool,
    /// The longest request that the server takes.
    longest: usize,
}

impl Connection for MysqlConnection {
    fn execute(&mut self, sql: &str, parameters: &[ValueRef<'_>]) -> Result<&mut dyn Cursor> {
        self.start_call(true)?;
        let outcome = self.run(sql, parameters);
        self.end_call();
        self.answer = Answer::new(outcome?);
        Ok(self)
    }

    fn cursor(&mut self) -> Option<&mut dyn Cursor> {
        Some(self)
    }

    fn execute_many(&mut self, sql: &str, parameters: &[ValueRef<'_>], width: usize) -> Result<u64> {
        self.start_call(true)?;
        let affected = self.run_many(sql, parameters, width);
        self.end_call();
        affected
    }

    fn begin(&mut self, sql: &str) -> Result<()> {
        self.settle()?;
        // A second one before the first was sent: let the server say what it says.
        if self.begin.is_some() {
            return self.control(sql);
        }
        self.begin = Some(sql.to_owned());
        self.failed = false;
        Ok(())
    }

    fn control(&mut self, sql: &str) -> Result<()> {
        self.start_call(false)?;
        if matches!(sql, "COMMIT" | "ROLLBACK") {
            self.wire.run.start_quiet();
        }
        let done = self.query(sql).and_then(|_| self.skip_rows(&mut None));
        self.end_call();
        done?;
        // Nothing else acknowledges that the server gave the transaction up: a SAVEPOINT after it would stand alone.
        if sql == "ROLLBACK" {
            self.failed = false;
        }
        Ok(())
    }

    fn limit_statement(&mut self, deadline: Deadline) -> Result<()> {
        self.wire.run.set_next_limit(deadline)
    }

    fn canceller(&self) -> Option<Arc<dyn Cancel>> {
        self.wire.run.canceller()
    }

    fn warnings(&mut self) -> Result<Vec<Notice>> {
        self.start_call(false)?;
        // Anything that is sent before it would have warnings of its own.
        let (begin, closing) = (self.begin.take(), std::mem::take(&mut self.closing));
        let warnings = self.read_warnings();
        (self.begin, self.closing) = (begin, closing);
        self.end_call();
        warnings
    }

    fn status(&self) -> TransactionStatus {
        if self.begin.is_some() {
            TransactionStatus::Active
        } else if self.failed {
            TransactionStatus::Failed
        } else if self.status.contains(StatusFlags::SERVER_STATUS_IN_TRANS) {
            TransactionStatus::Active
        } else {
            TransactionStatus::Idle
        }
    }

    fn ping(&mut self) -> Result<()> {
        self.limited(PING, |connection| {
            connection.start_call(false)?;
            connection.send(&[Command::COM_PING as u8])?;
            connection.read_done()
        })
    }

    fn reset(&mut self) -> Result<()> {
        self.limited(RESET, |connection| {
            connection.settle()?;
            // One that was not sent is begun now, to be undone: a SET TRANSACTION may wait for it on the server.
            if connection.status() != TransactionStatus::Idle {
                connection.control("ROLLBACK")?;
            }
            if !connection.status.contains(StatusFlags::SERVER_STATUS_AUTOCOMMIT) {
                connection.control("SET autocommit = 1")?;
            }
            Ok(())
        })
    }

    fn reset_session(&mut self) -> Result<()> {
        // A transaction that was not sent is not begun for this.
        self.begin = None;
        self.limited(RESET, |connection| {
            connection.start_call(false)?;
            let reset = connection.reset_and_set_up();
            connection.end_call();
            reset
        })
    }

    fn is_broken(&self) -> bool {
        self.wire.is_broken() || self.wire.is_inherited()
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn close(&mut self) {
        if self.wire.check().is_err() {
            return;
        }
        self.wire.limit(Deadline::after(GOODBYE));
        // The server closes without an answer. If this does not arrive, it finds out by itself.
        let _ = self.send(&[Command::COM_QUIT as u8]);
        self.wire.end();
        self.wire.break_off();
    }
}

impl MysqlConnection {
    /// Runs something that must be over after that time.
    fn limited<T>(&mut self, time: Duration, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.wire.limit(Deadline::after(time));
        let done = run(self);
        self.wire.unlimited();
        done
    }
}

impl fmt::Debug for MysqlConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlConnection")
            .field("server", &self.server)
            .field("status", &self.status())
            .field("statements", &self.statements.len())
            .field("wire", &self.wire)
            .finish_non_exhaustive()
    }
}
