//! Where the values of a statement stand in its tree.

use std::collections::HashMap;

use smallvec::SmallVec;

/// The places of values, and of lists of values, with the number of the first one.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// A few are looked through faster than hashed.
    few: SmallVec<[(*const (), usize); 8]>,
    many: Option<HashMap<*const (), usize>>,
}

/// How many places are looked through.
const FEW: usize = 32;

impl Places {
    pub(super) fn number_of(&self, place: *const ()) -> Option<usize> {
        let few = self.few.iter().find(|(known, _)| *known == place).map(|(_, number)| *number);
        few.or_else(|| self.many.as_ref().and_then(|many| many.get(&place)).copied())
    }

    pub(super) fn add(&mut self, place: *const (), number: usize) {
        if self.few.len() < FEW {
            self.few.push((place, number));
        } else {
            self.many.get_or_insert_default().insert(place, number);
        }
    }
}
