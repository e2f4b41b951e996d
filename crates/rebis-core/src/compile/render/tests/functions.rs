//! Aggregates, windows, functions, rows, JSON.

use super::*;

/// The text of an expression on users, selected alone.
fn selected<T: Typed>(expression: Expr<T>) -> impl Fn(Dialect) -> Result<String> {
    move |dialect| {
        let sql = select(expression.clone()).from(table::<User>()).to_sql(dialect)?;
        let end = sql.rfind(" FROM ").unwrap();
        Ok(sql["SELECT ".len()..end].to_owned())
    }
}

/// What SQLite, MySQL and PostgreSQL say, `-` where it is unsupported.
#[track_caller]
pub(super) fn say(to_sql: impl Fn(Dialect) -> Result<String>, expected: [&str; 3]) {
    let said = DIALECTS.map(|dialect| match to_sql(dialect) {
        Ok(sql) => sql.replace('`', "\""),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            "-".to_owned()
        }
    });
    assert_eq!(said, expected);
}

#[test]
fn filters_of_aggregates_are_never_left_out() {
    let large = || User::id.gt(7);
    let json = || func::<serde_json::Value>("json_arrayagg", (User::id,)).filter(large());
    say(
        selected(json()),
        [
            r#"json_arrayagg("users"."id") FILTER (WHERE "users"."id" > ?1)"#,
            "-",
            r#"json_arrayagg("users"."id") FILTER (WHERE "users"."id" > $1)"#,
        ],
    );
    say(
        selected(count(User::id).filter(large()).filter(User::id.lt(9))),
        [
            r#"count("users"."id") FILTER (WHERE "users"."id" > ?1 AND "users"."id" < ?2)"#,
            r#"count(CASE WHEN "users"."id" > ? AND "users"."id" < ? THEN "users"."id" END)"#,
            r#"count("users"."id") FILTER (WHERE "users"."id" > $1 AND "users"."id" < $2)"#,
        ],
    );
    let over = || count(User::id).over(window()).filter(large());
    assert_eq!(
        selected(over())(Dialect::SQLITE).unwrap(),
        r#"count("users"."id") FILTER (WHERE "users"."id" > ?1) OVER ()"#
    );
    let of_no_aggregate = [count(User::id.expr().distinct()), (count_all() + 1).filter(large())];
    for wrong in of_no_aggregate {
        assert_eq!(selected(wrong)(Dialect::POSTGRESQL).unwrap_err().kind(), ErrorKind::Statement);
    }
}

#[test]
fn joined_texts_and_arrays() {
    say(
        selected(string_agg(User::name, "'\\").aggregate_order_by(User::id.desc())),
        [
            r#"group_concat("users"."name", '''\' ORDER BY "users"."id" DESC)"#,
            r#"group_concat("users"."name" ORDER BY "users"."id" DESC SEPARATOR '''\\')"#,
            r#"string_agg("users"."name", E'''\\' ORDER BY "users"."id" DESC)"#,
        ],
    );
    say(
        selected(string_agg(User::name, ",").distinct()),
        [
            "-",
            r#"group_concat(DISTINCT "users"."name" SEPARATOR ',')"#,
            r#"string_agg(DISTINCT "users"."name", ',')"#,
        ],
    );
    let some = array_agg(User::id).aggregate_order_by(User::name).filter(User::id.gt(1));
    say(
        selected(some),
        ["-", "-", r#"array_agg("users"."id" ORDER BY "users"."name") FILTER (WHERE "users"."id" > $1)"#],
    );
    say(selected(User::id.eq_any(vec![1_i64, 2])), ["-", "-", r#""users"."id" = ANY ($1)"#]);
    say(selected(User::id.ne_all(vec![1_i64])), ["-", "-", r#""users"."id" <> ALL ($1)"#]);
}

#[test]
fn window_functions_and_frames() {
    let by_id = || window().order_by(User::id);
    let framed = sum(User::id).over(by_id().rows(FrameBound::Preceding(2), FrameBound::Following(1)));
    let text = r#"sum("users"."id") OVER (ORDER BY "users"."id" ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)"#;
    say(selected(framed), [text; 3]);
    let all = window().range(FrameBound::UnboundedPreceding, FrameBound::UnboundedFollowing);
    let text = r#"last_value("users"."id") OVER (RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"#;
    say(selected(last_value(User::id).over(all)), [text; 3]);
    say(
        selected(lag(User::name, 1).over(by_id())),
        [r#"lag("users"."name", 1) OVER (ORDER BY "users"."id")"#; 3],
    );
    say(
        selected(lead(User::id, 2).over(by_id())),
        [r#"lead("users"."id", 2) OVER (ORDER BY "users"."id")"#; 3],
    );
    say(selected(ntile(4).over(by_id())), [r#"ntile(4) OVER (ORDER BY "users"."id")"#; 3]);
    say(selected(dense_rank().over(by_id())), [r#"dense_rank() OVER (ORDER BY "users"."id")"#; 3]);
    say(
        selected(first_value(User::id).over(by_id())),
        [r#"first_value("users"."id") OVER (ORDER BY "users"."id")"#; 3],
    );
}

#[test]
fn functions_by_name() {
    say(
        selected(length(User::name)),
        [r#"length("users"."name")"#, r#"char_length("users"."name")"#, r#"char_length("users"."name")"#],
    );
    say(selected(trim(User::name)), [r#"trim("users"."name")"#; 3]);
    say(selected(substr(User::name, 2, 3)), [r#"substr("users"."name", 2, 3)"#; 3]);
    say(
        selected(replace(User::name, "a", "b")),
        [
            r#"replace("users"."name", ?1, ?2)"#,
            r#"replace("users"."name", ?, ?)"#,
            r#"replace("users"."name", $1, $2)"#,
        ],
    );
    say(selected(abs(User::id)), [r#"abs("users"."id")"#; 3]);
    say(selected(nullif(User::id, User::manager_id)), [r#"nullif("users"."id", "users"."manager_id")"#; 3]);
    say(
        selected(round(User::id, 2)),
        [
            r#"round("users"."id", 2)"#,
            r#"round("users"."id", 2)"#,
            r#"round(CAST("users"."id" AS NUMERIC), 2)"#,
        ],
    );
    say(
        selected(greatest(User::id, User::manager_id)),
        [
            r#"max("users"."id", "users"."manager_id")"#,
            r#"greatest("users"."id", "users"."manager_id")"#,
            r#"greatest("users"."id", "users"."manager_id")"#,
        ],
    );
    say(
        selected(now()),
        ["strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')", "current_timestamp(6)", "current_timestamp"],
    );
    let day = literal(chrono::NaiveDate::MIN);
    say(
        selected(extract(DatePart::Year, day)),
        [
            "CAST(strftime('%Y', ?1) AS INTEGER)",
            "extract(YEAR FROM ?)",
            "CAST(extract(YEAR FROM $1) AS BIGINT)",
        ],
    );
}

#[test]
fn division_and_bits_g7() {
    say(
        selected(User::id / 2 * 3),
        [r#""users"."id" / ?1 * ?2"#, r#""users"."id" DIV ? * ?"#, r#""users"."id" / $1 * $2"#],
    );
    say(
        selected(User::id - (User::id + 1) / User::id),
        [
            r#""users"."id" - ("users"."id" + ?1) / "users"."id""#,
            r#""users"."id" - ("users"."id" + ?) DIV "users"."id""#,
            r#""users"."id" - ("users"."id" + $1) / "users"."id""#,
        ],
    );
    say(
        selected(true_divide(User::id, User::id + 1)),
        [
            r#"CAST("users"."id" AS REAL) / ("users"."id" + ?1)"#,
            r#"CAST("users"."id" AS DOUBLE) / ("users"."id" + ?)"#,
            r#"CAST("users"."id" AS DOUBLE PRECISION) / ("users"."id" + $1)"#,
        ],
    );
    say(
        selected((User::id + 1).bit_xor(User::id)),
        [
            r#"((("users"."id" + ?1) | "users"."id") - (("users"."id" + ?2) & "users"."id"))"#,
            r#"CAST(("users"."id" + ?) ^ "users"."id" AS SIGNED)"#,
            r#"(("users"."id" + $1) # "users"."id")"#,
        ],
    );
    say(
        selected(User::id.bit_not().shift_left(3)),
        [
            r#"((~"users"."id") << 3)"#,
            r#"CAST(CAST(~"users"."id" AS SIGNED) << 3 AS SIGNED)"#,
            r#"(CAST((~"users"."id") AS BIGINT) << 3)"#,
        ],
    );
    say(
        selected(User::id.shift_left(64)),
        [r#"("users"."id" & 0)"#, r#"CAST("users"."id" & 0 AS SIGNED)"#, r#"("users"."id" & 0)"#],
    );
}

#[test]
fn division_of_what_may_be_no_integer_there() {
    let sums = sum(User::id).type_coerce::<i64>() / count_all() * 2;
    say(
        selected(sums),
        [
            r#"sum("users"."id") / count(*) * ?1"#,
            r#"sum("users"."id") DIV count(*) * ?"#,
            r#"CAST(div(CAST(sum("users"."id") AS NUMERIC), CAST(count(*) AS NUMERIC)) AS BIGINT) * $1"#,
        ],
    );
    let unsigned = User::id.type_coerce::<u64>() / literal(u64::MAX);
    say(
        selected(unsigned),
        [
            r#""users"."id" / ?1"#,
            r#""users"."id" DIV ?"#,
            r#"div(CAST("users"."id" AS NUMERIC), CAST($1 AS NUMERIC))"#,
        ],
    );
    let [_, _, whole] =
        texts(selected((User::id.bit_and(7).type_coerce::<i64>() - 1) / (-User::id.expr()).shift_right(1)));
    assert!(!whole.contains("div"), "{whole}");
}

#[test]
fn what_is_written_twice_nests_a_few_times_only() {
    let nested = |times| (0..times).fold(User::id.expr(), |xor: Expr<i64>, number: i64| xor.bit_xor(number));
    let text = select(nested(8)).to_sql(Dialect::SQLITE).unwrap();
    assert!(text.len() < 20_000, "{}", text.len());
    let error = select(nested(40)).to_sql(Dialect::SQLITE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert!(select(nested(40)).to_sql(Dialect::POSTGRESQL).is_ok());
}

#[test]
fn concatenation_takes_nothing_apart() {
    let product = || (User::id * 2).type_coerce::<String>();
    say(
        selected(product().concat(" EUR").concat(product())),
        [
            r#"("users"."id" * ?1) || ?2 || ("users"."id" * ?3)"#,
            r#"concat(concat("users"."id" * ?, ?), "users"."id" * ?)"#,
            r#"("users"."id" * $1) || $2 || ("users"."id" * $3)"#,
        ],
    );
    let negative = (-User::id.expr()).type_coerce::<String>();
    say(
        selected(User::name.concat(User::name.concat(negative))),
        [
            r#""users"."name" || ("users"."name" || (-"users"."id"))"#,
            r#"concat("users"."name", concat("users"."name", -"users"."id"))"#,
            r#""users"."name" || ("users"."name" || (-"users"."id"))"#,
        ],
    );
}

#[test]
fn rows_json_and_the_rest() {
    say(
        condition(tuple((User::id, User::name)).in_list([(1, "a"), (2, "b")])),
        [
            r#"("users"."id", "users"."name") IN (VALUES (?1, ?2), (?3, ?4))"#,
            r#"("users"."id", "users"."name") IN ((?, ?), (?, ?))"#,
            r#"("users"."id", "users"."name") IN (($1, $2), ($3, $4))"#,
        ],
    );
    say(condition(tuple((User::id, User::name)).in_list(Vec::<(i64, &str)>::new())), ["1 = 0"; 3]);
    alike(
        condition(tuple((User::id, User::name)).gt((1, "a"))),
        r#"("users"."id", "users"."name") > ($1, $2)"#,
    );
    let pairs = select((Address::user_id, Address::email));
    alike(
        condition(tuple((User::id, User::name)).in_select(pairs)),
        r#"("users"."id", "users"."name") IN (SELECT "addresses"."user_id", "addresses"."email" FROM "post"."addresses")"#,
    );
    let place = || json(literal(serde_json::Value::Null)).key("a b").index(0);
    let statement = select(place().as_integer());
    say(
        |dialect| statement.to_sql(dialect),
        [
            "SELECT CAST(json_extract(?1, ?2) AS INTEGER)",
            "SELECT CAST(nullif(json_unquote(json_extract(?, ?)), 'null') AS SIGNED)",
            "SELECT CAST($1 #>> CAST($2 AS TEXT[]) AS BIGINT)",
        ],
    );
    let statement = statement.into();
    let path = |dialect| sent(&statement, dialect).1.pop().unwrap();
    assert_eq!(path(&Dialect::SQLITE), Value::from(r#"$."a b"[0]"#));
    assert_eq!(path(&Dialect::POSTGRESQL), Value::from(r#"{"a b",0}"#));
    let odd = select(json(literal(serde_json::Value::Null)).key("\"").as_text());
    assert_eq!(odd.to_sql(Dialect::SQLITE).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(odd.to_sql(Dialect::POSTGRESQL).is_ok());
    say(
        condition(!User::name.regexp_match("^e")),
        ["-", r#"NOT ("users"."name" REGEXP ?)"#, r#"NOT ("users"."name" ~ $1)"#],
    );
    say(
        condition(User::name.collate("C").lt("b")),
        [
            r#""users"."name" COLLATE "C" < ?1"#,
            r#""users"."name" COLLATE "C" < ?"#,
            r#""users"."name" COLLATE "C" < $1"#,
        ],
    );
    let text = text_expr::<bool>(text(":a = 1 or true").bind("a", 1));
    alike(condition(text & User::id.eq(2)), r#"($1 = 1 or true) AND "users"."id" = $2"#);
    let users = User::table();
    let named = select(User::id).filter_by(users, [("name", Value::from("ed")), ("manager_id", Value::Null)]);
    let named = named.unwrap().order_by_name(users, "name", false).unwrap();
    alike(
        |dialect| named.to_sql(dialect),
        r#"SELECT "users"."id" FROM "users" WHERE "users"."name" = $1 AND "users"."manager_id" IS NULL ORDER BY "users"."name""#,
    );
    let unknown = select(User::id).filter_by(users, [("nmae", 1)]).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Statement);
}

#[test]
fn remainders_are_those_of_the_numbers_or_unsupported() {
    say(selected(User::id % 3), [r#""users"."id" % ?1"#, r#""users"."id" % ?"#, r#""users"."id" % $1"#]);
    say(selected(literal(5.5) % 2), ["-", "? % ?", "-"]);
    let decimal = rust_decimal::Decimal::new(55, 1);
    say(selected((literal(decimal) % 2) * 3), ["-", "? % ? * ?", "$1 % $2 * $3"]);
    say(selected(literal(decimal) * (literal(decimal) % 2)), ["-", "? * (? % ?)", "$1 * ($2 % $3)"]);
}
