//! The months, spread over forked workers.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroUsize;
use std::rc::Rc;

use rebis::{Engine, ProcessPool, Result, SessionMaker, text};

use crate::flight::Known;
use crate::month::{MonthCounts, core, orm};
use crate::options::{Months, Transform};
use crate::progress::Progress;

/// What came of each month.
pub(crate) type Outcomes = BTreeMap<u8, Result<MonthCounts>>;

/// Transforms the months that are not done yet. A month that fails is in the outcomes; the others are done all the same.
pub(crate) fn run(
    engine: &Engine,
    how: Transform,
    wanted: &Months,
    workers: NonZeroUsize,
) -> Result<Outcomes> {
    let sizes = open_months(engine, wanted)?;
    let progress = Progress::new("transform", sizes.values().sum());
    let known = Rc::new(read_known(engine)?);
    let mut outcomes = Outcomes::new();
    let mut left: Vec<u8> = sizes.keys().copied().collect();
    while !left.is_empty() {
        let before = left.len();
        run_workers(engine, how, &known, &left, workers, |month, result| {
            if let Ok(counts) = &result {
                progress.advance_rows(counts.read);
                progress.line(&format!("month {month}: {} rows, {} rejects", counts.loaded, counts.rejects));
            }
            outcomes.insert(month, result);
        })?;
        // A worker that dies takes its month with it and is not replaced. When all have died, nobody has begun the
        // other months: they go to new workers, unless the last ones came to nothing.
        let untouched = untouched_months(engine)?;
        left.retain(|month| untouched.contains(month));
        if left.len() == before {
            break;
        }
    }
    Ok(outcomes)
}

/// Runs the months in workers, and hands on each result as it comes.
fn run_workers(
    engine: &Engine,
    how: Transform,
    known: &Rc<Known>,
    months: &[u8],
    workers: NonZeroUsize,
    mut done: impl FnMut(u8, Result<MonthCounts>),
) -> Result<()> {
    // The closure goes into the workers by the fork, with the engine and all that is known: nothing is sent.
    let (engine, known) = (engine.clone(), Rc::clone(known));
    orm::DB.configure(SessionMaker::new(&engine));
    let pool = ProcessPool::new(workers.get()).build()?;
    let results = pool.imap_unordered(months.to_vec(), move |month| match how {
        Transform::Orm => orm::transform(&known, month),
        Transform::Core => core::transform(&engine, &known, month),
    })?;
    for (job, result) in results {
        done(months[job], result);
    }
    Ok(())
}

/// The months to do, each with its number of raw rows; they are marked as open.
fn open_months(engine: &Engine, wanted: &Months) -> Result<BTreeMap<u8, u64>> {
    engine.transaction(|tx| {
        // First what a killed run has left. If a worker of it still lives, this waits until its month is done, or takes
        // the month away from it: see `mark_done`.
        let reopen = text("update etl_months set state = 'open' where state = 'running' and month = :month");
        tx.execute_many(reopen, wanted.0.iter().map(|month| (*month,)))?;

        let marks: Vec<(u8, String)> = tx.fetch_all(text("select month, state from etl_months"))?;
        let marks: BTreeMap<u8, String> = marks.into_iter().collect();
        let mut sizes: Vec<(u8, u64)> =
            tx.fetch_all(text("select month, count(*) from raw_flights group by month"))?;
        sizes.retain(|(month, _)| wanted.0.contains(month));

        let new = sizes.iter().filter(|(month, _)| !marks.contains_key(month)).map(|(month, _)| (*month,));
        tx.execute_many(text("insert into etl_months (month, state) values (:month, 'open')"), new)?;
        let is_done = |month: &u8| marks.get(month).is_some_and(|state| state == "done");
        Ok(sizes.into_iter().filter(|(month, _)| !is_done(month)).collect())
    })
}

fn untouched_months(engine: &Engine) -> Result<Vec<u8>> {
    let open = text("select month from etl_months where state = 'open'");
    Ok(engine.connect()?.fetch_all::<(u8,)>(open)?.into_iter().map(|(month,)| month).collect())
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
