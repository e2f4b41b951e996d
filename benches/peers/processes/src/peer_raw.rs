//! The raw drivers, each at its best, in processes made by `fork`: the floor. Each chunk is one transaction.

use crate::database::{Database, mariadb, postgres, sqlite};
use crate::rows::{CHUNK, Row};
use crate::work::share;
use mysql::TxOpts;
use mysql::prelude::Queryable;
use rusqlite::TransactionBehavior;
use std::path::Path;

pub fn run(database: &Database, workers: u32, rows: u32) {
    let pids: Vec<libc::pid_t> = (0..workers)
        .map(|worker| {
            // SAFETY: this process has one thread, so that the child may do whatever it likes; it leaves by `_exit`.
            let pid = unsafe { libc::fork() };
            assert!(pid >= 0, "fork");
            if pid == 0 {
                let work = || load(database, &share(worker, workers, rows));
                let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_ok();
                // SAFETY: as above.
                unsafe { libc::_exit(i32::from(!done)) };
            }
            pid
        })
        .collect();
    for pid in pids {
        let mut status = 0;
        // SAFETY: a child of this process, waited for once.
        assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
        assert_eq!(status, 0, "a worker failed");
    }
}

fn load(database: &Database, chunks: &[i32]) {
    match database {
        Database::Sqlite(path) => load_sqlite(path, chunks),
        Database::MariaDb(url) => load_mariadb(url, chunks),
        Database::Postgres(url) => load_postgres(url, chunks),
    }
}

/// Rows of VALUES in one statement of SQLite.
const TOGETHER: usize = 500;

fn load_sqlite(path: &Path, chunks: &[i32]) {
    let mut connection = sqlite(path);
    let list = vec!["(?,?,?,?)"; TOGETHER].join(",");
    let insert = format!("INSERT INTO etl_target (id, a, b, c) VALUES {list}");
    for from in chunks {
        let mut select =
            connection.prepare_cached("SELECT id, a, b, c FROM etl_source WHERE id > ? AND id <= ?").unwrap();
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Row { id: row.get(0)?, a: row.get(1)?, b: row.get(2)?, c: row.get(3)? }.changed())
        };
        let rows = select.query_map([*from, from + CHUNK as i32], read).unwrap();
        let rows: Vec<Row> = rows.collect::<Result<_, _>>().unwrap();
        drop(select);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        let mut statement = transaction.prepare_cached(&insert).unwrap();
        assert_eq!(rows.len() % TOGETHER, 0);
        for some in rows.chunks(TOGETHER) {
            for (at, row) in some.iter().enumerate() {
                let first = at * 4 + 1;
                statement.raw_bind_parameter(first, row.id).unwrap();
                statement.raw_bind_parameter(first + 1, row.a).unwrap();
                statement.raw_bind_parameter(first + 2, &row.b).unwrap();
                statement.raw_bind_parameter(first + 3, row.c).unwrap();
            }
            statement.raw_execute().unwrap();
        }
        drop(statement);
        transaction.commit().unwrap();
    }
}

/// By the bulk protocol of MariaDB.
fn load_mariadb(url: &str, chunks: &[i32]) {
    let mut connection = mariadb(url);
    let select = connection.prep("SELECT id, a, b, c FROM etl_source WHERE id > ? AND id <= ?").unwrap();
    let insert = connection.prep("INSERT INTO etl_target (id, a, b, c) VALUES (?, ?, ?, ?)").unwrap();
    for from in chunks {
        let read = |(id, a, b, c)| Row { id, a, b, c }.changed();
        let rows: Vec<Row> = connection.exec_map(&select, (from, from + CHUNK as i32), read).unwrap();
        let mut transaction = connection.start_transaction(TxOpts::default()).unwrap();
        transaction.exec_batch(&insert, rows.iter().map(|row| (row.id, row.a, &row.b, row.c))).unwrap();
        transaction.commit().unwrap();
    }
}

/// By arrays.
fn load_postgres(url: &str, chunks: &[i32]) {
    let mut client = postgres(url);
    let select = client.prepare("SELECT id, a, b, c FROM etl_source WHERE id > $1 AND id <= $2").unwrap();
    let insert = "INSERT INTO etl_target (id, a, b, c) SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::float8[])";
    let insert = client.prepare(insert).unwrap();
    for from in chunks {
        let (mut id, mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in client.query(&select, &[from, &(from + CHUNK as i32)]).unwrap() {
            let row = Row { id: row.get(0), a: row.get(1), b: row.get(2), c: row.get(3) }.changed();
            id.push(row.id);
            a.push(row.a);
            b.push(row.b);
            c.push(row.c);
        }
        let mut transaction = client.transaction().unwrap();
        transaction.execute(&insert, &[&id, &a, &b, &c]).unwrap();
        transaction.commit().unwrap();
    }
}
