//! Columns that are not read with their object.

use std::fmt;
use std::marker::PhantomData;

use rebis_core::sql::Column;

use super::loading::{LoadOption, LoadOptions};

/// A column that is not read with its object, as a field of a model: a picture, a long text. `photo: Deferred<Vec<u8>>`.
///
/// The object's SELECT leaves it out. [`Instance::get`](crate::Instance::get) loads it by a statement of its own when it is first asked
/// for, together with those of its group (`#[rebis(deferred = "group")]`); [`Instance::load`](crate::Instance::load) does the same for
/// who looks at the struct; [`undefer`] loads it with a query. It is set as any column, and an INSERT or an UPDATE never writes what was
/// neither set nor loaded. An object that is read again, after a commit, leaves it unloaded.
///
/// ```
/// use rebis::prelude::*;
/// use rebis::{Deferred, undefer};
///
/// #[derive(Debug, Clone, Default, Model)]
/// struct User {
///     #[rebis(primary_key)]
///     id: i64,
///     name: String,
///     photo: Deferred<Option<Vec<u8>>>,
/// }
///
/// let engine = Engine::new("sqlite://")?;
/// rebis::create_all::<User>(&engine)?;
/// let session = Session::new(&engine);
/// session.add(User { name: "ed".into(), photo: Some(vec![7]).into(), ..User::default() })?;
/// session.commit()?;
/// session.close();
///
/// let ed = session.query::<User>().one()?; // SELECT id, name
/// assert_eq!(ed.read()?.photo.value(), None);
/// assert_eq!(ed.get(User::photo)?, Some(vec![7])); // SELECT photo
/// assert_eq!(ed.read()?.photo.value(), Some(&Some(vec![7])));
/// let ed = session.query::<User>().option(undefer(User::photo)).one()?; // SELECT id, name, photo
/// ed.write()?.photo = None.into();
/// session.commit()?;
/// # Ok::<(), rebis::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Deferred<T>(Option<T>);

impl<T> Deferred<T> {
    /// One that is not loaded, as [`Default`] gives: to an INSERT, a column that is left to the database.
    pub const fn unloaded() -> Self {
        Deferred(None)
    }

    /// The value, where it is loaded or set. Nothing is loaded for it.
    pub const fn value(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// Whether it is loaded, or set.
    pub const fn is_loaded(&self) -> bool {
        self.0.is_some()
    }

    /// Sets it.
    pub fn set(&mut self, value: T) {
        self.0 = Some(value);
    }

    /// The value, taken out.
    pub fn into_value(self) -> Option<T> {
        self.0
    }
}

impl<T> Default for Deferred<T> {
    fn default() -> Self {
        Deferred::unloaded()
    }
}

impl<T> From<T> for Deferred<T> {
    fn from(value: T) -> Self {
        Deferred(Some(value))
    }
}

/// No I/O.
impl<T: fmt::Debug> fmt::Debug for Deferred<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("Deferred(..)"),
        }
    }
}

/// Deferred columns that a query loads all the same; made by [`undefer`] and [`undefer_group`].
pub struct Undefer<M> {
    column: Option<&'static str>,
    group: Option<&'static str>,
    marker: PhantomData<fn() -> M>,
}

/// A [`Deferred`] column comes with the query: for [`Query::option`](crate::Query::option), and behind a relation for
/// [`Load::then`](crate::Load::then). It stays with the objects, also when they are read again.
///
/// ```
/// use rebis::prelude::*;
/// use rebis::{Deferred, selectinload, undefer};
/// # #[derive(Debug, Clone, Default, Model)]
/// # struct User {
/// #     #[rebis(primary_key)]
/// #     id: i64,
/// #     #[rebis(relationship)]
/// #     notes: Many<Note>,
/// # }
/// #[derive(Debug, Clone, Default, Model)]
/// struct Note {
///     #[rebis(primary_key)]
///     id: i64,
///     words: Deferred<String>,
///     #[rebis(foreign_key = User::id)]
///     user_id: i64,
/// }
/// # let engine = Engine::new("sqlite://")?;
/// # rebis::create_all::<(User, Note)>(&engine)?;
/// # let session = Session::new(&engine);
/// # let note = Note { words: "milk".to_owned().into(), ..Note::default() };
/// # session.add(User { notes: [note].into(), ..User::default() })?;
/// # session.commit()?;
/// # session.close();
///
/// let load = selectinload(User::notes).then(undefer(Note::words));
/// let user = session.query::<User>().option(load).one()?;
/// for note in user.related(User::notes)? {
///     assert_eq!(note.read()?.words.value().map(String::as_str), Some("milk"));
/// }
/// # Ok::<(), rebis::Error>(())
/// ```
pub fn undefer<M, T>(column: Column<M, T>) -> Undefer<M> {
    Undefer { column: Some(column.name()), group: None, marker: PhantomData }
}

/// [`undefer`] of all columns of a group.
///
/// ```
/// use rebis::prelude::*;
/// use rebis::{Deferred, undefer_group};
///
/// #[derive(Debug, Clone, Default, Model)]
/// struct Song {
///     #[rebis(primary_key)]
///     id: i64,
///     #[rebis(deferred = "media")]
///     cover: Deferred<Option<Vec<u8>>>,
///     #[rebis(deferred = "media")]
///     sound: Deferred<Option<Vec<u8>>>,
/// }
///
/// let engine = Engine::new("sqlite://")?;
/// rebis::create_all::<Song>(&engine)?;
/// let session = Session::new(&engine);
/// session.add(Song::default())?;
/// session.commit()?;
/// session.close();
/// let song = session.query::<Song>().option(undefer_group("media")).one()?;
/// assert!(song.read()?.cover.is_loaded() && song.read()?.sound.is_loaded());
/// # Ok::<(), rebis::Error>(())
/// ```
pub fn undefer_group<M>(group: &'static str) -> Undefer<M> {
    Undefer { column: None, group: Some(group), marker: PhantomData }
}

impl<M> LoadOption<M> for Undefer<M> {
    fn add_to(self, options: &mut LoadOptions) {
        options.undeferred.extend(self.column);
        options.undeferred_groups.extend(self.group);
    }
}

impl<M> fmt::Debug for Undefer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Undefer").field(&self.column.or(self.group)).finish()
    }
}
