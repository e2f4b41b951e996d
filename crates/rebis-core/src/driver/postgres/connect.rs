//! From an open socket to a session: startup, authentication, the server's parameters.

use std::fmt;

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend;

use super::error::ServerReport;
use super::request;
use super::wire::{Reader, Wait, Wire};
use crate::driver::Server;
use crate::error::{Error, ErrorKind, Result};

/// Who asks for a session, and how it is to be set up.
pub(super) struct Account {
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) database: String,
    pub(super) application_name: Option<String>,
    /// Command line options for the server's session: `-c search_path=shop`.
    pub(super) options: Option<String>,
    pub(super) allow_cleartext_password: bool,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// Starts the session.
///
/// # Errors
/// [`ErrorKind::Authentication`] when the server refuses; [`ErrorKind::Connect`] when it does not take more sessions.
pub(super) fn handshake(wire: &mut Wire, account: &Account) -> Result<Server> {
    let mut settings = vec![
        ("user", account.user.as_str()),
        ("database", account.database.as_str()),
        ("client_encoding", "UTF8"),
        ("DateStyle", "ISO"),
        ("TimeZone", "UTC"),
    ];
    settings.extend(account.application_name.as_deref().map(|name| ("application_name", name)));
    settings.extend(account.options.as_deref().map(|options| ("options", options)));
    request::startup(wire.output(), &settings);
    wire.send()?;
    let mut wait = None;
    authenticate(wire, account, &mut wait)?;
    session(wire, &mut wait)
}

fn session(wire: &mut Wire, wait: &mut Wait) -> Result<Server> {
    let mut version = String::new();
    let mut session_id = None;
    loop {
        match wire.receive(wait)? {
            backend::READY_FOR_QUERY_TAG => return Ok(Server::new("PostgreSQL", version, session_id)),
            backend::PARAMETER_STATUS_TAG => {
                let mut reader = Reader(wire.body());
                if let (Ok(b"server_version"), Ok(value)) = (reader.text(), reader.text()) {
                    version = String::from_utf8_lossy(value).into_owned();
                }
            }
            backend::BACKEND_KEY_DATA_TAG => session_id = wire.keep_key().map(u64::from),
            backend::ERROR_RESPONSE_TAG => return Err(refusal(wire)),
            tag => return Err(wire.unexpected(tag)),
        }
    }
}

fn refusal(wire: &Wire) -> Error {
    ServerReport::read(wire.body()).into_startup_error()
}

fn authenticate(wire: &mut Wire, account: &Account, wait: &mut Wait) -> Result<()> {
    let (method, data) = demand(wire, wait)?;
    match method {
        0 => return Ok(()),
        3 if account.allow_cleartext_password => {
            request::password(wire.output(), password(account)?);
            wire.send()?;
        }
        3 => {
            return Err(refused(
                "the server asks for the password in clear, and this connection is not encrypted; \
                 allow_cleartext_password=true in the URL sends it all the same",
            ));
        }
        5 => {
            let Some(salt) = data.first_chunk::<4>() else { return Err(wire.unexpected(b'R')) };
            let hashed = md5_hash(account.user.as_bytes(), password(account)?.as_bytes(), *salt);
            request::password(wire.output(), &hashed);
            wire.send()?;
        }
        10 => scram(wire, &data, password(account)?, wait)?,
        method => {
            let name = match method {
                2 => "Kerberos",
                7 | 8 => "GSSAPI",
                9 => "SSPI",
                _ => "an unknown method",
            };
            return Err(refused(format!(
                "the server asks for {name} authentication; trust, password, md5 and scram-sha-256 are supported"
            )));
        }
    }
    match demand(wire, wait)? {
        (0, _) => Ok(()),
        _ => Err(wire.unexpected(b'R')),
    }
}

/// What the server asks for: a method's number and its data.
fn demand(wire: &mut Wire, wait: &mut Wait) -> Result<(u32, Vec<u8>)> {
    match wire.receive(wait)? {
        backend::AUTHENTICATION_TAG => {
            let mut reader = Reader(wire.body());
            match reader.u32() {
                Ok(method) => Ok((method, reader.0.to_vec())),
                Err(error) => Err(wire.malformed(error)),
            }
        }
        backend::ERROR_RESPONSE_TAG => Err(refusal(wire)),
        tag => Err(wire.unexpected(tag)),
    }
}

/// The exchange in which both sides prove that they know the password.
fn scram(wire: &mut Wire, mechanisms: &[u8], password: &str, wait: &mut Wait) -> Result<()> {
    if !mechanisms.split(|byte| *byte == 0).any(|name| name == SCRAM_SHA_256.as_bytes()) {
        return Err(refused("the server offers no SASL mechanism that is supported; scram-sha-256 is"));
    }
    // The nonce comes from this thread's generator, and a child begins with a copy of its parent's: without a new seed two
    // children would send the same nonce. It is taken on every exchange, because it costs nothing beside one.
    rand::rng().reseed().map_err(|error| {
        Error::new(ErrorKind::Connect, "the system gives no random numbers").with_source(error)
    })?;
    let failed = |error: std::io::Error| refused("the SCRAM exchange failed").with_source(error);
    let mut scram = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
    request::sasl_initial(wire.output(), SCRAM_SHA_256, scram.message());
    wire.send()?;
    let (11, challenge) = demand(wire, wait)? else { return Err(wire.unexpected(b'R')) };
    scram.update(&challenge).map_err(failed)?;
    request::sasl(wire.output(), scram.message());
    wire.send()?;
    // Without this proof it may be any server that says yes.
    let (12, proof) = demand(wire, wait)? else { return Err(wire.unexpected(b'R')) };
    scram.finish(&proof).map_err(failed)
}

fn password(account: &Account) -> Result<&str> {
    account
        .password
        .as_deref()
        .ok_or_else(|| refused("the server asks for a password, and the URL holds none"))
}

fn refused(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Authentication, text)
}
