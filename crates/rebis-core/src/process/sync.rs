//! The atomics of what is lock-free here, under one name, so that the suite can check the same files with loom's.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
