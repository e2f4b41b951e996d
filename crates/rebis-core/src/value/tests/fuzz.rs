//! Text in a cell as every type that is read from text.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::tests::fuzz;
use crate::value::{FromValue, Json, Range, Value, ValueRef};

fn reads<T: FromValue>(text: &str) {
    for value in
        [ValueRef::Text(text), ValueRef::Digits(text), ValueRef::Decimal(text.into()), ValueRef::Json(text)]
    {
        let _ = T::from_value(value);
    }
}

#[test]
fn fuzz_cells_of_text() {
    let seeds = [
        "2024-02-29",
        "23:59:60.999999",
        "2024-02-29 23:59:59.5+02:30",
        "-0044-03-15T00:00:00Z",
        "-838:59:59.999999",
        "P1Y2M3DT4H5M6.7S",
        "1 day 02:03:04.5",
        "-79228162514264337593543950335.0000000001",
        "1e-30",
        "18446744073709551616",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "[1,\"a\",null]",
        "[2024-01-01,infinity)",
        "(,\"a\\\"b\"]",
        "10.0.0.1/8",
        "fe80::1%eth0",
        "{\"a\": [true]}",
    ];
    let words = [
        "-",
        "+",
        ":",
        ".",
        " ",
        "T",
        "Z",
        "e",
        "E",
        "0",
        "9",
        "99999999999999999999",
        "24:00:00",
        "infinity",
        "NaN",
        "days",
        "[",
        "]",
        "(",
        ")",
        ",",
        "\"",
        "\\",
        "empty",
        "/",
        "::",
        "é",
        "null",
        "+00",
        "-00:00:01",
        "1e400",
        "1e-400",
    ];
    fuzz::text("cells_of_text", &seeds, &words, |text| {
        reads::<NaiveDate>(text);
        reads::<NaiveTime>(text);
        reads::<NaiveDateTime>(text);
        reads::<DateTime<Utc>>(text);
        reads::<TimeDelta>(text);
        reads::<Decimal>(text);
        reads::<Uuid>(text);
        reads::<i64>(text);
        reads::<i128>(text);
        reads::<u8>(text);
        reads::<f64>(text);
        reads::<bool>(text);
        reads::<std::net::IpAddr>(text);
        reads::<serde_json::Value>(text);
        reads::<Json<Vec<i64>>>(text);
        reads::<Range<i64>>(text);
        reads::<Range<NaiveDate>>(text);
        reads::<Range<Decimal>>(text);
        reads::<Value>(text);
    });
}
