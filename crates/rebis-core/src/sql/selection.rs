//! What a query, or RETURNING, selects.

use std::borrow::Cow;
use std::sync::Arc;

use super::columns::Column;
use super::expression::Expr;
use super::node::Node;
use super::typed::{Operand, Typed, is_nullable, read_as};
use crate::schema::Entity;
use crate::value::Value;

/// One thing that is selected.
#[derive(Debug, Clone)]
#[doc(hidden)]
pub struct Item {
    pub(crate) node: Arc<Node>,
    /// Whether it is read as an `Option`.
    pub(crate) nullable: bool,
    pub(crate) label: Option<Cow<'static, str>>,
    /// What it was before its type put something round it.
    pub(crate) column: Option<Arc<Node>>,
    /// What its type puts round it in the outermost query.
    pub(crate) read: Option<fn(Arc<Node>) -> Arc<Node>>,
}

impl Item {
    /// What is read as whatever it is.
    pub(crate) fn untyped(node: Arc<Node>) -> Self {
        Item { node, nullable: true, label: None, column: None, read: None }
    }

    /// As the program gets it: with what its type puts round it, which does not change a column's name.
    pub(super) fn shown(&mut self) {
        let Some(read) = self.read else { return };
        let read = read(Arc::clone(&self.node));
        if Arc::ptr_eq(&read, &self.node) {
            return;
        }
        if let (None, Node::Column { name, .. }) = (&self.label, &*self.node) {
            self.label = Some(name.clone());
        }
        self.column = Some(std::mem::replace(&mut self.node, read));
    }

    /// What the program has selected, without what its type puts round it.
    pub(crate) fn bare(&self) -> &Node {
        self.column.as_ref().unwrap_or(&self.node)
    }
}

impl Item {
    /// What its column in the answer is called, where that is known.
    pub(crate) fn name(&self) -> Option<&str> {
        match (&self.label, &*self.node) {
            (Some(label), _) => Some(label),
            (None, Node::Column { name, .. }) => Some(name),
            _ => None,
        }
    }
}

/// What the columns of a query are called; `None` when one of them has no name.
pub(crate) fn item_names(items: &[Item]) -> Option<Vec<&str>> {
    items.iter().map(Item::name).collect()
}

/// What can be selected: a column, an expression, a tuple of up to sixteen of them, or a `Vec` of expressions that are known at
/// run time only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected",
    note = "select a column, an expression, or a tuple of up to 16 of them: `select((User::id, User::name))`"
)]
pub trait Selection {
    /// What a row becomes.
    type Row;
    #[doc(hidden)]
    fn items(self) -> Vec<Item>;
}

/// One column of what is selected.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected",
    note = "select columns and expressions; a value is selected as `literal(value)`"
)]
#[doc(hidden)]
pub trait SelectItem {
    type Type;
    fn item(self) -> Item;
}

impl<T: Typed> SelectItem for Expr<T> {
    type Type = T;

    fn item(self) -> Item {
        Item {
            nullable: self.nullable || is_nullable::<T>(),
            node: self.node,
            label: None,
            column: None,
            read: read_as::<T>(),
        }
    }
}

impl<M: Entity, T: Typed> SelectItem for Column<M, T> {
    type Type = T;

    fn item(self) -> Item {
        Item {
            node: self.into_node(),
            nullable: is_nullable::<T>(),
            label: None,
            column: None,
            read: read_as::<T>(),
        }
    }
}

/// An expression under a name of its own in the answer.
#[derive(Debug, Clone)]
pub struct Labelled<T> {
    expr: Expr<T>,
    label: &'static str,
}

impl<T> Expr<T> {
    /// The same under a name of its own in the answer: `… AS "label"`.
    pub fn label(self, label: &'static str) -> Labelled<T> {
        Labelled { expr: self, label }
    }
}

impl<T: Typed> SelectItem for Labelled<T> {
    type Type = T;

    fn item(self) -> Item {
        Item { label: Some(self.label.into()), ..self.expr.item() }
    }
}

macro_rules! selection {
    ($($name:ident)*) => {
        impl<$($name: SelectItem),*> Selection for ($($name,)*) {
            type Row = ($($name::Type,)*);

            fn items(self) -> Vec<Item> {
                #[allow(non_snake_case, reason = "the names are the types'")]
                let ($($name,)*) = self;
                vec![$($name.item()),*]
            }
        }
    };
}

selection! { A }
selection! { A B }
selection! { A B C }
selection! { A B C D }
selection! { A B C D E }
selection! { A B C D E F }
selection! { A B C D E F G }
selection! { A B C D E F G H }
selection! { A B C D E F G H I }
selection! { A B C D E F G H I J }
selection! { A B C D E F G H I J K }
selection! { A B C D E F G H I J K L }
selection! { A B C D E F G H I J K L M }
selection! { A B C D E F G H I J K L M N }
selection! { A B C D E F G H I J K L M N O }
selection! { A B C D E F G H I J K L M N O P }

impl<T: Typed> Selection for Expr<T> {
    type Row = (T,);

    fn items(self) -> Vec<Item> {
        vec![self.item()]
    }
}

impl<M: Entity, T: Typed> Selection for Column<M, T> {
    type Row = (T,);

    fn items(self) -> Vec<Item> {
        vec![self.item()]
    }
}

impl<T: Typed> Selection for Labelled<T> {
    type Row = (T,);

    fn items(self) -> Vec<Item> {
        vec![self.item()]
    }
}

/// The rows of a query whose columns are known at run time only: they are read as whatever is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Untyped;

impl Selection for Vec<Expr<Value>> {
    type Row = Untyped;

    fn items(self) -> Vec<Item> {
        self.into_iter().map(|expr| Item::untyped(expr.node)).collect()
    }
}

/// Columns that are kept for many queries.
impl Selection for &[Expr<Value>] {
    type Row = Untyped;

    fn items(self) -> Vec<Item> {
        self.iter().map(|expr| Item::untyped(Arc::clone(&expr.node))).collect()
    }
}
