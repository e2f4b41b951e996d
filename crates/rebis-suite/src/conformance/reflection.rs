//! Tables read from the database: like those made by hand, and good for statements.

use rebis::schema::{ColumnDef, ForeignKey, Index, OnChange, ServerDefault, SqlType, Table};
use rebis::sql::{Expression, insert_into, select};
use rebis::{ErrorKind, Value};

use super::inspection::{connect, drop_tables};
use super::{Database, Outcome, Scenario, passed, pick, run_raw};

pub(super) const CASES: &[Scenario] = &[
    ("reflection_like_made_by_hand", like_by_hand),
    ("reflection_in_statements", in_statements),
    ("reflection_of_native_types", native_types),
];

/// The description that the SQL of [`like_by_hand`] says.
fn by_hand() -> (Table, Table) {
    let owners = Table::build("conf_owner")
        .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
        .column(ColumnDef::new("name", SqlType::String { length: 50 }).unique())
        .finish()
        .unwrap();
    let things = Table::build("conf_thing")
        .column(ColumnDef::new("owner", SqlType::BigInteger).primary_key())
        .column(ColumnDef::new("place", SqlType::Integer).primary_key())
        .column(ColumnDef::new("small", SqlType::SmallInteger).nullable())
        .column(ColumnDef::new("yes", SqlType::Boolean))
        .column(ColumnDef::new("single", SqlType::Float).nullable())
        .column(ColumnDef::new("double_", SqlType::Double).nullable())
        .column(ColumnDef::new("price", SqlType::Numeric { precision: 10, scale: 2 }))
        .column(
            ColumnDef::new("label", SqlType::String { length: 20 })
                .server_default(ServerDefault::Text("it's".into())),
        )
        .column(ColumnDef::new("size", SqlType::Integer).server_default(ServerDefault::Integer(-1)))
        .column(ColumnDef::new("story", SqlType::Text).nullable())
        .column(ColumnDef::new("data", SqlType::LargeBinary).nullable())
        .column(ColumnDef::new("day", SqlType::Date).nullable())
        .column(ColumnDef::new("hour_", SqlType::Time).nullable())
        .column(ColumnDef::new("clock", SqlType::DateTime).nullable())
        .column(ColumnDef::new("moment", SqlType::Timestamp).nullable())
        .column(ColumnDef::new("number", SqlType::Uuid).nullable())
        .column(ColumnDef::new("document", SqlType::Json).nullable())
        .unique(["label", "size"])
        .foreign_key(ForeignKey::new(["owner"], "conf_owner", ["id"]).on_delete(OnChange::Cascade))
        .index(Index::new("conf_thing_day", ["day", "label"]))
        .finish()
        .unwrap();
    (owners, things)
}

fn like_by_hand(database: &Database) -> Outcome {
    let mut conn = connect(database);
    drop_tables(&mut conn, &["conf_thing", "conf_owner"]);
    let key =
        pick(database, "integer primary key", "bigint auto_increment primary key", "bigserial primary key");
    run_raw(&mut conn, format!("create table conf_owner (id {key}, name varchar(50) not null unique)"));
    let sql = "create table conf_thing (owner bigint not null, place int not null, small smallint, yes boolean not null, \
               single $float, double_ double precision, price numeric(10,2) not null, \
               label varchar(20) not null default 'it''s', size int not null default -1, story text, data $blob, day date, \
               hour_ $time, clock $datetime, moment $moment, number uuid, document $json, \
               primary key (owner, place), unique (label, size), \
               foreign key (owner) references conf_owner (id) on delete cascade)";
    let words = pick(
        database,
        ["float", "blob", "time", "datetime", "timestamp", "json"],
        ["float", "longblob", "time(6)", "datetime(6)", "timestamp(6) null", "json"],
        ["real", "bytea", "time", "timestamp", "timestamptz", "jsonb"],
    );
    let names = ["$float", "$blob", "$time", "$datetime", "$moment", "$json"];
    let places = names.into_iter().zip(words);
    let sql = places.fold(sql.to_owned(), |sql, (name, word)| sql.replace(name, word));
    run_raw(&mut conn, sql);
    run_raw(&mut conn, "create index conf_thing_day on conf_thing (day, label)");
    let (owners, things) = by_hand();
    let read = conn.inspect().table_and_referred("conf_thing").unwrap();
    assert_eq!(read.len(), 2);
    for (read, made) in read.iter().zip([&things, &owners]) {
        assert_eq!(read, made, "name and schema");
        assert_eq!(read.columns(), made.columns());
        let uniques = |table: &Table| {
            let uniques = table.unique_constraints().iter();
            let mut columns: Vec<String> = uniques.map(|unique| unique.columns().join(",")).collect();
            columns.sort();
            columns
        };
        assert_eq!(uniques(read), uniques(made), "the database named them");
        let keys = |table: &Table| {
            let keys = table.foreign_keys().iter();
            keys.map(|key| (key.columns().to_vec(), key.table().to_owned(), key.actions()))
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(read), keys(made));
        assert_eq!(read.indexes(), made.indexes());
    }
    let all = conn.inspect().tables(None).unwrap();
    assert_eq!(all.iter().filter(|table| **table == things || **table == owners).count(), 2, "each once");
    drop_tables(&mut conn, &["conf_thing", "conf_owner"]);
    conn.commit().unwrap();
    passed("19 columns, a unique pair, a foreign key, an index")
}

fn in_statements(database: &Database) -> Outcome {
    let mut conn = connect(database);
    drop_tables(&mut conn, &["conf_plain"]);
    run_raw(&mut conn, "create table conf_plain (id int primary key, name varchar(20))");
    conn.commit().unwrap();
    let mut tx = conn.begin().unwrap();
    let plain = Table::reflect(&mut tx, "conf_plain").unwrap();
    let row = [("id", Value::from(1)), ("name", "ed".into())];
    tx.execute(insert_into(&plain).values(row).unwrap()).unwrap();
    let name: String =
        tx.execute(select(plain.c("name")).filter(plain.c("id").eq(1))).unwrap().scalar().unwrap();
    assert_eq!(name, "ed");
    let error = tx.execute(select(plain.c("nmae"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement, "{error:?}");
    tx.rollback().unwrap();
    passed("an insert, a select, a column that is not there")
}

/// What a type is called can be said to the same database again, also where its name is an attack.
fn native_types(database: &Database) -> Outcome {
    let mut conn = connect(database);
    drop_tables(&mut conn, &["conf_native", "conf_native_again"]);
    if database.name == "PostgreSQL" {
        run_raw(&mut conn, "drop domain if exists \"x; drop table \"\"y\"");
        run_raw(&mut conn, "create domain \"x; drop table \"\"y\" as int");
    }
    run_raw(
        &mut conn,
        pick(
            database,
            "create table conf_native (a \"x; drop table \"\"y\", b \"q' -- \", c unsigned big int, d nchar(3))",
            "create table conf_native (a enum('a''b', '`c', 'd\\\\e', 'x\\ny'), b set('\"', ')'), c int unsigned zerofill, d timestamp(2) null)",
            "create table conf_native (a \"x; drop table \"\"y\", b interval day to second(2), c numeric, d money)",
        ),
    );
    let native = Table::reflect(&mut conn, "conf_native").unwrap();
    let types = native.columns().iter().map(|column| match column.sql_type() {
        SqlType::Native(name) => format!("{} {name}", column.name()),
        portable => panic!("{portable:?}"),
    });
    let columns = types.collect::<Vec<_>>().join(", ");
    run_raw(&mut conn, format!("create table conf_native_again ({columns})"));
    let again = Table::reflect(&mut conn, "conf_native_again").unwrap();
    assert_eq!(again.columns(), native.columns());
    drop_tables(&mut conn, &["conf_native", "conf_native_again"]);
    if database.name == "PostgreSQL" {
        run_raw(&mut conn, "drop domain \"x; drop table \"\"y\"");
    }
    conn.commit().unwrap();
    passed("4 types made again from their names")
}
