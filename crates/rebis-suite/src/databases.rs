//! The databases a test runs on: SQLite always, the others where a URL is given.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use rebis::{Backend, Engine, EngineBuilder, Url};

/// A database under test.
#[derive(Debug, Clone)]
pub struct Database {
    /// For messages.
    pub name: &'static str,
    url: String,
    directory: Option<PathBuf>,
}

/// The ways in which a server is reached and the journal modes of SQLite, each a case of its own in the fork matrix.
pub const CONNECTIONS: [&str; 8] = [
    "sqlite",
    "sqlite+delete",
    "mysql",
    "mysql+tls",
    "mysql+unix",
    "postgresql",
    "postgresql+tls",
    "postgresql+unix",
];

/// The database of that name, one of [`CONNECTIONS`], or why not.
///
/// # Errors
/// The reason for which it is left out.
pub fn database(name: &str) -> Result<Database, String> {
    match name {
        "sqlite" => Ok(sqlite("wal")),
        "sqlite+delete" => Ok(sqlite("delete")),
        "mysql" => server("MariaDB", MYSQL, "ssl_mode=disable"),
        "mysql+tls" => server("MariaDB", MYSQL, &format!("ssl_mode=verify-ca&ssl_ca={}", authority()?)),
        "mysql+unix" => {
            let socket = variable("REBIS_TEST_MYSQL_SOCKET")?;
            without_host(server("MariaDB", MYSQL, &format!("socket={socket}"))?)
        }
        "postgresql" => server("PostgreSQL", POSTGRES, "sslmode=disable"),
        "postgresql+tls" => {
            server("PostgreSQL", POSTGRES, &format!("sslmode=verify-ca&sslrootcert={}", authority()?))
        }
        "postgresql+unix" => {
            let directory = variable("REBIS_TEST_POSTGRES_SOCKET_DIR")?;
            let port = Url::from_str(&variable(POSTGRES)?).ok().and_then(|url| url.hosts().first()?.port);
            let options = format!("host={directory}&port={}", port.unwrap_or(5432));
            without_host(server("PostgreSQL", POSTGRES, &options)?)
        }
        other => Err(format!("no database is called {other}")),
    }
}

const MYSQL: &str = "REBIS_TEST_MYSQL_URL";
const POSTGRES: &str = "REBIS_TEST_POSTGRES_URL";

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name} is not set"))
}

/// The certificate that has signed the servers' ones.
fn authority() -> Result<String, String> {
    Ok(format!("{}/ca.pem", variable("REBIS_TEST_TLS_DIR")?))
}

/// The database that a case named `scenario@database` asks for.
///
/// # Errors
/// The reason for which it is left out.
pub fn of_case(case: &str) -> Result<Database, String> {
    database(case.split_once('@').expect("a case is named scenario@database").1)
}

/// The database of a case, or out of it with a counted skip.
#[macro_export]
macro_rules! database_or_skip {
    ($case:expr) => {
        match $crate::databases::of_case($case) {
            Ok(database) => database,
            Err(why) => return $crate::harness::Outcome::Skipped(why),
        }
    };
}

fn server(name: &'static str, url: &str, options: &str) -> Result<Database, String> {
    let url = variable(url)?;
    let separator = if url.contains('?') { '&' } else { '?' };
    Ok(Database { name, url: format!("{url}{separator}{options}"), directory: None })
}

/// The same, reached by what its options name instead of a host.
fn without_host(mut database: Database) -> Result<Database, String> {
    let (account, rest) = database.url.split_once('@').ok_or("the URL names no user")?;
    let (_, path) = rest.split_once('/').ok_or("the URL names no database")?;
    database.url = format!("{account}@/{path}");
    Ok(database)
}

/// A new SQLite file with this journal mode, in memory-backed storage where there is some.
pub fn sqlite(journal_mode: &str) -> Database {
    let shm = Path::new("/dev/shm");
    let base = if shm.is_dir() { shm.to_owned() } else { std::env::temp_dir() };
    let directory = base.join(format!("rebis-suite-{}-{journal_mode}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the SQLite file");
    let file = directory.join("test.db");
    let url =
        format!("sqlite:///{}?journal_mode={journal_mode}&synchronous=off&busy_timeout=30", file.display());
    Database { name: "SQLite", url, directory: Some(directory) }
}

impl Database {
    /// Its URL.
    pub fn url(&self) -> Url {
        self.url.parse().expect("the URL of a database under test")
    }

    /// The same with other or more options after `?`.
    pub fn url_with(&self, options: &str) -> String {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{separator}{options}", self.url)
    }

    /// An engine's settings, with short waits: a test that waits long has failed. Transactions begin as writers, so that
    /// on SQLite they wait for each other instead of failing when two readers want to write.
    pub fn builder(&self) -> EngineBuilder {
        let url = if self.is_server() { self.url.clone() } else { self.url_with("begin=immediate") };
        settings(&url)
    }

    /// An engine with a pool of that size and no overflow.
    pub fn engine(&self, size: usize) -> Engine {
        self.builder().pool_size(size).max_overflow(0).build().expect("an engine")
    }

    /// The same for transactions that only read.
    pub fn reader(&self, size: usize) -> Engine {
        settings(&self.url).pool_size(size).max_overflow(0).build().expect("an engine")
    }

    /// Whether a transaction that reads keeps others from committing: SQLite with a rollback journal.
    pub fn readers_block_writers(&self) -> bool {
        self.url.contains("journal_mode=delete")
    }

    /// Whether it is a server with sessions.
    pub fn is_server(&self) -> bool {
        self.url().backend() != Backend::Sqlite
    }
}

fn settings(url: &str) -> EngineBuilder {
    Engine::builder(url).expect("the URL").pool_timeout(Duration::from_secs(20))
}

impl Drop for Database {
    fn drop(&mut self) {
        // Only the process that made it: its name has that pid.
        if let Some(directory) = &self.directory
            && directory.to_string_lossy().contains(&format!("-{}-", std::process::id()))
        {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}
