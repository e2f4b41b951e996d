//! Cells → chrono's dates, times and lengths of time.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::ValueRef;
use super::decode::{FromValue, Mismatch, other, wrong};
use super::text;

impl FromValue for NaiveDate {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Date(value) => Ok(value),
            ValueRef::Text(text) => text.parse().or_else(|_| wrong("the text is no date like 2013-01-31")),
            value => other(&value),
        }
    }
}

impl FromValue for NaiveTime {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Time(value) => Ok(value),
            ValueRef::Interval(_) => {
                wrong("it is negative, or 24 hours and more: no time of day; TimeDelta takes it")
            }
            ValueRef::Text(text) => text.parse().or_else(|_| wrong("the text is no time like 23:59:59.5")),
            value => other(&value),
        }
    }
}

/// A time of day is the time since midnight: MySQL's TIME is both.
impl FromValue for TimeDelta {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Interval(value) => Ok(value),
            ValueRef::Time(value) if !text::is_leap(value) => {
                Ok(TimeDelta::seconds(value.num_seconds_from_midnight().into())
                    + TimeDelta::nanoseconds(value.nanosecond().into()))
            }
            value => other(&value),
        }
    }
}

fn parse_date_time(text: &str) -> Option<NaiveDateTime> {
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

impl FromValue for NaiveDateTime {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::DateTime(value) => Ok(value),
            ValueRef::Text(text) => match parse_date_time(text) {
                Some(value) => Ok(value),
                None => wrong("the text is no date and time like 2013-01-31 23:59:59.5"),
            },
            value => other(&value),
        }
    }
}

/// A column without a zone is taken as UTC: that is how Rebis writes a `DateTime` into one.
impl FromValue for DateTime<Utc> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        match value {
            ValueRef::Timestamp(value) => Ok(value),
            ValueRef::DateTime(value) => Ok(value.and_utc()),
            ValueRef::Text(text) => {
                let zoned = ["%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%#z"]
                    .iter()
                    .find_map(|format| DateTime::parse_from_str(text, format).ok())
                    .map(|zoned| zoned.to_utc());
                let utc = zoned
                    .or_else(|| parse_date_time(text.trim_end_matches('Z')).map(|naive| naive.and_utc()));
                match utc {
                    Some(value) => Ok(value),
                    None => wrong("the text is no timestamp like 2013-01-31 23:59:59.5+00:00"),
                }
            }
            value => other(&value),
        }
    }
}
