//! A driver without a database: it answers from a script, counts what is asked of it, and fails where it is told to.
//!
//! For tests of what stands on a driver, and for measuring that without a database in the way.
//!
//! ```
//! use rebis_core::driver::scripted::{Answer, Script};
//! use rebis_core::{Dialect, Engine, text};
//!
//! let script = Script::new();
//! script.answer("select a from t", Answer::rows(["a"], [[7.into()]]));
//! let engine = Engine::builder_with_connector(script.connector(), Dialect::SQLITE).build()?;
//! let seven: i64 = engine.connect()?.execute(text("select a from t"))?.scalar()?;
//! assert_eq!(seven, 7);
//! let calls = ["1 connect", "1 begin BEGIN", "1 execute select a from t", "1 control ROLLBACK", "1 reset"];
//! assert_eq!(script.calls(), calls);
//! # Ok::<(), rebis_core::Error>(())
//! ```

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Cancel, Column, Connection, Connector, Cursor, Login, Server, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Clock, Deadline, Generation, forked, generation};
use crate::value::{Value, ValueRef};

/// What a scripted driver answers, and what was asked of it. Clones share one script.
#[derive(Clone)]
pub struct Script(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    recording: AtomicBool,
    opened: AtomicUsize,
    closed: AtomicUsize,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, Answer>,
    /// What answers the statements that have no answer of their own.
    player: Option<Player>,
    failures: Vec<Failure>,
    calls: Vec<String>,
}

impl State {
    fn outcome(&mut self, call: &str) -> Result<()> {
        let fails = |failure: &&mut Failure| failure.times > 0 && call.starts_with(&failure.call);
        match self.failures.iter_mut().find(fails) {
            Some(failure) => {
                failure.times -= 1;
                Err((failure.make)())
            }
            None => Ok(()),
        }
    }
}

type Player = Arc<dyn Fn(&str, &[ValueRef<'_>]) -> Answer + Send + Sync>;

struct Failure {
    call: String,
    make: Box<dyn Fn() -> Error + Send>,
    times: usize,
}

/// The answer to one statement. A clone shares what it holds: to answer costs next to nothing, however many rows there are.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    columns: Arc<[Column]>,
    rows: Arc<[Vec<Value>]>,
    affected: u64,
}

impl Answer {
    /// Rows under these column names.
    pub fn rows<const N: usize>(names: [&str; N], rows: impl IntoIterator<Item = [Value; N]>) -> Self {
        Answer {
            columns: names.iter().map(|name| Column::new(*name, "scripted")).collect(),
            rows: rows.into_iter().map(Vec::from).collect(),
            affected: 0,
        }
    }

    /// No rows; that many were changed.
    pub fn affected(count: u64) -> Self {
        Answer { affected: count, ..Answer::default() }
    }
}

impl Default for Script {
    fn default() -> Self {
        Script::new()
    }
}

impl Script {
    /// A script on which every statement answers nothing.
    pub fn new() -> Self {
        Script(Arc::new(Shared {
            state: Mutex::default(),
            recording: AtomicBool::new(true),
            opened: AtomicUsize::new(0),
            closed: AtomicUsize::new(0),
        }))
    }

    /// A connector that plays this script.
    pub fn connector(&self) -> impl Connector + use<> {
        ScriptedConnector { script: self.clone() }
    }

    /// What this statement answers, each time.
    pub fn answer(&self, sql: &str, answer: Answer) {
        self.state().answers.insert(sql.to_owned(), answer);
    }

    /// What answers a statement that has no answer of its own: a function of its text and its parameters. For answers that
    /// follow from what was asked, such as the keys of as many rows as were inserted.
    ///
    /// ```
    /// use rebis_core::driver::scripted::{Answer, Script};
    /// use rebis_core::{Dialect, Engine, Value, text};
    ///
    /// let script = Script::new();
    /// script.answer_by(|_, parameters| {
    ///     Answer::rows(["count"], [[Value::from(parameters.len() as i64)]])
    /// });
    /// let engine = Engine::builder_with_connector(script.connector(), Dialect::SQLITE).build()?;
    /// let two: i64 = engine.connect()?.scalar(text("select :a, :b").bind("a", 1).bind("b", 2))?;
    /// assert_eq!(two, 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn answer_by(&self, player: impl Fn(&str, &[ValueRef<'_>]) -> Answer + Send + Sync + 'static) {
        self.state().player = Some(Arc::new(player));
    }

    /// Lets the next `times` calls that begin with this text fail: `connect`, `ping`, `execute select 1`, `control COMMIT`; and
    /// `fetch select 1` for the reading of a row.
    pub fn fail(&self, call: &str, times: usize, error: impl Fn() -> Error + Send + 'static) {
        self.state().failures.push(Failure { call: call.to_owned(), make: Box::new(error), times });
    }

    /// Stops keeping the list of calls, for measurements.
    pub fn stop_recording(&self) {
        self.0.recording.store(false, Ordering::Relaxed);
    }

    /// What was called so far, each with the number of its connection: `2 execute select 1`.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// Puts a line of one's own between the calls: a listener's, to see what it was called between.
    pub fn note(&self, line: impl Into<String>) {
        self.state().calls.push(line.into());
    }

    /// How many connections were opened.
    pub fn opened(&self) -> usize {
        self.0.opened.load(Ordering::Acquire)
    }

    /// How many connections were closed.
    pub fn closed(&self) -> usize {
        self.0.closed.load(Ordering::Acquire)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text of the call is put together only where it is kept.
    fn called(&self, connection: usize, call: fmt::Arguments<'_>) -> Result<()> {
        if !self.0.recording.load(Ordering::Relaxed) {
            return Ok(());
        }
        let call = call.to_string();
        let mut state = self.state();
        state.calls.push(format!("{connection} {call}"));
        state.outcome(&call)
    }

    fn play(&self, sql: &str, parameters: &[ValueRef<'_>]) -> Answer {
        let player = {
            let state = self.state();
            match state.answers.get(sql) {
                Some(answer) => return answer.clone(),
                None => state.player.clone(),
            }
        };
        player.map(|player| player(sql, parameters)).unwrap_or_default()
    }

    /// A row is read: too often to be kept in the list of calls.
    fn fetched(&self, sql: &str) -> Result<()> {
        if !self.0.recording.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut state = self.state();
        if state.failures.is_empty() { Ok(()) } else { state.outcome(&format!("fetch {sql}")) }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("opened", &self.opened())
            .field("closed", &self.closed())
            .finish_non_exhaustive()
    }
}

/// A clock that moves when it is told: for tests of what depends on ages and idle times.
///
/// ```
/// use std::time::Duration;
/// use rebis_core::driver::scripted::{Script, ScriptedClock};
/// use rebis_core::{Dialect, Engine};
///
/// let (script, clock) = (Script::new(), ScriptedClock::default());
/// let engine = Engine::builder_with_connector(script.connector(), Dialect::SQLITE)
///     .pool_recycle(Duration::from_secs(3600))
///     .clock(&clock)
///     .build()?;
/// drop(engine.connect()?);
/// clock.advance(Duration::from_secs(7200));
/// drop(engine.connect()?);
/// assert_eq!((script.opened(), script.closed()), (2, 1));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ScriptedClock(Arc<AtomicU64>);

impl ScriptedClock {
    /// Lets that much time pass.
    pub fn advance(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Ordering::AcqRel);
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::scripted(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct ScriptedConnector {
    script: Script,
}

impl Connector for ScriptedConnector {
    fn connect(&self, _login: &Login, _deadline: Deadline) -> Result<Box<dyn Connection>> {
        let number = self.script.opened() + 1;
        self.script.called(number, format_args!("connect"))?;
        let number = self.script.0.opened.fetch_add(1, Ordering::AcqRel) + 1;
        let server = Server::new("Scripted", "1", u64::try_from(number).ok());
        Ok(Box::new(ScriptedConnection {
            script: self.script.clone(),
            number,
            server,
            status: TransactionStatus::Idle,
            broken: false,
            cursor: ScriptedCursor { script: self.script.clone(), ..ScriptedCursor::default() },
        }))
    }
}

#[derive(Debug)]
struct ScriptedConnection {
    script: Script,
    number: usize,
    server: Server,
    status: TransactionStatus,
    broken: bool,
    cursor: ScriptedCursor,
}

impl ScriptedConnection {
    fn called(&mut self, call: fmt::Arguments<'_>) -> Result<()> {
        let result = self.script.called(self.number, call);
        self.broken |= result.as_ref().is_err_and(Error::is_disconnect);
        result
    }
}

impl Connection for ScriptedConnection {
    fn execute(&mut self, sql: &str, parameters: &[ValueRef<'_>]) -> Result<&mut dyn Cursor> {
        self.called(format_args!("execute {sql}"))?;
        let answer = self.script.play(sql, parameters);
        self.cursor = ScriptedCursor {
            script: self.script.clone(),
            sql: sql.to_owned(),
            columns: answer.columns,
            rows: answer.rows,
            at: 0,
            affected: answer.affected,
            broken: false,
        };
        Ok(&mut self.cursor)
    }

    fn cursor(&mut self) -> Option<&mut dyn Cursor> {
        Some(&mut self.cursor)
    }

    fn execute_many(&mut self, sql: &str, parameters: &[ValueRef<'_>], width: usize) -> Result<u64> {
        let sets = parameters.len() / width;
        self.called(format_args!("execute_many {sql} x {sets}"))?;
        Ok(sets as u64)
    }

    fn begin(&mut self, sql: &str) -> Result<()> {
        self.called(format_args!("begin {sql}"))?;
        self.status = TransactionStatus::Active;
        Ok(())
    }

    fn control(&mut self, sql: &str) -> Result<()> {
        self.called(format_args!("control {sql}"))?;
        if matches!(sql, "COMMIT" | "ROLLBACK") {
            self.status = TransactionStatus::Idle;
        }
        Ok(())
    }

    fn limit_statement(&mut self, deadline: Deadline) -> Result<()> {
        match deadline.remaining() {
            Some(left) => self.called(format_args!("limit {:.0} s", left.as_secs_f64().ceil())),
            None => Ok(()),
        }
    }

    fn canceller(&self) -> Option<Arc<dyn Cancel>> {
        let ScriptedConnection { script, number, .. } = self;
        Some(Arc::new(ScriptedCancel { script: script.clone(), number: *number, generation: generation() }))
    }

    fn status(&self) -> TransactionStatus {
        self.status
    }

    fn ping(&mut self) -> Result<()> {
        self.called(format_args!("ping"))
    }

    fn reset(&mut self) -> Result<()> {
        self.called(format_args!("reset"))?;
        self.status = TransactionStatus::Idle;
        Ok(())
    }

    fn reset_session(&mut self) -> Result<()> {
        self.called(format_args!("reset_session"))?;
        self.status = TransactionStatus::Idle;
        Ok(())
    }

    fn is_broken(&self) -> bool {
        self.broken || self.cursor.broken
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn close(&mut self) {
        let _ = self.called(format_args!("close"));
    }
}

/// Calls `cancel`, as if a statement ran.
#[derive(Debug)]
struct ScriptedCancel {
    script: Script,
    number: usize,
    generation: Generation,
}

impl Cancel for ScriptedCancel {
    fn cancel(&self, _deadline: Deadline) -> Result<bool> {
        if self.generation != generation() {
            return Err(forked("connection"));
        }
        self.script.called(self.number, format_args!("cancel")).map(|()| true)
    }
}

impl Drop for ScriptedConnection {
    fn drop(&mut self) {
        self.script.0.closed.fetch_add(1, Ordering::AcqRel);
    }
}

#[derive(Debug, Default)]
struct ScriptedCursor {
    script: Script,
    sql: String,
    columns: Arc<[Column]>,
    rows: Arc<[Vec<Value>]>,
    /// The current row is the one before.
    at: usize,
    affected: u64,
    broken: bool,
}

impl Cursor for ScriptedCursor {
    fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    fn advance(&mut self) -> Result<bool> {
        let fetched = self.script.fetched(&self.sql);
        self.broken |= fetched.as_ref().is_err_and(Error::is_disconnect);
        fetched?;
        self.at += 1;
        Ok(self.at <= self.rows.len())
    }

    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        let row = self.at.checked_sub(1).and_then(|at| self.rows.get(at));
        let cell = row.and_then(|row| row.get(index));
        cell.map(Value::as_ref).ok_or_else(|| Error::new(ErrorKind::InvalidState, "there is no such cell"))
    }

    fn rows_affected(&self) -> u64 {
        self.affected
    }

    fn last_insert_id(&self) -> Option<i64> {
        None
    }
}
