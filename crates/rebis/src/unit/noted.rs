//! Numbers of objects that the session has noted: a flush, a commit and a rollback go through them in the order in which the objects
//! came, which is also that in which they lie in memory.

use super::numbers::NumberMap;

/// How many numbers one word has a bit for.
const BITS: u64 = u64::BITS as u64;

/// A set of numbers. Most lie beside one another: a bit for each takes little memory, and next to nothing has to be sorted.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// By the number of a word, its bits; none of them is zero.
    words: NumberMap<u64>,
}

impl Numbers {
    /// Whether it was not there yet.
    pub(crate) fn insert(&mut self, number: u64) -> bool {
        let word = self.words.entry(number / BITS).or_default();
        let before = *word;
        *word |= 1 << (number % BITS);
        before != *word
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, number: u64) -> bool {
        let Some(word) = self.words.get_mut(&(number / BITS)) else { return false };
        let before = *word;
        *word &= !(1 << (number % BITS));
        let was_there = before != *word;
        if *word == 0 {
            self.words.remove(&(number / BITS));
        }
        was_there
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.words.get(&(number / BITS)).is_some_and(|word| word & (1 << (number % BITS)) != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.words.clear();
    }

    /// In the order in which they were counted.
    pub(crate) fn in_order(&self) -> Vec<u64> {
        let mut words: Vec<(u64, u64)> = self.words.iter().map(|(place, bits)| (*place, *bits)).collect();
        words.sort_unstable();
        let count = words.iter().map(|(_, bits)| bits.count_ones() as usize).sum();
        let mut numbers = Vec::with_capacity(count);
        for (place, mut bits) in words {
            while bits != 0 {
                numbers.push(place * BITS + u64::from(bits.trailing_zeros()));
                bits &= bits - 1;
            }
        }
        numbers
    }
}

/// Numbers that come and go, and how often they have.
#[derive(Debug, Default)]
pub(super) struct Noted {
    numbers: Numbers,
    turns: u64,
}

impl Noted {
    pub(super) fn insert(&mut self, number: u64) {
        self.turns += u64::from(self.numbers.insert(number));
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.turns += u64::from(self.numbers.remove(number));
    }

    pub(super) fn take(&mut self) -> Numbers {
        self.turns += 1;
        std::mem::take(&mut self.numbers)
    }

    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Another one as soon as there are other numbers.
    pub(super) fn turns(&self) -> u64 {
        self.turns
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn they_come_back_in_their_order_whatever_lies_between() {
        let (mut numbers, mut known) = (Numbers::default(), BTreeSet::new());
        // Beside one another, at the ends of words, and far away.
        let given = [5, 1, 63, 64, 65, 127, 128, 1 << 40, 0, u64::MAX, 5, 64];
        for number in given {
            assert_eq!(numbers.insert(number), known.insert(number), "{number}");
        }
        assert_eq!(numbers.in_order(), known.iter().copied().collect::<Vec<_>>());
        for number in [64, 64, 2, u64::MAX, 1 << 40, 7] {
            assert_eq!(numbers.remove(number), known.remove(&number), "{number}");
            assert_eq!(numbers.contains(number), known.contains(&number));
        }
        assert_eq!(numbers.in_order(), known.iter().copied().collect::<Vec<_>>());
        known.into_iter().for_each(|number| assert!(numbers.remove(number)));
        assert!(numbers.is_empty());
    }
}
