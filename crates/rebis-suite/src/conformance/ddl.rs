//! Tables made and dropped by their descriptions: what is asked for is there, and holds.

use rebis::schema::{
    CheckConstraint, ColumnDef, Computed, ForeignKey, Index, MetaData, OnChange, SchemaTranslateMap,
    ServerDefault, SqlType, Table,
};
use rebis::sql::{Expression, Statement, create_index, drop_index, insert_into, select};
use rebis::{Connection, ErrorKind, IsolationLevel, raw, text};

use super::{Database, Outcome, Scenario, count, failure, id, passed, pick, run_raw};

pub(super) const CASES: &[Scenario] = &[
    ("ddl_create_and_drop_twice", twice),
    ("ddl_circles", circles),
    ("ddl_defaults_and_counted_keys", defaults),
    ("ddl_constraints_bite", constraints),
    ("ddl_odd_names", odd_names),
    ("ddl_names_that_differ_by_case", case),
    ("ddl_comments", comments),
    ("ddl_every_type", types),
    ("ddl_in_translated_schemas", translated),
];

fn column(name: &str, sql_type: SqlType) -> ColumnDef {
    ColumnDef::new(name, sql_type)
}

/// A clean database for these tables: what an earlier run has left is dropped.
fn connect(database: &Database, metadata: &MetaData) -> Connection {
    let mut conn = database.engine(1).connect().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    conn
}

fn end(mut conn: Connection, metadata: &MetaData) {
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
}

fn fails(conn: &mut Connection, statement: impl Into<Statement>) -> ErrorKind {
    let kind = failure(conn.execute(statement)).kind();
    conn.rollback().unwrap();
    kind
}

fn twice(database: &Database) -> Outcome {
    let parent = Table::build("conf_ddl_parent").column(id()).finish().unwrap();
    let child = Table::build("conf_ddl_child")
        .column(id())
        .column(column("parent_id", SqlType::BigInteger).index())
        .foreign_key(ForeignKey::new(["parent_id"], "conf_ddl_parent", ["id"]))
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&child).table(&parent);
    let mut conn = connect(database, &metadata);
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    run_raw(&mut conn, "insert into conf_ddl_parent (id) values (7)");
    run_raw(&mut conn, "insert into conf_ddl_child (parent_id) values (7)");
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    assert_eq!(count(&mut conn, "conf_ddl_child"), 1, "it was left alone");
    // One of the two is missing.
    conn.drop_table(&child).unwrap();
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    assert_eq!(count(&mut conn, "conf_ddl_child"), 0);
    let again = conn.create_table(&child).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Statement);
    conn.rollback().unwrap();
    for _ in 0..2 {
        metadata.drop_all(&mut conn).unwrap();
        conn.commit().unwrap();
        assert_eq!(fails(&mut conn, text("select * from conf_ddl_parent")), ErrorKind::Statement);
    }
    assert_eq!(conn.drop_table(&parent).unwrap_err().kind(), ErrorKind::Statement);
    passed("created and dropped twice")
}

fn circles(database: &Database) -> Outcome {
    let table = |name: &str, other: &str| {
        Table::build(name)
            .column(id())
            .column(column("other_id", SqlType::BigInteger).nullable())
            .column(column("self_id", SqlType::BigInteger).nullable())
            .foreign_key(ForeignKey::new(["other_id"], other, ["id"]))
            .foreign_key(ForeignKey::new(["self_id"], name, ["id"]))
            .finish()
            .unwrap()
    };
    let (hen, egg) = (table("conf_ddl_hen", "conf_ddl_egg"), table("conf_ddl_egg", "conf_ddl_hen"));
    let metadata = MetaData::new().table(&hen).table(&egg);
    assert_eq!(metadata.sorted_tables().unwrap_err().kind(), ErrorKind::Schema);
    let mut conn = connect(database, &metadata);
    metadata.create_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    for sql in [
        "insert into conf_ddl_hen (id) values (1)",
        "insert into conf_ddl_egg (id, other_id, self_id) values (1, 1, 1)",
        "update conf_ddl_hen set other_id = 1, self_id = 1",
    ] {
        run_raw(&mut conn, sql);
    }
    conn.commit().unwrap();
    for name in ["conf_ddl_hen", "conf_ddl_egg"] {
        let wrong = raw(format!("update {name} set other_id = 99"));
        assert_eq!(fails(&mut conn, wrong), ErrorKind::ForeignKeyViolation, "{name}");
    }
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    assert_eq!(fails(&mut conn, text("select * from conf_ddl_hen")), ErrorKind::Statement);
    assert_eq!(fails(&mut conn, text("select * from conf_ddl_egg")), ErrorKind::Statement);
    passed("two tables that refer to each other, dropped while their rows do")
}

const TRICKY: &str = "it's \\ \"x\" \\' -- `?` :name $1 %s ü\n";

fn defaults(database: &Database) -> Outcome {
    let table = Table::build("conf_ddl_defaults")
        .column(id())
        .column(
            column("label", SqlType::String { length: 60 })
                .server_default(ServerDefault::Text(TRICKY.into())),
        )
        .column(column("story", SqlType::Text).server_default(ServerDefault::Text(TRICKY.into())))
        .column(column("amount", SqlType::Integer).server_default(ServerDefault::Integer(-5)))
        .column(column("sum", SqlType::Integer).server_default(ServerDefault::Sql("40 + 2")))
        .column(column("fresh", SqlType::Boolean).server_default(ServerDefault::Boolean(true)))
        .column(column("made", SqlType::DateTime).server_default(ServerDefault::CurrentTimestamp))
        .column(column("twice", SqlType::Integer).computed(Computed::stored("amount * 2")))
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = connect(database, &metadata);
    metadata.create_all(&mut conn).unwrap();
    conn.execute(insert_into(&table).row([]).unwrap()).unwrap();
    run_raw(&mut conn, "insert into conf_ddl_defaults (amount) values (4)");
    run_raw(&mut conn, "insert into conf_ddl_defaults (id, amount) values (100, 4)");
    type Row = (i64, String, String, i32, i32, bool, Option<i32>);
    let rows: Vec<Row> = conn
        .fetch_all(text(
            "select id, label, story, amount, sum, fresh, twice from conf_ddl_defaults order by id",
        ))
        .unwrap();
    let row = |id, amount| (id, TRICKY.to_owned(), TRICKY.to_owned(), amount, 42, true, Some(amount * 2));
    assert_eq!(rows, [row(1, -5), row(2, 4), row(100, 4)]);
    let made: chrono::NaiveDateTime =
        conn.scalar(text("select made from conf_ddl_defaults where id = 1")).unwrap();
    let age = chrono::Utc::now().naive_utc() - made;
    assert!(age.abs() < chrono::TimeDelta::hours(1), "in UTC: {made}");
    // A key that was given away is not given again, on any database.
    if database.name != "PostgreSQL" {
        run_raw(&mut conn, "delete from conf_ddl_defaults where id = 100");
        run_raw(&mut conn, "insert into conf_ddl_defaults (amount) values (4)");
        assert_eq!(conn.scalar::<i64>(text("select max(id) from conf_ddl_defaults")).unwrap(), 101);
    }
    conn.commit().unwrap();
    end(conn, &metadata);
    passed("texts, numbers, an expression, a moment, a computation, counted keys")
}

fn constraints(database: &Database) -> Outcome {
    let parent = Table::build("conf_ddl_owner")
        .column(column("a", SqlType::Integer).primary_key())
        .column(column("b", SqlType::String { length: 10 }).primary_key())
        .finish()
        .unwrap();
    let child = Table::build("conf_ddl_owned")
        .column(id())
        .column(column("a", SqlType::Integer).nullable())
        .column(column("b", SqlType::String { length: 10 }).nullable())
        .column(column("age", SqlType::Integer).unique())
        .column(column("low", SqlType::Integer).server_default(ServerDefault::Integer(0)))
        .unique(["a", "b"])
        .foreign_key(
            ForeignKey::new(["a", "b"], "conf_ddl_owner", ["a", "b"])
                .on_delete(OnChange::Cascade)
                .on_update(OnChange::SetNull),
        )
        .check(CheckConstraint::new("low < age"))
        .index(Index::on(["low"]))
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&child).table(&parent);
    let mut conn = connect(database, &metadata);
    metadata.create_all(&mut conn).unwrap();
    run_raw(&mut conn, "insert into conf_ddl_owner values (1, 'x'), (2, 'y')");
    run_raw(&mut conn, "insert into conf_ddl_owned (a, b, age) values (1, 'x', 7), (2, 'y', 8)");
    conn.commit().unwrap();
    for (sql, kind) in [
        ("insert into conf_ddl_owner values (1, 'x')", ErrorKind::UniqueViolation),
        ("insert into conf_ddl_owner (a, b) values (1, null)", ErrorKind::NotNullViolation),
        ("insert into conf_ddl_owned (age) values (7)", ErrorKind::UniqueViolation),
        ("insert into conf_ddl_owned (a, b, age) values (1, 'x', 9)", ErrorKind::UniqueViolation),
        ("insert into conf_ddl_owned (a, b, age) values (3, 'x', 9)", ErrorKind::ForeignKeyViolation),
        ("insert into conf_ddl_owned (age) values (null)", ErrorKind::NotNullViolation),
        ("insert into conf_ddl_owned (age) values (-1)", ErrorKind::CheckViolation),
    ] {
        assert_eq!(fails(&mut conn, raw(sql)), kind, "{sql}");
    }
    let unique = Index::on(["low", "age"]).unique();
    conn.execute(create_index(&child, &unique)).unwrap();
    conn.execute(drop_index(&child, &unique)).unwrap();
    conn.execute(create_index(&child, &Index::on(["low"]).unique())).unwrap_err();
    conn.rollback().unwrap();
    run_raw(&mut conn, "delete from conf_ddl_owner where a = 1");
    run_raw(&mut conn, "update conf_ddl_owner set a = 3 where a = 2");
    let left: Vec<(Option<i32>, i32)> = conn.fetch_all(text("select a, age from conf_ddl_owned")).unwrap();
    assert_eq!(left, [(None, 8)], "cascaded, and set to NULL");
    conn.commit().unwrap();
    let error = failure(conn.execute(raw("insert into conf_ddl_owned (age) values (-1)")));
    assert_eq!(error.constraint(), Some("ck_conf_ddl_owned_1"), "by the convention's name");
    conn.rollback().unwrap();
    end(conn, &metadata);
    passed("7 violations, 2 changes of keys, indexes")
}

fn odd_names(database: &Database) -> Outcome {
    let names = ["select", "a b", "Ünï→", "q\"u`o't[e];--", "x:y ?", "%s $1", "Conf", "conf\\n"];
    for name in names {
        let own = format!("conf_ddl {name}");
        let table = Table::build(&own)
            .column(id())
            .column(column(name, SqlType::Integer).unique().index())
            .column(column("self", SqlType::BigInteger).nullable())
            .foreign_key(ForeignKey::new(["self"], &own, ["id"]))
            .finish()
            .unwrap();
        let metadata = MetaData::new().table(&table);
        let mut conn = connect(database, &metadata);
        metadata.create_all(&mut conn).unwrap();
        metadata.create_all(&mut conn).unwrap();
        conn.execute(insert_into(&table).values([(name, 7)]).unwrap()).unwrap();
        let rows = conn.execute(select(table.c(name))).unwrap().all().unwrap();
        assert_eq!(rows[0].value::<i64>(0).unwrap(), 7, "{name}");
        conn.commit().unwrap();
        end(conn, &metadata);
    }
    passed(format!("{} names of tables, columns, constraints and indexes", names.len()))
}

fn case(database: &Database) -> Outcome {
    let [small, large] = ["conf_ddl_case", "conf_ddl_CASE"]
        .map(|name| MetaData::new().table(&Table::build(name).column(id()).finish().unwrap()));
    let mut conn = connect(database, &small);
    large.drop_all(&mut conn).unwrap();
    small.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    // Whether the two are one table is the database's to say; the catalogue's answer must agree with it.
    let same = match database.name {
        "MariaDB" => conn.scalar::<i64>(text("select @@lower_case_table_names")).unwrap() > 0,
        "PostgreSQL" => false,
        _ => true,
    };
    large.create_all(&mut conn).unwrap();
    small.drop_all(&mut conn).unwrap();
    let left = conn.execute(raw(pick(
        database,
        "select * from conf_ddl_CASE",
        "select * from conf_ddl_CASE",
        "select * from \"conf_ddl_CASE\"",
    )));
    assert_eq!(left.is_err(), same);
    conn.rollback().unwrap();
    end(conn, &large);
    passed(if same { "one table" } else { "two tables" })
}

fn comments(database: &Database) -> Outcome {
    let table = Table::build("conf_ddl_comments")
        .column(column("n", SqlType::Integer).comment(TRICKY))
        .comment(format!("table: {TRICKY}"))
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = connect(database, &metadata);
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    let sql = pick(
        database,
        "",
        "select table_comment, column_comment from information_schema.tables join information_schema.columns \
         using (table_schema, table_name) where table_name = 'conf_ddl_comments' and table_schema = database()",
        "select obj_description('conf_ddl_comments'::regclass), col_description('conf_ddl_comments'::regclass, 1)",
    );
    if sql.is_empty() {
        end(conn, &metadata);
        return passed("SQLite keeps no comments, and is not told any");
    }
    let found: Vec<(String, String)> = conn.fetch_all(raw(sql)).unwrap();
    assert_eq!(found, [(format!("table: {TRICKY}"), TRICKY.to_owned())]);
    end(conn, &metadata);
    passed("of a table and a column")
}

fn types(database: &Database) -> Outcome {
    let numeric = |precision, scale| SqlType::Numeric { precision, scale };
    let mut types = vec![
        SqlType::SmallInteger,
        SqlType::Integer,
        SqlType::BigInteger,
        SqlType::Boolean,
        SqlType::Float,
        SqlType::Double,
        numeric(9, 2),
        numeric(28, 6),
        SqlType::String { length: 20 },
        SqlType::Text,
        SqlType::LargeBinary,
        SqlType::Date,
        SqlType::Time,
        SqlType::DateTime,
        SqlType::Timestamp,
        SqlType::Uuid,
        SqlType::Json,
        SqlType::native("integer"),
    ];
    if database.name == "PostgreSQL" {
        types.push(SqlType::Array(Box::new(SqlType::Text)));
    }
    let columns = types.iter().enumerate();
    let columns = columns.map(|(index, sql_type)| column(&format!("c{index}"), sql_type.clone()));
    let table = columns.fold(Table::build("conf_ddl_types"), |table, column| table.column(column.nullable()));
    let table = table.finish().unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = connect(database, &metadata);
    metadata.create_all(&mut conn).unwrap();
    // What an integer, a decimal of 28 digits, a moment and a UUID must come back as.
    let decimal: rust_decimal::Decimal = "1234567890123456789012.345678".parse().unwrap();
    let moment = chrono::DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
    let id = uuid::Uuid::max();
    let story = "ü".repeat(100_000);
    let insert =
        text("insert into conf_ddl_types (c2, c3, c7, c9, c14, c15) values (:a, :b, :c, :d, :e, :f)")
            .bind("a", i64::MAX)
            .bind("b", true)
            .bind("c", decimal)
            .bind("d", story.as_str())
            .bind("e", moment)
            .bind("f", id);
    conn.execute(insert).unwrap();
    let row: (i64, bool, rust_decimal::Decimal, String, chrono::DateTime<chrono::Utc>, uuid::Uuid) = conn
        .execute(text("select c2, c3, c7, c9, c14, c15 from conf_ddl_types"))
        .unwrap()
        .of()
        .one()
        .unwrap();
    assert!(row == (i64::MAX, true, decimal, story, moment, id), "nothing is lost");
    conn.commit().unwrap();
    end(conn, &metadata);
    passed(format!("{} types", types.len()))
}

fn translated(database: &Database) -> Outcome {
    let attach = "attach ':memory:' as conf_tenant";
    let make = pick(database, Some(attach), None, Some("create schema if not exists conf_tenant"));
    let Some(make) = make else {
        return Outcome::Skipped(
            "another database of MariaDB takes rights that a test need not have".to_owned(),
        );
    };
    let engine = database.builder().isolation_level(IsolationLevel::Autocommit).build().unwrap();
    let notes = Table::build("conf_notes").column(id()).column(column("n", SqlType::Integer).index());
    let metadata = MetaData::new().table(&notes.finish().unwrap());
    let notes = metadata.find("conf_notes").unwrap();
    let mut conn = engine.connect().unwrap();
    run_raw(&mut conn, make);
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    conn.execute(insert_into(notes).values([("n", 1)]).unwrap()).unwrap();
    let tenant = SchemaTranslateMap::new().with(None::<&str>, Some("conf_tenant"));
    conn.execution_options(|options| options.schema_translate_map = tenant).unwrap();
    metadata.drop_all(&mut conn).unwrap();
    for _ in 0..2 {
        metadata.create_all(&mut conn).unwrap();
    }
    conn.execute(insert_into(notes).values([("n", 2)]).unwrap()).unwrap();
    let all = || select(notes.c("n").type_coerce::<i64>());
    assert_eq!(conn.fetch_all(all()).unwrap(), [(2,)]);
    metadata.drop_all(&mut conn).unwrap();
    assert_eq!(conn.execute(all()).unwrap_err().kind(), ErrorKind::Statement, "it is gone");
    conn.execution_options(|options| options.schema_translate_map = SchemaTranslateMap::new()).unwrap();
    assert_eq!(conn.fetch_all(all()).unwrap(), [(1,)], "the other one is there");
    metadata.drop_all(&mut conn).unwrap();
    passed("a table in two schemas by one description")
}
