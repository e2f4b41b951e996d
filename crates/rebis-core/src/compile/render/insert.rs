//! INSERT, clause by clause.

use std::sync::Arc;

use super::Renderer;
use super::scope::Scope;
use crate::compile::types::cast_that_keeps;
use crate::dialect::{Upsert, Writing};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::{Conflict, CteNode, InsertNode, Node, SelectNode, Source};

impl Renderer<'_> {
    pub(super) fn insert(&mut self, insert: &InsertNode) -> Result<()> {
        if insert.rows.is_empty() && insert.select.is_none() {
            return Err(Error::new(ErrorKind::Statement, "the INSERT has no row"));
        }
        let known = self.ctes.len();
        if self.dialect.writes.with_before_insert {
            self.with(&insert.with)?;
        } else if insert.select.is_none() && !insert.with.is_empty() {
            return self.unsupported("WITH in front of an INSERT of values; insert from a query");
        }
        self.scopes.push(Scope::of_table(Source::Table(insert.table.clone())));
        self.push("INSERT INTO ");
        self.table(&insert.table)?;
        if let Some(select) = &insert.select {
            self.inserted_query(insert, select)?;
        } else if insert.arrays {
            self.rows_of_arrays(insert)?;
        } else if insert.ordered {
            self.ordered_rows(insert)?;
        } else if insert.columns.is_empty() {
            if insert.conflict.is_some() && self.dialect.writing == Writing::Sqlite {
                return self.unsupported("upsert of a row of defaults alone; name a column");
            }
            self.push(self.dialect.default_row);
        } else {
            self.own_columns(insert)?;
            self.push(" VALUES ");
            self.list(&insert.rows, |this, row| {
                this.push("(");
                this.value_list(row, row.len())?;
                this.push(")");
                Ok(())
            })?;
        }
        if let Some(conflict) = &insert.conflict {
            self.conflict(&insert.table, conflict, insert.select.is_some())?;
        }
        self.returning(&insert.returning, self.dialect.returning.insert)?;
        self.scopes.pop();
        self.ctes.truncate(known);
        Ok(())
    }

    /// The rows by a sorted query: one is inserted after the other, and keys that the database counts ascend.
    fn ordered_rows(&mut self, insert: &InsertNode) -> Result<()> {
        let mut types = Vec::with_capacity(insert.columns.len());
        for name in &insert.columns {
            let column = insert.table.column(name);
            let Some(cast) = column.and_then(|column| cast_that_keeps(column.sql_type(), self.dialect))
            else {
                return self.unsupported("cast to this column's type that keeps the whole value");
            };
            types.push(cast);
        }
        self.own_columns(insert)?;
        self.push(" SELECT ");
        for (index, name) in types.iter().enumerate() {
            self.push(if index > 0 { ", CAST(" } else { "CAST(" });
            self.sql.push_str(&format!("\"new\".\"{index}\" AS {name})"));
        }
        self.push(" FROM (VALUES ");
        for (number, row) in insert.rows.iter().enumerate() {
            self.push(if number > 0 { ", (" } else { "(" });
            if !row.is_empty() {
                self.value_list(row, row.len())?;
                self.push(", ");
            }
            self.sql.push_str(&format!("{number})"));
        }
        self.push(") AS \"new\" (");
        for index in 0..types.len() {
            self.sql.push_str(&format!("\"{index}\", "));
        }
        self.push("\"row\") ORDER BY \"new\".\"row\"");
        Ok(())
    }

    pub(super) fn own_columns(&mut self, insert: &InsertNode) -> Result<()> {
        self.push(" (");
        self.list(&insert.columns, |this, name| this.own_column(&insert.table, name))?;
        self.push(")");
        Ok(())
    }

    fn inserted_query(&mut self, insert: &InsertNode, select: &SelectNode) -> Result<()> {
        if insert.columns.len() != select.items.len() || !insert.rows.is_empty() {
            let text = format!(
                "the INSERT names {} columns for the {} of its query, and has {} rows of its own",
                insert.columns.len(),
                select.items.len(),
                insert.rows.len()
            );
            return Err(Error::new(ErrorKind::Statement, text));
        }
        self.own_columns(insert)?;
        self.push(" ");
        // The query does not see the table that is written.
        let around = std::mem::take(&mut self.scopes);
        if !self.dialect.writes.with_before_insert {
            self.with_query(&insert.with, select)?;
        }
        let last = select.combined.last().map_or(select, |(_, last)| last);
        if insert.conflict.is_some() && last.filters.is_empty() {
            // SQLite would take the ON of ON CONFLICT for a join's.
            let mut select = select.clone();
            let last = select.combined.last_mut().map(|(_, last)| last);
            let always = Arc::new(Node::All(Vec::new()));
            match last {
                Some(last) => last.filters.push(always),
                None => select.filters.push(always),
            }
            self.select(&select)?;
        } else {
            self.select(select)?;
        }
        self.scopes = around;
        Ok(())
    }

    /// WITH where it belongs to the query of an INSERT: there may be one only.
    fn with_query(&mut self, ctes: &[Arc<CteNode>], select: &SelectNode) -> Result<()> {
        if !ctes.is_empty() && !select.with.is_empty() {
            return self.unsupported("two WITH in one INSERT; give all CTEs to its query");
        }
        self.with(ctes)
    }

    /// Of a query the columns of the table are qualified where the query's own can be named as well: on MySQL.
    fn conflict(&mut self, table: &Table, conflict: &Conflict, of_query: bool) -> Result<()> {
        check_conflict(conflict)?;
        if conflict.constraint.is_some() && !self.dialect.writes.conflict_constraint {
            return self.unsupported("constraint's name in an upsert; name its columns");
        }
        match self.dialect.upsert {
            Upsert::OnConflict => {
                self.conflict_target(table, conflict)?;
                if !conflict.update {
                    self.push(" DO NOTHING");
                    return Ok(());
                }
                self.push(" DO UPDATE SET ");
                self.assignments(table, &conflict.assignments, false)?;
                self.conditions(" WHERE ", &conflict.filters)
            }
            Upsert::OnDuplicateKey if !conflict.filters.is_empty() => {
                self.unsupported("filter of an upsert; assign by `case`, which can leave the old value")
            }
            Upsert::OnDuplicateKey if !conflict.index_filters.is_empty() => {
                self.unsupported("partial index for an upsert to name; any unique key counts")
            }
            Upsert::OnDuplicateKey => {
                self.push(" ON DUPLICATE KEY UPDATE ");
                if conflict.update {
                    return self.assignments(table, &conflict.assignments, of_query);
                }
                // A column that becomes itself: nothing happens, and other errors stay errors, unlike with INSERT IGNORE.
                let key =
                    table.primary_key().chain(table.columns()).next().map_or("", |column| column.name());
                let first = conflict.target.first().map_or(key, |name| name);
                for between in [" = ", ""] {
                    if of_query {
                        self.identifier(table.name())?;
                        self.push(".");
                    }
                    self.own_column(table, first)?;
                    self.push(between);
                }
                Ok(())
            }
        }
    }

    fn conflict_target(&mut self, table: &Table, conflict: &Conflict) -> Result<()> {
        if let Some(constraint) = &conflict.constraint {
            self.push(" ON CONFLICT ON CONSTRAINT ");
            return self.identifier(constraint);
        }
        if conflict.any {
            self.push(" ON CONFLICT");
            return Ok(());
        }
        self.push(" ON CONFLICT (");
        self.list(&conflict.target, |this, name| this.own_column(table, name))?;
        self.push(")");
        self.conditions(" WHERE ", &conflict.index_filters)
    }

    pub(super) fn proposed(&mut self, name: &str) -> Result<()> {
        match self.dialect.upsert {
            Upsert::OnConflict => {
                self.push("excluded.");
                self.identifier(name)
            }
            Upsert::OnDuplicateKey => {
                self.push("VALUES(");
                self.identifier(name)?;
                self.push(")");
                Ok(())
            }
        }
    }
}

/// What makes no sense on any database.
fn check_conflict(conflict: &Conflict) -> Result<()> {
    let targets = [conflict.any, !conflict.target.is_empty(), conflict.constraint.is_some()];
    let text = if targets.iter().filter(|given| **given).count() != 1 {
        "an upsert needs either the columns that tell which row it meets, or the name of a constraint"
    } else if conflict.update && conflict.assignments.is_empty() {
        "the upsert sets nothing; say that it does nothing"
    } else if !conflict.update && !conflict.filters.is_empty() {
        "the filter of an upsert that changes nothing"
    } else if conflict.target.is_empty() && !conflict.index_filters.is_empty() {
        "the filter of an upsert's index, of which no columns are named"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Statement, text))
}
