//! The tables as models, for `--transform orm`; those of the flights are in `flight`.

use chrono::{NaiveDate, NaiveDateTime};
use rebis::{Embedded, Model, One};

use crate::flight::Flight;

/// A month of the transform: how far it is, and who is at work on it.
#[derive(Debug, Clone, Model)]
#[rebis(table = "etl_months")]
pub(crate) struct Month {
    #[rebis(primary_key, autoincrement = false)]
    pub(crate) month: u32,
    pub(crate) state: String,
    pub(crate) worker_pid: Option<u32>,
    pub(crate) rows_read: Option<u64>,
    pub(crate) rows_loaded: Option<u64>,
    pub(crate) rejects: Option<u64>,
    pub(crate) finished_at: Option<NaiveDateTime>,
}

#[derive(Debug, Clone, Model)]
#[rebis(table = "carriers")]
pub(crate) struct Carrier {
    #[rebis(primary_key)]
    pub(crate) code: String,
    name: String,
}

#[derive(Debug, Clone, Model)]
#[rebis(table = "airports")]
pub(crate) struct Airport {
    #[rebis(primary_key)]
    pub(crate) code: String,
    name: String,
}

/// A reason for which a flight is looked at askance. Its key is that of its flight, and the reason.
#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "flight_rejects")]
#[rebis(foreign_key(
    columns(scheduled_departure, carrier, flight, origin),
    refers(Flight::scheduled_departure, Flight::carrier, Flight::flight, Flight::origin)
))]
pub(crate) struct Reject {
    pub(crate) month: u32,
    #[rebis(primary_key)]
    pub(crate) scheduled_departure: NaiveDateTime,
    #[rebis(primary_key)]
    pub(crate) carrier: String,
    #[rebis(primary_key)]
    pub(crate) flight: i64,
    #[rebis(primary_key)]
    pub(crate) origin: String,
    #[rebis(primary_key)]
    pub(crate) reason: String,
}

/// What is summed up of delays, as columns of two tables.
#[derive(Debug, Clone, Default, PartialEq, Embedded)]
pub(crate) struct Sums {
    pub(crate) flights: u64,
    pub(crate) cancelled: u64,
    pub(crate) departures: u64,
    pub(crate) dep_delay_sum: i64,
    pub(crate) dep_delay_max: Option<i64>,
    pub(crate) arrivals: u64,
    pub(crate) arr_delay_sum: i64,
    pub(crate) arr_delay_max: Option<i64>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "delays_by_carrier")]
pub(crate) struct CarrierDelays {
    #[rebis(primary_key, column = "carrier", foreign_key = Carrier::code)]
    pub(crate) carrier_code: String,
    #[rebis(primary_key)]
    pub(crate) month: u32,
    #[rebis(embedded)]
    pub(crate) delays: Sums,
    /// The key's first half comes from here.
    #[rebis(relationship)]
    pub(crate) carrier: One<Carrier>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(table = "delays_by_day")]
pub(crate) struct DayDelays {
    #[rebis(primary_key, column = "origin", foreign_key = Airport::code)]
    pub(crate) origin_code: String,
    #[rebis(primary_key)]
    pub(crate) day: NaiveDate,
    #[rebis(embedded)]
    pub(crate) delays: Sums,
    #[rebis(relationship)]
    pub(crate) origin: One<Airport>,
}
