//! What lasts longer than a statement: a transaction that only reads, and what `reset_session` undoes.

use super::SqliteConnection;
use crate::driver::{Connection, Cursor};
use crate::error::Result;
use crate::process::Deadline;
use crate::value::ValueRef;

impl SqliteConnection {
    /// Begins a transaction that only reads: no write lock, whatever the URL says, and a write is an error.
    pub(super) fn begin_read_only(&mut self) -> Result<()> {
        self.control_until("BEGIN DEFERRED", self.next_limit)?;
        self.query_only = true;
        self.run_plain("PRAGMA query_only = on")
    }

    /// Lets the connection write again, once its transaction that only read is over, however it ended.
    pub(super) fn leave_read_only(&mut self) -> Result<()> {
        if self.query_only && self.handle.is_autocommit() {
            self.run_plain("PRAGMA query_only = off")?;
            self.query_only = false;
        }
        Ok(())
    }

    /// Undoes what a program set on the connection: attached databases, temporary tables and views, the pragmas that the
    /// URL sets. Other pragmas, functions and `last_insert_rowid` stay.
    pub(super) fn clear_session(&mut self) -> Result<()> {
        // The main database and the temporary one have these numbers.
        for name in self.texts("SELECT name FROM pragma_database_list WHERE seq > 1")? {
            self.control(&format!("DETACH {}", quoted(&name)))?;
        }
        let made = "SELECT type || ' ' || name FROM sqlite_temp_master WHERE type IN ('view', 'table') \
            AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY type DESC";
        for made in self.texts(made)? {
            let (what, name) = made.split_once(' ').unwrap_or(("table", &made));
            // Views and virtual tables take their own helpers along.
            self.control(&format!("DROP {what} IF EXISTS temp.{}", quoted(name)))?;
        }
        self.control("PRAGMA query_only = off")?;
        for pragma in self.pragmas.clone() {
            self.control(&pragma)?;
        }
        self.next_limit = Deadline::NEVER;
        Ok(())
    }

    fn texts(&mut self, sql: &str) -> Result<Vec<String>> {
        self.execute(sql, &[])?;
        let mut texts = Vec::new();
        while self.advance()? {
            if let ValueRef::Text(text) = self.cell(0)? {
                texts.push(text.to_owned());
            }
        }
        Ok(texts)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
