//! Many rows at once, past the unit of work.

use rebis_core::{Result, Value};

use super::Session;
use crate::flush::{insert_records, update_records};
use crate::load::key_of;
use crate::mapper::{Model, Record, mapper};

impl Session {
    /// Inserts values as rows, in statements of many rows, and returns how many. They do not become objects: no keys come back, no
    /// listener hears of them, and it costs a fraction of [`add`](Session::add).
    ///
    /// ```
    /// use rebis::prelude::*;
    ///
    /// #[derive(Debug, Clone, Default, Model)]
    /// struct Reading {
    ///     #[rebis(primary_key)]
    ///     id: i64,
    ///     value: f64,
    /// }
    ///
    /// let engine = Engine::new("sqlite://")?;
    /// rebis::create_all::<(Reading,)>(&engine)?;
    /// let session = Session::new(&engine);
    /// let readings = (0..10_000).map(|number| Reading { id: 0, value: f64::from(number) });
    /// assert_eq!(session.bulk_insert(readings)?, 10_000);
    /// session.commit()?;
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidState`](rebis_core::ErrorKind::InvalidState) for a value with something in a relation field; and what the database
    /// says: what was inserted before is in the transaction then, until it is rolled back.
    #[track_caller]
    pub fn bulk_insert<T: Record>(&self, values: impl IntoIterator<Item = T>) -> Result<u64> {
        self.core.autoflush()?;
        let values: Vec<T> = values.into_iter().collect();
        if values.is_empty() {
            return Ok(0);
        }
        self.core.unit.note_write();
        self.core.on_connection(|conn| insert_records(conn, values))
    }

    /// Writes these columns of values into their rows, found by key, in as few statements as the database allows. A version column
    /// is looked at and counted up. Objects of the rows that the session has are read again when they are next looked at.
    ///
    /// ```
    /// # use rebis::prelude::*;
    /// # #[derive(Debug, Clone, Default, Model)]
    /// # struct Reading {
    /// #     #[rebis(primary_key)]
    /// #     id: i64,
    /// #     value: f64,
    /// # }
    /// # let engine = Engine::new("sqlite://")?;
    /// # rebis::create_all::<(Reading,)>(&engine)?;
    /// # let session = Session::new(&engine);
    /// # session.bulk_insert([Reading { id: 1, value: 1.0 }, Reading { id: 2, value: 2.0 }])?;
    /// session.bulk_update([Reading::value.name()], [Reading { id: 1, value: 1.5 }, Reading { id: 2, value: 2.5 }])?;
    /// assert_eq!(session.query::<Reading>().filter(Reading::value.gt(1.2)).count()?, 2);
    /// # Ok::<(), rebis::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Configuration`](rebis_core::ErrorKind::Configuration) for a name that is no column, or a part of the key;
    /// [`StaleData`](rebis_core::ErrorKind::StaleData) when a row is not there, or has another version; and what the database says.
    #[track_caller]
    pub fn bulk_update<'n, T: Model>(
        &self,
        columns: impl IntoIterator<Item = &'n str>,
        values: impl IntoIterator<Item = T>,
    ) -> Result<()> {
        self.core.autoflush()?;
        let mapper = mapper::<T>()?;
        let columns: Vec<&str> = columns.into_iter().collect();
        let values: Vec<T> = values.into_iter().collect();
        if values.is_empty() || columns.is_empty() {
            return Ok(());
        }
        let mut there = Vec::new();
        for value in &values {
            let key: Vec<Value> = mapper.key().iter().map(|column| value.read(*column)).collect();
            there.extend(key_of(mapper, &key)?.and_then(|key| self.core.unit.find(mapper, &key)));
        }
        self.core.check_rereadable(&there)?;
        self.core.unit.note_write();
        self.core.on_connection(|conn| update_records(conn, mapper, &columns, &values))?;
        let written = columns.iter().filter_map(|name| mapper.position(name).ok()).chain(mapper.version());
        self.core.reread(&there, &written.collect::<Vec<_>>())
    }
}
