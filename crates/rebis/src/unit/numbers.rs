//! Hashes of what a session counts and of what it finds rows by: cheaper than those of the standard library, which are made for keys
//! of any kind.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// An odd number without a pattern.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of objects' numbers. The session has counted them itself: nobody can choose them, so it needs no secret.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counted(u64);

impl Hasher for Counted {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(FACTOR);
    }
}

pub(crate) type NumberMap<V> = HashMap<u64, V, BuildHasherDefault<Counted>>;
/// By the numbers of mappers.
pub(super) type MapperMap<V> = HashMap<u32, V, BuildHasherDefault<Counted>>;
pub(crate) type NumberSet = HashSet<u64, BuildHasherDefault<Counted>>;
/// Of an owner and an object of its.
pub(crate) type LinkSet = HashSet<(u64, u64), BuildHasherDefault<Counted>>;

/// A mark for each object, 0 where none was made. Those that came since a number lie side by side, and are found without a hash.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    since: Vec<u32>,
    before: NumberMap<u32>,
}

impl Marks {
    /// The mark of an object, beside those that came since this number.
    pub(crate) fn at(&mut self, number: u64, since: u64) -> &mut u32 {
        let place = number.checked_sub(since).and_then(|place| usize::try_from(place).ok());
        let Some(place) = place else { return self.before.entry(number).or_default() };
        if self.since.len() <= place {
            self.since.resize(place + 1, 0);
        }
        &mut self.since[place]
    }

    pub(crate) fn clear(&mut self) {
        self.since.clear();
        self.before.clear();
    }
}

/// By primary keys, or what refers to one.
pub(crate) type KeyedMap<V> = HashMap<crate::model::Key, V, Keyed>;

/// Hashes of primary keys, with a secret: others may choose them.
#[derive(Debug, Clone)]
pub(crate) struct Keyed(u64);

impl Default for Keyed {
    fn default() -> Self {
        Keyed(RandomState::new().hash_one(FACTOR))
    }
}

impl BuildHasher for Keyed {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(self.0)
    }
}

#[derive(Debug)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for some in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(some).for_each(|(byte, given)| *byte = *given);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        // Both halves of the product: keys may differ in their upper bits only.
        let product = u128::from(self.0 ^ number) * u128::from(FACTOR);
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}
