//! Statements as values. They know nothing of engines and drivers.
//!
//! [`text()`] and [`raw`] are SQL written by hand. [`select()`], [`insert`], [`update`] and [`delete`] compose a statement from
//! columns that are known at compile time ([`Column`]) or at run time ([`Table::c`](crate::schema::Table::c)).

mod clauses;
mod cte;
mod ddl;
mod dml;
mod expression;
mod from;
mod functions;
mod json;
mod known;
mod names;
mod node;
mod operators;
mod select;
mod text;
mod tuple;
mod typed;
mod window;

use std::time::Duration;

pub use clauses::{Grouping, LockWait};
pub(crate) use clauses::{LockStrength, WordsPlace};
pub use cte::Cte;
pub(crate) use cte::CteNode;
pub(crate) use ddl::DdlNode;
pub use ddl::{
    Ddl, add_foreign_key, create_index, create_table, drop_foreign_key, drop_index, drop_table,
    set_column_comment, set_table_comment,
};
pub use dml::{
    Assignment, Delete, Insert, Update, delete, delete_from, insert, insert_into, null, proposed, update,
    update_table,
};
pub(crate) use dml::{Conflict, DeleteNode, InsertNode, UpdateNode};
pub(crate) use expression::ESCAPE;
pub use expression::{Column, Expr, Expression, literal};
pub use from::{Alias, Sampling, TableAlias, alias, json_rows, named, table, table_function, values};
pub use functions::{
    Case, IntoArguments, avg, case, coalesce, count, count_all, func, lower, max, min, sum, upper,
};
pub use json::{JsonPlace, JsonStep, json};
pub use known::{
    DatePart, ExtractedFrom, Known, MoreExpression, Temporal, abs, extract, full_text_match, greatest, least,
    length, now, nullif, per_backend, replace, round, substr, text_expr, trim, true_divide,
};
pub(crate) use node::{BinaryOperator, Call, Node, Window};
pub use node::{Ordering, Source};
pub use operators::{Quantified, all, all_of, any, any_of};
pub(crate) use select::{Item, Join, JoinKind, SelectNode, SetOperator};
pub use select::{Labelled, Select, Selection, Untyped, exists, select};
pub use text::{ParameterSet, Text, raw, text};
pub use tuple::{RowOf, RowOperand, Tuple, tuple};
pub use typed::{ElementOf, Family, Literal, Matches, Operand, ResultOf, Typed, family};

pub(crate) use window::{Frame, FrameUnit};
pub use window::{
    FrameBound, FrameExclusion, WindowSpec, array_agg, dense_rank, first_value, lag, last_value, lead, ntile,
    rank, row_number, string_agg, window,
};

/// A statement of any kind, ready to be compiled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Statement {
    /// SQL written by hand.
    Text(Text),
    /// A statement composed of expressions.
    Composed(Box<Composed>),
}

/// A statement composed of expressions.
#[derive(Debug, Clone)]
pub struct Composed(pub(crate) StatementNode);

/// Its tree.
#[derive(Debug, Clone)]
pub(crate) enum StatementNode {
    Select(SelectNode),
    Insert(InsertNode),
    Update(UpdateNode),
    Delete(DeleteNode),
    Ddl(DdlNode),
}

impl Statement {
    /// How long this statement may run, where it says so itself.
    pub(crate) fn own_timeout(&self) -> Option<Duration> {
        match self {
            Statement::Text(text) => text.own_timeout(),
            Statement::Composed(_) => None,
        }
    }
}

/// What can be executed: whatever has a `From` into [`Statement`].
///
/// It is the same as `Into<Statement>`, and there so that the compiler can say what to write round a bare text.
///
/// ```
/// use rebis_core::sql::IntoStatement;
/// use rebis_core::{Connection, Engine, Result, text};
///
/// fn count(conn: &mut Connection, statement: impl IntoStatement) -> Result<usize> {
///     Ok(conn.execute(statement)?.all()?.len())
/// }
/// assert_eq!(count(&mut Engine::new("sqlite://")?.connect()?, text("select 1 union select 2"))?, 2);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a statement",
    label = "not a statement",
    note = "write `text(\"select …\")` for a literal; for a text that is made at run time `raw(…)`, and its values go into `.bind(…)`"
)]
pub trait IntoStatement {
    /// The statement.
    fn into_statement(self) -> Statement;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Statement>> IntoStatement for T {
    fn into_statement(self) -> Statement {
        self.into()
    }
}

impl From<Text> for Statement {
    fn from(text: Text) -> Self {
        Statement::Text(text)
    }
}

macro_rules! composed {
    ($($statement:ident)*) => {$(
        impl<R> From<$statement<R>> for Statement {
            fn from(statement: $statement<R>) -> Self {
                Statement::Composed(Box::new(Composed(StatementNode::$statement(statement.node))))
            }
        }
    )*};
}

composed! { Select Insert Update Delete }
