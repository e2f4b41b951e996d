//! Keys of INSERT, UPDATE and DELETE.

use super::Key;
use crate::sql::{Assignment, Conflict, DeleteNode, InsertNode, UpdateNode};

impl<'s> Key<'s> {
    pub(super) fn insert(&mut self, insert: &'s InsertNode) {
        let InsertNode { with, table, columns, rows, select, conflict, returning, ordered, arrays, binds: _ } =
            insert;
        self.each(with, |key, cte| key.once(cte, Self::cte));
        self.shape.add(&(ordered, arrays));
        self.table(table);
        self.shape.add(columns);
        self.each(rows, |key, row| key.list(row, row.len()));
        self.maybe(select.as_deref(), Self::select);
        self.maybe(conflict.as_ref(), Self::conflict);
        self.each(returning, Self::item);
    }

    fn conflict(&mut self, conflict: &'s Conflict) {
        let Conflict { target, any, update, constraint, index_filters, assignments, filters } = conflict;
        self.shape.add(&(target, any, update, constraint));
        self.nodes(index_filters);
        self.each(assignments, Self::assignment);
        self.nodes(filters);
    }

    fn assignment(&mut self, assignment: &'s Assignment) {
        let Assignment { column, value } = assignment;
        self.shape.add(&**column);
        self.node(value);
    }

    pub(super) fn update(&mut self, update: &'s UpdateNode) {
        let UpdateNode {
            with,
            table,
            from,
            assignments,
            from_queries,
            filters,
            order_by,
            limit,
            returning,
            binds: _,
        } = update;
        self.each(with, |key, cte| key.once(cte, Self::cte));
        self.table(table);
        self.each(from_queries, |key, (columns, query)| {
            key.shape.add(columns);
            key.select(query);
        });
        self.each(order_by, Self::ordering);
        self.maybe_node(limit.as_ref());
        self.each(from, Self::source);
        self.each(assignments, Self::assignment);
        self.nodes(filters);
        self.each(returning, Self::item);
    }

    pub(super) fn delete(&mut self, delete: &'s DeleteNode) {
        let DeleteNode { with, table, using, filters, order_by, limit, returning, binds: _ } = delete;
        self.each(with, |key, cte| key.once(cte, Self::cte));
        self.table(table);
        self.each(order_by, Self::ordering);
        self.maybe_node(limit.as_ref());
        self.each(using, Self::source);
        self.nodes(filters);
        self.each(returning, Self::item);
    }
}
