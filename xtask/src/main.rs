//! `cargo xtask`: the checks of the workspace, its tests on private database servers, and those servers alone.

mod affinity;
mod behaviours;
mod bench;
mod budgets;
mod cargo;
mod certificates;
mod docs;
mod fork_page;
mod install;
mod layers;
mod mariadb;
mod paths;
mod postgres;
mod python;
mod run;
mod scratch;
mod server;
mod servers;
mod table;
mod tokens;

use cargo::Database;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What every subcommand answers: an error says what failed, where, and what to do.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How long a run of the tests may take.
const TEST_LIMIT: Duration = Duration::from_secs(60 * 60);
/// The CI allows 60 minutes for everything, building this program included.
const CI_LIMIT: Duration = Duration::from_secs(56 * 60);

#[derive(Parser, Debug)]
#[command(name = "cargo xtask", about = "Checks, tests and servers of the Rebis workspace")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand, Debug)]
enum Task {
    /// Formatting, lints, the import order, the links of the documents.
    Check,
    /// The import order alone: a module names only modules above it.
    Layers,
    /// Write into `docs/behaviours.md` which test shows which behaviour of `SQLAlchemy`.
    Behaviours,
    /// Run all tests, on private servers where no address of a server is set.
    Test {
        /// Leave the other databases out; may be repeated. Tests of `SQLite` need no server and always run.
        #[arg(long, value_name = "DATABASE")]
        only: Vec<Database>,
        /// Arguments for `cargo test`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Count the instructions of the hot paths by callgrind and compare them with `docs/budgets.md`.
    Budgets {
        /// Write the figures there instead.
        #[arg(long)]
        record: bool,
    },
    /// What the CI runs: `check`, `budgets`, then `test`.
    Ci,
    /// Run the benchmarks beside peers, on private servers, and write `docs/benchmarks.md` and its charts.
    Bench(bench::Options),
    /// Give the parsers odd input; a failure prints it.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
        /// The beginning of a target's name, such as `url`; all of them without one.
        target: Option<String>,
    },
    /// Run what `docs/fork.md` shows, on private servers, and print its tables. Takes a quarter of an hour.
    ForkPage {
        /// Arguments for the program, such as `--runs 1`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Start a private MariaDB and PostgreSQL, print their URLs as `export` lines, wait for Ctrl-C.
    Servers {
        /// Write the `export` lines to this file too (removed again at the end).
        #[arg(long, value_name = "PATH")]
        env_file: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    match run::watch_signals().and_then(|()| perform(task)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::from(if run::interrupted() { 130 } else { 1 })
        }
    }
}

fn perform(task: Task) -> Result<ExitCode> {
    match task {
        Task::Check => cargo::check(within(TEST_LIMIT)).map(|()| ExitCode::SUCCESS),
        Task::Layers => layers::check(&cargo::root()).map(|()| ExitCode::SUCCESS),
        Task::Behaviours => behaviours::write(&cargo::root()).map(|()| ExitCode::SUCCESS),
        Task::Test { only, arguments } => cargo::test(&only, &arguments, within(TEST_LIMIT)),
        Task::Budgets { record } => budgets::run(record, within(TEST_LIMIT)).map(|()| ExitCode::SUCCESS),
        Task::Ci => {
            let deadline = within(CI_LIMIT);
            cargo::check(deadline)?;
            budgets::run(false, deadline)?;
            cargo::test(&[], &[], deadline)
        }
        Task::Bench(options) => bench::run_all(&options),
        Task::Fuzz { minutes, target } => cargo::fuzz(target.as_deref(), minutes),
        Task::ForkPage { arguments } => fork_page::run(&arguments),
        Task::Servers { env_file } => servers::serve(env_file.as_deref()),
    }
}

fn within(limit: Duration) -> Instant {
    Instant::now() + limit
}
