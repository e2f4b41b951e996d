//! Bytes alone: framing lengths, encoding, decoding, error packets, options.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use crate::Url;
use crate::driver::mysql::columns::{Kind, Shape, append};
use crate::driver::mysql::packet::{Reader, put_length};
use crate::driver::mysql::{MysqlConnector, decode, encode, error};
use crate::error::ErrorKind;
use crate::value::ValueRef;

#[test]
fn lengths_go_there_and_back() {
    for length in [0, 250, 251, 65_535, 65_536, 16_777_215, 16_777_216, 1 << 40] {
        let mut bytes = Vec::new();
        put_length(&mut bytes, length);
        let mut reader = Reader(&bytes);
        assert_eq!(reader.length(), Some(length as u64));
        assert!(reader.0.is_empty());
        for cut in 0..bytes.len() {
            assert_eq!(Reader(&bytes[..cut]).length(), None);
        }
    }
    assert_eq!(Reader(&[0xfb]).length(), None);
    assert_eq!(Reader(&[0xff]).length(), None);
    // A length beyond the end is not believed.
    assert_eq!(Reader(&[0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1]).counted(), None);
}

#[test]
fn requests_have_nulls_types_and_values() {
    let mut bytes = Vec::new();
    let time = NaiveTime::from_hms_micro_opt(1, 2, 3, 4).unwrap();
    let day = NaiveDate::from_ymd_opt(2001, 2, 3).unwrap();
    let parameters = [
        ValueRef::Null,
        ValueRef::Bool(true),
        ValueRef::UInt(1),
        ValueRef::Text("é"),
        ValueRef::Time(time),
        ValueRef::DateTime(day.and_hms_opt(4, 5, 6).unwrap()),
        ValueRef::Decimal(Cow::Borrowed("1.50")),
        ValueRef::Date(day),
        ValueRef::Null,
    ];
    encode::execute(&mut bytes, 7, &parameters).unwrap();
    let mut expected = vec![0x17, 7, 0, 0, 0, 0, 1, 0, 0, 0, 0b1, 0b1, 1];
    expected.extend([6, 0, 1, 0, 8, 0x80, 253, 0, 11, 0, 12, 0, 246, 0, 10, 0, 6, 0]);
    expected.extend([1, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0xc3, 0xa9]);
    expected.extend([12, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0]);
    expected.extend([7, 0xd1, 7, 2, 3, 4, 5, 6, 4, b'1', b'.', b'5', b'0', 4, 0xd1, 7, 2, 3]);
    assert_eq!(bytes, expected);
}

#[test]
fn rows_that_lie_about_themselves_are_refused() {
    let kinds = [Kind::LongLong(false), Kind::Text, Kind::DateTime];
    let mut row = vec![0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 2, b'a', b'b', 4, 0xd1, 7, 2, 3];
    let mut places = Vec::new();
    assert!(decode::locate_binary(&row, &kinds, &mut places).is_some());
    let place = places[2].clone().unwrap();
    let value = decode::binary(Kind::DateTime, &row[place.start as usize..place.end as usize]).unwrap();
    assert_eq!(value, ValueRef::DateTime(NaiveDate::from_ymd_opt(2001, 2, 3).unwrap().into()));
    for cut in 0..row.len() {
        assert!(decode::locate_binary(&row[..cut], &kinds, &mut places).is_none(), "{cut}");
    }
    row.push(0);
    assert!(decode::locate_binary(&row, &kinds, &mut places).is_none());
    assert!(decode::locate_text(&[0xfb, 1, b'x'], 2, &mut places).is_some());
    assert_eq!(places[0], None);
    assert!(decode::locate_text(&[0xfb, 2, b'x'], 2, &mut places).is_none());
}

#[test]
fn cells_of_any_bytes_do_not_panic() {
    let kinds = [
        Kind::Tiny(true),
        Kind::Short(false),
        Kind::Long(true),
        Kind::LongLong(true),
        Kind::Float,
        Kind::Double,
        Kind::Decimal,
        Kind::Date,
        Kind::Time,
        Kind::DateTime,
        Kind::Timestamp,
        Kind::Bit,
        Kind::Text,
        Kind::Bytes,
    ];
    // A small generator will do: every length, many contents.
    let mut state = 88_172_645_463_325_252_u64;
    for round in 0..20_000 {
        let bytes: Vec<u8> = (0..round % 16)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Digits and their separators as often as anything.
                if state & 1 == 0 {
                    b"0123456789-:. "[(state >> 8) as usize % 14]
                } else {
                    (state >> 16) as u8
                }
            })
            .collect();
        for kind in kinds {
            let _ = decode::binary(kind, &bytes);
            let _ = decode::text(kind, &bytes);
        }
        let mut places = Vec::new();
        let _ = decode::locate_binary(&bytes, &kinds, &mut places);
        let _ = decode::locate_text(&bytes, 3, &mut places);
        let _ = error::from_packet(&bytes);
        let mut definitions = Vec::new();
        append(&mut definitions, &bytes);
        let _ = Shape::parse(&definitions);
    }
}

#[test]
fn text_reads_as_its_type() {
    let read = |kind, text: &'static str| decode::text(kind, text.as_bytes());
    assert_eq!(read(Kind::LongLong(true), "18446744073709551615").unwrap(), ValueRef::UInt(u64::MAX));
    assert_eq!(read(Kind::Long(false), "-5").unwrap(), ValueRef::Int(-5));
    let time = NaiveTime::from_hms_micro_opt(9, 8, 7, 500_000).unwrap();
    assert_eq!(read(Kind::Time, "09:08:07.5").unwrap(), ValueRef::Time(time));
    let length = |seconds, micros| TimeDelta::seconds(seconds) + TimeDelta::microseconds(micros);
    for (text, length) in [
        ("-09:08:07", length(-32_887, 0)),
        ("-00:00:00.5", length(0, -500_000)),
        ("24:00:00", length(86_400, 0)),
        ("838:59:59.999999", length(3_020_399, 999_999)),
    ] {
        assert_eq!(read(Kind::Time, text).unwrap(), ValueRef::Interval(length), "{text}");
        let mut bytes = Vec::new();
        encode::value(&mut bytes, &ValueRef::Interval(length)).unwrap();
        assert_eq!(decode::binary(Kind::Time, &bytes[1..]).unwrap(), ValueRef::Interval(length), "{text}");
    }
    let far = ValueRef::Interval(length(839 * 3600, 0));
    assert_eq!(encode::value(&mut Vec::new(), &far).unwrap_err().kind(), ErrorKind::Data);
    assert_eq!(read(Kind::Time, "00:60:00").unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(read(Kind::Json, "[1]").unwrap(), ValueRef::Json("[1]"));
    assert_eq!(read(Kind::Date, "0000-00-00").unwrap_err().kind(), ErrorKind::Conversion);
    assert_eq!(read(Kind::DateTime, "soon").unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(decode::text(Kind::Bit, &[1, 2]).unwrap(), ValueRef::Int(258));
}

fn packet(code: u16, state: &str, text: &str) -> Vec<u8> {
    let mut bytes = vec![0xff];
    bytes.extend(code.to_le_bytes());
    bytes.extend(format!("#{state}{text}").bytes());
    bytes
}

#[test]
fn errors_are_classified_and_keep_no_values() {
    let read = |code, state, text| error::from_packet(&packet(code, state, text)).unwrap();
    let error = read(1062, "23000", "Duplicate entry 'for key 'x'' for key 'users.name'");
    assert_eq!((error.kind(), error.constraint()), (ErrorKind::UniqueViolation, Some("users.name")));
    assert!(!error.to_string().contains("entry"));
    assert_eq!((error.code(), error.sqlstate()), (Some(1062), Some("23000")));
    let error = read(3819, "HY000", "Check constraint 'positive' is violated.");
    assert_eq!((error.kind(), error.constraint()), (ErrorKind::CheckViolation, Some("positive")));
    let error = read(1292, "22007", "Incorrect datetime value: 'secret' for column `a`.`b`.`c` at row 1");
    assert_eq!(error.to_string(), "Incorrect datetime value for column `a`.`b`.`c` at row 1");
    let error = read(1231, "42000", "Variable 'x' can't be set to the value of 's3cret'");
    assert_eq!(error.to_string(), "Variable 'x' can't be set to the value");
    assert_eq!(read(1105, "HY000", "XPATH syntax error: 's3cret'").to_string(), "XPATH syntax error");
    let error = read(1690, "22003", "BIGINT value is out of range in '(`a` + 7777777)'");
    assert_eq!(error.to_string(), "BIGINT value is out of range");
    for (code, kind, disconnect) in [
        (1213, ErrorKind::Serialization, false),
        (1205, ErrorKind::Locked, false),
        (1290, ErrorKind::Operational, false),
        (1927, ErrorKind::Disconnected, true),
        (1153, ErrorKind::Data, true),
        (3024, ErrorKind::Timeout, false),
        (9999, ErrorKind::Operational, false),
    ] {
        let error = read(code, "HY000", "words");
        assert_eq!((error.kind(), error.is_disconnect()), (kind, disconnect), "{code}");
    }
    assert_eq!(read(9999, "42S99", "").kind(), ErrorKind::Statement);
    assert_eq!(read(1052, "23000", "Column 'id' in SELECT is ambiguous").kind(), ErrorKind::Statement);
    // Before the handshake there is no state.
    let error = error::from_packet(b"\xff\x10\x04Too many connections").unwrap();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Connect, "Too many connections"));
    assert!(error::from_packet(&[0xff, 1]).is_none());
}

#[test]
fn options_are_checked() {
    let make = |options: &str| {
        let url: Url = format!("mysql://ed:topsecret@host/db?{options}").parse().unwrap();
        let mut options = url.options();
        let connector = MysqlConnector::new(&url, &mut options)?;
        options.finish().map(|()| connector)
    };
    let all = "socket=/s&read_timeout=1&write_timeout=2&charset=utf8mb4&prepared_statement_cache_size=1\
        &ssl_mode=preferred&allow_cleartext_password=true&sql_mode=ANSI,TRADITIONAL";
    let debug = format!("{:?}", make(all).unwrap());
    assert!(!debug.contains("topsecret"), "{debug}");
    for (options, kind) in [
        ("charset=latin1", ErrorKind::Url),
        ("prepared_statement_cache_size=0", ErrorKind::Url),
        ("local_infile=true", ErrorKind::Unsupported),
        ("local_infile=perhaps", ErrorKind::Url),
        ("target_session_attrs=master", ErrorKind::Url),
        ("load_balance_hosts=yes", ErrorKind::Url),
        ("ssl_mode=maybe", ErrorKind::Url),
        ("sql_mode=a'b", ErrorKind::Url),
        ("init_command=SET+x", ErrorKind::Url),
        ("socket=/a&unix_socket=/b", ErrorKind::Url),
    ] {
        assert_eq!(make(options).map(drop).unwrap_err().kind(), kind, "{options}");
    }
}
