//! A statement whose text is in the engine's cache.

use rebis::driver::scripted::Script;
use rebis::schema::{ColumnDef, SqlType, Table};
use rebis::sql::{Expression, IntoStatement, Statement};
use rebis::{Dialect, select, text};
use std::hint::black_box;

use crate::connections::engine;

/// Three columns, two conditions, an order and a limit: what an application asks all day.
pub(crate) fn compile_cached(count: usize) {
    let builder = Table::build("users").column(ColumnDef::new("id", SqlType::BigInteger).primary_key());
    let builder = builder.column(ColumnDef::new("parent_id", SqlType::BigInteger));
    let users = builder.column(ColumnDef::new("name", SqlType::Text)).finish().unwrap();
    let query = select(vec![users.c("id"), users.c("parent_id"), users.c("name")])
        .filter(users.c("name").eq("ed"))
        .filter(users.c("id").gt(7))
        .order_by(users.c("name"))
        .limit(10);
    compile(count, &query.into_statement());
}

pub(crate) fn compile_cached_text(count: usize) {
    let sql = "SELECT id, parent_id, name FROM users WHERE name = :name AND id > :id ORDER BY name LIMIT 10";
    compile(count, &text(sql).bind("name", "ed").bind("id", 7).into_statement());
}

fn compile(count: usize, statement: &Statement) {
    let engine = engine(&Script::new(), Dialect::POSTGRESQL);
    drop(engine.compile(statement).unwrap());
    for _ in 0..count {
        let compiled = black_box(engine.compile(black_box(statement)).unwrap());
        assert!(compiled.is_cached());
    }
}
