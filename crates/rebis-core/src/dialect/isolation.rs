//! Isolation levels and their names.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// How much a transaction sees of others; what each means is the database's.
///
/// It is written and read as in SQL; case and underscores do not matter.
///
/// ```
/// use rebis_core::IsolationLevel;
///
/// let level: IsolationLevel = "repeatable_read".parse()?;
/// assert_eq!(level.to_string(), "REPEATABLE READ");
/// let error = "strict".parse::<IsolationLevel>().unwrap_err();
/// assert!(error.to_string().contains("SERIALIZABLE"));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IsolationLevel {
    /// READ UNCOMMITTED
    ReadUncommitted,
    /// READ COMMITTED
    ReadCommitted,
    /// REPEATABLE READ
    RepeatableRead,
    /// SERIALIZABLE
    Serializable,
    /// AUTOCOMMIT: no transaction, each statement stands for itself.
    Autocommit,
}

impl IsolationLevel {
    const ALL: [IsolationLevel; 5] = [
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
        IsolationLevel::Autocommit,
    ];

    fn name(self) -> &'static str {
        match self {
            IsolationLevel::ReadUncommitted => "READ UNCOMMITTED",
            IsolationLevel::ReadCommitted => "READ COMMITTED",
            IsolationLevel::RepeatableRead => "REPEATABLE READ",
            IsolationLevel::Serializable => "SERIALIZABLE",
            IsolationLevel::Autocommit => "AUTOCOMMIT",
        }
    }
}

impl fmt::Display for IsolationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for IsolationLevel {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Configuration`] for another name; the error names the valid ones.
    fn from_str(name: &str) -> Result<Self, Error> {
        let wanted = name.trim().replace('_', " ");
        IsolationLevel::ALL.into_iter().find(|level| wanted.eq_ignore_ascii_case(level.name())).ok_or_else(
            || {
                let names = IsolationLevel::ALL.map(IsolationLevel::name).join(", ");
                let message = format!("'{name}' is no isolation level; the valid names are {names}");
                Error::new(ErrorKind::Configuration, message)
            },
        )
    }
}
