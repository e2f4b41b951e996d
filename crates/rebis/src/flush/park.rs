//! A row whose unique value another one takes before it has its own new one: something stands in its column meanwhile.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

use rebis_core::schema::{ColumnDef, SqlType};
use rebis_core::sql::{Expr, Expression, count_all, select, update_table};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::row::Row;
use super::update::{equal, row_of_update, stale};
use crate::load::values_in_database;
use crate::mapper::{Mapper, Object};
use crate::unit::{Unit, conflict};

/// A row to be parked.
pub(super) struct Park {
    /// Whose row it is now.
    pub(super) object: Rc<Object>,
    /// Who writes the row later: the same, or the one that takes it over.
    pub(super) id: u64,
    /// The unique columns, of which one is parked; none where a foreign key names nobody meanwhile.
    pub(super) set: Option<usize>,
    pub(super) column: usize,
    pub(super) filler: Filler,
}

/// What stands in the column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Filler {
    Null,
    /// That many characters at most.
    Text(usize),
    /// That many bytes at most.
    Bytes(usize),
    /// From the first to the second, ends included.
    Integer(i64, i64),
    Uuid,
}

/// How often a value is made that no row must have.
const TRIES: usize = 16;

/// Tables with a column that foreign keys lead to.
pub(super) type Named = BTreeSet<(String, String)>;

/// The column of a set that is parked, and how: NULL where there can be one, and no row is named by it, which would be named by nothing
/// for good then.
pub(super) fn filler(mapper: &Mapper, set: usize, also_keys: bool, named: &Named) -> Option<(usize, Filler)> {
    let columns = &mapper.uniques()[set];
    let described = |column: &usize| mapper.table().column(&mapper.mapped()[*column].name);
    let is_key = |column: &usize| mapper.key().contains(column);
    let can_be_null = |column: &&usize| {
        !is_key(column)
            && !mapper.mapped()[**column].computed
            && described(column).is_some_and(ColumnDef::is_nullable)
            && !named
                .contains(&(mapper.table().name().to_owned(), mapper.mapped()[**column].name.to_string()))
    };
    if let Some(column) = columns.iter().find(can_be_null) {
        return Some((*column, Filler::Null));
    }
    // What a foreign key names must be there, and is the database's to compute.
    let is_free = |column: &&usize| {
        (also_keys || !is_key(column))
            && !mapper.mapped()[**column].computed
            && !mapper.refers().iter().any(|refers| refers.columns.contains(column))
    };
    columns.iter().filter(is_free).find_map(|column| {
        let filler = match described(column)?.sql_type() {
            SqlType::String { length } | SqlType::Char { length } => Filler::Text((*length).try_into().ok()?),
            SqlType::Text => Filler::Text(32),
            SqlType::Binary { length } => Filler::Bytes((*length).try_into().ok()?),
            SqlType::SmallInteger => Filler::Integer(i16::MIN.into(), -1),
            SqlType::Integer => Filler::Integer(i32::MIN.into(), -1),
            SqlType::BigInteger => Filler::Integer(i64::MIN, -1),
            SqlType::UnsignedSmallInteger => Filler::Integer(1 << 15, u16::MAX.into()),
            SqlType::UnsignedInteger => Filler::Integer(1 << 31, u32::MAX.into()),
            SqlType::UnsignedBigInteger => Filler::Integer(1 << 62, i64::MAX),
            SqlType::Uuid => Filler::Uuid,
            _ => return None,
        };
        Some((*column, filler))
    })
}

impl Park {
    /// A column of a foreign key that leads to a row which goes early.
    pub(super) fn foreign_key(object: &Rc<Object>, column: usize) -> Park {
        Park { object: Rc::clone(object), id: object.head.id, set: None, column, filler: Filler::Null }
    }

    /// Writes the filler into the row, in which others may stand already. Returns it.
    ///
    /// # Errors
    /// [`ErrorKind::StaleData`] when the row is not as it was; [`ErrorKind::InvalidState`] when no value is free.
    pub(super) fn send(&self, conn: &mut Connection, others: &[(Park, Value)]) -> Result<Value> {
        let mapper = self.object.head.mapper;
        let value = self.free_value(conn)?;
        let mut found_by = mapper.key().to_vec();
        found_by.extend(mapper.version());
        let mut values = values_in_database(&self.object, &found_by)?;
        for (other, stands) in others {
            if let Some(place) = found_by.iter().position(|column| *column == other.column) {
                values[place].clone_from(stands);
            }
        }
        let column = mapper.mapped()[self.column].name.to_string();
        let update = update_table(mapper.table()).set_column(column, value.clone());
        let found = conn.execute(update.filter(equal(mapper, &found_by, values)))?.rows_affected();
        if found == 1 { Ok(value) } else { Err(stale(mapper, "update", 1, found)) }
    }

    fn free_value(&self, conn: &mut Connection) -> Result<Value> {
        let mapper = self.object.head.mapper;
        let name = &*mapper.mapped()[self.column].name;
        for _ in 0..TRIES {
            let value = self.filler.value();
            if value == Value::Null {
                return Ok(value);
            }
            let column: Expr<Value> = mapper.table().c(name.to_owned());
            let taken = select(count_all()).from(mapper.table()).filter(column.eq(value.clone()));
            if conn.scalar::<i64>(taken)? == 0 {
                return Ok(value);
            }
        }
        let text = format!("no free value was found for '{name}' of {}; flush in between", mapper.name());
        Err(Error::new(ErrorKind::InvalidState, text))
    }

    /// Puts it right in the row that is sent later: it is found by the key that it has now, and the column is written.
    pub(super) fn mend(
        &self,
        unit: &Unit,
        object: &Rc<Object>,
        row: Option<Row>,
        value: &Value,
    ) -> Result<Row> {
        let mapper = object.head.mapper;
        let mut row = match row {
            Some(row) => row,
            None => {
                row_of_update(unit, object, values_in_database(object, mapper.key())?, vec![self.column])?
            }
        };
        if let Some(place) = mapper.key().iter().position(|key| *key == self.column) {
            row.values[place].clone_from(value);
        }
        if !row.shape.columns.contains(&self.column) {
            let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
            Rc::make_mut(&mut row.shape).columns.push(self.column);
            row.values.push(record.read(self.column));
        }
        Ok(row)
    }
}

impl Filler {
    fn value(self) -> Value {
        match self {
            Filler::Null => Value::Null,
            Filler::Text(length) => {
                let text = format!("~{:016x}{:016x}", random(), random());
                // The random part is at the end; the mark in front is for whoever sees it.
                Value::Text(text.chars().skip(text.len().saturating_sub(length)).collect())
            }
            Filler::Bytes(length) => {
                let bytes = [random().to_be_bytes(), random().to_be_bytes()].concat();
                Value::Bytes(bytes.into_iter().take(length).collect())
            }
            Filler::Integer(first, last) => {
                let span = u128::from(last.abs_diff(first)) + 1;
                let offset = u64::try_from(u128::from(random()) % span).unwrap_or_default();
                Value::Int(first.wrapping_add_unsigned(offset))
            }
            Filler::Uuid => Value::Uuid(rebis_core::uuid::Uuid::from_u64_pair(random(), random())),
        }
    }
}

/// Another number each time, also in two children of one process.
fn random() -> u64 {
    RandomState::new().hash_one((std::process::id(), std::time::Instant::now()))
}
