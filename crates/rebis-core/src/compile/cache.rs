//! Compiled statements, kept by their text or by their shape, bounded.

#[cfg(test)]
mod tests;

use std::borrow::{Borrow, Cow};
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use super::key::{Key, Values};
use super::render::render;
use super::{Compiled, compile_text};
use crate::dialect::Dialect;
use crate::error::Result;
use crate::schema::SchemaTranslateMap;
use crate::sql::{Binds, Statement, StatementNode, Text};
use crate::value::{Value, ValueRef};

/// Longer texts are compiled each time: many rows in one INSERT, where compiling is the least of it.
const LONGEST: usize = 32 * 1024;

/// One per engine and process: a lock inside it is never inherited.
#[derive(Debug)]
pub(crate) struct CompiledCache {
    texts: Kept<Box<str>, Arc<Compiled>>,
    trees: Kept<Box<[u8]>, Arc<Compiled>>,
}

/// The most recently used ones; nothing when it has room for nothing.
#[derive(Debug)]
struct Kept<K: Hash + Eq, V>(Option<Mutex<LruCache<K, V>>>);

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    fn new(size: usize) -> Self {
        Kept(NonZeroUsize::new(size).map(|size| Mutex::new(LruCache::new(size))))
    }

    /// The lock is held only for a look or an insertion; compiling happens outside, at worst twice.
    fn lock(&self) -> Option<MutexGuard<'_, LruCache<K, V>>> {
        self.0.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.lock()?.get(key).cloned()
    }

    fn put(&self, key: K, value: V) {
        if let Some(mut kept) = self.lock() {
            kept.put(key, value);
        }
    }
}

/// A statement as it is sent, the text and the values beside it; made by [`Engine::compile`](crate::Engine::compile).
#[derive(Debug)]
pub struct CompiledStatement<'s> {
    compiled: Arc<Compiled>,
    /// The statement's own; the compiled form says which one goes where.
    values: Values<'s>,
    /// Those of them that come with the execution, by name.
    parameters: Vec<(usize, &'s Cow<'static, str>)>,
    is_cached: bool,
}

impl<'s> CompiledStatement<'s> {
    /// The text, with the database's placeholders.
    pub fn sql(&self) -> &str {
        &self.compiled.sql
    }

    /// The values in the order of the placeholders.
    pub fn parameters(&self) -> Vec<ValueRef<'_>> {
        let fixed = &self.compiled.fixed;
        let value = |number: &usize| match self.values.get(*number) {
            Some(value) => value.as_ref(),
            // The renderer numbers what it has fixed behind the values; there is no other number.
            None => fixed.get(number - self.values.len()).map_or(ValueRef::Null, Value::as_ref),
        };
        self.compiled.order.iter().map(value).collect()
    }

    /// Whether the text came from the cache.
    pub fn is_cached(&self) -> bool {
        self.is_cached
    }

    /// Puts what was given for the parameters into its places.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`](crate::ErrorKind::Bind) for a parameter without a value, or a value without a parameter.
    fn bind(&mut self, binds: &'s Binds) -> Result<()> {
        for (number, name) in &self.parameters {
            let value = binds.value_of(name).map_err(|error| error.with_sql(self.sql()))?;
            if let Some(place) = self.values.get_mut(*number) {
                *place = value;
            }
        }
        let names: Vec<&str> = self.parameters.iter().map(|(_, name)| &***name).collect();
        binds.check(&names).map_err(|error| error.with_sql(self.sql()))
    }

    pub(crate) fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }
}

impl CompiledCache {
    /// One that keeps so many texts and so many trees.
    pub(crate) fn new(size: usize) -> Self {
        CompiledCache { texts: Kept::new(size), trees: Kept::new(size) }
    }

    /// A statement as it is sent.
    pub(crate) fn statement<'s>(
        &self,
        statement: &'s Statement,
        dialect: &Dialect,
        schemas: &SchemaTranslateMap,
    ) -> Result<CompiledStatement<'s>> {
        match statement {
            Statement::Composed(composed) => {
                let mut compiled = self.tree(&composed.0, dialect, schemas)?;
                if let Some(binds) = composed.0.binds() {
                    compiled.bind(binds)?;
                }
                Ok(compiled)
            }
            Statement::Text(text) => {
                let (compiled, is_cached) = self.text(text, dialect)?;
                let values = text.values(&compiled.names).map_err(|error| error.with_sql(&*compiled.sql))?;
                let values = Values::from_vec(values);
                Ok(CompiledStatement { compiled, values, parameters: Vec::new(), is_cached })
            }
        }
    }

    /// The compiled form of a statement written by hand, and whether it was in the cache.
    pub(crate) fn text(&self, text: &Text, dialect: &Dialect) -> Result<(Arc<Compiled>, bool)> {
        if let Some(compiled) = self.texts.get(text.sql()) {
            return Ok((compiled, true));
        }
        let compiled = Arc::new(compile_text(text, dialect)?);
        self.texts.put(text.sql().into(), Arc::clone(&compiled));
        Ok((compiled, false))
    }

    fn tree<'s>(
        &self,
        statement: &'s StatementNode,
        dialect: &Dialect,
        schemas: &SchemaTranslateMap,
    ) -> Result<CompiledStatement<'s>> {
        let mut key = Key::new(dialect);
        key.look(statement, dialect, schemas)?;
        if let Some(compiled) = self.trees.get(key.shape.bytes()) {
            return Ok(CompiledStatement {
                compiled,
                values: key.values,
                parameters: key.parameters,
                is_cached: true,
            });
        }
        let compiled = Arc::new(render(statement, &key, dialect, schemas)?);
        if !matches!(statement, StatementNode::Ddl(_) | StatementNode::Truncate(_))
            && compiled.sql.len() <= LONGEST
        {
            self.trees.put(key.shape.bytes().into(), Arc::clone(&compiled));
        }
        Ok(CompiledStatement { compiled, values: key.values, parameters: key.parameters, is_cached: false })
    }
}
