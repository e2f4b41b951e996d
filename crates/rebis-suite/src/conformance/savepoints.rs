//! Savepoints: parts of a transaction that are kept or undone by themselves.

use rebis::{ErrorKind, text};

use super::transactions::{engines, insert};
use super::{Database, Outcome, Scenario, count, passed};

pub(super) const CASES: &[Scenario] = &[
    ("savepoints_are_undone_or_kept_c19", undone_or_kept),
    ("savepoints_nest_c20", nested),
    ("savepoints_six_three_deep", savepoints),
    ("savepoints_end_with_their_transaction_c22", end_with_transaction),
    ("savepoints_kept_are_not_committed_c23", not_committed),
    ("savepoints_rescue_a_failed_statement_c25", rescue),
    ("savepoints_that_cannot_be_kept_c26", cannot_be_kept),
];

fn undone_or_kept(database: &Database) -> Outcome {
    for (keep, rows) in [(false, 1), (true, 2)] {
        let (engine, seen) = engines(database);
        let mut tx = engine.begin().unwrap();
        tx.execute(insert(1)).unwrap();
        let mut savepoint = tx.begin_nested().unwrap();
        savepoint.execute(insert(2)).unwrap();
        if keep { savepoint.commit() } else { savepoint.rollback() }.unwrap();
        assert_eq!(count(&mut tx, "conf_tx"), rows);
        tx.commit().unwrap();
        assert_eq!(seen(), rows);
    }
    passed("1 row, and 2")
}

fn nested(database: &Database) -> Outcome {
    for (inner_kept, rows) in [(false, 2), (true, 1)] {
        let (engine, seen) = engines(database);
        let mut tx = engine.begin().unwrap();
        tx.execute(insert(1)).unwrap();
        let mut outer = tx.begin_nested().unwrap();
        outer.execute(insert(2)).unwrap();
        let mut inner = outer.begin_nested().unwrap();
        inner.execute(insert(3)).unwrap();
        if inner_kept {
            inner.commit().unwrap();
            outer.rollback().unwrap();
        } else {
            inner.rollback().unwrap();
            assert_eq!(count(&mut outer, "conf_tx"), 2, "the outer one goes on");
            outer.commit().unwrap();
        }
        tx.commit().unwrap();
        assert_eq!(seen(), rows);
    }
    passed("2 rows, and 1")
}

/// Guards that were forgotten: the savepoints are open when their transaction ends.
fn end_with_transaction(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    for (commit, rows) in [(false, 0), (true, 2)] {
        let mut tx = engine.begin().unwrap();
        let mut outer = tx.begin_nested().unwrap();
        outer.execute(insert(1)).unwrap();
        let mut inner = outer.begin_nested().unwrap();
        inner.execute(insert(2)).unwrap();
        std::mem::forget(inner);
        std::mem::forget(outer);
        if commit { tx.commit() } else { tx.rollback() }.unwrap();
        assert_eq!(seen(), rows);
    }
    let status = engine.pool().status();
    assert_eq!((status.leased, status.idle), (0, 1), "one connection did both");
    passed("4 savepoints left open")
}

fn not_committed(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let mut conn = engine.connect().unwrap();
    let mut tx = conn.begin().unwrap();
    let mut savepoint = tx.begin_nested().unwrap();
    savepoint.execute(insert(1)).unwrap();
    savepoint.commit().unwrap();
    assert_eq!(seen(), 0, "the caller has to commit");
    drop(tx);
    assert_eq!(seen(), 0);
    passed("1 savepoint kept, nothing committed")
}

/// Where its statement has failed the transaction, it is undone instead, and the transaction around it can be committed.
fn cannot_be_kept(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let mut tx = engine.begin().unwrap();
    tx.execute(insert(1)).unwrap();
    let mut savepoint = tx.begin_nested().unwrap();
    savepoint.execute(insert(2)).unwrap();
    savepoint.execute(insert(1)).map(drop).unwrap_err();
    let kept = savepoint.commit();
    let rows = match kept {
        Ok(()) => 3,
        Err(error) => {
            assert_eq!((error.kind(), database.name), (ErrorKind::PendingRollback, "PostgreSQL"));
            2
        }
    };
    tx.execute(insert(3)).unwrap();
    tx.commit().unwrap();
    assert_eq!(seen(), rows);
    passed(format!("{rows} rows"))
}

fn savepoints(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let mut tx = engine.begin().unwrap();
    tx.execute(insert(1)).unwrap();
    {
        let mut outer = tx.begin_nested().unwrap();
        outer.execute(insert(2)).unwrap();
        let mut inner = outer.begin_nested().unwrap();
        inner.execute(insert(3)).unwrap();
        inner.rollback().unwrap();
        let mut inner = outer.begin_nested().unwrap();
        inner.execute(insert(4)).unwrap();
        inner.commit().unwrap();
        outer.commit().unwrap();
    }
    {
        let mut outer = tx.begin_nested().unwrap();
        let mut inner = outer.begin_nested().unwrap();
        inner.execute(insert(5)).unwrap();
        inner.commit().unwrap();
        outer.execute(insert(6)).unwrap();
        outer.rollback().unwrap();
    }
    assert_eq!(count(&mut tx, "conf_tx"), 3);
    tx.commit().unwrap();
    assert_eq!(seen(), 3);
    let mut tx = engine.begin().unwrap();
    let mut deep = tx.begin_nested().unwrap();
    deep.execute(insert(7)).unwrap();
    deep.commit().unwrap();
    tx.rollback().unwrap();
    assert_eq!(seen(), 3, "a committed savepoint goes with its transaction");
    passed("6 savepoints, 3 deep")
}

/// On PostgreSQL a failed statement fails its transaction; inside a savepoint it fails that only. The others keep the
/// transaction either way: the same program does the same everywhere.
fn rescue(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let mut tx = engine.begin().unwrap();
    tx.execute(insert(1)).unwrap();
    for round in 0..3 {
        let mut savepoint = tx.begin_nested().unwrap();
        savepoint.execute(insert(10 + round)).unwrap();
        let error = savepoint.execute(insert(1)).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UniqueViolation);
        // By rollback and by drop.
        if round == 1 {
            drop(savepoint);
        } else {
            savepoint.rollback().unwrap();
        }
        tx.execute(insert(20 + round)).unwrap();
    }
    {
        let mut outer = tx.begin_nested().unwrap();
        outer.execute(insert(30)).unwrap();
        let mut inner = outer.begin_nested().unwrap();
        inner.execute(text("select nonsense from nowhere")).map(drop).unwrap_err();
        inner.rollback().unwrap();
        outer.execute(insert(31)).unwrap();
        outer.commit().unwrap();
    }
    tx.commit().unwrap();
    assert_eq!(seen(), 6);
    passed("4 failed statements in savepoints, 6 rows of the transaction committed")
}
