//! INSERT, UPDATE, DELETE, clause by clause.

use super::Renderer;
use super::scope::Scope;
use crate::dialect::Upsert;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::{Assignment, Conflict, DeleteNode, InsertNode, Item, Source, UpdateNode};

impl Renderer<'_> {
    pub(super) fn insert(&mut self, insert: &InsertNode) -> Result<()> {
        if insert.rows.is_empty() {
            return Err(Error::new(ErrorKind::Statement, "the INSERT has no row"));
        }
        self.scopes.push(Scope::of_table(Source::Table(insert.table.clone())));
        self.push("INSERT INTO ");
        self.table(&insert.table)?;
        if insert.columns.is_empty() {
            self.push(self.dialect.default_row);
        } else {
            self.push(" (");
            self.list(&insert.columns, |this, name| this.own_column(&insert.table, name))?;
            self.push(") VALUES ");
            self.list(&insert.rows, |this, row| {
                this.push("(");
                this.list(row, |this, value| this.expression(value))?;
                this.push(")");
                Ok(())
            })?;
        }
        if let Some(conflict) = &insert.conflict {
            self.conflict(&insert.table, conflict)?;
        }
        self.returning(&insert.returning, self.dialect.returning.insert)
    }

    fn conflict(&mut self, table: &Table, conflict: &Conflict) -> Result<()> {
        let Some(first) = conflict.target.first() else {
            return Err(Error::new(
                ErrorKind::Statement,
                "an upsert needs the columns that tell which row it meets",
            ));
        };
        match self.dialect.upsert {
            Upsert::OnConflict => {
                self.push(" ON CONFLICT (");
                self.list(&conflict.target, |this, name| this.own_column(table, name))?;
                self.push(if conflict.assignments.is_empty() { ") DO NOTHING" } else { ") DO UPDATE SET " });
                self.assignments(table, &conflict.assignments)
            }
            Upsert::OnDuplicateKey => {
                self.push(" ON DUPLICATE KEY UPDATE ");
                if !conflict.assignments.is_empty() {
                    return self.assignments(table, &conflict.assignments);
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
        self.scopes.push(Scope::of_table(Source::Table(update.table.clone())));
        self.push("UPDATE ");
        self.table(&update.table)?;
        self.push(" SET ");
        self.assignments(&update.table, &update.assignments)?;
        self.conditions(" WHERE ", &update.filters)?;
        self.returning(&update.returning, self.dialect.returning.update)
    }

    fn assignments(&mut self, table: &Table, assignments: &[Assignment]) -> Result<()> {
        self.list(assignments, |this, assignment| {
            this.own_column(table, &assignment.column)?;
            this.push(" = ");
            this.expression(&assignment.value)
        })
    }

    pub(super) fn delete(&mut self, delete: &DeleteNode) -> Result<()> {
        self.scopes.push(Scope::of_table(Source::Table(delete.table.clone())));
        self.push("DELETE FROM ");
        self.table(&delete.table)?;
        self.conditions(" WHERE ", &delete.filters)?;
        self.returning(&delete.returning, self.dialect.returning.delete)
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
