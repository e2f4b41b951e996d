//! A row as it is sent.

use std::rc::Rc;

use rebis_core::Value;

use super::work::Action;
use crate::mapper::{Mapper, Record};

/// What rows have in common that go out together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub(super) action: Action,
    pub(super) mapper: &'static Mapper,
    /// Positions of the columns that are written.
    pub(super) columns: Vec<usize>,
    /// Positions of the columns that the database fills.
    pub(super) wanted: Vec<usize>,
}

impl Shape {
    pub(super) fn of_update(mapper: &'static Mapper, columns: Vec<usize>) -> Rc<Shape> {
        Rc::new(Shape { action: Action::Update, mapper, columns, wanted: Vec::new() })
    }
}

/// One row as it is sent.
pub(super) struct Row {
    pub(super) shape: Rc<Shape>,
    /// Of an UPDATE: the values by which the row is found, then those of the columns. Of an INSERT: those of the columns.
    pub(super) values: Vec<Value>,
}

impl Row {
    pub(super) fn of_update(mapper: &'static Mapper, columns: Vec<usize>, values: Vec<Value>) -> Row {
        Row { shape: Shape::of_update(mapper, columns), values }
    }

    /// Whether both go out together.
    pub(super) fn goes_with(&self, other: &Row) -> bool {
        alike(&self.shape, &other.shape)
    }
}

/// Whether rows of these shapes go out together.
pub(super) fn alike(one: &Rc<Shape>, other: &Rc<Shape>) -> bool {
    Rc::ptr_eq(one, other) || one == other
}

/// Rows of new records; those behind one another that have the same shape share it.
#[derive(Default)]
pub(super) struct NewRows {
    columns: Vec<usize>,
    wanted: Vec<usize>,
    last: Option<Rc<Shape>>,
}

impl NewRows {
    /// The row of a new record: what it leaves open the database fills.
    pub(super) fn row(&mut self, mapper: &'static Mapper, record: &dyn Record) -> Row {
        let known = self.last.as_ref().filter(|last| last.mapper == mapper);
        let mut values = Vec::with_capacity(known.map_or(mapper.mapped().len(), |last| last.columns.len()));
        self.columns.clear();
        self.wanted.clear();
        for (position, column) in mapper.mapped().iter().enumerate() {
            // What is deferred and was not set is left to the database.
            if position >= mapper.width() && !record.is_loaded(position) {
                continue;
            }
            if column.computed {
                self.wanted.push(position);
                continue;
            }
            let value = record.read(position);
            let filled = mapper.is_unset(position, &value) || (column.defaulted && value == Value::Null);
            if filled {
                self.wanted.push(position);
            } else {
                self.columns.push(position);
                values.push(value);
            }
        }
        Row { shape: self.shape(mapper), values }
    }

    fn shape(&mut self, mapper: &'static Mapper) -> Rc<Shape> {
        if let Some(last) = &self.last
            && last.mapper == mapper
            && last.columns == self.columns
            && last.wanted == self.wanted
        {
            return Rc::clone(last);
        }
        let (columns, wanted) = (self.columns.clone(), self.wanted.clone());
        Rc::clone(self.last.insert(Rc::new(Shape { action: Action::Insert, mapper, columns, wanted })))
    }
}

/// The columns' names.
pub(super) fn names<'m>(mapper: &'m Mapper, columns: &[usize]) -> Vec<&'m str> {
    columns.iter().map(|column| &*mapper.mapped()[*column].name).collect()
}

/// The columns and values of a new record that goes past the unit of work, without those that the database fills.
pub(crate) fn columns_of_new(mapper: &'static Mapper, record: &dyn Record) -> Vec<(&'static str, Value)> {
    let Row { shape, values } = NewRows::default().row(mapper, record);
    let first_version =
        |(column, value)| if mapper.version() == Some(column) { Value::Int(1) } else { value };
    let values: Vec<Value> = shape.columns.iter().copied().zip(values).map(first_version).collect();
    names(mapper, &shape.columns).into_iter().zip(values).collect()
}
