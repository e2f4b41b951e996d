//! What a session has by number. Numbers are counted up, so what came together lies together, and is found without a hash.

/// How many numbers are on one page.
const PAGE: usize = 128;

/// Values by their numbers, in the order of the numbers. A page that has become empty is given back, so that old numbers cost
/// next to nothing: eight bytes for each page, of 128.
#[derive(Debug)]
pub(crate) struct Pages<V> {
    pages: Vec<Option<Box<Page<V>>>>,
    count: usize,
}

#[derive(Debug)]
struct Page<V> {
    count: usize,
    values: [Option<V>; PAGE],
}

impl<V> Default for Pages<V> {
    fn default() -> Self {
        Pages { pages: Vec::new(), count: 0 }
    }
}

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
        self.pages.get(page)?.as_ref()?.values[line].as_ref()
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.get(number).is_some()
    }

    pub(crate) fn insert(&mut self, number: u64, value: V) {
        let (page, line) = place(number);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        let empty = || Box::new(Page { count: 0, values: [const { None }; PAGE] });
        let page = self.pages[page].get_or_insert_with(empty);
        if page.values[line].replace(value).is_none() {
            page.count += 1;
            self.count += 1;
        }
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<V> {
        let (at, line) = place(number);
        let place = self.pages.get_mut(at)?;
        let page = place.as_mut()?;
        let value = page.values[line].take()?;
        self.count -= 1;
        page.count -= 1;
        if page.count == 0 {
            *place = None;
        }
        Some(value)
    }

    /// All, in the order of their numbers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.pages.iter().flatten().flat_map(|page| page.values.iter().flatten())
    }
}

impl<V> IntoIterator for Pages<V> {
    type Item = V;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Option<V>>>;

    fn into_iter(self) -> Self::IntoIter {
        let mut all = Vec::with_capacity(self.count);
        all.extend(self.pages.into_iter().flatten().flat_map(|page| page.values).filter(Option::is_some));
        all.into_iter().flatten()
    }
}
