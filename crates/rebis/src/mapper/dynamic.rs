//! Models that are known at run time only: of tables that were reflected, say.

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use rebis_core::process::Published;
use rebis_core::rows::RowView;
use rebis_core::schema::Table;
use rebis_core::value::{BoundValue, FromValue, IntoValue, Mismatch};
use rebis_core::{Error, ErrorKind, Result, Value, ValueRef};

use super::object::{Head, Object};
use super::{Decoder, Definition, Given, Mapper, Record, RelationDef, Target};
use crate::model::{Key, RelationKind};

/// A row of a table that is known at run time only: values by the names of columns. It goes through a session as any struct does.
pub struct DynamicRecord {
    mapper: &'static Mapper,
    values: Vec<Value>,
    related: Vec<Option<Vec<Given>>>,
}

impl Mapper {
    /// A new row, of these values; the other columns are NULL, which means the database's default where there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for a name that is none of its columns.
    pub fn record<'n, V: IntoValue>(
        &'static self,
        values: impl IntoIterator<Item = (&'n str, V)>,
    ) -> Result<DynamicRecord> {
        let mut record = DynamicRecord::empty(self);
        for (name, value) in values {
            let position = self.position(name)?;
            record.values[position] = value.into_value();
        }
        Ok(record)
    }

    /// A mapper of one table, without relations. It is made for the rest of the process, so once for each table.
    ///
    /// ```
    /// use rebis::mapper::{DynamicRecord, Mapper};
    /// use rebis::schema::Table;
    /// use rebis::{Engine, Session, text};
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// let mut conn = engine.connect()?;
    /// conn.execute(text("create table users (id integer primary key, name text)"))?;
    /// conn.commit()?;
    /// let users = Mapper::of_table(&Table::reflect(&mut conn, "users")?)?;
    /// drop(conn);
    ///
    /// let session = Session::new(&engine);
    /// let ed = session.add(users.record([("name", "ed")])?)?;
    /// session.commit()?;
    /// ed.set_column("name", "eddie")?;
    /// session.commit()?;
    /// let same = session.query_of::<DynamicRecord>(users).one()?;
    /// assert_eq!(same.column("name")?, "eddie".into());
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for a table without a primary key.
    pub fn of_table(table: &Table) -> Result<&'static Mapper> {
        Mapper::made(table, Vec::new())
    }

    fn made(table: &Table, relations: Vec<RelationDef>) -> Result<&'static Mapper> {
        let definition = Definition {
            name: table.name().to_owned().into(),
            table: table.clone(),
            columns: table.columns().iter().map(|column| column.name().to_owned()).collect(),
            version: None,
            deferred: Vec::new(),
            relations,
        };
        // Objects name their mapper wherever they are, so it stays as long as the process does.
        Ok(Box::leak(Box::new(Mapper::new(definition, Box::new(Dynamic))?)))
    }
}

/// Mappers of several tables, with the relations that their foreign keys tell.
///
/// A foreign key becomes a relation to one, named after its column without `_id`, or after the table it names; and a relation to many
/// on the other side, named after the table that has the key.
///
/// ```
/// use rebis::mapper::{DynamicRecord, Mappers};
/// use rebis::{Engine, Session, text};
///
/// let engine = Engine::new("sqlite://")?;
/// let mut conn = engine.connect()?;
/// conn.execute(text("create table users (id integer primary key, name text)"))?;
/// conn.execute(text("create table notes (id integer primary key, words text, user_id integer references users (id))"))?;
/// conn.commit()?;
/// let tables = ["users", "notes"].map(|name| rebis::schema::Table::reflect(&mut conn, name).unwrap());
/// drop(conn);
///
/// let mappers = Mappers::of_tables(&tables)?;
/// let (users, notes) = (mappers.get("users")?, mappers.get("notes")?);
/// let session = Session::new(&engine);
/// let ed = session.add(users.record([("name", "ed")])?)?;
/// let note = ed.related_by_name::<DynamicRecord>("notes")?.push(notes.record([("words", "milk")])?)?;
/// session.commit()?;
/// assert_eq!(note.column("user_id")?, ed.column("id")?);
/// # Ok::<(), rebis::Error>(())
/// ```
#[derive(Debug)]
pub struct Mappers(Vec<&'static Mapper>);

impl Mappers {
    /// # Errors
    /// [`ErrorKind::Configuration`] for a table without a primary key.
    pub fn of_tables(tables: &[Table]) -> Result<Mappers> {
        // The tables may name each other in a circle: each is found in its place when a relation is first used.
        let places: &'static [Published<&'static Mapper>] =
            Box::leak(tables.iter().map(|_| Published::new()).collect::<Vec<_>>().into_boxed_slice());
        let mut mappers = Vec::with_capacity(tables.len());
        for (number, table) in tables.iter().enumerate() {
            let mapper = Mapper::made(table, relations(number, tables, places))?;
            places[number].get_or_init(|| mapper);
            mappers.push(mapper);
        }
        Ok(Mappers(mappers))
    }

    /// The mapper of a table.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], with the names there are.
    pub fn get(&self, table: &str) -> Result<&'static Mapper> {
        let found = self.0.iter().find(|mapper| mapper.table().name() == table).copied();
        found.ok_or_else(|| {
            let names: Vec<&str> = self.0.iter().map(|mapper| mapper.name()).collect();
            let text = format!("there is no mapper of a table '{table}'; there are {}", names.join(", "));
            Error::new(ErrorKind::Configuration, text)
        })
    }
}

/// What the foreign keys between these tables tell of one of them.
fn relations(
    own: usize,
    tables: &[Table],
    places: &'static [Published<&'static Mapper>],
) -> Vec<RelationDef> {
    let mut relations = Vec::new();
    let place = |table: &str| tables.iter().position(|known| known.name() == table);
    for (from, table) in tables.iter().enumerate() {
        for key in table.foreign_keys() {
            let Some(to) = place(key.table()) else { continue };
            let (one, many) = names(table, key.columns(), &tables[to]);
            let columns: Vec<Cow<'static, str>> =
                key.columns().iter().map(|name| name.clone().into()).collect();
            if from == own {
                let relation = RelationDef::new(one.clone(), RelationKind::One, Target::Place(&places[to]));
                relations.push(relation.back_populates(many.clone()).foreign_keys(columns.clone()));
            }
            if to == own {
                let relation = RelationDef::new(many, RelationKind::Many, Target::Place(&places[from]));
                relations.push(relation.back_populates(one).foreign_keys(columns));
            }
        }
    }
    relations
}

/// What the two sides of a foreign key are called: after its column, and after its table. Where a table has several keys to one
/// other, the column's name tells them apart.
fn names(table: &Table, columns: &[String], referred: &Table) -> (String, String) {
    let short = match columns {
        [column] => column.strip_suffix("_id").filter(|name| !name.is_empty()),
        _ => None,
    };
    let taken = |name: &str| table.column(name).is_some();
    let one = short.filter(|name| !taken(name)).map_or_else(
        || {
            if taken(referred.name()) {
                format!("{}_row", referred.name())
            } else {
                referred.name().to_owned()
            }
        },
        str::to_owned,
    );
    let several = table.foreign_keys().iter().filter(|key| key.table() == referred.name()).count() > 1;
    let many = if several || table == referred {
        format!("{}_of_{one}", table.name())
    } else {
        table.name().to_owned()
    };
    (one, many)
}

impl DynamicRecord {
    fn empty(mapper: &'static Mapper) -> Self {
        DynamicRecord {
            mapper,
            values: vec![Value::Null; mapper.mapped().len()],
            related: mapper.definitions().iter().map(|_| None).collect(),
        }
    }
}

impl Record for DynamicRecord {
    fn mapper(&self) -> &'static Mapper {
        self.mapper
    }

    fn lend(&self, column: usize) -> BoundValue<'_> {
        self.values.get(column).map_or(BoundValue::NULL, BoundValue::from)
    }

    fn write(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), Mismatch> {
        if let Some(place) = self.values.get_mut(column) {
            *place = Value::from_value(value)?;
        }
        Ok(())
    }

    fn same(&self, other: &dyn Record, column: usize) -> bool {
        self.lend(column) == other.lend(column)
    }

    fn copy(&self) -> Box<dyn Record> {
        Box::new(DynamicRecord { values: self.values.clone(), ..DynamicRecord::empty(self.mapper) })
    }

    fn restore(&mut self, from: &dyn Record) {
        for (position, value) in self.values.iter_mut().enumerate() {
            *value = from.read(position);
        }
    }

    fn take_related(&mut self, relation: usize) -> Option<Vec<Given>> {
        self.related.get_mut(relation)?.take()
    }

    fn is_assigned(&self) -> bool {
        self.related.iter().any(Option::is_some)
    }

    fn into_object(self: Box<Self>, head: Head) -> Rc<Object> {
        Rc::new(Object { head, data: RefCell::new(*self) })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Names and kinds, no values.
impl fmt::Debug for DynamicRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.mapper.name());
        for (name, value) in self.mapper.columns().zip(&self.values) {
            shown.field(name, value);
        }
        shown.finish()
    }
}

/// Decodes whatever the row has.
struct Dynamic;

impl Dynamic {
    fn read(mapper: &'static Mapper, row: &RowView<'_>, first: usize) -> Result<DynamicRecord> {
        let values =
            (0..mapper.mapped().len()).map(|position| row.value(first + position)).collect::<Result<_>>()?;
        Ok(DynamicRecord { values, ..DynamicRecord::empty(mapper) })
    }
}

impl Decoder for Dynamic {
    fn key(&self, mapper: &'static Mapper, row: &RowView<'_>, first: usize) -> Result<Option<Key>> {
        Key::try_of(mapper.key().iter().map(|position| row.value::<Value>(first + position)))
    }

    fn object(&self, row: &RowView<'_>, first: usize, head: Head) -> Result<Rc<Object>> {
        let record = Dynamic::read(head.mapper, row, first)?;
        Ok(Rc::new(Object { head, data: RefCell::new(record) }))
    }

    fn record(&self, mapper: &'static Mapper, row: &RowView<'_>, first: usize) -> Result<Box<dyn Record>> {
        Ok(Box::new(Dynamic::read(mapper, row, first)?))
    }
}
