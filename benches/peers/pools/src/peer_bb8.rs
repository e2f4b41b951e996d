//! bb8, as it comes: it tests the connection at each checkout, which costs nothing here but the call.

use crate::on_tokio::AsyncSubject;
use crate::subject::Dummy;
use std::convert::Infallible;

pub struct Bb8(bb8::Pool<Dummies>);

pub struct Dummies;

impl bb8::ManageConnection for Dummies {
    type Connection = Dummy;
    type Error = Infallible;

    async fn connect(&self) -> Result<Dummy, Infallible> {
        Ok(Dummy(1))
    }

    async fn is_valid(&self, _: &mut Dummy) -> Result<(), Infallible> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Dummy) -> bool {
        false
    }
}

impl Bb8 {
    /// A pool of that size with all connections open.
    pub async fn new(size: u32) -> Bb8 {
        let builder = bb8::Pool::builder().max_size(size).min_idle(size);
        Bb8(builder.build(Dummies).await.expect("connecting cannot fail"))
    }
}

impl AsyncSubject for Bb8 {
    type Checkout<'a> = bb8::PooledConnection<'a, Dummies>;

    fn name(&self) -> &str {
        "bb8"
    }

    async fn checkout(&self) -> Self::Checkout<'_> {
        self.0.get().await.expect("a connection within bb8's 30 seconds")
    }
}
