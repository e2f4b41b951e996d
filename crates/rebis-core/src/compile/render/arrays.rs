//! Many rows as one array for each column: the text is the same for any number of them. PostgreSQL's.

use super::Renderer;
use crate::compile::types::cast_that_keeps;
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{SchemaTranslateMap, SqlType, Table};
use crate::sql::InsertNode;
use crate::url::Backend;
use crate::value::Value;

/// Whether an array of this column's type holds all these values as they are.
pub(crate) fn fits_in_array<'v>(sql_type: &SqlType, mut values: impl Iterator<Item = &'v Value>) -> bool {
    let sql_type = sql_type.on(Backend::Postgresql);
    values.all(|value| {
        matches!(
            (sql_type, value),
            (_, Value::Null)
                | (SqlType::SmallInteger | SqlType::Integer | SqlType::BigInteger, Value::Int(_))
                | (SqlType::Boolean, Value::Bool(_))
                | (SqlType::Float | SqlType::Double, Value::Float(_))
                | (SqlType::Numeric { .. }, Value::Decimal(_) | Value::Int(_))
                | (SqlType::String { .. } | SqlType::Text, Value::Text(_))
                | (SqlType::Binary { .. } | SqlType::LargeBinary, Value::Bytes(_))
                | (SqlType::Date, Value::Date(_))
                | (SqlType::Time, Value::Time(_))
                | (SqlType::DateTime, Value::DateTime(_))
                | (SqlType::Timestamp, Value::Timestamp(_))
                | (SqlType::Uuid, Value::Uuid(_))
        )
    })
}

/// An UPDATE of many rows: an array for each key, then one for each column.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) for a type that has no such array, [`Statement`](ErrorKind::Statement) for a column that is
/// not there.
pub(crate) fn update_of_arrays(
    table: &Table,
    keys: &[&str],
    columns: &[&str],
    dialect: &Dialect,
    schemas: &SchemaTranslateMap,
) -> Result<String> {
    let mut renderer = Renderer::new(dialect, schemas);
    renderer.push("UPDATE ");
    renderer.table(table)?;
    renderer.push(" AS \"old\" SET ");
    for (index, column) in columns.iter().enumerate() {
        renderer.push(if index > 0 { ", " } else { "" });
        renderer.identifier(column)?;
        renderer.sql.push_str(&format!(" = \"new\".\"{}\"", keys.len() + index));
    }
    renderer.push(" FROM ");
    renderer.unnest(table, keys.iter().chain(columns), |this, index| {
        this.sql.push_str(&format!("${}", index + 1));
        Ok(())
    })?;
    renderer.push(" WHERE ");
    for (index, key) in keys.iter().enumerate() {
        renderer.push(if index > 0 { " AND \"old\"." } else { "\"old\"." });
        renderer.identifier(key)?;
        renderer.sql.push_str(&format!(" = \"new\".\"{index}\""));
    }
    Ok(renderer.sql)
}

impl Renderer<'_> {
    /// The rows of an INSERT, one inserted after the other where keys are counted.
    pub(super) fn rows_of_arrays(&mut self, insert: &InsertNode) -> Result<()> {
        self.own_columns(insert)?;
        self.push(" SELECT ");
        for index in 0..insert.columns.len() {
            self.push(if index > 0 { ", " } else { "" });
            self.sql.push_str(&format!("\"new\".\"{index}\""));
        }
        self.push(" FROM ");
        let row = insert.rows.first().map_or(&[][..], Vec::as_slice);
        // Plain values have their places as one list.
        let first = self.place_of_list(row)?;
        self.unnest(&insert.table, insert.columns.iter(), |this, index| match (first, row.get(index)) {
            (Some(first), _) => {
                this.placeholder(first + index);
                Ok(())
            }
            (None, Some(node)) => this.expression(node),
            (None, None) => Ok(()),
        })?;
        if insert.ordered {
            self.push(" ORDER BY \"new\".\"row\"");
        }
        Ok(())
    }

    /// `unnest(CAST($1 AS bigint[]), …) WITH ORDINALITY AS "new" ("0", …, "row")`.
    fn unnest<N: AsRef<str>>(
        &mut self,
        table: &Table,
        columns: impl Iterator<Item = N>,
        mut parameter: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        self.push("unnest(");
        let mut names = String::new();
        for (index, name) in columns.enumerate() {
            let name = name.as_ref();
            let Some(column) = table.column(name) else {
                let text = format!("the table '{}' has no column '{name}'", table.name());
                return Err(Error::new(ErrorKind::Statement, text));
            };
            let Some(element) = cast_that_keeps(column.sql_type(), self.dialect) else {
                return self.unsupported("array of this column's type that keeps the whole values");
            };
            self.push(if index > 0 { ", CAST(" } else { "CAST(" });
            parameter(self, index)?;
            self.sql.push_str(&format!(" AS {element}[])"));
            names.push_str(&format!("\"{index}\", "));
        }
        self.sql.push_str(&format!(") WITH ORDINALITY AS \"new\" ({names}\"row\")"));
        Ok(())
    }
}
