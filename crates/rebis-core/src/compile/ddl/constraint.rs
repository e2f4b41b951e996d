//! Constraints, in CREATE TABLE and in ALTER TABLE.

use super::Writer;
use crate::error::Result;
use crate::schema::{
    CheckConstraint, Constraint, Deferral, ForeignKey, MatchType, OnChange, Table, UniqueConstraint,
};

impl Writer<'_> {
    pub(super) fn add_constraint(&mut self, table: &Table, constraint: &Constraint) -> Result<()> {
        self.alter_table(table)?;
        self.push(" ADD ");
        match constraint {
            Constraint::Unique(unique) => self.unique(unique),
            Constraint::Check(check) => self.check(table, check),
            Constraint::ForeignKey(key) => self.foreign_key(table, key),
        }
    }

    pub(super) fn drop_constraint(&mut self, table: &Table, constraint: &Constraint) -> Result<()> {
        let word = self.alter_table(table)?;
        let (word, name) = match constraint {
            Constraint::Unique(unique) => ("CONSTRAINT", &unique.name),
            Constraint::Check(check) => ("CONSTRAINT", &check.name),
            Constraint::ForeignKey(key) => (word, &key.name),
        };
        self.push(" DROP ");
        self.push(word);
        self.check_part_exists()?;
        self.if_exists();
        self.push(" ");
        self.identifier(name.as_deref().unwrap_or_default())?;
        self.cascade()
    }

    /// Returns the word for a foreign key in DROP.
    fn alter_table(&mut self, table: &Table) -> Result<&'static str> {
        let Some(word) = self.dialect.tables.drop_foreign_key else {
            return self.unsupported("ALTER TABLE for constraints; they are made with their table");
        };
        self.push("ALTER TABLE ");
        self.table(table)?;
        Ok(word)
    }

    pub(super) fn constraint_name(&mut self, name: Option<&str>) -> Result<()> {
        if let Some(name) = name {
            self.push("CONSTRAINT ");
            self.identifier(name)?;
            self.push(" ");
        }
        Ok(())
    }

    pub(super) fn unique(&mut self, unique: &UniqueConstraint) -> Result<()> {
        self.constraint_name(unique.name.as_deref())?;
        self.push("UNIQUE ");
        self.columns(&unique.columns)?;
        let (_, others) = self.dialect.tables.deferrable;
        self.deferral(unique.deferral, others, "unique constraints that are looked at later; PostgreSQL has")
    }

    pub(super) fn check(&mut self, table: &Table, check: &CheckConstraint) -> Result<()> {
        self.constraint_name(check.name.as_deref())?;
        self.push("CHECK (");
        self.expression(table, &check.condition)?;
        self.push(")");
        Ok(())
    }

    pub(super) fn foreign_key(&mut self, table: &Table, key: &ForeignKey) -> Result<()> {
        self.constraint_name(key.name.as_deref())?;
        self.push("FOREIGN KEY ");
        self.columns(&key.columns)?;
        self.push(" REFERENCES ");
        let schema = key.schema.as_deref().or(table.schema());
        if self.dialect.tables.refers_to_schemas {
            let schemas = self.schemas;
            self.qualified(schemas.translate(schema), &key.table)?;
        } else if schema == table.schema() {
            self.identifier(&key.table)?;
        } else {
            return self.unsupported("foreign keys to another schema");
        }
        self.push(" ");
        self.columns(&key.referred)?;
        match key.match_type {
            MatchType::Simple => {}
            MatchType::Full if self.dialect.tables.match_full => self.push(" MATCH FULL"),
            MatchType::Full => {
                return self
                    .unsupported("MATCH FULL; a check can say that all of the columns are NULL or none");
            }
        }
        self.on_change(" ON DELETE ", key.on_delete)?;
        self.on_change(" ON UPDATE ", key.on_update)?;
        let (keys, _) = self.dialect.tables.deferrable;
        self.deferral(
            key.deferral,
            keys,
            "constraints that are looked at later; write the rows in their order, or drop the key while it is broken",
        )
    }

    fn on_change(&mut self, event: &str, change: OnChange) -> Result<()> {
        let word = match change {
            OnChange::NoAction => return Ok(()),
            OnChange::Restrict => "RESTRICT",
            OnChange::Cascade => "CASCADE",
            OnChange::SetNull => "SET NULL",
            OnChange::SetDefault if self.dialect.tables.set_default => "SET DEFAULT",
            OnChange::SetDefault => return self.unsupported("foreign keys with SET DEFAULT"),
        };
        self.push(event);
        self.push(word);
        Ok(())
    }

    fn deferral(&mut self, deferral: Option<Deferral>, can: bool, what: &str) -> Result<()> {
        let Some(deferral) = deferral else { return Ok(()) };
        if !can {
            return self.unsupported(what);
        }
        self.push(match deferral {
            Deferral::Immediate => " DEFERRABLE INITIALLY IMMEDIATE",
            Deferral::Deferred => " DEFERRABLE INITIALLY DEFERRED",
        });
        Ok(())
    }
}
