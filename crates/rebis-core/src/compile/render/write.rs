//! UPDATE, DELETE, TRUNCATE, clause by clause.

use super::Renderer;
use super::scope::Scope;
use crate::dialect::{DeleteUsing, Truncation};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Table;
use crate::sql::{Assignment, DeleteNode, Item, Node, Ordering, Source, TruncateNode, UpdateNode};

impl Renderer<'_> {
    pub(super) fn update(&mut self, update: &UpdateNode) -> Result<()> {
        if update.assignments.is_empty() && update.from_queries.is_empty() {
            return Err(Error::new(ErrorKind::Statement, "the UPDATE sets nothing"));
        }
        let known = self.ctes.len();
        self.with(&update.with)?;
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
        self.assigned_rows(update)?;
        if !update.from.is_empty() && !tables {
            self.push(" FROM ");
            self.list(&update.from, Self::source)?;
        }
        self.conditions(" WHERE ", &update.filters)?;
        self.first_rows(&update.order_by, update.limit.as_deref(), !update.from.is_empty())?;
        self.returning(&update.returning, self.dialect.returning.update)?;
        self.scopes.pop();
        self.ctes.truncate(known);
        Ok(())
    }

    /// Columns that become what one row of a query has.
    fn assigned_rows(&mut self, update: &UpdateNode) -> Result<()> {
        for (index, (columns, select)) in update.from_queries.iter().enumerate() {
            if !self.dialect.writes.assigns_rows {
                return self
                    .unsupported("assignment of a query's row; set each column from a scalar subquery");
            }
            if columns.len() != select.items.len() {
                let text = format!(
                    "the UPDATE sets {} columns from a query of {}",
                    columns.len(),
                    select.items.len()
                );
                return Err(Error::new(ErrorKind::Statement, text));
            }
            self.push(if index > 0 || !update.assignments.is_empty() { ", (" } else { "(" });
            self.list(columns, |this, name| this.own_column(&update.table, name))?;
            self.push(") = ");
            self.query(select)?;
        }
        Ok(())
    }

    /// ORDER BY and LIMIT of a statement that writes.
    fn first_rows(&mut self, order_by: &[Ordering], limit: Option<&Node>, several: bool) -> Result<()> {
        if order_by.is_empty() && limit.is_none() {
            return Ok(());
        }
        if !self.dialect.writes.limit || several {
            return self.unsupported(
                "ORDER BY or LIMIT on this statement; filter by a subquery that selects the keys",
            );
        }
        if !order_by.is_empty() {
            self.push(" ORDER BY ");
            self.list(order_by, Self::ordering)?;
        }
        if let Some(limit) = limit {
            self.push(" LIMIT ");
            self.expression(limit)?;
        }
        Ok(())
    }

    pub(super) fn truncate(&mut self, truncate: &TruncateNode) -> Result<()> {
        if self.dialect.writes.truncate == Truncation::None {
            return self.unsupported("TRUNCATE; delete without a filter");
        }
        let options = self.dialect.writes.truncate == Truncation::Options;
        self.push("TRUNCATE TABLE ");
        self.table(&truncate.table)?;
        if truncate.restart_identity && options {
            self.push(" RESTART IDENTITY");
        }
        match (truncate.cascade, options) {
            (true, true) => self.push(" CASCADE"),
            (true, false) => {
                return self.unsupported("TRUNCATE with CASCADE; empty the tables that refer to it first");
            }
            (false, _) => {}
        }
        Ok(())
    }

    pub(super) fn assignments(
        &mut self,
        table: &Table,
        assignments: &[Assignment],
        qualified: bool,
    ) -> Result<()> {
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
        let known = self.ctes.len();
        self.with(&delete.with)?;
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
        self.first_rows(&delete.order_by, delete.limit.as_deref(), several)?;
        let alone = !several || self.dialect.delete_using == DeleteUsing::Others;
        self.returning(&delete.returning, self.dialect.returning.delete && alone)?;
        self.scopes.pop();
        self.ctes.truncate(known);
        Ok(())
    }

    pub(super) fn returning(&mut self, items: &[Item], possible: bool) -> Result<()> {
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
    pub(super) fn own_column(&mut self, table: &Table, name: &str) -> Result<()> {
        self.check_column(&Source::Table(table.clone()), name)?;
        self.identifier(name)
    }
}
