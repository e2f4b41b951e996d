//! What has happened to objects, kept until the session can tell its listeners: never in the middle of something.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Unit;
use crate::mapper::{Head, Object, State};

/// What listeners can hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AfterBegin,
    BeforeFlush,
    AfterFlush,
    BeforeCommit,
    AfterCommit,
    AfterRollback,
    AfterSoftRollback,
    BeforeInsert,
    BeforeUpdate,
    BeforeDelete,
    AfterInsert,
    AfterUpdate,
    AfterDelete,
    Load,
    Refresh,
    Set,
    Append,
    Remove,
    StateChange,
}

/// The kinds that somebody listens to; written when a listener is added, also by another thread.
#[derive(Debug, Default)]
pub(crate) struct Wanted(AtomicU32);

impl Wanted {
    pub(crate) fn add(&self, kind: Kind) {
        self.0.fetch_or(1 << kind as u32, Ordering::Release);
    }

    #[inline]
    fn has(&self, kind: Kind) -> bool {
        self.0.load(Ordering::Relaxed) & (1 << kind as u32) != 0
    }
}

/// Something that has happened.
pub(crate) enum Happening {
    /// Loaded or refreshed.
    Read {
        kind: Kind,
        object: Rc<Object>,
    },
    /// Put into a relation, or taken out.
    Linked {
        kind: Kind,
        owner: Rc<Object>,
        relation: usize,
        other: Rc<Object>,
    },
    State {
        object: Rc<Object>,
        from: State,
        to: State,
    },
}

impl Unit {
    /// With the wishes of those who listen.
    pub(crate) fn heard_by(wanted: Vec<Arc<Wanted>>) -> Self {
        Unit { wanted, ..Unit::new() }
    }

    /// Whether somebody listens.
    #[inline]
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        self.wanted.iter().any(|wanted| wanted.has(kind))
    }

    /// Notes how an object stands from now on.
    pub(crate) fn set_state(&self, head: &Head, to: State) {
        let from = head.state.replace(to);
        if from != to
            && self.wants(Kind::StateChange)
            && let Some(object) = self.object(head.id)
        {
            self.happened(Happening::State { object, from, to });
        }
    }

    pub(super) fn note_linked(&self, kind: Kind, owner: &Rc<Object>, relation: usize, other: &Rc<Object>) {
        if self.wants(kind) {
            let (owner, other) = (Rc::clone(owner), Rc::clone(other));
            self.happened(Happening::Linked { kind, owner, relation, other });
        }
    }

    pub(crate) fn note_loaded(&self, kind: Kind, object: &Rc<Object>) {
        if self.wants(kind) {
            self.happened(Happening::Read { kind, object: Rc::clone(object) });
        }
    }

    fn happened(&self, happening: Happening) {
        self.happenings.borrow_mut().push(happening);
    }

    /// What has happened since the last look.
    pub(crate) fn take_happenings(&self) -> Vec<Happening> {
        std::mem::take(&mut *self.happenings.borrow_mut())
    }
}
