//! The private servers together: what they export, and serving until a signal.

use crate::certificates::Certificates;
use crate::install::{Need, ensure};
use crate::mariadb::{self, MariaDb};
use crate::postgres::{self, Postgres};
use crate::scratch::{Scratch, random_hex, write_private};
use crate::{Result, run};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where tests find MariaDB; set by the caller, no server is started.
pub(crate) const MYSQL_URL: &str = "REBIS_TEST_MYSQL_URL";
/// Where tests find PostgreSQL; set by the caller, no server is started.
pub(crate) const POSTGRES_URL: &str = "REBIS_TEST_POSTGRES_URL";
pub(crate) const MYSQL_SOCKET: &str = "REBIS_TEST_MYSQL_SOCKET";
/// The folder with the certificates of the private servers and of a client of theirs.
pub(crate) const TLS_DIR: &str = "REBIS_TEST_TLS_DIR";
/// Set when the private MariaDB has the user `rebis_ed25519`.
pub(crate) const MYSQL_ED25519: &str = "REBIS_TEST_MYSQL_ED25519";
pub(crate) const POSTGRES_SOCKET_DIR: &str = "REBIS_TEST_POSTGRES_SOCKET_DIR";

/// Running servers; dropped in the order of the fields: servers first, then the data below them.
#[derive(Debug)]
pub(crate) struct Servers {
    mariadb: Option<MariaDb>,
    postgres: Option<Postgres>,
    /// Not only a path: it removes the data when the servers are gone.
    scratch: Scratch,
    certificates: Certificates,
    password: String,
}

impl Servers {
    /// Starts the servers that are asked for, installing them first where needed.
    pub(crate) fn start(mysql: bool, postgres: bool) -> Result<Servers> {
        Self::start_with(mysql, postgres, &[], &[])
    }

    /// Both, with the settings under which the figures of the benchmarks are taken.
    pub(crate) fn start_for_benchmarks() -> Result<Servers> {
        Self::start_with(true, true, mariadb::FOR_BENCHMARKS, postgres::FOR_BENCHMARKS)
    }

    fn start_with(
        mysql: bool,
        postgres: bool,
        mysql_settings: &[&str],
        postgres_settings: &[&str],
    ) -> Result<Servers> {
        let needs: Vec<Need> = [(mysql, Need::MariaDb), (postgres, Need::Postgres)]
            .into_iter()
            .filter_map(|(wanted, need)| wanted.then_some(need))
            .collect();
        ensure(&needs)?;
        let scratch = Scratch::new()?;
        let password = random_hex(16)?;
        let certificates = Certificates::new(scratch.path())?;
        let mut servers = Servers { mariadb: None, postgres: None, scratch, certificates, password };
        if mysql {
            servers.start_mariadb(mysql_settings)?;
        }
        if postgres {
            servers.start_postgres(postgres_settings)?;
        }
        Ok(servers)
    }

    fn start_mariadb(&mut self, settings: &[&str]) -> Result<()> {
        let programs = mariadb::find().ok_or("the programs of MariaDB vanished")?;
        let mariadb =
            MariaDb::start(&programs, self.scratch.path(), &self.certificates, &self.password, settings)?;
        eprintln!("xtask: MariaDB on port {}, pid {}", mariadb.server.port(), mariadb.server.pid());
        self.mariadb = Some(mariadb);
        Ok(())
    }

    fn start_postgres(&mut self, settings: &[&str]) -> Result<()> {
        let programs = postgres::find().ok_or("the programs of PostgreSQL vanished")?;
        let postgres =
            Postgres::start(&programs, self.scratch.path(), &self.certificates, &self.password, settings)?;
        eprintln!("xtask: PostgreSQL on port {}, pid {}", postgres.server.port(), postgres.server.pid());
        self.postgres = Some(postgres);
        Ok(())
    }

    /// The variables by which tests find the servers.
    pub(crate) fn exports(&self) -> Vec<(&'static str, String)> {
        let mut exports = Vec::new();
        let url = |scheme, port| format!("{scheme}://rebis:{}@127.0.0.1:{port}/rebis", self.password);
        if let Some(mariadb) = &self.mariadb {
            exports.push((MYSQL_URL, url("mysql", mariadb.server.port())));
            exports.push((MYSQL_SOCKET, mariadb.socket.display().to_string()));
            if mariadb.has_ed25519 {
                exports.push((MYSQL_ED25519, "1".to_owned()));
            }
        }
        if let Some(postgres) = &self.postgres {
            exports.push((POSTGRES_URL, url("postgresql", postgres.server.port())));
            exports.push((POSTGRES_SOCKET_DIR, postgres.socket_dir.display().to_string()));
        }
        if !exports.is_empty() {
            exports.push((TLS_DIR, self.certificates.folder().display().to_string()));
        }
        exports
    }

    /// The processes of the servers; children of theirs are not among them.
    pub(crate) fn pids(&self) -> impl Iterator<Item = u32> {
        let mariadb = self.mariadb.as_ref().map(|it| it.server.pid());
        let postgres = self.postgres.as_ref().map(|it| it.server.pid());
        mariadb.into_iter().chain(postgres)
    }

    /// An error once a server has ended by itself.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        let mariadb = self.mariadb.as_mut().map(|it| &mut it.server);
        let postgres = self.postgres.as_mut().map(|it| &mut it.server);
        for server in [mariadb, postgres].into_iter().flatten() {
            server.check_alive()?;
        }
        Ok(())
    }
}

/// Serves until a signal comes.
pub(crate) fn serve(env_file: Option<&Path>) -> Result<ExitCode> {
    let mut servers = Servers::start(true, true)?;
    let lines: String =
        servers.exports().iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
    std::io::stdout().write_all(lines.as_bytes())?;
    std::io::stdout().flush()?;
    let _file = env_file.map(|path| EnvFile::write(path, &lines)).transpose()?;
    eprintln!("xtask: serving until Ctrl-C");
    while !run::interrupted() {
        servers.check_alive()?;
        std::thread::sleep(run::TICK * 5);
    }
    eprintln!("xtask: stopping the servers");
    Ok(ExitCode::SUCCESS)
}

/// The file with the `export` lines; it appears whole, is for its owner only, and goes with the servers.
struct EnvFile {
    path: PathBuf,
}

impl EnvFile {
    fn write(path: &Path, lines: &str) -> Result<EnvFile> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let _ = std::fs::remove_file(&partial);
        write_private(Path::new(&partial), lines)?;
        std::fs::rename(&partial, path)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(EnvFile { path: path.to_owned() })
    }
}

impl Drop for EnvFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
