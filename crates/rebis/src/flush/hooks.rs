//! What a flush tells while it goes on.

use std::rc::Rc;

use rebis_core::Result;

use crate::mapper::Object;
use crate::unit::Kind;

/// Whoever is told.
pub(crate) trait Hooks {
    /// From now on statements are sent.
    fn sending(&self);

    /// An object is about to be sent: inserted, updated or deleted. Its columns may still be changed.
    fn before(&self, kind: Kind, object: &Rc<Object>) -> Result<()>;

    /// These columns of an object that is updated have other values than at the last flush.
    fn changed(&self, object: &Rc<Object>, columns: &[usize]) -> Result<()>;
}
