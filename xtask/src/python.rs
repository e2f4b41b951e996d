//! A Python with SQLAlchemy and its drivers, for the programs that measure it.

use crate::Result;
use crate::cargo::root;
use crate::install::{Need, ensure};
use crate::run::{find_program, interrupted, run_logged};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const PIP_LIMIT: Duration = Duration::from_secs(10 * 60);
const REQUIREMENTS: &str = "benches/fork-peers/python/requirements.txt";
/// It has no wheel for Linux: it is built where MariaDB's headers are, and counted as not run elsewhere.
const MYSQLCLIENT: &str = "mysqlclient==2.3.1";

/// It, made below `target/` when it is not there.
pub(crate) fn with_sqlalchemy() -> Result<PathBuf> {
    let home = root().join("target/python");
    std::fs::create_dir_all(&home)?;
    let (venv, log) = (home.join("venv"), home.join("log"));
    let _ = std::fs::remove_file(&log);
    let python = venv.join("bin/python");
    if !python.exists() {
        eprintln!("xtask: making {}", venv.display());
        make_environment(&venv, &log)?;
    }
    let requirements = root().join(REQUIREMENTS);
    pip(&python, &["--requirement", &requirements.display().to_string()], &log)?;
    let built = ensure(&[Need::MariaDbHeaders]).and_then(|()| pip(&python, &[MYSQLCLIENT], &log));
    if interrupted() {
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
