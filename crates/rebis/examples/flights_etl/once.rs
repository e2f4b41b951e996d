//! Doing things exactly once, whatever dies in between.

use std::time::Duration;

use rebis::{Engine, Error, ErrorKind, Result, Transaction, text};

const ATTEMPTS: u32 = 5;

/// Does a step of the job, unless it was done before, and marks it as done in the same transaction.
///
/// The step gives its number of rows; the answer is `None` when there was nothing left to do. If the program dies in the
/// middle, the database undoes the rows and there is no mark: the next run does the step from its start.
pub(crate) fn once(
    engine: &Engine,
    step: &str,
    work: impl Fn(&mut Transaction<'_>) -> Result<u64>,
) -> Result<Option<u64>> {
    with_retries(|| {
        engine.transaction(|tx| {
            if is_done(tx, step)? {
                return Ok(None);
            }
            let rows = work(tx)?;
            mark_done(tx, step, rows)?;
            Ok(Some(rows))
        })
    })
}

fn is_done(tx: &mut Transaction<'_>, step: &str) -> Result<bool> {
    let marks: i64 =
        tx.scalar(text("select count(*) from etl_load where step = :step").bind("step", step))?;
    Ok(marks > 0)
}

fn mark_done(tx: &mut Transaction<'_>, step: &str, rows: u64) -> Result<()> {
    let mark = text("insert into etl_load (step, row_count, finished_at) values (:step, :rows, :now)");
    tx.execute(mark.bind("step", step).bind("rows", rows).bind("now", now()))?;
    Ok(())
}

/// The time of day in UTC, for the marks.
pub(crate) fn now() -> chrono::NaiveDateTime {
    chrono::Utc::now().naive_utc()
}

/// Runs something again while its error says that this may help: a deadlock, a busy database, a lost connection.
///
/// What it runs must look for itself whether it is done, since a lost answer to COMMIT says nothing about that.
pub(crate) fn with_retries<T>(mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    for number in 1..ATTEMPTS {
        match attempt() {
            Err(error) if may_retry(&error) => std::thread::sleep(Duration::from_millis(50) * number),
            result => return result,
        }
    }
    attempt()
}

fn may_retry(error: &Error) -> bool {
    error.is_retryable() || error.kind() == ErrorKind::CommitUnknown
}
