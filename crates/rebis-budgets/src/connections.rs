//! The pool, on the scripted driver.

use rebis::driver::scripted::Script;
use rebis::{Dialect, Engine};
use std::hint::black_box;

/// An engine whose driver answers what the script says, and counts nothing.
pub(crate) fn engine(script: &Script, dialect: Dialect) -> Engine {
    script.stop_recording();
    Engine::builder_with_connector(script.connector(), dialect).build().unwrap()
}

pub(crate) fn checkout_and_return(count: usize) {
    let engine = engine(&Script::new(), Dialect::SQLITE);
    drop(engine.connect().unwrap());
    for _ in 0..count {
        drop(black_box(engine.connect().unwrap()));
    }
}
