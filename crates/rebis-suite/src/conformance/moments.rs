//! Dates, times, and moments.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use rebis::text;

use super::{Database, Outcome, Scenario, passed, pick, round_trip, table};

pub(super) const CASES: &[Scenario] = &[
    ("moments_dates", dates),
    ("moments_times", times),
    ("moments_dates_and_times", date_times),
    ("moments_timestamps", timestamps),
    ("moments_are_what_the_database_prints", literals),
    ("moments_finer_than_a_microsecond", nanoseconds),
];

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn dates(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let values =
        ["0001-01-01", "9999-12-31", "2024-02-29", "1900-03-01", "1969-12-31", "1970-01-01", "2000-01-01"];
    passed(format!("{} round trips", round_trip(&mut conn, "date", &values.map(date))))
}

fn times(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let column = pick(database, "time", "time(6)", "time");
    let values = ["00:00:00", "23:59:59.999999", "12:00:00.000001", "01:02:03.5", "00:00:00.1"];
    let values: [NaiveTime; 5] = values.map(|text| text.parse().unwrap());
    passed(format!("{} round trips", round_trip(&mut conn, column, &values)))
}

const MOMENTS: [&str; 7] = [
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.999999",
    "2024-02-29T12:34:56.000001",
    "1969-12-31T23:59:59.999999",
    "1970-01-01T00:00:00",
    "1999-12-31T23:59:59.999999",
    "2013-01-31T00:00:00.1",
];

fn date_times(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let column = pick(database, "timestamp", "datetime(6)", "timestamp");
    let values: [NaiveDateTime; 7] = MOMENTS.map(|text| text.parse().unwrap());
    passed(format!("{} round trips", round_trip(&mut conn, column, &values)))
}

fn timestamps(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let values: [DateTime<Utc>; 7] = MOMENTS.map(|text| text.parse::<NaiveDateTime>().unwrap().and_utc());
    let column = pick(database, "timestamp", "datetime(6)", "timestamptz");
    let mut count = round_trip(&mut conn, column, &values);
    // MySQL's TIMESTAMP covers 1970 to 2038 only.
    let values = ["1970-01-01T00:00:01", "2038-01-19T03:14:07.999999", "2024-02-29T12:34:56.000001"];
    let values = values.map(|text| text.parse::<NaiveDateTime>().unwrap().and_utc());
    count += round_trip(&mut conn, pick(database, "timestamp", "timestamp(6) null", "timestamptz"), &values);
    // Another zone's clock shows the same moment.
    let east = chrono::FixedOffset::east_opt(5 * 3600 + 1800).unwrap();
    let moment = east.with_ymd_and_hms(2024, 3, 1, 2, 30, 0).unwrap();
    table(&mut conn, "conf_values", &format!("v {column}"));
    conn.execute(text("insert into conf_values values (:v)").bind("v", moment)).unwrap();
    let back: DateTime<Utc> = conn.scalar(text("select v from conf_values")).unwrap();
    assert_eq!((back, back.to_rfc3339()), (moment.to_utc(), "2024-02-29T21:00:00+00:00".to_owned()));
    passed(format!("{count} round trips and 1 from another zone"))
}

/// That writing and reading agree is not enough: both could be wrong.
fn literals(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let columns = pick(
        database,
        "d date, t time, m timestamp, z timestamp",
        "d date, t time(6), m datetime(6), z timestamp(6) null",
        "d date, t time, m timestamp, z timestamptz",
    );
    table(&mut conn, "conf_values", columns);
    let utc = pick(
        database,
        "2024-02-29 23:59:59.000001+00:00",
        "2024-02-29 23:59:59.000001",
        "2024-02-29 23:59:59.000001+00",
    );
    let sql =
        "insert into conf_values values ('2024-02-29', '23:59:59.000001', '2024-02-29 23:59:59.000001', '";
    super::run_raw(&mut conn, format!("{sql}{utc}')"));
    let moment = date("2024-02-29").and_hms_micro_opt(23, 59, 59, 1).unwrap();
    conn.execute(
        text("insert into conf_values values (:d, :t, :m, :z)")
            .bind("d", moment.date())
            .bind("t", moment.time())
            .bind("m", moment)
            .bind("z", moment.and_utc()),
    )
    .unwrap();
    let rows: Vec<(NaiveDate, NaiveTime, NaiveDateTime, DateTime<Utc>)> =
        conn.fetch_all(text("select d, t, m, z from conf_values")).unwrap();
    let expected = (moment.date(), moment.time(), moment, moment.and_utc());
    assert_eq!(rows, [expected, expected]);
    // As the database prints it: the same text for both rows.
    let length = if database.is_server() { "char(32)" } else { "text" };
    let sql = ["d", "t", "m", "z"].map(|column| format!("trim(cast({column} as {length}))")).join(", ");
    let texts: Vec<(String, String, String, String)> =
        conn.fetch_all(rebis::raw(format!("select {sql} from conf_values"))).unwrap();
    assert_eq!(texts[0], texts[1]);
    let printed = ("2024-02-29", "23:59:59.000001", "2024-02-29 23:59:59.000001", utc);
    assert_eq!((&*texts[0].0, &*texts[0].1, &*texts[0].2, &*texts[0].3), printed);
    passed("4 types written as literals and as values")
}

/// Cut, not rounded, and the same on every database: what is read back does not depend on where it was stored.
fn nanoseconds(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let columns = pick(
        database,
        "t time, m timestamp, z timestamp",
        "t time(6), m datetime(6), z datetime(6)",
        "t time, m timestamp, z timestamptz",
    );
    table(&mut conn, "conf_values", columns);
    for year in [1960, 2024] {
        let day = NaiveDate::from_ymd_opt(year, 12, 31).unwrap();
        let fine = day.and_hms_nano_opt(23, 59, 59, 999_999_999).unwrap();
        let cut = day.and_hms_micro_opt(23, 59, 59, 999_999).unwrap();
        conn.execute(
            text("insert into conf_values values (:t, :m, :z)")
                .bind("t", fine.time())
                .bind("m", fine)
                .bind("z", fine.and_utc()),
        )
        .unwrap();
        let row: (NaiveTime, NaiveDateTime, DateTime<Utc>) =
            conn.execute(text("select t, m, z from conf_values")).unwrap().of().one().unwrap();
        assert_eq!(row, (cut.time(), cut, cut.and_utc()));
        conn.rollback().unwrap();
    }
    passed("3 types before and after 1970")
}
