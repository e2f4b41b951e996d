//! Random expressions over one small table have the same answer on every database.
//!
//! What is left out, because databases mean different things by it: division and remainder by what may be zero (an error, or NULL),
//! numbers beyond 32 bits (an error, or a wider number), floating point, texts compared or ordered with capitals, spaces at their
//! ends or letters beyond ASCII (collations), `greatest` of NULL, `lower` and `upper` beyond ASCII, `LIKE` with capitals, conditions as numbers.
//!
//! Each shape is asked twice, with other values: the second time its text comes from the compiled cache, and must say what an engine
//! without one says.
//!
//! `REBIS_TEST_SEED` gives the seed that a failure has printed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rebis::schema::{ColumnDef, Entity, SqlType, Table};
use rebis::sql::{
    Column, Expr, Expression, abs, case, coalesce, insert, length, literal, nullif, replace, select, substr,
    upper,
};
use rebis::{Connection, Engine, text};
use rebis_suite::databases::database;
use rebis_suite::harness::{self, Case, Outcome};

const TREES: u64 = 2_000;
const DEPTH: u32 = 4;
/// Whatever is multiplied stays within 32 bits.
const SMALL: i64 = 1_000;

fn main() -> ExitCode {
    let case = |name: &str| Case { name: name.into(), deadline: Duration::from_secs(240), run };
    harness::main(&[case("random_expressions@mysql"), case("random_expressions@postgresql")])
}

struct Thing;

#[allow(non_upper_case_globals)]
impl Thing {
    const id: Column<Thing, i64> = Column::new("id");
    const n: Column<Thing, Option<i64>> = Column::new("n");
    const m: Column<Thing, i64> = Column::new("m");
    const s: Column<Thing, Option<String>> = Column::new("s");
    const t: Column<Thing, String> = Column::new("t");
}

impl Entity for Thing {
    fn table() -> &'static Table {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::build("random_thing")
                .column(ColumnDef::new("id", SqlType::BigInteger).primary_key())
                .column(ColumnDef::new("n", SqlType::BigInteger).nullable())
                .column(ColumnDef::new("m", SqlType::BigInteger))
                .column(ColumnDef::new("s", SqlType::String { length: 20 }).nullable())
                .column(ColumnDef::new("t", SqlType::String { length: 20 }))
                .finish()
                .unwrap()
        });
        &TABLE
    }
}

fn prepare(conn: &mut Connection) {
    conn.execute(text("drop table if exists random_thing")).unwrap();
    conn.execute(text(
        "create table random_thing (id bigint primary key, n bigint, m bigint not null, s varchar(20), \
         t varchar(20) not null)",
    ))
    .unwrap();
    let rows = [
        (Some(0), 1, Some(""), "a"),
        (None, -3, Some("b%_/"), "abc"),
        (Some(-7), 12, None, "it's"),
        (Some(40), 0, Some("abc"), "c\\d"),
        (Some(3), 3, Some("zz"), ""),
        (None, 999, None, "b"),
    ];
    let mut things = insert::<Thing>();
    for (id, (n, m, s, t)) in (1_i64..).zip(rows) {
        things = things
            .row([Thing::id.set(id), Thing::n.set(n), Thing::m.set(m), Thing::s.set(s), Thing::t.set(t)])
            .unwrap();
    }
    conn.execute(things).unwrap();
    conn.commit().unwrap();
}

/// Numbers from a seed: xorshift, which needs no more than to be the same each time.
struct Generator {
    shape: u64,
    values: u64,
}

fn next(seed: &mut u64, count: u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    (*seed >> 11) % count
}

type Number = Expr<Option<i64>>;
type Word = Expr<Option<String>>;

impl Generator {
    /// What decides over the shape.
    fn below(&mut self, count: u64) -> u64 {
        next(&mut self.shape, count)
    }

    fn value(&mut self) -> i64 {
        i64::try_from(next(&mut self.values, 21)).unwrap() - 10
    }

    fn letters(&mut self) -> &'static str {
        ["", "a", "b", "abc", "it's", "b%_/", "\\", "z"][usize::try_from(next(&mut self.values, 8)).unwrap()]
    }

    fn leaf_number(&mut self) -> Number {
        match self.below(4) {
            0 => Thing::n.expr(),
            1 => Thing::m.nullable(),
            2 => Thing::id.nullable(),
            _ => literal(Some(self.value())).cast(SqlType::BigInteger),
        }
    }

    /// A number between `-SMALL` and `SMALL`.
    fn factor(&mut self, depth: u32) -> Number {
        self.number(depth) % SMALL
    }

    fn number(&mut self, depth: u32) -> Number {
        let Some(depth) = depth.checked_sub(1) else { return self.leaf_number() };
        let divisor = |this: &mut Self| i64::try_from(this.below(9)).unwrap() + 1;
        match self.below(17) {
            0 | 1 => self.factor(depth) + self.factor(depth),
            2 | 3 => self.factor(depth) - self.factor(depth),
            4 => self.factor(depth) * self.factor(depth),
            5 => self.number(depth) / divisor(self),
            6 => self.number(depth) % divisor(self),
            7 => -self.factor(depth),
            8 => abs(self.number(depth)),
            9 => coalesce(self.number(depth), self.number(depth)),
            10 => nullif(self.number(depth), self.number(depth)),
            11 => length(self.word(depth)).nullable(),
            12 => case(self.condition(depth), self.number(depth)).otherwise(self.number(depth)),
            13 => case(self.condition(depth), self.number(depth)).end(),
            14 => self.number(depth).bit_and(self.number(depth)),
            15 => self.factor(depth).bit_xor(self.factor(depth)),
            _ => self.leaf_number(),
        }
    }

    fn leaf_word(&mut self) -> Word {
        match self.below(3) {
            0 => Thing::s.expr(),
            1 => Thing::t.nullable(),
            _ => literal(Some(self.letters())).cast(SqlType::String { length: 20 }),
        }
    }

    fn word(&mut self, depth: u32) -> Word {
        let Some(depth) = depth.checked_sub(1) else { return self.leaf_word() };
        match self.below(7) {
            0 => self.word(depth).concat(self.word(depth)),
            1 => coalesce(self.word(depth), self.word(depth)),
            2 => {
                let from = u32::try_from(self.below(4)).unwrap() + 1;
                substr(self.word(depth), from, 2)
            }
            3 => replace(self.word(depth), ["a", "b", "'"][usize::try_from(self.below(3)).unwrap()], "yx"),
            4 => case(self.condition(depth), self.word(depth)).end(),
            5 => nullif(self.word(depth), self.word(depth)),
            _ => self.leaf_word(),
        }
    }

    fn condition(&mut self, depth: u32) -> Expr<bool> {
        let Some(depth) = depth.checked_sub(1) else { return Thing::n.is_null() };
        match self.below(17) {
            0 => self.number(depth).eq(self.number(depth)),
            1 => self.number(depth).lt(self.number(depth)),
            2 => self.number(depth).ge(self.number(depth)),
            3 => self.number(depth).between(self.value(), self.number(depth)),
            4 => {
                let list: Vec<i64> = (0..self.below(12) + 1).map(|_| self.value()).collect();
                self.number(depth).in_list(list)
            }
            5 => self.number(depth).not_in_list(Vec::<i64>::new()),
            6 => self.number(depth).is_not_distinct_from(self.number(depth)),
            7 => self.number(depth).is_null(),
            8 => self.word(depth).eq(self.word(depth)),
            9 => self.word(depth).ne(self.letters()),
            10 => self.word(depth).contains(self.letters()),
            11 => self.word(depth).starts_with(self.letters()),
            12 => upper(self.word(depth)).is_distinct_from("ABC"),
            13 => self.condition(depth) & self.condition(depth),
            14 => self.condition(depth) | self.condition(depth),
            15 => !self.condition(depth),
            _ => self.word(depth).is_not_null(),
        }
    }
}

/// What the rows answer, and the statement for people.
type Answer = Vec<(i64, Option<i64>, Option<String>, i64)>;

fn ask(conn: &mut Connection, shape: u64, values: u64) -> (Result<Answer, String>, String) {
    let mut generator = Generator { shape, values };
    let truth = case(generator.condition(DEPTH), 1_i64).otherwise(0_i64);
    let statement = select((Thing::id, generator.number(DEPTH), generator.word(DEPTH), truth))
        .filter(generator.condition(DEPTH) | Thing::id.gt(2))
        .order_by(Thing::id);
    let sql = statement.to_sql(*conn.engine().dialect()).unwrap();
    (conn.fetch_all(statement).map_err(|error| error.chain()), sql)
}

fn run(case: &str) -> Outcome {
    let (_, backend) = case.split_once('@').unwrap();
    let other = match database(backend) {
        Ok(other) => other,
        Err(why) => return Outcome::Skipped(why),
    };
    let given = std::env::var("REBIS_TEST_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let first = given.unwrap_or(u64::try_from(clock % 1_000_000_007).unwrap() * 10_000 + 1);
    let uncached = Engine::builder("sqlite://").unwrap().query_cache_size(0).build().unwrap();
    let engines = [uncached, Engine::new("sqlite://").unwrap(), other.engine(1)];
    let [mut uncached, mut sqlite, mut other] = engines.map(|engine| engine.connect().unwrap());
    [&mut uncached, &mut sqlite, &mut other].into_iter().for_each(prepare);
    for seed in (first..).take(usize::try_from(TREES).unwrap()) {
        // Neighbouring seeds begin alike: mixed first.
        let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        for values in [mixed, mixed.rotate_left(32) | 1] {
            let (plain, _) = ask(&mut uncached, mixed, values);
            let (ours, ours_sql) = ask(&mut sqlite, mixed, values);
            let (theirs, theirs_sql) = ask(&mut other, mixed, values);
            assert!(
                ours.is_ok() && ours == theirs && ours == plain,
                "REBIS_TEST_SEED={seed}\nSQLite: {ours_sql}\n{ours:?}\nwithout the cache: {plain:?}\n{backend}: \
                 {theirs_sql}\n{theirs:?}"
            );
        }
    }
    [uncached, sqlite, other].into_iter().for_each(|mut conn| conn.rollback().unwrap());
    Outcome::Passed(format!("{TREES} expressions from seed {first}"))
}
