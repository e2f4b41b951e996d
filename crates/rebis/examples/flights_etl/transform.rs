//! The months, spread over forked workers.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroUsize;

use rebis::{Engine, ProcessPool, Result, text};

use crate::flight::Known;
use crate::month::{self, MonthCounts};
use crate::options::Months;
use crate::progress::Progress;

/// A month that was to be done, and what came of it.
#[derive(Debug)]
pub(crate) struct MonthOutcome {
    pub(crate) month: u8,
    pub(crate) result: Result<MonthCounts>,
}

impl MonthOutcome {
    /// How many rows were read for it, if it was done.
    pub(crate) fn rows(&self) -> Option<u64> {
        self.result.as_ref().ok().map(|counts| counts.read)
    }
}

/// Transforms the months that are not done yet. A month that fails is in the result; the others are done all the same.
pub(crate) fn run(engine: &Engine, months: &Months, workers: NonZeroUsize) -> Result<Vec<MonthOutcome>> {
    let jobs = open_months(engine, months)?;
    let known = read_known(engine)?;
    let progress = Progress::new("transform", jobs.values().sum());
    let months: Vec<u8> = jobs.keys().copied().collect();
    let mut outcomes = Vec::with_capacity(months.len());

    // The closure goes into the workers by the fork, with the engine and all that is known; nothing is copied or sent.
    let engine = engine.clone();
    let pool = ProcessPool::new(workers.get()).build()?;
    let results = pool.imap_unordered(months.clone(), move |month| month::transform(&engine, &known, month))?;
    for (job, result) in results {
        let month = months[job];
        progress.advance_rows(jobs[&month]);
        progress.line(&describe(month, &result));
        outcomes.push(MonthOutcome { month, result });
    }
    Ok(outcomes)
}

fn describe(month: u8, result: &Result<MonthCounts>) -> String {
    match result {
        Ok(counts) => format!("month {month}: {} rows, {} rejects", counts.loaded, counts.rejects),
        Err(error) => format!("month {month}: failed: {}", error.chain()),
    }
}

/// The months to do, each with its number of raw rows. Months that have no row in `etl_months` get one.
fn open_months(engine: &Engine, wanted: &Months) -> Result<BTreeMap<u8, u64>> {
    engine.transaction(|tx| {
        let known: Vec<(u8, String)> = tx.fetch_all(text("select month, state from etl_months"))?;
        let known: BTreeMap<u8, String> = known.into_iter().collect();
        let counts: Vec<(u8, u64)> =
            tx.fetch_all(text("select month, count(*) from raw_flights group by month"))?;
        let wanted = counts.into_iter().filter(|(month, _)| wanted.0.contains(month));
        let open: BTreeMap<u8, u64> =
            wanted.filter(|(month, _)| known.get(month).is_none_or(|state| state != "done")).collect();
        let new = open.keys().filter(|month| !known.contains_key(month)).map(|month| (*month,));
        tx.execute_many(text("insert into etl_months (month, state) values (:month, 'open')"), new)?;
        Ok(open)
    })
}

fn read_known(engine: &Engine) -> Result<Known> {
    let mut conn = engine.connect()?;
    let planes = conn.fetch_all::<(String,)>(text("select tailnum from planes"))?;
    let airports = conn.fetch_all::<(String,)>(text("select code from airports"))?;
    Ok(Known { planes: keys(planes), airports: keys(airports) })
}

fn keys(rows: Vec<(String,)>) -> HashSet<String> {
    rows.into_iter().map(|(key,)| key).collect()
}
