//! Text and bytes.

use rebis::{ErrorKind, text};

use super::{Database, Outcome, Scenario, passed, pick, round_trip, table};

pub(super) const CASES: &[Scenario] = &[
    ("texts_of_every_kind", texts),
    ("texts_of_a_megabyte", long),
    ("texts_with_nul", nul),
    ("texts_bytes", bytes),
    ("texts_from_literals", literals),
];

/// Compares byte by byte, so that the database finds exactly what was stored.
fn column(database: &Database) -> &'static str {
    pick(database, "text", "longtext character set utf8mb4 collate utf8mb4_bin", "text")
}

fn texts(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let every: String = ('\u{1}'..='\u{7f}').collect();
    let values = [
        "",
        " ",
        "ed",
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "\\\\0",
        "%s ? $1 :name --",
        "naïve 🦀 漢字 \u{10ffff}",
        "e\u{301}",
        "line\r\nline\ttab",
        "\u{feff}bom",
        "NULL",
        "0x41",
        every.as_str(),
    ]
    .map(str::to_owned);
    let count = round_trip(&mut conn, column(database), &values);
    let char_count: i64 = conn
        .scalar(text("select char_length(cast(:t as char(20)))").bind("t", "🦀漢é"))
        .or_else(|_| {
            conn.rollback()?;
            conn.scalar(text("select length(:t)").bind("t", "🦀漢é"))
        })
        .unwrap();
    assert!(char_count == 3 || char_count == 20, "{char_count} characters");
    assert_eq!(conn.scalar::<String>(text("select :t").bind("t", 'x')).unwrap(), "x");
    passed(format!("{count} round trips"))
}

fn long(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let around_packets = [65_535, 65_536, 70_000].map(|length| "x".repeat(length));
    let megabyte = ["🦀'\\".repeat(1 << 18), "é".repeat(1 << 19)];
    let count = round_trip(&mut conn, column(database), &around_packets)
        + round_trip(&mut conn, column(database), &megabyte);
    passed(format!("{count} round trips of up to {} bytes", megabyte[0].len()))
}

fn nul(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let values = ["\0", "a\0b", "\0\0"].map(str::to_owned);
    if database.url().backend() != rebis::Backend::Postgresql {
        return passed(format!("{} round trips", round_trip(&mut conn, column(database), &values)));
    }
    table(&mut conn, "conf_values", "v text");
    for value in &values {
        let insert = text("insert into conf_values values (:v)").bind("v", value);
        let error = super::failure(conn.execute(insert));
        assert_eq!(error.kind(), ErrorKind::Data, "{error:?}");
        conn.rollback().unwrap();
        let many =
            conn.execute_many(text("insert into conf_values values (:v)"), [("ok",), (value.as_str(),)]);
        assert_eq!(many.unwrap_err().kind(), ErrorKind::Data);
        conn.rollback().unwrap();
    }
    assert_eq!(super::count(&mut conn, "conf_values"), 0);
    passed("3 refused as Data, twice each")
}

fn bytes(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let every: Vec<u8> = (0..=255).collect();
    let megabyte: Vec<u8> = every.iter().copied().cycle().take(1 << 20).collect();
    let values = [vec![], vec![0], b"text".to_vec(), b"\\x41'\"".to_vec(), every, megabyte];
    let count = round_trip(&mut conn, pick(database, "blob", "longblob", "bytea"), &values);
    // An empty value is not NULL.
    let empty: i64 = conn.scalar(text("select count(*) from conf_values where v is null")).unwrap();
    assert_eq!(empty, 2);
    passed(format!("{count} round trips"))
}

fn literals(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let bytes = pick(
        database,
        text("select x'00ff41', ''"),
        text("select x'00ff41', ''"),
        text("select '\\x00ff41'::bytea, ''"),
    );
    let row: (Vec<u8>, String) = conn.execute(bytes).unwrap().of().one().unwrap();
    assert_eq!(row, (vec![0, 255, 65], String::new()));
    passed("2 literals")
}
