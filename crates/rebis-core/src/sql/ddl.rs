//! Statements that make, change and drop tables and what stands beside them.

use std::borrow::Cow;
use std::sync::Arc;

use super::columns::column_node;
use super::{Composed, Expr, Node, Select, SelectNode, Source, Statement, StatementNode};
use crate::schema::{
    Constraint, DdlExpression, EnumType, Index, MetaData, NamingConvention, Opaque, Sequence, ServerDefault,
    Table,
};
use crate::value::Value;

/// A statement that makes, changes or drops a table, an index, a view, a sequence, a schema.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{create_table, drop_table};
/// use rebis_core::{Dialect, Engine};
///
/// let tags = Table::build("tags").column(ColumnDef::new("name", SqlType::String { length: 20 }).primary_key()).finish()?;
/// assert_eq!(drop_table(&tags).if_exists().to_sql(Dialect::MYSQL)?, "DROP TABLE IF EXISTS `tags`");
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(create_table(&tags))?;
/// conn.execute(create_table(&tags).if_not_exists())?;
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ddl {
    pub(crate) node: DdlNode,
    pub(crate) flags: DdlFlags,
}

/// What is said beside.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DdlFlags {
    /// IF EXISTS, or IF NOT EXISTS of what is made.
    pub(crate) exists: bool,
    pub(crate) cascade: bool,
    pub(crate) or_replace: bool,
}

/// What it is.
#[derive(Debug, Clone)]
pub(crate) enum DdlNode {
    /// With all foreign keys but these.
    CreateTable {
        table: Table,
        without: Vec<crate::schema::ForeignKey>,
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
    AddConstraint {
        table: Table,
        constraint: Constraint,
    },
    DropConstraint {
        table: Table,
        constraint: Constraint,
    },
    TableComment(Table),
    ColumnComment {
        table: Table,
        column: String,
    },
    CreateSequence(Sequence),
    DropSequence(Sequence),
    CreateSchema(String),
    DropSchema(String),
    CreateView(View),
    DropView(View),
    CreateTableAs(View),
    Verbatim(&'static str),
}

impl Ddl {
    fn new(node: DdlNode) -> Self {
        Ddl { node, flags: DdlFlags::default() }
    }

    /// The same, of what makes something, and nothing happens where that is there already.
    #[must_use]
    pub fn if_not_exists(mut self) -> Self {
        self.flags.exists = true;
        self
    }

    /// The same, of what drops something, and nothing happens where that is not there.
    #[must_use]
    pub fn if_exists(mut self) -> Self {
        self.flags.exists = true;
        self
    }

    /// The same, and what needs the thing that is dropped goes with it: PostgreSQL's CASCADE.
    #[must_use]
    pub fn cascade(mut self) -> Self {
        self.flags.cascade = true;
        self
    }

    /// The same, of CREATE VIEW, and it takes the place of one that is there.
    #[must_use]
    pub fn or_replace(mut self) -> Self {
        self.flags.or_replace = true;
        self
    }
}

/// CREATE TABLE, with its constraints; without its indexes, and on PostgreSQL without its comments, which are statements of
/// their own. [`Connection::create_table`](crate::Connection::create_table) runs them all.
pub fn create_table(table: &Table) -> Ddl {
    Ddl::new(DdlNode::CreateTable { table: table.clone(), without: Vec::new() })
}

/// DROP TABLE.
pub fn drop_table(table: &Table) -> Ddl {
    Ddl::new(DdlNode::DropTable(table.clone()))
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
    Ddl::new(DdlNode::CreateEnum(enumeration.clone()))
}

/// DROP TYPE, of an enum: PostgreSQL's.
pub fn drop_enum(enumeration: &EnumType) -> Ddl {
    Ddl::new(DdlNode::DropEnum(enumeration.clone()))
}

/// CREATE INDEX on a table, whether the table's description has it or not.
pub fn create_index(table: &Table, index: &Index) -> Ddl {
    Ddl::new(DdlNode::CreateIndex { table: table.clone(), index: with_index_name(table, index) })
}

/// DROP INDEX.
pub fn drop_index(table: &Table, index: &Index) -> Ddl {
    Ddl::new(DdlNode::DropIndex { table: table.clone(), index: with_index_name(table, index) })
}

/// ALTER TABLE … ADD CONSTRAINT, whether the table's description has it or not. SQLite has none.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::schema::{CheckConstraint, ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, add_constraint, column};
///
/// let parts = Table::build("parts").column(ColumnDef::new("price", SqlType::Integer)).finish()?;
/// let positive = CheckConstraint::new(column("price").gt(0)).name("positive");
/// assert_eq!(
///     add_constraint(&parts, positive).to_sql(Dialect::MYSQL)?,
///     "ALTER TABLE `parts` ADD CONSTRAINT `positive` CHECK (`price` > 0)"
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn add_constraint(table: &Table, constraint: impl Into<Constraint>) -> Ddl {
    let constraint = with_constraint_name(table, constraint.into());
    Ddl::new(DdlNode::AddConstraint { table: table.clone(), constraint })
}

/// ALTER TABLE … DROP CONSTRAINT. SQLite has none.
pub fn drop_constraint(table: &Table, constraint: impl Into<Constraint>) -> Ddl {
    let constraint = with_constraint_name(table, constraint.into());
    Ddl::new(DdlNode::DropConstraint { table: table.clone(), constraint })
}

/// The table's own comment, set or taken away: `COMMENT ON TABLE`, or MySQL's `ALTER TABLE … COMMENT`. SQLite has none.
pub fn set_table_comment(table: &Table) -> Ddl {
    Ddl::new(DdlNode::TableComment(table.clone()))
}

/// The column's own comment, set or taken away: PostgreSQL's COMMENT ON COLUMN.
pub fn set_column_comment(table: &Table, column: impl Into<String>) -> Ddl {
    Ddl::new(DdlNode::ColumnComment { table: table.clone(), column: column.into() })
}

/// CREATE SEQUENCE: PostgreSQL's and MariaDB's.
pub fn create_sequence(sequence: &Sequence) -> Ddl {
    Ddl::new(DdlNode::CreateSequence(sequence.clone()))
}

/// DROP SEQUENCE.
pub fn drop_sequence(sequence: &Sequence) -> Ddl {
    Ddl::new(DdlNode::DropSequence(sequence.clone()))
}

/// CREATE SCHEMA; on MySQL that is a database. SQLite attaches files instead.
///
/// ```
/// use rebis_core::Dialect;
/// use rebis_core::sql::create_schema;
///
/// assert_eq!(create_schema("stock").if_not_exists().to_sql(Dialect::POSTGRESQL)?, r#"CREATE SCHEMA IF NOT EXISTS "stock""#);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn create_schema(name: impl Into<String>) -> Ddl {
    Ddl::new(DdlNode::CreateSchema(name.into()))
}

/// DROP SCHEMA. On MySQL all tables go with it; on PostgreSQL by [`cascade`](Ddl::cascade).
pub fn drop_schema(name: impl Into<String>) -> Ddl {
    Ddl::new(DdlNode::DropSchema(name.into()))
}

/// CREATE VIEW. The query's values are written into it as literals, because such statements take no parameters.
pub fn create_view(view: &View) -> Ddl {
    Ddl::new(DdlNode::CreateView(view.clone()))
}

/// DROP VIEW.
pub fn drop_view(view: &View) -> Ddl {
    Ddl::new(DdlNode::DropView(view.clone()))
}

/// CREATE TABLE … AS: a table of the view's name, filled once with what the view would show.
///
/// ```
/// use rebis_core::schema::Table;
/// use rebis_core::sql::{Expression, View, create_table_as, select};
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(text("create table people (name text, age int)"))?;
/// conn.execute(text("insert into people values ('ed', 70), ('jo', 9)"))?;
/// let people = Table::reflect(&mut conn, "people")?;
/// let old = View::new("old", select(people.c("name")).filter(people.c("age").gt(65)));
/// conn.execute(create_table_as(&old))?;
/// assert_eq!(conn.scalar::<String>(text("select name from old"))?, "ed");
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn create_table_as(query: &View) -> Ddl {
    Ddl::new(DdlNode::CreateTableAs(query.clone()))
}

/// DDL of the program's own text, which goes to the database as it stands: unlike [`text()`](super::text()) it has no parameters, so that
/// a trigger's `:=` and `:new` are left alone.
///
/// ```
/// use rebis_core::sql::ddl;
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(ddl("CREATE TABLE t (a text DEFAULT ':new')"))?;
/// conn.execute(text("insert into t default values"))?;
/// assert_eq!(conn.scalar::<String>(text("select a from t"))?, ":new");
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn ddl(sql: &'static str) -> Ddl {
    Ddl::new(DdlNode::Verbatim(sql))
}

/// A query with a name in the database.
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, View, create_view, select};
/// use rebis_core::Dialect;
///
/// let people = Table::build("people").column(ColumnDef::new("name", SqlType::Text)).finish()?;
/// let eds = View::new("eds", select(people.c("name")).filter(people.c("name").eq("ed")));
/// assert_eq!(
///     create_view(&eds).or_replace().to_sql(Dialect::POSTGRESQL)?,
///     r#"CREATE OR REPLACE VIEW "eds" AS SELECT "people"."name" FROM "people" WHERE "people"."name" = 'ed'"#
/// );
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct View {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
    pub(crate) select: Arc<SelectNode>,
    pub(crate) temporary: bool,
    pub(crate) materialized: bool,
}

impl View {
    /// This query by that name.
    pub fn new<R>(name: impl Into<String>, select: Select<R>) -> Self {
        let (name, select) = (name.into(), Arc::from(select.node));
        View { schema: None, name, select, temporary: false, materialized: false }
    }

    /// The same, in a schema.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// The same, seen by its own connection only. MySQL has no such views, but such tables.
    #[must_use]
    pub fn temporary(mut self) -> Self {
        self.temporary = true;
        self
    }

    /// The same, whose rows are kept until it is refreshed. PostgreSQL's alone.
    #[must_use]
    pub fn materialized(mut self) -> Self {
        self.materialized = true;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl MetaData {
    /// The same with this view as well, made behind all tables and those before it, and dropped before them. One that is there
    /// is replaced; on SQLite, and where it is materialized, it is left as it is.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    /// use rebis_core::schema::{ColumnDef, MetaData, SqlType, Table};
    /// use rebis_core::sql::{Expression, View, select};
    ///
    /// let people = Table::build("people").column(ColumnDef::new("age", SqlType::Integer)).finish()?;
    /// let old = View::new("old", select(people.c("age")).filter(people.c("age").gt(65)));
    /// let metadata = MetaData::new().table(&people).view(&old);
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// metadata.create_all(&mut conn)?;
    /// assert_eq!(conn.scalar::<i64>(text("select count(*) from old"))?, 0);
    /// metadata.drop_all(&mut conn)?;
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn view(mut self, view: &View) -> Self {
        let mut view = view.clone();
        if !view.temporary {
            view.schema = view.schema.or_else(|| self.default_schema().map(Into::into));
        }
        self.add_view(Opaque::new(Arc::new(view)));
        self
    }
}

impl Sequence {
    /// Its next number, as an expression. PostgreSQL and MariaDB have it.
    pub fn next_value(&self) -> Expr<i64> {
        Expr::new(Node::NextValue { schema: self.schema.clone(), name: self.name.clone() })
    }
}

/// A column of the table that is being described, for checks, computations and conditions of indexes: there the table itself
/// does not exist yet, and a typed column, which asks for the table, would wait for itself. It has no place in other statements;
/// there it is [`Table::c`].
pub fn column(name: impl Into<Cow<'static, str>>) -> Expr<Value> {
    Expr::shared(column_node(Source::Table(Table::being_described()), name))
}

impl<T> From<Expr<T>> for DdlExpression {
    fn from(expression: Expr<T>) -> Self {
        DdlExpression::composed(Opaque::new(expression.node))
    }
}

impl<T> From<Expr<T>> for ServerDefault {
    fn from(expression: Expr<T>) -> Self {
        ServerDefault::Expression(expression.into())
    }
}

fn with_index_name(table: &Table, index: &Index) -> Index {
    let mut index = index.clone();
    let (naming, keys) = (NamingConvention::default(), index.key_names());
    index.name.get_or_insert_with(|| naming.index_name(table.name(), &keys));
    index
}

fn with_constraint_name(table: &Table, mut constraint: Constraint) -> Constraint {
    let naming = NamingConvention::default();
    match &mut constraint {
        Constraint::Unique(unique) => {
            unique.name.get_or_insert_with(|| naming.unique_name(table.name(), &unique.columns));
        }
        Constraint::Check(check) => {
            let checks = table.check_constraints();
            let known = checks.iter().position(|known| known.condition == check.condition);
            let number = known.unwrap_or(checks.len()) + 1;
            check.name.get_or_insert_with(|| naming.check_name(table.name(), number));
        }
        Constraint::ForeignKey(key) => {
            key.name.get_or_insert_with(|| naming.foreign_key_name(table.name(), &key.columns, &key.table));
        }
    }
    constraint
}

impl From<Ddl> for Statement {
    fn from(ddl: Ddl) -> Self {
        Statement::Composed(Composed(StatementNode::Ddl(Box::new(ddl))))
    }
}
