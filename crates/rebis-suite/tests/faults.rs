//! Networks and servers that fail under a program. A case is named `scenario@database`.
//!
//! Asked of each: a call answers in its time, an error never means that something was committed, a pool recovers by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rebis::{CancelHandle, Engine, EngineBuilder, Error, ErrorKind, ResetOnReturn, Result, text};
use rebis_suite::database_or_skip;
use rebis_suite::databases::Database;
use rebis_suite::fork::{self, Kind};
use rebis_suite::harness::{self, Case, Outcome, Scenario, passed};
use rebis_suite::ledger::{self, Said};
use rebis_suite::proxy::{Direction, Proxy};

fn main() -> ExitCode {
    let scenarios: [Scenario; 8] = [
        ("s1_workers_killed_in_a_transaction", 30, killed_workers),
        ("s2_outages_under_load", 60, outages),
        ("s3_idle_sessions_killed", 30, idle_kills),
        ("s4_a_silent_network", 60, silence),
        ("s5_cut_at_each_byte", 120, cut_anywhere),
        ("s5_one_byte_at_a_time", 60, drip),
        ("cancels_beside_others_on_the_same_sessions", 60, cancels),
        ("h3_one_byte_is_another", 60, spoilt),
    ];
    let servers = ["mysql", "mysql+tls", "postgresql", "postgresql+tls"];
    let case = |(name, seconds, run): Scenario, database: &str| Case {
        name: format!("{name}@{database}"),
        deadline: Duration::from_secs(seconds),
        run,
    };
    let cases: Vec<Case> =
        scenarios.into_iter().flat_map(|scenario| servers.map(|server| case(scenario, server))).collect();
    harness::main(&cases)
}

fn direct(database: &Database) -> Engine {
    database.engine(2)
}

fn through(proxy: &Proxy, database: &Database, options: &str) -> EngineBuilder {
    let builder = Engine::builder(proxy.url(database, options).as_str()).unwrap();
    builder.pool_timeout(Duration::from_secs(5)).connect_timeout(Duration::from_secs(3))
}

fn is_of_the_network(error: &Error) -> bool {
    error.is_disconnect()
        || matches!(
            error.kind(),
            ErrorKind::Connect
                | ErrorKind::CommitUnknown
                | ErrorKind::PendingRollback
                | ErrorKind::PoolTimeout
                | ErrorKind::Timeout
        )
}

// ---- S1 ----

/// Workers that are killed in the middle of a transaction leave nothing of it, and no lock.
fn killed_workers(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = direct(&database);
    ledger::create(&engine);
    engine.transaction(|tx| tx.execute(text("insert into ledger values (0, 0, 'mine')")).map(drop)).unwrap();
    let rounds = 15;
    for round in 0..rounds {
        let (reader, writer) = std::io::pipe().unwrap();
        let worker = fork::child(Kind::Fork, || {
            let mut tx = engine.begin().unwrap();
            tx.execute(text("insert into ledger values (1, :i, 'lost')").bind("i", round)).unwrap();
            tx.execute(text("update ledger set token = 'lost' where worker = 0")).unwrap();
            std::io::Write::write_all(&mut &writer, b"x").unwrap();
            std::thread::sleep(Duration::from_secs(30));
            0
        });
        drop(writer);
        std::io::Read::read_exact(&mut &reader, &mut [0]).unwrap();
        fork::kill(worker);
        assert_eq!(fork::wait(worker, Duration::from_secs(5)), Some(-libc::SIGKILL));
        let start = Instant::now();
        let mut tx = engine.begin().unwrap();
        let lock = text("update ledger set token = 'mine' where worker = 0").timeout(Duration::from_secs(5));
        tx.execute(lock).unwrap();
        tx.commit().unwrap();
        assert!(start.elapsed() < Duration::from_secs(4), "the lock was held for {:?}", start.elapsed());
    }
    let mut conn = engine.connect().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select count(*) from ledger where worker = 1")).unwrap(), 0);
    assert_eq!(conn.scalar::<String>(text("select token from ledger")).unwrap(), "mine");
    passed(format!("{}: {rounds} workers killed", database.name))
}

// ---- S2 ----

/// The server is gone for a moment and comes back, under load.
fn outages(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let proxy = Proxy::new(&database);
    let plain = direct(&database);
    ledger::create(&plain);
    let engine = through(&proxy, &database, "").pool_size(3).max_overflow(1).build().unwrap();
    let (said, stop) = (Said::default(), AtomicBool::new(false));
    let outages = 4;
    std::thread::scope(|scope| {
        for worker in 0..6 {
            let (said, stop, engine) = (&said, &stop, &engine);
            scope.spawn(move || {
                for sequence in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    if let Err(error) = said.write(engine, worker, sequence) {
                        assert!(is_of_the_network(&error), "{}", error.chain());
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
            });
        }
        for round in 0..outages {
            std::thread::sleep(Duration::from_millis(300));
            proxy.reset_on_cut(round % 2 == 0);
            proxy.down(true);
            std::thread::sleep(Duration::from_millis(200));
            proxy.down(false);
            let start = Instant::now();
            while plain.connect().is_err() || said.write(&engine, 100, round).is_err() {
                assert!(start.elapsed() < Duration::from_secs(5), "no recovery");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(engine.pool().status().leased, 0);
    // The sessions that were cut off may still be busy with what they were told last.
    std::thread::sleep(Duration::from_millis(300));
    let [committed, failed, unknown] = said.check(&plain);
    // Who tries again waits longer and longer: a server that is down is not stormed.
    proxy.down(true);
    let patient = through(&proxy, &database, "").pool_timeout(Duration::from_secs(1)).connect_attempts(1000);
    let patient = patient.build().unwrap();
    assert_eq!(patient.connect().unwrap_err().kind(), ErrorKind::Connect);
    let attempts = patient.pool().counters().connect_failures;
    assert!((2..20).contains(&attempts), "{attempts} attempts in a second");
    assert!(committed > 100 && failed > 0, "{committed} committed, {failed} failed");
    passed(format!(
        "{}: {outages} outages, {committed} committed, {failed} failed, {unknown} unknown",
        database.name
    ))
}

// ---- S3 ----

fn kill_all(killer: &Engine, sessions: &[u64]) {
    let mut conn = killer.connect().unwrap();
    for session in sessions {
        let sql = match conn.engine().dialect().name {
            "postgresql" => format!("select pg_terminate_backend({session})"),
            _ => format!("kill {session}"),
        };
        // One that is gone already is no concern.
        let _ = conn.execute(rebis::raw(sql)).map(drop);
        let _ = conn.rollback();
    }
    std::thread::sleep(Duration::from_millis(50));
}

/// Sessions that a server ends while they idle: with a sign of life asked for nobody notices, without one a program does, once.
fn idle_kills(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let killer = direct(&database);
    let mut noticed = 0;
    let rounds = 5;
    for pre_ping in [true, false] {
        let engine = database.builder().pool_size(4).max_overflow(0).pre_ping(pre_ping).build().unwrap();
        for _ in 0..rounds {
            let held: Vec<_> = (0..4).map(|_| engine.connect().unwrap()).collect();
            let sessions: Vec<u64> =
                held.iter().map(|conn| conn.server().unwrap().session_id.unwrap()).collect();
            drop(held);
            kill_all(&killer, &sessions);
            let errors = (0..8)
                .filter_map(|_| engine.transaction(|tx| tx.scalar::<i64>(text("select 1"))).err())
                .inspect(|error| assert!(error.is_disconnect(), "{}", error.chain()))
                .count();
            assert!(errors <= usize::from(!pre_ping), "{errors} errors, pre_ping {pre_ping}");
            noticed += errors;
        }
    }
    assert_eq!(noticed, rounds);
    passed(format!("{}: {} sessions killed, {noticed} noticed", database.name, 8 * rounds))
}

// ---- S4 ----

/// Nothing arrives any more, in either direction, and no end is told.
fn silence(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let proxy = Proxy::new(&database);
    let builder = through(&proxy, &database, "read_timeout=1").pool_size(2).max_overflow(0);
    let engine = builder.connect_timeout(Duration::from_secs(1)).build().unwrap();
    let mut longest = Duration::ZERO;
    let mut calls = 0;
    let mut timed = |what: &str, most: u64, run: &mut dyn FnMut() -> Result<()>| {
        let start = Instant::now();
        let error = run().expect_err(what);
        assert!(is_of_the_network(&error), "{what}: {}", error.chain());
        assert!(start.elapsed() < Duration::from_secs(most), "{what} took {:?}", start.elapsed());
        longest = longest.max(start.elapsed());
        calls += 1;
    };
    let mut idle = engine.connect().unwrap();
    let mut busy = engine.begin().unwrap();
    busy.scalar::<i64>(text("select 1")).unwrap();
    proxy.stall(true);
    timed("a statement", 3, &mut || busy.execute(text("select 1")).map(drop));
    timed("the next", 1, &mut || busy.execute(text("select 1")).map(drop));
    timed("a begin", 3, &mut || idle.execute(text("select 1")).map(drop));
    drop((busy, idle));
    timed("a new connection", 3, &mut || engine.connect().map(drop));
    proxy.stall(false);
    proxy.cut();
    assert_eq!(engine.transaction(|tx| tx.scalar::<i64>(text("select 2"))).unwrap(), 2);
    // What is lost in a commit may have happened.
    let mut tx = engine.begin().unwrap();
    tx.scalar::<i64>(text("select 1")).unwrap();
    proxy.stall(true);
    let start = Instant::now();
    assert_eq!(tx.commit().unwrap_err().kind(), ErrorKind::CommitUnknown);
    assert!(start.elapsed() < Duration::from_secs(3));
    proxy.stall(false);
    proxy.cut();
    // A limit of the statement's own, while nobody can be told to stop it.
    let mut conn = engine.connect().unwrap();
    conn.scalar::<i64>(text("select 1")).unwrap();
    proxy.stall(true);
    let start = Instant::now();
    let limited = text("select 1").timeout(Duration::from_millis(200));
    let error = conn.execute(limited).map(drop).unwrap_err();
    assert!(error.kind() == ErrorKind::Timeout && error.is_disconnect(), "{}", error.chain());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop(conn);
    proxy.stall(false);
    proxy.cut();
    assert_eq!(engine.transaction(|tx| tx.scalar::<i64>(text("select 3"))).unwrap(), 3);
    assert_eq!(engine.pool().status().leased, 0);
    passed(format!("{}: {calls} calls, the longest {longest:.1?}", database.name))
}

// ---- S5 ----

/// Connects, writes a row, reads rows, runs many sets, commits.
fn program(engine: &Engine, said: &Said, sequence: i64) -> Result<()> {
    said.write(engine, 1, sequence)?;
    let mut conn = engine.connect()?;
    let rows: Vec<(i64, String)> = conn.fetch_all(text("select 7, 'seven' union all select 8, 'eight'"))?;
    assert_eq!(rows, [(7, "seven".to_owned()), (8, "eight".to_owned())]);
    Ok(())
}

/// Connections are cut after each number of bytes that a program's whole conversation has, in both directions.
fn cut_anywhere(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let plain = direct(&database);
    ledger::create(&plain);
    let proxy = Proxy::new(&database);
    let said = Said::default();
    let mut sequence = 0;
    let mut run = |proxy: &Proxy| {
        sequence += 1;
        let engine = through(proxy, &database, "").pool_size(1).max_overflow(0).build().unwrap();
        let start = Instant::now();
        let result = program(&engine, &said, sequence);
        assert!(start.elapsed() < Duration::from_secs(3), "it took {:?}", start.elapsed());
        if let Err(error) = &result {
            assert!(is_of_the_network(error) || error.kind() == ErrorKind::Protocol, "{}", error.chain());
        }
        assert_eq!(engine.pool().status().leased, 0);
        result.is_ok()
    };
    assert!(run(&proxy));
    let end = Instant::now() + Duration::from_secs(3);
    let (mut cuts, mut whole) = (0, 0);
    let lengths = [Direction::ToServer, Direction::ToProgram].map(|way| (way, proxy.passed(way)));
    // Every so many bytes, by a stride that meets other offsets in each round, for as long as there is time.
    'all: for round in 0.. {
        for (direction, length) in lengths {
            let mut offset = round;
            while offset < length {
                if Instant::now() > end {
                    break 'all;
                }
                proxy.reset_on_cut(offset % 2 == 0);
                proxy.cut_after(direction, offset);
                whole += usize::from(run(&proxy));
                proxy.cut_after(direction, i64::MAX);
                cuts += 1;
                offset += 37;
            }
        }
        if round == 37 {
            break;
        }
    }
    assert!(cuts > 20 && whole < cuts / 2, "{cuts} cuts, {whole} of no effect");
    std::thread::sleep(Duration::from_millis(200));
    let [committed, failed, unknown] = said.check(&plain);
    passed(format!(
        "{}: {cuts} cuts, {committed} committed, {failed} failed, {unknown} unknown",
        database.name
    ))
}

/// Each byte arrives by itself.
fn drip(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let plain = direct(&database);
    ledger::create(&plain);
    let proxy = Proxy::new(&database);
    proxy.drip(true);
    let said = Said::default();
    let engine = through(&proxy, &database, "").pool_size(1).build().unwrap();
    for sequence in 0..5 {
        program(&engine, &said, sequence).unwrap();
    }
    assert_eq!(said.check(&plain), [5, 0, 0]);
    passed(format!("{}: {} bytes", database.name, proxy.passed(Direction::ToProgram)))
}

// ---- cancels ----

/// Some threads' statements are cancelled all the time, by handles that are used until long after their lease; others share the
/// sessions with them, in every way a lease ends, and are never hit.
fn cancels(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    // A second login, to cancel by, takes some milliseconds.
    let (slow, short) = match database.name {
        "PostgreSQL" => ("select pg_sleep(0.03)::text", "select pg_sleep(0.002)::text"),
        _ => ("select sleep(0.03)", "select sleep(0.002)"),
    };
    let mut report = Vec::new();
    for reset in [ResetOnReturn::Rollback, ResetOnReturn::Session] {
        let builder = database.builder().pool_size(2).max_overflow(1).reset_on_return(reset);
        let engine = builder.build().unwrap();
        let stop = AtomicBool::new(false);
        let handles: Mutex<Vec<CancelHandle>> = Mutex::default();
        let [mut hit, mut missed, mut others] = [0, 0, 0];
        std::thread::scope(|scope| {
            let victims: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let [mut hit, mut missed] = [0, 0];
                        for round in 0.. {
                            if stop.load(Ordering::SeqCst) {
                                break;
                            }
                            let mut conn = engine.connect().unwrap();
                            handles.lock().unwrap().push(conn.cancel_handle());
                            match conn.execute(rebis::raw(slow)).and_then(rebis::Rows::all) {
                                Ok(_) => missed += 1,
                                Err(error) => {
                                    assert_eq!(error.kind(), ErrorKind::Cancelled, "{}", error.chain());
                                    hit += 1;
                                }
                            }
                            match round % 4 {
                                0 => conn.invalidate(),
                                1 => conn.detach().unwrap(),
                                2 => conn.rollback().unwrap(),
                                _ => {}
                            }
                        }
                        (hit, missed)
                    })
                })
                .collect();
            let bystanders: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut whole = 0;
                        while !stop.load(Ordering::SeqCst) {
                            let mut tx = engine.begin().unwrap();
                            tx.execute(rebis::raw(short)).and_then(rebis::Rows::all).unwrap();
                            assert_eq!(tx.scalar::<i64>(text("select 1")).unwrap(), 1);
                            tx.commit().unwrap();
                            whole += 1;
                        }
                        whole
                    })
                })
                .collect();
            let end = Instant::now() + Duration::from_millis(1200);
            while Instant::now() < end {
                let kept: Vec<_> = handles.lock().unwrap().iter().rev().take(6).cloned().collect();
                for handle in kept {
                    handle.cancel().unwrap();
                }
            }
            stop.store(true, Ordering::SeqCst);
            for victim in victims {
                let (were_hit, were_missed) = victim.join().unwrap();
                (hit, missed) = (hit + were_hit, missed + were_missed);
            }
            others += bystanders.into_iter().map(|thread| thread.join().unwrap()).sum::<i32>();
        });
        assert!(hit > 0 && others > 0, "{hit} hit, {missed} not, {others} others");
        assert_eq!(engine.pool().status().leased, 0);
        report.push(format!("{hit} of {} hit, beside {others}", hit + missed));
    }
    passed(format!("{}: {}", database.name, report.join("; ")))
}

// ---- H3 ----

/// One byte of the server's is another one: whatever comes of it, it comes in time, and nothing panics.
fn spoilt(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let proxy = Proxy::new(&database);
    let run = || {
        let start = Instant::now();
        let builder = through(&proxy, &database, "read_timeout=1").connect_timeout(Duration::from_secs(1));
        let engine = builder.pool_size(1).build().unwrap();
        let result = values(&engine);
        drop(engine);
        assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}", start.elapsed());
        result.is_ok()
    };
    assert!(run());
    let length = proxy.passed(Direction::ToProgram);
    let end = Instant::now() + Duration::from_secs(4);
    let (mut spoilt, mut unnoticed) = (0, 0);
    // Each byte in some order, with other bits each time round.
    for number in 0.. {
        if Instant::now() > end {
            break;
        }
        let bits = [0xff, 0x80, 0x01, 0x7f][usize::try_from(number / length).unwrap() % 4];
        proxy.spoil(number * 389 % length, bits);
        unnoticed += usize::from(run());
        proxy.spoil(-1, 0);
        spoilt += 1;
    }
    assert!(spoilt > 20 && unnoticed < spoilt, "{spoilt} bytes, {unnoticed} unnoticed");
    passed(format!("{}: {spoilt} bytes changed, {unnoticed} unnoticed", database.name))
}

/// Answers of many types.
fn values(engine: &Engine) -> Result<()> {
    let mut conn = engine.connect()?;
    let sql = match engine.dialect().name {
        "postgresql" => {
            "select 1::int2, 2::int8, 1.5::float8, 12.50::numeric, date '2024-02-29', timestamp '2024-02-29 12:00:00.5', \
             timestamptz '2024-02-29 12:00:00+00', interval '1 day 2 seconds', '{1,2,null}'::int4[], \
             '{a,\"b c\"}'::text[], '{\"a\": 1}'::jsonb, 'abc'::bytea, time '12:00:00', null::text, \
             '6d6f6e6b-6579-4d6f-8e6b-6579206d6f6e'::uuid, '{1.5,null}'::numeric[]"
        }
        _ => {
            "select 1, 1.5e0, 12.50, date '2024-02-29', timestamp '2024-02-29 12:00:00.5', time '-100:00:00.5', 'abc', \
             x'00ff', null, cast(7 as unsigned), b'101', cast('{}' as char)"
        }
    };
    for _ in 0..2 {
        let rows = conn.execute(rebis::raw(sql))?.all()?;
        for row in &rows {
            for index in 0..row.columns().len() {
                // Read as anything: that it cannot be is an error, too.
                let _ = row.value::<rebis::Value>(index).map(drop);
                let _ = row.value::<String>(index).map(drop);
                let _ = row.value::<chrono::NaiveDateTime>(index).map(drop);
                let _ = row.value::<i64>(index).map(drop);
                let _ = row.value::<rust_decimal::Decimal>(index).map(drop);
            }
        }
    }
    conn.commit()
}
