//! Statements that make, change and drop tables.

use super::{Composed, Statement, StatementNode};
use crate::schema::{EnumType, ForeignKey, Index, NamingConvention, Table};

/// A statement that makes, changes or drops a table or an index.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{create_table, drop_table};
/// use rebis_core::{Dialect, Engine};
///
/// let tags = Table::build("tags").column(ColumnDef::new("name", SqlType::String { length: 20 }).primary_key()).finish()?;
/// assert_eq!(drop_table(&tags).to_sql(Dialect::MYSQL)?, "DROP TABLE `tags`");
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(create_table(&tags))?;
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ddl(pub(crate) DdlNode);

/// What it is.
#[derive(Debug, Clone)]
pub(crate) enum DdlNode {
    /// With all foreign keys but these.
    CreateTable {
        table: Table,
        without: Vec<ForeignKey>,
    },
    DropTable(Table),
    CreateEnum(EnumType),
    DropEnum(EnumType),
    CreateIndex {
        table: Table,
        index: Index,
    },
    DropIndex {
        table: Table,
        index: Index,
    },
    AddForeignKey {
        table: Table,
        key: ForeignKey,
    },
    DropForeignKey {
        table: Table,
        key: ForeignKey,
    },
    TableComment(Table),
    ColumnComment {
        table: Table,
        column: String,
    },
}

/// CREATE TABLE, with its constraints; without its indexes, and on PostgreSQL without its comments, which are statements of
/// their own. [`Connection::create_table`](crate::Connection::create_table) runs them all.
pub fn create_table(table: &Table) -> Ddl {
    Ddl(DdlNode::CreateTable { table: table.clone(), without: Vec::new() })
}

/// DROP TABLE.
pub fn drop_table(table: &Table) -> Ddl {
    Ddl(DdlNode::DropTable(table.clone()))
}

/// CREATE TYPE … AS ENUM: PostgreSQL's. `create_all` runs it where the type is missing.
///
/// ```
/// use rebis_core::schema::EnumType;
/// use rebis_core::sql::create_enum;
/// use rebis_core::Dialect;
///
/// let mood = EnumType::new("mood", ["sad", "happy"]);
/// assert_eq!(create_enum(&mood).to_sql(Dialect::POSTGRESQL)?, r#"CREATE TYPE "mood" AS ENUM ('sad', 'happy')"#);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn create_enum(enumeration: &EnumType) -> Ddl {
    Ddl(DdlNode::CreateEnum(enumeration.clone()))
}

/// DROP TYPE, of an enum: PostgreSQL's.
pub fn drop_enum(enumeration: &EnumType) -> Ddl {
    Ddl(DdlNode::DropEnum(enumeration.clone()))
}

/// CREATE INDEX on a table, whether the table's description has it or not.
pub fn create_index(table: &Table, index: &Index) -> Ddl {
    Ddl(DdlNode::CreateIndex { table: table.clone(), index: with_index_name(table, index) })
}

/// DROP INDEX.
pub fn drop_index(table: &Table, index: &Index) -> Ddl {
    Ddl(DdlNode::DropIndex { table: table.clone(), index: with_index_name(table, index) })
}

/// ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY. SQLite has none.
pub fn add_foreign_key(table: &Table, key: &ForeignKey) -> Ddl {
    Ddl(DdlNode::AddForeignKey { table: table.clone(), key: with_key_name(table, key) })
}

/// ALTER TABLE … DROP CONSTRAINT. SQLite has none.
pub fn drop_foreign_key(table: &Table, key: &ForeignKey) -> Ddl {
    Ddl(DdlNode::DropForeignKey { table: table.clone(), key: with_key_name(table, key) })
}

/// COMMENT ON TABLE, of the table's own comment: PostgreSQL's.
pub fn set_table_comment(table: &Table) -> Ddl {
    Ddl(DdlNode::TableComment(table.clone()))
}

/// COMMENT ON COLUMN, of the column's own comment: PostgreSQL's.
pub fn set_column_comment(table: &Table, column: impl Into<String>) -> Ddl {
    Ddl(DdlNode::ColumnComment { table: table.clone(), column: column.into() })
}

fn with_index_name(table: &Table, index: &Index) -> Index {
    let mut index = index.clone();
    index.name.get_or_insert_with(|| NamingConvention::default().index_name(table.name(), &index.columns));
    index
}

fn with_key_name(table: &Table, key: &ForeignKey) -> ForeignKey {
    let mut key = key.clone();
    let naming = NamingConvention::default();
    key.name.get_or_insert_with(|| naming.foreign_key_name(table.name(), &key.columns, &key.table));
    key
}

impl From<Ddl> for Statement {
    fn from(ddl: Ddl) -> Self {
        Statement::Composed(Box::new(Composed(StatementNode::Ddl(ddl.0))))
    }
}
