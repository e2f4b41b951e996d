//! Each construct with its text on the three databases side by side.

mod functions;
mod joined;
mod queries;
mod selects;
mod types;
mod writes;

use std::sync::LazyLock;

use crate::compile::CompiledCache;
use crate::compile::tests::DIALECTS;
use crate::schema::{ColumnDef, Entity, SchemaTranslateMap, SqlType, Table};
use crate::sql::*;
use crate::value::FromValue;
use crate::{Dialect, ErrorKind, Result, Value};

struct User;

#[allow(non_upper_case_globals)]
impl User {
    const id: Column<User, i64> = Column::new("id");
    const name: Column<User, String> = Column::new("name");
    const manager_id: Column<User, Option<i64>> = Column::new("manager_id");
    const missing: Column<User, i64> = Column::new("nmae");
}

impl Entity for User {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::build("users")
                .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
                .column(ColumnDef::new("name", SqlType::Text))
                .column(ColumnDef::new("manager_id", SqlType::BigInteger).nullable())
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

struct Address;

#[allow(non_upper_case_globals)]
impl Address {
    const email: Column<Address, String> = Column::new("email");
    const user_id: Column<Address, i64> = Column::new("user_id");
}

impl Entity for Address {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::build("addresses")
                .schema("post")
                .column(ColumnDef::new("email", SqlType::Text))
                .column(ColumnDef::new("user_id", SqlType::BigInteger))
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

/// The text and the values that are sent.
fn sent(statement: &Statement, dialect: &Dialect) -> (String, Vec<Value>) {
    let cache = CompiledCache::new(0);
    let compiled = cache.statement(statement, dialect, &SchemaTranslateMap::new()).unwrap();
    (
        compiled.sql().to_owned(),
        compiled.parameters().into_iter().map(|value| Value::from_value(value).unwrap()).collect(),
    )
}

/// The texts for SQLite, MySQL and PostgreSQL.
fn texts(to_sql: impl Fn(Dialect) -> Result<String>) -> [String; 3] {
    DIALECTS.map(|dialect| to_sql(dialect).unwrap())
}

/// The text on each database, where only quotes and placeholders differ: written with PostgreSQL's.
#[track_caller]
fn alike(to_sql: impl Fn(Dialect) -> Result<String>, postgresql: &str) {
    let numbers = |sql: &str| sql.replace('$', "?");
    let mut mysql = postgresql.replace('"', "`");
    for number in (1..30).rev() {
        mysql = mysql.replace(&format!("${number}"), "?");
    }
    assert_eq!(texts(to_sql), [numbers(postgresql), mysql, postgresql.to_owned()]);
}

/// The text of a condition on users.
fn condition(condition: Expr<bool>) -> impl Fn(Dialect) -> Result<String> {
    move |dialect| {
        let sql = select(User::id).filter(condition.clone()).to_sql(dialect)?;
        Ok(sql.split_once(" WHERE ").unwrap().1.to_owned())
    }
}

#[test]
fn comparisons() {
    alike(condition(User::id.eq(1)), r#""users"."id" = $1"#);
    alike(condition(User::id.ne(1_u8)), r#""users"."id" <> $1"#);
    alike(
        condition(User::id.lt(1) & User::id.ge(User::manager_id)),
        r#""users"."id" < $1 AND "users"."id" >= "users"."manager_id""#,
    );
    alike(condition(User::manager_id.eq(None::<i64>)), r#""users"."manager_id" IS NULL"#);
    alike(condition(User::manager_id.ne(None::<i64>)), r#""users"."manager_id" IS NOT NULL"#);
    alike(condition(User::manager_id.eq(Some(7))), r#""users"."manager_id" = $1"#);
    alike(condition(User::id.between(1, 5)), r#""users"."id" BETWEEN $1 AND $2"#);
    alike(condition(!User::id.between(1, 5)), r#""users"."id" NOT BETWEEN $1 AND $2"#);
    let same = condition(User::manager_id.is_not_distinct_from(User::id));
    assert_eq!(
        texts(same),
        [
            r#""users"."manager_id" IS "users"."id""#,
            "`users`.`manager_id` <=> `users`.`id`",
            r#""users"."manager_id" IS NOT DISTINCT FROM "users"."id""#
        ]
    );
    let different = condition(User::manager_id.is_distinct_from(3));
    assert_eq!(
        texts(different),
        [
            r#""users"."manager_id" IS NOT ?1"#,
            "NOT (`users`.`manager_id` <=> ?)",
            r#""users"."manager_id" IS DISTINCT FROM $1"#
        ]
    );
}

#[test]
fn lists_may_be_empty_g2() {
    alike(condition(User::id.in_list([1, 2, 3])), r#""users"."id" IN ($1, $2, $3)"#);
    alike(condition(User::id.not_in_list([1])), r#""users"."id" NOT IN ($1)"#);
    alike(condition(User::id.in_list(Vec::<i64>::new())), "1 = 0");
    alike(condition(User::id.not_in_list(Vec::<i64>::new())), "1 = 1");
    alike(condition(!User::id.in_list(Vec::<i64>::new())), "1 = 1");
}

#[test]
fn parentheses_stand_only_where_they_are_needed_g5() {
    let (one, two, three) = (|| User::id.eq(1), || User::id.eq(2), || User::id.eq(3));
    let eq = |number| format!(r#""users"."id" = ${number}"#);
    alike(condition(one() & two() & three()), &format!("{} AND {} AND {}", eq(1), eq(2), eq(3)));
    alike(condition(one() & (two() | three())), &format!("{} AND ({} OR {})", eq(1), eq(2), eq(3)));
    alike(condition((one() & two()) | three()), &format!("{} AND {} OR {}", eq(1), eq(2), eq(3)));
    alike(condition(!(one() | two())), &format!("NOT ({} OR {})", eq(1), eq(2)));
    alike(condition(!!one()), &eq(1));
    alike(condition(all([])), "1 = 1");
    alike(condition(any([])), "1 = 0");
    alike(condition(any([]) | one()), &eq(1));
    alike(condition(((User::id + 1) * 2).eq(3)), r#"("users"."id" + $1) * $2 = $3"#);
    alike(condition((User::id - (User::id - 1)).eq(0)), r#""users"."id" - ("users"."id" - $1) = $2"#);
    alike(condition((User::id - 1 - 2).eq(0)), r#""users"."id" - $1 - $2 = $3"#);
    alike(condition((-(User::id + 1)).lt(0)), r#"-("users"."id" + $1) < $2"#);
    alike(condition(User::id.eq(1).eq(true)), r#"("users"."id" = $1) = $2"#);
}

#[test]
fn patterns_stand_for_themselves_g8() {
    alike(condition(User::name.like("e%")), r#""users"."name" LIKE $1"#);
    let statement = select(User::id).filter(User::name.contains("50%_/"));
    let (sql, values) = sent(&statement.into(), &Dialect::POSTGRESQL);
    assert!(sql.ends_with(r#"LIKE $1 ESCAPE '/'"#), "{sql}");
    assert_eq!(values, [Value::from("%50/%/_//%")]);
    let concatenated = condition(User::name.concat("x").eq("ex"));
    assert_eq!(
        texts(concatenated),
        [r#""users"."name" || ?1 = ?2"#, "concat(`users`.`name`, ?) = ?", r#""users"."name" || $1 = $2"#]
    );
}

#[test]
fn joins_and_aliases() {
    let manager = alias::<User>("manager");
    let statement = select((User::name, manager.c(User::name).nullable()))
        .outer_join(&manager, manager.c(User::id).eq(User::manager_id))
        .order_by(User::name.desc())
        .order_by(User::id)
        .limit(10)
        .offset(20);
    alike(
        |dialect| statement.to_sql(dialect),
        r#"SELECT "users"."name", "manager"."name" FROM "users" LEFT JOIN "users" AS "manager" ON "manager"."id" = "users"."manager_id" ORDER BY "users"."name" DESC, "users"."id" LIMIT $1 OFFSET $2"#,
    );
    let schema = select((User::name, Address::email))
        .from(table::<User>())
        .join(table::<Address>(), Address::user_id.eq(User::id));
    alike(
        |dialect| schema.to_sql(dialect),
        r#"SELECT "users"."name", "addresses"."email" FROM "users" JOIN "post"."addresses" ON "addresses"."user_id" = "users"."id""#,
    );
}

#[test]
fn groups_functions_and_windows() {
    let statement = select((User::name, count(User::id)))
        .group_by(User::name)
        .having(count_all().gt(1))
        .order_by(count(User::id).desc());
    alike(
        |dialect| statement.to_sql(dialect),
        r#"SELECT "users"."name", count("users"."id") FROM "users" GROUP BY "users"."name" HAVING count(*) > $1 ORDER BY count("users"."id") DESC"#,
    );
    let filtered = select(count_all().filter(User::id.gt(1)).label("some"));
    assert_eq!(
        texts(|dialect| filtered.to_sql(dialect)),
        [
            r#"SELECT count(*) FILTER (WHERE "users"."id" > ?1) AS "some" FROM "users""#,
            "SELECT count(CASE WHEN `users`.`id` > ? THEN 1 END) AS `some` FROM `users`",
            r#"SELECT count(*) FILTER (WHERE "users"."id" > $1) AS "some" FROM "users""#
        ]
    );
    let ranked = select(row_number().over(window().partition_by(User::name).order_by(User::id.desc())));
    alike(
        |dialect| ranked.to_sql(dialect),
        r#"SELECT row_number() OVER (PARTITION BY "users"."name" ORDER BY "users"."id" DESC) FROM "users""#,
    );
    let nulls = select(User::id).order_by(User::manager_id.asc().nulls_last());
    assert_eq!(
        texts(|dialect| nulls.to_sql(dialect)),
        [
            r#"SELECT "users"."id" FROM "users" ORDER BY "users"."manager_id" NULLS LAST"#,
            "SELECT `users`.`id` FROM `users` ORDER BY `users`.`manager_id` IS NULL, `users`.`manager_id`",
            r#"SELECT "users"."id" FROM "users" ORDER BY "users"."manager_id" NULLS LAST"#
        ]
    );
}

#[test]
fn queries_in_queries() {
    let addresses = || select(Address::email).filter(Address::user_id.eq(User::id));
    alike(
        condition(exists(addresses())),
        r#"EXISTS (SELECT "addresses"."email" FROM "post"."addresses" WHERE "addresses"."user_id" = "users"."id")"#,
    );
    alike(
        condition(!exists(addresses())),
        r#"NOT EXISTS (SELECT "addresses"."email" FROM "post"."addresses" WHERE "addresses"."user_id" = "users"."id")"#,
    );
    alike(
        condition(User::id.in_select(select(Address::user_id))),
        r#""users"."id" IN (SELECT "addresses"."user_id" FROM "post"."addresses")"#,
    );
    let newest = select(max(Address::email)).filter(Address::user_id.eq(User::id)).scalar();
    let statement = select((User::name, newest));
    alike(
        |dialect| statement.to_sql(dialect),
        r#"SELECT "users"."name", (SELECT max("addresses"."email") FROM "post"."addresses" WHERE "addresses"."user_id" = "users"."id") FROM "users""#,
    );
    let union = select(User::name).union(select(Address::email)).limit(3);
    alike(
        |dialect| union.to_sql(dialect),
        r#"SELECT "users"."name" FROM "users" UNION SELECT "addresses"."email" FROM "post"."addresses" LIMIT $1"#,
    );
    let nested = select(count(User::id).label("n")).group_by(User::name).subquery("counts");
    let outer = select(vec![nested.c("n")]).from(&nested);
    alike(
        |dialect| outer.to_sql(dialect),
        r#"SELECT "counts"."n" FROM (SELECT count("users"."id") AS "n" FROM "users" GROUP BY "users"."name") AS "counts""#,
    );
}

#[test]
fn what_a_database_cannot_say_is_unsupported() {
    let full = select(User::id.nullable()).full_join(&alias::<User>("other"), User::id.eq(1));
    assert_eq!(full.to_sql(Dialect::MYSQL).unwrap_err().kind(), ErrorKind::Unsupported);
    let returning = update::<User>().set(User::name, "x").returning(User::id);
    assert_eq!(returning.to_sql(Dialect::MYSQL).unwrap_err().kind(), ErrorKind::Unsupported);
    let locked = select(User::id).for_update(LockWait::SkipLocked);
    assert_eq!(
        texts(|dialect| locked.to_sql(dialect)),
        [
            r#"SELECT "users"."id" FROM "users""#,
            "SELECT `users`.`id` FROM `users` FOR UPDATE SKIP LOCKED",
            r#"SELECT "users"."id" FROM "users" FOR UPDATE SKIP LOCKED"#
        ]
    );
}

#[test]
fn writes() {
    let row = || [User::id.set(1), User::name.set("ed")];
    let insert = insert::<User>().row(row()).unwrap().row([User::name.set("jo"), User::id.set(2)]).unwrap();
    alike(
        |dialect| insert.to_sql(dialect),
        r#"INSERT INTO "users" ("id", "name") VALUES ($1, $2), ($3, $4)"#,
    );
    let uneven = super::super::super::sql::insert::<User>().row(row()).unwrap().row([User::id.set(1)]);
    assert_eq!(uneven.unwrap_err().kind(), ErrorKind::Bind);
    let upsert = super::super::super::sql::insert::<User>()
        .row(row())
        .unwrap()
        .on_conflict_do_update(["id"], [User::name.set(proposed(User::name))]);
    assert_eq!(
        texts(|dialect| upsert.to_sql(dialect)),
        [
            r#"INSERT INTO "users" ("id", "name") VALUES (?1, ?2) ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name""#,
            "INSERT INTO `users` (`id`, `name`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `name` = VALUES(`name`)",
            r#"INSERT INTO "users" ("id", "name") VALUES ($1, $2) ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name""#
        ]
    );
    let update =
        update::<User>().set(User::name, "ed").set(User::manager_id, User::id + 1).filter(User::id.eq(1));
    alike(
        |dialect| update.to_sql(dialect),
        r#"UPDATE "users" SET "name" = $1, "manager_id" = "users"."id" + $2 WHERE "users"."id" = $3"#,
    );
    let delete = delete::<User>().filter(User::name.is_null() | User::id.gt(9));
    alike(
        |dialect| delete.to_sql(dialect),
        r#"DELETE FROM "users" WHERE "users"."name" IS NULL OR "users"."id" > $1"#,
    );
}

#[test]
fn names_are_quoted_whatever_is_in_them() {
    let odd = Table::build("we\"ird`; drop").column(ColumnDef::new("a\"b", SqlType::Text)).finish().unwrap();
    let statement = select(vec![odd.c("a\"b")]);
    assert_eq!(
        texts(|dialect| statement.to_sql(dialect)),
        [
            r#"SELECT "we""ird`; drop"."a""b" FROM "we""ird`; drop""#,
            "SELECT `we\"ird``; drop`.`a\"b` FROM `we\"ird``; drop`",
            r#"SELECT "we""ird`; drop"."a""b" FROM "we""ird`; drop""#
        ]
    );
}
