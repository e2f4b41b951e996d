//! What the session knows of a model: its table, its columns in the order of the struct, its relations.
//!
//! [`Mapper`] is data, the same for derived structs and for tables that are known at run time only. [`Record`] is what the unit
//! of work sees of an object, without type parameters.

mod constraints;
mod definition;
#[doc(hidden)]
pub mod derived;
mod dynamic;
mod embedded;
mod few;
mod object;
mod record;
mod relation;

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use rebis_core::process::Published;
use rebis_core::rows::RowView;
use rebis_core::schema::Table;
use rebis_core::sql::Expr;
use rebis_core::value::BoundValue;
use rebis_core::{Error, ErrorKind, Result, Value};

pub(crate) use constraints::Refers;
pub use definition::{Definition, PassiveDeletes, RelationDef, Target};
pub use dynamic::{DynamicRecord, Mappers};
pub use embedded::Embedded;
pub(crate) use few::{Few, Ids};
pub use object::State;
pub(crate) use object::{Expiry, Head, Links, Moved, Object, Undo};
pub use record::{Given, Model, Record, mapper};
pub use relation::Direction;
pub(crate) use relation::{Relation, Secondary};

use crate::model::{Key, LoadOptions};

/// A model as the session sees it.
pub struct Mapper {
    number: u32,
    name: Cow<'static, str>,
    table: Table,
    columns: Vec<MappedColumn>,
    /// How many of them are read with an object; those behind are deferred.
    width: usize,
    key: Vec<usize>,
    version: Option<usize>,
    refers: Vec<Refers>,
    uniques: Vec<Vec<usize>>,
    definitions: Vec<RelationDef>,
    relations: Published<Result<Vec<Relation>>>,
    selected: Published<Vec<Expr<Value>>>,
    decoder: Box<dyn Decoder>,
}

/// A column of the table, and the place in the struct at the same position.
#[derive(Debug)]
pub(crate) struct MappedColumn {
    pub(crate) name: Box<str>,
    /// Whether the database counts it.
    pub(crate) counted: bool,
    /// Whether the database puts in what was not given.
    pub(crate) defaulted: bool,
    /// Whether the database computes it, and nobody writes it.
    pub(crate) computed: bool,
    /// Of a deferred one: what it is loaded along with.
    pub(crate) group: Option<&'static str>,
}

/// Rows → objects, for a mapper whose type is not known.
pub(crate) trait Decoder: Send + Sync {
    /// The key of the row whose columns begin at this position; `None` when there is no row there.
    fn key(&self, mapper: &'static Mapper, row: &RowView<'_>, first: usize) -> Result<Option<Key>>;

    /// The object of that row.
    fn object(&self, row: &RowView<'_>, first: usize, head: Head) -> Result<Rc<Object>>;

    /// The record of that row, to be put in the place of an older one.
    fn record(&self, mapper: &'static Mapper, row: &RowView<'_>, first: usize) -> Result<Box<dyn Record>>;
}

static NUMBERS: AtomicU32 = AtomicU32::new(1);

impl Mapper {
    /// # Errors
    /// [`ErrorKind::Configuration`] for a table without a primary key, and for names that are none of its columns.
    pub(crate) fn new(definition: Definition, decoder: Box<dyn Decoder>) -> Result<Mapper> {
        let Definition { name, table, columns: names, version, deferred, relations } = definition;
        let fault =
            |what: String| Err(Error::new(ErrorKind::Configuration, format!("the model {name} {what}")));
        let mut columns = Vec::with_capacity(names.len());
        for column in names {
            let Some(found) = table.column(&column) else {
                return fault(format!("has the column '{column}', which the table '{}' lacks", table.name()));
            };
            columns.push(MappedColumn {
                counted: found.is_autoincrement(),
                defaulted: found.default().is_some(),
                computed: found.computation().is_some(),
                group: deferred.iter().find(|(name, _)| *name == column).and_then(|(_, group)| *group),
                name: column.into(),
            });
        }
        let place = |name: &str| columns.iter().position(|column| *column.name == *name);
        let mut key = Vec::new();
        for column in table.primary_key() {
            match place(column.name()) {
                Some(index) => key.push(index),
                None => return fault(format!("lacks the column '{}' of the primary key", column.name())),
            }
        }
        if key.is_empty() {
            return fault(format!("needs a primary key, and the table '{}' has none", table.name()));
        }
        let version = match version {
            Some(name) => match place(&name) {
                Some(index) => Some(index),
                None => return fault(format!("has no column '{name}' for its version")),
            },
            None => None,
        };
        let width = columns.len().saturating_sub(deferred.len());
        for (name, _) in &deferred {
            let is_needed = |index| key.contains(&index) || version == Some(index);
            if let Some(what) = not_deferred(name, place(name), width, is_needed) {
                return fault(what);
            }
        }
        let refers = constraints::refers(&table, place);
        let uniques = constraints::uniques(&table, place);
        Ok(Mapper {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            name,
            table,
            columns,
            width,
            key,
            version,
            refers,
            uniques,
            definitions: relations,
            relations: Published::new(),
            selected: Published::new(),
            decoder,
        })
    }

    /// What the model is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table of its rows.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The names of its columns, in the order of the struct.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| &*column.name)
    }

    /// The position of a column.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], with the names there are.
    pub fn position(&self, name: &str) -> Result<usize> {
        self.columns.iter().position(|column| *column.name == *name).ok_or_else(|| {
            let names: Vec<&str> = self.columns().collect();
            let text = format!("the model {} has no column '{name}'; it has {}", self.name, names.join(", "));
            Error::new(ErrorKind::Configuration, text)
        })
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn mapped(&self) -> &[MappedColumn] {
        &self.columns
    }

    /// A column of its table, by its position.
    pub(crate) fn column(&self, position: usize) -> Expr<Value> {
        self.table.c(self.columns[position].name.to_string())
    }

    /// How many columns are read with an object; those behind are deferred.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The columns of its own table that are read with an object, as expressions; made once, because every query has them.
    pub(crate) fn selected(&self) -> &[Expr<Value>] {
        let columns = self.columns.iter().take(self.width);
        self.selected
            .get_or_init(|| columns.map(|column| self.table.lasting(column.name.to_string())).collect())
    }

    /// The positions of the deferred columns that options load all the same, in the order in which they stand behind the others.
    pub(crate) fn undeferred<'m>(&'m self, options: &'m LoadOptions) -> impl Iterator<Item = usize> + 'm {
        let behind = self.columns.iter().enumerate().skip(self.width);
        let wanted = behind.filter(|(_, column)| options.undefers(&column.name, column.group));
        wanted.map(|(position, _)| position)
    }

    /// The positions of the primary key's columns, in its order.
    pub(crate) fn key(&self) -> &[usize] {
        &self.key
    }

    /// Whether the database fills this column of a new record.
    pub(crate) fn is_filled(&self, column: usize, record: &dyn Record) -> bool {
        let MappedColumn { counted, defaulted, computed, .. } = self.columns[column];
        computed
            || (counted || defaulted)
                && match record.lend(column) {
                    BoundValue::Value(value) => {
                        self.is_unset(column, &value) || defaulted && value == Value::Null
                    }
                    _ => false,
                }
    }

    /// Whether this is the key of a row that the database has still to count.
    pub(crate) fn is_unset(&self, column: usize, value: &Value) -> bool {
        self.columns[column].counted && matches!(value, Value::Null | Value::Int(0))
    }

    pub(crate) fn version(&self) -> Option<usize> {
        self.version
    }

    /// Its foreign keys.
    pub(crate) fn refers(&self) -> &[Refers] {
        &self.refers
    }

    /// Sets of columns of which no two rows have the same values; the primary key is the first one.
    pub(crate) fn uniques(&self) -> &[Vec<usize>] {
        &self.uniques
    }

    /// Whether the database computes a column of it.
    pub(crate) fn computes(&self) -> bool {
        self.columns.iter().any(|column| column.computed)
    }

    pub(crate) fn decoder(&self) -> &dyn Decoder {
        &*self.decoder
    }

    pub(crate) fn definitions(&self) -> &[RelationDef] {
        &self.definitions
    }

    /// Its relations, whose meaning is found out when they are first asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], with everything that is wrong with any model that can be reached from this one.
    pub(crate) fn relations(&'static self) -> Result<&'static [Relation]> {
        match self.relations.get_or_init(|| relation::resolve(self)) {
            Ok(relations) => Ok(relations),
            Err(error) => Err(Error::new(error.kind(), error.to_string())),
        }
    }
}

impl Mapper {
    /// The number of the relation with this name.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], with the names there are.
    pub(crate) fn relation(&self, name: &str) -> Result<usize> {
        let found = self.definitions.iter().position(|definition| definition.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.definitions.iter().map(|definition| &*definition.name).collect();
            let text =
                format!("the model {} has no relation '{name}'; it has {}", self.name, names.join(", "));
            Error::new(ErrorKind::Configuration, text)
        })
    }
}

/// Why this column cannot be deferred, if it cannot.
fn not_deferred(
    name: &str,
    place: Option<usize>,
    width: usize,
    is_needed: impl Fn(usize) -> bool,
) -> Option<String> {
    match place {
        Some(index) if index < width => Some(format!("has columns behind the deferred '{name}'")),
        Some(index) if is_needed(index) => {
            Some(format!("needs the column '{name}' with each object; it cannot be deferred"))
        }
        Some(_) => None,
        None => Some(format!("has no column '{name}' that is deferred")),
    }
}

impl PartialEq for Mapper {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl fmt::Debug for Mapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mapper({}, table '{}')", self.name, self.table.name())
    }
}
