//! What a session has by number. Numbers are counted up, so what came together lies together, and is found without a hash.

use std::collections::VecDeque;

/// How many numbers are on one page.
const PAGE: usize = 128;

/// Values by their numbers, in the order of the numbers. A page that has become empty is given back, and its place as well when no
/// earlier one is left: a session that lives long and lets go of what it has read stays small.
#[derive(Debug)]
pub(crate) struct Pages<V> {
    pages: VecDeque<Option<Box<Page<V>>>>,
    /// The number of the first page that is there.
    first: usize,
    count: usize,
}

#[derive(Debug)]
struct Page<V> {
    count: usize,
    values: [Option<V>; PAGE],
}

impl<V> Default for Pages<V> {
    fn default() -> Self {
        Pages { pages: VecDeque::new(), first: 0, count: 0 }
    }
}

/// The page of a number, and the line on it.
fn place(number: u64) -> (usize, usize) {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    (number / PAGE, number % PAGE)
}

impl<V> Pages<V> {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn get(&self, number: u64) -> Option<&V> {
        let (page, line) = place(number);
        self.pages.get(page.checked_sub(self.first)?)?.as_ref()?.values[line].as_ref()
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.get(number).is_some()
    }

    pub(crate) fn insert(&mut self, number: u64, value: V) {
        let (page, line) = place(number);
        if self.pages.is_empty() {
            self.first = page;
        }
        while page < self.first {
            self.pages.push_front(None);
            self.first -= 1;
        }
        if self.pages.len() <= page - self.first {
            self.pages.resize_with(page - self.first + 1, || None);
        }
        let empty = || Box::new(Page { count: 0, values: [const { None }; PAGE] });
        let page = self.pages[page - self.first].get_or_insert_with(empty);
        if page.values[line].replace(value).is_none() {
            page.count += 1;
            self.count += 1;
        }
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<V> {
        let (at, line) = place(number);
        let place = self.pages.get_mut(at.checked_sub(self.first)?)?;
        let page = place.as_mut()?;
        let value = page.values[line].take()?;
        self.count -= 1;
        page.count -= 1;
        if page.count == 0 {
            *place = None;
            while let Some(None) = self.pages.front() {
                self.pages.pop_front();
                self.first += 1;
            }
        }
        Some(value)
    }

    /// All, in the order of their numbers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.pages.iter().flatten().flat_map(|page| page.values.iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn they_are_a_map_in_the_order_of_the_numbers() {
        let (mut pages, mut known) = (Pages::default(), BTreeMap::new());
        // Beside one another, over the ends of pages, back in front of the first one.
        for number in [700, 701, 127, 128, 1, 0, 9_000, 255, 256, 700] {
            pages.insert(number, number * 2);
            known.insert(number, number * 2);
        }
        assert_eq!(pages.values().collect::<Vec<_>>(), known.values().collect::<Vec<_>>());
        for number in [0, 0, 1, 127, 5, 9_000, 300, 128, u64::MAX] {
            assert_eq!(pages.remove(number), known.remove(&number), "{number}");
            assert_eq!((pages.len(), pages.contains(number)), (known.len(), false));
        }
        assert_eq!(pages.values().collect::<Vec<_>>(), known.values().collect::<Vec<_>>());
        assert_eq!((pages.get(701), pages.get(0), pages.get(702)), (Some(&1402), None, None));
    }

    #[test]
    fn what_comes_and_goes_leaves_nothing_behind() {
        let mut pages = Pages::default();
        for number in 0..100_000 {
            pages.insert(number, ());
            pages.remove(number.saturating_sub(500));
        }
        assert_eq!(pages.len(), 500);
        assert!(pages.pages.len() <= 500 / PAGE + 2, "{}", pages.pages.len());
    }
}
