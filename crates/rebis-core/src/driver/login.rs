//! Who asks for a connection.

use std::fmt;

/// The user and the password that one connection is opened with.
///
/// A connector has the URL's ([`Connector::login`](super::Connector::login)); who opens a connection may pass another one: a
/// token that was made a moment ago, another user.
///
/// ```
/// use rebis_core::driver::Login;
///
/// let login = Login::new("app", "secret");
/// assert_eq!(login.password.as_ref().map(|password| password.reveal()), Some("secret"));
/// assert!(!format!("{login:?}").contains("secret"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The user; without one the connector's.
    pub user: Option<String>,
    /// The password, or a token in its place.
    pub password: Option<Password>,
}

impl Login {
    /// A user with a password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Login { user: Some(user.into()), password: Some(Password::new(password)) }
    }

    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn of(url: &crate::url::Url) -> Self {
        Login { user: url.user().map(str::to_owned), password: url.password().map(Password::new) }
    }

    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn secret(&self) -> Option<&str> {
        self.password.as_ref().map(Password::reveal)
    }
}

/// A secret that does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Hides a text.
    pub fn new(secret: impl Into<String>) -> Self {
        Password(secret.into())
    }

    /// The text. Keep it out of logs.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}
