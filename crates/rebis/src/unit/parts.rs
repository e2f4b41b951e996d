//! Columns that are to be read again although the others of their object are good, and what else goes along with an object.

use std::rc::Rc;

use rebis_core::{Error, ErrorKind, Result};

use super::links::forget_loaded;
use super::{NumberSet, Unit, conflict};
use crate::mapper::{Head, Links, Object, State};
use crate::model::Cascade;

impl Unit {
    /// This column is to be read again; what has changed of it is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the object is borrowed; [`ErrorKind::InvalidState`] when its embedded value was taken away.
    pub(crate) fn expire_column(&self, object: &Object, column: usize) -> Result<()> {
        let Some(mut record) = object.data.get_mut() else { return Err(conflict(&object.head)) };
        if let Some(base) = object.head.base() {
            // It was the column's own value. One that was never loaded is no value, and is read before the next flush.
            let put_back = record.write(column, base.read(column).as_ref());
            if put_back.is_err() && base.is_loaded(column) {
                let mapper = object.head.mapper;
                let text = format!(
                    "'{}' of {} cannot be read again by itself: the embedded value that it is a part of was taken away; expire the \
                     object",
                    mapper.mapped()[column].name,
                    mapper.name()
                );
                return Err(Error::new(ErrorKind::InvalidState, text));
            }
        }
        let mut parts = self.parts.borrow_mut();
        let columns = parts.entry(object.head.id).or_default();
        if !columns.contains(&column) {
            columns.push(column);
        }
        Ok(())
    }

    /// This relation is to be loaded again; what was put in and taken out is dropped on this side.
    pub(crate) fn expire_relation(&self, head: &Head, relation: usize) {
        if let Some(links) = head.notes().links.borrow_mut().get_mut(relation) {
            *links = Links::default();
        }
    }

    /// All relations are to be loaded again, but those in which something has changed.
    pub(crate) fn forget_relations(&self, head: &Head) {
        if let Some(notes) = head.noted() {
            forget_loaded(&mut notes.links.borrow_mut());
        }
    }

    /// The columns that are to be read again, of an object that is not expired as a whole.
    pub(crate) fn expired_columns(&self, head: &Head) -> Option<Vec<usize>> {
        let parts = self.parts.borrow();
        if parts.is_empty() {
            return None;
        }
        parts.get(&head.id).cloned()
    }

    /// All columns of an object are good.
    pub(crate) fn forget_parts(&self, head: &Head) {
        let mut parts = self.parts.borrow_mut();
        if !parts.is_empty() {
            parts.remove(&head.id);
        }
    }

    /// The object, and those that go along with it by a cascade, over relations that are loaded.
    pub(crate) fn along(&self, object: &Rc<Object>, by: fn(&Cascade) -> bool) -> Result<Vec<Rc<Object>>> {
        let mut found = vec![Rc::clone(object)];
        let mut known = NumberSet::from_iter([object.head.id]);
        let mut next = 0;
        while let Some(owner) = found.get(next).map(Rc::clone) {
            next += 1;
            for (number, relation) in owner.head.mapper.relations()?.iter().enumerate() {
                if !by(&relation.definition.cascade) {
                    continue;
                }
                let Some(links) = owner.head.link(number) else { continue };
                let ids: Vec<u64> = links.now().copied().collect();
                for other in self.objects(&ids) {
                    if known.insert(other.head.id) {
                        found.push(other);
                    }
                }
            }
        }
        Ok(found)
    }

    /// Lets a new object go that is not to be inserted any more, and the new ones that go along with it.
    pub(crate) fn let_go_along(&self, object: &Rc<Object>) -> Result<()> {
        let gone = self.along(object, |cascade| cascade.expunge)?;
        for object in gone.iter().filter(|object| object.head.state.get() == State::Pending) {
            self.let_go(object, State::Transient);
        }
        Ok(())
    }

    /// The pending objects that belong to nobody but this one, which is expired.
    pub(crate) fn pending_orphans(&self, object: &Rc<Object>) -> Result<Vec<Rc<Object>>> {
        let mut orphans = Vec::new();
        for (number, relation) in object.head.mapper.relations()?.iter().enumerate() {
            let cascade = relation.definition.cascade;
            if !(cascade.refresh_expire && cascade.delete_orphan) {
                continue;
            }
            let Some(links) = object.head.link(number) else { continue };
            let ids: Vec<u64> = links.now().copied().collect();
            let pending = |object: &Rc<Object>| object.head.state.get() == State::Pending;
            orphans.extend(self.objects(&ids).into_iter().filter(pending));
        }
        Ok(orphans)
    }

    /// Whether a flush would have something to send of the object itself or its relations.
    pub(crate) fn is_modified(&self, object: &Object) -> Result<bool> {
        let head = &object.head;
        if head.doomed.get() || head.state.get() == State::Pending || head.has_changed_links() {
            return Ok(true);
        }
        let expired = self.expired_columns(head).unwrap_or_default();
        differs(object, (0..head.mapper.mapped().len()).filter(|column| !expired.contains(column)))
    }
}

/// Whether one of these columns is another one than at the last flush.
pub(crate) fn differs(object: &Object, columns: impl IntoIterator<Item = usize>) -> Result<bool> {
    let Some(base) = object.head.base() else { return Ok(false) };
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    Ok(columns.into_iter().any(|column| !record.same(&**base, column)))
}
