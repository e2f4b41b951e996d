//! Many threads, one engine. A case is named `scenario@database`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rebis::{Connection, Engine, Error, ErrorKind, Result, raw, text};
use rebis_suite::databases::{Database, database};
use rebis_suite::harness::{self, Case, Outcome};

const THREADS: i64 = 8;
const TRANSACTIONS: i64 = 300;
const POOL: usize = 3;

type Scenario = (&'static str, fn(&Database) -> Outcome);

const SCENARIOS: [Scenario; 5] = [
    ("threads_share_an_engine", share),
    ("threads_that_fail_give_back_what_they_leased", fail),
    ("threads_hand_a_connection_on", hand_on),
    ("threads_hand_a_transaction_on", hand_transaction_on),
    ("threads_are_served_alike", served_alike),
];

fn main() -> ExitCode {
    let mut cases = Vec::new();
    for (name, _) in SCENARIOS {
        for backend in ["sqlite", "mysql", "postgresql"] {
            cases.push(Case { name: format!("{name}@{backend}"), deadline: Duration::from_secs(180), run });
        }
    }
    harness::main(&cases)
}

fn run(case: &str) -> Outcome {
    let (name, backend) = case.split_once('@').expect("a case is named scenario@database");
    let (_, scenario) = SCENARIOS.iter().find(|(known, _)| *known == name).expect("a scenario of that name");
    match database(backend) {
        Ok(database) => scenario(&database),
        Err(why) => Outcome::Skipped(why),
    }
}

/// An engine and its empty table; the suite's ledger has another, for the tests that run beside these.
fn prepare(database: &Database, table: &str) -> Engine {
    let engine = database.engine(POOL);
    let mut conn = engine.connect().unwrap();
    conn.execute(raw(format!("drop table if exists {table}"))).unwrap();
    conn.execute(raw(format!(
        "create table {table} (worker int not null, seq int not null, token varchar(40) not null, \
         primary key (worker, seq))"
    )))
    .unwrap();
    conn.commit().unwrap();
    engine
}

/// One transaction: writes a token and reads it back. An answer that belongs to another thread shows here.
fn write(engine: &Engine, worker: i64, seq: i64) -> Result<()> {
    let token = format!("{worker}/{seq}");
    engine.transaction(|tx| {
        tx.execute(
            text("insert into conf_threads (worker, seq, token) values (:worker, :seq, :token)")
                .bind("worker", worker)
                .bind("seq", seq)
                .bind("token", token.as_str()),
        )?;
        let echoed: String = tx.scalar(
            text("select token from conf_threads where worker = :worker and seq = :seq")
                .bind("worker", worker)
                .bind("seq", seq),
        )?;
        if echoed == token {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Internal, format!("wrong answer: {echoed} instead of {token}")))
        }
    })
}

/// Every row of every thread, each once, with its own token.
fn check(conn: &mut Connection, table: &str, workers: i64, count: i64) {
    let rows: Vec<(i64, i64, String)> =
        conn.fetch_all(raw(format!("select worker, seq, token from {table} order by worker, seq"))).unwrap();
    let expected: Vec<(i64, i64, String)> = (0..workers)
        .flat_map(|worker| (0..count).map(move |seq| (worker, seq, format!("{worker}/{seq}"))))
        .collect();
    assert!(rows == expected, "{} rows, {} expected; or others", rows.len(), expected.len());
    conn.commit().unwrap();
}

fn assert_all_returned(engine: &Engine) -> String {
    let status = engine.pool().status();
    assert_eq!((status.leased, status.waiting), (0, 0), "{status}");
    assert!(status.idle <= POOL, "{status}");
    status.to_string()
}

fn share(database: &Database) -> Outcome {
    let engine = prepare(database, "conf_threads");
    let sessions = Mutex::new(BTreeSet::new());
    let start = Instant::now();
    let work = |engine: &Engine, worker: i64| -> Vec<String> {
        let one = |seq| write(engine, worker, seq).map_err(|error| error.chain());
        if let Some(id) = engine.connect().unwrap().server().and_then(|server| server.session_id) {
            sessions.lock().unwrap().insert(id);
        }
        (0..TRANSACTIONS).filter_map(|seq| one(seq).err()).collect()
    };
    let failed: Vec<String> = thread::scope(|scope| {
        let handles: Vec<_> = (0..THREADS)
            .map(|worker| {
                // Half of them by a clone of the engine, half by a reference to it.
                let (work, engine, clone) = (&work, &engine, engine.clone());
                scope.spawn(move || work(if worker % 2 == 0 { &clone } else { engine }, worker))
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{} failed, first: {}", failed.len(), failed[0]);
    let elapsed = start.elapsed().as_secs_f64();
    let status = assert_all_returned(&engine);
    let sessions = sessions.into_inner().unwrap().len();
    assert!(sessions <= POOL, "{sessions} sessions for a pool of {POOL}");
    check(&mut engine.connect().unwrap(), "conf_threads", THREADS, TRANSACTIONS);
    let rows = THREADS * TRANSACTIONS;
    Outcome::Passed(format!("{rows} transactions of {THREADS} threads in {elapsed:.1} s, no error; {status}"))
}

const MEANT: &str = "a panic in the middle of a transaction";

/// Errors, panics, answers left unread, transactions left open: nothing of it stays with the pool.
fn fail(database: &Database) -> Outcome {
    let engine = prepare(database, "conf_threads_fail");
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref() != Some(&MEANT) {
            print(panic);
        }
    }));
    let insert = || text("insert into conf_threads_fail values (:worker, :seq, 'x')").bind("worker", 1);
    thread::scope(|scope| {
        for worker in 0..THREADS {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..20 {
                    let mut conn = engine.connect().unwrap();
                    let seq = worker * 100 + round;
                    match round % 4 {
                        0 => drop(conn.execute(insert().bind("seq", seq)).unwrap()),
                        1 => drop(conn.execute(text("select nonsense")).unwrap_err()),
                        2 => {
                            let three = text("select 1 union select 2 union select 3");
                            conn.execute(three).unwrap().next().unwrap();
                        }
                        _ => {
                            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                                let mut tx = conn.begin().unwrap();
                                tx.execute(insert().bind("seq", seq)).unwrap();
                                std::panic::panic_any(MEANT);
                            }));
                            assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&MEANT));
                        }
                    }
                }
            });
        }
    });
    let status = assert_all_returned(&engine);
    let left: i64 = engine.connect().unwrap().scalar(text("select count(*) from conf_threads_fail")).unwrap();
    assert_eq!(left, 0, "nothing was committed");
    Outcome::Passed(format!("{} leases ended badly: {status}", THREADS * 20))
}

/// Each thread does one statement of the same transaction and gives the connection to the next.
fn hand_on(database: &Database) -> Outcome {
    let engine = prepare(database, "conf_threads_hand");
    let mut conn = engine.connect().unwrap();
    let session = conn.server().and_then(|server| server.session_id);
    let mut threads = BTreeSet::new();
    for seq in 0..50_i64 {
        let handle = thread::spawn(move || -> Result<(Connection, String)> {
            conn.execute(
                text("insert into conf_threads_hand values (0, :seq, :token)")
                    .bind("seq", seq)
                    .bind("token", format!("0/{seq}")),
            )?;
            let count: i64 = conn.scalar(text("select count(*) from conf_threads_hand"))?;
            assert_eq!(count, seq + 1, "what the threads before wrote in this transaction");
            Ok((conn, format!("{:?}", thread::current().id())))
        });
        let (back, id) = handle.join().unwrap().unwrap();
        conn = back;
        threads.insert(id);
    }
    assert_eq!(threads.len(), 50);
    assert!(conn.in_transaction());
    assert_eq!(conn.server().and_then(|server| server.session_id), session);
    let reader = database.reader(1);
    let seen =
        |conn: &mut Connection| conn.scalar::<i64>(text("select count(*) from conf_threads_hand")).unwrap();
    assert_eq!(seen(&mut reader.connect().unwrap()), 0, "not yet committed");
    thread::spawn(move || conn.commit().map(|()| drop(conn))).join().unwrap().unwrap();
    assert_all_returned(&engine);
    check(&mut reader.connect().unwrap(), "conf_threads_hand", 1, 50);
    Outcome::Passed("1 transaction of 50 threads, committed by another one".to_owned())
}

/// A guard goes to a thread by reference, in turn, and by value in the end.
fn hand_transaction_on(database: &Database) -> Outcome {
    let engine = prepare(database, "conf_threads_guard");
    let mut tx = engine.begin().unwrap();
    let barrier = Barrier::new(2);
    for seq in 0..10_i64 {
        thread::scope(|scope| {
            let (tx, barrier) = (&mut tx, &barrier);
            scope.spawn(move || {
                let mut savepoint = tx.begin_nested().unwrap();
                savepoint
                    .execute(
                        text("insert into conf_threads_guard values (0, :seq, :token)")
                            .bind("seq", seq)
                            .bind("token", format!("0/{seq}")),
                    )
                    .unwrap();
                // The other thread is at work at the same time, on a connection of its own.
                barrier.wait();
                savepoint.commit().unwrap();
            });
            barrier.wait();
            database.reader(1).connect().unwrap().scalar::<i64>(text("select 1")).unwrap();
        });
    }
    thread::spawn(move || tx.commit()).join().unwrap().unwrap();
    assert_all_returned(&engine);
    check(&mut engine.connect().unwrap(), "conf_threads_guard", 1, 10);
    // Dropped by a thread that did not begin it: rolled back there.
    let mut tx = engine.begin().unwrap();
    tx.execute(text("delete from conf_threads_guard")).unwrap();
    thread::spawn(move || drop(tx)).join().unwrap();
    check(&mut engine.connect().unwrap(), "conf_threads_guard", 1, 10);
    assert_all_returned(&engine);
    Outcome::Passed("1 transaction of 11 threads, 1 dropped by a thread".to_owned())
}

/// 64 threads on a pool of 4, each of which asks again as soon as it is done: in a fixed time none gets three times what another
/// gets.
fn served_alike(database: &Database) -> Outcome {
    const MANY: usize = 64;
    const TIME: Duration = Duration::from_secs(2);
    let engine = database.reader(4);
    let barrier = Barrier::new(MANY);
    let served: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..MANY)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    let start = Instant::now();
                    let mut served = 0_u64;
                    while start.elapsed() < TIME {
                        let mut conn = engine.connect().unwrap();
                        assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
                        served += 1;
                    }
                    served
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let status = engine.pool().status();
    assert_eq!((status.leased, status.waiting), (0, 0), "{status}");
    assert!(engine.pool().counters().opened <= 4);
    let (least, most) = (served.iter().min().unwrap(), served.iter().max().unwrap());
    assert!(*least > 0 && most / least < 3, "from {least} to {most} checkouts a thread");
    let total: u64 = served.iter().sum();
    assert_eq!(engine.pool().counters().checkouts, total);
    Outcome::Passed(format!("{total} checkouts, {least} to {most} a thread"))
}
