//! The flights that left New York in 2013: from CSV files to a clean database, by a parent and its forked workers.
//!
//! ```text
//! cargo run --release --example flights_etl
//! cargo run --release --example flights_etl -- --url postgresql://app@localhost/flights --workers 4 --months 1-3
//! ```
//!
//! Everything is done exactly once, even when the program is killed and started again:
//!
//! 1. `schema`: creates the tables that do not exist yet.
//! 2. `load`: the CSV files as they are, one transaction for each file.
//! 3. `reference`: carriers, airports, planes and weather, one transaction for each.
//! 4. `transform`: the flights, month by month in forked workers, one transaction for each month.
//! 5. `report` and `checksum`: what came of it.
//!
//! Parent and workers use one `Engine`. The parent's connections stay the parent's; each worker opens its own.

mod checksum;
mod delays;
mod flight;
mod load;
mod models;
mod month;
mod once;
mod options;
mod progress;
mod reference;
mod report;
mod schema;
mod transform;

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use rebis::{Engine, Error, Result};

use options::Options;
use report::Report;
use transform::Outcomes;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("flights_etl: {}", error.chain());
            if let Some(sql) = error.sql() {
                eprintln!("  in: {sql}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The whole job; false when a month is left to do.
fn run(options: &Options) -> Result<bool> {
    let engine = Engine::new(&options.url)?;
    eprintln!("database: {engine:?}");
    schema::create(&engine)?;

    let load = Phase::time("load", || load::load_files(&engine, &options.source))?;
    let reference = Phase::time("reference", || reference::fill(&engine))?;
    let mut outcomes = Outcomes::new();
    let transform = Phase::time("transform", || {
        outcomes = transform::run(&engine, options.transform, &options.months, options.workers)?;
        Ok(outcomes.values().flatten().map(|counts| counts.read).sum())
    })?;

    let report = Report::read(&engine, vec![load, reference, transform], options.workers)?;
    write!(std::io::stdout(), "{report}").map_err(Error::other)?;
    Ok(report_failures(&outcomes))
}

/// Names the months that failed; true when there are none.
fn report_failures(outcomes: &Outcomes) -> bool {
    let mut failed = Vec::new();
    for (month, result) in outcomes {
        if let Err(error) = result {
            eprintln!("flights_etl: month {month} failed: {}", error.chain());
            failed.push(month.to_string());
        }
    }
    if !failed.is_empty() {
        let months = failed.join(",");
        eprintln!("flights_etl: what is done stays done; run it again for the rest (--months {months})");
    }
    failed.is_empty()
}

/// A part of the job: how many rows it worked on, and for how long.
#[derive(Debug)]
struct Phase {
    name: &'static str,
    rows: u64,
    elapsed: Duration,
}

impl Phase {
    fn time(name: &'static str, work: impl FnOnce() -> Result<u64>) -> Result<Phase> {
        let start = Instant::now();
        let rows = work()?;
        Ok(Phase { name, rows, elapsed: start.elapsed() })
    }
}
