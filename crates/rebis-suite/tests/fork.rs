//! Forked workers on a warm engine: the parent notices nothing, and everything in the child works or says `Forked`.
//!
//! The scenarios F1 to F4 and F9 on each database. A case is named `scenario@database`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rebis::process::generation;
use rebis::{Connection, Engine, ErrorKind, text};
use rebis_suite::databases::Database;
use rebis_suite::fork::{self, Kind, Signal};
use rebis_suite::harness::{self, Outcome, Scenario, on_every_connection, passed};
use rebis_suite::{database_or_skip, ledger};

const CHILD: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let scenarios: [Scenario; 8] = [
        ("f1_workers_beside_an_open_transaction", 400, f1_workers),
        ("f1_raw_clone", 60, f1_raw_clone),
        ("f2_a_half_read_cursor", 60, f2_half_read_cursor),
        ("f3_children_end_in_every_way", 60, f3_ends),
        ("f3_children_drop_in_every_order", 120, f3_drops),
        ("f4_what_was_leased_answers_forked", 60, f4_forked),
        ("f_cancel_in_a_child", 60, f_cancel_in_a_child),
        ("f9_a_killed_parent_leaves_no_session", 60, f9_killed_parent),
    ];
    harness::main(&on_every_connection(&scenarios))
}

// ---- what the server says ----

/// The server's numbers for the sessions that are idle in a pool of this size.
fn session_ids(engine: &Engine, count: usize) -> BTreeSet<u64> {
    let leases: Vec<Connection> = (0..count).map(|_| engine.connect().unwrap()).collect();
    leases.iter().filter_map(|conn| conn.server()?.session_id).collect()
}

/// Counts a database's sessions over one of its own. Those of an earlier case may still be ending: what was there at
/// the beginning counts no more.
struct NewSessions {
    conn: Connection,
    sql: &'static str,
    known: BTreeSet<i64>,
}

impl NewSessions {
    fn watch(database: &Database) -> Self {
        let sql = if database.name == "PostgreSQL" {
            "select pid::bigint from pg_stat_activity where datname = current_database()"
        } else {
            "select id from information_schema.processlist where user = substring_index(user(), '@', 1)"
        };
        let conn = database.engine(1).connect().unwrap();
        let mut sessions = NewSessions { conn, sql, known: BTreeSet::new() };
        sessions.known = sessions.ids();
        sessions
    }

    fn ids(&mut self) -> BTreeSet<i64> {
        let ids = self.conn.scalars(rebis::raw(self.sql)).unwrap().all().unwrap();
        // PostgreSQL shows a transaction the same list each time.
        self.conn.rollback().unwrap();
        ids.into_iter().collect()
    }

    fn count(&mut self) -> usize {
        self.ids().difference(&self.known).count()
    }

    /// Servers take a moment to notice that a session has ended.
    fn await_count(&mut self, expected: usize) {
        let start = Instant::now();
        loop {
            let count = self.count();
            if count == expected {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(5), "{count} new sessions instead of {expected}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

// ---- F1 ----

fn f1_workers(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    // SQLite has one writer at a time; there the parent holds a read transaction.
    let transactions = if database.is_server() { 10_000 } else { 500 };
    f1(&database, Kind::Fork, transactions)
}

fn f1_raw_clone(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    f1(&database, Kind::RawClone, if database.is_server() { 200 } else { 50 })
}

fn f1(database: &Database, kind: Kind, transactions: i64) -> Outcome {
    const WORKERS: i64 = 8;
    let engine = database.engine(4);
    ledger::create(&engine);
    let reader = database.reader(1);
    let mut held = if database.is_server() { engine.connect().unwrap() } else { reader.connect().unwrap() };
    let others = session_ids(&engine, 3);
    if database.is_server() {
        ledger_insert(&mut held, -1, 0);
    } else {
        held.scalar::<i64>(text("select count(*) from ledger")).unwrap();
        if database.readers_block_writers() {
            held.rollback().unwrap();
        }
    }
    let sessions = database.is_server().then(|| NewSessions::watch(database));
    let start = Instant::now();
    let workers: Vec<i32> = (0..WORKERS)
        .map(|worker| {
            fork::child(kind, || {
                let refused =
                    held.execute(text("select 1")).is_err_and(|error| error.kind() == ErrorKind::Forked);
                if refused { ledger::work(&engine, worker, transactions) } else { 102 }
            })
        })
        .collect();
    let codes: Vec<_> = workers.into_iter().map(|pid| fork::wait(pid, Duration::from_secs(300))).collect();
    let elapsed = start.elapsed();
    assert!(
        codes.iter().all(|code| *code == Some(0)),
        "failed transactions per worker (None: it hung): {codes:?}"
    );
    let mut expected: Vec<(i64, i64)> = (0..WORKERS).map(|worker| (worker, transactions)).collect();
    if let Some(mut sessions) = sessions {
        // The parent's transaction has lived through it all.
        expected.push((-1, 1));
        sessions.await_count(0);
    } else if !database.readers_block_writers() {
        let snapshot: i64 = held.scalar(text("select count(*) from ledger")).unwrap();
        assert_eq!(snapshot, 0, "the parent's read transaction still sees its own snapshot");
    }
    held.commit().unwrap();
    let rows = ledger::check(&mut held, expected);
    drop(held);
    let after = session_ids(&engine, 4);
    assert!(
        after.is_superset(&others),
        "the parent's sessions are the same ones: {others:?}, then {after:?}"
    );
    let rate = (WORKERS * transactions) as f64 / elapsed.as_secs_f64();
    passed(format!(
        "{}: {WORKERS} workers x {transactions} transactions: 0 errors, {rows} rows, each once, {rate:.0} a second",
        database.name
    ))
}

fn ledger_insert(conn: &mut Connection, worker: i64, seq: i64) {
    let insert = text("insert into ledger (worker, seq, token) values (:worker, :seq, 'parent')");
    conn.execute(insert.bind("worker", worker).bind("seq", seq)).unwrap();
}

// ---- F2 ----

fn f2_half_read_cursor(case: &str) -> Outcome {
    const ROWS: i64 = 50_000;
    let database = database_or_skip!(case);
    let engine = database.engine(3);
    ledger::create(&engine);
    let mut reader = engine.connect().unwrap();
    reader
        .execute_many(
            text("insert into ledger (worker, seq, token) values (:w, :s, :t)"),
            (0..ROWS).map(|seq| (-2, seq, format!("row {seq}"))),
        )
        .unwrap();
    reader.commit().unwrap();
    let reading = database.reader(1);
    let mut reader = reading.connect().unwrap();
    // PostgreSQL's and MySQL's rows are on the wire; SQLite's are still to be computed.
    let mut rows =
        reader.execute(text("select seq, token from ledger where worker = -2 order by seq")).unwrap();
    for seq in 0..100 {
        assert_eq!(
            rows.next().unwrap().unwrap().get::<(i64, String)>().unwrap(),
            (seq, format!("row {seq}"))
        );
    }
    let children: Vec<i32> = (0..4)
        .map(|worker| {
            fork::child(Kind::Fork, || {
                // What was read before the fork may still be handed out; what is on the wire is the parent's.
                let forked = loop {
                    match rows.next() {
                        Ok(Some(_)) => {}
                        Ok(None) => break false,
                        Err(error) => break error.kind() == ErrorKind::Forked,
                    }
                };
                match forked {
                    // The parent is reading: with a rollback journal nobody else commits meanwhile.
                    true if database.readers_block_writers() => 0,
                    true => ledger::work(&engine, worker, 20),
                    false => 102,
                }
            })
        })
        .collect();
    for child in children {
        assert_eq!(fork::wait(child, CHILD), Some(0));
    }
    let mut seq = 100;
    while let Some(row) = rows.next().unwrap() {
        assert_eq!(row.get::<(i64, String)>().unwrap(), (seq, format!("row {seq}")));
        seq += 1;
    }
    drop(rows);
    reader.commit().unwrap();
    let workers = if database.readers_block_writers() { 0 } else { 4 };
    ledger::check(&mut reader, (0..workers).map(|worker| (worker, 20)).chain([(-2, ROWS)]));
    passed(format!("{}: {seq} rows in order across 4 forks", database.name))
}

// ---- F3 ----

/// A parent with one transaction open and one idle connection; `after` proves that it noticed nothing.
struct Parent {
    engine: Engine,
    held: Option<Connection>,
    sessions: BTreeSet<u64>,
    rows: i64,
}

impl Parent {
    fn new(database: &Database) -> Self {
        let engine = database.engine(3);
        ledger::create(&engine);
        let mut held = engine.connect().unwrap();
        let sessions = session_ids(&engine, 2);
        ledger_insert(&mut held, -1, 0);
        Parent { engine, held: Some(held), sessions, rows: 1 }
    }

    fn held(&mut self) -> &mut Connection {
        self.held.as_mut().unwrap()
    }

    /// The open transaction goes on.
    fn check(&mut self) {
        let row = self.rows;
        ledger_insert(self.held(), -1, row);
        self.rows += 1;
        let count: i64 = self.held().scalar(text("select count(*) from ledger where worker = -1")).unwrap();
        assert_eq!(count, self.rows);
    }

    fn finish(mut self) {
        self.check();
        self.held().commit().unwrap();
        let rows = self.rows;
        ledger::check(self.held(), [(-1, rows)]);
        self.held = None;
        assert!(session_ids(&self.engine, 3).is_superset(&self.sessions));
    }
}

fn f3_ends(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let mut parent = Parent::new(&database);
    fork::expect(Kind::Fork, CHILD, || 0);
    parent.check();
    // With destructors of statics and atexit handlers.
    let pid = fork::child(Kind::Fork, || std::process::exit(0));
    assert_eq!(fork::wait(pid, CHILD), Some(0));
    parent.check();
    // Panic: everything the child holds is dropped while it unwinds.
    let held = parent.held.take();
    let engine = parent.engine.clone();
    let mut kept = Some((held, engine));
    let pid = fork::child(Kind::Fork, || {
        let moved = kept.take();
        std::panic::set_hook(Box::new(|_| {}));
        let _moved = moved;
        panic!("a child that panics");
    });
    assert_eq!(fork::wait(pid, CHILD), Some(101));
    let (held, _engine) = kept.unwrap();
    parent.held = held;
    parent.finish();
    passed(format!("{}: _exit, exit, panic", database.name))
}

fn f3_drops(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let mut orders = 0;
    let parent = Parent::new(&database);
    let Parent { engine, held, sessions, rows } = parent;
    // Engine, leased connection, an open transaction, a half-read answer: dropped in each order that the borrows allow.
    let second = database.reader(2);
    let third = database.reader(1);
    let mut reader = third.connect().unwrap();
    let mut things = (held, Some(engine), Some(second), Some(third));
    let mut transaction = Some(things.2.as_ref().unwrap().begin().unwrap());
    transaction.as_mut().unwrap().scalar::<i64>(text("select count(*) from ledger")).unwrap();
    let mut answer = Some(reader.execute(text("select 1 union select 2")).unwrap());
    for order in permutations(5) {
        orders += 1;
        let pid = fork::child(Kind::Fork, || {
            for thing in &order {
                match thing {
                    0 => drop(things.0.take()),
                    1 => drop(things.1.take()),
                    2 => drop((things.2.take(), things.3.take())),
                    3 => drop(transaction.take()),
                    _ => drop(answer.take()),
                }
            }
            i32::from(generation() != generation())
        });
        assert_eq!(fork::wait(pid, CHILD), Some(0), "order {order:?}");
    }
    assert_eq!(answer.unwrap().all().unwrap().len(), 2);
    transaction.unwrap().commit().unwrap();
    reader.commit().unwrap();
    Parent { engine: things.1.unwrap(), held: things.0, sessions, rows }.finish();
    passed(format!("{}: {orders} orders of dropping", database.name))
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for shorter in permutations(count - 1) {
        for position in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(position, count - 1);
            all.push(longer);
        }
    }
    all
}

// ---- F4 ----

fn f4_forked(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let mut parent = Parent::new(&database);
    let other = database.reader(3);
    let mut tx = other.begin().unwrap();
    tx.scalar::<i64>(text("select count(*) from ledger")).unwrap();
    let mut reader = other.connect().unwrap();
    let mut rows = reader.execute(text("select 1 union select 2 union select 3")).unwrap();
    let is_forked = |error: rebis::Error| error.kind() == ErrorKind::Forked;
    fork::expect(Kind::Fork, CHILD, || {
        let held = parent.held();
        let mut answers = Vec::new();
        // Every time, not only the first.
        for _ in 0..2 {
            answers.push(held.execute(text("select 1")).is_err_and(is_forked));
            answers.push(held.execute_many(text("select :a"), [(1,)]).is_err_and(is_forked));
            answers.push(held.commit().is_err_and(is_forked));
            answers.push(held.rollback().is_err_and(is_forked));
            answers.push(tx.execute(text("select 1")).is_err_and(is_forked));
            answers.push(tx.begin_nested().is_err_and(is_forked));
            answers.push(rows.next().is_err_and(is_forked));
        }
        answers.push(std::mem::replace(&mut tx, other.begin().unwrap()).commit().is_err_and(is_forked));
        // The engines work, with pools of their own.
        answers.push(other.pool().status().leased == 1);
        answers.push(other.connect().unwrap().scalar::<i64>(text("select 7")).is_ok_and(|seven| seven == 7));
        i32::try_from(answers.iter().position(|answer| !answer).map_or(0, |index| index + 1)).unwrap()
    });
    assert_eq!(rows.all().unwrap().len(), 3);
    tx.commit().unwrap();
    parent.check();
    parent.finish();
    passed(format!("{}: 16 uses of inherited things answer Forked, the engine works", database.name))
}

// ---- F9 ----

/// The parent is killed while a child that never used the engine lives on: it must not keep the parent's sessions.
fn f9_killed_parent(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    if !database.is_server() {
        return Outcome::Skipped("SQLite has no sessions".into());
    }
    let mut sessions = NewSessions::watch(&database);
    for kind in [Kind::Fork, Kind::RawClone] {
        let (opened, look) = (Signal::new(), Signal::new());
        let parent = fork::child(Kind::Fork, || {
            let engine = database.engine(2);
            let mut conn = engine.connect().unwrap();
            conn.scalar::<i64>(text("select 1")).unwrap();
            fork::child(kind, || {
                opened.tell();
                // No hook has run after a raw clone: its first look at the engine lets go.
                if kind == Kind::RawClone {
                    look.await_once();
                    drop(engine.connect());
                }
                std::thread::sleep(Duration::from_secs(20));
                0
            });
            std::thread::sleep(Duration::from_secs(20));
            0
        });
        opened.await_once();
        assert_eq!(sessions.count(), 1);
        fork::kill(parent);
        fork::wait(parent, CHILD);
        look.tell();
        // The raw clone has one session of its own by now.
        sessions.await_count(usize::from(kind == Kind::RawClone));
    }
    passed(format!("{}: fork and raw clone, no session left of 2 parents", database.name))
}

// ---- a cancel ----

/// A child's cancel of its parent's statement answers `Forked` and reaches nobody, and its drops end nothing.
fn f_cancel_in_a_child(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    let session = conn.server().unwrap().session_id;
    let handle = conn.cancel_handle();
    let sql = match database.name {
        "MariaDB" => "select sleep(1.5) + 7",
        "PostgreSQL" => "select 7 from pg_sleep(1.5)",
        _ => {
            "with recursive c(i) as (select 1 union all select i + 1 from c where i < 6000000) \
             select 7 from (select count(*) from c)"
        }
    };
    let begun = Instant::now();
    let answer: i64 = std::thread::scope(|scope| {
        let running = scope.spawn(|| conn.scalar(text(sql)).unwrap());
        std::thread::sleep(Duration::from_millis(200));
        for _ in 0..8 {
            assert!(!running.is_finished(), "the statement must run while children cancel");
            let inherited = handle.clone();
            fork::expect(Kind::Fork, CHILD, move || {
                let forked = |handle: &rebis::CancelHandle| {
                    handle.cancel().is_err_and(|error| error.kind() == ErrorKind::Forked)
                };
                let refused = forked(&inherited) && forked(&inherited.clone());
                drop(inherited);
                i32::from(!refused)
            });
        }
        running.join().unwrap()
    });
    assert_eq!(answer, 7, "no child has stopped it");
    conn.rollback().unwrap();
    // What a child makes of an inherited connection is as empty.
    fork::expect(Kind::Fork, CHILD, || {
        let refused = conn.cancel_handle().cancel().is_err_and(|error| error.kind() == ErrorKind::Forked);
        i32::from(!(refused && conn.notices().is_empty()))
    });
    assert!(!handle.cancel().unwrap(), "in the parent it works, and nothing runs");
    assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1);
    assert_eq!(conn.server().unwrap().session_id, session);
    passed(format!("9 children in {:.1} s", begun.elapsed().as_secs_f64()))
}
