//! The URL options of SQLite.

use std::ffi::c_int;
use std::num::NonZeroUsize;
use std::time::Duration;

use libsqlite3_sys as ffi;

use crate::error::{Error, ErrorKind, Result};
use crate::url::UrlOptions;

/// What a URL may set; the defaults follow `pysqlite`'s, with foreign keys on.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) open_flags: c_int,
    pub(super) busy_timeout: Duration,
    pub(super) begin: &'static str,
    pub(super) statement_cache_size: NonZeroUsize,
    foreign_keys: bool,
    journal_mode: Option<&'static str>,
    synchronous: Option<&'static str>,
}

impl Options {
    pub(super) fn take(options: &mut UrlOptions<'_>) -> Result<Options> {
        let mode = word(options, "mode", &["ro", "rw", "rwc"])?.unwrap_or("rwc");
        let open_flags = match mode {
            "ro" => ffi::SQLITE_OPEN_READONLY,
            "rw" => ffi::SQLITE_OPEN_READWRITE,
            _ => ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE,
        };
        let begin = match word(options, "begin", &["deferred", "immediate", "exclusive"])? {
            Some("immediate") => "BEGIN IMMEDIATE",
            Some("exclusive") => "BEGIN EXCLUSIVE",
            _ => "BEGIN",
        };
        Ok(Options {
            open_flags,
            begin,
            busy_timeout: options.seconds("busy_timeout")?.unwrap_or(Duration::from_secs(5)),
            statement_cache_size: options
                .parsed("prepared_statement_cache_size", "a positive number")?
                .unwrap_or(super::DEFAULT_STATEMENTS),
            foreign_keys: options.parsed("foreign_keys", "true or false")?.unwrap_or(true),
            journal_mode: word(
                options,
                "journal_mode",
                &["delete", "truncate", "persist", "memory", "wal", "off"],
            )?,
            synchronous: word(options, "synchronous", &["off", "normal", "full", "extra"])?,
        })
    }

    /// What is set on a new connection. The words come from the lists above, never from the URL's text.
    pub(super) fn pragmas(&self) -> Vec<String> {
        let mut pragmas =
            vec![format!("PRAGMA foreign_keys = {}", if self.foreign_keys { "on" } else { "off" })];
        pragmas.extend(self.journal_mode.map(|mode| format!("PRAGMA journal_mode = {mode}")));
        pragmas.extend(self.synchronous.map(|level| format!("PRAGMA synchronous = {level}")));
        pragmas
    }
}

fn word(
    options: &mut UrlOptions<'_>,
    name: &'static str,
    words: &[&'static str],
) -> Result<Option<&'static str>> {
    let Some(given) = options.text(name)? else { return Ok(None) };
    match words.iter().find(|word| word.eq_ignore_ascii_case(given)) {
        Some(word) => Ok(Some(word)),
        None => Err(Error::new(
            ErrorKind::Url,
            format!("the URL option '{name}' must be one of {}", words.join(", ")),
        )),
    }
}
