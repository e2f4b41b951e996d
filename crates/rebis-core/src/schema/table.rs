//! A table's description: made once, shared by everything that names it.

use std::fmt;
use std::sync::Arc;

use super::attached::AttachedDdl;
use super::column::ColumnDef;
use super::constraint::{CheckConstraint, ForeignKey, UniqueConstraint};
use super::index::Index;
use super::naming::NamingConvention;
use super::opaque::Opaque;
use super::options::{MysqlOptions, Options, PostgresqlOptions, SqliteOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::process::Published;

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

#[derive(Debug, Clone, PartialEq)]
struct Contents {
    schema: Option<String>,
    name: String,
    columns: Vec<ColumnDef>,
    primary_key_name: Option<String>,
    /// The key's columns, where they have an order of their own.
    primary_key: Vec<String>,
    unique: Vec<UniqueConstraint>,
    foreign_keys: Vec<ForeignKey>,
    checks: Vec<CheckConstraint>,
    indexes: Vec<Index>,
    comment: Option<String>,
    options: Options,
    attached: Vec<AttachedDdl>,
    beside: Beside,
}

/// What a module below makes of a table once. A copy of the description has none.
#[derive(Default)]
struct Beside(Published<Opaque>);

impl Clone for Beside {
    fn clone(&self) -> Self {
        Beside::default()
    }
}

impl PartialEq for Beside {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beside")
    }
}

impl Contents {
    fn new(name: String) -> Self {
        Contents {
            schema: None,
            name,
            columns: Vec::new(),
            primary_key_name: None,
            primary_key: Vec::new(),
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            indexes: Vec::new(),
            comment: None,
            options: Options::default(),
            attached: Vec::new(),
            beside: Beside::default(),
        }
    }
}

/// A table to be; made by [`Table::build`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `finish`"]
pub struct TableBuilder(Contents);

impl Table {
    /// Begins a table's description.
    pub fn build(name: impl Into<String>) -> TableBuilder {
        TableBuilder(Contents::new(name.into()))
    }

    /// What stands for the table whose description is not finished yet.
    pub(crate) fn being_described() -> Table {
        Table(Arc::new(Contents::new("(the table that is described)".to_owned())))
    }

    /// Where its description is: the same for all clones.
    pub(crate) fn address(&self) -> *const () {
        Arc::as_ptr(&self.0).cast()
    }

    /// What was made of it at the first call, of the one type there is; never freed, as such a table is not either.
    pub(crate) fn beside<T: Send + Sync + 'static>(
        &'static self,
        make: impl FnOnce() -> T,
    ) -> Option<&'static T> {
        self.0.beside.0.get_or_init(|| Opaque::new(Arc::new(make()))).get()
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

    /// The columns of the primary key, in its order.
    pub fn primary_key(&self) -> impl Iterator<Item = &ColumnDef> {
        let ordered = self.0.primary_key.iter().filter_map(|name| self.column(name));
        let unordered = self.0.primary_key.is_empty();
        ordered.chain(self.0.columns.iter().filter(move |column| unordered && column.primary_key))
    }

    /// Its references to other tables.
    pub fn foreign_keys(&self) -> &[ForeignKey] {
        &self.0.foreign_keys
    }

    /// Its indexes.
    pub fn indexes(&self) -> &[Index] {
        &self.0.indexes
    }

    /// The columns and combinations of columns that do not occur twice, beside the primary key.
    pub fn unique_constraints(&self) -> &[UniqueConstraint] {
        &self.0.unique
    }

    /// The conditions that every row meets.
    pub fn check_constraints(&self) -> &[CheckConstraint] {
        &self.0.checks
    }

    /// Its comment.
    pub fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }

    /// What MySQL and MariaDB are told of it.
    pub fn mysql_options(&self) -> &MysqlOptions {
        &self.0.options.mysql
    }

    /// What PostgreSQL is told of it.
    pub fn postgresql_options(&self) -> &PostgresqlOptions {
        &self.0.options.postgresql
    }

    /// What SQLite is told of it.
    pub fn sqlite_options(&self) -> &SqliteOptions {
        &self.0.options.sqlite
    }

    /// Whether only its own connection sees it.
    pub fn is_temporary(&self) -> bool {
        self.0.options.temporary
    }

    /// The SQL that goes with it.
    pub(crate) fn attached(&self) -> &[AttachedDdl] {
        &self.0.attached
    }

    /// The same table in another schema. Foreign keys that name no schema refer to that schema then.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, MetaData, SqlType, Table};
    ///
    /// let parts = Table::build("parts").column(ColumnDef::new("id", SqlType::Integer)).finish()?;
    /// let archived = parts.in_schema("archive");
    /// assert_ne!(parts, archived);
    /// let both = MetaData::new().table(&parts).table(&archived);
    /// assert_eq!(both.sorted_tables()?.len(), 2);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn in_schema(&self, schema: impl Into<String>) -> Table {
        Table(Arc::new(Contents { schema: Some(schema.into()), ..(*self.0).clone() }))
    }

    /// The same table in the connection's own schema.
    #[must_use]
    pub fn without_schema(&self) -> Table {
        Table(Arc::new(Contents { schema: None, ..(*self.0).clone() }))
    }

    /// The same table by another name. Constraints and indexes with names of their own keep them.
    #[must_use]
    pub fn renamed(&self, name: impl Into<String>) -> Table {
        Table(Arc::new(Contents { name: name.into(), ..(*self.0).clone() }))
    }

    /// The name of the primary key, where it was given one.
    pub fn primary_key_name(&self) -> Option<&str> {
        self.0.primary_key_name.as_deref()
    }

    /// Whether the two are described alike, beside being called the same.
    pub(crate) fn is_described_as(&self, other: &Table) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }

    /// The same table, where everything has a name.
    pub(crate) fn named(&self, convention: &NamingConvention) -> Table {
        let mut contents = (*self.0).clone();
        let table = &contents.name;
        let key: Vec<String> = self.primary_key().map(|column| column.name.clone()).collect();
        contents.primary_key_name.get_or_insert_with(|| convention.primary_key_name(table, &key));
        for unique in &mut contents.unique {
            unique.name.get_or_insert_with(|| convention.unique_name(table, &unique.columns));
        }
        for key in &mut contents.foreign_keys {
            key.name.get_or_insert_with(|| convention.foreign_key_name(table, &key.columns, &key.table));
        }
        for (index, check) in contents.checks.iter_mut().enumerate() {
            check.name.get_or_insert_with(|| convention.check_name(table, index + 1));
        }
        for index in &mut contents.indexes {
            let keys = index.key_names();
            index.name.get_or_insert_with(|| convention.index_name(table, &keys));
        }
        Table(Arc::new(contents))
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
        self.0.unique.push(UniqueConstraint::new(columns));
        self
    }

    /// The same with a name of its own.
    pub fn unique_constraint(mut self, unique: UniqueConstraint) -> Self {
        self.0.unique.push(unique);
        self
    }

    /// With these columns as the primary key, in this order. Without it they stand in the table's order.
    pub fn primary_key<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.0.primary_key = columns.into_iter().map(Into::into).collect();
        self
    }

    /// With a name for the primary key. MySQL calls each of them `PRIMARY`, and SQLite keeps no name.
    pub fn primary_key_name(mut self, name: impl Into<String>) -> Self {
        self.0.primary_key_name = Some(name.into());
        self
    }

    /// With a condition that every row meets.
    pub fn check(mut self, check: CheckConstraint) -> Self {
        self.0.checks.push(check);
        self
    }

    /// With a comment that the database keeps; SQLite keeps none, MySQL and MariaDB take characters up to U+FFFF.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.0.comment = Some(comment.into());
        self
    }

    /// With this reference to another table.
    pub fn foreign_key(mut self, foreign_key: ForeignKey) -> Self {
        self.0.foreign_keys.push(foreign_key);
        self
    }

    /// With SQL of one's own that goes with the table.
    pub fn attach(mut self, ddl: AttachedDdl) -> Self {
        self.0.attached.push(ddl);
        self
    }

    pub(super) fn options(&mut self) -> &mut Options {
        &mut self.0.options
    }

    /// With this index.
    pub fn index(mut self, index: Index) -> Self {
        self.0.indexes.push(index);
        self
    }

    /// The table.
    ///
    /// # Errors
    /// [`ErrorKind::Schema`] when two columns have one name, a constraint or an index names a column that is not there, or the
    /// database is to count what is no whole number, or two columns, or has both a default and a computation.
    pub fn finish(self) -> Result<Table> {
        let TableBuilder(mut contents) = self;
        for column in &mut contents.columns {
            column.primary_key |= contents.primary_key.contains(&column.name);
        }
        for column in &contents.columns {
            let own = [column.name.clone()];
            if column.unique && !contents.unique.iter().any(|unique| unique.columns == own) {
                contents.unique.push(UniqueConstraint::new(own.clone()));
            }
            if column.index {
                contents.indexes.push(Index::on(own));
            }
        }
        for (index, column) in contents.columns.iter().enumerate() {
            if contents.columns[..index].iter().any(|other| other.name == column.name) {
                return Err(wrong(&contents, &format!("has two columns called '{}'", column.name)));
            }
        }
        check_names(&contents)?;
        check_counted(&contents)?;
        Ok(Table(Arc::new(contents)))
    }
}

/// What keys, constraints and indexes name must be there.
fn check_names(contents: &Contents) -> Result<()> {
    let named = contents.unique.iter().flat_map(|unique| &unique.columns);
    let named = named.chain(contents.foreign_keys.iter().flat_map(|key| &key.columns));
    let named = named.chain(&contents.primary_key).map(String::as_str);
    let named = named.chain(contents.indexes.iter().flat_map(Index::columns));
    let included = contents.indexes.iter().flat_map(|index| &index.include);
    for name in named.chain(included.map(String::as_str)) {
        if !contents.columns.iter().any(|column| column.name == name) {
            return Err(wrong(
                contents,
                &format!("has no column '{name}', which a constraint or an index names"),
            ));
        }
    }
    for key in &contents.foreign_keys {
        if key.columns.is_empty() || key.columns.len() != key.referred.len() {
            return Err(wrong(contents, &format!("has a foreign key to '{}' of unequal sides", key.table)));
        }
    }
    let left_out = |column: &&ColumnDef| column.primary_key && !contents.primary_key.contains(&column.name);
    if let Some(column) = contents.columns.iter().find(left_out).filter(|_| !contents.primary_key.is_empty())
    {
        return Err(wrong(
            contents,
            &format!("has '{}' in its primary key, whose order does not name it", column.name),
        ));
    }
    Ok(())
}

/// What the database counts or computes must be such that it can.
fn check_counted(contents: &Contents) -> Result<()> {
    let counted: Vec<&ColumnDef> = contents.columns.iter().filter(|column| column.autoincrement).collect();
    if let [one, other, ..] = counted.as_slice() {
        return Err(wrong(contents, &format!("counts two columns, '{}' and '{}'", one.name, other.name)));
    }
    for column in &contents.columns {
        if column.autoincrement && !column.sql_type.may_be_counted() {
            return Err(wrong(contents, &format!("counts '{}', which is no whole number", column.name)));
        }
        if column.computed.is_some() && (column.server_default.is_some() || column.autoincrement) {
            return Err(wrong(
                contents,
                &format!("computes '{}' and has a default for it as well", column.name),
            ));
        }
    }
    Ok(())
}

fn wrong(contents: &Contents, what: &str) -> Error {
    Error::new(ErrorKind::Schema, format!("the table '{}' {what}", contents.name))
}
