//! What every driver must do about time limits and cancels: run by each driver's tests on its own connections.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Cancel, Connection, Notice, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;
use crate::value::ValueRef;

/// Statements that take long: one that computes without a row, one that sends rows for ever, one run per set of parameters.
pub(super) struct Slow {
    pub(super) silent: &'static str,
    pub(super) rows: &'static str,
    pub(super) per_set: &'static str,
}

/// Far longer than any of them is let run.
const LONG: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(150);

fn read(connection: &mut dyn Connection, sql: &str) -> Result<u64> {
    let cursor = connection.execute(sql, &[])?;
    let mut rows = 0;
    while cursor.advance()? {
        rows += 1;
    }
    Ok(rows)
}

fn works(connection: &mut dyn Connection) {
    if connection.status() != TransactionStatus::Idle {
        connection.control("ROLLBACK").unwrap();
    }
    assert_eq!(read(connection, "select 1").unwrap(), 1);
    assert!(!connection.is_broken());
}

fn assert_stopped(error: &Error, kind: ErrorKind, start: Instant) {
    assert_eq!((error.kind(), error.is_disconnect()), (kind, false), "{error:?}");
    assert!(start.elapsed() < LONG / 2, "it took {:?}", start.elapsed());
}

/// A word about the transaction reads past what is left of an answer: there are no more rows then, and no wait for them.
pub(super) fn ends_its_answer(connection: &mut dyn Connection) {
    connection.begin("BEGIN").unwrap();
    let start = Instant::now();
    let cursor = connection.execute("select 1 union all select 2 union all select 3", &[]).unwrap();
    assert!(cursor.advance().unwrap());
    connection.control("SAVEPOINT a").unwrap();
    let cursor = connection.cursor().unwrap();
    assert!(cursor.cell(0).is_err(), "a cell of a row that is gone");
    assert!(!cursor.advance().unwrap());
    assert!(start.elapsed() < LONG / 2, "it took {:?}", start.elapsed());
    works(connection);
}

/// A statement's time is up, in every way to run one.
pub(super) fn times_out(connection: &mut dyn Connection, slow: &Slow) {
    for in_transaction in [false, true] {
        for sql in [slow.silent, slow.rows] {
            let start = Instant::now();
            connection.limit_statement(Deadline::after(SOON)).unwrap();
            if in_transaction {
                connection.begin("BEGIN").unwrap();
            }
            let error = read(connection, sql).unwrap_err();
            assert_stopped(&error, ErrorKind::Timeout, start);
            works(connection);
        }
    }
    // Also while the statement is prepared, or before the server has begun it.
    for round in 0..50 {
        let start = Instant::now();
        connection.limit_statement(Deadline::after(Duration::from_micros(round * 60))).unwrap();
        let error = read(connection, slow.rows).unwrap_err();
        assert_stopped(&error, ErrorKind::Timeout, start);
        assert_eq!(read(connection, "select 1").unwrap(), 1);
    }
    let start = Instant::now();
    connection.limit_statement(Deadline::after(SOON)).unwrap();
    let sets: Vec<_> = (0..10_000).map(ValueRef::Int).collect();
    let error = connection.execute_many(slow.per_set, &sets, 1).unwrap_err();
    assert_stopped(&error, ErrorKind::Timeout, start);
    works(connection);
    // It counts for one statement.
    std::thread::sleep(SOON);
    works(connection);
}

/// Rows that a program reads slowly count too, and an answer that it leaves behind does not disturb the next statement.
pub(super) fn times_out_between_rows(connection: &mut dyn Connection, slow: &Slow) {
    // Enough for the first row, also on a machine that is busy.
    let some = Duration::from_secs(2);
    let start = Instant::now();
    connection.limit_statement(Deadline::after(some)).unwrap();
    let cursor = connection.execute(slow.rows, &[]).unwrap();
    assert!(cursor.advance().unwrap());
    std::thread::sleep(some);
    let error = loop {
        match cursor.advance() {
            Ok(more) => assert!(more),
            Err(error) => break error,
        }
    };
    assert_stopped(&error, ErrorKind::Timeout, start);
    works(connection);
    connection.limit_statement(Deadline::after(some)).unwrap();
    assert!(connection.execute(slow.rows, &[]).unwrap().advance().unwrap());
    works(connection);
}

/// Another thread stops what runs, and nothing else.
pub(super) fn cancels(connection: &mut dyn Connection, slow: &Slow) {
    let canceller = connection.canceller().unwrap();
    let limit = || Deadline::after(Duration::from_secs(5));
    assert!(!canceller.cancel(limit()).unwrap(), "nothing runs");
    works(connection);
    // A server that has not begun the statement forgets the cancel: so it is asked until the statement has ended.
    let stop = |run: &mut dyn FnMut() -> Error| {
        let ended = AtomicBool::new(false);
        let start = Instant::now();
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Acquire) && start.elapsed() < LONG {
                    std::thread::sleep(SOON);
                    canceller.cancel(limit()).unwrap();
                }
            });
            let error = run();
            ended.store(true, Ordering::Release);
            error
        });
        assert_stopped(&error, ErrorKind::Cancelled, start);
    };
    for sql in [slow.silent, slow.rows] {
        stop(&mut || read(connection, sql).unwrap_err());
        works(connection);
    }
    // Between two batches the driver ends the run.
    let sets: Vec<_> = (0..10_000).map(ValueRef::Int).collect();
    stop(&mut || connection.execute_many(slow.per_set, &sets, 1).unwrap_err());
    works(connection);
}

/// Cancels what runs, as soon as something does.
pub(super) fn cancel_soon(canceller: &dyn Cancel) {
    let start = Instant::now();
    while !canceller.cancel(Deadline::after(Duration::from_secs(5))).unwrap() {
        assert!(start.elapsed() < LONG, "nothing runs");
    }
}

/// However a cancel and the end of a statement meet: what is begun after the cancel is not hit.
pub(super) fn never_hits_the_next(connection: &mut dyn Connection, short: &str, rounds: u32) -> u32 {
    let canceller = connection.canceller().unwrap();
    let (mut hit, mut delay) = (0, Duration::ZERO);
    // Later after a hit, sooner after a miss: most cancels come at the statement's end, on a slow machine too.
    let step = Duration::from_micros(250);
    for round in 0..rounds {
        let before = hit;
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                barrier.wait();
                std::thread::sleep(delay);
                canceller.cancel(Deadline::after(Duration::from_secs(5))).unwrap()
            });
            barrier.wait();
            match read(connection, short) {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
                    hit += 1;
                }
            }
            other.join().unwrap();
        });
        delay = if hit > before { delay + step } else { delay.saturating_sub(step) };
        assert_eq!(read(connection, "select 1").unwrap(), 1, "round {round}");
    }
    hit
}

/// What a session was told is forgotten.
pub(super) fn forgets(connection: &mut dyn Connection, tell: &str, ask: &str) {
    let answer = |connection: &mut dyn Connection| {
        let cursor = connection.execute(ask, &[]).unwrap();
        assert!(cursor.advance().unwrap());
        crate::value::Value::from(cursor.cell(0).unwrap())
    };
    let before = answer(connection);
    connection.execute(tell, &[]).unwrap();
    assert_ne!(answer(connection), before, "{tell} tells nothing");
    connection.begin("BEGIN").unwrap();
    read(connection, "select 1").unwrap();
    connection.reset_session().unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
    assert_eq!(answer(connection), before);
    assert_eq!(connection.take_notices(), Vec::<Notice>::new());
}
