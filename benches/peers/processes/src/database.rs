//! The databases: tables, their rows, and what stands in them afterwards. All by the raw drivers.

use crate::rows::{CHUNK, values};
use mysql::prelude::Queryable;
use postgres::NoTls;
use std::path::PathBuf;

#[derive(Debug, Clone)]
pub enum Database {
    Sqlite(PathBuf),
    MariaDb(String),
    Postgres(String),
}

/// What tells whether all have written the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Checksum {
    pub count: i64,
    sums: [f64; 4],
    texts: [String; 2],
}

const CHECKSUM: &str = "SELECT count(*), sum(a) + 0e0, sum(1e0 * id * a), sum(c), sum(length(b)) + 0e0, min(b), max(b) FROM etl_target";

impl Database {
    pub fn named(name: &str) -> Option<Database> {
        let url = |variable: &str| std::env::var(variable).ok().filter(|url| !url.is_empty());
        match name {
            "sqlite" => {
                let memory = PathBuf::from("/dev/shm");
                let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
                Some(Database::Sqlite(folder.join(format!("rebis-bench-{}.db", std::process::id()))))
            }
            "mariadb" => url(MYSQL_URL).map(Database::MariaDb),
            "postgres" => url(POSTGRES_URL).map(Database::Postgres),
            _ => panic!("unknown database {name}"),
        }
    }

    pub fn title(&self) -> &'static str {
        match self {
            Database::Sqlite(_) => "SQLite, a file",
            Database::MariaDb(_) => "MariaDB",
            Database::Postgres(_) => "PostgreSQL",
        }
    }

    pub fn seed(&self, rows: u32) {
        let first = (1..=rows).step_by(CHUNK as usize);
        let insert = |from: u32| {
            let list: Vec<String> = (from..(from + CHUNK).min(rows + 1)).map(values).collect();
            format!("INSERT INTO etl_source (id, a, b, c) VALUES {}", list.join(","))
        };
        let mut statements = self.tables("etl_source");
        statements.push("BEGIN".into());
        statements.extend(first.map(insert));
        statements.push("COMMIT".into());
        statements.push(match self {
            Database::MariaDb(_) => "ANALYZE TABLE etl_source".into(),
            _ => "ANALYZE".into(),
        });
        self.execute(&statements);
    }

    /// A target that is new: what another peer has left behind in the file does not matter.
    pub fn empty(&self) {
        self.execute(&self.tables("etl_target"));
    }

    fn tables(&self, name: &str) -> Vec<String> {
        let (double, end) = match self {
            Database::Postgres(_) => ("DOUBLE PRECISION", ""),
            Database::MariaDb(_) => ("DOUBLE", " ENGINE=InnoDB"),
            Database::Sqlite(_) => ("DOUBLE", ""),
        };
        let columns = format!(
            "id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b VARCHAR(100) NOT NULL, c {double} NOT NULL"
        );
        vec![format!("DROP TABLE IF EXISTS {name}"), format!("CREATE TABLE {name} ({columns}){end}")]
    }

    fn execute(&self, statements: &[String]) {
        match self {
            Database::Sqlite(path) => {
                let connection = sqlite(path);
                statements.iter().for_each(|sql| connection.execute_batch(sql).unwrap());
            }
            Database::MariaDb(url) => {
                let mut connection = mariadb(url);
                statements.iter().for_each(|sql| connection.query_drop(sql).unwrap());
            }
            Database::Postgres(url) => {
                let mut client = postgres(url);
                statements.iter().for_each(|sql| client.batch_execute(sql).unwrap());
            }
        }
    }

    pub fn checksum(&self) -> Checksum {
        type Sums = (i64, f64, f64, f64, f64, String, String);
        let (count, a, product, c, length, least, most): Sums = match self {
            Database::Sqlite(path) => sqlite(path)
                .query_row(CHECKSUM, [], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get(5)?,
                        row.get(6)?,
                    ))
                })
                .unwrap(),
            Database::MariaDb(url) => mariadb(url).query_first(CHECKSUM).unwrap().unwrap(),
            Database::Postgres(url) => {
                // Not the cluster's order of text, but that of its bytes.
                let sql = CHECKSUM
                    .replace("(b),", "(b COLLATE \"C\"),")
                    .replace("(b) FROM", "(b COLLATE \"C\") FROM");
                let sql = sql.replace("0e0", "0::float8").replace("1e0", "1::float8");
                let row = postgres(url).query_one(&sql, &[]).unwrap();
                (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5), row.get(6))
            }
        };
        Checksum { count, sums: [a, product, c, length], texts: [least, most] }
    }

    /// Takes the tables away.
    pub fn forget(&self) {
        match self {
            Database::Sqlite(path) => {
                for end in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{end}", path.display()));
                }
            }
            _ => self.execute(&["DROP TABLE etl_source".into(), "DROP TABLE etl_target".into()]),
        }
    }
}

pub const MYSQL_URL: &str = "REBIS_BENCH_MYSQL_URL";
pub const POSTGRES_URL: &str = "REBIS_BENCH_POSTGRES_URL";

pub fn sqlite(path: &std::path::Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF").unwrap();
    connection
}

/// By TCP, as all peers.
pub fn mariadb(url: &str) -> mysql::Conn {
    let options = mysql::OptsBuilder::from_opts(mysql::Opts::from_url(url).unwrap());
    mysql::Conn::new(options.prefer_socket(false)).unwrap()
}

pub fn postgres(url: &str) -> postgres::Client {
    postgres::Client::connect(url, NoTls).unwrap()
}
