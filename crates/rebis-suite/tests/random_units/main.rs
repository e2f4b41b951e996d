//! Random operations on a small graph: after each step memory and a simple model say the same, and after each flush the database.
//!
//! There are two tables in a circle, many to many, a tree, a natural key that changes, counted versions, savepoints, and flushes that
//! fail; unique values that are handed on, deferred columns, embedded structs, statements past the unit of work, and another session. The relations of some of the objects are compared after each step, so that the others stay unloaded for a while.
//!
//! `REBIS_TEST_SEED` gives the seed that a failure has printed, `REBIS_TEST_STEPS` how many steps.
#![allow(clippy::unwrap_used, clippy::panic)]

mod compare;
mod graph;
mod models;
mod papers;
mod rows;
mod transactions;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use models::{All, Expected, Held};
use rebis::{Engine, Nested, Session, SessionOptions};
use rebis_suite::harness::{self, Outcome, on_every_database, passed};
use rebis_suite::{database_or_skip, databases::Database};

const STEPS: u64 = 5_000;

fn main() -> ExitCode {
    harness::main(&on_every_database(&[("random_units", 3_600, run)]))
}

/// Numbers from a seed: xorshift, which needs no more than to be the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % count
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T>(&mut self, of: &BTreeMap<usize, T>) -> Option<usize> {
        if of.is_empty() {
            return None;
        }
        let place = self.below(of.len());
        of.keys().nth(place).copied()
    }
}

struct World {
    engine: Engine,
    session: Session,
    random: Random,
    next: usize,
    now: Expected,
    committed: Expected,
    savepoints: Vec<(Nested, Expected)>,
    held: Held,
    /// How often each operation was done.
    counts: BTreeMap<&'static str, u64>,
}

fn run(case: &str) -> Outcome {
    let database: Database = database_or_skip!(case);
    let given = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let seed = given("REBIS_TEST_SEED").unwrap_or(u64::try_from(clock % 1_000_000_007).unwrap());
    let steps = given("REBIS_TEST_STEPS").unwrap_or(STEPS);
    let engine = database.engine(1);
    rebis::drop_all::<All>(&engine).unwrap();
    rebis::create_all::<All>(&engine).unwrap();
    // Each seed has one of the settings.
    let mut options = SessionOptions::default();
    (options.autoflush, options.expire_on_commit) = (seed & 1 == 0, seed & 2 == 0);
    let mut world = World {
        engine: engine.clone(),
        session: Session::with_options(&engine, options),
        // Neighbouring seeds begin alike: mixed first.
        random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        next: 0,
        now: Expected::default(),
        committed: Expected::default(),
        savepoints: Vec::new(),
        held: Held::default(),
        counts: BTreeMap::new(),
    };
    let mut done: Vec<String> = Vec::new();
    for step in 0..steps {
        let last = done.len().saturating_sub(25);
        let told = catch_unwind(AssertUnwindSafe(|| {
            let what = world.step();
            done.push(what.clone());
            world.compare(&what);
        }));
        if let Err(panic) = told {
            eprintln!(
                "REBIS_TEST_SEED={seed} on {}, step {step}, after: {:#?}",
                database.name,
                &done[last..]
            );
            resume_unwind(panic);
        }
    }
    world.end(true);
    let mut rare = world.counts.iter().filter(|(_, count)| **count < steps / 1_000).map(|(name, _)| *name);
    assert_eq!(rare.next(), None, "hardly ever done");
    passed(format!("{steps} steps of {} kinds from seed {seed}", world.counts.len()))
}

impl World {
    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    /// One operation, by its name and what it was done to.
    fn step(&mut self) -> String {
        let (name, what) = match self.random.below(53) {
            0 | 1 if self.now.users.len() < 10 => ("add user", self.add_user()),
            2 | 3 => ("change user", self.change_user()),
            4 if self.now.users.len() > 3 => ("delete user", self.delete_user()),
            5..=7 if self.now.addresses.len() < 25 => ("add address", self.add_address()),
            8 | 9 => ("move address", self.move_address()),
            10 => ("remove address", self.remove_address()),
            11 | 12 => ("favorite", self.choose_favorite()),
            13 | 14 if self.now.keywords.len() < 6 => ("add keyword", self.add_keyword()),
            15 => ("weigh keyword", self.weigh_keyword()),
            16 => ("rename keyword", self.rename_keyword()),
            17 if self.now.keywords.len() > 3 => ("delete keyword", self.delete_keyword()),
            18 => ("switch keyword", self.switch_keyword()),
            19 | 20 => ("link keyword", self.link_keyword()),
            21 => ("unlink keyword", self.unlink_keyword()),
            22 => ("replace keywords", self.replace_keywords()),
            23 | 24 if self.now.nodes.len() < 12 => ("add node", self.add_node()),
            25 => ("move node", self.move_node()),
            26 => ("delete subtree", self.delete_subtree()),
            27 => ("merge", self.merge()),
            28 => ("expire", self.expire()),
            29 => ("refresh", self.refresh()),
            30 => ("fail", self.fail()),
            31 | 32 => ("savepoint", self.begin_nested()),
            33 => ("end of savepoint", self.end_nested()),
            34 => ("end", self.commit_or_roll_back()),
            35..=37 if self.now.papers.len() < 12 => ("add paper", self.add_paper()),
            38 | 39 => ("change paper", self.change_paper()),
            40 | 41 => ("hand on", self.hand_on()),
            42 => ("take over", self.take_over()),
            43 => ("move paper", self.move_paper()),
            44 | 45 => ("exchange words", self.exchange_words()),
            46 if self.now.papers.len() < 14 => ("bulk insert", self.bulk_insert()),
            47 => ("bulk update", self.bulk_update()),
            48 => ("query update", self.query_update()),
            49 if self.now.papers.len() > 4 => ("query delete", self.query_delete()),
            50 => ("expire part", self.expire_part()),
            51 => ("stream", self.stream()),
            52 if self.random.one_in(3) => ("stranger", self.stranger()),
            _ => ("flush", self.flush()),
        };
        let count = self.counts.entry(name).or_default();
        if what != NOTHING {
            *count += 1;
        }
        format!("{name} {what}")
    }
}

/// There is no object to do it to.
const NOTHING: &str = "nothing";

fn nothing() -> String {
    NOTHING.to_owned()
}
