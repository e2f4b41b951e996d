//! A query's objects as they arrive, in bounded memory.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use rebis_core::rows::PausedRows;
use rebis_core::{Error, ErrorKind, Result};

use super::Query;
use crate::load::{Assembly, Populate, Reading};
use crate::mapper::Record;
use crate::session::Instance;
use crate::session::core::Core;

impl<T: Record> Query<T> {
    /// The objects as they arrive, `size` at a time: what the program does not hold is let go, so that memory stays as it is however
    /// many there are.
    ///
    /// While the stream lives and is not read to its end, whatever else needs the connection is [`Busy`](ErrorKind::Busy):
    /// queries, lazy loads, flushes. Objects can be changed meanwhile, and are flushed afterwards. A rollback ends the stream.
    /// Relations that the model itself loads by statements of their own are lazy here.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) with options that load collections by a join, or anything by more statements; and as
    /// [`all`](Query::all).
    #[track_caller]
    pub fn stream(self, size: usize) -> Result<Stream<T>> {
        let (core, fetch, populate) = self.asked.fetch()?;
        let (select, assembly) = fetch.plan()?;
        if !assembly.is_streamable() {
            let text = "a stream can load relations to one by joinedload, and nothing else: the connection is busy with its rows, \
                        which end an object each; read it page by page";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        core.autoflush()?;
        let (number, paused) = core.begin_stream(|conn| conn.execute_paused(select))?;
        let (size, buffer) = (size.max(1), VecDeque::new());
        Ok(Stream { core, number, paused: Some(paused), assembly, populate, size, buffer })
    }
}

/// A query's objects as they arrive; made by [`Query::stream`].
#[must_use = "a stream is read by iterating"]
pub struct Stream<T> {
    core: Rc<Core>,
    number: u64,
    /// Until the last row has been read.
    paused: Option<PausedRows>,
    assembly: Assembly,
    populate: Populate,
    size: usize,
    buffer: VecDeque<Instance<T>>,
}

impl<T: Record> Stream<T> {
    /// Reads the next objects.
    #[track_caller]
    fn fill(&mut self) -> Result<()> {
        let Some(paused) = self.paused.take() else { return Ok(()) };
        let Stream { core, assembly, size, buffer, .. } = self;
        core.unit.sweep_if_due();
        let reading = Reading::new(&core.unit, self.populate);
        let (ended, paused) = core.on_stream(self.number, |conn| {
            conn.resume(paused, |rows| {
                while buffer.len() < *size {
                    let Some(row) = rows.next()? else { return Ok(true) };
                    if let Some((object, _)) = assembly.row(&reading, &row.view())? {
                        buffer.push_back(Instance::new(core, object));
                    }
                }
                Ok(false)
            })
        })?;
        assembly.finish(&reading)?;
        assembly.forget();
        if ended {
            core.end_stream(self.number);
        } else {
            self.paused = Some(paused);
        }
        Ok(())
    }
}

impl<T: Record> Iterator for Stream<T> {
    type Item = Result<Instance<T>>;

    #[track_caller]
    fn next(&mut self) -> Option<Result<Instance<T>>> {
        if self.buffer.is_empty()
            && let Err(error) = self.fill()
        {
            self.core.end_stream(self.number);
            return Some(Err(error));
        }
        self.buffer.pop_front().map(Ok)
    }
}

impl<T> Drop for Stream<T> {
    fn drop(&mut self) {
        if self.core.check_process().is_err() {
            // The log's span in it is the parent's: closing it may take a lock that nobody here will ever free.
            std::mem::forget(self.paused.take());
            return;
        }
        self.core.end_stream(self.number);
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream({} at a time)", self.size)
    }
}
