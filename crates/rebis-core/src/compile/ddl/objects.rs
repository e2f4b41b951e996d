//! Sequences, schemas, views, tables of a query.

use super::Writer;
use crate::compile::identifier::push_qualified;
use crate::compile::literal::push_literal;
use crate::compile::render::query_with_values;
use crate::dialect::{Dialect, Sequences};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Sequence;
use crate::sql::View;

const NO_SEQUENCES: &str = "sequences; let the database count a key by `autoincrement`";

impl Writer<'_> {
    pub(super) fn create_sequence(&mut self, sequence: &Sequence) -> Result<()> {
        self.check_sequences()?;
        self.push("CREATE SEQUENCE ");
        self.if_not_exists();
        let schemas = self.schemas;
        self.qualified(schemas.translate(sequence.schema.as_deref()), &sequence.name)?;
        for (word, number) in [
            (" START WITH ", sequence.start),
            (" INCREMENT BY ", sequence.increment),
            (" MINVALUE ", sequence.minimum),
            (" MAXVALUE ", sequence.maximum),
            (" CACHE ", sequence.cache.map(i64::from)),
        ] {
            if let Some(number) = number {
                self.push(word);
                self.push(&number.to_string());
            }
        }
        self.push(if sequence.cycle { " CYCLE" } else { "" });
        Ok(())
    }

    pub(super) fn drop_sequence(&mut self, sequence: &Sequence) -> Result<()> {
        self.check_sequences()?;
        self.push("DROP SEQUENCE ");
        self.if_exists_before();
        let schemas = self.schemas;
        self.qualified(schemas.translate(sequence.schema.as_deref()), &sequence.name)?;
        self.cascade()
    }

    fn check_sequences(&self) -> Result<()> {
        match self.dialect.tables.sequences {
            Sequences::None => self.unsupported(NO_SEQUENCES),
            Sequences::NextValueFor | Sequences::Nextval => Ok(()),
        }
    }

    pub(super) fn schema(&mut self, verb: &str, name: &str) -> Result<()> {
        if !self.dialect.tables.schemas {
            return self
                .unsupported("statement for schemas; a file is attached under a schema's name by ATTACH");
        }
        self.push(verb);
        self.push(" SCHEMA ");
        if verb == "CREATE" {
            self.if_not_exists();
        } else {
            self.if_exists_before();
        }
        self.identifier(name)?;
        self.cascade()
    }

    pub(super) fn create_view(&mut self, view: &View) -> Result<()> {
        let words = self.dialect.tables;
        self.push("CREATE ");
        if self.flags.or_replace {
            if !words.replaces_views || view.materialized {
                return self.unsupported("OR REPLACE for this view; drop it by `if_exists` first");
            }
            self.push("OR REPLACE ");
        }
        if view.temporary {
            if !words.temporary_views {
                return self.unsupported("temporary views; make a temporary table by `create_table_as`");
            }
            self.push("TEMPORARY ");
        }
        self.view_word(view)?;
        if self.flags.exists && !words.views_if_not_exists && !view.materialized {
            return self.unsupported("IF NOT EXISTS for views; use `or_replace`");
        }
        self.if_not_exists();
        self.query_as(view)
    }

    pub(super) fn drop_view(&mut self, view: &View) -> Result<()> {
        self.push("DROP ");
        self.view_word(view)?;
        self.if_exists_before();
        self.view_name(view)?;
        self.cascade()
    }

    fn view_word(&mut self, view: &View) -> Result<()> {
        if view.materialized && !self.dialect.tables.materialized_views {
            return self.unsupported("materialized views; make a table by `create_table_as`");
        }
        self.push(if view.materialized { "MATERIALIZED VIEW " } else { "VIEW " });
        Ok(())
    }

    pub(super) fn create_table_as(&mut self, query: &View) -> Result<()> {
        self.push(if query.temporary { "CREATE TEMPORARY TABLE " } else { "CREATE TABLE " });
        self.if_not_exists();
        self.query_as(query)
    }

    fn view_name(&mut self, view: &View) -> Result<()> {
        let (schemas, schema) = (self.schemas, view.schema.as_deref());
        self.qualified(if view.temporary { schema } else { schemas.translate(schema) }, &view.name)
    }

    fn query_as(&mut self, view: &View) -> Result<()> {
        self.view_name(view)?;
        self.push(" AS ");
        let query = query_with_values(&view.select, self.dialect, self.schemas)?;
        self.push(&query);
        Ok(())
    }
}

/// The next number of a sequence.
pub(in crate::compile) fn push_next_value(
    sql: &mut String,
    schema: Option<&str>,
    name: &str,
    dialect: &Dialect,
) -> Result<()> {
    let mut quoted = String::new();
    push_qualified(&mut quoted, schema, name, dialect)?;
    match dialect.tables.sequences {
        Sequences::None => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("{} has no {NO_SEQUENCES}", dialect.name),
            ));
        }
        Sequences::NextValueFor => {
            sql.push_str("NEXT VALUE FOR ");
            sql.push_str(&quoted);
        }
        Sequences::Nextval => {
            sql.push_str("nextval(");
            push_literal(sql, &quoted, dialect)?;
            sql.push(')');
        }
    }
    Ok(())
}
