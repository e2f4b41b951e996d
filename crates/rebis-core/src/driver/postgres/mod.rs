//! The driver for PostgreSQL: protocol 3.0, statements by its extended protocol, values in binary.
//!
//! The files in the order of a connection's life: `connect` (startup, authentication), `wire` (messages in), `request`
//! (messages out), `cancel` (stopping what runs), `statement` (preparing, the cache), `encode` (values out), `run` (which
//! messages go together), `cursor` and `decode` (rows in), `error` (what the server refuses), `types` (object ids).

mod array;
mod cancel;
mod connect;
mod cursor;
mod decode;
mod encode;
mod error;
mod request;
mod run;
mod statement;
#[cfg(test)]
mod tests;
mod types;
mod wire;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::connect::{Account, ChannelBindingUse};
use self::cursor::Answer;
use self::decode::Cell;
use self::run::Started;
use self::statement::Statements;
use self::wire::Wire;
use super::transport::{Endpoints, Location, Target, Timeouts, Tls, TlsNames, Transport};
use super::{Cancel, Connection, Connector, Cursor, Login, Notice, Server, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, is_quiet};
use crate::url::{Url, UrlOptions};
use crate::value::ValueRef;

const TLS_NAMES: TlsNames =
    TlsNames { mode: "sslmode", root: "sslrootcert", certificate: "sslcert", key: "sslkey" };
const PORT: u16 = 5432;
/// How long an idle server may take to show that it lives.
const PING: Duration = Duration::from_secs(5);
/// How long a connection may take to become clean.
const RESET: Duration = Duration::from_secs(30);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Opens connections to one PostgreSQL server, or to the first of several that answers.
#[derive(Debug)]
pub(crate) struct PostgresConnector {
    endpoints: Endpoints,
    target: Target,
    account: Account,
    cache_size: usize,
}

impl PostgresConnector {
    /// Takes the URL's options that are PostgreSQL's.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for an option that makes no sense, [`ErrorKind::Configuration`] when nobody names the user,
    /// and for a certificate's file that cannot be used.
    pub(crate) fn new(url: &Url, options: &mut UrlOptions<'_>) -> Result<Self> {
        let tls = Tls::take(options, &TLS_NAMES)?;
        let target = Target::take(options)?;
        let locations = locations(url, options)?;
        let timeouts = Timeouts::take(options)?;
        let user = match url.user() {
            Some(user) => user.to_owned(),
            None => std::env::var("USER").map_err(|_| {
                Error::new(ErrorKind::Configuration, "the URL names no user, and $USER is not set")
            })?,
        };
        let allow = options.parsed("allow_cleartext_password", "true or false")?;
        let account = Account {
            database: url.database().unwrap_or(&user).to_owned(),
            login: Login { user: Some(user), ..Login::of(url) },
            application_name: options.text("application_name")?.map(str::to_owned),
            options: options.text("options")?.map(str::to_owned),
            allow_cleartext_password: allow.unwrap_or(false),
            channel_binding: ChannelBindingUse::take(options)?,
        };
        let locations = locations.into_iter().map(|location| {
            // PostgreSQL has no TLS on unix sockets, and libpq ignores the option there.
            let tls = if location.is_unix() { tls.disabled() } else { tls.clone() };
            (location, tls)
        });
        let endpoints = Endpoints::new(locations.collect(), timeouts, options)?;
        let cache_size = options.parsed("prepared_statement_cache_size", "a number of statements")?;
        Ok(PostgresConnector { endpoints, target, account, cache_size: cache_size.unwrap_or(128) })
    }
}

/// The servers: the URL's hosts and those of the option `host`, with commas between them as the ports of `port` have. One that
/// begins with a slash is the directory of a unix socket, as libpq has it.
fn locations(url: &Url, options: &mut UrlOptions<'_>) -> Result<Vec<Location>> {
    let unfit = |text: &'static str| Error::new(ErrorKind::Url, text);
    let ports = match options.text("port")? {
        None | Some("") => vec![PORT],
        Some(ports) => ports
            .split(',')
            // An empty one is the usual one.
            .map(|port| if port.is_empty() { Ok(PORT) } else { port.parse() })
            .collect::<Result<Vec<u16>, _>>()
            .map_err(|_| {
                unfit("the URL option 'port' must be numbers from 1 to 65535, with commas between them")
            })?,
    };
    let mut hosts: Vec<(String, Option<u16>)> =
        url.hosts().iter().map(|host| (host.name.clone(), host.port)).collect();
    if let Some(extra) = options.text("host")? {
        for host in extra.split(',') {
            hosts.push(if host.starts_with('/') { (host.to_owned(), None) } else { named(host)? });
        }
    }
    if hosts.is_empty() {
        hosts.push(("localhost".into(), None));
    }
    if ports.len() != 1 && ports.len() != hosts.len() {
        return Err(unfit("the URL option 'port' must name one port, or as many as there are hosts"));
    }
    let ports = ports.iter().cycle();
    let location = |((name, own_port), port): ((String, Option<u16>), &u16)| {
        let port = own_port.unwrap_or(*port);
        match name.starts_with('/') {
            true => Location::Unix(Path::new(&name).join(format!(".s.PGSQL.{port}"))),
            false => Location::Tcp(name, port),
        }
    };
    Ok(hosts.into_iter().zip(ports).map(location).collect())
}

/// `name`, `name:port`, `[::1]:port` and, as there is no other way to read it, `::1`.
fn named(host: &str) -> Result<(String, Option<u16>)> {
    if host.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok((host.to_owned(), None));
    }
    let url: Url = format!("postgresql://{}", host.replace('%', "%25")).parse()?;
    match url.hosts() {
        [host] => Ok((host.name.clone(), host.port)),
        _ => Err(Error::new(ErrorKind::Url, "the URL option 'host' must be hosts with commas between them")),
    }
}

impl Connector for PostgresConnector {
    fn login(&self) -> Login {
        self.account.login.clone()
    }

    fn connect(&self, login: &Login, deadline: Deadline) -> Result<Box<dyn Connection>> {
        let connection = self.target.choose(deadline, |target, deadline| {
            self.endpoints
                .connect(deadline, |transport| self.begin(transport, login, target).map_err(unfinished))
        })?;
        Ok(Box::new(connection))
    }
}

impl PostgresConnector {
    /// A session on this server, if it is one of those that are wanted.
    fn begin(&self, mut transport: Transport, login: &Login, target: Target) -> Result<PostgresConnection> {
        connect::encrypt(&mut transport)?;
        let mut wire = Wire::new(transport);
        let server = connect::handshake(&mut wire, &self.account, login, target)?;
        wire.set_must_write(target.must_write());
        wire.transport().connected();
        Ok(PostgresConnection {
            wire,
            statements: Statements::new(self.cache_size),
            cells: Vec::new(),
            answer: Answer::new(Started::nothing()),
            begin: None,
            has_reused: false,
            has_bound: false,
            server,
        })
    }
}

/// A wire that is lost during the handshake is no session that is lost.
fn unfinished(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Disconnected | ErrorKind::Timeout => {
            Error::new(ErrorKind::Connect, "the server did not finish the handshake").with_source(error)
        }
        ErrorKind::Protocol => {
            Error::new(ErrorKind::Protocol, "the server does not speak PostgreSQL's protocol")
                .with_source(error)
        }
        _ => error,
    }
}

/// A session on a server.
struct PostgresConnection {
    wire: Wire,
    statements: Statements,
    /// The cells of the row in the buffer; kept for its memory.
    cells: Vec<Cell>,
    answer: Answer,
    /// A BEGIN that waits for the next statement, to be sent with it.
    begin: Option<String>,
    /// This call uses a statement that an earlier call prepared.
    has_reused: bool,
    /// The statement of this call was bound, so that it may have run.
    has_bound: bool,
    server: Server,
}

impl PostgresConnection {
    /// Runs a call before a deadline of its own.
    fn within<T>(&mut self, limit: Duration, call: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.wire.transport().limit(Deadline::after(limit));
        let result = call(self);
        self.wire.transport().connected();
        result
    }
}

impl Connection for PostgresConnection {
    fn execute(&mut self, sql: &str, parameters: &[ValueRef<'_>]) -> Result<&mut dyn Cursor> {
        run::check_width(parameters.len())?;
        let started = self.call(sql, |connection| connection.run(sql, parameters))?;
        self.answer = Answer::new(started);
        Ok(self)
    }

    fn cursor(&mut self) -> Option<&mut dyn Cursor> {
        Some(self)
    }

    fn execute_many(&mut self, sql: &str, parameters: &[ValueRef<'_>], width: usize) -> Result<u64> {
        run::check_width(width)?;
        if width == 0 || !parameters.len().is_multiple_of(width) {
            return Err(Error::new(ErrorKind::Bind, "the parameters do not divide into whole sets"));
        }
        self.call(sql, |connection| connection.run_many(sql, parameters, width))
    }

    fn begin(&mut self, sql: &str) -> Result<()> {
        self.wire.check()?;
        run::check_text(sql)?;
        self.wire.settle()?;
        if self.status() != TransactionStatus::Idle {
            return self.control(sql);
        }
        self.begin = Some(sql.to_owned());
        Ok(())
    }

    fn control(&mut self, sql: &str) -> Result<()> {
        self.wire.check()?;
        run::check_text(sql)?;
        self.wire.settle()?;
        // A COMMIT may be stopped: this server does so before it has happened, or not at all.
        match sql {
            "ROLLBACK" => self.wire.run.start_quiet(),
            _ => self.wire.run.start_unlimited(),
        }
        let tag = self.send_begin().and_then(|()| self.query(sql));
        let tag = tag.map_err(|error| self.recover(error).with_sql(sql))?;
        // The server answers COMMIT with a rollback, and without an error, when the transaction had failed.
        if tag == "ROLLBACK" && is_commit(sql) {
            let text = "the transaction had failed: the server rolled it back instead of committing it";
            return Err(Error::new(ErrorKind::PendingRollback, text).with_sql(sql));
        }
        Ok(())
    }

    fn limit_statement(&mut self, deadline: Deadline) -> Result<()> {
        self.wire.run.set_next_limit(deadline)
    }

    fn canceller(&self) -> Option<Arc<dyn Cancel>> {
        self.wire.run.canceller()
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        self.wire.notices.take()
    }

    fn status(&self) -> TransactionStatus {
        if self.begin.is_some() { TransactionStatus::Active } else { self.wire.status() }
    }

    fn ping(&mut self) -> Result<()> {
        self.wire.check()?;
        self.within(PING, |connection| {
            connection.wire.settle()?;
            connection.wire.run.start_unlimited();
            connection.wire.send_group()?;
            connection.wire.settle()
        })
    }

    fn reset(&mut self) -> Result<()> {
        self.wire.check()?;
        // It was never sent.
        self.begin = None;
        self.within(RESET, |connection| {
            connection.wire.settle()?;
            connection.wire.run.start_unlimited();
            if connection.status() != TransactionStatus::Idle {
                connection.query("ROLLBACK").map_err(|error| connection.recover(error))?;
            }
            match connection.status() {
                TransactionStatus::Idle => Ok(()),
                _ => Err(Error::new(ErrorKind::InvalidState, "a transaction is open after ROLLBACK")),
            }
        })
    }

    fn reset_session(&mut self) -> Result<()> {
        self.reset()?;
        // It ends all prepared statements, ours among them.
        self.statements.clear();
        self.within(RESET, |connection| {
            connection.query("DISCARD ALL").map(drop).map_err(|error| connection.recover(error))
        })
    }

    fn is_broken(&self) -> bool {
        self.wire.is_broken() || self.wire.is_inherited()
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn close(&mut self) {
        if self.is_broken() {
            return;
        }
        let farewell = self.within(GOODBYE, |connection| {
            request::terminate(connection.wire.output());
            connection.wire.send()?;
            connection.wire.transport().end()
        });
        if let Err(error) = farewell
            && !is_quiet()
        {
            tracing::debug!(target: "rebis::postgres", %error, "the server was gone before the goodbye");
        }
        self.wire.set_broken();
    }
}

fn is_commit(sql: &str) -> bool {
    let word = sql.split_ascii_whitespace().next().unwrap_or_default().trim_end_matches(';');
    word.eq_ignore_ascii_case("COMMIT") || word.eq_ignore_ascii_case("END")
}

impl fmt::Debug for PostgresConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConnection")
            .field("server", &self.server)
            .field("status", &self.status())
            .field("broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}
