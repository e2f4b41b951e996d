//! Rebis: a whole `Engine::connect` with its fork check, on the scripted driver.

use rebis::driver::scripted::Script;
use rebis::{Connection, Dialect, Engine};

use crate::subject::Subject;

pub struct Rebis(Engine);

impl Rebis {
    /// A pool of that size with all connections open.
    pub fn new(size: u32) -> Rebis {
        let script = Script::new();
        script.stop_recording();
        let size = usize::try_from(size).expect("a pool size");
        let engine = Engine::builder_with_connector(script.connector(), Dialect::SQLITE)
            .pool_size(size)
            .max_overflow(0)
            .build()
            .expect("an engine");
        let open: Vec<Connection> = (0..size).map(|_| engine.connect().expect("a connection")).collect();
        drop(open);
        Rebis(engine)
    }
}

impl Subject for Rebis {
    type Checkout<'a> = Connection;

    fn name(&self) -> &str {
        "Rebis"
    }

    fn checkout(&self) -> Connection {
        self.0.connect().expect("a connection")
    }
}
