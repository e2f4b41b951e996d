//! A load by forked workers: a million rows are read in chunks of 5,000 by key, changed, and inserted into another table, by 1, 2
//! and 4 processes. Rebis's pool of processes, with and without its ORM, beside the raw drivers with `fork` and SQLAlchemy with
//! `multiprocessing`.
//!
//! `processes [--quick] [--slow] [--results PATH] [--python PATH] [--databases sqlite,mariadb,postgres] [--peers PREFIX,…]`; the servers come in
//! `REBIS_BENCH_MYSQL_URL` and `REBIS_BENCH_POSTGRES_URL`, whose tables `etl_source` and `etl_target` are replaced; the Python with SQLAlchemy
//! also by `REBIS_BENCH_PYTHON`. `--quick` takes 100,000 rows, `--slow` SQLAlchemy's ORM too, once, with four workers. A peer that is
//! measured is a process of its own, so that its workers' time and memory are told apart.

mod database;
mod figures;
mod measure;
mod peer_raw;
mod peer_rebis;
mod rows;
mod work;

use database::Database;
use figures::Figures;
use measure::{Measured, Peer};

/// How many processes work.
const WORKERS: [u32; 3] = [1, 2, 4];

struct Arguments {
    rows: u32,
    slow: bool,
    results: Option<String>,
    python: Option<String>,
    databases: Vec<String>,
    peers: Vec<String>,
}

fn main() {
    if let Some(job) = measure::Job::given() {
        return job.run();
    }
    let arguments = arguments();
    let mut figures = Figures::new(arguments.results.as_deref());
    let mut skipped = Vec::new();
    for name in &arguments.databases {
        match Database::named(name) {
            Some(database) => run(&database, &arguments, &mut figures),
            None => skipped.push(format!("{name}: it has no URL")),
        }
    }
    if arguments.python.is_none() {
        skipped.push("SQLAlchemy: no Python was given (--python or REBIS_BENCH_PYTHON)".to_owned());
    }
    if !skipped.is_empty() {
        eprintln!("skipped: {}, {}", skipped.len(), skipped.join("; "));
    }
}

fn arguments() -> Arguments {
    let list = |text: String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    let mut arguments = Arguments {
        rows: 1_000_000,
        slow: false,
        results: None,
        python: std::env::var("REBIS_BENCH_PYTHON").ok().filter(|path| !path.is_empty()),
        databases: list("sqlite,mariadb,postgres".into()),
        peers: Vec::new(),
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().unwrap_or_else(|| panic!("{name} needs a value"));
        match name.as_str() {
            "--quick" => arguments.rows = 100_000,
            "--slow" => arguments.slow = true,
            "--results" => arguments.results = Some(value()),
            "--python" => arguments.python = Some(value()),
            "--databases" => arguments.databases = list(value()),
            "--peers" => arguments.peers = list(value()),
            _ => panic!("unknown argument {name}"),
        }
    }
    arguments
}

fn run(database: &Database, arguments: &Arguments, figures: &mut Figures) {
    eprintln!("{}: {} rows, chunks of {}", database.title(), arguments.rows, rows::CHUNK);
    database.seed(arguments.rows);
    eprintln!(
        "{:<18} {:>7} {:>9} {:>7} {:>12} {:>12}",
        "", "workers", "seconds", "ratio", "client CPU", "worker's RSS"
    );
    let mut expected = None;
    for workers in WORKERS {
        let mut raw: Option<Measured> = None;
        for peer in Peer::ALL {
            if !wanted(peer, workers, arguments) {
                continue;
            }
            database.empty();
            let measured = measure::run(peer, database, workers, arguments.rows, arguments.python.as_deref());
            // Nobody is measured who does not do the work.
            let written = database.checksum();
            let rows = expected.get_or_insert_with(|| written.clone());
            assert_eq!(*rows, written, "{} wrote other rows on {}", peer.name(), database.title());
            assert_eq!(written.count, i64::from(arguments.rows), "{}", peer.name());
            let base = raw.get_or_insert(measured);
            let ratio = measured.seconds / base.seconds;
            let Measured { seconds, cpu, resident } = measured;
            let megabytes = resident as f64 / 1e6;
            eprintln!(
                "{:<18} {workers:>7} {seconds:>8.2}s {ratio:>7.2} {cpu:>10.2} s {megabytes:>9.1} MB",
                peer.name()
            );
            figures.add(database.title(), workers, peer.name(), &measured, base);
        }
    }
    database.forget();
}

fn wanted(peer: Peer, workers: u32, arguments: &Arguments) -> bool {
    let named = || arguments.peers.iter().any(|prefix| peer.name().starts_with(prefix.as_str()));
    match peer {
        // What the others are compared with.
        Peer::Raw => return true,
        Peer::SqlAlchemyCore if arguments.python.is_none() => return false,
        Peer::SqlAlchemyOrm if arguments.python.is_none() || !arguments.slow || workers != 4 => return false,
        _ => {}
    }
    arguments.peers.is_empty() || named()
}
