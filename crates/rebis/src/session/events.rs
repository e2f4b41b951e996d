//! Listening to a session.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use rebis_core::pool::Listener;
use rebis_core::process::AppendList;
use rebis_core::sql::Column;
use rebis_core::{Connection, FromValue, Result, Value};

use super::core::Core;
use super::instance::{Instance, mismatched};
use super::{Session, SessionMaker};
use crate::mapper::{Model, Object, State};
use crate::model::{ToMany, ToOne};
use crate::unit::{Kind, Wanted};

/// The listeners of a session, or of a maker for all its sessions. Read without a lock, so a child can inherit them.
#[doc(hidden)]
#[derive(Default)]
pub struct Listeners {
    pub(super) wanted: Arc<Wanted>,
    entries: AppendList<Entry>,
}

type Listen = dyn Fn(&mut Told<'_>) -> Result<()> + Send + Sync;

struct Entry {
    kind: Kind,
    listen: Box<Listen>,
}

impl Listeners {
    /// Those of one kind, in the order in which they were added.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &Listen> {
        self.entries.iter().filter(move |entry| entry.kind == kind).map(|entry| &*entry.listen)
    }

    fn add(
        &self,
        kind: Kind,
        listen: impl Fn(&mut Told<'_>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        let removed = self.entries.push(Entry { kind, listen: Box::new(listen) });
        self.wanted.add(kind);
        Listener::new(removed)
    }

    fn of_session(
        &self,
        kind: Kind,
        listen: impl Fn(&Session) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.add(kind, move |told| match told {
            Told::Session(session) => listen(session),
            _ => Ok(()),
        })
    }

    fn of_object<T: Model>(
        &self,
        kind: Kind,
        listen: impl Fn(&Instance<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.add(kind, move |told| match told {
            Told::Object(object) => object.downcast().map_or(Ok(()), |instance| listen(&instance)),
            _ => Ok(()),
        })
    }

    fn of_link<T: Model, R: RelationOf<T>>(
        &self,
        kind: Kind,
        relation: &R,
        listen: impl Fn(&Instance<T>, &Instance<R::Other>) + Send + Sync + 'static,
    ) -> Listener {
        let wanted = relation.number();
        self.add(kind, move |told| {
            if let Told::Link { owner, relation, other } = told
                && *relation == wanted
                && let (Some(owner), Some(other)) = (owner.downcast(), other.downcast())
            {
                listen(&owner, &other);
            }
            Ok(())
        })
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listeners({})", self.entries.iter().count())
    }
}

/// What a listener is told, before it is typed.
pub(super) enum Told<'t> {
    Session(&'t Session),
    Begun(&'t Session, &'t mut Connection),
    Object(&'t AnyInstance),
    Link { owner: &'t AnyInstance, relation: usize, other: &'t AnyInstance },
    Set { object: &'t AnyInstance, column: usize, old: &'t Value, new: &'t Value },
    State { object: &'t AnyInstance, from: State, to: State },
}

/// An object of a session, whatever its model: what listeners to all models are given.
#[derive(Clone)]
pub struct AnyInstance {
    core: Rc<Core>,
    object: Rc<Object>,
}

impl AnyInstance {
    pub(super) fn new(core: &Rc<Core>, object: &Rc<Object>) -> Self {
        AnyInstance { core: Rc::clone(core), object: Rc::clone(object) }
    }

    /// What its model is called.
    pub fn model(&self) -> &str {
        self.object.head.mapper.name()
    }

    /// How it stands to its session.
    pub fn state(&self) -> State {
        self.object.head.state.get()
    }

    /// The object as one of this model, if it is.
    pub fn downcast<T: Model>(&self) -> Option<Instance<T>> {
        self.object
            .data
            .as_any()
            .is::<RefCell<T>>()
            .then(|| Instance::new(&self.core, Rc::clone(&self.object)))
    }
}

impl fmt::Debug for AnyInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyInstance<{}>({:?})", self.model(), self.state())
    }
}

/// A relation of a model, as a listener names it.
pub trait RelationOf<T: Model> {
    /// The model on the other side.
    type Other: Model;
    #[doc(hidden)]
    fn number(&self) -> usize;
}

impl<T: Model, U: Model> RelationOf<T> for ToMany<T, U> {
    type Other = U;

    fn number(&self) -> usize {
        self.0
    }
}

impl<T: Model, U: Model> RelationOf<T> for ToOne<T, U> {
    type Other = U;

    fn number(&self) -> usize {
        self.0
    }
}

/// Listening to a [`Session`], or through a [`SessionMaker`] to all its sessions, those that are there as well.
///
/// Listeners are called in the order in which they were added, those of the maker before those of the session, on the thread of the
/// session. An error of one stops what is under way, where a listener can return one. While a flush sends (`on_before_insert`,
/// `on_before_update`, `on_before_delete`, `on_set`) a listener may change the columns of its own object and nothing else; to change
/// other objects, to add or to delete there is `on_before_flush`. What was loaded, refreshed, linked, or has come into another state
/// is told when the call that did it is done.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use rebis::{Engine, Session, SessionEvents};
///
/// let session = Session::new(&Engine::new("sqlite://")?);
/// let commits = Arc::new(AtomicU32::new(0));
/// let count = Arc::clone(&commits);
/// let listener = session.on_after_commit(move |_session| {
///     count.fetch_add(1, Ordering::Relaxed);
/// });
/// session.commit()?;
/// listener.remove();
/// session.commit()?;
/// assert_eq!(commits.load(Ordering::Relaxed), 1);
/// # Ok::<(), rebis::Error>(())
/// ```
pub trait SessionEvents {
    #[doc(hidden)]
    fn listeners(&self) -> &Listeners;

    /// After a connection was leased for a transaction, before its first statement. The listener may use the connection, not the
    /// session.
    fn on_after_begin(
        &self,
        listen: impl Fn(&Session, &mut Connection) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().add(Kind::AfterBegin, move |told| match told {
            Told::Begun(session, conn) => listen(session, conn),
            _ => Ok(()),
        })
    }

    /// Before a flush. The listener may change objects, add and delete.
    fn on_before_flush(&self, listen: impl Fn(&Session) -> Result<()> + Send + Sync + 'static) -> Listener {
        self.listeners().of_session(Kind::BeforeFlush, listen)
    }

    /// After everything was sent. What the listener changes is for the next flush; a commit flushes until nothing is left.
    fn on_after_flush(&self, listen: impl Fn(&Session) -> Result<()> + Send + Sync + 'static) -> Listener {
        self.listeners().of_session(Kind::AfterFlush, listen)
    }

    /// Before a commit and its flush.
    fn on_before_commit(&self, listen: impl Fn(&Session) -> Result<()> + Send + Sync + 'static) -> Listener {
        self.listeners().of_session(Kind::BeforeCommit, listen)
    }

    /// After a commit. Objects still have their values; statements cannot be sent.
    fn on_after_commit(&self, listen: impl Fn(&Session) + Send + Sync + 'static) -> Listener {
        self.listeners().of_session(Kind::AfterCommit, quiet(listen))
    }

    /// After the transaction was rolled back, in memory as well; statements cannot be sent.
    fn on_after_rollback(&self, listen: impl Fn(&Session) + Send + Sync + 'static) -> Listener {
        self.listeners().of_session(Kind::AfterRollback, quiet(listen))
    }

    /// After a savepoint was rolled back. The transaction goes on.
    fn on_after_soft_rollback(&self, listen: impl Fn(&Session) + Send + Sync + 'static) -> Listener {
        self.listeners().of_session(Kind::AfterSoftRollback, quiet(listen))
    }

    /// Before an object of this model is inserted. Foreign keys are there, generated keys are not.
    fn on_before_insert<T: Model>(
        &self,
        listen: impl Fn(&Instance<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().of_object(Kind::BeforeInsert, listen)
    }

    /// Before an object of this model that has changed is updated.
    fn on_before_update<T: Model>(
        &self,
        listen: impl Fn(&Instance<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().of_object(Kind::BeforeUpdate, listen)
    }

    /// Before an object of this model is deleted.
    fn on_before_delete<T: Model>(
        &self,
        listen: impl Fn(&Instance<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().of_object(Kind::BeforeDelete, listen)
    }

    /// After an object of this model was inserted, once the flush has sent everything.
    fn on_after_insert<T: Model>(
        &self,
        listen: impl Fn(&Instance<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().of_object(Kind::AfterInsert, listen)
    }

    /// After an object of this model was updated, once the flush has sent everything.
    fn on_after_update<T: Model>(
        &self,
        listen: impl Fn(&Instance<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().of_object(Kind::AfterUpdate, listen)
    }

    /// After an object of this model was deleted, once the flush has sent everything.
    fn on_after_delete<T: Model>(
        &self,
        listen: impl Fn(&Instance<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().of_object(Kind::AfterDelete, listen)
    }

    /// After an object of this model was loaded into the session, before the call that loaded it returns.
    fn on_load<T: Model>(&self, listen: impl Fn(&Instance<T>) + Send + Sync + 'static) -> Listener {
        self.listeners().of_object(Kind::Load, quiet(listen))
    }

    /// After an object of this model was read again.
    fn on_refresh<T: Model>(&self, listen: impl Fn(&Instance<T>) + Send + Sync + 'static) -> Listener {
        self.listeners().of_object(Kind::Refresh, quiet(listen))
    }

    /// When a flush finds that a column of an object that is there has changed: once, with its value at the last flush and the one
    /// that is sent.
    fn on_set<T: Model, V: FromValue>(
        &self,
        column: Column<T, V>,
        listen: impl Fn(&Instance<T>, V, V) -> Result<()> + Send + Sync + 'static,
    ) -> Listener {
        let name = column.name();
        self.listeners().add(Kind::Set, move |told| {
            let Told::Set { object, column, old, new } = told else { return Ok(()) };
            let Some(instance) = object.downcast::<T>() else { return Ok(()) };
            if object.object.head.mapper.position(name)? != *column {
                return Ok(());
            }
            let value =
                |value: &Value| V::from_value(value.as_ref()).map_err(|mismatch| mismatched(name, &mismatch));
            listen(&instance, value(old)?, value(new)?)
        })
    }

    /// When an object was put into a relation, on whichever side.
    fn on_append<T: Model, R: RelationOf<T>>(
        &self,
        relation: R,
        listen: impl Fn(&Instance<T>, &Instance<R::Other>) + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().of_link(Kind::Append, &relation, listen)
    }

    /// When an object was taken out of a relation, on whichever side.
    fn on_remove<T: Model, R: RelationOf<T>>(
        &self,
        relation: R,
        listen: impl Fn(&Instance<T>, &Instance<R::Other>) + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().of_link(Kind::Remove, &relation, listen)
    }

    /// When an object of any model has come from one state into another: pending to persistent, say.
    fn on_state_change(
        &self,
        listen: impl Fn(&AnyInstance, State, State) + Send + Sync + 'static,
    ) -> Listener {
        self.listeners().add(Kind::StateChange, move |told| {
            if let Told::State { object, from, to } = told {
                listen(object, *from, *to);
            }
            Ok(())
        })
    }
}

/// A listener whose work cannot be stopped any more.
fn quiet<A>(
    listen: impl Fn(&A) + Send + Sync + 'static,
) -> impl Fn(&A) -> Result<()> + Send + Sync + 'static {
    move |about| {
        listen(about);
        Ok(())
    }
}

impl SessionEvents for Session {
    fn listeners(&self) -> &Listeners {
        self.core.own_listeners()
    }
}

impl SessionEvents for SessionMaker {
    fn listeners(&self) -> &Listeners {
        self.shared_listeners()
    }
}
