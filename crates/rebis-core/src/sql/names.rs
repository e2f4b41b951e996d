//! Order and filters by names that come from outside, checked against the table.

use super::expression::{Expr, Expression};
use super::select::Select;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{ColumnDef, Table};
use crate::value::{IntoValue, Value};

impl<R> Select<R> {
    /// `ORDER BY` a column whose name is known at run time only, say from a request.
    ///
    /// ```
    /// use rebis_core::schema::{ColumnDef, SqlType, Table};
    /// use rebis_core::sql::select;
    /// use rebis_core::{Dialect, ErrorKind};
    ///
    /// let t = Table::build("t").column(ColumnDef::new("n", SqlType::Integer)).finish()?;
    /// let sorted = select(vec![t.c("n")]).order_by_name(&t, "n", true)?;
    /// assert_eq!(sorted.to_sql(Dialect::SQLITE)?, r#"SELECT "t"."n" FROM "t" ORDER BY "t"."n" DESC"#);
    /// let error = select(vec![t.c("n")]).order_by_name(&t, "n; drop table t", true).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Statement);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Statement`] when the table has no such column.
    pub fn order_by_name(self, table: &Table, name: &str, descending: bool) -> Result<Self> {
        let column = column(table, name)?;
        Ok(self.order_by(if descending { column.desc() } else { column.asc() }))
    }

    /// `WHERE name = value`, by names that are known at run time only; `IS NULL` for NULL.
    ///
    /// # Errors
    /// [`ErrorKind::Statement`] when the table has no such column.
    pub fn filter_by<N: AsRef<str>, V: IntoValue>(
        mut self,
        table: &Table,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self> {
        for (name, value) in values {
            self = self.filter(column(table, name.as_ref())?.eq(value.into_value()));
        }
        Ok(self)
    }
}

fn column(table: &Table, name: &str) -> Result<Expr<Value>> {
    if table.column(name).is_some() {
        return Ok(table.c(name.to_owned()));
    }
    let names: Vec<_> = table.columns().iter().map(ColumnDef::name).collect();
    let text =
        format!("the table '{}' has no column of that name; it has {}", table.name(), names.join(", "));
    Err(Error::new(ErrorKind::Statement, text))
}
