//! From an open socket to a session: startup, authentication, the server's parameters.

use std::fmt;

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::backend;

use super::error::ServerReport;
use super::request;
use super::wire::{Reader, Wait, Wire};
use crate::driver::transport::{Role, Target, Transport};
use crate::driver::{Login, Server};
use crate::error::{Error, ErrorKind, Result};
use crate::url::UrlOptions;

/// Who asks for a session, and how it is to be set up.
pub(super) struct Account {
    /// The URL's; its user serves where a login names none.
    pub(super) login: Login,
    pub(super) database: String,
    pub(super) application_name: Option<String>,
    /// Command line options for the server's session: `-c search_path=shop`.
    pub(super) options: Option<String>,
    pub(super) allow_cleartext_password: bool,
    pub(super) channel_binding: ChannelBindingUse,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("login", &self.login)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// Whether a login is bound to the server's certificate, so that nobody in between can pass it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelBindingUse {
    Disable,
    /// Where there is TLS and the server offers it.
    Prefer,
    Require,
}

impl ChannelBindingUse {
    /// Takes the option, with libpq's words.
    pub(super) fn take(options: &mut UrlOptions<'_>) -> Result<Self> {
        match options.text("channel_binding")? {
            None | Some("prefer") => Ok(ChannelBindingUse::Prefer),
            Some("disable") => Ok(ChannelBindingUse::Disable),
            Some("require") => Ok(ChannelBindingUse::Require),
            Some(_) => {
                let text = "the URL option 'channel_binding' must be disable, prefer or require";
                Err(Error::new(ErrorKind::Url, text))
            }
        }
    }
}

/// Asks for TLS where the URL wants it, before anything else is sent.
///
/// # Errors
/// [`ErrorKind::Connect`] when the server has none and the URL demands it, or when its certificate is not believed.
pub(super) fn encrypt(transport: &mut Transport) -> Result<()> {
    if !transport.wants_tls() {
        return Ok(());
    }
    request::ssl(transport.output());
    transport.flush()?;
    let deadline = transport.read_deadline();
    transport.need(1, deadline)?;
    let answer = transport.buffered().first().copied();
    transport.consume(1);
    match answer {
        Some(b'S') => transport.encrypt(),
        Some(b'N') => transport.goes_plain(),
        // An error's text at this point may be anybody's: it is not shown.
        Some(b'E') => {
            Err(Error::new(ErrorKind::Connect, "the server answered the request for TLS with an error"))
        }
        _ => Err(super::wire::protocol("an answer to the request for TLS that is none")),
    }
}

/// Who logs in on this connection.
struct Applicant<'a> {
    user: &'a str,
    secret: Option<&'a str>,
    account: &'a Account,
}

/// Starts the session, if the server is one of those that are wanted.
///
/// # Errors
/// [`ErrorKind::Authentication`] when the server refuses; [`ErrorKind::Connect`] when it does not take more sessions, or is
/// not the target.
pub(super) fn handshake(wire: &mut Wire, account: &Account, login: &Login, target: Target) -> Result<Server> {
    let user = login.user.as_ref().or(account.login.user.as_ref()).map_or("", String::as_str);
    let applicant = Applicant { user, secret: login.secret(), account };
    // Zeros end these on the wire: what is behind one would be read as something else.
    if user.contains('\0') || applicant.secret.is_some_and(|password| password.contains('\0')) {
        let text = "the user's name or the password contains a zero byte";
        return Err(Error::new(ErrorKind::Configuration, text));
    }
    let mut settings = vec![
        ("user", user),
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
    authenticate(wire, &applicant, &mut wait)?;
    let (server, role) = session(wire, &mut wait)?;
    if !target.is_any() {
        target.check(role.map_or_else(|| ask_role(wire), Ok)?)?;
    }
    Ok(server)
}

fn session(wire: &mut Wire, wait: &mut Wait) -> Result<(Server, Option<Role>)> {
    let mut version = String::new();
    let mut session_id = None;
    let (mut read_only, mut standby) = (None, None);
    loop {
        match wire.receive(wait)? {
            backend::READY_FOR_QUERY_TAG => {
                // From version 14 on the server tells of itself.
                let role = read_only
                    .zip(standby)
                    .map(|(read_only, standby)| Role { read_only: read_only || standby, standby });
                return Ok((Server::new("PostgreSQL", version, session_id), role));
            }
            backend::PARAMETER_STATUS_TAG => {
                let mut reader = Reader(wire.body());
                match (reader.text(), reader.text()) {
                    (Ok(b"server_version"), Ok(value)) => {
                        version = String::from_utf8_lossy(value).into_owned();
                    }
                    (Ok(b"default_transaction_read_only"), Ok(value)) => read_only = Some(value == b"on"),
                    (Ok(b"in_hot_standby"), Ok(value)) => standby = Some(value == b"on"),
                    _ => {}
                }
            }
            backend::BACKEND_KEY_DATA_TAG => session_id = wire.keep_key().map(u64::from),
            backend::ERROR_RESPONSE_TAG => return Err(refusal(wire)),
            tag => return Err(wire.unexpected(tag)),
        }
    }
}

/// Asks a server that has not told by itself.
fn ask_role(wire: &mut Wire) -> Result<Role> {
    let sql =
        "SELECT pg_catalog.current_setting('transaction_read_only') = 'on', pg_catalog.pg_is_in_recovery()";
    request::query(wire.output(), sql);
    wire.send_ended()?;
    let mut wait = None;
    let mut role = None;
    loop {
        match wire.receive(&mut wait)? {
            backend::READY_FOR_QUERY_TAG => return role.ok_or_else(|| wire.unexpected(b'Z')),
            backend::DATA_ROW_TAG => {
                // Two columns, each a `t` or an `f` behind its length.
                let (read_only, standby) = match *wire.body() {
                    [0, 2, 0, 0, 0, 1, read_only, 0, 0, 0, 1, standby] => {
                        (read_only == b't', standby == b't')
                    }
                    _ => return Err(wire.unexpected(backend::DATA_ROW_TAG)),
                };
                role = Some(Role { read_only: read_only || standby, standby });
            }
            backend::ROW_DESCRIPTION_TAG | backend::COMMAND_COMPLETE_TAG => {}
            backend::ERROR_RESPONSE_TAG => return Err(wire.server_error()),
            tag => return Err(wire.unexpected(tag)),
        }
    }
}

fn refusal(wire: &Wire) -> Error {
    ServerReport::read(wire.body()).into_startup_error()
}

fn authenticate(wire: &mut Wire, applicant: &Applicant<'_>, wait: &mut Wait) -> Result<()> {
    let account = applicant.account;
    let (method, data) = demand(wire, wait)?;
    if account.channel_binding == ChannelBindingUse::Require && method != 10 {
        return Err(refused(
            "channel_binding=require wants a login by SCRAM, and the server asks for another or for none",
        ));
    }
    match method {
        0 => return Ok(()),
        3 if account.allow_cleartext_password || wire.transport().is_trusted() => {
            request::password(wire.output(), applicant.password()?);
            wire.send()?;
        }
        3 => {
            return Err(refused(
                "the server asks for the password in clear, and has not shown by a verified certificate who it is; \
                 allow_cleartext_password=true in the URL sends it all the same",
            ));
        }
        5 => {
            let Some(salt) = data.first_chunk::<4>() else { return Err(wire.unexpected(b'R')) };
            let hashed = md5_hash(applicant.user.as_bytes(), applicant.password()?.as_bytes(), *salt);
            request::password(wire.output(), &hashed);
            wire.send()?;
        }
        10 => scram(wire, &data, applicant, wait)?,
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

/// Which mechanism, and what of the certificate goes into the proof. A client that could bind and is not offered it says
/// so, so that the server notices when somebody in between took the offer away.
fn binding(
    wire: &mut Wire,
    mechanisms: &[u8],
    wanted: ChannelBindingUse,
) -> Result<(&'static str, ChannelBinding)> {
    let offers = |name: &str| mechanisms.split(|byte| *byte == 0).any(|offered| offered == name.as_bytes());
    let end_point = match wanted {
        ChannelBindingUse::Disable => None,
        _ => wire.transport().channel_binding(),
    };
    match end_point {
        Some(hash) if offers(SCRAM_SHA_256_PLUS) => {
            Ok((SCRAM_SHA_256_PLUS, ChannelBinding::tls_server_end_point(hash)))
        }
        _ if wanted == ChannelBindingUse::Require => Err(refused(
            "channel_binding=require: there is nothing to bind the login to; it takes TLS, a server that offers \
             SCRAM-SHA-256-PLUS, and a certificate signed by RSA or ECDSA",
        )),
        _ if !offers(SCRAM_SHA_256) => {
            Err(refused("the server offers no SASL mechanism that is supported; scram-sha-256 is"))
        }
        Some(_) => Ok((SCRAM_SHA_256, ChannelBinding::unrequested())),
        None => Ok((SCRAM_SHA_256, ChannelBinding::unsupported())),
    }
}

/// The exchange in which both sides prove that they know the password.
fn scram(wire: &mut Wire, mechanisms: &[u8], applicant: &Applicant<'_>, wait: &mut Wait) -> Result<()> {
    let password = applicant.password()?;
    let (mechanism, binding) = binding(wire, mechanisms, applicant.account.channel_binding)?;
    // The nonce comes from this thread's generator, and a child begins with a copy of its parent's: without a new seed two
    // children would send the same nonce. It is taken on every exchange, because it costs nothing beside one.
    rand::rng().reseed().map_err(|error| {
        Error::new(ErrorKind::Connect, "the system gives no random numbers").with_source(error)
    })?;
    let failed = |error: std::io::Error| refused("the SCRAM exchange failed").with_source(error);
    let mut scram = ScramSha256::new(password.as_bytes(), binding);
    request::sasl_initial(wire.output(), mechanism, scram.message());
    wire.send()?;
    let (11, challenge) = demand(wire, wait)? else { return Err(wire.unexpected(b'R')) };
    scram.update(&challenge).map_err(failed)?;
    request::sasl(wire.output(), scram.message());
    wire.send()?;
    // Without this proof it may be any server that says yes.
    let (12, proof) = demand(wire, wait)? else { return Err(wire.unexpected(b'R')) };
    scram.finish(&proof).map_err(failed)
}

impl<'a> Applicant<'a> {
    fn password(&self) -> Result<&'a str> {
        self.secret.ok_or_else(|| refused("the server asks for a password, and there is none"))
    }
}

fn refused(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Authentication, text)
}
