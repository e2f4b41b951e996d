//! Values → parameters: the type that each is declared with, and its bytes by the type that the server described.

use std::io::Write;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use postgres_protocol::Oid;

use super::request;
use super::statement::Statement;
use super::types;
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// The type that a value is of; `None` for NULL, which is of every type.
///
/// Text is declared [`types::UNSPECIFIED`], like a quoted literal: then it may be an enum's label, a UUID or JSON. Integers
/// are declared as narrow as they are, like literals: PostgreSQL adds an int4 to a date, but not an int8.
pub(super) fn wanted(value: &ValueRef<'_>) -> Option<Oid> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Bool(_) => types::BOOL,
        ValueRef::Int(value) => integer(*value),
        ValueRef::UInt(value) => i64::try_from(*value).map_or(types::NUMERIC, integer),
        ValueRef::Float(_) => types::FLOAT8,
        ValueRef::Text(_) => types::UNSPECIFIED,
        ValueRef::Bytes(_) => types::BYTEA,
        ValueRef::Date(_) => types::DATE,
        ValueRef::Time(_) => types::TIME,
        ValueRef::DateTime(_) => types::TIMESTAMP,
        ValueRef::Timestamp(_) => types::TIMESTAMPTZ,
        ValueRef::Decimal(_) => types::NUMERIC,
    })
}

fn integer(value: i64) -> Oid {
    if i32::try_from(value).is_ok() { types::INT4 } else { types::INT8 }
}

/// The types that serve all sets of values, parameter by parameter; `None` when a parameter has values that share none.
pub(super) fn widest(parameters: &[ValueRef<'_>], width: usize) -> Option<Vec<Option<Oid>>> {
    let mut widest = vec![None; width];
    for set in parameters.chunks_exact(width) {
        for (widest, value) in widest.iter_mut().zip(set) {
            *widest = wider(*widest, wanted(value))?;
        }
    }
    Some(widest)
}

fn wider(this: Option<Oid>, that: Option<Oid>) -> Option<Option<Oid>> {
    const EXACT: [Oid; 3] = [types::INT4, types::INT8, types::NUMERIC];
    let (Some(one), Some(other)) = (this, that) else { return Some(this.or(that)) };
    if one == other {
        return Some(this);
    }
    let rank = |oid| EXACT.iter().position(|exact| *exact == oid);
    let widest = rank(one)?.max(rank(other)?);
    Some(EXACT.get(widest).copied())
}

/// How many bytes the values take at most.
///
/// # Errors
/// [`ErrorKind::Data`] for more than one message can hold. After this, encoding cannot fail.
pub(super) fn size(parameters: &[ValueRef<'_>]) -> Result<usize> {
    let sizes = parameters.iter().map(|value| match value {
        ValueRef::Text(text) => text.len(),
        ValueRef::Bytes(bytes) => bytes.len(),
        ValueRef::Decimal(digits) => digits.len(),
        _ => 20,
    });
    // Beside each value its length and its format.
    let size = sizes.fold(64_usize, |sum, size| sum.saturating_add(size).saturating_add(6));
    if size > request::LARGEST {
        let text = format!("the values of one statement take {size} bytes; PostgreSQL takes less than 1 GiB");
        return Err(Error::new(ErrorKind::Data, text));
    }
    Ok(size)
}

/// Binds the values, which [fit](Statement::fits) the statement, to it.
pub(super) fn bind(output: &mut Vec<u8>, statement: &Statement, parameters: &[ValueRef<'_>]) {
    request::bind(output, &statement.name, |output| {
        request::count(output, parameters.len());
        for (value, described) in parameters.iter().zip(&statement.described) {
            output.extend_from_slice(&[0, u8::from(is_binary(value, *described))]);
        }
        request::count(output, parameters.len());
        for (value, described) in parameters.iter().zip(&statement.described) {
            parameter(output, value, *described);
        }
        request::count(output, statement.shapes.len());
        for shape in &statement.shapes {
            output.extend_from_slice(&[0, u8::from(shape.is_binary())]);
        }
    });
}

fn is_binary(value: &ValueRef<'_>, described: Oid) -> bool {
    match value {
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Decimal(_) => false,
        ValueRef::Int(_) | ValueRef::UInt(_) => described != types::NUMERIC,
        _ => true,
    }
}

fn parameter(output: &mut Vec<u8>, value: &ValueRef<'_>, described: Oid) {
    match value {
        ValueRef::Null => output.extend_from_slice(&(-1_i32).to_be_bytes()),
        ValueRef::Bool(value) => bytes(output, &[u8::from(*value)]),
        ValueRef::Int(value) => whole(output, *value, described),
        ValueRef::UInt(value) => match i64::try_from(*value) {
            Ok(value) => whole(output, value, described),
            Err(_) => digits(output, value),
        },
        ValueRef::Float(value) => bytes(output, &value.to_be_bytes()),
        ValueRef::Text(text) => bytes(output, text.as_bytes()),
        ValueRef::Bytes(value) => bytes(output, value),
        ValueRef::Date(date) => bytes(output, &days(*date).to_be_bytes()),
        ValueRef::Time(time) => bytes(output, &time_of_day(*time).to_be_bytes()),
        ValueRef::DateTime(moment) => bytes(output, &micros(*moment).to_be_bytes()),
        ValueRef::Timestamp(moment) => bytes(output, &micros(moment.naive_utc()).to_be_bytes()),
        ValueRef::Decimal(digits) => bytes(output, digits.as_bytes()),
    }
}

fn bytes(output: &mut Vec<u8>, bytes: &[u8]) {
    output.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    output.extend_from_slice(bytes);
}

fn whole(output: &mut Vec<u8>, value: i64, described: Oid) {
    match described {
        types::NUMERIC => digits(output, &value),
        types::INT8 => bytes(output, &value.to_be_bytes()),
        // int4: a value beyond it would not fit the statement.
        _ => bytes(output, &(value as i32).to_be_bytes()),
    }
}

fn digits(output: &mut Vec<u8>, value: &impl std::fmt::Display) {
    let start = output.len();
    output.extend_from_slice(&[0; 4]);
    // Writing to a Vec does not fail.
    let _ = write!(output, "{value}");
    let length = (output.len() - start - 4) as u32;
    if let Some(field) = output.get_mut(start..start + 4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
}

/// PostgreSQL counts from the first day of 2000. Binary, because ISO text has no years before 1 and after 9999.
pub(super) const EPOCH: NaiveDateTime = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(date) => date.and_time(NaiveTime::MIN),
    None => NaiveDateTime::MIN,
};

/// chrono's dates span half a million years, so their days fit.
fn days(date: NaiveDate) -> i32 {
    date.signed_duration_since(EPOCH.date()).num_days() as i32
}

fn time_of_day(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1000)
}

/// Cut to microseconds, towards the past, as the other databases do. What PostgreSQL's range does not hold, it refuses.
fn micros(moment: NaiveDateTime) -> i64 {
    moment.and_utc().timestamp_micros() - EPOCH.and_utc().timestamp_micros()
}
