//! INSERT, UPDATE, DELETE, clause by clause.

use std::sync::Arc;

use super::Renderer;
use super::scope::Scope;
use crate::dialect::{DeleteUsing, Upsert};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::{Assignment, Conflict, DeleteNode, InsertNode, Item, Node, SelectNode, Source, UpdateNode};

impl Renderer<'_> {
    pub(super) fn insert(&mut self, insert: &InsertNode) -> Result<()> {
        if insert.rows.is_empty() && insert.select.is_none() {
            return Err(Error::new(ErrorKind::Statement, "the INSERT has no row"));
        }
        self.scopes.push(Scope::of_table(Source::Table(insert.table.clone())));
        self.push("INSERT INTO ");
        self.table(&insert.table)?;
        if let Some(select) = &insert.select {
            self.inserted_query(insert, select)?;
        } else if insert.columns.is_empty() {
            self.push(self.dialect.default_row);
        } else {
            self.own_columns(insert)?;
            self.push(" VALUES ");
            self.list(&insert.rows, |this, row| {
                this.push("(");
                this.values(row, row.len())?;
                this.push(")");
                Ok(())
            })?;
        }
        if let Some(conflict) = &insert.conflict {
            self.conflict(&insert.table, conflict)?;
        }
        self.returning(&insert.returning, self.dialect.returning.insert)
    }

    fn own_columns(&mut self, insert: &InsertNode) -> Result<()> {
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
        if insert.conflict.is_some() && select.filters.is_empty() && select.combined.is_empty() {
            // SQLite would take the ON of ON CONFLICT for a join's.
            let mut select = select.clone();
            select.filters.push(Arc::new(Node::All(Vec::new())));
            self.select(&select)?;
        } else {
            self.select(select)?;
        }
        self.scopes = around;
        Ok(())
    }

    fn conflict(&mut self, table: &Table, conflict: &Conflict) -> Result<()> {
        let Some(first) = conflict.target.first() else {
            return Err(Error::new(
                ErrorKind::Statement,
                "an upsert needs the columns that tell which row it meets",
            ));
        };
        if conflict.assignments.is_empty() && !conflict.filters.is_empty() {
            let text = "the filter of an upsert that changes nothing";
            return Err(Error::new(ErrorKind::Statement, text));
        }
        match self.dialect.upsert {
            Upsert::OnConflict => {
                self.push(" ON CONFLICT (");
                self.list(&conflict.target, |this, name| this.own_column(table, name))?;
                self.push(if conflict.assignments.is_empty() { ") DO NOTHING" } else { ") DO UPDATE SET " });
                self.assignments(table, &conflict.assignments, false)?;
                self.conditions(" WHERE ", &conflict.filters)
            }
            Upsert::OnDuplicateKey if !conflict.filters.is_empty() => {
                self.unsupported("filter of an upsert; assign by `case`, which can leave the old value")
            }
            Upsert::OnDuplicateKey => {
                self.push(" ON DUPLICATE KEY UPDATE ");
                if !conflict.assignments.is_empty() {
                    return self.assignments(table, &conflict.assignments, false);
                }
                // A column that becomes itself: nothing happens, and other errors stay errors, unlike with INSERT IGNORE.
                self.own_column(table, first)?;
                self.push(" = ");
                self.own_column(table, first)
            }
        }
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

    pub(super) fn update(&mut self, update: &UpdateNode) -> Result<()> {
        if update.assignments.is_empty() {
            return Err(Error::new(ErrorKind::Statement, "the UPDATE sets nothing"));
        }
        self.scopes.push(Scope::of_tables(&update.table, &update.from)?);
        self.push("UPDATE ");
        self.table(&update.table)?;
        let tables = !update.from.is_empty() && !self.dialect.update_from;
        if tables {
            self.push(", ");
            self.list(&update.from, Self::source)?;
        }
        self.push(" SET ");
        self.assignments(&update.table, &update.assignments, tables)?;
        if !update.from.is_empty() && !tables {
            self.push(" FROM ");
            self.list(&update.from, Self::source)?;
        }
        self.conditions(" WHERE ", &update.filters)?;
        self.returning(&update.returning, self.dialect.returning.update)
    }

    fn assignments(&mut self, table: &Table, assignments: &[Assignment], qualified: bool) -> Result<()> {
        self.list(assignments, |this, assignment| {
            if qualified {
                this.identifier(table.name())?;
                this.push(".");
            }
            this.own_column(table, &assignment.column)?;
            this.push(" = ");
            this.expression(&assignment.value)
        })
    }

    pub(super) fn delete(&mut self, delete: &DeleteNode) -> Result<()> {
        self.scopes.push(Scope::of_tables(&delete.table, &delete.using)?);
        self.push("DELETE FROM ");
        self.table(&delete.table)?;
        let several = !delete.using.is_empty();
        if several {
            match self.dialect.delete_using {
                DeleteUsing::None => return self.unsupported("DELETE with USING; filter by `exists`"),
                DeleteUsing::Others => self.push(" USING "),
                DeleteUsing::All => {
                    self.push(" USING ");
                    self.table(&delete.table)?;
                    self.push(", ");
                }
            }
            self.list(&delete.using, Self::source)?;
        }
        self.conditions(" WHERE ", &delete.filters)?;
        let alone = !several || self.dialect.delete_using == DeleteUsing::Others;
        self.returning(&delete.returning, self.dialect.returning.delete && alone)
    }

    fn returning(&mut self, items: &[Item], possible: bool) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        if !possible {
            return self.unsupported("RETURNING on this statement; select the rows in the same transaction");
        }
        self.push(" RETURNING ");
        self.list(items, Self::item)
    }

    /// A column of the table that is written, which is not qualified.
    fn own_column(&mut self, table: &Table, name: &str) -> Result<()> {
        self.check_column(&Source::Table(table.clone()), name)?;
        self.identifier(name)
    }
}
