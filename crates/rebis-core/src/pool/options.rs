//! What a pool can be told.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Pool;
use super::ledger::Order;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Clock, connection_limit};

/// Which pool.
///
/// ```
/// use rebis_core::{Engine, PoolKind};
///
/// let engine = Engine::builder("sqlite:///shop.db")?.pool(PoolKind::Null).build()?;
/// assert_eq!(engine.pool().status().size, 0);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum PoolKind {
    /// Keeps connections and lends them first come, first served.
    #[default]
    Queue,
    /// Keeps none: each checkout opens a connection, each return closes it.
    Null,
    /// Keeps one connection and lends it to one at a time.
    Static,
    /// Keeps one connection for each thread, for as many threads as its size says.
    SingletonThread,
    /// Lends one connection; a second checkout meanwhile is an error that names both. For finding leaks.
    Assertion,
    /// A pool of one's own. It is made anew in each process, so that no child gets its parent's.
    Own(PoolFactory),
}

/// Makes a pool of one's own: see [`Pool`].
pub type PoolFactory = Arc<dyn Fn(&PoolOptions) -> Box<dyn Pool> + Send + Sync>;

impl fmt::Debug for PoolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PoolKind::Queue => "Queue",
            PoolKind::Null => "Null",
            PoolKind::Static => "Static",
            PoolKind::SingletonThread => "SingletonThread",
            PoolKind::Assertion => "Assertion",
            PoolKind::Own(_) => "Own",
        })
    }
}

/// What happens to an open transaction when its connection comes back.
///
/// ```
/// use rebis_core::{Engine, ResetOnReturn, text};
///
/// let engine = Engine::builder("sqlite://")?.reset_on_return(ResetOnReturn::Session).build()?;
/// engine.connect()?.execute(text("create temporary table t (i int)"))?;
/// let error = engine.connect()?.execute(text("select i from t")).unwrap_err();
/// assert_eq!(error.to_string(), "no such table: t");
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResetOnReturn {
    /// It is rolled back.
    #[default]
    Rollback,
    /// It is committed.
    Commit,
    /// Nothing is sent, but a reset listener may do something; with a transaction still open the connection is closed.
    Nothing,
    /// It is rolled back, and the session is made like new: settings, temporary tables and locks go too (`DISCARD ALL`,
    /// COM_RESET_CONNECTION). So does what `on_connect` listeners have set; with this kind it belongs into `on_checkout`.
    Session,
}

/// The settings of a pool, with SQLAlchemy's defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PoolOptions {
    /// Which pool. Default [`PoolKind::Queue`].
    pub kind: PoolKind,
    /// How many connections are kept open. Default 5.
    pub size: usize,
    /// How many more may be open at a time; `None` for no limit. Default 10.
    pub overflow: Option<usize>,
    /// How long a checkout waits for a free connection. Default 30 s.
    pub timeout: Duration,
    /// Which of the free connections is lent. Default the one that idles longest.
    pub order: Order,
    /// The age at which a connection is replaced: on its return, or when it is next asked for. Default never.
    pub recycle: Option<Duration>,
    /// By how much of it, at random, the age is shortened, so that connections that were opened together are not replaced
    /// together. From 0 to 1; default 0.1.
    pub recycle_jitter: f64,
    /// Whether an idle connection is asked for a sign of life before it is lent. Default no.
    pub pre_ping: bool,
    /// How long a connection must have idled for that. Default zero: each time.
    pub ping_after: Duration,
    /// How long one attempt to open a connection may take. Default 10 s.
    pub connect_timeout: Duration,
    /// How often opening is tried while the server is not there, with growing pauses from 50 ms to 2 s between the attempts,
    /// none of which begins later than `timeout` after the first. Default 1.
    pub connect_attempts: u32,
    /// What happens to an open transaction on return. Default rolled back.
    pub reset_on_return: ResetOnReturn,
    /// A connection that is out for longer is reported, once, with the place of its checkout. Default never.
    pub leak_threshold: Option<Duration>,
    pub(crate) clock: Clock,
}

impl Default for PoolOptions {
    fn default() -> Self {
        PoolOptions {
            kind: PoolKind::Queue,
            size: 5,
            overflow: Some(10),
            timeout: Duration::from_secs(30),
            order: Order::default(),
            recycle: None,
            recycle_jitter: 0.1,
            pre_ping: false,
            ping_after: Duration::ZERO,
            connect_timeout: Duration::from_secs(10),
            connect_attempts: 1,
            reset_on_return: ResetOnReturn::default(),
            leak_threshold: None,
            clock: Clock::default(),
        }
    }
}

impl PoolOptions {
    pub(crate) fn check(&self) -> Result<()> {
        if self.size == 0 && self.overflow == Some(0) {
            return Err(Error::new(
                ErrorKind::Configuration,
                "a pool of size 0 with overflow 0 can lend nothing; use PoolKind::Null for a pool that keeps nothing",
            ));
        }
        if !(0.0..=1.0).contains(&self.recycle_jitter) {
            return Err(Error::new(
                ErrorKind::Configuration,
                "the pool's recycle_jitter must be from 0 to 1",
            ));
        }
        if self.connect_timeout.is_zero() {
            return Err(Error::new(
                ErrorKind::Configuration,
                "with a connect_timeout of zero no connection can be opened; leave it away for the usual 10 s",
            ));
        }
        if self.connect_attempts == 0 {
            return Err(Error::new(
                ErrorKind::Configuration,
                "the pool's connect_attempts must be at least 1",
            ));
        }
        Ok(())
    }

    /// The same, within what a worker process may open.
    pub(super) fn within_budget(mut self) -> Self {
        if let Some(limit) = connection_limit() {
            self.size = self.size.min(limit);
            let rest = limit - self.size;
            self.overflow = Some(self.overflow.map_or(rest, |overflow| overflow.min(rest)));
        }
        self
    }
}
