//! Settings from a configuration file → engine.

use std::time::Duration;

use super::Engine;
use super::builder::EngineBuilder;
use crate::error::{Error, ErrorKind, Result};
use crate::pool::{Order, PoolKind, ResetOnReturn};

impl Engine {
    /// An engine from the settings whose names begin with a prefix, as they come from a configuration file or the environment.
    ///
    /// Names that SQLAlchemy has are SQLAlchemy's; each sets what the builder's method sets.
    ///
    /// | name | value | default | [`EngineBuilder`] |
    /// |---|---|---|---|
    /// | `url` | a database URL | must be there | |
    /// | `pool` | `queue`, `null`, `static`, `singleton_thread`, `assertion` | `queue` | `pool` |
    /// | `pool_size` | a number | 5 | `pool_size` |
    /// | `max_overflow` | a number, or `unlimited` | 10 | `max_overflow` |
    /// | `pool_timeout` | seconds | 30 | `pool_timeout` |
    /// | `pool_use_lifo` | `true` or `false` | `false` | `pool_order` |
    /// | `pool_recycle` | seconds | never | `pool_recycle` |
    /// | `pool_recycle_jitter` | from 0 to 1 | 0.1 | `recycle_jitter` |
    /// | `pool_pre_ping` | `true` or `false` | `false` | `pre_ping` |
    /// | `pool_ping_after` | seconds | 0 | `ping_after` |
    /// | `pool_reset_on_return` | `rollback`, `commit`, `none`, `session` | `rollback` | `reset_on_return` |
    /// | `leak_threshold` | seconds | never | `leak_threshold` |
    /// | `connect_timeout` | seconds | 10 | `connect_timeout` |
    /// | `connect_attempts` | a number | 1 | `connect_attempts` |
    /// | `isolation_level` | a level's name, as in SQL | the database's | `isolation_level` |
    /// | `read_only` | `true` or `false` | `false` | `read_only` |
    /// | `statement_timeout` | seconds | none | `statement_timeout` |
    /// | `query_cache_size` | a number | 500 | `query_cache_size` |
    /// | `echo`, `hide_parameters` | `true` or `false` | `false` | the same |
    /// | `logging_token` | a word | none | `logging_token` |
    ///
    /// ```
    /// use rebis_core::Engine;
    ///
    /// let settings = [("shop.url", "sqlite:///shop.db"), ("shop.pool_size", "3"), ("other", "ignored")];
    /// let engine = Engine::from_config(settings, "shop.")?;
    /// assert_eq!(engine.pool().status().size, 3);
    /// # Ok::<(), rebis_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Configuration`](ErrorKind::Configuration) for a name that is not known, a value that is none, or no URL; and as
    /// [`Engine::new`].
    pub fn from_config<K: AsRef<str>, V: AsRef<str>>(
        settings: impl IntoIterator<Item = (K, V)>,
        prefix: &str,
    ) -> Result<Engine> {
        let mut url = None;
        let mut rest = Vec::new();
        for (name, value) in settings {
            match name.as_ref().strip_prefix(prefix) {
                Some("url") => url = Some(value.as_ref().to_owned()),
                Some(name) => rest.push((name.to_owned(), value.as_ref().to_owned())),
                None => {}
            }
        }
        let url = url.ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("the setting '{prefix}url' is missing"))
        })?;
        let mut builder = Engine::builder(url.as_str())?;
        for (name, value) in rest {
            builder = set(builder, &name, &value).map_err(|expected| {
                // The value stays out of it: who mixes up two settings has a password there.
                Error::new(ErrorKind::Configuration, format!("the setting '{prefix}{name}' {expected}"))
            })?;
        }
        builder.build()
    }
}

/// Sets one of them; the error says what is wrong with it.
fn set(builder: EngineBuilder, name: &str, value: &str) -> Result<EngineBuilder, &'static str> {
    Ok(match name {
        "pool" => builder.pool(match value {
            "queue" => PoolKind::Queue,
            "null" => PoolKind::Null,
            "static" => PoolKind::Static,
            "singleton_thread" => PoolKind::SingletonThread,
            "assertion" => PoolKind::Assertion,
            _ => return Err("must be queue, null, static, singleton_thread or assertion"),
        }),
        "pool_size" => builder.pool_size(number(value)?),
        "max_overflow" if value == "unlimited" => builder.max_overflow(None),
        "max_overflow" => builder.max_overflow(number(value)?),
        "pool_timeout" => builder.pool_timeout(seconds(value)?),
        "pool_recycle" => builder.pool_recycle(seconds(value)?),
        "pool_recycle_jitter" => {
            builder.recycle_jitter(value.parse().map_err(|_| "must be a number from 0 to 1")?)
        }
        "pool_ping_after" => builder.ping_after(seconds(value)?),
        "connect_timeout" => builder.connect_timeout(seconds(value)?),
        "connect_attempts" => builder.connect_attempts(value.parse().map_err(|_| "must be a whole number")?),
        "statement_timeout" => builder.statement_timeout(seconds(value)?),
        "leak_threshold" => builder.leak_threshold(seconds(value)?),
        "pool_use_lifo" if flag(value)? => builder.pool_order(Order::LastInFirstOut),
        "pool_use_lifo" => builder.pool_order(Order::FirstInFirstOut),
        "pool_pre_ping" => builder.pre_ping(flag(value)?),
        "pool_reset_on_return" => builder.reset_on_return(match value {
            "rollback" => ResetOnReturn::Rollback,
            "commit" => ResetOnReturn::Commit,
            "none" => ResetOnReturn::Nothing,
            "session" => ResetOnReturn::Session,
            _ => return Err("must be rollback, commit, none or session"),
        }),
        "isolation_level" => builder.isolation_level(value.parse().map_err(
            |_| "must be READ UNCOMMITTED, READ COMMITTED, REPEATABLE READ, SERIALIZABLE or AUTOCOMMIT",
        )?),
        "read_only" => builder.read_only(flag(value)?),
        "logging_token" => builder.logging_token(value),
        "query_cache_size" => builder.query_cache_size(number(value)?),
        "echo" => builder.echo(flag(value)?),
        "hide_parameters" => builder.hide_parameters(flag(value)?),
        _ => return Err("is not known"),
    })
}

fn number(value: &str) -> Result<usize, &'static str> {
    value.parse().map_err(|_| "must be a whole number")
}

fn seconds(value: &str) -> Result<Duration, &'static str> {
    let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or("must be a number of seconds")
}

fn flag(value: &str) -> Result<bool, &'static str> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("must be true or false"),
    }
}
