//! Ranges: all values between two. PostgreSQL's.

use std::borrow::Cow;
use std::ops::Bound;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;

use super::decode::{FromValue, Mismatch, other, wrong};
use super::{Element, Value, ValueRef, text};

/// All values between two bounds, either of which may be missing; or no value at all. PostgreSQL's `int4range`, `int8range`,
/// `numrange`, `daterange`, `tsrange`, `tstzrange`, by the type of the bounds.
///
/// PostgreSQL writes whole numbers and dates with the lower bound included and the upper one excluded, however they were
/// bound: `1..=5` comes back as `1..6`.
///
/// ```
/// use rebis_core::value::Range;
/// use rebis_core::{FromValue, Value, ValueRef};
///
/// assert_eq!(Value::from(Range::from(1..6)), Value::from("[1,6)"));
/// assert_eq!(Range::from_value(ValueRef::Text("[1,)")), Ok(Range::from(1..)));
/// assert_eq!(Range::<i32>::from_value(ValueRef::Text("empty")), Ok(Range::Empty));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range<T> {
    /// No value.
    Empty,
    /// The values between these.
    Between(Bound<T>, Bound<T>),
}

/// A type of which PostgreSQL has ranges.
#[diagnostic::on_unimplemented(
    message = "there are no ranges of `{Self}`",
    note = "PostgreSQL has them of i32, i64, Decimal, NaiveDate, NaiveDateTime and DateTime<Utc>"
)]
pub trait RangeBound: Into<Value> + FromValue {}

macro_rules! bounds {
    ($($rust:ty)*) => {$(impl RangeBound for $rust {})*};
}

bounds! { i32 i64 Decimal NaiveDate NaiveDateTime DateTime<Utc> }

impl<T> From<std::ops::Range<T>> for Range<T> {
    fn from(range: std::ops::Range<T>) -> Self {
        Range::Between(Bound::Included(range.start), Bound::Excluded(range.end))
    }
}

impl<T> From<std::ops::RangeInclusive<T>> for Range<T> {
    fn from(range: std::ops::RangeInclusive<T>) -> Self {
        let (start, end) = range.into_inner();
        Range::Between(Bound::Included(start), Bound::Included(end))
    }
}

impl<T> From<std::ops::RangeFrom<T>> for Range<T> {
    fn from(range: std::ops::RangeFrom<T>) -> Self {
        Range::Between(Bound::Included(range.start), Bound::Unbounded)
    }
}

impl<T> From<std::ops::RangeTo<T>> for Range<T> {
    fn from(range: std::ops::RangeTo<T>) -> Self {
        Range::Between(Bound::Unbounded, Bound::Excluded(range.end))
    }
}

impl<T> From<std::ops::RangeFull> for Range<T> {
    fn from(_: std::ops::RangeFull) -> Self {
        Range::Between(Bound::Unbounded, Bound::Unbounded)
    }
}

impl<T> Element for Range<T> {}

/// As text, which becomes the range that it meets.
impl<T: RangeBound> From<Range<T>> for Value {
    fn from(range: Range<T>) -> Self {
        let Range::Between(lower, upper) = range else { return Value::Text("empty".into()) };
        let mut literal = String::from(if matches!(lower, Bound::Included(_)) { "[" } else { "(" });
        let included = matches!(upper, Bound::Included(_));
        for (bound, behind) in [(lower, ","), (upper, if included { "]" } else { ")" })] {
            if let Bound::Included(value) | Bound::Excluded(value) = bound {
                match bound_text(&value.into()) {
                    Ok(text) => literal.push_str(&text),
                    Err(why) => return Value::Refused(why.into()),
                }
            }
            literal.push_str(behind);
        }
        Value::Text(literal)
    }
}

fn bound_text(value: &Value) -> Result<String, &'static str> {
    Ok(match value {
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Digits(digits) => digits.clone(),
        Value::Date(date) => text::date(written(*date, NaiveTime::MIN)?),
        Value::DateTime(moment) => {
            written(moment.date(), moment.time())?;
            format!("\"{}\"", text::date_time(*moment))
        }
        Value::Timestamp(moment) => {
            written(moment.date_naive(), moment.time())?;
            format!("\"{}\"", text::timestamp(*moment))
        }
        Value::Refused(_) => return Err("a bound of the range has no value"),
        _ => return Err("a bound of the range is no number, no date and no moment"),
    })
}

/// A date, when PostgreSQL reads its text as what it is.
fn written(date: NaiveDate, time: NaiveTime) -> Result<NaiveDate, &'static str> {
    if !(1..=9999).contains(&date.year()) {
        return Err("a bound of the range is before the year 1 or after 9999");
    }
    if text::is_leap(time) {
        return Err("PostgreSQL has no leap seconds");
    }
    Ok(date)
}

impl<T: RangeBound> FromValue for Range<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let ValueRef::Text(literal) = value else { return other(&value) };
        if literal == "empty" {
            return Ok(Range::Empty);
        }
        let malformed = || Mismatch::Value("the text is no range like [1,6)".into());
        let (lower_included, inside) = match literal.strip_prefix('[') {
            Some(inside) => (true, inside),
            None => (false, literal.strip_prefix('(').ok_or_else(malformed)?),
        };
        let (upper_included, inside) = match inside.strip_suffix(']') {
            Some(inside) => (true, inside),
            None => (false, inside.strip_suffix(')').ok_or_else(malformed)?),
        };
        // No bound has a comma in it.
        let (lower, upper) = inside.split_once(',').ok_or_else(malformed)?;
        Ok(Range::Between(bound(lower, lower_included)?, bound(upper, upper_included)?))
    }
}

fn bound<T: RangeBound>(written: &str, included: bool) -> Result<Bound<T>, Mismatch> {
    let unquoted = written.strip_prefix('"').and_then(|written| written.strip_suffix('"')).unwrap_or(written);
    if unquoted.is_empty() {
        return Ok(Bound::Unbounded);
    }
    let unsigned = unquoted.strip_prefix('-').unwrap_or(unquoted);
    // A session whose zone is another one writes `+01` as well.
    let short = unquoted.contains(':') && matches!(unquoted.as_bytes(), [.., b'+' | b'-', _, _]);
    let moment = short.then(|| format!("{unquoted}:00"));
    let cell = if unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        ValueRef::Decimal(Cow::Borrowed(unquoted))
    } else {
        ValueRef::Text(moment.as_deref().unwrap_or(unquoted))
    };
    match T::from_value(cell) {
        Ok(value) if included => Ok(Bound::Included(value)),
        Ok(value) => Ok(Bound::Excluded(value)),
        Err(Mismatch::Value(how)) => wrong(format!("a bound of the range: {how}")),
        Err(_) => wrong("a bound of the range is of another type"),
    }
}
