//! Values → parameters: the type that each is declared with, and its bytes by the type that the server described.

use std::io::Write;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use postgres_protocol::Oid;

use super::statement::Statement;
use super::{array, request, types};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Value, ValueRef, text};

/// The type that a value is of; `None` for NULL, which is of every type.
///
/// Text is declared [`types::UNSPECIFIED`], like a quoted literal: then it may be an enum's label, an address or a range. So is
/// JSON, which becomes json or jsonb as the statement has it. Integers are declared as narrow as they are, like literals:
/// PostgreSQL adds an int4 to a date, but not an int8. An array is of the type of its elements; see [`inferred`].
pub(super) fn wanted(value: &ValueRef<'_>) -> Option<Oid> {
    Some(match value {
        ValueRef::Null | ValueRef::Refused(_) => return None,
        ValueRef::Bool(_) => types::BOOL,
        ValueRef::Int(value) => integer(*value),
        ValueRef::UInt(value) => i64::try_from(*value).map_or(types::NUMERIC, integer),
        ValueRef::Float(_) => types::FLOAT8,
        ValueRef::Text(_) | ValueRef::Json(_) => types::UNSPECIFIED,
        ValueRef::Bytes(_) => types::BYTEA,
        ValueRef::Date(_) => types::DATE,
        ValueRef::Time(_) => types::TIME,
        ValueRef::DateTime(_) => types::TIMESTAMP,
        ValueRef::Timestamp(_) => types::TIMESTAMPTZ,
        ValueRef::Interval(_) => types::INTERVAL,
        ValueRef::Decimal(_) | ValueRef::Digits(_) => types::NUMERIC,
        ValueRef::Uuid(_) => types::UUID,
        ValueRef::Array(elements) => return array_type(elements),
    })
}

/// `None` when there is no element that has a type; left to the server when the elements share none.
fn array_type(elements: &[Value]) -> Option<Oid> {
    let mut widest = None;
    for element in elements {
        let wanted = match element {
            // Narrower than a single one: only arrays of the same numbers compare with each other.
            Value::Int(value) if i16::try_from(*value).is_ok() => Some(types::INT2),
            Value::Float(value) if f64::from(*value as f32) == *value || value.is_nan() => {
                Some(types::FLOAT4)
            }
            element => wanted(&element.as_ref()),
        };
        match wider(widest, wanted) {
            Some(wider) => widest = wider,
            None => return Some(types::UNSPECIFIED),
        }
    }
    widest.map(types::array_of)
}

/// How the parameters are declared at first: arrays are left to the server, so that they are of their column's type.
pub(super) fn inferred(wanted: &[Option<Oid>]) -> Vec<Option<Oid>> {
    let left = |oid| if types::is_array(oid) { types::UNSPECIFIED } else { oid };
    wanted.iter().map(|wanted| wanted.map(left)).collect()
}

/// How they are declared when that did not fit: the column's integers are narrower than the array's, say.
pub(super) fn explicit(wanted: &[Option<Oid>]) -> Vec<Option<Oid>> {
    let at_least = |oid| match oid {
        types::INT2_ARRAY => types::INT4_ARRAY,
        types::FLOAT4_ARRAY => types::FLOAT8_ARRAY,
        oid => oid,
    };
    wanted.iter().map(|wanted| wanted.map(at_least)).collect()
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
    match (this, that) {
        (Some(one), Some(other)) if one == other || types::holds(one, other) => Some(this),
        (Some(one), Some(other)) if types::holds(other, one) => Some(that),
        (Some(_), Some(_)) => None,
        (one, other) => Some(one.or(other)),
    }
}

/// How many bytes the values take at most.
///
/// # Errors
/// [`ErrorKind::Data`] for what PostgreSQL has no bytes for, and for more than one message can hold. After this, encoding
/// cannot fail.
pub(super) fn size(parameters: &[ValueRef<'_>]) -> Result<usize> {
    let mut size = 64_usize;
    for value in parameters {
        check(value)?;
        // Beside each value its length and its format.
        size = size.saturating_add(longest(value)).saturating_add(6);
    }
    if size > request::LARGEST {
        let text = format!("the values of one statement take {size} bytes; PostgreSQL takes less than 1 GiB");
        return Err(Error::new(ErrorKind::Data, text));
    }
    Ok(size)
}

fn longest(value: &ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(text) | ValueRef::Json(text) | ValueRef::Digits(text) => text.len(),
        ValueRef::Bytes(bytes) => bytes.len(),
        ValueRef::Decimal(digits) => digits.len(),
        ValueRef::Array(elements) => array::longest(elements),
        _ => 20,
    }
}

fn check(value: &ValueRef<'_>) -> Result<()> {
    let time = match value {
        ValueRef::Time(time) => *time,
        ValueRef::DateTime(moment) => moment.time(),
        ValueRef::Timestamp(moment) => moment.time(),
        ValueRef::Interval(length) if length.num_microseconds().is_none() => {
            return Err(Error::new(ErrorKind::Data, "the length of time is beyond PostgreSQL's interval"));
        }
        ValueRef::Array(elements) => return elements.iter().try_for_each(check_element),
        ValueRef::Refused(why) => {
            return Err(Error::new(ErrorKind::Data, format!("a parameter has no value: {why}")));
        }
        _ => return Ok(()),
    };
    // chrono writes a leap second as a second that lasts longer: it would become the next one.
    if text::is_leap(time) {
        return Err(Error::new(ErrorKind::Data, "PostgreSQL has no leap seconds"));
    }
    Ok(())
}

fn check_element(element: &Value) -> Result<()> {
    match element {
        Value::Array(_) => {
            let text = "an array in an array: bind one of one dimension, and build the others in SQL";
            Err(Error::new(ErrorKind::Unsupported, text))
        }
        element => check(&element.as_ref()),
    }
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
        // What may be left to the server is text, which every type has: JSON too, and the elements of an array.
        ValueRef::Text(_)
        | ValueRef::Json(_)
        | ValueRef::Array(_)
        | ValueRef::Decimal(_)
        | ValueRef::Digits(_)
        | ValueRef::Null
        | ValueRef::Refused(_) => false,
        ValueRef::Int(_) | ValueRef::UInt(_) => described != types::NUMERIC,
        _ => true,
    }
}

fn parameter(output: &mut Vec<u8>, value: &ValueRef<'_>, described: Oid) {
    match value {
        // Refused by `size`.
        ValueRef::Null | ValueRef::Refused(_) => output.extend_from_slice(&(-1_i32).to_be_bytes()),
        ValueRef::Bool(value) => bytes(output, &[u8::from(*value)]),
        ValueRef::Int(value) => whole(output, *value, described),
        ValueRef::UInt(value) => match i64::try_from(*value) {
            Ok(value) => whole(output, value, described),
            Err(_) => counted(output, |output| digits(output, value)),
        },
        ValueRef::Float(value) => bytes(output, &value.to_be_bytes()),
        ValueRef::Text(text) | ValueRef::Json(text) | ValueRef::Digits(text) => {
            bytes(output, text.as_bytes());
        }
        ValueRef::Bytes(value) => bytes(output, value),
        ValueRef::Date(date) => bytes(output, &days(*date).to_be_bytes()),
        ValueRef::Time(time) => bytes(output, &time_of_day(*time).to_be_bytes()),
        ValueRef::DateTime(moment) => bytes(output, &micros(*moment).to_be_bytes()),
        ValueRef::Timestamp(moment) => bytes(output, &micros(moment.naive_utc()).to_be_bytes()),
        ValueRef::Interval(length) => bytes(output, &interval(*length)),
        ValueRef::Decimal(digits) => bytes(output, digits.as_bytes()),
        ValueRef::Uuid(value) => bytes(output, value.as_bytes()),
        ValueRef::Array(elements) => counted(output, |output| array::literal(output, elements)),
    }
}

fn bytes(output: &mut Vec<u8>, bytes: &[u8]) {
    output.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    output.extend_from_slice(bytes);
}

fn whole(output: &mut Vec<u8>, value: i64, described: Oid) {
    match described {
        types::NUMERIC => counted(output, |output| digits(output, &value)),
        types::INT8 => bytes(output, &value.to_be_bytes()),
        // int4: a value beyond it would not fit the statement.
        _ => bytes(output, &(value as i32).to_be_bytes()),
    }
}

fn digits(output: &mut Vec<u8>, value: &impl std::fmt::Display) {
    // Writing to a Vec does not fail.
    let _ = write!(output, "{value}");
}

/// What `write` writes, with its length before it.
fn counted(output: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = output.len();
    output.extend_from_slice(&[0; 4]);
    write(output);
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

/// Microseconds alone: a day that is bound has 24 hours.
fn interval(length: TimeDelta) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&length.num_microseconds().unwrap_or_default().to_be_bytes());
    bytes
}

/// Cut to microseconds, towards the past, as the other databases do. What PostgreSQL's range does not hold, it refuses.
fn micros(moment: NaiveDateTime) -> i64 {
    moment.and_utc().timestamp_micros() - EPOCH.and_utc().timestamp_micros()
}
