//! r2d2, the pool of Diesel.

use crate::subject::{Dummy, Subject};
use std::io;

pub struct R2d2(r2d2::Pool<Manager>);

pub struct Manager;

impl r2d2::ManageConnection for Manager {
    type Connection = Dummy;
    type Error = io::Error;

    fn connect(&self) -> io::Result<Dummy> {
        Ok(Dummy(1))
    }

    fn is_valid(&self, _: &mut Dummy) -> io::Result<()> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Dummy) -> bool {
        false
    }
}

impl R2d2 {
    /// At its best: by itself it asks the connection at each checkout whether it is alive.
    pub fn new(size: u32) -> R2d2 {
        let builder = r2d2::Pool::builder().max_size(size).test_on_check_out(false);
        R2d2(builder.build(Manager).expect("connecting cannot fail"))
    }
}

impl Subject for R2d2 {
    type Checkout<'a> = r2d2::PooledConnection<Manager>;

    fn name(&self) -> &str {
        "r2d2"
    }

    fn checkout(&self) -> Self::Checkout<'_> {
        self.0.get().expect("a connection within r2d2's 30 seconds")
    }
}
