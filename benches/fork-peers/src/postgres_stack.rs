//! r2d2 with the `postgres` crate.

use crate::stack::{NUMBERS, Stack};
use crate::{Outcome, plan};
use postgres::NoTls;
use postgres::fallible_iterator::FallibleIterator;
use r2d2_postgres::PostgresConnectionManager;
use std::time::Duration;

pub struct Postgres(r2d2::Pool<PostgresConnectionManager<NoTls>>);

impl Stack for Postgres {
    type Held = r2d2::PooledConnection<PostgresConnectionManager<NoTls>>;

    fn open(url: &str) -> Outcome<Postgres> {
        let pool = r2d2::Pool::builder()
            .max_size(u32::try_from(plan::POOL)?)
            .connection_timeout(Duration::from_secs(plan::POOL_SECONDS))
            .build(PostgresConnectionManager::new(url.parse()?, NoTls))?;
        let postgres = Postgres(pool);
        postgres.probe()?;
        Ok(postgres)
    }

    fn transaction(&self, token: i64) -> Outcome<Option<i64>> {
        let mut conn = self.0.get()?;
        let mut tx = conn.transaction()?;
        tx.execute("insert into ledger values ($1)", &[&token])?;
        let row = tx.query_opt("select token from ledger where token = $1", &[&token])?;
        let read = row.map(|row| row.try_get(0)).transpose()?;
        tx.commit()?;
        Ok(read)
    }

    fn hold(&self, token: i64) -> Outcome<Self::Held> {
        let mut conn = self.0.get()?;
        conn.batch_execute("begin")?;
        conn.execute("insert into ledger values ($1)", &[&token])?;
        Ok(conn)
    }

    fn finish(mut held: Self::Held, token: i64) -> Outcome<()> {
        held.execute("insert into ledger values ($1)", &[&token])?;
        Ok(held.batch_execute("commit")?)
    }

    fn close(self, held: Self::Held) {
        drop(held);
        drop(self.0);
    }

    fn probe(&self) -> Outcome<usize> {
        let mut leased = Vec::new();
        for _ in 0..plan::POOL {
            leased.push(self.0.get()?);
        }
        let mut right = 0;
        for (number, conn) in leased.iter_mut().enumerate() {
            let number = i64::try_from(number)?;
            let answer: i64 = conn.query_one("select $1::int8", &[&number])?.try_get(0)?;
            right += usize::from(answer == number);
        }
        Ok(right)
    }

    fn stream(&self, pause: &mut dyn FnMut() -> bool) -> Outcome<i64> {
        let mut conn = self.0.get()?;
        let nothing: [i64; 0] = [];
        let mut rows = conn.query_raw(NUMBERS, nothing)?;
        let (mut sum, mut at) = (0, 0);
        while let Some(row) = rows.next()? {
            sum += row.try_get::<_, i64>(0)?;
            at += 1;
            if at == plan::READ_BEFORE && !pause() {
                return Ok(sum);
            }
        }
        Ok(sum)
    }
}
