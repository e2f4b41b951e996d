//! One flight: from what the file says to what the clean table holds. No database in here.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use rebis::{Error, Many, Model, Result, Value};

use crate::models::Reject;
use crate::reference::utc_hour;

/// A row of `raw_flights`. Clock times are written as in 1745; they and the delays are missing for cancelled flights.
#[derive(Debug, Clone, Model)]
#[rebis(table = "raw_flights")]
pub(crate) struct RawFlight {
    #[rebis(primary_key)]
    pub(crate) month: u32,
    #[rebis(primary_key)]
    line: i64,
    year: i32,
    day: u32,
    sched_dep_time: i64,
    dep_delay: Option<i64>,
    sched_arr_time: i64,
    arr_time: Option<i64>,
    arr_delay: Option<i64>,
    carrier: String,
    flight: i64,
    tailnum: Option<String>,
    origin: String,
    dest: String,
    air_time: Option<i64>,
    distance: i64,
    time_hour: String,
}

impl RawFlight {
    /// For `--transform core`; the columns are found by their names.
    pub(crate) const SELECT: &str = "select line, year, month, day, sched_dep_time, dep_delay, sched_arr_time, arr_time, \
        arr_delay, carrier, flight, tailnum, origin, dest, air_time, distance, time_hour \
        from raw_flights where month = :month";
}

/// The keys that a flight may refer to. Read once by the parent; the workers inherit it with the rest of the memory.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) planes: HashSet<String>,
    pub(crate) airports: HashSet<String>,
}

/// A row of `flights`.
#[derive(Debug, Clone, Model)]
#[rebis(table = "flights")]
pub(crate) struct Flight {
    #[rebis(primary_key)]
    pub(crate) scheduled_departure: NaiveDateTime,
    #[rebis(primary_key)]
    pub(crate) carrier: String,
    #[rebis(primary_key)]
    pub(crate) flight: i64,
    #[rebis(primary_key)]
    pub(crate) origin: String,
    month: u32,
    time_hour: NaiveDateTime,
    departure: Option<NaiveDateTime>,
    pub(crate) dep_delay: Option<i64>,
    scheduled_arrival: NaiveDateTime,
    arrival: Option<NaiveDateTime>,
    pub(crate) arr_delay: Option<i64>,
    air_time: Option<i64>,
    distance: i64,
    tailnum: Option<String>,
    plane: Option<String>,
    dest: String,
    destination: Option<String>,
    /// What is wrong with it; a reject takes its key from its flight.
    #[rebis(relationship)]
    pub(crate) rejects: Many<Reject>,
}

impl Flight {
    pub(crate) const INSERT: &str = "insert into flights (scheduled_departure, carrier, flight, origin, month, \
        time_hour, departure, dep_delay, scheduled_arrival, arrival, arr_delay, air_time, distance, tailnum, plane, \
        dest, destination) \
        values (:scheduled_departure, :carrier, :flight, :origin, :month, \
        :time_hour, :departure, :dep_delay, :scheduled_arrival, :arrival, :arr_delay, :air_time, :distance, :tailnum, \
        :plane, :dest, :destination)";

    pub(crate) fn from_raw(raw: &RawFlight, known: &Known) -> Result<Flight> {
        let date = NaiveDate::from_ymd_opt(raw.year, raw.month, raw.day)
            .ok_or_else(|| Error::other(format!("there is no day {}-{}-{}", raw.year, raw.month, raw.day)))?;
        let scheduled_departure = at(date, raw.sched_dep_time)?;
        let departure = raw.dep_delay.map(|delay| scheduled_departure + TimeDelta::minutes(delay));
        let arrival = match (departure, raw.arr_time) {
            (Some(departure), Some(clock)) => Some(next(departure, clock)?),
            _ => None,
        };
        Ok(Flight {
            scheduled_departure,
            month: raw.month,
            time_hour: utc_hour(&raw.time_hour)?,
            departure,
            dep_delay: raw.dep_delay,
            scheduled_arrival: next(scheduled_departure, raw.sched_arr_time)?,
            arrival,
            arr_delay: raw.arr_delay,
            air_time: raw.air_time,
            distance: raw.distance,
            plane: raw.tailnum.clone().filter(|tailnum| known.planes.contains(tailnum)),
            tailnum: raw.tailnum.clone(),
            destination: Some(raw.dest.clone()).filter(|dest| known.airports.contains(dest)),
            dest: raw.dest.clone(),
            carrier: raw.carrier.clone(),
            flight: raw.flight,
            origin: raw.origin.clone(),
            rejects: Many::default(),
        })
    }

    /// In the order of their key the rows go to the end of the table.
    pub(crate) fn sort(flights: &mut [Flight]) {
        flights.sort_by(|a, b| (a.scheduled_departure, &a.carrier).cmp(&(b.scheduled_departure, &b.carrier)));
    }

    /// What is wrong with the flight. It is loaded all the same.
    pub(crate) fn reject_reasons(&self) -> impl Iterator<Item = &'static str> {
        let plane = match (&self.tailnum, &self.plane) {
            (None, _) => Some("tail number missing"),
            (Some(_), None) => Some("plane unknown"),
            _ => None,
        };
        let destination = self.destination.is_none().then_some("destination unknown");
        plane.into_iter().chain(destination)
    }

    /// One set of values for [`Flight::INSERT`].
    pub(crate) fn values(&self) -> Vec<Value> {
        vec![
            self.scheduled_departure.into(),
            (&self.carrier).into(),
            self.flight.into(),
            (&self.origin).into(),
            self.month.into(),
            self.time_hour.into(),
            self.departure.into(),
            self.dep_delay.into(),
            self.scheduled_arrival.into(),
            self.arrival.into(),
            self.arr_delay.into(),
            self.air_time.into(),
            self.distance.into(),
            self.tailnum.as_ref().into(),
            self.plane.as_ref().into(),
            (&self.dest).into(),
            self.destination.as_ref().into(),
        ]
    }
}

/// A clock time like 1745 on a day; 2400 is the midnight at its end.
fn at(date: NaiveDate, clock: i64) -> Result<NaiveDateTime> {
    let (hours, minutes) = (clock / 100, clock % 100);
    if !(0..=2400).contains(&clock) || minutes > 59 {
        return Err(Error::other(format!("'{clock}' is no time of day like 1745")));
    }
    Ok(NaiveDateTime::from(date) + TimeDelta::minutes(hours * 60 + minutes))
}

/// The first time after a departure at which the clock shows this: after midnight on the next day.
///
/// Departure and arrival are in different time zones, but no flight goes west so fast that its clock goes back.
fn next(departure: NaiveDateTime, clock: i64) -> Result<NaiveDateTime> {
    let same_day = at(departure.date(), clock)?;
    Ok(if same_day < departure { same_day + TimeDelta::days(1) } else { same_day })
}
