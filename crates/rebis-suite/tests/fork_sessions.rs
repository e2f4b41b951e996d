//! Sessions in threads and in forked processes. A case is named `scenario@database`.
//!
//! Who wrote what is counted: an object that is flushed twice, or by the wrong process, is a row too many.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use rebis::{
    ErrorKind, Instance, ProcessPool, Result, ScopedSession, Session, SessionEvents, SessionMaker, State,
};
use rebis_suite::database_or_skip;
use rebis_suite::entries::{self, Entry, entry};
use rebis_suite::fork::{self, Kind};
use rebis_suite::harness::{self, Outcome, Scenario, on_every_connection, passed};

const CHILD: Duration = Duration::from_secs(10);
const PARENT: i64 = -1;

static DB: ScopedSession = ScopedSession::new();

fn main() -> ExitCode {
    let scenarios: [Scenario; 7] = [
        ("eight_threads_with_scoped_sessions", 60, eight_threads),
        ("workers_with_scoped_sessions", 60, workers),
        ("f5_pending_objects_are_the_parents", 60, pending_objects),
        ("f4_inherited_handles_answer_forked", 60, inherited_handles),
        ("f6_a_thread_inside_a_flush", 60, inside_a_flush),
        ("f6_threads_that_flush_all_the_time", 120, busy_flushes),
        ("a_listener_that_forks", 60, forking_listener),
    ];
    harness::main(&on_every_connection(&scenarios))
}

/// Writes entries in transactions of their own through the scoped session; returns how many failed.
fn work(writer: i64, count: i64) -> i32 {
    let write = |number| -> Result<()> {
        let session = DB.session()?;
        let new = session.add(entry(writer, number))?;
        session.flush()?;
        let id = new.read()?.id;
        // Another object is undone again.
        let savepoint = session.begin_nested()?;
        session.add(entry(writer, number))?;
        session.flush()?;
        savepoint.rollback()?;
        session.commit()?;
        let same = session.get_one::<Entry>(id)?;
        assert_eq!((Instance::ptr_eq(&same, &new), same.read()?.number), (true, number));
        session.rollback()
    };
    let mut failed = 0;
    for number in 0..count {
        if let Err(error) = write(number) {
            failed += 1;
            eprintln!("  writer {writer}, entry {number}: {}", error.chain());
            DB.remove();
        }
    }
    failed.min(100)
}

fn expected(writers: impl IntoIterator<Item = (i64, i64)>) -> Vec<(i64, i64, i64)> {
    let mut rows: Vec<(i64, i64, i64)> =
        writers.into_iter().map(|(writer, count)| (writer, count, count)).collect();
    rows.sort_unstable();
    rows
}

fn eight_threads(case: &str) -> Outcome {
    const EACH: i64 = 20;
    let database = database_or_skip!(case);
    let engine = database.engine(4);
    entries::create(&engine);
    DB.configure(SessionMaker::new(&engine));
    let threads: Vec<_> = (0..8)
        .map(|writer| {
            std::thread::spawn(move || {
                let failed = work(writer, EACH);
                // Left behind at the end of the thread: sent, and not committed.
                DB.session().unwrap().add(entry(writer, -1)).unwrap();
                DB.session().unwrap().flush().unwrap();
                failed
            })
        })
        .collect();
    let failed: i32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!((failed, engine.pool().status().leased), (0, 0));
    assert_eq!(entries::written(&engine), expected((0..8).map(|writer| (writer, EACH))));
    passed(format!("{}: 8 threads, {} rows, each once, all connections back", database.name, 8 * EACH))
}

fn workers(case: &str) -> Outcome {
    const JOBS: i64 = 20;
    const EACH: i64 = 5;
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    entries::create(&engine);
    DB.configure(SessionMaker::new(&engine));
    // The parent's scoped session is in use: with objects to be inserted and, on a server, an open transaction.
    let parents = DB.session().unwrap();
    parents.add_all((0..10).map(|number| entry(PARENT, number))).unwrap();
    if database.is_server() {
        parents.flush().unwrap();
    }
    let parent = std::process::id();
    let done = ProcessPool::new(4)
        .build()
        .unwrap()
        .map(0..JOBS, move |job| {
            assert_ne!(std::process::id(), parent);
            let failed = work(job, EACH);
            let session = DB.session()?;
            assert_eq!(
                session
                    .query::<Entry>()
                    .all()?
                    .iter()
                    .filter(|entry| entry.state() == State::Pending)
                    .count(),
                0
            );
            DB.remove();
            Ok(failed)
        })
        .unwrap();
    assert!(done.iter().all(|failed| failed.as_ref().is_ok_and(|failed| *failed == 0)), "{done:?}");
    assert!(Session::ptr_eq(&parents, &DB.session().unwrap()));
    parents.commit().unwrap();
    DB.remove();
    let all = (0..JOBS).map(|job| (job, EACH)).chain([(PARENT, 10)]);
    assert_eq!(entries::written(&engine), expected(all));
    passed(format!(
        "{}: {JOBS} jobs in 4 workers beside the parent's session, {} rows",
        database.name,
        JOBS * EACH + 10
    ))
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

const FORKED: Option<ErrorKind> = Some(ErrorKind::Forked);

/// What a child may try with its parent's session.
fn flush_and_all(session: &Session) {
    assert_eq!(kind(session.flush()), FORKED);
    assert_eq!(kind(session.commit()), FORKED);
    assert_eq!(kind(session.rollback()), FORKED);
    assert_eq!(kind(session.begin_nested()), FORKED);
    assert_eq!(kind(session.add(entry(PARENT, 1000))), FORKED);
    assert_eq!(kind(session.get::<Entry>(1)), FORKED);
    assert_eq!(kind(session.query::<Entry>().all()), FORKED);
    session.close();
}

fn pending_objects(case: &str) -> Outcome {
    const PENDING: i64 = 100;
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    entries::create(&engine);
    DB.configure(SessionMaker::new(&engine));
    // The scoped one, and one that is held in the hand.
    let mut own = Some(Session::new(&engine));
    let mut objects =
        own.as_ref().unwrap().add_all((0..PENDING).map(|number| entry(PARENT, number))).unwrap();
    DB.session().unwrap().add_all((0..PENDING).map(|number| entry(PARENT - 1, number))).unwrap();
    if database.is_server() {
        DB.session().unwrap().flush().unwrap();
    }
    let inherited = DB.session().unwrap();
    // One after the other, for a rollback journal lets nobody write beside a reader.
    for (writer, kind) in [Kind::Fork, Kind::UnderscoreFork, Kind::RawClone].into_iter().enumerate() {
        fork::expect(kind, CHILD, || {
            flush_and_all(own.as_ref().unwrap());
            flush_and_all(&inherited);
            assert!(!DB.has(), "a child has no scoped session yet");
            let fresh = DB.session().unwrap();
            assert!(!Session::ptr_eq(&fresh, &inherited) && !fresh.in_transaction());
            // Really dropped, here in the child, before and after it writes.
            objects.clear();
            let failed = work(i64::try_from(writer).unwrap(), 3);
            drop(own.take());
            DB.remove();
            failed
        });
    }
    // The fourth way: the child of a child.
    fork::expect(Kind::Fork, CHILD, || {
        fork::expect(Kind::Fork, CHILD, || {
            flush_and_all(own.as_ref().unwrap());
            work(3, 3)
        });
        flush_and_all(own.as_ref().unwrap());
        0
    });
    assert_eq!(objects.len(), 100);
    inherited.commit().unwrap();
    own.as_ref().unwrap().commit().unwrap();
    assert!(objects.iter().all(|object| object.state() == State::Persistent));
    DB.remove();
    drop(own);
    let all = (0..4).map(|child| (child, 3)).chain([(PARENT, PENDING), (PARENT - 1, PENDING)]);
    assert_eq!(entries::written(&engine), expected(all));
    passed(format!(
        "{}: 4 children of 4 kinds, {} rows of the parent's, each once",
        database.name,
        2 * PENDING
    ))
}

/// Objects in all states, guards and a savepoint in use at the fork: the child gets `Forked`, and its drops do nothing.
fn inherited_handles(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    entries::create(&engine);
    let session = Session::new(&engine);
    let all = session.add_all((0..4).map(|number| entry(PARENT, number))).unwrap();
    session.commit().unwrap();
    let number = rebis::sql::Column::<Entry, i64>::new("number");
    let [expired, changed, deleted, held] = &all[..] else { panic!("four") };
    changed.set(number, 10).unwrap();
    session.delete(deleted).unwrap();
    let pending = session.add(entry(PARENT, 4)).unwrap();
    let guard = held.write().unwrap();
    let detached = Session::new(&engine).add(entry(PARENT, 5)).unwrap();
    for kind_of_fork in [Kind::Fork, Kind::UnderscoreFork, Kind::RawClone] {
        fork::expect(kind_of_fork, CHILD, || {
            for object in all.iter().chain([&pending]) {
                assert_eq!(kind(object.read().map(|_| ())), FORKED);
                assert_eq!(kind(object.write().map(|_| ())), FORKED);
                assert_eq!(kind(object.get(number)), FORKED);
                assert_eq!(kind(object.set(number, 7)), FORKED);
                assert_eq!(kind(session.delete(object)), FORKED);
                assert_eq!(kind(session.refresh(object)), FORKED);
                assert!(format!("{object:?}").contains("Entry"));
            }
            assert_eq!(kind(detached.to_value()), FORKED);
            0
        });
    }
    drop(guard);
    let savepoint = session.begin_nested().unwrap();
    let mut everything = Some((savepoint, session, pending, all.clone(), detached));
    fork::expect(Kind::Fork, CHILD, || {
        // The last handles of all: the savepoint's drop rolls nothing back, the session's neither.
        drop(everything.take());
        0
    });
    let (savepoint, session, ..) = everything.unwrap();
    savepoint.commit().unwrap();
    session.commit().unwrap();
    assert_eq!((expired.get(number).unwrap(), changed.get(number).unwrap()), (0, 10));
    session.rollback().unwrap();
    assert_eq!(entries::written(&engine), expected([(PARENT, 4)]));
    passed(format!("{}: 4 children, the parent's transaction goes on", database.name))
}

/// A thread stands in the middle of a flush: its connection leased, its objects half sent.
fn inside_a_flush(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    entries::create(&engine);
    let maker = SessionMaker::new(&engine);
    DB.configure(maker.clone());
    let inside = Arc::new(Barrier::new(2));
    let (stop, once) = (Arc::clone(&inside), AtomicBool::new(true));
    maker.on_before_insert::<Entry>(move |new| {
        if new.read()?.writer == PARENT && once.swap(false, Ordering::AcqRel) {
            stop.wait();
            stop.wait();
        }
        Ok(())
    });
    std::thread::scope(|scope| {
        let flushing = scope.spawn(|| {
            let session = DB.session().unwrap();
            session.add_all((0..50).map(|number| entry(PARENT, number))).unwrap();
            session.commit().unwrap();
            DB.remove();
        });
        inside.wait();
        fork::expect(Kind::Fork, CHILD, || work(1, 100));
        inside.wait();
        flushing.join().unwrap();
    });
    assert_eq!(entries::written(&engine), expected([(PARENT, 50), (1, 100)]));
    passed(format!(
        "{}: a child completes 100 transactions beside the flush, which ends whole",
        database.name
    ))
}

/// Threads flush all the time: some child is born at each point of a flush.
fn busy_flushes(case: &str) -> Outcome {
    const FORKS: i64 = 40;
    let database = database_or_skip!(case);
    let engine = database.engine(3);
    entries::create(&engine);
    DB.configure(SessionMaker::new(&engine));
    let stop = AtomicBool::new(false);
    let written: Vec<(i64, i64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                let stop = &stop;
                scope.spawn(move || {
                    let (writer, mut count) = (-2 - thread, 0);
                    while !stop.load(Ordering::Relaxed) {
                        let session = DB.session().unwrap();
                        session.add_all((count..count + 5).map(|number| entry(writer, number))).unwrap();
                        session.commit().unwrap();
                        count += 5;
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    (writer, count)
                })
            })
            .collect();
        for child in 0..FORKS {
            let code = fork::wait(fork::child(Kind::Fork, || work(child, 3)), CHILD);
            if code != Some(0) {
                stop.store(true, Ordering::Relaxed);
            }
            assert_eq!(code, Some(0), "child {child} (None: it hung)");
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let rows: i64 = written.iter().map(|(_, count)| count).sum();
    let all = written.into_iter().filter(|(_, count)| *count > 0).chain((0..FORKS).map(|child| (child, 3)));
    assert_eq!(entries::written(&engine), expected(all));
    passed(format!("{}: {FORKS} children beside 2 threads that wrote {rows} rows", database.name))
}

/// A listener forks in the middle of its session's flush: the child's session is its parent's, the parent's flush goes on.
fn forking_listener(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    entries::create(&engine);
    let maker = SessionMaker::new(&engine);
    DB.configure(maker.clone());
    let listener = maker.on_before_insert::<Entry>(|new| {
        // Not in what the child writes.
        if *new.read()? == entry(PARENT, 1)
            && let Some(pid) = fork::split()
        {
            assert_eq!(fork::wait(pid, CHILD), Some(0), "the child (None: it hung)");
        }
        Ok(())
    });
    let parent = fork::pid();
    let session = DB.session().unwrap();
    session.add_all((0..3).map(|number| entry(PARENT, number))).unwrap();
    let flushed = session.commit();
    if fork::pid() != parent {
        // The child comes out of its parent's flush.
        let refused = kind(flushed) == FORKED && kind(session.rollback()) == FORKED;
        drop(session);
        fork::exit(if refused { work(1, 3) } else { 99 });
    }
    flushed.unwrap();
    listener.remove();
    DB.remove();
    assert_eq!(entries::written(&engine), expected([(PARENT, 3), (1, 3)]));
    passed(format!("{}: parent and child each go on with their own", database.name))
}
