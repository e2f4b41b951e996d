//! Prepared statements behind the scenes: changed tables, more of them than are kept, two in one text.

use rebis::{Connection, ErrorKind, raw, text};

use super::{Database, Outcome, Scenario, count, failure, passed, table};

pub(super) const CASES: &[Scenario] = &[
    ("statements_two_in_one_text", two),
    ("statements_after_alter_table", altered),
    ("statements_of_three_hundred_kinds", evicted),
    ("statements_that_change_the_schema", schema),
];

fn two(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_two", "i int");
    let mut refused = 0;
    for sql in [
        "select 1; select 2",
        "insert into conf_two values (1); insert into conf_two values (2)",
        "select 1; drop table conf_two",
        "insert into conf_two values (:i); delete from conf_two",
    ] {
        let mut statement = raw(sql);
        if sql.contains(":i") {
            statement = statement.bind("i", 1);
        }
        let error = failure(conn.execute(statement));
        assert_eq!(error.kind(), ErrorKind::Statement, "{sql}: {error:?}");
        conn.rollback().unwrap();
        refused += 1;
    }
    let many =
        conn.execute_many(text("insert into conf_two values (:i); delete from conf_two"), [(1,), (2,)]);
    assert_eq!(many.unwrap_err().kind(), ErrorKind::Statement);
    conn.rollback().unwrap();
    assert_eq!(count(&mut conn, "conf_two"), 0, "nothing of them ran, and the table is there");
    // One with its full stop is one.
    assert_eq!(conn.scalar::<i64>(text("select 7;")).unwrap(), 7);
    assert_eq!(conn.scalar::<String>(text("select ';' ; -- done")).unwrap(), ";");
    passed(format!("{} refused, 2 with a semicolon at the end taken", refused + 1))
}

fn names(conn: &mut Connection, sql: &str) -> Vec<String> {
    let rows = conn.execute(raw(sql)).unwrap();
    let row = rows.one().unwrap();
    row.columns().iter().map(|column| column.name.clone()).collect()
}

fn altered(database: &Database) -> Outcome {
    let engine = database.engine(2);
    let mut conn = engine.connect().unwrap();
    let mut other = engine.connect().unwrap();
    table(&mut conn, "conf_alter", "a int, b varchar(20)");
    conn.execute(text("insert into conf_alter values (1, 'x')")).unwrap();
    conn.commit().unwrap();
    let all = "select * from conf_alter";
    let insert = || text("insert into conf_alter (a, b) values (:a, :b)").bind("a", 2).bind("b", "y");
    for _ in 0..3 {
        assert_eq!(names(&mut conn, all), ["a", "b"]);
        conn.execute(insert()).unwrap();
        conn.rollback().unwrap();
    }
    let mut alter = |sql: &str| {
        super::run_raw(&mut other, sql);
        other.commit().unwrap();
    };
    alter("alter table conf_alter add column c int");
    assert_eq!(names(&mut conn, all), ["a", "b", "c"]);
    conn.rollback().unwrap();
    alter("alter table conf_alter drop column b");
    assert_eq!(names(&mut conn, all), ["a", "c"]);
    conn.rollback().unwrap();
    let gone = failure(conn.execute(insert()));
    assert_eq!(gone.kind(), ErrorKind::Statement, "{gone:?}");
    conn.rollback().unwrap();
    // The column is back with another type: the statement prepared for the old one must not stick.
    alter("alter table conf_alter add column b int");
    conn.execute(insert().bind("b", 5)).unwrap();
    let row: (i64, Option<i64>, i64) =
        conn.execute(text("select * from conf_alter where a = 2")).unwrap().of().one().unwrap();
    assert_eq!(row, (2, None, 5));
    conn.rollback().unwrap();
    // In the middle of a transaction that has already done something, by the connection itself.
    if database.name != "MariaDB" {
        names(&mut conn, all);
        conn.commit().unwrap();
        conn.execute(insert().bind("b", 6)).unwrap();
        super::run_raw(&mut conn, "alter table conf_alter add column d int");
        conn.execute(text("delete from conf_alter where a = 1")).unwrap();
        match conn.execute(raw(all)).map(|rows| rows.one().unwrap().columns().len()) {
            Ok(columns) => assert_eq!(columns, 4),
            // PostgreSQL refuses the old plan, which fails the transaction; run again, it works.
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
        conn.rollback().unwrap();
        assert_eq!(names(&mut conn, all), ["a", "c", "b"]);
        conn.rollback().unwrap();
    }
    alter("drop table conf_alter");
    let error = failure(conn.execute(raw(all)));
    assert_eq!(error.kind(), ErrorKind::Statement, "{error:?}");
    passed("1 query and 1 insert through 5 changes of their table")
}

fn evicted(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let mut right = 0;
    for round in 0..3 {
        for n in 0..300_i64 {
            let sql = raw(format!("select {n} + :x + 0 * {round} as n{n}")).bind("x", 1000);
            assert_eq!(conn.scalar::<i64>(sql).unwrap(), n + 1000);
            // The first one is used all the time, and stays.
            assert_eq!(conn.scalar::<i64>(text("select 5 + :x").bind("x", n)).unwrap(), n + 5);
            right += 2;
        }
        conn.commit().unwrap();
    }
    let kept: i64 = match database.name {
        "PostgreSQL" => conn.scalar(text("select count(*) from pg_prepared_statements")).unwrap(),
        "MariaDB" => conn
            .scalar(text(
                "select cast(sum(case when variable_name = 'COM_STMT_PREPARE' then variable_value \
                 else -variable_value end) as signed) from information_schema.session_status \
                 where variable_name in ('COM_STMT_PREPARE', 'COM_STMT_CLOSE')",
            ))
            .unwrap(),
        _ => 0,
    };
    assert!(kept <= 130, "{kept} statements are kept on the server");
    passed(format!("{right} right answers to 901 statements, {kept} kept on the server"))
}

fn schema(database: &Database) -> Outcome {
    let engine = database.engine(1);
    let mut conn = engine.connect().unwrap();
    for round in 0..3 {
        table(&mut conn, "conf_schema", "i int");
        conn.execute(text("insert into conf_schema values (:i)").bind("i", round)).unwrap();
        conn.commit().unwrap();
        assert_eq!(conn.scalar::<i64>(text("select i from conf_schema")).unwrap(), round);
        conn.commit().unwrap();
    }
    // Where tables are made in transactions, they go with them; MySQL commits around each.
    conn.execute(text("drop table conf_schema")).unwrap();
    conn.rollback().unwrap();
    let left = conn.execute(text("select i from conf_schema")).map(drop).is_ok();
    assert_eq!(left, database.name != "MariaDB");
    conn.rollback().unwrap();
    super::run_raw(&mut conn, "drop table if exists conf_schema");
    conn.commit().unwrap();
    passed("3 tables of one name, one after the other")
}
