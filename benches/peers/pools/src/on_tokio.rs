//! An async pool, used by tasks on a Tokio runtime.

use crate::overtaking::Order;
use crate::subject::{Load, Measured, ThreadReport};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use std::future::Future;
use std::hint::black_box;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;
use tokio::runtime::Runtime;
use tokio::sync::Barrier;

/// As many as the processors of the machine that the figures of this repository come from.
const WORKERS: usize = 2;

/// An async pool; dropping what was checked out returns it.
pub trait AsyncSubject: Send + Sync + 'static {
    type Checkout<'a>: Send
    where
        Self: 'a;

    fn name(&self) -> &str;
    fn checkout(&self) -> impl Future<Output = Self::Checkout<'_>> + Send;
}

pub struct OnTokio<S> {
    runtime: Runtime,
    subject: Arc<S>,
}

impl<S: AsyncSubject> OnTokio<S> {
    pub fn new<F: Future<Output = S>>(make: impl FnOnce() -> F) -> OnTokio<S> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(WORKERS).enable_all().build().expect("a runtime");
        let subject = Arc::new(runtime.block_on(make()));
        OnTokio { runtime, subject }
    }
}

impl<S: AsyncSubject> Measured for OnTokio<S> {
    fn name(&self) -> &str {
        self.subject.name()
    }

    fn cycle(&self, count: u32) -> Duration {
        self.runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..count {
                drop(black_box(self.subject.checkout().await));
            }
            start.elapsed()
        })
    }

    fn compete(&self, tasks: usize, load: Load) -> (Vec<ThreadReport>, Duration) {
        let stop = Arc::new(AtomicBool::new(false));
        let order = Arc::new(Order::default());
        let together = Arc::new(Barrier::new(tasks + 1));
        self.runtime.block_on(async {
            let mut handles = Vec::new();
            for _ in 0..tasks {
                let (subject, order) = (Arc::clone(&self.subject), Arc::clone(&order));
                let (stop, together) = (Arc::clone(&stop), Arc::clone(&together));
                handles.push(tokio::spawn(async move {
                    let timer = Timer::new();
                    together.wait().await;
                    use_until(&*subject, load, &timer, &order, &stop).await
                }));
            }
            together.wait().await;
            // This thread is none of the runtime's: tasks that never wait do not keep it from waking up.
            let start = Instant::now();
            std::thread::sleep(load.length);
            stop.store(true, Ordering::Relaxed);
            let elapsed = start.elapsed();
            let mut reports = Vec::new();
            for handle in handles {
                reports.push(handle.await.expect("no task panics"));
            }
            (reports, elapsed)
        })
    }
}

async fn use_until<S: AsyncSubject>(
    subject: &S,
    load: Load,
    timer: &Timer,
    order: &Order,
    stop: &AtomicBool,
) -> ThreadReport {
    let mut report = ThreadReport::new();
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let asked = order.ask(load);
        let checkout = subject.checkout().await;
        report.served(start, order.serve(asked));
        if !load.hold.is_zero() {
            timer.wait(load.hold).await;
        }
        drop(black_box(checkout));
        report.returned(stop);
        // Nothing waits here; a task that never does would keep its worker for ever.
        tokio::task::consume_budget().await;
        if !load.pause.is_zero() {
            timer.wait(load.pause).await;
        }
    }
    report
}

/// A timer of the kernel that wakes the task as an answer on a socket would. Tokio's own timers are too coarse: they wake
/// on the next millisecond.
struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    fn new() -> Timer {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags).expect("a timer");
        // SAFETY: an `OwnedFd` is one open descriptor until it is dropped, and it is dropped with the `AsyncFd`.
        Timer(unsafe { AsyncFd::register(timer) }.expect("a timer can be waited for"))
    }

    async fn wait(&self, length: Duration) {
        let it_value = Timespec { tv_sec: 0, tv_nsec: length.subsec_nanos().into() };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        let once = Itimerspec { it_interval, it_value };
        rustix::time::timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)
            .expect("a timer is set");
        loop {
            let mut ready = self.0.readable().await.expect("the runtime is there");
            let mut expirations = [0; 8];
            if ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut expirations)?)).is_ok() {
                return;
            }
        }
    }
}
