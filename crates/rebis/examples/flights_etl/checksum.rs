//! One number for all clean tables: the same on every database, in every order of rows, for any number of workers.

use rebis::rows::RowView;
use rebis::{Engine, FromRow, Result, Value, raw};

use crate::schema::CLEAN_TABLES;

/// The sum of the rows' hashes, so that the order of the rows does not matter.
pub(crate) fn checksum(engine: &Engine) -> Result<u64> {
    let mut conn = engine.connect()?;
    let mut sum = 0_u64;
    for table in CLEAN_TABLES {
        let rows = conn.execute(raw(format!("select * from {table}")))?;
        for row in rows.of::<HashedRow>() {
            // The table's name comes in, or a row could wander into another table unseen.
            sum = sum.wrapping_add(Fnv(row?.0).with(table.as_bytes()).0);
        }
    }
    Ok(sum)
}

struct HashedRow(u64);

impl FromRow for HashedRow {
    fn from_row(row: &RowView<'_>) -> Result<Self> {
        let mut hash = Fnv::NEW;
        for column in 0..row.columns().len() {
            hash = hash_value(hash, &row.value(column)?);
        }
        Ok(HashedRow(hash.0))
    }
}

/// Times in the form in which SQLite stores them as text: so they are the same everywhere.
fn hash_value(hash: Fnv, value: &Value) -> Fnv {
    let hash = match value {
        Value::Null => return hash.with(&[0]),
        Value::Int(number) => hash.with(&number.to_le_bytes()),
        Value::Float(number) => hash.with(&number.to_bits().to_le_bytes()),
        Value::Text(text) => hash.with(text.as_bytes()),
        Value::Date(date) => hash.with(date.to_string().as_bytes()),
        Value::DateTime(time) => hash.with(time.format("%Y-%m-%d %H:%M:%S%.6f").to_string().as_bytes()),
        other => hash.with(format!("{other:?}").as_bytes()),
    };
    hash.with(&[1])
}

/// FNV-1a: a few lines, and the same in every version of every program.
#[derive(Clone, Copy)]
struct Fnv(u64);

impl Fnv {
    const NEW: Fnv = Fnv(0xcbf2_9ce4_8422_2325);

    fn with(self, bytes: &[u8]) -> Fnv {
        Fnv(bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}
