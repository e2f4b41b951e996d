//! The engine: where a program's database is, and its connections.

mod builder;
mod cancel;
mod config;
mod connection;
mod counters;
mod ddl;
mod ddl_events;
mod enums;
mod events;
mod execute;
mod flat_rows;
mod gathered;
mod insert_rows;
mod last_id;
mod limits;
mod listen;
mod log;
mod many;
mod options;
mod pool;
mod raw_connection;
mod resume;
mod row_order;
#[cfg(test)]
mod tests;
mod transaction;
mod transaction_state;
mod update_rows;

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

pub use builder::EngineBuilder;
pub use cancel::CancelHandle;
pub use connection::Connection;
pub use counters::EngineCounters;
pub use ddl::{create_all, drop_all};
pub use ddl_events::{DdlEvent, DdlTarget};
pub use events::{AfterCursorExecute, AfterExecute, BeforeCursorExecute, BeforeExecute, TransactionEvent};
pub use options::ExecutionOptions;
pub use pool::EnginePool;
pub use raw_connection::RawConnection;
pub use transaction::{Savepoint, Transaction};

use self::counters::Counters;
use self::events::EngineListeners;
use crate::compile::{CompiledCache, CompiledStatement};
use crate::dialect::Dialect;
use crate::driver::Connector;
use crate::error::{Error, Result};
use crate::pool::{Lease, Lender, Lending, PoolListeners, PoolOptions};
use crate::process::ForkCell;
use crate::sql::Statement;
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
pub struct Engine(Arc<View>);

// What a panic leaves half done in a connection is found out when it is returned: the pool trusts the server's status only.
impl UnwindSafe for Engine {}
impl RefUnwindSafe for Engine {}

/// A view of an engine: its own options over what all views share.
struct View {
    core: Arc<Core>,
    options: ExecutionOptions,
}

/// What all views and clones share. Everything outside `state` and the listeners, which need no lock, is never changed, so
/// that a child can read it.
struct Core {
    url: Option<Url>,
    dialect: Dialect,
    connector: Arc<dyn Connector>,
    pool: PoolOptions,
    query_cache_size: usize,
    pool_listeners: Arc<PoolListeners>,
    listeners: Arc<EngineListeners>,
    state: ForkCell<State>,
}

/// What each process makes anew.
struct State {
    lending: Lending,
    compiled: CompiledCache,
    counters: Counters,
}

impl Engine {
    /// An engine with the default settings. It parses the URL and connects to nothing yet.
    ///
    /// ```
    /// let engine = rebis_core::Engine::new("postgresql://app:secret@db/shop?application_name=till")?;
    /// assert_eq!(engine.pool().status().idle, 0, "nothing is connected yet");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
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
    ///
    /// ```
    /// use rebis_core::driver::scripted::{Answer, Script};
    /// use rebis_core::{Dialect, Engine, text};
    ///
    /// let script = Script::new();
    /// script.answer("select 6 * 7", Answer::rows(["n"], [[42.into()]]));
    /// let engine = Engine::builder_with_connector(script.connector(), Dialect::POSTGRESQL).build()?;
    /// assert_eq!(engine.connect()?.scalar::<i64>(text("select 6 * 7"))?, 42);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn builder_with_connector(connector: impl Connector + 'static, dialect: Dialect) -> EngineBuilder {
        EngineBuilder::with_connector(Arc::new(connector), dialect)
    }

    /// Leases a connection from the pool; dropping it gives it back.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// let mut conn = engine.connect()?;
    /// assert_eq!(conn.scalar::<i64>(text("select 1"))?, 1);
    /// drop(conn);
    /// assert_eq!(engine.pool().status().idle, 1);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`PoolTimeout`](crate::ErrorKind::PoolTimeout) when none comes free in time,
    /// [`Connect`](crate::ErrorKind::Connect) and [`Authentication`](crate::ErrorKind::Authentication) when one had to be
    /// opened and could not.
    #[track_caller]
    pub fn connect(&self) -> Result<Connection> {
        let lease = Lease::checkout(self.clone())?;
        let listeners = &self.core().listeners.engine_connect;
        if listeners.is_empty() {
            // Made where the caller wants it, and not moved there.
            return Ok(Connection::new(lease));
        }
        let mut connection = Connection::new(lease);
        for listener in listeners.iter() {
            listener(&mut connection)?;
        }
        Ok(connection)
    }

    /// Leases a connection of the driver, without what the engine adds.
    ///
    /// # Errors
    /// As [`connect`](Engine::connect).
    #[track_caller]
    pub fn raw_connection(&self) -> Result<RawConnection> {
        Ok(RawConnection::new(Lease::checkout(self.clone())?))
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
    #[track_caller]
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
    #[track_caller]
    pub fn transaction<T>(&self, run: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.try_transaction(run)
    }

    /// [`transaction`](Engine::transaction) for a closure with an error type of its own.
    ///
    /// ```
    /// use std::error::Error;
    /// use rebis_core::{Engine, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// let result = engine.try_transaction::<i64, Box<dyn Error>>(|tx| {
    ///     let word: String = tx.scalar(text("select 'seven'"))?;
    ///     Ok(word.parse()?)                               // not a number: rolled back
    /// });
    /// assert!(result.is_err());
    /// assert_eq!(engine.counters().rollbacks, 1);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`transaction`](Engine::transaction), turned into the closure's error.
    #[track_caller]
    pub fn try_transaction<T, E: From<Error>>(
        &self,
        run: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin()?.run(run)
    }

    /// The pool of this process.
    pub fn pool(&self) -> EnginePool<'_> {
        EnginePool(self)
    }

    /// What this engine has done so far in this process.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// engine.connect()?.execute(text("select 1"))?;
    /// assert_eq!(engine.counters().statements, 1);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn counters(&self) -> EngineCounters {
        self.state().counters.snapshot()
    }

    /// A view of this engine with options of its own: the same pool, the same listeners.
    ///
    /// ```
    /// use rebis_core::{Engine, IsolationLevel, text};
    ///
    /// let engine = Engine::new("sqlite:///shop.db")?;
    /// let maintenance = engine.execution_options(|options| {
    ///     options.isolation_level = Some(IsolationLevel::Autocommit);
    ///     options.logging_token = Some("maintenance".into());
    /// })?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for transactions that the database does not have.
    pub fn execution_options(&self, change: impl FnOnce(&mut ExecutionOptions)) -> Result<Engine> {
        let mut options = self.0.options.clone();
        change(&mut options);
        self.core().dialect.begin(options.transaction())?;
        Ok(Engine(Arc::new(View { core: Arc::clone(&self.0.core), options })))
    }

    /// A statement as it would be sent, from the compiled cache where it is there already.
    ///
    /// ```
    /// use rebis_core::sql::{IntoStatement, literal, select};
    /// use rebis_core::{Engine, ValueRef};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// let ask = |n: i64| select(literal(n) + 1).into_statement();
    /// let (first, second) = (ask(1), ask(41));
    /// assert_eq!(engine.compile(&first)?.sql(), "SELECT ?1 + ?2");
    /// let again = engine.compile(&second)?;
    /// assert!(again.is_cached());
    /// assert_eq!(again.parameters(), [ValueRef::Int(41), ValueRef::Int(1)]);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for what the database cannot say, [`Statement`](crate::ErrorKind::Statement)
    /// for a column that is not there, [`Bind`](crate::ErrorKind::Bind) when names and values do not match.
    pub fn compile<'s>(&self, statement: &'s Statement) -> Result<CompiledStatement<'s>> {
        self.compile_with(statement, self.dialect(), &self.0.options)
    }

    fn compile_with<'s>(
        &self,
        statement: &'s Statement,
        dialect: &Dialect,
        options: &ExecutionOptions,
    ) -> Result<CompiledStatement<'s>> {
        self.state().compiled.statement(statement, dialect, &options.schema_translate_map)
    }

    /// Another engine with the same URL, settings and listeners, and a pool of its own, empty.
    ///
    /// ```
    /// let engine = rebis_core::Engine::new("sqlite://")?;
    /// let held = engine.connect()?;
    /// let other = engine.recreate();
    /// assert_eq!((engine.pool().status().leased, other.pool().status().leased), (1, 0));
    /// # drop(held);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn recreate(&self) -> Engine {
        let Core { url, dialect, connector, pool, query_cache_size, pool_listeners, listeners, state: _ } =
            &*self.0.core;
        let core = Core {
            url: url.clone(),
            dialect: *dialect,
            connector: Arc::clone(connector),
            pool: pool.clone(),
            query_cache_size: *query_cache_size,
            pool_listeners: Arc::clone(pool_listeners),
            listeners: Arc::clone(listeners),
            state: ForkCell::new(),
        };
        Engine(Arc::new(View { core: Arc::new(core), options: self.0.options.clone() }))
    }

    /// Closes the idle connections and starts over with an empty pool; connections in use go on and are closed when they
    /// come back. The engine can be used again at once.
    ///
    /// ```
    /// let engine = rebis_core::Engine::new("sqlite:///file-that-is-not-opened.db")?;
    /// engine.dispose();
    /// assert_eq!(engine.pool().status().idle, 0);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn dispose(&self) {
        self.dispose_with(true);
    }

    /// Starts over with an empty pool as [`dispose`](Engine::dispose) does, but leaves the idle connections open until the
    /// process ends. After a fork there is no need for it: a child's pool is its own.
    pub fn dispose_without_closing(&self) {
        self.dispose_with(false);
    }

    fn dispose_with(&self, close: bool) {
        self.state().lending.dispose(close);
        for listener in self.core().listeners.engine_disposed.iter() {
            listener(self);
        }
    }

    /// The differences of this engine's database.
    pub fn dialect(&self) -> &Dialect {
        &self.core().dialect
    }

    /// The URL; none for an engine on a driver of one's own.
    pub fn url(&self) -> Option<&Url> {
        self.core().url.as_ref()
    }

    /// Of its connections, unless they have their own.
    fn options(&self) -> &ExecutionOptions {
        &self.0.options
    }

    fn core(&self) -> &Core {
        &self.0.core
    }

    fn state(&self) -> &State {
        let core = self.core();
        core.state.get_or_init(|| State {
            lending: Lending::new(Arc::clone(&core.connector), &core.pool, Arc::clone(&core.pool_listeners)),
            compiled: CompiledCache::new(core.query_cache_size),
            counters: Counters::default(),
        })
    }
}

impl Lender for Engine {
    fn lending(&self) -> &Lending {
        &self.state().lending
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Core { url, dialect, .. } = self.core();
        match url {
            Some(url) => write!(f, "Engine({url})"),
            None => write!(f, "Engine({})", dialect.name),
        }
    }
}
