//! A month by models and a session: `--transform orm`.

use rebis::sql::{Expression, LockWait};
use rebis::{Error, GetOptions, IsolationLevel, Many, Result, ScopedSession, Session};

use super::MonthCounts;
use crate::delays;
use crate::flight::{Flight, Known, RawFlight};
use crate::models::{Airport, Carrier, CarrierDelays, DayDelays, Month, Reject};
use crate::once::{now, with_retries};

/// Configured by the parent; each worker finds a session of its own in it.
pub(crate) static DB: ScopedSession = ScopedSession::new();

/// How many raw flights are read at a time.
const CHUNK: usize = 1_000;

/// Does a month, exactly once: its rows and the mark that it is done are one transaction.
pub(crate) fn transform(known: &Known, month: u8) -> Result<MonthCounts> {
    with_retries(|| {
        let done = DB.session().and_then(|session| attempt(&session, known, month));
        // What is left of an attempt that failed goes with its session.
        DB.remove();
        done
    })
}

fn attempt(session: &Session, known: &Known, month: u8) -> Result<MonthCounts> {
    let mark = session.get_one::<Month>(month)?;
    // After a lost answer to COMMIT this tells whether it happened.
    if let Some(counts) = counts_if_done(&*mark.read()?) {
        return Ok(counts);
    }
    // Who is at work, for people who watch. It is committed at once and promises nothing.
    mark.set(Month::state, "running")?;
    mark.set(Month::worker_pid, std::process::id())?;
    session.commit()?;

    // Reading and computing take no lock: meanwhile another worker can write its month.
    let flights = read_flights(session, known, month)?;
    write_month(session, month, flights)
}

fn counts_if_done(mark: &Month) -> Option<MonthCounts> {
    let Month { rows_read: Some(read), rows_loaded: Some(loaded), rejects: Some(rejects), .. } = *mark else {
        return None;
    };
    (mark.state == "done").then_some(MonthCounts { read, loaded, rejects })
}

fn read_flights(session: &Session, known: &Known, month: u8) -> Result<Vec<Flight>> {
    // One statement sees one state of the database; a transaction would only lock (`begin=immediate`).
    let reading =
        session.engine().execution_options(|o| o.isolation_level = Some(IsolationLevel::Autocommit))?;
    let reading = Session::new(&reading);
    let rows = reading.query::<RawFlight>().filter(RawFlight::month.eq(u32::from(month))).stream(CHUNK)?;
    let flights = rows.map(|raw| Flight::from_raw(&*raw?.read()?, known));
    let mut flights = flights.collect::<Result<Vec<_>>>()?;
    Flight::sort(&mut flights);
    Ok(flights)
}

/// Everything goes into the session, and its commit sends it in the order in which the tables name each other.
fn write_month(session: &Session, month: u8, mut flights: Vec<Flight>) -> Result<MonthCounts> {
    // Only while this worker is the one that the month is marked with: two runs at a time may both compute a month, and
    // one of them writes it.
    let locked = GetOptions::new().for_update(LockWait::Wait).populate_existing();
    let taken_over = || Error::other(format!("another run has taken over month {month}"));
    let mark = session.get_with::<Month>(month, locked)?.ok_or_else(taken_over)?;
    if !is_ours(&*mark.read()?) {
        return Err(taken_over());
    }

    add_delays(session, month, &flights)?;
    let mut counts = MonthCounts { read: flights.len() as u64, loaded: flights.len() as u64, rejects: 0 };
    for flight in &mut flights {
        let reject =
            |reason: &str| Reject { month: month.into(), reason: reason.into(), ..Reject::default() };
        flight.rejects = flight.reject_reasons().map(reject).collect::<Many<Reject>>();
        counts.rejects += flight.rejects.iter().count() as u64;
    }
    session.add_all(flights)?;
    mark_done(&mut *mark.write()?, counts);
    session.commit()?;
    Ok(counts)
}

fn is_ours(mark: &Month) -> bool {
    mark.state == "running" && mark.worker_pid == Some(std::process::id())
}

fn add_delays(session: &Session, month: u8, flights: &[Flight]) -> Result<()> {
    // All at once; `get_one` finds them in memory as long as they are held here.
    let _carriers = session.query::<Carrier>().all()?;
    for (code, delays) in delays::by_carrier(flights) {
        let carrier = (&session.get_one::<Carrier>(code)?).into();
        let delays = delays.into();
        session.add(CarrierDelays { carrier, month: month.into(), delays, ..CarrierDelays::default() })?;
    }
    for ((code, day), delays) in delays::by_day(flights) {
        let origin = (&session.get_one::<Airport>(code)?).into();
        let delays = delays.into();
        session.add(DayDelays { origin, day, delays, ..DayDelays::default() })?;
    }
    Ok(())
}

fn mark_done(mark: &mut Month, counts: MonthCounts) {
    mark.state = "done".into();
    mark.rows_read = Some(counts.read);
    mark.rows_loaded = Some(counts.loaded);
    mark.rejects = Some(counts.rejects);
    mark.finished_at = Some(now());
}
