//! Installing the programs that the tests need, by apt and only those that are missing.

use crate::run::{End, find_program, run};
use crate::{Result, mariadb, postgres};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CLUSTER_CONFIG: &str = "/etc/postgresql-common/createcluster.conf";

/// A program that has to be there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Need {
    MariaDb,
    /// What a C program needs to be built with MariaDB's client library.
    MariaDbHeaders,
    Postgres,
    Strace,
    Valgrind,
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Need::MariaDb => mariadb::find().is_some(),
            Need::MariaDbHeaders => find_program("mariadb_config").is_some(),
            Need::Postgres => postgres::find().is_some(),
            Need::Strace => find_program("strace").is_some(),
            Need::Valgrind => find_program("valgrind").is_some(),
        }
    }

    /// `postgresql` stands for the version which the distribution has.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Need::MariaDb => &["mariadb-server-core", "mariadb-client-core"],
            Need::MariaDbHeaders => &["libmariadb-dev", "pkg-config", "gcc", "python3-dev"],
            Need::Postgres => &["postgresql"],
            Need::Strace => &["strace"],
            Need::Valgrind => &["valgrind"],
        }
    }
}

/// Installs what is missing, or says how to when that takes rights we do not have.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<Need> = needs.iter().copied().filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages()).copied().collect();
    let by_hand = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !rustix::process::geteuid().is_root() || find_program("apt-get").is_none() {
        return Err(format!(
            "programs for the tests are missing. Install them as root, then run this again:\n    {by_hand}"
        )
        .into());
    }
    if missing.contains(&Need::Postgres) {
        prevent_cluster()?;
    }
    eprintln!("xtask: {by_hand}");
    if apt(&["update"]).is_err() {
        eprintln!("xtask: apt-get update failed; trying with the package lists as they are");
    }
    apt(&[&["install", "-y", "--no-install-recommends"], packages.as_slice()].concat())?;
    match missing.iter().find(|need| !need.is_met()) {
        None => Ok(()),
        Some(need) => {
            Err(format!("apt-get succeeded but {need:?} is still not found; packages: {packages:?}").into())
        }
    }
}

/// The folder with MariaDB's `auth_ed25519`. Debian has it in the package `mariadb-server`, which would start a daemon: so
/// one file is taken out of the package, and kept for this version of the server.
pub(crate) fn mariadb_plugins(server: &Path) -> Option<PathBuf> {
    const PLUGIN: &str = "auth_ed25519.so";
    const FOLDER: &str = "usr/lib/mysql/plugin";
    let installed = Path::new("/").join(FOLDER);
    if installed.join(PLUGIN).is_file() {
        return Some(installed);
    }
    let version = Command::new(server).arg("--version").output().ok()?.stdout;
    let version: String =
        String::from_utf8_lossy(&version).chars().filter(char::is_ascii_alphanumeric).collect();
    let kept = crate::cargo::root().join("target/xtask").join(version);
    let folder = kept.join(FOLDER);
    if folder.join(PLUGIN).is_file() {
        return Some(folder);
    }
    // Another run may do the same: each in a folder of its own, and the first to be ready stays.
    let own = kept.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&own).ok()?;
    let script =
        "apt-get -q download mariadb-server && dpkg-deb -x mariadb-server_*.deb . && rm mariadb-server_*.deb";
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(&own).stdin(Stdio::null());
    command.stdout(std::io::stderr());
    let end = run(&mut command, Instant::now() + Duration::from_secs(60));
    if matches!(end, Ok(End::Exited(status)) if status.success()) {
        let _ = std::fs::rename(&own, &kept);
    }
    let _ = std::fs::remove_dir_all(&own);
    folder.join(PLUGIN).is_file().then_some(folder)
}

/// Debian's package would make a cluster and start a daemon for it. A configuration that is there is the
/// administrator's, and stays.
fn prevent_cluster() -> Result<()> {
    let config = Path::new(CLUSTER_CONFIG);
    if config.exists() {
        return Ok(());
    }
    config
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(config, "create_main_cluster = false\n"))
        .map_err(|error| format!("cannot write {CLUSTER_CONFIG}: {error}").into())
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-q", "-o", "DPkg::Lock::Timeout=120"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    // What it prints is no result of ours.
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    match run(&mut command, Instant::now() + Duration::from_secs(600))? {
        End::Exited(status) if status.success() => Ok(()),
        end => Err(format!("apt-get {} failed: {end:?}", arguments.join(" ")).into()),
    }
}
