//! What databases can do in statements that write.

/// What differs in INSERT, UPDATE, DELETE and TRUNCATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Writes {
    /// How many parameters one statement may have.
    pub(crate) most_parameters: usize,
    /// How many bytes of values go into one statement; a single row may have more.
    pub(crate) most_bytes: usize,
    /// Whether UPDATE and DELETE have ORDER BY and LIMIT.
    pub(crate) limit: bool,
    /// Whether WITH stands before INSERT; else only before its query.
    pub(crate) with_before_insert: bool,
    /// Whether a CTE can be a statement that writes.
    pub(crate) write_in_cte: bool,
    /// Whether a CTE can say MATERIALIZED.
    pub(crate) materialized: bool,
    /// Whether UPDATE has `(a, b) = (SELECT …)`.
    pub(crate) assigns_rows: bool,
    /// Whether an upsert can name a constraint.
    pub(crate) conflict_constraint: bool,
    /// Whether counted keys ascend for certain only when an INSERT takes its rows from a sorted query.
    pub(crate) sorted_insert: bool,
    /// How many rows of values are sent best.
    pub(crate) many_rows: ManyRows,
    pub(crate) truncate: Truncation,
}

/// How many rows of values are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ManyRows {
    /// INSERT of many rows of VALUES; UPDATE by what `execute_many` does: a loop on a prepared statement without a round trip.
    Values,
    /// The same, where a statement costs a round trip: UPDATE of many rows by CASE.
    RoundTrips,
    /// By the bulk protocol, which returns nothing.
    Bulk,
    /// One array for each column.
    Arrays,
}

/// How a table is emptied at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truncation {
    /// It is not.
    None,
    /// `TRUNCATE TABLE`, which begins to count anew.
    Restarts,
    /// `TRUNCATE TABLE … RESTART IDENTITY CASCADE`.
    Options,
}

pub(super) const SQLITE_WRITES: Writes = Writes {
    most_parameters: 32_766,
    most_bytes: usize::MAX,
    // A build option, which the library that comes with Rebis does not have.
    limit: false,
    with_before_insert: true,
    write_in_cte: false,
    materialized: true,
    assigns_rows: true,
    conflict_constraint: false,
    sorted_insert: false,
    many_rows: ManyRows::Values,
    truncate: Truncation::None,
};

pub(super) const MYSQL_WRITES: Writes = Writes {
    most_parameters: 65_535,
    // Below the smallest `max_allowed_packet` that servers come with, 1 MiB in MySQL 5.5.
    most_bytes: 512 * 1024,
    limit: true,
    with_before_insert: false,
    write_in_cte: false,
    materialized: false,
    assigns_rows: false,
    conflict_constraint: false,
    sorted_insert: false,
    many_rows: ManyRows::RoundTrips,
    truncate: Truncation::Restarts,
};

pub(super) const MARIADB_WRITES: Writes = Writes { many_rows: ManyRows::Bulk, ..MYSQL_WRITES };

pub(super) const POSTGRESQL_WRITES: Writes = Writes {
    most_parameters: 65_535,
    most_bytes: 16 * 1024 * 1024,
    limit: false,
    with_before_insert: true,
    write_in_cte: true,
    materialized: true,
    assigns_rows: true,
    conflict_constraint: true,
    sorted_insert: true,
    many_rows: ManyRows::Arrays,
    truncate: Truncation::Options,
};
