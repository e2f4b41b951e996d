//! The rows of an answer, as they come off the wire.

use std::sync::Arc;

use super::MysqlConnection;
use super::answer::Done;
use super::columns::Shape;
use super::decode;
use crate::driver::interrupt::Limit;
use crate::driver::{Column, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// What a statement answered: its shape, and how it went if it is over already.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) shape: Arc<Shape>,
    /// Prepared statements answer in the binary protocol.
    pub(super) binary: bool,
    pub(super) done: Option<Done>,
}

/// The answer that is being read: a part of the connection, which reads past what is left of it.
#[derive(Debug)]
pub(super) struct Answer {
    outcome: Outcome,
    pub(super) on_row: bool,
}

impl Answer {
    pub(super) fn new(outcome: Outcome) -> Self {
        Answer { outcome, on_row: false }
    }
}

impl MysqlConnection {
    fn next_row(&mut self) -> Result<bool> {
        let patience = &mut None;
        let mut skipped = false;
        loop {
            match self.read_row(patience)? {
                Some(end) => {
                    self.answer.outcome.done = Some(self.read_rest(end, patience)?);
                    return if skipped { Err(Limit::error()) } else { Ok(false) };
                }
                // Its time was up: what was under way is read past, the server's word is what counts.
                None if self.wire.run.limit.is_stopped() => skipped = true,
                None => {
                    self.locate().ok_or_else(|| self.wire.protocol_error("a malformed row"))?;
                    self.answer.on_row = true;
                    return Ok(true);
                }
            }
        }
    }

    fn locate(&mut self) -> Option<()> {
        let MysqlConnection { wire, places, answer, .. } = self;
        let Shape { kinds, .. } = &*answer.outcome.shape;
        if answer.outcome.binary {
            decode::locate_binary(wire.payload(), kinds, places)
        } else {
            decode::locate_text(wire.payload(), kinds.len(), places)
        }
    }
}

impl Cursor for MysqlConnection {
    fn columns(&self) -> &Arc<[Column]> {
        &self.answer.outcome.shape.columns
    }

    fn advance(&mut self) -> Result<bool> {
        self.answer.on_row = false;
        if self.answer.outcome.done.is_some() {
            return Ok(false);
        }
        self.wire.check()?;
        // The server broke off with an error, which was told.
        if !self.unfinished {
            return Ok(false);
        }
        let more = self.next_row();
        self.end_call();
        more
    }

    fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        let outside = || Error::new(ErrorKind::Internal, "a cell was asked for that the row does not have");
        if !self.answer.on_row {
            return Err(outside());
        }
        let kinds = &self.answer.outcome.shape.kinds;
        let (Some(place), Some(kind)) = (self.places.get(index), kinds.get(index)) else {
            return Err(outside());
        };
        let Some(place) = place else { return Ok(ValueRef::Null) };
        let bytes = self.wire.payload().get(place.start as usize..place.end as usize);
        let bytes = bytes.ok_or_else(outside)?;
        if self.answer.outcome.binary { decode::binary(*kind, bytes) } else { decode::text(*kind, bytes) }
    }

    fn rows_affected(&self) -> u64 {
        self.answer.outcome.done.map_or(0, |done| done.affected)
    }

    fn last_insert_id(&self) -> Option<i64> {
        let id = self.answer.outcome.done?.last_insert_id;
        i64::try_from(id).ok().filter(|id| *id != 0)
    }
}
