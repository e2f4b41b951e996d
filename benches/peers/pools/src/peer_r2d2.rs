//! r2d2, the pool of Diesel.

use crate::subject::{Dummy, Subject};
use std::io;

pub struct R2d2 {
    name: &'static str,
    pool: r2d2::Pool<Manager>,
}

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
    /// `test` is what r2d2 does by itself: asking the connection whether it is alive, which costs nothing here
    /// but the call.
    pub fn new(name: &'static str, size: u32, test: bool) -> R2d2 {
        let builder = r2d2::Pool::builder().max_size(size).test_on_check_out(test);
        R2d2 { name, pool: builder.build(Manager).expect("connecting cannot fail") }
    }
}

impl Subject for R2d2 {
    type Checkout<'a> = r2d2::PooledConnection<Manager>;

    fn name(&self) -> &str {
        self.name
    }

    fn checkout(&self) -> Self::Checkout<'_> {
        self.pool.get().expect("a connection within r2d2's 30 seconds")
    }
}
