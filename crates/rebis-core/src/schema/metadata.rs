//! The tables that belong together, and the order in which they can be made.

use super::Entity;
use super::constraint::ForeignKey;
use super::naming::NamingConvention;
use super::opaque::Opaque;
use super::sequence::Sequence;
use super::table::Table;
use crate::error::{Error, ErrorKind, Result};

/// Tables that belong together: made, dropped and sorted as one.
///
/// ```
/// use rebis_core::Engine;
/// use rebis_core::schema::{ColumnDef, ForeignKey, MetaData, SqlType, Table};
///
/// let users = Table::build("users").column(ColumnDef::new("id", SqlType::BigInteger).autoincrement()).finish()?;
/// let addresses = Table::build("addresses")
///     .column(ColumnDef::new("email", SqlType::Text))
///     .column(ColumnDef::new("user_id", SqlType::BigInteger))
///     .foreign_key(ForeignKey::new(["user_id"], "users", ["id"]))
///     .finish()?;
/// let metadata = MetaData::new().table(&addresses).table(&users);
/// assert_eq!(metadata.sorted_tables()?, [users, addresses]);
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// metadata.create_all(&mut conn)?;
/// conn.commit()?;
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MetaData {
    tables: Vec<Table>,
    sequences: Vec<Sequence>,
    /// Views, whose queries only those below know.
    views: Vec<Opaque>,
    schema: Option<String>,
    naming: NamingConvention,
}

/// The order in which tables can be made, and the foreign keys that have to wait until all are there.
#[derive(Debug)]
pub(crate) struct CreationOrder {
    pub(crate) tables: Vec<Table>,
    pub(crate) later: Vec<(Table, ForeignKey)>,
}

impl MetaData {
    /// No tables yet.
    pub fn new() -> Self {
        MetaData::default()
    }

    /// The tables of these types.
    pub fn of<E: Entities>() -> Self {
        E::tables().into_iter().fold(MetaData::new(), MetaData::table)
    }

    /// The same, where tables, sequences and views that are added later and name no schema are in this one; temporary ones are in
    /// none.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, MetaData, SqlType, Table};
    ///
    /// let parts = Table::build("parts").column(ColumnDef::new("id", SqlType::Integer)).finish()?;
    /// let metadata = MetaData::new().schema("stock").table(&parts);
    /// let parts = metadata.find("parts").expect("it was added");
    /// assert_eq!(parts.schema(), Some("stock"));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The same with this sequence as well, made before all tables.
    #[must_use]
    pub fn sequence(mut self, sequence: &Sequence) -> Self {
        let mut sequence = sequence.clone();
        sequence.schema = sequence.schema.or_else(|| self.schema.clone());
        if !self.sequences.contains(&sequence) {
            self.sequences.push(sequence);
        }
        self
    }

    /// The sequences, in the order in which they were given.
    pub fn sequences(&self) -> &[Sequence] {
        &self.sequences
    }

    pub(crate) fn default_schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    pub(crate) fn views(&self) -> &[Opaque] {
        &self.views
    }

    pub(crate) fn add_view(&mut self, view: Opaque) {
        self.views.push(view);
    }

    /// The table of that name that was added first.
    pub fn find(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name() == name)
    }

    /// The same with this table as well.
    #[must_use]
    pub fn table(mut self, table: &Table) -> Self {
        let own = match (&self.schema, table.schema()) {
            // A temporary one is in a schema of its connection's.
            (Some(schema), None) if !table.is_temporary() => Some(table.in_schema(schema)),
            _ => None,
        };
        let table = own.as_ref().unwrap_or(table);
        if !self.tables.iter().any(|known| known == table && known.is_described_as(table)) {
            self.tables.push(table.clone());
        }
        self
    }

    /// The same, where this gives names to what has none.
    #[must_use]
    pub fn naming_convention(mut self, naming: NamingConvention) -> Self {
        self.naming = naming;
        self
    }

    /// The tables, in the order in which they were given.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The tables, each behind those that its foreign keys refer to.
    ///
    /// # Errors
    /// [`ErrorKind::Schema`] when tables refer to each other in a circle, or two that differ have the same name.
    pub fn sorted_tables(&self) -> Result<Vec<Table>> {
        let order = self.creation_order()?;
        if order.later.is_empty() {
            return Ok(order.tables);
        }
        let keys: Vec<String> =
            order.later.iter().map(|(table, key)| format!("'{}' to '{}'", table.name(), key.table)).collect();
        let text = format!("tables refer to each other in a circle ({}); there is no order", keys.join(", "));
        Err(Error::new(ErrorKind::Schema, text))
    }

    /// The same with everything named, and with circles broken: the foreign keys inside of one come later.
    pub(crate) fn creation_order(&self) -> Result<CreationOrder> {
        let all: Vec<Table> = self.tables.iter().map(|table| table.named(&self.naming)).collect();
        for (index, table) in all.iter().enumerate() {
            if all[..index].contains(table) {
                let text = format!("two tables that differ are both called '{}'", table.name());
                return Err(Error::new(ErrorKind::Schema, text));
            }
        }
        let graph = Graph::of(&all);
        let before: Vec<Vec<usize>> = (0..all.len()).map(|index| graph.straight(index)).collect();
        let mut done = vec![false; all.len()];
        let mut order = Vec::new();
        while order.len() < all.len() {
            let ready = |index: &usize| !done[*index] && before[*index].iter().all(|needed| done[*needed]);
            // There is always one: what is in no circle has an order.
            let Some(next) = (0..all.len()).find(ready) else {
                return Err(Error::new(ErrorKind::Internal, "the tables have no order"));
            };
            done[next] = true;
            order.push(next);
        }
        let mut later = Vec::new();
        for index in &order {
            for key in all[*index].foreign_keys() {
                let other = referred(&all, *index, key);
                if other.is_some_and(|other| other != *index && !before[*index].contains(&other)) {
                    later.push((all[*index].clone(), key.clone()));
                }
            }
        }
        let tables = order.iter().map(|index| all[*index].clone()).collect();
        Ok(CreationOrder { tables, later })
    }
}

/// For each table, those that it refers to, itself left out.
struct Graph(Vec<Vec<usize>>);

impl Graph {
    fn of(tables: &[Table]) -> Graph {
        let needs = |(index, table): (usize, &Table)| {
            let keys = table.foreign_keys().iter();
            keys.filter_map(|key| referred(tables, index, key)).filter(|other| *other != index).collect()
        };
        Graph(tables.iter().enumerate().map(needs).collect())
    }

    /// Those that it refers to and that do not lead back to it.
    fn straight(&self, index: usize) -> Vec<usize> {
        self.0[index].iter().copied().filter(|needed| !self.is_circular(index, *needed)).collect()
    }

    /// Whether a reference from one to the other closes a circle.
    fn is_circular(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.0.len()];
        let mut open = vec![to];
        while let Some(index) = open.pop() {
            if index == from {
                return true;
            }
            if !std::mem::replace(&mut seen[index], true) {
                open.extend(&self.0[index]);
            }
        }
        false
    }
}

impl ForeignKey {
    /// Whether it leads from one table to another one. One that names no schema stays in its own table's. A table without a schema is in
    /// the connection's own, which a reflected key may name.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, ForeignKey, SqlType, Table};
    ///
    /// let id = || ColumnDef::new("id", SqlType::BigInteger).primary_key();
    /// let users = |schema: &'static str| Table::build("users").schema(schema).column(id()).finish();
    /// let (shop, audit) = (users("shop")?, users("audit")?);
    /// let key = ForeignKey::new(["user_id"], "users", ["id"]);
    /// assert!(key.leads(&shop, &shop) && !key.leads(&audit, &shop));
    /// assert!(key.schema("shop").leads(&audit, &shop));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn leads(&self, from: &Table, to: &Table) -> bool {
        let schema = self.schema.as_deref().or(from.schema());
        self.table == to.name() && (to.schema().is_none() || to.schema() == schema)
    }
}

/// Which of the tables a key of one of them refers to.
fn referred(tables: &[Table], own: usize, key: &ForeignKey) -> Option<usize> {
    let schema = key.schema.as_deref().or(tables[own].schema());
    tables.iter().position(|table| table.name() == key.table && table.schema() == schema)
}

/// Several [`Entity`] types: one, or a tuple of up to twelve.
pub trait Entities {
    /// Their tables.
    fn tables() -> Vec<&'static Table>;
}

impl<E: Entity> Entities for E {
    fn tables() -> Vec<&'static Table> {
        vec![E::table()]
    }
}

macro_rules! entities {
    ($($entity:ident)+) => {
        impl<$($entity: Entity),+> Entities for ($($entity,)+) {
            fn tables() -> Vec<&'static Table> {
                vec![$($entity::table()),+]
            }
        }
    };
}

entities!(A);
entities!(A B);
entities!(A B C);
entities!(A B C D);
entities!(A B C D E);
entities!(A B C D E F);
entities!(A B C D E F G);
entities!(A B C D E F G H);
entities!(A B C D E F G H I);
entities!(A B C D E F G H I J);
entities!(A B C D E F G H I J K);
entities!(A B C D E F G H I J K L);
