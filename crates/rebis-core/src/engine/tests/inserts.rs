//! Which returned row is which, whatever order the database gives them in; keys without RETURNING.

use super::*;
use crate::process::Deadline;
use crate::schema::{ColumnDef, SqlType, Table};
use crate::sql::{Assignment, InsertNode, insert_into};
use crate::value::Value;
use crate::{Connection, Result};

fn counted(name: &str) -> Table {
    Table::build(name)
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("n", SqlType::Integer))
        .finish()
        .unwrap()
}

fn rows(numbers: impl IntoIterator<Item = i64>) -> Vec<Vec<Value>> {
    numbers.into_iter().map(|n| vec![n.into()]).collect()
}

#[test]
fn rows_that_come_back_in_another_order_are_sorted_by_the_counted_key_g19() {
    let ordered = r#"INSERT INTO "t" ("n") SELECT "new"."0" FROM unnest(CAST($1 AS INTEGER[])) WITH ORDINALITY AS "new" ("0", "row") ORDER BY "new"."row" RETURNING "t"."n", "t"."id""#;
    let plain = r#"INSERT INTO "t" ("n") VALUES (?1), (?2), (?3) RETURNING "t"."n", "t"."id""#;
    for (dialect, sql) in [(Dialect::POSTGRESQL, ordered), (Dialect::SQLITE, plain)] {
        let (script, engine) = scripted_as(dialect);
        let answer = [[8.into(), 12.into()], [9.into(), 13.into()], [7.into(), 11.into()]];
        script.answer(sql, Answer::rows(["n", "id"], answer));
        let found = engine.connect().unwrap().insert_rows(&counted("t"), &["n"], rows([7, 8, 9]), &["n"]);
        assert_eq!(found.unwrap(), rows([7, 8, 9]), "{}", dialect.name);
    }
}

#[test]
fn a_key_that_is_not_wanted_sorts_the_rows_and_is_left_out() {
    use crate::value::BoundValue;
    let sql = r#"INSERT INTO "t" ("n") VALUES (?1), (?2), (?3) RETURNING "t"."n", "t"."n", "t"."id""#;
    let (script, engine) = scripted_as(Dialect::SQLITE);
    let row = |n: i64, id: i64| [n.into(), n.into(), id.into()];
    let mut conn = engine.connect().unwrap();
    let given = || [7, 8, 9].map(|n| BoundValue::from(Value::from(n))).to_vec();
    for answer in [[row(8, 12), row(9, 13), row(7, 11)], [row(7, 11), row(8, 12), row(9, 13)]] {
        script.answer(sql, Answer::rows(["n", "n", "id"], answer));
        let found = conn.insert_values(&counted("t"), &["n"], 3, given(), &["n", "n"]).unwrap();
        assert_eq!(found, [7, 7, 8, 8, 9, 9].map(Value::from));
    }
    let uneven = conn.insert_values(&counted("t"), &["n"], 2, given(), &[]).unwrap_err();
    assert_eq!(uneven.kind(), ErrorKind::Bind);
}

#[test]
fn rows_that_come_back_in_another_order_are_found_by_their_own_keys_g19() {
    let (script, engine) = scripted_as(Dialect::SQLITE);
    let table = Table::build("t")
        .column(ColumnDef::new("a", SqlType::Integer).primary_key())
        .column(ColumnDef::new("b", SqlType::Text).primary_key())
        .finish()
        .unwrap();
    let sql = r#"INSERT INTO "t" ("b", "a") VALUES (?1, ?2), (?3, ?4) RETURNING "t"."b", "t"."a", "t"."b""#;
    let answer = [["y".into(), 1.into(), "y".into()], ["x".into(), 1.into(), "x".into()]];
    script.answer(sql, Answer::rows(["b", "a", "b"], answer));
    let given = vec![vec!["x".into(), 1.into()], vec!["y".into(), 1.into()]];
    let mut conn = engine.connect().unwrap();
    let found = conn.insert_rows(&table, &["b", "a"], given.clone(), &["b"]).unwrap();
    assert_eq!(found, [["x".into()], ["y".into()]] as [[Value; 1]; 2]);
    // A row that none of them gave, and one too few: no guess.
    let answer = [["y".into(), 1.into(), "y".into()], ["x".into(), 2.into(), "x".into()]];
    script.answer(sql, Answer::rows(["b", "a", "b"], answer));
    let wrong = conn.insert_rows(&table, &["b", "a"], given.clone(), &["b"]).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Protocol);
    script.answer(sql, Answer::rows(["b", "a", "b"], [["y".into(), 1.into(), "y".into()]]));
    let few = conn.insert_rows(&table, &["b", "a"], given, &["b"]).unwrap_err();
    assert_eq!(few.kind(), ErrorKind::Protocol);
}

#[test]
fn a_type_that_a_cast_would_cut_goes_row_by_row() {
    let (script, engine) = scripted();
    let table = Table::build("t")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("code", SqlType::Native("char(3)".into())))
        .finish()
        .unwrap();
    let sql = r#"INSERT INTO "t" ("code") VALUES ($1) RETURNING "t"."id""#;
    script.answer(sql, Answer::rows(["id"], [[5.into()]]));
    let given = vec![vec!["abc".into()], vec!["def".into()]];
    let found = engine.connect().unwrap().insert_rows(&table, &["code"], given, &["id"]).unwrap();
    assert_eq!(found, rows([5, 5]));
    assert_eq!(script.calls().iter().filter(|call| call.contains("INSERT")).count(), 2);
}

#[test]
fn batches_are_one_execution_for_a_listener_and_a_statement_each_for_the_cursor() {
    let (script, engine) = scripted();
    for (what, count) in [("before", 1), ("after", 1)] {
        let script = script.clone();
        let note = move || script.note(format!("{what} execute {count}"));
        match what {
            "before" => drop(engine.on_before_execute(move |_| {
                note();
                Ok(())
            })),
            _ => drop(engine.on_after_execute(move |_| note())),
        }
    }
    let table = counted("t");
    let many = insert_into(&table).rows((0..2500).map(|n| [Assignment::of("n", n)])).unwrap();
    engine.connect().unwrap().execute(many).unwrap();
    let calls = script.calls();
    let count = |what: &str| calls.iter().filter(|call| call.contains(what)).count();
    assert_eq!((count("before execute"), count("after execute"), count("INSERT")), (1, 1, 3));
}

fn mysql() -> Connection {
    let url = std::env::var("REBIS_TEST_MYSQL_URL").expect("REBIS_TEST_MYSQL_URL");
    Engine::new(url.as_str()).unwrap().connect().unwrap()
}

fn node(table: &Table, numbers: impl IntoIterator<Item = i64>) -> Result<InsertNode> {
    let rows = numbers.into_iter().map(|n| [Assignment::of("n", n)]);
    Ok(insert_into(table).rows(rows)?.returning(vec![table.c("n"), table.c("id")]).node)
}

/// The way of a server without RETURNING, tried on one that has it.
#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn keys_are_counted_from_the_first_one_where_there_is_no_returning() {
    let mut conn = mysql();
    conn.execute(text("create temporary table counted_rows (id bigint auto_increment primary key, n int)"))
        .unwrap();
    let table = counted("counted_rows");
    let shuffled: Vec<i64> = (1..1501).map(|n| n * 7919 % 1511).collect();
    for step in [1, 3] {
        conn.execute(text("set session auto_increment_increment = :step").bind("step", step)).unwrap();
        let insert = node(&table, shuffled.iter().copied()).unwrap();
        let found = conn.insert_and_select(insert, Deadline::NEVER).unwrap();
        let numbers: Vec<Value> = found.rows.iter().map(|row| row[0].clone()).collect();
        assert_eq!(numbers, shuffled.iter().map(|n| Value::from(*n)).collect::<Vec<_>>());
        assert_eq!(found.affected, 1500);
        let one = conn.insert_and_select(node(&table, [7]).unwrap(), Deadline::NEVER).unwrap();
        assert_eq!((one.rows.len(), &one.rows[0][0]), (1, &Value::from(7)));
        conn.execute(text("delete from counted_rows")).unwrap();
    }
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL"]
fn a_single_key_comes_from_the_last_id_where_there_is_no_returning_g20() {
    let mut conn = mysql();
    conn.execute(text(
        "create temporary table last_row (id bigint auto_increment primary key, n int unique)",
    ))
    .unwrap();
    let table = counted("last_row");
    let insert = |n: i64| insert_into(&table).row([Assignment::of("n", n)]).unwrap();
    assert_eq!(conn.insert_for_last_id(insert(7).node).unwrap(), [Value::Int(1)]);
    assert_eq!(conn.insert_for_last_id(insert(8).node).unwrap(), [Value::Int(2)]);
    let upsert = insert(7).on_conflict_do_update(["n"], [Assignment::of("n", 9)]);
    assert_eq!(conn.insert_for_last_id(upsert.node).unwrap(), [Value::Int(1)]);
    let nothing = insert(8).on_conflict_do_nothing(["n"]);
    assert_eq!(conn.insert_for_last_id(nothing.node).unwrap(), [Value::Int(2)]);
    let own = insert_into(&table).row([Assignment::of("id", 50), Assignment::of("n", 50)]).unwrap();
    assert_eq!(conn.insert_for_last_id(own.node).unwrap(), [Value::Int(50)]);
    // The server counts for a 0.
    let zero = insert_into(&table).row([Assignment::of("id", 0), Assignment::of("n", 51)]).unwrap();
    assert_eq!(conn.insert_for_last_id(zero.node).unwrap(), [Value::Int(51)]);
}

#[test]
fn rows_of_defaults_alone_go_out_one_by_one() {
    let table =
        Table::build("t").column(ColumnDef::new("id", SqlType::BigInteger).autoincrement()).finish().unwrap();
    let mut conn = Engine::new("sqlite://").unwrap().connect().unwrap();
    conn.create_table(&table).unwrap();
    let empty = || vec![Vec::new(), Vec::new(), Vec::new()];
    assert_eq!(conn.insert_rows(&table, &[], empty(), &["id"]).unwrap(), rows([1, 2, 3]));
    conn.insert_rows(&table, &[], empty(), &[]).unwrap();
    assert_eq!(conn.scalar::<i64>(text("select count(*) from t")).unwrap(), 6);

    let (script, engine) = scripted_as(Dialect::POSTGRESQL);
    let sql = r#"INSERT INTO "t" DEFAULT VALUES RETURNING "t"."id", "t"."id""#;
    // The script gives this answer each time.
    script.answer(sql, Answer::rows(["id", "id"], [[7.into(), 7.into()]]));
    let found = engine.connect().unwrap().insert_rows(&table, &[], empty(), &["id"]);
    assert_eq!(found.unwrap(), rows([7, 7, 7]));
}
