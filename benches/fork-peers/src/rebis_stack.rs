//! Rebis, on all three databases.

use crate::stack::{NUMBERS, Stack};
use crate::{Outcome, plan};
use rebis::{Engine, Transaction, text};
use std::time::Duration;

pub struct Rebis(pub Engine);

impl Stack for Rebis {
    type Held = Transaction<'static>;

    fn open(url: &str) -> Outcome<Rebis> {
        let engine = Engine::builder(url)?
            .pool_size(plan::POOL)
            .max_overflow(0)
            .pool_timeout(Duration::from_secs(plan::POOL_SECONDS))
            .build()?;
        let rebis = Rebis(engine);
        rebis.probe()?;
        Ok(rebis)
    }

    fn transaction(&self, token: i64) -> Outcome<Option<i64>> {
        let read = self.0.transaction(|tx| {
            tx.execute(text("insert into ledger values (:token)").bind("token", token))?;
            let select = text("select token from ledger where token = :token").bind("token", token);
            tx.execute(select)?.of::<(i64,)>().first()
        })?;
        Ok(read.map(|(token,)| token))
    }

    fn hold(&self, token: i64) -> Outcome<Self::Held> {
        let mut tx = self.0.begin()?;
        tx.execute(text("insert into ledger values (:token)").bind("token", token))?;
        Ok(tx)
    }

    fn finish(mut held: Self::Held, token: i64) -> Outcome<()> {
        held.execute(text("insert into ledger values (:token)").bind("token", token))?;
        Ok(held.commit()?)
    }

    fn close(self, held: Self::Held) {
        drop(held);
        self.0.dispose();
    }

    fn probe(&self) -> Outcome<usize> {
        let mut leased = Vec::new();
        for _ in 0..plan::POOL {
            leased.push(self.0.connect()?);
        }
        let mut right = 0;
        for (number, conn) in leased.iter_mut().enumerate() {
            let number = i64::try_from(number)?;
            let answer: i64 = conn.scalar(text("select cast(:n as decimal(9))").bind("n", number))?;
            right += usize::from(answer == number);
        }
        Ok(right)
    }

    fn stream(&self, pause: &mut dyn FnMut() -> bool) -> Outcome<i64> {
        let mut conn = self.0.connect()?;
        let mut sum = 0;
        for (at, row) in (1..).zip(conn.execute(text(NUMBERS))?.of::<(i64, String)>()) {
            sum += row?.0;
            if at == plan::READ_BEFORE && !pause() {
                return Ok(sum);
            }
        }
        Ok(sum)
    }
}
