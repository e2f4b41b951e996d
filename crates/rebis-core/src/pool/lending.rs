//! What all pools share: a place out of the pool → a connection that works, and back.

use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::counters::Counters;
use super::listeners::{ErrorContext, PoolListeners, ResetState};
use super::marks::{LeaseInfo, Marks};
use super::opening::FirstConnect;
use super::options::{PoolKind, PoolOptions, ResetOnReturn};
use super::queue::QueuePool;
use super::record::Record;
use super::simple::{AssertionPool, NullPool, SingletonThreadPool};
use super::{Checkout, Pool};
use crate::driver::{Connection, Connector, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Generation, forked, generation, in_drop, is_quiet, thread_number};

/// How many connections in a row a checkout gives up, refused by listeners or dead: SQLAlchemy's bound.
const REFUSALS: usize = 2;

/// One process's pool of one engine.
#[derive(Debug)]
pub(crate) struct Lending {
    generation: Generation,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) options: PoolOptions,
    pub(super) listeners: Arc<PoolListeners>,
    pub(super) pool: Box<dyn Pool>,
    /// Counts lost connections: one that was opened at an earlier count is not trusted any more.
    pub(super) epoch: AtomicU64,
    pub(super) marks: Marks,
    pub(super) counters: Counters,
    pub(super) first_connect: FirstConnect,
    /// When the last attempt to connect failed, and how.
    pub(super) last_connect_error: Mutex<Option<(Instant, String)>>,
}

/// A place between two hands: on whatever path it is dropped, a panic of a listener among them, its connection is closed and
/// the place goes back.
struct Held<'p> {
    lending: &'p Lending,
    record: Option<Record>,
}

impl Held<'_> {
    fn keep(mut self) -> Option<Record> {
        self.record.take()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take()
            && !self.lending.is_inherited()
        {
            // A panic of a close listener goes on when the place is back.
            let closed = catch_unwind(AssertUnwindSafe(|| self.lending.close(&mut record)));
            self.lending.give(record);
            if let Err(panic) = closed
                && !thread::panicking()
            {
                resume_unwind(panic);
            }
        }
    }
}

impl Lending {
    pub(crate) fn new(
        connector: Arc<dyn Connector>,
        options: &PoolOptions,
        listeners: Arc<PoolListeners>,
    ) -> Self {
        let options = options.clone().within_budget();
        Lending {
            generation: generation(),
            connector,
            pool: build(&options),
            options,
            listeners,
            epoch: AtomicU64::new(0),
            marks: Marks::default(),
            counters: Counters::default(),
            first_connect: FirstConnect::default(),
            last_connect_error: Mutex::new(None),
        }
    }

    /// Whether a listener has forked and this is the child: then nothing here may be touched any more.
    fn is_inherited(&self) -> bool {
        self.generation != generation()
    }

    /// To be asked after each callback of the program's.
    pub(super) fn check_process(&self) -> Result<()> {
        if self.is_inherited() { Err(forked("pool")) } else { Ok(()) }
    }

    pub(super) fn new_record(&self) -> Record {
        Record::new(self.marks.add())
    }

    // ---- out ----

    /// Lends a connection that works as far as the pool's options make sure.
    pub(crate) fn checkout(&self, site: &'static Location<'static>) -> Result<Record> {
        self.check_process()?;
        let now = self.options.clock.now();
        if self.options.leak_threshold.is_some() {
            self.report_leaks();
        }
        let record = self.pool.take(&Checkout { lending: self, site })?;
        record.mark().lend(thread_number(), site, now);
        let mut held = Held { lending: self, record: Some(record) };
        if let Some(record) = &mut held.record {
            self.make_fit(record, site)?;
        }
        self.counters.checkouts.count();
        held.keep().ok_or_else(|| Error::new(ErrorKind::Internal, "a place was lost"))
    }

    /// Sees to it that the place has a connection that is fresh, alive, and to the listeners' liking. After an error the place
    /// goes back without a connection.
    fn make_fit(&self, record: &mut Record, site: &'static Location<'static>) -> Result<()> {
        let mut fresh = false;
        if record.is_open() && !record.is_inherited() && self.is_stale(record.facts()) {
            self.counters.recycled.count();
            self.close(record);
            self.check_process()?;
        }
        if !record.is_open() {
            self.open(record)?;
            fresh = true;
        }
        let mut refusals = 0;
        loop {
            let Err(error) = self.inspect(record, fresh, site) else { return Ok(()) };
            self.check_process()?;
            if !error.is_disconnect() {
                return Err(error);
            }
            if error.invalidates_pool() {
                self.invalidate();
            }
            self.invalidate_record(record, Some(&error));
            self.open(record)?;
            fresh = true;
            refusals += 1;
            if refusals == REFUSALS {
                return Err(Error::new(
                    ErrorKind::InvalidState,
                    format!(
                        "{REFUSALS} connections in a row were refused on checkout; the last for: {error}"
                    ),
                )
                .with_source(error));
            }
        }
    }

    /// The sign of life, then the listeners.
    fn inspect(&self, record: &mut Record, fresh: bool, site: &'static Location<'static>) -> Result<()> {
        if !fresh && !record.is_inherited() {
            self.ping(record)?;
        }
        if !self.listeners.checkout.is_empty() {
            let now = self.options.clock.now();
            let lease = record.mark().lease(now).map(|(_, lease)| lease);
            let lease =
                lease.unwrap_or(LeaseInfo { checked_out_at: site, held_for: std::time::Duration::ZERO });
            for listener in self.listeners.checkout.iter() {
                let (Some(raw), facts) = record.parts() else { break };
                listener(raw, facts, &lease)?;
                self.check_process()?;
            }
        }
        if record.is_inherited() {
            self.disown(record);
            self.open(record)?;
        }
        Ok(())
    }

    // ---- back ----

    /// Takes a connection back, whatever state it is in.
    pub(crate) fn checkin(&self, record: Record, transaction_was_reset: bool) {
        let mut held = Held { lending: self, record: Some(record) };
        let Some(record) = &mut held.record else { return };
        if let Some(threshold) = self.options.leak_threshold {
            self.report_late_return(record, threshold);
        }
        if !self.reset(record, ResetState::new(transaction_was_reset, false)) {
            self.close(record);
        }
        for listener in self.listeners.checkin.iter() {
            let (raw, facts) = record.parts();
            listener(raw, facts);
        }
        if self.is_inherited() {
            return;
        }
        if record.is_open() && self.is_stale(record.facts()) {
            self.counters.recycled.count();
            self.close(record);
        }
        if self.options.pre_ping {
            record.place().facts.returned = self.options.clock.now();
        }
        if let Some(record) = held.keep() {
            self.give(record);
        }
    }

    /// Takes a connection back at the end of a thread: rolled back, without listeners, nothing logged.
    pub(crate) fn checkin_quietly(&self, mut record: Record) {
        if self.is_inherited() || record.is_inherited() {
            return;
        }
        let lost = record.facts().invalidated;
        let connection = record.parts().0.filter(|connection| !lost && !connection.is_broken());
        let fit = connection.is_some_and(|connection| {
            let done = match self.options.reset_on_return {
                ResetOnReturn::Session => connection.reset_session(),
                _ => connection.reset(),
            };
            done.is_ok() && !connection.is_broken() && connection.status() == TransactionStatus::Idle
        });
        if !fit {
            self.close_quietly(&mut record);
        }
        if self.options.pre_ping {
            record.place().facts.returned = self.options.clock.now();
        }
        record.mark().clear();
        if let Some(mut record) = self.pool.give(record) {
            self.close_quietly(&mut record);
        }
    }

    /// Closes a connection without a word to anybody.
    pub(crate) fn close_quietly(&self, record: &mut Record) {
        if let Some(connection) = record.place().vacate() {
            self.part_with(connection);
        }
    }

    fn give(&self, record: Record) {
        // A close listener has forked: the pool's lock may be held by a thread that is not here.
        if self.is_inherited() {
            return;
        }
        record.mark().clear();
        if let Some(mut record) = self.pool.give(record) {
            self.close(&mut record);
        }
    }

    /// Makes the connection fit for the next user; false when it is not, and must be closed.
    fn reset(&self, record: &mut Record, state: ResetState) -> bool {
        if record.connection().is_none_or(Connection::is_broken) || record.facts().invalidated {
            return false;
        }
        for listener in self.listeners.reset.iter() {
            let (Some(raw), facts) = record.parts() else { return false };
            if listener(raw, facts, &state).is_err() || self.is_inherited() {
                return false;
            }
        }
        let (Some(connection), _) = record.parts() else { return false };
        let done = match self.options.reset_on_return {
            ResetOnReturn::Commit if connection.status() == TransactionStatus::Active => {
                connection.control("COMMIT").and_then(|()| connection.reset())
            }
            ResetOnReturn::Rollback | ResetOnReturn::Commit => connection.reset(),
            ResetOnReturn::Nothing => Ok(()),
            ResetOnReturn::Session => connection.reset_session(),
        };
        done.is_ok() && !connection.is_broken() && connection.status() == TransactionStatus::Idle
    }

    /// Closes the connection; the place stays.
    pub(super) fn close(&self, record: &mut Record) {
        self.close_after(record, |record| {
            for listener in self.listeners.close.iter() {
                let (Some(raw), facts) = record.parts() else { break };
                listener(raw, facts);
            }
        });
    }

    /// Closes the connection after the listeners, also when one of them panics: it is nobody's any more.
    fn close_after(&self, record: &mut Record, tell: impl FnOnce(&mut Record)) {
        let told = catch_unwind(AssertUnwindSafe(|| tell(record)));
        if !record.is_inherited()
            && let Some(connection) = record.place().vacate()
        {
            self.part_with(connection);
        }
        if let Err(panic) = told {
            resume_unwind(panic);
        }
    }

    /// Says goodbye where that makes sense, and closes.
    fn part_with(&self, mut connection: Box<dyn Connection>) {
        if !connection.is_broken() {
            connection.close();
        }
        drop(connection);
        self.counters.closed.count();
        if !is_quiet() {
            tracing::debug!(target: "rebis::pool", "connection closed");
        }
    }

    // ---- lost and given up ----

    /// Shows an error of the driver's to the program's handlers, in their order.
    pub(crate) fn handle_error(&self, error: Error, is_pre_ping: bool) -> Error {
        if self.listeners.handle_error.is_empty() {
            return error;
        }
        let mut context = ErrorContext { error, is_pre_ping };
        for listener in self.listeners.handle_error.iter() {
            listener(&mut context);
        }
        context.error
    }

    /// A connection was lost, or the program says so: those opened before now are replaced when they are asked for next.
    pub(crate) fn invalidate(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        tracing::info!(target: "rebis::pool", "all connections opened before now will be replaced");
    }

    /// Tells the listeners, once, that this connection is lost. It is closed when nobody holds it any more.
    pub(crate) fn announce_loss(&self, record: &mut super::ConnectionRecord, error: Option<&Error>) {
        if std::mem::replace(&mut record.invalidated, true) {
            return;
        }
        self.counters.invalidated.count();
        tracing::info!(target: "rebis::pool", error = error.map(tracing::field::display), "connection invalidated");
        for listener in self.listeners.invalidate.iter() {
            listener(record, error);
        }
    }

    /// Gives this connection up and closes it; the place stays.
    pub(crate) fn invalidate_record(&self, record: &mut Record, error: Option<&Error>) {
        self.announce_loss(record.parts().1, error);
        if self.is_inherited() {
            return;
        }
        if record.is_inherited() {
            self.disown(record);
            return;
        }
        self.close(record);
    }

    /// A pool of the program's own handed out its parent's place: that is left alone, and a new one is lent instead.
    fn disown(&self, record: &mut Record) {
        let now = self.options.clock.now();
        let lease = record.mark().lease(now);
        *record = self.new_record();
        if let Some((thread, lease)) = lease {
            record.mark().lend(thread, lease.checked_out_at, now);
        }
    }

    /// Marks this connection to be replaced after its return.
    pub(crate) fn soft_invalidate(&self, record: &mut Record) {
        let facts = record.parts().1;
        facts.soft_invalidated = true;
        for listener in self.listeners.soft_invalidate.iter() {
            listener(facts, None);
        }
    }

    /// Takes the connection out of the pool for good: its place is free at once.
    pub(crate) fn detach(&self, record: Record) -> Record {
        let mut held = Held { lending: self, record: Some(record) };
        let mut own = self.new_record();
        if let Some(record) = &mut held.record {
            for listener in self.listeners.detach.iter() {
                let (Some(raw), facts) = record.parts() else { break };
                listener(raw, facts);
            }
            if !self.is_inherited() {
                std::mem::swap(&mut own.place().connection, &mut record.place().connection);
                std::mem::swap(own.parts().1.info(), record.parts().1.info());
            }
        }
        own
    }

    /// Ends a detached connection.
    pub(crate) fn close_detached(&self, mut record: Record, transaction_was_reset: bool) {
        self.close_after(&mut record, |record| {
            self.reset(record, ResetState::new(transaction_was_reset, true));
            for listener in self.listeners.close_detached.iter() {
                let (Some(raw), _) = record.parts() else { break };
                listener(raw);
            }
        });
    }

    /// Starts over with an empty pool: closes what is idle, or leaves it open and forgotten; what is lent is closed when it
    /// comes back.
    pub(crate) fn dispose(&self, close: bool) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.first_connect.again();
        for mut record in self.pool.drain() {
            if close {
                self.close(&mut record);
            } else {
                std::mem::forget(record);
            }
        }
    }
}

fn build(options: &PoolOptions) -> Box<dyn Pool> {
    match &options.kind {
        PoolKind::Queue => Box::new(QueuePool::new(options, options.size, options.overflow)),
        PoolKind::Static => Box::new(QueuePool::new(options, 1, Some(0))),
        PoolKind::Null => Box::new(NullPool::default()),
        PoolKind::SingletonThread => Box::new(SingletonThreadPool::new(options.size)),
        PoolKind::Assertion => Box::new(AssertionPool::default()),
        PoolKind::Own(make) => make(options),
    }
}

/// A pool that nobody uses any more says goodbye on its idle connections.
impl Drop for Lending {
    fn drop(&mut self) {
        if !self.is_inherited() {
            in_drop(|| self.dispose(true));
        }
    }
}
