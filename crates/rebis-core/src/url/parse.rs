//! Text → [`Url`]. SQLAlchemy's forms are not RFC 3986's (several hosts, an empty host behind a user), so no URL library reads them.

use percent_encoding::percent_decode_str;

use super::{Backend, Host, Url};
use crate::error::{Error, ErrorKind, Result};

const FORM: &str = "dialect://user:password@host:port/database?option=value";

/// The message never quotes the text: a URL that cannot be read may still hold a password.
fn invalid(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Url, format!("invalid database URL: {what}; expected {FORM}"))
}

pub(super) fn parse(text: &str) -> Result<Url> {
    let (scheme, rest) = text.split_once("://").ok_or_else(|| invalid("there is no '://'"))?;
    let backend = backend(scheme)?;
    let mariadb = scheme.split('+').next() == Some("mariadb");
    if text.contains('\0') {
        return Err(invalid("it contains a NUL"));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let options = query.split('&').filter(|pair| !pair.is_empty()).map(option).collect::<Result<Vec<_>>>()?;
    let (authority, database) = match rest.split_once('/') {
        Some((authority, database)) => (authority, Some(database)),
        None => (rest, None),
    };
    if backend == Backend::Sqlite {
        return sqlite(authority, database, options);
    }
    // The last @ ends the user and password: SQLAlchemy takes passwords with an unescaped @.
    let (account, hosts) =
        authority.rsplit_once('@').map_or((None, authority), |(account, hosts)| (Some(account), hosts));
    let (user, password) =
        match account.map(|account| account.split_once(':').map_or((account, None), |(u, p)| (u, Some(p)))) {
            Some((user, password)) => (Some(user), password),
            None => (None, None),
        };
    Ok(Url {
        backend,
        mariadb,
        user: user.filter(|user| !user.is_empty()).map(|user| decode(user, "user")).transpose()?,
        password: password.map(|password| decode(password, "password")).transpose()?,
        // `:` alone is nobody, and `[]` as well.
        hosts: hosts
            .split(',')
            .map(host)
            .filter(|host| !matches!(host, Ok(Host { name, port: None }) if name.is_empty()))
            .collect::<Result<_>>()?,
        database: database
            .filter(|name| !name.is_empty())
            .map(|name| decode(name, "database"))
            .transpose()?,
        options,
    })
}

fn backend(scheme: &str) -> Result<Backend> {
    let (dialect, _driver) = scheme.split_once('+').unwrap_or((scheme, ""));
    match dialect {
        "sqlite" => Ok(Backend::Sqlite),
        "mysql" | "mariadb" => Ok(Backend::Mysql),
        "postgresql" | "postgres" => Ok(Backend::Postgresql),
        // A scheme is letters, digits and a few signs; anything else may be the start of a password.
        other if other.len() <= 20 && other.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Err(invalid(
            format_args!("the database '{other}' is not known; sqlite, mysql, mariadb and postgresql are"),
        )),
        _ => Err(invalid("it does not begin with sqlite, mysql, mariadb or postgresql")),
    }
}

fn sqlite(authority: &str, database: Option<&str>, options: Vec<(String, String)>) -> Result<Url> {
    if !authority.is_empty() {
        return Err(invalid("SQLite has no host: sqlite:///relative/path or sqlite:////absolute/path"));
    }
    // A path is taken as it stands: percent signs are legal in file names, as in SQLAlchemy.
    let database = database.filter(|path| !path.is_empty() && *path != ":memory:").map(str::to_owned);
    Ok(Url {
        backend: Backend::Sqlite,
        mariadb: false,
        user: None,
        password: None,
        hosts: Vec::new(),
        database,
        options,
    })
}

fn host(text: &str) -> Result<Host> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (name, port) =
                rest.split_once(']').ok_or_else(|| invalid("an IPv6 address lacks its ']'"))?;
            (name, port.strip_prefix(':'))
        }
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => Some(port.parse().map_err(|_| invalid("a port is not a number from 0 to 65535"))?),
        None => None,
    };
    Ok(Host { name: decode(name, "host")?, port })
}

fn option(pair: &str) -> Result<(String, String)> {
    let (name, value) = pair.split_once('=').ok_or_else(|| invalid("an option has no '='"))?;
    Ok((decode(name, "option")?, decode(&value.replace('+', " "), "option")?))
}

fn decode(text: &str, part: &str) -> Result<String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if text.contains('\0') => Err(invalid(format_args!("its {part} contains a NUL"))),
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(invalid(format_args!("its {part} is not UTF-8"))),
    }
}
