//! Delays summed up: per carrier, and per origin and day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rebis::Value;

use crate::flight::Flight;
use crate::models::Sums;

/// What is added up over some flights. Whole minutes, so that the sums are exact.
#[derive(Debug, Default)]
pub(crate) struct Delays {
    flights: u64,
    cancelled: u64,
    departures: Sum,
    arrivals: Sum,
}

#[derive(Debug, Default)]
struct Sum {
    count: u64,
    sum: i64,
    max: Option<i64>,
}

impl Delays {
    /// The columns after the key, as parameters and as names.
    pub(crate) const COLUMNS: &str = "flights, cancelled, departures, dep_delay_sum, dep_delay_max, arrivals, \
        arr_delay_sum, arr_delay_max";
    pub(crate) const PARAMETERS: &str = ":flights, :cancelled, :departures, :dep_delay_sum, :dep_delay_max, \
        :arrivals, :arr_delay_sum, :arr_delay_max";

    fn add(&mut self, flight: &Flight) {
        self.flights += 1;
        self.cancelled += u64::from(flight.dep_delay.is_none());
        self.departures.add(flight.dep_delay);
        self.arrivals.add(flight.arr_delay);
    }

    /// One set of values after the key.
    pub(crate) fn values(&self) -> [Value; 8] {
        let Delays { flights, cancelled, departures, arrivals } = self;
        [
            (*flights).into(),
            (*cancelled).into(),
            departures.count.into(),
            departures.sum.into(),
            departures.max.into(),
            arrivals.count.into(),
            arrivals.sum.into(),
            arrivals.max.into(),
        ]
    }
}

impl From<Delays> for Sums {
    fn from(Delays { flights, cancelled, departures, arrivals }: Delays) -> Self {
        Sums {
            flights,
            cancelled,
            departures: departures.count,
            dep_delay_sum: departures.sum,
            dep_delay_max: departures.max,
            arrivals: arrivals.count,
            arr_delay_sum: arrivals.sum,
            arr_delay_max: arrivals.max,
        }
    }
}

impl Sum {
    fn add(&mut self, minutes: Option<i64>) {
        let Some(minutes) = minutes else { return };
        self.count += 1;
        self.sum += minutes;
        self.max = self.max.max(Some(minutes));
    }
}

pub(crate) fn by_carrier(flights: &[Flight]) -> BTreeMap<&str, Delays> {
    let mut delays = BTreeMap::<_, Delays>::new();
    for flight in flights {
        delays.entry(flight.carrier.as_str()).or_default().add(flight);
    }
    delays
}

pub(crate) fn by_day(flights: &[Flight]) -> BTreeMap<(&str, NaiveDate), Delays> {
    let mut delays = BTreeMap::<_, Delays>::new();
    for flight in flights {
        let key = (flight.origin.as_str(), flight.scheduled_departure.date());
        delays.entry(key).or_default().add(flight);
    }
    delays
}
