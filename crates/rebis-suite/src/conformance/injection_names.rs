//! The corpus where names stand: of tables and columns, of what is beside them, of aliases, queries and sources.

use rebis::schema::{
    CheckConstraint, ColumnDef, Index, MetaData, Sequence, SqlType, Table, TableBuilder, UniqueConstraint,
};
use rebis::sql::{
    Expression, View, column, create_index, create_schema, create_sequence, create_view, delete_from,
    drop_index, drop_schema, drop_sequence, drop_view, insert_into, named, select, update_table, values,
};
use rebis::{Connection, Error, ErrorKind, Result, Value};

use super::injection_corpus::{Tally, corpus, end, guarded, untouched};
use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] = &[
    ("injection_names_of_tables_and_columns", tables),
    ("injection_names_too_long_are_nobody_elses", too_long),
    ("injection_names_beside_tables", beside),
    ("injection_names_of_sources", sources),
    ("injection_names_from_requests", requests),
];

/// Whether the database may refuse a name: what cannot be kept as it is.
fn may_be_refused(database: &Database, name: &str) -> bool {
    let always = name.is_empty() || name.contains('\0');
    match database.name {
        "MariaDB" => {
            // 64 characters of Unicode's first plane, and as many as fit into a file's name.
            let in_file: usize =
                name.chars().map(|c| if c == '_' || c.is_ascii_alphanumeric() { 1 } else { 5 }).sum();
            let wide = name.chars().any(|letter| letter > '\u{ffff}');
            always || name.chars().count() > 64 || in_file > 245 || name.ends_with(is_space) || wide
        }
        "PostgreSQL" => always || name.len() > 63,
        _ => always,
    }
}

/// What MariaDB takes for a space at the end of a name.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t'..='\r')
}

fn table_of(name: &str) -> Result<Table> {
    Table::build(name)
        .column(ColumnDef::new("the id", SqlType::Integer).primary_key())
        .column(ColumnDef::new(name, SqlType::String { length: 30 }).nullable())
        .finish()
}

/// What a program does with a table whose names came at run time.
fn used(conn: &mut Connection, table: &Table, name: &str) -> Result<()> {
    MetaData::new().table(table).create_all(conn)?;
    let row = [("the id", Value::from(1)), (name, "one".into())];
    conn.execute(insert_into(table).values(row.map(|(name, value)| (name.to_owned(), value)))?)?;
    conn.execute(
        update_table(table).set_column(name.to_owned(), "two").filter(table.c(name.to_owned()).eq("one")),
    )?;
    let all = select(vec![table.c(name.to_owned())])
        .order_by_name(table, name, true)?
        .filter_by(table, [(name, "two")])?;
    let rows = conn.execute(all.order_by(named::<Value>(name.to_owned())))?;
    assert_eq!(rows.columns()[0].name, name, "the answer's column");
    assert_eq!(rows.scalar::<String>()?, "two");
    assert!(conn.inspect().has_table(name)?, "{name:?} is there under its own name");
    let columns = conn.inspect().columns(name)?;
    assert_eq!(columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["the id", name]);
    assert_eq!(
        conn.execute(delete_from(table).filter(table.c(name.to_owned()).eq("two")))?.rows_affected(),
        1
    );
    MetaData::new().table(table).drop_all(conn)?;
    assert!(!conn.inspect().has_table(name)?, "{name:?} is gone");
    Ok(())
}

fn tables(database: &Database) -> Outcome {
    let mut conn = guarded(database);
    let before = conn.inspect().table_names(None).unwrap();
    let mut tally = Tally::default();
    for name in corpus() {
        match table_of(&name).and_then(|table| used(&mut conn, &table, &name)) {
            Ok(()) => {
                conn.commit().unwrap();
                tally.kept += 1;
            }
            Err(error) => refused(database, &mut conn, &mut tally, &error, &name),
        }
    }
    untouched(&mut conn);
    assert_eq!(conn.inspect().table_names(None).unwrap(), before, "no table was left");
    assert!(tally.kept > 700, "{tally:?}");
    end(conn);
    tally.says("names of tables and columns")
}

fn refused(database: &Database, conn: &mut Connection, tally: &mut Tally, error: &Error, name: &str) {
    assert!(may_be_refused(database, name), "{name:?}: {}", error.chain());
    tally.refuse(error, name);
    conn.rollback().unwrap();
}

/// A name that the database would cut does not mean the table, or the column, that has the shorter name.
fn too_long(database: &Database) -> Outcome {
    let mut conn = guarded(database);
    let mut tried = 0;
    for (short, long) in [
        ("n".repeat(63), "n".repeat(64)),
        ("é".repeat(31), "é".repeat(32)),
        ("n".repeat(64), "n".repeat(65)),
        ("n".repeat(63), format!("{}; drop table conf_canary", "n".repeat(63))),
    ] {
        let (Ok(there), Ok(other)) = (table_of(&short), table_of(&long)) else { continue };
        let metadata = MetaData::new().table(&there);
        if metadata.drop_all(&mut conn).and_then(|()| metadata.create_all(&mut conn)).is_err() {
            conn.rollback().unwrap();
            continue;
        }
        conn.execute(insert_into(&there).values([("the id", 1)]).unwrap()).unwrap();
        conn.commit().unwrap();
        let id = || ColumnDef::new("the id", SqlType::Integer);
        let column =
            Table::build(short.clone()).column(id()).column(ColumnDef::new(long.clone(), SqlType::Text));
        let column = column.finish().unwrap();
        let statements: [rebis::sql::Statement; 6] = [
            insert_into(&other).values([("the id", 2)]).unwrap().into(),
            update_table(&other).set_column("the id", 3).into(),
            delete_from(&other).into(),
            select(vec![other.c("the id")]).into(),
            select(vec![column.c(long.clone())]).into(),
            update_table(&column).set_column(long.clone(), "x").into(),
        ];
        for statement in statements {
            let error = conn.execute(statement).map(|_| ()).expect_err("another's name");
            assert!(matches!(error.kind(), ErrorKind::Schema | ErrorKind::Statement), "{}", error.chain());
            conn.rollback().unwrap();
            tried += 1;
        }
        let rows: Vec<(i64,)> =
            conn.execute(select(vec![there.c("the id")])).unwrap().of().collect::<Result<_>>().unwrap();
        assert_eq!(rows, [(1,)], "the table of the shorter name");
        MetaData::new().table(&other).drop_all(&mut conn).unwrap_or_else(|_| conn.rollback().unwrap());
        assert!(conn.inspect().has_table(short.as_str()).unwrap(), "the table of the shorter name");
        metadata.drop_all(&mut conn).unwrap();
        conn.commit().unwrap();
    }
    assert!(tried >= 12, "{tried}");
    end(conn);
    passed(format!("{tried} statements refused"))
}

/// Indexes, constraints, views, sequences, schemas: made, found under their names where they can be asked for, dropped.
fn beside(database: &Database) -> Outcome {
    let mut conn = guarded(database);
    let (mut tally, mut kinds) = (Tally::default(), 0);
    let things: [fn(&mut Connection, &str) -> Result<()>; 6] =
        [a_unique, a_check, an_index, a_view, a_sequence, a_schema];
    for thing in things {
        match thing(&mut conn, "probe") {
            Err(error) if error.kind() == ErrorKind::Unsupported => continue,
            probe => probe.unwrap(),
        }
        kinds += 1;
        for name in corpus() {
            match thing(&mut conn, &name) {
                Ok(()) => {
                    conn.commit().unwrap();
                    tally.kept += 1;
                }
                Err(error) => {
                    let special = database.name == "MariaDB" && name.eq_ignore_ascii_case("primary")
                        || database.name == "SQLite" && name == "main"
                        || database.name == "PostgreSQL" && name.starts_with("pg_");
                    assert!(special || may_be_refused(database, &name), "{name:?}: {}", error.chain());
                    tally.refuse(&error, &name);
                    conn.rollback().unwrap();
                    let _ = MetaData::new().table(&host().unwrap()).drop_all(&mut conn);
                    conn.commit().unwrap();
                }
            }
        }
        untouched(&mut conn);
    }
    assert!(tally.kept > 600 * kinds, "{tally:?} of {kinds} kinds");
    end(conn);
    tally.says(&format!("names of {kinds} kinds"))
}

fn host() -> Result<Table> {
    columns().finish()
}

fn columns() -> TableBuilder {
    Table::build("conf_beside")
        .column(ColumnDef::new("a", SqlType::Integer).primary_key())
        .column(ColumnDef::new("b", SqlType::Integer))
}

fn a_unique(conn: &mut Connection, name: &str) -> Result<()> {
    let table = columns().unique_constraint(UniqueConstraint::new(["b"]).name(name)).finish()?;
    let metadata = MetaData::new().table(&table);
    metadata.create_all(conn)?;
    let uniques = conn.inspect().unique_constraints("conf_beside")?;
    assert_eq!(uniques[0].name.as_deref(), Some(name));
    metadata.drop_all(conn)
}

fn a_check(conn: &mut Connection, name: &str) -> Result<()> {
    let table = columns().check(CheckConstraint::new(column("b").gt(0)).name(name)).finish()?;
    let metadata = MetaData::new().table(&table);
    metadata.create_all(conn)?;
    let checks = conn.inspect().check_constraints("conf_beside")?;
    assert_eq!(checks[0].name.as_deref(), Some(name), "{checks:?}");
    metadata.drop_all(conn)
}

fn an_index(conn: &mut Connection, name: &str) -> Result<()> {
    let table = host()?;
    let metadata = MetaData::new().table(&table);
    metadata.create_all(conn)?;
    let index = Index::new(name, ["b"]);
    conn.execute(create_index(&table, &index))?;
    assert!(conn.inspect().has_index("conf_beside", name)?, "{name:?}");
    conn.execute(drop_index(&table, &index))?;
    assert!(!conn.inspect().has_index("conf_beside", name)?, "{name:?}");
    metadata.drop_all(conn)
}

fn a_view(conn: &mut Connection, name: &str) -> Result<()> {
    let table = host()?;
    let metadata = MetaData::new().table(&table);
    metadata.create_all(conn)?;
    let view = View::new(name, select(vec![table.c("a")]).filter(table.c("b").gt(1)));
    conn.execute(create_view(&view))?;
    assert!(conn.inspect().view_names(None)?.iter().any(|known| known == name), "{name:?}");
    conn.execute(drop_view(&view))?;
    assert!(!conn.inspect().view_names(None)?.iter().any(|known| known == name), "{name:?}");
    metadata.drop_all(conn)
}

fn a_sequence(conn: &mut Connection, name: &str) -> Result<()> {
    let sequence = Sequence::new(name).start(5);
    conn.execute(create_sequence(&sequence))?;
    assert_eq!(conn.scalar::<i64>(select(sequence.next_value()))?, 5, "{name:?}");
    assert!(conn.inspect().has_sequence(name)?, "{name:?}");
    conn.execute(drop_sequence(&sequence)).map(|_| ())
}

fn a_schema(conn: &mut Connection, name: &str) -> Result<()> {
    conn.execute(create_schema(name))?;
    assert!(conn.inspect().has_schema(name)?, "{name:?}");
    let table = host()?.in_schema(name);
    conn.create_table(&table)?;
    conn.execute(insert_into(&table).values([("a", 1), ("b", 2)])?)?;
    assert_eq!(conn.execute(select(vec![table.c("b")]))?.scalar::<i64>()?, 2);
    conn.drop_table(&table)?;
    conn.execute(drop_schema(name))?;
    assert!(!conn.inspect().has_schema(name)?, "{name:?}");
    Ok(())
}

/// Aliases, subqueries, CTEs and VALUES, all under one name, one inside of the other.
fn sources(database: &Database) -> Outcome {
    let mut conn = guarded(database);
    let table = host().unwrap();
    let metadata = MetaData::new().table(&table);
    metadata.create_all(&mut conn).unwrap();
    conn.execute(insert_into(&table).values([("a", 1), ("b", 2)]).unwrap()).unwrap();
    conn.commit().unwrap();
    let mut tally = Tally::default();
    for name in corpus() {
        let alias = table.alias(name.as_str());
        let aliased = select(vec![alias.c("b")]).filter(alias.c("a").eq(1)).order_by(alias.c("b"));
        let inner = aliased.clone().subquery(name.as_str());
        let outer = select(vec![inner.c("b")]);
        let cte = aliased.clone().cte(name.as_str());
        let with = select(vec![cte.c("b")]).with(&cte);
        let rows = values(name.as_str(), ["b"], [(2,)]).unwrap();
        let listed = select(vec![rows.c("b")]);
        for statement in [aliased, outer, with, listed] {
            match conn.execute(statement).and_then(rebis::Rows::scalar::<i64>) {
                Ok(found) => {
                    assert_eq!(found, 2, "{name:?}");
                    tally.kept += 1;
                }
                Err(error) => {
                    // Aliases have 256 characters on MariaDB, some of them 64.
                    refused(database, &mut conn, &mut tally, &error, &name);
                }
            }
        }
    }
    untouched(&mut conn);
    assert!(tally.kept > 3500, "{tally:?}");
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    end(conn);
    tally.says("aliases, subqueries, CTEs, VALUES")
}

/// Names that a request gives, checked against the table: each is refused before anything is sent.
fn requests(database: &Database) -> Outcome {
    let mut conn = guarded(database);
    let table = host().unwrap();
    MetaData::new().table(&table).create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    let mut tally = Tally::default();
    let all = || select(vec![table.c("a")]).from(&table);
    for name in corpus().into_iter().filter(|name| !["a", "b"].contains(&name.as_str())) {
        let by_row = |error: Option<Error>| error.unwrap_or_else(|| panic!("{name:?} was taken"));
        let errors = [
            by_row(all().order_by_name(&table, &name, false).err()),
            by_row(all().filter_by(&table, [(name.as_str(), 1)]).err()),
            by_row(conn.execute(all().order_by(named::<Value>(name.clone()))).err()),
            by_row(conn.execute(select(vec![table.c(name.clone())])).err()),
            by_row(conn.execute(insert_into(&table).values([(name.clone(), 1)]).unwrap()).err()),
            by_row(conn.execute(update_table(&table).set_column(name.clone(), 1)).err()),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Statement, "{name:?}: {}", error.chain());
            tally.refuse(&error, &name);
        }
        conn.rollback().unwrap();
    }
    assert_eq!(tally.by_database, 0, "all before anything was sent");
    MetaData::new().table(&table).drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    end(conn);
    tally.says("names of columns that are not there")
}
