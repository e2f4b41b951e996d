//! Sequences, schemas, views, and the words beside single statements.

use super::*;
use crate::compile::create_statements;
use crate::schema::{SchemaTranslateMap, Sequence};
use crate::sql::{
    Expr, Expression, View, create_schema, create_sequence, create_table_as, create_view, drop_schema,
    drop_sequence, drop_view, literal, select, set_table_comment,
};

fn people() -> Table {
    Table::build("p").column(ColumnDef::new("name", SqlType::Text)).comment("all").finish().unwrap()
}

#[test]
fn sequences() {
    let numbers = Sequence::new("n").schema("s").start(5).increment(10).between(1, 99).cache(3).cycle();
    let says = "START WITH 5 INCREMENT BY 10 MINVALUE 1 MAXVALUE 99 CACHE 3 CYCLE";
    let create = create_sequence(&numbers);
    each(&create, [NO, NO, Ok(&format!(r#"CREATE SEQUENCE "s"."n" {says}"#))]);
    on(Dialect::MARIADB, &create, Ok(&format!("CREATE SEQUENCE `s`.`n` {says}")));
    let plain = Sequence::new("it's");
    let create = create_sequence(&plain).if_not_exists();
    each(&create, [NO, NO, Ok(r#"CREATE SEQUENCE IF NOT EXISTS "it's""#)]);
    on(Dialect::MARIADB, &create, Ok("CREATE SEQUENCE IF NOT EXISTS `it's`"));
    let drop = drop_sequence(&plain).if_exists();
    each(&drop, [NO, NO, Ok(r#"DROP SEQUENCE IF EXISTS "it's""#)]);
    on(Dialect::MARIADB, &drop, Ok("DROP SEQUENCE IF EXISTS `it's`"));
    let dialects = [Dialect::SQLITE, Dialect::MYSQL, Dialect::MARIADB, Dialect::POSTGRESQL];
    let next =
        dialects.map(|dialect| select(plain.next_value()).to_sql(dialect).map_err(|error| error.kind()));
    assert_eq!(
        next,
        [
            Err(ErrorKind::Unsupported),
            Err(ErrorKind::Unsupported),
            Ok("SELECT NEXT VALUE FOR `it's`".into()),
            Ok(r#"SELECT nextval('"it''s"')"#.into())
        ]
    );
    let default = Table::build("t").column(number("a").server_default(&numbers)).finish().unwrap();
    let create = create_table(&default);
    let sql = "CREATE TABLE \"t\" (\n    \"a\" INTEGER DEFAULT (nextval('\"s\".\"n\"')) NOT NULL\n)";
    each(&create, [NO, NO, Ok(sql)]);
    let sql = "CREATE TABLE `t` (\n    `a` INTEGER DEFAULT (NEXT VALUE FOR `s`.`n`) NOT NULL\n)";
    on(Dialect::MARIADB, &create, Ok(sql));
}

#[test]
fn text_of_the_programs_own() {
    let body = "CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW SET NEW.a := :x ? $1";
    each(&crate::sql::ddl(body), [Ok(body); 3]);
    assert_eq!(kinds(&crate::sql::ddl("a\0b")), [Some(ErrorKind::Statement); 3]);
}

#[test]
fn schemas() {
    each(&create_schema("s"), [NO, Ok("CREATE SCHEMA `s`"), Ok(r#"CREATE SCHEMA "s""#)]);
    each(
        &drop_schema("s").if_exists(),
        [NO, Ok("DROP SCHEMA IF EXISTS `s`"), Ok(r#"DROP SCHEMA IF EXISTS "s""#)],
    );
    each(&drop_schema("s").cascade(), [NO, NO, Ok(r#"DROP SCHEMA "s" CASCADE"#)]);
}

#[test]
fn views() {
    let people = people();
    let named = select(people.c("name")).filter(people.c("name").eq(r"it's\")).limit(3);
    let view = View::new("v", named);
    let double = r#"VIEW "v" AS SELECT "p"."name" FROM "p" WHERE "p"."name" = 'it''s\' LIMIT 3"#;
    let escaped = double.replace(r"'it''s\'", r"E'it''s\\'");
    let ticks = "VIEW `v` AS SELECT `p`.`name` FROM `p` WHERE `p`.`name` = 'it''s\\\\' LIMIT 3";
    each(
        &create_view(&view),
        [Ok(&format!("CREATE {double}")), Ok(&format!("CREATE {ticks}")), Ok(&format!("CREATE {escaped}"))],
    );
    each(
        &create_view(&view).or_replace(),
        [NO, Ok(&format!("CREATE OR REPLACE {ticks}")), Ok(&format!("CREATE OR REPLACE {escaped}"))],
    );
    let brief = view.clone().temporary();
    each(
        &create_view(&brief),
        [Ok(&format!("CREATE TEMPORARY {double}")), NO, Ok(&format!("CREATE TEMPORARY {escaped}"))],
    );
    let kept = view.clone().materialized();
    each(&create_view(&kept), [NO, NO, Ok(&format!("CREATE MATERIALIZED {escaped}"))]);
    each(
        &create_view(&view).if_not_exists(),
        [
            Ok(&format!("CREATE {}", double.replace("VIEW", "VIEW IF NOT EXISTS"))),
            Ok(&format!("CREATE {}", ticks.replace("VIEW", "VIEW IF NOT EXISTS"))),
            NO,
        ],
    );
    each(&drop_view(&view), [Ok(r#"DROP VIEW "v""#), Ok("DROP VIEW `v`"), Ok(r#"DROP VIEW "v""#)]);
    each(&drop_view(&kept).if_exists(), [NO, NO, Ok(r#"DROP MATERIALIZED VIEW IF EXISTS "v""#)]);
    each(
        &create_table_as(&brief).if_not_exists(),
        [
            Ok(&format!("CREATE TEMPORARY TABLE IF NOT EXISTS {}", &double[5..])),
            Ok(&format!("CREATE TEMPORARY TABLE IF NOT EXISTS {}", &ticks[5..])),
            Ok(&format!("CREATE TEMPORARY TABLE IF NOT EXISTS {}", &escaped[5..])),
        ],
    );
}

#[test]
fn words_beside_single_statements() {
    let (people, index) = (people(), Index::new("i", ["name"]));
    let create = create_index(&people, &index).if_not_exists();
    let sql = r#"CREATE INDEX IF NOT EXISTS "i" ON "p" ("name")"#;
    each(&create, [Ok(sql), NO, Ok(sql)]);
    on(Dialect::MARIADB, &create, Ok("CREATE INDEX IF NOT EXISTS `i` ON `p` (`name`)"));
    let drop = drop_index(&people, &index).if_exists();
    each(&drop, [Ok(r#"DROP INDEX IF EXISTS "i""#), NO, Ok(r#"DROP INDEX IF EXISTS "i""#)]);
    on(Dialect::MARIADB, &drop, Ok("DROP INDEX IF EXISTS `i` ON `p`"));
    each(
        &drop_table(&people).if_exists(),
        [
            Ok(r#"DROP TABLE IF EXISTS "p""#),
            Ok("DROP TABLE IF EXISTS `p`"),
            Ok(r#"DROP TABLE IF EXISTS "p""#),
        ],
    );
    each(&drop_table(&people).cascade(), [NO, NO, Ok(r#"DROP TABLE "p" CASCADE"#)]);
    let check = CheckConstraint::new("name <> ''");
    let drop = drop_constraint(&people, check.clone()).if_exists();
    each(&drop, [NO, NO, Ok(r#"ALTER TABLE "p" DROP CONSTRAINT IF EXISTS "ck_p_1""#)]);
    on(Dialect::MARIADB, &drop, Ok("ALTER TABLE `p` DROP CONSTRAINT IF EXISTS `ck_p_1`"));
    each(
        &add_constraint(&people, check),
        [
            NO,
            Ok("ALTER TABLE `p` ADD CONSTRAINT `ck_p_1` CHECK (name <> '')"),
            Ok(r#"ALTER TABLE "p" ADD CONSTRAINT "ck_p_1" CHECK (name <> '')"#),
        ],
    );
    each(
        &set_table_comment(&people),
        [NO, Ok("ALTER TABLE `p` COMMENT = 'all'"), Ok(r#"COMMENT ON TABLE "p" IS 'all'"#)],
    );
}

#[test]
fn tables_stand_where_the_schemas_are_translated_to() {
    let owners =
        Table::build("owners").column(ColumnDef::new("id", SqlType::Integer).primary_key()).finish().unwrap();
    let pets = Table::build("pets")
        .column(ColumnDef::new("owner", SqlType::Integer).index())
        .foreign_key(ForeignKey::new(["owner"], "owners", ["id"]).name("fk"))
        .finish()
        .unwrap();
    let schemas = SchemaTranslateMap::new().with(None::<&str>, Some("tenant"));
    let say = |ddl: &Ddl| super::super::render(ddl, &Dialect::POSTGRESQL, &schemas).unwrap();
    let made: Vec<String> = create_statements(&pets, &[], &Dialect::POSTGRESQL).iter().map(say).collect();
    assert!(made[0].starts_with(r#"CREATE TABLE "tenant"."pets""#), "{made:?}");
    assert!(made[0].contains(r#"REFERENCES "tenant"."owners""#), "{made:?}");
    assert!(made[1].contains(r#" ON "tenant"."pets""#), "{made:?}");
    assert_eq!(say(&drop_table(&owners)), r#"DROP TABLE "tenant"."owners""#);
    let view = View::new("all_pets", select(pets.c("owner")));
    assert_eq!(
        say(&create_view(&view)),
        r#"CREATE VIEW "tenant"."all_pets" AS SELECT "pets"."owner" FROM "tenant"."pets""#
    );
    let own = Table::build("own").temporary().column(ColumnDef::new("n", SqlType::Integer)).finish().unwrap();
    assert_eq!(say(&drop_table(&own)), r#"DROP TABLE "own""#, "a temporary table is in no schema");
}

#[test]
fn what_is_too_deep_is_an_error_in_ddl_too() {
    let deep = |times| (0..times).fold(literal(1_i64), |sum: Expr<i64>, _| sum + 1);
    let view = |times| create_view(&View::new("v", select(deep(times).label("n"))));
    assert_eq!(kinds(&view(900)), [None; 3]);
    assert_eq!(kinds(&view(5000)), [Some(ErrorKind::Statement); 3]);
    let query = create_table_as(&View::new("t", select(deep(5000).label("n"))));
    assert_eq!(kinds(&query), [Some(ErrorKind::Statement); 3]);
    let table = Table::build("t").column(number("n").server_default(deep(5000))).finish().unwrap();
    assert_eq!(kinds(&create_table(&table)), [Some(ErrorKind::Statement); 3]);
}

#[test]
fn a_default_schema_is_not_of_what_is_temporary() {
    let table = Table::build("t").column(number("n")).temporary().finish().unwrap();
    let view = View::new("v", select(table.c("n"))).temporary();
    let metadata = MetaData::new().schema("s").table(&table).view(&view);
    assert_eq!(metadata.find("t").unwrap().schema(), None);
    let made: Vec<&View> = metadata.views().iter().filter_map(|view| view.get::<View>()).collect();
    assert_eq!(made[0].schema, None);
}
