//! Isolation levels: what a transaction sees of others.

use rebis::{Connection, Engine, ErrorKind, IsolationLevel, text};

use super::{Database, Outcome, Scenario, passed, pick, table};

pub(super) const CASES: &[Scenario] = &[
    ("isolation_levels_differ", levels),
    ("isolation_autocommit_c38", autocommit),
    ("isolation_unsupported_c37", unsupported),
    ("isolation_ends_with_the_lease_c35", leases),
];

fn prepare(engine: &Engine) {
    let mut conn = engine.connect().unwrap();
    table(&mut conn, "conf_level", "i int not null primary key, v int not null");
    conn.execute(text("insert into conf_level values (1, 0)")).unwrap();
    conn.commit().unwrap();
}

fn read(conn: &mut Connection) -> i64 {
    conn.scalar(text("select v from conf_level where i = 1")).unwrap()
}

fn write(conn: &mut Connection, v: i64) {
    conn.execute(text("update conf_level set v = :v where i = 1").bind("v", v)).unwrap();
}

/// What a transaction of a level sees of another's change: before its commit, and after.
fn sees(database: &Database, level: Option<IsolationLevel>) -> (bool, bool) {
    let engine = database.reader(2);
    prepare(&engine);
    let (mut one, mut other) = (engine.connect().unwrap(), engine.connect().unwrap());
    if let Some(level) = level {
        one.set_isolation_level(level).unwrap();
    }
    assert_eq!(read(&mut one), 0);
    write(&mut other, 1);
    let before = read(&mut one) == 1;
    other.commit().unwrap();
    let after = read(&mut one) == 1;
    one.rollback().unwrap();
    assert_eq!(read(&mut one), 1, "a new transaction sees it at the latest");
    (before, after)
}

fn levels(database: &Database) -> Outcome {
    use IsolationLevel::{ReadCommitted, ReadUncommitted, RepeatableRead, Serializable};
    let snapshot = (false, false);
    if !database.is_server() {
        assert_eq!(sees(database, None), snapshot);
        assert_eq!(sees(database, Some(Serializable)), snapshot);
        return passed("2 levels");
    }
    assert_eq!(sees(database, None), pick(database, snapshot, snapshot, (false, true)), "the database's own");
    // PostgreSQL never shows what is not committed.
    assert_eq!(sees(database, Some(ReadUncommitted)), pick(database, snapshot, (true, true), (false, true)));
    assert_eq!(sees(database, Some(ReadCommitted)), (false, true));
    assert_eq!(sees(database, Some(RepeatableRead)), snapshot);
    if database.name == "PostgreSQL" {
        assert_eq!(sees(database, Some(Serializable)), snapshot);
    } else {
        // There a reader locks what it read, so the other one waits in vain.
        let engine = database.engine(1);
        prepare(&engine);
        assert!(reader_locks(database, &engine, Some(Serializable)));
        assert!(!reader_locks(database, &engine, Some(RepeatableRead)));
    }
    // The engine's level is that of all its connections.
    let engine = database.builder().isolation_level(Serializable).pool_size(1).build().unwrap();
    if database.name == "PostgreSQL" {
        let level: String = engine.connect().unwrap().scalar(text("show transaction_isolation")).unwrap();
        assert_eq!(level, "serializable");
    }
    passed("5 levels")
}

/// Whether a transaction of a level locks the rows that it reads, as MySQL's serializable ones do.
fn reader_locks(database: &Database, engine: &Engine, level: Option<IsolationLevel>) -> bool {
    let mut one = engine.connect().unwrap();
    if let Some(level) = level {
        one.set_isolation_level(level).unwrap();
    }
    let mut other = database.engine(1).connect().unwrap();
    other.execute(text("set session innodb_lock_wait_timeout = 1")).unwrap();
    read(&mut one);
    let update = other.execute(text("update conf_level set v = v + 1")).map(drop);
    other.rollback().unwrap();
    match update {
        Ok(()) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Locked, "{error:?}");
            assert!(error.is_retryable());
            true
        }
    }
}

fn autocommit(database: &Database) -> Outcome {
    let engine = database.reader(2);
    prepare(&engine);
    let mut other = engine.connect().unwrap();
    let mut conn = engine.connect().unwrap();
    conn.set_isolation_level(IsolationLevel::Autocommit).unwrap();
    write(&mut conn, 7);
    assert!(!conn.in_transaction());
    assert_eq!(read(&mut other), 7, "seen without a commit");
    other.rollback().unwrap();
    conn.rollback().unwrap();
    assert_eq!(read(&mut conn), 7, "there is nothing to roll back");
    let error = conn.begin().map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState, "{error}");
    // A failed statement leaves nothing behind that has to be rolled back.
    let failed = conn.execute(text("insert into conf_level values (1, 1)")).map(drop).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::UniqueViolation);
    assert_eq!(read(&mut conn), 7);
    let insert = text("insert into conf_level values (:i, 0)");
    assert_eq!(conn.execute_many(insert, (10..20).map(|i| (i,))).unwrap(), 10);
    drop(conn);
    assert_eq!(super::count(&mut other, "conf_level"), 11);
    let engine = database.builder().isolation_level(IsolationLevel::Autocommit).build().unwrap();
    assert_eq!(engine.begin().map(drop).unwrap_err().kind(), ErrorKind::InvalidState);
    other.rollback().unwrap();
    write(&mut engine.connect().unwrap(), 8);
    assert_eq!(read(&mut other), 8);
    passed("12 statements stand without a commit")
}

fn unsupported(database: &Database) -> Outcome {
    use IsolationLevel::{ReadCommitted, ReadUncommitted, RepeatableRead};
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    let mut refused = 0;
    for level in [ReadUncommitted, ReadCommitted, RepeatableRead] {
        let built = database.builder().isolation_level(level).build();
        let set = conn.set_isolation_level(level);
        if database.is_server() {
            built.unwrap();
            set.unwrap();
            continue;
        }
        for error in [built.map(drop).unwrap_err(), set.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("SERIALIZABLE and AUTOCOMMIT"), "{error}");
            refused += 1;
        }
    }
    assert!(!conn.in_transaction());
    conn.execute(text("select 1")).unwrap();
    let error = conn.set_isolation_level(IsolationLevel::Serializable).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidState, "not in the middle of a transaction");
    passed(format!("{refused} refused before anything was sent"))
}

/// The next user of a pooled connection must not inherit a level, however the lease before it ended.
fn leases(database: &Database) -> Outcome {
    // One connection, so that the next lease is of the same.
    let engine = database.engine(1);
    prepare(&engine);
    let level =
        |conn: &mut Connection| -> String { conn.scalar(text("show transaction_isolation")).unwrap() };
    let check = |how: &str| match database.name {
        "PostgreSQL" => {
            assert_eq!(level(&mut engine.connect().unwrap()), "read committed", "after {how}");
        }
        "MariaDB" => assert!(!reader_locks(database, &engine, None), "after {how}"),
        _ => {}
    };
    let serializable = || {
        let mut conn = engine.connect().unwrap();
        read(&mut conn);
        conn.rollback().unwrap();
        conn.set_isolation_level(IsolationLevel::Serializable).unwrap();
        conn
    };
    drop(serializable());
    check("nothing");
    read(&mut serializable());
    check("a query");
    let mut conn = serializable();
    drop(conn.begin().unwrap());
    drop(conn);
    check("a transaction without a statement");
    let mut conn = serializable();
    let float = || text("select :f + 1 from conf_level");
    // Once to be prepared; then refused before it is sent, on MySQL, with the transaction's beginning still unsent.
    conn.execute(float().bind("f", 1.0)).unwrap();
    conn.commit().unwrap();
    let _ = conn.execute(float().bind("f", f64::NAN)).map(drop);
    drop(conn);
    check("a statement that was not sent");
    passed("4 leases ended, the next one has the database's own level")
}
