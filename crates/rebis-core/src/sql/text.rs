//! SQL written by hand, with named parameters.

use std::borrow::Cow;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::value::{IntoValue, Value};

/// A statement as text, with `:name` where a value goes.
///
/// Made by [`text`] from a literal, or by [`raw`] from a text of one's own making.
#[derive(Debug, Clone)]
pub struct Text {
    sql: Cow<'static, str>,
    binds: Vec<(Cow<'static, str>, Value)>,
    timeout: Option<Duration>,
}

/// A statement from a literal.
///
/// `:name` is a parameter, on every database; it is sent beside the text, never inside it. A colon inside quotes or
/// comments, a double colon (`:name::int` casts a parameter), and `\:` are left alone (`\:` without its backslash).
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let sum: i64 = conn.execute(text("select :a + :b + :a").bind("a", 1).bind("b", 40))?.scalar()?;
/// assert_eq!(sum, 42);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn text(sql: &'static str) -> Text {
    Text { sql: Cow::Borrowed(sql), binds: Vec::new(), timeout: None }
}

/// A statement from a text made at run time. The text itself is trusted: values belong into [`bind`](Text::bind).
///
/// ```
/// use rebis_core::{Engine, raw};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// let sql = ["select 1", "select 2"].join(" union ");
/// assert_eq!(conn.execute(raw(sql))?.all()?.len(), 2);
/// # Ok::<(), rebis_core::Error>(())
/// ```
pub fn raw(sql: impl Into<String>) -> Text {
    Text { sql: Cow::Owned(sql.into()), binds: Vec::new(), timeout: None }
}

impl Text {
    /// Gives a parameter its value; the last one given counts.
    ///
    /// ```
    /// use rebis_core::{Engine, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let statement = text("select :name, :age").bind("name", "ed").bind("age", None::<i64>);
    /// let (name, age): (String, Option<i64>) = conn.execute(statement)?.of().one()?;
    /// assert_eq!((name.as_str(), age), ("ed", None));
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn bind(mut self, name: impl Into<Cow<'static, str>>, value: impl IntoValue) -> Self {
        let name = name.into();
        let value = value.into_value();
        match self.binds.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.binds.push((name, value)),
        }
        self
    }

    /// How long the statement may run, with the reading of its rows, whatever the connection's
    /// [`statement_timeout`](crate::Connection::set_statement_timeout) says. When the time is up the database is told to stop it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rebis_core::{Engine, ErrorKind, text};
    ///
    /// let mut conn = Engine::new("sqlite://")?.connect()?;
    /// let endless = "with recursive c(i) as (select 1 union all select i + 1 from c) select count(*) from c";
    /// let error = conn.execute(text(endless).timeout(Duration::from_millis(20))).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Timeout);
    /// assert!(!error.is_disconnect());
    /// conn.rollback()?;
    /// assert_eq!(conn.scalar::<i64>(text("select 1"))?, 1);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The limit of this one statement.
    pub(crate) fn own_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The text as it was written.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The names that have values.
    pub(crate) fn binds(&self) -> &[(Cow<'static, str>, Value)] {
        &self.binds
    }

    /// The value bound to a name.
    pub(crate) fn value_of(&self, name: &str) -> Result<&Value> {
        let bound = self.binds.iter().find(|(known, _)| **known == *name);
        bound
            .map(|(_, value)| value)
            .ok_or_else(|| Error::new(ErrorKind::Bind, format!("no value was bound to :{name}")))
    }

    /// The values in the order of these names.
    pub(crate) fn values(&self, names: &[Box<str>]) -> Result<Vec<&Value>> {
        if let Some((name, _)) =
            self.binds.iter().find(|(name, _)| !names.iter().any(|known| **known == **name))
        {
            return Err(mismatch(&format!("there is no parameter :{name}"), names));
        }
        names
            .iter()
            .map(|name| {
                let bound = self.binds.iter().find(|(known, _)| **known == **name);
                bound
                    .map(|(_, value)| value)
                    .ok_or_else(|| mismatch(&format!("no value was bound to :{name}"), names))
            })
            .collect()
    }
}

fn mismatch(what: &str, names: &[Box<str>]) -> Error {
    let known = match names {
        [] => "the statement takes none".to_owned(),
        names => format!("the statement takes :{}", names.join(", :")),
    };
    Error::new(ErrorKind::Bind, format!("{what}; {known}"))
}

/// One set of values for [`execute_many`](crate::Connection::execute_many).
///
/// A tuple or a `Vec<Value>` gives the values in the order in which the names occur first in the statement; an array of
/// pairs gives them by name.
///
/// ```
/// use rebis_core::{Engine, text};
///
/// let mut conn = Engine::new("sqlite://")?.connect()?;
/// conn.execute(text("create table t (a int, b text)"))?;
/// conn.execute_many(text("insert into t values (:a, :b)"), [(1, "x"), (2, "y")])?;
/// conn.execute_many(text("insert into t values (:a, :b)"), [[("b", "z".into()), ("a", 3.into())]])?;
/// assert_eq!(conn.execute(text("select count(*) from t"))?.scalar::<i64>()?, 3);
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of parameters",
    label = "not a set of parameters",
    note = "each set is a tuple of up to 16 values, `(value,)` for one; a `Vec<rebis::Value>`; or an array of pairs, `[(\"name\", value.into())]`"
)]
pub trait ParameterSet {
    /// Appends the values in the order of these names.
    ///
    /// # Errors
    /// [`ErrorKind::Bind`] when a value lacks or is too many.
    fn append_to(self, values: &mut Vec<Value>, names: &[Box<str>]) -> Result<()>;
}

fn check_count(count: usize, names: &[Box<str>]) -> Result<()> {
    if count == names.len() {
        Ok(())
    } else {
        Err(mismatch(&format!("a set of parameters has {count} values"), names))
    }
}

impl ParameterSet for Vec<Value> {
    fn append_to(self, values: &mut Vec<Value>, names: &[Box<str>]) -> Result<()> {
        check_count(self.len(), names)?;
        values.extend(self);
        Ok(())
    }
}

impl<const N: usize> ParameterSet for [(&str, Value); N] {
    fn append_to(self, values: &mut Vec<Value>, names: &[Box<str>]) -> Result<()> {
        check_count(N, names)?;
        let mut left = self.map(Some);
        for name in names {
            let found =
                left.iter_mut().find(|pair| pair.as_ref().is_some_and(|(given, _)| *given == &**name));
            match found.and_then(Option::take) {
                Some((_, value)) => values.push(value),
                None => {
                    return Err(mismatch(&format!("a set of parameters has no value for :{name}"), names));
                }
            }
        }
        Ok(())
    }
}

macro_rules! parameter_tuple {
    ($($name:ident)+) => {
        impl<$($name: IntoValue),+> ParameterSet for ($($name,)+) {
            fn append_to(self, values: &mut Vec<Value>, names: &[Box<str>]) -> Result<()> {
                #[expect(non_snake_case, reason = "one name serves type and value")]
                let ($($name,)+) = self;
                check_count([$(stringify!($name)),+].len(), names)?;
                $(values.push($name.into_value());)+
                Ok(())
            }
        }
    };
}

parameter_tuple!(A);
parameter_tuple!(A B);
parameter_tuple!(A B C);
parameter_tuple!(A B C D);
parameter_tuple!(A B C D E);
parameter_tuple!(A B C D E F);
parameter_tuple!(A B C D E F G);
parameter_tuple!(A B C D E F G H);
parameter_tuple!(A B C D E F G H I);
parameter_tuple!(A B C D E F G H I J);
parameter_tuple!(A B C D E F G H I J K);
parameter_tuple!(A B C D E F G H I J K L);
parameter_tuple!(A B C D E F G H I J K L M);
parameter_tuple!(A B C D E F G H I J K L M N);
parameter_tuple!(A B C D E F G H I J K L M N O);
parameter_tuple!(A B C D E F G H I J K L M N O P);
