mod fuzz;

use super::defaults::{default_of, server_default};
use super::facts::CheckInfo;
use super::normal::normal;
use super::{mysql, sqlite_text, types};
use crate::Dialect;
use crate::error::ErrorKind;
use crate::schema::{Deferral, MysqlType, PostgresqlType, Sequence, ServerDefault, SqlType, Table};
use crate::sql::text;
use crate::{Connection, Engine};

#[test]
fn the_names_of_types() {
    let numeric = |precision, scale| Some(SqlType::Numeric { precision, scale });
    let string = |length| Some(SqlType::String { length });
    assert_eq!(types::sqlite("VARCHAR ( 50 )"), string(50));
    assert_eq!(types::sqlite("decimal(10, 2)"), numeric(10, 2));
    assert_eq!(types::sqlite("DOUBLE  PRECISION"), Some(SqlType::Double));
    for none in
        ["", "numeric", "varchar(-1)", "varchar(4294967296)", "char(-1)", "decimal(10,2,3)", "a(b", ")("]
    {
        assert_eq!(types::sqlite(none), None, "{none}");
        assert_eq!(types::mysql(none), None, "{none}");
    }
    assert_eq!(types::sqlite("text(5)"), None);
    assert_eq!(types::sqlite("CHAR(36)"), Some(SqlType::Uuid));
    assert_eq!(types::mysql("char(36)"), Some(SqlType::Uuid));
    assert_eq!(types::mysql("tinyint(1)"), Some(SqlType::Boolean));
    assert_eq!(types::mysql("int(11)"), Some(SqlType::Integer));
    assert_eq!(types::mysql("bigint(20)"), Some(SqlType::BigInteger));
    assert_eq!(types::mysql("decimal(65,30)"), numeric(65, 30));
    assert_eq!(types::mysql("datetime(6)"), Some(SqlType::DateTime));
    let own = |own| Some(SqlType::Mysql(own));
    assert_eq!(types::mysql("tinyint(4)"), own(MysqlType::TinyInteger));
    assert_eq!(types::mysql("tinyint(1) unsigned"), own(MysqlType::UnsignedTinyInteger));
    assert_eq!(types::mysql("bigint(20) unsigned"), Some(SqlType::UnsignedBigInteger));
    assert_eq!(types::mysql("year(4)"), own(MysqlType::Year));
    assert_eq!(types::mysql("bit(7)"), own(MysqlType::Bit { length: 7 }));
    assert_eq!(types::mysql("datetime"), Some(SqlType::DateTimeWith { precision: 0 }));
    assert_eq!(types::mysql("time(3)"), Some(SqlType::TimeWith { precision: 3 }));
    assert_eq!(types::mysql("char(35)"), Some(SqlType::Char { length: 35 }));
    for none in
        ["int(11) unsigned zerofill", "timestamp", "datetime(x)", "enum('a','varchar(3)')", "float(7,4)"]
    {
        assert_eq!(types::mysql(none), None, "{none}");
    }
    assert_eq!(types::postgres("character varying(50)"), string(50));
    assert_eq!(types::postgres("character varying"), Some(SqlType::Text));
    assert_eq!(types::postgres("timestamp(6) with time zone"), Some(SqlType::Timestamp));
    let precision = 3;
    assert_eq!(types::postgres("timestamp(3) without time zone"), Some(SqlType::DateTimeWith { precision }));
    assert_eq!(types::postgres("character(3)"), Some(SqlType::Char { length: 3 }));
    assert_eq!(types::postgres("interval"), Some(SqlType::Interval));
    assert_eq!(types::postgres("json"), Some(SqlType::Postgresql(PostgresqlType::Json)));
    assert_eq!(types::postgres("int8range"), Some(SqlType::Range(Box::new(SqlType::BigInteger))));
    assert_eq!(
        types::postgres("numeric(10,2)[]"),
        numeric(10, 2).map(|inner| SqlType::Array(Box::new(inner)))
    );
    for none in [
        "numeric",
        "numeric(3,-2)",
        "numeric(1000,2)",
        "timestamp(x) without time zone",
        "interval day to second(2)",
        "numrange",
        "\"Odd\"",
        "\"Odd\"[]",
    ] {
        assert_eq!(types::postgres(none), None, "{none}");
    }
}

#[test]
fn a_type_of_sqlite_is_no_way_into_a_statement() {
    assert_eq!(types::sqlite_native("UNSIGNED BIG INT".into()), "UNSIGNED BIG INT");
    assert_eq!(types::sqlite_native("decimal(5,2)".into()), "decimal(5,2)");
    assert_eq!(types::sqlite_native("x; drop table \"users\"".into()), "\"x; drop table \"\"users\"\"\"");
    assert_eq!(types::sqlite_native("x -- ".into()), "\"x -- \"");
    assert_eq!(types::sqlite_native("".into()), "BLOB");
}

#[test]
fn the_text_of_create_table() {
    let written = sqlite_text::read(
        "CREATE TABLE \"odd ( name\" ( -- a comment, with ( and '\n\
         [id] INTEGER CONSTRAINT pk PRIMARY KEY AUTOINCREMENT,\n\
         \"check\" TEXT CONSTRAINT nn NOT NULL COLLATE NOCASE UNIQUE CHECK (length(\"check\") > 1 /* ) */),\n\
         `a``b` DECIMAL(10, 2) DEFAULT (1 + 2) CONSTRAINT \"the one\" CHECK(`a``b` <> ')'),\n\
         total INT GENERATED ALWAYS AS (id * 2) STORED, half AS (id / 2),\n\
         owner INT CONSTRAINT owner_fk REFERENCES \"unique\" (id) ON DELETE SET NULL,\n\
         CONSTRAINT pair UNIQUE (id COLLATE BINARY, [check] DESC) ON CONFLICT FAIL\n\
         CHECK (id in (1, 2)), CONSTRAINT far FOREIGN KEY (\"check\", total) REFERENCES other)",
    );
    assert_eq!(written.primary_key.as_deref(), Some("pk"));
    assert_eq!(
        written.uniques,
        [
            (None, vec!["check".to_owned()]),
            (Some("pair".to_owned()), vec!["id".to_owned(), "check".to_owned()])
        ]
    );
    let check = |name: Option<&str>, text: &str| CheckInfo { name: name.map(Into::into), text: text.into() };
    assert_eq!(
        written.checks,
        [
            check(None, "length(\"check\") > 1"),
            check(Some("the one"), "`a``b` <> ')'"),
            check(None, "id in (1, 2)"),
        ]
    );
    assert_eq!(written.computed_from("TOTAL").as_deref(), Some("id * 2"));
    assert_eq!(written.computed_from("half").as_deref(), Some("id / 2"));
    assert_eq!(written.collation("check").as_deref(), Some("NOCASE"));
    let keys: Vec<_> =
        written.foreign_keys.iter().map(|(name, columns, _)| (name.as_deref(), columns.join(","))).collect();
    assert_eq!(keys, [(Some("owner_fk"), "owner".to_owned()), (Some("far"), "check,total".to_owned())]);
}

#[test]
fn a_text_that_is_not_understood_tells_nothing() {
    for sql in [
        "",
        "(",
        "create table t (",
        "create table t ('",
        "create table t ([",
        "create table t (a check",
        ")))",
        "create table t (,,)",
        "create table t (a check (",
    ] {
        let written = sqlite_text::read(sql);
        assert_eq!(written.primary_key, None, "{sql}");
        assert!(written.uniques.is_empty() && written.computed.is_empty(), "{sql}");
    }
}

#[test]
fn defaults() {
    let text = |text: &str| Some(ServerDefault::Text(text.into()));
    assert_eq!(server_default("'it''s'", None), text("it's"));
    assert_eq!(server_default("'a'::character varying", None), text("a"));
    assert_eq!(server_default("'a'::character varying(20)", None), text("a"));
    assert_eq!(server_default("'7'::text", Some(&SqlType::Text)), text("7"));
    assert_eq!(server_default("'-1'::integer", Some(&SqlType::Integer)), Some(ServerDefault::Integer(-1)));
    assert_eq!(server_default("(-1)", None), Some(ServerDefault::Integer(-1)));
    for none in [
        "now()",
        "'2024-01-01'::date - 1",
        "'a'::text COLLATE \"C\" = 'b'",
        "'1'::int * 2",
        "'a' || 'b'",
        "'a'::text || 'b'",
        "'a\\b'",
        "'",
        "",
        "1.5",
        "'a'::text || now()",
        "'é''",
    ] {
        assert_eq!(server_default(none, None), None, "{none}");
    }
}

fn memory() -> Connection {
    Engine::new("sqlite://").unwrap().connect().unwrap()
}

#[test]
fn a_table_that_is_not_there_is_an_error_that_says_so() {
    let mut conn = memory();
    let error = Table::reflect(&mut conn, "nobody").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("no table 'nobody'"), "{error}");
    let error = Table::reflect_in(&mut conn, "main", "nobody").unwrap_err();
    assert!(error.to_string().ends_with("in the schema 'main'"), "{error}");
    assert!(!conn.inspect().has_table("nobody").unwrap());
}

#[test]
fn sqlite_counts_only_one_kind_of_key() {
    let mut conn = memory();
    for (sql, counted) in [
        ("create table t (id integer primary key)", true),
        ("create table t (id INTEGER, primary key (id))", true),
        ("create table t (id int primary key)", false),
        ("create table t (id integer primary key desc)", false),
        ("create table t (id integer primary key, x) without rowid", false),
        ("create table t (id integer, x integer, primary key (id, x))", false),
    ] {
        conn.execute(text(sql)).unwrap();
        assert_eq!(conn.inspect().columns("t").unwrap()[0].autoincrement, counted, "{sql}");
        conn.execute(text("drop table t")).unwrap();
    }
}

#[test]
fn sqlites_temporary_and_attached_tables() {
    let mut conn = memory();
    conn.execute(text("create table t (a int)")).unwrap();
    conn.execute(text("create temp table t (b int check (b > 0))")).unwrap();
    conn.commit().unwrap();
    conn.begin().unwrap().rollback().unwrap();
    let mut inspector = conn.inspect();
    assert_eq!(inspector.columns("t").unwrap()[0].name, "b", "as statements find it");
    assert_eq!(inspector.columns(("main", "T")).unwrap()[0].name, "a");
    assert_eq!(inspector.check_constraints(("temp", "t")).unwrap().len(), 1);
    assert_eq!(inspector.check_constraints(("main", "t")).unwrap().len(), 0);
    assert_eq!(inspector.table_names(Some("temp")).unwrap(), ["t"]);
    assert_eq!(Table::reflect_in(&mut conn, "main", "t").unwrap().schema(), Some("main"));
}

#[test]
fn an_attached_schema_may_have_any_name() {
    let mut options = Engine::builder("sqlite://").unwrap();
    options = options.isolation_level(crate::IsolationLevel::Autocommit);
    let mut conn = options.build().unwrap().connect().unwrap();
    conn.execute(text("attach ':memory:' as \"o'dd; -- \"\"x\"")).unwrap();
    conn.execute(text("create table \"o'dd; -- \"\"x\".t (a int check (a > 1) references u)")).unwrap();
    let schema = "o'dd; -- \"x";
    let mut inspector = conn.inspect();
    assert_eq!(inspector.schema_names().unwrap(), ["main", schema]);
    assert_eq!(inspector.check_constraints((schema, "t")).unwrap()[0].text, "a > 1");
    // What it refers to is not there: no columns, and no foreign key in a description.
    assert_eq!(inspector.foreign_keys((schema, "t")).unwrap()[0].referred_columns, [""; 0]);
    assert_eq!(inspector.table_and_referred((schema, "t")).unwrap()[0].foreign_keys(), []);
}

#[test]
fn expressions_that_databases_print_in_their_own_way() {
    // What was said, what SQLite keeps, what MariaDB and PostgreSQL print.
    for (said, mysql, postgresql) in [
        ("a > 0 OR b > 0", "`a` > 0 or `b` > 0", "((a > 0) OR (b > 0))"),
        ("name <> 'it''s'", r"`name` <> 'it\'s'", "((name)::text <> 'it''s'::text)"),
        ("c IN (1, 2)", "`c` in (1,2)", "(c = ANY (ARRAY[1, 2]))"),
        ("c NOT IN (1, 2)", "`c` not in (1,2)", "(c <> ALL (ARRAY[1, 2]))"),
        ("d BETWEEN 1 AND 9", "`d` between 1 and 9", "((d >= 1) AND (d <= 9))"),
        ("b LIKE 'x%'", "`b` like 'x%'", "((b)::text ~~ 'x%'::text)"),
        ("b != -5", "`b` <> -5", "(b <> '-5'::integer)"),
        ("yes = TRUE", "`yes` = 1", "(yes = true)"),
        ("day > CAST('2026-01-02' AS DATE)", "`day` > '2026-01-02'", "(day > '2026-01-02'::date)"),
        (
            "lower(name) = 'x'",
            "lcase(`name`) = 'x'",
            "(lower((name)::text) = 'x'::character varying(3)::text)",
        ),
        (r"b = 'a\b'", r"`b` = 'a\\b'", r"(b = 'a\b'::text)"),
        (
            "x = 'y' AND t < 'z'",
            "`x` = _utf8mb4'y' and `t` < 'z'",
            "((x = E'y') AND (t < 'z'::timestamp(3) without time zone))",
        ),
    ] {
        let printed = [
            normal(said, &Dialect::SQLITE),
            normal(mysql, &Dialect::MYSQL),
            normal(postgresql, &Dialect::POSTGRESQL),
        ];
        assert!(printed.iter().all(|form| *form == printed[0]), "{printed:#?}");
    }
    for (one, other) in
        [("a > 0", "a >= 0"), ("a > 0", "a > 1"), ("a = 'x'", "a = 'X'"), ("a = 'x'", "a = x")]
    {
        assert_ne!(normal(one, &Dialect::SQLITE), normal(other, &Dialect::SQLITE), "{one} {other}");
    }
    for odd in ["'", "\"", "`", "cast(", "a ::", "a :: timestamp (", "= any (array[", "between", "\\", "'\\"]
    {
        for dialect in [Dialect::SQLITE, Dialect::MYSQL, Dialect::POSTGRESQL] {
            assert!(normal(odd, &dialect).len() <= odd.len() + 2, "{odd}");
        }
    }
}

#[test]
fn defaults_with_a_word_of_their_own() {
    let default = |text: &str| default_of(text, None, "own");
    for now in ["CURRENT_TIMESTAMP", "current_timestamp(6)", "(current_timestamp)"] {
        let typed = default_of(now, Some(&SqlType::DateTime), "own");
        assert_eq!(typed, ServerDefault::CurrentTimestamp, "{now}");
        // Of a type that only the database knows its own text is kept.
        assert!(matches!(default(now), ServerDefault::Expression(_)), "{now}");
    }
    assert_eq!(default("true"), ServerDefault::Boolean(true));
    assert_eq!(default_of("0", Some(&SqlType::Boolean), ""), ServerDefault::Boolean(false));
    let next = |sequence: Sequence| ServerDefault::NextValue(sequence);
    assert_eq!(default("nextval('n'::regclass)"), next(Sequence::new("n")));
    assert_eq!(default("nextval('own.\"N n\"'::regclass)"), next(Sequence::new("N n")));
    assert_eq!(default("nextval(`other`.`n`)"), next(Sequence::new("n").schema("other")));
    for text in ["current_timestamp + 1", "nextval('a''b'::regclass)", "nextval('a'::regclass) + 1", "now()"]
    {
        assert!(
            matches!(default(text), ServerDefault::Expression(found) if found.as_text() == Some(text)),
            "{text}"
        );
    }
}

#[test]
fn the_text_of_create_index() {
    let read = |sql: &str| {
        let (keys, condition) = sqlite_text::read_index(sql);
        (keys.join("|"), condition)
    };
    let sql =
        "create unique index \"i (\" on t (lower(a) collate nocase DESC, b asc, (c + 1)) where a > ')' -- x";
    assert_eq!(read(sql), ("lower(a) collate nocase|b|(c + 1)".into(), Some("a > ')'".into())));
    for none in ["", "create index", "create index i on t (", "create index i on t ()", "("] {
        assert_eq!(read(none).1, None, "{none}");
    }
    let written = sqlite_text::read(
        "create table t (a int references u not deferrable, b int references u deferrable initially deferred, \
         c int references u deferrable initially immediate, foreign key (a, b) references v deferrable)",
    );
    let when: Vec<_> = written.foreign_keys.iter().map(|(.., deferral)| *deferral).collect();
    let immediate = Some(Deferral::Immediate);
    assert_eq!(when, [None, Some(Deferral::Deferred), immediate, immediate]);
}

#[test]
fn mysqls_catalogue_escapes_once_more() {
    for (catalogue, plain) in [
        (r"(`name` <> _utf8mb4\'x\')", "(`name` <> _utf8mb4'x')"),
        (r"(`a` = _utf8mb4\'it\\\'s\')", r"(`a` = _utf8mb4'it\'s')"),
        (r"(`a` = _utf8mb4\'b\\\\c\\n\')", r"(`a` = _utf8mb4'b\\c\n')"),
        ("(`a` > 1)", "(`a` > 1)"),
        ("\\", ""),
    ] {
        assert_eq!(mysql::printed(catalogue.to_owned(), false), plain);
        assert_eq!(mysql::printed(catalogue.to_owned(), true), catalogue);
    }
    let said = normal("name <> 'x'", &Dialect::MYSQL);
    assert_eq!(
        normal(&mysql::printed(r"(`name` <> _utf8mb4\'x\')".to_owned(), false), &Dialect::MYSQL),
        said
    );
    let default =
        mysql::default_text(r"concat(_utf8mb4\'a\',1)".into(), "varchar(9)", "default_generated", false);
    assert_eq!(default.as_deref(), Some("concat(_utf8mb4'a',1)"));
}
