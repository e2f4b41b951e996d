//! A little chance, for pauses and ages that should not coincide. Not for secrets.

use std::sync::atomic::{AtomicU64, Ordering};

/// From 0 to 1, different in each thread, process and call.
///
/// The kernel's randomness, not a generator's: two children have a copy of their parent's generator.
pub(crate) fn fraction() -> f64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 8];
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK);
    let bits = match filled {
        Ok(8) => u64::from_ne_bytes(bytes),
        // Early at boot: spread by the number of the call and the process.
        _ => (CALLS.fetch_add(1, Ordering::Relaxed) ^ u64::from(std::process::id()))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15),
    };
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
