//! Settings → engine.

use std::sync::Arc;
use std::time::Duration;

use super::events::EngineListeners;
use super::{Core, Engine, ExecutionOptions, View};
use crate::dialect::{Dialect, IsolationLevel};
use crate::driver::Connector;
use crate::driver::scripted::ScriptedClock;
use crate::error::{Error, ErrorKind, Result};
use crate::pool::{Order, PoolKind, PoolListeners, PoolOptions, ResetOnReturn};
use crate::process::ForkCell;
use crate::url::{Backend, Url, UrlOptions};

/// The settings of an engine to be; made by [`Engine::builder`].
///
/// ```
/// use std::time::Duration;
/// use rebis_core::pool::Order;
/// use rebis_core::{Engine, IsolationLevel, PoolKind, ResetOnReturn};
///
/// let engine = Engine::builder("postgresql://app@db/shop")?
///     .pool(PoolKind::Queue)
///     .pool_size(10)
///     .max_overflow(None)
///     .pool_timeout(Duration::from_secs(5))
///     .pool_order(Order::LastInFirstOut)
///     .pool_recycle(Duration::from_secs(1800))
///     .recycle_jitter(0.2)
///     .pre_ping(true)
///     .ping_after(Duration::from_secs(5))
///     .connect_timeout(Duration::from_secs(3))
///     .connect_attempts(5)
///     .reset_on_return(ResetOnReturn::Session)
///     .leak_threshold(Duration::from_secs(60))
///     .isolation_level(IsolationLevel::Serializable)
///     .statement_timeout(Duration::from_secs(30))
///     .logging_token("till")
///     .build()?;
/// assert_eq!(engine.pool().status().overflow, None);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct EngineBuilder {
    url: Option<Url>,
    connector: Arc<dyn Connector>,
    dialect: Dialect,
    pool: PoolOptions,
    query_cache_size: usize,
    options: ExecutionOptions,
}

impl EngineBuilder {
    pub(super) fn new(url: Url) -> Result<Self> {
        let mut url_options = url.options();
        let connector = connector(&url, &mut url_options)?;
        let connect_timeout = url_options.seconds("connect_timeout")?;
        let isolation_level = url_options.text("isolation_level")?;
        url_options.finish()?;
        let mut builder = EngineBuilder::with_connector(connector, Dialect::of(&url));
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
        let (pool, options) = (PoolOptions::default(), ExecutionOptions::default());
        EngineBuilder { url: None, connector, dialect, pool, query_cache_size: 500, options }
    }

    /// Which pool. Default [`PoolKind::Queue`].
    pub fn pool(mut self, kind: PoolKind) -> Self {
        self.pool.kind = kind;
        self
    }

    /// How many connections are kept open. Default 5; 1 for SQLite in memory.
    pub fn pool_size(mut self, size: usize) -> Self {
        self.pool.size = size;
        self
    }

    /// How many more may be open at a time; `None` for no limit. Default 10; 0 for SQLite in memory.
    pub fn max_overflow(mut self, overflow: impl Into<Option<usize>>) -> Self {
        self.pool.overflow = overflow.into();
        self
    }

    /// How long a checkout waits for a free connection. Default 30 s.
    pub fn pool_timeout(mut self, timeout: Duration) -> Self {
        self.pool.timeout = timeout;
        self
    }

    /// The age at which a connection is replaced when it is next asked for. Default never.
    pub fn pool_recycle(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.pool.recycle = age.into();
        self
    }

    /// Whether an idle connection is asked for a sign of life before it is lent. Default no.
    pub fn pre_ping(mut self, ping: bool) -> Self {
        self.pool.pre_ping = ping;
        self
    }

    /// Which of the free connections is lent. Default [`Order::FirstInFirstOut`].
    pub fn pool_order(mut self, order: Order) -> Self {
        self.pool.order = order;
        self
    }

    /// By how much of `pool_recycle`, at random, a connection's age is shortened. From 0 to 1; default 0.1.
    pub fn recycle_jitter(mut self, part: f64) -> Self {
        self.pool.recycle_jitter = part;
        self
    }

    /// How long a connection must have idled for `pre_ping` to ask it. Default zero.
    pub fn ping_after(mut self, idle: Duration) -> Self {
        self.pool.ping_after = idle;
        self
    }

    /// How often opening is tried while the server is not there, with growing pauses, within the pool's timeout. Default 1.
    pub fn connect_attempts(mut self, attempts: u32) -> Self {
        self.pool.connect_attempts = attempts;
        self
    }

    /// What happens to an open transaction when its connection comes back. Default [`ResetOnReturn::Rollback`].
    pub fn reset_on_return(mut self, reset: ResetOnReturn) -> Self {
        self.pool.reset_on_return = reset;
        self
    }

    /// For how long a connection may be out before it is reported (a `tracing` warning, target `rebis::pool`), with the place
    /// where it was checked out. There is no thread in the background: it is reported at the next checkout, or on its return.
    /// Default never.
    pub fn leak_threshold(mut self, threshold: impl Into<Option<Duration>>) -> Self {
        self.pool.leak_threshold = threshold.into();
        self
    }

    /// Lets ages and idle times follow a clock that moves when it is told, for tests.
    pub fn clock(mut self, clock: &ScriptedClock) -> Self {
        self.pool.clock = clock.clock();
        self
    }

    /// How long opening a connection may take, with name resolution and login. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.pool.connect_timeout = timeout;
        self
    }

    /// The isolation level of every transaction. Default: the database's own.
    pub fn isolation_level(mut self, level: IsolationLevel) -> Self {
        self.options.isolation_level = Some(level);
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
        self.options.read_only = read_only;
        self
    }

    /// How long a statement may run, where neither the statement nor its connection says otherwise; `None` for no limit.
    /// Default none: only the driver's read timeout (600 s) bounds it then. See [`Text::timeout`](crate::Text::timeout).
    pub fn statement_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.options.statement_timeout = timeout.into();
        self
    }

    /// How many statements each process keeps compiled, the most recently used ones: so many written by hand, and so many
    /// composed, whatever their values. Default 500; 0 compiles each time.
    pub fn query_cache_size(mut self, size: usize) -> Self {
        self.query_cache_size = size;
        self
    }

    /// Whether statements are logged as `tracing` events of level INFO (target `rebis::sql`), with their values, instead of
    /// DEBUG without them. Default no.
    pub fn echo(mut self, echo: bool) -> Self {
        self.options.echo = echo;
        self
    }

    /// Whether `echo` leaves the values out. Default no. Errors never show values.
    pub fn hide_parameters(mut self, hide: bool) -> Self {
        self.options.hide_parameters = hide;
        self
    }

    /// A word that stands in each of this engine's lines in the log.
    pub fn logging_token(mut self, token: impl Into<Arc<str>>) -> Self {
        self.options.logging_token = Some(token.into());
        self
    }

    /// A database in SQLite's memory is its one connection.
    fn check_memory(&self) -> Result<()> {
        let in_memory =
            self.url.as_ref().is_some_and(|url| url.backend() == Backend::Sqlite && url.database().is_none());
        let pool = &self.pool;
        let one = matches!(pool.kind, PoolKind::Queue | PoolKind::Static)
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
        self.pool.check()?;
        self.check_memory()?;
        self.dialect.begin(self.options.transaction())?;
        let core = Core {
            url: self.url,
            dialect: self.dialect,
            connector: self.connector,
            pool: self.pool,
            query_cache_size: self.query_cache_size,
            pool_listeners: Arc::new(PoolListeners::default()),
            listeners: Arc::new(EngineListeners::default()),
            state: ForkCell::new(),
        };
        Ok(Engine(Arc::new(View { core: Arc::new(core), options: self.options })))
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
            let (name, _) = (backend.scheme(), options);
            let feature = if backend == Backend::Postgresql { "postgres" } else { name };
            Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "this build has no {name} driver: enable the feature '{feature}' of rebis in Cargo.toml"
                ),
            ))
        }
    }
}
