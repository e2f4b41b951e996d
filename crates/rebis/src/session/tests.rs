//! The session on SQLite in memory, with models written by hand; each flush by its exact statements.

mod models;

mod attach;
mod basics;
mod beside;
mod bulk;
mod cascades;
mod circles;
mod columns;
mod criteria;
mod detached;
mod events;
mod expiring;
mod flushes;
mod held;
mod joined;
mod keyed;
mod keys;
mod levels;
mod loading;
mod makers;
mod mended;
mod orders;
mod plain;
mod queries;
mod relations;
mod states;
mod sweeping;
mod together;
mod transactions;
mod undo;
mod uniques;
mod versions;

use std::sync::{Arc, Mutex};

use rebis_core::{Engine, Result, create_all};

use self::models::{
    Address, Badge, Book, Keyword, Node, Parcel, Place, Player, Profile, Shelf, Team, User, UserKeyword,
};
use crate::{Session, SessionMaker};

/// An engine with the tables, and the statements that were sent since the last look.
struct Database {
    engine: Engine,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Database {
    fn new() -> Self {
        Database::with(|engine| {
            create_all::<(User, Address, Keyword, UserKeyword, Node, Team, Player, Shelf, Book)>(engine)?;
            create_all::<(Profile, Badge, Parcel)>(engine)
        })
    }

    /// With tables of a test's own.
    fn with(create: impl FnOnce(&Engine) -> Result<()>) -> Self {
        let engine = Engine::new("sqlite://").unwrap();
        create(&engine).unwrap();
        let sent: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&sent);
        engine.on_before_cursor_execute(move |event| {
            log.lock().unwrap().push(event.sql().replace('"', ""));
            Ok(())
        });
        Database { engine, sent }
    }

    fn session(&self) -> Session {
        Session::new(&self.engine)
    }

    /// What was sent since the last look.
    fn sent(&self) -> Vec<String> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// The first words of what was sent: the verb and the table.
    fn verbs(&self) -> Vec<String> {
        let short = |sql: &String| {
            let words: Vec<&str> = sql.split_whitespace().collect();
            match words.as_slice() {
                ["INSERT", "INTO", table, ..] => format!("INSERT {table}"),
                ["UPDATE", table, ..] => format!("UPDATE {table}"),
                ["DELETE", "FROM", table, ..] => format!("DELETE {table}"),
                _ => {
                    let from = words.iter().position(|word| *word == "FROM").map_or("", |at| words[at + 1]);
                    format!("SELECT {from}")
                }
            }
        };
        self.sent().iter().map(short).collect()
    }

    /// The answer to a question, on a connection of its own.
    fn ask<T: rebis_core::FromRow>(&self, sql: &'static str) -> Vec<T> {
        let mut conn = self.engine.connect().unwrap();
        let rows = conn.fetch_all(rebis_core::text(sql)).unwrap();
        drop(conn);
        self.sent();
        rows
    }
}

fn user(name: &str) -> User {
    User { name: name.into(), ..User::default() }
}

fn address(email: &str) -> Address {
    Address { email: email.into(), ..Address::default() }
}

/// The kind of an error.
fn kind<T: std::fmt::Debug>(result: Result<T>) -> rebis_core::ErrorKind {
    result.unwrap_err().kind()
}
