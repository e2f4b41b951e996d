//! What a database tells of its tables: exact answers, for tables made by SQL.

use rebis::inspect::{Action, ColumnInfo};
use rebis::schema::{ColumnDef, ForeignKey, Index, OnChange, SqlType, Table};
use rebis::sql::{Expression, insert_into, select};
use rebis::{Connection, ErrorKind, IsolationLevel, Value};

use super::{Database, Outcome, Scenario, passed, pick, run_raw};

pub(super) const CASES: &[Scenario] = &[
    ("inspection_columns", columns),
    ("inspection_keys", keys),
    ("inspection_names", names),
    ("inspection_odd_names", odd_names),
    ("inspection_schemas", schemas),
];

pub(super) fn connect(database: &Database) -> Connection {
    database.engine(1).connect().unwrap()
}

/// In the order in which they can be dropped.
pub(super) fn drop_tables(conn: &mut Connection, tables: &[&str]) {
    for table in tables {
        run_raw(conn, format!("drop table if exists {table}"));
    }
}

/// Name, type, NULL-able, default, counted, computed, collation, comment.
type Told<'a> = (
    &'a str,
    &'a str,
    bool,
    Option<&'a str>,
    bool,
    Option<(&'a str, bool)>,
    Option<&'a str>,
    Option<&'a str>,
);

fn told(column: &ColumnInfo) -> Told<'_> {
    (
        &column.name,
        &column.type_name,
        column.nullable,
        column.default.as_deref(),
        column.autoincrement,
        column.computed.as_ref().map(|computed| (computed.text.as_str(), computed.stored)),
        column.collation.as_deref(),
        column.comment.as_deref(),
    )
}

fn columns(database: &Database) -> Outcome {
    let mut conn = connect(database);
    drop_tables(&mut conn, &["conf_inspected"]);
    run_raw(
        &mut conn,
        pick(
            database,
            "create table conf_inspected (id integer primary key, name varchar(50) collate nocase not null default 'it''s', \
             made datetime default current_timestamp, twice int generated always as (id * 2) stored, \
             thrice int as (id * 3), odd \"strange; type\", untyped)",
            "create table conf_inspected (id bigint auto_increment primary key, name varchar(50) collate utf8mb4_bin not null \
             default 'it''s' comment 'what it''s called', made datetime(6) default current_timestamp(6), \
             twice int generated always as (year(made) * 2) stored, thrice int as (year(made) * 3), odd enum('a','b''c,)'), document json) \
             default character set utf8mb4 collate utf8mb4_general_ci comment 'all of them'",
            "create table conf_inspected (id bigint generated always as identity primary key, \
             name varchar(50) collate \"C\" not null default 'it''s', made timestamptz default now(), \
             twice bigint generated always as (id * 2) stored, counted serial, odd numeric(3,1)[], free numeric)",
        ),
    );
    if database.name == "PostgreSQL" {
        run_raw(&mut conn, "comment on table conf_inspected is 'all of them'");
        run_raw(&mut conn, "comment on column conf_inspected.name is 'what it''s called'");
    }
    let mut inspector = conn.inspect();
    let columns = inspector.columns("conf_inspected").unwrap();
    let said: Vec<Told<'_>> = columns.iter().map(told).collect();
    let quoted = Some("'it''s'");
    let called = Some("what it's called");
    let expected: Vec<Told<'_>> = pick(
        database,
        vec![
            ("id", "INTEGER", false, None, true, None, None, None),
            ("name", "varchar(50)", false, quoted, false, None, Some("nocase"), None),
            ("made", "datetime", true, Some("current_timestamp"), false, None, None, None),
            ("twice", "INT", true, None, false, Some(("id * 2", true)), None, None),
            ("thrice", "INT", true, None, false, Some(("id * 3", false)), None, None),
            ("odd", "strange; type", true, None, false, None, None, None),
            ("untyped", "", true, None, false, None, None, None),
        ],
        vec![
            ("id", "bigint(20)", false, None, true, None, None, None),
            ("name", "varchar(50)", false, quoted, false, None, Some("utf8mb4_bin"), called),
            ("made", "datetime(6)", true, Some("current_timestamp(6)"), false, None, None, None),
            ("twice", "int(11)", true, None, false, Some(("year(`made`) * 2", true)), None, None),
            ("thrice", "int(11)", true, None, false, Some(("year(`made`) * 3", false)), None, None),
            ("odd", "enum('a','b''c,)')", true, None, false, None, None, None),
            ("document", "longtext", true, None, false, None, Some("utf8mb4_bin"), None),
        ],
        vec![
            ("id", "bigint", false, None, true, None, None, None),
            (
                "name",
                "character varying(50)",
                false,
                Some("'it''s'::character varying"),
                false,
                None,
                Some("C"),
                called,
            ),
            ("made", "timestamp with time zone", true, Some("now()"), false, None, None, None),
            ("twice", "bigint", true, None, false, Some(("(id * 2)", true)), None, None),
            (
                "counted",
                "integer",
                false,
                Some("nextval('conf_inspected_counted_seq'::regclass)"),
                true,
                None,
                None,
                None,
            ),
            ("odd", "numeric(3,1)[]", true, None, false, None, None, None),
            ("free", "numeric", true, None, false, None, None, None),
        ],
    );
    assert_eq!(said, expected);
    let portable: Vec<Option<SqlType>> = columns.iter().map(|column| column.sql_type.clone()).collect();
    assert_eq!(portable[..2], [Some(SqlType::BigInteger), Some(SqlType::String { length: 50 })]);
    let odd = SqlType::Array(Box::new(SqlType::Numeric { precision: 3, scale: 1 }));
    let last = pick(database, [None, None], [None, Some(SqlType::Json)], [Some(odd), None]);
    assert_eq!(portable[5..], last);
    let comment = inspector.table_comment("conf_inspected").unwrap();
    assert_eq!(comment.as_deref(), pick(database, None, Some("all of them"), Some("all of them")));
    passed(format!("{} columns", said.len()))
}

fn keys(database: &Database) -> Outcome {
    let mut conn = connect(database);
    drop_tables(&mut conn, &["conf_part", "conf_whole"]);
    run_raw(
        &mut conn,
        "create table conf_whole (b int not null, a varchar(20) not null, \
         constraint conf_whole_pk primary key (a, b))",
    );
    run_raw(
        &mut conn,
        "create table conf_part (id int not null primary key, x int, y varchar(20), z int, \
         constraint conf_part_fk foreign key (y, x) references conf_whole (a, b) on delete cascade on update set null, \
         constraint conf_part_pair unique (z, x), constraint conf_part_rule check (z > 0))",
    );
    run_raw(&mut conn, "create index conf_part_yz on conf_part (y, z)");
    run_raw(&mut conn, "create unique index conf_part_zy on conf_part (z, y)");
    let partial = "create index conf_part_some on conf_part (z) where z > 5";
    run_raw(&mut conn, pick(database, partial, "create index conf_part_some on conf_part (y(3))", partial));
    let expression = "create index conf_part_low on conf_part (z, lower(y))";
    run_raw(
        &mut conn,
        pick(database, expression, "create fulltext index conf_part_low on conf_part (y)", expression),
    );
    let server = database.is_server();

    let mut inspector = conn.inspect();
    let key = inspector.primary_key("conf_whole").unwrap().unwrap();
    assert_eq!(key.columns, ["a", "b"]);
    assert_eq!(key.name.as_deref(), pick(database, Some("conf_whole_pk"), None, Some("conf_whole_pk")));

    let keys = inspector.foreign_keys("conf_part").unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].name.as_deref(), Some("conf_part_fk"));
    assert_eq!((&*keys[0].columns.join(","), &*keys[0].referred_columns.join(",")), ("y,x", "a,b"));
    assert_eq!(keys[0].referred_table, "conf_whole");
    assert_eq!(Some(&keys[0].referred_schema), inspector.default_schema().unwrap().as_ref());
    assert_eq!((keys[0].on_delete, keys[0].on_update), (Action::Cascade, Action::SetNull));

    let uniques: Vec<(Option<String>, String)> = inspector
        .unique_constraints("conf_part")
        .unwrap()
        .into_iter()
        .map(|unique| (unique.name, unique.columns.join(",")))
        .collect();
    let pair = (Some("conf_part_pair".to_owned()), "z,x".to_owned());
    let index = (Some("conf_part_zy".to_owned()), "z,y".to_owned());
    let expected = pick(database, vec![pair.clone()], vec![pair.clone(), index], vec![pair]);
    assert_eq!(uniques, expected);

    let indexes: Vec<(String, String, bool, bool, bool, String)> = inspector
        .indexes("conf_part")
        .unwrap()
        .into_iter()
        .map(|index| {
            let columns = index.columns.iter().map(|column| column.as_deref().unwrap_or("?"));
            let columns = columns.collect::<Vec<_>>().join(",");
            (index.name, columns, index.unique, index.partial, index.prefix, index.method)
        })
        .collect();
    let line = |name: &str, columns: &str, marks: [bool; 3], method: &str| {
        (name.to_owned(), columns.to_owned(), marks[0], marks[1], marks[2], method.to_owned())
    };
    let plain = vec![
        line("conf_part_low", "z,?", [false; 3], "btree"),
        line("conf_part_some", "z", [false, true, false], "btree"),
        line("conf_part_yz", "y,z", [false; 3], "btree"),
        line("conf_part_zy", "z,y", [true, false, false], "btree"),
    ];
    let mysql = vec![
        line("conf_part_fk", "y,x", [false; 3], "btree"),
        line("conf_part_low", "y", [false; 3], "fulltext"),
        line("conf_part_some", "y", [false, false, true], "btree"),
        line("conf_part_yz", "y,z", [false; 3], "btree"),
    ];
    assert_eq!(indexes, pick(database, plain.clone(), mysql, plain));

    let checks = inspector.check_constraints("conf_part").unwrap();
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].name.as_deref(), Some("conf_part_rule"));
    assert_eq!(checks[0].text, pick(database, "z > 0", "`z` > 0", "(z > 0)"));

    // What a description can say of it.
    let part = Table::reflect(&mut conn, "conf_part").unwrap();
    let key = ForeignKey::new(["y", "x"], "conf_whole", ["a", "b"]).name("conf_part_fk");
    assert_eq!(part.foreign_keys(), [key.on_delete(OnChange::Cascade).on_update(OnChange::SetNull)]);
    let pair = ["z", "x"].map(str::to_owned).to_vec();
    assert!(part.unique_constraints().iter().any(|unique| unique.columns() == pair));
    let unique = Index::new("conf_part_zy", ["z", "y"]).unique();
    let plain = Index::new("conf_part_yz", ["y", "z"]);
    assert!(part.indexes().contains(&plain));
    assert_eq!(part.indexes().contains(&unique), database.name != "MariaDB");
    assert_eq!(part.indexes().len(), pick(database, 4, 3, 4), "{:?}", part.indexes());
    if server {
        conn.rollback().unwrap();
    }
    passed("a primary key, a foreign key, 2 unique, 4 indexes, a check")
}

fn names(database: &Database) -> Outcome {
    let mut conn = connect(database);
    run_raw(&mut conn, "drop view if exists conf_a_view");
    drop_tables(&mut conn, &["conf_viewed"]);
    run_raw(&mut conn, "create table conf_viewed (id int not null, name varchar(10))");
    run_raw(&mut conn, "create view conf_a_view as select name, id from conf_viewed");
    let sequences = database.is_server();
    if sequences {
        run_raw(&mut conn, "drop sequence if exists conf_a_sequence");
        run_raw(&mut conn, "create sequence conf_a_sequence");
    }
    let mut inspector = conn.inspect();
    let ours = |names: Vec<String>| -> Vec<String> {
        names.into_iter().filter(|name| name.starts_with("conf_a_") || name == "conf_viewed").collect()
    };
    assert_eq!(ours(inspector.table_names(None).unwrap()), ["conf_viewed"]);
    assert_eq!(ours(inspector.view_names(None).unwrap()), ["conf_a_view"]);
    let found = ours(inspector.sequence_names(None).unwrap());
    assert_eq!(found, if sequences { vec!["conf_a_sequence"] } else { vec![] });
    assert_eq!(inspector.table_names(Some("conf_no_schema")).unwrap(), [""; 0]);
    assert!(inspector.has_table("conf_viewed").unwrap());
    assert!(inspector.has_table("conf_a_view").unwrap());
    assert!(!inspector.has_table("conf_a_sequence").unwrap());
    assert!(!inspector.has_table(("conf_no_schema", "conf_viewed")).unwrap());
    assert_eq!(inspector.primary_key("conf_viewed").unwrap(), None);
    assert_eq!(inspector.table_comment("conf_a_view").unwrap(), None);
    let view = inspector.table("conf_a_view").unwrap();
    assert_eq!(view.columns().iter().map(ColumnDef::name).collect::<Vec<_>>(), ["name", "id"]);
    for error in [
        inspector.columns("conf_nobody").unwrap_err(),
        inspector.indexes(("conf_no_schema", "conf_viewed")).unwrap_err(),
        inspector.table("conf_nobody").unwrap_err(),
        Table::reflect_in(&mut conn, "conf_no_schema", "conf_viewed").unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Schema, "{error:?}");
        assert!(error.to_string().starts_with("there is no table 'conf_"), "{error}");
    }
    // An error of ours has not cost the transaction.
    assert!(conn.inspect().has_table("conf_viewed").unwrap());
    conn.rollback().unwrap();
    run_raw(&mut conn, "drop view if exists conf_a_view");
    conn.commit().unwrap();
    passed("a table, a view, a sequence, 4 that are not there")
}

fn odd_names(database: &Database) -> Outcome {
    let mut conn = connect(database);
    let quote = |name: &str| {
        let mark = pick(database, '"', '`', '"');
        format!("{mark}{}{mark}", name.replace(mark, &format!("{mark}{mark}")))
    };
    let odd = [
        "conf_'; drop table x; --",
        "conf_\"two\" `kinds` [of]",
        "conf_Ünï %cödé :name $1 ?",
        "conf_Select",
        "conf_a(b",
    ];
    for name in odd {
        let table = quote(name);
        let column = quote(&name.replacen("conf_", "", 1));
        run_raw(&mut conn, format!("drop table if exists {table}"));
        let sql = format!(
            "create table {table} ({column} int not null, {0} int, constraint {1} unique ({0}, {column}), primary key ({column}), \
             constraint {2} foreign key ({0}) references {table} ({column}))",
            quote("a, b) ("),
            quote(&format!("{name} u")),
            quote(&format!("{name} f"))
        );
        run_raw(&mut conn, sql);
        let mut inspector = conn.inspect();
        let bare = name.replacen("conf_", "", 1);
        assert!(inspector.table_names(None).unwrap().contains(&name.to_owned()), "{name}");
        assert!(inspector.has_table(name).unwrap(), "{name}");
        assert_eq!(inspector.primary_key(name).unwrap().unwrap().columns, [bare.as_str()]);
        let uniques = inspector.unique_constraints(name).unwrap();
        assert_eq!(uniques[0].name, Some(format!("{name} u")));
        assert_eq!(uniques[0].columns, ["a, b) (", bare.as_str()]);
        let keys = inspector.foreign_keys(name).unwrap();
        assert_eq!(keys[0].name, Some(format!("{name} f")));
        assert_eq!((keys[0].referred_table.as_str(), &keys[0].referred_columns[0]), (name, &bare));
        let table = Table::reflect(&mut conn, name).unwrap();
        let row = [(bare.clone(), Value::from(7)), ("a, b) (".to_owned(), Value::Null)];
        conn.execute(insert_into(&table).values(row).unwrap()).unwrap();
        let read: i64 = conn.execute(select(table.c(bare))).unwrap().scalar().unwrap();
        assert_eq!(read, 7, "{name}");
        run_raw(&mut conn, format!("drop table {}", quote(name)));
    }
    // Servers tell names in capitals from others; SQLite does not.
    let mut inspector = conn.inspect();
    assert!(!inspector.has_table("conf_odd").unwrap());
    drop_tables(&mut conn, &[&quote("conf_Odd")]);
    run_raw(&mut conn, format!("create table {} (a int)", quote("conf_Odd")));
    let found = conn.inspect().has_table("CONF_ODD").unwrap();
    assert_eq!(found, !database.is_server());
    if database.is_server() {
        drop_tables(&mut conn, &["conf_odd"]);
        run_raw(&mut conn, "create table conf_odd (b int, c int)");
        let mut inspector = conn.inspect();
        assert_eq!(inspector.columns("conf_odd").unwrap().len(), 2);
        assert_eq!(inspector.columns("conf_Odd").unwrap().len(), 1);
    }
    drop_tables(&mut conn, &["conf_odd", &quote("conf_Odd")]);
    conn.commit().unwrap();
    passed(format!("{} odd names", odd.len()))
}

fn schemas(database: &Database) -> Outcome {
    let mut conn = connect(database);
    drop_tables(&mut conn, &["conf_here"]);
    // MySQL's databases are its schemas, and another one takes rights that a test's account need not have.
    let schema = pick(database, "conf_other", "information_schema", "conf_other");
    match database.name {
        "SQLite" => {
            conn.rollback().unwrap();
            let attach = rebis::text("attach ':memory:' as conf_other");
            let mut autocommit = database
                .builder()
                .isolation_level(IsolationLevel::Autocommit)
                .build()
                .unwrap()
                .connect()
                .unwrap();
            autocommit.execute(attach).unwrap();
            conn = autocommit;
        }
        "PostgreSQL" => {
            run_raw(&mut conn, "drop schema if exists conf_other cascade");
            run_raw(&mut conn, "create schema conf_other");
        }
        _ => {
            let mut inspector = conn.inspect();
            assert!(inspector.schema_names().unwrap().contains(&schema.to_owned()));
            assert!(inspector.view_names(Some(schema)).unwrap().contains(&"TABLES".to_owned()));
            return passed("information_schema");
        }
    }
    run_raw(
        &mut conn,
        "create table conf_other.conf_there (id int primary key, n int check (n > 1), unique (n))",
    );
    run_raw(
        &mut conn,
        "create index conf_other_i on conf_there (id, n)"
            .replace("conf_there", pick(database, "conf_there", "", "conf_other.conf_there"))
            .replace(
                "index conf_other_i",
                pick(database, "index conf_other.conf_other_i", "", "index conf_other_i"),
            ),
    );
    let postgres = database.name == "PostgreSQL";
    let refers = if postgres { "references conf_other.conf_there" } else { "" };
    run_raw(&mut conn, format!("create table conf_here (id int primary key, there int {refers})"));
    run_raw(&mut conn, "create temporary table conf_brief (a int, b int unique)");
    let mut inspector = conn.inspect();
    assert!(inspector.schema_names().unwrap().contains(&schema.to_owned()));
    assert_eq!(inspector.table_names(Some(schema)).unwrap(), ["conf_there"]);
    assert!(!inspector.table_names(None).unwrap().contains(&"conf_there".to_owned()));
    assert_eq!(inspector.has_table("conf_there").unwrap(), !postgres, "SQLite looks into all of them");
    assert_eq!(inspector.check_constraints((schema, "conf_there")).unwrap().len(), 1);
    assert_eq!(inspector.indexes((schema, "conf_there")).unwrap()[0].columns.len(), 2);
    // Temporary tables are found by name, and stand in a schema of their own.
    assert_eq!(inspector.unique_constraints("conf_brief").unwrap().len(), 1);
    let brief = if postgres { "pg_temp" } else { "temp" };
    assert_eq!(inspector.table_names(Some(brief)).unwrap(), ["conf_brief"]);
    assert_eq!(inspector.columns((brief, "conf_brief")).unwrap().len(), 2);

    let there = Table::reflect_in(&mut conn, schema, "conf_there").unwrap();
    assert_eq!(there.schema(), Some(schema));
    run_raw(&mut conn, "insert into conf_other.conf_there values (5, 50)");
    let n: i64 = conn.execute(select(there.c("n")).filter(there.c("id").eq(5))).unwrap().scalar().unwrap();
    assert_eq!(n, 50);
    let all = conn.inspect().table_and_referred("conf_here").unwrap();
    let names: Vec<_> = all.iter().map(|table| (table.schema(), table.name())).collect();
    if postgres {
        assert_eq!(names, [(None, "conf_here"), (Some(schema), "conf_there")]);
        assert_eq!(conn.inspect().foreign_keys("conf_here").unwrap()[0].referred_schema, schema);
        run_raw(&mut conn, "drop schema conf_other cascade");
    } else {
        assert_eq!(names, [(None, "conf_here")]);
    }
    drop_tables(&mut conn, &["conf_here"]);
    conn.commit().unwrap();
    passed("another schema and a temporary table")
}
