//! A schema with everything that the database can say: made by us, read back, and equal; and each change of it is seen.

use rebis::inspect::Reflection;
use rebis::schema::{
    CheckConstraint, ColumnDef, Computed, Deferral, ForeignKey, Identity, Index, IndexKey, IndexMethod,
    MatchType, MetaData, MysqlOptions, OnChange, PostgresqlOptions, Sequence, ServerDefault, SqlType,
    SqliteOptions, Table, UniqueConstraint,
};
use rebis::sql::{
    Expression, View, column, create_schema, create_view, drop_schema, drop_view, func, select,
};
use rebis::{Backend, Connection};

use super::{Database, Outcome, Scenario, id, number, passed, pick, word};

pub(super) const CASES: &[Scenario] = &[
    ("compared_a_rich_schema", rich),
    ("compared_each_change_is_seen", changes),
    ("compared_metadata_reflected", metadata_reflected),
];

/// Every type and every kind of default.
fn types() -> Table {
    Table::build("conf_rich_types")
        .column(id())
        .column(ColumnDef::new("small", SqlType::SmallInteger).server_default(ServerDefault::Integer(-5)))
        .column(ColumnDef::new("yes", SqlType::Boolean).server_default(ServerDefault::Boolean(true)))
        .column(ColumnDef::new("single", SqlType::Float).nullable())
        .column(ColumnDef::new("double_", SqlType::Double).nullable())
        .column(ColumnDef::new("price", SqlType::Numeric { precision: 10, scale: 2 }))
        .column(ColumnDef::new("dear", SqlType::Numeric { precision: 28, scale: 6 }).nullable())
        .column(
            word("label")
                .server_default(ServerDefault::Text("it's \\ \"x\"".into()))
                .comment("what it's called"),
        )
        .column(ColumnDef::new("story", SqlType::Text).nullable().comment("a \\ b"))
        .column(ColumnDef::new("data", SqlType::LargeBinary).nullable())
        .column(ColumnDef::new("day", SqlType::Date).nullable())
        .column(ColumnDef::new("clock", SqlType::Time).nullable())
        .column(ColumnDef::new("made", SqlType::DateTime).server_default(ServerDefault::CurrentTimestamp))
        .column(ColumnDef::new("moment", SqlType::Timestamp).nullable())
        .column(ColumnDef::new("number", SqlType::Uuid).nullable())
        .column(ColumnDef::new("document", SqlType::Json).nullable())
        .column(number("sum").server_default(ServerDefault::Sql("40 + 2")))
        .column(number("twice").computed(Computed::stored(column("small") * 2)))
        .comment("every type")
        .finish()
        .unwrap()
}

/// Constraints of every kind that the database has.
fn constrained(backend: Backend) -> Vec<Table> {
    let owner = Table::build("conf_rich_owner")
        .column(number("a"))
        .column(word("b"))
        .primary_key(["b", "a"])
        .primary_key_name("conf_rich_owner_key")
        .unique_constraint(UniqueConstraint::new(["a", "b"]).name("conf_rich_both"))
        .finish()
        .unwrap();
    let pair = || ForeignKey::new(["a", "b"], "conf_rich_owner", ["a", "b"]);
    let mut owned = Table::build("conf_rich_owned")
        .column(id())
        .column(number("a").nullable().unique())
        .column(word("b").nullable())
        .column(number("c"))
        .column(word("e"))
        .column(number("d").server_default(ServerDefault::Integer(7)))
        .check(CheckConstraint::new("c > 0 OR d > 0"))
        .check(
            CheckConstraint::new(column("e").ne("it's") | column("c").in_list([1, 2, 3]))
                .name("conf_rich_named"),
        )
        .check(CheckConstraint::new("d BETWEEN 1 AND 9"))
        .check(CheckConstraint::new("e LIKE 'x%'"));
    let key = pair().name("conf_rich_pair").on_delete(OnChange::Cascade).on_update(OnChange::SetNull);
    owned = owned.foreign_key(match backend {
        Backend::Postgresql => key.deferrable(Deferral::Deferred).match_type(MatchType::Full),
        Backend::Sqlite => key.deferrable(Deferral::Deferred),
        _ => key,
    });
    if backend == Backend::Postgresql {
        let late = UniqueConstraint::new(["c", "d"]).name("conf_rich_late").deferrable(Deferral::Immediate);
        owned = owned.unique_constraint(late);
    }
    let back = ForeignKey::new(["friend"], "conf_rich_friend", ["id"]).on_delete(OnChange::Restrict);
    let friend = Table::build("conf_rich_friend")
        .column(id())
        .column(ColumnDef::new("friend", SqlType::BigInteger).nullable())
        .foreign_key(back)
        .finish()
        .unwrap();
    vec![owner, owned.finish().unwrap(), friend]
}

fn indexed(backend: Backend) -> Table {
    let mut table = Table::build("conf_rich_indexed")
        .column(number("a").index())
        .column(number("b"))
        .column(word("name"))
        .column(ColumnDef::new("story", SqlType::Text).nullable())
        .index(Index::on(["a", "b"]).unique())
        .index(Index::new("conf_rich_down", [IndexKey::from("b").descending(), "name".into()]));
    let lower = || IndexKey::expression(func::<String>("lower", (column("name"),)));
    if backend == Backend::Mysql {
        table = table
            .index(Index::new("conf_rich_prefix", [IndexKey::from("story").prefix(10)]))
            .index(Index::new("conf_rich_words", ["story"]).using(IndexMethod::FullText));
    } else {
        let some = Index::new("conf_rich_some", ["b"])
            .unique()
            .filter(column("a").gt(-5) & column("name").ne("it's"));
        table = table.index(some).index(Index::new("conf_rich_expr", [lower(), "a".into()]));
    }
    if backend == Backend::Postgresql {
        table = table
            .index(Index::new("conf_rich_hash", ["a"]).using(IndexMethod::Hash))
            .index(Index::new("conf_rich_brin", ["b"]).using(IndexMethod::Brin))
            .index(Index::new("conf_rich_with", ["a"]).include(["b", "name"]));
    }
    table.finish().unwrap()
}

fn kept() -> Table {
    Table::build("conf_rich_kept")
        .column(word("name").primary_key())
        .column(number("n"))
        .mysql(MysqlOptions::default().engine("Aria").collation("utf8mb4_bin"))
        .postgresql(PostgresqlOptions::default().unlogged().fill_factor(70))
        .sqlite(SqliteOptions::default().strict().without_row_id())
        .finish()
        .unwrap()
}

/// Eight tables or more, with sequences and schemas where there are any.
fn all(backend: Backend) -> MetaData {
    let mut tables = vec![types(), indexed(backend), kept()];
    tables.extend(constrained(backend));
    let collation = match backend {
        Backend::Sqlite => "NOCASE",
        Backend::Mysql => "utf8mb4_bin",
        _ => "C",
    };
    let sorted = Table::build("conf_rich_sorted").column(word("name").collation(collation));
    let identity = match backend {
        Backend::Postgresql => Identity::always().start(100).increment(5),
        Backend::Mysql => Identity::default().start(100),
        _ => Identity::default(),
    };
    let counted = ColumnDef::new("id", SqlType::BigInteger).identity(identity);
    let [mut virtual_, plain] =
        ["conf_rich_virtual", "conf_rich_plain"].map(|name| Table::build(name).column(number("n")));
    if backend != Backend::Postgresql {
        virtual_ = virtual_.column(number("twice").nullable().computed(Computed::virtually("n * 2")));
    }
    tables.push(sorted.finish().unwrap());
    tables.push(Table::build("conf_rich_counted").column(counted).finish().unwrap());
    tables.push(virtual_.finish().unwrap());
    let mut metadata = MetaData::new();
    if backend != Backend::Sqlite {
        let numbers = Sequence::new("conf_rich_numbers").start(5).increment(10);
        metadata = metadata.sequence(&numbers);
        let numbered = ColumnDef::new("id", SqlType::BigInteger).server_default(&numbers);
        tables.push(Table::build("conf_rich_numbered").column(numbered).finish().unwrap());
    }
    tables.push(plain.finish().unwrap());
    tables.iter().fold(metadata, MetaData::table)
}

fn made(database: &Database) -> (Connection, MetaData, Backend) {
    let backend = database.url().backend();
    let metadata = all(backend);
    let mut conn = database.engine(1).connect().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    conn.commit().unwrap();
    (conn, metadata, backend)
}

fn rich(database: &Database) -> Outcome {
    let (mut conn, metadata, _) = made(database);
    let dialect = *conn.dialect();
    for table in metadata.tables() {
        let found = Table::reflect(&mut conn, table.name()).unwrap();
        assert_eq!(table.differences(&found, dialect).unwrap(), [""; 0], "{}", table.name());
        // What was read makes the same table again.
        conn.rollback().unwrap();
    }
    let reflected: Vec<Table> =
        metadata.tables().iter().map(|table| Table::reflect(&mut conn, table.name()).unwrap()).collect();
    let again = reflected.iter().fold(MetaData::new(), MetaData::table);
    again.drop_all(&mut conn).unwrap();
    again.create_all(&mut conn).unwrap();
    for table in metadata.tables() {
        let found = Table::reflect(&mut conn, table.name()).unwrap();
        assert_eq!(table.differences(&found, dialect).unwrap(), [""; 0], "{} again", table.name());
    }
    conn.commit().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    passed(format!("{} tables equal; made again from what was read, and equal", metadata.tables().len()))
}

/// A table with a change, against the one that is there.
fn changes(database: &Database) -> Outcome {
    let backend = database.url().backend();
    let base = |a: ColumnDef| Table::build("conf_changed").column(a).column(word("b"));
    let plain = || base(number("a")).check(CheckConstraint::new("a > 0")).index(Index::on(["b"]));
    let table = plain().unique(["b", "a"]).finish().unwrap();
    let mut conn = database.engine(1).connect().unwrap();
    let metadata = MetaData::new().table(&table);
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    let found = Table::reflect(&mut conn, "conf_changed").unwrap();
    let dialect = *conn.dialect();
    let with_unique = |builder: rebis::schema::TableBuilder| builder.unique(["b", "a"]).finish().unwrap();
    let same = |builder: rebis::schema::TableBuilder| {
        builder.index(Index::on(["b"])).check(CheckConstraint::new("a > 0"))
    };
    let changed = [
        (table.clone(), ""),
        (with_unique(same(base(number("a").nullable()))), "column 'a'"),
        (with_unique(same(base(ColumnDef::new("a", SqlType::BigInteger)))), "column 'a'"),
        (with_unique(same(base(number("a").server_default(ServerDefault::Integer(1))))), "column 'a'"),
        (with_unique(same(base(number("a").primary_key()))), "primary key"),
        (with_unique(plain().column(number("c"))), "column 'c'"),
        (
            with_unique(base(number("a")).index(Index::on(["b"])).check(CheckConstraint::new("a > 1"))),
            "check 'ck_conf_changed_1'",
        ),
        (with_unique(base(number("a")).check(CheckConstraint::new("a > 0"))), "index 'ix_conf_changed_b'"),
        (
            with_unique(
                base(number("a"))
                    .check(CheckConstraint::new("a > 0"))
                    .index(Index::on([IndexKey::from("b").descending()])),
            ),
            "index 'ix_conf_changed_b'",
        ),
        (plain().unique(["a", "b"]).finish().unwrap(), "unique constraint 'uq_conf_changed_a_b'"),
        (
            with_unique(plain().foreign_key(ForeignKey::new(["a"], "conf_other", ["id"]))),
            "foreign key 'fk_conf_changed_a_conf_other'",
        ),
        (with_unique(plain().comment("new")), if backend == Backend::Sqlite { "" } else { "comment" }),
    ];
    for (wanted, subject) in &changed {
        let differences = wanted.differences(&found, dialect).unwrap();
        let seen = differences.iter().any(|difference| difference.starts_with(&format!("{subject}:")));
        assert!(if subject.is_empty() { differences.is_empty() } else { seen }, "{subject}: {differences:?}");
    }
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    passed(format!("{} changes seen", changed.len() - 1))
}

fn metadata_reflected(database: &Database) -> Outcome {
    let (mut conn, metadata, backend) = made(database);
    let plain = metadata.find("conf_rich_plain").unwrap();
    let view = View::new("conf_rich_view", select(plain.c("n")));
    conn.execute(drop_view(&view).if_exists()).unwrap();
    conn.execute(create_view(&view)).unwrap();
    let only = |name: &str| name.starts_with("conf_rich_");
    let dialect = *conn.dialect();
    let read = Reflection::new().filter(only).read(&mut conn).unwrap();
    for table in metadata.tables() {
        let found = read.find(table.name()).expect("each is read");
        assert_eq!(table.differences(found, dialect).unwrap(), [""; 0]);
    }
    assert_eq!(read.tables().len(), metadata.tables().len());
    let views = Reflection::new().filter(only).views().read(&mut conn).unwrap();
    assert_eq!(views.tables().len(), read.tables().len() + 1);
    assert_eq!(views.find("conf_rich_view").unwrap().columns().len(), 1);
    // A table brings along what it refers to, or does not.
    let owned = |name: &str| name == "conf_rich_owned";
    assert_eq!(Reflection::new().filter(owned).read(&mut conn).unwrap().tables().len(), 2);
    let alone = Reflection::new().filter(owned).without_referred().read(&mut conn).unwrap();
    assert_eq!(alone.tables().len(), 1);

    let mut inspector = conn.inspect();
    assert!(inspector.has_column("conf_rich_plain", "n").unwrap());
    assert!(!inspector.has_column("conf_rich_plain", "m").unwrap());
    assert!(inspector.has_index("conf_rich_indexed", "conf_rich_down").unwrap());
    assert!(!inspector.has_index("conf_rich_indexed", "conf_rich_up").unwrap());
    assert_eq!(inspector.has_sequence("conf_rich_numbers").unwrap(), backend != Backend::Sqlite);
    assert!(!inspector.has_schema("conf_rich_nowhere").unwrap());
    let own = inspector.default_schema().unwrap().unwrap();
    assert!(inspector.has_schema(&own).unwrap());
    conn.execute(drop_view(&view)).unwrap();
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    passed(pick(database, "SQLite's own", "MariaDB's own", other_schema(database)))
}

/// A table in another schema, which refers to one in a third.
fn other_schema(database: &Database) -> &'static str {
    if database.name != "PostgreSQL" {
        return "";
    }
    let mut conn = database.engine(1).connect().unwrap();
    for name in ["conf_rich_one", "conf_rich_two"] {
        conn.execute(drop_schema(name).if_exists().cascade()).unwrap();
        conn.execute(create_schema(name)).unwrap();
    }
    let there = Table::build("conf_there").column(id()).finish().unwrap().in_schema("conf_rich_two");
    let key = ForeignKey::new(["there"], "conf_there", ["id"]).schema("conf_rich_two");
    let here =
        Table::build("conf_here").column(ColumnDef::new("there", SqlType::BigInteger)).foreign_key(key);
    let metadata = MetaData::new().schema("conf_rich_one").table(&here.finish().unwrap()).table(&there);
    metadata.create_all(&mut conn).unwrap();
    let read = Reflection::new().schema("conf_rich_one").read(&mut conn).unwrap();
    assert_eq!(read.tables().len(), 2);
    for table in metadata.tables() {
        let found = read.find(table.name()).unwrap();
        assert_eq!(table, found, "name and schema");
        assert_eq!(table.differences(found, rebis::Dialect::POSTGRESQL).unwrap(), [""; 0]);
    }
    read.drop_all(&mut conn).unwrap();
    for name in ["conf_rich_one", "conf_rich_two"] {
        conn.execute(drop_schema(name)).unwrap();
    }
    conn.commit().unwrap();
    "a foreign key between two schemas"
}
