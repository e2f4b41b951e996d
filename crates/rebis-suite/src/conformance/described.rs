//! What only a description can say of tables, and what stands beside them: it is made, holds, and goes.

use rebis::schema::{
    AttachedDdl, CheckConstraint, ColumnDef, Computed, DdlMoment, Deferral, ForeignKey, Identity, Index,
    IndexKey, IndexMethod, MetaData, MysqlOptions, PostgresqlOptions, Sequence, SqlType, SqliteOptions,
    Table, UniqueConstraint,
};
use rebis::sql::{
    Expression, View, add_constraint, column, create_index, create_schema, create_sequence, create_table_as,
    create_view, drop_constraint, drop_index, drop_schema, drop_sequence, drop_table, drop_view, func,
    insert_into, literal, select, set_table_comment,
};
use rebis::{Backend, Connection, ErrorKind, raw, text};

use super::{Database, Outcome, Scenario, count, failure, id, number, passed, pick, run_raw, word};

pub(super) const CASES: &[Scenario] = &[
    ("described_indexes", indexes),
    ("described_constraints_that_wait", waiting),
    ("described_constraints_added", added),
    ("described_values_in_conditions", values),
    ("described_options", options),
    ("described_counters", counters),
    ("described_sequences", sequences),
    ("described_schemas", schemas),
    ("described_views", views),
    ("described_events", events),
];

/// Makes the tables anew.
fn made(database: &Database, metadata: &MetaData) -> Connection {
    let mut conn = database.engine(1).connect().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    conn
}

fn end(mut conn: Connection, metadata: &MetaData) {
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
}

fn kind_of(conn: &mut Connection, sql: &str) -> ErrorKind {
    let kind = failure(conn.execute(raw(sql))).kind();
    conn.rollback().unwrap();
    kind
}

fn indexes(database: &Database) -> Outcome {
    let plain = Table::build("conf_described")
        .column(number("a"))
        .column(number("b"))
        .column(word("name"))
        .column(ColumnDef::new("story", SqlType::Text).nullable());
    let table = plain.index(Index::on([IndexKey::from("a").descending(), "b".into()])).finish().unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = made(database, &metadata);
    let lower = || func::<String>("lower", (column("name"),));
    let partial =
        Index::new("conf_partial", ["b"]).unique().filter(column("a").gt(-5) & column("name").ne("it's"));
    let all = [
        (partial, [true, false, true]),
        (Index::new("conf_expr", [IndexKey::expression(lower())]).unique(), [true, false, true]),
        (Index::new("conf_prefix", [IndexKey::from("story").prefix(10)]), [false, true, false]),
        (Index::new("conf_words", ["story"]).using(IndexMethod::FullText), [false, true, false]),
        (Index::new("conf_hash", ["a"]).using(IndexMethod::Hash), [false, true, true]),
        (Index::new("conf_brin", ["a"]).using(IndexMethod::Brin), [false, false, true]),
        (Index::new("conf_include", ["a"]).include(["b"]), [false, false, true]),
    ];
    let mut made = Vec::new();
    for (index, can) in all {
        let can = pick(database, can[0], can[1], can[2]);
        match conn.execute(create_index(&table, &index)).map(|_| ()) {
            Ok(()) => made.push(index),
            Err(error) => {
                assert_eq!((error.kind(), can), (ErrorKind::Unsupported, false), "{}", error.chain());
            }
        }
    }
    conn.commit().unwrap();
    assert_eq!(made.len(), pick(database, 2, 3, 5));
    run_raw(
        &mut conn,
        "insert into conf_described (a, b, name) values (1, 1, 'x'), (-9, 2, 'y'), (-9, 2, 'z')",
    );
    conn.commit().unwrap();
    if database.name != "MariaDB" {
        let twice = "insert into conf_described (a, b, name) values (1, 1, 'w')";
        assert_eq!(kind_of(&mut conn, twice), ErrorKind::UniqueViolation, "in the condition");
        let same = "insert into conf_described (a, b, name) values (-9, 1, 'X')";
        assert_eq!(kind_of(&mut conn, same), ErrorKind::UniqueViolation, "by the expression");
    }
    for index in &made {
        conn.execute(drop_index(&table, index)).unwrap();
        conn.execute(drop_index(&table, index).if_exists()).unwrap();
    }
    let again = Index::new("conf_again", ["a"]);
    conn.execute(create_index(&table, &again)).unwrap();
    conn.execute(create_index(&table, &again).if_not_exists()).unwrap();
    conn.commit().unwrap();
    end(conn, &metadata);
    passed(format!("{} of 7 kinds", made.len()))
}

fn waiting(database: &Database) -> Outcome {
    let parent = Table::build("conf_waits_parent").column(number("id").primary_key()).finish().unwrap();
    let key = ForeignKey::new(["parent"], "conf_waits_parent", ["id"]).deferrable(Deferral::Deferred);
    let child = Table::build("conf_waits_child").column(number("parent"));
    let child = child.foreign_key(key).finish().unwrap();
    let metadata = MetaData::new().table(&parent).table(&child);
    if database.name == "MariaDB" {
        let mut conn = database.engine(1).connect().unwrap();
        let error = conn.create_table(&child).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        return passed("refused before anything is sent");
    }
    let mut conn = made(database, &metadata);
    run_raw(&mut conn, "insert into conf_waits_child values (1)");
    run_raw(&mut conn, "insert into conf_waits_parent values (1)");
    conn.commit().unwrap();
    run_raw(&mut conn, "insert into conf_waits_child values (2)");
    let error = conn.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation);
    conn.rollback().unwrap();
    let unique = UniqueConstraint::new(["id"]).name("conf_waits_unique").deferrable(Deferral::Deferred);
    let late = conn.execute(add_constraint(&parent, unique)).map(|_| ());
    assert_eq!(late.is_ok(), database.name == "PostgreSQL");
    conn.rollback().unwrap();
    end(conn, &metadata);
    passed("a child before its parent, and one without")
}

fn added(database: &Database) -> Outcome {
    let parent = Table::build("conf_added_parent").column(number("id").primary_key()).finish().unwrap();
    let table = Table::build("conf_added").column(number("a")).column(number("b")).comment("before");
    let table = table.finish().unwrap();
    let metadata = MetaData::new().table(&parent).table(&table);
    let mut conn = made(database, &metadata);
    let check = CheckConstraint::new(column("a").gt(0)).name("conf_added_check");
    let unique = UniqueConstraint::new(["a", "b"]);
    let key = ForeignKey::new(["a"], "conf_added_parent", ["id"]);
    if !database.is_server() {
        let error = conn.execute(add_constraint(&table, check)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        drop(conn);
        end(database.engine(1).connect().unwrap(), &metadata);
        return passed("refused before anything is sent");
    }
    run_raw(&mut conn, "insert into conf_added_parent values (1)");
    conn.execute(add_constraint(&table, check.clone())).unwrap();
    conn.execute(add_constraint(&table, unique.clone())).unwrap();
    conn.execute(add_constraint(&table, key.clone())).unwrap();
    run_raw(&mut conn, "insert into conf_added values (1, 1)");
    conn.commit().unwrap();
    for (sql, kind) in [
        ("insert into conf_added values (0, 1)", ErrorKind::CheckViolation),
        ("insert into conf_added values (1, 1)", ErrorKind::UniqueViolation),
        ("insert into conf_added values (2, 1)", ErrorKind::ForeignKeyViolation),
    ] {
        assert_eq!(kind_of(&mut conn, sql), kind, "{sql}");
    }
    conn.execute(drop_constraint(&table, check)).unwrap();
    conn.execute(drop_constraint(&table, key)).unwrap();
    conn.execute(drop_constraint(&table, unique)).unwrap();
    run_raw(&mut conn, "insert into conf_added values (0, 1), (0, 1)");
    let after = Table::build("conf_added").column(number("a")).comment("it's after").finish().unwrap();
    conn.execute(set_table_comment(&after)).unwrap();
    assert_eq!(conn.inspect().table_comment("conf_added").unwrap().as_deref(), Some("it's after"));
    conn.commit().unwrap();
    end(conn, &metadata);
    passed("a check, a unique pair, a foreign key, a comment: added, and dropped")
}

/// Texts that would be something else if they were not kept safe, and values of every kind.
fn values(database: &Database) -> Outcome {
    let tricky = "it's \\ \"x\" \\' -- `?` :name $1 %s ü /*";
    let day = chrono::NaiveDate::from_ymd_opt(2026, 2, 3).unwrap();
    let table = Table::build("conf_valued")
        .column(word("name"))
        .column(number("n").server_default(literal(40_i64) + 2_i64))
        .column(ColumnDef::new("day", SqlType::Date))
        .column(ColumnDef::new("x", SqlType::Double))
        .column(ColumnDef::new("data", SqlType::LargeBinary))
        .column(number("twice").computed(Computed::stored(column("n") * 2)))
        .check(CheckConstraint::new(column("name").eq(tricky)))
        .check(CheckConstraint::new(column("n").gt(-7)))
        .check(CheckConstraint::new(column("day").ge(day)))
        .check(CheckConstraint::new(column("x").lt(1.5_f64)))
        .check(CheckConstraint::new(column("data").ne(vec![0_u8, 255])))
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = made(database, &metadata);
    type Row = (&'static str, rebis::Value);
    let row = |change: Option<Row>| {
        let mut row: Vec<Row> = vec![
            ("name", tricky.into()),
            ("day", day.into()),
            ("x", 1.25_f64.into()),
            ("data", vec![1_u8].into()),
        ];
        if let Some((name, value)) = change {
            row.retain(|(known, _)| *known != name);
            row.push((name, value));
        }
        insert_into(&table).values(row).unwrap()
    };
    conn.execute(row(None)).unwrap();
    conn.commit().unwrap();
    for change in [
        ("name", "it's".into()),
        ("n", (-7).into()),
        ("day", day.pred_opt().unwrap().into()),
        ("x", 1.5_f64.into()),
        ("data", vec![0_u8, 255].into()),
    ] {
        let name = change.0;
        let error = conn.execute(row(Some(change))).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CheckViolation, "{name}: {}", error.chain());
        conn.rollback().unwrap();
    }
    let (n, twice): (i64, i64) = conn.fetch_all(text("select n, twice from conf_valued")).unwrap()[0];
    assert_eq!((n, twice), (42, 84));
    conn.commit().unwrap();
    end(conn, &metadata);
    passed("5 kinds of values bite in checks; a composed default and a computation")
}

fn options(database: &Database) -> Outcome {
    let table = Table::build("conf_options")
        .column(word("name").primary_key())
        .column(number("n"))
        .mysql(MysqlOptions::default().engine("MEMORY").charset("utf8mb4").collation("utf8mb4_bin"))
        .postgresql(PostgresqlOptions::default().unlogged().fill_factor(70).tablespace("pg_default"))
        .sqlite(SqliteOptions::default().strict().without_row_id())
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = made(database, &metadata);
    match database.name {
        "SQLite" => {
            let wrong = kind_of(&mut conn, "insert into conf_options values ('a', 'x')");
            assert_eq!(wrong, ErrorKind::CheckViolation, "strict");
            assert!(conn.execute(text("select rowid from conf_options")).is_err());
            conn.rollback().unwrap();
        }
        "PostgreSQL" => {
            let sql = "select relpersistence::text, array_to_string(reloptions, ',') from pg_class where relname = 'conf_options'";
            let told: Vec<(String, String)> = conn.fetch_all(text(sql)).unwrap();
            assert_eq!(told, [("u".to_owned(), "fillfactor=70".to_owned())]);
        }
        _ => {
            let sql = "select engine, table_collation from information_schema.tables where table_name = 'conf_options'";
            let told: Vec<(String, String)> = conn.fetch_all(text(sql)).unwrap();
            assert_eq!(told, [("MEMORY".to_owned(), "utf8mb4_bin".to_owned())]);
        }
    }
    conn.commit().unwrap();
    // What is temporary hides the other, and goes with its connection.
    let brief = Table::build("conf_brief").column(number("n")).temporary().finish().unwrap();
    conn.create_table(&brief).unwrap();
    conn.execute(insert_into(&brief).values([("n", 7)]).unwrap()).unwrap();
    assert_eq!(count(&mut conn, "conf_brief"), 1);
    let both = MetaData::new().table(&brief);
    both.create_all(&mut conn).unwrap();
    assert_eq!(count(&mut conn, "conf_brief"), 1, "left as it was");
    both.drop_all(&mut conn).unwrap();
    both.drop_all(&mut conn).unwrap();
    conn.create_table(&brief).unwrap();
    conn.drop_table(&brief).unwrap();
    assert!(conn.execute(text("select * from conf_brief")).is_err());
    conn.rollback().unwrap();
    end(conn, &metadata);
    passed("engine, collation, fill factor, strict; a temporary table")
}

fn counters(database: &Database) -> Outcome {
    let table = |identity| {
        let id = ColumnDef::new("id", SqlType::BigInteger).identity(identity);
        Table::build("conf_counted").column(id).column(number("n")).finish().unwrap()
    };
    let started = table(Identity::default().start(1000));
    let always = table(Identity::always().start(10).increment(10));
    let mut conn = database.engine(1).connect().unwrap();
    conn.execute(drop_table(&started).if_exists()).unwrap();
    conn.commit().unwrap();
    let made = conn.create_table(&started).map_err(|error| error.kind());
    assert_eq!(made, if database.is_server() { Ok(()) } else { Err(ErrorKind::Unsupported) });
    if made.is_ok() {
        run_raw(&mut conn, "insert into conf_counted (n) values (1), (2)");
        assert_eq!(conn.scalar::<i64>(text("select max(id) from conf_counted")).unwrap(), 1001);
        conn.drop_table(&started).unwrap();
    }
    let made = conn.create_table(&always).map_err(|error| error.kind());
    assert_eq!(made.is_ok(), database.name == "PostgreSQL");
    if made.is_ok() {
        run_raw(&mut conn, "insert into conf_counted (n) values (1), (2)");
        assert_eq!(conn.scalar::<i64>(text("select max(id) from conf_counted")).unwrap(), 20);
        conn.commit().unwrap();
        assert!(conn.execute(text("insert into conf_counted (id, n) values (5, 5)")).is_err());
        conn.rollback().unwrap();
        conn.drop_table(&always).unwrap();
    }
    conn.commit().unwrap();
    passed("where there are any")
}

fn sequences(database: &Database) -> Outcome {
    let numbers = Sequence::new("conf_numbers").start(5).increment(10).between(1, 30).cycle();
    let mut conn = database.engine(1).connect().unwrap();
    if !database.is_server() {
        let error = conn.execute(create_sequence(&numbers)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let error = conn.execute(select(numbers.next_value())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        return passed("refused before anything is sent");
    }
    let table = Table::build("conf_numbered")
        .column(ColumnDef::new("id", SqlType::BigInteger).primary_key().server_default(&numbers))
        .column(number("n"));
    let metadata = MetaData::new().sequence(&numbers).table(&table.finish().unwrap());
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    assert!(conn.inspect().sequence_names(None).unwrap().contains(&"conf_numbers".to_owned()));
    run_raw(&mut conn, "insert into conf_numbered (n) values (1)");
    run_raw(&mut conn, "insert into conf_numbered (n) values (2)");
    let mut next = || conn.execute(select(numbers.next_value())).unwrap().scalar::<i64>().unwrap();
    assert_eq!([next(), next()], [25, 1], "5 and 15 are in the table; behind 30 it begins anew");
    let keys: Vec<(i64,)> = conn.fetch_all(text("select id from conf_numbered order by id")).unwrap();
    assert_eq!(keys, [(5,), (15,)]);
    conn.commit().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    assert!(conn.execute(drop_sequence(&numbers)).is_err());
    conn.rollback().unwrap();
    conn.execute(drop_sequence(&numbers).if_exists()).unwrap();
    conn.commit().unwrap();
    passed("as a default and as an expression")
}

fn schemas(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    if !database.is_server() {
        let error = conn.execute(create_schema("conf_made")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        return passed("refused before anything is sent");
    }
    conn.execute(drop_schema("conf_made").if_exists()).unwrap();
    if let Err(error) = conn.execute(create_schema("conf_made")).map(|_| ()) {
        // A test's account on MySQL need not have the right.
        assert_eq!(database.name, "MariaDB", "{}", error.chain());
        return Outcome::Skipped(format!("no right to make a schema: {error}"));
    }
    conn.execute(create_schema("conf_made").if_not_exists()).unwrap();
    let parent = Table::build("conf_there").column(id()).finish().unwrap();
    let child = Table::build("conf_child").column(id()).column(ColumnDef::new("there", SqlType::BigInteger));
    let child = child.foreign_key(ForeignKey::new(["there"], "conf_there", ["id"])).finish().unwrap();
    let metadata = MetaData::new().schema("conf_made").table(&child).table(&parent);
    metadata.create_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    assert_eq!(conn.inspect().table_names(Some("conf_made")).unwrap(), ["conf_child", "conf_there"]);
    let there = metadata.find("conf_there").unwrap();
    conn.execute(insert_into(there).row([]).unwrap()).unwrap();
    assert_eq!(count(&mut conn, "conf_made.conf_there"), 1);
    metadata.drop_all(&mut conn).unwrap();
    conn.execute(drop_schema("conf_made")).unwrap();
    conn.commit().unwrap();
    passed("two tables in a schema of their own")
}

fn views(database: &Database) -> Outcome {
    let table = Table::build("conf_viewed").column(id()).column(word("name")).finish().unwrap();
    let metadata = MetaData::new().table(&table);
    let mut conn = database.engine(1).connect().unwrap();
    let tricky = "it's \\ :x ? $1";
    let query = |name: &str| {
        let names = select((table.c("id"), table.c("name"))).filter(table.c("name").eq(name.to_owned()));
        View::new("conf_view", names.order_by(table.c("id").asc()).limit(5))
    };
    let view = query(tricky);
    conn.execute(drop_view(&view).if_exists()).unwrap();
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    for name in ["ed", tricky] {
        conn.execute(insert_into(&table).values([("name", name)]).unwrap()).unwrap();
    }
    conn.execute(create_view(&view)).unwrap();
    let ids = text("select id from conf_view");
    assert_eq!(conn.fetch_all::<(i64,)>(ids.clone()).unwrap(), [(2,)]);
    assert_eq!(conn.inspect().columns("conf_view").unwrap().len(), 2);
    assert!(conn.inspect().view_names(None).unwrap().contains(&"conf_view".to_owned()));
    conn.commit().unwrap();
    let replaced = conn.execute(create_view(&query("ed")).or_replace()).map(|_| ());
    match replaced {
        Ok(()) => assert_eq!(conn.fetch_all::<(i64,)>(ids).unwrap(), [(1,)]),
        Err(error) => assert_eq!((error.kind(), database.name), (ErrorKind::Unsupported, "SQLite")),
    }
    conn.execute(drop_view(&view)).unwrap();
    if database.name == "PostgreSQL" {
        conn.execute(create_view(&view.clone().materialized())).unwrap();
        assert_eq!(count(&mut conn, "conf_view"), 1);
        conn.execute(drop_view(&view.clone().materialized())).unwrap();
    }
    conn.execute(create_table_as(&view)).unwrap();
    assert_eq!(count(&mut conn, "conf_view"), 1);
    run_raw(&mut conn, "drop table conf_view");
    conn.commit().unwrap();
    // With its tables: behind them, and one that uses another behind that.
    let first = Table::build("conf_view").column(ColumnDef::new("id", SqlType::BigInteger)).finish().unwrap();
    let second = View::new("conf_second", select(first.c("id")));
    let metadata = metadata.view(&view).view(&second);
    for _ in 0..2 {
        metadata.create_all(&mut conn).unwrap();
        assert_eq!(count(&mut conn, "conf_second"), 1);
    }
    metadata.drop_all(&mut conn).unwrap();
    assert!(!conn.inspect().has_table("conf_second").unwrap());
    conn.commit().unwrap();
    end(conn, &metadata);
    passed("a view, another in its place, a table of a query, two with their tables")
}

fn events(database: &Database) -> Outcome {
    let table = Table::build("conf_heard")
        .column(number("n"))
        .attach(AttachedDdl::new(DdlMoment::AfterCreate, "insert into conf_heard values (7)"))
        .attach(
            AttachedDdl::new(DdlMoment::AfterCreate, "insert into conf_heard values (8)")
                .only_on([Backend::Sqlite]),
        )
        .finish()
        .unwrap();
    let metadata = MetaData::new().table(&table);
    let engine = database.engine(1);
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut conn = engine.connect().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    let listen = || {
        let heard = heard.clone();
        move |conn: &mut Connection, event: &rebis::engine::DdlEvent<'_>| {
            let there = conn.inspect().has_table("conf_heard")?;
            let name = event.table().map_or("all", |table| table.name());
            heard.lock().unwrap().push(format!("{:?} {name} {there}", event.moment));
            Ok(())
        }
    };
    let listeners = [
        engine.on_before_create(listen()),
        engine.on_after_create(listen()),
        engine.on_before_drop(listen()),
        engine.on_after_drop(listen()),
    ];
    metadata.create_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    let rows: Vec<(i64,)> = conn.fetch_all(text("select n from conf_heard order by n")).unwrap();
    assert_eq!(rows, pick(database, vec![(7,), (8,)], vec![(7,)], vec![(7,)]));
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "BeforeCreate all false",
            "BeforeCreate conf_heard false",
            "AfterCreate conf_heard true",
            "AfterCreate all true",
            "BeforeCreate all true",
            "AfterCreate all true",
            "BeforeDrop all true",
            "BeforeDrop conf_heard true",
            "AfterDrop conf_heard false",
            "AfterDrop all false",
        ]
    );
    listeners.into_iter().for_each(|listener| listener.remove());
    let refuse = engine.on_before_create(|_, _| Err(rebis::Error::new(ErrorKind::Other, "not today")));
    let error = conn.create_table(&table).unwrap_err();
    assert!(error.to_string().contains("not today"), "{error}");
    assert!(!conn.inspect().has_table("conf_heard").unwrap());
    refuse.remove();
    passed("10 events in order; one that refuses")
}
