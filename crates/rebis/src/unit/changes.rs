//! What has changed: since the last flush, and since a transaction or a savepoint began.

use std::rc::Rc;

use rebis_core::{Error, ErrorKind, Result};

use super::{Unit, conflict};
use crate::mapper::{Expiry, Head, Links, Object, Record, State, Undo};

/// What is in memory is what the database has.
fn forget_changes(head: &Head) {
    let Some(notes) = head.noted() else { return };
    notes.base.take();
    notes.links.borrow_mut().iter_mut().for_each(Links::flushed);
}

impl Unit {
    /// Notes how an object is before it is changed; its columns are read for that.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when they are being written.
    pub(crate) fn touch(&self, object: &Object) -> Result<()> {
        let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
        self.touch_record(&object.head, &*record);
        Ok(())
    }

    /// The same, for who has the columns at hand.
    pub(crate) fn touch_record(&self, head: &Head, record: &dyn Record) {
        if head.state.get() == State::Detached {
            // No session's; what has changed counts if it is taken in again.
            head.notes().base.borrow_mut().get_or_insert_with(|| record.copy_shared());
            return;
        }
        let needs_base = head.state.get() == State::Persistent && head.base().is_none();
        let copy = self.note(head, Some(record));
        if needs_base {
            // One copy serves both.
            head.notes().base.replace(Some(copy.unwrap_or_else(|| record.copy_shared())));
        }
    }

    /// Notes how the relations of an object are before they are changed; nobody's borrow of its columns is in the way.
    pub(crate) fn touch_links(&self, head: &Head) {
        self.note(head, None);
    }

    /// Notes an object before a flush writes some of its columns. Of a new one each is noted as it is written, by
    /// [`keep_column`](Unit::keep_column).
    ///
    /// # Errors
    /// As [`touch`](Unit::touch).
    pub(crate) fn touch_written(&self, object: &Object) -> Result<()> {
        let head = &object.head;
        if head.state.get() == State::Pending && self.is_as_it_came(head) {
            return Ok(());
        }
        self.touch(object)
    }

    /// Whether it came at this level as a new one, and none of its columns is noted beside that.
    pub(crate) fn is_as_it_came(&self, head: &Head) -> bool {
        head.born() == Some(self.level.get()) && !head.has_undo()
    }

    /// Notes that an object has come as new. How it was is known: nothing else is kept of it.
    pub(super) fn note_new(&self, head: &Head) {
        let level = self.level.get();
        head.set_born(Some(level));
        if head.born().is_none() {
            // Inside more savepoints than a head counts.
            head.undo_to_add().borrow_mut().push(Undo::of_new(level, None));
        }
        self.changed.borrow_mut().insert(head.id);
        self.note_undone(head, level);
    }

    fn note_undone(&self, head: &Head, level: u32) {
        self.undone.borrow_mut().insert(head.id);
        if level > 0 {
            self.undone_inside.borrow_mut().push((level, head.id));
        }
    }

    /// Returns the copy of the columns, when one was made now.
    fn note(&self, head: &Head, record: Option<&dyn Record>) -> Option<Rc<dyn Record>> {
        // What is in no session has nothing to flush and nothing to undo; what has something to undo is in one.
        if head.born().is_none() && !head.has_undo() && !self.objects.borrow().contains(head.id) {
            return None;
        }
        let level = self.level.get();
        self.changed.borrow_mut().insert(head.id);
        let copy = || record.map(Record::copy_shared);
        if self.is_as_it_came(head) {
            let copy = copy()?;
            head.undo_to_add().borrow_mut().push(Undo::of_new(level, Some(Rc::clone(&copy))));
            return Some(copy);
        }
        let mut undo = head.undo_to_add().borrow_mut();
        match undo.last_mut() {
            Some(last) if last.level == level => {
                if last.record.is_some() {
                    return None;
                }
                let copy = copy()?;
                last.record = Some(Rc::clone(&copy));
                last.base.clone_from(&head.notes().base.borrow());
                Some(copy)
            }
            _ => {
                self.note_undone(head, level);
                let copy = copy();
                // Most objects have one only.
                undo.reserve_exact(1);
                undo.push(Undo {
                    level,
                    record: copy.clone(),
                    base: head.notes().base.borrow().clone(),
                    links: head.notes().links.borrow().clone(),
                    state: head.state.get(),
                    expiry: head.expiry.get(),
                    doomed: head.doomed.get(),
                    key: head.key(),
                });
                copy
            }
        }
    }

    /// The objects that a flush has to look at, in the order in which they came.
    pub(crate) fn changed(&self) -> Vec<Rc<Object>> {
        self.objects(&self.changed.borrow().numbers().in_order())
    }

    /// The same, where they may be others than at these turns; a flush asks often, and they seldom are.
    pub(crate) fn changed_since(&self, turns: &mut u64, known: &mut Vec<Rc<Object>>) {
        let now = self.changed.borrow().turns();
        if std::mem::replace(turns, now) != now {
            *known = self.changed();
        }
    }

    /// How often other objects have been changed.
    pub(crate) fn turns(&self) -> u64 {
        self.changed.borrow().turns()
    }

    /// Whether a flush has to look at the object with this number.
    pub(crate) fn has_changed(&self, id: u64) -> bool {
        self.changed.borrow().numbers().contains(id)
    }

    pub(crate) fn is_changed(&self) -> bool {
        !self.changed.borrow().numbers().is_empty()
    }

    /// Notes that the transaction writes.
    pub(crate) fn note_write(&self) {
        self.wrote.set(true);
    }

    /// After a flush: what is in memory is what the database has.
    pub(crate) fn flushed(&self) {
        let objects = self.objects.borrow();
        let changed = self.changed.borrow_mut().take();
        for object in changed.in_order().iter().filter_map(|id| objects.get(*id)) {
            forget_changes(&object.head);
        }
    }

    /// A new object has its row. Said at once, while it is at hand, it saves a look at it at the end of the flush.
    pub(crate) fn is_flushed(&self, head: &Head) {
        forget_changes(head);
        self.changed.borrow_mut().remove(head.id);
    }

    /// The columns of an object are to be read again; what has changed of it is dropped, but not that it is to be deleted.
    pub(crate) fn expire(&self, head: &Head) {
        head.expiry.set(Expiry::Expired);
        if let Some(notes) = head.noted() {
            notes.base.take();
            notes.links.take();
        }
        self.forget_assigned(head);
        // That it is to be deleted is nothing that is read again.
        if !head.doomed.get() {
            self.changed.borrow_mut().remove(head.id);
        }
    }

    /// Takes the mark away.
    pub(crate) fn spare(&self, head: &Head) {
        if head.doomed.get() {
            self.touch_links(head);
            head.doomed.set(false);
        }
    }

    /// A statement has deleted the row of an object.
    pub(crate) fn row_is_deleted(&self, object: &Object) {
        let head = &object.head;
        self.touch_links(head);
        self.forget_key(head);
        head.notes().base.take();
        head.doomed.set(false);
        self.set_state(head, State::Deleted);
        self.changed.borrow_mut().remove(head.id);
    }

    /// Marks an object to be deleted at the next flush.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when it has no row.
    pub(crate) fn doom(&self, object: &Rc<Object>) -> Result<()> {
        let head = &object.head;
        match head.state.get() {
            State::Persistent => {
                self.touch_links(head);
                head.doomed.set(true);
                Ok(())
            }
            State::Deleted => Ok(()),
            state => {
                let what = match state {
                    State::Detached => "is in no session any more",
                    _ => "is not in the database",
                };
                let text = format!("the {} {what}, and cannot be deleted", head.mapper.name());
                Err(Error::new(ErrorKind::InvalidState, text))
            }
        }
    }
}
