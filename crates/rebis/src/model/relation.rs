//! Relations, as the derive writes them down and as programs name them.

use std::fmt;
use std::marker::PhantomData;

/// A relation to many objects, as a name: `User::addresses`.
pub struct ToMany<M, T>(pub(crate) usize, PhantomData<fn() -> (M, T)>);

/// A relation to one object or none, as a name: `Address::user`.
pub struct ToOne<M, T>(pub(crate) usize, PhantomData<fn() -> (M, T)>);

impl<M, T> ToMany<M, T> {
    /// The relation with this number of the model; the derive writes it.
    pub const fn new(number: usize) -> Self {
        ToMany(number, PhantomData)
    }
}

impl<M, T> ToOne<M, T> {
    /// The relation with this number of the model; the derive writes it.
    pub const fn new(number: usize) -> Self {
        ToOne(number, PhantomData)
    }
}

impl<M, T> Clone for ToMany<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Clone for ToOne<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for ToMany<M, T> {}
impl<M, T> Copy for ToOne<M, T> {}

impl<M, T> fmt::Debug for ToMany<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToMany").field(&self.0).finish()
    }
}

impl<M, T> fmt::Debug for ToOne<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToOne").field(&self.0).finish()
    }
}

/// Whether a relation has many objects or one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    /// A collection.
    Many,
    /// One object or none.
    One,
}

/// What happens to related objects along with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cascade {
    /// They come into the session with it.
    pub save_update: bool,
    /// They are deleted with it.
    pub delete: bool,
    /// They are deleted when they leave it.
    pub delete_orphan: bool,
    /// They are merged with it.
    pub merge: bool,
    /// They leave the session with it.
    pub expunge: bool,
    /// They are expired and refreshed with it.
    pub refresh_expire: bool,
}

impl Cascade {
    /// `save-update, merge`: when nothing is said.
    pub const DEFAULT: Cascade = Cascade {
        save_update: true,
        delete: false,
        delete_orphan: false,
        merge: true,
        expunge: false,
        refresh_expire: false,
    };

    /// `all`: everything but delete-orphan.
    pub const ALL: Cascade = Cascade {
        save_update: true,
        delete: true,
        delete_orphan: false,
        merge: true,
        expunge: true,
        refresh_expire: true,
    };

    /// The same, and objects that leave are deleted.
    #[must_use]
    pub const fn with_delete_orphan(mut self) -> Self {
        self.delete_orphan = true;
        self
    }
}
