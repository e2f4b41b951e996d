//! Prepared statements: what the server said of each, and the cache that keeps them.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use postgres_protocol::Oid;
use postgres_protocol::message::backend;

use super::decode::Shape;
use super::error::STATEMENT_PREFIX;
use super::types;
use super::wire::{Reader, Wait, Wire};
use crate::driver::Column;
use crate::error::{Error, ErrorKind, Result};

/// One statement, prepared for one choice of parameter types.
#[derive(Debug, Default)]
pub(super) struct Statement {
    pub(super) name: String,
    /// The parameters' types as we declared them; [`types::UNSPECIFIED`] where the server was to infer.
    declared: Vec<Oid>,
    /// The same as the server understood them.
    pub(super) described: Vec<Oid>,
    pub(super) columns: Arc<[Column]>,
    pub(super) shapes: Vec<Shape>,
}

impl Statement {
    /// Whether values of these types can be bound: NULL always, text where the server inferred the type (it is sent as
    /// text, which every type has), the rest where the type is the value's own, or holds it.
    pub(super) fn fits(&self, wanted: &[Option<Oid>]) -> bool {
        let types = self.declared.iter().zip(&self.described);
        self.declared.len() == wanted.len()
            && wanted.iter().zip(types).all(|(wanted, (declared, described))| match *wanted {
                None => true,
                Some(types::UNSPECIFIED) => *declared == types::UNSPECIFIED,
                Some(types::INT4) => matches!(*described, types::INT4 | types::INT8),
                // An array is sent as a literal, so that a wider one takes it.
                Some(wanted) => {
                    wanted == *described || types::is_array(wanted) && types::holds(*described, wanted)
                }
            })
    }

    /// Reads the answers to Parse and Describe.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] when it has another number of parameters than values are at hand.
    pub(super) fn receive(
        wire: &mut Wire,
        name: String,
        wanted: &[Option<Oid>],
        wait: &mut Wait,
    ) -> Result<Self> {
        wire.expect(backend::PARSE_COMPLETE_TAG, wait)?;
        wire.expect(backend::PARAMETER_DESCRIPTION_TAG, wait)?;
        let described = described(wire.body()).map_err(|error| wire.malformed(error))?;
        let (columns, shapes) = match wire.receive(wait)? {
            backend::NO_DATA_TAG => (Vec::new(), Vec::new()),
            backend::ROW_DESCRIPTION_TAG => columns(wire.body()).map_err(|error| wire.malformed(error))?,
            backend::ERROR_RESPONSE_TAG => return Err(wire.server_error()),
            tag => return Err(wire.unexpected(tag)),
        };
        if described.len() != wanted.len() {
            let text =
                format!("the statement has {} parameters and {} are bound", described.len(), wanted.len());
            return Err(Error::new(ErrorKind::Bind, text));
        }
        let declared = wanted.iter().map(|wanted| wanted.unwrap_or(types::UNSPECIFIED)).collect();
        Ok(Statement { name, declared, described, columns: columns.into(), shapes })
    }
}

fn described(body: &[u8]) -> Result<Vec<Oid>> {
    let mut reader = Reader(body);
    let count = reader.u16()?;
    (0..count).map(|_| reader.u32()).collect()
}

fn columns(body: &[u8]) -> Result<(Vec<Column>, Vec<Shape>)> {
    let mut reader = Reader(body);
    let count = reader.u16()?;
    let mut columns = Vec::new();
    let mut shapes = Vec::new();
    for _ in 0..count {
        let name = String::from_utf8_lossy(reader.text()?);
        // The table's and the column's number.
        reader.bytes(6)?;
        let oid = reader.u32()?;
        // The type's size and modifier, and a format that is not chosen yet.
        reader.bytes(8)?;
        columns.push(Column::new(name, types::name(oid)));
        shapes.push(Shape::of(oid));
    }
    Ok((columns, shapes))
}

/// How many choices of parameter types one SQL text may have prepared at a time.
const VARIANTS: usize = 4;

/// The statements that a connection has prepared, by their SQL; the least recently used goes when there are too many.
#[derive(Debug)]
pub(super) struct Statements {
    /// `None`: no statement is kept, all are unnamed; for poolers between us and the server that swap sessions.
    kept: Option<LruCache<String, Vec<Arc<Statement>>>>,
    /// Names to close with the next request.
    closing: Vec<String>,
    made: u64,
}

impl Statements {
    pub(super) fn new(size: usize) -> Self {
        Statements { kept: NonZeroUsize::new(size).map(LruCache::new), closing: Vec::new(), made: 0 }
    }

    /// A name that this connection has not used.
    pub(super) fn new_name(&mut self) -> String {
        if self.kept.is_none() {
            return String::new();
        }
        self.made += 1;
        format!("{STATEMENT_PREFIX}{}", self.made)
    }

    /// The statement that was prepared for this text and can take values of these types.
    pub(super) fn find(&mut self, sql: &str, wanted: &[Option<Oid>]) -> Option<Arc<Statement>> {
        self.kept.as_mut()?.get(sql)?.iter().find(|statement| statement.fits(wanted)).cloned()
    }

    pub(super) fn keep(&mut self, sql: &str, statement: Arc<Statement>) {
        let Some(kept) = &mut self.kept else { return };
        if let Some(variants) = kept.get_mut(sql) {
            variants.push(statement);
            if variants.len() > VARIANTS {
                self.closing.push(variants.remove(0).name.clone());
            }
        } else if let Some((_, evicted)) = kept.push(sql.to_owned(), vec![statement]) {
            self.closing.extend(evicted.into_iter().map(|statement| statement.name.clone()));
        }
    }

    /// Gives up all variants of a text, because the server has changed its mind about them.
    pub(super) fn forget(&mut self, sql: &str) {
        let variants = self.kept.as_mut().and_then(|kept| kept.pop(sql)).unwrap_or_default();
        self.closing.extend(variants.into_iter().map(|statement| statement.name.clone()));
    }

    /// Gives up all of them, because something that any may be about is gone.
    pub(super) fn forget_all(&mut self) {
        let Some(kept) = &mut self.kept else { return };
        while let Some((_, variants)) = kept.pop_lru() {
            self.closing.extend(variants.into_iter().map(|statement| statement.name.clone()));
        }
    }

    /// The server has ended them all.
    pub(super) fn clear(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
        self.closing.clear();
    }

    /// A name that may or may not exist on the server, to be closed (the server bears both).
    pub(super) fn abandon(&mut self, name: String) {
        if !name.is_empty() {
            self.closing.push(name);
        }
    }

    pub(super) fn take_closing(&mut self) -> Vec<String> {
        std::mem::take(&mut self.closing)
    }
}
