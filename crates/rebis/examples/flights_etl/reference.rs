//! Carriers, airports, planes and weather: what the flights refer to. The parent does it before it forks.

use chrono::NaiveDateTime;
use rebis::{Engine, Error, Result, Transaction, text};

use crate::once::once;

/// Fills the tables that are not filled yet; gives the number of rows.
pub(crate) fn fill(engine: &Engine) -> Result<u64> {
    let rows = [
        once(engine, "carriers", carriers)?,
        once(engine, "airports", airports)?,
        once(engine, "planes", planes)?,
        once(engine, "weather", weather)?,
    ];
    Ok(rows.into_iter().flatten().sum())
}

// Where nothing needs to be computed, the rows need not leave the database.

fn carriers(tx: &mut Transaction<'_>) -> Result<u64> {
    let copy = text("insert into carriers (code, name) select carrier, name from raw_airlines");
    Ok(tx.execute(copy)?.rows_affected())
}

fn airports(tx: &mut Transaction<'_>) -> Result<u64> {
    let copy = text(
        "insert into airports (code, name, latitude, longitude, altitude, utc_offset, dst, time_zone)
         select faa, name, lat, lon, alt, tz, dst, tzone from raw_airports",
    );
    Ok(tx.execute(copy)?.rows_affected())
}

fn planes(tx: &mut Transaction<'_>) -> Result<u64> {
    let copy = text(
        "insert into planes (tailnum, year, type, manufacturer, model, engines, seats, speed, engine)
         select tailnum, year, type, manufacturer, model, engines, seats, speed, engine from raw_planes",
    );
    Ok(tx.execute(copy)?.rows_affected())
}

/// An hour of weather: where, when, then the measurements in the order of the table.
type RawHour = (String, String, F, F, F, Option<i64>, F, F, F, F, F);
type F = Option<f64>;

/// The databases read times in different words, so this one goes through Rust.
fn weather(tx: &mut Transaction<'_>) -> Result<u64> {
    let hours: Vec<RawHour> = tx.fetch_all(text(
        "select origin, time_hour, temp, dewp, humid, wind_dir, wind_speed, wind_gust, precip, pressure, visib
         from raw_weather",
    ))?;
    let mut rows = Vec::with_capacity(hours.len());
    for (origin, time, temp, dewp, humid, dir, speed, gust, precip, pressure, visib) in hours {
        let time = utc_hour(&time)?;
        rows.push((origin, time, temp, dewp, humid, dir, speed, gust, precip, pressure, visib));
    }
    let insert = text(
        "insert into weather (origin, time_hour, temp, dewp, humid, wind_dir, wind_speed, wind_gust, precip, pressure,
             visib)
         values (:origin, :time_hour, :temp, :dewp, :humid, :wind_dir, :wind_speed, :wind_gust, :precip, :pressure,
             :visib)",
    );
    tx.execute_many(insert, rows)
}

/// The files' `time_hour`, like 2013-01-01T10:00:00Z.
pub(crate) fn utc_hour(text: &str) -> Result<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ")
        .map_err(|error| Error::other(format!("time_hour '{text}': {error}")))
}
