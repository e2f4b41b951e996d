//! The ledger: what workers say they committed, against what the table holds.

use std::collections::BTreeMap;
use std::sync::Mutex;

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

/// What the workers say of each of their transactions.
#[derive(Debug, Default)]
pub struct Said(Mutex<BTreeMap<(i64, i64), Verdict>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Committed,
    Failed,
    Unknown,
}

impl Said {
    /// One transaction of the ledger, and what came of it.
    ///
    /// # Errors
    /// As [`write()`].
    ///
    /// # Panics
    /// When it is `Internal`: a wrong answer.
    pub fn write(&self, engine: &Engine, worker: i64, sequence: i64) -> Result<()> {
        let result = write(engine, worker, sequence);
        let verdict = match &result {
            Ok(()) => Verdict::Committed,
            Err(error) if error.kind() == ErrorKind::CommitUnknown => Verdict::Unknown,
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::Internal, "{}", error.chain());
                Verdict::Failed
            }
        };
        self.0.lock().unwrap().insert((worker, sequence), verdict);
        result
    }

    /// Returns how many committed, failed, are unknown.
    ///
    /// # Panics
    /// When the ledger does not hold what they said.
    pub fn check(&self, engine: &Engine) -> [usize; 3] {
        let said = self.0.lock().unwrap();
        let mut conn = engine.connect().unwrap();
        let sql = text("select worker, seq, count(*) from ledger group by worker, seq");
        let rows: Vec<(i64, i64, i64)> = conn.fetch_all(sql).unwrap();
        let found: BTreeMap<(i64, i64), i64> =
            rows.into_iter().map(|(worker, sequence, count)| ((worker, sequence), count)).collect();
        for (key, verdict) in &*said {
            let count = found.get(key).copied().unwrap_or(0);
            let holds = match verdict {
                Verdict::Committed => count == 1,
                Verdict::Failed => count == 0,
                Verdict::Unknown => count < 2,
            };
            assert!(holds, "{key:?} is {verdict:?}, and stands {count} times");
        }
        assert!(found.keys().all(|key| said.contains_key(key)), "rows that nobody wrote");
        let count = |wanted| said.values().filter(|verdict| **verdict == wanted).count();
        [count(Verdict::Committed), count(Verdict::Failed), count(Verdict::Unknown)]
    }
}
