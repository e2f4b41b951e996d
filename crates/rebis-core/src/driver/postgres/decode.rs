//! Cells → values, in place in the transport's input buffer.

use std::borrow::Cow;

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use postgres_protocol::Oid;
use uuid::Uuid;

use super::encode::EPOCH;
use super::wire::{Reader, protocol};
use super::{array, types};
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// How the cells of a column are read, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    One(Item),
    /// An array of such items; in binary where the items are.
    Array(Item),
}

impl Shape {
    pub(super) fn of(oid: Oid) -> Shape {
        match types::element_of(oid) {
            Some(element) => Shape::Array(Item::of(element)),
            None => Shape::One(Item::of(oid)),
        }
    }

    pub(super) fn is_binary(self) -> bool {
        let (Shape::One(item) | Shape::Array(item)) = self;
        item.is_binary()
    }

    /// One cell's value.
    pub(super) fn value(self, bytes: &[u8]) -> Result<ValueRef<'_>> {
        match self {
            Shape::One(item) => item.value(bytes),
            Shape::Array(item) if item.is_binary() => array::binary(item, bytes),
            Shape::Array(item) => array::parse(item, text(bytes)?),
        }
    }
}

/// How a value reads, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Bytes,
    Date,
    Time,
    DateTime,
    Timestamp,
    Interval,
    Uuid,
    /// As text: its digits are wanted, and the server prints them faster than we would.
    Decimal,
    /// As text, because jsonb's binary form is text as well.
    Json,
    /// Types that are text in binary form too, and all types without a value of their own, as the server prints them.
    Text,
}

impl Item {
    fn of(oid: Oid) -> Item {
        match oid {
            types::BOOL => Item::Bool,
            types::INT2 => Item::Int2,
            types::INT4 => Item::Int4,
            types::INT8 => Item::Int8,
            types::OID => Item::Oid,
            types::FLOAT4 => Item::Float4,
            types::FLOAT8 => Item::Float8,
            types::BYTEA => Item::Bytes,
            types::DATE => Item::Date,
            types::TIME => Item::Time,
            types::TIMESTAMP => Item::DateTime,
            types::TIMESTAMPTZ => Item::Timestamp,
            types::INTERVAL => Item::Interval,
            types::UUID => Item::Uuid,
            types::NUMERIC => Item::Decimal,
            types::JSON | types::JSONB => Item::Json,
            _ => Item::Text,
        }
    }

    fn is_binary(self) -> bool {
        !matches!(self, Item::Decimal | Item::Json | Item::Text)
    }

    /// The value of these bytes.
    pub(super) fn value(self, bytes: &[u8]) -> Result<ValueRef<'_>> {
        Ok(match self {
            Item::Bool => ValueRef::Bool(fixed::<1>(bytes)? != [0]),
            Item::Int2 => ValueRef::Int(i16::from_be_bytes(fixed(bytes)?).into()),
            Item::Int4 => ValueRef::Int(i32::from_be_bytes(fixed(bytes)?).into()),
            Item::Int8 => ValueRef::Int(i64::from_be_bytes(fixed(bytes)?)),
            Item::Oid => ValueRef::Int(u32::from_be_bytes(fixed(bytes)?).into()),
            Item::Float4 => ValueRef::Float(f32::from_be_bytes(fixed(bytes)?).into()),
            Item::Float8 => ValueRef::Float(f64::from_be_bytes(fixed(bytes)?)),
            Item::Bytes => ValueRef::Bytes(bytes),
            Item::Date => {
                let days = i32::from_be_bytes(fixed(bytes)?);
                let infinite = days == i32::MAX || days == i32::MIN;
                let date = TimeDelta::try_days(days.into())
                    .filter(|_| !infinite)
                    .and_then(|days| EPOCH.date().checked_add_signed(days));
                ValueRef::Date(date.ok_or_else(|| out_of_range("date", infinite))?)
            }
            Item::Time => ValueRef::Time(time(i64::from_be_bytes(fixed(bytes)?))?),
            Item::DateTime => ValueRef::DateTime(moment(i64::from_be_bytes(fixed(bytes)?), "date and time")?),
            Item::Timestamp => {
                ValueRef::Timestamp(moment(i64::from_be_bytes(fixed(bytes)?), "timestamp")?.and_utc())
            }
            Item::Interval => ValueRef::Interval(interval(fixed(bytes)?)?),
            Item::Uuid => ValueRef::Uuid(Uuid::from_bytes(fixed(bytes)?)),
            Item::Json => ValueRef::Json(text(bytes)?),
            Item::Decimal => ValueRef::Decimal(Cow::Borrowed(digits(text(bytes)?)?)),
            Item::Text => ValueRef::Text(text(bytes)?),
        })
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| {
        let text = format!("the server sent a cell of {} bytes where its type has {N}", bytes.len());
        Error::new(ErrorKind::Protocol, text)
    })
}

pub(super) fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| {
        // A database in SQL_ASCII sends what was stored, whatever the client's encoding is.
        Error::new(ErrorKind::Conversion, "the text is not UTF-8; the database has the encoding SQL_ASCII")
    })
}

fn digits(text: &str) -> Result<&str> {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return Err(conversion(format!("the decimal is {text}, which has no digits; cast it to text")));
    }
    Ok(text)
}

fn time(micros: i64) -> Result<NaiveTime> {
    const DAY: i64 = 86_400_000_000;
    let in_day = (0..DAY).contains(&micros).then(|| NaiveTime::MIN + TimeDelta::microseconds(micros));
    in_day
        .ok_or_else(|| conversion("the time is 24:00:00, which the Rust types do not hold; cast it to text"))
}

/// Microseconds, days and months.
fn interval(bytes: [u8; 16]) -> Result<TimeDelta> {
    let bytes = i128::from_be_bytes(bytes);
    let (micros, days, months) = ((bytes >> 64) as i64, (bytes >> 32) as i32, bytes as i32);
    if months != 0 {
        return Err(conversion("the interval has months, which have no fixed length; cast it to text"));
    }
    let length = TimeDelta::microseconds(micros).checked_add(&TimeDelta::days(days.into()));
    length.ok_or_else(|| out_of_range("interval", false))
}

fn moment(micros: i64, kind: &str) -> Result<NaiveDateTime> {
    let infinite = micros == i64::MAX || micros == i64::MIN;
    let moment = (!infinite).then(|| EPOCH.checked_add_signed(TimeDelta::microseconds(micros)));
    moment.flatten().ok_or_else(|| out_of_range(kind, infinite))
}

fn out_of_range(kind: &str, infinite: bool) -> Error {
    let what = if infinite { "infinite" } else { "too far for the Rust type" };
    conversion(format!("the {kind} is {what}; cast it to text"))
}

pub(super) fn conversion(text: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Conversion, text)
}

/// Where a cell stands in the body of its DataRow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    start: u32,
    /// Negative for NULL.
    length: i32,
}

impl Cell {
    /// The cell's bytes; `None` for NULL.
    pub(super) fn bytes(self, body: &[u8]) -> Option<&[u8]> {
        let length = usize::try_from(self.length).ok()?;
        body.get(self.start as usize..)?.get(..length)
    }
}

/// Finds the cells of a DataRow.
///
/// # Errors
/// [`ErrorKind::Protocol`] when they are not as many as the columns, or do not fill the message.
pub(super) fn cells(body: &[u8], columns: usize, cells: &mut Vec<Cell>) -> Result<()> {
    cells.clear();
    let mut reader = Reader(body);
    let count = reader.u16()?;
    if usize::from(count) != columns {
        return Err(protocol(format_args!("a row of {count} cells for {columns} columns")));
    }
    for _ in 0..count {
        let length = reader.i32()?;
        let start = (body.len() - reader.0.len()) as u32;
        if let Ok(length) = usize::try_from(length) {
            reader.bytes(length)?;
        }
        cells.push(Cell { start, length });
    }
    if reader.0.is_empty() { Ok(()) } else { Err(protocol("a row with bytes after its last cell")) }
}

/// The number of changed rows in a CommandComplete: `INSERT 0 5`, `UPDATE 5`. The tag of SELECT counts rows, too, but
/// they did not change.
pub(super) fn affected(body: &[u8]) -> u64 {
    let tag = tag(body);
    let mut words = tag.split(' ');
    match words.next() {
        Some("INSERT" | "UPDATE" | "DELETE" | "MERGE" | "COPY") => {
            words.next_back().and_then(|count| count.parse().ok()).unwrap_or(0)
        }
        _ => 0,
    }
}

/// The text of a CommandComplete.
pub(super) fn tag(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap_or_default().trim_end_matches('\0')
}
