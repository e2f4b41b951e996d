//! The options of a URL: each taken once by whoever knows it; what is left over is an error that names the known ones.

use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// The options of a [`Url`](super::Url), handed out by name.
///
/// ```
/// use std::time::Duration;
/// use rebis_core::Url;
///
/// let url: Url = "sqlite:///a.db?busy_timeout=2.5&typo=1".parse()?;
/// let mut options = url.options();
/// assert_eq!(options.seconds("busy_timeout")?, Some(Duration::from_millis(2500)));
/// let error = options.finish().unwrap_err();
/// assert!(error.to_string().contains("'typo'") && error.to_string().contains("busy_timeout"));
/// # Ok::<(), rebis_core::Error>(())
/// ```
#[derive(Debug)]
pub struct UrlOptions<'a> {
    left: Vec<(&'a str, &'a str)>,
    known: Vec<&'static str>,
}

impl<'a> UrlOptions<'a> {
    pub(super) fn new(options: &'a [(String, String)]) -> Self {
        UrlOptions {
            left: options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            known: Vec::new(),
        }
    }

    /// Takes an option; a dash in its name counts as an underscore.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] when it stands there twice.
    pub fn text(&mut self, name: &'static str) -> Result<Option<&'a str>> {
        self.known.push(name);
        let mut found = None;
        let mut twice = false;
        self.left.retain(|(given, value)| {
            let taken = normalized(given) == name;
            if taken {
                twice |= found.replace(*value).is_some();
            }
            !taken
        });
        if twice {
            return Err(Error::new(ErrorKind::Url, format!("the URL option '{name}' is given twice")));
        }
        Ok(found)
    }

    /// Takes an option that is a number, a truth value (`true`, `false`) or another type that parses.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] when it does not parse.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, expected: &str) -> Result<Option<T>> {
        self.text(name)?.map(|value| value.parse().map_err(|_| unfit(name, expected))).transpose()
    }

    /// Takes an option that is a time in seconds, fractions allowed.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] when it is no such number.
    pub fn seconds(&mut self, name: &'static str) -> Result<Option<Duration>> {
        let seconds = self.parsed::<f64>(name, "a number of seconds")?;
        seconds
            .map(|value| Duration::try_from_secs_f64(value).map_err(|_| unfit(name, "a number of seconds")))
            .transpose()
    }

    /// Ends the taking.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] when options are left that nobody took.
    pub fn finish(mut self) -> Result<()> {
        let Some((name, _)) = self.left.first() else { return Ok(()) };
        self.known.sort_unstable();
        Err(Error::new(
            ErrorKind::Url,
            format!("the URL option '{name}' is not known; known here: {}", self.known.join(", ")),
        ))
    }
}

/// A name as it is asked for: a dash counts as an underscore.
pub(super) fn normalized(name: &str) -> String {
    name.replace('-', "_")
}

fn unfit(name: &str, expected: &str) -> Error {
    Error::new(ErrorKind::Url, format!("the URL option '{name}' must be {expected}"))
}
