//! Parsers get what nobody would write: seeds, cut, spliced and mixed with the words that mean something to the parser.
//!
//! As a test each target runs two seconds from the same seed. `cargo xtask fuzz` gives it more by `REBIS_FUZZ_SECONDS`, and then
//! another seed each time, which it prints. `REBIS_FUZZ_SEED` runs one again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, Rlimit, setrlimit};

/// A parser under test: where it starts from, which words it knows, and what must hold for any bytes.
pub(crate) struct Target<'t> {
    pub(crate) name: &'static str,
    pub(crate) seeds: &'t [&'t [u8]],
    pub(crate) words: &'t [&'t [u8]],
    pub(crate) check: &'t dyn Fn(&[u8]),
}

/// Longer inputs are cut.
const LONGEST: usize = 4096;
/// No input of that length may take longer.
const SLOW: Duration = Duration::from_secs(5);
/// With what a long run must do: what a server's length field promises is not reserved.
const MEMORY: u64 = 2 << 30;

/// Numbers from a seed: xorshift.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() >> 11) as usize % count.max(1)
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

impl Target<'_> {
    /// Runs it. A failure prints the input.
    pub(crate) fn run(&self) {
        let long = number("REBIS_FUZZ_SECONDS");
        if long.is_some() {
            let limit = Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
            setrlimit(Resource::As, limit).unwrap();
        }
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = number("REBIS_FUZZ_SEED")
            .unwrap_or_else(|| long.map_or(88_172_645_463_325_252, |_| clock()))
            .max(1);
        let time = Duration::from_secs(long.unwrap_or(2));
        let mut random = Random(seed);
        let mut pool: Vec<Vec<u8>> = self.seeds.iter().map(|seed| seed.to_vec()).collect();
        let (start, mut tried) = (Instant::now(), 0_u64);
        for seed in pool.clone() {
            self.one(&seed);
        }
        // The same inputs on every machine, as far as the time goes.
        while start.elapsed() < time && (long.is_some() || tried < 20_000) {
            let input = self.mutated(&mut random, &pool);
            self.one(&input);
            tried += 1;
            // Some stay, so that later ones are further from the seeds; the seeds themselves stay.
            if random.below(32) == 0 {
                if pool.len() < self.seeds.len() + 256 {
                    pool.push(input);
                } else {
                    let place = self.seeds.len() + random.below(256);
                    pool[place] = input;
                }
            }
        }
        assert!(tried > 100, "{}: only {tried} inputs in {time:?}", self.name);
        eprintln!("fuzz {}: {tried} inputs in {time:?}, seed {seed}", self.name);
    }

    fn one(&self, input: &[u8]) {
        let start = Instant::now();
        let checked = catch_unwind(AssertUnwindSafe(|| (self.check)(input)));
        let text = String::from_utf8_lossy(input);
        assert!(checked.is_ok(), "{}: fails on {input:?}, which is {text:?}", self.name);
        assert!(
            start.elapsed() < SLOW,
            "{}: takes {:?} for {input:?}, which is {text:?}",
            self.name,
            start.elapsed()
        );
    }

    fn mutated(&self, random: &mut Random, pool: &[Vec<u8>]) -> Vec<u8> {
        let mut input = pool[random.below(pool.len())].clone();
        for _ in 0..=random.below(6) {
            let at = random.below(input.len() + 1);
            let end = (at + random.below(16)).min(input.len());
            match random.below(9) {
                0 if at < input.len() => input[at] ^= 1 << random.below(8),
                1 if at < input.len() => input[at] = random.next() as u8,
                2 => drop(input.drain(at..end)),
                3 => input.truncate(at),
                4 => {
                    let piece = input[at..end].to_vec();
                    input.splice(at..at, piece);
                }
                5 => {
                    let other = &pool[random.below(pool.len())];
                    let from = random.below(other.len() + 1);
                    input.truncate(at);
                    input.extend_from_slice(&other[from..]);
                }
                6 => input.insert(at, b" '\"`\\:;$?-/*#()[],\n\0\xff\x80"[random.below(22)]),
                _ => {
                    let word = self.words[random.below(self.words.len())];
                    input.splice(at..at, word.iter().copied());
                }
            }
        }
        input.truncate(LONGEST);
        input
    }
}

/// The same for a parser of text: what is no UTF-8 is replaced.
pub(crate) fn text(name: &'static str, seeds: &[&str], words: &[&str], check: impl Fn(&str)) {
    let seeds: Vec<&[u8]> = seeds.iter().map(|seed| seed.as_bytes()).collect();
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let check = |bytes: &[u8]| check(&String::from_utf8_lossy(bytes));
    Target { name, seeds: &seeds, words: &words, check: &check }.run();
}
