//! Database URLs in SQLAlchemy's forms, with the password kept out of every print.

mod options;
mod parse;
mod set;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

pub use options::UrlOptions;
use options::normalized;

use crate::error::{Error, Result};

/// Where a database is and who asks: `dialect[+driver]://[user[:password]@][host[:port][,host[:port]…]][/database][?option=value]`.
///
/// | database | examples |
/// |---|---|
/// | SQLite | `sqlite:///relative.db`, `sqlite:////absolute/path.db`, `sqlite://` and `sqlite:///:memory:` |
/// | MySQL, MariaDB | `mysql://app:secret@db/shop`, `mariadb://app@/shop?socket=/run/mysqld/mysqld.sock` |
/// | PostgreSQL | `postgresql://app:secret@db1,db2:5433/shop`, `postgresql://app@/shop?host=/run/postgresql` |
///
/// The options of the network databases (times in seconds; `true` or `false`):
///
/// | option | database | what |
/// |---|---|---|
/// | `connect_timeout`, `read_timeout`, `write_timeout` | both | how long to wait at most |
/// | `sslmode`, `sslrootcert`, `sslcert`, `sslkey` | PostgreSQL | `disable`, `prefer` (default), `require`, `verify-ca`, `verify-full`; PEM files |
/// | `ssl_mode`, `ssl_ca`, `ssl_cert`, `ssl_key` | MySQL | the same, also by MySQL's words `DISABLED` … `VERIFY_IDENTITY` |
/// | `channel_binding` | PostgreSQL | `disable`, `prefer` (default), `require` |
/// | `allow_cleartext_password` | both | may the password be sent to a server that has not shown who it is? Default no |
/// | `target_session_attrs` | both | `any` (default), `read-write`, `read-only`, `primary`, `standby`, `prefer-standby` |
/// | `load_balance_hosts` | both | `disable` (default) or `random` |
/// | `host`, `port` | PostgreSQL | more servers, with commas; a directory is that of a unix socket |
/// | `socket` | MySQL | a unix socket |
/// | `application_name`, `options` | PostgreSQL | for the server's session |
/// | `charset`, `sql_mode` | MySQL | `utf8mb4`; the session's mode |
/// | `local_infile` | MySQL | `false`; `true` is refused |
/// | `prepared_statement_cache_size` | both | statements per connection, default 128 |
///
/// User, password and options are percent-decoded; a driver name after `+` is accepted and ignored, so that URLs
/// written for SQLAlchemy serve. `Display` and `Debug` print `***` for the password.
///
/// ```
/// use rebis_core::Url;
///
/// let url: Url = "mysql+pymysql://app:se%40cret@db1,db2:3307/shop".parse()?;
/// assert_eq!(url.password(), Some("se@cret"));
/// assert_eq!(url.hosts().len(), 2);
/// assert_eq!(url.to_string(), "mysql://app:***@db1,db2:3307/shop");
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    backend: Backend,
    /// Whether it says `mariadb`.
    mariadb: bool,
    user: Option<String>,
    password: Option<String>,
    hosts: Vec<Host>,
    database: Option<String>,
    options: Vec<(String, String)>,
}

/// The databases that Rebis speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// `sqlite`
    Sqlite,
    /// `mysql` and `mariadb`: one protocol, the server tells which it is ([`Dialect::MARIADB`](crate::Dialect::MARIADB)).
    Mysql,
    /// `postgresql` and `postgres`
    Postgresql,
}

/// One server of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// A name or a literal address, without brackets.
    pub name: String,
    /// The port, where the URL gives one.
    pub port: Option<u16>,
}

impl Url {
    /// Which database the URL is for.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Whether the URL names MariaDB, and not MySQL.
    pub(crate) fn is_mariadb(&self) -> bool {
        self.mariadb
    }

    /// The user, where the URL names one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The password, where the URL has one.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The servers, in the order in which they are tried; empty for SQLite and for unix sockets.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The database's name, or SQLite's file; `None` for SQLite in memory.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The options after `?`, to be taken one by one; what nobody takes is an error.
    pub fn options(&self) -> UrlOptions<'_> {
        UrlOptions::new(&self.options)
    }

    /// The URL with its password, for handing it to another program. Keep it out of logs.
    ///
    /// ```
    /// use rebis_core::Url;
    ///
    /// let url: Url = "mysql://app:s%2Fcret@db/shop".parse()?;
    /// assert_eq!(url.to_string_with_password(), "mysql://app:s%2Fcret@db/shop");
    /// assert_eq!(url.to_string(), "mysql://app:***@db/shop");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    pub fn to_string_with_password(&self) -> String {
        self.print(self.password.as_deref().map(encode_authority))
    }

    fn print(&self, password: Option<String>) -> String {
        let mut text = format!("{}://", if self.mariadb { "mariadb" } else { self.backend.scheme() });
        if let Some(user) = &self.user {
            text.push_str(&encode_authority(user));
        }
        if let Some(password) = password {
            text.push(':');
            text.push_str(&password);
        }
        if self.user.is_some() || self.password.is_some() {
            text.push('@');
        }
        let hosts: Vec<String> = self.hosts.iter().map(Host::encoded).collect();
        text.push_str(&hosts.join(","));
        if let Some(database) = &self.database {
            text.push('/');
            text.push_str(&if self.backend == Backend::Sqlite { database.clone() } else { encode(database) });
        }
        for (index, (name, value)) in self.options.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(&format!("{}={}", encode(name), encode(value)));
        }
        text
    }
}

impl Backend {
    /// The first word of a URL.
    pub fn scheme(self) -> &'static str {
        match self {
            Backend::Sqlite => "sqlite",
            Backend::Mysql => "mysql",
            Backend::Postgresql => "postgresql",
        }
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse::parse(text)
    }
}

/// What an engine takes for a URL: a [`Url`], or a text to be parsed.
///
/// A trait of its own, and not `TryInto`: that would need a second conversion into [`Error`], and with two of them the
/// compiler cannot infer the error of a closure that ends in `Ok(())`.
pub trait IntoUrl {
    /// The URL.
    ///
    /// # Errors
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when the text cannot be read.
    fn into_url(self) -> Result<Url>;
}

impl IntoUrl for Url {
    fn into_url(self) -> Result<Url> {
        Ok(self)
    }
}

impl IntoUrl for &Url {
    fn into_url(self) -> Result<Url> {
        Ok(self.clone())
    }
}

impl IntoUrl for &str {
    fn into_url(self) -> Result<Url> {
        self.parse()
    }
}

impl IntoUrl for &String {
    fn into_url(self) -> Result<Url> {
        self.parse()
    }
}

impl IntoUrl for String {
    fn into_url(self) -> Result<Url> {
        self.parse()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print(self.password.as_ref().map(|_| "***".to_owned())))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

impl Host {
    /// As a URL has it: a name may be a socket's directory.
    fn encoded(&self) -> String {
        let name = if self.name.contains(':') {
            format!("[{}]", encode_authority(&self.name).replace("%3A", ":"))
        } else {
            encode_authority(&self.name)
        };
        self.port.map_or(name.clone(), |port| format!("{name}:{port}"))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') { write!(f, "[{}]", self.name) } else { f.write_str(&self.name) }?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

const RESERVED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'%').add(b':').add(b'@').add(b'?').add(b'#').add(b'&').add(b'=').add(b'+');

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Before the database a slash ends what is there, and a comma or bracket tells hosts apart.
fn encode_authority(text: &str) -> String {
    const AUTHORITY: &AsciiSet = &RESERVED.add(b'/').add(b',').add(b'[').add(b']');
    utf8_percent_encode(text, AUTHORITY).to_string()
}
