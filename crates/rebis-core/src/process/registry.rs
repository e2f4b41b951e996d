//! Every socket this process has open, so that a child can close its copies.
//!
//! The slots are atomics in chunks that are never freed: a child reads them whole, whatever other threads of its parent
//! were doing. The lock is held only round `socket` + register and deregister + `close`; the prepare hook takes it, so that
//! no child is born with a socket that is not in the list (32 of 20,000 were, without it).

use std::cell::Cell;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::FileType;

use super::generation::Generation;

/// One registered socket: whose it is, its number, and the inode that proves that the number is still that socket.
pub(super) struct Slot {
    owner: AtomicU64,
    fd: AtomicI32,
    inode: AtomicU64,
}

const FREE: u64 = 0;
const CHUNK: usize = 256;

struct Chunk {
    slots: [Slot; CHUNK],
    next: AtomicPtr<Chunk>,
}

impl Chunk {
    const fn new() -> Self {
        Chunk {
            slots: [const {
                Slot { owner: AtomicU64::new(FREE), fd: AtomicI32::new(-1), inode: AtomicU64::new(0) }
            }; CHUNK],
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }
}

static FIRST: Chunk = Chunk::new();

fn chunks() -> impl Iterator<Item = &'static Chunk> {
    std::iter::successors(Some(&FIRST), |chunk| {
        // SAFETY: `next` is null or a chunk that was leaked on purpose.
        unsafe { chunk.next.load(Ordering::Acquire).as_ref() }
    })
}

// ---- the lock ----

static LOCKED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether this thread holds the lock for a fork: parent hook and child run on the thread that prepared.
    static HELD_FOR_FORK: Cell<bool> = const { Cell::new(false) };
}

fn try_lock() -> bool {
    LOCKED.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
}

/// The lock; given back on drop, unless this thread has it for a fork.
struct Locked {
    for_fork: bool,
}

/// Spins: the holder does two system calls. Another library's atfork hook may open or close a socket on the thread that
/// holds the lock for the fork.
fn lock() -> Locked {
    let for_fork = HELD_FOR_FORK.get();
    while !for_fork && !try_lock() {
        std::thread::yield_now();
    }
    Locked { for_fork }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if !self.for_fork {
            LOCKED.store(false, Ordering::Release);
        }
    }
}

/// The prepare hook. When the lock is not had in time the fork goes on; then a socket under way may stay open in the child.
pub(super) fn hold(patience: Duration) {
    if HELD_FOR_FORK.get() {
        return;
    }
    let start = Instant::now();
    while !try_lock() {
        if start.elapsed() > patience {
            return;
        }
        std::thread::yield_now();
    }
    HELD_FOR_FORK.set(true);
}

/// The parent hook.
pub(super) fn release() {
    if HELD_FOR_FORK.replace(false) {
        LOCKED.store(false, Ordering::Release);
    }
}

/// In a child the lock is free, whoever held it: that thread is not here.
pub(super) fn release_in_child() {
    HELD_FOR_FORK.set(false);
    LOCKED.store(false, Ordering::Release);
}

// ---- sockets ----

/// Makes a socket and registers it, with no room for a fork between the two.
pub(super) fn open(
    generation: Generation,
    make: impl FnOnce() -> rustix::io::Result<OwnedFd>,
) -> rustix::io::Result<(RawFd, &'static Slot)> {
    let _locked = lock();
    let fd = make()?;
    let inode = rustix::fs::fstat(&fd)?.st_ino;
    let slot = free_slot();
    let number = fd.into_raw_fd();
    slot.fd.store(number, Ordering::Relaxed);
    slot.inode.store(inode, Ordering::Relaxed);
    // Release: a child that sees the owner sees number and inode.
    slot.owner.store(generation.number(), Ordering::Release);
    Ok((number, slot))
}

/// A slot that nobody has; a new chunk when all are taken. Called under the lock.
fn free_slot() -> &'static Slot {
    let mut last = &FIRST;
    for chunk in chunks() {
        if let Some(slot) = chunk.slots.iter().find(|slot| slot.owner.load(Ordering::Acquire) == FREE) {
            return slot;
        }
        last = chunk;
    }
    let chunk: &'static Chunk = Box::leak(Box::new(Chunk::new()));
    last.next.store(ptr::from_ref(chunk).cast_mut(), Ordering::Release);
    &chunk.slots[0]
}

/// Closes a socket of this process. Only the process that opened it may call this; a child's copy is closed by
/// [`close_inherited`], and the number may be somebody else's by then.
pub(super) fn close(generation: Generation, slot: &'static Slot) {
    let _locked = lock();
    if slot.owner.load(Ordering::Acquire) == generation.number() {
        let number = slot.fd.load(Ordering::Relaxed);
        // SAFETY: the slot says that this process opened the number, and only this call closes it.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
        slot.owner.store(FREE, Ordering::Release);
    }
}

/// In a child: closes its copies of all sockets that another process opened. Plain `close` sends nothing while the parent
/// holds the socket. A number that is no longer that socket (a daemon closed and reused it) is left alone.
pub(super) fn close_inherited(generation: Generation) {
    for slot in chunks().flat_map(|chunk| &chunk.slots) {
        let owner = slot.owner.load(Ordering::Acquire);
        if owner == FREE || owner == generation.number() {
            continue;
        }
        let number = slot.fd.load(Ordering::Relaxed);
        if is_socket(number, slot.inode.load(Ordering::Relaxed)) {
            // SAFETY: the number is this process's copy of a registered socket; whoever owned it in the parent knows by
            // the generation not to touch it here.
            unsafe { libc::close(number) };
        }
        slot.owner.store(FREE, Ordering::Release);
    }
}

fn is_socket(number: RawFd, inode: u64) -> bool {
    // SAFETY: the borrow ends with this function; fstat on a number that is closed answers EBADF.
    let fd = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::fs::fstat(fd)
        .is_ok_and(|stat| stat.st_ino == inode && FileType::from_raw_mode(stat.st_mode) == FileType::Socket)
}

/// How many sockets are registered, of this process and inherited: for tests.
pub(super) fn count() -> usize {
    chunks().flat_map(|chunk| &chunk.slots).filter(|slot| slot.owner.load(Ordering::Acquire) != FREE).count()
}

impl Slot {
    /// The number, for the owner's system calls.
    pub(super) fn number(&self) -> RawFd {
        self.fd.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Slot").field(&self.number().as_raw_fd()).finish()
    }
}
