//! Array literals and binary arrays.

use chrono::{NaiveDate, TimeDelta};

use crate::driver::postgres::array;
use crate::driver::postgres::decode::Item;
use crate::driver::postgres::encode;
use crate::error::ErrorKind;
use crate::value::{Value, ValueRef};

fn literal(elements: &[Value]) -> String {
    let mut output = Vec::new();
    array::literal(&mut output, elements);
    assert!(output.len() <= array::longest(elements));
    String::from_utf8(output).unwrap()
}

#[test]
fn literals_quote_what_needs_it() {
    let texts = ["", "NULL", "a,b", "{}", "\"", "\\", " x ", "ü"].map(Value::from);
    let written = literal(&texts);
    assert_eq!(written, r#"{"","NULL","a,b","{}","\"","\\"," x ","ü"}"#);
    assert_eq!(array::parse(Item::Text, &written).unwrap(), ValueRef::Array(texts.as_slice().into()));
    let date = |year| Value::from(NaiveDate::from_ymd_opt(year, 2, 28).unwrap());
    let others = [
        Value::Null,
        true.into(),
        f64::NAN.into(),
        f64::NEG_INFINITY.into(),
        5e-324.into(),
        Value::from([0, 255]),
        date(-43),
        date(0),
        date(12_345),
        TimeDelta::hours(-25).into(),
        b"\x00\xff".into(),
    ];
    let mut expected = "{NULL,t,NaN,-Infinity,5e-324,NULL,\"0044-02-28 BC\",\"0001-02-28 BC\",".to_owned();
    expected += "\"12345-02-28\",-25:00:00.000000,\"\\\\x00ff\"}";
    assert_eq!(literal(&others), expected);
    assert_eq!(literal(&[]), "{}");
}

#[test]
fn arrays_are_read_or_refused() {
    let read = |literal| array::parse(Item::Text, literal).map(Value::from);
    let values = |texts: &[Option<&str>]| Value::Array(texts.iter().map(|text| Value::from(*text)).collect());
    assert_eq!(read("{}").unwrap(), values(&[]));
    assert_eq!(read("{a,NULL,\"NULL\"}").unwrap(), values(&[Some("a"), None, Some("NULL")]));
    assert_eq!(read("[0:1]={a=b,\"\\\"\\\\,}\"}").unwrap(), values(&[Some("a=b"), Some("\"\\,}")]));
    assert_eq!(read("{{a},{b}}").unwrap_err().kind(), ErrorKind::Conversion);
    for wrong in ["", "{", "}", "a", "{a", "{a,}", "{\"a}", "{\"a\"b}", "{\"a\\"] {
        assert_eq!(read(wrong).unwrap_err().kind(), ErrorKind::Protocol, "{wrong}");
    }
    let mut binary = vec![0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1];
    binary.extend([0, 0, 0, 4, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff]);
    let elements = [Value::Int(-2), Value::Null];
    assert_eq!(array::binary(Item::Int4, &binary).unwrap(), ValueRef::Array(elements.as_slice().into()));
    for cut in 0..binary.len() {
        assert!(array::binary(Item::Int4, &binary[..cut]).is_err(), "{cut}");
    }
    assert_eq!(array::binary(Item::Int8, &binary).unwrap_err().kind(), ErrorKind::Protocol);
    binary[3] = 2;
    assert_eq!(array::binary(Item::Int4, &binary).unwrap_err().kind(), ErrorKind::Conversion);
}

#[test]
fn what_has_no_bytes_is_refused_before_it_is_sent() {
    let leap = NaiveDate::from_ymd_opt(2016, 12, 31).unwrap().and_hms_milli_opt(23, 59, 59, 1500).unwrap();
    for (value, kind) in [
        (Value::from(leap), ErrorKind::Data),
        (leap.time().into(), ErrorKind::Data),
        (leap.and_utc().into(), ErrorKind::Data),
        ([leap].into(), ErrorKind::Data),
        (TimeDelta::MAX.into(), ErrorKind::Data),
        (Value::Refused("why".into()), ErrorKind::Data),
        (Value::Array(vec![[1].into()]), ErrorKind::Unsupported),
    ] {
        assert_eq!(encode::size(&[value.as_ref()]).unwrap_err().kind(), kind, "{value:?}");
    }
}
