//! sqlx's pool on a database that does nothing: what `sqlx-core` asks of a driver, and no more.
//!
//! The pool only connects, pings and closes. It pings each connection on its return, in a task that it spawns for that.

use crate::on_tokio::AsyncSubject;
use sqlx_core::database::Database;
use sqlx_core::error::{BoxDynError, Error};
use sqlx_core::pool::{Pool, PoolConnection, PoolOptions};
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::Transaction;
use sqlx_core::{arguments, column, connection, row, statement, transaction, type_info, value};
use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub struct Sqlx(Pool<Dummies>);

impl Sqlx {
    /// A pool of that size with all connections open, which are not tested at checkout.
    pub async fn new(size: u32) -> Sqlx {
        let options = PoolOptions::new().max_connections(size).min_connections(size);
        let options = options.test_before_acquire(false).max_lifetime(None).idle_timeout(None);
        Sqlx(options.connect_with(Options).await.expect("connecting cannot fail"))
    }
}

impl AsyncSubject for Sqlx {
    type Checkout<'a> = PoolConnection<Dummies>;

    fn name(&self) -> &str {
        "sqlx"
    }

    async fn checkout(&self) -> PoolConnection<Dummies> {
        self.0.acquire().await.expect("a connection within sqlx's 30 seconds")
    }
}

#[derive(Debug)]
pub struct Dummies;

#[derive(Debug)]
pub struct Dummy;

#[derive(Debug, Clone)]
pub struct Options;

/// What there is none of: rows, columns, values, statements.
#[derive(Debug, Clone, PartialEq)]
pub struct Nothing(Infallible);

#[derive(Debug, Default)]
pub struct NoArguments;

#[derive(Default)]
pub struct NoResult;

impl Extend<NoResult> for NoResult {
    fn extend<T: IntoIterator<Item = NoResult>>(&mut self, _: T) {}
}

impl Database for Dummies {
    type Connection = Dummy;
    type TransactionManager = NoArguments;
    type Row = Nothing;
    type QueryResult = NoResult;
    type Column = Nothing;
    type TypeInfo = Nothing;
    type Value = Nothing;
    type ValueRef<'r> = Nothing;
    type Arguments = NoArguments;
    type ArgumentBuffer = ();
    type Statement = Nothing;

    const NAME: &'static str = "nothing";
    const URL_SCHEMES: &'static [&'static str] = &["nothing"];
}

impl connection::Connection for Dummy {
    type Database = Dummies;
    type Options = Options;

    async fn close(self) -> Result<(), Error> {
        Ok(())
    }

    async fn close_hard(self) -> Result<(), Error> {
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn begin(&mut self) -> Result<Transaction<'_, Dummies>, Error> {
        Transaction::begin(self, None).await
    }

    fn shrink_buffers(&mut self) {}

    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn should_flush(&self) -> bool {
        false
    }
}

impl FromStr for Options {
    type Err = Error;

    fn from_str(_: &str) -> Result<Options, Error> {
        Ok(Options)
    }
}

impl connection::ConnectOptions for Options {
    type Connection = Dummy;

    fn from_url(_: &sqlx_core::Url) -> Result<Options, Error> {
        Ok(Options)
    }

    async fn connect(&self) -> Result<Dummy, Error> {
        Ok(Dummy)
    }

    fn log_statements(self, _: log::LevelFilter) -> Options {
        self
    }

    fn log_slow_statements(self, _: log::LevelFilter, _: Duration) -> Options {
        self
    }
}

impl transaction::TransactionManager for NoArguments {
    type Database = Dummies;

    async fn begin(_: &mut Dummy, _: Option<SqlStr>) -> Result<(), Error> {
        Ok(())
    }

    async fn commit(_: &mut Dummy) -> Result<(), Error> {
        Ok(())
    }

    async fn rollback(_: &mut Dummy) -> Result<(), Error> {
        Ok(())
    }

    fn start_rollback(_: &mut Dummy) {}

    fn get_transaction_depth(_: &Dummy) -> usize {
        0
    }
}

impl arguments::Arguments for NoArguments {
    type Database = Dummies;

    fn reserve(&mut self, _: usize, _: usize) {}

    fn add<'t, T>(&mut self, _: T) -> Result<(), BoxDynError>
    where
        T: sqlx_core::encode::Encode<'t, Dummies> + sqlx_core::types::Type<Dummies>,
    {
        Ok(())
    }

    fn len(&self) -> usize {
        0
    }
}

impl fmt::Display for Nothing {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl type_info::TypeInfo for Nothing {
    fn is_null(&self) -> bool {
        match self.0 {}
    }

    fn name(&self) -> &str {
        match self.0 {}
    }
}

impl column::Column for Nothing {
    type Database = Dummies;

    fn ordinal(&self) -> usize {
        match self.0 {}
    }

    fn name(&self) -> &str {
        match self.0 {}
    }

    fn type_info(&self) -> &Nothing {
        self
    }
}

impl row::Row for Nothing {
    type Database = Dummies;

    fn columns(&self) -> &[Nothing] {
        match self.0 {}
    }

    fn try_get_raw<I: column::ColumnIndex<Nothing>>(&self, _: I) -> Result<Nothing, Error> {
        match self.0 {}
    }
}

impl value::Value for Nothing {
    type Database = Dummies;

    fn as_ref(&self) -> Nothing {
        match self.0 {}
    }

    fn type_info(&self) -> Cow<'_, Nothing> {
        match self.0 {}
    }

    fn is_null(&self) -> bool {
        match self.0 {}
    }
}

impl<'r> value::ValueRef<'r> for Nothing {
    type Database = Dummies;

    fn to_owned(&self) -> Nothing {
        match self.0 {}
    }

    fn type_info(&self) -> Cow<'_, Nothing> {
        match self.0 {}
    }

    fn is_null(&self) -> bool {
        match self.0 {}
    }
}

impl statement::Statement for Nothing {
    type Database = Dummies;

    fn into_sql(self) -> SqlStr {
        match self.0 {}
    }

    fn sql(&self) -> &SqlStr {
        match self.0 {}
    }

    fn parameters(&self) -> Option<sqlx_core::Either<&[Nothing], usize>> {
        match self.0 {}
    }

    fn columns(&self) -> &[Nothing] {
        match self.0 {}
    }

    sqlx_core::impl_statement_query!(NoArguments);
}
