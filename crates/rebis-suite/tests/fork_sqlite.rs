//! SQLite across a fork: the matrix M9 to M11, forks beside threads that write, and what an in-memory database says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rebis::{Connection, Engine, ErrorKind, text};
use rebis_suite::databases::{Database, sqlite};
use rebis_suite::fork::{self, Kind, Signal};
use rebis_suite::harness::{self, Case, Outcome, passed};
use rebis_suite::ledger;

const CHILD: Duration = Duration::from_secs(20);
const ROWS: i64 = 20_000;

fn main() -> ExitCode {
    let case = |name: &str, seconds, run| Case {
        name: name.to_owned(),
        deadline: Duration::from_secs(seconds),
        run,
    };
    harness::main(&[
        case("m9_m11_matrix@wal", 120, |_| matrix("wal")),
        case("m9_m11_matrix@delete", 120, |_| matrix("delete")),
        case("a_thousand_forks_beside_four_writers@wal", 300, |_| forks_beside_writers("wal")),
        case("a_thousand_forks_beside_four_writers@delete", 300, |_| forks_beside_writers("delete")),
        case("a_fork_waits_out_a_long_query", 60, |_| long_query()),
        case("forks_beside_zeroblobs", 60, |_| zeroblobs()),
        case("memory_belongs_to_its_process", 60, |_| memory()),
        case("a_read_only_engine_in_a_child", 60, |_| read_only()),
    ])
}

// ---- M9 to M11 ----

/// What the parent's connection was doing when the fork came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Reading,
    Writing,
}

fn fill(engine: &Engine) {
    let mut conn = engine.connect().unwrap();
    conn.execute(text("drop table if exists t")).unwrap();
    conn.execute(text("create table t (i integer primary key, v int, pad text)")).unwrap();
    let pad = "0".repeat(200);
    conn.execute_many(text("insert into t values (:i, 0, :pad)"), (0..ROWS).map(|i| (i, pad.as_str())))
        .unwrap();
    conn.commit().unwrap();
}

fn sum(conn: &mut Connection) -> i64 {
    conn.scalar(text("select sum(v) from t")).unwrap()
}

fn set_all(conn: &mut Connection, value: i64) -> rebis::Result<()> {
    conn.execute(text("update t set v = :v").bind("v", value))?;
    Ok(())
}

fn matrix(journal_mode: &str) -> Outcome {
    let database = sqlite(journal_mode);
    let mut cases = 0;
    for state in [State::Idle, State::Reading, State::Writing] {
        // Whether the child's things from before the fork are dropped or kept.
        for drops in [false, true] {
            one_of_the_matrix(&database, journal_mode, state, drops);
            cases += 1;
        }
    }
    passed(format!(
        "{journal_mode}: {cases} cases: stable snapshots, writes after the parent's commit, files whole"
    ))
}

fn one_of_the_matrix(database: &Database, journal_mode: &str, state: State, drops: bool) {
    let engine = database.reader(2);
    fill(&engine);
    let mut held = Some(engine.connect().unwrap());
    let parent = held.as_mut().unwrap();
    match state {
        State::Idle => {}
        State::Reading => assert_eq!(sum(parent), 0),
        State::Writing => set_all(parent, 1).unwrap(),
    }
    let before = if state == State::Writing { ROWS } else { 0 };
    let (committed, looked, wrote) = (Signal::new(), Signal::new(), Signal::new());
    let child = fork::child(Kind::Fork, || {
        if drops {
            drop(held.take());
        }
        committed.await_once();
        let mut conn = engine.connect().unwrap();
        // M9: a read transaction of the child's own must not see the parent's commit in its middle.
        let first = sum(&mut conn);
        looked.tell();
        wrote.await_once();
        let second = sum(&mut conn);
        conn.commit().unwrap();
        // And the child can write, now that the parent has committed.
        conn.execute(text("update t set v = 9 where i = 3")).unwrap();
        conn.commit().unwrap();
        i32::from(first != before || second != first) * 2
    });
    let parent = held.as_mut().unwrap();
    parent.commit().unwrap();
    committed.tell();
    looked.await_once();
    // In rollback mode the child's read lock keeps the parent's commit out: then the parent's write waits for its turn.
    let mut busy = false;
    if journal_mode == "wal" {
        set_all(parent, 5).unwrap();
        parent.commit().unwrap();
    } else {
        let quick = Engine::new(
            database.url_with("").trim_end_matches('&').replace("busy_timeout=30", "busy_timeout=0.1"),
        );
        let mut conn = quick.unwrap().connect().unwrap();
        let result = set_all(&mut conn, 5).and_then(|()| conn.commit());
        busy = result.is_err_and(|error| error.kind() == ErrorKind::Locked);
        conn.rollback().unwrap();
        assert!(busy, "the child's read transaction is respected");
    }
    wrote.tell();
    assert_eq!(fork::wait(child, CHILD), Some(0), "{journal_mode} {state:?} drops {drops}");
    let value: i64 = parent.scalar(text("select v from t where i = 3")).unwrap();
    assert_eq!(value, 9, "the parent sees the child's write");
    let expected = if busy { before } else { 5 * ROWS };
    let others: i64 = parent.scalar(text("select sum(v) from t where i <> 3")).unwrap();
    assert_eq!(others, expected / ROWS * (ROWS - 1));
    // M11: atomicity. A child that closes an inherited handle leaves a file that is half written and still says ok.
    let kinds: i64 = parent.scalar(text("select count(distinct v) from t where i <> 3")).unwrap();
    assert_eq!(kinds, 1);
    let check: String = parent.scalar(text("pragma integrity_check")).unwrap();
    assert_eq!(check, "ok");
    parent.commit().unwrap();
    set_all(parent, 7).unwrap();
    parent.commit().unwrap();
}

// ---- forks beside writers ----

fn forks_beside_writers(journal_mode: &str) -> Outcome {
    const FORKS: i64 = 1000;
    const EACH: i64 = 3;
    const THREADS: i64 = 4;
    let database = sqlite(journal_mode);
    let engine = database.engine(8);
    ledger::create(&engine);
    let stop = AtomicBool::new(false);
    let counts: Vec<AtomicI64> = (0..THREADS).map(|_| AtomicI64::new(0)).collect();
    let mut slowest = Duration::ZERO;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for (thread, count) in (0..THREADS).zip(&counts) {
            let (engine, stop) = (&engine, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    ledger::write(engine, -1 - thread, count.load(Ordering::Relaxed)).unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                    // Leaves some turns to the children.
                    std::thread::sleep(Duration::from_micros(300));
                }
            });
        }
        for worker in 0..FORKS {
            let began = Instant::now();
            let child = fork::child(Kind::Fork, || ledger::work(&engine, worker, EACH));
            slowest = slowest.max(began.elapsed());
            let code = fork::wait(child, CHILD);
            if code != Some(0) {
                stop.store(true, Ordering::Relaxed);
            }
            assert_eq!(code, Some(0), "child {worker} (None: it hung)");
        }
        stop.store(true, Ordering::Relaxed);
    });
    let written = counts.iter().map(|count| count.load(Ordering::Relaxed));
    let expected =
        (0..FORKS).map(|worker| (worker, EACH)).chain((0..THREADS).map(|thread| -1 - thread).zip(written));
    let mut conn = engine.connect().unwrap();
    let rows = ledger::check(&mut conn, expected);
    let check: String = conn.scalar(text("pragma integrity_check")).unwrap();
    assert_eq!(check, "ok");
    passed(format!(
        "{journal_mode}: {FORKS} forks beside {THREADS} writing threads: 0 hangs, {rows} rows, each once, slowest fork {} ms, {:.1} s",
        slowest.as_millis(),
        start.elapsed().as_secs_f64()
    ))
}

/// A query of seconds in another thread holds up neither the fork nor the child.
fn long_query() -> Outcome {
    let database = sqlite("wal");
    let engine = database.engine(4);
    ledger::create(&engine);
    let reader = database.reader(1);
    let mut slowest = Duration::ZERO;
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut conn = reader.connect().unwrap();
            let count: i64 = conn
                .scalar(text(
                    "with recursive c (n) as (select 1 union all select n + 1 from c where n < 6000000) \
                     select count(*) from c",
                ))
                .unwrap();
            assert_eq!(count, 6_000_000);
            done.store(true, Ordering::Release);
        });
        std::thread::sleep(Duration::from_millis(50));
        for worker in 0..10 {
            let start = Instant::now();
            let child = fork::child(Kind::Fork, || ledger::work(&engine, worker, 2));
            slowest = slowest.max(start.elapsed());
            assert!(!done.load(Ordering::Acquire), "the query must still run, or nothing is shown");
            assert_eq!(fork::wait(child, CHILD), Some(0));
        }
    });
    assert!(slowest < Duration::from_millis(500), "a fork waited {slowest:?}");
    passed(format!("10 forks inside one query, slowest {} ms", slowest.as_millis()))
}

/// A `zeroblob` is written out when it is read, under a global mutex of SQLite's: that reading belongs inside the gate.
fn zeroblobs() -> Outcome {
    const FORKS: i64 = 300;
    let database = sqlite("wal");
    let engine = database.engine(4);
    ledger::create(&engine);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let columns = vec!["zeroblob(1500 + column1)"; 300].join(", ");
                let sql = format!("select {columns} from (values (1), (2), (3), (4), (5), (6), (7), (8))");
                let mut conn = database.reader(1).connect().unwrap();
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(conn.execute(rebis::raw(sql.as_str())).unwrap().all().unwrap().len(), 8);
                }
            });
        }
        for worker in 0..FORKS {
            let code = fork::wait(fork::child(Kind::Fork, || ledger::work(&engine, worker, 1)), CHILD);
            if code != Some(0) {
                stop.store(true, Ordering::Relaxed);
            }
            assert_eq!(code, Some(0), "child {worker} (None: it hung)");
        }
        stop.store(true, Ordering::Relaxed);
    });
    passed(format!("{FORKS} forks, 0 hangs"))
}

fn memory() -> Outcome {
    let engine = Engine::new("sqlite://").unwrap();
    engine.transaction(|tx| tx.execute(text("create table t (i int)")).map(|_| ())).unwrap();
    let untouched = Engine::new("sqlite://").unwrap();
    fork::expect(Kind::Fork, CHILD, || {
        let error = engine.connect().map(|_| ()).unwrap_err();
        let says = error.kind() == ErrorKind::Forked && error.to_string().contains("file");
        // One that nobody has used yet is the child's to use.
        i32::from(!says || untouched.connect().unwrap().scalar::<i64>(text("select 1")).unwrap() != 1)
    });
    assert_eq!(engine.connect().unwrap().scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
    passed("the parent's memory database answers Forked in the child, an unused one works")
}

/// Read-only handles are not exempt: one that was reading at the fork has locks in its counts as well.
fn read_only() -> Outcome {
    let database = sqlite("delete");
    fill(&database.engine(1));
    let engine =
        Engine::new(database.url_with("mode=ro").replace("journal_mode=delete&synchronous=off&", ""))
            .unwrap();
    let mut held = engine.connect().unwrap();
    assert_eq!(sum(&mut held), 0);
    let writer = database.engine(1);
    fork::expect(Kind::Fork, CHILD, || {
        let mut conn = engine.connect().unwrap();
        let refused = set_all(&mut conn, 1).is_err();
        i32::from(!refused || sum(&mut conn) != 0)
    });
    held.commit().unwrap();
    set_all(&mut writer.connect().unwrap(), 1).unwrap();
    passed("reads in the child, the parent's lock ends with its transaction")
}
