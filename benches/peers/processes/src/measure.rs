//! A peer at work, in a process of its own: what its workers took is what the kernel says of that process's children.

use crate::database::{Database, MYSQL_URL, POSTGRES_URL};
use crate::{peer_raw, peer_rebis};
use std::process::{Command, Stdio};
use std::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Raw,
    RebisCore,
    RebisOrm,
    SqlAlchemyCore,
    SqlAlchemyOrm,
}

#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// From the first fork to the end of the last worker.
    pub seconds: f64,
    /// Of all workers, their own code's and the kernel's for them.
    pub cpu: f64,
    /// Bytes of the worker that had most.
    pub resident: u64,
}

impl Peer {
    /// The first one is the base.
    pub const ALL: [Peer; 5] =
        [Peer::Raw, Peer::RebisCore, Peer::RebisOrm, Peer::SqlAlchemyCore, Peer::SqlAlchemyOrm];

    pub fn name(self) -> &'static str {
        match self {
            Peer::Raw => "raw",
            Peer::RebisCore => "rebis core",
            Peer::RebisOrm => "rebis ORM",
            Peer::SqlAlchemyCore => "SQLAlchemy core",
            Peer::SqlAlchemyOrm => "SQLAlchemy ORM",
        }
    }
}

/// What one process is to do; handed over in its environment, for URLs have passwords.
pub struct Job {
    peer: Peer,
    database: Database,
    workers: u32,
    rows: u32,
}

const JOB: &str = "REBIS_BENCH_JOB";
const SQLITE_FILE: &str = "REBIS_BENCH_SQLITE_FILE";

pub fn run(peer: Peer, database: &Database, workers: u32, rows: u32, python: Option<&str>) -> Measured {
    let name = match database {
        Database::Sqlite(_) => "sqlite",
        Database::MariaDb(_) => "mariadb",
        Database::Postgres(_) => "postgres",
    };
    let mut command = match (peer, python) {
        (Peer::SqlAlchemyCore | Peer::SqlAlchemyOrm, Some(python)) => {
            let mut command = Command::new(python);
            command.args(["-c", include_str!("../python/sqlalchemy_etl.py")]);
            command
        }
        _ => Command::new(std::env::current_exe().expect("this program")),
    };
    command.env(JOB, format!("{}/{name}/{workers}/{rows}", peer.name())).stderr(Stdio::inherit());
    if let Database::Sqlite(path) = database {
        command.env(SQLITE_FILE, path);
    }
    let output = command.output().unwrap_or_else(|error| panic!("{} does not start: {error}", peer.name()));
    assert!(output.status.success(), "{} on {name} failed: {}", peer.name(), output.status);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> =
        printed.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let [seconds, cpu, resident] = numbers[..] else { panic!("{} printed {printed:?}", peer.name()) };
    Measured { seconds, cpu, resident: resident as u64 }
}

impl Job {
    /// What this process was started for; `None` for the one that starts the others.
    pub fn given() -> Option<Job> {
        let given = std::env::var(JOB).ok()?;
        let [peer, database, workers, rows] = given.split('/').collect::<Vec<_>>()[..] else {
            panic!("no job: {given}")
        };
        let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is missing"));
        Some(Job {
            peer: Peer::ALL.into_iter().find(|known| known.name() == peer).expect("a peer"),
            database: match database {
                "sqlite" => Database::Sqlite(variable(SQLITE_FILE).into()),
                "mariadb" => Database::MariaDb(variable(MYSQL_URL)),
                _ => Database::Postgres(variable(POSTGRES_URL)),
            },
            workers: workers.parse().expect("a number of workers"),
            rows: rows.parse().expect("a number of rows"),
        })
    }

    /// Does it, and prints seconds, CPU seconds and bytes.
    pub fn run(self) {
        let Job { peer, database, workers, rows } = self;
        let start = Instant::now();
        match peer {
            Peer::Raw => peer_raw::run(&database, workers, rows),
            Peer::RebisCore => peer_rebis::core(&database, workers, rows),
            Peer::RebisOrm => peer_rebis::orm(&database, workers, rows),
            Peer::SqlAlchemyCore | Peer::SqlAlchemyOrm => panic!("{} is Python's", peer.name()),
        }
        let seconds = start.elapsed().as_secs_f64();
        let (cpu, resident) = of_children();
        println!("{seconds} {cpu} {resident}");
    }
}

/// CPU seconds of all children that have ended, and the bytes that the largest one had.
fn of_children() -> (f64, u64) {
    // SAFETY: `rusage` is plain numbers, for which zeroes are values; the call fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage), 0);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    (seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss as u64 * 1024)
}
