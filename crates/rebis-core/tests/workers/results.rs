//! What comes back: values, errors, panics, in which order, and from how many workers.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::time::Instant;

use rebis_core::workers::{ProcessPoolBuilder, RemoteError, connection_limit};
use rebis_core::{Error, ErrorKind, ProcessPool, Result};
use serde::{Deserialize, Serialize};

use super::support::*;

pub(crate) const TESTS: &[Test] = &[
    ("results_in_the_order_of_the_jobs", order),
    ("unordered_results_as_they_come", unordered),
    ("structs_cross_by_name", structs),
    ("no_jobs_no_workers", no_jobs),
    ("a_pool_is_used_again", again),
    ("errors_keep_kind_facts_and_chain", errors),
    ("a_panic_comes_back_and_the_worker_goes_on", panics),
    ("ten_megabytes_each_way", large),
    ("ten_thousand_tiny_jobs", tiny),
    ("initializer_once_per_worker", initializer),
    ("budget_is_divided", budget),
    ("nested_pool", nested),
    ("endless_jobs_are_taken_lazily", endless),
    ("what_serde_refuses_is_that_jobs_error", refused_by_serde),
    ("wrong_options_are_configuration_errors", configuration),
];

fn order() {
    let pool = ProcessPool::new(4).build().unwrap();
    // The first ones take longest.
    let done = pool.map(0..40_u64, |number: u64| {
        std::thread::sleep(millis(if number < 4 { 60 } else { 1 }));
        Ok(number * number)
    });
    let done: Vec<u64> = done.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(done, (0..40).map(|number| number * number).collect::<Vec<_>>());
    assert!(!has_children());
}

fn unordered() {
    let ledger = Ledger::new();
    let theirs = ledger.again();
    let pool = ProcessPool::new(2).build().unwrap();
    // The first job ends when the three others have run.
    let outcomes = pool.imap_unordered(0..4_u64, move |number: u64| {
        if number > 0 {
            theirs.write(number);
        } else {
            assert!(within(millis(20_000), || theirs.lines().len() == 3));
        }
        Ok(number * 10)
    });
    let seen: Vec<(usize, u64)> = outcomes.unwrap().map(|(index, result)| (index, result.unwrap())).collect();
    assert_eq!(seen.last(), Some(&(0, 0)), "{seen:?}");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), (0..4).zip([0, 10, 20, 30]).collect());
    ledger.remove();
    assert!(!has_children());
}

#[derive(Debug, PartialEq, Clone, Serialize, Deserialize)]
enum Shape {
    Point,
    Named { name: String, corners: Option<Vec<(f64, f64)>> },
    Pair(i64, #[serde(default)] u128),
}

fn structs() {
    let shapes = vec![
        Shape::Point,
        Shape::Named { name: "Dreieck".into(), corners: Some(vec![(0.0, -1.5), (1.0, 2.0)]) },
        Shape::Named { name: String::new(), corners: None },
        Shape::Pair(i64::MIN, u128::MAX),
    ];
    let pool = ProcessPool::new(2).build().unwrap();
    let done = pool.map(shapes.clone(), |shape: Shape| Ok((pid(), shape))).unwrap();
    let back: Vec<Shape> = done.into_iter().map(|result| result.unwrap().1).collect();
    assert_eq!(back, shapes);
}

fn no_jobs() {
    let pool = ProcessPool::new(3).initializer(|| panic!("nobody should start")).build().unwrap();
    assert!(pool.map(Vec::<u8>::new(), Ok).unwrap().is_empty());
    // The number of jobs is not known before: workers start, and end.
    let pool = ProcessPool::new(3).build().unwrap();
    assert!(pool.map((0..9).filter(|number| *number > 10), |number: i32| Ok(number)).unwrap().is_empty());
    assert!(!has_children());
}

fn again() {
    let pool = ProcessPool::new(2).build().unwrap();
    let mut pids = BTreeSet::new();
    for _ in 0..20 {
        pids.extend(pool.map([0, 1], |_: i32| Ok(pid())).unwrap().into_iter().map(Result::unwrap));
    }
    assert!(pids.len() >= 20 && !pids.contains(&pid()));
}

fn errors() {
    let pool = ProcessPool::new(2).build().unwrap();
    let done = pool
        .map([0, 1, 2], |number: i32| match number {
            0 => Err(Error::new(ErrorKind::UniqueViolation, "user \"ed\" exists")
                .with_sqlstate("23505")
                .with_code(7)
                .with_constraint("users_name")
                .with_sql("insert into users values (?)")
                .with_source(
                    Error::new(ErrorKind::Protocol, "middle").with_source(std::io::Error::other("root")),
                )),
            1 => Err(Error::new(ErrorKind::CommitUnknown, "lost").with_disconnect()),
            _ => Ok(number),
        })
        .unwrap();
    let first = done[0].as_ref().unwrap_err();
    assert_eq!(first.kind(), ErrorKind::UniqueViolation);
    assert_eq!(first.chain(), "user \"ed\" exists: middle: root");
    assert_eq!((first.sqlstate(), first.code()), (Some("23505"), Some(7)));
    assert_eq!(first.constraint(), Some("users_name"));
    assert_eq!(first.sql(), Some("insert into users values (?)"));
    assert!(!first.is_disconnect());
    let cause = first.source().unwrap().downcast_ref::<RemoteError>().unwrap();
    assert_ne!(cause.worker(), pid());
    let second = done[1].as_ref().unwrap_err();
    assert!(second.kind() == ErrorKind::CommitUnknown && second.is_disconnect() && second.source().is_none());
    assert_eq!(*done[2].as_ref().unwrap(), 2);
}

fn panics() {
    let pool = ProcessPool::new(1).build().unwrap();
    let done = pool
        .map(0..4, |number: i32| {
            if number == 1 {
                panic!("no {number} today");
            } else if number == 2 {
                std::panic::panic_any(number);
            }
            Ok(pid())
        })
        .unwrap();
    let error = done[1].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    let text = error.to_string();
    assert!(text.contains("job 1 panicked") && text.contains("no 1 today"), "{text}");
    assert!(done[2].as_ref().unwrap_err().to_string().contains("without text"));
    assert_eq!(done[0].as_ref().unwrap(), done[3].as_ref().unwrap(), "the worker went on");
}

fn large() {
    const SIZE: usize = 10 << 20;
    let pool = ProcessPool::new(3).build().unwrap();
    let letters = ["a", "b", "c", "d", "e", "f"];
    let done = pool.map(letters.map(|letter| letter.repeat(SIZE)), |mut text: String| {
        text.push('!');
        Ok(text)
    });
    for (letter, text) in letters.iter().zip(done.unwrap()) {
        let text = text.unwrap();
        assert_eq!(text.len(), SIZE + 1);
        assert!(text.ends_with('!') && text[..SIZE].chars().all(|other| letter.contains(other)));
    }
}

fn tiny() {
    let pool = ProcessPool::new(4).build().unwrap();
    let start = Instant::now();
    let done = pool.map(0..10_000_u32, |number: u32| Ok(number ^ 1)).unwrap();
    println!("  10,000 jobs in {:?}", start.elapsed());
    assert!(done.into_iter().map(Result::unwrap).eq((0..10_000).map(|number| number ^ 1)));
}

fn initializer() {
    let ledger = Ledger::new();
    let theirs = ledger.again();
    let pool = ProcessPool::new(3).initializer(move || theirs.write(pid())).build().unwrap();
    let done = pool.map(0..30, |_: i32| {
        std::thread::sleep(millis(2));
        Ok(pid())
    });
    let workers: BTreeSet<String> = done.unwrap().into_iter().map(|pid| pid.unwrap().to_string()).collect();
    let started = ledger.lines();
    assert_eq!(started.len(), 3);
    // On a busy machine the third may start when the work is done.
    assert!(workers.is_subset(&started.into_iter().collect()));
    ledger.remove();
}

/// What the workers of such a pool may open.
fn shares(pool: ProcessPoolBuilder) -> Result<Vec<String>> {
    let ledger = Ledger::new();
    let theirs = ledger.again();
    let pool = pool.initializer(move || theirs.write(format!("{:?}", connection_limit()))).build()?;
    pool.map(0..40, |number: i32| Ok(number))?;
    let mut shares = ledger.lines();
    ledger.remove();
    shares.sort_unstable();
    Ok(shares)
}

fn budget() {
    let divided = shares(ProcessPool::new(4).connection_budget(10)).unwrap();
    assert_eq!(divided, ["Some(2)", "Some(2)", "Some(3)", "Some(3)"]);
    assert_eq!(shares(ProcessPool::new(2)).unwrap(), ["None", "None"]);
    assert_eq!(connection_limit(), None);
    // A pool inside a worker lives on the worker's share.
    let outer = ProcessPool::new(1).connection_budget(5).build().unwrap();
    let inner = outer.map([2, 6], |workers: usize| shares(ProcessPool::new(workers))).unwrap();
    assert_eq!(*inner[0].as_ref().unwrap(), ["Some(2)", "Some(3)"]);
    assert!(inner[1].as_ref().unwrap().iter().all(|share| share == "Some(1)"));
}

fn nested() {
    let inner = ProcessPool::new(2).build().unwrap();
    let outer = ProcessPool::new(3).build().unwrap();
    let done = outer.map(0..6_u64, move |number: u64| {
        let parts = inner.map(0..10_u64, move |part: u64| Ok((pid(), part * number)))?;
        let parts: Vec<(i32, u64)> = parts.into_iter().collect::<Result<_>>()?;
        assert!(!has_children(), "the inner pool reaps its workers");
        assert!(parts.iter().all(|(worker, _)| *worker != pid()));
        Ok(parts.iter().map(|(_, product)| product).sum::<u64>())
    });
    let sums: Vec<u64> = done.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(sums, (0..6).map(|number| 45 * number).collect::<Vec<_>>());
    assert!(!has_children());
}

fn endless() {
    let pool = ProcessPool::new(2).build().unwrap();
    let mut outcomes = pool.imap_unordered(0_u64.., |number: u64| Ok(number)).unwrap();
    for _ in 0..100 {
        outcomes.next().unwrap().1.unwrap();
        std::thread::sleep(millis(1));
    }
    // What was read ahead is bounded by the number of workers, however slow the consumer is.
    let taken = format!("{outcomes:?}");
    let taken: u64 = taken.split("jobs_taken: ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    assert!(taken < 110, "{taken} jobs taken");
    drop(outcomes);
    assert!(!has_children());
}

/// Refuses to be written as 1, and to be read as 2.
#[derive(Debug)]
struct Picky(u8);

impl Serialize for Picky {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == 1 {
            return Err(serde::ser::Error::custom("one is not written"));
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            2 => Err(serde::de::Error::custom("two is not read")),
            9 => panic!("nine panics"),
            number => Ok(Picky(number)),
        }
    }
}

fn refused_by_serde() {
    let pool = ProcessPool::new(2).build().unwrap();
    // 11 and 12 become 1 and 2 in the worker: refused on the way back.
    let jobs = [0, 1, 2, 9, 11, 12, 5].map(Picky);
    let done = pool.map(jobs, |picky: Picky| Ok(Picky(picky.0 % 10))).unwrap();
    let chain = |index: usize| {
        let error: &Error = done[index].as_ref().unwrap_err();
        (error.kind(), error.chain())
    };
    assert_eq!((done[0].as_ref().unwrap().0, done[6].as_ref().unwrap().0), (0, 5));
    for (index, words) in
        [(1, "one is not written"), (2, "two is not read"), (4, "one is not"), (5, "two is not")]
    {
        let (kind, chain) = chain(index);
        assert_eq!(kind, ErrorKind::Conversion);
        assert!(chain.contains(words) && chain.contains(&format!("job {index}")), "{chain}");
    }
    assert!(chain(3).1.contains("nine panics"));
}

fn configuration() {
    let none = ProcessPool::new(0).build().unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Configuration);
    let poor = ProcessPool::new(4).connection_budget(3).build().unwrap_err();
    assert_eq!(poor.kind(), ErrorKind::Configuration);
    assert!(poor.to_string().contains('3') && poor.to_string().contains('4'), "{poor}");
}
