//! Clauses of SELECT and sources of rows: the same answers where a database has them, `Unsupported` where it does not.

use rebis::schema::{ColumnDef, Entity, ForeignKey, SqlType, Table};
use rebis::sql::{
    Expression, FrameBound, FrameExclusion, LockWait, Sampling, Select, alias, all_of, any_of, count_all,
    full_text_match, func, json_rows, literal, named, per_backend, select, sum, table_function, values,
    window,
};
use rebis::{Connection, ErrorKind, FromRow, Value, raw, serde_json, sql, text};

use super::composed::{Person, people};
use super::{Database, Outcome, Scenario, passed, pick, table};

pub(super) const CASES: &[Scenario] = &[
    ("composed_joins_by_key_and_name", by_key),
    ("composed_operators_of_databases", operators),
    ("composed_sources_of_rows", sources),
    ("composed_groupings_and_frames", groupings),
    ("composed_ties_and_locks", ties),
    ("composed_text_with_values", with_values),
    ("composed_rows_as_structs", structs),
];

/// The rows, or `None` where it is unsupported.
fn rows<R: FromRow>(conn: &mut Connection, statement: &Select<R>) -> Option<Vec<R>> {
    match conn.fetch_all(statement.clone()) {
        Ok(rows) => Some(rows),
        Err(error) if error.kind() == ErrorKind::Unsupported => None,
        Err(error) => panic!("{statement:?}: {}", error.chain()),
    }
}

fn by_key(database: &Database) -> Outcome {
    let mut conn = people(database);
    table(&mut conn, "conf_pet", "id bigint, owner bigint, pet_name varchar(50)");
    conn.execute(text("insert into conf_pet values (1, 2, 'rex'), (2, 2, 'tom')")).unwrap();
    let column = |name: &'static str| ColumnDef::new(name, SqlType::BigInteger);
    let pets = Table::build("conf_pet").column(column("id")).column(column("owner"));
    let pets = pets.column(ColumnDef::new("pet_name", SqlType::Text));
    let pets = pets.foreign_key(ForeignKey::new(["owner"], "conf_person", ["id"])).finish().unwrap();
    let pairs = select((Person::name, named::<String>("pet_name"))).join_by_key(&pets);
    let pairs =
        pairs.filter(named::<String>("pet_name").ne("tom")).order_by(named::<Value>("pet_name".to_owned()));
    assert_eq!(conn.fetch_all(pairs).unwrap(), [("jo".to_owned(), "rex".to_owned())]);
    let without = select(Person::name).outer_join_by_key(&pets).filter(pets.c("owner").is_null());
    let without = conn.fetch_all(without.order_by(Person::id)).unwrap();
    assert_eq!(without, [("ed".to_owned(),), ("5%o".to_owned(),)]);
    let error =
        conn.fetch_all(select(Person::id).join_by_key(&pets).filter(named::<i64>("id").eq(1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement);
    passed("2 joins by a foreign key, 3 columns by their names alone")
}

fn operators(database: &Database) -> Outcome {
    let mut conn = people(database);
    let ages = || alias::<Person>("other");
    let of = |ids: std::ops::Range<i64>| {
        select(ages().c(Person::age)).from(&ages()).filter(ages().c(Person::id).in_list(ids))
    };
    let older = select(Person::id).filter(Person::age.gt(any_of(of(2..4)))).order_by(Person::id);
    assert_eq!(rows(&mut conn, &older), pick(database, None, Some(vec![(1,), (2,)]), Some(vec![(1,), (2,)])));
    let oldest = select(Person::id).filter(Person::age.ge(all_of(of(1..4))));
    assert_eq!(rows(&mut conn, &oldest), pick(database, None, Some(vec![(1,)]), Some(vec![(1,)])));
    let operator = pick(database, "GLOB", "RLIKE", "~");
    let found =
        select(Person::id).filter(Person::name.op::<bool>(operator, pick(database, "e*", "^e", "^e")));
    assert_eq!(conn.fetch_all(found).unwrap(), [(1,)]);
    let version = pick(database, "sqlite_version", "version", "version");
    let mine = per_backend(Some((database.url().backend(), func::<String>(version, ()))));
    assert!(!conn.scalar::<String>(select(mine)).unwrap().is_empty());
    let shifted =
        (literal(-7_i64).shift_right(1), literal(7_i64).shift_right(1), literal(-8_i64).shift_right(2));
    assert_eq!(conn.fetch_all(select(literal(-5_i64).shift_right(200))).unwrap(), [(-1,)]);
    let more =
        (literal(i64::MIN).shift_right(3), literal(i64::MAX).shift_right(62), literal(-5_i64).shift_right(0));
    assert_eq!(conn.fetch_all(select(shifted)).unwrap(), [(-4, 3, -2)]);
    assert_eq!(conn.fetch_all(select(more)).unwrap(), [(i64::MIN >> 3, 1, -5)]);

    conn.execute(text("drop table if exists conf_words")).unwrap();
    conn.execute(raw(pick(
        database,
        "create virtual table conf_words using fts5(body)",
        "create table conf_words (body varchar(200), fulltext (body))",
        "create table conf_words (body text)",
    )))
    .unwrap();
    conn.execute(text("insert into conf_words values ('a quick brown fox'), ('a lazy dog')")).unwrap();
    conn.commit().unwrap();
    let words = Table::build("conf_words").column(ColumnDef::new("body", SqlType::Text)).finish().unwrap();
    let body = words.alias("conf_words").typed::<String>("body");
    let found = select(body.clone()).filter(full_text_match(body, "fox"));
    assert_eq!(conn.fetch_all(found).unwrap(), [("a quick brown fox".to_owned(),)]);
    passed("ANY and ALL of a query, an operator by name, bits to the right, words in texts")
}

fn sources(database: &Database) -> Outcome {
    let mut conn = people(database);
    let sizes = values("sizes", ["least", "size"], [(0, "small"), (30, "big"), (50, "huge")]).unwrap();
    let of_size = select((Person::name, sizes.typed::<String>("size")))
        .from(sql::table::<Person>())
        .join(&sizes, sizes.typed::<i64>("least").eq(Person::age))
        .order_by(Person::id);
    let expected = [("ed".to_owned(), "huge".to_owned()), ("jo".to_owned(), "big".to_owned())];
    assert_eq!(conn.fetch_all(of_size).unwrap(), expected);
    let one = values("one", ["n"], [(7_i64,)]).unwrap();
    assert_eq!(conn.fetch_all(select(one.typed::<i64>("n"))).unwrap(), [(7,)]);

    let ids = json_rows(literal(serde_json::json!([3, 1])), "ids");
    let id = || ids.typed::<Value>("value").cast::<i64>(SqlType::BigInteger);
    let named = select(Person::name).join(&ids, id().eq(Person::id)).order_by(Person::id);
    assert_eq!(conn.fetch_all(named).unwrap(), [("ed".to_owned(),), ("5%o".to_owned(),)]);
    let series = table_function("generate_series", (1, 3), "series", &["n"]);
    let series = select(sum(series.typed::<i64>("n")));
    assert_eq!(rows(&mut conn, &series), pick(database, None, None, Some(vec![(Some(6),)])));
    let function = pick(database, "json_each", "json_each", "jsonb_object_keys");
    let each = table_function(function, (literal(serde_json::json!({"a": 1, "b": 2})),), "each", &[]);
    let keys = select(each.typed::<String>(pick(database, "key", "key", "each")));
    let both = Some(vec![("a".to_owned(),), ("b".to_owned(),)]);
    assert_eq!(rows(&mut conn, &keys), pick(database, both.clone(), None, both));
    let all = Person::table().sample("all", Sampling::Bernoulli, 100);
    let all = select(count_all()).from(&all);
    assert_eq!(rows(&mut conn, &all), pick(database, None, None, Some(vec![(3,)])));
    passed("rows of values, of JSON, of functions and of a sample")
}

fn groupings(database: &Database) -> Outcome {
    let mut conn = people(database);
    let by = || select((Person::boss, count_all())).order_by(Person::boss.is_null()).order_by(count_all());
    let rolled = by().group_by_rollup(Person::boss);
    let expected = || Some(vec![(Some(1), 2), (None, 1), (None, 3)]);
    // MariaDB takes no order beside WITH ROLLUP.
    let rolled = if database.url().backend() == rebis::Backend::Mysql {
        select((Person::boss, count_all())).group_by_rollup(Person::boss)
    } else {
        rolled
    };
    let sorted = rows(&mut conn, &rolled).map(|mut rows| {
        rows.sort_by_key(|(boss, count)| (boss.is_none(), *count));
        rows
    });
    assert_eq!(sorted, pick(database, None, expected(), expected()));
    assert_eq!(rows(&mut conn, &by().group_by_cube(Person::boss)), pick(database, None, None, expected()));
    let sets = by().group_by_sets([vec![Person::boss.expr()], vec![]]);
    assert_eq!(rows(&mut conn, &sets), pick(database, None, None, expected()));
    let near = window().order_by(Person::age).groups(FrameBound::Preceding(1), FrameBound::CurrentRow);
    let near = near.exclude(FrameExclusion::CurrentRow);
    let before = select((Person::id, sum(Person::age).over(near))).order_by(Person::age);
    let expected = || Some(vec![(3, None), (2, Some(20)), (1, Some(30))]);
    assert_eq!(rows(&mut conn, &before), pick(database, expected(), None, expected()));
    let median = func::<f64>("percentile_cont", (0.5,)).within_group(Person::age);
    let median = select(median).from(sql::table::<Person>());
    assert_eq!(rows(&mut conn, &median), pick(database, None, None, Some(vec![(30.0,)])));
    let twice = || select(Person::boss);
    let both = twice().intersect_all(twice());
    let left = twice().except_all(twice().filter(Person::id.ne(3)));
    let length = |rows: Option<Vec<(Option<i64>,)>>| rows.map(|rows| rows.len());
    assert_eq!(length(rows(&mut conn, &both)), pick(database, None, Some(3), Some(3)));
    assert_eq!(length(rows(&mut conn, &left)), pick(database, None, Some(1), Some(1)));
    let names = select(Person::name)
        .filter(Person::id.gt(1))
        .union_all(select(Person::name))
        .order_by(Person::name.desc());
    assert_eq!(conn.fetch_all(names.limit(2)).unwrap(), [("jo".to_owned(),), ("jo".to_owned(),)]);
    let doubled = (Person::age + Person::age).label("doubled");
    let doubled =
        select((Person::id, doubled)).order_by(named::<i64>("doubled").asc().nulls_first()).limit(1);
    assert_eq!(conn.fetch_all(doubled).unwrap(), [(3, 40)]);
    passed("4 groupings, a frame of groups, a median, 2 combinations")
}

fn ties(database: &Database) -> Outcome {
    let mut conn = people(database);
    let first = select(Person::id).order_by(Person::boss.is_null()).limit_with_ties(1);
    let count = rows(&mut conn, &first).map(|rows| rows.len());
    assert_eq!(count, pick(database, None, Some(2), Some(2)));
    let after = rows(&mut conn, &first.offset(1)).map(|rows| rows.len());
    assert_eq!(after, pick(database, None, Some(1), Some(1)));
    for wait in [LockWait::Wait, LockWait::NoWait, LockWait::SkipLocked] {
        let one = || select(Person::id).filter(Person::id.eq(1));
        let locks = [one().for_update(wait), one().for_no_key_update(wait)];
        for locked in locks.into_iter().chain([one().for_share(wait), one().for_key_share(wait)]) {
            assert_eq!(conn.fetch_all(locked).unwrap(), [(1,)]);
        }
    }
    let of = select(Person::id).for_update(LockWait::Wait).lock_of(sql::table::<Person>());
    let locked = conn.fetch_all(of).map(|rows| rows.len()).map_err(|error| error.kind());
    assert_eq!(locked, pick(database, Ok(3), Err(ErrorKind::Unsupported), Ok(3)));
    conn.rollback().unwrap();
    passed("ties, 4 locks with 3 ways to wait")
}

/// Rebis never executes such a text; here it is run to see that it says what the bound values say.
fn with_values(database: &Database) -> Outcome {
    let mut conn = people(database);
    let dialect = *database.engine(1).dialect();
    let texts = [
        "",
        "'",
        "''",
        "\\",
        "\\'",
        "'; drop table conf_person; --",
        "\"",
        "`",
        "%",
        "_",
        "/*",
        "*/",
        "--",
        "#",
        "$1",
        "$$",
        "?",
        ":n",
        "\n",
        "\r\n",
        "\t",
        "\u{1}",
        "ä",
        "🦀",
        "\u{2028}",
        "x'; --\\",
        "\\\\'",
        "\u{1a}",
        "\\0",
        "\\n",
    ];
    let mut compared = 0;
    for text in texts {
        let statement = select(literal(text)).to_sql_with_values(dialect).unwrap();
        // A colon in quotes is no parameter.
        let read: String = conn.scalar(raw(statement.as_str())).unwrap();
        assert_eq!(read, text, "{statement}");
        compared += 1;
    }
    let numbers = [0, 1, -1, i64::MAX, i64::MIN];
    for number in numbers {
        let statement = select(-literal(number / 2)).to_sql_with_values(dialect).unwrap();
        assert_eq!(conn.scalar::<i64>(raw(statement)).unwrap(), -(number / 2));
        let statement = select(literal(number)).to_sql_with_values(dialect).unwrap();
        assert_eq!(conn.scalar::<i64>(raw(statement)).unwrap(), number);
        compared += 2;
    }
    for number in [0.1, -1.5e-300, 1e300] {
        let statement = select(literal(number)).to_sql_with_values(dialect).unwrap();
        assert_eq!(conn.scalar::<f64>(raw(statement)).unwrap(), number);
        compared += 1;
    }
    let bytes = select(literal(vec![0_u8, 39, 92, 255])).to_sql_with_values(dialect).unwrap();
    assert_eq!(conn.scalar::<Vec<u8>>(raw(bytes)).unwrap(), [0, 39, 92, 255]);
    let day = chrono::NaiveDate::from_ymd_opt(2013, 1, 2).unwrap().and_hms_micro_opt(12, 0, 1, 5).unwrap();
    let statement = select(literal(day)).to_sql_with_values(dialect).unwrap();
    assert_eq!(conn.scalar::<chrono::NaiveDateTime>(raw(statement)).unwrap(), day);
    let found = select(Person::id).filter(Person::name.starts_with("5%")).limit(1);
    assert_eq!(conn.scalar::<i64>(raw(found.to_sql_with_values(dialect).unwrap())).unwrap(), 3);
    assert_eq!(super::count(&mut conn, "conf_person"), 3);
    passed(format!("{} values read back from the text", compared + 3))
}

#[derive(Debug, PartialEq, FromRow)]
struct Named {
    age: i64,
    name: String,
}

fn structs(database: &Database) -> Outcome {
    let mut conn = people(database);
    let people = select((Person::name, Person::age)).filter(Person::id.le(2)).order_by(Person::id);
    let found = conn.fetch_all(people.read_as::<Named>()).unwrap();
    assert_eq!(found, [Named { age: 50, name: "ed".into() }, Named { age: 30, name: "jo".into() }]);
    passed("a composed statement's rows as structs")
}
