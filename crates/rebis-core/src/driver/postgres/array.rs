//! Arrays of one dimension: out as literals, in as the server has their items, binary or literal.
//!
//! Out as a literal, because its items need no type: text becomes whatever the array is of, an enum's labels or addresses.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use chrono::{Datelike, NaiveDate};

use super::decode::{self, Item};
use super::wire::{Reader, protocol};
use crate::error::Result;
use crate::value::{Value, ValueRef, text};

/// How many bytes the literal takes at most.
pub(super) fn longest(elements: &[Value]) -> usize {
    let sizes = elements.iter().map(|element| match element {
        // Quotes round it, a backslash before each character, a comma.
        Value::Text(text) | Value::Json(text) | Value::Digits(text) => text.len().saturating_mul(2),
        Value::Bytes(bytes) => bytes.len().saturating_mul(2).saturating_add(4),
        _ => 48,
    });
    sizes.fold(2_usize, |sum, size| sum.saturating_add(size).saturating_add(4))
}

/// Writes the literal.
pub(super) fn literal(output: &mut Vec<u8>, elements: &[Value]) {
    output.push(b'{');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            output.push(b',');
        }
        item(output, element);
    }
    output.push(b'}');
}

fn item(output: &mut Vec<u8>, value: &Value) {
    match value {
        // An array in an array was refused before.
        Value::Null | Value::Array(_) | Value::Refused(_) => put(output, format_args!("NULL")),
        Value::Bool(value) => put(output, format_args!("{}", if *value { 't' } else { 'f' })),
        Value::Int(value) => put(output, format_args!("{value}")),
        Value::UInt(value) => put(output, format_args!("{value}")),
        Value::Float(value) if value.is_infinite() => {
            put(output, format_args!("{}Infinity", if *value < 0.0 { "-" } else { "" }));
        }
        // As short as it can be and still be that float.
        Value::Float(value) => put(output, format_args!("{value:e}")),
        Value::Text(text) | Value::Json(text) | Value::Digits(text) => quoted(output, text),
        Value::Bytes(bytes) => hexadecimal(output, bytes),
        Value::Date(value) => moment(output, *value, ""),
        Value::Time(value) => put(output, format_args!("{}", text::time(*value))),
        Value::DateTime(value) => moment(output, value.date(), &format!(" {}", text::time(value.time()))),
        Value::Timestamp(value) => {
            moment(output, value.date_naive(), &format!(" {}+00", text::time(value.time())));
        }
        Value::Interval(value) => put(output, format_args!("{}", text::interval(*value))),
        Value::Decimal(value) => put(output, format_args!("{value}")),
        Value::Uuid(value) => put(output, format_args!("{value}")),
    }
}

fn put(output: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    // Writing to a Vec does not fail.
    let _ = output.write_fmt(text);
}

/// A date and what follows it. PostgreSQL writes no year before 1: the one before it is 1 BC.
fn moment(output: &mut Vec<u8>, date: NaiveDate, time: &str) {
    let (year, era) = if date.year() > 0 { (date.year(), "") } else { (1 - date.year(), " BC") };
    let (month, day) = (date.month(), date.day());
    put(output, format_args!("\"{year:04}-{month:02}-{day:02}{time}{era}\""));
}

fn quoted(output: &mut Vec<u8>, text: &str) {
    output.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            output.push(b'\\');
        }
        output.push(byte);
    }
    output.push(b'"');
}

fn hexadecimal(output: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    output.extend_from_slice(b"\"\\\\x");
    for byte in bytes {
        output.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    output.push(b'"');
}

/// An array in binary form.
///
/// # Errors
/// [`Conversion`](crate::ErrorKind::Conversion) for more than one dimension and for an item that cannot be read,
/// [`Protocol`](crate::ErrorKind::Protocol) when malformed.
pub(super) fn binary(item: Item, bytes: &[u8]) -> Result<ValueRef<'static>> {
    let mut reader = Reader(bytes);
    let dimensions = reader.i32()?;
    // Whether it has NULLs, and the items' type.
    reader.bytes(8)?;
    if dimensions == 0 {
        return Ok(ValueRef::Array(Cow::Borrowed(&[])));
    }
    if dimensions != 1 {
        return Err(many_dimensions());
    }
    let count = reader.u32()?;
    // The first index: a Vec begins where it begins.
    reader.bytes(4)?;
    let mut elements = Vec::new();
    for _ in 0..count {
        elements.push(match usize::try_from(reader.i32()?) {
            Ok(length) => item.value(reader.bytes(length)?)?.into(),
            Err(_) => Value::Null,
        });
    }
    Ok(ValueRef::Array(Cow::Owned(elements)))
}

/// An array as a literal: `{a,"b c",NULL}`, before it `[2:4]=` where its first index is not 1.
///
/// # Errors
/// As [`binary`].
pub(super) fn parse(item: Item, literal: &str) -> Result<ValueRef<'static>> {
    let malformed = || protocol(format_args!("a malformed array"));
    let literal = match literal.split_once('=') {
        Some((bounds, literal)) if bounds.starts_with('[') => literal,
        _ => literal,
    };
    let inner = literal.strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
    let mut rest = inner.ok_or_else(malformed)?;
    let mut elements = Vec::new();
    let mut buffer = String::new();
    while !rest.is_empty() {
        if rest.starts_with('{') {
            return Err(many_dimensions());
        }
        if let Some(text) = rest.strip_prefix('"') {
            rest = unquote(text, &mut buffer).ok_or_else(malformed)?;
            elements.push(item.value(buffer.as_bytes())?.into());
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (text, after) = rest.split_at(end);
            elements.push(if text == "NULL" { Value::Null } else { item.value(text.as_bytes())?.into() });
            rest = after;
        }
        match rest.strip_prefix(',') {
            Some(next) if !next.is_empty() => rest = next,
            None if rest.is_empty() => {}
            _ => return Err(malformed()),
        }
    }
    Ok(ValueRef::Array(Cow::Owned(elements)))
}

/// Reads up to the closing quote; returns what comes after it.
fn unquote<'a>(text: &'a str, buffer: &mut String) -> Option<&'a str> {
    buffer.clear();
    let mut rest = text;
    loop {
        let end = rest.find(['"', '\\'])?;
        buffer.push_str(rest.get(..end)?);
        let mut after = rest.get(end..)?.chars();
        if after.next()? == '"' {
            return Some(after.as_str());
        }
        buffer.push(after.next()?);
        rest = after.as_str();
    }
}

fn many_dimensions() -> crate::error::Error {
    decode::conversion("the array has more than one dimension; unnest it, or cast it to text")
}
