//! What `#[derive(Model)]` writes down, as calls: the code of a model is data and a few functions that name fields.

use std::any::Any;

use rebis_core::sql::{Matches, Typed, family};
use rebis_core::value::Mismatch;

pub use rebis_core::driver::Column as Cells;
pub use rebis_core::process::Published;
pub use rebis_core::rows::{Positions, RowView};
pub use rebis_core::schema::{
    CheckConstraint, ClientDefault, ColumnDef, Computed, Entity, ForeignKey, Index, OnChange, ServerDefault,
    SqlType, Table, TableBuilder, UniqueConstraint,
};
pub use rebis_core::sql::Column;
pub use rebis_core::value::BoundValue as Bound;
pub use rebis_core::{FromRow, FromValue, Result, Value, ValueRef};

pub use super::embedded::{Embedded, Joined, NamedColumns, PrefixOf, WithEmbedded};
pub use super::{Definition, Model, RelationDef};
use super::{Given, Mapper, Target, mapper};
pub use crate::model::{Cascade, Deferred, Loading, ToMany, ToOne};
use crate::model::{Key, Many, One, RelationKind};

/// Where a model's mapper is kept.
pub type Mappers = Published<Result<Mapper>>;
/// Whether a field took a value.
pub type Written = Result<(), Mismatch>;
/// What was in a relation field.
pub type Taken = Option<Vec<Given>>;
/// The key of a row, where there is a row.
pub type Keys = Option<Key>;

// ---- fields ----

/// The type of a column's field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a column's field",
    label = "not a type that a column's field can have",
    note = "a type of your own implements `Clone`, `PartialEq`, `rebis::FromValue` and `From<{Self}> for rebis::Value`; an enum gets \
            them by `rebis::sql_enum!`, and anything that serde knows is kept as `rebis::Json<{Self}>`",
    note = "a field that is no column is marked `#[rebis(skip)]`, one that holds other models `#[rebis(relationship)]`"
)]
pub trait Field: Sized {
    /// Its value, borrowed where it can be.
    fn read(&self) -> Bound<'_>;
    /// Takes a value.
    ///
    /// # Errors
    /// When it cannot hold it.
    fn write(&mut self, value: ValueRef<'_>) -> Written;
    /// Whether both have one value.
    fn same(&self, other: &Self) -> bool;
    /// Out of a row.
    ///
    /// # Errors
    /// [`Conversion`](rebis_core::ErrorKind::Conversion).
    fn decode<P: Place>(row: &RowView<'_>, place: P, number: usize) -> Result<Self>;
    /// Out of a row that may be missing; NULL then.
    ///
    /// # Errors
    /// As [`decode`](Field::decode).
    fn decode_key(row: &RowView<'_>, first: usize, number: usize) -> Result<Value>;
}

#[diagnostic::do_not_recommend]
impl<T: Any + Clone + PartialEq + FromValue + Into<Value>> Field for T {
    fn read(&self) -> Bound<'_> {
        lent(self).unwrap_or_else(|| Bound::Value(self.clone().into()))
    }

    fn write(&mut self, value: ValueRef<'_>) -> Written {
        *self = T::from_value(value)?;
        Ok(())
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }

    fn decode<P: Place>(row: &RowView<'_>, place: P, number: usize) -> Result<Self> {
        place.value(row, number)
    }

    fn decode_key(row: &RowView<'_>, first: usize, number: usize) -> Result<Value> {
        Ok(row.value::<Option<T>>(first + number)?.map_or(Value::Null, Into::into))
    }
}

/// A deferred column: side by side with others it is not in the row, and is put in afterwards where a query wants it.
impl<T: Any + Clone + PartialEq + FromValue + Into<Value>> Field for Deferred<T> {
    fn read(&self) -> Bound<'_> {
        self.value().map_or(Bound::NULL, Field::read)
    }

    fn write(&mut self, value: ValueRef<'_>) -> Written {
        self.set(T::from_value(value)?);
        Ok(())
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }

    fn decode<P: Place>(row: &RowView<'_>, place: P, number: usize) -> Result<Self> {
        let value: Option<T> = place.deferred(row, number)?;
        Ok(value.map_or_else(Deferred::unloaded, |value: T| Deferred::from(value)))
    }

    fn decode_key(_: &RowView<'_>, _: usize, _: usize) -> Result<Value> {
        Ok(Value::Null)
    }
}

/// What can be bound where it lies: texts and bytes. The compiler knows which of the types it is.
fn lent<T: Any>(field: &T) -> Option<Bound<'_>> {
    let field: &dyn Any = field;
    if let Some(text) = field.downcast_ref::<String>() {
        return Some(Bound::Text(text));
    }
    if let Some(text) = field.downcast_ref::<Option<String>>() {
        return Some(text.as_deref().map_or(Bound::NULL, Bound::Text));
    }
    if let Some(bytes) = field.downcast_ref::<Vec<u8>>() {
        return Some(Bound::Bytes(bytes));
    }
    let bytes = field.downcast_ref::<Option<Vec<u8>>>()?;
    Some(bytes.as_deref().map_or(Bound::NULL, Bound::Bytes))
}

/// Where the columns of a model are in a row.
pub trait Place: Copy {
    /// The value of one.
    ///
    /// # Errors
    /// [`Conversion`](rebis_core::ErrorKind::Conversion).
    fn value<T: FromValue>(self, row: &RowView<'_>, number: usize) -> Result<T>;

    /// The value of a deferred one, where it is in the row.
    ///
    /// # Errors
    /// As [`value`](Place::value).
    fn deferred<T: FromValue>(self, row: &RowView<'_>, number: usize) -> Result<Option<T>>;
}

/// Side by side.
#[derive(Debug, Clone, Copy)]
pub struct SideBySide {
    /// Where the first one is.
    pub(super) first: usize,
    /// A column that was read already, and the whole number there: most often the key, by which an object is looked for first.
    pub(super) known: Option<(usize, i64)>,
}

impl Place for SideBySide {
    fn value<T: FromValue>(self, row: &RowView<'_>, number: usize) -> Result<T> {
        if let Some((column, value)) = self.known
            && column == number
            && let Ok(value) = T::from_value(ValueRef::Int(value))
        {
            return Ok(value);
        }
        row.value(self.first + number)
    }

    fn deferred<T: FromValue>(self, _: &RowView<'_>, _: usize) -> Result<Option<T>> {
        Ok(None)
    }
}

/// Found by their names.
impl Place for &Positions {
    fn value<T: FromValue>(self, row: &RowView<'_>, number: usize) -> Result<T> {
        Positions::value(self, row, number)
    }

    fn deferred<T: FromValue>(self, row: &RowView<'_>, number: usize) -> Result<Option<T>> {
        if self.has(number) { self.value(row, number).map(Some) } else { Ok(None) }
    }
}

/// Where a model's columns are in an answer.
///
/// # Errors
/// [`Conversion`](rebis_core::ErrorKind::Conversion) for one that is not there.
pub fn positions<M: Model>(columns: &[Cells]) -> Result<Positions> {
    let mapper = mapper::<M>()?;
    let width = mapper.width();
    let names: Vec<(&str, &str, bool)> =
        mapper.columns().enumerate().map(|(number, name)| (name, name, number < width)).collect();
    Positions::by_name(M::name(), &names, columns)
}

/// No field has that number.
///
/// # Errors
/// Always.
pub fn not_written() -> Written {
    Err(Mismatch::Value("the model has no such column".into()))
}

/// The key of these parts.
///
/// # Errors
/// As [`Key::of`].
#[inline]
pub fn key<const N: usize>(parts: [Value; N]) -> Result<Keys> {
    match parts.as_slice() {
        // Most are, and one is made for each row.
        [Value::Int(only)] => Ok(Some(Key::Integer(*only))),
        _ => Key::of(parts),
    }
}

// ---- the table ----

/// The table, whose parts the derive has looked at already.
///
/// # Panics
/// When it makes no sense all the same: a type named by hand that the key cannot be counted in.
#[expect(clippy::panic, reason = "a mistake in the program's text, told at the first use of the model")]
pub fn table(described: TableBuilder) -> Table {
    match described.finish() {
        Ok(table) => table,
        Err(error) => panic!("{error}"),
    }
}

/// A column of a type that is named; an `Option` may be NULL.
pub fn column<T: Typed>(name: impl Into<String>, sql_type: SqlType) -> ColumnDef {
    let column = ColumnDef::new(name, sql_type);
    if std::any::TypeId::of::<T>() == std::any::TypeId::of::<T::Nullable>() {
        column.nullable()
    } else {
        column
    }
}

/// A type whose values are text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text, and has no `length`",
    note = "a length is said of `String` and `Option<String>`; name other types by `#[rebis(type = SqlType::…)]`"
)]
pub trait Text: Typed {}
#[diagnostic::do_not_recommend]
impl<T: Typed<Family = family::Text>> Text for T {}

/// A column for text with a limit.
pub fn text<T: Text>(name: impl Into<String>, length: u32) -> ColumnDef {
    column::<T>(name, SqlType::String { length })
}

/// A type of keys that the database counts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type that the database counts",
    note = "a key that it counts is an `i16`, `i32`, `i64`, `u16`, `u32`, `u64`, or an `Option` of one"
)]
pub trait Counted {
    /// Its type.
    fn counted() -> SqlType;
}

/// A type of columns that count the changes of a row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a version",
    note = "a version counts the changes of a row: an `i16`, `i32`, `i64`, `u16`, `u32` or `u64`"
)]
pub trait Version {}

macro_rules! integers {
    ($($rust:ty)+) => {$(
        impl Counted for $rust {
            fn counted() -> SqlType {
                <$rust as rebis_core::schema::ColumnType>::sql_type()
            }
        }

        impl Version for $rust {}
    )+};
}

integers!(i16 i32 i64 u16 u32 u64);

impl<T: Counted> Counted for Option<T> {
    fn counted() -> SqlType {
        T::counted()
    }
}

/// The column of a key that the database counts.
pub fn counted<T: Counted>(name: &str) -> ColumnDef {
    ColumnDef::new(name, T::counted()).autoincrement()
}

/// The name of a version's column.
pub fn version<T: Version>(name: &'static str) -> &'static str {
    name
}

/// The name of a column that equals one of this type: both can be compared.
pub fn joined<T: Typed, M, U: Typed>(column: Column<M, U>) -> &'static str
where
    U::Family: Matches<T::Family>,
{
    column.name()
}

/// One column that refers to another one: their names, and where that one's table is.
#[derive(Debug)]
pub struct Pair<M> {
    column: &'static str,
    refers: Column<M, ()>,
}

/// A column and the one it refers to, whose types can be compared.
pub fn pair<T: Typed, M: Entity, U: Typed>(column: &'static str, refers: Column<M, U>) -> Pair<M>
where
    U::Family: Matches<T::Family>,
{
    Pair { column, refers: Column::new(refers.name()) }
}

/// A foreign key of one column.
pub fn foreign_key<E: Entity, T: Typed, M: Entity, U: Typed>(
    column: &'static str,
    refers: Column<M, U>,
) -> ForeignKey
where
    U::Family: Matches<T::Family>,
{
    foreign_keys::<E, M>(&[pair::<T, M, U>(column, refers)])
}

/// A foreign key of several columns.
pub fn foreign_keys<E: Entity, M: Entity>(pairs: &[Pair<M>]) -> ForeignKey {
    let (schema, table) = M::table_name();
    let columns = pairs.iter().map(|pair| pair.column);
    let key = ForeignKey::new(columns, table, pairs.iter().map(|pair| pair.refers.name()));
    match schema {
        Some(schema) if E::table_name().0 != Some(schema) => key.schema(schema),
        _ => key,
    }
}

// ---- the model ----

/// The model of these columns.
pub fn definition<M: Model>(columns: &[&str]) -> Definition {
    Definition {
        name: M::name().into(),
        table: M::table().clone(),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        version: None,
        deferred: Vec::new(),
        relations: Vec::new(),
    }
}

/// A relation to many.
pub fn many<T: Model>(name: &'static str) -> RelationDef {
    RelationDef::new(name, RelationKind::Many, Target::Of(mapper::<T>))
}

/// A relation to one.
pub fn one<T: Model>(name: &'static str) -> RelationDef {
    RelationDef::new(name, RelationKind::One, Target::Of(mapper::<T>))
}

/// What was put into a relation to many.
pub fn take_many<T: Model>(field: &mut Many<T>) -> Taken {
    field.take_given()
}

/// What was put into a relation to one.
pub fn take_one<T: Model>(field: &mut One<T>) -> Taken {
    field.take_given()
}

/// A relation from one model to another one.
#[diagnostic::on_unimplemented(
    message = "this does not lead from `{From}` back to `{To}`",
    label = "not a relationship of `{From}` to `{To}`",
    note = "`back_populates` names the relationship of the other model that leads back to this one"
)]
pub trait LeadsBack<From, To> {}
impl<From, To> LeadsBack<From, To> for ToMany<From, To> {}
impl<From, To> LeadsBack<From, To> for ToOne<From, To> {}

/// The name of a relation that leads back.
pub fn back<From, To, R: LeadsBack<From, To>>(_: R, name: &'static str) -> &'static str {
    name
}

/// The name of a column of a model.
pub fn column_name<M, T>(column: Column<M, T>) -> &'static str {
    column.name()
}
