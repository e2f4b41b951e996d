//! `cargo xtask fork-page`: the scenarios of `benches/fork-peers` on private servers, with a Python of their own.

use crate::cargo::{cargo, exit_code, root};
use crate::install::{Need, ensure};
use crate::run::{find_program, run_logged};
use crate::scratch::Scratch;
use crate::servers::{MYSQL_URL, POSTGRES_URL, Servers};
use crate::{Result, run};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// How long all runs together may take; a run that hangs is ended by the program itself.
const LIMIT: Duration = Duration::from_secs(3 * 60 * 60);
const PIP_LIMIT: Duration = Duration::from_secs(10 * 60);
/// It has no wheel for Linux: it is built where MariaDB's headers are, and counted as not run elsewhere.
const MYSQLCLIENT: &str = "mysqlclient==2.3.1";

/// Runs them and prints the tables of `docs/fork.md`.
pub(crate) fn run(extra: &[String]) -> Result<ExitCode> {
    let peers = root().join("benches/fork-peers");
    let python = python(&peers)?;
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

/// The Python with SQLAlchemy and its drivers, made below `target/` when it is not there.
pub(crate) fn python(peers: &Path) -> Result<PathBuf> {
    let home = root().join("target/python");
    std::fs::create_dir_all(&home)?;
    let (venv, log) = (home.join("venv"), home.join("log"));
    let _ = std::fs::remove_file(&log);
    let python = venv.join("bin/python");
    if !python.exists() {
        eprintln!("xtask: making {}", venv.display());
        make_environment(&venv, &log)?;
    }
    let requirements = peers.join("python/requirements.txt");
    pip(&python, &["--requirement", &requirements.display().to_string()], &log)?;
    let built = ensure(&[Need::MariaDbHeaders]).and_then(|()| pip(&python, &[MYSQLCLIENT], &log));
    if run::interrupted() {
        return Err("interrupted".into());
    }
    if let Err(error) = built {
        eprintln!("xtask: mysqlclient is left out: {error}");
    }
    Ok(python)
}

/// By the distribution's Python if it can: one built by hand often lacks the optimisations, and is a third slower.
fn make_environment(venv: &Path, log: &Path) -> Result<()> {
    let distribution = Some(PathBuf::from("/usr/bin/python3")).filter(|path| path.is_file());
    let mut failure = "python3 is missing; install it".into();
    for system in distribution.into_iter().chain(find_program("python3")) {
        let mut command = Command::new(system);
        command.args(["-m", "venv", "--clear"]).arg(venv);
        match run_logged(&mut command, Stdio::null(), log, PIP_LIMIT) {
            Ok(()) => return Ok(()),
            Err(error) => failure = format!("{error}\non Debian: apt-get install python3-venv").into(),
        }
    }
    Err(failure)
}

fn pip(python: &Path, arguments: &[&str], log: &Path) -> Result<()> {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(arguments);
    run_logged(&mut command, Stdio::null(), log, PIP_LIMIT)
}
