//! The types of the crate `jiff`, by way of chrono's.
//!
//! Not `Zoned`, because no database keeps its zone, and not `Span`, because months and years have no fixed length.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use jiff::{SignedDuration, Timestamp, civil};

use super::array::Element;
use super::decode::{FromValue, Mismatch, wrong};
use super::{Value, ValueRef};

fn to_chrono_date(date: civil::Date) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year().into(), date.month() as u32, date.day() as u32)
}

fn to_chrono_time(time: civil::Time) -> Option<NaiveTime> {
    let (hour, minute, second) = (time.hour() as u32, time.minute() as u32, time.second() as u32);
    NaiveTime::from_hms_nano_opt(hour, minute, second, time.subsec_nanosecond() as u32)
}

/// chrono counts farther than jiff, so that nothing is refused.
fn bound<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Refused("the date is farther from now than chrono counts".into()), Into::into)
}

impl From<civil::Date> for Value {
    fn from(value: civil::Date) -> Self {
        bound(to_chrono_date(value))
    }
}

impl From<civil::Time> for Value {
    fn from(value: civil::Time) -> Self {
        bound(to_chrono_time(value))
    }
}

impl From<civil::DateTime> for Value {
    fn from(value: civil::DateTime) -> Self {
        let date = to_chrono_date(value.date());
        bound(date.and_then(|date| Some(date.and_time(to_chrono_time(value.time())?))))
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        // jiff rounds both parts towards zero, chrono wants nanoseconds that count up.
        let (second, nano) = (value.as_second(), value.subsec_nanosecond());
        let (second, nano) = if nano < 0 { (second - 1, nano + 1_000_000_000) } else { (second, nano) };
        bound(DateTime::<Utc>::from_timestamp(second, nano as u32))
    }
}

impl From<SignedDuration> for Value {
    fn from(value: SignedDuration) -> Self {
        let length = TimeDelta::try_seconds(value.as_secs())
            .and_then(|seconds| seconds.checked_add(&TimeDelta::nanoseconds(value.subsec_nanos().into())));
        length.map_or(Value::Refused("the duration is longer than chrono counts".into()), Value::Interval)
    }
}

impl Element for civil::Date {}
impl Element for civil::Time {}
impl Element for civil::DateTime {}
impl Element for Timestamp {}
impl Element for SignedDuration {}

fn from_chrono_date(date: NaiveDate) -> Result<civil::Date, Mismatch> {
    let (month, day) = (date.month() as i8, date.day() as i8);
    let found = i16::try_from(date.year()).ok().and_then(|year| civil::Date::new(year, month, day).ok());
    found.map_or_else(|| wrong("the year is beyond what jiff counts"), Ok)
}

fn from_chrono_time(time: NaiveTime) -> Result<civil::Time, Mismatch> {
    let (hour, minute, second) = (time.hour() as i8, time.minute() as i8, time.second() as i8);
    civil::Time::new(hour, minute, second, time.nanosecond() as i32)
        .or_else(|_| wrong("it is in a leap second, which jiff does not have"))
}

impl FromValue for civil::Date {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        from_chrono_date(NaiveDate::from_value(value)?)
    }
}

impl FromValue for civil::Time {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        from_chrono_time(NaiveTime::from_value(value)?)
    }
}

impl FromValue for civil::DateTime {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let moment = NaiveDateTime::from_value(value)?;
        Ok(from_chrono_date(moment.date())?.to_datetime(from_chrono_time(moment.time())?))
    }
}

impl FromValue for Timestamp {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let moment = DateTime::<Utc>::from_value(value)?;
        // A leap second has more nanoseconds than a second: jiff refuses it.
        let found = Timestamp::new(moment.timestamp(), moment.timestamp_subsec_nanos() as i32);
        found.or_else(|_| wrong("it is a leap second, or beyond what jiff counts"))
    }
}

impl FromValue for SignedDuration {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let length = TimeDelta::from_value(value)?;
        Ok(SignedDuration::new(length.num_seconds(), length.subsec_nanos()))
    }
}
