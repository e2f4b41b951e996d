//! Keys of queries.

use std::mem::discriminant;

use super::{Key, LEVELS_OF_A_QUERY};
use crate::sql::{CteBody, CteNode, Item, Join, Lock, SelectNode};

impl<'s> Key<'s> {
    pub(super) fn cte(&mut self, cte: &'s CteNode) {
        let CteNode { name, first, materialized, again } = cte;
        self.shape.add(&(name, materialized, discriminant(first)));
        match first {
            CteBody::Select(select) => self.select(select),
            CteBody::Write(write) => self.statement(&write.0),
        }
        self.maybe(again.as_ref(), |key, (operator, again)| {
            key.shape.add(operator);
            key.select(again);
        });
    }

    pub(super) fn select(&mut self, select: &'s SelectNode) {
        self.deeper(LEVELS_OF_A_QUERY, |key| key.clauses(select));
    }

    fn clauses(&mut self, select: &'s SelectNode) {
        let SelectNode {
            with,
            distinct,
            distinct_on,
            items,
            from,
            joins,
            filters,
            group_by,
            having,
            order_by,
            limit,
            offset,
            ties,
            lock,
            words,
            combined,
            before,
            binds: _,
        } = select;
        // Most queries have few of these. Which ones is said first, and then what they are.
        let there = [
            *distinct,
            *ties,
            !words.is_empty(),
            before.is_some(),
            lock.is_some(),
            !with.is_empty(),
            !distinct_on.is_empty(),
            !from.is_empty(),
            !joins.is_empty(),
            !group_by.is_empty(),
            !having.is_empty(),
            !order_by.is_empty(),
            limit.is_some(),
            offset.is_some(),
            !combined.is_empty(),
        ];
        self.shape.flags(&there);
        if !words.is_empty() {
            self.shape.add(words);
        }
        if let Some(before) = before {
            self.shape.add(before);
        }
        if let Some(Lock { strength, wait, of }) = lock {
            self.shape.add(&(strength, wait));
            self.each(of, Self::source);
        }
        self.any(with, |key, cte| key.once(cte, Self::cte));
        self.any(distinct_on, |key, node| key.node(node));
        self.each(items, Self::item);
        self.any(from, Self::source);
        self.any(joins, Self::join);
        self.nodes(filters);
        self.any(group_by, |key, node| key.node(node));
        self.any(having, |key, node| key.node(node));
        self.any(order_by, Self::ordering);
        limit.iter().chain(offset).for_each(|node| self.node(node));
        self.any(combined, |key, (operator, other)| {
            key.shape.add(operator);
            key.select(other);
        });
    }

    /// Of what was said whether there is any.
    fn any<T>(&mut self, items: &'s [T], one: impl Fn(&mut Self, &'s T)) {
        if !items.is_empty() {
            self.each(items, one);
        }
    }

    pub(super) fn item(&mut self, item: &'s Item) {
        let Item { node, nullable, label, column, read: _ } = item;
        self.shape.flags(&[*nullable, label.is_some(), column.is_some()]);
        if let Some(label) = label {
            self.shape.add(&**label);
        }
        column.iter().for_each(|column| self.node(column));
        self.node(node);
    }

    fn join(&mut self, join: &'s Join) {
        let Join { kind, source, inside, on } = join;
        self.shape.add(kind);
        self.source(source);
        self.each(inside, |key, (source, on)| {
            key.source(source);
            key.node(on);
        });
        self.maybe_node(on.as_ref());
    }
}
