//! Trees → what the compiled cache knows them by: the shape, exactly, with every value left out and put beside it.
//!
//! The text of a statement depends on its shape and on nothing else. Where a value stands is its place: the address of the
//! value in the tree, by which the renderer finds the number of the value again.

mod dml;
mod select;
mod shape;

use std::borrow::Cow;
use std::mem::discriminant;
use std::ptr;
use std::sync::Arc;

use smallvec::SmallVec;

use self::shape::Shape;
use super::places::Places;
use crate::dialect::{Dialect, Writing};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{SchemaTranslateMap, Table};
use crate::sql::{Call, Node, Ordering, SelectNode, Source, StatementNode, Text, Window};
use crate::value::Value;

/// The shape of a statement, its values in the order of the tree, and the tables that it names.
#[derive(Debug, Default)]
pub(super) struct Key<'s> {
    pub(super) shape: Shape,
    pub(super) values: Values<'s>,
    /// The values that come with the execution, by number; NULL until then.
    pub(super) parameters: Vec<(usize, &'s Cow<'static, str>)>,
    pub(super) tables: SmallVec<[&'s Table; 4]>,
    places: Places,
    /// Queries, and the like, that were looked at.
    shared: Vec<*const ()>,
    /// Whether lists in IN have their own length: filled up they would have more values than the database takes.
    is_exact: bool,
    /// Whose texts are counted; of none before it has begun.
    writing: Option<Writing>,
    depth: usize,
    deepest: usize,
}

/// The values of a statement; few of most.
pub(super) type Values<'s> = SmallVec<[&'s Value; 8]>;

/// The numbers of a statement's values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers<'k> {
    places: &'k Places,
    pub(super) count: usize,
    is_exact: bool,
}

impl Numbers<'_> {
    /// The number of the value, or of the first one of a list, that stands at this place.
    pub(super) fn of<T>(&self, place: *const T) -> Option<usize> {
        self.places.number_of(place.cast())
    }

    /// With how many values a list in IN is sent.
    pub(super) fn filled_length(&self, length: usize) -> usize {
        let is_filled = !self.is_exact && (EXACT_LISTS..=LONGEST_FILLED).contains(&length);
        if is_filled { length.next_power_of_two() } else { length }
    }
}

/// How deep expressions may be one inside of the other: each takes a piece of the thread's stack. SQLite has the same limit.
const DEEPEST: usize = 1000;
/// For how many levels a call, a CASE and the like count, and a query: they take more of the stack than operators do.
const LEVELS_OF_A_CALL: usize = 3;
const LEVELS_OF_A_QUERY: usize = 8;
/// What is written twice doubles the text at each level: ten make a thousand pieces.
const LEVELS_OF_A_DOUBLE: usize = 100;

/// From so many values on, a list in IN is filled up to the next power of two by repeating its last value: a few texts serve
/// lists of every length.
const EXACT_LISTS: usize = 8;
/// Lists longer than that are not filled up: databases have a limit, and they are rare.
const LONGEST_FILLED: usize = 8192;

/// Whether a list, of IN or of a row to insert, has nothing but values.
pub(super) fn is_plain(list: &[Arc<Node>]) -> bool {
    !list.is_empty() && list.iter().all(|node| matches!(**node, Node::Value(_)))
}

impl<'s> Key<'s> {
    /// Looks at a statement, when the key is fresh. It is large, so it is filled where it lies.
    ///
    /// # Errors
    /// [`Statement`](ErrorKind::Statement) for expressions that are too deep.
    pub(super) fn look(
        &mut self,
        statement: &'s StatementNode,
        dialect: &Dialect,
        schemas: &SchemaTranslateMap,
    ) -> Result<()> {
        self.whole(statement, dialect, schemas);
        if self.values.len() > dialect.writes.most_parameters {
            *self = Key { is_exact: true, ..Key::new(dialect) };
            self.whole(statement, dialect, schemas);
        }
        self.check_depth()
    }

    /// Looks only whether a query of DDL is too deep.
    ///
    /// # Errors
    /// As [`look`](Key::look).
    pub(super) fn check_query(select: &SelectNode, dialect: &Dialect) -> Result<()> {
        let mut key = Key::new(dialect);
        key.select(select);
        key.check_depth()
    }

    /// The same of an expression.
    ///
    /// # Errors
    /// As [`look`](Key::look).
    pub(super) fn check_expression(node: &Node, dialect: &Dialect) -> Result<()> {
        let mut key = Key::new(dialect);
        key.node(node);
        key.check_depth()
    }

    pub(super) fn new(dialect: &Dialect) -> Self {
        Key { writing: Some(dialect.writing), ..Key::default() }
    }

    fn check_depth(&self) -> Result<()> {
        if self.deepest <= DEEPEST {
            return Ok(());
        }
        let text = format!(
            "the statement has expressions inside of each other more than {DEEPEST} deep, calls counted {LEVELS_OF_A_CALL} times, \
             queries {LEVELS_OF_A_QUERY} times, and what the database writes twice {LEVELS_OF_A_DOUBLE} times; use `all`, `any`, lists or values"
        );
        Err(Error::new(ErrorKind::Statement, text))
    }

    fn whole(&mut self, statement: &'s StatementNode, dialect: &Dialect, schemas: &SchemaTranslateMap) {
        // An engine's servers may be MySQL and MariaDB.
        self.shape.add(dialect.name);
        self.shape.add(schemas);
        self.statement(statement);
    }

    /// What the renderer asks.
    pub(super) fn numbers(&self) -> Numbers<'_> {
        Numbers { places: &self.places, count: self.values.len(), is_exact: self.is_exact }
    }

    fn statement(&mut self, statement: &'s StatementNode) {
        let key = self;
        key.shape.add(&discriminant(statement));
        match statement {
            StatementNode::Select(select) => key.select(select),
            StatementNode::Insert(insert) => key.insert(insert),
            StatementNode::Update(update) => key.update(update),
            StatementNode::Delete(delete) => key.delete(delete),
            // Written once, not compiled twice.
            StatementNode::Truncate(_) | StatementNode::Ddl(_) => {}
        }
    }

    /// A place that occurs again is the same value again, and that is a part of the shape: another statement may have two.
    fn place<T>(&mut self, place: *const T) -> bool {
        let first = self.places.number_of(place.cast());
        self.shape.add(&first);
        if first.is_none() {
            self.places.add(place.cast(), self.values.len());
        }
        first.is_none()
    }

    fn value(&mut self, value: &'s Value) {
        if self.place(value) {
            self.values.push(value);
        }
    }

    /// A list that is one place when it has nothing but values, filled up to this length.
    fn list(&mut self, list: &'s [Arc<Node>], length: usize) {
        let plain = is_plain(list);
        self.shape.add(&plain);
        if !plain {
            return self.nodes(list);
        }
        self.shape.add(&length);
        if self.place(list.as_ptr()) {
            let values = list.iter().filter_map(|node| match &**node {
                Node::Value(value) => Some(value),
                _ => None,
            });
            self.values.extend(values);
            let last = self.values.last().copied();
            self.values.extend(last.into_iter().cycle().take(length - list.len()));
        }
    }

    /// By its number among the tables, and where it is met first by its address: the entry in the cache keeps the table, so that
    /// no other one can be there.
    fn table(&mut self, table: &'s Table) {
        let known = self.tables.iter().position(|known| known.address() == table.address());
        self.shape.add(&known);
        if known.is_none() {
            self.shape.add(&table.address().addr());
            self.tables.push(table);
        }
    }

    fn nodes(&mut self, nodes: &'s [Arc<Node>]) {
        self.each(nodes, |key, node| key.node(node));
    }

    fn each<T>(&mut self, items: &'s [T], one: impl Fn(&mut Self, &'s T)) {
        self.shape.add(&items.len());
        items.iter().for_each(|item| one(self, item));
    }

    fn maybe<T>(&mut self, item: Option<&'s T>, one: impl FnOnce(&mut Self, &'s T)) {
        self.shape.add(&item.is_some());
        if let Some(item) = item {
            one(self, item);
        }
    }

    fn maybe_node(&mut self, node: Option<&'s Arc<Node>>) {
        self.maybe(node, |key, node| key.node(node));
    }

    /// Looks at what takes so many levels of the stack, unless it is too deep.
    fn deeper(&mut self, levels: usize, look: impl FnOnce(&mut Self)) {
        self.depth += levels;
        self.deepest = self.deepest.max(self.depth);
        if self.depth <= DEEPEST {
            look(self);
        }
        self.depth -= levels;
    }

    #[inline]
    fn node(&mut self, node: &'s Node) {
        if let Node::Column { lasts, .. } = node
            && lasts.for_ever()
        {
            self.deepest = self.deepest.max(self.depth + 1);
            return self.shape.address(ptr::from_ref(node).cast());
        }
        self.made_node(node);
    }

    /// One that is made for this statement.
    fn made_node(&mut self, node: &'s Node) {
        let levels = match node {
            Node::Binary { .. } | Node::Column { .. } | Node::Value(_) => 1,
            Node::Known { known, .. } if self.writing.is_some_and(|writing| writing.repeats(*known)) => {
                LEVELS_OF_A_DOUBLE
            }
            _ => LEVELS_OF_A_CALL,
        };
        self.deeper(levels, |key| key.parts(node));
    }

    fn parts(&mut self, node: &'s Node) {
        self.shape.add(&discriminant(node));
        match node {
            Node::Column { source, name, lasts: _ } => {
                self.source(source);
                self.shape.add(&**name);
            }
            Node::Value(value) => self.value(value),
            Node::Parameter(name) => {
                static UNBOUND: Value = Value::Null;
                self.shape.add(&**name);
                if self.place(node) {
                    self.parameters.push((self.values.len(), name));
                    self.values.push(&UNBOUND);
                }
            }
            Node::Operator { operator, left, right } => {
                self.shape.add(operator);
                self.node(left);
                self.node(right);
            }
            Node::Not(item) | Node::Negate(item) => self.node(item),
            Node::IsNull { item, negated } => {
                self.shape.add(negated);
                self.node(item);
            }
            Node::Binary { operator, left, right } => {
                self.shape.add(operator);
                self.node(left);
                self.node(right);
            }
            Node::All(nodes) | Node::AnyOf(nodes) | Node::Row(nodes) => self.nodes(nodes),
            Node::In { item, list, negated } => {
                self.shape.add(negated);
                self.node(item);
                self.list(list, self.numbers().filled_length(list.len()));
            }
            Node::InSelect { item, select, negated } => {
                self.shape.add(negated);
                self.node(item);
                self.select(select);
            }
            Node::Between { item, low, high, negated } => {
                self.shape.add(negated);
                self.node(item);
                self.node(low);
                self.node(high);
            }
            Node::Like { item, pattern, escaped, negated } => {
                self.shape.add(&(escaped, negated));
                self.node(item);
                self.node(pattern);
            }
            Node::Function(call) => self.call(call),
            Node::Known { known, arguments } => {
                self.shape.add(known);
                self.nodes(arguments);
            }
            Node::Digits(number) => self.shape.add(number),
            Node::NextValue { schema, name } => self.shape.add(&(schema, name)),
            Node::JsonPath(steps) => self.shape.add(steps),
            Node::Collate { item, name } => {
                self.shape.add(name);
                self.node(item);
            }
            Node::Array { item, array, all } => {
                self.shape.add(all);
                self.node(item);
                self.node(array);
            }
            Node::Over { function, window } => {
                self.node(function);
                self.window(window);
            }
            Node::Case { branches, otherwise } => {
                self.each(branches, |key, (condition, value)| {
                    key.node(condition);
                    key.node(value);
                });
                self.maybe_node(otherwise.as_ref());
            }
            Node::Cast { item, to } => {
                self.shape.add(to);
                self.node(item);
            }
            Node::Quantified { select, all } => {
                self.shape.add(all);
                self.select(select);
            }
            Node::Grouping { kind, sets } => {
                self.shape.add(kind);
                self.each(sets, |key, set| key.nodes(set));
            }
            Node::PerBackend(each) => self.each(each, |key, (backend, node)| {
                key.shape.add(backend);
                key.node(node);
            }),
            Node::Exists { select, negated } => {
                self.shape.add(negated);
                self.select(select);
            }
            Node::Scalar(select) => self.select(select),
            Node::Star => {}
            Node::Proposed(name) | Node::Named(name) => self.shape.add(&**name),
            Node::Text(text) => self.text(text),
        }
    }

    fn text(&mut self, text: &'s Text) {
        self.shape.add(text.sql());
        let binds = text.binds();
        self.each(binds, |key, (name, value)| {
            key.shape.add(&**name);
            key.value(value);
        });
    }

    fn call(&mut self, call: &'s Call) {
        let Call { name, arguments, distinct, order_by, separator, of_arrays, filter, within_group } = call;
        self.shape.add(&(name, distinct, separator, of_arrays));
        self.nodes(arguments);
        self.each(order_by, Self::ordering);
        self.each(within_group, Self::ordering);
        self.maybe_node(filter.as_ref());
    }

    fn window(&mut self, window: &'s Window) {
        let Window { partition_by, order_by, frame } = window;
        self.shape.add(frame);
        self.nodes(partition_by);
        self.each(order_by, Self::ordering);
    }

    fn ordering(&mut self, ordering: &'s Ordering) {
        let Ordering { node, descending, nulls_first } = ordering;
        self.shape.add(&(descending, nulls_first));
        self.node(node);
    }

    /// A source, as an element of a FROM or as a column names it: where no FROM is given it is found by the columns.
    fn source(&mut self, source: &'s Source) {
        self.shape.add(&discriminant(source));
        if !matches!(source, Source::Table(_)) {
            self.shape.add(source.name());
        }
        match source {
            Source::Table(table) | Source::Alias { table, .. } => self.table(table),
            Source::Sample { table, sampling, percent, name: _ } => {
                self.table(table);
                self.shape.add(&(sampling, percent));
            }
            Source::Subquery { select, lateral, name: _ } => {
                self.shape.add(lateral);
                self.once(select, Self::select);
            }
            Source::Cte { cte, name: _ } => self.once(cte, Self::cte),
            Source::Values { rows, columns, name: _ } => {
                self.shape.add(columns);
                self.once(rows, |key, rows| key.each(rows, |key, row| key.list(row, row.len())));
            }
            Source::Function { call, json, columns, name: _ } => {
                self.shape.add(&(json, columns));
                self.once(call, Self::node);
            }
        }
    }

    /// What many parts of a statement share is looked at where it is met first.
    fn once<T: ?Sized>(&mut self, shared: &'s Arc<T>, look: impl FnOnce(&mut Self, &'s T)) {
        let address = Arc::as_ptr(shared).cast::<()>();
        let known = self.shared.iter().position(|known| *known == address);
        self.shape.add(&known);
        if known.is_none() {
            self.shared.push(address);
            look(self, shared);
        }
    }
}
