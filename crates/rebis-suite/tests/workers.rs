//! Worker processes with the parent's engine, on each database. A case is named `scenario@database`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::ExitCode;

use rebis::{ErrorKind, ProcessPool, text};
use rebis_suite::harness::{self, Outcome, Scenario, on_every_database, passed};
use rebis_suite::{database_or_skip, ledger};

fn main() -> ExitCode {
    let scenarios: [Scenario; 3] = [
        ("workers_share_a_warm_engine", 60, warm_engine),
        ("errors_come_back_whole", 60, errors_come_back),
        ("pools_keep_within_the_budget", 60, budget),
    ];
    harness::main(&on_every_database(&scenarios))
}

fn warm_engine(case: &str) -> Outcome {
    const JOBS: i64 = 40;
    const EACH: i64 = 10;
    let database = database_or_skip!(case);
    let engine = database.engine(3);
    ledger::create(&engine);
    // In use at the fork: a transaction that has read, and idle connections beside it.
    let reader = database.reader(1);
    let mut open = reader.begin().unwrap();
    assert_eq!(open.scalar::<i64>(text("select count(*) from ledger")).unwrap(), 0);
    drop((engine.connect().unwrap(), engine.connect().unwrap()));
    let shared = engine.clone();
    let pool = ProcessPool::new(4).build().unwrap();
    let done = pool.map(0..JOBS, move |job| Ok(ledger::work(&shared, job, EACH))).unwrap();
    assert!(done.iter().all(|failed| failed.as_ref().is_ok_and(|failed| *failed == 0)), "{done:?}");
    open.scalar::<i64>(text("select count(*) from ledger")).unwrap();
    open.commit().unwrap();
    let rows = ledger::check(&mut engine.connect().unwrap(), (0..JOBS).map(|job| (job, EACH)));
    passed(format!("{}: {JOBS} jobs in 4 workers, {rows} rows, each once", database.name))
}

fn errors_come_back(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.engine(2);
    engine
        .transaction(|tx| {
            tx.execute(text("drop table if exists worker_names"))?;
            tx.execute(text("create table worker_names (name varchar(20) not null primary key)"))?;
            tx.execute(text("insert into worker_names values ('ed')"))?;
            Ok(())
        })
        .unwrap();
    let shared = engine.clone();
    let done = ProcessPool::new(2)
        .build()
        .unwrap()
        .map(vec!["ed".to_owned(), "jo".to_owned()], move |name| {
            shared.transaction(|tx| {
                tx.execute(text("insert into worker_names values (:name)").bind("name", name)).map(|_| ())
            })
        })
        .unwrap();
    let error = done[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UniqueViolation);
    assert!(
        error.constraint().is_some() && error.sql().is_some_and(|sql| sql.contains("worker_names")),
        "{error:?}"
    );
    assert!(done[1].is_ok());
    let here = engine.connect().unwrap().execute(text("insert into worker_names values ('ed')")).unwrap_err();
    let facts = |error: &rebis::Error| {
        (
            error.kind(),
            error.code(),
            error.sqlstate().map(str::to_owned),
            error.constraint().map(str::to_owned),
        )
    };
    assert_eq!(facts(error), facts(&here), "the facts are those of the same error met at home");
    passed(format!("{}: kind, code, SQLSTATE, constraint, SQL", database.name))
}

fn budget(case: &str) -> Outcome {
    let database = database_or_skip!(case);
    let engine = database.builder().build().unwrap();
    drop(engine.connect().unwrap());
    assert_eq!(engine.pool().status().size, 5, "here there is no budget");
    let shared = engine.clone();
    let pool = ProcessPool::new(4).connection_budget(6).build().unwrap();
    let done = pool
        .map(0..40, move |_job: i32| {
            let status = shared.pool().status();
            let most = status.size + status.overflow.unwrap_or(usize::MAX);
            // The share is really there, and not one more.
            let held: Vec<_> = (0..most).map(|_| shared.connect()).collect::<Result<_, _>>()?;
            Ok((std::process::id(), most, held.len()))
        })
        .unwrap();
    let mut shares: Vec<(u32, usize, usize)> = done.into_iter().map(Result::unwrap).collect();
    shares.sort_unstable();
    shares.dedup();
    assert!(shares.iter().all(|(_, most, held)| [1, 2].contains(most) && most == held), "{shares:?}");
    assert!(shares.iter().map(|(_, most, _)| most).sum::<usize>() <= 6, "{shares:?}");
    passed(format!("{}: {} workers that took jobs, within 6 connections", database.name, shares.len()))
}
