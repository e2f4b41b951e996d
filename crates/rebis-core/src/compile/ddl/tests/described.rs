//! What a table's description can say: constraints, indexes, options, counters, expressions.

use super::*;
use crate::Value;
use crate::schema::{
    Deferral, Identity, IndexKey, IndexMethod, MatchType, MysqlOptions, PostgresqlOptions, SqliteOptions,
};
use crate::sql::{Expression, column, func};
use crate::url::Backend;

const NONE: Option<ErrorKind> = None;
const UNSUPPORTED: Option<ErrorKind> = Some(ErrorKind::Unsupported);

fn parts() -> Table {
    let name = ColumnDef::new("name", SqlType::Text);
    Table::build("t").column(number("a")).column(number("b")).column(name).finish().unwrap()
}

#[test]
fn indexes_of_every_kind() {
    let index = |index: Index| create_index(&parts(), &index);
    each(
        &index(Index::new("i", ["a"]).filter(column("b").gt(-5)).unique()),
        [
            Ok(r#"CREATE UNIQUE INDEX "i" ON "t" ("a") WHERE "b" > (-5)"#),
            NO,
            Ok(r#"CREATE UNIQUE INDEX "i" ON "t" ("a") WHERE "b" > (-5)"#),
        ],
    );
    let lower = IndexKey::expression(func::<String>("lower", (column("name"),)));
    let lower = index(Index::on([lower, "a".into()]));
    each(
        &lower,
        [
            Ok(r#"CREATE INDEX "ix_t_expr_a" ON "t" ((lower("name")), "a")"#),
            Ok("CREATE INDEX `ix_t_expr_a` ON `t` ((lower(`name`)), `a`)"),
            Ok(r#"CREATE INDEX "ix_t_expr_a" ON "t" ((lower("name")), "a")"#),
        ],
    );
    on(Dialect::MARIADB, &lower, NO);
    each(
        &index(Index::new("i", [IndexKey::from("a").descending()])),
        [
            Ok(r#"CREATE INDEX "i" ON "t" ("a" DESC)"#),
            Ok("CREATE INDEX `i` ON `t` (`a` DESC)"),
            Ok(r#"CREATE INDEX "i" ON "t" ("a" DESC)"#),
        ],
    );
    let prefix = index(Index::new("i", [IndexKey::from("name").prefix(10)]));
    each(&prefix, [NO, Ok("CREATE INDEX `i` ON `t` (`name`(10))"), NO]);
    let hash = index(Index::new("i", ["a"]).using(IndexMethod::Hash));
    each(
        &hash,
        [
            NO,
            Ok("CREATE INDEX `i` ON `t` (`a`) USING HASH"),
            Ok(r#"CREATE INDEX "i" ON "t" USING HASH ("a")"#),
        ],
    );
    let text = index(Index::new("i", ["name"]).using(IndexMethod::FullText));
    each(&text, [NO, Ok("CREATE FULLTEXT INDEX `i` ON `t` (`name`)"), NO]);
    for (method, word) in [
        (IndexMethod::Gin, "GIN"),
        (IndexMethod::Gist, "GIST"),
        (IndexMethod::SpGist, "SPGIST"),
        (IndexMethod::Brin, "BRIN"),
    ] {
        let sql = format!(r#"CREATE INDEX "i" ON "t" USING {word} ("a")"#);
        each(&index(Index::new("i", ["a"]).using(method)), [NO, NO, Ok(&sql)]);
    }
    let include = index(Index::new("i", ["a"]).include(["b", "name"]));
    each(&include, [NO, NO, Ok(r#"CREATE INDEX "i" ON "t" ("a") INCLUDE ("b", "name")"#)]);
}

#[test]
fn constraints_that_wait_and_match() {
    let both = || ForeignKey::new(["a", "b"], "u", ["x", "y"]).name("f");
    let key = "FOREIGN KEY (\"a\", \"b\") REFERENCES \"u\" (\"x\", \"y\")";
    let rows = [
        (both().deferrable(Deferral::Deferred), " DEFERRABLE INITIALLY DEFERRED", [NONE, UNSUPPORTED, NONE]),
        (
            both().deferrable(Deferral::Immediate),
            " DEFERRABLE INITIALLY IMMEDIATE",
            [NONE, UNSUPPORTED, NONE],
        ),
        (both().match_type(MatchType::Full), " MATCH FULL", [UNSUPPORTED, UNSUPPORTED, NONE]),
        (both().on_delete(OnChange::SetDefault), " ON DELETE SET DEFAULT", [NONE, UNSUPPORTED, NONE]),
        (both().on_update(OnChange::Restrict), " ON UPDATE RESTRICT", [NONE; 3]),
    ];
    for (constraint, end, expected) in rows {
        let table = Table::build("t").column(number("a")).column(number("b")).foreign_key(constraint);
        let create = create_table(&table.finish().unwrap());
        assert_eq!(kinds(&create), expected, "{end}");
        let sql = create.to_sql(Dialect::POSTGRESQL).unwrap();
        assert!(sql.ends_with(&format!("CONSTRAINT \"f\" {key}{end}\n)")), "{sql}");
    }
    let unique = UniqueConstraint::new(["a"]).name("u").deferrable(Deferral::Deferred);
    each(
        &add_constraint(&parts(), unique),
        [NO, NO, Ok(r#"ALTER TABLE "t" ADD CONSTRAINT "u" UNIQUE ("a") DEFERRABLE INITIALLY DEFERRED"#)],
    );
}

#[test]
fn checks_and_constraints_of_one_database() {
    let table = Table::build("t")
        .column(number("a"))
        .column(ColumnDef::new("name", SqlType::Text))
        .check(CheckConstraint::new(column("name").ne(r"it's \")).name("c"))
        .check(CheckConstraint::new("a > 1").name("p").only_on([Backend::Postgresql]))
        .unique_constraint(UniqueConstraint::new(["a"]).name("s").only_on([Backend::Sqlite]))
        .index(Index::new("m", ["a"]).only_on([Backend::Mysql]))
        .finish()
        .unwrap();
    assert_eq!(
        DIALECTS.map(|dialect| table
            .create_sql(dialect)
            .unwrap()
            .join("; ")
            .split_once("NULL,\n    CONS")
            .unwrap()
            .1
            .to_owned()),
        [
            "TRAINT \"s\" UNIQUE (\"a\"),\n    CONSTRAINT \"c\" CHECK (\"name\" <> 'it''s \\')\n)",
            "TRAINT `c` CHECK (`name` <> 'it''s \\\\')\n); CREATE INDEX `m` ON `t` (`a`)",
            "TRAINT \"c\" CHECK (\"name\" <> E'it''s \\\\'),\n    CONSTRAINT \"p\" CHECK (a > 1)\n)",
        ]
    );
    let missing = Table::build("t").column(number("a")).check(CheckConstraint::new(column("b").gt(1)));
    let error = create_table(&missing.finish().unwrap()).to_sql(Dialect::SQLITE).unwrap_err();
    assert!(error.to_string().contains("has no column 'b'"), "{error}");
}

#[test]
fn values_in_ddl() {
    let condition = |value: Value| {
        let check = CheckConstraint::new(column("a").eq(value)).name("c");
        DIALECTS.map(|dialect| {
            let sql = add_constraint(&parts(), check.clone());
            let sql = match dialect.name {
                "sqlite" => {
                    let builder = Table::build("t").column(number("a")).check(check.clone());
                    create_table(&builder.finish().unwrap()).to_sql(dialect)
                }
                _ => sql.to_sql(dialect),
            };
            sql.map(|sql| sql.split_once(" = ").unwrap().1.trim_end_matches([')', '\n']).to_owned())
        })
    };
    let day = chrono::NaiveDate::from_ymd_opt(2026, 2, 3).unwrap();
    let noon = day.and_hms_opt(12, 0, 0).unwrap();
    let rows: [(Value, [&str; 3]); 8] = [
        (Value::Int(7), ["7"; 3]),
        (Value::Int(-7), ["(-7"; 3]),
        (Value::Bool(true), ["TRUE"; 3]),
        (Value::Float(1.5), ["1.5", "1.5e0", "CAST('1.5' AS DOUBLE PRECISION"]),
        (Value::Bytes(vec![0, 255]), ["X'00ff'", "X'00ff'", "decode('00ff', 'hex'"]),
        (day.into(), ["'2026-02-03'", "DATE '2026-02-03'", "CAST('2026-02-03' AS DATE"]),
        (
            noon.into(),
            [
                "'2026-02-03 12:00:00.000000'",
                "TIMESTAMP '2026-02-03 12:00:00.000000'",
                "CAST('2026-02-03 12:00:00.000000' AS TIMESTAMP",
            ],
        ),
        (Value::Json("{}".into()), ["'{}'", "'{}'", "CAST('{}' AS JSONB"]),
    ];
    for (value, expected) in rows {
        assert_eq!(condition(value).map(Result::unwrap), expected);
    }
    for postgresql_alone in [Value::Float(f64::NAN), Value::Array(vec![1.into()])] {
        let kinds = condition(postgresql_alone).map(|sql| sql.err().map(|error| error.kind()));
        assert_eq!(kinds, [UNSUPPORTED, UNSUPPORTED, None]);
    }
    assert!(condition(Value::Text("a\0".into())).iter().all(Result::is_err));
}

#[test]
fn options_of_tables() {
    let table = Table::build("t")
        .column(ColumnDef::new("name", SqlType::String { length: 9 }).primary_key())
        .column(ColumnDef::new("big", SqlType::Numeric { precision: 9, scale: 2 }))
        .mysql(MysqlOptions::default().engine("MEMORY").charset("utf8mb4").collation("utf8mb4_bin"))
        .postgresql(PostgresqlOptions::default().unlogged().fill_factor(70).tablespace("fast"))
        .sqlite(SqliteOptions::default().strict().without_row_id());
    assert_eq!(
        texts(&create_table(&table.finish().unwrap())),
        [
            "CREATE TABLE \"t\" (\n    \"name\" TEXT NOT NULL,\n    \"big\" ANY NOT NULL,\n    \
             CONSTRAINT \"pk_t\" PRIMARY KEY (\"name\")\n) STRICT, WITHOUT ROWID",
            "CREATE TABLE `t` (\n    `name` VARCHAR(9) NOT NULL,\n    `big` DECIMAL(9, 2) NOT NULL,\n    \
             PRIMARY KEY (`name`)\n) ENGINE=`MEMORY` CHARACTER SET=`utf8mb4` COLLATE=`utf8mb4_bin`",
            "CREATE UNLOGGED TABLE \"t\" (\n    \"name\" VARCHAR(9) NOT NULL,\n    \"big\" NUMERIC(9, 2) NOT NULL,\n    \
             CONSTRAINT \"pk_t\" PRIMARY KEY (\"name\")\n) WITH (fillfactor=70) TABLESPACE \"fast\"",
        ]
    );
    let brief = Table::build("t").column(number("a")).temporary().finish().unwrap();
    let create = |q: char| format!("CREATE TEMPORARY TABLE {q}t{q} (\n    {q}a{q} INTEGER NOT NULL\n)");
    assert_eq!(texts(&create_table(&brief)), [create('"'), create('`'), create('"')]);
    assert_eq!(
        texts(&drop_table(&brief)),
        [r#"DROP TABLE "t""#, "DROP TEMPORARY TABLE `t`", r#"DROP TABLE "t""#]
    );
    let counted = Table::build("t").column(id()).sqlite(SqliteOptions::default().without_row_id());
    assert_eq!(kinds(&create_table(&counted.finish().unwrap())), [UNSUPPORTED, NONE, NONE]);
}

#[test]
fn counters() {
    let with = |identity| {
        let id = ColumnDef::new("id", SqlType::Integer).identity(identity);
        create_table(&Table::build("t").column(id).finish().unwrap())
    };
    assert_eq!(kinds(&with(Identity::always())), [UNSUPPORTED, UNSUPPORTED, NONE]);
    assert_eq!(kinds(&with(Identity::default().increment(2))), [UNSUPPORTED, UNSUPPORTED, NONE]);
    let start = with(Identity::default().start(100));
    assert_eq!(kinds(&start), [UNSUPPORTED, NONE, NONE]);
    assert!(start.to_sql(Dialect::MYSQL).unwrap().ends_with(") AUTO_INCREMENT=100"));
    let sql = with(Identity::always().start(-3).increment(-2)).to_sql(Dialect::POSTGRESQL).unwrap();
    assert!(
        sql.contains(r#""id" INTEGER GENERATED ALWAYS AS IDENTITY (START WITH -3 INCREMENT BY -2) NOT NULL"#),
        "{sql}"
    );
}

#[test]
fn composed_defaults_and_computations() {
    let total = number("c").computed(Computed::stored(column("a") + 2));
    let table =
        Table::build("t").column(number("a").server_default(crate::sql::literal(40) + 2)).column(total);
    assert_eq!(
        texts(&create_table(&table.finish().unwrap())).map(|sql| sql
            .lines()
            .skip(1)
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(" ")),
        [
            r#""a" INTEGER DEFAULT (40 + 2) NOT NULL, "c" INTEGER GENERATED ALWAYS AS ("a" + 2) STORED NOT NULL )"#,
            "`a` INTEGER DEFAULT (40 + 2) NOT NULL, `c` INTEGER GENERATED ALWAYS AS (`a` + 2) STORED )",
            r#""a" INTEGER DEFAULT (40 + 2) NOT NULL, "c" INTEGER GENERATED ALWAYS AS ("a" + 2) STORED NOT NULL )"#,
        ]
    );
}
