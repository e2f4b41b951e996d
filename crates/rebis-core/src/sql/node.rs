//! The tree of a statement: what expressions and clauses are made of, without types. One renderer walks it.

use std::borrow::Cow;
use std::sync::Arc;

use super::Text;
use super::clauses::Grouping;
use super::cte::CteNode;
use super::from::Sampling;
use super::json::JsonStep;
use super::known::Known;
use super::select::SelectNode;
use super::window::Frame;
use crate::schema::{SqlType, Table};
use crate::url::Backend;
use crate::value::Value;

/// An expression. Shared, so that composing copies nothing.
#[derive(Debug, Clone)]
#[doc(hidden)]
pub enum Node {
    Column {
        source: Source,
        name: Cow<'static, str>,
        lasts: Lasts,
    },
    Value(Value),
    /// A value that is given by name when the statement runs.
    Parameter(Cow<'static, str>),
    Not(Arc<Node>),
    Negate(Arc<Node>),
    IsNull {
        item: Arc<Node>,
        negated: bool,
    },
    Binary {
        operator: BinaryOperator,
        left: Arc<Node>,
        right: Arc<Node>,
    },
    All(Vec<Arc<Node>>),
    AnyOf(Vec<Arc<Node>>),
    In {
        item: Arc<Node>,
        list: Vec<Arc<Node>>,
        negated: bool,
    },
    InSelect {
        item: Arc<Node>,
        select: Arc<SelectNode>,
        negated: bool,
    },
    Between {
        item: Arc<Node>,
        low: Arc<Node>,
        high: Arc<Node>,
        negated: bool,
    },
    Like {
        item: Arc<Node>,
        pattern: Arc<Node>,
        escaped: bool,
        negated: bool,
    },
    Function(Call),
    /// A function or an operator that each database writes in its own way.
    Known {
        known: Known,
        arguments: Vec<Arc<Node>>,
    },
    /// A whole number that is part of the text, where databases take no parameter.
    Digits(i64),
    /// `(a, b)`
    Row(Vec<Arc<Node>>),
    /// `left operator right`, by an operator that the program names.
    Operator {
        operator: &'static str,
        left: Arc<Node>,
        right: Arc<Node>,
    },
    JsonPath(Vec<JsonStep>),
    Collate {
        item: Arc<Node>,
        name: &'static str,
    },
    /// `= ANY (array)`, or `<> ALL (array)`.
    Array {
        item: Arc<Node>,
        array: Arc<Node>,
        all: bool,
    },
    Over {
        function: Arc<Node>,
        window: Arc<Window>,
    },
    Case {
        branches: Vec<(Arc<Node>, Arc<Node>)>,
        otherwise: Option<Arc<Node>>,
    },
    Cast {
        item: Arc<Node>,
        to: SqlType,
    },
    Exists {
        select: Arc<SelectNode>,
        negated: bool,
    },
    Scalar(Arc<SelectNode>),
    /// The next number of a sequence.
    NextValue {
        schema: Option<String>,
        name: String,
    },
    /// `*` of `count(*)`.
    Star,
    /// In an upsert: what the row that met another would have put there.
    Proposed(Cow<'static, str>),
    /// A column by its name alone, of the one source that has it.
    Named(Cow<'static, str>),
    /// `ANY (SELECT …)` or `ALL (SELECT …)`, on the right of a comparison.
    Quantified {
        select: Arc<SelectNode>,
        all: bool,
    },
    /// `ROLLUP (…)` and its like, in GROUP BY.
    Grouping {
        kind: Grouping,
        sets: Vec<Vec<Arc<Node>>>,
    },
    /// What each database has for it.
    PerBackend(Vec<(Backend, Arc<Node>)>),
    /// SQL written by hand.
    Text(Text),
}

/// Whether a node is where it is for as long as the process lives: then its address says what it is.
#[derive(Debug)]
#[doc(hidden)]
pub struct Lasts(pub(super) bool);

impl Lasts {
    pub(crate) fn for_ever(&self) -> bool {
        self.0
    }
}

impl Clone for Lasts {
    /// A copy lies elsewhere.
    fn clone(&self) -> Self {
        Lasts(false)
    }
}

/// A function's call.
#[derive(Debug, Clone, Default)]
#[doc(hidden)]
pub struct Call {
    pub(crate) name: &'static str,
    pub(crate) arguments: Vec<Arc<Node>>,
    pub(crate) distinct: bool,
    /// Of an aggregate: the order in which it takes the rows.
    pub(crate) order_by: Vec<Ordering>,
    /// Of an aggregate that joins texts: what stands between them.
    pub(crate) separator: Option<&'static str>,
    /// Whether only some databases have it: those with arrays.
    pub(crate) of_arrays: bool,
    pub(crate) filter: Option<Arc<Node>>,
    /// Of an aggregate of ordered rows: `WITHIN GROUP (ORDER BY …)`.
    pub(crate) within_group: Vec<Ordering>,
}

/// What stands between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(hidden)]
pub enum BinaryOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `IS NOT DISTINCT FROM`, by whatever name.
    Same,
    /// `IS DISTINCT FROM`.
    Different,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Concatenate,
}

/// What a window function sees.
#[derive(Debug, Clone, Default)]
#[doc(hidden)]
pub struct Window {
    pub(crate) partition_by: Vec<Arc<Node>>,
    pub(crate) order_by: Vec<Ordering>,
    pub(crate) frame: Option<Frame>,
}

/// One key of an order.
#[derive(Debug, Clone)]
pub struct Ordering {
    pub(crate) node: Arc<Node>,
    pub(crate) descending: bool,
    pub(crate) nulls_first: Option<bool>,
}

impl Ordering {
    /// The same, with NULLs before everything else.
    #[must_use]
    pub fn nulls_first(mut self) -> Self {
        self.nulls_first = Some(true);
        self
    }

    /// The same, with NULLs behind everything else.
    #[must_use]
    pub fn nulls_last(mut self) -> Self {
        self.nulls_first = Some(false);
        self
    }
}

/// What rows come from: a table, a table by another name, a query.
#[derive(Debug, Clone)]
pub enum Source {
    #[doc(hidden)]
    Table(Table),
    #[doc(hidden)]
    Alias { table: Table, name: Arc<str> },
    #[doc(hidden)]
    Subquery { select: Arc<SelectNode>, name: Arc<str>, lateral: bool },
    #[doc(hidden)]
    Cte { cte: Arc<CteNode>, name: Arc<str> },
    #[doc(hidden)]
    Values { rows: Arc<[Vec<Arc<Node>>]>, columns: Vec<&'static str>, name: Arc<str> },
    /// Of JSON the call is the array.
    #[doc(hidden)]
    Function { call: Arc<Node>, json: bool, columns: Vec<&'static str>, name: Arc<str> },
    #[doc(hidden)]
    Sample { table: Table, sampling: Sampling, percent: u8, name: Arc<str> },
}

impl Source {
    /// The name by which its columns are qualified.
    pub(crate) fn name(&self) -> &str {
        match self {
            Source::Table(table) => table.name(),
            Source::Alias { name, .. }
            | Source::Subquery { name, .. }
            | Source::Cte { name, .. }
            | Source::Values { name, .. }
            | Source::Function { name, .. }
            | Source::Sample { name, .. } => name,
        }
    }

    /// Whether both are one element of a FROM.
    pub(crate) fn is(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::Table(one), Source::Table(two)) => one == two,
            (Source::Alias { name: one, table }, Source::Alias { name: two, table: other }) => {
                one == two && table == other
            }
            (Source::Subquery { name: one, .. }, Source::Subquery { name: two, .. })
            | (Source::Cte { name: one, .. }, Source::Cte { name: two, .. })
            | (Source::Values { name: one, .. }, Source::Values { name: two, .. })
            | (Source::Function { name: one, .. }, Source::Function { name: two, .. })
            | (Source::Sample { name: one, .. }, Source::Sample { name: two, .. }) => one == two,
            _ => false,
        }
    }
}

impl From<&Table> for Source {
    fn from(table: &Table) -> Self {
        Source::Table(table.clone())
    }
}
