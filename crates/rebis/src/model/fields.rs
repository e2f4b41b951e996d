//! Fields of a model that hold other objects.

use std::fmt;

/// Many related objects, as a field of a model: `addresses: Many<Address>`.
///
/// In a plain value it holds what the program puts in, and [`add`](crate::Session::add) moves that into the session. In an object of a
/// session it is empty: the session has the related objects, [`Instance::related`](crate::Instance::related) shows them. What is put
/// in through [`write`](crate::Instance::write) takes the place of the whole collection at the next look or flush.
///
/// ```
/// use rebis::Many;
///
/// let mut words: Many<String> = ["a".to_owned(), "b".to_owned()].into();
/// words.push("c".to_owned());
/// assert_eq!(words.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
/// ```
pub struct Many<T>(Option<Vec<Item<T>>>);

/// One related object or none, as a field of a model: `user: One<User>`. As [`Many`], for one.
pub struct One<T>(Option<Option<Box<Item<T>>>>);

/// Something in a relation field.
pub(crate) enum Item<T> {
    New(T),
    Existing(ObjectRef),
}

/// An object of a session, by number: plain data, which can be anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    pub(crate) session: u64,
    pub(crate) object: u64,
}

impl<T> Many<T> {
    /// One that holds nothing: as an assignment, an empty collection.
    pub fn new() -> Self {
        Many(Some(Vec::new()))
    }

    /// Puts a value in.
    pub fn push(&mut self, value: T) {
        self.0.get_or_insert_default().push(Item::New(value));
    }

    /// Puts an object of a session in.
    pub fn push_existing(&mut self, object: ObjectRef) {
        self.0.get_or_insert_default().push(Item::Existing(object));
    }

    /// The values that were put in.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten().filter_map(|item| match item {
            Item::New(value) => Some(value),
            Item::Existing(_) => None,
        })
    }

    pub(crate) fn take_items(&mut self) -> Option<Vec<Item<T>>> {
        self.0.take()
    }
}

impl<T> One<T> {
    /// One that holds nothing: as an assignment, no object.
    pub fn none() -> Self {
        One(Some(None))
    }

    /// One that holds an object of a session.
    pub fn existing(object: ObjectRef) -> Self {
        One(Some(Some(Box::new(Item::Existing(object)))))
    }

    /// The value that was put in.
    pub fn value(&self) -> Option<&T> {
        match self.0.as_ref()?.as_deref()? {
            Item::New(value) => Some(value),
            Item::Existing(_) => None,
        }
    }

    pub(crate) fn take_items(&mut self) -> Option<Vec<Item<T>>> {
        self.0.take().map(|item| item.map(|item| *item).into_iter().collect())
    }
}

/// Nothing was said: not the same as an empty collection.
impl<T> Default for Many<T> {
    fn default() -> Self {
        Many(None)
    }
}

/// Nothing was said: not the same as no object.
impl<T> Default for One<T> {
    fn default() -> Self {
        One(None)
    }
}

impl<T, const N: usize> From<[T; N]> for Many<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<T> From<Vec<T>> for Many<T> {
    fn from(values: Vec<T>) -> Self {
        values.into_iter().collect()
    }
}

impl<T> FromIterator<T> for Many<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Many(Some(values.into_iter().map(Item::New).collect()))
    }
}

impl<T> From<T> for One<T> {
    fn from(value: T) -> Self {
        One(Some(Some(Box::new(Item::New(value)))))
    }
}

impl<T: Clone> Clone for Many<T> {
    fn clone(&self) -> Self {
        Many(self.0.clone())
    }
}

impl<T: Clone> Clone for One<T> {
    fn clone(&self) -> Self {
        One(self.0.clone())
    }
}

impl<T: Clone> Clone for Item<T> {
    fn clone(&self) -> Self {
        match self {
            Item::New(value) => Item::New(value.clone()),
            Item::Existing(object) => Item::Existing(*object),
        }
    }
}

/// Equal when both have the same values in them.
impl<T: PartialEq> PartialEq for Many<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: PartialEq> PartialEq for One<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: PartialEq> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Item::New(one), Item::New(other)) => one == other,
            (Item::Existing(one), Item::Existing(other)) => one == other,
            _ => false,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Many<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Many(..)"),
            Some(items) => f.debug_list().entries(items).finish(),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for One<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("One(..)"),
            Some(None) => f.write_str("None"),
            Some(Some(item)) => item.fmt(f),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Item<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::New(value) => value.fmt(f),
            Item::Existing(object) => object.fmt(f),
        }
    }
}
