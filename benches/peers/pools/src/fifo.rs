//! The other floor: a lock, and a line in which each returned connection is handed to who waits longest.

use crate::subject::{Dummy, Subject};
use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex};

pub struct Fifo(Mutex<State>);

struct State {
    idle: Vec<Dummy>,
    line: VecDeque<Arc<Place>>,
}

#[derive(Default)]
struct Place {
    handed: Mutex<Option<Dummy>>,
    bell: Condvar,
}

pub struct Checkout<'a> {
    pool: &'a Fifo,
    connection: Option<Dummy>,
}

impl Fifo {
    pub fn new(size: u32) -> Fifo {
        let idle = (0..size).map(|number| Dummy(number.into())).collect();
        Fifo(Mutex::new(State { idle, line: VecDeque::new() }))
    }
}

impl Subject for Fifo {
    type Checkout<'a> = Checkout<'a>;

    fn name(&self) -> &str {
        "FIFO hand-off (floor)"
    }

    fn checkout(&self) -> Checkout<'_> {
        let mut state = self.0.lock().expect("not poisoned");
        if state.line.is_empty()
            && let Some(connection) = state.idle.pop()
        {
            return Checkout { pool: self, connection: Some(connection) };
        }
        let place = Arc::new(Place::default());
        state.line.push_back(Arc::clone(&place));
        drop(state);
        let handed = place.handed.lock().expect("not poisoned");
        let mut handed = place.bell.wait_while(handed, |handed| handed.is_none()).expect("not poisoned");
        Checkout { pool: self, connection: handed.take() }
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
        let Some(connection) = self.connection.take() else { return };
        let mut state = self.pool.0.lock().expect("not poisoned");
        let Some(first) = state.line.pop_front() else {
            state.idle.push(connection);
            return;
        };
        drop(state);
        *first.handed.lock().expect("not poisoned") = Some(connection);
        first.bell.notify_one();
    }
}
