//! A URL with one part changed: always a new one, the old one stays as it is.

use super::{Backend, Host, Url, normalized};
use crate::error::{Error, ErrorKind, Result};

impl Url {
    /// The same URL for another user.
    ///
    /// ```
    /// use rebis_core::Url;
    ///
    /// let url: Url = "postgresql://app@db1/shop".parse()?;
    /// let admin = url.with_user("admin")?.with_password("s@cret")?.with_host("db2", 5433)?.with_database("postgres")?;
    /// assert_eq!(admin.to_string_with_password(), "postgresql://admin:s%40cret@db2:5433/postgres");
    /// assert_eq!(url.to_string(), "postgresql://app@db1/shop");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for SQLite, which has no users, and for a text with a NUL.
    pub fn with_user(&self, user: impl Into<String>) -> Result<Url> {
        let user = Some(self.part("user", user)?);
        Ok(Url { user, ..self.clone() })
    }

    /// The same URL with another password.
    ///
    /// # Errors
    /// As [`with_user`](Url::with_user).
    pub fn with_password(&self, password: impl Into<String>) -> Result<Url> {
        let password = Some(self.part("password", password)?);
        Ok(Url { password, ..self.clone() })
    }

    /// The same URL with this one server in place of those it names.
    ///
    /// # Errors
    /// As [`with_user`](Url::with_user).
    pub fn with_host(&self, name: impl Into<String>, port: impl Into<Option<u16>>) -> Result<Url> {
        let name = self.part("host", name)?;
        Ok(Url { hosts: vec![Host { name, port: port.into() }], ..self.clone() })
    }

    /// The same URL for another database of the same server, or another file of SQLite's.
    ///
    /// ```
    /// use rebis_core::Url;
    ///
    /// let url: Url = "mysql://app:secret@db/shop?charset=utf8mb4".parse()?;
    /// assert_eq!(url.with_database("stock")?.to_string(), "mysql://app:***@db/stock?charset=utf8mb4");
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a text with a NUL, and for a file of SQLite's with a question mark, where a URL's options begin.
    pub fn with_database(&self, database: impl Into<String>) -> Result<Url> {
        let database = without_nul("database", database.into())?;
        let sqlite = self.backend == Backend::Sqlite;
        if sqlite && database.contains('?') {
            return Err(Error::new(ErrorKind::Url, "a URL cannot name a file of SQLite's with '?' in it"));
        }
        let memory = sqlite && database == ":memory:";
        Ok(Url { database: Some(database).filter(|name| !name.is_empty() && !memory), ..self.clone() })
    }

    /// The same URL with these options: they replace those of the same names, and the others stay.
    ///
    /// ```
    /// use rebis_core::Url;
    ///
    /// let url: Url = "postgresql://app@db/shop?sslmode=prefer&application_name=till".parse()?;
    /// let strict = url.update_query([("sslmode", "verify-full"), ("connect_timeout", "3")])?;
    /// assert_eq!(
    ///     strict.to_string(),
    ///     "postgresql://app@db/shop?application_name=till&sslmode=verify-full&connect_timeout=3",
    /// );
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a text with a NUL. Whether a name is known shows when the engine is made.
    pub fn update_query<N: Into<String>, V: Into<String>>(
        &self,
        options: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Url> {
        let mut url = self.clone();
        for (name, value) in options {
            let name = without_nul("option", name.into())?;
            let value = without_nul("option", value.into())?;
            url.options.retain(|(known, _)| normalized(known) != normalized(&name));
            url.options.push((name, value));
        }
        Ok(url)
    }

    /// A part that only servers have.
    fn part(&self, what: &str, text: impl Into<String>) -> Result<String> {
        if self.backend == Backend::Sqlite {
            return Err(Error::new(ErrorKind::Url, format!("a URL of SQLite has no {what}")));
        }
        without_nul(what, text.into())
    }
}

/// A NUL would end the text on the wire, and what comes after it would be read as something else.
fn without_nul(what: &str, text: String) -> Result<String> {
    if text.contains('\0') {
        return Err(Error::new(ErrorKind::Url, format!("the URL's {what} contains a NUL")));
    }
    Ok(text)
}
