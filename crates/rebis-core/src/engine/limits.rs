//! What a connection's statements and transactions may: how long they run, whether they write, what they see of others.

use std::time::Duration;

use super::connection::{Connection, no_connection};
use super::options::ExecutionOptions;
use crate::dialect::IsolationLevel;
use crate::driver::Notice;
use crate::error::{Error, ErrorKind, Result};

impl Connection {
    /// How long each statement on this lease may run, with the reading of its rows; `None` for no limit.
    ///
    /// When the time is up, the database is told to stop the statement; its error is [`ErrorKind::Timeout`], and the
    /// connection can be used. What becomes of the transaction is the database's: PostgreSQL's has failed, MySQL's and
    /// MariaDB's goes on without the statement, SQLite's goes on after a read and has failed after a write. Only when the
    /// database does not answer in some seconds is the connection given up ([`is_disconnect`](Error::is_disconnect)).
    /// COMMIT and ROLLBACK have no such limit. `execute_many` is one statement here.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rebis_core::{Engine, ErrorKind, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.set_statement_timeout(Duration::from_millis(20));
    /// let numbers = "with recursive c(i) as (select 1 union all select i + 1 from c) select i from c";
    /// let error = conn.execute(text(numbers))?.all().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Timeout);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn set_statement_timeout(&mut self, timeout: impl Into<Option<Duration>>) {
        let engine = self.lease.lender();
        let own = self.own_options.get_or_insert_with(|| Box::new(engine.options().clone()));
        own.statement_timeout = timeout.into();
    }

    /// Sets the isolation level of the transactions to come on this lease.
    ///
    /// ```
    /// use rebis_core::{Engine, IsolationLevel, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.set_isolation_level(IsolationLevel::Autocommit)?;
    /// conn.execute(text("vacuum"))?;                      // which no transaction allows
    /// assert!(!conn.in_transaction());
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the database does not have it, [`ErrorKind::InvalidState`] in a transaction.
    pub fn set_isolation_level(&mut self, level: IsolationLevel) -> Result<()> {
        self.check_between_transactions()?;
        self.execution_options(|options| options.isolation_level = Some(level))
    }

    /// Sets whether the transactions to come on this lease only read; a statement that writes is an error then
    /// ([`ErrorKind::Statement`]). On SQLite they take no write lock, whatever the URL's `begin` says.
    ///
    /// ```
    /// use rebis_core::{Engine, ErrorKind, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execute(text("create table t (i int)"))?;
    /// conn.commit()?;
    /// conn.set_read_only(true)?;
    /// assert_eq!(conn.scalar::<i64>(text("select count(*) from t"))?, 0);
    /// let error = conn.execute(text("insert into t values (1)")).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Statement);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] at [`IsolationLevel::Autocommit`], [`ErrorKind::InvalidState`] in a transaction.
    pub fn set_read_only(&mut self, read_only: bool) -> Result<()> {
        self.check_between_transactions()?;
        self.execution_options(|options| options.read_only = read_only)
    }

    /// Sets whether the transactions to come on this lease may wait at their beginning until nothing can disturb them:
    /// PostgreSQL's DEFERRABLE, which acts on those that are serializable and only read.
    ///
    /// ```
    /// use rebis_core::{Engine, ErrorKind};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// assert_eq!(conn.set_deferrable(true).unwrap_err().kind(), ErrorKind::Unsupported);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] elsewhere than on PostgreSQL, [`ErrorKind::InvalidState`] in a transaction.
    pub fn set_deferrable(&mut self, deferrable: bool) -> Result<()> {
        self.check_between_transactions()?;
        self.execution_options(|options| options.deferrable = deferrable)
    }

    /// Changes how statements are run on this lease.
    ///
    /// ```
    /// use rebis_core::Engine;
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// conn.execution_options(|options| {
    ///     options.echo = true;
    ///     options.logging_token = Some("import".into());
    /// })?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// When it changes what a transaction is: [`ErrorKind::Unsupported`] when the database does not have it,
    /// [`ErrorKind::InvalidState`] in a transaction. Then nothing is changed.
    pub fn execution_options(&mut self, change: impl FnOnce(&mut ExecutionOptions)) -> Result<()> {
        let mut options = self.options().clone();
        change(&mut options);
        self.set_execution_options(options)
    }

    fn set_execution_options(&mut self, options: ExecutionOptions) -> Result<()> {
        if options.transaction() != self.options().transaction() {
            self.check_between_transactions()?;
            self.dialect().begin(options.transaction())?;
        }
        self.own_options = Some(Box::new(options));
        Ok(())
    }

    fn check_between_transactions(&self) -> Result<()> {
        if self.in_transaction() {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "what a transaction is cannot change while it is open; commit or roll back first",
            ));
        }
        Ok(())
    }

    /// What the server said beside its answers since the last call: PostgreSQL's notices and warnings. The newest hundred
    /// are kept. Each is a `tracing` event as well (target `rebis::notice`, level DEBUG).
    ///
    /// ```
    /// use rebis_core::Engine;
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// assert!(conn.notices().is_empty());
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn notices(&mut self) -> Vec<Notice> {
        if self.lease.is_inherited() {
            return Vec::new();
        }
        self.lease.parts().map_or_else(Vec::new, |(connection, ..)| connection.take_notices())
    }

    /// Asks MySQL or MariaDB for the warnings about the last statement (SHOW WARNINGS).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] on other databases, a disconnect, [`ErrorKind::Forked`] in a child.
    pub fn warnings(&mut self) -> Result<Vec<Notice>> {
        self.check_process()?;
        // An answer that is paused ends with it.
        self.statements = self.statements.wrapping_add(1);
        self.lease.working_mut().ok_or_else(no_connection)?.warnings()
    }
}
