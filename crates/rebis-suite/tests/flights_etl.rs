//! The example `flights_etl`, run as a program on every database: right, exactly once, the same for any number of workers.
//!
//! Each test spawns the example and looks at the database from outside; nothing forks in this process.

#![allow(clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rebis::{Backend, Engine, IsolationLevel, Url, raw, text};
use rebis_suite::examples::program;

/// What every database must come to, for any number of workers.
const WHOLE_YEAR: &str = "6a1aa4a17e5c9663";
const FLIGHTS: [(u8, i64); 12] = [
    (1, 27_004),
    (2, 24_951),
    (3, 28_834),
    (4, 28_330),
    (5, 28_796),
    (6, 28_243),
    (7, 29_425),
    (8, 29_327),
    (9, 27_574),
    (10, 28_889),
    (11, 27_268),
    (12, 28_135),
];

/// No run may take longer, whatever happens.
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// The months of the runs that are repeated: enough that some are left when a worker dies in one.
const FEW_MONTHS: &str = "1-3";

/// The two ways in which the months are transformed: models and sessions, or SQL texts.
const ORM: &str = "orm";
const CORE: &str = "core";

#[test]
fn on_sqlite() {
    let folder = Folder::new();
    whole_story(&folder.url("flights.db"));
}

#[test]
fn on_mysql() {
    on_server("REBIS_TEST_MYSQL_URL");
}

#[test]
fn on_postgresql() {
    on_server("REBIS_TEST_POSTGRES_URL");
}

/// A program that dies while it loads leaves nothing half done. On SQLite, where the load is the program's own work.
#[test]
fn a_killed_load_is_redone() {
    let folder = Folder::new();
    let url = folder.url("killed.db");
    let mut program = start(&url, ORM, "1", 1);
    let deadline = Instant::now() + RUN_LIMIT;
    // Without `begin=immediate`: it must not wait for the load's transaction.
    let watcher = Engine::new(folder.plain_url("killed.db")).expect("an engine");
    // All files but the last, the big one, are loaded.
    while count_or_zero(&watcher, "select count(*) from etl_load") < 4 {
        assert!(Instant::now() < deadline, "the load did not begin in time");
        assert!(program.try_wait().expect("the program's state").is_none(), "the program ended too early");
        std::thread::sleep(Duration::from_millis(5));
    }
    program.kill().expect("a program to kill");
    program.wait().expect("the killed program");
    let engine = Engine::new(url.as_str()).expect("an engine");
    assert_eq!(count(&engine, "select count(*) from raw_flights"), 0);

    let run = finish(start(&url, ORM, "1", 1));
    assert!(run.status.success(), "{run:?}");
    assert_eq!(count(&engine, "select count(*) from raw_flights"), 336_776);
    assert_eq!(count(&engine, "select count(*) from flights"), 27_004);
}

fn on_server(variable: &str) {
    let Some(url) = std::env::var(variable).ok().filter(|url| !url.is_empty()) else {
        eprintln!("skipped: {variable} is not set");
        return;
    };
    let database = OwnDatabase::create(&url);
    whole_story(&database.url);
}

/// One database after another goes through this; the raw tables are loaded once.
fn whole_story(url: &str) {
    let engine = Engine::new(url).expect("an engine");

    let run = finish(start(url, ORM, "1-12", 2));
    assert!(run.status.success(), "{run:?}");
    check_known_answers(&engine);
    assert_eq!(run.checksum(), WHOLE_YEAR);

    // There is nothing left to do, and it is not done twice.
    let again = finish(start(url, ORM, "1-12", 2));
    assert!(again.status.success(), "{again:?}");
    assert_eq!(again.checksum(), WHOLE_YEAR);

    let few: Vec<String> = [(CORE, 1), (ORM, 1), (ORM, 2), (ORM, 4)]
        .map(|(transform, workers)| {
            forget_months(&engine);
            let run = finish(start(url, transform, FEW_MONTHS, workers));
            assert!(run.status.success(), "{run:?}");
            run.checksum()
        })
        .into();
    assert!(few.iter().all(|checksum| *checksum == few[0]), "1, 2 and 4 workers differ: {few:?}");

    for (transform, workers) in [(CORE, 1), (ORM, 2)] {
        forget_months(&engine);
        kill_a_worker(&engine, url, transform, workers);
        // What one way has left, the other one takes up.
        let run = finish(start(url, if transform == ORM { CORE } else { ORM }, FEW_MONTHS, workers));
        assert!(run.status.success(), "{run:?}");
        assert_eq!(run.checksum(), few[0], "after a killed worker");
    }

    forget_months(&engine);
    let mut program = start(url, ORM, FEW_MONTHS, 2);
    worker_at_work(&engine, &mut program);
    program.kill().expect("a program to kill");
    program.wait().expect("the killed program");
    // At once, while its workers may still be there.
    let run = finish(start(url, ORM, FEW_MONTHS, 2));
    assert!(run.status.success(), "{run:?}");
    assert_eq!(run.checksum(), few[0], "after a killed parent");
}

/// The answers that are known of these data; see `data/nycflights13/README.md`.
fn check_known_answers(engine: &Engine) {
    let mut conn = engine.connect().expect("a connection");
    let months: Vec<(u8, i64)> = conn
        .fetch_all(text("select month, count(*) from flights group by month order by month"))
        .expect("the months");
    assert_eq!(months, FLIGHTS);
    let marks: Vec<(u8, i64)> = conn
        .fetch_all(text("select month, rows_loaded from etl_months where state = 'done' order by month"))
        .expect("the marks");
    assert_eq!(marks, FLIGHTS);
    drop(conn);
    for (answer, question) in [
        (16, "select count(*) from carriers"),
        (1_458, "select count(*) from airports"),
        (3_322, "select count(*) from planes"),
        (26_115, "select count(*) from weather"),
        (8_255, "select count(*) from flights where departure is null"),
        (8_255, "select sum(cancelled) from delays_by_carrier"),
        (8_255, "select sum(cancelled) from delays_by_day"),
        (336_776, "select sum(flights) from delays_by_day"),
        (9_430, "select count(*) from flights where arr_delay is null"),
        (336_776 - 9_430, "select sum(arrivals) from delays_by_carrier"),
        (50_094, "select count(*) from flight_rejects where reason = 'plane unknown'"),
        (2_512, "select count(*) from flight_rejects where reason = 'tail number missing'"),
        (7_602, "select count(*) from flight_rejects where reason = 'destination unknown'"),
        (50_094 + 2_512 + 7_602, "select sum(rejects) from etl_months"),
        (50_094, "select count(*) from flights where plane is null and tailnum is not null"),
        (721, "select count(distinct tailnum) from flights where plane is null"),
        (7_602, "select count(*) from flights where destination is null"),
        // Flights whose arrival is not their departure's day: the clock went past midnight.
        (
            0,
            "select count(*) from flights where arrival < departure or scheduled_arrival < scheduled_departure",
        ),
    ] {
        assert_eq!(count(engine, question), answer, "{question}");
    }
}

/// Runs the program and kills the first worker that is seen at work on a month.
fn kill_a_worker(engine: &Engine, url: &str, transform: &str, workers: usize) {
    let mut program = start(url, transform, FEW_MONTHS, workers);
    let (month, pid) = worker_at_work(engine, &mut program);
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status().expect("kill");
    assert!(killed.success(), "no worker {pid}");

    let run = finish(program);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    assert!(run.stderr.contains(&format!("month {month} failed: ")), "{run:?}");
    let mut conn = engine.connect().expect("a connection");
    let states: Vec<(u8, String)> =
        conn.fetch_all(text("select month, state from etl_months order by month")).expect("the months");
    for (other, state) in states {
        assert_eq!(state, if other == month { "running" } else { "done" }, "month {other}; {run:?}");
    }
    drop(conn);
    let left = raw(format!("select count(*) from flights where month = {month}"));
    assert_eq!(engine.connect().expect("a connection").scalar::<i64>(left).expect("a count"), 0);
}

/// The month and the pid of a worker in the middle of it.
fn worker_at_work(engine: &Engine, program: &mut Child) -> (u8, i64) {
    let deadline = Instant::now() + RUN_LIMIT;
    let mut conn = engine.connect().expect("a connection");
    conn.set_isolation_level(IsolationLevel::Autocommit).expect("reading without a lock");
    loop {
        let running = text("select month, worker_pid from etl_months where state = 'running'");
        let found: Option<(u8, i64)> =
            conn.execute(running).expect("the months").of().first().expect("a month");
        if let Some(found) = found {
            return found;
        }
        assert!(Instant::now() < deadline, "no worker came");
        assert!(program.try_wait().expect("the program's state").is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Back to the state before the first month.
fn forget_months(engine: &Engine) {
    engine
        .transaction(|tx| {
            for table in ["flight_rejects", "delays_by_carrier", "delays_by_day", "flights", "etl_months"] {
                tx.execute(raw(format!("delete from {table}")))?;
            }
            Ok(())
        })
        .expect("empty tables");
}

fn count(engine: &Engine, question: &'static str) -> i64 {
    engine.connect().expect("a connection").scalar(text(question)).expect(question)
}

/// For a table that may not be there yet.
fn count_or_zero(engine: &Engine, question: &'static str) -> i64 {
    engine.connect().and_then(|mut conn| conn.scalar(text(question))).unwrap_or(0)
}

// ---- the program ----

/// How a run ended, and what it said.
#[derive(Debug)]
struct Run {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Run {
    fn checksum(&self) -> String {
        let line = self.stdout.lines().find_map(|line| line.strip_prefix("checksum: "));
        line.unwrap_or_else(|| panic!("no checksum: {self:?}")).to_owned()
    }
}

fn start(url: &str, transform: &str, months: &str, workers: usize) -> Child {
    Command::new(program("flights_etl"))
        .args(["--url", url, "--transform", transform, "--months", months, "--workers", &workers.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program flights_etl")
}

/// Waits for the end, with a deadline. What the program prints fits into a pipe.
fn finish(mut program: Child) -> Run {
    let deadline = Instant::now() + RUN_LIMIT;
    while program.try_wait().expect("the program's state").is_none() {
        if Instant::now() > deadline {
            let _ = program.kill();
            panic!("the program did not end in {RUN_LIMIT:?}: {:?}", program.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = program.wait_with_output().expect("what the program said");
    Run {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

// ---- databases of our own ----

/// A folder for SQLite files, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rebis-flights-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).expect("a folder");
        Folder(path)
    }

    /// With the options of the program's own default.
    fn url(&self, file: &str) -> String {
        let options = "journal_mode=wal&synchronous=normal&begin=immediate&busy_timeout=60";
        format!("{}?{options}", self.plain_url(file))
    }

    fn plain_url(&self, file: &str) -> String {
        format!("sqlite:///{}", self.0.join(file).display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A database of a server, dropped at the end.
struct OwnDatabase {
    server: Engine,
    name: String,
    url: String,
}

impl OwnDatabase {
    fn create(server: &str) -> OwnDatabase {
        let name = format!("etl_{}", std::process::id());
        let given: Url = server.parse().expect("the server's URL");
        let own = OwnDatabase {
            server: Engine::new(server).expect("an engine"),
            url: with_database(&given, &name),
            name,
        };
        own.command("create database");
        own
    }

    /// CREATE and DROP DATABASE stand outside of transactions.
    fn command(&self, what: &str) {
        let mut conn = self.server.connect().expect("the server");
        conn.set_isolation_level(IsolationLevel::Autocommit).expect("autocommit");
        conn.execute(raw(format!("{what} {}", self.name))).expect("a command on a database");
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        let force = self.server.url().is_some_and(|url| url.backend() == Backend::Postgresql);
        let name = &self.name;
        let sql = if force {
            format!("drop database if exists {name} with (force)")
        } else {
            format!("drop database if exists {name}")
        };
        let dropped = self.server.connect().and_then(|mut conn| {
            conn.set_isolation_level(IsolationLevel::Autocommit)?;
            conn.execute(raw(sql)).map(|_| ())
        });
        if let Err(error) = dropped {
            eprintln!("{name} is left: {}", error.chain());
        }
    }
}

/// The same URL with another database.
fn with_database(url: &Url, name: &str) -> String {
    let full = url.to_string_with_password();
    let (address, options) = full.split_once('?').map_or((full.as_str(), ""), |(a, o)| (a, o));
    let start = address.find("://").map_or(0, |at| at + 3);
    let host = address[start..].find('/').map_or(address, |at| &address[..start + at]);
    if options.is_empty() { format!("{host}/{name}") } else { format!("{host}/{name}?{options}") }
}
