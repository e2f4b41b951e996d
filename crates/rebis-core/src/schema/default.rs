//! What Rebis itself puts into a column that a statement does not name.

use std::fmt;
use std::sync::Arc;

use crate::value::{IntoValue, Value};

/// What an INSERT, or an UPDATE, puts into a column that it does not name.
///
/// ```
/// use rebis_core::schema::{ClientDefault, ColumnDef, SqlType, Table};
/// use rebis_core::sql::{Assignment, insert_into, update_table};
/// use rebis_core::{Engine, text};
///
/// let notes = Table::build("notes")
///     .column(ColumnDef::new("text", SqlType::Text))
///     .column(ColumnDef::new("state", SqlType::Text).client_default(ClientDefault::value("new")))
///     .column(
///         ColumnDef::new("version", SqlType::Integer)
///             .client_default(ClientDefault::value(1))
///             .on_update(ClientDefault::sql("version + 1")),
///     )
///     .finish()?;
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.create_table(&notes)?;
/// conn.execute(insert_into(&notes).row([Assignment::of("text", "milk")])?)?;
/// conn.execute(update_table(&notes).set_column("text", "milk and tea"))?;
/// let rows: Vec<(String, String, i64)> = conn.fetch_all(text("select * from notes"))?;
/// assert_eq!(rows, [("milk and tea".into(), "new".into(), 2)]);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Clone)]
pub struct ClientDefault(pub(crate) Make);

#[derive(Clone)]
pub(crate) enum Make {
    Value(Value),
    Function(MakeValue),
    Sql(&'static str),
}

/// What makes a value for each row.
pub(crate) type MakeValue = Arc<dyn Fn() -> Value + Send + Sync>;

impl ClientDefault {
    /// Always this value.
    pub fn value(value: impl IntoValue) -> Self {
        ClientDefault(Make::Value(value.into_value()))
    }

    /// What the function returns, called for each row of an INSERT and for each UPDATE. A forked child calls it as well: it should
    /// not wait for locks of other threads.
    pub fn function<V: IntoValue>(make: impl Fn() -> V + Send + Sync + 'static) -> Self {
        ClientDefault(Make::Function(Arc::new(move || make().into_value())))
    }

    /// An expression that the database computes. It is written by hand: a column that another table of the same UPDATE has as well
    /// is ambiguous in it.
    pub fn sql(sql: &'static str) -> Self {
        ClientDefault(Make::Sql(sql))
    }
}

impl fmt::Debug for ClientDefault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Make::Value(_) => "ClientDefault(value)",
            Make::Function(_) => "ClientDefault(function)",
            Make::Sql(_) => "ClientDefault(sql)",
        })
    }
}

/// Both of a column.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientDefaults {
    pub(crate) insert: Option<ClientDefault>,
    pub(crate) update: Option<ClientDefault>,
}

/// A database knows nothing of them: two tables that differ in them only are described alike.
impl PartialEq for ClientDefaults {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
