//! The ledger: what workers say they committed, against what the table holds.

use std::collections::BTreeMap;

use rebis::{Connection, Engine, Error, ErrorKind, Result, text};

/// Makes the table anew.
///
/// # Panics
/// When the database refuses.
pub fn create(engine: &Engine) {
    let mut conn = engine.connect().expect("a connection");
    conn.execute(text("drop table if exists ledger")).expect("drop");
    conn.execute(text(
        "create table ledger (worker int not null, seq int not null, token varchar(40) not null)",
    ))
    .expect("create");
    // Not unique: a doubled row must be able to show.
    conn.execute(text("create index ledger_by_worker on ledger (worker, seq)")).expect("create index");
    conn.commit().expect("commit");
}

/// One transaction: inserts a token and reads it back in the same transaction. An answer that belongs to somebody else
/// shows here.
///
/// # Errors
/// What the database says, or `Internal` for a wrong answer.
pub fn write(engine: &Engine, worker: i64, seq: i64) -> Result<()> {
    let token = format!("{worker}/{seq}/{}", std::process::id());
    let mut tx = engine.begin()?;
    tx.execute(
        text("insert into ledger (worker, seq, token) values (:worker, :seq, :token)")
            .bind("worker", worker)
            .bind("seq", seq)
            .bind("token", token.as_str()),
    )?;
    let echoed: String = tx.scalar(
        text("select token from ledger where worker = :worker and seq = :seq")
            .bind("worker", worker)
            .bind("seq", seq),
    )?;
    if echoed != token {
        return Err(Error::new(ErrorKind::Internal, format!("wrong answer: {echoed} instead of {token}")));
    }
    tx.commit()
}

/// Runs that many transactions; returns how many failed, at most 100, and prints the first errors.
pub fn work(engine: &Engine, worker: i64, count: i64) -> i32 {
    let mut failed = 0;
    for seq in 0..count {
        if let Err(error) = write(engine, worker, seq) {
            failed += 1;
            if failed <= 3 {
                eprintln!("  worker {worker}, transaction {seq}: {}", error.chain());
            }
        }
    }
    failed.min(100)
}

/// Fails unless the table holds exactly those workers' rows, each once. Returns how many rows there are.
///
/// # Panics
/// When a row is missing, doubled, or nobody's.
pub fn check(conn: &mut Connection, workers: impl IntoIterator<Item = (i64, i64)>) -> i64 {
    let expected: BTreeMap<i64, (i64, i64)> =
        workers.into_iter().map(|(worker, count)| (worker, (count, count))).collect();
    let sql =
        text("select worker, count(*), count(distinct seq) from ledger group by worker order by worker");
    let found: BTreeMap<i64, (i64, i64)> = conn
        .fetch_all::<(i64, i64, i64)>(sql)
        .expect("the ledger's counts")
        .into_iter()
        .map(|(worker, rows, distinct)| (worker, (rows, distinct)))
        .collect();
    assert_eq!(found, expected, "rows and distinct rows per worker");
    expected.values().map(|(rows, _)| rows).sum()
}
