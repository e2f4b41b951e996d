//! Settings → engine.

use std::sync::Arc;
use std::time::Duration;

use super::{Engine, Options, Shared};
use crate::dialect::{Dialect, IsolationLevel, TransactionOptions};
use crate::driver::Connector;
use crate::error::{Error, ErrorKind, Result};
use crate::pool::{PoolKind, PoolOptions};
use crate::process::ForkCell;
use crate::url::{Backend, Url, UrlOptions};

/// The settings of an engine to be; made by [`Engine::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct EngineBuilder {
    url: Option<Url>,
    connector: Arc<dyn Connector>,
    dialect: Dialect,
    options: Options,
}

impl EngineBuilder {
    pub(super) fn new(url: Url) -> Result<Self> {
        let mut url_options = url.options();
        let connector = connector(&url, &mut url_options)?;
        let connect_timeout = url_options.seconds("connect_timeout")?;
        let isolation_level = url_options.text("isolation_level")?;
        url_options.finish()?;
        let mut builder = EngineBuilder::with_connector(connector, Dialect::of(url.backend()));
        if url.backend() == Backend::Sqlite && url.database().is_none() {
            // A second connection would be a second, empty database.
            builder = builder.pool_size(1).max_overflow(0);
        }
        if let Some(timeout) = connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(level) = isolation_level {
            builder = builder.isolation_level(level.parse()?);
        }
        builder.url = Some(url);
        Ok(builder)
    }

    pub(super) fn with_connector(connector: Arc<dyn Connector>, dialect: Dialect) -> Self {
        let options = Options {
            pool: PoolOptions::default(),
            transaction: TransactionOptions::default(),
            statement_timeout: None,
            echo: false,
        };
        EngineBuilder { url: None, connector, dialect, options }
    }

    /// Which pool. Default [`PoolKind::Queue`].
    pub fn pool(mut self, kind: PoolKind) -> Self {
        self.options.pool.kind = kind;
        self
    }

    /// How many connections are kept open. Default 5; 1 for SQLite in memory.
    pub fn pool_size(mut self, size: usize) -> Self {
        self.options.pool.size = size;
        self
    }

    /// How many more may be open at a time; `None` for no limit. Default 10; 0 for SQLite in memory.
    pub fn max_overflow(mut self, overflow: impl Into<Option<usize>>) -> Self {
        self.options.pool.overflow = overflow.into();
        self
    }

    /// How long a checkout waits for a free connection. Default 30 s.
    pub fn pool_timeout(mut self, timeout: Duration) -> Self {
        self.options.pool.timeout = timeout;
        self
    }

    /// The age at which a connection is replaced when it is next asked for. Default never.
    pub fn pool_recycle(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.options.pool.recycle = age.into();
        self
    }

    /// Whether an idle connection is asked for a sign of life before it is lent. Default no.
    pub fn pre_ping(mut self, ping: bool) -> Self {
        self.options.pool.pre_ping = ping;
        self
    }

    /// How long opening a connection may take, with name resolution and login. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.pool.connect_timeout = timeout;
        self
    }

    /// The isolation level of every transaction. Default: the database's own.
    pub fn isolation_level(mut self, level: IsolationLevel) -> Self {
        self.options.transaction.isolation_level = Some(level);
        self
    }

    /// Whether every transaction only reads: see [`Connection::set_read_only`](crate::Connection::set_read_only). Default no.
    ///
    /// ```
    /// use rebis_core::{Engine, ErrorKind, text};
    ///
    /// let reports = Engine::builder("sqlite://")?.read_only(true).build()?;
    /// let error = reports.connect()?.execute(text("create table t (i int)")).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Statement);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.options.transaction.read_only = read_only;
        self
    }

    /// How long a statement may run, where neither the statement nor its connection says otherwise; `None` for no limit.
    /// Default none: only the driver's read timeout (600 s) bounds it then. See [`Text::timeout`](crate::Text::timeout).
    pub fn statement_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.options.statement_timeout = timeout.into();
        self
    }

    /// Whether statements are logged as `tracing` events of level INFO (target `rebis::sql`) instead of DEBUG. Default no.
    pub fn echo(mut self, echo: bool) -> Self {
        self.options.echo = echo;
        self
    }

    /// A database in SQLite's memory is its one connection.
    fn check_memory(&self) -> Result<()> {
        let in_memory =
            self.url.as_ref().is_some_and(|url| url.backend() == Backend::Sqlite && url.database().is_none());
        let pool = &self.options.pool;
        let one = pool.kind == PoolKind::Queue
            && pool.size == 1
            && pool.overflow == Some(0)
            && pool.recycle.is_none();
        if in_memory && !one {
            return Err(Error::new(
                ErrorKind::Configuration,
                "SQLite in memory is one connection: another one would be another, empty database, and a closed one is \
                 gone; leave the pool as it is, or use a file",
            ));
        }
        Ok(())
    }

    /// Makes the engine. Connects to nothing yet.
    ///
    /// # Errors
    /// [`Configuration`](ErrorKind::Configuration) for settings that make no sense,
    /// [`Unsupported`](ErrorKind::Unsupported) for transactions that the database does not have: an isolation level, say.
    pub fn build(self) -> Result<Engine> {
        self.options.pool.check()?;
        self.check_memory()?;
        self.dialect.begin(self.options.transaction)?;
        Ok(Engine(Arc::new(Shared {
            url: self.url,
            dialect: self.dialect,
            connector: self.connector,
            options: self.options,
            state: ForkCell::new(),
        })))
    }
}

/// The driver for a URL's database, as far as this build has it.
fn connector(url: &Url, options: &mut UrlOptions<'_>) -> Result<Arc<dyn Connector>> {
    match url.backend() {
        #[cfg(feature = "sqlite")]
        Backend::Sqlite => Ok(Arc::new(crate::driver::sqlite::SqliteConnector::new(url, options)?)),
        #[cfg(feature = "mysql")]
        Backend::Mysql => Ok(Arc::new(crate::driver::mysql::MysqlConnector::new(url, options)?)),
        #[cfg(feature = "postgres")]
        Backend::Postgresql => Ok(Arc::new(crate::driver::postgres::PostgresConnector::new(url, options)?)),
        #[allow(unreachable_patterns, reason = "reached when a driver's feature is off")]
        backend => {
            let name = backend.scheme();
            let _ = options;
            Err(Error::new(
                ErrorKind::Unsupported,
                format!("this build has no {name} driver; enable its Cargo feature"),
            ))
        }
    }
}
