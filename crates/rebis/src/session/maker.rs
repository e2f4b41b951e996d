//! Sessions with the same settings and listeners: SQLAlchemy's `sessionmaker`.

use std::fmt;
use std::sync::Arc;

use rebis_core::process::Replaceable;
use rebis_core::{Engine, Error, Result};

use super::Session;
use super::events::Listeners;
use super::options::SessionOptions;

/// Makes sessions with the same engine, settings and listeners. It is cheap to clone and shared by threads; what it makes stays on
/// the thread that asked.
///
/// ```
/// use rebis::{Engine, Session, SessionMaker};
///
/// let factory = SessionMaker::new(&Engine::new("sqlite://")?).expire_on_commit(false);
/// let session: Session = factory.session();
/// assert!(!session.options().expire_on_commit && session.options().autoflush);
/// let answer = factory.begin(|_session| Ok(42))?; // commit or rollback, and close
/// assert_eq!(answer, 42);
/// # Ok::<(), rebis::Error>(())
/// ```
#[derive(Clone)]
pub struct SessionMaker {
    engine: Engine,
    options: Arc<Replaceable<SessionOptions>>,
    listeners: Arc<Listeners>,
}

impl SessionMaker {
    /// One with the default settings. For execution options in each statement of its sessions, give it a view of the engine:
    /// [`Engine::execution_options`].
    pub fn new(engine: &Engine) -> SessionMaker {
        SessionMaker {
            engine: engine.clone(),
            options: Arc::new(Replaceable::new(SessionOptions::default())),
            listeners: Arc::default(),
        }
    }

    /// Whether changes are sent before each query. Default yes.
    #[must_use]
    pub fn autoflush(self, autoflush: bool) -> SessionMaker {
        self.with(|options| options.autoflush = autoflush)
    }

    /// Whether objects are read again after a commit. Default yes.
    #[must_use]
    pub fn expire_on_commit(self, expire_on_commit: bool) -> SessionMaker {
        self.with(|options| options.expire_on_commit = expire_on_commit)
    }

    /// Another one with settings of its own and the same listeners.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut SessionOptions)) -> SessionMaker {
        let mut options = self.options();
        change(&mut options);
        self.options = Arc::new(Replaceable::new(options));
        self
    }

    /// Changes the settings of the sessions that it and its clones make from now on; those that are there keep theirs.
    ///
    /// ```
    /// use rebis::{Engine, SessionMaker};
    ///
    /// let factory = SessionMaker::new(&Engine::new("sqlite://")?);
    /// let before = factory.session();
    /// factory.configure(|options| options.autoflush = false);
    /// assert!(before.options().autoflush && !factory.session().options().autoflush);
    /// # Ok::<(), rebis::Error>(())
    /// ```
    pub fn configure(&self, mut change: impl FnMut(&mut SessionOptions)) {
        self.options.update(|old| {
            let mut options = old.cloned().unwrap_or_default();
            change(&mut options);
            options
        });
    }

    /// The settings of the sessions that it makes now.
    pub fn options(&self) -> SessionOptions {
        self.options.get().cloned().unwrap_or_default()
    }

    /// The engine of its sessions.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A session. It connects to nothing yet.
    pub fn session(&self) -> Session {
        self.session_with(|_| {})
    }

    /// A session with other settings than the others.
    pub fn session_with(&self, change: impl FnOnce(&mut SessionOptions)) -> Session {
        let mut options = self.options();
        change(&mut options);
        Session::made(&self.engine, options, Some(&self.listeners))
    }

    /// Runs a closure with a session: commits when it returns `Ok`, rolls back when it returns an error or panics, and closes the
    /// session in any case.
    ///
    /// # Errors
    /// The closure's, and as [`Session::commit`].
    #[track_caller]
    pub fn begin<T>(&self, run: impl FnOnce(&Session) -> Result<T>) -> Result<T> {
        self.try_begin(run)
    }

    /// [`begin`](SessionMaker::begin) for a closure with an error type of its own.
    ///
    /// # Errors
    /// As [`begin`](SessionMaker::begin), turned into the closure's error.
    #[track_caller]
    pub fn try_begin<T, E: From<Error>>(&self, run: impl FnOnce(&Session) -> Result<T, E>) -> Result<T, E> {
        let session = self.session();
        // Closed on every way out; what is not committed by then is rolled back.
        let close = Close(&session);
        let value = match run(&session) {
            Ok(value) => value,
            Err(error) => {
                let _ = session.rollback();
                return Err(error);
            }
        };
        if let Err(error) = session.commit() {
            let _ = session.rollback();
            return Err(error.into());
        }
        drop(close);
        Ok(value)
    }

    pub(super) fn shared_listeners(&self) -> &Listeners {
        &self.listeners
    }
}

struct Close<'s>(&'s Session);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl fmt::Debug for SessionMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionMaker({:?}, {:?})", self.engine, self.options())
    }
}
