//! Rows → where their cells lie; cells → values. Nothing is copied.

use std::borrow::Cow;
use std::ops::Range;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::columns::Kind;
use super::packet::Reader;
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// Where a cell lies in its row's payload; `None` is NULL. A payload is shorter than 2^32.
pub(super) type Place = Option<Range<u32>>;

/// Finds the cells of a row of the binary protocol; `None` when it is malformed.
pub(super) fn locate_binary(payload: &[u8], kinds: &[Kind], places: &mut Vec<Place>) -> Option<()> {
    places.clear();
    let mut reader = Reader(payload);
    if reader.u8()? != 0 {
        return None;
    }
    // The first two bits have another use.
    let nulls = reader.bytes((kinds.len() + 2).div_ceil(8))?;
    for (index, kind) in kinds.iter().enumerate() {
        let bit = index + 2;
        if nulls.get(bit / 8)? & 1 << (bit % 8) != 0 {
            places.push(None);
            continue;
        }
        let length = match kind {
            Kind::Tiny(_) => 1,
            Kind::Short(_) => 2,
            Kind::Long(_) | Kind::Float => 4,
            Kind::LongLong(_) | Kind::Double => 8,
            _ => usize::try_from(reader.length()?).ok()?,
        };
        places.push(Some(take(payload, &mut reader, length)?));
    }
    reader.0.is_empty().then_some(())
}

/// Finds the cells of a row of the text protocol; `None` when it is malformed.
pub(super) fn locate_text(payload: &[u8], count: usize, places: &mut Vec<Place>) -> Option<()> {
    places.clear();
    let mut reader = Reader(payload);
    for _ in 0..count {
        if reader.0.first() == Some(&0xfb) {
            reader.u8()?;
            places.push(None);
            continue;
        }
        let length = usize::try_from(reader.length()?).ok()?;
        places.push(Some(take(payload, &mut reader, length)?));
    }
    reader.0.is_empty().then_some(())
}

fn take(payload: &[u8], reader: &mut Reader<'_>, length: usize) -> Option<Range<u32>> {
    let start = payload.len() - reader.0.len();
    reader.bytes(length)?;
    Some(start as u32..(start + length) as u32)
}

/// A cell of the binary protocol.
///
/// # Errors
/// [`ErrorKind::Conversion`] for a zero date, [`ErrorKind::Protocol`] when malformed.
pub(super) fn binary(kind: Kind, bytes: &[u8]) -> Result<ValueRef<'_>> {
    let mut reader = Reader(bytes);
    let value = match kind {
        Kind::Tiny(unsigned) => {
            reader.u8().map(|value| ValueRef::Int(if unsigned { value.into() } else { (value as i8).into() }))
        }
        Kind::Short(unsigned) => reader
            .u16()
            .map(|value| ValueRef::Int(if unsigned { value.into() } else { (value as i16).into() })),
        Kind::Long(unsigned) => reader
            .u32()
            .map(|value| ValueRef::Int(if unsigned { value.into() } else { (value as i32).into() })),
        Kind::LongLong(true) => reader.u64().map(unsigned),
        Kind::LongLong(false) => reader.u64().map(|value| ValueRef::Int(value as i64)),
        Kind::Float => reader.u32().map(|bits| ValueRef::Float(f32::from_bits(bits).into())),
        Kind::Double => reader.u64().map(|bits| ValueRef::Float(f64::from_bits(bits))),
        Kind::Date => return Ok(ValueRef::Date(binary_date_time(bytes)?.date())),
        Kind::DateTime => return Ok(ValueRef::DateTime(binary_date_time(bytes)?)),
        Kind::Timestamp => return Ok(ValueRef::Timestamp(binary_date_time(bytes)?.and_utc())),
        Kind::Time => return binary_time(bytes),
        Kind::Decimal | Kind::Bit | Kind::Text | Kind::Json | Kind::Bytes => return counted(kind, bytes),
    };
    value.ok_or_else(malformed)
}

/// A cell of the text protocol.
///
/// # Errors
/// As [`binary`].
pub(super) fn text(kind: Kind, bytes: &[u8]) -> Result<ValueRef<'_>> {
    if matches!(kind, Kind::Decimal | Kind::Bit | Kind::Text | Kind::Json | Kind::Bytes) {
        return counted(kind, bytes);
    }
    let text = utf8(bytes)?;
    let value = match kind {
        Kind::Float => text.parse::<f32>().ok().map(|value| ValueRef::Float(value.into())),
        Kind::Double => text.parse().ok().map(ValueRef::Float),
        Kind::Date => return text_date_time(text).map(|value| ValueRef::Date(value.date())),
        Kind::DateTime => return text_date_time(text).map(ValueRef::DateTime),
        Kind::Timestamp => return text_date_time(text).map(|value| ValueRef::Timestamp(value.and_utc())),
        Kind::Time => return text_time(text),
        Kind::LongLong(true) => text.parse().ok().map(unsigned),
        _ => text.parse().ok().map(ValueRef::Int),
    };
    value.ok_or_else(malformed)
}

/// The types that look the same in both protocols.
fn counted(kind: Kind, bytes: &[u8]) -> Result<ValueRef<'_>> {
    match kind {
        Kind::Decimal => utf8(bytes).map(|digits| ValueRef::Decimal(Cow::Borrowed(digits))),
        Kind::Bit if bytes.len() > 8 => Err(malformed()),
        Kind::Bit => Ok(unsigned(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))),
        Kind::Text => utf8(bytes).map(ValueRef::Text),
        Kind::Json => utf8(bytes).map(ValueRef::Json),
        _ => Ok(ValueRef::Bytes(bytes)),
    }
}

fn unsigned<'a>(value: u64) -> ValueRef<'a> {
    i64::try_from(value).map_or(ValueRef::UInt(value), ValueRef::Int)
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|reason| {
        Error::new(ErrorKind::Protocol, "the server sent text that is not UTF-8; was `SET NAMES` used?")
            .with_source(reason)
    })
}

fn binary_date_time(bytes: &[u8]) -> Result<NaiveDateTime> {
    let mut reader = Reader(bytes);
    let (date, time) = match bytes.len() {
        0 => return Err(zero_date()),
        4 => (date(&mut reader), Some((0, 0, 0, 0))),
        7 => (date(&mut reader), clock(&mut reader, false)),
        11 => (date(&mut reader), clock(&mut reader, true)),
        _ => return Err(malformed()),
    };
    let (Some((year, month, day)), Some(time)) = (date, time) else { return Err(malformed()) };
    join((year.into(), month.into(), day.into()), time)
}

fn binary_time<'a>(bytes: &[u8]) -> Result<ValueRef<'a>> {
    let mut reader = Reader(bytes);
    if bytes.is_empty() {
        return Ok(ValueRef::Time(NaiveTime::MIN));
    }
    let (8 | 12, Some(negative), Some(days)) = (bytes.len(), reader.u8(), reader.u32()) else {
        return Err(malformed());
    };
    let (hours, minute, second, micros) = clock(&mut reader, bytes.len() == 12).ok_or_else(malformed)?;
    let hours = u64::from(days) * 24 + u64::from(hours);
    time(negative != 0, (hours, minute, second, micros)).ok_or_else(malformed)
}

/// A time of day where it is one, else a length of time: MySQL's TIME is both.
fn time<'a>(negative: bool, (hours, minute, second, micros): (u64, u32, u32, u32)) -> Option<ValueRef<'a>> {
    if minute > 59 || second > 59 || micros > 999_999 {
        return None;
    }
    if let (false, Ok(hour @ 0..24)) = (negative, u32::try_from(hours)) {
        return NaiveTime::from_hms_micro_opt(hour, minute, second, micros).map(ValueRef::Time);
    }
    let length = TimeDelta::try_hours(i64::try_from(hours).ok()?)?
        + TimeDelta::seconds((minute * 60 + second).into())
        + TimeDelta::microseconds(micros.into());
    Some(ValueRef::Interval(if negative { -length } else { length }))
}

fn date(reader: &mut Reader<'_>) -> Option<(u16, u8, u8)> {
    Some((reader.u16()?, reader.u8()?, reader.u8()?))
}

fn clock(reader: &mut Reader<'_>, fraction: bool) -> Option<(u32, u32, u32, u32)> {
    let (hour, minute, second) = (reader.u8()?, reader.u8()?, reader.u8()?);
    let micros = if fraction { reader.u32()? } else { 0 };
    Some((hour.into(), minute.into(), second.into(), micros))
}

fn join(date: (i32, u32, u32), time: (u32, u32, u32, u32)) -> Result<NaiveDateTime> {
    let ((year, month, day), (hour, minute, second, micros)) = (date, time);
    if month == 0 || day == 0 {
        return Err(zero_date());
    }
    NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|date| date.and_hms_micro_opt(hour, minute, second, micros))
        .ok_or_else(malformed)
}

/// `2013-01-31`, `2013-01-31 23:59:59`, `2013-01-31 23:59:59.5`.
fn text_date_time(text: &str) -> Result<NaiveDateTime> {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    let (Some(Some(year)), Some(Some(month)), Some(Some(day))) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed());
    };
    let year = i32::try_from(year).map_err(|_| malformed())?;
    join((year, month, day), text_clock(time).ok_or_else(malformed)?)
}

fn text_time<'a>(text: &str) -> Result<ValueRef<'a>> {
    let digits = text.strip_prefix('-');
    let (hours, minute, second, micros) = text_clock(digits.unwrap_or(text)).ok_or_else(malformed)?;
    time(digits.is_some(), (hours.into(), minute, second, micros)).ok_or_else(malformed)
}

fn text_clock(text: &str) -> Option<(u32, u32, u32, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.splitn(3, ':').map(|part| part.parse().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let micros = if fraction.is_empty() { 0 } else { format!("{fraction:0<6}").get(..6)?.parse().ok()? };
    Some((hour, minute, second, micros))
}

fn malformed() -> Error {
    Error::new(ErrorKind::Protocol, "the cell's bytes do not fit its type")
}

fn zero_date() -> Error {
    Error::new(ErrorKind::Conversion, "the date is '0000-00-00' or has a zero part: no calendar has it")
}
