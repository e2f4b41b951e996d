//! The edges of dates and times: before year 1, leap seconds, the end of a day, lengths of time.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rebis::{ErrorKind, text};

use super::{Database, Outcome, Scenario, passed, pick, refused, round_trip, table, unread};

pub(super) const CASES: &[Scenario] = &[
    ("calendar_years_far_away", years),
    ("calendar_leap_seconds", leap_seconds),
    ("calendar_end_of_the_day", end_of_day),
    ("calendar_lengths_of_time", lengths),
    ("calendar_lengths_that_do_not_fit", long_lengths),
    ("calendar_finer_than_a_microsecond_is_found", fine),
];

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn at(date: NaiveDate) -> NaiveDateTime {
    date.and_hms_micro_opt(23, 59, 59, 999_999).unwrap()
}

fn years(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let moments = pick(database, "timestamp", "datetime(6)", "timestamp");
    let zoned = pick(database, "timestamp", "datetime(6)", "timestamptz");
    // MariaDB has no leap day in year 0.
    let leap = day(0, 2, pick(database, 29, 28, 29));
    let near = [day(0, 1, 1), leap, day(0, 12, 31), day(1, 1, 1), day(9999, 12, 31)];
    let far = [
        day(-43, 3, 15),
        day(-1, 12, 31),
        day(-4, 2, 29),
        day(-4711, 1, 1),
        day(10_000, 1, 1),
        day(262_000, 6, 1),
    ];
    let utc =
        |dates: &[NaiveDate]| dates.iter().map(|date| at(*date).and_utc()).collect::<Vec<DateTime<Utc>>>();
    let naive = |dates: &[NaiveDate]| dates.iter().map(|date| at(*date)).collect::<Vec<_>>();
    let mut count = round_trip(&mut conn, "date", &near)
        + round_trip(&mut conn, moments, &naive(&near))
        + round_trip(&mut conn, zoned, &utc(&near));
    let mut no = 0;
    if database.name == "PostgreSQL" {
        count += round_trip(&mut conn, "date", &far)
            + round_trip(&mut conn, moments, &naive(&far))
            + round_trip(&mut conn, zoned, &utc(&far));
        let ancient = [day(-4800, 1, 1), NaiveDate::MIN];
        no += refused(&mut conn, "date", &ancient, (ErrorKind::Data, "out of range"));
        no += refused(&mut conn, moments, &naive(&ancient), (ErrorKind::Data, "out of range"));
        for infinite in ["'infinity'::date", "'-infinity'::timestamp", "'infinity'::timestamptz"] {
            unread::<NaiveDate>(&mut conn, &format!("select {infinite} as v"), "column 'v'");
            // The row's other cells are there all the same, and so is the next row.
            let sql = format!("select 1 as n, {infinite} as v union all select 2, null order by n");
            let rows = conn.execute(rebis::raw(sql)).unwrap().all().unwrap();
            assert_eq!((rows[0].value::<i64>("n").unwrap(), rows[1].value::<i64>("n").unwrap()), (1, 2));
            assert_eq!(rows[0].value::<NaiveDate>("v").unwrap_err().kind(), ErrorKind::Conversion);
        }
    } else {
        let refusal = (ErrorKind::Data, "of the years 0 to 9999");
        no += refused(&mut conn, "date", &far, refusal)
            + refused(&mut conn, moments, &naive(&far), refusal)
            + refused(&mut conn, zoned, &utc(&far), refusal);
        if database.name == "MariaDB" {
            no += refused(&mut conn, "date", &[day(0, 2, 29)], (ErrorKind::Data, ""));
        }
    }
    passed(format!("{count} round trips, {no} refused"))
}

fn leap_seconds(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let leap = day(2016, 12, 31).and_hms_micro_opt(23, 59, 59, 1_500_000).unwrap();
    if database.name == "SQLite" {
        let count = round_trip(&mut conn, "time", &[leap.time()])
            + round_trip(&mut conn, "timestamp", &[leap])
            + round_trip(&mut conn, "timestamp", &[leap.and_utc()]);
        return passed(format!("{count} round trips"));
    }
    let refusal = (ErrorKind::Data, "has no leap seconds");
    let columns = pick(database, ["", ""], ["time(6)", "datetime(6)"], ["time", "timestamptz"]);
    let no = refused(&mut conn, columns[0], &[leap.time()], refusal)
        + refused(&mut conn, columns[1], &[leap], refusal)
        + refused(&mut conn, columns[1], &[leap.and_utc()], refusal);
    passed(format!("{no} refused: it would become another second"))
}

fn end_of_day(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let time = pick(database, "'24:00:00'", "cast('24:00:00' as time)", "time '24:00:00'");
    let sql = format!("select {time} as v");
    let says = pick(
        database,
        "no time like",
        "no time of day; TimeDelta takes it",
        "24:00:00, which the Rust types",
    );
    unread::<NaiveTime>(&mut conn, &sql, says);
    if database.name == "MariaDB" {
        assert_eq!(conn.scalar::<TimeDelta>(rebis::raw(sql.as_str())).unwrap(), TimeDelta::hours(24));
    }
    // 60 minutes and the like are nobody's.
    if database.name == "SQLite" {
        unread::<NaiveTime>(&mut conn, "select '12:60:00'", "no time like");
        unread::<NaiveDate>(&mut conn, "select '2023-02-29'", "no date like");
        unread::<DateTime<Utc>>(&mut conn, "select '2023-02-28 24:00:00'", "no timestamp like");
    }
    passed("refused by its name")
}

fn lengths(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    let micro = TimeDelta::microseconds(1);
    let mut values = vec![
        TimeDelta::zero(),
        micro,
        -micro,
        TimeDelta::seconds(86_399),
        TimeDelta::hours(24),
        TimeDelta::hours(-24) - micro,
        TimeDelta::hours(838) + TimeDelta::seconds(3599),
        -(TimeDelta::hours(838) + TimeDelta::seconds(3599)),
    ];
    match database.name {
        "SQLite" => {
            let refusal = (ErrorKind::Unsupported, "bind its seconds or microseconds");
            return passed(format!("{} refused", refused(&mut conn, "text", &values, refusal)));
        }
        "MariaDB" => return passed(format!("{} round trips", round_trip(&mut conn, "time(6)", &values))),
        _ => {}
    }
    values.extend([TimeDelta::days(36_500), TimeDelta::days(-1), TimeDelta::microseconds(i64::MAX / 2)]);
    let count = round_trip(&mut conn, "interval", &values);
    // As the server writes them, days apart; a day has 24 hours.
    let day: TimeDelta = conn.scalar(text("select interval '-1 day 02:00:00.000001'")).unwrap();
    assert_eq!(day, TimeDelta::hours(-22) + micro);
    let sum = text("select timestamptz '2024-02-28 12:00Z' + :day").bind("day", TimeDelta::days(2));
    assert_eq!(conn.scalar::<DateTime<Utc>>(sum).unwrap(), day_noon());
    let difference = text("select timestamp '2024-03-01' - timestamp '2024-02-01 12:00'");
    assert_eq!(conn.scalar::<TimeDelta>(difference).unwrap(), TimeDelta::hours(28 * 24 + 12));
    passed(format!("{count} round trips"))
}

fn day_noon() -> DateTime<Utc> {
    day(2024, 3, 1).and_hms_opt(12, 0, 0).unwrap().and_utc()
}

fn long_lengths(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    match database.name {
        "SQLite" => passed("there is no type for them: calendar_lengths_of_time"),
        "MariaDB" => {
            let values = [TimeDelta::hours(839), TimeDelta::hours(-839), TimeDelta::MAX, TimeDelta::MIN];
            let no = refused(&mut conn, "time(6)", &values, (ErrorKind::Data, "less than 839 hours"));
            passed(format!("{no} refused"))
        }
        _ => {
            let values = [TimeDelta::MAX, TimeDelta::MIN];
            let no =
                refused(&mut conn, "interval", &values, (ErrorKind::Data, "beyond PostgreSQL's interval"));
            unread::<TimeDelta>(&mut conn, "select interval '1 month' as v", "cast it to text");
            unread::<TimeDelta>(&mut conn, "select interval '1 year -12 days' as v", "column 'v'");
            let months: String = conn.scalar(text("select interval '1 month'::text")).unwrap();
            assert_eq!(months, "1 mon");
            passed(format!("{no} refused, months not read as days"))
        }
    }
}

/// What is bound is cut before it is compared, so that it finds what was cut when it was stored.
fn fine(database: &Database) -> Outcome {
    let mut conn = database.engine(1).connect().unwrap();
    table(&mut conn, "conf_values", pick(database, "v timestamp", "v datetime(6)", "v timestamptz"));
    let mut found = 0;
    for year in [1960, 2024] {
        let moment = day(year, 2, 3).and_hms_nano_opt(4, 5, 6, 789_123_999).unwrap().and_utc();
        conn.execute(text("insert into conf_values values (:v)").bind("v", moment)).unwrap();
        let same = text("select count(*) from conf_values where v = :v").bind("v", moment);
        found += conn.scalar::<i64>(same).unwrap();
        let back = text("select v from conf_values where v = :v").bind("v", moment);
        let cut = moment - TimeDelta::nanoseconds(999);
        assert_eq!(conn.scalar::<DateTime<Utc>>(back).unwrap(), cut);
    }
    assert_eq!(found, 2);
    passed("2 moments with nanoseconds, found and cut")
}
