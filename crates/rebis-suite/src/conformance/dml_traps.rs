//! Where databases do something else than what stands there: rows found by what was just set, keys that count down, names that
//! two tables have, defaults in front of a statement.

use rebis::schema::{ClientDefault, ColumnDef, Identity, SqlType, Table};
use rebis::sql::{
    Assignment, Expr, Expression, count_all, delete_from, exists, func, insert_into, literal, select,
    update_table,
};
use rebis::{ErrorKind, Value, serde_json};

use super::dml_rows::{again, made};
use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] = &[
    ("dml_keys_that_are_set", moved),
    ("dml_keys_that_count_down_or_have_fractions", down),
    ("dml_parts_of_keys_that_are_set", parts),
    ("dml_wide_decimals_that_come_back", wide),
    ("dml_upserts_of_queries", upserts),
    ("dml_defaults_in_with", defaults),
    ("dml_groups_and_queries_inside", groups),
];

fn numbers(name: &str) -> Table {
    Table::build(name.to_owned())
        .column(ColumnDef::new("id", SqlType::BigInteger).primary_key())
        .column(ColumnDef::new("n", SqlType::Integer))
        .finish()
        .unwrap()
}

fn whole(table: &Table, name: &'static str) -> Expr<i64> {
    table.c(name).type_coerce()
}

fn moved(database: &Database) -> Outcome {
    let table = numbers("conf_trap_moved");
    let mut conn = made(database, &table);
    conn.insert_rows(&table, &["id", "n"], vec![vec![1.into(), 1.into()], vec![2.into(), 2.into()]], &[])
        .unwrap();
    let rows = vec![vec![1.into(), 11.into(), 10.into()], vec![2.into(), 12.into(), 20.into()]];
    assert_eq!(conn.update_rows(&table, &["id"], &["id", "n"], rows).unwrap(), 2);
    let all = select((whole(&table, "id"), whole(&table, "n"))).order_by(table.c("id"));
    assert_eq!(conn.fetch_all(all).unwrap(), [(11, 10), (12, 20)]);
    let both = conn.update_rows(&table, &["id", "n"], &["n", "id"], vec![vec![1.into(); 4]]);
    assert_eq!(both.unwrap_err().kind(), ErrorKind::Statement);
    let chain = (0..200_i64).map(|id| vec![Value::from(id), Value::from(id + 100)]).collect();
    assert_eq!(conn.update_rows(&table, &["id"], &["id"], chain).unwrap_err().kind(), ErrorKind::Statement);
    passed("a key is set beside another column")
}

/// Rows that get another part of their key, in more rows than one statement takes: the next statement would find them again.
fn parts(database: &Database) -> Outcome {
    let table = Table::build("conf_trap_parts")
        .column(ColumnDef::new("a", SqlType::BigInteger).primary_key())
        .column(ColumnDef::new("b", SqlType::BigInteger).primary_key())
        .finish()
        .unwrap();
    let mut conn = made(database, &table);
    conn.insert_rows(&table, &["a", "b"], vec![vec![1.into(), 1.into()]], &[]).unwrap();
    let chain = (1..=150_i64).map(|a| vec![a.into(), 1.into(), (a + 1000).into()]).collect();
    let refused = conn.update_rows(&table, &["a", "b"], &["a"], chain);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Statement);
    // What stays of the key tells these apart.
    let apart = (1..=150_i64).map(|b| vec![b.into(), b.into(), (b + 1000).into()]).collect();
    assert_eq!(conn.update_rows(&table, &["a", "b"], &["a"], apart).unwrap(), 1);
    let all = select((whole(&table, "a"), whole(&table, "b")));
    assert_eq!(conn.fetch_all(all).unwrap(), [(1001, 1)]);
    passed("refused where the rest of the key is the same")
}

/// Two rows come back as one does.
fn wide(database: &Database) -> Outcome {
    if !database.is_server() {
        return Outcome::Skipped("SQLite has no decimals of more than 28 digits".to_owned());
    }
    let numeric = SqlType::Numeric { precision: 40, scale: 2 };
    let table = Table::build("conf_trap_wide")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("n", numeric))
        .finish()
        .unwrap();
    let mut conn = made(database, &table);
    let row = || [Assignment::of("n", Value::Digits("12345678901234567890123456789012345.25".into()))];
    let inserted = insert_into(&table).row(row()).unwrap().row(row()).unwrap().returning(table.c("n"));
    let texts: Vec<String> = conn
        .execute(inserted)
        .unwrap()
        .of::<(Value,)>()
        .map(|row| match row.unwrap().0 {
            Value::Digits(digits) | Value::Text(digits) => digits,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, ["12345678901234567890123456789012345.25"; 2]);
    let inserted =
        insert_into(&table).row(row()).unwrap().row(row()).unwrap().returning(table.typed::<f64>("n"));
    let floats: Vec<(f64,)> = conn.fetch_all(inserted).unwrap();
    assert!(floats.iter().all(|(float,)| (float / 1.234_567_89e34 - 1.0).abs() < 1e-7), "{floats:?}");
    passed("as digits, and as floats")
}

fn down(database: &Database) -> Outcome {
    let prices = Table::build("conf_trap_price")
        .column(ColumnDef::new("price", SqlType::Numeric { precision: 10, scale: 2 }).primary_key())
        .column(ColumnDef::new("n", SqlType::Integer))
        .finish()
        .unwrap();
    let mut conn = made(database, &prices);
    let rows = vec![vec![2.into(), 0.into()], vec![1.into(), 1.into()]];
    let found = conn.insert_rows(&prices, &["price", "n"], rows, &["n"]).unwrap();
    assert_eq!(found, [[Value::from(0)], [Value::from(1)]]);
    let counts = Identity::default().start(-1).increment(-1);
    let down = Table::build("conf_trap_down")
        .column(ColumnDef::new("id", SqlType::BigInteger).identity(counts))
        .column(ColumnDef::new("n", SqlType::Integer))
        .finish()
        .unwrap();
    super::run_raw(&mut conn, "drop table if exists conf_trap_down".to_owned());
    if let Err(error) = conn.create_table(&down) {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        return passed("keys with fractions in order; it does not count down");
    }
    conn.commit().unwrap();
    let found =
        conn.insert_rows(&down, &["n"], (0..5).map(|n| vec![n.into()]).collect(), &["id", "n"]).unwrap();
    let wanted: Vec<Vec<Value>> = (0..5_i64).map(|n| vec![(-1 - n).into(), n.into()]).collect();
    assert_eq!(found, wanted);
    passed("keys with fractions and keys that count down in the order of the rows")
}

fn upserts(database: &Database) -> Outcome {
    let (target, source) = (numbers("conf_trap_target"), numbers("conf_trap_source"));
    let mut conn = made(database, &target);
    again(&mut conn, &source);
    conn.insert_rows(&target, &["id", "n"], vec![vec![1.into(), 1.into()]], &[]).unwrap();
    conn.insert_rows(&source, &["id", "n"], vec![vec![1.into(), 7.into()], vec![2.into(), 8.into()]], &[])
        .unwrap();
    let part = |id: i64| select((source.c("id"), source.c("n"))).filter(source.c("id").eq(id));
    let both = || part(1).union(select((source.c("id"), source.c("n"))));
    let nothing = insert_into(&target).from_select(["id", "n"], both()).on_conflict_do_nothing(["id"]);
    conn.execute(nothing).unwrap();
    let all = || select((whole(&target, "id"), whole(&target, "n"))).order_by(target.c("id"));
    assert_eq!(conn.fetch_all(all()).unwrap(), [(1, 1), (2, 8)]);
    let add = [Assignment::expr("n", whole(&target, "n") + 10)];
    let more = insert_into(&target).from_select(["id", "n"], part(1)).on_conflict_do_update(["id"], add);
    conn.execute(more).unwrap();
    assert_eq!(conn.fetch_all(all()).unwrap(), [(1, 11), (2, 8)]);
    passed("from a query of columns that are called the same")
}

fn defaults(database: &Database) -> Outcome {
    let table = Table::build("conf_trap_default")
        .column(ColumnDef::new("id", SqlType::BigInteger).primary_key())
        .column(ColumnDef::new("n", SqlType::Integer).client_default(ClientDefault::value(7)))
        .finish()
        .unwrap();
    let mut conn = made(database, &table);
    // It would run with each of the statements.
    let gone = delete_from(&table).returning(whole(&table, "id")).cte("gone");
    let many = (0..1500_i64).map(|id| [Assignment::of("id", id + 10)]);
    let twice = conn.execute(insert_into(&table).with(&gone).rows(many).unwrap()).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Unsupported);
    let new = insert_into(&table).values([("id", 1)]).unwrap().returning(whole(&table, "n")).cte("new");
    match conn.fetch_all(select(new.typed::<i64>("n")).from(&new).with(&new)) {
        Ok(rows) => assert_eq!(rows, [(7,)]),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            return passed("unsupported, as it says");
        }
    }
    passed("a statement in WITH has the defaults of the program")
}

fn groups(database: &Database) -> Outcome {
    let table = numbers("conf_trap_groups");
    let mut conn = made(database, &table);
    let rows = [1, 1, 2].iter().enumerate().map(|(id, n)| vec![Value::from(id as i64), Value::from(*n)]);
    conn.insert_rows(&table, &["id", "n"], rows.collect(), &[]).unwrap();
    let shifted = whole(&table, "n") + 10;
    let groups = select((shifted.clone(), count_all())).group_by(shifted.clone());
    let groups = groups.having(count_all().gt(0)).order_by(shifted.clone());
    assert_eq!(conn.fetch_all(groups).unwrap(), [(11, 2), (12, 1)]);
    let distinct = select(shifted.clone()).from(&table).distinct().order_by(shifted);
    assert_eq!(conn.fetch_all(distinct).unwrap(), [(11,), (12,)]);
    // Without a FROM of its own the inner query would be the outer one's row, and its limit nothing.
    let first = || select(whole(&table, "id")).filter(table.c("n").eq(1)).limit(1);
    for error in [
        conn.execute(delete_from(&table).filter(table.c("id").in_select(first()))).err(),
        conn.execute(update_table(&table).set_column("n", 0).filter(exists(first()))).err(),
    ] {
        assert_eq!(error.unwrap().kind(), ErrorKind::Statement);
    }
    let list = func::<serde_json::Value>("json_arrayagg", (table.c("n"),)).filter(table.c("n").gt(1));
    let error = select(list).to_sql(rebis::Dialect::MYSQL).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    match conn.scalar::<f64>(select(literal(5.5) % 2)) {
        Ok(rest) => assert_eq!(rest, 1.5),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported),
    }
    passed("3 groups by a computed key, 2 queries without a FROM refused, a remainder")
}
