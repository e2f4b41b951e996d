//! `cargo xtask fork-page`: the scenarios of `benches/fork-peers` on private servers, with a Python of their own.

use crate::cargo::{cargo, exit_code, root};
use crate::scratch::Scratch;
use crate::servers::{MYSQL_URL, POSTGRES_URL, Servers};
use crate::{Result, python};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long all runs together may take; a run that hangs is ended by the program itself.
const LIMIT: Duration = Duration::from_secs(3 * 60 * 60);

/// Runs them and prints the tables of `docs/fork.md`.
pub(crate) fn run(extra: &[String]) -> Result<ExitCode> {
    let peers = root().join("benches/fork-peers");
    let python = python::with_sqlalchemy()?;
    let mut servers = Servers::start(true, true)?;
    let scratch = Scratch::new()?;
    let manifest = peers.join("Cargo.toml").display().to_string();
    let (python, folder) = (python.display().to_string(), scratch.path().display().to_string());
    let own = ["run", "--release", "--quiet", "--manifest-path", &manifest, "--", "all", "--python", &python];
    let own = own.into_iter().chain(["--scratch", &folder]);
    let status = cargo(own.chain(extra.iter().map(String::as_str)), Instant::now() + LIMIT, &mut |command| {
        // Not as arguments: those are for every user of the machine to see.
        for (name, value) in servers.exports() {
            match name {
                MYSQL_URL => command.env("FORK_PEERS_MYSQL_URL", value),
                POSTGRES_URL => command.env("FORK_PEERS_POSTGRES_URL", value),
                _ => command,
            };
        }
    });
    servers.check_alive()?;
    status.map(exit_code)
}
