//! Values → the bytes of the binary protocol.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};
use mysql_common::constants::{ColumnType, Command};

use super::packet::put_length;
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// The type under which a parameter travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterType {
    Null,
    Bool,
    Int,
    UInt,
    Float,
    Text,
    Bytes,
    Date,
    Time,
    DateTime,
    Decimal,
}

impl ParameterType {
    pub(super) fn of(value: &ValueRef<'_>) -> Self {
        match value {
            // The last two are refused before they are encoded.
            ValueRef::Null | ValueRef::Array(_) | ValueRef::Refused(_) => ParameterType::Null,
            ValueRef::Bool(_) => ParameterType::Bool,
            ValueRef::Int(_) => ParameterType::Int,
            ValueRef::UInt(_) => ParameterType::UInt,
            ValueRef::Float(_) => ParameterType::Float,
            // MySQL compares BINARY(16) with what it is given: text here, as a UUID or CHAR(36) column wants it.
            ValueRef::Text(_) | ValueRef::Uuid(_) | ValueRef::Json(_) => ParameterType::Text,
            ValueRef::Bytes(_) => ParameterType::Bytes,
            ValueRef::Date(_) => ParameterType::Date,
            ValueRef::Time(_) | ValueRef::Interval(_) => ParameterType::Time,
            // A moment is written as its UTC date and time: the session's zone is UTC.
            ValueRef::DateTime(_) | ValueRef::Timestamp(_) => ParameterType::DateTime,
            ValueRef::Decimal(_) | ValueRef::Digits(_) => ParameterType::Decimal,
        }
    }

    /// The type's number, and 0x80 for unsigned.
    pub(super) fn bytes(self) -> [u8; 2] {
        let (column, flag) = match self {
            ParameterType::Null => (ColumnType::MYSQL_TYPE_NULL, 0),
            ParameterType::Bool => (ColumnType::MYSQL_TYPE_TINY, 0),
            ParameterType::Int => (ColumnType::MYSQL_TYPE_LONGLONG, 0),
            ParameterType::UInt => (ColumnType::MYSQL_TYPE_LONGLONG, 0x80),
            ParameterType::Float => (ColumnType::MYSQL_TYPE_DOUBLE, 0),
            ParameterType::Text => (ColumnType::MYSQL_TYPE_VAR_STRING, 0),
            ParameterType::Bytes => (ColumnType::MYSQL_TYPE_BLOB, 0),
            ParameterType::Date => (ColumnType::MYSQL_TYPE_DATE, 0),
            ParameterType::Time => (ColumnType::MYSQL_TYPE_TIME, 0),
            ParameterType::DateTime => (ColumnType::MYSQL_TYPE_DATETIME, 0),
            ParameterType::Decimal => (ColumnType::MYSQL_TYPE_NEWDECIMAL, 0),
        };
        [column.into(), flag]
    }
}

/// Refuses what MySQL has no type for, before anything is sent.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for an array, [`ErrorKind::Data`] for what is no value.
pub(super) fn check(parameters: &[ValueRef<'_>]) -> Result<()> {
    parameters.iter().try_for_each(|parameter| match parameter {
        ValueRef::Array(_) => Err(Error::new(
            ErrorKind::Unsupported,
            "MySQL and MariaDB have no arrays: bind JSON, or one parameter each",
        )),
        ValueRef::Refused(why) => Err(refused(why)),
        _ => Ok(()),
    })
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Data, format!("a parameter has no value: {why}"))
}

/// The request that runs a prepared statement once.
///
/// # Errors
/// [`ErrorKind::Data`] for a value that MySQL has no bytes for.
pub(super) fn execute(output: &mut Vec<u8>, statement: u32, parameters: &[ValueRef<'_>]) -> Result<()> {
    output.push(Command::COM_STMT_EXECUTE as u8);
    output.extend_from_slice(&statement.to_le_bytes());
    // No cursor on the server's side, one iteration.
    output.extend_from_slice(&[0, 1, 0, 0, 0]);
    if parameters.is_empty() {
        return Ok(());
    }
    let nulls = output.len();
    output.resize(nulls + parameters.len().div_ceil(8), 0);
    output.push(1);
    for (index, parameter) in parameters.iter().enumerate() {
        if matches!(parameter, ValueRef::Null) {
            output[nulls + index / 8] |= 1 << (index % 8);
        }
        output.extend_from_slice(&ParameterType::of(parameter).bytes());
    }
    parameters.iter().try_for_each(|parameter| value(output, parameter))
}

/// One value; NULL is nothing, it is told apart.
///
/// # Errors
/// As [`execute`].
pub(super) fn value(output: &mut Vec<u8>, value: &ValueRef<'_>) -> Result<()> {
    match value {
        ValueRef::Null => {}
        ValueRef::Bool(value) => output.push(u8::from(*value)),
        ValueRef::Int(value) => output.extend_from_slice(&value.to_le_bytes()),
        ValueRef::UInt(value) => output.extend_from_slice(&value.to_le_bytes()),
        ValueRef::Float(value) if !value.is_finite() => {
            return Err(Error::new(ErrorKind::Data, "MySQL has no NaN and no infinity"));
        }
        ValueRef::Float(value) => output.extend_from_slice(&value.to_le_bytes()),
        ValueRef::Text(text) | ValueRef::Json(text) | ValueRef::Digits(text) => {
            counted(output, text.as_bytes());
        }
        ValueRef::Bytes(bytes) => counted(output, bytes),
        ValueRef::Date(value) => {
            output.push(4);
            date(output, *value)?;
        }
        ValueRef::Time(value) => time(output, *value)?,
        ValueRef::DateTime(value) => date_time(output, value.date(), value.time())?,
        ValueRef::Timestamp(value) => date_time(output, value.date_naive(), value.time())?,
        ValueRef::Interval(value) => interval(output, *value)?,
        ValueRef::Decimal(digits) => counted(output, digits.as_bytes()),
        ValueRef::Uuid(value) => {
            let mut buffer = [0; 36];
            counted(output, value.hyphenated().encode_lower(&mut buffer).as_bytes());
        }
        ValueRef::Array(_) | ValueRef::Refused(_) => check(std::slice::from_ref(value))?,
    }
    Ok(())
}

fn counted(output: &mut Vec<u8>, bytes: &[u8]) {
    put_length(output, bytes.len());
    output.extend_from_slice(bytes);
}

fn date(output: &mut Vec<u8>, date: NaiveDate) -> Result<()> {
    let year = u16::try_from(date.year()).ok().filter(|year| *year <= 9999);
    let year = year.ok_or_else(|| Error::new(ErrorKind::Data, "MySQL's dates are of the years 0 to 9999"))?;
    output.extend_from_slice(&year.to_le_bytes());
    output.extend_from_slice(&[date.month() as u8, date.day() as u8]);
    Ok(())
}

fn date_time(output: &mut Vec<u8>, day: NaiveDate, time: NaiveTime) -> Result<()> {
    let micros = micros(time)?;
    output.push(if micros == 0 { 7 } else { 11 });
    date(output, day)?;
    clock(output, time, micros);
    Ok(())
}

fn time(output: &mut Vec<u8>, time: NaiveTime) -> Result<()> {
    let micros = micros(time)?;
    output.push(if micros == 0 { 8 } else { 12 });
    // Not negative, no days.
    output.extend_from_slice(&[0; 5]);
    clock(output, time, micros);
    Ok(())
}

/// MySQL's TIME counts hours, but not far.
fn interval(output: &mut Vec<u8>, length: TimeDelta) -> Result<()> {
    let (seconds, micros) =
        (length.num_seconds().unsigned_abs(), length.subsec_nanos().unsigned_abs() / 1000);
    if seconds >= 839 * 3600 {
        return Err(Error::new(ErrorKind::Data, "MySQL's TIME holds less than 839 hours"));
    }
    output.push(if micros == 0 { 8 } else { 12 });
    output.push(u8::from(length < TimeDelta::zero()));
    output.extend_from_slice(&((seconds / 86_400) as u32).to_le_bytes());
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    output.extend_from_slice(&[hours as u8, minutes as u8, (seconds % 60) as u8]);
    if micros != 0 {
        output.extend_from_slice(&micros.to_le_bytes());
    }
    Ok(())
}

fn clock(output: &mut Vec<u8>, time: NaiveTime, micros: u32) {
    output.extend_from_slice(&[time.hour() as u8, time.minute() as u8, time.second() as u8]);
    if micros != 0 {
        output.extend_from_slice(&micros.to_le_bytes());
    }
}

fn micros(time: NaiveTime) -> Result<u32> {
    let micros = time.nanosecond() / 1_000;
    // chrono writes a leap second as a second that lasts longer.
    if micros < 1_000_000 {
        Ok(micros)
    } else {
        Err(Error::new(ErrorKind::Data, "MySQL has no leap seconds"))
    }
}
