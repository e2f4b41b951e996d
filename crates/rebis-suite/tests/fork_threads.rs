//! Forks while other threads are at work: whatever lock they hold, the child completes its transactions.
//!
//! Scenario F6 on each database. A case is named `scenario@database`.
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
use rebis_suite::harness::{self, Outcome, Scenario, on_every_database, passed};
use rebis_suite::{database_or_skip, ledger};

/// What the plan allows a child for its 100 transactions.
const CHILD: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let scenarios: [Scenario; 4] = [
        ("f6_threads_in_the_pool_and_in_queries", 120, busy_threads),
        ("f6_a_thread_inside_connect", 60, inside_connect),
        ("f6_a_thread_inside_a_query", 60, inside_a_query),
        ("f6_threads_inside_print_and_once", 60, inside_print_and_once),
    ];
    harness::main(&on_every_database(&scenarios))
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
