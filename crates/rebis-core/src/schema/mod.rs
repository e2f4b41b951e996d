//! Tables as values: what a table is called, which columns it has, what holds between them. Made by hand, by a derive, or read
//! from a database; the same for all of them.

mod attached;
mod backends;
mod column;
mod constraint;
mod default;
mod expression;
mod index;
mod metadata;
mod naming;
mod opaque;
mod options;
mod sequence;
mod table;
#[cfg(test)]
mod tests;
mod translate;
mod types;

pub use attached::{AttachedDdl, DdlMoment};
pub use column::{ColumnDef, Computed, ServerDefault};
pub use constraint::{
    CheckConstraint, Constraint, Deferral, ForeignKey, MatchType, OnChange, UniqueConstraint,
};
pub use default::ClientDefault;
pub(crate) use default::{Make, MakeValue};
pub use expression::DdlExpression;
pub(crate) use index::KeyTarget;
pub use index::{Index, IndexKey, IndexMethod};
pub(crate) use metadata::CreationOrder;
pub use metadata::{Entities, MetaData};
pub use naming::NamingConvention;
pub(crate) use opaque::Opaque;
pub use options::{MysqlOptions, PostgresqlOptions, SqliteOptions};
pub use sequence::{Identity, Sequence};
pub use table::{Table, TableBuilder};
pub use translate::SchemaTranslateMap;
pub use types::{
    ColumnType, EnumType, MysqlType, NativeName, PostgresqlType, SqlEnum, SqlType, TypeName, Variant,
};

/// A Rust type whose values are rows of one table.
///
/// The derive of the ORM implements it; a program that only wants typed columns can do it by hand, see
/// [`Column`](crate::sql::Column).
pub trait Entity: 'static {
    /// The table.
    fn table() -> &'static Table;

    /// The schema and the name of the table. What the derive writes does not make the table for it: two tables may refer to each
    /// other.
    fn table_name() -> (Option<&'static str>, &'static str) {
        let table = Self::table();
        (table.schema(), table.name())
    }
}
