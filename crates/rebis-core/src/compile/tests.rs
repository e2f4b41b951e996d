mod fuzz;

use super::*;
use crate::error::ErrorKind;
use crate::sql::{raw, text};

/// Side by side.
pub(super) const DIALECTS: [Dialect; 3] = [Dialect::SQLITE, Dialect::MYSQL, Dialect::POSTGRESQL];

fn compiled(sql: &'static str) -> [String; 3] {
    DIALECTS.map(|dialect| compile_text(&text(sql), &dialect).unwrap().sql.into())
}

fn same(sql: &'static str) {
    for got in compiled(sql) {
        assert_eq!(got, sql);
    }
}

#[test]
fn names_become_placeholders() {
    assert_eq!(
        compiled("a = :a and b = :b or :a"),
        ["a = ?1 and b = ?2 or ?1", "a = ? and b = ? or ?", "a = $1 and b = $2 or $1",]
    );
    let mysql = compile_text(&text("a = :a and b = :b or :a"), &Dialect::MYSQL).unwrap();
    assert_eq!(*mysql.order, [0, 1, 0]);
    let postgresql = compile_text(&text("a = :a and b = :b or :a"), &Dialect::POSTGRESQL).unwrap();
    assert_eq!(*postgresql.order, [0, 1]);
    assert_eq!(*postgresql.names, ["a".into(), "b".into()]);
}

#[test]
fn what_only_looks_like_a_name_stays() {
    same("select ':a', \":b\", `:c` -- :d\n, /* :e */ 1");
    same("select x::int, y::text[], a[1:2], a[b:c], 'it''s :x'");
    same("select '' || :: || 12:30");
    assert_eq!(compiled("(:a)::int")[2], "($1)::int");
    assert_eq!(compiled(":a::int + :b::text[]")[2], "$1::int + $2::text[]");
    assert_eq!(compiled("x::a::b + :c:")[2], "x::a::b + :c:");
    assert_eq!(compiled("select \\:a, :b")[2], "select :a, $1");
    assert_eq!(compiled("select ä:b, :ä")[2], "select ä:b, $1");
}

#[test]
fn dialects_quote_in_their_own_ways() {
    let one = |sql, dialect| String::from(compile_text(&text(sql), &dialect).unwrap().sql);
    assert_eq!(one(r"select '\' || :a || '\''", Dialect::MYSQL), r"select '\' || :a || '\''");
    assert_eq!(one(r"select '\', :a, '\'", Dialect::SQLITE), r"select '\', ?1, '\'");
    assert_eq!(one(r"select '\', :a, '\'", Dialect::POSTGRESQL), r"select '\', $1, '\'");
    assert_eq!(
        compile_text(&text(r"select E'\' :a', :b"), &Dialect::POSTGRESQL).unwrap().sql.as_ref(),
        r"select E'\' :a', $1"
    );
    let dollar = compile_text(&text("do $x$ :a $$ $x$, $$ :b $$, :c"), &Dialect::POSTGRESQL).unwrap();
    assert_eq!(&*dollar.sql, "do $x$ :a $$ $x$, $$ :b $$, $1");
    let nested = compile_text(&text("/* /* :a */ :b */ :c"), &Dialect::POSTGRESQL).unwrap();
    assert_eq!(&*nested.sql, "/* /* :a */ :b */ $1");
    let hash = compile_text(&text("select 1 # :a\n, :b"), &Dialect::MYSQL).unwrap();
    assert_eq!(&*hash.sql, "select 1 # :a\n, ?");
}

#[test]
fn what_does_not_end_is_an_error() {
    for sql in ["select 'a", "select \"a", "/* a", "select '\\'"] {
        let error = compile_text(&raw(sql), &Dialect::MYSQL).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Statement, "{sql}");
    }
    assert!(compile_text(&text("select $a$ x"), &Dialect::POSTGRESQL).is_err());
}

#[test]
fn the_cache_is_bounded_and_shares() {
    let cache = CompiledCache::new(500);
    let first = cache.text(&text("select :a"), &Dialect::SQLITE).unwrap().0;
    assert!(std::sync::Arc::ptr_eq(&first, &cache.text(&text("select :a"), &Dialect::SQLITE).unwrap().0));
    for number in 0..1000 {
        cache.text(&raw(format!("select {number}")), &Dialect::SQLITE).unwrap();
    }
    assert!(!std::sync::Arc::ptr_eq(&first, &cache.text(&text("select :a"), &Dialect::SQLITE).unwrap().0));
}

#[test]
fn placeholders_of_the_databases_own_are_refused() {
    let kind = |sql, dialect| compile_text(&raw(sql), &dialect).map(|_| ()).map_err(|error| error.kind());
    for sql in ["select ?, :a", "select ?1", "select @x", "select $x"] {
        assert_eq!(kind(sql, Dialect::SQLITE), Err(ErrorKind::Statement), "{sql}");
    }
    assert_eq!(kind("select ?", Dialect::MYSQL), Err(ErrorKind::Statement));
    assert_eq!(kind("select $1", Dialect::POSTGRESQL), Err(ErrorKind::Statement));
    // Not placeholders there.
    assert_eq!(kind("select '?', a$b, \"?\"", Dialect::SQLITE), Ok(()));
    assert_eq!(kind("select @x, @@version", Dialect::MYSQL), Ok(()));
    assert_eq!(kind("select a ? 'b', a ?| b, a @> b, a$1", Dialect::POSTGRESQL), Ok(()));
    assert_eq!(kind("select 1 \0, 2", Dialect::SQLITE), Err(ErrorKind::Statement));
}

#[test]
fn names_in_brackets_and_spaced_dashes() {
    let bracket = compile_text(&text("select 1 as [x :y's], :y"), &Dialect::SQLITE).unwrap();
    assert_eq!(&*bracket.sql, "select 1 as [x :y's], ?1");
    assert_eq!(compiled("select 5--:a")[1], "select 5--?");
    assert_eq!(compiled("select 5 -- :a")[1], "select 5 -- :a");
    assert_eq!(compiled("select 5--:a")[2], "select 5--:a");
}
