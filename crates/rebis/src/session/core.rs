//! What a session and its instances share: the unit of work, the connection, the transaction.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use rebis_core::process::{Generation, generation};
use rebis_core::{Connection, Engine, Error, ErrorKind, Result};

use super::Last;
use super::events::Listeners;
use super::options::{LazyLoads, SessionOptions};
use super::tell::{FlushHooks, Phase, Reset};
use crate::flush::flush;
use crate::load::{Populate, check_lazy, find_related, load_related, refresh};
use crate::mapper::{Object, State};
use crate::unit::{Kind, Unit};

/// How often a commit flushes again because listeners have changed something.
const MOST_FLUSHES: usize = 100;

/// What keeps sessions and instances on their thread is an `Rc` of this: its name is what the compiler's message says.
pub(super) struct SessionStaysOnItsThread {
    pub(super) engine: Engine,
    pub(super) options: SessionOptions,
    pub(super) unit: Unit,
    process: Generation,
    connection: RefCell<Option<Connection>>,
    /// The number of the stream that is reading from the connection; 0 when none is.
    streaming: Cell<u64>,
    streams: Cell<u64>,
    /// Why everything is refused until the rollback.
    failed: RefCell<Option<String>>,
    /// How many scopes without autoflush are open.
    pub(super) no_autoflush: Cell<u32>,
    /// The savepoints that are open, by their numbers.
    savepoints: RefCell<Vec<u32>>,
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
    lazy_loads: RefCell<HashMap<(u32, usize, &'static Location<'static>), u32>>,
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
        if !self.unit.is_open() {
            return Err(Error::new(ErrorKind::InvalidState, "the session is closed"));
        }
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
    pub(super) fn on_connection<T>(&self, run: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        self.check()?;
        self.check_wire()?;
        let done = self.with_connection(run);
        self.tell_happenings();
        done
    }

    /// Whether a stream has the connection.
    fn check_wire(&self) -> Result<()> {
        if self.streaming.get() == 0 { Ok(()) } else { Err(busy()) }
    }

    fn with_connection<T>(&self, run: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        self.check()?;
        self.check_not_ended()?;
        let Ok(mut place) = self.connection.try_borrow_mut() else { return Err(busy()) };
        let conn = match &mut *place {
            Some(conn) => conn,
            empty => {
                let conn = empty.insert(self.engine.connect()?);
                self.tell_begun(conn)?;
                conn
            }
        };
        run(conn)
    }

    pub(super) fn in_transaction(&self) -> bool {
        self.connection.try_borrow().map_or(true, |conn| conn.is_some()) || self.unit.is_changed()
    }

    // ---- streams ----

    /// The connection is a stream's from now on.
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
            let savepoint = self.savepoints.borrow().last().copied();
            let undone = savepoint.map(|savepoint| conn.rollback_to_savepoint(savepoint));
            if !matches!(undone, Some(Ok(()))) {
                let _ = conn.rollback();
            }
        }
        self.failed.replace(Some(error.to_string()));
    }

    /// Before a query, so that it sees what has changed.
    pub(super) fn autoflush(&self) -> Result<()> {
        self.check()?;
        let off = self.no_autoflush.get() > 0 || self.flushing.get();
        if self.options.autoflush && !off { self.flush() } else { Ok(()) }
    }

    // ---- objects ----

    /// Reads an object's columns if they are expired.
    pub(super) fn freshen(&self, object: &Rc<Object>) -> Result<()> {
        self.check_process()?;
        if !self.unit.is_expired(&object.head) || !self.unit.is_open() {
            return Ok(());
        }
        self.on_connection(|conn| refresh(&self.unit, conn, object, Populate::Expired))
    }

    /// The numbers of the objects of a relation, loaded if they are not there.
    #[track_caller]
    pub(super) fn related(&self, object: &Rc<Object>, relation: usize) -> Result<Vec<u64>> {
        let caller = Location::caller();
        self.check_process()?;
        self.freshen(object)?;
        self.unit.take_assigned(object, |relation| {
            self.on_connection(|conn| load_related(&self.unit, conn, object, relation))
        })?;
        if let Some(ids) = self.unit.linked(object, relation)? {
            return Ok(ids);
        }
        if matches!(object.head.state.get(), State::Detached | State::Transient) || !self.unit.is_open() {
            let mapper = object.head.mapper;
            let name = &mapper.definitions()[relation].name;
            let text =
                format!("{}::{name} is not loaded, and the object is in no session any more", mapper.name());
            return Err(Error::new(ErrorKind::Detached, text));
        }
        check_lazy(object, relation, false)?;
        if !find_related(&self.unit, object, relation)? {
            check_lazy(object, relation, true)?;
            self.count_lazy_load(object, relation, caller)?;
            self.autoflush()?;
            self.on_connection(|conn| load_related(&self.unit, conn, object, relation))?;
        }
        Ok(self.unit.linked(object, relation)?.unwrap_or_default())
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

    // ---- transaction ----

    pub(super) fn commit(&self) -> Result<()> {
        self.check()?;
        self.check_not_flushing()?;
        self.tell_session(Kind::BeforeCommit)?;
        for round in 0.. {
            if !self.unit.is_changed() {
                break;
            }
            if round == MOST_FLUSHES {
                let text =
                    "listeners change the session after each flush, and a commit has flushed a hundred times";
                return Err(Error::new(ErrorKind::InvalidState, text));
            }
            self.flush()?;
        }
        self.check_wire()?;
        let ended = self.take_connection()?.map_or(Ok(()), |mut conn| conn.commit());
        self.savepoints.borrow_mut().clear();
        self.lazy_loads.borrow_mut().clear();
        match &ended {
            Ok(()) => {
                self.unit.committed(false);
                // Its listeners still see what was read.
                self.tell_ended(Phase::Committed, Kind::AfterCommit);
                if self.options.expire_on_commit {
                    self.unit.expire_all();
                }
            }
            // What is there is asked of the database.
            Err(error) if error.kind() == ErrorKind::CommitUnknown => self.unit.committed(true),
            Err(_) => {
                self.unit.rolled_back();
                self.tell_ended(Phase::RolledBack, Kind::AfterRollback);
            }
        }
        self.tell_happenings();
        ended
    }

    pub(super) fn rollback(&self) -> Result<()> {
        self.check_process()?;
        self.check_not_flushing()?;
        let under_way = self.in_transaction();
        self.streaming.set(0);
        let ended = self.take_connection()?.map_or(Ok(()), |mut conn| conn.rollback());
        self.savepoints.borrow_mut().clear();
        self.lazy_loads.borrow_mut().clear();
        self.failed.replace(None);
        self.unit.rolled_back();
        if under_way {
            self.tell_ended(Phase::RolledBack, Kind::AfterRollback);
        }
        self.tell_happenings();
        ended
    }

    fn take_connection(&self) -> Result<Option<Connection>> {
        match self.connection.try_borrow_mut() {
            Ok(mut place) => Ok(place.take()),
            Err(_) => Err(busy()),
        }
    }

    pub(super) fn begin_nested(&self) -> Result<u32> {
        self.check()?;
        self.check_not_flushing()?;
        self.flush()?;
        let savepoint = self.on_connection(Connection::savepoint)?;
        self.savepoints.borrow_mut().push(savepoint);
        Ok(self.unit.begin_nested())
    }

    /// Ends the savepoint of a level, and those inside it.
    pub(super) fn end_nested(&self, level: u32, keep: bool) -> Result<()> {
        self.check_process()?;
        self.check_not_flushing()?;
        if keep {
            self.check()?;
            self.flush()?;
        }
        let index = level.saturating_sub(1) as usize;
        let savepoint = self.savepoints.borrow().get(index).copied();
        let Some(savepoint) = savepoint else {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "the savepoint is over: what was around it has ended",
            ));
        };
        self.savepoints.borrow_mut().truncate(index);
        if keep {
            self.on_connection(|conn| conn.release_savepoint(savepoint))?;
            self.unit.release(level);
            return Ok(());
        }
        self.failed.replace(None);
        let undone = self.on_connection(|conn| conn.rollback_to_savepoint(savepoint));
        self.unit.rolled_back_to(level);
        let told = self.tell_session(Kind::AfterSoftRollback);
        self.tell_happenings();
        undone.and(told)
    }

    /// The end of the session; nothing that goes wrong on the way is told.
    pub(super) fn close(&self) {
        if self.is_inherited() {
            // The parent's connection, its objects and their locks are left alone.
            return;
        }
        if self.flushing.get() {
            // A listener; the flush is not done with the objects.
            return;
        }
        self.streaming.set(0);
        if let Ok(mut place) = self.connection.try_borrow_mut() {
            // Dropped, it is rolled back and goes to the pool.
            place.take();
        }
        self.savepoints.borrow_mut().clear();
        self.lazy_loads.borrow_mut().clear();
        self.failed.replace(None);
        self.unit.clear();
        self.tell_happenings();
    }

    /// The end of the session while the locals of its thread are being destroyed.
    pub(super) fn end_quietly(&self) {
        if self.is_inherited() {
            return;
        }
        let conn = self.connection.try_borrow_mut().ok().and_then(|mut place| place.take());
        if let Some(conn) = conn {
            conn.return_quietly();
        }
        self.unit.close();
    }
}

fn busy() -> Error {
    let text = "the session's connection is reading a stream; read it to its end or drop it first";
    Error::new(ErrorKind::Busy, text)
}
