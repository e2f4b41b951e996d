//! Plain structs as rows of an INSERT, without a session.

use rebis_core::sql::{Assignment, Insert};
use rebis_core::{Error, ErrorKind, Result};

use crate::flush::columns_of_new;
use crate::mapper::{Model, mapper};

/// The structs of models as rows of an INSERT.
pub trait InsertModels: Sized {
    /// One more row for each struct: a key that the database counts, and what it puts in where the field is `None`, is left to it.
    /// Relation fields are not looked at; a version begins at 1.
    ///
    /// ```
    /// use rebis::prelude::*;
    ///
    /// #[derive(Debug, Clone, Default, PartialEq, Model)]
    /// struct User {
    ///     #[rebis(primary_key)]
    ///     id: i64,
    ///     name: String,
    /// }
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// rebis::create_all::<User>(&engine)?;
    /// let mut conn = engine.connect()?;
    /// let names = ["ed", "jo"].map(|name| User { id: 0, name: name.into() });
    /// let ids: Vec<(i64,)> = conn.fetch_all(insert::<User>().models(&names)?.returning(User::id))?;
    /// assert_eq!(ids, [(1,), (2,)]);
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] when one leaves other columns to the database than the first one; [`ErrorKind::Configuration`] when the
    /// statement is of another table, and when the model makes no sense.
    fn models<'m, M: Model>(self, models: impl IntoIterator<Item = &'m M>) -> Result<Self>;
}

impl<R> InsertModels for Insert<R> {
    fn models<'m, M: Model>(mut self, models: impl IntoIterator<Item = &'m M>) -> Result<Self> {
        let mapper = mapper::<M>()?;
        if self.table() != mapper.table() {
            let (name, own, other) = (mapper.name(), mapper.table().name(), self.table().name());
            let text = format!("{name} has its rows in '{own}', and the INSERT is into '{other}'");
            return Err(Error::new(ErrorKind::Configuration, text));
        }
        for model in models {
            let columns = columns_of_new(mapper, model);
            self = self.row(columns.into_iter().map(|(name, value)| Assignment::of(name, value)))?;
        }
        Ok(self)
    }
}
