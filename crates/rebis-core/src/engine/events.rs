//! Engine events: what listeners are told, and what they may change.

use std::borrow::Cow;
use std::time::Duration;

use super::ddl_events::DdlEvent;
use super::{Connection, Engine};
use crate::error::Result;
use crate::process::AppendList;
use crate::schema::DdlMoment;
use crate::sql::{IntoStatement, Statement};
use crate::value::{Value, ValueRef};

type Heard<F> = AppendList<Box<F>>;
pub(super) type OnBeforeExecute = dyn Fn(&mut BeforeExecute) -> Result<()> + Send + Sync;
pub(super) type OnAfterExecute = dyn Fn(&AfterExecute<'_>) + Send + Sync;
pub(super) type OnBeforeCursorExecute = dyn Fn(&mut BeforeCursorExecute<'_>) -> Result<()> + Send + Sync;
pub(super) type OnAfterCursorExecute = dyn Fn(&AfterCursorExecute<'_>) + Send + Sync;
pub(super) type OnTransaction = dyn Fn(&TransactionEvent<'_>) + Send + Sync;
pub(super) type OnEngineConnect = dyn Fn(&mut Connection) -> Result<()> + Send + Sync;
pub(super) type OnDdl = dyn Fn(&mut Connection, &DdlEvent<'_>) -> Result<()> + Send + Sync;
/// Which event it hears, and what it does.
pub(super) type DdlListener = (DdlMoment, Box<OnDdl>);
pub(super) type OnEngineDisposed = dyn Fn(&Engine) + Send + Sync;

/// The listeners of one engine, in the order in which they were added. Children inherit them.
#[derive(Debug, Default)]
pub(super) struct EngineListeners {
    pub(super) before_execute: Heard<OnBeforeExecute>,
    pub(super) after_execute: Heard<OnAfterExecute>,
    pub(super) before_cursor_execute: Heard<OnBeforeCursorExecute>,
    pub(super) after_cursor_execute: Heard<OnAfterCursorExecute>,
    pub(super) begin: Heard<OnTransaction>,
    pub(super) commit: Heard<OnTransaction>,
    pub(super) rollback: Heard<OnTransaction>,
    pub(super) savepoint: Heard<OnTransaction>,
    pub(super) rollback_savepoint: Heard<OnTransaction>,
    pub(super) release_savepoint: Heard<OnTransaction>,
    pub(super) engine_connect: Heard<OnEngineConnect>,
    pub(super) engine_disposed: Heard<OnEngineDisposed>,
    pub(super) ddl: AppendList<DdlListener>,
}

/// A statement about to be compiled.
#[derive(Debug)]
pub struct BeforeExecute {
    pub(super) statement: Statement,
}

impl BeforeExecute {
    /// The statement, with what is bound to it.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Puts another statement in its place.
    pub fn set_statement(&mut self, statement: impl IntoStatement) {
        self.statement = statement.into_statement();
    }
}

/// A statement that was run; its rows are not read yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct AfterExecute<'s> {
    /// The statement.
    pub statement: &'s Statement,
}

/// A text about to be sent, with its values.
#[derive(Debug)]
pub struct BeforeCursorExecute<'s> {
    pub(super) sql: Cow<'s, str>,
    pub(super) parameters: &'s [ValueRef<'s>],
    pub(super) replaced: Option<Vec<Value>>,
    pub(super) sets: usize,
}

impl BeforeCursorExecute<'_> {
    /// The text, with the database's placeholders.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The values, in the order of the placeholders; set after set where there are several.
    pub fn parameters(&self) -> Vec<ValueRef<'_>> {
        match &self.replaced {
            Some(values) => values.iter().map(Value::as_ref).collect(),
            None => self.parameters.to_vec(),
        }
    }

    /// How many sets of values there are: 1, or more for `execute_many`.
    pub fn sets(&self) -> usize {
        self.sets
    }

    /// Sends another text: with a comment that names the caller, say. Its placeholders must fit the values.
    pub fn set_sql(&mut self, sql: impl Into<String>) {
        self.sql = Cow::Owned(sql.into());
    }

    /// Sends other values, as many for each set as there were.
    pub fn set_parameters(&mut self, parameters: Vec<Value>) {
        self.replaced = Some(parameters);
    }
}

/// A text that the database has taken.
#[derive(Debug)]
#[non_exhaustive]
pub struct AfterCursorExecute<'s> {
    /// The text that was sent.
    pub sql: &'s str,
    /// The values that were sent.
    pub parameters: &'s [ValueRef<'s>],
    /// How many sets of them.
    pub sets: usize,
    /// How long it took until the answer began.
    pub elapsed: Duration,
    /// How many rows were changed, where that is known before the answer is read: after `execute_many`.
    pub rows_affected: Option<u64>,
}

/// A transaction or a savepoint that begins or ends; told before the database is.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TransactionEvent<'e> {
    /// The engine.
    pub engine: &'e Engine,
    /// The server's number of the session, where it has one.
    pub session_id: Option<u64>,
    /// The savepoint's name, in the events of savepoints.
    pub savepoint: Option<&'e str>,
}

/// Tells all listeners of a transaction's event.
pub(super) fn tell(listeners: &Heard<OnTransaction>, event: TransactionEvent<'_>) {
    for listener in listeners.iter() {
        listener(&event);
    }
}
