//! Opening connections: attempts with pauses, listeners, and whether an idle one is still fresh.

use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::lending::Lending;
use super::listeners::{ConnectRequest, OnConnect};
use super::lock;
use super::record::{ConnectionRecord, Record};
use crate::driver::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{AppendList, Deadline, Generation, generation, random, thread_number};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Lending {
    /// Opens a connection for the place and introduces it to the listeners. After an error the place has none.
    pub(super) fn open(&self, record: &mut Record) -> Result<()> {
        self.check_process()?;
        // Before the connect: a connection lost meanwhile makes this one suspect too.
        let epoch = self.epoch.load(Ordering::Acquire);
        let connection = self.connect()?;
        self.counters.opened.count();
        tracing::debug!(target: "rebis::pool", "connection opened");
        let now = self.options.clock.now();
        record.place().opened(connection, epoch, now, self.lifetime());
        self.introduce(record).inspect_err(|_| {
            if self.check_process().is_ok() {
                self.close(record);
            }
        })
    }

    /// As many attempts as the options allow, while the server is not there.
    fn connect(&self) -> Result<Box<dyn Connection>> {
        let end = Deadline::after(self.options.timeout);
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let opened = self.attempt();
            self.check_process()?;
            let error = match opened {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            self.counters.connect_failures.count();
            tracing::warn!(target: "rebis::pool", attempt, error = error.chain(), "cannot connect");
            *lock(&self.last_connect_error) = Some((Instant::now(), error.chain()));
            if attempt >= self.options.connect_attempts || error.kind() != ErrorKind::Connect {
                return Err(error);
            }
            // Half of it at random: workers that lost their server together do not come back together.
            let wait = pause.mul_f64(0.5 + random::fraction() / 2.0);
            if end.remaining().is_some_and(|left| left <= wait) {
                return Err(error);
            }
            thread::sleep(wait);
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempt += 1;
        }
    }

    /// One attempt, for the login that the listeners want, if they do not bring a connection themselves.
    fn attempt(&self) -> Result<Box<dyn Connection>> {
        let mut request = ConnectRequest::new(self.connector.login());
        for listener in self.listeners.do_connect.iter() {
            if let Some(connection) = listener(&mut request)? {
                return Ok(connection);
            }
            self.check_process()?;
        }
        self.connector.connect(&request.login, Deadline::after(self.options.connect_timeout))
    }

    /// The age at which a connection opened now is replaced.
    fn lifetime(&self) -> Option<Duration> {
        let recycle = self.options.recycle?;
        Some(recycle.mul_f64(1.0 - self.options.recycle_jitter * random::fraction()))
    }

    fn introduce(&self, record: &mut Record) -> Result<()> {
        if !self.listeners.first_connect.is_empty() {
            let patience = Deadline::after(self.options.connect_timeout);
            self.first_connect.once(patience, || self.tell(&self.listeners.first_connect, record))?;
        }
        self.tell(&self.listeners.connect, record)
    }

    fn tell(&self, listeners: &AppendList<Box<OnConnect>>, record: &mut Record) -> Result<()> {
        for listener in listeners.iter() {
            let (Some(raw), facts) = record.parts() else { break };
            listener(raw, facts)?;
            self.check_process()?;
        }
        Ok(())
    }

    /// Whether a connection is to be replaced without being asked: too old, as old as one that was lost, or marked.
    pub(super) fn is_stale(&self, facts: &ConnectionRecord) -> bool {
        facts.soft_invalidated
            || facts.epoch != self.epoch.load(Ordering::Acquire)
            || facts.longest.is_some_and(|longest| self.options.clock.now().since(facts.opened) > longest)
    }

    /// Asks an idle connection for a sign of life, where the options say so.
    pub(super) fn ping(&self, record: &mut Record) -> Result<()> {
        let idle = |facts: &ConnectionRecord| self.options.clock.now().since(facts.returned);
        if !self.options.pre_ping || idle(record.facts()) < self.options.ping_after {
            return Ok(());
        }
        let (Some(connection), _) = record.parts() else { return Ok(()) };
        self.counters.pings.count();
        connection.ping().map_err(|error| {
            self.counters.ping_failures.count();
            self.handle_error(error, true)
        })
    }
}

/// Sees to it that first-connect listeners run once, before any other connection is introduced; again if they fail.
#[derive(Debug, Default)]
pub(super) struct FirstConnect {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    NotYet,
    /// This thread is at it.
    By(u64),
    Done,
}

impl FirstConnect {
    /// The next connection is a first one again.
    pub(super) fn again(&self) {
        *lock(&self.state) = State::NotYet;
        self.changed.notify_all();
    }

    fn once(&self, patience: Deadline, run: impl FnOnce() -> Result<()>) -> Result<()> {
        let mut state = lock(&self.state);
        loop {
            match *state {
                State::Done => return Ok(()),
                // The listener itself asks for a connection: it gets one that nobody was introduced to.
                State::By(thread) if thread == thread_number() => return Ok(()),
                State::By(_) => {
                    let left = patience.remaining().unwrap_or(LONGEST_PAUSE);
                    if left.is_zero() {
                        return Err(Error::new(
                            ErrorKind::Timeout,
                            "a first_connect listener did not end within the connect timeout",
                        ));
                    }
                    state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                State::NotYet => {
                    *state = State::By(thread_number());
                    break;
                }
            }
        }
        // Not held while the listener runs; a panic in it lets the next one try.
        drop(state);
        let mut turn = Turn { first: self, generation: generation(), end: State::NotYet };
        let result = run();
        if result.is_ok() {
            turn.end = State::Done;
        }
        result
    }
}

struct Turn<'f> {
    first: &'f FirstConnect,
    generation: Generation,
    end: State,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // The listener has forked, and this is the child: the lock may be another thread's.
        if self.generation != generation() {
            return;
        }
        let mut state = lock(&self.first.state);
        // Not when the pool was disposed of meanwhile: then the next connection is a first one.
        if *state == State::By(thread_number()) {
            *state = self.end;
        }
        drop(state);
        self.first.changed.notify_all();
    }
}
