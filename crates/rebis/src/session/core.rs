//! What a session and its instances share: the unit of work, the connection, the transaction.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::HashMap;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use rebis_core::process::{Generation, generation};
use rebis_core::{Connection, Engine, Error, ErrorKind, Result};

use super::Last;
use super::events::Listeners;
use super::join::Joined;
use super::options::{LazyLoads, SessionOptions};
use super::tell::{FlushHooks, Phase, Reset};
use super::transaction::Savepoint;
use crate::flush::flush;
use crate::load::{Fetch, Populate, check_lazy, find_related, load_related, refresh};
use crate::mapper::{Head, Object, Record, State};
use crate::unit::{Kind, Unit};

/// How often a commit flushes again because listeners have changed something.
pub(super) const MOST_FLUSHES: usize = 100;

/// What keeps sessions and instances on their thread is an `Rc` of this: its name is what the compiler's message says.
pub(super) struct SessionStaysOnItsThread {
    pub(super) engine: Engine,
    pub(super) options: SessionOptions,
    pub(super) unit: Unit,
    process: Generation,
    pub(super) connection: RefCell<Option<Connection>>,
    /// The number of the stream that is reading from the connection; 0 when none is.
    pub(super) streaming: Cell<u64>,
    streams: Cell<u64>,
    /// Why everything is refused until the rollback.
    pub(super) failed: RefCell<Option<String>>,
    /// How many scopes without autoflush are open.
    pub(super) no_autoflush: Cell<u32>,
    /// The savepoints that are open.
    pub(super) savepoints: RefCell<Vec<Savepoint>>,
    pub(super) savepoint_count: Cell<u64>,
    /// Whether the program has begun a transaction by itself.
    pub(super) begun: Cell<bool>,
    /// How it shares the connection that it was given.
    pub(super) joined: Option<Joined>,
    /// Those of the maker, if any, then the session's own.
    pub(super) listeners: Vec<Arc<Listeners>>,
    /// What the handles on the session share.
    pub(super) last: RefCell<Weak<Last>>,
    pub(super) phase: Cell<Phase>,
    /// Whether a flush is under way, its listeners included.
    pub(super) flushing: Cell<bool>,
    /// Whether listeners are being told what has happened.
    pub(super) telling: Cell<bool>,
    /// How often a relation, by mapper and number, was loaded from a line of the program.
    pub(super) lazy_loads: RefCell<HashMap<(u32, usize, &'static Location<'static>), u32>>,
}

pub(super) type Core = SessionStaysOnItsThread;

impl Core {
    pub(super) fn new(engine: Engine, options: SessionOptions, maker: Option<&Arc<Listeners>>) -> Self {
        let listeners: Vec<Arc<Listeners>> = maker.cloned().into_iter().chain([Arc::default()]).collect();
        let wanted = listeners.iter().map(|listeners| Arc::clone(&listeners.wanted)).collect();
        Core {
            engine,
            options,
            unit: Unit::heard_by(wanted),
            process: generation(),
            connection: RefCell::new(None),
            streaming: Cell::new(0),
            streams: Cell::new(0),
            failed: RefCell::new(None),
            no_autoflush: Cell::new(0),
            savepoints: RefCell::default(),
            savepoint_count: Cell::new(0),
            begun: Cell::new(false),
            joined: None,
            listeners,
            last: RefCell::default(),
            phase: Cell::new(Phase::Open),
            flushing: Cell::new(false),
            telling: Cell::new(false),
            lazy_loads: RefCell::default(),
        }
    }

    pub(super) fn own_listeners(&self) -> &Listeners {
        // `new` has put them there.
        &self.listeners[self.listeners.len() - 1]
    }

    /// Whether it was made before a fork, and this is the child.
    pub(super) fn is_inherited(&self) -> bool {
        self.process != generation()
    }

    /// A session that was there before a fork is its parent's.
    pub(super) fn check_process(&self) -> Result<()> {
        if !self.is_inherited() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forked,
            format!(
                "this session was made by the process that forked this one (now pid {}); make a new one of the engine, which \
                 works here",
                std::process::id()
            ),
        ))
    }

    /// Whether the session can be used.
    pub(super) fn check(&self) -> Result<()> {
        self.check_process()?;
        self.check_phase()?;
        self.check_open()?;
        match &*self.failed.borrow() {
            None => Ok(()),
            Some(why) => Err(Error::new(
                ErrorKind::PendingRollback,
                format!(
                    "the session's transaction was rolled back because a flush failed ({why}); call rollback() to go on"
                ),
            )),
        }
    }

    /// Runs something on the session's connection, which is leased now if it is not there.
    #[track_caller]
    pub(super) fn on_connection<T>(&self, run: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        self.check()?;
        self.check_wire()?;
        let done = self.with_connection(run);
        self.tell_happenings();
        done
    }

    /// The objects that a query finds.
    #[track_caller]
    pub(super) fn fetch(&self, fetch: Fetch, populate: Populate) -> Result<Vec<Rc<Object>>> {
        self.on_connection(|conn| fetch.all(&self.unit, conn, populate))
    }

    /// Whether a stream has the connection.
    pub(super) fn check_wire(&self) -> Result<()> {
        if self.streaming.get() == 0 { Ok(()) } else { Err(busy()) }
    }

    #[track_caller]
    fn with_connection<T>(&self, run: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        run(&mut *self.connected()?)
    }

    /// The connection, in a transaction. Apart from the generic functions above, of which each program gets a copy for each use.
    #[track_caller]
    fn connected(&self) -> Result<RefMut<'_, Connection>> {
        self.check()?;
        self.check_not_ended()?;
        self.check_begun()?;
        let Ok(mut place) = self.connection.try_borrow_mut() else { return Err(busy()) };
        if place.is_none() {
            let mut conn = self.engine.connect()?;
            if let Some(options) = &self.options.execution_options {
                conn.execution_options(|own| own.clone_from(options))?;
            }
            self.tell_begun(&mut conn)?;
            // Not before: a listener that has failed is asked again.
            *place = Some(conn);
        }
        let mut conn = RefMut::filter_map(place, Option::as_mut).map_err(|_| busy())?;
        if let Some(joined) = &self.joined {
            joined.begin(&mut conn)?;
        }
        Ok(conn)
    }

    pub(super) fn in_transaction(&self) -> bool {
        let on_wire = match &self.joined {
            Some(joined) => joined.is_under_way(),
            None => self.connection.try_borrow().map_or(true, |conn| conn.is_some()),
        };
        on_wire || self.begun.get() || self.unit.is_changed()
    }

    /// Whether an object can be written to now.
    pub(super) fn check_writable(&self, head: &Head) -> Result<()> {
        self.check_writable_now(head.id)?;
        if self.unit.is_open() && matches!(head.state.get(), State::Pending | State::Persistent) {
            self.check_begun()?;
        }
        if head.state.get() == State::Deleted {
            let text = format!("the {} is deleted", head.mapper.name());
            return Err(Error::new(ErrorKind::ObjectDeleted, text));
        }
        Ok(())
    }

    pub(super) fn add(&self, record: Box<dyn Record>) -> Result<Rc<Object>> {
        self.check()?;
        self.check_begun()?;
        let object = self.unit.add(record)?;
        self.tell_happenings();
        Ok(object)
    }

    pub(super) fn delete(&self, object: &Rc<Object>) -> Result<()> {
        self.check()?;
        self.check_begun()?;
        self.unit.doom(object)
    }

    // ---- streams ----

    /// The connection is a stream's from now on.
    #[track_caller]
    pub(super) fn begin_stream<T>(&self, run: impl FnOnce(&mut Connection) -> Result<T>) -> Result<(u64, T)> {
        let begun = self.on_connection(run)?;
        let number = self.streams.get() + 1;
        self.streams.set(number);
        self.streaming.set(number);
        Ok((number, begun))
    }

    /// Runs something on the connection, for its stream.
    pub(super) fn on_stream<T>(
        &self,
        number: u64,
        run: impl FnOnce(&mut Connection) -> Result<T>,
    ) -> Result<T> {
        self.check()?;
        if self.streaming.get() != number {
            let text = "the stream is over: its transaction was rolled back, or its session closed";
            return Err(Error::new(ErrorKind::InvalidState, text));
        }
        let done = self.with_connection(run);
        self.tell_happenings();
        done
    }

    pub(super) fn end_stream(&self, number: u64) {
        if self.streaming.get() == number {
            self.streaming.set(0);
        }
    }

    // ---- flush ----

    #[track_caller]
    pub(super) fn flush(&self) -> Result<()> {
        self.check()?;
        if !self.unit.is_changed() {
            return Ok(());
        }
        self.check_wire()?;
        self.check_not_flushing()?;
        self.flushing.set(true);
        let flushing = Reset(|| self.flushing.set(false));
        self.tell_session(Kind::BeforeFlush)?;
        // Without a statement to send there is no transaction to begin.
        if self.unit.is_changed() {
            self.send()?;
        }
        drop(flushing);
        self.tell_happenings();
        Ok(())
    }

    #[track_caller]
    fn send(&self) -> Result<()> {
        let hooks = FlushHooks::new(self);
        let phase = self.enter(Phase::Open);
        let sent = self.with_connection(|conn| flush(&self.unit, conn, &hooks));
        // A borrowed object is found before anything is sent, and nothing has changed then.
        let harmless = self.phase.get() == Phase::Open;
        drop(phase);
        if let Err(error) = &sent
            && harmless
            && error.kind() == ErrorKind::Conflict
        {
            return sent;
        }
        let told = sent.and_then(|()| hooks.tell_after()).and_then(|()| self.tell_session(Kind::AfterFlush));
        told.inspect_err(|error| self.fail(error))
    }

    /// The transaction, or the savepoint that it is in, is undone at once; the objects follow with the rollback.
    fn fail(&self, error: &Error) {
        if let Ok(mut place) = self.connection.try_borrow_mut()
            && let Some(conn) = &mut *place
        {
            let undone =
                self.undo_savepoint(conn) || self.joined.as_ref().is_some_and(|joined| joined.undo(conn));
            if !undone {
                let _ = conn.rollback();
            }
        }
        self.failed.replace(Some(error.to_string()));
    }

    /// Before a query, so that it sees what has changed.
    #[track_caller]
    pub(super) fn autoflush(&self) -> Result<()> {
        self.check()?;
        let off = self.no_autoflush.get() > 0 || self.flushing.get();
        if self.options.autoflush && !off { self.flush() } else { Ok(()) }
    }

    // ---- objects ----

    /// Reads an object's columns if they are expired.
    #[track_caller]
    pub(super) fn freshen(&self, object: &Rc<Object>) -> Result<()> {
        self.check_process()?;
        if !self.unit.is_expired(&object.head) || !self.unit.is_open() {
            return self.freshen_parts(object);
        }
        self.on_connection(|conn| refresh(&self.unit, conn, object, Populate::Expired))
    }

    /// The objects of a relation, loaded if they are not there.
    #[track_caller]
    pub(super) fn related(&self, object: &Rc<Object>, relation: usize) -> Result<Vec<Rc<Object>>> {
        let ids = self.related_ids(object, relation)?;
        self.shown(object, relation, &ids)
    }

    fn shown(&self, object: &Rc<Object>, relation: usize, ids: &[u64]) -> Result<Vec<Rc<Object>>> {
        self.unit.shown(object, ids).ok_or_else(|| {
            let mapper = object.head.mapper;
            let name = &mapper.definitions()[relation].name;
            let text = format!("what {}::{name} had is in no session any more, and gone", mapper.name());
            Error::new(ErrorKind::Detached, text)
        })
    }

    #[track_caller]
    fn related_ids(&self, object: &Rc<Object>, relation: usize) -> Result<Vec<u64>> {
        let caller = Location::caller();
        self.check_process()?;
        self.freshen(object)?;
        self.unit.take_assigned(object, |relation| {
            self.on_connection(|conn| load_related(&self.unit, conn, object, relation))
        })?;
        if let Some(ids) = self.unit.linked(object, relation)? {
            return Ok(ids);
        }
        self.check_attached(object, relation)?;
        check_lazy(object, relation, false)?;
        if !find_related(&self.unit, object, relation)? {
            check_lazy(object, relation, true)?;
            self.count_lazy_load(object, relation, caller)?;
            self.autoflush()?;
            self.on_connection(|conn| load_related(&self.unit, conn, object, relation))?;
        }
        Ok(self.unit.linked(object, relation)?.unwrap_or_default())
    }

    /// Refuses to load a relation of what is in no session.
    fn check_attached(&self, object: &Object, relation: usize) -> Result<()> {
        let has_left = matches!(object.head.state.get(), State::Detached | State::Transient);
        if !has_left && self.unit.is_open() {
            return Ok(());
        }
        let mapper = object.head.mapper;
        let name = &mapper.definitions()[relation].name;
        let text =
            format!("{}::{name} is not loaded, and the object is in no session any more", mapper.name());
        Err(Error::new(ErrorKind::Detached, text))
    }

    /// The objects of a relation that was opened before, loaded again if they are not there any more.
    #[track_caller]
    pub(super) fn once_loaded(&self, object: &Rc<Object>, relation: usize) -> Result<Vec<Rc<Object>>> {
        self.check_process()?;
        self.freshen(object)?;
        if self.unit.linked(object, relation)?.is_none() {
            self.check_attached(object, relation)?;
            self.on_connection(|conn| load_related(&self.unit, conn, object, relation))?;
        }
        let ids = self.unit.linked(object, relation)?.unwrap_or_default();
        self.shown(object, relation, &ids)
    }

    /// One more lazy load from a line of the program.
    fn count_lazy_load(
        &self,
        object: &Object,
        relation: usize,
        caller: &'static Location<'static>,
    ) -> Result<()> {
        let most = match self.options.lazy_loads {
            LazyLoads::Allow => return Ok(()),
            LazyLoads::Warn(most) | LazyLoads::Refuse(most) => most,
        };
        let mapper = object.head.mapper;
        let count = {
            let mut counts = self.lazy_loads.borrow_mut();
            let count = counts.entry((mapper.number(), relation, caller)).or_default();
            *count = count.saturating_add(1);
            *count
        };
        let name = format!("{}::{}", mapper.name(), mapper.definitions()[relation].name);
        let text = format!(
            "{name} is loaded for one object after the other: {count} times at {caller} in this transaction; load it with \
             the query, by `.option(selectinload({name}))`"
        );
        match self.options.lazy_loads {
            LazyLoads::Warn(_) if count == most => {
                tracing::warn!(target: "rebis::session", relation = %name, at = %caller, count, "{text}");
                Ok(())
            }
            LazyLoads::Refuse(_) if count >= most => Err(Error::new(ErrorKind::InvalidState, text)),
            _ => Ok(()),
        }
    }
}

pub(super) fn busy() -> Error {
    let text = "the session's connection is reading a stream; read it to its end or drop it first";
    Error::new(ErrorKind::Busy, text)
}
