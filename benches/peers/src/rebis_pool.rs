//! TO FILL IN: Rebis' pool over a scripted driver whose connections do nothing.
//!
//! Left out until the feature `rebis` is on. What is missing:
//! 1. a type with [`crate::subject::Subject`] for Rebis' pool, `Checkout<'a>` being what its checkout returns;
//! 2. `rebis_pool(size)`, a pool of that size with all connections open, the driver answering at once;
//! 3. in Cargo.toml `default = ["rebis"]`.

compile_error!("src/rebis_pool.rs is not written yet: do so, or build without the feature `rebis`");

/// The pool of that size.
pub fn rebis_pool(size: u32) -> impl crate::subject::Subject + 'static {
    let _ = size;
    crate::floor::MutexVec::new(0)
}
