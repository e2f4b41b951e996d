//! The reader of SQLite's CREATE TABLE.

use super::super::sqlite_text::{read, read_index};
use crate::tests::fuzz;

#[test]
fn fuzz_create_table() {
    let seeds = [
        "CREATE TABLE \"t\" (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT COLLATE NOCASE NOT NULL DEFAULT 'x)' CHECK (a <> ')'))",
        "create table t (a int constraint c unique, [b c] generated always as (a * 2) stored, constraint f foreign key (a) \
         references o (x) on delete cascade deferrable initially deferred, check ((a) > 1 /* ) */ -- )\n))",
        "CREATE UNIQUE INDEX i ON t (a DESC, lower(b) ASC, `c`) WHERE a > 1 AND b = '''' -- x",
        "CREATE TABLE t (`a``b` int, \"c\"\"d\" text, constraint \"p q\" primary key (`a``b`, \"c\"\"d\")) WITHOUT ROWID",
        "CREATE TABLE t AS SELECT 1",
        "CREATE TABLE \u{e9}\u{1F980} (\u{a0}a int)",
    ];
    let words = [
        "(",
        ")",
        ",",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "--",
        "/*",
        "*/",
        "\n",
        "CONSTRAINT ",
        "PRIMARY KEY",
        " UNIQUE ",
        "CHECK (",
        "FOREIGN KEY (",
        " REFERENCES ",
        " AS (",
        "COLLATE ",
        "NOT ",
        "DEFERRABLE ",
        "INITIALLY ",
        "DEFERRED",
        " DEFAULT ",
        " WHERE ",
        "DESC",
        "((((((((",
        "))))))))",
        "\u{e9}",
        "\0",
        "a",
        "1.5e+3",
    ];
    fuzz::text("create_table", &seeds, &words, |text| {
        let written = read(text);
        for check in &written.checks {
            assert!(text.contains(&check.text), "{check:?}");
        }
        for (_, computed) in &written.computed {
            assert!(text.contains(computed.as_str()), "{computed:?}");
        }
        let (keys, condition) = read_index(text);
        for part in keys.iter().chain(&condition) {
            assert!(text.contains(part.as_str()), "{part:?}");
        }
    });
}

/// What stands behind a check when it is written again does not become a part of its comment.
#[test]
fn a_comment_at_the_end_is_left_out() {
    let written = read("create table t (a int check (a > 1 -- x\n), check (/* y */ a < /* z */ 9 /* ) */))");
    let texts: Vec<&str> = written.checks.iter().map(|check| check.text.as_str()).collect();
    assert_eq!(texts, ["a > 1", "a < /* z */ 9"]);
    let (keys, condition) = read_index("create index i on t (a) where a > 1 -- x");
    assert_eq!((keys, condition), (vec!["a".to_owned()], Some("a > 1".to_owned())));
}
