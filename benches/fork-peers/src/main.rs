//! What happens when you fork: the same scenarios on Rebis, on r2d2 with `mysql` and `postgres`, and on SQLAlchemy.
//!
//! `fork-peers all` runs every scenario several times, each run in a process of its own with a deadline, judges what stands
//! in the database afterwards, and prints the tables of `docs/fork.md`. `cargo xtask fork-page` gives it servers and Python.
//! `fork-peers one` is one scenario on one of the Rust stacks; `python/fork_sqlalchemy.py` is the same for SQLAlchemy.

mod child;
mod journal;
mod judge;
mod mysql_stack;
mod plan;
mod postgres_stack;
mod progress;
mod rebis_stack;
mod runner;
mod scenarios;
mod snapshot;
mod stack;
mod table;
mod versions;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// An error with its causes: some drivers say only "db error" themselves.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run everything and print the tables.
    All(All),
    /// Run one scenario once on a Rust stack; prints `name=value` lines.
    One(One),
}

#[derive(clap::Args)]
pub struct All {
    /// A MariaDB of ours alone: sessions of others are ended between the runs.
    #[arg(long, env = "FORK_PEERS_MYSQL_URL", hide_env_values = true)]
    mysql: String,
    /// A PostgreSQL of ours alone: sessions of others are ended between the runs.
    #[arg(long, env = "FORK_PEERS_POSTGRES_URL", hide_env_values = true)]
    postgres: String,
    /// The Python with SQLAlchemy and its drivers.
    #[arg(long)]
    python: PathBuf,
    /// The folder for SQLite files, logs and what the runs print.
    #[arg(long)]
    scratch: PathBuf,
    /// How often each scenario is run.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Only stacks whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

#[derive(clap::Args)]
pub struct One {
    stack: String,
    scenario: String,
    /// The folder into which the workers write what they saw.
    journals: PathBuf,
    #[arg(long, env = "FORK_PEERS_URL", hide_env_values = true)]
    url: String,
    #[arg(long, default_value_t = plan::TRANSACTIONS)]
    transactions: i64,
    /// Workers are killed when none of them has noted anything for so many seconds.
    #[arg(long, default_value_t = plan::WORKER_SECONDS)]
    deadline: u64,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::All(arguments) => runner::all(&arguments),
        Task::One(arguments) => scenarios::one(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fork-peers: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}
