mod fuzz;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use rust_decimal::Decimal;

use super::*;

#[test]
fn integers_convert_where_they_fit() {
    assert_eq!(u8::from_value(ValueRef::Int(255)), Ok(255));
    assert_eq!(
        u8::from_value(ValueRef::Int(256)),
        Err(Mismatch::Value("the number is out of its range".into()))
    );
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

#[test]
fn wide_integers_are_exact() {
    assert_eq!(Value::from(-7_i128), Value::Int(-7));
    assert_eq!(Value::from(u128::from(u64::MAX)), Value::UInt(u64::MAX));
    assert_eq!(Value::from(i128::MIN), Value::Digits(i128::MIN.to_string()));
    let widest = Value::from(u128::MAX);
    assert_eq!(u128::from_value(widest.as_ref()), Ok(u128::MAX));
    assert!(i128::from_value(widest.as_ref()).is_err());
    assert_eq!(
        u128::from_value(ValueRef::Decimal("340282366920938463463374607431768211455.00".into())),
        Ok(u128::MAX)
    );
    assert_eq!(u8::from_value(ValueRef::Decimal("-0.0".into())), Ok(0));
    assert_eq!(Value::from(isize::MIN), Value::Int(i64::MIN));
}

#[test]
fn texts_come_in_every_box() {
    use std::borrow::Cow;
    use std::sync::Arc;
    let cell = || ValueRef::Text("漢");
    assert_eq!(char::from_value(cell()), Ok('漢'));
    assert!(char::from_value(ValueRef::Text("ab")).is_err());
    assert!(char::from_value(ValueRef::Text("")).is_err());
    assert_eq!(Box::<str>::from_value(cell()).as_deref(), Ok("漢"));
    assert_eq!(Arc::<str>::from_value(cell()).as_deref(), Ok("漢"));
    assert_eq!(Cow::<'static, str>::from_value(cell()).as_deref(), Ok("漢"));
    assert_eq!(Box::<[u8]>::from_value(ValueRef::Bytes(b"x")).as_deref(), Ok(&b"x"[..]));
    assert_eq!(<[u8; 2]>::from_value(ValueRef::Bytes(b"xy")), Ok(*b"xy"));
    assert!(<[u8; 2]>::from_value(ValueRef::Bytes(b"xyz")).is_err());
    let text = Value::Text("漢".into());
    for value in [
        '漢'.into(),
        Value::from("漢".to_owned()),
        Box::<str>::from("漢").into(),
        Cow::Borrowed("漢").into(),
        (&&"漢").into(),
        (&Some("漢")).into(),
    ] {
        assert_eq!(value, text);
    }
    assert_eq!(Value::from(&None::<i64>), Value::Null);
    assert_eq!(Value::from(b"xy"), Value::Bytes(b"xy".to_vec()));
}

#[test]
fn uuids_read_from_36_characters_or_16_bytes() {
    let uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let text = "01234567-89AB-cdef-0123-456789abcdef";
    assert_eq!(Uuid::from_value(ValueRef::Text(text)), Ok(uuid));
    assert_eq!(Uuid::from_value(ValueRef::Bytes(uuid.as_bytes())), Ok(uuid));
    assert_eq!(String::from_value(ValueRef::Uuid(uuid)), Ok(text.to_lowercase()));
    for wrong in ["", "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdeg"] {
        assert!(matches!(Uuid::from_value(ValueRef::Text(wrong)), Err(Mismatch::Value(_))), "{wrong}");
    }
    assert_eq!(format!("{:?}", Value::from(uuid)), "Uuid(16 bytes)");
}

#[test]
fn json_errors_do_not_tell_the_value() {
    #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
    struct User {
        id: i64,
    }
    assert_eq!(Value::from(Json(User { id: 7 })), Value::Json("{\"id\":7}".into()));
    assert_eq!(Json::from_value(ValueRef::Text("{\"id\":7}")), Ok(Json(User { id: 7 })));
    assert_eq!(Value::from(serde_json::Value::Null), Value::Json("null".into()));
    assert_eq!(Value::from(None::<serde_json::Value>), Value::Null);
    for (text, says) in [
        ("{\"id\":\"s3cret\"}", "the JSON does not fit the type, at line 1 column 14"),
        ("{\"id\":7", "the JSON breaks off, at line 1 column 7"),
        ("s3cret", "the text is no JSON that can be read, at line 1 column 1"),
    ] {
        assert_eq!(Json::<User>::from_value(ValueRef::Json(text)), Err(Mismatch::Value(says.into())));
    }
    let deep = "[".repeat(500) + &"]".repeat(500);
    assert!(serde_json::Value::from_value(ValueRef::Json(&deep)).is_err());
    // A map whose keys are no text.
    let refused = Value::from(Json(std::collections::BTreeMap::from([((1, 2), "s3cret")])));
    assert!(matches!(&refused, Value::Refused(why) if why.contains("BTreeMap") && !why.contains("s3cret")));
}

#[test]
fn arrays_name_the_element_that_does_not_fit() {
    let array = Value::from([Some(1), None, Some(300)]);
    assert_eq!(Vec::<Option<i64>>::from_value(array.as_ref()), Ok(vec![Some(1), None, Some(300)]));
    let null = "element 1 is NULL; read it as Vec<Option<i64>>";
    assert_eq!(Vec::<i64>::from_value(array.as_ref()), Err(Mismatch::Value(null.into())));
    let wide = "element 2: the number is out of its range";
    assert_eq!(Vec::<Option<i8>>::from_value(array.as_ref()), Err(Mismatch::Value(wide.into())));
    assert_eq!(
        Vec::<Option<String>>::from_value(array.as_ref()),
        Err(Mismatch::Value("element 0 is integer".into()))
    );
    assert_eq!(Vec::<String>::from_value(ValueRef::Text("{a}")), Err(Mismatch::Type("text")));
    assert_eq!(Vec::<u8>::from_value(array.as_ref()), Err(Mismatch::Type("array")));
    assert_eq!(format!("{array:?}"), "Array(3 elements)");
    assert_eq!(Value::from(vec!["a"]), Value::from(&["a"][..]));
}

#[test]
fn lengths_of_time_print_as_hours() {
    use chrono::TimeDelta;
    let length = TimeDelta::seconds(-3_020_399) - TimeDelta::microseconds(5);
    assert_eq!(text::interval(length), "-838:59:59.000005");
    assert_eq!(text::interval(TimeDelta::microseconds(-1)), "-00:00:00.000001");
    assert_eq!(text::interval(TimeDelta::days(2)), "48:00:00.000000");
    let midday = NaiveTime::from_hms_micro_opt(12, 0, 0, 1).unwrap();
    let length = TimeDelta::hours(12) + TimeDelta::microseconds(1);
    assert_eq!(TimeDelta::from_value(ValueRef::Time(midday)), Ok(length));
    assert!(NaiveTime::from_value(ValueRef::Interval(length)).is_err());
}

#[test]
fn ranges_as_text() {
    use std::ops::Bound::{Excluded, Included, Unbounded};

    use super::Range;
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let moment = |text: &str| text.parse::<chrono::NaiveDateTime>().unwrap();
    assert_eq!(Value::from(Range::from(-3..=5)), Value::from("[-3,5]"));
    assert_eq!(Value::from(Range::<i64>::Between(Excluded(1), Unbounded)), Value::from("(1,)"));
    assert_eq!(Value::from(Range::<i32>::from(..)), Value::from("(,)"));
    assert_eq!(Value::from(Range::<i32>::Empty), Value::from("empty"));
    let days = Range::from(day("0001-01-01")..day("9999-12-31"));
    assert_eq!(Value::from(days), Value::from("[0001-01-01,9999-12-31)"));
    assert_eq!(Range::from_value(ValueRef::Text("[0001-01-01,9999-12-31)")), Ok(days));
    let moments = Range::Between(Excluded(moment("2024-02-29T12:00:00.5")), Unbounded);
    assert_eq!(Value::from(moments), Value::from("(\"2024-02-29 12:00:00.500000\",)"));
    assert_eq!(Range::from_value(ValueRef::Text("(\"2024-02-29 12:00:00.5\",)")), Ok(moments));
    let zoned = Range::from(..moment("2024-02-29T12:00:00").and_utc());
    for written in ["12:00:00+00", "13:00:00+01", "17:30:00+05:30", "04:00:00-08"] {
        let literal = format!("(,\"2024-02-29 {written}\")");
        assert_eq!(
            Range::from_value(ValueRef::Text(&literal)),
            Ok(zoned),
            "the zone of the session: {literal}"
        );
    }
    let decimals =
        Range::Between(Included("1.50".parse::<Decimal>().unwrap()), Included("2".parse().unwrap()));
    assert_eq!(Range::from_value(ValueRef::Text("[1.50,2]")), Ok(decimals));
    // What PostgreSQL would read as something else, or not at all.
    let leap =
        chrono::NaiveDate::from_ymd_opt(2016, 12, 31).unwrap().and_hms_milli_opt(23, 59, 59, 1500).unwrap();
    assert!(matches!(Value::from(Range::from(leap..)), Value::Refused(_)));
    assert!(matches!(Value::from(Range::from(day("-0001-01-01")..)), Value::Refused(_)));
    for wrong in [
        "",
        "[",
        "[]",
        "[1",
        "1,2",
        "[1,2",
        "[a,2)",
        "[,infinity)",
        "[\"1,2)",
        "[1.5,2)",
        "[99999999999,)",
        "é",
    ] {
        assert!(Range::<i32>::from_value(ValueRef::Text(wrong)).is_err(), "{wrong}");
    }
    assert_eq!(Range::<i32>::from_value(ValueRef::Null), Err(Mismatch::Null));
}

#[test]
fn addresses_as_text() {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    let read = |text| IpAddr::from_value(ValueRef::Text(text));
    assert_eq!(read("127.0.0.1/32"), Ok(Ipv4Addr::LOCALHOST.into()));
    assert_eq!(read("::1"), Ok(Ipv6Addr::LOCALHOST.into()));
    assert_eq!(read("::1/128"), Ok(Ipv6Addr::LOCALHOST.into()));
    for wrong in ["10.0.0.0/8", "::/32", "", "10.0.0", "1.2.3.4/", "x/32"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    assert!(Ipv4Addr::from_value(ValueRef::Text("::1")).is_err());
    assert!(Ipv6Addr::from_value(ValueRef::Text("1.2.3.4")).is_err());
    assert_eq!(Value::from(Ipv4Addr::LOCALHOST), Value::from("127.0.0.1"));
}
