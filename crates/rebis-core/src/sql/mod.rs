//! Statements as values. They know nothing of engines and drivers.
//!
//! [`text()`] and [`raw`] are SQL written by hand. [`select()`], [`insert()`], [`update`] and [`delete`] compose a statement from
//! columns that are known at compile time ([`Column`]) or at run time ([`Table::c`](crate::schema::Table::c)).

mod clauses;
mod columns;
mod cte;
mod ddl;
mod defaults;
mod dml;
mod expression;
mod from;
mod functions;
mod insert;
mod json;
mod known;
mod names;
mod node;
mod operators;
mod parameter;
mod rework;
mod select;
mod selection;
mod sql_enum;
mod text;
mod tuple;
mod typed;
mod unravel;
mod update_each;
mod window;

use std::time::Duration;

pub use clauses::{Grouping, LockWait};
pub(crate) use clauses::{Lock, LockStrength, WordsPlace};
pub use columns::Column;
pub(crate) use columns::column_node;
pub use cte::Cte;
pub(crate) use cte::{CteBody, CteNode};
pub use ddl::{
    Ddl, View, add_constraint, column, create_enum, create_index, create_schema, create_sequence,
    create_table, create_table_as, create_view, ddl, drop_constraint, drop_enum, drop_index, drop_schema,
    drop_sequence, drop_table, drop_view, set_column_comment, set_table_comment,
};
pub(crate) use ddl::{DdlFlags, DdlNode};
pub use dml::{
    Assignment, Delete, Truncate, Update, delete, delete_from, null, truncate, update, update_table,
};
pub(crate) use dml::{DeleteNode, TruncateNode, UpdateNode};
pub(crate) use expression::ESCAPE;
pub use expression::{Expr, Expression, literal};
pub use from::{
    Alias, IntoSource, Sampling, TableAlias, alias, json_rows, named, table, table_function, values,
};
pub use functions::{
    Case, IntoArguments, avg, case, coalesce, count, count_all, func, lower, max, min, sum, upper,
};
pub(crate) use insert::{Conflict, InsertNode};
pub use insert::{Insert, insert, insert_into, proposed};
pub use json::{JsonPlace, JsonStep, json};
pub use known::{
    DatePart, ExtractedFrom, Known, Temporal, abs, extract, full_text_match, greatest, least, length, now,
    nullif, per_backend, replace, round, substr, text_expr, trim, true_divide,
};
pub(crate) use node::{BinaryOperator, Call, Node, Window};
pub use node::{Ordering, Source};
pub use operators::{Quantified, all, all_of, any, any_of};
pub(crate) use parameter::Binds;
pub use parameter::param;
pub(crate) use select::{Join, JoinKind, SelectNode, SetOperator};
pub use select::{Select, exists, select};
#[doc(hidden)]
pub use selection::Item;
pub(crate) use selection::item_names;
pub use selection::{Labelled, Selection, Untyped};
pub use text::{ParameterSet, Text, raw, text};
pub use tuple::{RowOf, RowOperand, Tuple, tuple};
pub use typed::{ElementOf, Family, Literal, Matches, Operand, ResultOf, Summed, Typed, family};

pub use update_each::update_each;
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
    Composed(Composed),
}

/// A statement composed of expressions.
#[derive(Debug, Clone)]
pub struct Composed(pub(crate) StatementNode);

/// Its tree, in a box: a statement is handed on by each of its methods, and on its way to the driver.
#[derive(Debug, Clone)]
pub(crate) enum StatementNode {
    Select(Box<SelectNode>),
    Insert(Box<InsertNode>),
    Update(Box<UpdateNode>),
    Delete(Box<DeleteNode>),
    Truncate(Box<TruncateNode>),
    Ddl(Box<Ddl>),
}

impl StatementNode {
    /// As a statement of its own, and not a part of another one: its rows are read by the program.
    pub(crate) fn outermost(mut self) -> Self {
        self.show_items();
        self
    }

    fn show_items(&mut self) {
        match self {
            StatementNode::Select(node) => {
                let combined = node.combined.iter_mut().flat_map(|(_, other)| &mut other.items);
                node.items.iter_mut().chain(combined).for_each(Item::shown);
            }
            StatementNode::Insert(node) => node.returning.iter_mut().for_each(Item::shown),
            StatementNode::Update(node) => node.returning.iter_mut().for_each(Item::shown),
            StatementNode::Delete(node) => node.returning.iter_mut().for_each(Item::shown),
            StatementNode::Truncate(_) | StatementNode::Ddl(_) => {}
        }
    }

    /// What was given for its parameters.
    pub(crate) fn binds(&self) -> Option<&Binds> {
        match self {
            StatementNode::Select(node) => Some(&node.binds),
            StatementNode::Insert(node) => Some(&node.binds),
            StatementNode::Update(node) => Some(&node.binds),
            StatementNode::Delete(node) => Some(&node.binds),
            StatementNode::Truncate(_) | StatementNode::Ddl(_) => None,
        }
    }
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
                let mut composed = Composed(StatementNode::$statement(statement.node.into()));
                composed.0.show_items();
                Statement::Composed(composed)
            }
        }
    )*};
}

composed! { Select Insert Update Delete }

impl From<Truncate> for Statement {
    fn from(statement: Truncate) -> Self {
        Statement::Composed(Composed(StatementNode::Truncate(Box::new(statement.node))))
    }
}
