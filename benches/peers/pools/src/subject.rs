//! A pool that is measured, and the loops around it.

use crate::overtaking::{Order, Turn};
use crate::waits::Waits;
use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A connection that does nothing.
#[derive(Debug)]
pub struct Dummy(#[allow(dead_code, reason = "it has a size so that moving it is not free")] pub u64);

/// A pool; dropping what was checked out returns it.
pub trait Subject: Sync {
    type Checkout<'a>
    where
        Self: 'a;

    fn name(&self) -> &str;
    fn checkout(&self) -> Self::Checkout<'_>;
}

/// What one thread or task saw in the contended run.
pub struct ThreadReport {
    pub waits: Waits,
    /// The places of each checkout among all that asked and all that were served; where connections are held, for counting
    /// costs as much as a checkout.
    pub turns: Vec<Turn>,
    /// How many connections it had returned when the time was over.
    pub returned: usize,
}

impl ThreadReport {
    pub fn new() -> ThreadReport {
        ThreadReport { waits: Waits::new(), turns: Vec::with_capacity(1 << 12), returned: 0 }
    }

    pub fn served(&mut self, start: Instant, turn: Option<Turn>) {
        // Also the wait that lasted beyond the end counts: it is the longest of those who were passed over.
        self.waits.count(start.elapsed().as_nanos());
        self.turns.extend(turn);
    }

    pub fn returned(&mut self, stop: &AtomicBool) {
        self.returned += usize::from(!stop.load(Ordering::Relaxed));
    }
}

/// What each thread or task does in the contended run, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How long a connection is held.
    pub hold: Duration,
    /// How long its user does something else before it asks for the next; may be nothing.
    pub pause: Duration,
    pub length: Duration,
}

/// The loops, compiled for each subject by itself: inside them nothing is called through a pointer.
pub trait Measured {
    fn name(&self) -> &str;
    /// The time that so many checkouts with return take on this thread.
    fn cycle(&self, count: u32) -> Duration;
    /// Many threads, or tasks, that check out, hold and return for so long.
    fn compete(&self, threads: usize, load: Load) -> (Vec<ThreadReport>, Duration);
}

impl<S: Subject> Measured for S {
    fn name(&self) -> &str {
        Subject::name(self)
    }

    fn cycle(&self, count: u32) -> Duration {
        let start = Instant::now();
        for _ in 0..count {
            drop(black_box(self.checkout()));
        }
        start.elapsed()
    }

    fn compete(&self, threads: usize, load: Load) -> (Vec<ThreadReport>, Duration) {
        let stop = AtomicBool::new(false);
        let order = Order::default();
        let together = Barrier::new(threads + 1);
        std::thread::scope(|scope| {
            let work = || {
                exact_sleep();
                together.wait();
                use_until(self, load, &order, &stop)
            };
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            together.wait();
            let start = Instant::now();
            std::thread::sleep(load.length);
            stop.store(true, Ordering::Relaxed);
            let elapsed = start.elapsed();
            let join =
                |handle: std::thread::ScopedJoinHandle<'_, _>| handle.join().expect("no thread panics");
            (handles.into_iter().map(join).collect(), elapsed)
        })
    }
}

fn use_until<S: Subject>(subject: &S, load: Load, order: &Order, stop: &AtomicBool) -> ThreadReport {
    let mut report = ThreadReport::new();
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let asked = order.ask(load);
        let checkout = subject.checkout();
        report.served(start, order.serve(asked));
        if !load.hold.is_zero() {
            // Held as for a statement: the thread waits for the database and leaves the processor to others.
            std::thread::sleep(load.hold);
        }
        drop(black_box(checkout));
        report.returned(stop);
        if !load.pause.is_zero() {
            std::thread::sleep(load.pause);
        }
    }
    report
}

/// The kernel may lengthen sleeps by 50 µs, a quarter of the hold time, unless told otherwise.
fn exact_sleep() {
    let slack = std::num::NonZeroU64::MIN;
    rustix::thread::set_current_timer_slack(Some(slack)).expect("a thread may set its own timer slack");
}
