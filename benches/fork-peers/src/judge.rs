//! What stands in the database after a run, asked on a connection that no run has touched.

use crate::Outcome;
use crate::plan::NUMBERS;
use mysql::prelude::Queryable;
use postgres::NoTls;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

pub enum Judge<'a> {
    MariaDb(&'a str),
    PostgreSql(&'a str),
    Sqlite(&'a Path),
}

/// How long sessions that were told to end may take.
const SESSIONS_END: Duration = Duration::from_secs(5);

const LEDGER: [&str; 2] = ["drop table if exists ledger", "create table ledger (token bigint primary key)"];
const TABLE: &str = "create table numbers (n bigint primary key, pad varchar(200))";
/// Always has as many rows as the ledger, to whoever is isolated.
const MIRROR: &str = "create table mirror (token bigint primary key)";
const FILL: &str = "insert into numbers with recursive seq (n) as (select 1 union all select n + 1 from seq where n < COUNT) \
                    select n, PAD from seq";

fn fill(pad: &str) -> String {
    FILL.replace("COUNT", &NUMBERS.to_string()).replace("PAD", pad)
}

impl Judge<'_> {
    /// An empty ledger, and no session of an earlier run.
    pub fn prepare(&self) -> Outcome<()> {
        self.end_sessions()?;
        match self {
            Judge::MariaDb(url) => {
                let mut conn = mysql::Conn::new(*url)?;
                LEDGER.iter().try_for_each(|sql| conn.query_drop(sql))?;
                if conn.query_first::<String, _>("show tables like 'numbers'")?.is_none() {
                    conn.query_drop(format!("set max_recursive_iterations = {NUMBERS}"))?;
                    conn.query_drop(TABLE)?;
                    conn.query_drop(fill("repeat('x', 200)"))?;
                }
            }
            Judge::PostgreSql(url) => {
                let mut conn = postgres::Client::connect(url, NoTls)?;
                LEDGER.iter().try_for_each(|sql| conn.batch_execute(sql))?;
                let there = "select to_regclass('numbers') is not null";
                if !conn.query_one(there, &[])?.try_get::<_, bool>(0)? {
                    conn.batch_execute(TABLE)?;
                    conn.batch_execute(&fill("repeat('x', 200)"))?;
                }
            }
            Judge::Sqlite(path) => {
                for suffix in ["", "-journal", "-wal", "-shm"] {
                    let mut file = path.as_os_str().to_owned();
                    file.push(suffix);
                    let _ = std::fs::remove_file(file);
                }
                let conn = rusqlite::Connection::open(path)?;
                conn.execute_batch(&format!(
                    "{}; {MIRROR}; {TABLE}; {}",
                    LEDGER[1],
                    fill("hex(zeroblob(100))")
                ))?;
            }
        }
        Ok(())
    }

    /// The tokens that stand there once all sessions of the run have ended.
    pub fn tokens(&self) -> Outcome<BTreeSet<i64>> {
        self.end_sessions()?;
        let select = "select token from ledger";
        Ok(match self {
            Judge::MariaDb(url) => mysql::Conn::new(*url)?.query(select)?.into_iter().collect(),
            Judge::PostgreSql(url) => {
                let rows = postgres::Client::connect(url, NoTls)?.query(select, &[])?;
                rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?
            }
            Judge::Sqlite(path) => {
                let conn = rusqlite::Connection::open(path)?;
                let mut statement = conn.prepare(select)?;
                statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?
            }
        })
    }

    pub fn version(&self) -> Outcome<String> {
        Ok(match self {
            Judge::MariaDb(url) => {
                mysql::Conn::new(*url)?.query_first("select version()")?.unwrap_or_default()
            }
            Judge::PostgreSql(url) => {
                let mut conn = postgres::Client::connect(url, NoTls)?;
                conn.query_one("show server_version", &[])?.try_get(0)?
            }
            Judge::Sqlite(_) => rusqlite::version().to_owned(),
        })
    }

    /// The run's processes are dead; its sessions are told so and waited for.
    fn end_sessions(&self) -> Outcome<()> {
        let deadline = Instant::now() + SESSIONS_END;
        loop {
            let left = self.tell_sessions()?;
            if left == 0 {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(format!("{left} sessions of a run do not end").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn tell_sessions(&self) -> Outcome<usize> {
        match self {
            Judge::MariaDb(url) => {
                let mut conn = mysql::Conn::new(*url)?;
                let others: Vec<u64> = conn.query(
                    "select id from information_schema.processlist where user = 'rebis' and id <> connection_id()",
                )?;
                for id in &others {
                    // It may have ended by itself in between.
                    let _ = conn.query_drop(format!("kill {id}"));
                }
                Ok(others.len())
            }
            Judge::PostgreSql(url) => {
                let mut conn = postgres::Client::connect(url, NoTls)?;
                let others = conn.query(
                    "select pg_terminate_backend(pid) from pg_stat_activity \
                     where backend_type = 'client backend' and pid <> pg_backend_pid()",
                    &[],
                )?;
                Ok(others.len())
            }
            Judge::Sqlite(_) => Ok(0),
        }
    }
}
