//! Deferred columns of an object, when they are asked for.

use std::rc::Rc;

use rebis_core::{Error, ErrorKind, Result};

use super::core::Core;
use crate::load::load_deferred;
use crate::mapper::{Object, State};

impl Core {
    /// Loads a deferred column that is neither loaded nor set. What was never in the database has nothing to load.
    #[track_caller]
    pub(super) fn load_deferred(&self, object: &Rc<Object>, position: usize) -> Result<()> {
        match object.head.state.get() {
            State::Pending | State::Transient => Ok(()),
            State::Persistent | State::Deleted if self.unit.is_open() => {
                self.on_connection(|conn| load_deferred(&self.unit, conn, object, position))
            }
            _ => {
                let mapper = object.head.mapper;
                let text = format!(
                    "the column '{}' of {} is deferred and not loaded, and the object is in no session any more",
                    mapper.mapped()[position].name,
                    mapper.name()
                );
                Err(Error::new(ErrorKind::Detached, text))
            }
        }
    }
}
