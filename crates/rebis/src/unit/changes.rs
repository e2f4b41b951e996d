//! What has changed: since the last flush, and since a transaction or a savepoint began.

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;

use rebis_core::{Error, ErrorKind, Result};

use super::{Unit, conflict};
use crate::mapper::{Expiry, Head, Object, Record, State, Undo};

/// What was noted at this level and those inside it; it is noted no more.
fn since(noted: &RefCell<Vec<(u32, u64)>>, level: u32) -> Vec<u64> {
    let mut noted = noted.borrow_mut();
    // Inner levels end before outer ones go on: the list is in their order.
    let first = noted.partition_point(|(at, _)| *at < level);
    noted.split_off(first).into_iter().map(|(_, id)| id).collect()
}

/// The same, in the order in which the objects came.
fn since_in_order(noted: &RefCell<Vec<(u32, u64)>>, level: u32) -> Vec<u64> {
    let mut ids = since(noted, level);
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// How an object was before the first of these changes; its columns may have been changed first at an inner level.
fn earliest(entries: Vec<Undo>) -> Option<Undo> {
    let mut entries = entries.into_iter();
    let mut first = entries.next()?;
    entries.for_each(|inner| take_columns(&mut first, inner));
    Some(first)
}

/// The columns that were changed at an inner level first.
fn take_columns(outer: &mut Undo, inner: Undo) {
    if outer.record.is_none() {
        if inner.record.is_some() {
            (outer.record, outer.base) = (inner.record, inner.base);
        }
        outer.written.extend(inner.written);
    }
}

/// Notes the value of one column of a new object, before a flush writes over it: that saves the copy of all.
pub(crate) fn keep_column(head: &Head, record: &dyn Record, column: usize) {
    if !record.is_loaded(column) {
        keep_columns(head, record);
    } else if let Some(new) = head.notes().undo.borrow_mut().last_mut().filter(|last| last.lacks_columns()) {
        // Its key, and a foreign key.
        if new.written.is_empty() {
            new.written.reserve_exact(2);
        }
        new.written.push((column, record.read(column)));
    }
}

/// Notes the columns of a new object, before what the database has is put in their place.
pub(crate) fn keep_columns(head: &Head, record: &dyn Record) {
    if let Some(new) = head.notes().undo.borrow_mut().last_mut().filter(|last| last.lacks_columns()) {
        new.record = Some(record.copy_shared());
    }
}

/// What is in memory is what the database has.
fn forget_changes(head: &Head) {
    let Some(notes) = head.noted() else { return };
    notes.base.take();
    for links in notes.links.borrow_mut().iter_mut() {
        links.before = None;
        links.added.clear();
        links.removed.clear();
        links.left.clear();
    }
}

impl Undo {
    /// Whether it is of an object that was new, and does not know its columns.
    fn lacks_columns(&self) -> bool {
        self.state == State::Transient && self.record.is_none()
    }
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

    /// Notes an object before a flush writes some of its columns. Of a new one each is noted as it is written, by [`keep_column`].
    ///
    /// # Errors
    /// As [`touch`](Unit::touch).
    pub(crate) fn touch_written(&self, object: &Object) -> Result<()> {
        let is_new = |last: &Undo| last.level == self.level.get() && last.lacks_columns();
        if object.head.state.get() == State::Pending
            && object.head.notes().undo.borrow().last().is_some_and(is_new)
        {
            return Ok(());
        }
        self.touch(object)
    }

    /// Returns the copy of the columns, when one was made now.
    fn note(&self, head: &Head, record: Option<&dyn Record>) -> Option<Rc<dyn Record>> {
        let mut undo = head.notes().undo.borrow_mut();
        // What is in no session has nothing to flush and nothing to undo; what has something to undo is in one.
        if undo.is_empty() && !self.objects.borrow().contains(head.id) {
            return None;
        }
        let level = self.level.get();
        self.changed.borrow_mut().insert(head.id);
        let copy = || record.map(Record::copy_shared);
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
                self.undone.borrow_mut().insert(head.id);
                if level > 0 {
                    self.undone_inside.borrow_mut().push((level, head.id));
                }
                let copy = copy();
                // Most objects have one only.
                undo.reserve_exact(1);
                undo.push(Undo {
                    level,
                    record: copy.clone(),
                    written: Vec::new(),
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
            notes.links.borrow_mut().clear();
        }
        self.forget_assigned(head);
        // That it is to be deleted is nothing that is read again.
        if !head.doomed.get() {
            self.changed.borrow_mut().remove(head.id);
        }
    }

    // ---- transactions ----

    /// The transaction is kept. With `expire`, what was read in it is read again when it is next asked for.
    pub(crate) fn committed(&self, expire: bool) {
        let undone = std::mem::take(&mut *self.undone.borrow_mut());
        let mut deleted = Vec::new();
        let objects = self.objects.borrow();
        for object in undone.in_order().iter().filter_map(|id| objects.get(*id)) {
            object.head.notes().undo.take();
            if object.head.state.get() == State::Deleted {
                deleted.push(Rc::clone(object));
            }
        }
        drop(objects);
        for object in deleted {
            self.let_go(&object, State::Detached);
            // It cannot come back.
            object.head.doomed.set(true);
        }
        self.ended();
        if expire {
            self.expire_all();
        }
    }

    /// What was read up to now is read again when it is next asked for.
    pub(crate) fn expire_all(&self) {
        self.ends.set(self.ends.get().checked_add(1).unwrap_or(NonZeroU32::MIN));
    }

    /// The transaction is undone: memory is as it was when it began.
    pub(crate) fn rolled_back(&self) {
        self.undo_to(0);
        self.ended();
    }

    fn ended(&self) {
        self.level.set(0);
        self.wrote.set(false);
        self.undone_inside.borrow_mut().clear();
        self.read_late.borrow_mut().clear();
        self.loaded_late.borrow_mut().clear();
    }

    /// A savepoint begins; everything is flushed.
    pub(crate) fn begin_nested(&self) {
        self.level.set(self.level.get() + 1);
    }

    /// The savepoint is kept, and becomes a part of what is around it.
    pub(crate) fn release(&self, level: u32) {
        let outer = level.saturating_sub(1);
        let ids = since_in_order(&self.undone_inside, level);
        if outer > 0 {
            self.undone_inside.borrow_mut().extend(ids.iter().map(|id| (outer, *id)));
        }
        for object in self.objects(&ids) {
            let mut undo = object.head.notes().undo.borrow_mut();
            let Some(first) = undo.iter().position(|entry| entry.level >= level) else { continue };
            let Some(mut kept) = earliest(undo.split_off(first)) else { continue };
            kept.level = outer;
            match undo.last_mut() {
                // The outer one knows how it was at first, but perhaps not its columns, which were changed only inside.
                Some(last) if last.level == outer => take_columns(last, kept),
                _ => undo.push(kept),
            }
        }
        for late in [&self.read_late, &self.loaded_late] {
            let mut late = late.borrow_mut();
            let first = late.partition_point(|(read, _)| *read <= outer);
            late[first..].iter_mut().for_each(|(read, _)| *read = outer);
        }
        self.level.set(outer);
    }

    /// The savepoint is undone.
    pub(crate) fn rolled_back_to(&self, level: u32) {
        self.undo_to(level);
        self.level.set(level.saturating_sub(1));
    }

    /// Puts back what was changed at this level and those inside it.
    fn undo_to(&self, level: u32) {
        let inside = since_in_order(&self.undone_inside, level);
        let ids = if level == 0 { self.undone.borrow().in_order() } else { inside };
        let objects = self.objects(&ids);
        let mut restored = Vec::new();
        for object in &objects {
            let mut undo = object.head.notes().undo.borrow_mut();
            let Some(first) = undo.iter().position(|entry| entry.level >= level) else { continue };
            let entries = undo.split_off(first);
            if undo.is_empty() {
                self.undone.borrow_mut().remove(object.head.id);
            }
            drop(undo);
            let Some(entry) = earliest(entries) else { continue };
            // Two objects may have changed keys: all are forgotten before one is remembered.
            self.forget_key(&object.head);
            restored.push((Rc::clone(object), entry));
        }
        let (read, loaded) = (since(&self.read_late, level), since(&self.loaded_late, level));
        for (object, entry) in restored {
            self.restore(&object, entry);
        }
        for object in self.objects(&loaded) {
            self.forget_relations(&object.head);
        }
        for object in self.objects(&read) {
            if object.head.state.get() == State::Persistent {
                self.expire(&object.head);
            }
        }
    }

    fn restore(&self, object: &Rc<Object>, entry: Undo) {
        let head = &object.head;
        let Undo { record, written, base, links, state, expiry, doomed, key, level: _ } = entry;
        head.notes().base.replace(base);
        head.notes().links.replace(links);
        self.forget_assigned(head);
        head.doomed.set(doomed);
        head.expiry.set(expiry);
        if record.is_some() || !written.is_empty() {
            match object.data.get_mut() {
                Some(mut data) => {
                    record.iter().for_each(|record| data.restore(&**record));
                    for (column, value) in written.iter().rev() {
                        // It was the column's own value.
                        let _ = data.write(*column, value.as_ref());
                    }
                }
                // Somebody holds a guard: the columns are read again when it is gone.
                None => head.expiry.set(Expiry::Expired),
            }
        }
        if state == State::Transient {
            self.let_go(object, State::Transient);
            return;
        }
        self.set_state(head, state);
        self.remember_key(head, key);
        let changed = state == State::Pending || doomed || head.base().is_some() || head.has_changed_links();
        let mut all = self.changed.borrow_mut();
        if changed {
            all.insert(head.id);
        } else {
            all.remove(head.id);
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
