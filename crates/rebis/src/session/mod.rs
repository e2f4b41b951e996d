//! The session: objects with identity, a transaction, a unit of work.

mod answer;
mod assigned;
mod attach;
mod bulk;
mod core;
mod deferred;
mod events;
mod expire;
mod get;
mod insert;
mod instance;
mod join;
mod keyed;
mod maker;
mod options;
mod query;
mod related;
mod tell;
#[cfg(test)]
mod tests;
mod transaction;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use rebis_core::chrono::{NaiveDate, NaiveDateTime};
use rebis_core::rust_decimal::Decimal;
use rebis_core::uuid::Uuid;
use rebis_core::value::IntoValue;
use rebis_core::{Engine, Error, ErrorKind, Result, Value};

pub use answer::Answer;
pub use assigned::ValueFor;

use self::core::Core;
use self::events::Listeners;
pub use events::{AnyInstance, RelationOf, SessionEvents};
pub use expire::Part;
pub use get::GetOptions;
use get::Wanted;
pub use insert::InsertModels;
pub use instance::{Attribute, Instance, ReadGuard, WriteGuard};
pub use join::JoinMode;
pub use keyed::Keyed;
pub use maker::SessionMaker;
pub use options::{LazyLoads, SessionOptions};
pub use query::{
    EntityColumns, JoinRelated, NullableEntity, Query, RowPart, RowParts, RowQuery, Stream, entity,
};
pub use related::{Child, Collection, Related};
pub use transaction::Nested;

use crate::mapper::{Mapper, Model, Record, mapper};

/// A unit of work: objects of one thread, each row one object, changes sent in the right order when they are due.
///
/// It takes a connection when it needs one and gives it back at [`commit`](Session::commit) and [`rollback`](Session::rollback). It
/// is a handle, cheap to clone; dropping the last one rolls back and closes it. It stays on its thread, and in a forked child it
/// answers [`ErrorKind::Forked`].
#[derive(Clone)]
pub struct Session {
    core: Rc<Core>,
    _last: Rc<Last>,
}

/// Closes the session when its last handle goes; instances alone do not keep it open.
struct Last(Rc<Core>);

impl Drop for Last {
    fn drop(&mut self) {
        if self.0.is_inherited() {
            // The parent's. Its objects may hold anything of the program's, also a lock that another thread held: nothing of it is
            // ever dropped here.
            std::mem::forget(Rc::clone(&self.0));
            return;
        }
        // Each instance has a part in what the session is: without one nobody holds an object.
        self.0.end(Rc::strong_count(&self.0) > 1);
        self.0.unit.close();
        // Instances that outlive the session do not keep a connection that it has joined.
        if let Ok(mut place) = self.0.connection.try_borrow_mut() {
            drop(place.take());
        }
    }
}

impl Session {
    /// A session with the default settings. It connects to nothing yet.
    pub fn new(engine: &Engine) -> Session {
        Session::with_options(engine, SessionOptions::default())
    }

    /// A session with settings of one's own.
    pub fn with_options(engine: &Engine, options: SessionOptions) -> Session {
        Session::made(engine, options, None)
    }

    /// One of a maker, with its listeners.
    fn made(engine: &Engine, options: SessionOptions, maker: Option<&Arc<Listeners>>) -> Session {
        Session::of(Core::new(engine.clone(), options, maker))
    }

    fn of(core: Core) -> Session {
        let core = Rc::new(core);
        let last = Rc::new(Last(Rc::clone(&core)));
        core.last.replace(Rc::downgrade(&last));
        Session { core, _last: last }
    }

    /// Takes a value in, and with it everything in its relation fields: to be inserted at the next flush.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the model makes no sense; [`ErrorKind::InvalidState`] for related objects of another session.
    pub fn add<T: Record>(&self, value: T) -> Result<Instance<T>> {
        let object = self.core.add(Box::new(value))?;
        Ok(Instance::new(&self.core, object))
    }

    /// Takes many values in.
    ///
    /// # Errors
    /// As [`add`](Session::add).
    pub fn add_all<T: Record>(&self, values: impl IntoIterator<Item = T>) -> Result<Vec<Instance<T>>> {
        values.into_iter().map(|value| self.add(value)).collect()
    }

    /// Marks an object to be deleted at the next flush.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] for one that has no row.
    pub fn delete<T: Record>(&self, instance: &Instance<T>) -> Result<()> {
        self.own(instance)?;
        self.core.delete(&instance.object)
    }

    /// The object with this primary key: from memory when it is there, else from the database.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] for a key with another number of columns, or a value of another type than its column; and what the database says.
    #[track_caller]
    pub fn get<T: Model>(&self, key: impl IntoKey) -> Result<Option<Instance<T>>> {
        self.get_of(mapper::<T>()?, key)
    }

    /// The same, for a mapper that is known at run time only.
    ///
    /// # Errors
    /// As [`get`](Session::get).
    #[track_caller]
    pub fn get_of<T: Record>(
        &self,
        mapper: &'static Mapper,
        key: impl IntoKey,
    ) -> Result<Option<Instance<T>>> {
        let found = match key.number() {
            Some(number) => self.core.get_number(mapper, number)?,
            None => self.core.get(mapper, key.into_values(), Wanted::default())?,
        };
        Ok(found.map(|object| Instance::new(&self.core, object)))
    }

    /// The object with this primary key, which must be there.
    ///
    /// # Errors
    /// [`ErrorKind::NoRow`], and as [`get`](Session::get).
    #[track_caller]
    pub fn get_one<T: Model>(&self, key: impl IntoKey) -> Result<Instance<T>> {
        let name = mapper::<T>()?.name();
        self.get(key)?
            .ok_or_else(|| Error::new(ErrorKind::NoRow, format!("there is no {name} with this key")))
    }

    /// A query for the objects of a model.
    ///
    /// A model that makes no sense is told by the methods that ask for rows.
    pub fn query<T: Model>(&self) -> Query<T> {
        Query::of(&self.core, mapper::<T>())
    }

    /// A query for the objects of a mapper that is known at run time only.
    pub fn query_of<T: Record>(&self, mapper: &'static Mapper) -> Query<T> {
        Query::of(&self.core, Ok(mapper))
    }

    /// Runs a closure in which queries do not flush.
    ///
    /// # Errors
    /// The closure's.
    pub fn no_autoflush<R>(&self, run: impl FnOnce() -> Result<R>) -> Result<R> {
        struct Scope<'c>(&'c Core);
        impl Drop for Scope<'_> {
            fn drop(&mut self) {
                self.0.no_autoflush.set(self.0.no_autoflush.get() - 1);
            }
        }
        self.core.no_autoflush.set(self.core.no_autoflush.get() + 1);
        let _scope = Scope(&self.core);
        run()
    }

    /// The end of a scoped session whose thread ends: no listener hears of it, and nothing is logged.
    pub(crate) fn end_quietly(&self) {
        self.core.end_quietly();
    }

    /// How it behaves.
    pub fn options(&self) -> &SessionOptions {
        &self.core.options
    }

    /// The engine it was made of.
    pub fn engine(&self) -> &Engine {
        &self.core.engine
    }

    /// Whether both are one session.
    pub fn ptr_eq(one: &Session, other: &Session) -> bool {
        Rc::ptr_eq(&one.core, &other.core)
    }

    fn own<T: Record>(&self, instance: &Instance<T>) -> Result<()> {
        if Rc::ptr_eq(&self.core, &instance.core) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::InvalidState, "the instance belongs to another session"))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?})", self.core.engine)
    }
}

/// A primary key: a value, or a tuple of values for a key of several columns. A type of the program's own is given as
/// [`Value`].
pub trait IntoKey {
    #[doc(hidden)]
    fn into_values(self) -> Vec<Value>;
    /// The key, where it is one whole number.
    #[doc(hidden)]
    fn number(&self) -> Option<i64> {
        None
    }
}

macro_rules! key_number {
    ($($name:ty)+) => {$(
        impl IntoKey for $name {
            fn into_values(self) -> Vec<Value> {
                vec![self.into_value()]
            }

            fn number(&self) -> Option<i64> {
                (*self).try_into().ok()
            }
        }
    )+};
}

key_number!(i8 i16 i32 i64 u8 u16 u32 u64);

macro_rules! key_value {
    ($($name:ty)+) => {$(
        impl IntoKey for $name {
            fn into_values(self) -> Vec<Value> {
                vec![self.into_value()]
            }
        }
    )+};
}

key_value!(bool String &str &String Vec<u8> Value);
key_value!(Uuid Decimal);
key_value!(NaiveDate NaiveDateTime);

macro_rules! key_tuple {
    ($($name:ident)+) => {
        impl<$($name: IntoValue),+> IntoKey for ($($name,)+) {
            fn into_values(self) -> Vec<Value> {
                #[allow(non_snake_case)]
                let ($($name,)+) = self;
                vec![$($name.into_value()),+]
            }
        }
    };
}

key_tuple!(A B);
key_tuple!(A B C);
key_tuple!(A B C D);
