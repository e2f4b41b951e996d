//! deadpool, as it comes: it asks the manager to recycle at each checkout, which costs nothing here but the call.

use crate::on_tokio::AsyncSubject;
use crate::subject::Dummy;
use deadpool::managed::{Manager, Metrics, Object, Pool, RecycleResult};
use std::convert::Infallible;

pub struct Deadpool(Pool<Dummies>);

pub struct Dummies;

impl Manager for Dummies {
    type Type = Dummy;
    type Error = Infallible;

    async fn create(&self) -> Result<Dummy, Infallible> {
        Ok(Dummy(1))
    }

    async fn recycle(&self, _: &mut Dummy, _: &Metrics) -> RecycleResult<Infallible> {
        Ok(())
    }
}

impl Deadpool {
    /// A pool of that size with all connections open.
    pub async fn new(size: u32) -> Deadpool {
        let size = usize::try_from(size).expect("a pool size");
        let pool = Pool::builder(Dummies).max_size(size).build().expect("a pool");
        let mut open = Vec::new();
        for _ in 0..size {
            open.push(pool.get().await.expect("connecting cannot fail"));
        }
        drop(open);
        Deadpool(pool)
    }
}

impl AsyncSubject for Deadpool {
    type Checkout<'a> = Object<Dummies>;

    fn name(&self) -> &str {
        "deadpool"
    }

    async fn checkout(&self) -> Object<Dummies> {
        self.0.get().await.expect("a connection")
    }
}
