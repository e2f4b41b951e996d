//! A row as it is sent.

use std::rc::Rc;

use rebis_core::Value;
use rebis_core::value::BoundValue;

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
    /// Of an UPDATE: the values by which the row is found, then those of the columns. Those of an INSERT are bound where they lie.
    pub(super) values: Vec<Value>,
}

impl Row {
    pub(super) fn of_update(mapper: &'static Mapper, columns: Vec<usize>, values: Vec<Value>) -> Row {
        Row { shape: Shape::of_update(mapper, columns), values }
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
    /// The shape of a new record's row: what it leaves open the database fills.
    pub(super) fn shape_of(&mut self, mapper: &'static Mapper, record: &dyn Record) -> Rc<Shape> {
        self.columns.clear();
        self.wanted.clear();
        for position in 0..mapper.mapped().len() {
            // What is deferred and was not set is left to the database.
            if position >= mapper.width() && !record.is_loaded(position) {
                continue;
            }
            if mapper.is_filled(position, record) {
                self.wanted.push(position);
            } else {
                self.columns.push(position);
            }
        }
        self.shape(mapper)
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
    let shape = NewRows::default().shape_of(mapper, record);
    let first_version = |column: &usize| {
        if mapper.version() == Some(*column) { Value::Int(1) } else { record.read(*column) }
    };
    names(mapper, &shape.columns).into_iter().zip(shape.columns.iter().map(first_version)).collect()
}

/// The values of new records one behind the other, row by row, where they lie.
pub(super) fn values_of_new<'r>(
    records: impl ExactSizeIterator<Item = &'r dyn Record>,
    columns: &[usize],
) -> Vec<BoundValue<'r>> {
    let mut values = Vec::with_capacity(records.len() * columns.len());
    for record in records {
        values.extend(columns.iter().map(|column| record.lend(*column)));
    }
    values
}
