//! The unit of work: the objects of a session, one for each row, and what has changed of them. It does no I/O.

mod changes;
mod happenings;
mod identity;
mod keys;
mod links;
mod noted;
mod numbers;
mod pages;
mod parts;
mod sweep;
#[cfg(test)]
mod tests;
mod undo;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use self::keys::KeyMap;
use self::noted::Noted;
use self::numbers::MapperMap;
use self::pages::Pages;
use self::undo::KeptColumn;
use rebis_core::{Error, ErrorKind, Result};

pub(crate) use happenings::{Happening, Kind, Wanted};
pub(crate) use identity::Claim;
pub(crate) use noted::Numbers;
pub(crate) use numbers::{KeyedMap, LinkSet, Marks, NumberMap, NumberSet};
pub(crate) use parts::differs;
pub(crate) use undo::keep_columns;

use crate::mapper::{Expiry, Given, Head, Mapper, Object, Record, State};
use crate::model::ObjectRef;

/// The objects of one session.
pub(crate) struct Unit {
    /// The session's number; no two in one process have the same.
    number: u64,
    open: Cell<bool>,
    objects: RefCell<Pages<Rc<Object>>>,
    /// Those that were let go together and are reached from one that is held: their relations stay readable.
    left: RefCell<Pages<Rc<Object>>>,
    /// How many of them there were when they were looked through last.
    left_kept: Cell<usize>,
    /// For each mapper, by its number.
    identity: RefCell<MapperMap<KeyMap>>,
    next: Cell<u64>,
    /// How many transactions have ended and expired what they had read.
    ends: Cell<NonZeroU32>,
    /// How many savepoints are open.
    level: Cell<u32>,
    /// The objects that a flush has to look at.
    changed: RefCell<Noted>,
    /// The objects that a rollback has to look at.
    undone: RefCell<Numbers>,
    /// Those that a savepoint has changed, and at which level: it does not look at the others.
    undone_inside: RefCell<Vec<(u32, u64)>>,
    /// What flushes have written over in new objects, in their order.
    kept_columns: RefCell<Vec<KeptColumn>>,
    /// Whether the transaction has written: what is read from then on may be gone after a rollback.
    wrote: Cell<bool>,
    /// What was read since, and at which level.
    read_late: RefCell<Vec<(u32, u64)>>,
    /// Of what relations were loaded since, and at which level.
    loaded_late: RefCell<Vec<(u32, u64)>>,
    /// Of objects that are not expired as a whole: the columns that are.
    parts: RefCell<HashMap<u64, Vec<usize>>>,
    /// What the program has put into relation fields, taken out of them, and not taken in yet: what was there could not be loaded.
    assigned: RefCell<BTreeMap<(u64, usize), Vec<Given>>>,
    /// How many objects there were after the last sweep.
    kept: Cell<usize>,
    /// Without anything in it: where the next new objects are built.
    graph: RefCell<Graph>,
    wanted: Vec<Arc<Wanted>>,
    happenings: RefCell<Vec<Happening>>,
}

static SESSIONS: AtomicU64 = AtomicU64::new(1);

impl Unit {
    pub(crate) fn new() -> Self {
        Unit {
            number: SESSIONS.fetch_add(1, Ordering::Relaxed),
            open: Cell::new(true),
            objects: RefCell::default(),
            left: RefCell::default(),
            left_kept: Cell::new(0),
            identity: RefCell::default(),
            next: Cell::new(1),
            ends: Cell::new(NonZeroU32::MIN),
            level: Cell::new(0),
            changed: RefCell::default(),
            undone: RefCell::default(),
            undone_inside: RefCell::default(),
            kept_columns: RefCell::default(),
            wrote: Cell::new(false),
            read_late: RefCell::default(),
            loaded_late: RefCell::default(),
            parts: RefCell::default(),
            assigned: RefCell::default(),
            kept: Cell::new(0),
            graph: RefCell::default(),
            wanted: Vec::new(),
            happenings: RefCell::default(),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.get()
    }

    /// The object as plain data, for a relation field.
    pub(crate) fn reference(&self, object: &Object) -> ObjectRef {
        ObjectRef { session: self.number, object: object.head.id }
    }

    pub(crate) fn object(&self, id: u64) -> Option<Rc<Object>> {
        self.objects.borrow().get(id).map(Rc::clone)
    }

    /// The objects with these numbers that are still there.
    pub(crate) fn objects(&self, ids: &[u64]) -> Vec<Rc<Object>> {
        let objects = self.objects.borrow();
        ids.iter().filter_map(|id| objects.get(*id).map(Rc::clone)).collect()
    }

    /// The objects that were loaded into a relation, also of an object that has left the session with them; `None` when one of those
    /// is not there any more.
    pub(crate) fn shown(&self, owner: &Object, ids: &[u64]) -> Option<Vec<Rc<Object>>> {
        if is_in(&owner.head) {
            return Some(self.objects(ids));
        }
        let left = self.left.borrow();
        ids.iter().map(|id| self.object(*id).or_else(|| left.get(*id).map(Rc::clone))).collect()
    }

    /// How many objects there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.objects.borrow().len()
    }

    /// How many have left the session and are kept.
    #[cfg(test)]
    pub(crate) fn count_left(&self) -> usize {
        self.left.borrow().len()
    }

    /// All objects, in the order in which they came.
    pub(crate) fn all(&self) -> Vec<Rc<Object>> {
        self.objects.borrow().values().map(Rc::clone).collect()
    }

    /// The object that a relation field names.
    pub(crate) fn referred(&self, reference: ObjectRef) -> Result<Rc<Object>> {
        if reference.session != self.number {
            return Err(Error::new(
                ErrorKind::InvalidState,
                "the related object belongs to another session; merge it into this one",
            ));
        }
        self.object(reference.object).ok_or_else(|| {
            let text =
                "the related object is not in the session any more: it was expunged, rolled back or let go";
            Error::new(ErrorKind::InvalidState, text)
        })
    }

    /// A new object, to be inserted, and with it everything in its relation fields. All or nothing.
    pub(crate) fn add(&self, record: Box<dyn Record>) -> Result<Rc<Object>> {
        self.all_or_nothing(|graph| self.add_graph(record, graph))
    }

    /// Builds new objects, and links them only when all of them are there and nothing can stop it any more.
    fn all_or_nothing<T>(&self, build: impl FnOnce(&mut Graph) -> Result<T>) -> Result<T> {
        let mut graph = self.graph.take();
        let built = build(&mut graph).and_then(|built| graph.check().map(|()| built));
        let built = match built {
            Ok(built) => {
                let mut links = graph.links.iter();
                links
                    .try_for_each(|(owner, relation, others)| self.assign(owner, *relation, others))
                    .map(|()| built)
            }
            Err(error) => {
                graph.added.iter().for_each(|object| self.let_go(object, State::Transient));
                Err(error)
            }
        };
        self.graph.replace(graph.emptied());
        built
    }

    fn add_graph(&self, record: Box<dyn Record>, graph: &mut Graph) -> Result<Rc<Object>> {
        let mapper = record.mapper();
        let relations = mapper.relations()?;
        let object = self.place(record.into_object(self.head(mapper, State::Transient)));
        graph.added.push(Rc::clone(&object));
        self.note_new(&object.head);
        self.set_state(&object.head, State::Pending);
        for relation in 0..relations.len() {
            // Nobody else has it yet.
            let given = object.data.get_mut().and_then(|mut record| record.take_related(relation));
            if let Some(given) = given {
                let others = self.given(given, graph)?;
                graph.links.push((Rc::clone(&object), relation, others));
            }
        }
        Ok(object)
    }

    /// What was put into a relation field, as objects.
    fn given(&self, given: Vec<Given>, graph: &mut Graph) -> Result<Vec<Rc<Object>>> {
        let object = |given| match given {
            Given::New(record) => self.add_graph(record, graph),
            Given::Existing(reference) => self.referred(reference),
        };
        given.into_iter().map(object).collect()
    }

    /// Takes what the program has put into the relation fields of an object through `write`: it takes the place of what was there,
    /// which is loaded for that.
    pub(crate) fn take_assigned(
        &self,
        object: &Rc<Object>,
        mut load: impl FnMut(usize) -> Result<()>,
    ) -> Result<()> {
        let relations = object.head.mapper.relations()?.len();
        if object.data.get_mut().is_none() && object.data.get().is_some_and(|record| !record.is_assigned()) {
            // Somebody reads it, and there is nothing to take.
            return Ok(());
        }
        for relation in 0..relations {
            let Some(mut record) = object.data.get_mut() else { return Err(conflict(&object.head)) };
            let given = record.take_related(relation);
            drop(record);
            let place = (object.head.id, relation);
            if let Some(given) = given {
                self.assigned.borrow_mut().insert(place, given);
            } else if !self.assigned.borrow().contains_key(&place) {
                continue;
            }
            // It waits there while the others cannot be loaded.
            load(relation)?;
            let given = self.assigned.borrow_mut().remove(&place).unwrap_or_default();
            self.all_or_nothing(|graph| {
                let others = self.given(given, graph)?;
                graph.links.push((Rc::clone(object), relation, others));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// What waits to be taken in is dropped.
    fn forget_assigned(&self, head: &Head) {
        let mut assigned = self.assigned.borrow_mut();
        if !assigned.is_empty() {
            assigned.retain(|(id, _), _| *id != head.id);
        }
    }

    /// The number of the next object.
    pub(crate) fn next_number(&self) -> u64 {
        self.next.get()
    }

    /// A head for an object of this session.
    pub(crate) fn head(&self, mapper: &'static Mapper, state: State) -> Head {
        let id = self.next.get();
        self.next.set(id + 1);
        Head::new(id, mapper, state, Expiry::ReadIn(self.ends.get()))
    }

    /// Takes an object in.
    pub(crate) fn place(&self, object: Rc<Object>) -> Rc<Object> {
        self.left.borrow_mut().remove(object.head.id);
        self.objects.borrow_mut().insert(object.head.id, Rc::clone(&object));
        object
    }

    /// Lets an object go: it is in no session then.
    pub(crate) fn let_go(&self, object: &Object, state: State) {
        let head = &object.head;
        self.forget_key(head);
        self.forget_parts(head);
        self.forget_assigned(head);
        self.detach(object, state);
        self.objects.borrow_mut().remove(head.id);
        self.changed.borrow_mut().remove(head.id);
        self.undone.borrow_mut().remove(head.id);
    }

    /// What becomes of an object that the session has no more.
    fn detach(&self, object: &Object, state: State) {
        let head = &object.head;
        self.set_state(head, state);
        head.forget_undo();
        if state != State::Detached
            && let Some(notes) = head.noted()
        {
            notes.base.take();
        }
        head.doomed.set(false);
        // The last values answer, also those that a commit has expired.
        head.expiry.set(Expiry::ReadIn(self.ends.get()));
    }

    /// The end of the session: its objects stay readable.
    pub(crate) fn close(&self) {
        self.open.set(false);
        self.clear(true);
    }

    fn leave(&self, object: &Object) {
        let state = match object.head.state.get() {
            State::Pending | State::Transient => State::Transient,
            _ => State::Detached,
        };
        object.head.take_key();
        self.detach(object, state);
    }

    /// Lets all objects go. When nobody holds one, they need not be looked through.
    pub(crate) fn clear(&self, may_be_held: bool) {
        // All at once, and not one by one. Who listens finds the objects by their numbers; nobody else knows those that are not held.
        let told = self.wants(Kind::StateChange);
        for object in if told { self.all() } else { Vec::new() } {
            self.leave(&object);
        }
        self.identity.borrow_mut().clear();
        drop(self.changed.borrow_mut().take());
        self.undone.borrow_mut().clear();
        self.undone_inside.borrow_mut().clear();
        self.kept_columns.borrow_mut().clear();
        self.parts.borrow_mut().clear();
        self.assigned.borrow_mut().clear();
        let objects = self.objects.take();
        // They go together: who holds one of them sees the others over its relations.
        if may_be_held && objects.values().any(|object| Rc::strong_count(object) > 1) {
            let mut left = self.left.borrow_mut();
            objects.values().for_each(|object| left.insert(object.head.id, Rc::clone(object)));
        }
        drop(objects);
        self.forget_left();
        for object in self.left.borrow().values().filter(|object| !told && is_in(&object.head)) {
            self.leave(object);
        }
        self.read_late.borrow_mut().clear();
        self.loaded_late.borrow_mut().clear();
        self.wrote.set(false);
        self.level.set(0);
        self.kept.set(0);
    }
}

/// New objects, and what is to be linked: an owner, its relation, the others.
#[derive(Default)]
struct Graph {
    added: Vec<Rc<Object>>,
    links: Vec<(Rc<Object>, usize, Vec<Rc<Object>>)>,
}

impl Graph {
    /// For the next one, unless this one was large.
    fn emptied(mut self) -> Graph {
        if self.added.capacity() + self.links.capacity() > 1000 {
            return Graph::default();
        }
        self.added.clear();
        self.links.clear();
        self
    }

    /// To link them, their foreign keys are looked at.
    fn check(&self) -> Result<()> {
        let mut objects = self.links.iter().flat_map(|(_, _, others)| others);
        match objects.find(|object| object.data.get().is_none()) {
            Some(borrowed) => Err(conflict(&borrowed.head)),
            None => Ok(()),
        }
    }
}

/// Whether it has not left its session yet.
fn is_in(head: &Head) -> bool {
    !matches!(head.state.get(), State::Detached | State::Transient)
}

/// The error of an object whose struct is borrowed.
pub(crate) fn conflict(head: &Head) -> Error {
    let place = head.guarded.get();
    let place = place.map_or_else(String::new, |place| format!("; the last one was made at {place}"));
    let name = head.mapper.name();
    Error::new(
        ErrorKind::Conflict,
        format!(
            "a {name} of the session is borrowed by a guard that is still alive{place}; let it end first"
        ),
    )
}
