//! The types of the crates `time` and `jiff`, beside chrono's.

use std::fmt::Debug;

use jiff::civil;
use rebis::{Connection, ErrorKind, FromValue, Value, text};
use time::macros::{date, datetime, time};

use super::{Database, Outcome, Scenario, passed, pick, refused, round_trip, table, unread};

pub(super) const CASES: &[Scenario] = &[
    ("crates_time", of_time),
    ("crates_jiff", of_jiff),
    ("crates_agree", agree),
    ("crates_lengths_of_time", lengths),
];

fn columns(database: &Database) -> [&'static str; 4] {
    pick(
        database,
        ["date", "time", "timestamp", "timestamp"],
        ["date", "time(6)", "datetime(6)", "datetime(6)"],
        ["date", "time", "timestamp", "timestamptz"],
    )
}

/// Before year 0: PostgreSQL's, and nobody else's.
fn ancient<T>(conn: &mut Connection, database: &Database, column: &str, value: T) -> usize
where
    T: Into<Value> + FromValue + Clone + PartialEq + Debug,
{
    if database.name == "PostgreSQL" {
        round_trip(conn, column, &[value])
    } else {
        refused(conn, column, &[value], (ErrorKind::Data, "years 0 to 9999"))
    }
}

fn of_time(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let [dates, times, naive, utc] = columns(database);
    let edges = [date!(0000 - 01 - 01), date!(0001 - 01 - 01), date!(2024 - 02 - 29), date!(9999 - 12 - 31)];
    let clocks = [time!(0:00), time!(23:59:59.999999), time!(12:00:00.000001)];
    let mut count = round_trip(&mut conn, dates, &edges) + round_trip(&mut conn, times, &clocks);
    let moments = [
        datetime!(0001-01-01 0:00),
        datetime!(1969-12-31 23:59:59.999999),
        datetime!(2024-02-29 12:34:56.000001),
        datetime!(9999-12-31 23:59:59.999999),
    ];
    count += round_trip(&mut conn, naive, &moments);
    count += round_trip(&mut conn, utc, &moments.map(time::PrimitiveDateTime::assume_utc));
    count += ancient(&mut conn, database, dates, date!(-0043 - 03 - 15));
    count += ancient(&mut conn, database, utc, datetime!(-0043-03-15 1:02:03.5 UTC));
    // Another zone's clock shows the same moment, and comes back in UTC.
    count += round_trip(&mut conn, utc, &[datetime!(2024-03-01 2:30 +5:30)]);
    // The first moment of year 1 somewhere is one of year 0 in UTC.
    count += round_trip(&mut conn, utc, &[datetime!(0001-01-01 0:00 +1)]);
    if database.name == "SQLite" {
        unread::<time::Time>(&mut conn, "select '23:59:60'", "a leap second");
    }
    if database.name == "PostgreSQL" {
        unread::<time::Date>(&mut conn, "select date '10000-01-01'", "beyond what `time` counts");
    }
    passed(format!("{count} values"))
}

fn of_jiff(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let [dates, times, naive, utc] = columns(database);
    let edges =
        [civil::date(0, 1, 1), civil::date(1, 1, 1), civil::date(2024, 2, 29), civil::date(9999, 12, 31)];
    let clocks = [civil::time(0, 0, 0, 0), civil::time(23, 59, 59, 999_999_000), civil::time(12, 0, 0, 1000)];
    let mut count = round_trip(&mut conn, dates, &edges) + round_trip(&mut conn, times, &clocks);
    let moments = edges.map(|date| date.at(23, 59, 59, 999_999_000));
    count += round_trip(&mut conn, naive, &moments);
    let instants = [-62_135_596_800_000_000, -1, 0, 1, 1_709_210_096_000_001, 253_402_207_200_000_000];
    let instants = instants.map(|micros| jiff::Timestamp::from_microsecond(micros).unwrap());
    count += round_trip(&mut conn, utc, &instants);
    count += ancient(&mut conn, database, dates, civil::date(-43, 3, 15));
    count += ancient(&mut conn, database, naive, civil::date(-43, 3, 15).at(1, 2, 3, 500_000_000));
    if database.name == "SQLite" {
        unread::<civil::Time>(&mut conn, "select '23:59:60'", "a leap second");
        unread::<jiff::Timestamp>(&mut conn, "select '2016-12-31 23:59:60'", "a leap second");
    }
    if database.name == "PostgreSQL" {
        unread::<civil::Date>(&mut conn, "select date '40000-01-01'", "beyond what jiff counts");
    }
    passed(format!("{count} values"))
}

/// One moment, written by each crate, is one value.
fn agree(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let [.., utc] = columns(database);
    table(&mut conn, "conf_values", &format!("v {utc}"));
    let micros = -1_234_567_890_123_457;
    let chrono = chrono::DateTime::from_timestamp_micros(micros).unwrap();
    let jiff = jiff::Timestamp::from_microsecond(micros).unwrap();
    let time = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).unwrap();
    let values: [Value; 3] = [chrono.into(), jiff.into(), time.into()];
    assert!(values[0] == values[1] && values[1] == values[2], "{values:?}");
    for value in values {
        conn.execute(text("insert into conf_values values (:v)").bind("v", value)).unwrap();
    }
    let rows: Vec<(chrono::DateTime<chrono::Utc>,)> =
        conn.fetch_all(text("select distinct v from conf_values")).unwrap();
    assert_eq!(rows, [(chrono,)]);
    let row = text("select v, v, v from conf_values");
    let row: (chrono::DateTime<chrono::Utc>, jiff::Timestamp, time::OffsetDateTime) =
        conn.execute(row).unwrap().of().first().unwrap().unwrap();
    assert_eq!(row, (chrono, jiff, time));
    passed("1 moment by 3 crates")
}

fn lengths(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let lengths = [0, 1, -1, 90_000_000_000, -90_000_000_001];
    let of_time = lengths.map(time::Duration::microseconds);
    let of_jiff = lengths.map(jiff::SignedDuration::from_micros);
    if database.name == "SQLite" {
        let refusal = (ErrorKind::Unsupported, "SQLite has no type for it");
        let no =
            refused(&mut conn, "text", &of_time, refusal) + refused(&mut conn, "text", &of_jiff, refusal);
        return passed(format!("{no} refused"));
    }
    let column = pick(database, "", "time(6)", "interval");
    let count = round_trip(&mut conn, column, &of_time) + round_trip(&mut conn, column, &of_jiff);
    let refusal = (ErrorKind::Data, "longer than chrono counts");
    let no = refused(&mut conn, column, &[time::Duration::MAX, time::Duration::MIN], refusal)
        + refused(&mut conn, column, &[jiff::SignedDuration::MAX, jiff::SignedDuration::MIN], refusal);
    passed(format!("{count} round trips, {no} refused"))
}
