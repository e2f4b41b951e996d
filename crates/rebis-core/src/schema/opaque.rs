//! What a description holds for the modules below, which alone know what it is: trees of expressions, views.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A shared value; equal to its clones only.
#[derive(Clone)]
pub(crate) struct Opaque(Arc<dyn Any + Send + Sync>);

impl Opaque {
    pub(crate) fn new(value: Arc<dyn Any + Send + Sync>) -> Self {
        Opaque(value)
    }

    /// The value, where it is of this type.
    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl PartialEq for Opaque {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(composed)")
    }
}
