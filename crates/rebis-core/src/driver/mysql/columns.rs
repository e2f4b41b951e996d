//! Column definitions → names, types, and how their cells read.

use std::sync::Arc;

use mysql_common::constants::{ColumnFlags, ColumnType};

use super::packet::Reader;
use crate::driver::Column;

/// The columns of an answer, shared by all answers of one prepared statement.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) columns: Arc<[Column]>,
    pub(super) kinds: Box<[Kind]>,
    /// The definitions as the server sent them: they come again with every answer, and are parsed when they differ.
    definitions: Vec<u8>,
}

/// How a cell reads. Integers carry whether they are unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tiny(bool),
    Short(bool),
    Long(bool),
    LongLong(bool),
    Float,
    Double,
    Decimal,
    Date,
    Time,
    DateTime,
    Timestamp,
    Bit,
    Text,
    Json,
    Bytes,
}

/// The character set of what is no text.
const BINARY: u16 = 63;

impl Shape {
    /// The shape of an answer without rows.
    pub(super) fn empty() -> Self {
        Shape { columns: Arc::from([]), kinds: Box::from([]), definitions: Vec::new() }
    }

    /// Whether these definitions say the same.
    pub(super) fn is(&self, definitions: &[u8]) -> bool {
        self.definitions == definitions
    }

    /// Parses definitions that [`append`] has put together; `None` when one is malformed.
    pub(super) fn parse(definitions: &[u8]) -> Option<Self> {
        let mut reader = Reader(definitions);
        let (mut columns, mut kinds) = (Vec::new(), Vec::new());
        while !reader.0.is_empty() {
            let length = usize::try_from(reader.u32()?).ok()?;
            let (column, kind) = definition(reader.bytes(length)?)?;
            columns.push(column);
            kinds.push(kind);
        }
        Some(Shape { columns: columns.into(), kinds: kinds.into(), definitions: definitions.to_vec() })
    }
}

/// Adds one definition to those before it.
pub(super) fn append(definitions: &mut Vec<u8>, definition: &[u8]) {
    // A payload has less than 2^30 bytes.
    definitions.extend_from_slice(&(definition.len() as u32).to_le_bytes());
    definitions.extend_from_slice(definition);
}

fn definition(payload: &[u8]) -> Option<(Column, Kind)> {
    let mut reader = Reader(payload);
    // Catalog, schema, table and the table's own name; then the name or alias, and the column's own name.
    for _ in 0..4 {
        reader.counted()?;
    }
    let name = String::from_utf8_lossy(reader.counted()?).into_owned();
    reader.counted()?;
    // The length of what follows.
    reader.length()?;
    let character_set = reader.u16()?;
    let _width = reader.u32()?;
    let number = reader.u8()?;
    let flags = ColumnFlags::from_bits_truncate(reader.u16()?);
    let (sql_type, kind) = kind(number, flags, character_set == BINARY);
    Some((Column::new(name, sql_type), kind))
}

fn kind(number: u8, flags: ColumnFlags, binary: bool) -> (&'static str, Kind) {
    use ColumnType as T;
    let unsigned = flags.contains(ColumnFlags::UNSIGNED_FLAG);
    let integer =
        |signed, other, kind: fn(bool) -> Kind| (if unsigned { other } else { signed }, kind(unsigned));
    let text = |text, bytes| if binary { (bytes, Kind::Bytes) } else { (text, Kind::Text) };
    // A type that is not known yet has its length before it, as all new ones had, and reads as bytes.
    let Ok(column) = ColumnType::try_from(number) else { return ("", Kind::Bytes) };
    match column {
        T::MYSQL_TYPE_TINY => integer("tinyint", "tinyint unsigned", Kind::Tiny),
        T::MYSQL_TYPE_SHORT => integer("smallint", "smallint unsigned", Kind::Short),
        T::MYSQL_TYPE_INT24 => integer("mediumint", "mediumint unsigned", Kind::Long),
        T::MYSQL_TYPE_LONG => integer("int", "int unsigned", Kind::Long),
        T::MYSQL_TYPE_LONGLONG => integer("bigint", "bigint unsigned", Kind::LongLong),
        T::MYSQL_TYPE_YEAR => ("year", Kind::Short(true)),
        T::MYSQL_TYPE_FLOAT => ("float", Kind::Float),
        T::MYSQL_TYPE_DOUBLE => ("double", Kind::Double),
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => ("decimal", Kind::Decimal),
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => ("date", Kind::Date),
        T::MYSQL_TYPE_TIME | T::MYSQL_TYPE_TIME2 => ("time", Kind::Time),
        T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_DATETIME2 => ("datetime", Kind::DateTime),
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_TIMESTAMP2 => ("timestamp", Kind::Timestamp),
        T::MYSQL_TYPE_BIT => ("bit", Kind::Bit),
        // MySQL gives JSON the binary character set; it is utf8mb4 all the same.
        T::MYSQL_TYPE_JSON => ("json", Kind::Json),
        T::MYSQL_TYPE_GEOMETRY => ("geometry", Kind::Bytes),
        T::MYSQL_TYPE_VECTOR => ("vector", Kind::Bytes),
        T::MYSQL_TYPE_ENUM => ("enum", Kind::Text),
        T::MYSQL_TYPE_SET => ("set", Kind::Text),
        T::MYSQL_TYPE_STRING if flags.contains(ColumnFlags::ENUM_FLAG) => ("enum", Kind::Text),
        T::MYSQL_TYPE_STRING if flags.contains(ColumnFlags::SET_FLAG) => ("set", Kind::Text),
        T::MYSQL_TYPE_STRING => text("char", "binary"),
        T::MYSQL_TYPE_VARCHAR | T::MYSQL_TYPE_VAR_STRING => text("varchar", "varbinary"),
        T::MYSQL_TYPE_TINY_BLOB
        | T::MYSQL_TYPE_MEDIUM_BLOB
        | T::MYSQL_TYPE_LONG_BLOB
        | T::MYSQL_TYPE_BLOB => text("text", "blob"),
        T::MYSQL_TYPE_NULL => ("null", Kind::Text),
        T::MYSQL_TYPE_TYPED_ARRAY | T::MYSQL_TYPE_UNKNOWN => ("", Kind::Bytes),
    }
}
