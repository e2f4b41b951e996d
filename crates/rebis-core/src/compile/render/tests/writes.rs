//! What stands round INSERT, UPDATE, DELETE and TRUNCATE.

use super::super::Rendered;
use super::*;

fn row() -> Insert {
    insert::<User>().row([User::id.set(1), User::name.set("ed")]).unwrap()
}

#[track_caller]
fn says(result: Result<String>, kind: ErrorKind, text: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(text), "{error}");
}

fn unsupported(to_sql: impl Fn(Dialect) -> Result<String>, dialects: &[Dialect], text: &str) {
    for dialect in dialects {
        says(to_sql(*dialect), ErrorKind::Unsupported, text);
    }
}

const SQLITE: Dialect = Dialect::SQLITE;
const MYSQL: Dialect = Dialect::MYSQL;
const POSTGRESQL: Dialect = Dialect::POSTGRESQL;

#[test]
fn parameters_are_placeholders() {
    let insert = insert::<User>().row([User::id.set(param::<i64>("id")), User::name.set("ed")]).unwrap();
    alike(|dialect| insert.to_sql(dialect), r#"INSERT INTO "users" ("id", "name") VALUES ($1, $2)"#);
    let update = update::<User>()
        .set(User::name, param::<String>("name"))
        .filter(User::id.eq(param::<i64>("id")) | User::manager_id.eq(param::<i64>("id")));
    alike(
        |dialect| update.to_sql(dialect),
        r#"UPDATE "users" SET "name" = $1 WHERE "users"."id" = $2 OR "users"."manager_id" = $3"#,
    );
    let composed = Composed(StatementNode::Update(update.bind("id", 7).bind("name", "jo").node.into()));
    let mut rendered = Rendered::of(&composed, &POSTGRESQL, &SchemaTranslateMap::new()).unwrap();
    assert_eq!(rendered.values, [Value::Null, Value::Null, Value::Null]);
    rendered.bind(composed.0.binds().unwrap(), true).unwrap();
    assert_eq!(rendered.values, ["jo".into(), 7.into(), 7.into()]);
}

#[test]
fn the_first_rows_of_an_update_or_delete() {
    let update = update::<User>().set(User::name, "x").order_by(User::id.desc()).limit(3);
    let delete = delete::<User>().filter(User::id.gt(1)).order_by(User::id).limit(1);
    let mysql = [update.to_sql(MYSQL).unwrap(), delete.to_sql(MYSQL).unwrap()];
    assert_eq!(
        mysql,
        [
            "UPDATE `users` SET `name` = ? ORDER BY `users`.`id` DESC LIMIT ?",
            "DELETE FROM `users` WHERE `users`.`id` > ? ORDER BY `users`.`id` LIMIT ?"
        ]
    );
    let hint = "filter by a subquery that selects the keys";
    unsupported(|dialect| update.to_sql(dialect), &[SQLITE, POSTGRESQL], hint);
    unsupported(|dialect| delete.to_sql(dialect), &[SQLITE, POSTGRESQL], hint);
    let several = delete.clone().using(table::<Address>());
    unsupported(|dialect| several.to_sql(dialect), &[MYSQL, POSTGRESQL], hint);
}

#[test]
fn ctes_stand_in_front_of_writes() {
    let old = select(User::id).filter(User::id.lt(9)).cte("old");
    let removal =
        delete::<User>().with(&old).filter(User::id.in_select(select(old.column(User::id)).from(&old)));
    alike(
        |dialect| removal.to_sql(dialect),
        r#"WITH "old" ("id") AS (SELECT "users"."id" FROM "users" WHERE "users"."id" < $1) DELETE FROM "users" WHERE "users"."id" IN (SELECT "old"."id" FROM "old")"#,
    );
    let change =
        update::<User>().with(&old).set(User::name, "x").filter(exists(select(old.c("id")).from(&old)));
    alike(
        |dialect| change.to_sql(dialect),
        r#"WITH "old" ("id") AS (SELECT "users"."id" FROM "users" WHERE "users"."id" < $1) UPDATE "users" SET "name" = $2 WHERE EXISTS (SELECT "old"."id" FROM "old")"#,
    );
    let copy = insert::<User>().with(&old).from_select(["id"], select(old.c("id")).from(&old));
    let front = r#"WITH "old" ("id") AS (SELECT "users"."id" FROM "users" WHERE "users"."id" < $1) INSERT INTO "users" ("id") SELECT "old"."id" FROM "old""#;
    assert_eq!(
        texts(|dialect| copy.to_sql(dialect)),
        [
            front.replace('$', "?"),
            "INSERT INTO `users` (`id`) WITH `old` (`id`) AS (SELECT `users`.`id` FROM `users` WHERE `users`.`id` < ?) SELECT `old`.`id` FROM `old`".to_owned(),
            front.to_owned()
        ]
    );
    let values = row().with(&old);
    unsupported(|dialect| values.to_sql(dialect), &[MYSQL], "insert from a query");
    assert!(
        values.to_sql(SQLITE).unwrap().ends_with(r#"INSERT INTO "users" ("id", "name") VALUES (?2, ?3)"#)
    );
    let missing = update::<User>().set(User::name, "x").filter(exists(select(old.c("id")).from(&old)));
    says(missing.to_sql(SQLITE), ErrorKind::Statement, "give it by `with`");
}

#[test]
fn ctes_that_write_or_are_computed_apart() {
    let gone = delete::<User>().filter(User::id.lt(9)).returning((User::id, User::name)).cte("gone");
    let copy = insert::<User>()
        .with(&gone)
        .from_select(["id", "name"], select((gone.c("id"), gone.c("name"))).from(&gone));
    assert_eq!(
        copy.to_sql(POSTGRESQL).unwrap(),
        r#"WITH "gone" ("id", "name") AS (DELETE FROM "users" WHERE "users"."id" < $1 RETURNING "users"."id", "users"."name") INSERT INTO "users" ("id", "name") SELECT "gone"."id", "gone"."name" FROM "gone""#
    );
    unsupported(|dialect| copy.to_sql(dialect), &[SQLITE, MYSQL], "run it first, in the same transaction");
    let silent = row().cte("made");
    let statement = select(User::id).with(&silent);
    assert_eq!(
        statement.to_sql(POSTGRESQL).unwrap(),
        r#"WITH "made" AS (INSERT INTO "users" ("id", "name") VALUES ($1, $2)) SELECT "users"."id" FROM "users""#
    );
    let again = row().returning(User::id).cte("made").union(select(User::id));
    says(select(again.c("id")).with(&again).to_sql(POSTGRESQL), ErrorKind::Statement, "cannot read itself");
    let some = select(User::id).cte("some");
    let text = |word: &str| {
        format!(
            r#"WITH "some" ("id") AS {word}(SELECT "users"."id" FROM "users") SELECT "some"."id" FROM "some""#
        )
    };
    for (cte, word) in
        [(some.materialized(), "MATERIALIZED "), (some.not_materialized(), "NOT MATERIALIZED ")]
    {
        let statement = select(cte.c("id")).with(&cte);
        let mysql = text("").replace('"', "`");
        assert_eq!(texts(|dialect| statement.to_sql(dialect)), [text(word), mysql, text(word)]);
    }
}

#[test]
fn a_table_is_emptied_at_once() {
    let users = User::table();
    let texts = |truncate: Truncate| [MYSQL, POSTGRESQL].map(|dialect| truncate.to_sql(dialect).unwrap());
    assert_eq!(texts(truncate(users)), ["TRUNCATE TABLE `users`", r#"TRUNCATE TABLE "users""#]);
    assert_eq!(
        texts(truncate(users).restart_identity()),
        ["TRUNCATE TABLE `users`", r#"TRUNCATE TABLE "users" RESTART IDENTITY"#]
    );
    let all = truncate(users).restart_identity().cascade();
    assert_eq!(all.to_sql(POSTGRESQL).unwrap(), r#"TRUNCATE TABLE "users" RESTART IDENTITY CASCADE"#);
    unsupported(|dialect| all.to_sql(dialect), &[MYSQL], "CASCADE");
    unsupported(|dialect| truncate(users).to_sql(dialect), &[SQLITE], "delete without a filter");
}

#[test]
fn upserts_by_constraint_index_and_anything_g22() {
    let name = || [User::name.set(proposed(User::name))];
    let constraint = row().on_constraint_do_update("users_pkey", name()).on_conflict_filter(User::id.gt(0));
    assert_eq!(
        constraint.to_sql(POSTGRESQL).unwrap(),
        r#"INSERT INTO "users" ("id", "name") VALUES ($1, $2) ON CONFLICT ON CONSTRAINT "users_pkey" DO UPDATE SET "name" = excluded."name" WHERE "users"."id" > $3"#
    );
    unsupported(|dialect| constraint.to_sql(dialect), &[SQLITE, MYSQL], "name its columns");
    let index = row().on_conflict_do_update(["id"], name()).on_conflict_index_filter(User::name.ne("x"));
    let text = r#"INSERT INTO "users" ("id", "name") VALUES ($1, $2) ON CONFLICT ("id") WHERE "users"."name" <> $3 DO UPDATE SET "name" = excluded."name""#;
    assert_eq!(index.to_sql(POSTGRESQL).unwrap(), text);
    assert_eq!(index.to_sql(SQLITE).unwrap(), text.replace('$', "?"));
    unsupported(|dialect| index.to_sql(dialect), &[MYSQL], "partial index");
    let any = row().on_any_conflict_do_nothing();
    let text = r#"INSERT INTO "users" ("id", "name") VALUES ($1, $2) ON CONFLICT DO NOTHING"#;
    assert_eq!(
        texts(|dialect| any.to_sql(dialect)),
        [
            text.replace('$', "?"),
            "INSERT INTO `users` (`id`, `name`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `id` = `id`".to_owned(),
            text.to_owned()
        ]
    );
    let wrong = |insert: Insert, text: &str| says(insert.to_sql(POSTGRESQL), ErrorKind::Statement, text);
    wrong(row().on_conflict_do_update(["id"], []), "sets nothing");
    wrong(row().on_conflict_do_nothing(["id"]).on_constraint_do_nothing("users_pkey"), "either the columns");
    wrong(row().on_conflict_do_nothing([""; 0]), "either the columns");
    wrong(any.on_conflict_index_filter(User::id.eq(1)), "no columns are named");
    wrong(row().on_conflict_filter(User::id.eq(1)), "either the columns");
}

#[test]
fn rows_of_a_query_are_assigned() {
    let boss = alias::<User>("boss");
    let query = select((boss.c(User::name), boss.c(User::id))).filter(boss.c(User::id).eq(User::manager_id));
    let update =
        update::<User>().set_from_select(["name", "manager_id"], query.clone()).filter(User::id.eq(1));
    let text = r#"UPDATE "users" SET ("name", "manager_id") = (SELECT "boss"."name", "boss"."id" FROM "users" AS "boss" WHERE "boss"."id" = "users"."manager_id") WHERE "users"."id" = $1"#;
    assert_eq!(update.to_sql(POSTGRESQL).unwrap(), text);
    assert_eq!(update.to_sql(SQLITE).unwrap(), text.replace('$', "?"));
    unsupported(|dialect| update.to_sql(dialect), &[MYSQL], "scalar subquery");
    let uneven = update_table(User::table()).set_from_select(["name"], query);
    says(uneven.to_sql(POSTGRESQL), ErrorKind::Statement, "1 columns from a query of 2");
}

#[test]
fn assignments_keep_their_order() {
    let update = update::<User>().set_all([
        User::name.set("x"),
        Assignment::expr("manager_id", User::id + 1),
        Assignment::of("id", 3),
    ]);
    alike(
        |dialect| update.to_sql(dialect),
        r#"UPDATE "users" SET "name" = $1, "manager_id" = "users"."id" + $2, "id" = $3"#,
    );
}

#[test]
fn each_row_gets_values_of_its_own() {
    let rows = vec![vec![1.into(), "a".into(), "x".into()], vec![2.into(), "b".into(), "y".into()]];
    let update = update_each(User::table(), &["id", "name"], &["name"], rows).unwrap();
    let text = |rows: &str| {
        format!(
            r#"UPDATE "users" SET "name" = CASE WHEN "users"."id" = $1 AND "users"."name" = $2 THEN $3 WHEN "users"."id" = $4 AND "users"."name" = $5 THEN $6 ELSE "users"."name" END WHERE ("users"."id", "users"."name") IN ({rows}($7, $8), ($9, $10))"#
        )
    };
    let mut mysql = text("").replace('"', "`");
    for number in (1..11).rev() {
        mysql = mysql.replace(&format!("${number}"), "?");
    }
    assert_eq!(texts(|dialect| update.to_sql(dialect)), [text("VALUES ").replace('$', "?"), mysql, text("")]);
    let moved =
        update_each(User::table(), &["id"], &["id", "name"], vec![vec![1.into(), 2.into(), "b".into()]]);
    let moved = moved.unwrap().to_sql(Dialect::MYSQL).unwrap();
    let set = moved.find("`id` = CASE").unwrap();
    assert!(
        moved.find("`name` = CASE").unwrap() < set,
        "MySQL finds the row by what was set before: {moved}"
    );
    let twice = update_each(User::table(), &["id", "name"], &["name", "id"], vec![vec![Value::Null; 4]]);
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::Statement);
    let short = update_each(User::table(), &["id"], &["name"], vec![vec![1.into()]]);
    assert_eq!(short.unwrap_err().kind(), ErrorKind::Bind);
    assert_eq!(
        update_each(User::table(), &["id"], &["name"], vec![]).unwrap_err().kind(),
        ErrorKind::Statement
    );
}

#[test]
fn columns_that_are_not_named_have_defaults_of_the_program() {
    use crate::schema::ClientDefault;
    let table = Table::build("t")
        .column(ColumnDef::new("a", SqlType::Integer))
        .column(ColumnDef::new("b", SqlType::Integer).client_default(ClientDefault::sql("1 + 1")))
        .column(ColumnDef::new("c", SqlType::Integer).on_update(ClientDefault::function(|| 5)))
        .finish()
        .unwrap();
    let insert =
        |columns: [&'static str; 1]| insert_into(&table).values(columns.map(|name| (name, 1))).unwrap();
    alike(|dialect| insert(["a"]).to_sql(dialect), r#"INSERT INTO "t" ("a", "b") VALUES ($1, 1 + 1)"#);
    alike(|dialect| insert(["b"]).to_sql(dialect), r#"INSERT INTO "t" ("b") VALUES ($1)"#);
    alike(
        |dialect| insert_into(&table).default_row().to_sql(dialect),
        r#"INSERT INTO "t" ("b") VALUES (1 + 1)"#,
    );
    let update = update_table(&table).set_column("a", 1);
    alike(|dialect| update.to_sql(dialect), r#"UPDATE "t" SET "a" = $1, "c" = $2"#);
    let given = update_table(&table).set_column("c", 1);
    alike(|dialect| given.to_sql(dialect), r#"UPDATE "t" SET "c" = $1"#);
}

#[test]
fn what_an_upsert_of_a_query_sets_is_qualified_on_mysql() {
    let copy = || insert::<User>().from_select(["id", "name"], select((Address::user_id, Address::email)));
    let nothing = copy().on_conflict_do_nothing(["id"]).to_sql(Dialect::MYSQL).unwrap();
    assert!(nothing.ends_with("ON DUPLICATE KEY UPDATE `users`.`id` = `users`.`id`"), "{nothing}");
}

#[test]
fn the_last_part_of_an_upserted_union_ends_before_the_conflict() {
    let part = || select((Address::user_id, Address::email));
    let both = insert::<User>()
        .from_select(["id", "name"], part().filter(Address::user_id.gt(0)).union(part()))
        .on_conflict_do_nothing(["id"]);
    assert_eq!(
        both.to_sql(Dialect::SQLITE).unwrap().split_once(" UNION ").unwrap().1,
        r#"SELECT "addresses"."user_id", "addresses"."email" FROM "post"."addresses" WHERE 1 = 1 ON CONFLICT ("id") DO NOTHING"#
    );
}

#[test]
fn statements_in_with_have_the_defaults_of_the_program_too() {
    use crate::schema::ClientDefault;
    let table = Table::build("t")
        .column(ColumnDef::new("a", SqlType::Integer))
        .column(ColumnDef::new("b", SqlType::Integer).client_default(ClientDefault::value(7)))
        .column(ColumnDef::new("c", SqlType::Integer).on_update(ClientDefault::sql("1 + 1")))
        .finish()
        .unwrap();
    let new = insert_into(&table).values([("a", 1)]).unwrap().returning(table.c("a")).cte("new");
    let old = update_table(&table).set_column("a", 2).returning(table.c("a")).cte("old");
    let both = select(vec![new.c("a")]).from(&new).cross_join(&old).with(&new).with(&old);
    assert_eq!(
        both.to_sql(Dialect::POSTGRESQL).unwrap(),
        r#"WITH "new" ("a") AS (INSERT INTO "t" ("a", "b") VALUES ($1, $2) RETURNING "t"."a"), "old" ("a") AS (UPDATE "t" SET "a" = $3, "c" = 1 + 1 RETURNING "t"."a") SELECT "new"."a" FROM "new" CROSS JOIN "old""#
    );
    assert!(both.to_sql_with_values(Dialect::POSTGRESQL).unwrap().contains("VALUES (1, 7)"));
}

#[test]
fn many_rows_are_an_array_for_each_column() {
    use crate::compile::update_of_arrays;
    let schemas = SchemaTranslateMap::new();
    let table = User::table();
    assert_eq!(
        update_of_arrays(table, &["id"], &["name", "manager_id"], &POSTGRESQL, &schemas).unwrap(),
        r#"UPDATE "users" AS "old" SET "name" = "new"."1", "manager_id" = "new"."2" FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS TEXT[]), CAST($3 AS BIGINT[])) WITH ORDINALITY AS "new" ("0", "1", "2", "row") WHERE "old"."id" = "new"."0""#
    );
    let mut insert = row();
    insert.node.arrays = true;
    insert.node.ordered = true;
    assert_eq!(
        insert.returning(User::id).to_sql(POSTGRESQL).unwrap(),
        r#"INSERT INTO "users" ("id", "name") SELECT "new"."0", "new"."1" FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS TEXT[])) WITH ORDINALITY AS "new" ("0", "1", "row") ORDER BY "new"."row" RETURNING "users"."id""#
    );
}

#[test]
fn values_of_another_kind_are_in_no_array() {
    use crate::compile::fits_in_array;
    let fits = |sql_type: &SqlType, value: Value| fits_in_array(sql_type, [value, Value::Null].iter());
    assert!(fits(&SqlType::Integer, Value::Int(1)) && fits(&SqlType::String { length: 3 }, "abc".into()));
    assert!(!fits(&SqlType::Integer, Value::Float(1.5)), "a literal of it is no integer");
    assert!(!fits(&SqlType::Text, Value::Int(1)));
    assert!(!fits(&SqlType::Array(Box::new(SqlType::Integer)), vec![1].into()));
}
