//! The types of the crate `time`, by way of chrono's.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::array::Element;
use super::decode::{FromValue, Mismatch, wrong};
use super::{Value, ValueRef};

const FAR: &str = "the date is farther from now than chrono counts";

fn to_chrono_date(date: Date) -> Option<NaiveDate> {
    NaiveDate::from_yo_opt(date.year(), date.ordinal().into())
}

fn to_chrono_time(time: Time) -> Option<NaiveTime> {
    let (hour, minute, second, nano) = time.as_hms_nano();
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nano)
}

fn to_chrono(moment: PrimitiveDateTime) -> Option<NaiveDateTime> {
    Some(to_chrono_date(moment.date())?.and_time(to_chrono_time(moment.time())?))
}

fn bound<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Refused(FAR.into()), Into::into)
}

impl From<Date> for Value {
    fn from(value: Date) -> Self {
        bound(to_chrono_date(value))
    }
}

impl From<Time> for Value {
    fn from(value: Time) -> Self {
        bound(to_chrono_time(value))
    }
}

impl From<PrimitiveDateTime> for Value {
    fn from(value: PrimitiveDateTime) -> Self {
        bound(to_chrono(value))
    }
}

impl From<OffsetDateTime> for Value {
    fn from(value: OffsetDateTime) -> Self {
        let utc = value.checked_to_offset(UtcOffset::UTC);
        let utc = utc.and_then(|utc| to_chrono(PrimitiveDateTime::new(utc.date(), utc.time())));
        bound(utc.map(|utc| utc.and_utc()))
    }
}

impl From<Duration> for Value {
    fn from(value: Duration) -> Self {
        let length = TimeDelta::try_seconds(value.whole_seconds()).and_then(|seconds| {
            seconds.checked_add(&TimeDelta::nanoseconds(value.subsec_nanoseconds().into()))
        });
        length.map_or(Value::Refused("the duration is longer than chrono counts".into()), Value::Interval)
    }
}

impl Element for Date {}
impl Element for Time {}
impl Element for PrimitiveDateTime {}
impl Element for OffsetDateTime {}
impl Element for Duration {}

fn from_chrono_date(date: NaiveDate) -> Result<Date, Mismatch> {
    let ordinal = date.ordinal() as u16;
    Date::from_ordinal_date(date.year(), ordinal).or_else(|_| wrong("the year is beyond what `time` counts"))
}

fn from_chrono_time(time: NaiveTime) -> Result<Time, Mismatch> {
    let (hour, minute, second) = (time.hour() as u8, time.minute() as u8, time.second() as u8);
    Time::from_hms_nano(hour, minute, second, time.nanosecond())
        .or_else(|_| wrong("it is in a leap second, which `time` does not have"))
}

impl FromValue for Date {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        from_chrono_date(NaiveDate::from_value(value)?)
    }
}

impl FromValue for Time {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        from_chrono_time(NaiveTime::from_value(value)?)
    }
}

impl FromValue for PrimitiveDateTime {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let moment = NaiveDateTime::from_value(value)?;
        Ok(PrimitiveDateTime::new(from_chrono_date(moment.date())?, from_chrono_time(moment.time())?))
    }
}

/// In UTC.
impl FromValue for OffsetDateTime {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let moment = DateTime::<Utc>::from_value(value)?.naive_utc();
        let (date, time) = (from_chrono_date(moment.date())?, from_chrono_time(moment.time())?);
        Ok(PrimitiveDateTime::new(date, time).assume_utc())
    }
}

impl FromValue for Duration {
    fn from_value(value: ValueRef<'_>) -> Result<Self, Mismatch> {
        let length = TimeDelta::from_value(value)?;
        Ok(Duration::new(length.num_seconds(), length.subsec_nanos()))
    }
}
