use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use super::*;

#[test]
fn integers_convert_where_they_fit() {
    assert_eq!(u8::from_value(ValueRef::Int(255)), Ok(255));
    assert_eq!(u8::from_value(ValueRef::Int(256)), Err(Mismatch::Value("256 is out of its range".into())));
    assert_eq!(u64::from_value(ValueRef::UInt(u64::MAX)), Ok(u64::MAX));
    assert!(i64::from_value(ValueRef::UInt(u64::MAX)).is_err());
    assert_eq!(i64::from_value(ValueRef::Decimal("-12.00".into())), Ok(-12));
    assert!(i64::from_value(ValueRef::Decimal("12.01".into())).is_err());
    assert_eq!(i64::from_value(ValueRef::Text("12")), Err(Mismatch::Type("text")));
    assert_eq!(i64::from_value(ValueRef::Null), Err(Mismatch::Null));
    assert_eq!(Option::<i64>::from_value(ValueRef::Null), Ok(None));
}

#[test]
fn floats_are_exact_or_refused() {
    assert_eq!(f64::from_value(ValueRef::Int(1 << 53)), Ok(9_007_199_254_740_992.0));
    assert!(f64::from_value(ValueRef::Int((1 << 53) + 1)).is_err());
    assert_eq!(f32::from_value(ValueRef::Float(0.5)), Ok(0.5));
    assert!(f32::from_value(ValueRef::Float(0.1)).is_err());
    assert!(f32::from_value(ValueRef::Float(f64::NAN)).is_ok_and(f32::is_nan));
}

#[test]
fn text_reads_as_dates_where_it_is_one() {
    let moment =
        NaiveDate::from_ymd_opt(2013, 1, 31).and_then(|date| date.and_hms_micro_opt(23, 59, 59, 500_000));
    assert_eq!(NaiveDateTime::from_value(ValueRef::Text("2013-01-31 23:59:59.5")).ok(), moment);
    assert_eq!(NaiveDateTime::from_value(ValueRef::Text("2013-01-31T23:59:59.500000")).ok(), moment);
    let utc = moment.map(|moment| moment.and_utc());
    for text in ["2013-01-31 23:59:59.5+00:00", "2013-02-01T00:59:59.5+01:00", "2013-01-31T23:59:59.5Z"] {
        assert_eq!(DateTime::<Utc>::from_value(ValueRef::Text(text)).ok(), utc, "{text}");
    }
    assert!(NaiveDate::from_value(ValueRef::Text("31.1.2013")).is_err());
}

#[test]
fn decimals_keep_every_digit() {
    let wide = "79228162514264337593543950335";
    assert_eq!(Decimal::from_value(ValueRef::Decimal(wide.into())), Ok(Decimal::MAX));
    let wider = "12345678901234567890123456789012345678";
    assert!(Decimal::from_value(ValueRef::Decimal(wider.into())).is_err());
    assert_eq!(String::from_value(ValueRef::Decimal(wider.into())).as_deref(), Ok(wider));
    let padded = "-12.500000000000000000000000000000";
    assert_eq!(Decimal::from_value(ValueRef::Decimal(padded.into())), Ok(Decimal::new(-125, 1)));
    assert_eq!(Value::from(ValueRef::Decimal(padded.into())), Value::Decimal(Decimal::new(-125, 1)));
    assert_eq!(
        Decimal::from_value(ValueRef::Decimal("7.000000000000000000000000000000".into())),
        Ok(7.into())
    );
    assert!(Decimal::from_value(ValueRef::Decimal("0.000000000000000000000000000001".into())).is_err());
    assert_eq!(Decimal::from_value(ValueRef::Float(12.5)), Ok(Decimal::new(125, 1)));
    assert!(Decimal::from_value(ValueRef::Float(1.0 / 3.0)).is_err());
}

#[test]
fn debug_hides_text() {
    let shown = format!("{:?}", Value::from("secret"));
    assert_eq!(shown, "Text(6 bytes)");
}

#[test]
fn big_unsigned_integers_stay_unsigned() {
    assert_eq!(Value::from(7_u64), Value::Int(7));
    assert_eq!(Value::from(u64::MAX), Value::UInt(u64::MAX));
}

#[test]
fn temporal_text_sorts_and_reads_back() {
    let date = NaiveDate::from_ymd_opt(7, 2, 3).unwrap();
    assert_eq!(text::date(date), "0007-02-03");
    let moment = date.and_hms_micro_opt(4, 5, 6, 70).unwrap();
    assert_eq!(text::date_time(moment), "0007-02-03 04:05:06.000070");
    assert_eq!(text::timestamp(moment.and_utc()), "0007-02-03 04:05:06.000070+00:00");
    let leap = date.and_hms_micro_opt(23, 59, 59, 1_500_000).unwrap();
    assert_eq!(text::date_time(leap), "0007-02-03 23:59:60.500000");
    for moment in [moment, leap] {
        assert_eq!(NaiveDateTime::from_value(ValueRef::Text(&text::date_time(moment))), Ok(moment));
    }
    assert_eq!(
        DateTime::from_value(ValueRef::Text(&text::timestamp(moment.and_utc()))),
        Ok(moment.and_utc())
    );
}
