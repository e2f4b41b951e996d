//! What a scenario asks of a stack: the plain use of its pool, as its documentation shows it.

use crate::Outcome;

pub trait Stack: Sized {
    /// A leased connection with an open transaction.
    type Held;

    /// A pool of `plan::POOL` connections, each opened and used once.
    fn open(url: &str) -> Outcome<Self>;

    /// One transaction on a connection of the pool: inserts the token, reads it back, commits. Returns what was read.
    fn transaction(&self, token: i64) -> Outcome<Option<i64>>;

    /// Begins a transaction on a connection of the pool and inserts the token.
    fn hold(&self, token: i64) -> Outcome<Self::Held>;

    /// Inserts one more and commits.
    fn finish(held: Self::Held, token: i64) -> Outcome<()>;

    /// Closes the leased connection and the pool, as a tidy program does.
    fn close(self, held: Self::Held);

    /// Leases all connections at once and asks each for a number. Returns how many answered with that number.
    fn probe(&self) -> Outcome<usize>;

    /// Reads the table `numbers` row by row and adds it up. `pause` is called at row `plan::READ_BEFORE`; when it says
    /// no, the rest is left unread.
    fn stream(&self, pause: &mut dyn FnMut() -> bool) -> Outcome<i64>;
}

pub const NUMBERS: &str = "select n, pad from numbers order by n";
