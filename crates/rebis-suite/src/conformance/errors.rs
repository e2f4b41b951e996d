//! What goes wrong, and what the error says of it.

use rebis::{Connection, Error, ErrorKind, raw, text};

use super::{Database, Outcome, Scenario, count, failure, passed, pick, table};

pub(super) const CASES: &[Scenario] = &[
    ("errors_of_constraints", constraints),
    ("errors_of_statements", statements),
    ("errors_of_data", data),
    ("errors_pend_until_rollback", pending),
    ("errors_of_deferred_constraints", deferred),
];

fn prepare(conn: &mut Connection) {
    super::run_raw(conn, "drop table if exists conf_child");
    let parent = "id int not null, name varchar(20) not null, age int, \
        constraint conf_pk primary key (id), constraint conf_name unique (name), constraint conf_age check (age >= 0)";
    table(conn, "conf_parent", parent);
    let child = "id int not null primary key, parent int, \
        constraint conf_fk foreign key (parent) references conf_parent (id)";
    table(conn, "conf_child", child);
    super::run_raw(conn, "insert into conf_parent values (1, 'ed', 7)");
    super::run_raw(conn, "insert into conf_child values (1, 1)");
    conn.commit().unwrap();
}

fn clean_up(conn: &mut Connection) {
    conn.rollback().unwrap();
    super::run_raw(conn, "drop table conf_child");
    conn.commit().unwrap();
}

fn fails(conn: &mut Connection, sql: &str) -> Error {
    let error = failure(conn.execute(raw(sql)));
    assert_eq!(error.sql(), Some(sql));
    assert!(!error.is_disconnect());
    conn.rollback().unwrap();
    error
}

fn constraints(database: &Database) -> Outcome {
    use ErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};
    let mut conn = database.engine(1).connect().unwrap();
    prepare(&mut conn);
    // The kind, the constraint and SQLSTATE or number where the database gives one.
    type Row = (
        &'static str,
        ErrorKind,
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
        &'static str,
        i64,
        i64,
    );
    let rows: [Row; 8] = [
        (
            "insert into conf_parent values (1, 'jo', 1)",
            UniqueViolation,
            Some("conf_parent.id"),
            Some("PRIMARY"),
            Some("conf_pk"),
            "23505",
            1555,
            1062,
        ),
        (
            "insert into conf_parent values (2, 'ed', 1)",
            UniqueViolation,
            Some("conf_parent.name"),
            Some("conf_name"),
            Some("conf_name"),
            "23505",
            2067,
            1062,
        ),
        (
            "update conf_parent set age = -1",
            CheckViolation,
            Some("conf_age"),
            Some("conf_age"),
            Some("conf_age"),
            "23514",
            275,
            4025,
        ),
        (
            "insert into conf_parent values (2, null, 1)",
            NotNullViolation,
            Some("conf_parent.name"),
            None,
            None,
            "23502",
            1299,
            1048,
        ),
        (
            "insert into conf_parent (id) values (2)",
            NotNullViolation,
            Some("conf_parent.name"),
            None,
            None,
            "23502",
            1299,
            1364,
        ),
        (
            "insert into conf_child values (2, 99)",
            ForeignKeyViolation,
            None,
            Some("conf_fk"),
            Some("conf_fk"),
            "23503",
            787,
            1452,
        ),
        (
            "delete from conf_parent where id = 1",
            ForeignKeyViolation,
            None,
            Some("conf_fk"),
            Some("conf_fk"),
            "23503",
            787,
            1451,
        ),
        (
            "update conf_parent set id = 2",
            ForeignKeyViolation,
            None,
            Some("conf_fk"),
            Some("conf_fk"),
            "23503",
            787,
            1451,
        ),
    ];
    let checked = rows.len();
    for (sql, kind, sqlite, mysql, postgresql, sqlstate, sqlite_code, mysql_code) in rows {
        let error = fails(&mut conn, sql);
        assert_eq!(error.kind(), kind, "{sql}: {error:?}");
        assert!(!error.is_retryable());
        assert_eq!(error.constraint(), pick(database, sqlite, mysql, postgresql), "{sql}: {error:?}");
        let code = pick(database, Some(sqlite_code), Some(mysql_code), None);
        assert_eq!(error.code(), code, "{sql}: {error:?}");
        match error.sqlstate() {
            None => assert!(!database.is_server()),
            Some(state) if database.name == "PostgreSQL" => assert_eq!(state, sqlstate),
            // MySQL has one SQLSTATE for several of them.
            Some(state) => assert!(["23000", "HY000"].contains(&state), "{state}"),
        }
    }
    assert_eq!((count(&mut conn, "conf_parent"), count(&mut conn, "conf_child")), (1, 1));
    clean_up(&mut conn);
    passed(format!("{checked} violations of 5 constraints"))
}

fn statements(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    prepare(&mut conn);
    let wrong = [
        "selec 1",
        "select from from",
        "select * from conf_missing",
        "select missing from conf_parent",
        "select id from conf_parent group by",
        "insert into conf_parent (id, nope) values (1, 2)",
        "insert into conf_parent (id, name) values (1)",
        "select no_such_function(1)",
        "drop table conf_missing",
        "create table conf_parent (id int)",
        "update conf_parent set nope = 1",
    ];
    for sql in wrong {
        let error = fails(&mut conn, sql);
        assert_eq!(error.kind(), ErrorKind::Statement, "{sql}: {error:?}");
        assert!(!error.is_retryable());
        assert!(!error.to_string().is_empty());
    }
    // Nothing in the text: an answer without rows, or an error; never a lost connection.
    for sql in ["", "  ", "-- only a comment", ";"] {
        if let Err(error) = conn.execute(raw(sql)).map(drop) {
            assert_eq!(error.kind(), ErrorKind::Statement, "{sql:?}: {error:?}");
        }
        conn.rollback().unwrap();
        assert_eq!(conn.scalar::<i64>(text("select 1")).unwrap(), 1, "after {sql:?}");
    }
    clean_up(&mut conn);
    passed(format!("{} wrong statements, 4 empty ones", wrong.len()))
}

fn data(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_data", "i smallint, t varchar(3), d date");
    let checks = if database.is_server() {
        [
            ("insert into conf_data (i) values (40000)", Some(ErrorKind::Data)),
            ("insert into conf_data (t) values ('four')", Some(ErrorKind::Data)),
            ("insert into conf_data (d) values ('2024-02-30')", Some(ErrorKind::Data)),
            ("insert into conf_data (i) values ('seven')", Some(ErrorKind::Data)),
            ("insert into conf_data (i) select 1 / 0", Some(ErrorKind::Data)),
            ("select 9223372036854775807 + 1", Some(ErrorKind::Data)),
        ]
    } else {
        // SQLite's columns take everything; what it cannot compute it says.
        [
            ("insert into conf_data (i) values (40000)", None),
            ("insert into conf_data (t) values ('four')", None),
            ("insert into conf_data (d) values ('2024-02-30')", None),
            ("insert into conf_data (i) values ('seven')", None),
            ("insert into conf_data (i) select 1 / 0", None),
            ("select abs(-9223372036854775807 - 1)", Some(ErrorKind::Statement)),
        ]
    };
    let mut refused = 0;
    for (sql, kind) in checks {
        match kind {
            Some(kind) => {
                refused += 1;
                let error = fails(&mut conn, sql);
                assert_eq!(error.kind(), kind, "{sql}: {error:?}");
            }
            None => drop(conn.execute(raw(sql)).unwrap()),
        }
    }
    conn.rollback().unwrap();
    // The same by values.
    if database.is_server() {
        let insert = || text("insert into conf_data (i, t) values (:i, :t)");
        for (i, t) in [(40_000, "ok"), (1, "four"), (i64::MAX, "x")] {
            let error = failure(conn.execute(insert().bind("i", i).bind("t", t)));
            assert_eq!(error.kind(), ErrorKind::Data, "{i} {t}: {error:?}");
            conn.rollback().unwrap();
            let error = conn.execute_many(insert(), [(1, "a"), (i, t)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Data, "{i} {t}: {error:?}");
            conn.rollback().unwrap();
            refused += 2;
        }
    }
    assert_eq!(count(&mut conn, "conf_data"), 0);
    passed(format!("{refused} refused"))
}

/// After a failed statement PostgreSQL takes only a rollback; the library says so before sending. Elsewhere the transaction
/// goes on without the failed statement.
fn pending(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_tx", "i int not null primary key");
    conn.execute(text("insert into conf_tx values (1)")).unwrap();
    failure(conn.execute(text("insert into conf_tx values (1)")));
    assert!(conn.in_transaction());
    let next = conn.execute(text("insert into conf_tx values (2)")).map(drop);
    if database.name != "PostgreSQL" {
        next.unwrap();
        conn.commit().unwrap();
        assert_eq!(count(&mut conn, "conf_tx"), 2);
        return passed("the transaction goes on after a failed statement");
    }
    let error = next.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    assert!(error.to_string().contains("call rollback()"), "{error}");
    let many = conn.execute_many(text("insert into conf_tx values (:i)"), [(1,)]);
    assert_eq!(many.unwrap_err().kind(), ErrorKind::PendingRollback);
    // A commit is an error, and the rollback is done with it.
    let error = conn.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    assert!(error.to_string().contains("rolled back"), "{error}");
    assert!(!conn.in_transaction());
    assert_eq!(count(&mut conn, "conf_tx"), 0);
    conn.rollback().unwrap();
    let engine = conn.engine().clone();
    drop(conn);
    let mut tx = engine.begin().unwrap();
    failure(tx.execute(text("insert into conf_tx values (1), (1)")));
    let nested = tx.begin_nested().map(drop).unwrap_err();
    assert_eq!(nested.kind(), ErrorKind::PendingRollback, "{nested:?}");
    assert_eq!(tx.commit().unwrap_err().kind(), ErrorKind::PendingRollback);
    // The closure form does not turn a swallowed error into a success.
    let swallowed = engine.transaction(|tx| {
        let _ = tx.execute(text("insert into conf_tx values (1), (1)"));
        Ok(())
    });
    assert_eq!(swallowed.unwrap_err().kind(), ErrorKind::PendingRollback);
    assert_eq!(engine.pool().status().leased, 0);
    assert_eq!(count(&mut engine.connect().unwrap(), "conf_tx"), 0);
    passed("5 calls refused until the rollback")
}

/// A constraint that is looked at in the end: the commit fails, and nothing is left open.
fn deferred(database: &Database) -> Outcome {
    if database.name == "MariaDB" {
        return Outcome::Skipped("MySQL and MariaDB have no deferred constraints".to_owned());
    }
    let mut conn = database.engine(1).connect().unwrap();
    super::run_raw(&mut conn, "drop table if exists conf_later");
    table(&mut conn, "conf_first", "id int primary key");
    table(&mut conn, "conf_later", "f int references conf_first (id) deferrable initially deferred");
    conn.execute(text("insert into conf_later values (7)")).unwrap();
    let error = conn.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error:?}");
    conn.rollback().unwrap();
    assert_eq!(count(&mut conn, "conf_later"), 0);
    conn.commit().unwrap();
    let engine = conn.engine().clone();
    drop(conn);
    let result = engine.transaction(|tx| tx.execute(text("insert into conf_later values (7)")).map(drop));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::ForeignKeyViolation);
    assert_eq!(count(&mut engine.connect().unwrap(), "conf_later"), 0);
    engine
        .transaction(|tx| {
            tx.execute(text("insert into conf_later values (7)"))?;
            tx.execute(text("insert into conf_first values (7)")).map(drop)
        })
        .unwrap();
    super::run_raw(&mut engine.connect().unwrap(), "drop table conf_later");
    passed("2 commits refused, 1 accepted")
}
