//! Structs whose fields are columns of the model that has them.

use rebis_core::rows::RowView;
use rebis_core::schema::{ColumnDef, TableBuilder};
use rebis_core::value::{BoundValue, Mismatch};
use rebis_core::{Result, Value, ValueRef};

use super::derived::Place;

/// A struct whose fields are columns of the models that have it; `#[derive(Embedded)]` writes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be embedded in a model",
    label = "not an embedded struct",
    note = "write `#[derive(Clone, rebis::Embedded)]` above the struct; an `Option` of one is `None` where all of its columns are NULL"
)]
pub trait Embedded: Sized {
    /// Its columns, as names of a model's.
    type Columns<const N: usize, M: PrefixOf<N>>: NamedColumns;

    /// How many columns it has.
    const WIDTH: usize;

    /// What they are called, without a prefix.
    fn names() -> &'static [&'static str];

    /// Their descriptions, with a prefix to their names.
    fn columns(prefix: &str) -> Vec<ColumnDef>;

    /// The value of one.
    fn read_part(&self, part: usize) -> BoundValue<'_>;

    /// Puts a value into one.
    ///
    /// # Errors
    /// When the field cannot hold it.
    fn write_part(&mut self, part: usize, value: ValueRef<'_>) -> Result<(), Mismatch>;

    /// Whether both have the same value in one.
    fn same_part(&self, other: &Self, part: usize) -> bool;

    /// Out of a row, from this column of the model on.
    ///
    /// # Errors
    /// [`Conversion`](rebis_core::ErrorKind::Conversion).
    fn decode_part<P: Place>(row: &RowView<'_>, place: P, first: usize) -> Result<Self>;
}

/// A model that has embedded structs: what the columns of the one with this number begin with.
pub trait PrefixOf<const N: usize> {
    /// The prefix.
    const PREFIX: &'static str;
}

/// The columns of an embedded struct in a model, as names.
pub trait NamedColumns: Sized {
    /// These.
    const NAMED: Self;
}

/// The longest name of an embedded column; no database has longer ones.
const LONGEST: usize = 128;

/// Two texts one behind the other, put together by the compiler.
#[derive(Debug)]
pub struct Joined {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Joined {
    /// # Panics
    /// While the program is compiled, for a name that is too long.
    #[expect(clippy::indexing_slicing, reason = "looked at by the compiler, before the program is there")]
    pub const fn new(prefix: &str, name: &str) -> Self {
        let (prefix, name) = (prefix.as_bytes(), name.as_bytes());
        let mut bytes = [0; LONGEST];
        let mut length = 0;
        while length < prefix.len() {
            bytes[length] = prefix[length];
            length += 1;
        }
        while length < prefix.len() + name.len() {
            bytes[length] = name[length - prefix.len()];
            length += 1;
        }
        Joined { bytes, length }
    }

    /// The text.
    pub const fn text(&'static self) -> &'static str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            // Both were texts.
            Err(_) => "",
        }
    }
}

/// A table with the columns of embedded structs.
pub trait WithEmbedded {
    /// The same, with the columns of one.
    #[must_use]
    fn embedded<E: Embedded>(self, prefix: &str) -> Self;
}

impl WithEmbedded for TableBuilder {
    fn embedded<E: Embedded>(self, prefix: &str) -> Self {
        E::columns(prefix).into_iter().fold(self, TableBuilder::column)
    }
}

/// All columns may be NULL, and where all are, there is none.
impl<E: Embedded> Embedded for Option<E> {
    type Columns<const N: usize, M: PrefixOf<N>> = E::Columns<N, M>;

    const WIDTH: usize = E::WIDTH;

    fn names() -> &'static [&'static str] {
        E::names()
    }

    fn columns(prefix: &str) -> Vec<ColumnDef> {
        E::columns(prefix).into_iter().map(ColumnDef::nullable).collect()
    }

    fn read_part(&self, part: usize) -> BoundValue<'_> {
        self.as_ref().map_or(BoundValue::NULL, |embedded| embedded.read_part(part))
    }

    fn write_part(&mut self, part: usize, value: ValueRef<'_>) -> Result<(), Mismatch> {
        match (self, value) {
            (Some(embedded), value) => embedded.write_part(part, value),
            (None, ValueRef::Null) => Ok(()),
            (None, _) => {
                Err(Mismatch::Value("there is no embedded value yet; set all of it, by `write`".into()))
            }
        }
    }

    fn same_part(&self, other: &Self, part: usize) -> bool {
        match (self, other) {
            (Some(one), Some(other)) => one.same_part(other, part),
            (one, other) => one.read_part(part) == other.read_part(part),
        }
    }

    fn decode_part<P: Place>(row: &RowView<'_>, place: P, first: usize) -> Result<Self> {
        for part in 0..E::WIDTH {
            if place.value::<Value>(row, first + part)? != Value::Null {
                return E::decode_part(row, place, first).map(Some);
            }
        }
        Ok(None)
    }
}
