//! Which statements give rows of which type.

use super::FromRow;
use crate::sql::{Delete, Insert, IntoStatement, Select, Text, Untyped, Update};

/// A statement whose rows become a `T`: text whatever is asked for, a composed one what it selects.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a statement whose rows are `{T}`",
    note = "a literal is a statement as `text(\"select …\")`, a text that is made at run time as `raw(…)`",
    note = "a composed statement gives what it selects: `select((User::id, User::name))` gives `(i64, String)`"
)]
pub trait Query<T>: IntoStatement {}

impl<T: FromRow> Query<T> for Text {}
impl<T: FromRow> Query<T> for Select<Untyped> {}
impl<T: FromRow> Query<T> for Select<T> {}
impl<T: FromRow> Query<T> for Insert<T> {}
impl<T: FromRow> Query<T> for Update<T> {}
impl<T: FromRow> Query<T> for Delete<T> {}
