//! The corpus inside of definitions, where no value can be bound: comments and defaults.

use rebis::schema::{ColumnDef, MetaData, ServerDefault, SqlType, Table};
use rebis::sql::{insert_into, select, set_table_comment};
use rebis::{Connection, Result, Value};

use super::injection_corpus::{Tally, corpus, end, guarded, untouched};
use super::{Database, Outcome, Scenario};

pub(super) const CASES: &[Scenario] =
    &[("injection_definitions_of_comments", comments), ("injection_definitions_of_defaults", defaults)];

fn table(word: ColumnDef, comment: &str) -> Result<Table> {
    let id = ColumnDef::new("id", SqlType::Integer).primary_key();
    Table::build("conf_defined").column(id).column(word).comment(comment).finish()
}

fn word() -> ColumnDef {
    ColumnDef::new("word", SqlType::Text).nullable()
}

/// A table whose comment and whose column's comment are the text; then the comment alone, changed. SQLite keeps none.
fn commented(conn: &mut Connection, comment: &str) -> Result<()> {
    let table = table(word().comment(comment), comment)?;
    let metadata = MetaData::new().table(&table);
    metadata.create_all(conn)?;
    let keeps = conn.engine().dialect().name != "sqlite";
    let expected = Some(comment).filter(|comment| keeps && !comment.is_empty());
    assert_eq!(conn.inspect().table_comment("conf_defined")?.as_deref(), expected);
    assert_eq!(conn.inspect().columns("conf_defined")?[1].comment.as_deref(), expected);
    if keeps {
        conn.execute(set_table_comment(&self::table(word(), &format!("{comment}!"))?))?;
        assert_eq!(conn.inspect().table_comment("conf_defined")?, Some(format!("{comment}!")));
    }
    metadata.drop_all(conn)
}

fn comments(database: &Database) -> Outcome {
    each(database, "comments", commented, |text| {
        // A column's comment has 1,024 characters of Unicode's first plane on MariaDB.
        database.name == "MariaDB"
            && (text.chars().count() > 1024 || text.chars().any(|letter| letter > '\u{ffff}'))
    })
}

/// A row that leaves the column out reads the text.
fn defaulted(conn: &mut Connection, default: &str) -> Result<()> {
    let table = table(word().server_default(ServerDefault::Text(default.into())), "")?;
    let metadata = MetaData::new().table(&table);
    metadata.create_all(conn)?;
    conn.execute(insert_into(&table).values([("id", Value::from(1))])?)?;
    assert_eq!(conn.execute(select(vec![table.c("word")]))?.scalar::<String>()?, default);
    metadata.drop_all(conn)
}

fn defaults(database: &Database) -> Outcome {
    each(database, "defaults", defaulted, |_| false)
}

fn each(
    database: &Database,
    what: &str,
    defined: fn(&mut Connection, &str) -> Result<()>,
    may_be_refused: impl Fn(&str) -> bool,
) -> Outcome {
    let mut conn = guarded(database);
    let plain = MetaData::new().table(&table(word(), "").unwrap());
    plain.drop_all(&mut conn).unwrap();
    let mut tally = Tally::default();
    for text in corpus() {
        match defined(&mut conn, &text) {
            Ok(()) => {
                conn.commit().unwrap();
                tally.kept += 1;
            }
            Err(error) => {
                assert!(text.contains('\0') || may_be_refused(&text), "{text:?}: {}", error.chain());
                tally.refuse(&error, &text);
                conn.rollback().unwrap();
                plain.drop_all(&mut conn).unwrap();
                conn.commit().unwrap();
            }
        }
    }
    untouched(&mut conn);
    assert!(tally.kept > 900, "{tally:?}");
    end(conn);
    tally.says(what)
}
