//! An object's data: a struct of the program's, or a row of a table that is known at run time only.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use rebis_core::process::Published;
use rebis_core::rows::RowView;
use rebis_core::schema::Entity;
use rebis_core::value::{BoundValue, Mismatch};
use rebis_core::{Result, Value, ValueRef};

use super::derived::{Place, SideBySide};
use super::object::{Head, Object};
use super::{Decoder, Definition, Mapper};
use crate::model::{Item, Key, Many, ObjectRef, One};

/// What the unit of work sees of an object. No type parameters: derived structs, rows of tables that are known at run time only,
/// and objects of another language go the same way.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[derive(Clone, rebis::Model)]` above the struct, and name its table by `#[rebis(table = \"…\")]`",
    note = "an `Instance` is in its session already; one that has left it comes back by `session.add_instance(&instance)`"
)]
pub trait Record: Any {
    /// The mapper.
    fn mapper(&self) -> &'static Mapper;

    /// The value of the column at this position, borrowed where it can be.
    fn lend(&self, column: usize) -> BoundValue<'_>;

    /// The same value, copied.
    fn read(&self, column: usize) -> Value {
        self.lend(column).into_value()
    }

    /// Puts a value that the database has made or sent into the column at this position.
    ///
    /// # Errors
    /// When the field cannot hold it.
    fn write(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), Mismatch>;

    /// Whether there is a value in the column at this position: not in one that is deferred, and neither loaded nor set.
    fn is_loaded(&self, column: usize) -> bool {
        let _ = column;
        true
    }

    /// Whether another record of the same mapper has the same value there.
    fn same(&self, other: &dyn Record, column: usize) -> bool;

    /// A copy of the columns; relation fields are empty in it.
    fn copy(&self) -> Box<dyn Record>;

    /// The same copy, for several to hold.
    #[doc(hidden)]
    fn copy_shared(&self) -> Rc<dyn Record> {
        self.copy().into()
    }

    /// Takes over all columns of another record of the same mapper.
    fn restore(&mut self, from: &dyn Record);

    /// What the program has put into a relation field; `None` when it has not.
    fn take_related(&mut self, relation: usize) -> Option<Vec<Given>>;

    /// Whether the program has put something into a relation field. It is asked while a guard keeps it from being taken.
    fn is_assigned(&self) -> bool;

    /// The record as an object of a session.
    #[doc(hidden)]
    fn into_object(self: Box<Self>, head: Head) -> Rc<Object>;

    /// For downcasting.
    fn as_any(&self) -> &dyn Any;
}

/// Something that was put into a relation field.
#[expect(missing_debug_implementations, reason = "a record's data is the program's")]
pub enum Given {
    /// A value, which becomes an object.
    New(Box<dyn Record>),
    /// An object of a session.
    Existing(ObjectRef),
}

/// A struct whose values are rows of a table and objects of a session; `#[derive(Model)]` writes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "write `#[derive(Clone, rebis::Model)]` above the struct, and name its table by `#[rebis(table = \"…\")]`"
)]
pub trait Model: Entity + Clone {
    /// What it is called.
    fn name() -> &'static str;

    /// Its columns and relations.
    fn definition() -> Definition;

    /// Where its mapper is kept.
    fn published() -> &'static Published<Result<Mapper>>;

    /// The value of the column at this position, borrowed where it can be.
    fn read_column(&self, column: usize) -> BoundValue<'_>;

    /// Puts a value into the column at this position.
    ///
    /// # Errors
    /// When the field cannot hold it.
    fn write_column(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), Mismatch>;

    /// Whether there is a value in the column at this position.
    fn is_loaded_column(&self, column: usize) -> bool {
        let _ = column;
        true
    }

    /// Whether both have the same value in the column at this position.
    fn same_column(&self, other: &Self, column: usize) -> bool;

    /// What is in the relation field with this number; it is empty then.
    fn take_related(&mut self, relation: usize) -> Option<Vec<Given>>;

    /// The struct of a row: its columns stand side by side, or were found by their names.
    ///
    /// # Errors
    /// [`Conversion`](rebis_core::ErrorKind::Conversion).
    fn decode<P: Place>(row: &RowView<'_>, place: P) -> Result<Self>;

    /// The primary key in a row whose columns begin at this position; none where a part of it is NULL: a join has found no row.
    ///
    /// # Errors
    /// As [`decode`](Model::decode).
    fn decode_key(row: &RowView<'_>, first: usize) -> Result<Option<Key>>;
}

/// The mapper of a model, made at its first use.
///
/// # Errors
/// [`Configuration`](rebis_core::ErrorKind::Configuration) when the model makes no sense: it has no primary key, say.
pub fn mapper<M: Model>() -> Result<&'static Mapper> {
    let made =
        M::published().get_or_init(|| Mapper::new(M::definition(), Box::new(Derived::<M>(PhantomData))));
    made.as_ref().map_err(|error| rebis_core::Error::new(error.kind(), error.to_string()))
}

struct Derived<M>(PhantomData<fn() -> M>);

impl<M: Model> Decoder for Derived<M> {
    fn key(&self, _: &'static Mapper, row: &RowView<'_>, first: usize) -> Result<Option<Key>> {
        M::decode_key(row, first)
    }

    fn object(&self, row: &RowView<'_>, first: usize, head: Head) -> Result<Rc<Object>> {
        let known = match (head.mapper.key(), head.number()) {
            ([column], Some(number)) => Some((*column, number)),
            _ => None,
        };
        let record = M::decode(row, SideBySide { first, known })?;
        Ok(Rc::new(Object { head, data: RefCell::new(record) }))
    }

    fn record(&self, _: &'static Mapper, row: &RowView<'_>, first: usize) -> Result<Box<dyn Record>> {
        Ok(Box::new(M::decode(row, SideBySide { first, known: None })?))
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model> Record for M {
    fn mapper(&self) -> &'static Mapper {
        match mapper::<M>() {
            Ok(mapper) => mapper,
            // It was made before there was an object.
            Err(error) => unreachable!("{error}"),
        }
    }

    fn lend(&self, column: usize) -> BoundValue<'_> {
        self.read_column(column)
    }

    fn write(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), Mismatch> {
        self.write_column(column, value)
    }

    fn is_loaded(&self, column: usize) -> bool {
        self.is_loaded_column(column)
    }

    fn same(&self, other: &dyn Record, column: usize) -> bool {
        other.as_any().downcast_ref::<M>().is_some_and(|other| self.same_column(other, column))
    }

    fn copy(&self) -> Box<dyn Record> {
        Box::new(columns_of(self))
    }

    fn copy_shared(&self) -> Rc<dyn Record> {
        Rc::new(columns_of(self))
    }

    fn restore(&mut self, from: &dyn Record) {
        if let Some(from) = from.as_any().downcast_ref::<M>() {
            self.clone_from(from);
        }
    }

    fn take_related(&mut self, relation: usize) -> Option<Vec<Given>> {
        Model::take_related(self, relation)
    }

    fn is_assigned(&self) -> bool {
        let mut copy = self.clone();
        let relations = mapper::<M>().map_or(0, |mapper| mapper.definitions().len());
        (0..relations).any(|relation| Model::take_related(&mut copy, relation).is_some())
    }

    fn into_object(self: Box<Self>, head: Head) -> Rc<Object> {
        Rc::new(Object { head, data: RefCell::new(*self) })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A copy with empty relation fields.
fn columns_of<M: Model>(record: &M) -> M {
    let mut copy = record.clone();
    let relations = mapper::<M>().map_or(0, |mapper| mapper.definitions().len());
    for relation in 0..relations {
        drop(Model::take_related(&mut copy, relation));
    }
    copy
}

impl<T: Record> Many<T> {
    /// What was put in; nothing is left.
    #[doc(hidden)]
    pub fn take_given(&mut self) -> Option<Vec<Given>> {
        self.take_items().map(|items| items.into_iter().map(given).collect())
    }
}

impl<T: Record> One<T> {
    /// What was put in; nothing is left.
    #[doc(hidden)]
    pub fn take_given(&mut self) -> Option<Vec<Given>> {
        self.take_items().map(|items| items.into_iter().map(given).collect())
    }
}

fn given<T: Record>(item: Item<T>) -> Given {
    match item {
        Item::New(value) => Given::New(Box::new(value)),
        Item::Existing(object) => Given::Existing(object),
    }
}
