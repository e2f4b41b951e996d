//! Statements as values. They know nothing of engines and drivers.

mod text;

pub use text::{ParameterSet, Text, raw, text};

/// A statement of any kind, ready to be compiled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Statement {
    /// SQL written by hand.
    Text(Text),
}

impl From<Text> for Statement {
    fn from(text: Text) -> Self {
        Statement::Text(text)
    }
}
