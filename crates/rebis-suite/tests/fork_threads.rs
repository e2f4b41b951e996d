//! Forks while other threads are at work: whatever lock they hold, the child completes its transactions.
//!
//! The scenarios F6 and F7 over every connection. A case is named `scenario@connection`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::time::Duration;

use rebis::driver::{self, Connector, Login};
use rebis::process::Deadline;
use rebis::{Dialect, Engine, text};
use rebis_suite::fork::{self, Kind};
use rebis_suite::harness::{self, Outcome, Scenario, on_every_connection, passed};
use rebis_suite::{database_or_skip, ledger};

/// What the plan allows a child for its 100 transactions.
const CHILD: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let scenarios: [Scenario; 5] = [
        ("f6_threads_in_the_pool_and_in_queries", 120, busy_threads),
        ("f7_fifty_threads_and_a_thousand_children", 300, fifty_threads),
        ("f6_a_thread_inside_connect", 60, inside_connect),
        ("f6_a_thread_inside_a_query", 60, inside_a_query),
        ("f6_threads_inside_print_and_once", 60, inside_print_and_once),
    ];
    harness::main(&on_every_connection(&scenarios))
}

/// Threads take and return connections and run queries all the time: some child is born inside each lock there is.
fn busy_threads(case: &str) -> Outcome {
    const FORKS: i64 = 100;
    let database = database_or_skip!(case);
    let engine = database.engine(3);
    ledger::create(&engine);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (engine, stop) = (&engine, &stop);
            scope.spawn(move || {
                let mut turns = 0_i64;
                while !stop.load(Ordering::Relaxed) {
                    turns += 1;
                    // Half the time only the pool and the cache, half the time the wire.
                    let mut conn = engine.connect().unwrap();
                    if turns % 2 == thread {
                        let n: i64 = conn.scalar(rebis::raw(format!("select {}", turns % 700))).unwrap();
                        assert_eq!(n, turns % 700);
                    }
                }
            });
        }
        for worker in 0..FORKS {
            let pid = fork::child(Kind::Fork, || ledger::work(&engine, worker, 5));
            let code = fork::wait(pid, CHILD);
            if code != Some(0) {
                stop.store(true, Ordering::Relaxed);
            }
            assert_eq!(code, Some(0), "child {worker} (None: it hung)");
        }
        stop.store(true, Ordering::Relaxed);
    });
    let rows = ledger::check(&mut engine.connect().unwrap(), (0..FORKS).map(|worker| (worker, 5)));
    passed(format!("{}: {FORKS} forks beside 2 busy threads, {rows} rows", database.name))
}

/// Fifty threads hammer an engine while the main thread forks children, four at a time, and none may hang or lose a row.
fn fifty_threads(case: &str) -> Outcome {
    const THREADS: i64 = 50;
    const TRANSACTIONS: i64 = 5;
    let database = database_or_skip!(case);
    // The plain ways have the whole number; the others go through the same code with another stream under it.
    let forks: i64 = if case.contains('+') { 200 } else { 1000 };
    let engine = database.engine(4);
    ledger::create(&engine);
    let stop = AtomicBool::new(false);
    let written: Vec<(i64, i64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (engine, stop) = (&engine, &stop);
                scope.spawn(move || {
                    let worker = -1 - thread;
                    let mut seq = 0;
                    while !stop.load(Ordering::Relaxed) {
                        ledger::write(engine, worker, seq).unwrap();
                        seq += 1;
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    (worker, seq)
                })
            })
            .collect();
        let mut running = std::collections::VecDeque::new();
        for worker in 0..forks {
            if running.len() == 4
                && let Some(pid) = running.pop_front()
            {
                expect_success(pid, &stop);
            }
            running.push_back(fork::child(Kind::Fork, || ledger::work(&engine, worker, TRANSACTIONS)));
        }
        running.into_iter().for_each(|pid| expect_success(pid, &stop));
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let threads: i64 = written.iter().map(|(_, rows)| rows).sum();
    let expected = written.into_iter().chain((0..forks).map(|worker| (worker, TRANSACTIONS)));
    let rows = ledger::check(&mut engine.connect().unwrap(), expected.filter(|(_, rows)| *rows > 0));
    passed(format!(
        "{}: {forks} children beside {THREADS} threads ({threads} rows), {rows} rows in all",
        database.name
    ))
}

fn expect_success(pid: i32, stop: &AtomicBool) {
    let code = fork::wait(pid, Duration::from_secs(30));
    if code != Some(0) {
        stop.store(true, Ordering::Relaxed);
    }
    assert_eq!(code, Some(0), "a child's failed transactions (None: it hung)");
}

/// A connector that stops inside `connect`, with its thread, until it is told to go on.
#[derive(Debug)]
struct Slow {
    inside: Arc<Barrier>,
    slow: AtomicBool,
    real: Engine,
}

impl Connector for Slow {
    fn connect(&self, login: &Login, _deadline: Deadline) -> rebis::Result<Box<dyn driver::Connection>> {
        if self.slow.swap(false, Ordering::AcqRel) {
            self.inside.wait();
            self.inside.wait();
        }
        self.real.connect()?;
        driver::scripted::Script::new().connector().connect(login, Deadline::NEVER)
    }
}

fn inside_connect(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let real = database.engine(2);
    ledger::create(&real);
    let inside = Arc::new(Barrier::new(2));
    let slow = Slow { inside: Arc::clone(&inside), slow: AtomicBool::new(true), real: real.clone() };
    let engine =
        Engine::builder_with_connector(slow, Dialect::SQLITE).pool_size(1).max_overflow(0).build().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| drop(engine.connect().unwrap()));
        inside.wait();
        // The thread has the pool's only place and is inside connect; here and in the child that place is not free.
        fork::expect(Kind::Fork, CHILD, || {
            drop(engine.connect().unwrap());
            ledger::work(&real, 1, 100)
        });
        inside.wait();
    });
    ledger::check(&mut real.connect().unwrap(), [(1, 100)]);
    passed(format!("{}: a child completes 100 transactions", database.name))
}

/// The thread waits for an answer of half a second, on the wire or inside SQLite.
fn inside_a_query(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    ledger::create(&engine);
    let reader = database.reader(1);
    let slow = match database.name {
        "PostgreSQL" => "select 1 from pg_sleep(0.5)",
        "MariaDB" => "select 1 + sleep(0.5)",
        _ => {
            "with recursive c (n) as (select 1 union all select n + 1 from c where n < 1500000) select min(n) from c"
        }
    };
    let began = Barrier::new(2);
    std::thread::scope(|scope| {
        let query = scope.spawn(|| {
            let mut conn = reader.connect().unwrap();
            conn.scalar::<i64>(text("select 1")).unwrap();
            began.wait();
            conn.scalar::<i64>(rebis::raw(slow)).unwrap()
        });
        began.wait();
        std::thread::sleep(Duration::from_millis(50));
        fork::expect(Kind::Fork, CHILD, || ledger::work(&engine, 1, 100));
        assert_eq!(query.join().unwrap(), 1, "the parent's query");
    });
    ledger::check(&mut engine.connect().unwrap(), [(1, 100)]);
    passed(format!("{}: a child completes 100 transactions", database.name))
}

/// Locks of std that a child inherits held. The engine needs neither; a child that printed would hang.
fn inside_print_and_once(case: &str) -> Outcome {
    static ONCE: OnceLock<()> = OnceLock::new();
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    ledger::create(&engine);
    let held = Barrier::new(3);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut out = std::io::stdout().lock();
            held.wait();
            held.wait();
            out.flush().unwrap();
        });
        scope.spawn(|| {
            ONCE.get_or_init(|| {
                held.wait();
                held.wait();
            });
        });
        held.wait();
        fork::expect(Kind::Fork, CHILD, || ledger::work(&engine, 1, 100));
        held.wait();
    });
    ledger::check(&mut engine.connect().unwrap(), [(1, 100)]);
    passed(format!("{}: a child completes 100 transactions", database.name))
}
