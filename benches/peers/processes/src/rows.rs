//! The rows, and what becomes of them.

/// Rows that are read and written at a time.
pub const CHUNK: u32 = 5_000;

#[derive(Debug, Clone)]
pub struct Row {
    pub id: i32,
    pub a: i32,
    pub b: String,
    pub c: f64,
}

impl Row {
    /// All sums of what comes out are exact in binary, in whatever order.
    pub fn changed(self) -> Row {
        let Row { id, a, b, c } = self;
        Row { id, a: a * 3 + 1, b: b.to_uppercase(), c: c * 1.5 + f64::from(a) }
    }
}

/// The row of a number, as SQL.
pub fn values(id: u32) -> String {
    format!("({id},{},'row text value {id}',{}.25)", id % 1000, id % 777)
}

/// The keys before the chunks: each chunk has those greater than its number, up to `CHUNK` more.
pub fn chunks(rows: u32) -> impl Iterator<Item = i32> {
    (0..rows).step_by(CHUNK as usize).map(|first| first as i32)
}
