//! One statement, many sets of values.

use rebis::{Connection, ErrorKind, Value, text};

use super::{Database, Outcome, Scenario, count, passed, pick, table};

pub(super) const CASES: &[Scenario] = &[
    ("many_in_every_form", forms),
    ("many_sets_of_any_number", numbers),
    ("many_with_nulls_and_changing_types", nulls),
    ("many_that_fail_in_the_middle", failing),
    ("many_updates_and_deletes", updates),
];

type Kept = (i64, Option<String>);

fn kept(conn: &mut Connection) -> Vec<Kept> {
    conn.fetch_all(text("select a, b from conf_many order by a")).unwrap()
}

fn forms(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_many", "a int not null primary key, b varchar(40)");
    // The names in another order than the columns: positions follow the statement.
    let insert = || text("insert into conf_many (b, a) values (:b, :a)");
    let mut affected = conn.execute_many(insert(), [("one", 1), ("two", 2)]).unwrap();
    affected += conn.execute_many(insert(), [[("a", 3.into()), ("b", "three".into())]]).unwrap();
    affected += conn.execute_many(insert(), [vec![Value::from("four"), Value::from(4)]]).unwrap();
    affected += conn.execute_many(insert(), (5..8).map(|n| (format!("n{n}"), n))).unwrap();
    // A name that occurs twice takes one value.
    let twice = text("insert into conf_many (a, b) select :a, :b where :a > 0");
    let twice = pick(
        database,
        twice.clone(),
        text("insert into conf_many (a, b) select :a, :b from dual where :a > 0"),
        text("insert into conf_many (a, b) select :a, :b where :a > 0"),
    );
    affected += conn.execute_many(twice, [(8, "n8"), (9, "n9")]).unwrap();
    conn.commit().unwrap();
    let names = ["one", "two", "three", "four", "n5", "n6", "n7", "n8", "n9"];
    let expected: Vec<Kept> = (1..).zip(names.map(|name| Some(name.to_owned()))).collect();
    assert_eq!(kept(&mut conn), expected);
    assert_eq!(affected, 9);

    let bind = |result: rebis::Result<u64>| assert_eq!(result.unwrap_err().kind(), ErrorKind::Bind);
    bind(conn.execute_many(insert(), [(1,)]));
    bind(conn.execute_many(insert(), [(1, 2, 3)]));
    bind(conn.execute_many(insert(), [[("a", 1.into()), ("c", 2.into())]]));
    bind(conn.execute_many(insert(), [vec![Value::Null]]));
    bind(conn.execute_many(text("delete from conf_many"), [(1,)]));
    passed("9 rows in 5 forms, 5 wrong sets refused")
}

fn numbers(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_many", "a int not null primary key, b varchar(40)");
    let insert = || text("insert into conf_many (a, b) values (:a, :b)");
    let mut total = 0;
    for sets in [0, 1, 2, 999, 1000, 1001, 2500] {
        let rows = (total..total + sets).map(|n| (n, format!("row {n}")));
        assert_eq!(conn.execute_many(insert(), rows).unwrap(), sets as u64);
        total += sets;
        assert_eq!(conn.in_transaction(), total > 0, "no set, no statement");
    }
    conn.commit().unwrap();
    let expected: Vec<Kept> = (0..total).map(|n| (n, Some(format!("row {n}")))).collect();
    assert_eq!(kept(&mut conn), expected);
    passed(format!("{total} rows in 7 runs"))
}

fn nulls(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let wide = pick(database, "numeric", "decimal(20,0)", "numeric");
    table(&mut conn, "conf_many", &format!("a int not null primary key, b varchar(40), c {wide}"));
    // NULL first, NULL last, NULL throughout a batch; integers that grow; an unsigned among signed ones.
    let value = |n: i64| match n % 5 {
        0 => Value::Null,
        1 => Value::from(n),
        2 => Value::from(i64::from(i32::MAX) + n),
        3 => Value::from(-n),
        _ => Value::from(true),
    };
    let value = |n: i64| if (500..700).contains(&n) { Value::Null } else { value(n) };
    let sets = (0..1500_i64).map(|n| {
        let b = if n % 3 == 0 { Value::Null } else { Value::from(format!("row {n}")) };
        // PostgreSQL has no cast from boolean to numeric: there it is an integer.
        let c = match value(n) {
            Value::Bool(_) if database.name == "PostgreSQL" => Value::Int(1),
            c => c,
        };
        vec![Value::from(n), b, c]
    });
    let insert = text("insert into conf_many (a, b, c) values (:a, :b, :c)");
    assert_eq!(conn.execute_many(insert, sets).unwrap(), 1500);
    conn.commit().unwrap();
    let rows: Vec<(i64, Option<String>, Option<i64>)> =
        conn.fetch_all(text("select a, b, c from conf_many order by a")).unwrap();
    assert_eq!(rows.len(), 1500);
    for (n, (a, b, c)) in (0..).zip(rows) {
        assert_eq!(a, n);
        assert_eq!(b, (n % 3 != 0).then(|| format!("row {n}")));
        let expected = match value(n) {
            Value::Int(whole) => Some(whole),
            Value::Bool(_) => Some(1),
            _ => None,
        };
        assert_eq!(c, expected, "row {n}");
    }
    passed("1500 rows, 700 with NULL, integers of all widths")
}

fn failing(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_many", "a int not null primary key, b varchar(40)");
    conn.execute(text("insert into conf_many values (-1, 'before')")).unwrap();
    conn.commit().unwrap();
    let insert = || text("insert into conf_many (a, b) values (:a, :b)");
    for bad in [0, 1, 700, 1000, 1700, 2499] {
        let sets = (0..2500).map(|n| (if n == bad { -1 } else { n }, "secret-43"));
        let error = conn.execute_many(insert(), sets).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UniqueViolation, "{error:?}");
        assert!(!super::prints(&error).contains("secret-43"));
        assert!(error.sql().is_some_and(|sql| sql.contains("conf_many")));
        conn.rollback().unwrap();
        assert_eq!(kept(&mut conn), [(-1, Some("before".to_owned()))], "set {bad} failed");
        conn.rollback().unwrap();
    }
    // The connection is fit for the next run, and a set that cannot be bound is found before or in the run.
    let sets = (0..1500).map(|n| if n == 1200 { vec![Value::from(n)] } else { vec![n.into(), "b".into()] });
    assert_eq!(conn.execute_many(insert(), sets).unwrap_err().kind(), ErrorKind::Bind);
    conn.rollback().unwrap();
    assert_eq!(conn.execute_many(insert(), (0..100).map(|n| (n, "b"))).unwrap(), 100);
    conn.commit().unwrap();
    assert_eq!(count(&mut conn, "conf_many"), 101);
    passed("7 runs broken off at another set each: nothing left after the rollback")
}

fn updates(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_many", "a int not null primary key, b varchar(40)");
    let rows = (0..100).map(|n| (n, "same"));
    conn.execute_many(text("insert into conf_many (a, b) values (:a, :b)"), rows).unwrap();
    let update = || text("update conf_many set b = :b where a between :low and :high");
    // Rows that are found count, whether or not they change: the same number on every database.
    assert_eq!(
        conn.execute_many(update(), [("same", 0, 9), ("new", 5, 24), ("none", 200, 300)]).unwrap(),
        30
    );
    let delete = text("delete from conf_many where a = :a");
    assert_eq!(conn.execute_many(delete, (90..110).map(|n| (n,))).unwrap(), 10);
    conn.commit().unwrap();
    let new: i64 = conn.scalar(text("select count(*) from conf_many where b = 'new'")).unwrap();
    assert_eq!((new, count(&mut conn, "conf_many")), (20, 90));
    passed("30 rows updated, 10 deleted")
}
