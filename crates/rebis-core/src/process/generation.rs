//! Which process this is, counted in forks, at the price of one load.
//!
//! A process id does not tell: `getpid` is a system call, and a child in a nested pid namespace can have its parent's.
//! The truth is one page that the kernel wipes in every child (`MADV_WIPEONFORK`, Linux 4.14): where the word in it is
//! zero, a fork has happened since anybody looked. It sees `fork`, `_Fork` and raw `clone`, and rightly does not see
//! `vfork`, whose child shares the memory. Where the page is not to be had, an atfork counter and `getpid` serve.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use super::atfork;

/// How many forks lie between the first process that looked and this one. Equal means: the same process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation(u64);

impl Generation {
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

// States of the wiped word. A fork in the middle of a transition is no problem: the grandchild's word is WIPED again,
// and nothing was stamped with the number under way.
const WIPED: u32 = 0;
const CHANGING: u32 = 1;
const READY: u32 = 2;

static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The generation of this process.
///
/// Two calls that return the same value happened in one process; a call in a forked child returns another value than
/// any call in its parent. Costs a load on Linux.
///
/// ```
/// use rebis_core::process::generation;
/// assert_eq!(generation(), generation());
/// ```
#[inline]
pub fn generation() -> Generation {
    let page = PAGE.load(Ordering::Acquire);
    // SAFETY: a non-null PAGE points to a word of a mapping that is never unmapped.
    if !page.is_null() && unsafe { &*page }.load(Ordering::Acquire) == READY {
        // Relaxed: the Acquire of READY, stored with Release after the count, orders this load.
        return Generation(COUNT.load(Ordering::Relaxed));
    }
    slow(page)
}

#[cold]
fn slow(page: *mut AtomicU32) -> Generation {
    if page.is_null() {
        install();
    }
    let page = PAGE.load(Ordering::Acquire);
    // SAFETY: `install` has published a valid, never unmapped word.
    let word = unsafe { &*page };
    if FALLBACK_PID.load(Ordering::Acquire) != 0 {
        return by_pid(word);
    }
    transition(word)
}

/// From WIPED to READY, by whoever comes first; the others spin for the few system calls it takes.
fn transition(word: &AtomicU32) -> Generation {
    loop {
        match word.compare_exchange(WIPED, CHANGING, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                // Another thread's fork may have come between its claim of the hooks and their registration.
                atfork::install();
                COUNT.fetch_add(1, Ordering::AcqRel);
                atfork::entered_new_process(Generation(COUNT.load(Ordering::Acquire)));
                // Release: whoever sees READY sees the count and the closed descriptors.
                word.store(READY, Ordering::Release);
            }
            Err(READY) => return Generation(COUNT.load(Ordering::Acquire)),
            Err(_) => std::hint::spin_loop(),
        }
    }
}

/// A look without an answer, for the atfork hooks: a child lets go of inherited sockets even if it never uses Rebis.
pub(super) fn look() {
    let page = PAGE.load(Ordering::Acquire);
    if !page.is_null() {
        slow(page);
    }
}

// ---- the page ----

type Advise = unsafe extern "C" fn(*mut c_void, usize, c_int) -> c_int;

static ADVISE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Replaces `madvise` before the first look: tests make it fail or lie.
///
/// # Safety
/// The function must be as harmless as `madvise`.
pub(super) unsafe fn replace_madvise(advise: Advise) {
    ADVISE.store(advise as *mut c_void, Ordering::Release);
}

fn advise() -> Advise {
    let replaced = ADVISE.load(Ordering::Acquire);
    if replaced.is_null() {
        libc::madvise
    } else {
        // SAFETY: only `replace_madvise` stores here, and it stores an `Advise`.
        unsafe { std::mem::transmute::<*mut c_void, Advise>(replaced) }
    }
}

/// Maps the page and publishes it. No lock and no `Once`: a fork in the middle must not leave a child waiting for a
/// thread that it does not have. The loser of a race unmaps its page.
fn install() {
    atfork::install();
    let (word, wiped) = map_page();
    if !wiped {
        // Before the page is published: whoever sees the page must also see that it is not to be trusted.
        FALLBACK_PID.store(current_pid(), Ordering::Release);
    }
    if PAGE.compare_exchange(ptr::null_mut(), word, Ordering::AcqRel, Ordering::Acquire).is_err() && wiped {
        // SAFETY: this mapping was made above and nobody else has seen it.
        unsafe { libc::munmap(word.cast(), PAGE_SIZE) };
    }
}

const PAGE_SIZE: usize = 4096;

/// One zeroed page, and whether the kernel really wipes it in children.
fn map_page() -> (*mut AtomicU32, bool) {
    // SAFETY: an anonymous private mapping at an address of the kernel's choice touches nothing that exists.
    let page = unsafe {
        libc::mmap(
            ptr::null_mut(),
            PAGE_SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return (ptr::from_ref(&FALLBACK_WORD).cast_mut(), false);
    }
    let advise = advise();
    // An emulator that says yes to everything says yes to advice -1 too: then nothing it says counts.
    // SAFETY: `page` is a mapping of PAGE_SIZE bytes; madvise with these two advices changes none of its bytes here.
    let wiped =
        unsafe { advise(page, PAGE_SIZE, -1) != 0 && advise(page, PAGE_SIZE, libc::MADV_WIPEONFORK) == 0 };
    (page.cast(), wiped)
}

// ---- without the page ----

/// The pid that `COUNT` belongs to; 0 while the page is trusted.
static FALLBACK_PID: AtomicI32 = AtomicI32::new(0);
static FALLBACK_WORD: AtomicU32 = AtomicU32::new(WIPED);

/// The word stays away from READY for good, so every look comes here and asks for the pid.
fn by_pid(word: &AtomicU32) -> Generation {
    let pid = current_pid();
    loop {
        let known = FALLBACK_PID.load(Ordering::Acquire);
        let first = COUNT.load(Ordering::Acquire) == 0;
        if known == pid && !first && word.load(Ordering::Acquire) == WIPED {
            return Generation(COUNT.load(Ordering::Acquire));
        }
        // CHANGING that a parent's other thread left behind would last for ever: `reset_in_child` clears it.
        if word.compare_exchange(WIPED, CHANGING, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            if FALLBACK_PID.load(Ordering::Acquire) != pid || COUNT.load(Ordering::Acquire) == 0 {
                COUNT.fetch_add(1, Ordering::AcqRel);
                atfork::entered_new_process(Generation(COUNT.load(Ordering::Acquire)));
                FALLBACK_PID.store(pid, Ordering::Release);
            }
            word.store(WIPED, Ordering::Release);
        } else {
            std::hint::spin_loop();
        }
    }
}

/// In the atfork child hook, where only one thread exists: a child whose pid happens to be its parent's (a nested pid
/// namespace) is another process all the same.
pub(super) fn reset_in_child() {
    if FALLBACK_PID.load(Ordering::Acquire) != 0 {
        FALLBACK_PID.store(-1, Ordering::Release);
        let page = PAGE.load(Ordering::Acquire);
        if !page.is_null() {
            // SAFETY: a published page is never unmapped.
            unsafe { &*page }.store(WIPED, Ordering::Release);
        }
    }
}

fn current_pid() -> i32 {
    // SAFETY: getpid has no preconditions.
    unsafe { libc::getpid() }
}
