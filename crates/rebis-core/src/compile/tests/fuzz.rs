//! The scanner for `:name`: any text keeps all its bytes but the names; what is quoted by Rebis is one piece.

use crate::compile::compile_text;
use crate::compile::identifier::push_identifier;
use crate::compile::literal::push_literal;
use crate::compile::scan::{Piece, scan};
use crate::dialect::{Dialect, Placeholder};
use crate::sql::raw;
use crate::tests::fuzz;

const DIALECTS: [Dialect; 3] = [Dialect::SQLITE, Dialect::MYSQL, Dialect::POSTGRESQL];

const SEEDS: [&str; 8] = [
    "select :a, ':b', \":c\", `:d`, [:e] -- :f\n, :g /* :h */ # :i\n",
    "select E'\\':a', e'\\\\', U&':b', $$ :c $$, $t$ :d $t$, $1",
    "select a::int, :a::text, a[1:2], :a_b, \\:x, x\\:y, ::, :::z",
    "/* /* :a */ :b */ select 1 --:c",
    "insert into t values (:x, :y), (:x, :z)",
    "select 'it''s', \"a\"\"b\", 'a\\'b :c'",
    "select @x, @@y, ?, ?1, $name, {0}",
    "é:é :é '\u{1F980}:a'",
];

const WORDS: [&str; 34] = [
    ":a", ":", "::", ":::", "\\:", "'", "''", "\\'", "\\", "\"", "\"\"", "`", "[", "]", "--", "-- ", "--\n",
    "#", "/*", "*/", "$$", "$a$", "$", "$1", "?", "@a", "E'", "e'", "U&'", "\n", "\r", "\0", "é", "\u{a0}",
];

#[test]
fn fuzz_text_binds() {
    fuzz::text("text_binds", &SEEDS, &WORDS, |text| DIALECTS.iter().for_each(|dialect| kept(text, dialect)));
}

fn kept(text: &str, dialect: &Dialect) {
    let pieces: Result<Vec<_>, _> = scan(text, dialect).collect();
    let compiled = compile_text(&raw(text), dialect);
    let Ok(pieces) = pieces else {
        assert!(compiled.is_err());
        return;
    };
    let (mut rest, mut names) = (text, Vec::new());
    for piece in &pieces {
        rest = match piece {
            // A colon that was hidden.
            Piece::Sql(":") if rest.starts_with("\\:") => &rest[2..],
            Piece::Sql(sql) => rest.strip_prefix(sql).unwrap(),
            Piece::Parameter(name) => {
                assert!(name.chars().all(|letter| letter == '_' || letter.is_alphanumeric()));
                names.push(*name);
                rest.strip_prefix(':').unwrap().strip_prefix(name).unwrap()
            }
        };
    }
    assert_eq!(rest, "");
    let Ok(compiled) = compiled else {
        assert!(text.contains('\0'));
        return;
    };
    let mut sql = &*compiled.sql;
    for piece in &pieces {
        let Piece::Parameter(name) = piece else {
            let Piece::Sql(verbatim) = piece else { unreachable!() };
            sql = sql.strip_prefix(verbatim).unwrap();
            continue;
        };
        let number = compiled.names.iter().position(|known| **known == **name).unwrap() + 1;
        let placeholder = match dialect.placeholder {
            Placeholder::Question => "?".to_owned(),
            Placeholder::QuestionNumber => format!("?{number}"),
            Placeholder::DollarNumber => format!("${number}"),
        };
        sql = sql.strip_prefix(placeholder.as_str()).unwrap();
    }
    assert_eq!(sql, "");
    let once = compiled.names.len();
    assert_eq!(
        compiled.order.len(),
        if dialect.placeholder == Placeholder::Question { names.len() } else { once }
    );
}

/// What Rebis quotes is one piece for the scanner, and ends where it ends.
#[test]
fn fuzz_quoted() {
    fuzz::text("quoted", &SEEDS, &WORDS, |text| {
        for dialect in &DIALECTS {
            let mut sql = String::from("x = ");
            if push_literal(&mut sql, text, dialect).is_ok() {
                whole(&sql, dialect);
            }
            let mut sql = String::from("x = ");
            if push_identifier(&mut sql, text, dialect).is_ok() {
                whole(&sql, dialect);
            }
        }
    });
}

fn whole(sql: &str, dialect: &Dialect) {
    let behind = format!("{sql}:name");
    let pieces: Vec<_> = scan(&behind, dialect).map(Result::unwrap).collect();
    assert_eq!(pieces, [Piece::Sql(sql), Piece::Parameter("name")], "{}", dialect.name);
}
