//! Letting go of what nobody needs: objects that are neither held, nor changed, nor reached over relations from one that is.

use std::rc::Rc;

use super::pages::Pages;
use super::{Numbers, Unit};
use crate::mapper::{Links, Object, State};

/// Below that many objects nothing is let go.
const FEWEST: usize = 5_000;

impl Unit {
    /// Keeps objects that have left the session together: who holds one of them sees the others over its relations.
    pub(crate) fn keep_left(&self, objects: Vec<Rc<Object>>) {
        let mut left = self.left.borrow_mut();
        objects.into_iter().for_each(|object| left.insert(object.head.id, object));
        let count = left.len();
        drop(left);
        if count > 2 * self.left_kept.get().max(FEWEST) {
            self.forget_left();
        }
    }

    /// Of objects that have left the session, keeps those that the program holds, and what is linked to them.
    pub(super) fn forget_left(&self) {
        let mut left = self.left.take();
        let held = |object: &&Rc<Object>| Rc::strong_count(object) > 1;
        let mut next: Vec<u64> = left.values().filter(held).map(|object| object.head.id).collect();
        let mut kept = Pages::default();
        while let Some(id) = next.pop() {
            let Some(object) = left.remove(id) else { continue };
            let links = object.head.links();
            next.extend(links.iter().flat_map(|links| links.iter()).flat_map(Links::known));
            drop(links);
            kept.insert(id, object);
        }
        self.left_kept.set(kept.len());
        self.left.replace(kept);
    }

    /// Sweeps when there are twice as many objects as after the last time.
    pub(crate) fn sweep_if_due(&self) {
        if self.objects.borrow().len() > 2 * self.kept.get().max(FEWEST) {
            self.sweep();
        }
    }

    /// Lets go of every object that cannot be reached.
    pub(crate) fn sweep(&self) {
        self.forget_left();
        let objects = self.objects.borrow();
        let (changed, undone) = (self.changed.borrow(), self.undone.borrow());
        let is_root = |object: &Rc<Object>| {
            let head = &object.head;
            // The map has it once.
            Rc::strong_count(object) > 1
                || head.state.get() != State::Persistent
                || changed.numbers().contains(head.id)
                || undone.contains(head.id)
        };
        let mut marked = Numbers::default();
        let mut next: Vec<u64> =
            objects.values().filter(|object| is_root(object)).map(|object| object.head.id).collect();
        while let Some(id) = next.pop() {
            if !marked.insert(id) {
                continue;
            }
            let Some(object) = objects.get(id) else { continue };
            // A flush still takes out what has left a relation, and a rollback puts it back.
            if let Some(links) = object.head.links() {
                next.extend(links.iter().flat_map(Links::all));
            }
            if let Some(undo) = object.head.undo() {
                next.extend(undo.borrow().iter().flat_map(|undo| undo.links.iter()).flat_map(Links::all));
            }
        }
        let gone: Vec<Rc<Object>> =
            objects.values().filter(|object| !marked.contains(object.head.id)).map(Rc::clone).collect();
        drop((objects, changed, undone));
        for object in gone {
            self.let_go(&object, State::Detached);
        }
        let objects = self.objects.borrow();
        for late in [&self.read_late, &self.loaded_late] {
            late.borrow_mut().retain(|(_, id)| objects.contains(*id));
        }
        self.kept.set(objects.len());
    }
}
