//! Transactions: begun by the first statement, by `begin`, by a closure.

use rebis::{Engine, Error, ErrorKind, Result, text};

use super::{Database, Outcome, Scenario, count, passed, table};

pub(super) const CASES: &[Scenario] = &[
    ("transactions_begin_by_themselves_c1", autobegin),
    ("transactions_guarded_c8", guarded),
    ("transactions_in_closures_c7", closures),
    ("transactions_dropped_are_rolled_back_c13", dropped),
    ("transactions_rolled_back_with_rows_unread", unread),
    ("transactions_go_on_after_an_implicit_commit", implicit_commit),
    ("transactions_ended_by_the_database", ended_by_database),
];

/// An engine, and what others see: a second engine whose transactions never write (SQLite has one writer at a time).
pub(super) fn engines(database: &Database) -> (Engine, impl Fn() -> i64) {
    let engine = database.engine(2);
    table(&mut engine.connect().unwrap(), "conf_tx", "i int not null primary key");
    let reader = database.reader(1);
    let seen = move || count(&mut reader.connect().unwrap(), "conf_tx");
    (engine, seen)
}

pub(super) fn insert(i: i64) -> rebis::sql::Text {
    text("insert into conf_tx values (:i)").bind("i", i)
}

fn autobegin(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let mut conn = engine.connect().unwrap();
    assert!(!conn.in_transaction());
    conn.commit().unwrap();
    conn.rollback().unwrap();
    conn.execute(insert(1)).unwrap();
    assert!(conn.in_transaction());
    assert_eq!(seen(), 0, "not committed, not seen");
    conn.commit().unwrap();
    assert!(!conn.in_transaction());
    assert_eq!(seen(), 1);
    conn.execute(insert(2)).unwrap();
    conn.execute(insert(3)).unwrap();
    conn.rollback().unwrap();
    assert_eq!(count(&mut conn, "conf_tx"), 1);
    assert!(conn.in_transaction(), "a query begins one as well");
    let error = conn.begin().map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState, "{error}");
    conn.rollback().unwrap();
    conn.begin().unwrap().commit().unwrap();
    assert_eq!(seen(), 1);
    passed("1 commit seen, 1 rollback not")
}

fn guarded(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let mut tx = engine.begin().unwrap();
    tx.execute(insert(1)).unwrap();
    assert_eq!(seen(), 0);
    // The guard is a connection as well: its own commit is shut, and its own rollback ends the guard's transaction.
    assert_eq!(rebis::Connection::commit(&mut tx).unwrap_err().kind(), ErrorKind::InvalidState);
    rebis::Connection::rollback(&mut tx).unwrap();
    assert_eq!(tx.commit().unwrap_err().kind(), ErrorKind::InvalidState, "it would commit nothing");
    assert_eq!(seen(), 0);
    let mut tx = engine.begin().unwrap();
    tx.execute(insert(1)).unwrap();
    tx.commit().unwrap();
    assert_eq!(seen(), 1);
    let mut tx = engine.begin().unwrap();
    tx.execute(insert(2)).unwrap();
    tx.rollback().unwrap();
    // On a connection that the program holds, several in a row.
    let mut conn = engine.connect().unwrap();
    for i in 3..6 {
        let mut tx = conn.begin().unwrap();
        tx.execute(insert(i)).unwrap();
        if i == 4 { tx.rollback().unwrap() } else { tx.commit().unwrap() }
    }
    assert!(!conn.in_transaction());
    drop(conn);
    assert_eq!(seen(), 3);
    assert_eq!(engine.pool().status().leased, 0);
    passed("3 of 5 transactions committed")
}

fn closures(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let value = engine.transaction(|tx| tx.execute(insert(1)).map(|rows| rows.rows_affected())).unwrap();
    assert_eq!(value, 1);
    let error = engine.transaction(|tx| {
        tx.execute(insert(2))?;
        tx.execute(insert(1)).map(drop)
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::UniqueViolation);
    let failed: Result<()> = engine.transaction(|tx| {
        tx.execute(insert(3))?;
        "x".parse::<i64>().map(drop).map_err(Error::other)
    });
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Other);
    #[derive(Debug, PartialEq)]
    enum Own {
        Stop,
        Database(ErrorKind),
    }
    impl From<Error> for Own {
        fn from(error: Error) -> Self {
            Own::Database(error.kind())
        }
    }
    let own = engine.try_transaction(|tx| {
        tx.execute(insert(4))?;
        Err::<(), _>(Own::Stop)
    });
    assert_eq!(own.unwrap_err(), Own::Stop);
    let own: Result<(), Own> = engine.try_transaction(|tx| Ok(tx.execute(insert(1)).map(drop)?));
    assert_eq!(own.unwrap_err(), Own::Database(ErrorKind::UniqueViolation));
    let mut conn = engine.connect().unwrap();
    conn.transaction(|tx| tx.execute(insert(5)).map(drop)).unwrap();
    conn.transaction(|tx| tx.execute(insert(5)).map(drop)).unwrap_err();
    drop(conn);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panicked = std::panic::catch_unwind(|| {
        engine.transaction(|tx| -> Result<()> {
            tx.execute(insert(6))?;
            panic!("in the closure")
        })
    });
    std::panic::set_hook(hook);
    panicked.unwrap_err();
    assert_eq!(seen(), 2);
    assert_eq!(engine.pool().status().leased, 0);
    passed("2 committed, 6 rolled back: own errors, foreign ones, a panic")
}

fn dropped(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    for i in 0..3 {
        let mut conn = engine.connect().unwrap();
        conn.execute(insert(i)).unwrap();
        drop(conn);
        let mut tx = engine.begin().unwrap();
        tx.execute(insert(i)).unwrap();
        let mut savepoint = tx.begin_nested().unwrap();
        savepoint.execute(insert(i + 100)).unwrap();
        drop(savepoint);
        drop(tx);
        // Nothing in it at all.
        drop(engine.begin().unwrap());
    }
    let status = engine.pool().status();
    assert_eq!((status.leased, status.idle), (0, 1), "one connection did it all");
    assert_eq!(seen(), 0);
    passed("9 transactions dropped, 1 connection used for all")
}

/// The answer's end has not been read, and with it what the server says of the transaction: the rollback is due all the same.
fn unread(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let mut conn = engine.connect().unwrap();
    let insert = || text("insert into conf_tx values (1), (2), (3) returning i");
    for commit in [false, true] {
        assert_eq!(conn.scalar::<i64>(insert()).unwrap(), 1);
        conn.rollback().unwrap();
        if commit {
            conn.execute(text("insert into conf_tx values (100)")).unwrap();
            conn.commit().unwrap();
        }
        assert_eq!(seen(), i64::from(commit), "rows that were rolled back are there");
    }
    let mut tx = conn.begin().unwrap();
    tx.execute(insert()).unwrap().first().unwrap();
    tx.rollback().unwrap();
    conn.begin().unwrap().scalar::<i64>(insert()).unwrap();
    conn.execute(text("insert into conf_tx values (101)")).unwrap();
    conn.commit().unwrap();
    assert_eq!(seen(), 2);
    // And a commit with rows unread keeps them.
    conn.scalar::<i64>(insert()).unwrap();
    conn.commit().unwrap();
    assert_eq!(seen(), 5);
    passed("4 rollbacks and 1 commit before the end of an answer")
}

/// MySQL commits around each CREATE. What comes after it is a transaction again: nothing is permanent without a commit.
fn implicit_commit(database: &Database) -> Outcome {
    let (engine, seen) = engines(database);
    let mut conn = engine.connect().unwrap();
    let create = || text("create table conf_tx_other (i int)");
    let drop_it = || text("drop table if exists conf_tx_other");
    conn.execute(drop_it()).unwrap();
    conn.execute(insert(1)).unwrap();
    conn.rollback().unwrap();
    assert_eq!(seen(), 0, "inserted after a DROP, rolled back");
    conn.execute(create()).unwrap();
    conn.execute_many(text("insert into conf_tx values (:i)"), [(2,), (3,)]).unwrap();
    assert_eq!(seen(), 0, "not yet committed");
    conn.rollback().unwrap();
    assert_eq!(seen(), 0, "inserted after a CREATE, rolled back");
    let mut tx = conn.begin().unwrap();
    tx.execute(drop_it()).unwrap();
    let mut savepoint = tx.begin_nested().unwrap();
    savepoint.execute(insert(4)).unwrap();
    savepoint.rollback().unwrap();
    tx.execute(insert(5)).unwrap();
    drop(tx);
    assert_eq!(seen(), 0, "the same with a guard");
    conn.execute(drop_it()).unwrap();
    conn.execute(insert(6)).unwrap();
    conn.commit().unwrap();
    // Ended by hand, in SQL.
    for end in ["commit", "rollback"] {
        conn.execute(insert(7)).unwrap();
        conn.execute(rebis::raw(end)).unwrap();
        conn.execute(insert(8)).unwrap();
        conn.rollback().unwrap();
        assert_eq!(seen(), if end == "commit" { 2 } else { 1 }, "inserted after a {end} in SQL, rolled back");
        conn.execute(text("delete from conf_tx where i in (7, 8)")).unwrap();
        conn.commit().unwrap();
    }
    assert_eq!(seen(), 1);
    passed("7 inserts after the end of a transaction rolled back, 1 committed")
}

/// The database has given up the transaction by itself: what comes next must not be done alone.
fn ended_by_database(database: &Database) -> Outcome {
    if database.is_server() {
        return Outcome::Skipped(
            "the servers do so at a deadlock only, which is a case of its own".to_owned(),
        );
    }
    let (engine, seen) = engines(database);
    let mut conn = engine.connect().unwrap();
    conn.execute(insert(1)).unwrap();
    conn.commit().unwrap();
    let give_up = || text("insert or rollback into conf_tx values (1)");
    conn.execute(insert(2)).unwrap();
    assert_eq!(conn.execute(give_up()).map(drop).unwrap_err().kind(), ErrorKind::UniqueViolation);
    let next = conn.execute(insert(3)).map(drop).unwrap_err();
    assert_eq!(next.kind(), ErrorKind::PendingRollback, "{next:?}");
    let commit = conn.commit().unwrap_err();
    assert_eq!(commit.kind(), ErrorKind::PendingRollback, "{commit:?}");
    assert_eq!(seen(), 1);
    let result = engine.transaction(|tx| {
        tx.execute(insert(4))?;
        tx.execute_many(text("insert or rollback into conf_tx values (:i)"), [(5,), (1,)]).unwrap_err();
        tx.execute(insert(6)).map(drop)
    });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::PendingRollback);
    assert_eq!(seen(), 1);
    conn.execute(insert(7)).unwrap();
    conn.execute(give_up()).map(drop).unwrap_err();
    conn.rollback().unwrap();
    conn.execute(insert(8)).unwrap();
    conn.commit().unwrap();
    assert_eq!(seen(), 2);
    passed("3 transactions given up, nothing of them done by halves")
}
