//! Pool events: who listens, and what a listener may say.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::marks::LeaseInfo;
use super::record::ConnectionRecord;
use crate::driver::{Connection, Login};
use crate::error::{Error, ErrorKind, Result};
use crate::process::AppendList;

type Raw = dyn Connection + 'static;
type Heard<F> = AppendList<Box<F>>;
pub(crate) type OnConnect = dyn Fn(&mut Raw, &mut ConnectionRecord) -> Result<()> + Send + Sync;
pub(crate) type OnCheckout = dyn Fn(&mut Raw, &mut ConnectionRecord, &LeaseInfo) -> Result<()> + Send + Sync;
pub(crate) type OnCheckin = dyn Fn(Option<&mut Raw>, &mut ConnectionRecord) + Send + Sync;
pub(crate) type OnReset = dyn Fn(&mut Raw, &mut ConnectionRecord, &ResetState) -> Result<()> + Send + Sync;
pub(crate) type OnInvalidate = dyn Fn(&mut ConnectionRecord, Option<&Error>) + Send + Sync;
pub(crate) type OnClose = dyn Fn(&mut Raw, &mut ConnectionRecord) + Send + Sync;
pub(crate) type OnCloseDetached = dyn Fn(&mut Raw) + Send + Sync;
pub(crate) type OnError = dyn Fn(&mut ErrorContext) + Send + Sync;
pub(crate) type OnDoConnect =
    dyn Fn(&mut ConnectRequest) -> Result<Option<Box<dyn Connection>>> + Send + Sync;

/// The listeners of one engine's pools, in the order in which they were added. Children inherit them.
#[derive(Debug, Default)]
pub(crate) struct PoolListeners {
    pub(crate) connect: Heard<OnConnect>,
    pub(crate) first_connect: Heard<OnConnect>,
    pub(crate) checkout: Heard<OnCheckout>,
    pub(crate) checkin: Heard<OnCheckin>,
    pub(crate) reset: Heard<OnReset>,
    pub(crate) invalidate: Heard<OnInvalidate>,
    pub(crate) soft_invalidate: Heard<OnInvalidate>,
    pub(crate) close: Heard<OnClose>,
    pub(crate) detach: Heard<OnClose>,
    pub(crate) close_detached: Heard<OnCloseDetached>,
    pub(crate) do_connect: Heard<OnDoConnect>,
    pub(crate) handle_error: Heard<OnError>,
}

/// A listener that was added; [`remove`](Listener::remove) takes it away again. Dropping this changes nothing.
///
/// ```
/// use rebis_core::Engine;
///
/// let engine = Engine::new("sqlite://")?;
/// let listener = engine.on_begin(|_event| println!("begins"));
/// assert!(listener.is_active());
/// listener.remove();
/// assert!(!listener.is_active());
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Listener(Arc<AtomicBool>);

impl Listener {
    /// For the layers above.
    #[doc(hidden)]
    pub fn new(removed: Arc<AtomicBool>) -> Self {
        Listener(removed)
    }

    /// From now on it is not called; a call under way ends.
    pub fn remove(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is still called.
    pub fn is_active(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// A connection about to be opened, for which a listener may name another login.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectRequest {
    /// Who connects; the URL's user and password at first, anew for each connection.
    pub login: Login,
}

impl ConnectRequest {
    pub(super) fn new(login: Login) -> Self {
        ConnectRequest { login }
    }
}

/// An error of the database's or the wire's on its way to the program, for handlers to see and to change.
#[derive(Debug)]
pub struct ErrorContext {
    pub(super) error: Error,
    pub(super) is_pre_ping: bool,
}

impl ErrorContext {
    /// The error: its kind, its SQL, whether it cost the connection.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Whether it came from the sign of life before a checkout, not from a statement.
    pub fn is_pre_ping(&self) -> bool {
        self.is_pre_ping
    }

    /// Puts another error in its place; the one that was there becomes its cause, unless it has one. Whether the connection is
    /// gone stays as it was.
    pub fn replace(&mut self, error: Error) {
        use std::error::Error as _;
        let error = if self.error.is_disconnect() && !error.is_disconnect() {
            error.with_disconnect_of_pool(self.error.invalidates_pool())
        } else {
            error
        };
        let error = match error.source() {
            Some(_) => error,
            None => {
                let cause = std::mem::replace(&mut self.error, Error::new(ErrorKind::Internal, ""));
                error.with_source(cause)
            }
        };
        self.error = error;
    }

    /// Says whether the connection is gone. When it is, it is replaced before its next use.
    pub fn set_disconnect(&mut self, disconnect: bool) {
        self.change(|error| match (disconnect, error.is_disconnect()) {
            (true, false) => error.with_disconnect_of_pool(true),
            (false, true) => error.without_disconnect(),
            _ => error,
        });
    }

    /// Says whether a connection that is gone takes the trust in the older ones of its pool with it.
    pub fn set_invalidate_pool(&mut self, pool: bool) {
        self.change(|error| if error.is_disconnect() { error.with_disconnect_of_pool(pool) } else { error });
    }

    fn change(&mut self, change: impl FnOnce(Error) -> Error) {
        let error = std::mem::replace(&mut self.error, Error::new(ErrorKind::Internal, ""));
        self.error = change(error);
    }
}

/// How a connection comes to its reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResetState {
    /// The engine has ended the transaction already, so that nothing is left to roll back.
    pub transaction_was_reset: bool,
    /// The connection is closed next: it was detached.
    pub terminate_only: bool,
}

impl ResetState {
    pub(super) fn new(transaction_was_reset: bool, terminate_only: bool) -> Self {
        ResetState { transaction_was_reset, terminate_only }
    }
}

/// What a checkout listener says of a connection that must not be used: it is replaced by another.
///
/// ```
/// use rebis_core::pool::Disconnection;
/// let error: rebis_core::Error = Disconnection::new("leased by another process").into();
/// assert!(error.is_disconnect());
/// ```
#[derive(Debug, Clone)]
pub struct Disconnection {
    message: String,
    invalidate_pool: bool,
}

impl Disconnection {
    /// This connection must not be used, because of this.
    pub fn new(message: impl Into<String>) -> Self {
        Disconnection { message: message.into(), invalidate_pool: false }
    }

    /// Neither must those that were opened before now.
    #[must_use]
    pub fn invalidate_pool(mut self) -> Self {
        self.invalidate_pool = true;
        self
    }
}

// `Into`, not `From`: a second `From` into `Error` would leave closures that end in `Ok(())` without an inferred type.
#[allow(clippy::from_over_into, reason = "see above")]
impl Into<Error> for Disconnection {
    fn into(self) -> Error {
        Error::new(ErrorKind::Disconnected, self.message).with_disconnect_of_pool(self.invalidate_pool)
    }
}

impl fmt::Display for Disconnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
