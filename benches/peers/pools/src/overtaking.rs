//! Who was served after somebody that had come later.

use crate::subject::Load;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers for those who ask and for those who are served.
#[derive(Default)]
pub struct Order {
    asked: AtomicU64,
    served: AtomicU64,
}

/// The place of a checkout among all that asked, and among all that were served.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    asked: u64,
    served: u64,
}

/// How often it happened.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Overtaking {
    pub all: usize,
    /// By as many as there are connections, or more. By fewer the scheduler alone can do it: others that were handed a
    /// connection woke up sooner.
    pub far: usize,
}

impl Order {
    /// Right before asking. A thread that is interrupted between this and the pool's own queue is counted as overtaken
    /// though it was not yet in line: with all pools alike, and seldom, since two processors run few threads at a time.
    pub fn ask(&self, load: Load) -> Option<u64> {
        (!load.hold.is_zero()).then(|| self.asked.fetch_add(1, Ordering::Relaxed))
    }

    pub fn serve(&self, asked: Option<u64>) -> Option<Turn> {
        asked.map(|asked| Turn { asked, served: self.served.fetch_add(1, Ordering::Relaxed) })
    }
}

impl Overtaking {
    pub fn add(&mut self, other: &Overtaking) {
        self.all += other.all;
        self.far += other.far;
    }
}

/// Counts for each turn those who asked later and were served before.
pub fn overtaking(mut turns: Vec<Turn>, far: u64) -> Overtaking {
    turns.sort_by_key(|turn| turn.served);
    // A Fenwick tree over the order of asking: how many of those served so far asked up to a place.
    let places = turns.iter().map(|turn| turn.asked).max().map_or(0, |last| last as usize + 1);
    let mut tree = vec![0_u64; places + 1];
    let mut counts = Overtaking { all: turns.len(), ..Overtaking::default() };
    for (before, turn) in (0..).zip(&turns) {
        let place = turn.asked as usize + 1;
        let mut earlier = 0;
        let mut at = place;
        while at > 0 {
            earlier += tree[at];
            at -= at & at.wrapping_neg();
        }
        let later: u64 = before - earlier;
        counts.far += usize::from(later >= far);
        at = place;
        while at < tree.len() {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(asked_in_order_of_service: &[u64]) -> Overtaking {
        let turns = (0..).zip(asked_in_order_of_service).map(|(served, &asked)| Turn { asked, served });
        overtaking(turns.collect(), 2)
    }

    #[test]
    fn first_come_first_served_overtakes_nobody() {
        assert_eq!(of(&[0, 1, 2, 3]), Overtaking { all: 4, far: 0 });
    }

    #[test]
    fn counts_those_who_went_before() {
        assert_eq!(of(&[3, 2, 0, 1]), Overtaking { all: 4, far: 2 });
        assert_eq!(of(&[1, 2, 3, 0]), Overtaking { all: 4, far: 1 });
    }
}
