//! The process: which one this is, what it inherited, and what a child must not touch.
//!
//! After a `fork` the child shares its parent's sockets and has copies of its locks, held by threads that do not exist
//! there. The promise of Rebis, that a fork never breaks anybody, rests on this module: [`generation()`] tells the
//! processes apart, a registry lets a child close its copies of the sockets, a gate keeps forks out of SQLite's calls,
//! and [`Socket`] is a socket that only its own process speaks on. `unsafe` lives here and in the drivers' C calls.

#![allow(unsafe_code)]

mod append_list;
mod atfork;
mod atomic_ref;
#[cfg(test)]
pub(crate) mod capture;
mod child;
mod clock;
mod deadline;
mod fork_cell;
pub(crate) mod gate;
mod generation;
mod in_drop;
mod owned;
mod published;
mod quiet;
pub(crate) mod random;
mod registry;
mod replaceable;
mod resolve;
mod socket;
mod sync;
#[doc(hidden)]
pub mod testing;

#[doc(hidden)]
pub use append_list::AppendList;
pub(crate) use atfork::on_new_process;
pub(crate) use atomic_ref::AtomicRef;
pub(crate) use child::{Child, End, Pipe, Received, fork_worker, set_connection_limit, thread_count};
pub use child::{Threads, connection_limit};
pub(crate) use clock::{Clock, Moment, thread_number};
pub use deadline::Deadline;
pub(crate) use fork_cell::ForkCell;
pub use generation::{Generation, generation};
#[doc(hidden)]
pub use in_drop::in_drop;
pub(crate) use owned::{Owned, OwnedBox};
pub use published::Published;
pub(crate) use quiet::{is_quiet, quietly};
pub use replaceable::Replaceable;
pub(crate) use resolve::Resolver;
pub use socket::{Address, Socket, SocketOptions};

use crate::error::{Error, ErrorKind};

/// The error of everything that was opened before a fork and is used after it.
pub(crate) fn forked(what: &str) -> Error {
    Error::new(
        ErrorKind::Forked,
        format!(
            "this {what} was opened by the process that forked this one (now pid {}); \
             take a new one from the engine, which works here",
            std::process::id()
        ),
    )
}
