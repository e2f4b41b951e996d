//! A table's description: made once, shared by everything that names it.

use std::fmt;
use std::sync::Arc;

use super::column::ColumnDef;
use super::constraint::{ForeignKey, Index};
use crate::error::{Error, ErrorKind, Result};

/// A table. Cheap to clone; two with the same name and schema are the same table.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
///
/// let users = Table::build("users")
///     .column(ColumnDef::new("id", SqlType::BigInteger).autoincrement())
///     .column(ColumnDef::new("name", SqlType::String { length: 50 }).unique())
///     .column(ColumnDef::new("fullname", SqlType::Text).nullable())
///     .finish()?;
/// assert_eq!(users.columns().len(), 3);
/// assert_eq!(users.primary_key().map(|column| column.name()).collect::<Vec<_>>(), ["id"]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Table(Arc<Contents>);

#[derive(Debug)]
struct Contents {
    schema: Option<String>,
    name: String,
    columns: Vec<ColumnDef>,
    unique: Vec<Vec<String>>,
    foreign_keys: Vec<ForeignKey>,
    indexes: Vec<Index>,
}

/// A table to be; made by [`Table::build`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `finish`"]
pub struct TableBuilder(Contents);

impl Table {
    /// Begins a table's description.
    pub fn build(name: impl Into<String>) -> TableBuilder {
        TableBuilder(Contents {
            schema: None,
            name: name.into(),
            columns: Vec::new(),
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The schema that it is in, where one is named.
    pub fn schema(&self) -> Option<&str> {
        self.0.schema.as_deref()
    }

    /// Its columns, in order.
    pub fn columns(&self) -> &[ColumnDef] {
        &self.0.columns
    }

    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&ColumnDef> {
        self.0.columns.iter().find(|column| column.name == name)
    }

    /// The columns of the primary key.
    pub fn primary_key(&self) -> impl Iterator<Item = &ColumnDef> {
        self.0.columns.iter().filter(|column| column.primary_key)
    }

    /// Its references to other tables.
    pub fn foreign_keys(&self) -> &[ForeignKey] {
        &self.0.foreign_keys
    }

    /// Its indexes.
    pub fn indexes(&self) -> &[Index] {
        &self.0.indexes
    }

    /// The combinations of columns that do not occur twice, beside the primary key and single columns.
    pub fn unique_constraints(&self) -> &[Vec<String>] {
        &self.0.unique
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.name() == other.name() && self.schema() == other.schema())
    }
}

impl Eq for Table {}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema() {
            Some(schema) => write!(f, "Table({schema}.{})", self.name()),
            None => write!(f, "Table({})", self.name()),
        }
    }
}

impl TableBuilder {
    /// In this schema instead of the connection's own.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.0.schema = Some(schema.into());
        self
    }

    /// With this column, after those before.
    pub fn column(mut self, column: ColumnDef) -> Self {
        self.0.columns.push(column);
        self
    }

    /// With these columns, whose combination does not occur twice.
    pub fn unique<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.0.unique.push(columns.into_iter().map(Into::into).collect());
        self
    }

    /// With this reference to another table.
    pub fn foreign_key(mut self, foreign_key: ForeignKey) -> Self {
        self.0.foreign_keys.push(foreign_key);
        self
    }

    /// With this index.
    pub fn index(mut self, index: Index) -> Self {
        self.0.indexes.push(index);
        self
    }

    /// The table.
    ///
    /// # Errors
    /// [`ErrorKind::Schema`] when two columns have one name, or a constraint or an index names a column that is not there.
    pub fn finish(self) -> Result<Table> {
        let TableBuilder(contents) = self;
        for (index, column) in contents.columns.iter().enumerate() {
            if contents.columns[..index].iter().any(|other| other.name == column.name) {
                return Err(wrong(&contents, &format!("has two columns called '{}'", column.name)));
            }
        }
        let named = contents.unique.iter().flatten();
        let named = named.chain(contents.foreign_keys.iter().flat_map(|key| &key.columns));
        let named = named.chain(contents.indexes.iter().flat_map(|index| &index.columns));
        for name in named {
            if !contents.columns.iter().any(|column| column.name == *name) {
                return Err(wrong(
                    &contents,
                    &format!("has no column '{name}', which a constraint or an index names"),
                ));
            }
        }
        for key in &contents.foreign_keys {
            if key.columns.is_empty() || key.columns.len() != key.referred.len() {
                return Err(wrong(
                    &contents,
                    &format!("has a foreign key to '{}' of unequal sides", key.table),
                ));
            }
        }
        Ok(Table(Arc::new(contents)))
    }
}

fn wrong(contents: &Contents, what: &str) -> Error {
    Error::new(ErrorKind::Schema, format!("the table '{}' {what}", contents.name))
}
