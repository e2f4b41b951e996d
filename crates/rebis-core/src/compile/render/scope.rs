//! Which tables a query may name, and whether their rows may be missing.

use std::sync::Arc;

use super::Renderer;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{ColumnDef, Table};
use crate::sql::{BinaryOperator, Call, CteBody, Item, JoinKind, Node, SelectNode, Source, item_names};

/// The sources of one query that can be named, each with whether its row may be missing; and those that are joined later.
#[derive(Debug, Default)]
pub(super) struct Scope(Vec<(Source, bool)>, Vec<(Source, bool)>);

impl Scope {
    /// One table, of an INSERT, UPDATE or DELETE.
    pub(super) fn of_table(source: Source) -> Self {
        Scope(vec![(source, false)], Vec::new())
    }

    /// A table that is written, and what is read beside it.
    ///
    /// # Errors
    /// [`ErrorKind::Statement`] when two have one name.
    pub(super) fn of_tables(table: &Table, others: &[Source]) -> Result<Self> {
        let mut scope = Scope::of_table(Source::Table(table.clone()));
        for source in others {
            if scope.0.iter().any(|(known, _)| known.name() == source.name()) {
                return Err(twice(source.name()));
            }
            scope.0.push((source.clone(), false));
        }
        Ok(scope)
    }

    /// Before the joins only the first source can be named.
    pub(super) fn begin_joins(&mut self, first: usize) {
        self.1 = self.0.split_off(first.min(self.0.len()));
        self.1.reverse();
    }

    /// The next joined source.
    pub(super) fn next_join(&mut self) {
        self.0.extend(self.1.pop());
    }

    /// Those that can be named.
    pub(super) fn sources(&self) -> Vec<Source> {
        self.0.iter().map(|(source, _)| source.clone()).collect()
    }

    fn holds(&self, source: &Source) -> bool {
        self.0.iter().any(|(known, _)| known.is(source))
    }

    /// Whether another source of this name stands here, of which the database would take the column.
    fn hides(&self, source: &Source) -> Option<bool> {
        let known = self.0.iter().find(|(known, _)| known.name() == source.name());
        known.map(|(known, _)| !known.is(source))
    }

    /// Whether an outer join may leave this source without a row.
    fn may_miss(&self, source: &Source) -> bool {
        self.0.iter().any(|(known, missing)| *missing && known.is(source))
    }
}

impl Renderer<'_> {
    /// The first source of a query, when it names one or can be found out: the one table of its columns.
    pub(super) fn first_source(&self, select: &SelectNode) -> Result<Option<Source>> {
        if let [one] = select.from.as_slice() {
            return Ok(Some(one.clone()));
        }
        let mut found = select.from.clone();
        if found.is_empty() {
            let mut look = |node: &Node| {
                sources(node, &mut |source| {
                    let joined =
                        select.joins.iter().any(|join| join.sources().any(|joined| joined.is(source)));
                    let outside = self.scopes.iter().any(|scope| scope.holds(source));
                    if !joined && !outside && !found.iter().any(|known| known.is(source)) {
                        found.push(source.clone());
                    }
                });
            };
            select.items.iter().for_each(|item| look(&item.node));
            select.filters.iter().for_each(|filter| look(filter));
        }
        match found.as_slice() {
            [] if !select.joins.is_empty() => Err(Error::new(
                ErrorKind::Statement,
                "there is nothing to join to; name the first source by `from`, and give a table that is joined with itself \
                 an alias",
            )),
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            [one, other, ..] => Err(Error::new(
                ErrorKind::Statement,
                format!(
                    "the tables '{}' and '{}' are both used and not joined; join one of them, or say cross_join",
                    one.name(),
                    other.name()
                ),
            )),
        }
    }

    /// A query inside of an expression reads rows of its own: one that takes all its columns from the query around it would
    /// silently be that query's row, with its order and its limit meaning nothing.
    pub(super) fn check_own_source(&self, select: &SelectNode) -> Result<()> {
        select.combined.iter().try_for_each(|(_, part)| self.check_own_source(part))?;
        if !select.joins.is_empty() || self.first_source(select)?.is_some() {
            return Ok(());
        }
        let mut outer = None;
        let mut look = |node: &Node| sources(node, &mut |source| outer = Some(source.name().to_owned()));
        select.items.iter().for_each(|item| look(&item.node));
        select.filters.iter().for_each(|filter| look(filter));
        let Some(name) = outer else { return Ok(()) };
        let text = format!(
            "a query inside of another has no FROM of its own, only columns of '{name}' from around it; name what it reads by \
             `from`, by an alias where both are compared"
        );
        Err(Error::new(ErrorKind::Statement, text))
    }

    /// What may be named in a query with this first source.
    pub(super) fn scope(&self, select: &SelectNode, first: Option<&Source>) -> Result<Scope> {
        let mut scope = Scope::default();
        scope.0.extend(first.map(|source| (source.clone(), false)));
        for join in &select.joins {
            if join.kind == JoinKind::Full {
                scope.0.iter_mut().for_each(|(_, missing)| *missing = true);
            }
            let missing = matches!(join.kind, JoinKind::Left | JoinKind::Full);
            for source in join.sources() {
                if scope.0.iter().any(|(known, _)| known.name() == source.name()) {
                    return Err(twice(source.name()));
                }
                scope.0.push((source.clone(), missing));
            }
        }
        Ok(scope)
    }

    /// A column's table must be there, and have it.
    pub(super) fn check_column(&self, source: &Source, name: &str) -> Result<()> {
        if let Some(table) = self.own_table {
            let names: Vec<_> = table.columns().iter().map(ColumnDef::name).collect();
            let known = names.contains(&name);
            return if known { Ok(()) } else { Err(lacks("table", table.name(), name, &names)) };
        }
        if !self.scopes.iter().any(|scope| scope.holds(source)) {
            let later = self.scopes.iter().any(|scope| scope.1.iter().any(|(known, _)| known.is(source)));
            let text = format!(
                "the column '{name}' is of '{}', which {}",
                source.name(),
                if later {
                    "is joined later; an ON sees what stands before it"
                } else {
                    "is not in this statement's FROM; join it"
                }
            );
            return Err(Error::new(ErrorKind::Statement, text));
        }
        if self.scopes.iter().rev().find_map(|scope| scope.hides(source)) == Some(true) {
            let text = format!(
                "the column '{name}' is of a '{}' outside of this query, which has another one of that name; give one of them an \
                 alias",
                source.name()
            );
            return Err(Error::new(ErrorKind::Statement, text));
        }
        let (what, of, names) = match source {
            Source::Table(table) | Source::Alias { table, .. } | Source::Sample { table, .. } => {
                if table.column(name).is_some() {
                    return Ok(());
                }
                ("table", table.name(), Some(table.columns().iter().map(ColumnDef::name).collect()))
            }
            Source::Subquery { select, name, .. } => ("subquery", &**name, item_names(&select.items)),
            Source::Cte { cte, .. } => ("CTE", &*cte.name, cte.columns()),
            Source::Values { columns, name, .. } => ("rows of values", &**name, Some(columns.clone())),
            Source::Function { columns, name, .. } => {
                ("function", &**name, Some(columns.clone()).filter(|columns| !columns.is_empty()))
            }
        };
        match names {
            Some(names) if !names.contains(&name) => Err(lacks(what, of, name, &names)),
            _ => Ok(()),
        }
    }

    /// The one source of this query that has a column of this name.
    pub(super) fn named_source(&self, name: &str) -> Result<Source> {
        let sources = self.scopes.last().map(Scope::sources).unwrap_or_default();
        let mut found = sources.iter().filter(|source| source_names(source).contains(&name));
        let text = match (found.next(), found.next()) {
            (Some(source), None) => return Ok(source.clone()),
            (Some(one), Some(other)) => {
                format!("the column '{name}' is in '{}' and in '{}'; say of which", one.name(), other.name())
            }
            (None, _) => {
                let mut there = Vec::new();
                for source in &sources {
                    there.extend(source_names(source).iter().map(|name| format!("{}.{name}", source.name())));
                }
                format!("no table in FROM has a column '{name}'; there are {}", there.join(", "))
            }
        };
        Err(Error::new(ErrorKind::Statement, text))
    }

    /// What an outer join may leave without a value must be read as what may be NULL.
    pub(super) fn check_nullable(&self, item: &Item) -> Result<()> {
        let Some(scope) = self.scopes.last().filter(|_| !item.nullable) else { return Ok(()) };
        let Some((source, name)) = missing(item.bare(), &|source| scope.may_miss(source)) else {
            return Ok(());
        };
        let text = format!(
            "the column '{source}.{name}' is selected from a side of an outer join that may have no row; select it as \
             `.nullable()`, which is read as an Option"
        );
        Err(Error::new(ErrorKind::Statement, text))
    }
}

/// The column of a missing row that makes an expression NULL; `None` where none does, or where that is not known.
fn missing<'n>(node: &'n Node, may_miss: &dyn Fn(&Source) -> bool) -> Option<(&'n str, &'n str)> {
    let first = |nodes: &'n [Arc<Node>]| nodes.iter().find_map(|node| missing(node, may_miss));
    match node {
        Node::Column { source, name, .. } if may_miss(source) => Some((source.name(), name)),
        Node::Column { source, name, .. } => missing_inside(source, name),
        Node::Not(item)
        | Node::Negate(item)
        | Node::Cast { item, .. }
        | Node::Collate { item, .. }
        | Node::Between { item, .. }
        | Node::InSelect { item, .. } => missing(item, may_miss),
        Node::In { item, list, .. } if !list.is_empty() => missing(item, may_miss),
        Node::Binary { operator: BinaryOperator::Same | BinaryOperator::Different, .. } => None,
        Node::Binary { left, right, .. } | Node::Like { item: left, pattern: right, .. } => {
            missing(left, may_miss).or_else(|| missing(right, may_miss))
        }
        Node::All(nodes) | Node::AnyOf(nodes) => first(nodes),
        Node::Known { known, arguments } if known.is_null_of_null() => first(arguments),
        Node::Function(Call { name, arguments, .. }) => match *name {
            "lower" | "upper" | "trim" | "replace" | "abs" => first(arguments),
            "coalesce" if arguments.iter().all(|node| missing(node, may_miss).is_some()) => first(arguments),
            _ => None,
        },
        Node::Case { branches, otherwise } => {
            let mut values = branches.iter().map(|(_, value)| value).chain(otherwise);
            values.find_map(|value| missing(value, may_miss))
        }
        _ => None,
    }
}

/// The same of a column of a query in FROM or WITH: what that query has from an outer join of its own.
fn missing_inside<'n>(source: &'n Source, name: &str) -> Option<(&'n str, &'n str)> {
    let select: &SelectNode = match source {
        Source::Subquery { select, .. } => select,
        Source::Cte { cte, .. } => match &cte.first {
            CteBody::Select(select) => select,
            CteBody::Write(_) => return None,
        },
        _ => return None,
    };
    let item = select.items.iter().find(|item| item.name() == Some(name))?;
    missing(&item.node, &|source| {
        let place = select.joins.iter().position(|join| join.sources().any(|joined| joined.is(source)));
        let behind = place.map_or(0, |place| place + 1);
        place.is_some_and(|place| matches!(select.joins[place].kind, JoinKind::Left | JoinKind::Full))
            || select.joins[behind..].iter().any(|join| join.kind == JoinKind::Full)
    })
}

/// What the columns of a source are called, as far as it is known.
fn source_names(source: &Source) -> Vec<&str> {
    match source {
        Source::Table(table) | Source::Alias { table, .. } | Source::Sample { table, .. } => {
            table.columns().iter().map(ColumnDef::name).collect()
        }
        Source::Subquery { select, .. } => select.items.iter().filter_map(Item::name).collect(),
        Source::Cte { cte, .. } => cte.columns().unwrap_or_default(),
        Source::Values { columns, .. } | Source::Function { columns, .. } => columns.clone(),
    }
}

fn twice(name: &str) -> Error {
    Error::new(ErrorKind::Statement, format!("'{name}' stands twice in one FROM; give one of them an alias"))
}

fn lacks(what: &str, source: &str, name: &str, names: &[&str]) -> Error {
    let text = format!("the {what} '{source}' has no column '{name}'; it has {}", names.join(", "));
    Error::new(ErrorKind::Statement, text)
}

/// Every source that an expression names, outside of the queries in it.
fn sources(node: &Node, found: &mut dyn FnMut(&Source)) {
    let mut all = |nodes: &[Arc<Node>]| nodes.iter().for_each(|node| sources(node, found));
    match node {
        Node::Column { source, .. } => found(source),
        Node::Value(_)
        | Node::Parameter(_)
        | Node::Exists { .. }
        | Node::Scalar(_)
        | Node::NextValue { .. }
        | Node::Star
        | Node::Proposed(_)
        | Node::Digits(_)
        | Node::JsonPath(_)
        | Node::Named(_)
        | Node::Quantified { .. }
        | Node::Text(_) => {}
        Node::Not(item)
        | Node::Negate(item)
        | Node::IsNull { item, .. }
        | Node::Cast { item, .. }
        | Node::Collate { item, .. } => {
            sources(item, found);
        }
        Node::InSelect { item, .. } => sources(item, found),
        Node::Binary { left, right, .. }
        | Node::Operator { left, right, .. }
        | Node::Like { item: left, pattern: right, .. } => {
            sources(left, found);
            sources(right, found);
        }
        Node::All(nodes) | Node::AnyOf(nodes) => all(nodes),
        Node::In { item, list, .. } => {
            sources(item, found);
            list.iter().for_each(|node| sources(node, found));
        }
        Node::Between { item, low, high, .. } => {
            [item, low, high].into_iter().for_each(|node| sources(node, found));
        }
        Node::Known { arguments, .. } | Node::Row(arguments) => all(arguments),
        Node::Array { item, array, .. } => {
            sources(item, found);
            sources(array, found);
        }
        Node::PerBackend(each) => each.iter().for_each(|(_, node)| sources(node, found)),
        Node::Grouping { sets, .. } => sets.iter().for_each(|set| all(set)),
        Node::Function(Call { arguments, filter, order_by, within_group, .. }) => {
            all(arguments);
            within_group.iter().for_each(|key| sources(&key.node, found));
            order_by.iter().for_each(|key| sources(&key.node, found));
            filter.iter().for_each(|node| sources(node, found));
        }
        Node::Over { function, window } => {
            sources(function, found);
            window.partition_by.iter().for_each(|node| sources(node, found));
            window.order_by.iter().for_each(|key| sources(&key.node, found));
        }
        Node::Case { branches, otherwise } => {
            for (condition, value) in branches {
                sources(condition, found);
                sources(value, found);
            }
            otherwise.iter().for_each(|node| sources(node, found));
        }
    }
}
