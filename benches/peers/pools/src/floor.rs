//! What any pool costs at least: a lock, a stack of connections, and a bell for those who wait.

use crate::subject::{Dummy, Subject};
use std::ops::Deref;
use std::sync::{Condvar, Mutex};

pub struct MutexVec {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<Dummy>,
    waiting: usize,
}

pub struct Checkout<'a> {
    pool: &'a MutexVec,
    connection: Option<Dummy>,
}

impl MutexVec {
    pub fn new(size: u32) -> MutexVec {
        let idle = (0..size).map(|number| Dummy(number.into())).collect();
        MutexVec { state: Mutex::new(State { idle, waiting: 0 }), returned: Condvar::new() }
    }
}

impl Subject for MutexVec {
    type Checkout<'a> = Checkout<'a>;

    fn name(&self) -> &str {
        "Mutex + Condvar (floor)"
    }

    fn checkout(&self) -> Checkout<'_> {
        let mut state = self.state.lock().expect("not poisoned");
        loop {
            if let Some(connection) = state.idle.pop() {
                return Checkout { pool: self, connection: Some(connection) };
            }
            state.waiting += 1;
            state = self.returned.wait(state).expect("not poisoned");
            state.waiting -= 1;
        }
    }
}

impl Deref for Checkout<'_> {
    type Target = Dummy;

    fn deref(&self) -> &Dummy {
        self.connection.as_ref().expect("there until dropped")
    }
}

impl Drop for Checkout<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock().expect("not poisoned");
        state.idle.extend(self.connection.take());
        let ring = state.waiting > 0;
        drop(state);
        // A bell without a listener would still be a system call.
        if ring {
            self.pool.returned.notify_one();
        }
    }
}
