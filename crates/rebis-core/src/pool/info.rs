//! A map from types to values: what a program remembers of a connection.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;

/// A program's own facts, one value for each type.
///
/// A type of one's own is the key, so that two parts of a program do not meet by accident.
///
/// ```
/// use rebis_core::pool::Info;
///
/// #[derive(Debug, PartialEq)]
/// struct Tenant(u32);
///
/// let mut info = Info::default();
/// info.insert(Tenant(7));
/// assert_eq!(info.get::<Tenant>(), Some(&Tenant(7)));
/// assert_eq!(info.remove::<Tenant>(), Some(Tenant(7)));
/// assert_eq!(info.get::<Tenant>(), None);
/// ```
#[derive(Default)]
pub struct Info(HashMap<TypeId, (&'static str, Box<dyn Any + Send>)>);

impl Info {
    /// Keeps a value; returns the one of this type that was there.
    pub fn insert<T: Any + Send>(&mut self, value: T) -> Option<T> {
        unbox(self.0.insert(TypeId::of::<T>(), (type_name::<T>(), Box::new(value))))
    }

    /// The value of a type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>()).and_then(|(_, value)| value.downcast_ref())
    }

    /// The value of a type, to be changed.
    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.0.get_mut(&TypeId::of::<T>()).and_then(|(_, value)| value.downcast_mut())
    }

    /// Takes the value of a type out.
    pub fn remove<T: Any>(&mut self) -> Option<T> {
        unbox(self.0.remove(&TypeId::of::<T>()))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn unbox<T: Any>(entry: Option<(&'static str, Box<dyn Any + Send>)>) -> Option<T> {
    entry.and_then(|(_, value)| value.downcast().ok()).map(|value| *value)
}

/// The types only: values are the program's own.
impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.values().map(|(name, _)| name)).finish()
    }
}
