//! Relations of an instance: the objects on the other side.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use rebis_core::Result;
use rebis_core::sql::Column;

use super::core::Core;
use super::instance::{Attribute, Instance};
use super::keyed::Keyed;
use crate::mapper::{Direction, Object, Record, State};
use crate::model::{ToMany, ToOne};

/// A relation, as a name: `User::addresses`, `Address::user`.
pub trait Related<T: Record> {
    /// What is on the other side: a [`Collection`], or an instance or none.
    type Other;
    #[doc(hidden)]
    #[track_caller]
    fn open(self, instance: &Instance<T>) -> Result<Self::Other>;
}

impl<T: Record> Instance<T> {
    /// The objects on the other side of a relation. They are loaded when they are first asked for.
    ///
    /// # Errors
    /// [`Detached`](rebis_core::ErrorKind::Detached) when they are not loaded and the object is in no session any more (what was loaded
    /// stays readable); and what the database says.
    #[track_caller]
    pub fn related<R: Related<T>>(&self, relation: R) -> Result<R::Other> {
        relation.open(self)
    }

    /// The objects on the other side of a relation by its name, for what is known at run time only. Of a relation to one there is
    /// at most one.
    ///
    /// # Errors
    /// As [`related`](Instance::related); [`Configuration`](rebis_core::ErrorKind::Configuration) for a name that is none of its
    /// relations, or a relation to objects of another type.
    #[track_caller]
    pub fn related_by_name<U: Record>(&self, name: &str) -> Result<Collection<U>> {
        let number = self.object.head.mapper.relation(name)?;
        Collection::open(self, number)
    }
}

impl<T: Record, U: Record> Related<T> for ToMany<T, U> {
    type Other = Collection<U>;

    #[track_caller]
    fn open(self, instance: &Instance<T>) -> Result<Collection<U>> {
        Collection::open(instance, self.0)
    }
}

impl<T: Record, U: Record> Related<T> for ToOne<T, U> {
    type Other = Option<Instance<U>>;

    #[track_caller]
    fn open(self, instance: &Instance<T>) -> Result<Option<Instance<U>>> {
        let found = instance.core.related(&instance.object, self.0)?.into_iter().next();
        Ok(found.map(|object| Instance::new(&instance.core, object)))
    }
}

impl<T: Record, U: Record> Attribute<T, &Instance<U>> for ToOne<T, U> {
    #[track_caller]
    fn assign(self, instance: &Instance<T>, value: &Instance<U>) -> Result<()> {
        self.assign(instance, Some(value))
    }
}

impl<T: Record, U: Record> Attribute<T, Option<&Instance<U>>> for ToOne<T, U> {
    #[track_caller]
    fn assign(self, instance: &Instance<T>, value: Option<&Instance<U>>) -> Result<()> {
        instance.core.check()?;
        instance.core.check_begun()?;
        instance.core.freshen(&instance.object)?;
        let (core, owner) = (&instance.core, &instance.object);
        let direction = owner.head.mapper.relations()?[self.0].direction;
        if direction == Direction::OneToMany && owner.head.state.get() == State::Persistent {
            // Who is there now has the key, and has to lose it.
            core.once_loaded(owner, self.0)?;
        }
        let others: Vec<Rc<Object>> = match value {
            Some(other) => vec![instance.core.drawn_in(&instance.object, other)?],
            None => Vec::new(),
        };
        instance.core.unit.assign(&instance.object, self.0, &others)?;
        instance.core.tell_happenings();
        Ok(())
    }
}

/// The objects of a relation to many: [`Instance::related`]. One that is held over a commit loads its objects again when it is next
/// looked at.
pub struct Collection<U> {
    core: Rc<Core>,
    owner: Rc<Object>,
    relation: usize,
    /// As they were last seen.
    seen: RefCell<Vec<Rc<Object>>>,
    marker: PhantomData<U>,
}

impl<U: Record> Collection<U> {
    #[track_caller]
    fn open(instance: &Instance<impl Record>, relation: usize) -> Result<Self> {
        let (core, owner) = (Rc::clone(&instance.core), Rc::clone(&instance.object));
        let seen = RefCell::new(core.related(&owner, relation)?);
        Ok(Collection { core, owner, relation, seen, marker: PhantomData })
    }

    /// The objects, loaded again where a commit or an expiry has come between.
    fn loaded(&self) -> Result<Vec<Rc<Object>>> {
        let objects = self.core.once_loaded(&self.owner, self.relation)?;
        self.seen.replace(objects.clone());
        Ok(objects)
    }

    /// The same; where they cannot be loaded, as they were last seen.
    fn objects(&self) -> Vec<Rc<Object>> {
        self.loaded().unwrap_or_else(|_| self.seen.borrow().clone())
    }

    /// All of them, or why they cannot be loaded.
    pub(super) fn loaded_instances(&self) -> Result<Vec<Instance<U>>> {
        Ok(self.loaded()?.into_iter().map(|object| Instance::new(&self.core, object)).collect())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.objects().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them.
    pub fn all(&self) -> Vec<Instance<U>> {
        self.objects().into_iter().map(|object| Instance::new(&self.core, object)).collect()
    }

    /// Whether an object is among them.
    pub fn contains(&self, instance: &Instance<U>) -> bool {
        self.objects().iter().any(|object| Rc::ptr_eq(object, &instance.object))
    }

    /// Puts a new value in, which becomes an object of the session, or an instance.
    ///
    /// # Errors
    /// [`InvalidState`](rebis_core::ErrorKind::InvalidState) for an instance of another session.
    pub fn push(&self, child: impl Into<Child<U>>) -> Result<Instance<U>> {
        self.core.check()?;
        self.core.check_begun()?;
        let child = match child.into() {
            Child::Value(value) => self.core.unit.add(Box::new(value))?,
            Child::Instance(instance) => self.core.drawn_in(&self.owner, &instance)?,
        };
        self.core.unit.link(&self.owner, self.relation, &child)?;
        self.core.tell_happenings();
        Ok(Instance::new(&self.core, child))
    }

    /// Puts an instance in, as into a set: false when it is in already.
    ///
    /// # Errors
    /// As [`push`](Collection::push).
    #[track_caller]
    pub fn insert(&self, instance: &Instance<U>) -> Result<bool> {
        let is_new = !self.loaded()?.iter().any(|object| Rc::ptr_eq(object, &instance.object));
        self.push(instance)?;
        Ok(is_new)
    }

    /// Whether it has these objects and no others, in any order.
    pub fn has_exactly<'a>(&self, instances: impl IntoIterator<Item = &'a Instance<U>>) -> bool
    where
        U: 'a,
    {
        let own = self.objects();
        let mut left: Vec<u64> = own.iter().map(|object| object.head.id).collect();
        for instance in instances {
            if !own.iter().any(|object| Rc::ptr_eq(object, &instance.object)) {
                return false;
            }
            left.retain(|id| *id != instance.object.head.id);
        }
        left.is_empty()
    }

    /// The collection by the values of a column: see [`Keyed`].
    pub fn keyed<V>(self, column: Column<U, V>) -> Keyed<U, V> {
        Keyed::new(self, column)
    }

    /// Takes an object out; one that is not in it stays where it is.
    ///
    /// # Errors
    /// As [`push`](Collection::push), and what the database says where the others have to be loaded again first.
    #[track_caller]
    pub fn remove(&self, instance: &Instance<U>) -> Result<()> {
        self.core.check()?;
        self.core.check_begun()?;
        let object = self.core.own(instance)?;
        // Whether it is in there has to be known: it may be another one's by now.
        self.loaded()?;
        self.core.unit.unlink(&self.owner, self.relation, &object)?;
        self.core.tell_happenings();
        Ok(())
    }

    /// Makes these the objects of the relation, in place of those that were there.
    ///
    /// # Errors
    /// As [`push`](Collection::push).
    pub fn replace<'a>(&self, instances: impl IntoIterator<Item = &'a Instance<U>>) -> Result<()>
    where
        U: 'a,
    {
        self.core.check()?;
        self.core.check_begun()?;
        let objects =
            instances.into_iter().map(|instance| self.core.own(instance)).collect::<Result<Vec<_>>>()?;
        self.loaded()?;
        self.core.unit.assign(&self.owner, self.relation, &objects)?;
        self.core.tell_happenings();
        Ok(())
    }
}

/// Equal as sets: the same objects, in any order.
impl<U: Record> PartialEq for Collection<U> {
    fn eq(&self, other: &Self) -> bool {
        self.has_exactly(&other.all())
    }
}

impl<U: Record> Eq for Collection<U> {}

impl<U: Record> IntoIterator for Collection<U> {
    type Item = Instance<U>;
    type IntoIter = std::vec::IntoIter<Instance<U>>;

    fn into_iter(self) -> Self::IntoIter {
        self.all().into_iter()
    }
}

impl<U: Record> IntoIterator for &Collection<U> {
    type Item = Instance<U>;
    type IntoIter = std::vec::IntoIter<Instance<U>>;

    fn into_iter(self) -> Self::IntoIter {
        self.all().into_iter()
    }
}

impl<U> fmt::Debug for Collection<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mapper = self.owner.head.mapper;
        write!(f, "Collection({}::{})", mapper.name(), mapper.definitions()[self.relation].name)
    }
}

/// What goes into a [`Collection`]: a value, which becomes an object, or an instance.
#[derive(Debug)]
pub enum Child<U> {
    /// A new object.
    Value(U),
    /// One of the session.
    Instance(Instance<U>),
}

impl<U: Record> From<U> for Child<U> {
    fn from(value: U) -> Self {
        Child::Value(value)
    }
}

impl<U> From<&Instance<U>> for Child<U> {
    fn from(instance: &Instance<U>) -> Self {
        Child::Instance(instance.clone())
    }
}

impl Core {
    /// The object of an instance that is put into a relation: one that is in no session yet comes into that of the owner.
    fn drawn_in<U: Record>(&self, owner: &Object, instance: &Instance<U>) -> Result<Rc<Object>> {
        let object = self.own(instance)?;
        let is_in = matches!(owner.head.state.get(), State::Pending | State::Persistent);
        if is_in && object.head.state.get() == State::Transient {
            self.take_in(&object)?;
        }
        Ok(object)
    }

    /// The object of an instance that is this session's.
    pub(super) fn own<U: Record>(&self, instance: &Instance<U>) -> Result<Rc<Object>> {
        if std::ptr::eq(Rc::as_ptr(&instance.core), self) {
            return Ok(Rc::clone(&instance.object));
        }
        Err(rebis_core::Error::new(
            rebis_core::ErrorKind::InvalidState,
            "the instance belongs to another session; merge it into this one",
        ))
    }
}
