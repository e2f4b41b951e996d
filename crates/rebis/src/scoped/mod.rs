//! One session for each thread and each process: SQLAlchemy's `scoped_session`.

mod slot;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use rebis_core::process::Replaceable;
use rebis_core::{Error, ErrorKind, Result};

use crate::mapper::Model;
use crate::session::{Query, Session, SessionMaker, SessionOptions};

/// A place, for a `static`, where each thread of each process finds a session of its own.
///
/// The session is made by the first [`session`](ScopedSession::session) of a thread, and the same one is found there until
/// [`remove`](ScopedSession::remove), or until the thread ends: then it is rolled back, its connection goes back to the pool, and
/// no listener hears of it. A forked child finds no session and makes one; that of its parent is left as it is, and handles on it
/// answer [`ErrorKind::Forked`].
///
/// ```
/// use rebis::{Engine, ScopedSession, Session, SessionMaker};
///
/// static DB: ScopedSession = ScopedSession::new();
///
/// DB.configure(SessionMaker::new(&Engine::new("sqlite://")?));
/// let (one, same) = (DB.session()?, DB.session()?);
/// assert!(Session::ptr_eq(&one, &same));
/// DB.remove();
/// assert!(!DB.has());
/// # Ok::<(), rebis::Error>(())
/// ```
pub struct ScopedSession {
    /// Its number; 0 until it is first used.
    number: AtomicU64,
    /// No lock: a child could inherit it locked.
    maker: Replaceable<SessionMaker>,
    scope: Option<fn() -> u128>,
}

impl ScopedSession {
    /// One session for each thread.
    pub const fn new() -> ScopedSession {
        ScopedSession { number: AtomicU64::new(0), maker: Replaceable::empty(), scope: None }
    }

    /// One session for each thread and each value of a function: a request's number, say, or its UUID as one.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// use rebis::{Engine, ScopedSession, Session, SessionMaker};
    ///
    /// thread_local!(static REQUEST: Cell<u128> = const { Cell::new(1) });
    /// static DB: ScopedSession = ScopedSession::with_scope(|| REQUEST.get());
    ///
    /// DB.configure(SessionMaker::new(&Engine::new("sqlite://")?));
    /// let first = DB.session()?;
    /// REQUEST.set(2);
    /// assert!(!Session::ptr_eq(&first, &DB.session()?));
    /// REQUEST.set(1);
    /// assert!(Session::ptr_eq(&first, &DB.session()?));
    /// # Ok::<(), rebis::Error>(())
    /// ```
    pub const fn with_scope(scope: fn() -> u128) -> ScopedSession {
        ScopedSession { number: AtomicU64::new(0), maker: Replaceable::empty(), scope: Some(scope) }
    }

    /// Says how sessions are made from now on, on every thread. Those that are there stay as they are; when one is there on this
    /// thread, that is logged as a warning.
    pub fn configure(&self, maker: SessionMaker) {
        if self.has() {
            tracing::warn!(
                target: "rebis::session",
                "a scoped session is there already and keeps its settings; remove() it before configure()"
            );
        }
        self.maker.set(maker);
    }

    /// The maker, for listeners on all sessions: `DB.maker()?.on_after_commit(…)`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] before [`configure`](ScopedSession::configure).
    pub fn maker(&self) -> Result<&SessionMaker> {
        self.maker.get().ok_or_else(|| {
            let text = "this ScopedSession has no SessionMaker yet: call configure(maker) first";
            Error::new(ErrorKind::InvalidState, text)
        })
    }

    /// The session of this scope, which is made when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] before [`configure`](ScopedSession::configure), and while the locals of a thread that ends are
    /// being destroyed.
    pub fn session(&self) -> Result<Session> {
        let key = self.key();
        if let Some(session) = slot::find(key)? {
            return Ok(session);
        }
        let session = self.maker()?.session();
        slot::put(key, &session)?;
        Ok(session)
    }

    /// Makes the session of this scope with other settings; later calls of [`session`](ScopedSession::session) find it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when a session is there already, and as [`session`](ScopedSession::session).
    pub fn session_with(&self, change: impl FnOnce(&mut SessionOptions)) -> Result<Session> {
        let key = self.key();
        if slot::find(key)?.is_some() {
            let text = "a session is there already, and its settings cannot be changed; remove() it first";
            return Err(Error::new(ErrorKind::InvalidState, text));
        }
        let session = self.maker()?.session_with(change);
        slot::put(key, &session)?;
        Ok(session)
    }

    /// Whether there is a session in this scope. None is made.
    pub fn has(&self) -> bool {
        slot::find(self.key()).is_ok_and(|session| session.is_some())
    }

    /// Ends the session of this scope: rolled back, its connection back in the pool, its objects detached. The next call makes a
    /// new one. To be called at the end of a job or a request.
    pub fn remove(&self) {
        if let Some(session) = slot::take(self.key()) {
            session.close();
        }
    }

    /// A query through the session of the scope in which it is asked for.
    ///
    /// # Errors
    /// As [`session`](ScopedSession::session).
    pub fn query<T: Model>(&self) -> Result<Query<T>> {
        Ok(self.session()?.query())
    }

    fn key(&self) -> slot::Key {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let mut number = self.number.load(Ordering::Relaxed);
        if number == 0 {
            let new = LAST.fetch_add(1, Ordering::Relaxed) + 1;
            number = match self.number.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => new,
                Err(faster) => faster,
            };
        }
        (number, self.scope.map_or(0, |scope| scope()))
    }
}

impl Default for ScopedSession {
    fn default() -> Self {
        ScopedSession::new()
    }
}

impl fmt::Debug for ScopedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedSession").field("maker", &self.maker.get()).finish_non_exhaustive()
    }
}
