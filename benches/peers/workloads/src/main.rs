//! Loading and flushing beside the raw drivers, diesel, sea-orm and SQLAlchemy: each workload is run by all in turn, round after
//! round, and its cost is told as a ratio to the raw driver's in the same round.
//!
//! `workloads [--rounds N] [--only PREFIX,…] [--databases sqlite,mariadb,postgres] [--peers raw,rebis,…] [--python PATH]`; the servers
//! come in `REBIS_BENCH_MYSQL_URL` and `REBIS_BENCH_POSTGRES_URL`, whose database is emptied.

mod answers;
mod diesel_peer;
mod raw_mysql;
mod raw_postgres;
mod raw_sqlite;
mod rebis_core_peer;
mod rebis_orm_peer;
mod report;
mod sea_peer;
mod seed;
mod sqlalchemy;
mod work;

use std::time::{Duration, Instant};

use report::Report;
use work::{Database, Peer, WORKS, Work};

/// How long one peer works on one workload in one round, at least.
const BUDGET: Duration = Duration::from_millis(60);

struct Arguments {
    rounds: usize,
    only: Vec<String>,
    databases: Vec<String>,
    peers: Vec<String>,
    python: Option<String>,
}

fn main() {
    let arguments = arguments();
    for name in &arguments.databases {
        match database(name) {
            Some(database) => run(&database, &arguments),
            None => println!("{name}: not run, it has no URL"),
        }
    }
}

fn arguments() -> Arguments {
    let list = |text: String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    let mut arguments = Arguments {
        rounds: 5,
        only: Vec::new(),
        databases: list("sqlite,mariadb,postgres".into()),
        peers: Vec::new(),
        python: None,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().unwrap_or_else(|| panic!("{name} needs a value"));
        match name.as_str() {
            "--rounds" => arguments.rounds = value.parse().expect("a number of rounds"),
            "--only" => arguments.only = list(value),
            "--databases" => arguments.databases = list(value),
            "--peers" => arguments.peers = list(value),
            "--python" => arguments.python = Some(value),
            _ => panic!("unknown argument {name}"),
        }
    }
    arguments
}

fn database(name: &str) -> Option<Database> {
    let url = |variable: &str| std::env::var(variable).ok().filter(|url| !url.is_empty());
    match name {
        "sqlite" => Some(Database::Sqlite),
        "mariadb" => url("REBIS_BENCH_MYSQL_URL").map(Database::MariaDb),
        "postgres" => url("REBIS_BENCH_POSTGRES_URL").map(Database::Postgres),
        _ => panic!("unknown database {name}"),
    }
}

/// The peers of one database. The first one is the floor.
fn peers(database: &Database, arguments: &Arguments) -> Vec<Box<dyn Peer>> {
    let wanted = |name: &str| {
        name == "raw"
            || arguments.peers.is_empty()
            || arguments.peers.iter().any(|peer| name.starts_with(peer))
    };
    let mut peers: Vec<Box<dyn Peer>> = Vec::new();
    let mut add = |name: &str, make: &dyn Fn() -> Option<Box<dyn Peer>>| {
        if wanted(name) {
            peers.extend(make());
        }
    };
    for other in [false, true] {
        add(if other { "raw, other way" } else { "raw" }, &|| {
            Some(match database {
                Database::Sqlite => Box::new(raw_sqlite::Raw::new(other)),
                Database::MariaDb(url) => Box::new(raw_mysql::Raw::new(url, other)),
                Database::Postgres(url) => Box::new(raw_postgres::Raw::new(url, other)),
            })
        });
    }
    add("rebis core", &|| Some(Box::new(rebis_core_peer::Core::new(database))));
    add("rebis ORM", &|| Some(Box::new(rebis_orm_peer::Orm::new(database))));
    add("diesel", &|| Some(diesel_peer::connect(database)));
    add("sea-orm", &|| Some(Box::new(sea_peer::Sea::new(database))));
    if let Some(python) = &arguments.python {
        for layer in ["core", "ORM"] {
            add(&format!("SQLAlchemy {layer}"), &|| sqlalchemy::connect(python, layer, database));
        }
    }
    peers
}

fn run(database: &Database, arguments: &Arguments) {
    let mut peers = peers(database, arguments);
    let mut report = Report::new(database, arguments.rounds);
    let mut seeded: Option<seed::Rows> = None;
    for peer in &mut peers {
        if !matches!(database, Database::Sqlite) && peer.name() != "raw" {
            break;
        }
        seed::tables(&mut **peer, database);
    }
    for work in WORKS {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|only| work.name().starts_with(only)) {
            continue;
        }
        if seeded != Some(work.rows()) || work.writes() {
            for peer in own_databases(&mut peers, database) {
                seed::fill(&mut **peer, work.rows(), database);
            }
            seeded = Some(work.rows());
        }
        measure(*work, &mut peers, database, &mut report, arguments.rounds);
    }
    report.print();
}

/// Those whose database is theirs alone: all of them with SQLite in memory, one on a server.
fn own_databases<'p>(peers: &'p mut [Box<dyn Peer>], database: &Database) -> &'p mut [Box<dyn Peer>] {
    match database {
        Database::Sqlite => peers,
        _ => &mut peers[..1],
    }
}

fn measure(work: Work, peers: &mut [Box<dyn Peer>], database: &Database, report: &mut Report, rounds: usize) {
    let mut wanted = None;
    let mut costs: Vec<Vec<f64>> = vec![Vec::new(); peers.len()];
    // The round before the first one warms up, and its answers are compared.
    for round in 0..=rounds {
        for turn in 0..peers.len() {
            let at = (round + turn) % peers.len();
            if !peers[at].does(work) {
                continue;
            }
            if round == 0 {
                let answer = answers::of(&mut *peers[at], work, database);
                let first = wanted.get_or_insert_with(|| (answer.clone(), peers[at].name()));
                assert_eq!(
                    first.0,
                    answer,
                    "{} answers otherwise than {} to {work:?}",
                    peers[at].name(),
                    first.1
                );
            } else {
                costs[at].push(cost(&mut *peers[at], work, database));
            }
        }
    }
    for (peer, costs) in peers.iter_mut().zip(costs) {
        peer.rest();
        report.add(work, peer.name(), costs);
    }
}

/// The median cost of one call, in nanoseconds.
fn cost(peer: &mut dyn Peer, work: Work, database: &Database) -> f64 {
    let mut costs = Vec::new();
    let start = Instant::now();
    while costs.len() < 3 || start.elapsed() < BUDGET && costs.len() < 1000 {
        if work.writes() && work != Work::Update {
            seed::empty(peer, database);
        }
        costs.push(peer.time(work) / work.calls() as f64);
    }
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}
