//! A query made into another one: other columns, or the same as a part of a larger one.

use std::borrow::Cow;
use std::sync::Arc;

use super::columns::column_node;
use super::expression::Expr;
use super::from::{IntoSource, TableAlias};
use super::node::{Node, Ordering, Source};
use super::operators::all;
use super::select::{Join, JoinKind, Select, SelectNode, select};
use super::selection::{Item, Selection};
use super::{Composed, StatementNode};
use crate::schema::Table;
use crate::value::Value;

impl<R> Select<R> {
    /// The same query, for other columns.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::{Expression, count_all, select};
    /// use rebis_core::Dialect;
    ///
    /// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let some = select(vec![t.c("n")]).from(&t).filter(t.c("n").gt(7));
    /// assert_eq!(
    ///     some.with_only_columns((count_all(),)).to_sql(Dialect::POSTGRESQL)?,
    ///     r#"SELECT count(*) FROM "t" WHERE "t"."n" > $1"#
    /// );
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn with_only_columns<S: Selection>(self, selection: S) -> Select<S::Row> {
        let mut changed = select(selection);
        let items = std::mem::take(&mut changed.node.items);
        *changed.node = SelectNode { items, ..*self.node };
        changed
    }

    /// Columns behind those that are selected already.
    #[doc(hidden)]
    #[must_use]
    pub fn add_columns<S: Selection>(mut self, selection: S) -> Self {
        self.node.items.extend(select(selection).node.items);
        self
    }

    /// `LEFT JOIN (source JOIN … ON …) ON condition`: what is inside is joined to the source first, so that a row before them stays
    /// where one of them is missing.
    #[doc(hidden)]
    #[must_use]
    pub fn outer_join_with(
        mut self,
        source: impl IntoSource,
        inside: Vec<(Source, Expr<bool>)>,
        on: Expr<bool>,
    ) -> Self {
        let inside = inside.into_iter().map(|(source, on)| (source, on.node)).collect();
        self.node.joins.push(Join { kind: JoinKind::Left, source: source.into(), inside, on: Some(on.node) });
        self
    }

    /// Adds conditions to the tables that rows come from: to the ON of those that are joined, so that an outer join keeps its rows,
    /// else to WHERE.
    #[doc(hidden)]
    #[must_use]
    pub fn with_criteria(
        mut self,
        selected: &[Source],
        of: &dyn Fn(&Table, &Source) -> Vec<Expr<bool>>,
    ) -> Self {
        let of = |source: &Source| match source {
            Source::Table(table) | Source::Alias { table, .. } => of(table, source),
            _ => Vec::new(),
        };
        let node = &mut self.node;
        // Without a FROM it is what is selected and not joined.
        let unjoined = selected.iter().filter(|source| !node.joins.iter().any(|join| join.source.is(source)));
        let from: Vec<&Source> =
            if node.from.is_empty() { unjoined.collect() } else { node.from.iter().collect() };
        let mut filters: Vec<Expr<bool>> = from.into_iter().flat_map(of).collect();
        for join in &mut node.joins {
            let added = of(&join.source);
            match &mut join.on {
                _ if added.is_empty() => {}
                Some(on) => *on = all(std::iter::once(Expr::shared(Arc::clone(on))).chain(added)).node,
                // A condition that only the foreign key tells stands alone.
                None => filters.extend(added),
            }
        }
        node.filters.extend(filters.into_iter().map(|filter| filter.node));
        self
    }

    /// The query as a source, its columns there, and its order by them.
    #[doc(hidden)]
    pub fn wrapped(mut self, name: &'static str) -> (TableAlias, Vec<Expr<Value>>, Vec<Ordering>) {
        let mut names: Vec<String> = Vec::with_capacity(self.node.items.len());
        for (number, item) in self.node.items.iter_mut().enumerate() {
            let name = match item.name() {
                Some(name) if !names.iter().any(|known| known == name) => name.to_owned(),
                _ => format!("column_{number}"),
            };
            if item.name() != Some(&name) {
                item.label = Some(name.clone().into());
            }
            names.push(name);
        }
        let selected = names.len();
        let keys = self.node.order_by.clone();
        let mut places = Vec::with_capacity(keys.len());
        for (number, key) in keys.iter().enumerate() {
            let place = self.node.items.iter().position(|item| is_same_column(&item.node, &key.node));
            if let Some(place) = place {
                places.push(place);
                continue;
            }
            let label = format!("order_{number}");
            self.node
                .items
                .push(Item { label: Some(label.clone().into()), ..Item::untyped(Arc::clone(&key.node)) });
            // By the name: its values go out once.
            if let Some(inside) = self.node.order_by.get_mut(number) {
                inside.node = Arc::new(Node::Named(label.clone().into()));
            }
            places.push(names.len());
            names.push(label);
        }
        let alias = self.subquery(name);
        let source = Source::from(&alias);
        let column = |name: &String| column_node(source.clone(), name.clone());
        let columns = names.iter().take(selected).map(|name| Expr::shared(column(name))).collect();
        let order = keys.into_iter().zip(places);
        let order =
            order.filter_map(|(key, place)| Some(Ordering { node: column(names.get(place)?), ..key }));
        let order = order.collect();
        (alias, columns, order)
    }
}

impl Composed {
    /// Whether it reads and writes nothing.
    #[doc(hidden)]
    pub fn is_select(&self) -> bool {
        matches!(&self.0, StatementNode::Select(select) if select.with.is_empty())
    }
}

impl Source {
    /// A column of it by its name, of a type that is known at run time only.
    pub fn c(&self, name: impl Into<Cow<'static, str>>) -> Expr<Value> {
        Expr::shared(column_node(self.clone(), name))
    }
}

fn is_same_column(one: &Node, other: &Node) -> bool {
    match (one, other) {
        (Node::Column { source, name, .. }, Node::Column { source: of, name: other, .. }) => {
            source.is(of) && name == other
        }
        _ => false,
    }
}
