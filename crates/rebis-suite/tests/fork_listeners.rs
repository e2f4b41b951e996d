//! Listeners that fork, and listeners and pools of the program's own in a child. A case is named `scenario@database`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rebis::pool::{Checkout, Disconnection, Pool, PoolStatus, Record};
use rebis::{Connection, Engine, ErrorKind, PoolKind, Result, text};
use rebis_suite::database_or_skip;
use rebis_suite::databases::Database;
use rebis_suite::fork::{self, Kind};
use rebis_suite::harness::{self, Outcome, Scenario, on_every_database, passed};

#[path = "../../rebis-core/src/engine/tests/every_event.rs"]
mod every_event;

use every_event::{Add, EVENTS, Run};

const CHILD: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let scenarios: [Scenario; 5] = [
        ("listeners_that_fork", 120, listeners_that_fork),
        ("listeners_that_fork_beside_threads", 120, beside_threads),
        ("children_dispose_first_a76", 60, children_dispose_first),
        ("a_pid_in_the_info_map_a77", 60, pid_recipe),
        ("a_pool_of_ones_own_hands_out_the_parents", 60, own_pool),
    ];
    harness::main(&on_every_database(&scenarios))
}

fn session(conn: &Connection) -> Option<u64> {
    conn.server().and_then(|server| server.session_id)
}

fn one(engine: &Engine) -> Result<i64> {
    engine.connect()?.scalar(text("select 1"))
}

// ---- listeners that fork ----

/// Forks once, when it is armed, and keeps the child's pid in the parent; in the child 0.
#[derive(Default)]
struct Forker {
    armed: AtomicBool,
    forked: AtomicBool,
    child: AtomicI32,
}

impl Forker {
    fn run(&self) {
        if self.armed.swap(false, Ordering::SeqCst) {
            let child = fork::split();
            self.child.store(child.unwrap_or(0), Ordering::SeqCst);
            self.forked.store(true, Ordering::SeqCst);
        }
    }
}

type Act = fn(&Engine) -> Result<()>;

/// Meets every event; the error is the first one that is not meant.
fn program(engine: &Engine) -> Result<()> {
    let mut conn = engine.connect()?;
    if let Err(error) = conn.execute(text("select nonsense from nowhere")).map(drop)
        && error.kind() == ErrorKind::Forked
    {
        return Err(error);
    }
    conn.rollback()?;
    let mut tx = conn.begin()?;
    let mut savepoint = tx.begin_nested()?;
    let two: i64 = savepoint.scalar(text("select 2"))?;
    assert_eq!(two, 2);
    savepoint.commit()?;
    tx.begin_nested()?.rollback()?;
    tx.commit()
}

/// The callback forks: the child is told `Forked` by whatever called it, its engine works; the parent notices nothing.
fn listeners_that_fork(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    for (name, add) in EVENTS {
        let engine = database.engine(2);
        let forker = Arc::new(Forker::default());
        let run = Arc::clone(&forker);
        add(&engine, Box::new(move || run.run()));
        forker.armed.store(true, Ordering::SeqCst);
        let result = program(&engine);
        assert!(forker.forked.load(Ordering::SeqCst), "{name} was not called");
        let child = forker.child.load(Ordering::SeqCst);
        if child == 0 {
            fork::exit(in_child(name, &engine, result));
        }
        result.unwrap_or_else(|error| panic!("{name}: {}", error.chain()));
        assert_eq!(fork::wait(child, CHILD), Some(0), "{name}");
        let first = session(&engine.connect().unwrap());
        program(&engine).unwrap();
        assert_eq!(session(&engine.connect().unwrap()), first, "{name}: the parent's session is whole");
        assert_eq!(engine.pool().status().leased, 0, "{name}");
    }
    passed(format!("{}: {} events whose listener forks", database.name, EVENTS.len()))
}

fn in_child(name: &str, engine: &Engine, result: Result<()>) -> i32 {
    // What a return is busy with when it forks has no caller to be told.
    let silent = matches!(name, "reset" | "checkin");
    match result {
        Err(error) if error.kind() == ErrorKind::Forked => {}
        Ok(()) if silent => {}
        other => {
            eprintln!("{name} in the child: {other:?}");
            return 102;
        }
    }
    let works = program(engine).and_then(|()| one(engine));
    if works.is_ok_and(|one| one == 1) && engine.pool().status().leased == 0 { 0 } else { 103 }
}

/// The same where a connection ends, while other threads hold the pool's locks as often as they can: a child has none of
/// those threads, and must not wait for their locks.
fn beside_threads(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let ends: [(&str, Add, Act); 4] = [
        ("close on return", add_close, |engine| {
            let conn = engine.connect()?;
            engine.pool().invalidate();
            drop(conn);
            Ok(())
        }),
        ("close on checkout", add_close, |engine| {
            drop(engine.connect()?);
            engine.pool().invalidate();
            engine.connect().map(drop)
        }),
        ("invalidate", add_invalidate, |engine| {
            engine.connect()?.invalidate();
            Ok(())
        }),
        ("first_connect", EVENTS[1].1, |engine| engine.connect().map(drop)),
    ];
    let stop = AtomicBool::new(false);
    let rounds = 10;
    for (name, add, run) in ends {
        for _ in 0..rounds {
            let engine = database.engine(2);
            let forker = Arc::new(Forker { armed: AtomicBool::new(true), ..Forker::default() });
            let forks = Arc::clone(&forker);
            add(&engine, Box::new(move || forks.run()));
            stop.store(false, Ordering::SeqCst);
            let result = std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        while !stop.load(Ordering::Relaxed) {
                            engine.pool().status();
                            engine.pool().leases();
                        }
                    });
                }
                let result = run(&engine);
                if forker.child.load(Ordering::SeqCst) == 0 {
                    let told = result.is_ok() || result.is_err_and(|error| error.kind() == ErrorKind::Forked);
                    let works = told && one(&engine).is_ok_and(|one| one == 1);
                    fork::exit(i32::from(!works));
                }
                stop.store(true, Ordering::SeqCst);
                result
            });
            result.unwrap();
            assert_eq!(fork::wait(forker.child.load(Ordering::SeqCst), CHILD), Some(0), "{name}");
            assert_eq!(one(&engine).unwrap(), 1, "{name}");
            assert_eq!(engine.pool().status().leased, 0, "{name}");
        }
    }
    passed(format!("{}: {} forks", database.name, 4 * rounds))
}

fn add_close(engine: &Engine, run: Run) {
    engine.pool().on_close(move |_, _| run());
}

fn add_invalidate(engine: &Engine, run: Run) {
    engine.pool().on_invalidate(move |_, _| run());
}

// ---- what SQLAlchemy's programs do by hand ----

fn children_dispose_first(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    let mut held = engine.connect().unwrap();
    held.scalar::<i64>(text("select 1")).unwrap();
    // On SQLite its lock would be the children's to wait for.
    held.commit().unwrap();
    let idle = session(&engine.connect().unwrap());
    let children: Vec<i32> = (0..4)
        .map(|_| {
            fork::child(Kind::Fork, || {
                engine.dispose_without_closing();
                let mut conn = engine.connect().unwrap();
                let own = session(&conn);
                let fresh = own.is_none() || (own != idle && own != session(&held));
                let works = conn.scalar::<i64>(text("select 1")).is_ok_and(|one| one == 1);
                i32::from(!(fresh && works))
            })
        })
        .collect();
    assert!(children.into_iter().all(|child| fork::wait(child, CHILD) == Some(0)));
    assert_eq!(held.scalar::<i64>(text("select 1")).unwrap(), 1);
    assert_eq!(session(&engine.connect().unwrap()), idle, "the parent's sessions are the same");
    passed(format!("{}: 4 children", database.name))
}

/// A pool whose places a child inherits: all processes have the same list, each its copy of it.
#[derive(Debug)]
struct Shared(Arc<Mutex<Vec<Record>>>);

impl Pool for Shared {
    fn take(&self, checkout: &Checkout<'_>) -> Result<Record> {
        let kept = self.0.lock().unwrap().pop();
        Ok(kept.unwrap_or_else(|| checkout.new_record()))
    }

    fn give(&self, record: Record) -> Option<Record> {
        self.0.lock().unwrap().push(record);
        None
    }

    fn drain(&self) -> Vec<Record> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn status(&self) -> PoolStatus {
        let mut status = PoolStatus::new(0, None);
        // What a child inherits is nothing that it has.
        status.idle =
            self.0.lock().unwrap().iter().filter(|place| place.is_open() && !place.is_inherited()).count();
        status
    }
}

fn shared(database: &Database) -> Engine {
    let places = Arc::new(Mutex::new(Vec::new()));
    let make = move |_: &rebis::pool::PoolOptions| -> Box<dyn Pool> { Box::new(Shared(Arc::clone(&places))) };
    database.builder().pool(PoolKind::Own(Arc::new(make))).build().unwrap()
}

struct Pid(i32);

/// SQLAlchemy's recipe: `connect` notes the process, `checkout` refuses a connection of another one.
fn pid_recipe(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let refused = Arc::new(AtomicUsize::new(0));
    for (engine, refusals) in [(database.engine(2), 0), (shared(&database), 1)] {
        let refuses = Arc::clone(&refused);
        engine.pool().on_connect(|_, record| {
            record.info().insert(Pid(fork::pid()));
            Ok(())
        });
        engine.pool().on_checkout(move |_, record, _| match record.info().get::<Pid>() {
            Some(Pid(pid)) if *pid != fork::pid() => {
                refuses.fetch_add(1, Ordering::SeqCst);
                Err(Disconnection::new(format!("the connection belongs to process {pid}")).into())
            }
            _ => Ok(()),
        });
        let idle = session(&engine.connect().unwrap());
        one(&engine).unwrap();
        fork::expect(Kind::Fork, CHILD, || {
            let works = (0..3).all(|_| one(&engine).is_ok_and(|one| one == 1));
            let own = session(&engine.connect().unwrap());
            let fresh = own.is_none() || own != idle;
            // Never needed with a pool of ours: a child's is its own.
            i32::from(!(works && fresh && refused.load(Ordering::SeqCst) == refusals))
        });
        assert_eq!(one(&engine).unwrap(), 1);
        assert_eq!(session(&engine.connect().unwrap()), idle, "the inherited connection was not closed");
    }
    passed(format!("{}: refused once, where the program's own pool handed it out", database.name))
}

/// The same without the recipe: what such a pool hands out is left alone, and another one opened.
fn own_pool(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = shared(&database);
    let idle = session(&engine.connect().unwrap());
    for _ in 0..3 {
        fork::expect(Kind::Fork, CHILD, || {
            let inherited = engine.pool().status().idle == 0;
            let works = (0..3).all(|_| one(&engine).is_ok_and(|one| one == 1));
            let own = session(&engine.connect().unwrap());
            i32::from(!(inherited && works && (own.is_none() || own != idle)))
        });
    }
    assert_eq!(engine.pool().status().idle, 1, "the parent's own");
    assert_eq!(one(&engine).unwrap(), 1);
    assert_eq!(session(&engine.connect().unwrap()), idle);
    passed(format!("{}: 3 children", database.name))
}
