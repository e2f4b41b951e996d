//! Telling listeners, and what they may do meanwhile.

use std::cell::RefCell;
use std::rc::Rc;

use rebis_core::{Connection, Error, ErrorKind, Result};

use super::core::Core;
use super::events::{AnyInstance, Told};
use super::{Last, Session};
use crate::flush::Hooks;
use crate::mapper::Object;
use crate::unit::{Happening, Kind, conflict};

/// What the session is doing, as far as it restricts a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// A flush sends; a listener may change this object, if any, and nothing else.
    Sending(Option<u64>),
    Committed,
    RolledBack,
}

impl Core {
    /// The session, while there is a handle on it.
    fn session(&self) -> Option<Session> {
        let last: Rc<Last> = self.last.borrow().upgrade()?;
        Some(Session { core: Rc::clone(&last.0), _last: last })
    }

    fn tell(&self, kind: Kind, told: &mut Told<'_>) -> Result<()> {
        for listeners in &self.listeners {
            for listen in listeners.of(kind) {
                listen(told)?;
                // It may have forked, and this may be the child.
                self.check_process()?;
            }
        }
        Ok(())
    }

    pub(super) fn tell_session(&self, kind: Kind) -> Result<()> {
        if !self.unit.wants(kind) {
            return Ok(());
        }
        let Some(session) = self.session() else { return Ok(()) };
        self.tell(kind, &mut Told::Session(&session))
    }

    pub(super) fn tell_begun(&self, conn: &mut Connection) -> Result<()> {
        if !self.unit.wants(Kind::AfterBegin) {
            return Ok(());
        }
        let Some(session) = self.session() else { return Ok(()) };
        self.tell(Kind::AfterBegin, &mut Told::Begun(&session, conn))
    }

    /// The transaction has ended: its listeners see memory as it is, and cannot send anything.
    pub(super) fn tell_ended(&self, phase: Phase, kind: Kind) {
        let _phase = self.enter(phase);
        // They cannot stop what is done.
        let _ = self.tell_session(kind);
    }

    /// What has happened to objects since the last time. Listeners may make more happen.
    pub(super) fn tell_happenings(&self) {
        if self.telling.get() {
            return;
        }
        self.telling.set(true);
        let _telling = Reset(|| self.telling.set(false));
        loop {
            let happenings = self.unit.take_happenings();
            if happenings.is_empty() {
                return;
            }
            let Some(session) = self.session() else { return };
            for happening in happenings {
                // They cannot stop what is done.
                if self.tell_happening(&session.core, &happening).is_err() {
                    return;
                }
            }
        }
    }

    fn tell_happening(&self, core: &Rc<Core>, happening: &Happening) -> Result<()> {
        let any = |object| AnyInstance::new(core, object);
        match happening {
            Happening::Read { kind, object } => self.tell(*kind, &mut Told::Object(&any(object))),
            Happening::Linked { kind, owner, relation, other } => {
                let (owner, other) = (any(owner), any(other));
                self.tell(*kind, &mut Told::Link { owner: &owner, relation: *relation, other: &other })
            }
            Happening::State { object, from, to } => {
                self.tell(Kind::StateChange, &mut Told::State { object: &any(object), from: *from, to: *to })
            }
        }
    }

    // ---- what a listener may do ----

    /// Sets the phase until the end of a scope.
    pub(super) fn enter(&self, phase: Phase) -> Reset<impl Fn() + '_> {
        let before = self.phase.replace(phase);
        Reset(move || self.phase.set(before))
    }

    /// Refuses what a listener must not do while a flush sends.
    pub(super) fn check_phase(&self) -> Result<()> {
        match self.phase.get() {
            Phase::Sending(_) => Err(Error::new(
                ErrorKind::InvalidState,
                "a flush is sending: a listener may change the columns of its own object now and nothing else; use on_before_flush \
                 or on_after_flush",
            )),
            _ => Ok(()),
        }
    }

    /// Refuses to change another object than the one that the listener was given.
    pub(super) fn check_writable_now(&self, id: u64) -> Result<()> {
        if self.phase.get() == Phase::Sending(Some(id)) { Ok(()) } else { self.check_phase() }
    }

    /// Refuses to send in a listener to the end of a transaction.
    pub(super) fn check_not_ended(&self) -> Result<()> {
        let state = match self.phase.get() {
            Phase::Committed => "committed",
            Phase::RolledBack => "inactive",
            _ => return Ok(()),
        };
        let text = format!(
            "the session's transaction is in {state} state: a listener to its end cannot send anything on the session"
        );
        Err(Error::new(ErrorKind::InvalidState, text))
    }

    /// Refuses to flush or to end the transaction in the middle of a flush.
    pub(super) fn check_not_flushing(&self) -> Result<()> {
        self.check_not_ended()?;
        if self.flushing.get() {
            let text = "the session is flushing already: a listener cannot flush, commit or roll back now";
            return Err(Error::new(ErrorKind::InvalidState, text));
        }
        Ok(())
    }
}

/// Runs a closure at the end of a scope.
pub(super) struct Reset<F: Fn()>(pub(super) F);

impl<F: Fn()> Drop for Reset<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// The listeners of one flush.
pub(super) struct FlushHooks<'c> {
    core: &'c Core,
    /// What to tell when everything was sent.
    after: RefCell<Vec<(Kind, Rc<Object>)>>,
}

impl<'c> FlushHooks<'c> {
    pub(super) fn new(core: &'c Core) -> Self {
        FlushHooks { core, after: RefCell::default() }
    }

    fn tell_object(&self, kind: Kind, object: &Rc<Object>) -> Result<()> {
        let Some(session) = self.core.session() else { return Ok(()) };
        self.core.tell(kind, &mut Told::Object(&AnyInstance::new(&session.core, object)))
    }

    /// When everything was sent.
    pub(super) fn tell_after(self) -> Result<()> {
        let after = self.after.take();
        after.into_iter().try_for_each(|(kind, object)| self.tell_object(kind, &object))
    }
}

impl Hooks for FlushHooks<'_> {
    fn sending(&self) {
        self.core.phase.set(Phase::Sending(None));
    }

    fn before(&self, kind: Kind, object: &Rc<Object>) -> Result<()> {
        let after = match kind {
            Kind::BeforeInsert => Kind::AfterInsert,
            Kind::BeforeUpdate => Kind::AfterUpdate,
            _ => Kind::AfterDelete,
        };
        if self.core.unit.wants(after) {
            self.after.borrow_mut().push((after, Rc::clone(object)));
        }
        if !self.core.unit.wants(kind) {
            return Ok(());
        }
        let _phase = self.core.enter(Phase::Sending(Some(object.head.id)));
        self.tell_object(kind, object)
    }

    fn changed(&self, object: &Rc<Object>, columns: &[usize]) -> Result<()> {
        if !self.core.unit.wants(Kind::Set) {
            return Ok(());
        }
        let Some(session) = self.core.session() else { return Ok(()) };
        let any = AnyInstance::new(&session.core, object);
        for &column in columns {
            let (old, new) = {
                let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
                let Some(base) = object.head.base() else { return Ok(()) };
                (base.read(column), record.read(column))
            };
            self.core.tell(Kind::Set, &mut Told::Set { object: &any, column, old: &old, new: &new })?;
        }
        Ok(())
    }
}
