//! What the order of a flush hangs on: foreign keys and unique values, as positions.

use rebis_core::schema::{ColumnDef, ForeignKey, Table};

/// A foreign key.
#[derive(Debug)]
pub(crate) struct Refers {
    pub(crate) columns: Vec<usize>,
    /// The table that it leads to, in the schema of this one if none is named.
    pub(crate) table: String,
    key: ForeignKey,
    from: Table,
    /// The names of the columns there.
    pub(crate) referred: Vec<String>,
}

impl Refers {
    /// Whether it leads to this table.
    pub(crate) fn leads(&self, to: &Table) -> bool {
        self.key.leads(&self.from, to)
    }
}

/// Those whose columns all have a field.
pub(super) fn refers(table: &Table, place: impl Fn(&str) -> Option<usize>) -> Vec<Refers> {
    let positions = |names: &[String]| names.iter().map(|name| place(name)).collect::<Option<Vec<usize>>>();
    let keys = table.foreign_keys().iter();
    keys.filter_map(|key| {
        let columns = positions(key.columns())?;
        let (name, referred) = (key.table().to_owned(), key.referred().to_vec());
        Some(Refers { columns, table: name, key: key.clone(), from: table.clone(), referred })
    })
    .collect()
}

/// The primary key, unique constraints and unique indexes whose columns all have a field. One with a condition is taken as if it had
/// none: what is only put in order too often does no harm.
pub(super) fn uniques(table: &Table, place: impl Fn(&str) -> Option<usize>) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = Vec::new();
    let mut take = |names: Vec<&str>| {
        let positions = names.into_iter().map(&place).collect::<Option<Vec<usize>>>();
        sets.extend(positions.filter(|set| !set.is_empty() && !sets.contains(set)));
    };
    take(table.primary_key().map(ColumnDef::name).collect());
    for constraint in table.unique_constraints() {
        take(constraint.columns().iter().map(String::as_str).collect());
    }
    for index in table.indexes().iter().filter(|index| index.is_unique()) {
        // An expression is no column; whether its values meet is the database's to say.
        if index.keys().iter().all(|key| key.column().is_some()) {
            take(index.columns().collect());
        }
    }
    sets
}
