//! Adding listeners: `engine.on_…` for statements and transactions, `engine.pool().on_…` for connections.
//!
//! Listeners are called in the order in which they were added, on the thread that does the thing. They belong to the engine and
//! to the views of it, and a forked child has them too. Each call returns a [`Listener`] that can be removed.

use super::events::{
    AfterCursorExecute, AfterExecute, BeforeCursorExecute, BeforeExecute, EngineListeners, TransactionEvent,
};
use super::pool::EnginePool;
use super::{Connection, Engine};
use crate::driver;
use crate::error::{Error, Result};
use crate::pool::{
    ConnectRequest, ConnectionRecord, ErrorContext, LeaseInfo, Listener, PoolListeners, ResetState,
};

type Raw = dyn driver::Connection + 'static;

impl Engine {
    fn listeners(&self) -> &EngineListeners {
        &self.core().listeners
    }

    fn pool_listeners(&self) -> &PoolListeners {
        &self.core().pool_listeners
    }

    /// Before a statement is compiled. The listener may put another one in its place, or refuse it by an error.
    ///
    /// ```
    /// use rebis_core::{Engine, sql::Statement, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// engine.on_before_execute(|event| {
    ///     if let Statement::Text(statement) = event.statement()
    ///         && statement.sql() == "select version"
    ///     {
    ///         event.set_statement(text("select 'sqlite'"));
    ///     }
    ///     Ok(())
    /// });
    /// assert_eq!(engine.connect()?.scalar::<String>(text("select version"))?, "sqlite");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn on_before_execute(
        &self,
        listener: impl Fn(&mut BeforeExecute) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().before_execute.push(Box::new(listener)))
    }

    /// After a statement was run, before its rows are read. Not after an error.
    pub fn on_after_execute(&self, listener: impl Fn(&AfterExecute<'_>) + Send + Sync + 'static) -> Listener {
        Listener::new(self.listeners().after_execute.push(Box::new(listener)))
    }

    /// Before a text is sent. The listener may change text and values, or refuse it by an error.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// engine.on_before_cursor_execute(|event| {
    ///     let marked = format!("{} /* billing */", event.sql());
    ///     event.set_sql(marked);
    ///     Ok(())
    /// });
    /// engine.connect()?.execute(text("select 1"))?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn on_before_cursor_execute(
        &self,
        listener: impl Fn(&mut BeforeCursorExecute<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().before_cursor_execute.push(Box::new(listener)))
    }

    /// After the database has taken a text. Not after an error: that is [`on_handle_error`](Engine::on_handle_error).
    pub fn on_after_cursor_execute(
        &self,
        listener: impl Fn(&AfterCursorExecute<'_>) + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().after_cursor_execute.push(Box::new(listener)))
    }

    /// When a transaction begins.
    pub fn on_begin(&self, listener: impl Fn(&TransactionEvent<'_>) + Send + Sync + 'static) -> Listener {
        Listener::new(self.listeners().begin.push(Box::new(listener)))
    }

    /// When a transaction is committed, before the database says whether it can be.
    pub fn on_commit(&self, listener: impl Fn(&TransactionEvent<'_>) + Send + Sync + 'static) -> Listener {
        Listener::new(self.listeners().commit.push(Box::new(listener)))
    }

    /// When a transaction is rolled back, by the program or because its guard or connection was dropped.
    pub fn on_rollback(&self, listener: impl Fn(&TransactionEvent<'_>) + Send + Sync + 'static) -> Listener {
        Listener::new(self.listeners().rollback.push(Box::new(listener)))
    }

    /// When a savepoint begins.
    pub fn on_savepoint(&self, listener: impl Fn(&TransactionEvent<'_>) + Send + Sync + 'static) -> Listener {
        Listener::new(self.listeners().savepoint.push(Box::new(listener)))
    }

    /// When a savepoint is rolled back.
    pub fn on_rollback_savepoint(
        &self,
        listener: impl Fn(&TransactionEvent<'_>) + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().rollback_savepoint.push(Box::new(listener)))
    }

    /// When a savepoint is kept.
    pub fn on_release_savepoint(
        &self,
        listener: impl Fn(&TransactionEvent<'_>) + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().release_savepoint.push(Box::new(listener)))
    }

    /// After [`connect`](Engine::connect) leased a connection, before the program has it. An error goes to the caller.
    pub fn on_engine_connect(
        &self,
        listener: impl Fn(&mut Connection) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().engine_connect.push(Box::new(listener)))
    }

    /// After [`dispose`](Engine::dispose).
    pub fn on_engine_disposed(&self, listener: impl Fn(&Engine) + Send + Sync + 'static) -> Listener {
        Listener::new(self.listeners().engine_disposed.push(Box::new(listener)))
    }

    /// For each error of the database's or the wire's: the listener may put another error in its place, and say whether it
    /// cost the connection.
    ///
    /// ```
    /// use rebis_core::{Engine, Error, ErrorKind, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// engine.on_handle_error(|context| {
    ///     if context.error().kind() == ErrorKind::Statement {
    ///         context.replace(Error::new(ErrorKind::Other, "our house style of error"));
    ///     }
    /// });
    /// let error = engine.connect()?.execute(text("selekt")).unwrap_err();
    /// assert_eq!(error.to_string(), "our house style of error");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn on_handle_error(&self, listener: impl Fn(&mut ErrorContext) + Send + Sync + 'static) -> Listener {
        Listener::new(self.pool_listeners().handle_error.push(Box::new(listener)))
    }

    /// Before a connection is opened: the listener may put a fresh token or another user into the request, which counts for
    /// this connection only, or bring a ready connection itself.
    ///
    /// ```
    /// use rebis_core::Engine;
    /// use rebis_core::driver::Login;
    ///
    /// # fn fresh_token() -> String { "token".into() }
    /// let engine = Engine::new("postgresql://app@db.example/shop")?;
    /// engine.on_do_connect(|request| {
    ///     request.login = Login::new("app", fresh_token());
    ///     Ok(None)
    /// });
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn on_do_connect(
        &self,
        listener: impl Fn(&mut ConnectRequest) -> Result<Option<Box<dyn driver::Connection>>>
        + Send
        + Sync
        + 'static,
    ) -> Listener {
        Listener::new(self.pool_listeners().do_connect.push(Box::new(listener)))
    }
}

impl EnginePool<'_> {
    fn listeners(&self) -> &PoolListeners {
        self.0.pool_listeners()
    }

    /// After a connection was opened. An error closes it and goes to whoever asked for it.
    ///
    /// ```
    /// let engine = rebis_core::Engine::new("sqlite:///shop.db")?;
    /// engine.pool().on_connect(|raw, _record| {
    ///     raw.execute("pragma cache_size = -20000", &[])?;
    ///     Ok(())
    /// });
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn on_connect(
        &self,
        listener: impl Fn(&mut Raw, &mut ConnectionRecord) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().connect.push(Box::new(listener)))
    }

    /// After a pool's first connection was opened, before any other is used: once per pool and process, again after a
    /// disposal, again if it fails.
    pub fn on_first_connect(
        &self,
        listener: impl Fn(&mut Raw, &mut ConnectionRecord) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().first_connect.push(Box::new(listener)))
    }

    /// Before a connection is lent. A [`Disconnection`](crate::pool::Disconnection) has it replaced, twice at most; any other
    /// error closes it and goes to the caller.
    pub fn on_checkout(
        &self,
        listener: impl Fn(&mut Raw, &mut ConnectionRecord, &LeaseInfo) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().checkout.push(Box::new(listener)))
    }

    /// After a connection came back and was reset; `None` when it was lost or closed.
    pub fn on_checkin(
        &self,
        listener: impl Fn(Option<&mut Raw>, &mut ConnectionRecord) + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().checkin.push(Box::new(listener)))
    }

    /// Before a connection that came back is reset. An error has it closed.
    pub fn on_reset(
        &self,
        listener: impl Fn(&mut Raw, &mut ConnectionRecord, &ResetState) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().reset.push(Box::new(listener)))
    }

    /// When a connection is lost or given up, with the reason where there is one. The connection is in nobody's hands any more,
    /// or in those of the answer that failed.
    pub fn on_invalidate(
        &self,
        listener: impl Fn(&mut ConnectionRecord, Option<&Error>) + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().invalidate.push(Box::new(listener)))
    }

    /// When a connection is marked to be replaced after its return.
    pub fn on_soft_invalidate(
        &self,
        listener: impl Fn(&mut ConnectionRecord, Option<&Error>) + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().soft_invalidate.push(Box::new(listener)))
    }

    /// Before a connection is closed.
    pub fn on_close(
        &self,
        listener: impl Fn(&mut Raw, &mut ConnectionRecord) + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().close.push(Box::new(listener)))
    }

    /// When a connection is taken out of the pool for good.
    pub fn on_detach(
        &self,
        listener: impl Fn(&mut Raw, &mut ConnectionRecord) + Send + Sync + 'static,
    ) -> Listener {
        Listener::new(self.listeners().detach.push(Box::new(listener)))
    }

    /// Before a detached connection is closed.
    pub fn on_close_detached(&self, listener: impl Fn(&mut Raw) + Send + Sync + 'static) -> Listener {
        Listener::new(self.listeners().close_detached.push(Box::new(listener)))
    }
}
