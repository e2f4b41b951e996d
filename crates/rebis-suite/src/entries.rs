//! A model for the tests of sessions in threads and processes: who wrote which row.

use rebis::mapper::{Definition, Given, Mapper, Model};
use rebis::process::Published;
use rebis::rows::RowView;
use rebis::schema::{ColumnDef, Entity, SqlType, Table};
use rebis::value::{FromValue, IntoValue, Mismatch};
use rebis::{Engine, Result, Value, ValueRef, text};

/// A row of one writer's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// Made by the database.
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

impl Entity for Entry {
    fn table() -> &'static Table {
        static TABLE: Published<Table> = Published::new();
        TABLE.get_or_init(|| {
            // Not unique: a doubled row must be able to show.
            let table = Table::build("entries")
                .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
                .column(ColumnDef::new("writer", SqlType::BigInteger))
                .column(ColumnDef::new("number", SqlType::BigInteger));
            table.finish().expect("the table makes sense")
        })
    }
}

impl Model for Entry {
    fn name() -> &'static str {
        "Entry"
    }

    fn definition() -> Definition {
        Definition {
            name: "Entry".into(),
            table: Entry::table().clone(),
            columns: ["id", "writer", "number"].map(str::to_owned).into(),
            version: None,
            relations: Vec::new(),
        }
    }

    fn published() -> &'static Published<Result<Mapper>> {
        static MAPPER: Published<Result<Mapper>> = Published::new();
        &MAPPER
    }

    fn read_column(&self, column: usize) -> Value {
        [self.id, self.writer, self.number][column].into_value()
    }

    fn write_column(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), Mismatch> {
        *[&mut self.id, &mut self.writer, &mut self.number][column] = FromValue::from_value(value)?;
        Ok(())
    }

    fn same_column(&self, other: &Self, column: usize) -> bool {
        self.read_column(column) == other.read_column(column)
    }

    fn take_related(&mut self, _relation: usize) -> Option<Vec<Given>> {
        None
    }

    fn decode(row: &RowView<'_>, first: usize) -> Result<Self> {
        Ok(Entry { id: row.value(first)?, writer: row.value(first + 1)?, number: row.value(first + 2)? })
    }

    fn decode_key(row: &RowView<'_>, first: usize) -> Result<Vec<Value>> {
        Ok(vec![row.value(first)?])
    }
}
