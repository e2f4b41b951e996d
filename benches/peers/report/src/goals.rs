//! The goals, as data: ratios to the raw driver, or values where there is none.

use crate::figures::{Figure, Table};
use crate::shown::value;

pub struct Goal {
    /// Beginnings of the tables' titles.
    tables: &'static [&'static str],
    row: &'static str,
    column: &'static str,
    /// Must be reached.
    pub floor: f64,
    /// What we are after.
    pub goal: f64,
    of: Of,
}

/// Which number has a goal.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Ratio,
    Value,
    /// Of which more is better.
    Share,
}

impl Goal {
    /// Whether what was reached is as good as that.
    pub fn meets(&self, reached: f64, wanted: f64) -> bool {
        if self.of == Of::Share { reached >= wanted } else { reached <= wanted }
    }

    /// A number that is compared, as text: a ratio, or of the figure's unit.
    pub fn shown(&self, number: f64, figure: &Figure) -> String {
        let ratio = self.of == Of::Ratio && figure.ratio.is_some();
        if ratio { value(number, "×") } else { value(number, &figure.unit) }
    }
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
    Goal { tables, row, column, floor, goal, of: Of::Ratio }
}

const fn absolute(
    tables: &'static [&'static str],
    row: &'static str,
    column: &'static str,
    floor: f64,
    wanted: f64,
) -> Goal {
    Goal { of: Of::Value, ..goal(tables, row, column, floor, wanted) }
}

/// Ratios to `raw`, nanoseconds, seconds, shares.
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
    absolute(ALL, "i_identity_hit", ORM, 50.0, 15.0),
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
    absolute(&["Uncontended"], "checkout + return", "Rebis", 60.0, 30.0),
    // Of the fair wait, 3.5 ms.
    absolute(&["Held 200µs: p99 wait"], "64", "Rebis", 5.25e6, 4.2e6),
    Goal { of: Of::Share, ..absolute(&["Held 200µs: share"], "64", "Rebis", 0.8, 0.95) },
    goal(ALL, "4 workers", CORE, 1.3, 1.1),
    goal(ALL, "4 workers", ORM, 2.0, 1.5),
    absolute(&["An application of 10 models"], "clean build", ORM, 25.0, 15.0),
    absolute(&["An application of 10 models"], "application alone, from scratch", ORM, 2.5, 1.0),
    absolute(&["An application of 10 models"], "one model saved, build", ORM, 0.7, 0.25),
];

/// The goal of a figure, and the number it is compared with.
pub fn of(table: &Table, figure: &Figure) -> Option<(&'static Goal, f64)> {
    let found = GOALS.iter().find(|goal| {
        let title = |begin: &&str| table.title.starts_with(*begin);
        // Behind a colon stands what else was measured: of pools what the table is of, of the ETL the processor's time.
        let there = goal.tables.iter().any(|begin| *begin == table.title)
            || (!table.title.contains(':') && goal.tables.iter().any(title));
        there && goal.row == figure.row && goal.column == figure.column
    });
    found.map(|goal| {
        let ratio = figure.ratio.filter(|_| goal.of == Of::Ratio);
        (goal, ratio.map_or(figure.value, |ratio| ratio.median))
    })
}
