//! Every type with its names on the three databases, in CREATE TABLE and in CAST.

use super::{DIALECTS, columns, kinds, number, texts};
use crate::compile::types::{cast_type, column_type};
use crate::schema::{
    ColumnDef, ColumnType, EnumType, MysqlType, PostgresqlType, SchemaTranslateMap, ServerDefault, SqlType,
    Table, TypeName,
};
use crate::sql::{create_enum, create_table, drop_enum};
use crate::{Backend, Dialect, ErrorKind, Result};

/// Not there.
const NONE: &str = "";

fn in_cast(sql_type: &SqlType, dialect: &Dialect) -> Result<String> {
    cast_type(sql_type, dialect, SchemaTranslateMap::none())
}

fn compare(what: &SqlType, name: impl Fn(&SqlType, &Dialect) -> Result<String>, expected: [&str; 3]) {
    for (dialect, expected) in DIALECTS.iter().zip(expected) {
        match name(what, dialect) {
            Ok(name) => assert_eq!(name, expected, "{what:?}"),
            Err(error) => {
                assert_eq!((error.kind(), expected), (ErrorKind::Unsupported, NONE), "{what:?}: {error}");
                // What to use instead.
                assert!(error.to_string().contains("; "), "{error}");
            }
        }
    }
}

fn array(element: SqlType) -> SqlType {
    SqlType::Array(Box::new(element))
}

fn range(bound: SqlType) -> SqlType {
    SqlType::Range(Box::new(bound))
}

fn mood() -> EnumType {
    EnumType::new("mood", ["sad", "it's", "a\\b"])
}

/// In columns and in casts, for SQLite, MySQL and PostgreSQL.
type Names = (SqlType, [&'static str; 3], [&'static str; 3]);

#[test]
fn portable_types() {
    let numeric = |precision, scale| SqlType::Numeric { precision, scale };
    let rows: Vec<Names> = vec![
        (SqlType::SmallInteger, ["SMALLINT"; 3], ["INTEGER", "SIGNED", "SMALLINT"]),
        (SqlType::Integer, ["INTEGER"; 3], ["INTEGER", "SIGNED", "INTEGER"]),
        (SqlType::BigInteger, ["BIGINT"; 3], ["INTEGER", "SIGNED", "BIGINT"]),
        (
            SqlType::UnsignedSmallInteger,
            ["INTEGER", "SMALLINT UNSIGNED", "INTEGER"],
            ["INTEGER", "UNSIGNED", "INTEGER"],
        ),
        (
            SqlType::UnsignedInteger,
            ["BIGINT", "INTEGER UNSIGNED", "BIGINT"],
            ["INTEGER", "UNSIGNED", "BIGINT"],
        ),
        (
            SqlType::UnsignedBigInteger,
            ["BIGINT", "BIGINT UNSIGNED", "NUMERIC(20, 0)"],
            ["INTEGER", "UNSIGNED", "NUMERIC(20, 0)"],
        ),
        (SqlType::Boolean, ["BOOLEAN"; 3], ["INTEGER", "SIGNED", "BOOLEAN"]),
        (SqlType::Float, ["FLOAT", "FLOAT", "REAL"], ["REAL", "FLOAT", "REAL"]),
        (SqlType::Double, ["DOUBLE", "DOUBLE", "DOUBLE PRECISION"], ["REAL", "DOUBLE", "DOUBLE PRECISION"]),
        (
            numeric(15, 2),
            ["NUMERIC(15, 2)", "DECIMAL(15, 2)", "NUMERIC(15, 2)"],
            ["NUMERIC(15, 2)", "DECIMAL(15, 2)", "NUMERIC(15, 2)"],
        ),
        (
            numeric(16, 2),
            ["TEXT", "DECIMAL(16, 2)", "NUMERIC(16, 2)"],
            ["NUMERIC(16, 2)", "DECIMAL(16, 2)", "NUMERIC(16, 2)"],
        ),
        (SqlType::Char { length: 9 }, ["CHAR(9)"; 3], ["TEXT(9)", "CHAR(9)", "CHAR(9)"]),
        (SqlType::String { length: 9 }, ["VARCHAR(9)"; 3], ["TEXT(9)", "CHAR(9)", "VARCHAR(9)"]),
        (SqlType::Text, ["TEXT", "LONGTEXT", "TEXT"], ["TEXT", "CHAR", "VARCHAR"]),
        (SqlType::Binary { length: 9 }, ["BLOB", "VARBINARY(9)", "BYTEA"], ["BLOB", "BINARY", "BYTEA"]),
        (SqlType::LargeBinary, ["BLOB", "LONGBLOB", "BYTEA"], ["BLOB", "BINARY", "BYTEA"]),
        (SqlType::Date, ["DATE"; 3], ["TEXT", "DATE", "DATE"]),
        (SqlType::Time, ["TIME", "TIME(6)", "TIME"], ["TEXT", "TIME(6)", "TIME"]),
        (SqlType::DateTime, ["DATETIME", "DATETIME(6)", "TIMESTAMP"], ["TEXT", "DATETIME(6)", "TIMESTAMP"]),
        (
            SqlType::Timestamp,
            ["TIMESTAMP", "DATETIME(6)", "TIMESTAMPTZ"],
            ["TEXT", "DATETIME(6)", "TIMESTAMPTZ"],
        ),
        (SqlType::TimeWith { precision: 6 }, ["TIME", "TIME(6)", "TIME"], ["TEXT", "TIME(6)", "TIME"]),
        (SqlType::TimeWith { precision: 0 }, ["TIME", "TIME(0)", "TIME(0)"], ["TEXT", "TIME(0)", "TIME(0)"]),
        (
            SqlType::DateTimeWith { precision: 3 },
            ["DATETIME", "DATETIME(3)", "TIMESTAMP(3)"],
            ["TEXT", "DATETIME(3)", "TIMESTAMP(3)"],
        ),
        (
            SqlType::TimestampWith { precision: 3 },
            ["TIMESTAMP", "DATETIME(3)", "TIMESTAMPTZ(3)"],
            ["TEXT", "DATETIME(3)", "TIMESTAMPTZ(3)"],
        ),
        (SqlType::Interval, [NONE, "TIME(6)", "INTERVAL"], [NONE, "TIME(6)", "INTERVAL"]),
        (SqlType::Uuid, ["CHAR(36)", "CHAR(36)", "UUID"], ["TEXT", "CHAR(36)", "UUID"]),
        (SqlType::Json, ["TEXT", "JSON", "JSONB"], ["TEXT", NONE, "JSONB"]),
        (SqlType::Inet, ["VARCHAR(45)", "VARCHAR(45)", "INET"], ["TEXT", "CHAR(45)", "INET"]),
        (
            SqlType::Enum(mood()),
            ["VARCHAR(4)", r"ENUM('sad', 'it''s', 'a\\b')", r#""mood""#],
            ["TEXT", "CHAR", r#""mood""#],
        ),
        (
            SqlType::Enum(mood().schema("s")),
            ["VARCHAR(4)", r"ENUM('sad', 'it''s', 'a\\b')", r#""s"."mood""#],
            ["TEXT", "CHAR", r#""s"."mood""#],
        ),
    ];
    for (sql_type, column, cast) in rows {
        compare(&sql_type, column_type, column);
        compare(&sql_type, in_cast, cast);
    }
}

#[test]
fn types_of_one_database() {
    use MysqlType as My;
    use PostgresqlType as Pg;
    let mysql =
        |own, column, cast| -> Names { (SqlType::Mysql(own), [NONE, column, NONE], [NONE, cast, NONE]) };
    let postgresql = |sql_type, name| -> Names { (sql_type, [NONE, NONE, name], [NONE, NONE, name]) };
    let own = |own, name| postgresql(SqlType::Postgresql(own), name);
    let rows: Vec<Names> = vec![
        mysql(My::TinyInteger, "TINYINT", "SIGNED"),
        mysql(My::UnsignedTinyInteger, "TINYINT UNSIGNED", "UNSIGNED"),
        mysql(My::MediumInteger, "MEDIUMINT", "SIGNED"),
        mysql(My::UnsignedMediumInteger, "MEDIUMINT UNSIGNED", "UNSIGNED"),
        mysql(My::Year, "YEAR", "UNSIGNED"),
        mysql(My::Bit { length: 8 }, "BIT(8)", "UNSIGNED"),
        mysql(My::set(["a", "b'"]), "SET('a', 'b''')", "CHAR"),
        mysql(My::TinyText, "TINYTEXT", "CHAR"),
        mysql(My::Text, "TEXT", "CHAR"),
        mysql(My::MediumText, "MEDIUMTEXT", "CHAR"),
        mysql(My::TinyBlob, "TINYBLOB", "BINARY"),
        mysql(My::Blob, "BLOB", "BINARY"),
        mysql(My::MediumBlob, "MEDIUMBLOB", "BINARY"),
        own(Pg::Json, "JSON"),
        own(Pg::Cidr, "CIDR"),
        own(Pg::MacAddr, "MACADDR"),
        own(Pg::Bit { length: 3 }, "BIT(3)"),
        own(Pg::BitVarying { length: 5 }, "BIT VARYING(5)"),
        own(Pg::TimeTz, "TIMETZ"),
        own(Pg::TsVector, "TSVECTOR"),
        own(Pg::TsQuery, "TSQUERY"),
        own(Pg::Xml, "XML"),
        own(Pg::Citext, "CITEXT"),
        own(Pg::Hstore, "HSTORE"),
        postgresql(array(SqlType::Uuid), "UUID[]"),
        postgresql(array(array(SqlType::Uuid)), "UUID[][]"),
        postgresql(array(SqlType::Enum(mood())), r#""mood"[]"#),
        postgresql(range(SqlType::Integer), "INT4RANGE"),
        postgresql(range(SqlType::BigInteger), "INT8RANGE"),
        postgresql(range(SqlType::Numeric { precision: 9, scale: 2 }), "NUMRANGE"),
        postgresql(range(SqlType::Date), "DATERANGE"),
        postgresql(range(SqlType::DateTime), "TSRANGE"),
        postgresql(range(SqlType::Timestamp), "TSTZRANGE"),
        postgresql(range(SqlType::Text), NONE),
        postgresql(SqlType::Named(TypeName::new("Odd \"name").schema("s")), r#""s"."Odd ""name""#),
        (SqlType::native("inet"), ["inet"; 3], ["inet"; 3]),
        (SqlType::native_raw(format!("v({})", 1)), ["v(1)"; 3], ["v(1)"; 3]),
    ];
    for (sql_type, column, cast) in rows {
        compare(&sql_type, column_type, column);
        compare(&sql_type, in_cast, cast);
    }
}

#[test]
fn variants() {
    let native = SqlType::native;
    let sql_type =
        SqlType::Text.with_variant(Backend::Mysql, native("x")).with_variant(Backend::Sqlite, native("y"));
    compare(&sql_type, column_type, ["y", "x", "TEXT"]);
    compare(&sql_type.clone().with_variant(Backend::Mysql, SqlType::Date), in_cast, ["y", "DATE", "VARCHAR"]);
    // Inside of others, and others inside of it.
    let element = SqlType::Integer.with_variant(Backend::Postgresql, SqlType::BigInteger);
    compare(&array(element.clone()), column_type, [NONE, NONE, "BIGINT[]"]);
    compare(&range(element.clone()), column_type, [NONE, NONE, "INT8RANGE"]);
    let twice = SqlType::Json.with_variant(Backend::Postgresql, element);
    compare(&twice, column_type, ["TEXT", "JSON", "BIGINT"]);
    // One that is counted, and one whose default is an expression on MySQL alone.
    let key = SqlType::BigInteger.with_variant(Backend::Mysql, SqlType::UnsignedBigInteger);
    let sql = columns(ColumnDef::new("id", key).autoincrement());
    assert!(sql[1].starts_with("`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT"), "{}", sql[1]);
    let text =
        SqlType::String { length: 9 }.with_variant(Backend::Mysql, SqlType::Mysql(MysqlType::TinyText));
    let sql = columns(ColumnDef::new("c", text).server_default(ServerDefault::Text("a".into())));
    assert_eq!(sql[1], "`c` TINYTEXT DEFAULT ('a') NOT NULL");
    assert_eq!(sql[2], r#""c" VARCHAR(9) DEFAULT 'a' NOT NULL"#);
    let text = SqlType::BigInteger.with_variant(Backend::Sqlite, SqlType::Text);
    let error = Table::build("t").column(ColumnDef::new("id", text).autoincrement()).finish().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
}

#[test]
fn enums() {
    assert_eq!(
        columns(ColumnDef::new("m", SqlType::Enum(mood())).nullable()),
        [
            r#""m" VARCHAR(4) CONSTRAINT "ck_t_m" CHECK ("m" IN ('sad', 'it''s', 'a\b'))"#,
            r"`m` ENUM('sad', 'it''s', 'a\\b')",
            r#""m" "mood""#
        ]
    );
    let create = create_enum(&mood());
    assert_eq!(
        create.to_sql(Dialect::POSTGRESQL).unwrap(),
        r#"CREATE TYPE "mood" AS ENUM ('sad', 'it''s', E'a\\b')"#
    );
    let unsupported = Some(ErrorKind::Unsupported);
    assert_eq!(kinds(&create), [unsupported, unsupported, None]);
    let drop = drop_enum(&mood().schema("s"));
    assert_eq!(drop.to_sql(Dialect::POSTGRESQL).unwrap(), r#"DROP TYPE "s"."mood""#);
    assert_eq!(kinds(&drop), [unsupported, unsupported, None]);
    // A table's are made before it, each once; arrays of them as well.
    let table = Table::build("t")
        .column(number("id"))
        .column(ColumnDef::new("a", SqlType::Enum(mood())))
        .column(ColumnDef::new("b", array(SqlType::Enum(mood()))))
        .finish()
        .unwrap();
    let statements = table.create_sql(Dialect::POSTGRESQL).unwrap();
    assert_eq!(statements.len(), 2);
    assert!(statements[0].starts_with("CREATE TYPE") && statements[1].starts_with("CREATE TABLE"));
}

#[test]
fn enums_that_cannot_be() {
    let schema = [Some(ErrorKind::Schema); 3];
    let kinds = |enumeration: EnumType| {
        let table =
            Table::build("t").column(ColumnDef::new("m", SqlType::Enum(enumeration))).finish().unwrap();
        DIALECTS.map(|dialect| table.create_sql(dialect).err().map(|error| error.kind()))
    };
    assert_eq!(kinds(EnumType::new("e", [""; 0])), schema);
    assert_eq!(kinds(EnumType::new("e", ["a", "b", "a"])), schema);
    assert_eq!(kinds(EnumType::new("e", ["a\0"])), schema);
    assert_eq!(kinds(EnumType::new("e", ["a "])), [None, Some(ErrorKind::Unsupported), None]);
    assert_eq!(kinds(EnumType::new("e".repeat(64), ["a"])), [None, None, Some(ErrorKind::Schema)]);
    let set = SqlType::Mysql(MysqlType::set(["a,b"]));
    assert_eq!(column_type(&set, &Dialect::MYSQL).unwrap_err().kind(), ErrorKind::Schema);
    let time = SqlType::TimeWith { precision: 7 };
    assert_eq!(
        DIALECTS.map(|dialect| column_type(&time, &dialect).unwrap_err().kind()),
        [ErrorKind::Schema; 3]
    );
}

#[test]
fn columns_of_rust_types() {
    let table = Table::build("t")
        .column(ColumnDef::of::<i64>("id").autoincrement())
        .column(ColumnDef::of::<Option<String>>("name"))
        .column(ColumnDef::of::<u32>("count"))
        .finish()
        .unwrap();
    assert_eq!(
        texts(&create_table(&table))[1],
        "CREATE TABLE `t` (\n    `id` BIGINT NOT NULL AUTO_INCREMENT,\n    `name` LONGTEXT,\n    `count` INTEGER UNSIGNED NOT NULL,\n    \
         PRIMARY KEY (`id`)\n)"
    );
    assert_eq!(<Option<chrono::NaiveDate>>::sql_type(), SqlType::Date);
}
