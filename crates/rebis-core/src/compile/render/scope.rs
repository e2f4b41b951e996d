//! Which tables a query may name, and whether their rows may be missing.

use std::sync::Arc;

use super::Renderer;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{ColumnDef, Table};
use crate::sql::{Call, Item, JoinKind, Node, SelectNode, Source};

/// The sources of one query.
#[derive(Debug, Default)]
pub(super) struct Scope(Vec<(Source, bool)>);

impl Scope {
    /// One table, of an INSERT, UPDATE or DELETE.
    pub(super) fn of_table(source: Source) -> Self {
        Scope(vec![(source, false)])
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

    fn holds(&self, source: &Source) -> bool {
        self.0.iter().any(|(known, _)| known.is(source))
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
                    let joined = select.joins.iter().any(|join| join.source.is(source));
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

    /// What may be named in a query with this first source.
    pub(super) fn scope(&self, select: &SelectNode, first: Option<&Source>) -> Result<Scope> {
        let mut scope = Scope::default();
        scope.0.extend(first.map(|source| (source.clone(), false)));
        for join in &select.joins {
            if scope.0.iter().any(|(known, _)| known.name() == join.source.name()) {
                return Err(twice(join.source.name()));
            }
            if join.kind == JoinKind::Full {
                scope.0.iter_mut().for_each(|(_, missing)| *missing = true);
            }
            let missing = matches!(join.kind, JoinKind::Left | JoinKind::Full);
            scope.0.push((join.source.clone(), missing));
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
            let text = format!(
                "the column '{name}' is of '{}', which is not in this statement's FROM; join it",
                source.name()
            );
            return Err(Error::new(ErrorKind::Statement, text));
        }
        match source.table() {
            Some(table) if table.column(name).is_none() => {
                let names: Vec<_> = table.columns().iter().map(ColumnDef::name).collect();
                Err(lacks("table", table.name(), name, &names))
            }
            _ => match source {
                Source::Cte { cte, .. } => match cte.columns() {
                    Some(names) if !names.contains(&name) => Err(lacks("CTE", &cte.name, name, &names)),
                    _ => Ok(()),
                },
                _ => Ok(()),
            },
        }
    }

    /// A column that an outer join may leave without a value must be read as one that may be NULL.
    pub(super) fn check_nullable(&self, item: &Item) -> Result<()> {
        if item.nullable {
            return Ok(());
        }
        if let Node::Column { source, name } = &*item.node
            && self.scopes.last().is_some_and(|scope| scope.may_miss(source))
        {
            let text = format!(
                "the column '{}.{name}' is selected from a side of an outer join that may have no row; select it as \
                 `.nullable()`, which is read as an Option",
                source.name()
            );
            return Err(Error::new(ErrorKind::Statement, text));
        }
        Ok(())
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
        Node::Function(Call { arguments, filter, order_by, .. }) => {
            all(arguments);
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
