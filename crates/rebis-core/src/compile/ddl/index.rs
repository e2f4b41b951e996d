//! CREATE INDEX, DROP INDEX.

use super::Writer;
use crate::dialect::IndexSchema;
use crate::error::Result;
use crate::schema::{Index, IndexKey, KeyTarget, Table};

impl Writer<'_> {
    pub(super) fn create_index(&mut self, table: &Table, index: &Index) -> Result<()> {
        let words = self.dialect.tables;
        let Some((kind, method)) = self.dialect.index_method(index.method) else {
            return self.unsupported(&format!("indexes by the method {:?}", index.method));
        };
        self.push(if index.unique { "CREATE UNIQUE " } else { "CREATE " });
        self.push(kind);
        self.push("INDEX ");
        self.check_part_exists()?;
        self.if_not_exists();
        let name = index.name.as_deref().unwrap_or_default();
        if words.index_schema == IndexSchema::Index {
            let schemas = self.schemas;
            self.qualified(schemas.of_table(table), name)?;
            self.push(" ON ");
            self.identifier(table.name())?;
        } else {
            self.identifier(name)?;
            self.push(" ON ");
            self.table(table)?;
        }
        // MySQL's word stands behind the keys.
        if !method.is_empty() && !words.prefix_keys {
            self.push(" USING ");
            self.push(method);
        }
        self.push(" (");
        for (place, key) in index.keys.iter().enumerate() {
            self.push(if place > 0 { ", " } else { "" });
            self.key(table, key)?;
        }
        self.push(")");
        if !method.is_empty() && words.prefix_keys {
            self.push(" USING ");
            self.push(method);
        }
        if !index.include.is_empty() {
            if !words.include {
                return self
                    .unsupported("indexes that carry columns along; make them keys behind the others");
            }
            self.push(" INCLUDE ");
            self.columns(&index.include)?;
        }
        if let Some(condition) = &index.condition {
            if !words.partial_indexes {
                return self
                    .unsupported("partial indexes; leave the condition away, or index a computed column");
            }
            self.push(" WHERE ");
            self.expression(table, condition)?;
        }
        Ok(())
    }

    fn key(&mut self, table: &Table, key: &IndexKey) -> Result<()> {
        match &key.target {
            KeyTarget::Column(name) => self.identifier(name)?,
            KeyTarget::Expression(_) if !self.dialect.tables.expression_keys => {
                return self.unsupported("indexes by expressions; index a computed column");
            }
            KeyTarget::Expression(expression) => {
                self.push("(");
                self.expression(table, expression)?;
                self.push(")");
            }
        }
        if let Some(length) = key.prefix {
            if !self.dialect.tables.prefix_keys {
                return self.unsupported("indexes by the beginning of a text; index an expression");
            }
            self.push(&format!("({length})"));
        }
        self.push(if key.descending { " DESC" } else { "" });
        Ok(())
    }

    pub(super) fn drop_index(&mut self, table: &Table, index: &Index) -> Result<()> {
        self.push("DROP INDEX ");
        self.check_part_exists()?;
        self.if_exists_before();
        let name = index.name.as_deref().unwrap_or_default();
        if self.dialect.tables.index_schema == IndexSchema::Table {
            self.identifier(name)?;
            self.push(" ON ");
            self.table(table)?;
        } else {
            let schemas = self.schemas;
            self.qualified(schemas.of_table(table), name)?;
        }
        self.cascade()
    }
}
