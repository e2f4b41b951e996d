//! Rebis, on the scripted driver: nothing is sent.

use rebis::driver::scripted::Script;
use rebis::schema::{ColumnDef, SqlType, Table};
use rebis::sql::{Expression, IntoStatement, Statement, select};
use rebis::{Dialect, Engine};

use crate::Subject;

pub fn subjects(join: bool) -> Vec<Subject> {
    let compose = if join { ten_tables } else { everyday };
    let (cached, uncached) = (engine(500), engine(0));
    let (one, two) = (compose(), compose());
    vec![
        Subject::new("Rebis, cached", move || cached.compile(&one).expect("a text").sql().len()),
        Subject::new("Rebis, without the cache", move || uncached.compile(&two).expect("a text").sql().len()),
    ]
}

fn engine(cache: usize) -> Engine {
    let script = Script::new();
    let builder = Engine::builder_with_connector(script.connector(), Dialect::POSTGRESQL);
    builder.query_cache_size(cache).build().expect("an engine")
}

fn table(name: String) -> Table {
    let builder = Table::build(name).column(ColumnDef::new("id", SqlType::BigInteger).primary_key());
    let builder = builder.column(ColumnDef::new("parent_id", SqlType::BigInteger));
    builder.column(ColumnDef::new("name", SqlType::Text)).finish().expect("a table")
}

fn everyday() -> Statement {
    let users = table("users".into());
    select(vec![users.c("id"), users.c("parent_id"), users.c("name")])
        .filter(users.c("name").eq("ed"))
        .filter(users.c("id").gt(7))
        .order_by(users.c("name"))
        .limit(10)
        .into_statement()
}

fn ten_tables() -> Statement {
    let tables: Vec<Table> = (0..10).map(|number| table(format!("table_{number}"))).collect();
    let mut query = select(tables.iter().map(|table| table.c("name")).collect::<Vec<_>>()).from(&tables[0]);
    for pair in tables.windows(2) {
        query = query.join(&pair[1], pair[1].c("parent_id").eq(pair[0].c("id")));
    }
    query
        .filter(tables[0].c("name").eq("ed"))
        .filter(tables[5].c("id").gt(7))
        .filter(tables[9].c("name").ne("jo"))
        .order_by(tables[9].c("id"))
        .limit(10)
        .into_statement()
}
