//! CREATE TABLE, DROP TABLE.

use super::Writer;
use crate::dialect::{Comments, Dialect, Identity};
use crate::error::Result;
use crate::schema::{ForeignKey, NamingConvention, Table};
use crate::url::Backend;

impl Writer<'_> {
    pub(super) fn create_table(&mut self, table: &Table, without: &[ForeignKey]) -> Result<()> {
        let table = &table.named(&NamingConvention::default());
        if table.columns().is_empty() && self.dialect.name != Dialect::POSTGRESQL.name {
            return self.unsupported(&format!("tables without columns, as '{}' is", table.name()));
        }
        let postgresql = self.dialect.backend == Backend::Postgresql;
        let unlogged = postgresql && table.postgresql_options().unlogged;
        self.push(match (table.is_temporary(), unlogged) {
            (true, _) => "CREATE TEMPORARY TABLE ",
            (false, true) => "CREATE UNLOGGED TABLE ",
            (false, false) => "CREATE TABLE ",
        });
        self.if_not_exists();
        self.table(table)?;
        self.push(" (");
        self.parts(table, without)?;
        self.push("\n)");
        if let (Comments::Inline, Some(comment)) = (self.dialect.tables.comments, table.comment()) {
            self.push(" COMMENT=");
            self.inline_comment(comment)?;
        }
        self.options(table)
    }

    fn parts(&mut self, table: &Table, without: &[ForeignKey]) -> Result<()> {
        let backend = self.dialect.backend;
        let mut parts = Parts::default();
        for column in table.columns() {
            parts.next(self);
            self.column(table, column)?;
        }
        if table.primary_key().next().is_some() && !self.key_is_in_column(table)? {
            parts.next(self);
            if self.dialect.tables.names_primary_key {
                self.constraint_name(table.primary_key_name())?;
            }
            let columns: Vec<String> = table.primary_key().map(|column| column.name.clone()).collect();
            self.push("PRIMARY KEY ");
            self.columns(&columns)?;
        }
        let uniques = table.unique_constraints().iter();
        for unique in uniques.filter(|unique| unique.only_on.includes(backend)) {
            parts.next(self);
            self.unique(unique)?;
        }
        let keys = table.foreign_keys().iter().filter(|key| key.only_on.includes(backend));
        for key in keys.filter(|key| !without.contains(key)) {
            parts.next(self);
            self.foreign_key(table, key)?;
        }
        let checks = table.check_constraints().iter();
        for check in checks.filter(|check| check.only_on.includes(backend)) {
            parts.next(self);
            self.check(table, check)?;
        }
        Ok(())
    }

    /// What stands behind the parentheses.
    fn options(&mut self, table: &Table) -> Result<()> {
        match self.dialect.backend {
            Backend::Mysql => {
                let options = table.mysql_options();
                let words = [
                    (" ENGINE=", &options.engine),
                    (" CHARACTER SET=", &options.charset),
                    (" COLLATE=", &options.collation),
                ];
                for (word, name) in words {
                    if let Some(name) = name {
                        self.push(word);
                        self.identifier(name)?;
                    }
                }
                let start = table.columns().iter().find_map(|column| column.counting()?.start);
                if let Some(start) = start {
                    self.push(&format!(" AUTO_INCREMENT={start}"));
                }
            }
            Backend::Postgresql => {
                let options = table.postgresql_options();
                if let Some(percent) = options.fill_factor {
                    self.push(&format!(" WITH (fillfactor={percent})"));
                }
                if let Some(name) = &options.tablespace {
                    self.push(" TABLESPACE ");
                    self.identifier(name)?;
                }
            }
            Backend::Sqlite => {
                let options = table.sqlite_options();
                self.push(match (options.strict, options.without_row_id) {
                    (true, true) => " STRICT, WITHOUT ROWID",
                    (true, false) => " STRICT",
                    (false, true) => " WITHOUT ROWID",
                    (false, false) => "",
                });
            }
        }
        Ok(())
    }

    /// Whether the primary key stands beside its column.
    pub(super) fn key_is_in_column(&self, table: &Table) -> Result<bool> {
        let counted = table.columns().iter().any(|column| column.autoincrement);
        if !counted || self.dialect.tables.identity != Identity::WholeKey {
            return Ok(false);
        }
        if table.sqlite_options().without_row_id {
            return self.unsupported(&format!("counted column WITHOUT ROWID, as in '{}'", table.name()));
        }
        if table.primary_key().count() > 1 {
            return self.unsupported(&format!(
                "counted column in a primary key of several, as in '{}'",
                table.name()
            ));
        }
        Ok(true)
    }

    pub(super) fn drop_table(&mut self, table: &Table) -> Result<()> {
        // MySQL's word, so that no other table of that name is meant, and nothing is committed.
        let temporary = table.is_temporary() && self.dialect.backend == Backend::Mysql;
        self.push(if temporary { "DROP TEMPORARY TABLE " } else { "DROP TABLE " });
        self.if_exists_before();
        self.table(table)?;
        self.cascade()
    }
}

/// The parts of CREATE TABLE, each on a line of its own.
#[derive(Default)]
struct Parts(bool);

impl Parts {
    fn next(&mut self, writer: &mut Writer<'_>) {
        writer.push(if self.0 { ",\n    " } else { "\n    " });
        self.0 = true;
    }
}
