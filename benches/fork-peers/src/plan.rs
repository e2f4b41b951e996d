//! Which scenario runs on which stack.

/// Worker processes of a run.
pub const WORKERS: i64 = 4;
/// Transactions that each of them tries.
pub const TRANSACTIONS: i64 = 100;
/// Connections of every pool; all are opened and used before the fork.
pub const POOL: usize = 4;
/// How long a checkout waits for a connection, in every stack.
pub const POOL_SECONDS: u64 = 1;
/// Between the opening of the pool and the fork, in milliseconds: threads that a pool starts have started by then.
pub const SETTLE: u64 = 100;
/// A worker stops after so many failures in a row.
pub const FAILURES: usize = 10;
/// When no worker has noted anything for so long, those that are left are killed and counted as hung.
pub const WORKER_SECONDS: u64 = 5;
/// When nobody has noted or said anything for so long, the whole run is killed: what the parent has not said hung.
pub const RUN_SECONDS: u64 = 2 * WORKER_SECONDS;
/// Rows of the answer that the parent is in the middle of.
pub const NUMBERS: i64 = 20_000;
/// The row at which the parent's reading is interrupted by the forks.
pub const READ_BEFORE: i64 = 100;
/// The two rows of the parent's transaction, one written before the fork and one after it.
pub const PARENT_TOKENS: [i64; 2] = [-1, -2];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Database {
    MariaDb,
    PostgreSql,
    Sqlite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Rust,
    Python,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    pub language: Language,
    /// What `fork-peers one` or the Python program calls it.
    pub name: &'static str,
    pub label: String,
    pub database: Database,
    /// SQLAlchemy's scheme.
    pub scheme: &'static str,
    /// What the SQLAlchemy documentation says to do about a fork; `none` elsewhere.
    pub cure: &'static str,
}

/// The cures of SQLAlchemy's documentation, and nothing.
pub const CURES: [(&str, &str); 5] = [
    ("none", "nothing"),
    ("null-pool", "`NullPool`"),
    ("dispose", "`dispose()` in the child"),
    ("dispose-keep", "`dispose(close=False)` in the child"),
    ("pid-guard", "pid guard by events"),
];

const DRIVERS: [(&str, &str, &str, Database); 5] = [
    ("mysqlclient", "mysqlclient", "mysql+mysqldb", Database::MariaDb),
    ("pymysql", "PyMySQL", "mysql+pymysql", Database::MariaDb),
    ("psycopg2", "psycopg2", "postgresql+psycopg2", Database::PostgreSql),
    ("psycopg", "psycopg 3", "postgresql+psycopg", Database::PostgreSql),
    ("pysqlite", "sqlite3", "sqlite", Database::Sqlite),
];

impl Database {
    pub fn title(self) -> &'static str {
        match self {
            Database::MariaDb => "MariaDB",
            Database::PostgreSql => "PostgreSQL",
            Database::Sqlite => "SQLite",
        }
    }
}

impl Stack {
    /// `busy` is not for SQLite: a parent that holds a transaction keeps all other writers out, as SQLite promises.
    pub fn scenarios(&self) -> &'static [&'static str] {
        match (self.database, self.cure) {
            (Database::Sqlite, "none") => &["first", "fresh", "work", "exit", "close", "snapshot"],
            (Database::Sqlite, _) => &["work", "exit", "snapshot"],
            (_, "none") => &["first", "fresh", "work", "busy", "exit", "close", "cursor"],
            _ => &["work", "busy", "exit", "cursor"],
        }
    }
}

/// All stacks, in the order of the tables.
pub fn stacks() -> Vec<Stack> {
    let rust = |name, label: &str, database| Stack {
        language: Language::Rust,
        name,
        label: label.to_owned(),
        database,
        scheme: "",
        cure: "none",
    };
    let mut stacks = vec![
        rust("rebis", "Rebis", Database::MariaDb),
        rust("mysql", "r2d2 + `mysql`", Database::MariaDb),
        rust("rebis", "Rebis", Database::PostgreSql),
        rust("postgres", "r2d2 + `postgres`", Database::PostgreSql),
        rust("rebis", "Rebis", Database::Sqlite),
    ];
    for (cure, _) in CURES {
        stacks.extend(DRIVERS.map(|(name, label, scheme, database)| Stack {
            language: Language::Python,
            name,
            label: format!("SQLAlchemy + {label}"),
            database,
            scheme,
            cure,
        }));
    }
    // Stable: a database's stacks stay in the order above.
    stacks.sort_by_key(|stack| stack.database);
    stacks
}
