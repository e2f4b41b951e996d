//! A model for the tests of sessions in threads and processes: who wrote which row.

use rebis::{Engine, Model, text};

/// A row of one writer's. Not unique: a doubled row must be able to show.
#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(table = "entries")]
pub struct Entry {
    /// Made by the database.
    #[rebis(primary_key)]
    pub id: i64,
    /// Who wrote it.
    pub writer: i64,
    /// Which of the writer's it is.
    pub number: i64,
}

/// An entry that is not written yet.
pub fn entry(writer: i64, number: i64) -> Entry {
    Entry { id: 0, writer, number }
}

/// Makes the table anew.
///
/// # Panics
/// When the database refuses.
pub fn create(engine: &Engine) {
    engine.transaction(|tx| tx.execute(text("drop table if exists entries")).map(|_| ())).expect("drop");
    rebis::create_all::<(Entry,)>(engine).expect("create");
}

/// How many rows each writer has, and how many different ones.
///
/// # Panics
/// When the database refuses.
pub fn written(engine: &Engine) -> Vec<(i64, i64, i64)> {
    let sql =
        text("select writer, count(*), count(distinct number) from entries group by writer order by writer");
    engine.connect().expect("a connection").fetch_all(sql).expect("the counts")
}
