//! CTEs, lateral queries, writes that read.

use super::*;

#[test]
fn common_table_expressions() {
    let named =
        select((User::id, count_all().label("n"))).filter(User::id.gt(1)).group_by(User::id).cte("named");
    let statement = select((named.column(User::id), named.typed::<i64>("n"))).with(&named);
    alike(
        |dialect| statement.to_sql(dialect),
        r#"WITH "named" ("id", "n") AS (SELECT "users"."id", count(*) AS "n" FROM "users" WHERE "users"."id" > $1 GROUP BY "users"."id") SELECT "named"."id", "named"."n" FROM "named""#,
    );
    let chain = select(User::id).filter(User::id.eq(1)).cte("chain");
    let chain = chain.union_all(
        select(User::id).from(table::<User>()).join(&chain, User::manager_id.eq(chain.column(User::id))),
    );
    let below = chain.alias("below");
    let recursive = select(chain.column(User::id))
        .with(&chain)
        .join(&below, below.typed::<i64>("id").gt(chain.column(User::id)))
        .from(&chain);
    alike(
        |dialect| recursive.to_sql(dialect),
        r#"WITH RECURSIVE "chain" ("id") AS (SELECT "users"."id" FROM "users" WHERE "users"."id" = $1 UNION ALL SELECT "users"."id" FROM "users" JOIN "chain" ON "users"."manager_id" = "chain"."id") SELECT "chain"."id" FROM "chain" JOIN "chain" AS "below" ON "below"."id" > "chain"."id""#,
    );
    let delete = delete::<User>().filter(User::id.in_select(select(chain.column(User::id)).with(&chain)));
    alike(
        |dialect| delete.to_sql(dialect),
        r#"DELETE FROM "users" WHERE "users"."id" IN (WITH RECURSIVE "chain" ("id") AS (SELECT "users"."id" FROM "users" WHERE "users"."id" = $1 UNION ALL SELECT "users"."id" FROM "users" JOIN "chain" ON "users"."manager_id" = "chain"."id") SELECT "chain"."id" FROM "chain")"#,
    );
}

#[test]
fn what_is_wrong_with_a_cte_is_said_before_anything_is_sent() {
    let says = |result: Result<String>, text: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Statement);
        assert!(error.to_string().contains(text), "{error}");
    };
    let one = select(User::id).cte("one");
    says(select(one.c("id")).to_sql(Dialect::SQLITE), "give it by `with`");
    says(
        select(one.c("name")).with(&one).to_sql(Dialect::SQLITE),
        "the CTE 'one' has no column 'name'; it has id",
    );
    let nameless = select(count_all()).from(table::<User>()).cte("nameless");
    says(select(nameless.c("n")).with(&nameless).to_sql(Dialect::SQLITE), "give it one by `label`");
    let inner = select(one.column(User::id)).with(&one).subquery("inner");
    let outside = select(one.c("id")).from(&one).join(&inner, one.c("id").eq(inner.c("id")));
    says(outside.to_sql(Dialect::SQLITE), "give it by `with`");
}

#[test]
fn a_query_inside_of_another_has_rows_of_its_own() {
    let large = || select(User::id).filter(User::name.eq("jo"));
    let most = || select(max(User::id));
    let wrong = [
        select(User::id).filter(User::id.in_select(large().limit(1))),
        select(User::id).filter(exists(large())),
        select(User::id).filter(User::id.nullable().eq(most().scalar())),
        select(User::id).filter(User::id.in_select(select(Address::user_id).union(large()))),
    ];
    for statement in wrong {
        let error = statement.to_sql(Dialect::SQLITE).unwrap_err();
        assert_eq!((error.kind(), error.to_string().contains("'users'")), (ErrorKind::Statement, true));
    }
    let delete = delete::<User>().filter(User::id.in_select(large().limit(1)));
    assert_eq!(delete.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement);
    // With a FROM the inner one is meant.
    let delete = super::delete::<User>().filter(User::id.in_select(large().from(table::<User>()).limit(1)));
    assert_eq!(
        delete.to_sql(Dialect::POSTGRESQL).unwrap(),
        r#"DELETE FROM "users" WHERE "users"."id" IN (SELECT "users"."id" FROM "users" WHERE "users"."name" = $1 LIMIT $2)"#
    );
    alike(condition(exists(select(literal(1)))), "EXISTS (SELECT $1)");
}

#[test]
fn what_is_grouped_by_is_the_same_expression() {
    let shifted = User::id + 7;
    let groups = select((shifted.clone(), count_all()))
        .filter(User::id.ne(3))
        .group_by(shifted.clone())
        .having(shifted.clone().gt(10))
        .order_by(shifted.clone());
    assert_eq!(
        groups.to_sql(Dialect::POSTGRESQL).unwrap(),
        r#"SELECT "users"."id" + $1, count(*) FROM "users" WHERE "users"."id" <> $2 GROUP BY "users"."id" + $1 HAVING "users"."id" + $1 > $3 ORDER BY "users"."id" + $1"#
    );
    assert_eq!(
        groups.to_sql(Dialect::MYSQL).unwrap().matches('?').count(),
        6,
        "placeholders without numbers are one each"
    );
    let plain = select(shifted.clone()).order_by(shifted);
    assert!(plain.to_sql(Dialect::POSTGRESQL).unwrap().ends_with(r#""users"."id" + $2"#));
}

#[test]
fn lateral_queries_and_distinct_on() {
    let first = select(Address::email).filter(Address::user_id.eq(User::id)).limit(1).lateral("first");
    let statement =
        select((User::name, first.typed::<String>("email"))).from(table::<User>()).cross_join(&first);
    let error = statement.to_sql(Dialect::SQLITE).unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("LATERAL")), (ErrorKind::Unsupported, true));
    assert_eq!(
        [Dialect::MYSQL, Dialect::POSTGRESQL].map(|dialect| statement.to_sql(dialect).unwrap()),
        [
            "SELECT `users`.`name`, `first`.`email` FROM `users` CROSS JOIN LATERAL (SELECT `addresses`.`email` FROM `post`.`addresses` WHERE `addresses`.`user_id` = `users`.`id` LIMIT ?) AS `first`",
            r#"SELECT "users"."name", "first"."email" FROM "users" CROSS JOIN LATERAL (SELECT "addresses"."email" FROM "post"."addresses" WHERE "addresses"."user_id" = "users"."id" LIMIT $1) AS "first""#
        ]
    );
    let on = select(User::name).distinct_on(User::manager_id).order_by(User::manager_id);
    assert_eq!(on.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(on.to_sql(Dialect::MYSQL).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(
        on.to_sql(Dialect::POSTGRESQL).unwrap(),
        r#"SELECT DISTINCT ON ("users"."manager_id") "users"."name" FROM "users" ORDER BY "users"."manager_id""#
    );
}

#[test]
fn inserts_of_queries_and_defaults() {
    let query = || select((Address::user_id, Address::email));
    let copy = insert::<User>().from_select(["id", "name"], query());
    alike(
        |dialect| copy.to_sql(dialect),
        r#"INSERT INTO "users" ("id", "name") SELECT "addresses"."user_id", "addresses"."email" FROM "post"."addresses""#,
    );
    let met = copy.on_conflict_do_update(["id"], [User::name.set(proposed(User::name))]);
    let into = r#"INSERT INTO "users" ("id", "name") SELECT "addresses"."user_id", "addresses"."email" FROM "post"."addresses" WHERE 1 = 1"#;
    let update = r#"ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name""#;
    let duplicate = "ON DUPLICATE KEY UPDATE `users`.`name` = VALUES(`name`)";
    assert_eq!(
        texts(|dialect| met.to_sql(dialect)),
        [
            format!("{into} {update}"),
            format!("{} {duplicate}", into.replace('"', "`")),
            format!("{into} {update}")
        ]
    );
    let filtered = met.on_conflict_filter(User::manager_id.is_null());
    assert_eq!(filtered.to_sql(Dialect::MYSQL).unwrap_err().kind(), ErrorKind::Unsupported);
    let filtered = filtered.to_sql(Dialect::POSTGRESQL).unwrap();
    assert_eq!(filtered, format!(r#"{into} {update} WHERE "users"."manager_id" IS NULL"#));
    let early =
        insert::<User>().from_select(["id", "name"], query()).on_conflict_filter(User::manager_id.is_null());
    assert_eq!(early.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement, "nothing is met");
    let early = early.on_conflict_do_update(["id"], [User::name.set(proposed(User::name))]);
    assert_eq!(early.to_sql(Dialect::POSTGRESQL).unwrap(), filtered, "in any order");
    let uneven = insert::<User>().from_select(["id"], query());
    assert_eq!(uneven.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement);
    let defaults = insert::<User>().default_row();
    assert_eq!(
        texts(|dialect| defaults.to_sql(dialect)),
        [
            r#"INSERT INTO "users" DEFAULT VALUES"#,
            "INSERT INTO `users` () VALUES ()",
            r#"INSERT INTO "users" DEFAULT VALUES"#
        ]
    );
    let upsert = defaults.on_conflict_do_nothing(["id"]);
    assert_eq!(upsert.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(upsert.to_sql(Dialect::MYSQL).is_ok() && upsert.to_sql(Dialect::POSTGRESQL).is_ok());
}

#[test]
fn updates_and_deletes_that_read_other_tables() {
    let of_user = || Address::user_id.eq(User::id);
    let change = update::<User>().set(User::name, Address::email).from(table::<Address>()).filter(of_user());
    let from = r#"UPDATE "users" SET "name" = "addresses"."email" FROM "post"."addresses" WHERE "addresses"."user_id" = "users"."id""#;
    assert_eq!(
        texts(|dialect| change.to_sql(dialect)),
        [
            from,
            "UPDATE `users`, `post`.`addresses` SET `users`.`name` = `addresses`.`email` WHERE `addresses`.`user_id` = `users`.`id`",
            from
        ]
    );
    let remove = delete::<User>().using(table::<Address>()).filter(of_user());
    assert_eq!(remove.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(
        [Dialect::MYSQL, Dialect::POSTGRESQL].map(|dialect| remove.to_sql(dialect).unwrap()),
        [
            "DELETE FROM `users` USING `users`, `post`.`addresses` WHERE `addresses`.`user_id` = `users`.`id`",
            r#"DELETE FROM "users" USING "post"."addresses" WHERE "addresses"."user_id" = "users"."id""#
        ]
    );
    let returned = delete::<User>().using(table::<Address>()).filter(of_user()).returning(User::id);
    assert_eq!(returned.to_sql(Dialect::MYSQL).unwrap_err().kind(), ErrorKind::Unsupported);
    let scalar = select(max(Address::email)).filter(of_user()).scalar();
    let portable =
        update::<User>().set(User::name, scalar).filter(exists(select(Address::email).filter(of_user())));
    alike(
        |dialect| portable.to_sql(dialect),
        r#"UPDATE "users" SET "name" = (SELECT max("addresses"."email") FROM "post"."addresses" WHERE "addresses"."user_id" = "users"."id") WHERE EXISTS (SELECT "addresses"."email" FROM "post"."addresses" WHERE "addresses"."user_id" = "users"."id")"#,
    );
    let itself = update::<User>().set(User::name, "x").from(table::<User>());
    assert_eq!(itself.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement);
}

#[test]
fn what_one_of_mysql_and_mariadb_lacks() {
    let refused = |sql: Result<String>, text: &str| {
        let error = sql.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(text), "{error}");
    };
    let made = insert::<User>().row([User::id.set(1), User::name.set("ed")]).unwrap().returning(User::id);
    assert!(made.to_sql(Dialect::MARIADB).unwrap().ends_with(" RETURNING `users`.`id`"));
    refused(made.to_sql(Dialect::MYSQL), "mysql has no RETURNING");
    let locked = select(User::id).for_update(LockWait::Wait).lock_of(table::<User>());
    assert!(locked.to_sql(Dialect::MYSQL).unwrap().ends_with(" FOR UPDATE OF `users`"));
    refused(locked.to_sql(Dialect::MARIADB), "mariadb has no locks on some");
    let first = select(Address::email).filter(Address::user_id.eq(User::id)).limit(1).lateral("first");
    let both = select((User::id, first.typed::<String>("email"))).from(table::<User>()).cross_join(&first);
    assert!(both.to_sql(Dialect::MYSQL).unwrap().contains("CROSS JOIN LATERAL ("));
    refused(both.to_sql(Dialect::MARIADB), "mariadb has no LATERAL");
}

#[test]
fn what_is_too_deep_is_an_error_and_not_the_end_of_the_stack() {
    let chain = |depth: usize| (0..depth).fold(User::id.expr(), |sum, _| sum + 1);
    assert!(select(chain(900)).to_sql(Dialect::SQLITE).is_ok());
    for deep in [chain(1000), chain(3000)] {
        let wrong = select(deep);
        assert_eq!(wrong.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement);
        assert_eq!(wrong.to_sql_with_values(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement);
    }
    // Whatever it is made of, what is not too deep fits on the stack of a test.
    let calls = (0..160).fold(User::name.expr(), |text, _| coalesce(lower(text), "x"));
    assert!(select(calls).to_sql(Dialect::POSTGRESQL).is_ok());
    let cases = (0..320).fold(User::id.expr(), |inner, _| case(User::id.gt(1), inner).otherwise(1));
    assert!(select(cases).to_sql(Dialect::POSTGRESQL).is_ok());
    let mut query = select(User::id);
    for index in 0..90 {
        let inner = query.subquery(format!("q{index}"));
        query = select(inner.typed::<i64>("id")).from(&inner);
    }
    assert!(query.to_sql(Dialect::POSTGRESQL).is_ok());
    let mut query = select(User::id).from(table::<User>());
    for _ in 0..90 {
        query = select(User::id).from(table::<User>()).filter(User::id.in_select(query));
    }
    assert!(query.to_sql(Dialect::POSTGRESQL).is_ok());
}

#[test]
fn what_is_far_too_deep_ends_without_the_end_of_the_stack() {
    const DEEP: usize = 200_000;
    let kept = User::id + 1;
    let sum = (0..DEEP).fold(kept.clone(), |sum, _| sum + 1);
    assert_eq!(select(sum.clone()).to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement);
    drop(sum);
    assert!(select(kept).to_sql(Dialect::SQLITE).is_ok(), "what others hold stays");
    drop((0..DEEP).fold(User::id.expr(), |sum, _| (User::id + 1) * (sum - 1) / 2));
    drop((0..DEEP).fold(User::name.expr(), |text, _| coalesce(lower(text), "x")));
    drop((0..DEEP).fold(User::id.expr(), |inner, _| case(User::id.gt(1), inner).otherwise(1)));
    drop((0..DEEP).fold(User::id.eq(1), |inner, _| !(inner & User::id.eq(2))));
}

#[test]
fn a_nul_is_no_part_of_a_statement() {
    let cut = update::<User>()
        .set_all([Assignment::expr("name", text_expr::<String>(raw("'x'\0")))])
        .filter(User::id.eq(1));
    for dialect in DIALECTS {
        assert_eq!(cut.to_sql(dialect).unwrap_err().kind(), ErrorKind::Statement, "{}", dialect.name);
    }
}

#[test]
fn lists_are_not_filled_above_what_the_database_takes() {
    let lists = |many: usize| any((0..many).map(|_| User::id.in_list(0..5000_i64)));
    let count = |many: usize, dialect| {
        let cache = CompiledCache::new(10);
        let statement = select(User::id).filter(lists(many)).into_statement();
        let compiled = cache.statement(&statement, &dialect, &SchemaTranslateMap::new()).unwrap();
        compiled.parameters().len()
    };
    assert_eq!(count(3, Dialect::SQLITE), 3 * 8192);
    assert_eq!(count(4, Dialect::SQLITE), 4 * 5000);
    assert_eq!(count(4, Dialect::POSTGRESQL), 4 * 8192);
}

#[test]
fn what_an_inner_query_hides_is_not_taken_for_the_outer_one() {
    let there = User::table().in_schema("there");
    let same = || there.c("id").eq(User::id);
    let hidden = select(User::id).filter(exists(select(there.c("id")).from(&there).filter(same())));
    let error = hidden.to_sql(Dialect::POSTGRESQL).unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("alias")), (ErrorKind::Statement, true));
    let (one, other) = (alias::<User>("x"), alias::<Address>("x"));
    let inner = select(other.c(Address::user_id)).from(&other);
    let hidden = select(one.c(User::id))
        .from(&one)
        .filter(exists(inner.clone().filter(other.c(Address::user_id).eq(one.c(User::id)))));
    assert_eq!(hidden.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement);
    let alone = select(one.c(User::id)).from(&one).filter(exists(inner));
    assert!(alone.to_sql(Dialect::SQLITE).is_ok());
    let wrong = select(other.c(Address::user_id)).from(&one);
    assert_eq!(wrong.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Statement);
}
