//! Compiled statements, kept by their text, bounded.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::{Compiled, compile_text};
use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::Text;

/// How many statements are kept; the least recently used one goes.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(500).unwrap();

/// One per engine and process: a lock inside it is never inherited.
#[derive(Debug)]
pub(crate) struct CompiledCache(Mutex<LruCache<Box<str>, Arc<Compiled>>>);

impl CompiledCache {
    pub(crate) fn new() -> Self {
        CompiledCache(Mutex::new(LruCache::new(CAPACITY)))
    }

    /// The compiled form of a statement, and whether it was in the cache.
    pub(crate) fn text(&self, text: &Text, dialect: &Dialect) -> Result<(Arc<Compiled>, bool)> {
        // Held only for a look and an insertion; compiling happens outside, at worst twice.
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = lock().get(text.sql()) {
            return Ok((Arc::clone(compiled), true));
        }
        let compiled = Arc::new(compile_text(text, dialect)?);
        lock().put(text.sql().into(), Arc::clone(&compiled));
        Ok((compiled, false))
    }
}
