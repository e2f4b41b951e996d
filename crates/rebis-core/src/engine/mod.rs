//! The engine: where a program's database is, and its connections.

mod builder;
mod cancel;
mod connection;
mod limits;
mod log;
#[cfg(test)]
mod tests;
mod transaction;
mod transaction_state;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

pub use builder::EngineBuilder;
pub use cancel::CancelHandle;
pub use connection::Connection;
pub use transaction::{Savepoint, Transaction};

use crate::compile::CompiledCache;
use crate::dialect::{Dialect, TransactionOptions};
use crate::driver::Connector;
use crate::error::{Error, Result};
use crate::pool::{Lease, Lender, Pool, PoolOptions, PoolStatus};
use crate::process::ForkCell;
use crate::url::{IntoUrl, Url};

/// One database and the pool of connections to it: made once, shared by all threads, cheap to clone.
///
/// After a `fork` the child uses the same engine: it has a pool of its own there, empty at first, and leaves the parent's
/// connections alone.
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let engine = Engine::new("sqlite://")?;
/// let mut conn = engine.connect()?;
/// assert_eq!(conn.execute(text("select 6 * 7"))?.scalar::<i64>()?, 42);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

// What a panic leaves half done in a connection is found out when it is returned: the pool trusts the server's status only.
impl UnwindSafe for Engine {}
impl RefUnwindSafe for Engine {}

/// What all clones share. Everything outside `state` is never changed, so that a child can read it.
struct Shared {
    url: Option<Url>,
    dialect: Dialect,
    connector: Arc<dyn Connector>,
    options: Options,
    state: ForkCell<State>,
}

#[derive(Debug, Clone)]
struct Options {
    pool: PoolOptions,
    transaction: TransactionOptions,
    statement_timeout: Option<Duration>,
    echo: bool,
}

/// What each process makes anew.
struct State {
    pool: Arc<dyn Pool>,
    compiled: CompiledCache,
}

impl Engine {
    /// An engine with the default settings. It parses the URL and connects to nothing yet.
    ///
    /// # Errors
    /// [`Url`](crate::ErrorKind::Url) when the URL cannot be read or has an option that is not known,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) when this build has no driver for it.
    pub fn new(url: impl IntoUrl) -> Result<Engine> {
        Engine::builder(url)?.build()
    }

    /// An engine with settings of one's own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rebis_core::Engine;
    ///
    /// let engine = Engine::builder("sqlite:///shop.db")?
    ///     .pool_size(2)
    ///     .max_overflow(0)
    ///     .pool_timeout(Duration::from_secs(5))
    ///     .pre_ping(true)
    ///     .build()?;
    /// assert_eq!(engine.pool().status().size, 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Url`](crate::ErrorKind::Url) when the URL cannot be read.
    pub fn builder(url: impl IntoUrl) -> Result<EngineBuilder> {
        EngineBuilder::new(url.into_url()?)
    }

    /// An engine on a driver of one's own, or on the scripted one.
    pub fn builder_with_connector(connector: impl Connector + 'static, dialect: Dialect) -> EngineBuilder {
        EngineBuilder::with_connector(Arc::new(connector), dialect)
    }

    /// Leases a connection from the pool; dropping it gives it back.
    ///
    /// # Errors
    /// [`PoolTimeout`](crate::ErrorKind::PoolTimeout) when none comes free in time,
    /// [`Connect`](crate::ErrorKind::Connect) and [`Authentication`](crate::ErrorKind::Authentication) when one had to be
    /// opened and could not.
    pub fn connect(&self) -> Result<Connection> {
        Ok(Connection::new(Lease::checkout(self.clone())?))
    }

    /// Leases a connection and begins a transaction on it. Dropping the transaction without a commit rolls it back.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// let mut tx = engine.begin()?;
    /// tx.execute(text("create table t (i int)"))?;
    /// tx.commit()?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`connect`](Engine::connect), and what the database says to the beginning.
    pub fn begin(&self) -> Result<Transaction<'static>> {
        Transaction::on_own(self.connect()?)
    }

    /// Runs a closure in a transaction: commits when it returns `Ok`, rolls back when it returns an error or panics.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// let count = engine.transaction(|tx| {
    ///     tx.execute(text("create table t (i int)"))?;
    ///     tx.execute(text("select count(*) from t"))?.scalar::<i64>()
    /// })?;
    /// assert_eq!(count, 0);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// The closure's, and as [`begin`](Engine::begin) and [`Transaction::commit`].
    pub fn transaction<T>(&self, run: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.try_transaction(run)
    }

    /// [`transaction`](Engine::transaction) for a closure with an error type of its own.
    ///
    /// # Errors
    /// As [`transaction`](Engine::transaction), turned into the closure's error.
    pub fn try_transaction<T, E: From<Error>>(
        &self,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin()?.run(run)
    }

    /// The pool of this process.
    pub fn pool(&self) -> EnginePool<'_> {
        EnginePool(&self.state().pool)
    }

    /// Closes the idle connections and starts over with an empty pool; connections in use go on and are closed when they
    /// come back. The engine can be used again at once.
    pub fn dispose(&self) {
        self.state().pool.dispose();
    }

    /// The differences of this engine's database.
    pub fn dialect(&self) -> &Dialect {
        &self.0.dialect
    }

    /// The URL; none for an engine on a driver of one's own.
    pub fn url(&self) -> Option<&Url> {
        self.0.url.as_ref()
    }

    fn state(&self) -> &State {
        self.0.state.get_or_init(|| State {
            pool: crate::pool::build(Arc::clone(&self.0.connector), &self.0.options.pool),
            compiled: CompiledCache::new(),
        })
    }
}

impl Lender for Engine {
    fn pool(&self) -> &dyn Pool {
        &*self.state().pool
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { url, dialect, .. } = &*self.0;
        match url {
            Some(url) => write!(f, "Engine({url})"),
            None => write!(f, "Engine({})", dialect.name),
        }
    }
}

/// An engine's pool, as far as programs need it.
#[derive(Debug, Clone, Copy)]
pub struct EnginePool<'e>(&'e Arc<dyn Pool>);

impl EnginePool<'_> {
    /// How the pool stands now.
    pub fn status(&self) -> PoolStatus {
        self.0.status()
    }
}
