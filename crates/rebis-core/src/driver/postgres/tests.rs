//! What needs no server: values, errors, URL options. Scripted servers and a real one are in their own files.

mod arrays;
mod fuzz;
mod limits;
mod live_tls;
mod scripted;
mod scripted_tls;
mod server;
mod volume;

use std::borrow::Cow;

use chrono::NaiveDate;

use super::decode::{self, Item};
use super::error::{ServerReport, may_be_stale};
use super::*;
use crate::value::ValueRef::*;

fn connector(url: &str) -> Result<PostgresConnector> {
    let url: Url = url.parse()?;
    let mut options = url.options();
    let connector = PostgresConnector::new(&url, &mut options)?;
    options.finish()?;
    Ok(connector)
}

fn connect(url: &str) -> Result<Box<dyn Connection>> {
    let connector = connector(url)?;
    connector.connect(&connector.login(), Deadline::after(Duration::from_secs(10)))
}

/// The fields of an ErrorResponse.
fn report(fields: &[(u8, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, text) in fields {
        body.push(*field);
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    body
}

fn error_of(sqlstate: &str, message: &str, more: &[(u8, &str)]) -> Error {
    let mut fields = vec![(b'V', "ERROR"), (b'C', sqlstate), (b'M', message)];
    fields.extend_from_slice(more);
    ServerReport::read(&report(&fields)).into_error()
}

#[test]
fn errors_are_classified_by_their_state() {
    for (sqlstate, kind) in [
        ("23505", ErrorKind::UniqueViolation),
        ("23503", ErrorKind::ForeignKeyViolation),
        ("23502", ErrorKind::NotNullViolation),
        ("23514", ErrorKind::CheckViolation),
        ("23P01", ErrorKind::CheckViolation),
        ("40001", ErrorKind::Serialization),
        ("40P01", ErrorKind::Serialization),
        ("55P03", ErrorKind::Locked),
        ("25P02", ErrorKind::PendingRollback),
        ("57014", ErrorKind::Timeout),
        ("53300", ErrorKind::Connect),
        ("28P01", ErrorKind::Authentication),
        ("22003", ErrorKind::Data),
        ("42P01", ErrorKind::Statement),
        ("0A000", ErrorKind::Unsupported),
        ("53100", ErrorKind::Operational),
        ("08006", ErrorKind::Operational),
        ("", ErrorKind::Operational),
    ] {
        let error = error_of(sqlstate, "no", &[]);
        assert_eq!(error.kind(), kind, "{sqlstate}");
        assert!(!error.is_disconnect(), "{sqlstate}");
        assert_eq!(error.sqlstate(), Some(sqlstate));
    }
    let fatal = report(&[(b'S', "FATAL"), (b'C', "25P03"), (b'M', "idle too long")]);
    let error = ServerReport::read(&fatal).into_error();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert!(error.is_disconnect());
}

#[test]
fn errors_hold_no_values() {
    let detail = [(b'D', "Key (email)=(ed@example.org) already exists."), (b'n', "users_email_key")];
    let unique = error_of("23505", "duplicate key value violates unique constraint", &detail);
    assert_eq!(unique.constraint(), Some("users_email_key"));
    let data = error_of("22P02", "invalid input syntax for type integer: \"ed@\"example.org\"", &[]);
    assert_eq!(data.to_string(), "invalid input syntax for type integer: …");
    let range = error_of("22003", "value \"ed@example.org\" is out of range for type integer", &[]);
    assert_eq!(range.to_string(), "value … is out of range for type integer");
    for error in [unique, data, range] {
        assert!(!format!("{error:?}{}", error.chain()).contains("example.org"));
    }
    let hinted = error_of("42703", "column \"x\" does not exist", &[(b'P', "8"), (b'H', "Perhaps y.")]);
    assert_eq!(hinted.to_string(), "column \"x\" does not exist (at character 8; Perhaps y.)");
}

#[test]
fn stale_statements_are_told_from_other_errors() {
    assert!(may_be_stale(&error_of("0A000", "…", &[(b'R', "RevalidateCachedQuery")])));
    assert!(may_be_stale(&error_of("26000", "prepared statement \"rebis_1\" does not exist", &[])));
    assert!(!may_be_stale(&error_of("26000", "prepared statement \"mine\" does not exist", &[])));
    assert!(!may_be_stale(&error_of("0A000", "no", &[])));
    assert!(may_be_stale(&error_of("XX000", "cache lookup failed for type 25118", &[])));
    assert!(!may_be_stale(&error_of("XX000", "cache lookup failed for relation 25118", &[])));
    assert!(may_be_stale(&error_of("42804", "column is of type json", &[])));
}

#[test]
fn a_report_that_is_cut_short_is_still_a_report() {
    let whole = report(&[(b'V', "ERROR"), (b'C', "42601"), (b'M', "syntax error")]);
    for end in 0..whole.len() {
        let error = ServerReport::read(&whole[..end]).into_error();
        assert!(!error.is_disconnect());
    }
}

#[test]
fn cells_decode_in_place() -> Result<()> {
    assert_eq!(Item::Bool.value(&[1])?, Bool(true));
    assert_eq!(Item::Int2.value(&[0xff, 0xfe])?, Int(-2));
    assert_eq!(Item::Oid.value(&[0xff; 4])?, Int(u32::MAX.into()));
    assert_eq!(Item::Float4.value(&0.5_f32.to_be_bytes())?, Float(0.5));
    assert_eq!(Item::Decimal.value(b"-12.50")?, Decimal(Cow::Borrowed("-12.50")));
    assert_eq!(
        Item::Date.value(&(-1_i32).to_be_bytes())?,
        Date(NaiveDate::from_ymd_opt(1999, 12, 31).unwrap())
    );
    for (item, bytes) in [
        (Item::Date, &i32::MAX.to_be_bytes()[..]),
        (Item::Date, &(i32::MAX - 1).to_be_bytes()),
        (Item::DateTime, &i64::MIN.to_be_bytes()),
        (Item::Timestamp, &(i64::MAX - 1).to_be_bytes()),
        (Item::Time, &86_400_000_000_i64.to_be_bytes()),
        (Item::Decimal, b"NaN"),
        (Item::Text, b"\xff"),
    ] {
        assert_eq!(item.value(bytes).unwrap_err().kind(), ErrorKind::Conversion, "{item:?}");
    }
    assert_eq!(Item::Int8.value(b"123").unwrap_err().kind(), ErrorKind::Protocol);
    Ok(())
}

#[test]
fn rows_that_lie_about_their_cells_are_refused() {
    let mut cells = Vec::new();
    let good = [0, 2, 0, 0, 0, 1, b'x', 0xff, 0xff, 0xff, 0xff];
    decode::cells(&good, 2, &mut cells).unwrap();
    assert_eq!(cells[0].bytes(&good), Some(&b"x"[..]));
    assert_eq!(cells[1].bytes(&good), None);
    assert!(decode::cells(&good, 3, &mut cells).is_err(), "another number of columns");
    for end in 0..good.len() {
        assert!(decode::cells(&good[..end], 2, &mut cells).is_err(), "{end} bytes of it");
    }
    let long = [0, 1, 0x7f, 0xff, 0xff, 0xff, 1];
    assert!(decode::cells(&long, 1, &mut cells).is_err(), "a cell longer than its message");
    assert!(decode::cells(&[0, 0, 1], 0, &mut cells).is_err(), "bytes left over");
}

#[test]
fn changed_rows_are_read_off_the_tag() {
    for (tag, affected) in [
        ("INSERT 0 5\0", 5),
        ("UPDATE 7\0", 7),
        ("SELECT 9\0", 0),
        ("BEGIN\0", 0),
        ("DELETE\0", 0),
        ("UPDATE x\0", 0),
    ] {
        assert_eq!(decode::affected(tag.as_bytes()), affected, "{tag}");
    }
}

#[test]
fn parameters_share_the_widest_type() {
    assert_eq!(encode::widest(&[Int(1), Null, Null, Text("a"), Int(1 << 40), Null], 2), {
        Some(vec![Some(types::INT8), Some(types::UNSPECIFIED)])
    });
    assert_eq!(encode::widest(&[Int(1), UInt(u64::MAX)], 1), Some(vec![Some(types::NUMERIC)]));
    assert_eq!(encode::widest(&[UInt(7), Int(1)], 1), Some(vec![Some(types::INT4)]));
    assert_eq!(encode::widest(&[Null, Null], 1), Some(vec![None]));
    assert_eq!(encode::widest(&[Int(1), Text("1")], 1), None);
}

#[test]
fn url_options_are_checked() {
    for (url, kind) in [
        ("postgresql://app@h/d?port=1,2", ErrorKind::Url),
        ("postgresql://app@/d?host=a,b,c&port=1,2", ErrorKind::Url),
        ("postgresql://app@h/d?channel_binding=yes", ErrorKind::Url),
        ("postgresql://app@h/d?target_session_attrs=master", ErrorKind::Url),
        ("postgresql://app@h/d?sslmode=maybe", ErrorKind::Url),
        ("postgresql://app@h/d?port=http", ErrorKind::Url),
        ("postgresql://app@h/d?tyop=1", ErrorKind::Url),
        ("postgresql://app@h/d?allow_cleartext_password=yes", ErrorKind::Url),
    ] {
        assert_eq!(connector(url).unwrap_err().kind(), kind, "{url}");
    }
    let unix = connector("postgresql://app:secret@/d?host=/run/postgresql&port=5433&sslmode=prefer").unwrap();
    let shown = format!("{unix:?}");
    assert!(shown.contains("/run/postgresql/.s.PGSQL.5433"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
    let two = format!("{:?}", connector("postgresql://app@one:1/d?host=two:2,three&port=3").unwrap());
    for part in ["one", "port: 1", "two", "port: 2", "three", "port: 3"] {
        assert!(two.contains(part), "{part} in {two}");
    }
}
