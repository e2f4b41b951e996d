//! UPDATE and DELETE by a query, with the objects in memory kept in step.

use std::rc::Rc;

use rebis_core::sql::{
    Assignment, Delete, Expr, IntoStatement, Select, Source, Update, delete_from, select, update_table,
};
use rebis_core::{Error, ErrorKind, Result};

use super::Query;
use super::asked::Asked;
use crate::load::typed;
use crate::mapper::{Mapper, Object, Record};
use crate::model::Key;
use crate::session::core::Core;

/// The session, the model and the filters of a query that has nothing else.
type Filtered = (Rc<Core>, &'static Mapper, Vec<Expr<bool>>);

impl<T: Record> Query<T> {
    /// Deletes the rows by one statement. Objects of them that the session has are deleted objects then; cascades of the models are not
    /// followed, only those of the database.
    ///
    /// # Errors
    /// [`Statement`](ErrorKind::Statement) for a query with more than filters; and what the database says.
    #[track_caller]
    pub fn delete(self) -> Result<u64> {
        self.asked.delete()
    }

    /// Changes the rows by one statement: `.update([User::name.set("ed")])`. Objects of them that the session has are read again when
    /// they are next looked at; what has changed of their other columns and is not flushed stays. A version goes up by one, so that whoever has an older one is told.
    ///
    /// # Errors
    /// As [`delete`](Query::delete).
    #[track_caller]
    pub fn update(self, assignments: impl IntoIterator<Item = Assignment>) -> Result<u64> {
        self.asked.update(assignments.into_iter().collect())
    }
}

impl Asked {
    #[track_caller]
    fn delete(self) -> Result<u64> {
        let (core, mapper, filters) = self.only_filters()?;
        let there = in_memory(&core, mapper, &filters)?;
        let statement = filters.into_iter().fold(delete_from(mapper.table()), Delete::filter);
        let affected = run(&core, statement)?;
        there.iter().for_each(|object| core.unit.row_is_deleted(object));
        Ok(affected)
    }

    #[track_caller]
    fn update(self, mut assignments: Vec<Assignment>) -> Result<u64> {
        let (core, mapper, filters) = self.only_filters()?;
        let there = in_memory(&core, mapper, &filters)?;
        core.check_rereadable(&there)?;
        if let Some(version) = mapper.version().map(|version| &*mapper.mapped()[version].name)
            && !assignments.iter().any(|assignment| assignment.column() == version)
        {
            let old: Expr<i64> = mapper.table().typed(version.to_owned());
            assignments.push(Assignment::expr(version.to_owned(), old + 1));
        }
        let columns: Vec<usize> =
            assignments.iter().filter_map(|assignment| mapper.position(assignment.column()).ok()).collect();
        let statement = update_table(mapper.table()).set_all(assignments);
        let statement = filters.into_iter().fold(statement, Update::filter);
        let affected = run(&core, statement)?;
        core.reread(&there, &columns)?;
        Ok(affected)
    }

    fn only_filters(self) -> Result<Filtered> {
        let (mapper, _) = self.select?;
        if self.only_filters {
            let mut filters = self.filters;
            filters.extend(self.options.criteria().of(mapper.table(), &Source::from(mapper.table())));
            return Ok((self.core.0, mapper, filters));
        }
        let text = "a query that updates or deletes has filters only, and neither joins, order nor limit; filter by keys that \
                    another query selects";
        Err(Error::new(ErrorKind::Statement, text))
    }
}

#[track_caller]
fn run(core: &Rc<Core>, statement: impl IntoStatement) -> Result<u64> {
    core.unit.note_write();
    core.on_connection(|conn| Ok(conn.execute(statement)?.rows_affected()))
}

/// The objects in memory that the filters mean: their keys are asked for before the statement runs, in its transaction.
fn in_memory(core: &Rc<Core>, mapper: &'static Mapper, filters: &[Expr<bool>]) -> Result<Vec<Rc<Object>>> {
    core.autoflush()?;
    let Some(like) = core.unit.some_of(mapper) else { return Ok(Vec::new()) };
    let keys = mapper.key().iter().map(|key| mapper.column(*key));
    let query = select(keys.collect::<Vec<_>>()).from(mapper.table());
    let query = filters.iter().cloned().fold(query, Select::filter);
    core.on_connection(|conn| {
        let mut found = Vec::new();
        let mut rows = conn.execute(query)?;
        while let Some(row) = rows.next()? {
            let view = row.view();
            let cells = mapper.key().iter().enumerate();
            let values = cells.map(|(cell, column)| typed(&view, cell, &like, *column, mapper));
            if let Some(key) = Key::try_of(values)? {
                found.extend(core.unit.find(mapper, &key));
            }
        }
        Ok(found)
    })
}
