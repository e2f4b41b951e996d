//! What the fork tests need to see and to break. Not part of the API.

use std::ffi::{c_int, c_void};

/// Replaces `madvise`, before the first look at the generation.
///
/// # Safety
/// The function must be as harmless as `madvise` on any page.
pub unsafe fn replace_madvise(advise: unsafe extern "C" fn(*mut c_void, usize, c_int) -> c_int) {
    // SAFETY: by the contract.
    unsafe { super::generation::replace_madvise(advise) };
}

/// How many sockets the registry holds.
pub fn registered_sockets() -> usize {
    super::registry::count()
}
