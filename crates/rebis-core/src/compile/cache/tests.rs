use super::*;
use crate::compile::tests::DIALECTS;
use crate::error::ErrorKind;
use crate::process::Published;
use crate::schema::{ColumnDef, Entity, SqlType, Table};
use crate::sql::{
    Column, Expression, Node, Operand, Select, Statement, Untyped, any, count, delete_from, insert_into,
    json, literal, select, text_expr, update_table,
};
use crate::value::{FromValue, Value};

/// A table of integers.
fn table(columns: &[&'static str]) -> Table {
    let define = |builder: crate::schema::TableBuilder, name: &&'static str| {
        builder.column(ColumnDef::new(*name, SqlType::BigInteger))
    };
    columns.iter().fold(Table::build("t"), define).finish().unwrap()
}

/// Text and values, and whether they came from the cache; the same as without a cache.
fn compile(
    cache: &CompiledCache,
    statement: impl Into<Statement>,
    dialect: Dialect,
) -> (String, Vec<Value>, bool) {
    let statement = statement.into();
    let owned = |value: ValueRef<'_>| Value::from_value(value).unwrap();
    let once = |cache: &CompiledCache| {
        let tree = cache.statement(&statement, &dialect, &SchemaTranslateMap::new()).unwrap();
        let values: Vec<Value> = tree.parameters().into_iter().map(owned).collect();
        (tree.sql().to_owned(), values, tree.is_cached())
    };
    let (sql, values, cached) = once(cache);
    let (fresh_sql, fresh_values, _) = once(&CompiledCache::new(0));
    assert_eq!((&sql, &values), (&fresh_sql, &fresh_values));
    (sql, values, cached)
}

/// The first is compiled, the second comes from the cache; each with its own values.
#[track_caller]
fn alike<S: Into<Statement>>(of: impl Fn(i64) -> S) {
    for dialect in DIALECTS {
        let cache = CompiledCache::new(10);
        assert!(!compile(&cache, of(1), dialect).2);
        let (_, values, cached) = compile(&cache, of(1000), dialect);
        assert!(cached, "{dialect:?}");
        assert!(values.contains(&Value::from(1000)), "{values:?}");
        assert!(!values.contains(&Value::from(1)), "{values:?}");
    }
}

/// Both are compiled.
#[track_caller]
fn different<S: Into<Statement>, T: Into<Statement>>(one: S, other: T) {
    let cache = CompiledCache::new(10);
    compile(&cache, one, Dialect::POSTGRESQL);
    assert!(!compile(&cache, other, Dialect::POSTGRESQL).2);
}

fn rows(table: &Table) -> Select<Untyped> {
    select(vec![table.c("a")])
}

#[test]
fn statements_of_one_shape_share_a_text() {
    let t = table(&["a", "b"]);
    alike(|n| rows(&t).filter(t.c("a").eq(n)).filter(t.c("b").between(n + 1, n + 2)));
    alike(|n| rows(&t).limit(n.unsigned_abs()).offset(7));
    alike(|n| rows(&t).filter(t.c("a").in_list([n, n + 1, n + 2])));
    alike(|n| rows(&t).filter(text_expr::<bool>(crate::sql::text("a > :n and b < :n").bind("n", n))));
    alike(|n| select(count(t.c("a")).filter(t.c("b").eq(n))).from(&t));
    alike(|n| rows(&t).filter(t.c("a").in_select(select(t.c("a")).from(&t).filter(t.c("b").eq(n)))));
    alike(|n| rows(&t).order_by(t.c("a").eq(n).asc().nulls_first()));
    alike(|n| insert_into(&t).values([("a", n), ("b", n)]).unwrap().values([("a", 5), ("b", n)]).unwrap());
    alike(|n| update_table(&t).set_column("a", n).filter(t.c("b").eq(n)));
    alike(|n| delete_from(&t).filter(t.c("b").eq(n)));
}

struct Row;

#[allow(non_upper_case_globals)]
impl Row {
    const a: Column<Row, i64> = Column::new("a");
    const b: Column<Row, i64> = Column::new("b");
    const missing: Column<Row, i64> = Column::new("missing");
}

impl Entity for Row {
    fn table() -> &'static Table {
        static TABLE: Published<Table> = Published::new();
        TABLE.get_or_init(|| table(&["a", "b"]))
    }
}

#[test]
fn an_entitys_columns_are_known_by_where_they_are() {
    alike(|n| select((Row::a, Row::b)).filter(Row::a.eq(n)));
    different(select(Row::a).filter(Row::b.eq(1)), select(Row::b).filter(Row::b.eq(1)));
    different(select(Row::a).filter(Row::b.eq(1)), select(Row::a).filter(Row::a.eq(1)));
    assert!(Arc::ptr_eq(&Row::a.into_node(), &Row::a.into_node()));
    let lasts = |node: &Node| matches!(node, Node::Column { lasts, .. } if lasts.for_ever());
    assert!(lasts(&Row::a.into_node()) && !lasts(&Row::missing.into_node()));
    // It lies elsewhere, and another node may lie there later.
    assert!(!lasts(&(*Row::a.into_node()).clone()));
    let missing = select(Row::missing).into();
    let dialect = Dialect::SQLITE;
    assert!(CompiledCache::new(1).statement(&missing, &dialect, &SchemaTranslateMap::new()).is_err());
}

#[test]
fn a_source_that_its_columns_name_is_a_part_of_the_shape() {
    let t = table(&["a", "b"]);
    let of = |query: Select<Untyped>| {
        let source = query.subquery("s");
        select(vec![source.c("a")])
    };
    alike(|n| of(rows(&t).filter(t.c("b").eq(n))));
    different(of(rows(&t).filter(t.c("b").eq(1))), of(rows(&t).filter(t.c("b").ne(1))));
    let both = |n: i64| {
        let source = rows(&t).filter(t.c("b").eq(n)).subquery("s");
        select(vec![source.c("a"), source.c("a")]).filter(source.c("a").gt(n))
    };
    alike(both);
}

#[test]
fn a_value_that_occurs_twice_is_not_two_values() {
    let t = table(&["a", "b"]);
    let shared = |n: i64| {
        let value = literal(n);
        rows(&t).filter(t.c("a").eq(value.clone())).filter(t.c("b").eq(value))
    };
    let two =
        |one: i64, other: i64| rows(&t).filter(t.c("a").eq(literal(one))).filter(t.c("b").eq(literal(other)));
    different(shared(1), two(1, 2));
    alike(shared);
    let list = |n: i64| {
        let condition = t.c("a").in_list(n..n + 12);
        rows(&t).filter(any([condition.clone(), condition & t.c("b").eq(n)]))
    };
    alike(list);
}

#[test]
fn long_lists_are_filled_up_with_their_last_value() {
    let t = table(&["a"]);
    let list = |length: i64| rows(&t).filter(t.c("a").in_list(1..=length)).filter(t.c("a").ne(0));
    let cache = CompiledCache::new(10);
    let (sql, values, _) = compile(&cache, list(9), Dialect::MYSQL);
    assert_eq!(sql.matches('?').count(), 17);
    assert_eq!(values[8..], [9, 9, 9, 9, 9, 9, 9, 9, 0].map(Value::from));
    for length in 10..=16 {
        let (_, values, cached) = compile(&cache, list(length), Dialect::MYSQL);
        assert!(cached, "{length}");
        assert_eq!((&values[15], &values[16]), (&Value::from(length), &Value::from(0)));
    }
    assert!(!compile(&cache, list(17), Dialect::MYSQL).2);
    for length in 1..=8 {
        let (sql, ..) = compile(&cache, list(length), Dialect::MYSQL);
        assert_eq!(sql.matches('?').count() as i64, length + 1);
    }
}

#[test]
fn what_changes_the_text_changes_the_key() {
    let t = table(&["a", "b"]);
    let one = || rows(&t).filter(t.c("a").eq(1));
    different(one(), rows(&t).filter(t.c("a").ne(1)));
    different(one(), rows(&t).filter(t.c("b").eq(1)));
    different(one(), rows(&t).filter(t.c("a").eq(1) & t.c("a").eq(1)));
    different(one(), rows(&t).filter(!t.c("a").eq(1)));
    different(one(), one().distinct());
    different(one(), one().limit(1));
    different(one().limit(1), one().offset(1));
    different(one(), one().order_by(t.c("a")));
    different(one().order_by(t.c("a")), one().order_by(t.c("a").desc()));
    different(one().union(one()), one().union_all(one()));
    different(one(), rows(&t).having(t.c("a").eq(1)));
    different(rows(&t), select(t.c("a").label("b")));
    let place = |key: &'static str| select(json(literal(serde_json::Value::Null)).key(key).as_text());
    different(place("a"), place("b"));
    let cast = |to| select(t.c("a").cast::<i64>(to));
    different(cast(SqlType::Integer), cast(SqlType::BigInteger));
}

#[test]
fn the_servers_of_one_engine_may_be_mysql_and_mariadb() {
    let cache = CompiledCache::new(10);
    let t = table(&["a"]);
    let made = || insert_into(&t).values([("a", 1)]).unwrap().returning(vec![t.c("a")]);
    assert!(!compile(&cache, made(), Dialect::MARIADB).2);
    assert!(compile(&cache, made(), Dialect::MARIADB).2);
    let (made, schemas) = (made().into(), SchemaTranslateMap::new());
    let error = cache.statement(&made, &Dialect::MYSQL, &schemas).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_table_of_the_same_name_is_another_table() {
    let cache = CompiledCache::new(10);
    let t = table(&["a"]);
    compile(&cache, rows(&t), Dialect::SQLITE);
    assert!(compile(&cache, rows(&t.clone()), Dialect::SQLITE).2);
    let address = t.address();
    drop(t);
    for _ in 0..100 {
        let other = table(&["b"]);
        assert_ne!(other.address(), address, "the cache keeps the table, and with it its address");
        let missing = select(vec![other.c("a")]).into();
        assert_eq!(
            cache.statement(&missing, &Dialect::SQLITE, &SchemaTranslateMap::new()).unwrap_err().kind(),
            ErrorKind::Statement
        );
    }
}

#[test]
fn very_long_texts_are_not_kept() {
    let cache = CompiledCache::new(10);
    let t = table(&["a"]);
    let many = |n: i64| {
        (0..10_000).try_fold(insert_into(&t), |insert, row| insert.values([("a", n + row)])).unwrap()
    };
    for n in [1, 2] {
        assert!(!compile(&cache, many(n), Dialect::SQLITE).2);
    }
}
