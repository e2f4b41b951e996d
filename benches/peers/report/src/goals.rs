//! The goals, as data: ratios to the raw driver, or values where there is none.

use crate::figures::{Figure, Table};

pub struct Goal {
    /// Beginnings of the tables' titles.
    tables: &'static [&'static str],
    row: &'static str,
    column: &'static str,
    /// Must be reached.
    pub floor: f64,
    /// What we are after.
    pub goal: f64,
}

const SQLITE: &[&str] = &["SQLite"];
const SERVERS: &[&str] = &["MariaDB", "PostgreSQL"];
const MARIADB: &[&str] = &["MariaDB"];
const POSTGRES: &[&str] = &["PostgreSQL"];
const ALL: &[&str] = &["SQLite", "MariaDB", "PostgreSQL"];
const CORE: &str = "rebis core";
const ORM: &str = "rebis ORM";

const fn goal(
    tables: &'static [&'static str],
    row: &'static str,
    column: &'static str,
    floor: f64,
    goal: f64,
) -> Goal {
    Goal { tables, row, column, floor, goal }
}

/// Without a unit: `i_identity_hit` is in nanoseconds, the others are ratios to `raw`.
pub const GOALS: &[Goal] = &[
    goal(SQLITE, "a_load_1", CORE, 2.0, 1.3),
    goal(SERVERS, "a_load_1", CORE, 1.10, 1.0),
    goal(SQLITE, "a_load_10000", CORE, 1.10, 0.95),
    goal(SERVERS, "a_load_10000", CORE, 1.10, 0.90),
    goal(SQLITE, "a_load_10000", ORM, 1.6, 1.25),
    goal(SERVERS, "a_load_10000", ORM, 1.4, 1.1),
    goal(SQLITE, "b_join_10000", CORE, 1.2, 1.0),
    goal(SERVERS, "b_join_10000", CORE, 1.15, 1.0),
    goal(SQLITE, "b_join_10000", ORM, 1.8, 1.4),
    goal(SERVERS, "b_join_10000", ORM, 1.5, 1.2),
    goal(SQLITE, "c_assoc", CORE, 1.2, 1.0),
    goal(SERVERS, "c_assoc", CORE, 1.2, 0.8),
    goal(SQLITE, "c_assoc", ORM, 1.8, 1.4),
    goal(SERVERS, "c_assoc", ORM, 1.5, 1.1),
    goal(SQLITE, "f_get_pk", CORE, 1.5, 1.1),
    goal(SERVERS, "f_get_pk", CORE, 1.10, 0.95),
    goal(SQLITE, "f_get_pk", ORM, 2.0, 1.2),
    goal(SERVERS, "f_get_pk", ORM, 1.15, 1.0),
    goal(ALL, "i_identity_hit", ORM, 50.0, 15.0),
    goal(SQLITE, "e_update_1000", ORM, 2.0, 1.3),
    goal(MARIADB, "e_update_1000", ORM, 0.35, 0.25),
    goal(POSTGRES, "e_update_1000", ORM, 0.15, 0.10),
    goal(SQLITE, "d_insert_1", CORE, 1.5, 1.1),
    goal(SERVERS, "d_insert_1", CORE, 1.10, 1.0),
    goal(SQLITE, "d_insert_10000", CORE, 1.3, 1.05),
    goal(MARIADB, "d_insert_10000", CORE, 1.15, 1.0),
    goal(POSTGRES, "d_insert_10000", CORE, 1.3, 1.05),
    goal(SQLITE, "d_insertret_10000", ORM, 2.0, 1.4),
    goal(SERVERS, "d_insertret_10000", ORM, 1.3, 1.1),
    goal(SQLITE, "u_uow_10000x3", ORM, 2.2, 1.4),
    goal(SERVERS, "u_uow_10000x3", ORM, 1.5, 1.0),
];

/// The goal of a figure, and the number it is compared with.
pub fn of(table: &Table, figure: &Figure) -> Option<(&'static Goal, f64)> {
    let found = GOALS.iter().find(|goal| {
        let there = goal.tables.iter().any(|title| table.title.starts_with(title));
        there && goal.row == figure.row && goal.column == figure.column
    });
    found.map(|goal| (goal, figure.ratio.map_or(figure.value, |ratio| ratio.median)))
}
