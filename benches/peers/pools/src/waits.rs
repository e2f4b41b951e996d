//! How long the checkouts waited: counted in steps of less than two in a hundred, so that ten million take no memory.

/// The steps below a power of two.
const STEPS: u32 = 64;
const BITS: u32 = STEPS.trailing_zeros();

#[derive(Clone)]
pub struct Waits(Vec<u64>);

impl Waits {
    pub fn new() -> Waits {
        Waits(vec![0; place(u32::MAX) + 1])
    }

    pub fn count(&mut self, nanoseconds: u128) {
        self.0[place(u32::try_from(nanoseconds).unwrap_or(u32::MAX))] += 1;
    }

    pub fn add(&mut self, other: &Waits) {
        self.0.iter_mut().zip(&other.0).for_each(|(all, more)| *all += more);
    }

    /// Nanoseconds at a share of the way from the shortest to the longest.
    pub fn quantile(&self, share: f64) -> f64 {
        let all: u64 = self.0.iter().sum();
        let wanted = (all as f64 * share).ceil().max(1.0) as u64;
        let mut passed = 0;
        let at = self.0.iter().position(|count| {
            passed += count;
            passed >= wanted
        });
        at.map_or(0.0, |at| f64::from(least(at)))
    }
}

/// Exact below `STEPS`; above, the power of two and the step in it.
fn place(nanoseconds: u32) -> usize {
    if nanoseconds < STEPS {
        return nanoseconds as usize;
    }
    let power = nanoseconds.ilog2();
    ((power - BITS + 1) * STEPS + ((nanoseconds >> (power - BITS)) - STEPS)) as usize
}

/// The shortest wait that is counted there.
fn least(place: usize) -> u32 {
    let place = place as u32;
    if place < STEPS {
        return place;
    }
    (place % STEPS + STEPS) << (place / STEPS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_small_and_in_order() {
        for nanoseconds in [0, 1, 63, 64, 65, 127, 128, 1_000, 3_500_000, u32::MAX] {
            let counted = least(place(nanoseconds));
            assert!(
                counted <= nanoseconds && nanoseconds - counted <= nanoseconds / 64,
                "{nanoseconds} {counted}"
            );
        }
        assert!((0..place(u32::MAX)).all(|at| least(at) < least(at + 1) && place(least(at)) == at));
    }

    #[test]
    fn quantiles_are_those_of_what_was_counted() {
        let mut waits = Waits::new();
        (1..=50).for_each(|wait| waits.count(wait));
        assert_eq!([0.0, 0.5, 0.98, 1.0].map(|share| waits.quantile(share)), [1.0, 25.0, 49.0, 50.0]);
    }
}
