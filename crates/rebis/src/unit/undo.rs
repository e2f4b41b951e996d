//! What a commit keeps, and a rollback puts back: of objects that were there, how each was; of new ones, the columns that a flush has
//! written over, one behind the other for the whole session.

use std::cell::RefCell;
use std::rc::Rc;

use rebis_core::Value;

use super::Unit;
use crate::mapper::{Expiry, Head, Object, Record, State, Undo};

/// The value that a column of a new object had before a flush wrote over it: that saves the copy of all.
pub(super) struct KeptColumn {
    level: u32,
    id: u64,
    column: usize,
    value: Value,
}

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
    if outer.record.is_none() && inner.record.is_some() {
        (outer.record, outer.base) = (inner.record, inner.base);
    }
}

/// Notes the columns of a new object, before what the database has is put in their place.
pub(crate) fn keep_columns(head: &Head, record: &dyn Record) {
    let born = head.born();
    if born.is_none() && !head.has_undo() {
        return;
    }
    let mut undo = head.undo_to_add().borrow_mut();
    match (undo.last_mut(), born) {
        (Some(last), _) if last.state == State::Transient && last.record.is_none() => {
            last.record = Some(record.copy_shared());
        }
        (None, Some(born)) => undo.push(Undo::of_new(born, Some(record.copy_shared()))),
        _ => {}
    }
}

/// What was noted of an object at a savepoint that is kept belongs to what is around it.
fn release_object(head: &Head, level: u32, outer: u32) {
    if head.born().is_some_and(|born| born >= level) {
        head.set_born(Some(outer));
    }
    let Some(undo) = head.undo() else { return };
    let mut undo = undo.borrow_mut();
    let Some(first) = undo.iter().position(|entry| entry.level >= level) else { return };
    let Some(mut kept) = earliest(undo.split_off(first)) else { return };
    kept.level = outer;
    match undo.last_mut() {
        // The outer one knows how it was at first, but perhaps not its columns, which were changed only inside.
        Some(last) if last.level == outer => take_columns(last, kept),
        // One that came there as new is known but for its columns.
        None if head.born() == Some(outer) => {
            let record = kept.record;
            undo.extend(record.map(|record| Undo::of_new(outer, Some(record))));
        }
        _ => undo.push(kept),
    }
}

impl Unit {
    /// Notes the value of one column of a new object, before a flush writes over it.
    pub(crate) fn keep_column(&self, head: &Head, record: &dyn Record, column: usize) {
        if self.is_as_it_came(head) && record.is_loaded(column) {
            let (level, id, value) = (self.level.get(), head.id, record.read(column));
            self.kept_columns.borrow_mut().push(KeptColumn { level, id, column, value });
        } else {
            keep_columns(head, record);
        }
    }

    /// Puts back the columns of these new objects, which are in the order of their numbers.
    fn restore_columns(&self, new: &[Rc<Object>], level: u32) {
        let mut kept = self.kept_columns.borrow_mut();
        let first = kept.partition_point(|column| column.level < level);
        // The earliest is the last that is put back.
        for KeptColumn { id, column, value, .. } in kept.drain(first..).rev() {
            let object =
                new.binary_search_by_key(&id, |object| object.head.id).ok().and_then(|at| new.get(at));
            if let Some(mut record) = object.and_then(|object| object.data.get_mut()) {
                // It was the column's own value.
                let _ = record.write(column, value.as_ref());
            }
        }
    }

    /// The transaction is kept. With `expire`, what was read in it is read again when it is next asked for.
    pub(crate) fn committed(&self, expire: bool) {
        let undone = std::mem::take(&mut *self.undone.borrow_mut());
        let mut deleted = Vec::new();
        let objects = self.objects.borrow();
        for object in undone.in_order().iter().filter_map(|id| objects.get(*id)) {
            object.head.forget_undo();
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
        self.ends.set(self.ends.get().wrapping_add(1));
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
        self.kept_columns.borrow_mut().clear();
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
            release_object(&object.head, level, outer);
        }
        let mut kept = self.kept_columns.borrow_mut();
        let first = kept.partition_point(|column| column.level < level);
        kept[first..].iter_mut().for_each(|column| column.level = outer);
        drop(kept);
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
        let (mut restored, mut new) = (Vec::new(), Vec::new());
        for object in objects {
            let head = &object.head;
            let is_new = head.born().is_some_and(|born| born >= level);
            // What was changed behind that has only columns to say.
            let mut entries: Vec<Undo> = is_new.then(|| Undo::of_new(level, None)).into_iter().collect();
            if let Some(undo) = head.undo() {
                let mut undo = undo.borrow_mut();
                let first = undo.iter().position(|entry| entry.level >= level).unwrap_or(undo.len());
                entries.append(&mut undo.split_off(first));
            }
            if is_new {
                head.set_born(None);
            }
            if head.born().is_none() && !head.has_undo() {
                self.undone.borrow_mut().remove(head.id);
            }
            let Some(entry) = earliest(entries) else { continue };
            // Two objects may have changed keys: all are forgotten before one is remembered.
            self.forget_key(head);
            if is_new {
                new.push(Rc::clone(&object));
            }
            restored.push((object, entry));
        }
        let (read, loaded) = (since(&self.read_late, level), since(&self.loaded_late, level));
        for (object, entry) in restored {
            self.restore(&object, entry);
        }
        self.restore_columns(&new, level);
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
        let Undo { record, base, links, state, expiry, doomed, key, level: _ } = entry;
        head.notes().base.replace(base);
        head.notes().links.replace(links);
        self.forget_assigned(head);
        head.doomed.set(doomed);
        head.expiry.set(expiry);
        if let Some(record) = record {
            match object.data.get_mut() {
                Some(mut data) => data.restore(&*record),
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
}
