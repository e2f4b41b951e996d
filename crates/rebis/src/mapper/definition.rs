//! What the derive writes down of a model.

use std::borrow::Cow;
use std::fmt;

use rebis_core::Result;
use rebis_core::process::Published;
use rebis_core::schema::Table;

use super::{Embedded, Mapper};
use crate::model::{Cascade, Loading, RelationKind};

/// A model as it describes itself.
#[derive(Debug)]
pub struct Definition {
    /// What it is called.
    pub name: Cow<'static, str>,
    /// Its table.
    pub table: Table,
    /// The table's columns, in the order of the struct.
    pub columns: Vec<String>,
    /// The column that counts the changes of a row.
    pub version: Option<String>,
    /// Columns that are not read with their object, and their groups; they are the last ones.
    pub deferred: Vec<(String, Option<&'static str>)>,
    /// Its relations, in the order of their numbers.
    pub relations: Vec<RelationDef>,
}

impl Definition {
    /// The same, with the column that counts the changes of a row.
    #[must_use]
    pub fn version(mut self, column: impl Into<String>) -> Self {
        self.version = Some(column.into());
        self
    }

    /// The same, with the columns of an embedded struct behind those before.
    #[must_use]
    pub fn embedded<E: Embedded>(mut self, prefix: &str) -> Self {
        self.columns.extend(E::names().iter().map(|name| format!("{prefix}{name}")));
        self
    }

    /// The same, with a column that is not read with its object, and is loaded along with its group.
    #[must_use]
    pub fn deferred(mut self, column: impl Into<String>, group: Option<&'static str>) -> Self {
        let column = column.into();
        self.columns.push(column.clone());
        self.deferred.push((column, group));
        self
    }

    /// The same with this relation, behind those before.
    #[must_use]
    pub fn relation(mut self, relation: RelationDef) -> Self {
        self.relations.push(relation);
        self
    }
}

/// A relation as the model describes it; what it means is found out from the foreign keys when it is first used.
#[derive(Clone)]
pub struct RelationDef {
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: RelationKind,
    pub(crate) target: Target,
    pub(crate) back_populates: Option<Cow<'static, str>>,
    pub(crate) secondary: Option<Table>,
    pub(crate) foreign_keys: Vec<Cow<'static, str>>,
    pub(crate) join: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub(crate) order_by: Vec<(Cow<'static, str>, bool)>,
    pub(crate) cascade: Cascade,
    pub(crate) passive_deletes: PassiveDeletes,
    pub(crate) passive_updates: bool,
    pub(crate) post_update: bool,
    pub(crate) single_parent: bool,
    pub(crate) view_only: bool,
    pub(crate) loading: Loading,
}

/// What the session leaves to the database when a parent is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassiveDeletes {
    /// Nothing: children are loaded.
    No,
    /// Children that are not loaded.
    Yes,
    /// All children.
    All,
}

/// The mapper of the objects that a relation leads to.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// Asked for when the relation is first used: two models may name each other.
    Of(fn() -> Result<&'static Mapper>),
    /// This one.
    Mapper(&'static Mapper),
    /// The one that stands in this place by then.
    Place(&'static Published<&'static Mapper>),
    /// The model's own.
    Own,
}

impl RelationDef {
    /// A relation of that name, without options.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: RelationKind, target: Target) -> Self {
        RelationDef {
            name: name.into(),
            kind,
            target,
            back_populates: None,
            secondary: None,
            foreign_keys: Vec::new(),
            join: Vec::new(),
            order_by: Vec::new(),
            cascade: Cascade::DEFAULT,
            passive_deletes: PassiveDeletes::No,
            passive_updates: true,
            post_update: false,
            single_parent: false,
            view_only: false,
            loading: Loading::Lazy,
        }
    }

    /// The relation of the target that leads back; both are kept in step.
    #[must_use]
    pub fn back_populates(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.back_populates = Some(name.into());
        self
    }

    /// Many to many, by the rows of this table.
    #[must_use]
    pub fn secondary(mut self, table: &Table) -> Self {
        self.secondary = Some(table.clone());
        self
    }

    /// The columns of the foreign key, where there are several between the tables.
    #[must_use]
    pub fn foreign_keys<C: Into<Cow<'static, str>>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.foreign_keys = columns.into_iter().map(Into::into).collect();
        self
    }

    /// A column of this side that equals one of the target, behind those before: where the tables have no foreign key, or it is not
    /// what the relation follows. A relation to one has its foreign key on this side, unless
    /// [`foreign_keys`](RelationDef::foreign_keys) names the columns of the target.
    #[must_use]
    pub fn join(mut self, near: impl Into<Cow<'static, str>>, far: impl Into<Cow<'static, str>>) -> Self {
        self.join.push((near.into(), far.into()));
        self
    }

    /// A column of the target by which a collection is ordered, behind those before.
    #[must_use]
    pub fn order_by(mut self, column: impl Into<Cow<'static, str>>, descending: bool) -> Self {
        self.order_by.push((column.into(), descending));
        self
    }

    /// What happens to related objects along with an object.
    #[must_use]
    pub fn cascade(mut self, cascade: Cascade) -> Self {
        self.cascade = cascade;
        self
    }

    /// The database itself deletes, or clears the keys of, the children of a deleted parent that are not loaded.
    #[must_use]
    pub fn passive_deletes(mut self) -> Self {
        self.passive_deletes = PassiveDeletes::Yes;
        self
    }

    /// The same for all children, loaded or not: nothing is written of them. It goes with no cascade that deletes.
    #[must_use]
    pub fn passive_deletes_all(mut self) -> Self {
        self.passive_deletes = PassiveDeletes::All;
        self
    }

    /// Who changes the foreign keys of the children when the key that they name changes. By default the database itself, by ON UPDATE
    /// CASCADE, and objects in memory follow. With `false` the session: it loads the children, and changes them behind the parent; the
    /// database must put up with the moment in between, by a deferred constraint or by none.
    #[must_use]
    pub fn passive_updates(mut self, passive: bool) -> Self {
        self.passive_updates = passive;
        self
    }

    /// The foreign key is written by an UPDATE of its own: two rows may name each other.
    #[must_use]
    pub fn post_update(mut self) -> Self {
        self.post_update = true;
        self
    }

    /// An object is in one such relation at a time; delete-orphan needs it where the target could have several owners.
    #[must_use]
    pub fn single_parent(mut self) -> Self {
        self.single_parent = true;
        self
    }

    /// How its objects come, where a query says nothing of it.
    #[must_use]
    pub fn loading(mut self, loading: Loading) -> Self {
        self.loading = loading;
        self
    }

    /// Read, and never written.
    #[must_use]
    pub fn view_only(mut self) -> Self {
        self.view_only = true;
        self
    }
}

impl fmt::Debug for RelationDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelationDef")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
