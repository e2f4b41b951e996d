//! `cargo xtask bench orm`: `benches/peers/workloads` on private servers, with the Python that `fork-page` makes.

use crate::cargo::{cargo, exit_code, root};
use crate::servers::{MYSQL_URL, POSTGRES_URL, Servers};
use crate::{Result, fork_page};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long building and running may take.
const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// Runs it and prints the tables of `docs/benchmarks.md`.
pub(crate) fn run(extra: &[String]) -> Result<ExitCode> {
    let python = fork_page::python(&root().join("benches/fork-peers"));
    let python = python.map(|path| path.display().to_string());
    let sqlalchemy = match &python {
        Ok(python) => vec!["--python", python],
        Err(error) => {
            eprintln!("xtask: SQLAlchemy is left out: {error}");
            Vec::new()
        }
    };
    let mut servers = Servers::start(true, true)?;
    let manifest = root().join("benches/peers/Cargo.toml").display().to_string();
    let own = ["run", "--release", "--quiet", "--manifest-path", &manifest, "-p", "workloads", "--"];
    let arguments = own.into_iter().chain(sqlalchemy).chain(extra.iter().map(String::as_str));
    let status = cargo(arguments, Instant::now() + LIMIT, &mut |command| {
        // Not as arguments: those are for every user of the machine to see.
        for (name, value) in servers.exports() {
            match name {
                MYSQL_URL => command.env("REBIS_BENCH_MYSQL_URL", value),
                POSTGRES_URL => command.env("REBIS_BENCH_POSTGRES_URL", value),
                _ => command,
            };
        }
    });
    servers.check_alive()?;
    status.map(exit_code)
}
