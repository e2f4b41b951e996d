//! Ways to make a process, and what a child has of its parent: descriptors after an exec, random numbers.
//!
//! The scenarios F8, F11 and F12, and what is left of F4, over every connection. A case is named `scenario@connection`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rebis::process::generation;
use rebis::{Connection, Engine, ErrorKind, text};
use rebis_suite::databases::Database;
use rebis_suite::fork::{self, Kind};
use rebis_suite::harness::{self, Case, Outcome, Scenario, on_every_connection, passed};
use rebis_suite::{database_or_skip, ledger};

const CHILD: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let scenarios: [Scenario; 8] = [
        ("f4_whatever_a_child_does_with_it", 60, f4_abuse),
        ("f8_each_kind_of_fork", 200, each_kind),
        ("f8_from_another_thread", 60, from_another_thread),
        ("f8_a_fork_of_a_fork_of_a_fork", 120, forks_of_forks),
        ("f8_a_daemon_that_reuses_numbers", 60, daemon),
        ("f8_equal_pids_in_nested_namespaces", 60, namespaces),
        ("f8_spawning_programs", 60, spawning),
        ("f11_an_exec_inherits_no_socket", 60, exec),
    ];
    let mut cases = on_every_connection(&scenarios);
    cases.push(Case {
        name: "f12_children_send_different_nonces".into(),
        deadline: Duration::from_secs(60),
        run: nonces,
    });
    harness::main(&cases)
}

// ---- F4 ----

/// Tells in which processes it was dropped.
struct Told(std::fs::File);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.write_all(b"x").unwrap();
    }
}

/// A child gives up, detaches and drops what it inherited, adds listeners, disposes: its parent notices nothing.
fn f4_abuse(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.reader(4);
    let view = engine.execution_options(|options| options.logging_token = Some("view".into())).unwrap();
    let mut raw = engine.raw_connection().unwrap();
    let mut detached = engine.connect().unwrap();
    detached.detach().unwrap();
    let mut leased = view.connect().unwrap();
    let path = std::env::temp_dir().join(format!("rebis-told-{}-{}", std::process::id(), database.name));
    let told = std::fs::File::create(&path).unwrap();
    leased.info().unwrap().insert(Told(told.try_clone().unwrap()));
    engine.connect().unwrap().record_info().unwrap().insert(Told(told));
    let sessions = [&detached, &leased].map(|conn| conn.server().unwrap().session_id);
    let calls = Arc::new(AtomicUsize::new(0));
    let is_forked = |error: rebis::Error| error.kind() == ErrorKind::Forked;
    let rounds = 3;
    for _ in 0..rounds {
        fork::expect(Kind::Fork, CHILD, || {
            let counted = Arc::clone(&calls);
            engine.on_begin(move |_| {
                counted.fetch_add(1, Ordering::SeqCst);
            });
            let mut answers = vec![raw.driver_connection().is_err_and(is_forked)];
            answers.push(detached.execute(text("select 1")).is_err_and(is_forked));
            answers.push(leased.detach().is_err_and(is_forked));
            answers.push(leased.warnings().is_err_and(is_forked) && leased.notices().is_empty());
            leased.invalidate();
            leased.soft_invalidate();
            raw.invalidate();
            answers.push(leased.info().is_err() && raw.info().is_err());
            let seven = |engine: &Engine| engine.connect()?.scalar::<i64>(text("select 7"));
            answers.push(seven(&view).is_ok_and(|seven| seven == 7));
            view.dispose();
            drop((std::mem::replace(&mut leased, view.connect().unwrap()), view.recreate()));
            drop(std::mem::replace(&mut detached, engine.connect().unwrap()));
            drop(std::mem::replace(&mut raw, engine.raw_connection().unwrap()));
            engine.dispose();
            answers.push(seven(&engine).is_ok_and(|seven| seven == 7));
            answers.push(calls.load(Ordering::SeqCst) > 0 && engine.pool().status().leased == 0);
            i32::try_from(answers.iter().position(|answer| !answer).map_or(0, |index| index + 1)).unwrap()
        });
        for (conn, session) in [&mut detached, &mut leased].into_iter().zip(sessions) {
            assert_eq!(conn.scalar::<i64>(text("select 8")).unwrap(), 8);
            assert_eq!(conn.server().unwrap().session_id, session);
            conn.rollback().unwrap();
        }
        raw.driver_connection().unwrap().ping().unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), 0, "a child's listener is the child's");
    }
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0, "nothing of the parent's was dropped in a child");
    drop((raw, detached, leased, view, engine));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 2);
    std::fs::remove_file(path).unwrap();
    passed(format!("{}: {rounds} children", database.name))
}

// ---- F8 ----

/// A warm engine with a transaction open in the parent, which must still commit after all.
struct Warm {
    engine: Engine,
    held: Connection,
    workers: Vec<(i64, i64)>,
}

impl Warm {
    fn new(database: &Database) -> Self {
        let engine = database.engine(3);
        ledger::create(&engine);
        // On SQLite the children write, so the parent reads.
        let mut held =
            if database.is_server() { engine.connect() } else { database.reader(1).connect() }.unwrap();
        held.scalar::<i64>(text("select count(*) from ledger")).unwrap();
        if database.readers_block_writers() {
            held.rollback().unwrap();
        }
        drop(engine.connect().unwrap());
        Warm { engine, held, workers: Vec::new() }
    }

    /// The next worker's number, whose transactions will be looked for.
    fn worker(&mut self, transactions: i64) -> i64 {
        let worker = i64::try_from(self.workers.len()).unwrap();
        self.workers.push((worker, transactions));
        worker
    }

    fn finish(mut self) -> i64 {
        assert_eq!(self.held.scalar::<i64>(text("select 7")).unwrap(), 7);
        self.held.commit().unwrap();
        ledger::check(&mut self.engine.connect().unwrap(), self.workers)
    }
}

fn count(database: &Database) -> i64 {
    if database.is_server() { 200 } else { 30 }
}

fn each_kind(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let mut warm = Warm::new(&database);
    for kind in [Kind::Fork, Kind::UnderscoreFork, Kind::RawClone] {
        let mut children = Vec::new();
        for _ in 0..4 {
            let worker = warm.worker(count(&database));
            let engine = &warm.engine;
            children.push(fork::child(kind, || ledger::work(engine, worker, count(&database))));
        }
        for child in children {
            assert_eq!(fork::wait(child, CHILD), Some(0), "{kind:?}");
        }
    }
    let rows = warm.finish();
    passed(format!("{}: fork, _Fork and clone, 4 children each, {rows} rows", database.name))
}

fn from_another_thread(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let mut warm = Warm::new(&database);
    let worker = warm.worker(count(&database));
    let engine = &warm.engine;
    std::thread::scope(|scope| {
        let forking = scope.spawn(|| {
            fork::wait(fork::child(Kind::Fork, || ledger::work(engine, worker, count(&database))), CHILD)
        });
        assert_eq!(forking.join().unwrap(), Some(0));
    });
    let rows = warm.finish();
    passed(format!("{}: {rows} rows", database.name))
}

fn forks_of_forks(case: &str) -> Outcome {
    const DEPTH: i64 = 5;
    let database = database_or_skip!(case);
    let mut warm = Warm::new(&database);
    for _ in 0..DEPTH {
        warm.worker(20);
    }
    let engine = warm.engine.clone();
    assert_eq!(fork::wait(descend(&engine, 0, DEPTH), CHILD), Some(0));
    let rows = warm.finish();
    passed(format!("{}: {DEPTH} generations, {rows} rows", database.name))
}

/// Works, forks the next generation with a connection leased, works on with that connection.
fn descend(engine: &Engine, worker: i64, depth: i64) -> i32 {
    fork::child(Kind::Fork, || {
        let failed = ledger::work(engine, worker, 10);
        let mut held = engine.connect().unwrap();
        held.scalar::<i64>(text("select 1")).unwrap();
        held.rollback().unwrap();
        let below = if worker + 1 < depth {
            fork::wait(descend(engine, worker + 1, depth), CHILD).unwrap_or(99)
        } else {
            0
        };
        let alive = held.scalar::<i64>(text("select 7")).is_ok_and(|seven| seven == 7);
        drop(held);
        let more = (10..20).filter(|seq| ledger::write(engine, worker, *seq).is_err()).count();
        failed + below + i32::from(!alive) + i32::try_from(more).unwrap()
    })
}

/// Forks twice, closes every descriptor blindly and opens others under the same numbers.
fn daemon(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let mut warm = Warm::new(&database);
    let worker = warm.worker(count(&database));
    let engine = warm.engine.clone();
    fork::expect(Kind::Fork, CHILD, || {
        let grandchild = fork::child(Kind::Fork, || {
            fork::close_descriptors(3..200);
            let mine: Vec<_> = (0..20).map(|_| std::os::unix::net::UnixStream::pair().unwrap()).collect();
            let failed = ledger::work(&engine, worker, count(&database));
            let untouched = mine.into_iter().all(|(mut one, mut other)| {
                let mut byte = [0];
                one.write_all(b"x").is_ok() && other.read_exact(&mut byte).is_ok() && byte == *b"x"
            });
            failed + i32::from(!untouched)
        });
        fork::wait(grandchild, CHILD).unwrap_or(99)
    });
    let rows = warm.finish();
    passed(format!("{}: 20 innocent socket pairs untouched, {rows} rows", database.name))
}

fn namespaces(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    if !fork::may_make_pid_namespaces() {
        return Outcome::Skipped("no right to make a pid namespace".into());
    }
    let mut warm = Warm::new(&database);
    let (outer, inner) = (warm.worker(20), warm.worker(20));
    let engine = warm.engine.clone();
    fork::expect(Kind::Fork, CHILD, || {
        if !fork::new_pid_namespace() {
            return 97;
        }
        // Pid 1 of the one namespace forks pid 1 of the next: a pid does not tell them apart.
        let first = fork::child(Kind::RawClone, || {
            let failed = ledger::work(&engine, outer, 20);
            if fork::pid() != 1 || !fork::new_pid_namespace() {
                return 98;
            }
            let second = fork::child(Kind::RawClone, || {
                ledger::work(&engine, inner, 20) + i32::from(fork::pid() != 1)
            });
            failed + fork::wait(second, CHILD).unwrap_or(99)
        });
        fork::wait(first, CHILD).unwrap_or(99)
    });
    let rows = warm.finish();
    passed(format!("{}: pid 1 forked pid 1, {rows} rows", database.name))
}

/// `std` starts programs by `posix_spawn` or `vfork`: the parent stays what it was.
fn spawning(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let mut warm = Warm::new(&database);
    let before = generation();
    for _ in 0..20 {
        assert!(Command::new("true").status().unwrap().success());
        assert_eq!(fork::wait(fork::spawn_true(), CHILD), Some(0));
        assert_eq!(warm.held.scalar::<i64>(text("select 7")).unwrap(), 7);
    }
    assert_eq!(generation(), before);
    let opened = warm.engine.pool().counters().opened;
    drop(warm.engine.connect().unwrap());
    assert_eq!(warm.engine.pool().counters().opened, opened, "the pool is the same, and warm");
    warm.finish();
    passed(format!("{}: 40 programs, the same generation, the same sessions", database.name))
}

// ---- F11 ----

fn exec(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let warm = Warm::new(&database);
    let held: Vec<Connection> = (0..2).map(|_| warm.engine.connect().unwrap()).collect();
    let mine = fork::open_sockets();
    if database.is_server() {
        assert!(mine.len() >= 3, "this process has sockets to inherit: {mine:?}");
    }
    let files = || -> BTreeSet<String> {
        let listing =
            Command::new("ls").args(["-l", "/proc/self/fd"]).stdout(Stdio::piped()).output().unwrap();
        String::from_utf8(listing.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
    };
    let inherited: Vec<String> = files()
        .into_iter()
        .filter(|line| mine.iter().any(|socket| line.contains(socket)) || line.contains("test.db"))
        .collect();
    assert!(inherited.is_empty(), "{inherited:?}");
    drop(held);
    warm.finish();
    passed(format!("{}: none of {} sockets, no database file", database.name, mine.len()))
}

// ---- F12 ----

/// Eight children of a warm parent log in to a server that listens to what they send: the random parts must differ.
fn nonces(_case: &str) -> Outcome {
    const CHILDREN: usize = 8;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut seen = BTreeSet::new();
    let mut sent = 0;
    for options in ["sslmode=disable", "sslmode=require"] {
        let url = format!("postgresql://app:secret@127.0.0.1:{port}/shop?{options}");
        let engine = Engine::new(url.as_str()).unwrap();
        // Warm: the parent's generators have begun. Both processes talk to this one thread.
        let parent = fork::child(Kind::Fork, || {
            drop(engine.connect());
            let children: Vec<i32> = (0..CHILDREN)
                .map(|_| {
                    fork::child(Kind::Fork, || {
                        drop(engine.connect());
                        0
                    })
                })
                .collect();
            children.into_iter().map(|child| fork::wait(child, CHILD).unwrap_or(99)).sum()
        });
        for _ in 0..=CHILDREN {
            let (stream, _) = listener.accept().unwrap();
            let nonce = if options.ends_with("require") { hello(stream) } else { scram_nonce(stream) };
            sent += 1;
            assert!(seen.insert(nonce), "two processes sent the same nonce");
        }
        assert_eq!(fork::wait(parent, CHILD), Some(0));
    }
    passed(format!("{sent} logins of {} processes, {} different nonces", 2 * (CHILDREN + 1), seen.len()))
}

fn frame(stream: &mut TcpStream, tag: bool) -> Vec<u8> {
    let mut head = vec![0; 4 + usize::from(tag)];
    stream.read_exact(&mut head).unwrap();
    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
    let mut body = vec![0; usize::try_from(length).unwrap() - 4];
    stream.read_exact(&mut body).unwrap();
    body
}

/// Takes the start of a login by SCRAM and hangs up.
fn scram_nonce(mut stream: TcpStream) -> Vec<u8> {
    frame(&mut stream, false);
    let mechanisms = b"SCRAM-SHA-256\0\0";
    let length = u32::try_from(8 + mechanisms.len()).unwrap();
    stream.write_all(&[b"R", &length.to_be_bytes()[..], &10_u32.to_be_bytes(), mechanisms].concat()).unwrap();
    let body = frame(&mut stream, true);
    let start = body.windows(2).position(|pair| pair == b"r=").unwrap();
    body[start + 2..].to_vec()
}

/// Takes the start of a TLS handshake and hangs up: the client's random bytes are 32 from the twelfth on.
fn hello(mut stream: TcpStream) -> Vec<u8> {
    frame(&mut stream, false);
    stream.write_all(b"S").unwrap();
    let mut bytes = [0; 43];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!((bytes[0], bytes[5]), (0x16, 1), "a ClientHello");
    bytes[11..].to_vec()
}
