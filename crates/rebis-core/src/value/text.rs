//! How the temporal types are written where a database takes them as text; SQLite stores them so.
//!
//! Always six digits after the second: the text then sorts like the moment, and SQLite's `strftime` reads it. Written by
//! hand, because a format string is parsed anew for each value. What is finer than a microsecond is cut.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

pub(crate) fn date(value: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", value.year(), value.month(), value.day())
}

pub(crate) fn time(value: NaiveTime) -> String {
    // chrono counts a leap second in the fraction; as text it is second 60, and reads back as such.
    let leap = value.nanosecond() / 1_000_000_000;
    let micros = value.nanosecond() % 1_000_000_000 / 1000;
    format!("{:02}:{:02}:{:02}.{micros:06}", value.hour(), value.minute(), value.second() + leap)
}

pub(crate) fn date_time(value: NaiveDateTime) -> String {
    let mut text = date(value.date());
    text.push(' ');
    text.push_str(&time(value.time()));
    text
}

pub(crate) fn timestamp(value: DateTime<Utc>) -> String {
    let mut text = date_time(value.naive_utc());
    text.push_str("+00:00");
    text
}

/// Hours, which may be many, minutes and seconds.
pub(crate) fn interval(value: TimeDelta) -> String {
    let sign = if value < TimeDelta::zero() { "-" } else { "" };
    let (seconds, micros) = (value.num_seconds().unsigned_abs(), value.subsec_nanos().unsigned_abs() / 1000);
    format!("{sign}{:02}:{:02}:{:02}.{micros:06}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Whether chrono's time is inside a leap second, which most databases do not have.
pub(crate) fn is_leap(time: NaiveTime) -> bool {
    time.nanosecond() >= 1_000_000_000
}
