//! r2d2 with the `mysql` crate.

use crate::stack::{NUMBERS, Stack};
use crate::{Outcome, plan};
use mysql::prelude::Queryable;
use r2d2_mysql::MySqlConnectionManager;
use std::time::Duration;

pub struct Mysql(r2d2::Pool<MySqlConnectionManager>);

impl Stack for Mysql {
    type Held = r2d2::PooledConnection<MySqlConnectionManager>;

    fn open(url: &str) -> Outcome<Mysql> {
        let options = mysql::OptsBuilder::from_opts(mysql::Opts::from_url(url)?);
        let pool = r2d2::Pool::builder()
            .max_size(u32::try_from(plan::POOL)?)
            .connection_timeout(Duration::from_secs(plan::POOL_SECONDS))
            .build(MySqlConnectionManager::new(options))?;
        let mysql = Mysql(pool);
        mysql.probe()?;
        Ok(mysql)
    }

    fn transaction(&self, token: i64) -> Outcome<Option<i64>> {
        let mut conn = self.0.get()?;
        let mut tx = conn.start_transaction(mysql::TxOpts::default())?;
        tx.exec_drop("insert into ledger values (?)", (token,))?;
        let read = tx.exec_first("select token from ledger where token = ?", (token,))?;
        tx.commit()?;
        Ok(read)
    }

    fn hold(&self, token: i64) -> Outcome<Self::Held> {
        let mut conn = self.0.get()?;
        conn.query_drop("start transaction")?;
        conn.exec_drop("insert into ledger values (?)", (token,))?;
        Ok(conn)
    }

    fn finish(mut held: Self::Held, token: i64) -> Outcome<()> {
        held.exec_drop("insert into ledger values (?)", (token,))?;
        Ok(held.query_drop("commit")?)
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
            let answer: Option<usize> = conn.exec_first("select ?", (number,))?;
            right += usize::from(answer == Some(number));
        }
        Ok(right)
    }

    fn stream(&self, pause: &mut dyn FnMut() -> bool) -> Outcome<i64> {
        let mut conn = self.0.get()?;
        let mut sum = 0;
        for (at, row) in (1..).zip(conn.query_iter(NUMBERS)?) {
            let (n, _): (i64, String) = mysql::from_row_opt(row?)?;
            sum += n;
            if at == plan::READ_BEFORE && !pause() {
                return Ok(sum);
            }
        }
        Ok(sum)
    }
}
