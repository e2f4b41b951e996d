//! Letting go of what nobody needs: objects that are neither held, nor changed, nor reached over relations from one that is.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Unit;
use crate::mapper::{Object, State};

/// Below that many objects nothing is let go.
const FEWEST: usize = 5_000;

impl Unit {
    /// Sweeps when there are twice as many objects as after the last time.
    pub(crate) fn sweep_if_due(&self) {
        if self.objects.borrow().len() > 2 * self.kept.get().max(FEWEST) {
            self.sweep();
        }
    }

    /// Lets go of every object that cannot be reached.
    pub(crate) fn sweep(&self) {
        let objects = self.objects.borrow();
        let (changed, undone) = (self.changed.borrow(), self.undone.borrow());
        let is_root = |object: &Rc<Object>| {
            let head = &object.head;
            // The map has it once.
            Rc::strong_count(object) > 1
                || head.state.get() != State::Persistent
                || changed.numbers().contains(&head.id)
                || undone.contains(&head.id)
        };
        let mut marked: BTreeSet<u64> = BTreeSet::new();
        let mut next: Vec<u64> =
            objects.values().filter(|object| is_root(object)).map(|object| object.head.id).collect();
        while let Some(id) = next.pop() {
            if !marked.insert(id) {
                continue;
            }
            if let Some(object) = objects.get(&id) {
                for links in object.head.links.borrow().iter() {
                    next.extend(links.loaded.iter().flatten());
                }
            }
        }
        let gone: Vec<Rc<Object>> =
            objects.values().filter(|object| !marked.contains(&object.head.id)).map(Rc::clone).collect();
        drop((objects, changed, undone));
        for object in gone {
            self.let_go(&object, State::Detached);
        }
        let objects = self.objects.borrow();
        self.read_late.borrow_mut().retain(|(_, id)| objects.contains_key(id));
        self.kept.set(objects.len());
    }
}
