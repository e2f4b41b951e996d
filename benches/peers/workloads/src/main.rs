//! Loading and flushing beside the raw drivers, diesel, sqlx, sea-orm, toasty and SQLAlchemy: each workload is run by all in turn, round
//! after round, and its cost is told as a ratio to the raw driver's in the same round.
//!
//! `workloads [--results FILE] [--rounds N] [--budget MILLISECONDS] [--only PREFIX,…] [--databases memory,file,mariadb,postgres]
//! [--peers raw,rebis,…] [--cpu N] [--toasty PATH] [--quick]`; the servers come in `REBIS_BENCH_MYSQL_URL` and
//! `REBIS_BENCH_POSTGRES_URL`, whose database is emptied, a Python with SQLAlchemy in `REBIS_BENCH_PYTHON`.

mod answers;
mod arguments;
mod child;
mod diesel_peer;
mod frame;
mod measure;
mod raw_mysql;
mod raw_postgres;
mod raw_sqlite;
mod rebis_core_peer;
mod rebis_orm_peer;
mod rows;
mod sea_peer;
mod seed;
mod sqlx_peer;
mod work;

use std::path::PathBuf;

use arguments::Arguments;
use frame::Framed;
use measure::Table;
use results::Results;
use work::{Database, Peer, WORKS};

const SECTION: &str = "workloads";

fn main() {
    let arguments = Arguments::given();
    if let Some(cpu) = arguments.cpu {
        pin(cpu);
    }
    let mut results = Results::open(arguments.results.as_deref()).unwrap();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    results.about("machine", "load before (1, 5, 15 minutes)", &load).unwrap();
    let folder = Folder::new();
    for name in &arguments.databases {
        match database(name, &folder) {
            Some(database) => run(&database, &arguments, &mut results),
            None => results.about("left out", name, "it has no URL").unwrap(),
        }
    }
}

/// All threads and children to come are on it as well.
fn pin(cpu: usize) {
    let mut cpus = rustix::thread::CpuSet::new();
    cpus.set(cpu);
    rustix::thread::sched_setaffinity(None, &cpus).unwrap();
}

/// Where the files of SQLite are: in memory if possible. It goes with the program, and when that is killed, with the machine.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = parent.join(format!("rebis-workloads-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn database(name: &str, folder: &Folder) -> Option<Database> {
    let url = |variable: &str| std::env::var(variable).ok().filter(|url| !url.is_empty());
    match name {
        "memory" => Some(Database::SqliteMemory),
        "file" => Some(Database::SqliteFile(folder.0.clone())),
        "mariadb" => url("REBIS_BENCH_MYSQL_URL").map(Database::MariaDb),
        "postgres" => url("REBIS_BENCH_POSTGRES_URL").map(Database::Postgres),
        _ => panic!("unknown database {name}"),
    }
}

/// The peers of one database. The first one is the base of the ratios.
fn peers(database: &Database, arguments: &Arguments, results: &mut Results) -> Vec<Box<dyn Peer>> {
    let wanted = |name: &str| arguments.wants_peer(name);
    let mut peers: Vec<Box<dyn Peer>> = Vec::new();
    for other in [false, true] {
        peers.push(match database {
            Database::SqliteMemory | Database::SqliteFile(_) => {
                Framed::boxed(raw_sqlite::Raw::new(database, other))
            }
            Database::MariaDb(url) => Framed::boxed(raw_mysql::Raw::new(url, other)),
            Database::Postgres(url) => Framed::boxed(raw_postgres::Raw::new(url, other)),
        });
    }
    if wanted("rebis core") {
        peers.push(Framed::boxed(rebis_core_peer::Core::new(database)));
    }
    if wanted("rebis ORM") {
        peers.push(Framed::boxed(rebis_orm_peer::Orm::new(database)));
    }
    if wanted("diesel") {
        peers.push(diesel_peer::connect(database));
    }
    if wanted("sqlx") {
        peers.push(sqlx_peer::connect(database));
    }
    if wanted("sea-orm") {
        peers.push(Framed::boxed(sea_peer::Sea::new(database)));
    }
    for name in ["toasty", "SQLAlchemy core", "SQLAlchemy ORM"] {
        if !wanted(name) {
            continue;
        }
        let started = match name {
            "toasty" => child::toasty(arguments.toasty.as_deref(), database),
            _ => child::sqlalchemy(
                arguments.python.as_deref(),
                name.trim_start_matches("SQLAlchemy "),
                database,
            ),
        };
        let which = format!("{name} on {}", database.name());
        match started {
            Ok((peer, itself)) => {
                results.about("peer", &which, &itself).unwrap();
                peers.push(Box::new(peer));
            }
            Err(reason) => results.about("left out", &which, &reason).unwrap(),
        }
    }
    peers
}

fn run(database: &Database, arguments: &Arguments, results: &mut Results) {
    let version = match database {
        Database::SqliteMemory | Database::SqliteFile(_) => format!("SQLite {}", rusqlite::version()),
        Database::MariaDb(url) => raw_mysql::version(url),
        Database::Postgres(url) => raw_postgres::version(url),
    };
    results.about("server", database.name(), &version).unwrap();
    let mut peers = peers(database, arguments, results);
    let own = if database.is_sqlite() { peers.len() } else { 1 };
    // Each has a database of its own with SQLite; on a server they share one.
    peers[..own].iter_mut().for_each(|peer| seed::tables(&mut **peer, database));
    let mut table = Table { database, arguments, results };
    let mut seeded = None;
    for work in WORKS.iter().filter(|work| arguments.wants_work(**work)) {
        if seeded != Some(work.rows()) || work.writes() {
            peers[..own].iter_mut().for_each(|peer| seed::fill(&mut **peer, work.rows(), database));
            seeded = Some(work.rows());
        }
        table.measure(*work, &mut peers);
    }
}
