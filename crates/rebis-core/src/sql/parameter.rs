//! Parameters of composed statements: values that are given when the statement runs.

use std::borrow::Cow;

use super::expression::Expr;
use super::node::Node;
use super::typed::Typed;
use super::{Delete, Insert, Select, Update};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{IntoValue, Value};

/// A value that the statement gets when it runs: by `bind`, or by the sets of
/// [`execute_many`](crate::Connection::execute_many).
///
/// ```
/// use rebis_core::schema::{ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Expression, param, select};
/// use rebis_core::{Engine, ErrorKind, text};
///
/// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
/// let above = select(vec![t.c("n")]).filter(t.c("n").gt(param::<i64>("least")));
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(text("create table t (n integer)"))?;
/// conn.execute(text("insert into t values (1), (2), (3)"))?;
/// assert_eq!(conn.fetch_all::<(i64,)>(above.clone().bind("least", 1))?, [(2,), (3,)]);
/// assert_eq!(conn.execute(above).unwrap_err().kind(), ErrorKind::Bind);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn param<T: Typed>(name: impl Into<Cow<'static, str>>) -> Expr<T> {
    Expr::new(Node::Parameter(name.into()))
}

/// What was given for parameters, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Binds(Vec<(Cow<'static, str>, Value)>);

impl Binds {
    fn set(&mut self, name: Cow<'static, str>, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }

    /// The value of a parameter that must have one.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`].
    pub(crate) fn value_of(&self, name: &str) -> Result<&Value> {
        let missing = || Error::new(ErrorKind::Bind, format!("no value was bound to the parameter '{name}'"));
        self.get(name).ok_or_else(missing)
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// Fails for a value that none of the parameters takes.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`].
    pub(crate) fn check(&self, names: &[&str]) -> Result<()> {
        match self.0.iter().find(|(name, _)| !names.contains(&&**name)) {
            None => Ok(()),
            Some((name, _)) => {
                Err(Error::new(ErrorKind::Bind, format!("the statement has no parameter '{name}'")))
            }
        }
    }
}

macro_rules! bind {
    ($($statement:ident)*) => {$(
        impl<R> $statement<R> {
            /// The same with the value of a [`param`], those of the queries in it included. A query that becomes part of another
            /// statement does not take its values along: bind to the whole.
            #[must_use]
            pub fn bind(mut self, name: impl Into<Cow<'static, str>>, value: impl IntoValue) -> Self {
                self.node.binds.set(name.into(), value.into_value());
                self
            }
        }
    )*};
}

bind! { Select Insert Update Delete }
