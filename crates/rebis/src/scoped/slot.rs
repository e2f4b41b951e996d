//! The sessions of one thread.
//!
//! Nothing of the program's runs while they are borrowed: it could ask for a session, or fork.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rebis_core::process::{Generation, generation};
use rebis_core::{Error, ErrorKind, Result};

use crate::session::Session;

/// The number of the scoped session and the value of its scope.
pub(super) type Key = (u64, u128);

struct Slot {
    generation: Generation,
    sessions: Vec<(Key, Session)>,
}

thread_local! {
    static SLOT: RefCell<Slot> = RefCell::new(Slot { generation: generation(), sessions: Vec::new() });
}

impl Slot {
    /// In a child, the sessions of the parent's thread are left where they are: never dropped, never asked.
    fn of_this_process(&mut self) -> &mut Vec<(Key, Session)> {
        if self.generation != generation() {
            std::mem::forget(std::mem::take(&mut self.sessions));
            self.generation = generation();
        }
        &mut self.sessions
    }
}

/// At the end of the thread.
impl Drop for Slot {
    fn drop(&mut self) {
        for (_, session) in self.of_this_process().drain(..) {
            // What the program's objects do when they are dropped may panic, which would abort the process here.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                session.end_quietly();
                drop(session);
            }));
        }
    }
}

pub(super) fn find(key: Key) -> Result<Option<Session>> {
    with(|sessions| sessions.iter().find(|(known, _)| *known == key).map(|(_, session)| session.clone()))
}

pub(super) fn put(key: Key, session: &Session) -> Result<()> {
    with(|sessions| sessions.push((key, session.clone())))
}

pub(super) fn take(key: Key) -> Option<Session> {
    let place = |sessions: &mut Vec<(Key, Session)>| {
        let index = sessions.iter().position(|(known, _)| *known == key)?;
        Some(sessions.swap_remove(index).1)
    };
    with(place).ok().flatten()
}

fn with<T>(run: impl FnOnce(&mut Vec<(Key, Session)>) -> T) -> Result<T> {
    let done = SLOT.try_with(|slot| slot.try_borrow_mut().ok().map(|mut slot| run(slot.of_this_process())));
    done.ok().flatten().ok_or_else(|| {
        Error::new(ErrorKind::InvalidState, "this thread is ending, and its scoped sessions with it")
    })
}
