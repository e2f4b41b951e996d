//! Relations in memory: both sides are kept in step, at once.

use std::cell::RefMut;
use std::rc::Rc;

use rebis_core::Result;

use super::{Kind, Unit, conflict};
use crate::mapper::{Direction, Few, Head, Ids, Links, Moved, Object, Relation, State};
use crate::model::{Key, RelationKind};

/// What was loaded of relations is forgotten; what is not flushed stays.
pub(super) fn forget_loaded(links: &mut [Links]) {
    links.iter_mut().filter(|links| !links.is_changed()).for_each(|links| *links = Links::default());
}

/// Whether the database has never had it. One that is detached has related rows that nobody has asked for.
fn has_no_row(head: &Head) -> bool {
    matches!(head.state.get(), State::Pending | State::Transient)
}

impl Unit {
    /// The links of a relation, made when they are first asked for.
    fn links<'o>(&self, object: &'o Object, relation: usize) -> Result<RefMut<'o, Links>> {
        object.head.mapper.relations()?;
        let mut links = object.head.notes().links.borrow_mut();
        links.grow(relation + 1);
        if self.is_expired(&object.head) {
            forget_loaded(&mut links);
        }
        Ok(RefMut::map(links, |links| &mut links[relation]))
    }

    fn relation(&self, head: &Head, relation: usize) -> Result<&'static Relation> {
        Ok(&head.mapper.relations()?[relation])
    }

    /// The numbers of the related objects, when they are known without asking the database.
    pub(crate) fn linked(&self, object: &Object, relation: usize) -> Result<Option<Vec<u64>>> {
        let links = self.links(object, relation)?;
        let found = match &links.loaded {
            Some(loaded) => Some(&**loaded),
            // Nothing can be there but what was put in.
            None if has_no_row(&object.head) => Some(links.added()),
            None => None,
        };
        Ok(found.map(<[u64]>::to_vec))
    }

    /// Takes in what was loaded, with what was put in and taken out meanwhile.
    pub(crate) fn set_loaded(&self, object: &Object, relation: usize, ids: Vec<u64>) -> Result<()> {
        let mut links = self.links(object, relation)?;
        if links.loaded.is_some() {
            return Ok(());
        }
        if self.wrote.get() {
            self.loaded_late.borrow_mut().push((self.level.get(), object.head.id));
        }
        if links.added().is_empty() && links.removed().is_empty() {
            links.loaded = Some(ids.into());
            return Ok(());
        }
        let moved = links.moved();
        let removed = std::mem::take(&mut moved.removed);
        let mut now = ids.clone();
        now.retain(|id| !removed.contains(id));
        for id in std::mem::take(&mut moved.added) {
            if !now.contains(&id) {
                now.push(id);
            }
        }
        if now != ids {
            links.before = Some(ids.into());
        }
        links.loaded = Some(now.into());
        Ok(())
    }

    /// Puts an object into a relation of another one, and that one into the relation that leads back.
    pub(crate) fn link(&self, owner: &Rc<Object>, relation: usize, other: &Rc<Object>) -> Result<()> {
        let description = self.relation(&owner.head, relation)?;
        let is_new = self.put(owner, relation, description, other)?;
        match description.back {
            // The other side may not be loaded, and then cannot tell that it has it already.
            Some(back) if is_new => {
                self.put(other, back, self.relation(&other.head, back)?, owner).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Takes an object out of a relation of another one, on both sides.
    pub(crate) fn unlink(&self, owner: &Rc<Object>, relation: usize, other: &Rc<Object>) -> Result<()> {
        let description = self.relation(&owner.head, relation)?;
        if !self.take(owner, relation, other)? {
            // It was not in there; whose it is, is not this owner's to say.
            return Ok(());
        }
        self.links(owner, relation)?.moved().left.push(other.head.id);
        if let Some(back) = description.back {
            self.take(other, back, owner)?;
        }
        // What was never inserted and has lost its owner never will be.
        if description.definition.cascade.delete_orphan && other.head.state.get() == State::Pending {
            self.let_go_along(other)?;
        }
        Ok(())
    }

    /// Makes these the objects of a relation, in place of those that were there.
    pub(crate) fn assign(&self, owner: &Rc<Object>, relation: usize, others: &[Rc<Object>]) -> Result<()> {
        let description = self.relation(&owner.head, relation)?;
        if description.definition.kind == RelationKind::Many {
            let old = self.linked(owner, relation)?.unwrap_or_default();
            for gone in self.objects(&old) {
                if !others.iter().any(|other| other.head.id == gone.head.id) {
                    self.unlink(owner, relation, &gone)?;
                }
            }
            let mut links = self.links(owner, relation)?;
            if links.loaded.is_none() && has_no_row(&owner.head) {
                links.loaded = Some(Ids::default());
            }
        } else if others.is_empty() {
            if let Some(gone) = self.current(owner, relation, description)? {
                self.unlink(owner, relation, &gone)?;
            }
            self.touch_links(&owner.head);
            let mut links = self.links(owner, relation)?;
            links.before.get_or_insert_default();
            links.loaded = Some(Ids::default());
        }
        others.iter().try_for_each(|other| self.link(owner, relation, other))
    }

    /// One side of a link; false when it is there already. What stood in the only place there is taken out on its own side as well.
    fn put(
        &self,
        owner: &Rc<Object>,
        number: usize,
        relation: &'static Relation,
        other: &Rc<Object>,
    ) -> Result<bool> {
        let id = other.head.id;
        if relation.definition.kind == RelationKind::One {
            if let (Some(old), Some(back)) = (self.current(owner, number, relation)?, relation.back)
                && old.head.id != id
            {
                self.take(&old, back, owner)?;
            }
            if self.links(owner, number)?.loaded.as_deref() == Some(&[id][..]) {
                return Ok(false);
            }
            self.touch_links(&owner.head);
            let mut links = self.links(owner, number)?;
            let old = links.loaded.replace(Few::One(id)).unwrap_or_default();
            let gone = old.first().and_then(|gone| self.object(*gone));
            links.before.get_or_insert(old);
            drop(links);
            if let Some(gone) = gone {
                self.note_linked(Kind::Remove, owner, number, &gone);
            }
            self.note_linked(Kind::Append, owner, number, other);
            return Ok(true);
        }
        if self.links(owner, number)?.loaded.as_ref().is_some_and(|loaded| loaded.contains(&id)) {
            return Ok(false);
        }
        self.touch_links(&owner.head);
        let mut links = self.links(owner, number)?;
        links.returns(id);
        if links.loaded.is_none() && has_no_row(&owner.head) {
            links.loaded = Some(Ids::default());
        }
        let Links { loaded, before, .. } = &mut *links;
        if let Some(loaded) = loaded {
            before.get_or_insert_with(|| loaded.clone());
            loaded.push(id);
        } else {
            let Moved { added, removed, .. } = links.moved();
            // What was only taken out since the last flush is there still.
            match removed.iter().position(|known| *known == id) {
                Some(place) => {
                    removed.remove(place);
                }
                None if added.contains(&id) => {}
                None => added.push(id),
            }
        }
        drop(links);
        self.note_linked(Kind::Append, owner, number, other);
        Ok(true)
    }

    /// One side of a link goes; false when it is known not to be there.
    fn take(&self, owner: &Rc<Object>, number: usize, other: &Rc<Object>) -> Result<bool> {
        let id = other.head.id;
        if self.links(owner, number)?.loaded.as_ref().is_some_and(|loaded| !loaded.contains(&id)) {
            return Ok(false);
        }
        self.touch_links(&owner.head);
        let mut links = self.links(owner, number)?;
        let Links { loaded, before, .. } = &mut *links;
        if let Some(loaded) = loaded {
            before.get_or_insert_with(|| loaded.clone());
            loaded.remove(id);
        } else {
            let Moved { added, removed, .. } = links.moved();
            match added.iter().position(|known| *known == id) {
                Some(place) => {
                    added.remove(place);
                }
                None if removed.contains(&id) => {}
                None => removed.push(id),
            }
        }
        drop(links);
        self.note_linked(Kind::Remove, owner, number, other);
        Ok(true)
    }

    /// The object in a relation to one, as far as the session has it: by its link, or by the foreign key.
    fn current(
        &self,
        owner: &Rc<Object>,
        number: usize,
        relation: &'static Relation,
    ) -> Result<Option<Rc<Object>>> {
        if let Some(loaded) = &self.links(owner, number)?.loaded {
            return Ok(loaded.first().and_then(|id| self.object(*id)));
        }
        if relation.direction != Direction::ManyToOne || self.some_of(relation.target).is_none() {
            return Ok(None);
        }
        Ok(self.referred_key(owner, relation)?.and_then(|key| self.find(relation.target, &key)))
    }

    /// The key that the foreign key of a relation to one names; `None` when a part of it is NULL, or it names no primary key.
    pub(crate) fn referred_key(&self, owner: &Object, relation: &Relation) -> Result<Option<Key>> {
        let target = relation.target.key();
        let Some(record) = owner.data.get() else { return Err(conflict(&owner.head)) };
        let column = |key: &usize| relation.pairs.iter().find(|(_, far)| far == key).map(|(near, _)| *near);
        let columns: Option<Vec<usize>> = target.iter().map(column).collect();
        match columns {
            Some(columns) if columns.len() == relation.pairs.len() => {
                Key::of(columns.into_iter().map(|column| record.read(column)))
            }
            _ => Ok(None),
        }
    }
}
