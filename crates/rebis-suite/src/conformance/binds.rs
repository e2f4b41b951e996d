//! Named parameters.

use rebis::{ErrorKind, text};

use super::{Database, Outcome, Scenario, passed, pick};

pub(super) const CASES: &[Scenario] = &[
    ("binds_repeated_names", repeated),
    ("binds_in_quotes_and_comments", quotes_and_comments),
    ("binds_beside_casts", casts),
    ("binds_of_fifty_names", fifty),
    ("binds_that_do_not_match", mismatches),
];

fn repeated(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let statement = text("select :a + :b + :a, :b - :a, :a").bind("b", 40).bind("a", 1);
    let row: (i64, i64, i64) = conn.execute(statement).unwrap().of().one().unwrap();
    assert_eq!(row, (42, 39, 1));
    // One name is the beginning of another, and the last value given counts.
    let statement = text("select :v, :v1, :v10").bind("v10", 10).bind("v", 7).bind("v1", 1).bind("v", 0);
    assert_eq!(conn.execute(statement).unwrap().of::<(i64, i64, i64)>().one().unwrap(), (0, 1, 10));
    let statement = text("select :größe + :_x").bind("größe", 1).bind("_x", 2);
    assert_eq!(conn.scalar::<i64>(statement).unwrap(), 3);
    passed("8 places of 7 names")
}

fn quotes_and_comments(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let statement = text(
        "select ':no', 'it''s :no' /* :no ' */, :yes -- :no \"
         , ':no' as \"x\"",
    );
    // MySQL reads double quotes as text: an alias may be written so all the same.
    let row: (String, String, i64, String) =
        conn.execute(statement.bind("yes", 1)).unwrap().of().one().unwrap();
    assert_eq!(row, (":no".into(), "it's :no".into(), 1, ":no".into()));
    let own = pick(
        database,
        text("select 'a\\' || :yes"),
        text("select concat('a\\\\', ':no', '\\':no', # :no\n :yes)"),
        text("select E'a\\':no' || $$:no$$ || $t$ :no $$ $t$ || /* /* :no */ :no */ cast(:yes as text)"),
    );
    let expected = pick(database, "a\\y", "a\\:no':noy", "a':no:no :no $$ y");
    assert_eq!(conn.scalar::<String>(own.bind("yes", "y")).unwrap(), expected);
    // A colon that is meant, and a question mark and a dollar that mean nothing.
    let statement = text("select '\\:x', 'a?b', '$1', '%s', :yes").bind("yes", 2);
    let expected = pick(database, "\\:x", ":x", "\\:x");
    let row: (String, String, String, String, i64) = conn.execute(statement).unwrap().of().one().unwrap();
    assert_eq!(row, (expected.into(), "a?b".into(), "$1".into(), "%s".into(), 2));
    passed("3 statements with 17 places that only look like names")
}

fn casts(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let whole = pick(database, "integer", "signed", "bigint");
    let statement = rebis::raw(format!("select cast(:n as {whole}) + 1, cast(:t as char(3))"));
    let row: (i64, String) =
        conn.execute(statement.bind("n", "41").bind("t", "abc")).unwrap().of().one().unwrap();
    assert_eq!(row, (42, "abc".into()));
    if !database.is_server() || database.url().backend() != rebis::Backend::Postgresql {
        return passed("1 statement");
    }
    let statement = text("select :n::int8 + '1'::int, (:a::int[])[2:3], :when::date + :days")
        .bind("n", "41")
        .bind("a", "{1,2,3}")
        .bind("when", "2024-02-28")
        .bind("days", 1);
    let row: (i64, Vec<i32>, chrono::NaiveDate) = conn.execute(statement).unwrap().of().one().unwrap();
    assert_eq!(row, (42, vec![2, 3], "2024-02-29".parse().unwrap()));
    passed("2 statements, double colons and a slice among them")
}

fn fifty(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let sum: Vec<String> = (0..50).map(|n| format!(":p{n}")).collect();
    // Given in the opposite order, each with a weight of its own, so that an exchange shows.
    let weights: Vec<String> =
        sum.iter().enumerate().map(|(n, name)| format!("{name} * {}", n + 1)).collect();
    let mut statement = rebis::raw(format!("select {}", weights.join(" + ")));
    for n in (0..50_i64).rev() {
        statement = statement.bind(format!("p{n}"), n * n);
    }
    let expected: i64 = (0..50).map(|n| n * n * (n + 1)).sum();
    assert_eq!(conn.scalar::<i64>(statement).unwrap(), expected);
    passed("50 names")
}

fn mismatches(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let mut kind = |statement| conn.execute(statement).map(drop).unwrap_err().kind();
    assert_eq!(kind(text("select :a")), ErrorKind::Bind);
    assert_eq!(kind(text("select :a").bind("b", 1)), ErrorKind::Bind);
    assert_eq!(kind(text("select ':a'").bind("a", 1)), ErrorKind::Bind);
    assert_eq!(kind(text("select 'no end").bind("a", 1)), ErrorKind::Statement);
    assert!(!conn.in_transaction(), "nothing was sent");
    passed("4 statements refused before anything is sent")
}
