//! A month by SQL texts: `--transform core`.

use rebis::{Engine, Error, IsolationLevel, Result, Transaction, Value, raw, text};

use super::MonthCounts;
use crate::delays::{self, Delays};
use crate::flight::{Flight, Known, RawFlight};
use crate::once::{now, with_retries};

/// Does a month, exactly once: its rows and the mark that it is done are one transaction.
pub(crate) fn transform(engine: &Engine, known: &Known, month: u8) -> Result<MonthCounts> {
    with_retries(|| {
        // After a lost answer to COMMIT this tells whether it happened.
        if let Some(counts) = counts_if_done(engine, month)? {
            return Ok(counts);
        }
        mark_running(engine, month)?;
        // Reading and computing take no lock: meanwhile another worker can write its month.
        let flights = read_flights(engine, known, month)?;
        engine.transaction(|tx| write_month(tx, month, &flights))
    })
}

fn counts_if_done(engine: &Engine, month: u8) -> Result<Option<MonthCounts>> {
    let done = text(
        "select rows_read, rows_loaded, rejects from etl_months where month = :month and state = 'done'",
    );
    let counts = engine.connect()?.execute(done.bind("month", month))?.of().first()?;
    Ok(counts.map(|(read, loaded, rejects)| MonthCounts { read, loaded, rejects }))
}

/// Says who is at work, for people who watch. It is committed at once and promises nothing.
fn mark_running(engine: &Engine, month: u8) -> Result<()> {
    let mark = text("update etl_months set state = 'running', worker_pid = :pid where month = :month");
    engine.transaction(|tx| {
        tx.execute(mark.bind("pid", std::process::id()).bind("month", month))?;
        Ok(())
    })
}

fn read_flights(engine: &Engine, known: &Known, month: u8) -> Result<Vec<Flight>> {
    let mut conn = engine.connect()?;
    // One statement sees one state of the database; a transaction would only lock (`begin=immediate`).
    conn.set_isolation_level(IsolationLevel::Autocommit)?;
    let rows = conn.execute(text(RawFlight::SELECT).bind("month", month))?;
    let flights = rows.of::<RawFlight>().map(|row| Flight::from_raw(&row?, known));
    let mut flights = flights.collect::<Result<Vec<_>>>()?;
    Flight::sort(&mut flights);
    Ok(flights)
}

fn write_month(tx: &mut Transaction<'_>, month: u8, flights: &[Flight]) -> Result<MonthCounts> {
    let loaded = tx.execute_many(text(Flight::INSERT), flights.iter().map(Flight::values))?;
    let rejects = write_rejects(tx, month, flights)?;
    write_delays(tx, month, flights)?;
    let counts = MonthCounts { read: flights.len() as u64, loaded, rejects };
    mark_done(tx, month, counts)?;
    Ok(counts)
}

fn write_rejects(tx: &mut Transaction<'_>, month: u8, flights: &[Flight]) -> Result<u64> {
    let insert = text(
        "insert into flight_rejects (month, scheduled_departure, carrier, flight, origin, reason)
         values (:month, :scheduled_departure, :carrier, :flight, :origin, :reason)",
    );
    let rejects = flights.iter().flat_map(|flight| {
        flight.reject_reasons().map(move |reason| {
            (
                month,
                flight.scheduled_departure,
                flight.carrier.as_str(),
                flight.flight,
                flight.origin.as_str(),
                reason,
            )
        })
    });
    tx.execute_many(insert, rejects)
}

fn write_delays(tx: &mut Transaction<'_>, month: u8, flights: &[Flight]) -> Result<()> {
    let (columns, parameters) = (Delays::COLUMNS, Delays::PARAMETERS);
    let by_carrier = delays::by_carrier(flights);
    let rows = by_carrier.iter().map(|(carrier, delays)| row([(*carrier).into(), month.into()], delays));
    tx.execute_many(
        raw(format!(
            "insert into delays_by_carrier (carrier, month, {columns}) values (:carrier, :month, {parameters})"
        )),
        rows,
    )?;
    let by_day = delays::by_day(flights);
    let rows = by_day.iter().map(|((origin, day), delays)| row([(*origin).into(), (*day).into()], delays));
    tx.execute_many(
        raw(format!(
            "insert into delays_by_day (origin, day, {columns}) values (:origin, :day, {parameters})"
        )),
        rows,
    )?;
    Ok(())
}

fn row(key: [Value; 2], delays: &Delays) -> Vec<Value> {
    key.into_iter().chain(delays.values()).collect()
}

/// The mark goes in only while this worker is the one that the month is marked with: two runs at a time may both
/// compute a month, and one of them writes it.
fn mark_done(tx: &mut Transaction<'_>, month: u8, counts: MonthCounts) -> Result<()> {
    let mark = text(
        "update etl_months
         set state = 'done', rows_read = :read, rows_loaded = :loaded, rejects = :rejects, finished_at = :now
         where month = :month and state = 'running' and worker_pid = :pid",
    );
    let mark = mark.bind("read", counts.read).bind("loaded", counts.loaded).bind("rejects", counts.rejects);
    let mark = mark.bind("now", now()).bind("month", month).bind("pid", std::process::id());
    match tx.execute(mark)?.rows_affected() {
        1 => Ok(()),
        _ => Err(Error::other(format!("another run has taken over month {month}"))),
    }
}
