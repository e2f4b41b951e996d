//! Clauses of SELECT and sources of rows that only some databases have.

use super::functions::say;
use super::*;
use crate::Backend;
use crate::schema::ForeignKey;

fn texts_of<R>(statement: Select<R>) -> impl Fn(Dialect) -> Result<String> {
    move |dialect| statement.to_sql(dialect)
}

/// What stands behind the first of these words.
fn behind<R>(statement: Select<R>, word: &'static str) -> impl Fn(Dialect) -> Result<String> {
    move |dialect| {
        let sql = statement.to_sql(dialect)?;
        Ok(sql.find(word).map_or(String::new(), |start| sql[start..].to_owned()))
    }
}

fn users() -> Select<(i64,)> {
    select(User::id)
}

#[test]
fn joins_by_foreign_keys() {
    let id = || ColumnDef::new("id", SqlType::BigInteger);
    let of = |name: &'static str| ColumnDef::new(name, SqlType::BigInteger);
    let key = |column: &str| ForeignKey::new([column], "users", ["id"]);
    let posts = Table::build("posts").column(id()).column(of("author")).foreign_key(key("author"));
    let posts = posts.finish().unwrap();
    let text = r#"SELECT "users"."id" FROM "users" JOIN "posts" ON "posts"."author" = "users"."id""#;
    alike(texts_of(users().join_by_key(&posts)), text);
    let text = r#"SELECT "posts"."id" FROM "posts" LEFT JOIN "users" AS "u" ON "posts"."author" = "u"."id""#;
    alike(texts_of(select(vec![posts.c("id")]).outer_join_by_key(&alias::<User>("u"))), text);
    let refused = |statement: Select<(i64,)>, word: &str| {
        let error = statement.to_sql(Dialect::SQLITE).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Statement);
        assert!(error.to_string().contains(word), "{error}");
    };
    refused(users().join_by_key(table::<Address>()), "no foreign key between 'addresses' and");
    let two = Table::build("posts").column(id()).column(of("author")).column(of("editor"));
    let two = two.foreign_key(key("author")).foreign_key(key("editor")).finish().unwrap();
    refused(users().join_by_key(&two), "more than one foreign key between 'posts' and");
    // One key, but to either of two.
    let both = users().cross_join(&alias::<User>("u")).join_by_key(&posts);
    refused(both, "more than one foreign key");
}

#[test]
fn names_alone_are_of_the_one_source_that_has_them() {
    let joined = || users().join(table::<Address>(), Address::user_id.eq(User::id));
    say(
        behind(joined().filter(named::<String>("email").eq("x")), "WHERE"),
        [
            r#"WHERE "addresses"."email" = ?1"#,
            r#"WHERE "addresses"."email" = ?"#,
            r#"WHERE "addresses"."email" = $1"#,
        ],
    );
    let sorted = users().order_by(named::<Value>("name\"; drop".to_owned()));
    let error = sorted.to_sql(Dialect::SQLITE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no table in FROM has a column 'name\"; drop'; there are users.id, users.name, users.manager_id"
    );
    let twice = users().join(&alias::<User>("u"), User::id.eq(1)).filter(named::<i64>("id").eq(1));
    let error = twice.to_sql(Dialect::SQLITE).unwrap_err();
    assert_eq!(error.to_string(), "the column 'id' is in 'users' and in 'u'; say of which");
}

#[test]
fn orders_by_names_in_the_answer() {
    let labelled =
        select((User::id, (User::id + 1).label("more"))).order_by(named::<i64>("more").desc().nulls_last());
    say(
        behind(labelled, "ORDER"),
        [
            r#"ORDER BY "more" DESC NULLS LAST"#,
            r#"ORDER BY "more" IS NULL, "more" DESC"#,
            r#"ORDER BY "more" DESC NULLS LAST"#,
        ],
    );
    let both = || users().union(select(Address::user_id));
    say(behind(both().order_by(User::id), "ORDER"), [r#"ORDER BY "id""#; 3]);
    say(behind(both().order_by(named::<i64>("id").desc()), "ORDER"), [r#"ORDER BY "id" DESC"#; 3]);
    let error = both().order_by(User::name).to_sql(Dialect::SQLITE).unwrap_err();
    assert!(error.to_string().starts_with("combined queries are ordered by their columns alone"), "{error}");
}

#[test]
fn operators_and_queries_on_the_right() {
    let of = |condition: Expr<bool>| behind(users().filter(condition), "WHERE");
    let text = r#"WHERE "users"."name" @> ("users"."id" + "users"."id")"#;
    say(of(User::name.op("@>", User::id + User::id)), [text; 3]);
    let text = r#"WHERE NOT ("users"."name" @> "users"."name")"#;
    say(of(!User::name.op::<bool>("@>", User::name)), [text; 3]);
    let mine = per_backend([
        (Backend::Sqlite, User::id.gt(1) | User::id.lt(0)),
        (Backend::Postgresql, User::name.op("@>", "x")),
    ]);
    say(
        of(!mine),
        [r#"WHERE NOT ("users"."id" > ?1 OR "users"."id" < ?2)"#, "-", r#"WHERE NOT ("users"."name" @> $1)"#],
    );
    let others = || select(Address::user_id);
    let text = r#"WHERE "users"."id" > ANY (SELECT "addresses"."user_id" FROM "post"."addresses")"#;
    say(of(User::id.gt(any_of(others()))), ["-", text, text]);
    let text = r#"WHERE "users"."id" <> ALL (SELECT "addresses"."user_id" FROM "post"."addresses")"#;
    say(of(User::id.ne(all_of(others()))), ["-", text, text]);
    say(
        of(full_text_match(User::name, "x")),
        [
            r#"WHERE "users"."name" MATCH '"' || replace(replace(?1, '"', '""'), ' ', '" "') || '"'"#,
            r#"WHERE MATCH ("users"."name") AGAINST (?)"#,
            r#"WHERE to_tsvector("users"."name") @@ plainto_tsquery($1)"#,
        ],
    );
}

#[test]
fn sources_of_rows() {
    let sizes = values("v", ["id", "size"], [(1, "s"), (2, "m"), (3, "l")]).unwrap();
    say(
        texts_of(select((sizes.typed::<i64>("id"), sizes.typed::<String>("size")))),
        [
            r#"SELECT "v"."id", "v"."size" FROM (SELECT ?1 AS "id", ?2 AS "size" UNION ALL VALUES (?3, ?4), (?5, ?6)) AS "v""#,
            r#"SELECT "v"."id", "v"."size" FROM (SELECT ? AS "id", ? AS "size" UNION ALL SELECT ?, ? UNION ALL SELECT ?, ?) AS "v""#,
            r#"SELECT "v"."id", "v"."size" FROM (VALUES ($1, $2), ($3, $4), ($5, $6)) AS "v" ("id", "size")"#,
        ],
    );
    let error = select(sizes.typed::<i64>("idd")).to_sql(Dialect::SQLITE).unwrap_err();
    assert_eq!(error.to_string(), "the rows of values 'v' has no column 'idd'; it has id, size");
    let none: [(i64,); 0] = [];
    assert_eq!(values("v", ["id"], none).unwrap_err().kind(), ErrorKind::Statement);
    assert_eq!(values("v", ["id"], [(1, 2)]).unwrap_err().kind(), ErrorKind::Statement);

    let some = User::table().sample("some", Sampling::System, 200);
    let text = r#"SELECT "some"."id" FROM "users" AS "some" TABLESAMPLE SYSTEM (100)"#;
    say(texts_of(select(some.typed::<i64>("id"))), ["-", "-", text]);
    let series = table_function("generate_series", (1, 3), "s", &["n"]);
    let text = r#"SELECT "s"."n" FROM generate_series($1, $2) AS "s" ("n")"#;
    say(texts_of(select(series.typed::<i64>("n"))), ["-", "-", text]);
    let each = table_function("json_each", (User::name,), "e", &[]);
    let text = r#"SELECT "e"."key" FROM "users" CROSS JOIN json_each("users"."name") AS "e""#;
    say(
        texts_of(select(each.typed::<String>("key")).from(table::<User>()).cross_join(&each)),
        [text, "-", text],
    );
    let rows = json_rows(literal(serde_json::json!([1])), "j");
    say(
        texts_of(select(rows.typed::<String>("value"))),
        [
            r#"SELECT "j"."value" FROM json_each(?1) AS "j""#,
            r#"SELECT "j"."value" FROM json_table(?, '$[*]' COLUMNS ("value" LONGTEXT PATH '$')) AS "j""#,
            r#"SELECT "j"."value" FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS "j" ("value")"#,
        ],
    );
}

#[test]
fn groupings() {
    let by = || select((User::name.nullable(), count_all())).from(table::<User>());
    let rolled = by().group_by_rollup((User::name, User::id));
    let text = r#"GROUP BY ROLLUP (("users"."name"), ("users"."id"))"#;
    say(behind(rolled, "GROUP"), ["-", r#"GROUP BY "users"."name", "users"."id" WITH ROLLUP"#, text]);
    let text = r#"GROUP BY CUBE (("users"."name"), ("users"."id"))"#;
    say(behind(by().group_by_cube((User::name, User::id)), "GROUP"), ["-", "-", text]);
    let sets = by().group_by_sets([vec![User::name.expr()], vec![]]);
    say(behind(sets, "GROUP"), ["-", "-", r#"GROUP BY GROUPING SETS (("users"."name"), ())"#]);
    let error = select(User::name).group_by_cube(User::name).to_sql(Dialect::POSTGRESQL).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert!(error.to_string().contains("select it as `.nullable()`"), "{error}");
    let text = r#"GROUP BY "users"."id", ROLLUP (("users"."name"))"#;
    say(behind(by().group_by(User::id).group_by_rollup(User::name), "GROUP"), ["-", "-", text]);
}

#[test]
fn ties_locks_and_words() {
    let first = users().order_by(User::name).limit_with_ties(3).offset(1);
    let sql = " OFFSET ? ROWS FETCH FIRST ? ROWS WITH TIES";
    assert_eq!(behind(first.clone(), " OFFSET")(Dialect::MARIADB).unwrap(), sql);
    say(behind(first, " OFFSET"), ["-", "-", " OFFSET $1 ROWS FETCH FIRST ($2) ROWS WITH TIES"]);
    let locks = [
        (users().for_update(LockWait::Wait), " FOR UPDATE", " FOR UPDATE"),
        (users().for_no_key_update(LockWait::NoWait), " FOR UPDATE NOWAIT", " FOR NO KEY UPDATE NOWAIT"),
        (users().for_share(LockWait::NoWait), " FOR SHARE NOWAIT", " FOR SHARE NOWAIT"),
        (users().for_key_share(LockWait::Wait), " FOR SHARE", " FOR KEY SHARE"),
        (
            users().lock_of(table::<User>()).for_share(LockWait::Wait),
            r#" FOR SHARE OF "users""#,
            r#" FOR SHARE OF "users""#,
        ),
        (
            users().for_update(LockWait::SkipLocked).lock_of(table::<User>()),
            r#" FOR UPDATE OF "users" SKIP LOCKED"#,
            r#" FOR UPDATE OF "users" SKIP LOCKED"#,
        ),
    ];
    for (statement, mysql, postgresql) in locks {
        let end = move |dialect: Dialect| {
            let sql = statement.to_sql(dialect)?;
            let quote = dialect.identifier_quote;
            Ok(sql.split_once(&format!("FROM {quote}users{quote}")).unwrap().1.to_owned())
        };
        say(end, ["", mysql, postgresql]);
    }
    let shared = users().for_share(LockWait::SkipLocked).to_sql(Dialect::MARIADB).unwrap();
    assert!(shared.ends_with(" LOCK IN SHARE MODE SKIP LOCKED"), "{shared}");
    for dialect in DIALECTS {
        let error = users().lock_of(table::<User>()).to_sql(dialect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Statement, "{}", dialect.name);
    }
    let worded = users()
        .distinct()
        .hint(Backend::Mysql, "NO_INDEX_MERGE()")
        .prefix(Backend::Mysql, "SQL_NO_CACHE")
        .suffix(Backend::Postgresql, "-- told");
    say(
        texts_of(worded),
        [
            r#"SELECT DISTINCT "users"."id" FROM "users""#,
            r#"SELECT /*+ NO_INDEX_MERGE() */ SQL_NO_CACHE DISTINCT "users"."id" FROM "users""#,
            r#"SELECT DISTINCT "users"."id" FROM "users" -- told"#,
        ],
    );
    let both = |all: Select<(i64,)>| behind(all, "ECT ALL");
    let text = r#"ECT ALL SELECT "users"."id" FROM "users""#;
    say(both(users().intersect_all(users())), ["-", text, text]);
}

#[test]
fn frames_of_groups_and_ordered_aggregates() {
    let near = window().order_by(User::id).groups(FrameBound::Preceding(1), FrameBound::CurrentRow);
    let near = near.exclude(FrameExclusion::Ties);
    let text = r#"OVER (ORDER BY "users"."id" GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)"#;
    let of = select(sum(User::id).over(near));
    let cut = move |dialect| {
        let sql = of.to_sql(dialect)?;
        Ok(sql[sql.find("OVER").unwrap()..sql.rfind(" FROM").unwrap()].to_owned())
    };
    say(cut, [text, "-", text]);
    let median = func::<Option<f64>>("percentile_cont", (0.5,)).within_group(User::id.desc());
    let text = r#"SELECT percentile_cont($1) WITHIN GROUP (ORDER BY "users"."id" DESC) FROM "users""#;
    say(texts_of(select(median).from(table::<User>())), ["-", "-", text]);
    say(
        texts_of(select(User::id.shift_right(2))),
        [
            r#"SELECT ("users"."id" >> 2) FROM "users""#,
            r#"SELECT (CAST(("users"."id" ^ 9223372036854775808) >> 2 AS SIGNED) - CAST(9223372036854775808 >> 2 AS SIGNED)) FROM "users""#,
            r#"SELECT (CAST("users"."id" AS BIGINT) >> 2) FROM "users""#,
        ],
    );
}

#[test]
fn values_in_the_text_are_for_people() {
    let of = |value: &Value, dialect| {
        select(literal(value.clone()))
            .to_sql_with_values(dialect)
            .map(|sql| sql["SELECT ".len()..].to_owned())
    };
    let day = chrono::NaiveDate::from_ymd_opt(2013, 1, 2).unwrap();
    let noon = day.and_hms_opt(12, 0, 1).unwrap();
    let cases: Vec<(Value, [&str; 3])> = vec![
        (Value::Null, ["NULL"; 3]),
        (true.into(), ["TRUE"; 3]),
        ((-7).into(), ["(-7)"; 3]),
        (i64::MIN.into(), ["(-9223372036854775807 - 1)"; 3]),
        (u64::MAX.into(), ["18446744073709551615"; 3]),
        (1.5.into(), ["1.5", "1.5e0", "CAST('1.5' AS DOUBLE PRECISION)"]),
        (f64::NEG_INFINITY.into(), ["-", "-", "CAST('-Infinity' AS DOUBLE PRECISION)"]),
        (
            r"it's \' $1 ? :n --".into(),
            [r"'it''s \'' $1 ? :n --'", r"'it''s \\'' $1 ? :n --'", r"E'it''s \\'' $1 ? :n --'"],
        ),
        ("a\0b".into(), ["!"; 3]),
        (vec![0_u8, 255].into(), ["X'00ff'", "X'00ff'", "decode('00ff', 'hex')"]),
        (day.into(), ["'2013-01-02'", "DATE '2013-01-02'", "CAST('2013-01-02' AS DATE)"]),
        (
            noon.into(),
            [
                "'2013-01-02 12:00:01.000000'",
                "TIMESTAMP '2013-01-02 12:00:01.000000'",
                "CAST('2013-01-02 12:00:01.000000' AS TIMESTAMP)",
            ],
        ),
        (
            noon.and_utc().into(),
            [
                "'2013-01-02 12:00:01.000000+00:00'",
                "TIMESTAMP '2013-01-02 12:00:01.000000'",
                "CAST('2013-01-02 12:00:01.000000+00:00' AS TIMESTAMPTZ)",
            ],
        ),
        (
            serde_json::json!({"a": "'"}).into(),
            [r#"'{"a":"''"}'"#, r#"'{"a":"''"}'"#, r#"CAST('{"a":"''"}' AS JSONB)"#],
        ),
        (vec![1, 2].into(), ["-", "-", "ARRAY[1, 2]"]),
        (Value::Refused("x */ y".into()), ["!"; 3]),
    ];
    for (value, expected) in cases {
        let said = DIALECTS.map(|dialect| match of(&value, dialect) {
            Ok(sql) => sql,
            Err(error) if error.kind() == ErrorKind::Unsupported => "-".to_owned(),
            Err(_) => "!".to_owned(),
        });
        assert_eq!(said, expected);
    }
    let of_name = users().filter(User::name.eq(param::<String>("who")));
    let text = |statement: Select<_>| statement.to_sql_with_values(Dialect::SQLITE).unwrap();
    assert!(text(of_name.clone()).ends_with(r#""users"."name" = :who"#));
    assert!(text(of_name.bind("who", "ed")).ends_with(r#""users"."name" = 'ed'"#));
    let page = users().filter(User::name.starts_with("5%")).limit(3);
    assert_eq!(
        page.to_sql_with_values(Dialect::SQLITE).unwrap(),
        r#"SELECT "users"."id" FROM "users" WHERE "users"."name" LIKE '5/%%' ESCAPE '/' LIMIT 3"#
    );
}

#[test]
fn digits_are_digits() {
    let text = |digits: &str, dialect| {
        let value = Value::Digits(digits.to_owned());
        select(User::id).filter(User::id.expr().type_coerce::<Value>().eq(value)).to_sql_with_values(dialect)
    };
    for wrong in ["1); drop table users; --", "1 or 1=1", "x", "--1"] {
        for dialect in [Dialect::MYSQL, Dialect::POSTGRESQL] {
            let sql = text(wrong, dialect);
            assert!(sql.as_ref().is_err_and(|error| error.kind() == ErrorKind::Data), "{sql:?}");
        }
    }
    let wide = "-170141183460469231731687303715884105728";
    assert!(text(wide, Dialect::POSTGRESQL).unwrap().ends_with(&format!("= ({wide})")));
}

#[test]
fn combined_queries_mean_one_thing() {
    let kind =
        |query: Select<(i64,)>| DIALECTS.map(|dialect| query.to_sql(dialect).err().map(|error| error.kind()));
    let refused = [Some(ErrorKind::Statement); 3];
    for query in [
        users().union(users()).intersect(users()),
        users().except(users()).union(users()).intersect(users()),
        users().intersect(users()).union_all(users()).intersect(users()),
        users().union(users()).filter(User::id.gt(1)),
        users().union(users()).join(table::<Address>(), User::id.eq(Address::user_id)),
        users().union(users()).group_by(User::id),
        users().union(users()).having(User::id.gt(1)),
        users().union(users()).from(table::<User>()),
        users().union(users()).distinct(),
        users().union(users()).filter(User::id.gt(1)).union(users()),
    ] {
        assert_eq!(kind(query.clone()), refused, "{query:?}");
        assert_eq!(kind(users().filter(User::id.in_select(query))), refused);
    }
    for query in [
        users().order_by(User::id).limit(1).union(users()),
        users().offset(1).union(users()),
        users().order_by(User::id).union(users()),
        users().for_update(LockWait::Wait).union(users()),
        users().union(users()).limit(1).union(users()),
    ] {
        assert_eq!(kind(query), [Some(ErrorKind::Unsupported); 3]);
    }
    for query in [
        users().intersect(users()).union(users()).except(users()),
        users().filter(User::id.gt(1)).distinct().union(users()).order_by(User::id).limit(1),
    ] {
        assert_eq!(kind(query), [None; 3]);
    }
    // The same parts in another order are not taken for one another in the cache.
    let (cache, schemas) = (CompiledCache::new(8), SchemaTranslateMap::new());
    let before = users().filter(User::id.gt(1)).union(users()).into();
    let behind = users().union(users()).filter(User::id.gt(1)).into();
    assert!(cache.statement(&before, &Dialect::SQLITE, &schemas).is_ok());
    assert!(cache.statement(&behind, &Dialect::SQLITE, &schemas).is_err());
}
