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

/// What can be executed: whatever has a `From` into [`Statement`].
///
/// It is the same as `Into<Statement>`, and there so that the compiler can say what to write round a bare text.
///
/// ```
/// use rebis_core::sql::IntoStatement;
/// use rebis_core::{Connection, Engine, Result, text};
///
/// fn count(conn: &mut Connection, statement: impl IntoStatement) -> Result<usize> {
///     Ok(conn.execute(statement)?.all()?.len())
/// }
/// assert_eq!(count(&mut Engine::new("sqlite://")?.connect()?, text("select 1 union select 2"))?, 2);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a statement",
    label = "not a statement",
    note = "write `text(\"select …\")` for a literal; for a text that is made at run time `raw(…)`, and its values go into `.bind(…)`"
)]
pub trait IntoStatement {
    /// The statement.
    fn into_statement(self) -> Statement;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Statement>> IntoStatement for T {
    fn into_statement(self) -> Statement {
        self.into()
    }
}

impl From<Text> for Statement {
    fn from(text: Text) -> Self {
        Statement::Text(text)
    }
}
