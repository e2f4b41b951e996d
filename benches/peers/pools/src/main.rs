//! What a pool costs: checkout and return of a connection that does nothing.
//!
//! Uncontended on one thread; then 1 to 64 threads or tasks on 4 connections, each given back at once or held for 200 µs. The
//! blocking pools are used by threads, the async ones by tasks on a Tokio runtime with two workers: each as it is meant. A task
//! costs less than a thread, so what the tables compare is what a program gets, not the pools' own code alone. The rounds of the
//! subjects take turns, so that a change of the machine's speed meets all of them.
//!
//! `pools [--quick] [--results PATH] [--python PATH] [--only PREFIX,…]`; the Python with SQLAlchemy also by `REBIS_BENCH_PYTHON`. `--quick` runs
//! a tenth. `--only` keeps r2d2, which the ratios are to, and the pools whose names begin so.

mod contended;
mod fifo;
mod floor;
mod on_tokio;
mod output;
mod overtaking;
mod peer_bb8;
mod peer_deadpool;
mod peer_r2d2;
mod peer_sqlx;
mod rebis_pool;
mod sqlalchemy;
mod subject;
mod uncontended;
mod waits;

use output::Output;
use std::time::Duration;
use subject::{Load, Measured, Subject};

/// Connections of each pool.
const SIZE: u32 = 4;
const ROUNDS: usize = 3;

#[derive(Default)]
struct Arguments {
    quick: bool,
    results: Option<String>,
    python: Option<String>,
    only: Vec<String>,
}

fn main() {
    let arguments = arguments();
    let mut output = Output::new(arguments.results.as_deref());
    let subjects = subjects(&arguments.only);
    let rounds = if arguments.quick { 50 } else { 300 };
    uncontended::run(&subjects, rounds, &mut output);
    uncontended::fork_check(rounds, &mut output);
    if let Some(python) = &arguments.python {
        uncontended::of_sqlalchemy(python, rounds.min(50), &mut output);
    }
    let length = Duration::from_millis(if arguments.quick { 40 } else { 400 });
    let run = |users, hold, pause, output: &mut Output| {
        let load = Load { hold: Duration::from_micros(hold), pause: Duration::from_millis(pause), length };
        let other = arguments
            .python
            .as_deref()
            .map(|python| (sqlalchemy::NAME.to_owned(), sqlalchemy::contended(python, users, load, ROUNDS)));
        contended::run(&subjects, users, load, ROUNDS, other.as_slice(), output);
    };
    for hold in [0, 200] {
        for users in contended::USERS {
            run(users, hold, 0, &mut output);
        }
    }
    // With a pause the one who returns goes away; without, it is running, and the one who waits has to wake up: the hard case.
    run(64, 200, 1, &mut output);
    if arguments.python.is_none() {
        eprintln!("skipped: 1 peer, SQLAlchemy: no Python was given (--python or REBIS_BENCH_PYTHON)");
    }
}

fn arguments() -> Arguments {
    let python = std::env::var("REBIS_BENCH_PYTHON").ok().filter(|path| !path.is_empty());
    let mut arguments = Arguments { python, ..Arguments::default() };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().unwrap_or_else(|| panic!("{name} needs a value"));
        match name.as_str() {
            "--quick" => arguments.quick = true,
            "--results" => arguments.results = Some(value()),
            "--python" => arguments.python = Some(value()),
            "--only" => arguments.only = value().split(',').map(str::to_owned).collect(),
            _ => panic!("unknown argument {name}"),
        }
    }
    arguments
}

/// Ratios are to the first one.
fn subjects(only: &[String]) -> Vec<Box<dyn Measured>> {
    let mut subjects = vec![
        boxed(peer_r2d2::R2d2::new(SIZE)),
        boxed(rebis_pool::Rebis::new(SIZE)),
        Box::new(on_tokio::OnTokio::new(|| peer_deadpool::Deadpool::new(SIZE))),
        Box::new(on_tokio::OnTokio::new(|| peer_bb8::Bb8::new(SIZE))),
        Box::new(on_tokio::OnTokio::new(|| peer_sqlx::Sqlx::new(SIZE))),
        boxed(floor::MutexVec::new(SIZE)),
        boxed(fifo::Fifo::new(SIZE)),
    ];
    let wanted = |name: &str| name == "r2d2" || only.iter().any(|prefix| name.starts_with(prefix.as_str()));
    subjects.retain(|subject| only.is_empty() || wanted(subject.name()));
    subjects
}

fn boxed(subject: impl Subject + 'static) -> Box<dyn Measured> {
    Box::new(subject)
}
