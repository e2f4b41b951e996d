//! The corpus where values stand: bound, in patterns, in paths, in VALUES, and written into the text.

use rebis::schema::{ColumnDef, Entity, MetaData, SqlType, Table};
use rebis::sql::{
    Column, Expression, full_text_match, insert, insert_into, json, literal, param, select, update, values,
};
use rebis::{Connection, ErrorKind, Value, raw, serde_json, text};
use std::sync::LazyLock;

use super::injection_corpus::{Tally, corpus, end, guarded, untouched};
use super::{Database, Outcome, Scenario, passed, pick};

pub(super) const CASES: &[Scenario] = &[
    ("injection_bound_values", bound),
    ("injection_patterns", patterns),
    ("injection_written_values", written),
    ("injection_written_digits", digits),
    ("injection_values_as_source", as_source),
    ("injection_json_keys", json_keys),
    ("injection_full_text", full_text),
];

struct Note;

#[allow(non_upper_case_globals)]
impl Note {
    const id: Column<Note, i64> = Column::new("id");
    const word: Column<Note, String> = Column::new("word");
}

impl Entity for Note {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            let word = ColumnDef::new("word", SqlType::Text);
            Table::build("conf_notes")
                .column(ColumnDef::of::<i64>("id").primary_key())
                .column(word)
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

/// The canary, and the notes: each text of the corpus that the database can hold, by its number.
fn notes(database: &Database) -> (Connection, Vec<(i64, String)>) {
    let mut conn = guarded(database);
    let metadata = MetaData::of::<Note>();
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    if database.name == "MariaDB" {
        // By their bytes, spaces at the end included.
        conn.execute(text("alter table conf_notes modify word longtext collate utf8mb4_nopad_bin not null"))
            .unwrap();
    }
    // PostgreSQL's texts have no NUL.
    let texts = corpus().into_iter().filter(|text| database.name != "PostgreSQL" || !text.contains('\0'));
    let texts: Vec<(i64, String)> = (1_i64..).zip(texts).collect();
    (conn, texts)
}

fn insert_all(conn: &mut Connection, texts: &[(i64, String)]) {
    for (id, word) in texts {
        let note = insert::<Note>().row([Note::id.set(*id), Note::word.set(word.as_str())]).unwrap();
        conn.execute(note).unwrap_or_else(|error| panic!("{word:?}: {}", error.chain()));
    }
    conn.commit().unwrap();
}

fn drop_notes(mut conn: Connection) {
    MetaData::of::<Note>().drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    end(conn);
}

fn bound(database: &Database) -> Outcome {
    let (mut conn, texts) = notes(database);
    insert_all(&mut conn, &texts);
    let all = || select((Note::id, Note::word)).order_by(Note::id);
    assert_eq!(conn.fetch_all(all()).unwrap(), texts, "byte by byte");
    for (id, word) in &texts {
        let by_tree: i64 = conn.scalar(select(Note::id).filter(Note::word.eq(word.as_str()))).unwrap();
        let by_list: i64 = conn.scalar(select(Note::id).filter(Note::word.in_list([word.as_str()]))).unwrap();
        let by_text = text("select id from conf_notes where word = :word").bind("word", word.as_str());
        let by_param = select(Note::id)
            .filter(Note::word.eq(param::<String>(word.clone())))
            .bind(word.clone(), word.as_str());
        assert_eq!((by_tree, by_list), (*id, *id), "{word:?}");
        assert_eq!(conn.scalar::<i64>(by_text).unwrap(), *id, "{word:?}");
        assert_eq!(conn.scalar::<i64>(by_param).unwrap(), *id, "{word:?} as a parameter's name as well");
        let read: String = conn.scalar(select(literal(word.as_str()))).unwrap();
        assert_eq!(&read, word);
        let update = update::<Note>().set(Note::word, word.as_str()).filter(Note::word.eq(word.as_str()));
        conn.execute(update).unwrap();
    }
    assert_eq!(conn.fetch_all(all()).unwrap(), texts, "byte by byte");
    let mut conn = refused_nul(database, conn);
    untouched(&mut conn);
    drop_notes(conn);
    passed(format!("{} texts in 6 ways", texts.len()))
}

fn refused_nul(database: &Database, mut conn: Connection) -> Connection {
    if database.name == "PostgreSQL" {
        for word in corpus().into_iter().filter(|word| word.contains('\0')) {
            let error =
                conn.scalar::<i64>(select(Note::id).filter(Note::word.eq(word.as_str()))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Data, "{word:?}: {}", error.chain());
            conn.rollback().unwrap();
        }
    }
    conn
}

/// Each text finds what has it, and only that, as Rust's own functions say.
fn patterns(database: &Database) -> Outcome {
    let (mut conn, texts) = notes(database);
    insert_all(&mut conn, &texts);
    // SQLite's LIKE takes small and capital letters of ASCII for the same.
    let fold = |text: &str| pick(database, text.to_ascii_lowercase(), text.to_owned(), text.to_owned());
    let folded: Vec<(i64, String)> = texts.iter().map(|(id, text)| (*id, fold(text))).collect();
    let holds = |with: &dyn Fn(&str) -> bool| -> Vec<i64> {
        folded.iter().filter(|(_, text)| with(text)).map(|(id, _)| *id).collect()
    };
    let mut found = |condition| -> Vec<i64> {
        conn.scalars(select(Note::id).filter(condition).order_by(Note::id)).unwrap().all().unwrap()
    };
    let mut tried = 0;
    // A NUL ends a text for SQLite's LIKE; its patterns have a limit of 50000 bytes.
    for (_, text) in texts.iter().filter(|(_, text)| database.name != "SQLite" || !text.contains('\0')) {
        let piece = fold(text);
        let nul = |ids: Vec<i64>| -> Vec<i64> {
            let has_nul = |id: &i64| database.name == "SQLite" && texts[*id as usize - 1].1.contains('\0');
            ids.into_iter().filter(|id| !has_nul(id)).collect()
        };
        assert_eq!(
            nul(found(Note::word.starts_with(text))),
            nul(holds(&|word| word.starts_with(&piece))),
            "{text:?}"
        );
        assert_eq!(
            nul(found(Note::word.ends_with(text))),
            nul(holds(&|word| word.ends_with(&piece))),
            "{text:?}"
        );
        assert_eq!(
            nul(found(Note::word.contains(text))),
            nul(holds(&|word| word.contains(&piece))),
            "{text:?}"
        );
        tried += 3;
    }
    drop_notes(conn);
    passed(format!("{tried} patterns over {} texts", texts.len()))
}

/// The text that is for people to read, executed by hand.
fn written(database: &Database) -> Outcome {
    let (mut conn, texts) = notes(database);
    let dialect = *conn.engine().dialect();
    let mut tally = Tally::default();
    for (id, word) in &texts {
        let note = insert::<Note>().row([Note::id.set(*id), Note::word.set(word.as_str())]).unwrap();
        let bytes = select((literal(word.as_bytes().to_vec()), literal(*id)));
        let (sql, bytes) = match (note.to_sql_with_values(dialect), bytes.to_sql_with_values(dialect)) {
            (Ok(sql), Ok(bytes)) => (sql, bytes),
            (Err(error), _) | (_, Err(error)) => {
                assert!(word.contains('\0'), "{word:?}: {}", error.chain());
                tally.refuse(&error, word);
                continue;
            }
        };
        by_hand(&mut conn, &sql);
        let found =
            select(Note::id).filter(Note::word.eq(word.as_str())).to_sql_with_values(dialect).unwrap();
        assert_eq!(by_hand(&mut conn, &found), [Value::from(*id)], "{found}");
        let read = by_hand(&mut conn, &bytes);
        assert_eq!(read.first(), Some(&Value::Bytes(word.clone().into_bytes())), "{bytes}");
        tally.kept += 1;
    }
    conn.commit().unwrap();
    let kept: Vec<_> = texts.into_iter().filter(|(_, word)| !word.contains('\0')).collect();
    assert_eq!(
        conn.fetch_all(select((Note::id, Note::word)).order_by(Note::id)).unwrap(),
        kept,
        "byte by byte"
    );
    drop_notes(conn);
    tally.says("values in the text")
}

/// The first row of a statement, as somebody would try it out: its colons stand in quotes, where the scanner leaves them alone.
fn by_hand(conn: &mut Connection, sql: &str) -> Vec<Value> {
    let rows = conn.execute(raw(sql)).unwrap_or_else(|error| panic!("{sql}: {}", error.chain()));
    let rows = rows.all().unwrap_or_else(|error| panic!("{sql}: {}", error.chain()));
    let Some(row) = rows.first() else { return Vec::new() };
    (0..row.columns().len()).map(|place| row.value::<Value>(place).unwrap()).collect()
}

/// Digits that are none, in what is written.
fn digits(database: &Database) -> Outcome {
    let mut conn = guarded(database);
    let dialect = *conn.engine().dialect();
    let mut tally = Tally::default();
    for word in corpus() {
        let number = select(literal(1_i64)).filter(literal(Value::Digits(word.clone())).is_null());
        match number.to_sql_with_values(dialect) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Data, "{word:?}: {}", error.chain());
                tally.refuse(&error, &word);
            }
            Ok(sql) => {
                let is_number = word.parse::<f64>().is_ok() && !word.contains(char::is_alphabetic);
                assert!(is_number || database.name == "SQLite", "{word:?}: {sql}");
                by_hand(&mut conn, &sql);
                tally.kept += 1;
            }
        }
        // Bound it is a number or an error.
        let bound = text("select :n").bind("n", Value::Digits(word.clone()));
        let _ = conn.execute(bound).and_then(rebis::Rows::all);
        conn.rollback().unwrap();
    }
    end(conn);
    tally.says("digits in the text")
}

fn as_source(database: &Database) -> Outcome {
    let (mut conn, texts) = notes(database);
    let mut read = Vec::new();
    for part in texts.chunks(50) {
        let source =
            values("words; '\"`", ["id", "a\"`' word"], part.iter().map(|(id, word)| (*id, word.as_str())))
                .unwrap();
        let all = select((source.typed::<i64>("id"), source.typed::<String>("a\"`' word")))
            .order_by(source.c("id"));
        read.extend(conn.fetch_all(all).unwrap_or_else(|error| panic!("{part:?}: {}", error.chain())));
    }
    assert_eq!(read, texts, "byte by byte");
    drop_notes(conn);
    passed(format!("{} texts", texts.len()))
}

/// Each text is the key of a document with others beside it: it finds its own value, or is refused.
fn json_keys(database: &Database) -> Outcome {
    let (mut conn, texts) = notes(database);
    let documents = ColumnDef::new("document", SqlType::Json);
    let table =
        Table::build("conf_documents").column(ColumnDef::of::<i64>("id")).column(documents).finish().unwrap();
    let metadata = MetaData::new().table(&table);
    metadata.drop_all(&mut conn).unwrap();
    metadata.create_all(&mut conn).unwrap();
    let stored = table.alias("stored");
    let mut tally = Tally::default();
    for (id, word) in &texts {
        let document = serde_json::json!({ "before": -1, word.as_str(): id, "a": -2, "b": [-3, -4] });
        // MariaDB keeps a NUL as it is written; it is a text of a document elsewhere.
        let row = [("id", Value::from(*id)), ("document", document.clone().into())];
        conn.execute(insert_into(&table).values(row).unwrap()).unwrap();
        let place = json(stored.typed::<serde_json::Value>("document")).key(word.clone()).as_integer();
        match conn.scalar::<Option<i64>>(select(place).filter(stored.typed::<i64>("id").eq(*id))) {
            Ok(found) => {
                assert_eq!(found, document[word.as_str()].as_i64(), "{word:?}");
                tally.kept += 1;
            }
            Err(error) => {
                tally.refuse(&error, word);
                let odd = word.contains(['"', '\\', '\0']) || database.name == "MariaDB";
                assert!(odd, "{word:?}: {}", error.chain());
            }
        }
    }
    assert!(tally.kept > 600, "{tally:?}");
    conn.rollback().unwrap();
    metadata.drop_all(&mut conn).unwrap();
    conn.commit().unwrap();
    drop_notes(conn);
    tally.says("keys of JSON")
}

fn full_text(database: &Database) -> Outcome {
    let (mut conn, texts) = notes(database);
    let mut tally = Tally::default();
    if database.name == "MariaDB" {
        conn.execute(text("create fulltext index conf_words on conf_notes (word)")).unwrap();
    }
    if database.name == "SQLite" {
        MetaData::of::<Note>().drop_all(&mut conn).unwrap();
        conn.execute(text("create virtual table conf_notes using fts5 (id, word)")).unwrap();
    }
    insert_all(&mut conn, &[(12345, "needle in hay".to_owned())]);
    let ids = |conn: &mut Connection, words: &str| {
        conn.fetch_all(select(Note::id).filter(full_text_match(Note::word, words.to_owned())))
            .map(|rows| rows.len())
    };
    assert_eq!(ids(&mut conn, "needle").unwrap(), 1);
    assert_eq!(ids(&mut conn, "hay needle").unwrap(), 1);
    // Another column is not looked at, whatever the words say.
    assert_eq!(ids(&mut conn, "id:12345").unwrap(), 0);
    assert_eq!(ids(&mut conn, "12345").unwrap(), 0);
    for (_, word) in &texts {
        match ids(&mut conn, word) {
            Ok(found) => {
                assert!(found <= 1);
                tally.kept += 1;
            }
            // InnoDB's own parser of words, which says so.
            Err(error) if database.name == "MariaDB" && error.chain().contains("FTS_") => {
                tally.by_database += 1;
                conn.rollback().unwrap();
            }
            // A NUL ends a text for SQLite.
            Err(error) if database.name == "SQLite" && word.contains('\0') => {
                tally.refuse(&error, word);
                conn.rollback().unwrap();
            }
            Err(error) => panic!("{word:?}: {}", error.chain()),
        }
    }
    if database.name == "SQLite" {
        conn.execute(text("drop table conf_notes")).unwrap();
        conn.commit().unwrap();
    }
    drop_notes(conn);
    tally.says("words of a full-text match")
}
