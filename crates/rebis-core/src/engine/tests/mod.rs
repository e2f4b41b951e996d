use std::time::Duration;

use crate::driver::scripted::{Answer, Script};
use crate::{Dialect, Engine, Error, ErrorKind, IsolationLevel, text};

fn scripted() -> (Script, Engine) {
    scripted_as(Dialect::POSTGRESQL)
}

fn scripted_as(dialect: Dialect) -> (Script, Engine) {
    let script = Script::new();
    script.answer("q", Answer::rows(["i"], [[1.into()]]));
    let engine = Engine::builder_with_connector(script.connector(), dialect)
        .pool_size(1)
        .max_overflow(0)
        .pool_timeout(Duration::from_millis(20))
        .build()
        .unwrap();
    (script, engine)
}

fn lost() -> Error {
    Error::new(ErrorKind::Disconnected, "the server went away")
}

#[test]
fn the_first_statement_begins_and_commit_ends() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    assert!(!conn.in_transaction());
    conn.execute(text("q")).unwrap();
    conn.execute(text("q")).unwrap();
    assert!(conn.in_transaction());
    conn.commit().unwrap();
    conn.commit().unwrap();
    drop(conn);
    let calls = script.calls();
    assert_eq!(
        calls,
        ["1 connect", "1 begin BEGIN", "1 execute q", "1 execute q", "1 control COMMIT", "1 reset"]
    );
}

#[test]
fn guards_roll_back_on_drop_and_savepoints_nest() {
    let (script, engine) = scripted();
    let mut tx = engine.begin().unwrap();
    {
        let mut outer = tx.begin_nested().unwrap();
        outer.begin_nested().unwrap().commit().unwrap();
    }
    drop(tx);
    let calls = script.calls();
    assert_eq!(
        calls[2..],
        [
            "1 control SAVEPOINT rebis_1",
            "1 control SAVEPOINT rebis_2",
            "1 control RELEASE SAVEPOINT rebis_2",
            "1 control ROLLBACK TO SAVEPOINT rebis_1",
            "1 control ROLLBACK",
            "1 reset",
        ]
    );
}

#[test]
fn a_guarded_transaction_is_ended_by_its_guard_only() {
    let (_script, engine) = scripted();
    let mut tx = engine.begin().unwrap();
    // Through `Deref` the connection's own commit is in reach; it refuses.
    assert_eq!(crate::Connection::commit(&mut tx).unwrap_err().kind(), ErrorKind::InvalidState);
    assert_eq!(crate::Connection::begin(&mut tx).map(|_| ()).unwrap_err().kind(), ErrorKind::InvalidState);
    tx.commit().unwrap();
}

#[test]
fn closures_commit_or_roll_back() {
    let (script, engine) = scripted();
    engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap();
    let error = engine.transaction(|_| Err::<(), _>(Error::other("no"))).unwrap_err();
    assert_eq!(error.to_string(), "no");
    let caught = std::panic::catch_unwind(|| engine.transaction(|_| -> crate::Result<()> { panic!("oh") }));
    assert!(caught.is_err());
    let calls = script.calls();
    let ends: Vec<_> = calls.iter().filter(|call| call.contains("control")).collect();
    assert_eq!(ends, ["1 control COMMIT", "1 control ROLLBACK", "1 control ROLLBACK"]);
    assert_eq!(engine.pool().status().leased, 0);
}

#[test]
fn own_error_types_pass_through_the_try_form() {
    #[derive(Debug)]
    enum Mine {
        Refused,
        #[expect(dead_code, reason = "made by From only")]
        Database(Error),
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Mine::Database(error)
        }
    }
    let (_script, engine) = scripted();
    let result = engine.try_transaction(|tx| {
        tx.execute(text("q"))?;
        Err::<(), _>(Mine::Refused)
    });
    assert!(matches!(result, Err(Mine::Refused)));
}

#[test]
fn a_lost_connection_in_a_transaction_waits_for_rollback() {
    let (script, engine) = scripted();
    let mut conn = engine.connect().unwrap();
    conn.execute(text("q")).unwrap();
    script.fail("execute q", 1, lost);
    let error = conn.execute(text("q")).map(|_| ()).unwrap_err();
    assert!(error.is_disconnect());
    assert_eq!(error.sql(), Some("q"));
    for _ in 0..2 {
        assert_eq!(conn.execute(text("q")).map(|_| ()).unwrap_err().kind(), ErrorKind::PendingRollback);
    }
    assert_eq!(conn.commit().unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("q")).unwrap(), 1);
    assert_eq!((script.opened(), script.closed()), (2, 1));
}

#[test]
fn a_lost_commit_is_unknown() {
    let (script, engine) = scripted();
    script.fail("control COMMIT", 1, lost);
    let error = engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CommitUnknown);
    assert!(!error.is_retryable());
    assert!(error.chain().contains("the server went away"));
    // The next transaction has a new connection.
    engine.transaction(|tx| tx.scalar::<i64>(text("q"))).unwrap();
    assert_eq!(script.opened(), 2);
}

#[test]
fn levels_are_the_dialects_words() {
    let begins = |dialect, level| {
        let (script, engine) = scripted_as(dialect);
        let mut conn = engine.connect().unwrap();
        let set = conn.set_isolation_level(level).map_err(|error| error.kind());
        conn.execute(text("q")).unwrap();
        assert_eq!(conn.set_isolation_level(level).is_err(), conn.in_transaction());
        (
            set,
            script
                .calls()
                .into_iter()
                .filter(|call| call.contains("begin") || call.contains("SET"))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        begins(Dialect::POSTGRESQL, IsolationLevel::Serializable).1,
        ["1 begin BEGIN ISOLATION LEVEL SERIALIZABLE"]
    );
    assert_eq!(
        begins(Dialect::MYSQL, IsolationLevel::ReadCommitted).1,
        ["1 control SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "1 begin BEGIN",]
    );
    assert_eq!(begins(Dialect::SQLITE, IsolationLevel::Serializable).1, ["1 begin BEGIN"]);
    assert_eq!(begins(Dialect::SQLITE, IsolationLevel::RepeatableRead).0, Err(ErrorKind::Unsupported));
    assert!(begins(Dialect::POSTGRESQL, IsolationLevel::Autocommit).1.is_empty());
}

#[test]
fn what_follows_a_commit_in_sql_is_a_transaction_again() {
    let engine = Engine::new("sqlite://").unwrap();
    let mut conn = engine.connect().unwrap();
    conn.execute(text("create table t (i int)")).unwrap();
    conn.execute(text("commit")).unwrap();
    conn.execute(text("insert into t values (1)")).unwrap();
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
    conn.execute(text("commit")).unwrap();
    conn.commit().unwrap();
    let mut tx = conn.begin().unwrap();
    tx.execute(text("rollback")).unwrap();
    let mut savepoint = tx.begin_nested().unwrap();
    savepoint.execute(text("insert into t values (2)")).unwrap();
    savepoint.commit().unwrap();
    drop(tx);
    assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
}

#[test]
fn values_and_names_must_match() {
    let mut conn = Engine::new("sqlite://").unwrap().connect().unwrap();
    let mut message = |text| conn.execute(text).map(|_| ()).unwrap_err().to_string();
    assert_eq!(message(text("select :a")), "no value was bound to :a; it has :a");
    assert_eq!(
        message(text("select :a").bind("a", 1).bind("b", 2)),
        "the statement has no parameter :b; it has :a"
    );
    assert_eq!(message(text("select 1").bind("a", 1)), "the statement has no parameter :a; it has none");
    let error = conn.execute_many(text("select :a, :b"), [(1,)]).unwrap_err();
    assert_eq!(error.to_string(), "the set has 1 values; it has :a, :b");
    assert_eq!(conn.execute_many(text("select 1"), [(1,)]).unwrap_err().kind(), ErrorKind::Bind);
}

#[test]
fn unknown_url_options_and_drivers_are_errors() {
    let error = Engine::new("sqlite:///a.db?busy=1").unwrap_err();
    assert!(error.to_string().contains("'busy'") && error.to_string().contains("busy_timeout"), "{error}");
    assert_eq!(Engine::new("nosql://x").unwrap_err().kind(), ErrorKind::Url);
}

#[test]
fn sqlite_in_memory_keeps_its_one_connection() {
    let engine = Engine::new("sqlite://").unwrap();
    engine.transaction(|tx| tx.execute(text("create table t (i int)")).map(|_| ())).unwrap();
    assert_eq!(engine.connect().unwrap().scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
}

#[test]
fn a_set_that_miscounts_is_refused() {
    struct Miscounting;
    impl crate::sql::ParameterSet for Miscounting {
        fn append_to(self, values: &mut Vec<crate::Value>, _names: &[Box<str>]) -> crate::Result<()> {
            values.push(1.into());
            Ok(())
        }
    }
    let mut conn = Engine::new("sqlite://").unwrap().connect().unwrap();
    let error = conn.execute_many(text("select :a, :b"), [Miscounting, Miscounting]).unwrap_err();
    assert_eq!((error.kind(), error.sql()), (ErrorKind::Bind, Some("select ?1, ?2")));
}

#[test]
fn a_transaction_begun_in_sql_is_committed_and_rolled_back_too() {
    let engine = Engine::new("sqlite://").unwrap();
    let mut conn = engine.connect().unwrap();
    conn.set_isolation_level(IsolationLevel::Autocommit).unwrap();
    conn.execute(text("create table t (i int)")).unwrap();
    for (commit, rows) in [(true, 1), (false, 1)] {
        conn.execute(text("begin")).unwrap();
        assert!(conn.in_transaction());
        assert_eq!(conn.begin().map(|_| ()).unwrap_err().kind(), ErrorKind::InvalidState);
        conn.execute(text("insert into t values (1)")).unwrap();
        if commit { conn.commit() } else { conn.rollback() }.unwrap();
        assert!(!conn.in_transaction());
        assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), rows);
    }
}

#[test]
fn guards_know_their_connection() {
    let file = std::env::temp_dir().join(format!("rebis-guards-{}.db", std::process::id()));
    let engine = Engine::new(format!("sqlite:///{}", file.display())).unwrap();
    engine.transaction(|tx| tx.execute(text("create table t (i int)")).map(|_| ())).unwrap();
    let mut conn = engine.connect().unwrap();
    let mut tx = engine.begin().unwrap();
    tx.execute(text("insert into t values (1)")).unwrap();
    std::mem::swap(&mut *tx, &mut conn);
    assert_eq!(
        tx.commit().unwrap_err().kind(),
        ErrorKind::InvalidState,
        "it would commit nothing, and say Ok"
    );
    conn.rollback().unwrap();
    // One that was forgotten does not shut its connection for ever.
    std::mem::forget(conn.begin().unwrap());
    conn.rollback().unwrap();
    assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), 0);
    drop((conn, engine));
    std::fs::remove_file(file).unwrap();
}
