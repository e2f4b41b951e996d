//! SQLite, bundled: a thin wrapper on the C API, made for cursors in boxes and for forked children.

mod busy;
mod cursor;
mod error;
mod handle;
mod kept;
mod limit;
mod options;
mod session;
mod statement;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use self::busy::BusyWait;
use self::cursor::{Answer, RunToEnd};
use self::handle::Handle;
use self::kept::Statements;
use self::options::Options;
use self::statement::{Lifetime, Statement, Step};
use super::{Cancel, Connection, Connector, Cursor, Login, Server, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, forked, generation};
use crate::url::{Url, UrlOptions};
use crate::value::ValueRef;

/// Opens one SQLite file, or memory.
#[derive(Debug)]
pub(crate) struct SqliteConnector {
    path: Option<String>,
    options: Options,
    /// The generation that opened the memory database; it exists in that process only. 0 before the first.
    memory_owner: AtomicU64,
    /// A memory database was opened before; it is gone when another one is.
    memory_opened: AtomicBool,
}

impl SqliteConnector {
    pub(crate) fn new(url: &Url, options: &mut UrlOptions<'_>) -> Result<Self> {
        Ok(SqliteConnector {
            path: url.database().map(str::to_owned),
            options: Options::take(options)?,
            memory_owner: AtomicU64::new(0),
            memory_opened: AtomicBool::new(false),
        })
    }

    fn check_memory_owner(&self) -> Result<()> {
        let here = generation().number();
        let owner = self.memory_owner.load(Ordering::Acquire);
        let claimed = owner == here
            || (owner == 0
                && self.memory_owner.compare_exchange(0, here, Ordering::AcqRel, Ordering::Acquire).is_ok());
        if claimed || self.memory_owner.load(Ordering::Acquire) == here {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forked,
            "this SQLite database is in the memory of the process that forked this one; \
             use a file (sqlite:///path/to/file.db) to share it between processes",
        ))
    }
}

impl Connector for SqliteConnector {
    fn connect(&self, _login: &Login, deadline: Deadline) -> Result<Box<dyn Connection>> {
        if self.path.is_none() {
            self.check_memory_owner()?;
        }
        let handle = Handle::open(self.path.as_deref(), self.options.open_flags)?;
        // Relaxed: it orders nothing else.
        if self.path.is_none() && self.memory_opened.swap(true, Ordering::Relaxed) {
            // Nothing else tells a program that a listener, a handler or its own `invalidate` has emptied its database.
            tracing::warn!(
                target: "rebis::sqlite",
                "a new SQLite database in memory is opened, and is empty: each connection has its own"
            );
        }
        let mut connection = SqliteConnection::new(handle, &self.options);
        connection.set_up(&self.options, deadline)?;
        Ok(Box::new(connection))
    }
}

/// One open handle with its prepared statements.
#[derive(Debug)]
pub(super) struct SqliteConnection {
    // Fields drop in this order: statements before the handle they belong to.
    statements: Statements,
    /// The statement whose answer is being read, out of the cache meanwhile.
    running: Option<(Box<str>, Statement)>,
    /// Its parameters lie where they were given.
    lent: bool,
    answer: Answer,
    handle: Handle,
    busy_timeout: Duration,
    begin: &'static str,
    /// What `reset_session` sets again.
    pragmas: Vec<String>,
    /// The deadline of the next statement.
    next_limit: Deadline,
    /// `PRAGMA query_only` is on, for a transaction that only reads.
    query_only: bool,
    /// A transaction was open when the last statement began.
    active: bool,
    /// An error has rolled it back, and nobody has acknowledged that.
    lost: bool,
    server: Server,
}

impl SqliteConnection {
    fn new(handle: Handle, options: &Options) -> Self {
        SqliteConnection {
            statements: Statements::new(options.statement_cache_size),
            running: None,
            lent: false,
            answer: Answer::none(),
            handle,
            busy_timeout: options.busy_timeout,
            begin: options.begin,
            pragmas: options.pragmas(),
            next_limit: Deadline::NEVER,
            query_only: false,
            active: false,
            lost: false,
            server: Server::new("SQLite", version(), None),
        }
    }

    fn set_up(&mut self, options: &Options, deadline: Deadline) -> Result<()> {
        // Waiting for a lock counts against the connect deadline as well.
        self.busy_timeout =
            deadline.remaining().map_or(options.busy_timeout, |left| left.min(options.busy_timeout));
        for pragma in options.pragmas() {
            self.run_plain(&pragma)?;
        }
        let encoding = {
            let cursor = self.execute("PRAGMA encoding", &[])?;
            cursor.advance()?;
            matches!(cursor.cell(0)?, ValueRef::Text("UTF-8"))
        };
        if !encoding {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the SQLite file keeps its text in UTF-16; only UTF-8 is read",
            ));
        }
        self.finish_running();
        self.busy_timeout = options.busy_timeout;
        Ok(())
    }

    fn check_process(&self) -> Result<()> {
        if self.handle.is_inherited() { Err(forked("SQLite connection")) } else { Ok(()) }
    }

    /// Puts an unfinished statement back; SQLite has nothing to read past.
    fn finish_running(&mut self) {
        if let Some((sql, mut statement)) = self.running.take() {
            statement.reset();
            if std::mem::take(&mut self.lent) {
                statement.unbind();
            }
            self.statements.put(sql, statement);
        }
        self.handle.limit().end();
    }

    fn prepared(&mut self, sql: &str) -> Result<(Box<str>, Statement)> {
        if let Some(entry) = self.statements.take(sql) {
            return Ok(entry);
        }
        let mut wait = None;
        loop {
            match self.handle.prepare(sql) {
                // Reading the schema can meet a lock too.
                Err(error) if error.kind() == ErrorKind::Locked && self.handle.take_waitable() => {
                    self.wait_for_lock(&mut wait, error)?;
                }
                prepared => return prepared.map(|statement| (sql.into(), statement)),
            }
        }
    }

    /// The parameters and the first step, which may meet another connection's lock: waits outside the gate and tries again.
    fn first_step(
        &self,
        statement: &mut Statement,
        parameters: &[ValueRef<'_>],
        lifetime: Lifetime,
    ) -> Result<Step> {
        let mut step = statement.start(parameters, lifetime)?;
        let mut wait = None;
        loop {
            match step {
                Step::Failed(code) => {
                    let error = self.handle.error_of_step(code);
                    statement.reset();
                    // Outside a transaction nothing is held any more, so nobody waits for us: SQLite asks no busy handler
                    // for a change of the journal's mode, where two that open a new file at the same time meet.
                    let waitable = self.handle.take_waitable() || self.handle.is_autocommit();
                    if !(error.kind() == ErrorKind::Locked && waitable) {
                        return Err(self.explain(error));
                    }
                    self.wait_for_lock(&mut wait, error)?;
                    step = statement.step();
                }
                step => return Ok(step),
            }
        }
    }

    /// Waits a moment for the lock that this error tells of; the time runs from the first one on.
    fn wait_for_lock(&self, wait: &mut Option<BusyWait>, error: Error) -> Result<()> {
        let limit = self.handle.limit();
        let wait = wait.get_or_insert_with(|| BusyWait::new(self.busy_timeout, limit.deadline()));
        limit.set_waiting();
        let goes_on = wait.pause();
        if limit.must_stop() {
            return Err(limit.error().with_source(error));
        }
        if goes_on { Ok(()) } else { Err(self.explain(error)) }
    }

    fn explain(&self, error: Error) -> Error {
        match error.kind() {
            _ if self.query_only && error.code().is_some_and(|code| code & 0xff == READ_ONLY) => {
                error.wrap(ErrorKind::Statement, "the transaction is read-only, and the statement writes")
            }
            ErrorKind::Locked => error.wrap(
                ErrorKind::Locked,
                format!(
                    "the SQLite database is locked by another connection (busy_timeout {:?})",
                    self.busy_timeout
                ),
            ),
            ErrorKind::Serialization => error.wrap(
                ErrorKind::Serialization,
                "another connection wrote after this transaction began to read; run it again, \
                 or begin with begin=immediate in the URL",
            ),
            _ => error,
        }
    }

    fn start(&mut self) -> Result<()> {
        self.finish_running();
        self.leave_read_only()?;
        self.active = !self.handle.is_autocommit();
        let deadline = std::mem::replace(&mut self.next_limit, Deadline::NEVER);
        self.handle.limit().start(deadline);
        Ok(())
    }

    /// Runs up to the first row, which is then ahead. Parameters that are not copied must live until the statement has run.
    fn start_statement(&mut self, sql: &str, parameters: &[ValueRef<'_>], lifetime: Lifetime) -> Result<()> {
        let changes = self.handle.total_changes();
        let (sql, mut statement) = self.prepared(sql)?;
        let inserts = statement.inserts();
        if statement.columns().is_empty() {
            // It has no rows, so it is over before this call returns.
            let ran = self.run_to_end(&mut statement, parameters, Lifetime::OutlivesRun);
            // The parameters' bytes end with this call.
            statement.unbind();
            if ran.is_ok() {
                self.answer.begin(statement.columns(), Step::Done, changes, inserts);
            }
            self.statements.put(sql, statement);
            self.handle.limit().end();
            return ran.inspect_err(|_| self.failed());
        }
        let step = self.first_step(&mut statement, parameters, lifetime);
        if let Ok(step) = &step {
            self.answer.begin(statement.columns(), *step, changes, inserts);
        }
        // The statement stays with the connection: a program may forget the cursor.
        self.running = Some((sql, statement));
        self.lent = matches!(lifetime, Lifetime::OutlivesRun);
        if !matches!(step, Ok(Step::Row)) {
            self.finish_running();
        }
        step.map(drop).inspect_err(|_| self.failed())
    }

    fn run_sets(&mut self, sql: &str, parameters: &[ValueRef<'_>], width: usize) -> Result<u64> {
        let mut affected = 0;
        let (sql, mut statement) = self.prepared(sql)?;
        let mut result = Ok(());
        for set in parameters.chunks(width) {
            // Each set is short: the progress handler, which counts the steps of one, may never be asked.
            if self.handle.limit().must_stop() {
                result = Err(self.handle.limit().error());
                break;
            }
            let changes = self.handle.total_changes();
            result = self.run_to_end(&mut statement, set, Lifetime::OutlivesRun);
            if result.is_err() {
                break;
            }
            if self.handle.total_changes() != changes {
                affected += self.handle.changes();
            }
        }
        // The parameters' bytes end with this call.
        statement.reset();
        statement.unbind();
        self.statements.put(sql, statement);
        if result.is_err() {
            self.failed();
        }
        result.map(|()| u64::try_from(affected).unwrap_or(0))
    }

    /// Runs a statement that has neither parameters nor rows that matter.
    fn run_plain(&mut self, sql: &str) -> Result<()> {
        let (sql, mut statement) = self.prepared(sql)?;
        let result = self.run_to_end(&mut statement, &[], Lifetime::Copied);
        self.statements.put(sql, statement);
        result
    }

    /// SQLite gives up the transaction at some errors: a full disk, OR ROLLBACK.
    fn failed(&mut self) {
        self.lost |= self.active && self.handle.is_autocommit();
    }

    /// Runs a statement whose rows do not matter to its end.
    fn run_to_end(
        &self,
        statement: &mut Statement,
        parameters: &[ValueRef<'_>],
        lifetime: Lifetime,
    ) -> Result<()> {
        let mut step = self.first_step(statement, parameters, lifetime)?;
        while step == Step::Row {
            step = statement.step();
        }
        match step {
            Step::Failed(code) => {
                let error = self.handle.error_of_step(code);
                statement.reset();
                Err(error)
            }
            _ => {
                statement.reset();
                Ok(())
            }
        }
    }
}

impl Connection for SqliteConnection {
    fn execute(&mut self, sql: &str, parameters: &[ValueRef<'_>]) -> Result<&mut dyn Cursor> {
        self.check_process()?;
        self.start()?;
        let started = self.start_statement(sql, parameters, Lifetime::Copied);
        started.inspect_err(|_| self.handle.limit().end())?;
        Ok(self)
    }

    fn execute_to_end(
        &mut self,
        sql: &str,
        parameters: &[ValueRef<'_>],
        show: &mut dyn FnMut(&dyn Cursor) -> Result<()>,
    ) -> Result<()> {
        self.check_process()?;
        self.start()?;
        // Ends the run on each way out, also when `show` panics: the parameters' bytes end with this call.
        let run = RunToEnd(self);
        run.0.start_statement(sql, parameters, Lifetime::OutlivesRun)?;
        while run.0.advance()? {
            show(&*run.0)?;
        }
        Ok(())
    }

    fn cursor(&mut self) -> Option<&mut dyn Cursor> {
        Some(self)
    }

    fn execute_many(&mut self, sql: &str, parameters: &[ValueRef<'_>], width: usize) -> Result<u64> {
        self.check_process()?;
        self.start()?;
        let affected = self.run_sets(sql, parameters, width);
        self.handle.limit().end();
        affected
    }

    fn begin(&mut self, sql: &str) -> Result<()> {
        let limit = self.next_limit;
        match sql {
            "BEGIN" => self.control_until(self.begin, limit),
            "BEGIN READ ONLY" => self.begin_read_only(),
            _ => self.control_until(sql, limit),
        }
    }

    fn control(&mut self, sql: &str) -> Result<()> {
        self.control_until(sql, Deadline::NEVER)
    }

    fn limit_statement(&mut self, deadline: Deadline) -> Result<()> {
        self.next_limit = deadline;
        Ok(())
    }

    fn canceller(&self) -> Option<Arc<dyn Cancel>> {
        Some(self.handle.limit().run())
    }

    fn status(&self) -> TransactionStatus {
        if self.lost {
            TransactionStatus::Failed
        } else if self.handle.is_inherited() || self.handle.is_autocommit() {
            TransactionStatus::Idle
        } else {
            TransactionStatus::Active
        }
    }

    fn ping(&mut self) -> Result<()> {
        self.check_process()
    }

    fn reset(&mut self) -> Result<()> {
        self.check_process()?;
        self.finish_running();
        if self.status() != TransactionStatus::Idle {
            self.control("ROLLBACK")?;
        }
        self.leave_read_only()
    }

    fn reset_session(&mut self) -> Result<()> {
        self.reset()?;
        self.clear_session()
    }

    fn is_broken(&self) -> bool {
        false
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn close(&mut self) {}
}

impl SqliteConnection {
    fn control_until(&mut self, sql: &str, deadline: Deadline) -> Result<()> {
        self.check_process()?;
        self.finish_running();
        self.leave_read_only()?;
        if self.lost {
            // Nothing else acknowledges it: a savepoint's end must not make the transaction look whole.
            if sql != "ROLLBACK" {
                return Err(Error::new(
                    ErrorKind::PendingRollback,
                    "an error has rolled back the transaction",
                ));
            }
            self.lost = false;
            return Ok(());
        }
        self.handle.limit().start_quiet(deadline);
        let result = self.run_plain(sql);
        let cancelled = self.handle.limit().is_cancelled();
        self.handle.limit().end();
        // The lock came in the moment of the cancel: the statement that waits behind this was meant.
        if cancelled && result.is_ok() && sql.starts_with("BEGIN") {
            self.run_plain("ROLLBACK")?;
            return Err(Error::new(ErrorKind::Cancelled, "the transaction was cancelled at its begin"));
        }
        result
    }
}

fn version() -> String {
    String::from_utf8_lossy(libsqlite3_sys::SQLITE_VERSION.to_bytes()).into_owned()
}

/// SQLITE_READONLY.
const READ_ONLY: i64 = libsqlite3_sys::SQLITE_READONLY as i64;

const DEFAULT_STATEMENTS: NonZeroUsize = NonZeroUsize::new(128).unwrap();
