//! The unit of work with NULLs and with columns of every type: inserted and changed, alone and many in one statement. Another crate sent
//! texts for whole numbers, could not send NULL for them, and took the first column for the key.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rebis::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Database, Outcome, Scenario, passed};

pub(super) const CASES: &[Scenario] =
    &[("unit_rivals_every_type_and_null", every_type), ("unit_rivals_tables_as_described", as_described)];

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[rebis(table = "conf_uow_samples")]
struct Sample {
    small: Option<i16>,
    number: Option<i32>,
    big: Option<i64>,
    unsigned: Option<u32>,
    truth: Option<bool>,
    float: Option<f64>,
    #[rebis(primary_key)]
    key: i64,
    #[rebis(length = 30)]
    short: Option<String>,
    long: Option<String>,
    bytes: Option<Vec<u8>>,
    #[rebis(type = rebis::schema::SqlType::Numeric { precision: 12, scale: 3 })]
    decimal: Option<Decimal>,
    date: Option<NaiveDate>,
    time: Option<NaiveTime>,
    moment: Option<NaiveDateTime>,
    instant: Option<DateTime<Utc>>,
    uuid: Option<Uuid>,
    document: Option<rebis::Json<Vec<i64>>>,
}

fn sample(number: u8) -> Sample {
    let date = NaiveDate::from_ymd_opt(2020, 2, u32::from(number)).unwrap();
    let moment = date.and_hms_micro_opt(3, 4, 5, u32::from(number)).unwrap();
    Sample {
        small: Some(-i16::from(number)),
        number: Some(i32::from(number) * 100_000),
        big: Some(i64::from(number) << 40),
        unsigned: Some(u32::MAX - u32::from(number)),
        truth: Some(number & 1 == 0),
        float: Some(f64::from(number) / 8.0),
        key: 0,
        short: Some(format!("short {number}")),
        long: Some("long ".repeat(number.into())),
        bytes: Some(vec![0, number, 255]),
        decimal: Some(Decimal::new(i64::from(number), 3)),
        date: Some(date),
        time: Some(moment.time()),
        moment: Some(moment),
        instant: Some(moment.and_utc()),
        uuid: Some(Uuid::from_u128(number.into())),
        document: Some(rebis::Json(vec![number.into()])),
    }
}

/// Gives rows these values, alone or together, and reads them by another session.
fn changed(session: &Session, rows: &[Instance<Sample>], values: &[Sample], together: bool) {
    let keys: Vec<i64> = rows.iter().map(|row| row.get(Sample::key).unwrap()).collect();
    for ((row, &key), value) in rows.iter().zip(&keys).zip(values) {
        *row.write().unwrap() = Sample { key, ..value.clone() };
        if !together {
            session.flush().unwrap();
        }
    }
    session.commit().unwrap();
    let other = Session::new(session.engine());
    for (&key, value) in keys.iter().zip(values) {
        let found = other.get_one::<Sample>(key).unwrap().to_value().unwrap();
        assert_eq!(found, Sample { key, ..value.clone() }, "together: {together}");
    }
}

fn every_type(database: &Database) -> Outcome {
    let engine = database.engine(2);
    rebis::drop_all::<(Sample,)>(&engine).unwrap();
    rebis::create_all::<(Sample,)>(&engine).unwrap();
    let session = Session::new(&engine);
    let null = Sample::default();
    let rows = session.add_all([sample(1), null.clone(), sample(2), null.clone()]).unwrap();
    session.commit().unwrap();
    for (row, value) in rows.iter().zip([sample(1), null.clone(), sample(2), null.clone()]) {
        let key = row.get(Sample::key).unwrap();
        assert_ne!(key, 0);
        assert_eq!(row.to_value().unwrap(), Sample { key, ..value });
    }
    for together in [true, false] {
        // A NULL beside values, values beside NULLs, all NULL.
        changed(&session, &rows, &[sample(3), sample(4), null.clone(), null.clone()], together);
        changed(&session, &rows, &[sample(5), null.clone(), null.clone(), sample(6)], together);
        changed(&session, &rows, &[null.clone(), null.clone(), null.clone(), null.clone()], together);
    }
    rows.iter().for_each(|row| session.delete(row).unwrap());
    session.commit().unwrap();
    assert_eq!(session.query::<Sample>().count().unwrap(), 0);
    passed("4 rows of 17 columns, the key the seventh, 6 times changed")
}

// Tables were made without foreign keys, and a nullable key column as text.
fn as_described(database: &Database) -> Outcome {
    use super::unit_models::Book;
    let engine = super::unit_models::engine(database);
    let session = Session::new(&engine);
    let error = session.add(Book { author_id: Some(999), ..Book::default() }).and_then(|_| session.flush());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::ForeignKeyViolation);
    session.rollback().unwrap();
    let mut conn = engine.connect().unwrap();
    let table = rebis::schema::Table::reflect(&mut conn, "conf_uow_books").unwrap();
    let column = table.column("author_id").unwrap();
    assert_eq!((column.sql_type(), column.is_nullable()), (&rebis::schema::SqlType::BigInteger, true));
    passed("the key is there, and a number")
}
