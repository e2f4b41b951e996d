//! What can stand round an INSERT, UPDATE or DELETE, and what a database has not got.

use rebis::schema::{ColumnDef, SqlType, Table};
use rebis::sql::{
    Assignment, Expr, Expression, IntoStatement, delete_from, insert_into, select, truncate, update_table,
};
use rebis::{Connection, ErrorKind};

use super::dml_rows::{again, made};
use super::{Database, Outcome, Scenario, passed, pick};

pub(super) const CASES: &[Scenario] = &[
    ("dml_first_rows_only", first_rows),
    ("dml_ctes_in_front", ctes),
    ("dml_ctes_that_write", writing_ctes),
    ("dml_truncate", truncated),
    ("dml_upserts_by_constraint_and_index_g22", upserts),
    ("dml_rows_of_a_query_assigned", assigned),
    ("dml_several_tables", several),
];

fn table() -> Table {
    Table::build("conf_dml")
        .column(ColumnDef::new("id", SqlType::Integer).primary_key())
        .column(ColumnDef::new("n", SqlType::Integer))
        .column(ColumnDef::new("m", SqlType::Integer).nullable())
        .finish()
        .unwrap()
}

/// Ids 1 to 5, n tenfold.
fn filled(database: &Database) -> (Table, Connection) {
    let table = table();
    let mut conn = made(database, &table);
    let rows = (1..6_i64).map(|n| vec![n.into(), (n * 10).into()]).collect();
    conn.insert_rows(&table, &["id", "n"], rows, &[]).unwrap();
    conn.commit().unwrap();
    (table, conn)
}

/// Ids and n of all rows.
fn rows(conn: &mut Connection, table: &Table) -> Vec<(i64, i64)> {
    let all = select(vec![table.c("id"), table.c("n")]).from(table).order_by(table.c("id"));
    conn.execute(all).unwrap().of().all().unwrap()
}

/// What the database has not got is an error before anything is sent.
fn unsupported(conn: &mut Connection, statement: impl IntoStatement, says: &str) {
    let before = conn.engine().counters().statements;
    let error = conn.execute(statement).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!(conn.engine().counters().statements, before);
}

fn first_rows(database: &Database) -> Outcome {
    let (table, mut conn) = filled(database);
    let update = update_table(&table).set_column("n", 0).order_by(table.c("id").desc()).limit(2);
    let delete = delete_from(&table).order_by(table.c("id")).limit(1);
    if !pick(database, false, true, false) {
        unsupported(&mut conn, update, "filter by a subquery");
        unsupported(&mut conn, delete, "filter by a subquery");
        let keys =
            select(vec![table.c("id")]).from(&table).order_by(table.c("id")).limit(1).subquery("first");
        let key: Expr<i64> = keys.typed("id");
        let delete = delete_from(&table).filter(table.c("id").in_select(select(key).from(&keys)));
        assert_eq!(conn.execute(delete).unwrap().rows_affected(), 1);
        assert_eq!(rows(&mut conn, &table), [(2, 20), (3, 30), (4, 40), (5, 50)]);
        return passed("unsupported, and the subquery instead");
    }
    assert_eq!(conn.execute(update).unwrap().rows_affected(), 2);
    assert_eq!(conn.execute(delete).unwrap().rows_affected(), 1);
    assert_eq!(rows(&mut conn, &table), [(2, 20), (3, 30), (4, 0), (5, 0)]);
    passed("the first rows of an order")
}

fn ctes(database: &Database) -> Outcome {
    let (table, mut conn) = filled(database);
    let big = select((table.c("id").label("id"), table.c("n").label("n")))
        .from(&table)
        .filter(table.c("n").gt(30))
        .cte("big")
        .materialized();
    let copy = insert_into(&table)
        .with(&big)
        .from_select(["id", "n"], select(vec![big.c("id") + 100, big.c("n")]).from(&big));
    assert_eq!(conn.execute(copy).unwrap().rows_affected(), 2);
    assert_eq!(rows(&mut conn, &table)[5..], [(104, 40), (105, 50)]);
    let which = || table.c("id").in_select(select(big.typed::<i64>("id")).from(&big));
    let update = update_table(&table).with(&big).set_column("n", 1).filter(which());
    let delete = delete_from(&table).with(&big).filter(which());
    if pick(database, false, true, false) {
        // MySQL has it, MariaDB only since its version 12; both are one dialect.
        let version = conn.server().unwrap().version.clone();
        assert_eq!(conn.execute(update).map(|_| ()).unwrap_err().kind(), ErrorKind::Statement, "{version}");
        let values =
            insert_into(&table).with(&big).row([Assignment::of("id", 7), Assignment::of("n", 7)]).unwrap();
        unsupported(&mut conn, values, "WITH in front of an INSERT of values");
        return passed("in front of a query that is inserted");
    }
    assert_eq!(conn.execute(delete).unwrap().rows_affected(), 4);
    conn.rollback().unwrap();
    assert_eq!(conn.execute(update).unwrap().rows_affected(), 2);
    let most = select(rebis::sql::max(table.c("n")).label("n")).from(&table).cte("most").not_materialized();
    let values = insert_into(&table)
        .with(&most)
        .row([Assignment::of("id", 7), Assignment::expr("n", select(most.c("n")).from(&most).scalar())])
        .unwrap();
    conn.execute(values).unwrap();
    assert_eq!(rows(&mut conn, &table), [(1, 10), (2, 20), (3, 30), (4, 1), (5, 1), (7, 30)]);
    passed("in front of insert, update and delete")
}

fn writing_ctes(database: &Database) -> Outcome {
    let (table, mut conn) = filled(database);
    let gone = delete_from(&table)
        .filter(table.c("n").le(20))
        .returning((table.c("id").label("id"), table.c("n").label("n")))
        .cte("gone");
    let moved = insert_into(&table)
        .with(&gone)
        .from_select(["id", "n"], select(vec![gone.c("id") + 200, gone.c("n")]).from(&gone));
    if pick(database, true, true, false) {
        unsupported(&mut conn, moved, "run it first, in the same transaction");
        return passed("unsupported");
    }
    assert_eq!(conn.execute(moved).unwrap().rows_affected(), 2);
    assert_eq!(rows(&mut conn, &table), [(3, 30), (4, 40), (5, 50), (201, 10), (202, 20)]);
    let changed = update_table(&table).set_column("n", 5).returning(table.c("id").label("id")).cte("changed");
    let count = select(rebis::sql::count_all()).from(&changed).with(&changed);
    assert_eq!(conn.scalar::<i64>(count).unwrap(), 5);
    let made = insert_into(&table)
        .row([Assignment::of("id", 1), Assignment::of("n", 1)])
        .unwrap()
        .returning(table.c("id").label("id"))
        .cte("made");
    assert_eq!(conn.scalar::<i64>(select(made.typed::<i64>("id")).from(&made).with(&made)).unwrap(), 1);
    passed("delete, update and insert whose rows are read")
}

fn truncated(database: &Database) -> Outcome {
    let (table, mut conn) = filled(database);
    if pick(database, true, false, false) {
        unsupported(&mut conn, truncate(&table), "delete without a filter");
        assert_eq!(conn.execute(delete_from(&table)).unwrap().rows_affected(), 5);
        return passed("unsupported, and a delete instead");
    }
    conn.execute(truncate(&table).restart_identity()).unwrap();
    assert_eq!(rows(&mut conn, &table), []);
    if pick(database, false, false, true) {
        conn.rollback().unwrap();
        assert_eq!(rows(&mut conn, &table).len(), 5, "PostgreSQL takes it back");
        conn.execute(truncate(&table).cascade()).unwrap();
    } else {
        unsupported(&mut conn, truncate(&table).cascade(), "CASCADE");
    }
    passed("empty at once")
}

fn upserts(database: &Database) -> Outcome {
    let table = Table::build("conf_dml_upsert")
        .column(ColumnDef::new("id", SqlType::Integer).primary_key())
        .column(ColumnDef::new("word", SqlType::String { length: 9 }))
        .column(ColumnDef::new("n", SqlType::Integer))
        .unique_constraint(rebis::schema::UniqueConstraint::new(["word"]).name("conf_dml_word"))
        .finish()
        .unwrap();
    let mut conn = made(database, &table);
    let row = |id: i64, word: &'static str| {
        let row = [Assignment::of("id", id), Assignment::of("word", word), Assignment::of("n", 0)];
        insert_into(&table).row(row).unwrap()
    };
    conn.execute(row(1, "a")).unwrap();
    let by_name = row(2, "a").on_constraint_do_update("conf_dml_word", [Assignment::of("n", 5)]);
    let nothing = row(3, "a").on_constraint_do_nothing("conf_dml_word");
    if pick(database, true, true, false) {
        unsupported(&mut conn, by_name, "name its columns");
        unsupported(&mut conn, nothing, "name its columns");
    } else {
        assert_eq!(conn.execute(by_name).unwrap().rows_affected(), 1);
        assert_eq!(conn.execute(nothing).unwrap().rows_affected(), 0);
        assert_eq!(rows(&mut conn, &table), [(1, 5)]);
    }
    conn.rollback().unwrap();
    conn.execute(row(1, "a")).unwrap();
    for (id, word) in [(1, "other"), (2, "a")] {
        conn.execute(row(id, word).on_any_conflict_do_nothing()).unwrap();
    }
    assert_eq!(rows(&mut conn, &table), [(1, 0)], "either key counts");
    let both = row(1, "a").on_conflict_do_nothing(["word"]).on_constraint_do_nothing("conf_dml_word");
    assert_eq!(conn.execute(both).map(|_| ()).unwrap_err().kind(), ErrorKind::Statement);
    let partial = |insert: rebis::sql::Insert| {
        insert
            .on_conflict_index_filter(table.c("n").eq(0))
            .on_conflict_do_update(["id"], [Assignment::of("word", "b")])
    };
    if pick(database, false, true, false) {
        unsupported(&mut conn, partial(row(1, "a")), "partial index");
        return passed("by columns only");
    }
    partial_index(&mut conn);
    passed(pick(database, "by a partial index", "", "by a constraint's name and a partial index"))
}

/// The index is on some rows only: just these are met.
fn partial_index(conn: &mut Connection) {
    let table = Table::build("conf_dml_partial")
        .column(ColumnDef::new("id", SqlType::Integer))
        .column(ColumnDef::new("n", SqlType::Integer))
        .column(ColumnDef::new("hits", SqlType::Integer))
        .finish()
        .unwrap();
    again(conn, &table);
    super::run_raw(conn, "create unique index conf_dml_some on conf_dml_partial (id) where n = 0");
    let upsert = |n: i64| {
        let row = [Assignment::of("id", 1), Assignment::of("n", n), Assignment::of("hits", 0)];
        // The filter must be the index's, as text: a parameter is not known to be 0 when it is looked for.
        let index: Expr<bool> = rebis::sql::text_expr(rebis::text("n = 0"));
        insert_into(&table)
            .row(row)
            .unwrap()
            .on_conflict_index_filter(index)
            .on_conflict_do_update(["id"], [Assignment::of("hits", 1)])
    };
    for n in [0, 1, 1, 0] {
        conn.execute(upsert(n)).unwrap();
    }
    let all = select(vec![table.c("n"), table.c("hits")]).from(&table).order_by(table.c("n"));
    let found: Vec<(i64, i64)> = conn.execute(all).unwrap().of().all().unwrap();
    assert_eq!(found, [(0, 1), (1, 0), (1, 0)]);
}

fn other_table() -> Table {
    Table::build("conf_dml_new")
        .column(ColumnDef::new("id", SqlType::Integer).primary_key())
        .column(ColumnDef::new("n", SqlType::Integer))
        .finish()
        .unwrap()
}

fn assigned(database: &Database) -> Outcome {
    let (table, mut conn) = filled(database);
    // Of another table: a query of the same one sees on SQLite what the statement has changed already.
    let other = other_table();
    again(&mut conn, &other);
    conn.insert_rows(&other, &["id", "n"], vec![vec![3.into(), 30.into()], vec![4.into(), 40.into()]], &[])
        .unwrap();
    let query =
        select(vec![other.c("n"), other.c("id")]).from(&other).filter(other.c("id").eq(table.c("id") - 1));
    let update = update_table(&table).set_from_select(["n", "m"], query).filter(table.c("id").ge(4));
    if pick(database, false, true, false) {
        unsupported(&mut conn, update, "set each column from a scalar subquery");
        return passed("unsupported");
    }
    assert_eq!(conn.execute(update).unwrap().rows_affected(), 2);
    assert_eq!(rows(&mut conn, &table), [(1, 10), (2, 20), (3, 30), (4, 30), (5, 40)]);
    let uneven = update_table(&table).set_from_select(["n", "m"], select(vec![other.c("n")]).from(&other));
    assert_eq!(conn.execute(uneven).map(|_| ()).unwrap_err().kind(), ErrorKind::Statement);
    passed("two columns from one row of a query")
}

fn several(database: &Database) -> Outcome {
    let (table, mut conn) = filled(database);
    let new = other_table();
    again(&mut conn, &new);
    conn.insert_rows(&new, &["id", "n"], vec![vec![2.into(), 7.into()], vec![3.into(), 8.into()]], &[])
        .unwrap();
    let update = update_table(&table)
        .set_all([Assignment::expr("n", new.c("n")), Assignment::of("m", 1)])
        .from(&new)
        .filter(new.c("id").eq(table.c("id")));
    assert_eq!(conn.execute(update).unwrap().rows_affected(), 2);
    assert_eq!(rows(&mut conn, &table), [(1, 10), (2, 7), (3, 8), (4, 40), (5, 50)]);
    // Assigned one after the other on MySQL, all at once elsewhere.
    let turn = update_table(&table)
        .set_all([Assignment::expr("n", table.c("id")), Assignment::expr("m", table.c("n"))])
        .filter(table.c("id").eq(5));
    conn.execute(turn).unwrap();
    let m: i64 = conn.scalar(select(vec![table.c("m")]).filter(table.c("id").eq(5))).unwrap();
    assert_eq!(m, pick(database, 50, 5, 50));
    let delete = delete_from(&table).using(&new).filter(new.c("id").eq(table.c("id")));
    if pick(database, true, false, false) {
        unsupported(&mut conn, delete, "filter by `exists`");
        return passed("an update by another table");
    }
    assert_eq!(conn.execute(delete).unwrap().rows_affected(), 2);
    assert_eq!(rows(&mut conn, &table), [(1, 10), (4, 40), (5, 5)]);
    passed("update and delete by another table")
}
