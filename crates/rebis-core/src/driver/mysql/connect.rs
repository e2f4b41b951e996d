//! Greeting, login, session settings.

use std::sync::Arc;

use lru::LruCache;
use mysql_common::constants::{CapabilityFlags, Command, MariadbCapabilities, StatusFlags};
use mysql_common::packets::{HandshakeResponse, SslRequest};
use mysql_common::proto::MySerialize;

use super::answer::Head;
use super::auth::{self, Nonce, Proof};
use super::cancel::Door;
use super::columns::Shape;
use super::cursor::{Answer, Outcome};
use super::packet::{Reader, Wire};
use super::{MysqlConnection, MysqlConnector, Session, error};
use crate::driver::transport::{Role, Target, Transport};
use crate::driver::{Login, Server};
use crate::error::{Error, ErrorKind, Result};

/// What a client of this kind needs, whatever else the server offers.
const NEEDED: CapabilityFlags = CapabilityFlags::CLIENT_PROTOCOL_41
    .union(CapabilityFlags::CLIENT_SECURE_CONNECTION)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH)
    .union(CapabilityFlags::CLIENT_TRANSACTIONS);

/// What is taken when it is offered. Counts are of rows that a statement found, as on other databases, not only of those
/// that it changed. Never: local files, several statements in one text.
const WANTED: CapabilityFlags = NEEDED
    .union(CapabilityFlags::CLIENT_LONG_PASSWORD)
    .union(CapabilityFlags::CLIENT_LONG_FLAG)
    .union(CapabilityFlags::CLIENT_FOUND_ROWS)
    .union(CapabilityFlags::CLIENT_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_PS_MULTI_RESULTS)
    .union(CapabilityFlags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA)
    .union(CapabilityFlags::CLIENT_CONNECT_WITH_DB)
    .union(CapabilityFlags::CLIENT_SSL)
    .union(CapabilityFlags::CLIENT_DEPRECATE_EOF);

/// The server's default, until it tells.
const LONGEST_BY_DEFAULT: usize = 16 << 20;

/// Of `utf8mb4_general_ci`; the handshake's response says it again.
const UTF8MB4: u8 = 45;

/// The longest packet that the client takes: what the protocol allows.
const LONGEST_ANSWER: u32 = 1 << 30;

/// What a server says of itself, before anybody has logged in.
#[derive(Debug)]
struct Greeting {
    version: String,
    connection: u32,
    capabilities: CapabilityFlags,
    mariadb: Option<MariadbCapabilities>,
    nonce: Nonce,
    plugin: Vec<u8>,
}

/// From a fresh transport to a connection that is ready.
///
/// # Errors
/// [`ErrorKind::Authentication`] when the server refuses; what the transport says.
pub(super) fn handshake(
    transport: Transport,
    connector: &MysqlConnector,
    login: &Login,
    target: Target,
) -> Result<MysqlConnection> {
    let user = login.user.as_ref().or(connector.login.user.as_ref()).cloned();
    let account = Arc::new(Account {
        login: Login { user, password: login.password.clone() },
        cleartext: connector.cleartext,
    });
    let database = connector.database.as_deref();
    let Hello { mut wire, greeting, without_eof, bulk } = introduce(transport, &account, database)?;
    let session = Session { without_eof, bulk, longest: LONGEST_BY_DEFAULT };
    wire.run.set_door(Door::new(wire.way(), account, greeting.connection));
    let no_rows = Arc::new(Shape::empty());
    let nothing = Outcome { shape: Arc::clone(&no_rows), binary: true, done: None };
    let mut connection = MysqlConnection {
        wire,
        server: server(&greeting),
        session,
        status: StatusFlags::empty(),
        failed: false,
        must_write: false,
        unfinished: false,
        begin: None,
        closing: Vec::new(),
        statements: LruCache::new(connector.statements),
        no_rows,
        answer: Answer::new(nothing),
        places: Vec::new(),
        definitions: Vec::new(),
        sql_mode: Arc::clone(&connector.sql_mode),
        database: connector.database.clone(),
    };
    connection.set_up()?;
    if !target.is_any() {
        target.check(connection.role()?)?;
    }
    connection.must_write = target.must_write();
    connection.wire.unlimited();
    Ok(connection)
}

/// Who logs in on a connection, and again to stop what runs on it.
pub(super) struct Account {
    login: Login,
    cleartext: bool,
}

/// A wire on which somebody has logged in.
pub(super) struct Hello {
    pub(super) wire: Wire,
    greeting: Greeting,
    without_eof: bool,
    bulk: bool,
}

/// Greeting and login, without a session's settings; into this database or into none.
///
/// # Errors
/// As [`handshake`].
pub(super) fn introduce(transport: Transport, account: &Account, database: Option<&str>) -> Result<Hello> {
    let mut wire = Wire::new(transport);
    let patience = &mut None;
    wire.read(patience)?;
    if wire.payload().first() == Some(&0xff) {
        let refused = error::from_packet(wire.payload());
        return Err(refused.unwrap_or_else(|| wire.protocol_error("a truncated error")));
    }
    let Some(greeting) = greeting(wire.payload()) else {
        return Err(wire.protocol_error("no greeting of MySQL's protocol 10"));
    };
    if !greeting.capabilities.contains(NEEDED) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the server is older than MySQL 5.5: its protocol lacks parts",
        ));
    }
    let mut capabilities = greeting.capabilities & WANTED;
    capabilities.set(CapabilityFlags::CLIENT_CONNECT_WITH_DB, database.is_some());
    let encrypted =
        wire.transport().wants_tls() && greeting.capabilities.contains(CapabilityFlags::CLIENT_SSL);
    capabilities.set(CapabilityFlags::CLIENT_SSL, encrypted);
    let bulk = MariadbCapabilities::MARIADB_CLIENT_STMT_BULK_OPERATIONS;
    let mariadb = greeting.mariadb.unwrap_or(MariadbCapabilities::empty()) & bulk;
    if encrypted {
        start_tls(&mut wire, capabilities, mariadb)?;
    } else {
        // Before anything of the login is sent.
        wire.transport().goes_plain()?;
    }
    let user = account.login.user.as_deref().unwrap_or("");
    let proof = Proof {
        password: account.login.secret().unwrap_or(""),
        private: encrypted || wire.transport().is_local(),
        cleartext: account.cleartext,
    };
    log_in(&mut wire, &greeting, (capabilities, mariadb), (user, database), &proof)?;
    auth::converse(&mut wire, greeting.nonce, &proof, patience)?;
    let without_eof = capabilities.contains(CapabilityFlags::CLIENT_DEPRECATE_EOF);
    Ok(Hello { wire, greeting, without_eof, bulk: mariadb.contains(bulk) })
}

/// A failed connect is told as such: what a lost wire, a passed deadline or nonsense mean here is that there is no server
/// that answers.
pub(super) fn failed(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Disconnected | ErrorKind::Timeout | ErrorKind::Operational => {
            error.wrap(ErrorKind::Connect, "the server did not complete the handshake")
        }
        _ => error,
    }
}

fn greeting(payload: &[u8]) -> Option<Greeting> {
    let mut reader = Reader(payload);
    (reader.u8()? == 10).then_some(())?;
    let version = String::from_utf8_lossy(reader.terminated()).into_owned();
    let connection = reader.u32()?;
    let first = reader.bytes(8)?;
    reader.u8()?;
    let low = u32::from(reader.u16()?);
    let _collation = reader.u8()?;
    let _status = reader.u16()?;
    let bits = low | u32::from(reader.u16()?) << 16;
    let capabilities = CapabilityFlags::from_bits_truncate(bits);
    let _length = reader.u8()?;
    reader.bytes(6)?;
    // Where MySQL has zeros, a MariaDB that does not call itself MySQL has more of its own.
    let more = MariadbCapabilities::from_bits_truncate(reader.u32()?);
    let mariadb = !capabilities.contains(CapabilityFlags::CLIENT_LONG_PASSWORD);
    // The random bytes in two parts, 20 in all, and a zero behind them.
    let second = reader.bytes(12)?;
    reader.u8()?;
    let mut nonce = [0; 20];
    nonce[..8].copy_from_slice(first);
    nonce[8..].copy_from_slice(second);
    let plugin = reader.terminated().to_vec();
    Some(Greeting { version, connection, capabilities, mariadb: mariadb.then_some(more), nonce, plugin })
}

fn server(greeting: &Greeting) -> Server {
    // A prefix for replicas that take the first digit for the whole: 5.5.5-10.11.6-MariaDB.
    let version = greeting.version.strip_prefix("5.5.5-").unwrap_or(&greeting.version);
    let product = if greeting.mariadb.is_some() || version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
    Server::new(product, version, Some(greeting.connection.into()))
}

/// Tells the server what is spoken from here on. It does not answer: the handshake begins at once.
fn start_tls(wire: &mut Wire, capabilities: CapabilityFlags, mariadb: MariadbCapabilities) -> Result<()> {
    let request = SslRequest::new(capabilities, LONGEST_ANSWER, UTF8MB4).with_mariadb_capabilities(mariadb);
    let next = wire.write(wire.sequence(), |output| {
        request.serialize(output);
        Ok(())
    })?;
    wire.flush()?;
    wire.expect(next);
    wire.encrypt()
}

fn log_in(
    wire: &mut Wire,
    greeting: &Greeting,
    (capabilities, mariadb): (CapabilityFlags, MariadbCapabilities),
    (user, database): (&str, Option<&str>),
    proof: &Proof<'_>,
) -> Result<()> {
    // Zeros end these on the wire: what is behind one would be read as something else.
    if user.contains('\0') || database.is_some_and(|name| name.contains('\0')) {
        let text = "the user's or the database's name contains a zero byte";
        return Err(Error::new(ErrorKind::Configuration, text));
    }
    let (plugin, proof) = auth::first_proof(&greeting.plugin, &greeting.nonce, proof);
    // The version chooses the collation: utf8mb4.
    let response = HandshakeResponse::new(
        Some(proof),
        (5, 5, 3),
        Some(user.as_bytes()),
        database.map(str::as_bytes),
        Some(plugin),
        capabilities,
        None,
        LONGEST_ANSWER,
    )
    .with_mariadb_ext_capabilities(mariadb);
    let next = wire.write(wire.sequence(), |output| {
        response.serialize(output);
        Ok(())
    })?;
    wire.flush()?;
    wire.expect(next);
    Ok(())
}

impl MysqlConnection {
    /// Two requests at once: how the session is to be, and what the server takes.
    pub(super) fn set_up(&mut self) -> Result<()> {
        let sql_mode = &*self.sql_mode;
        // The names again: a server may be told to ignore the handshake's.
        // `string_agg` is cut at its limit with no more than a warning: the limit is the longest packet. MariaDB takes no more.
        let settings = format!(
            "SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = '{sql_mode}', autocommit = 1, \
             group_concat_max_len = 1073741824"
        );
        self.ask(&[&settings, "SELECT @@max_allowed_packet"])?;
        self.read_done()?;
        self.wire.expect(1);
        let longest = self.read_cell()?.and_then(|text| text.parse().ok());
        self.session.longest = longest.unwrap_or(LONGEST_BY_DEFAULT);
        Ok(())
    }

    /// Whether the server takes writes.
    fn role(&mut self) -> Result<Role> {
        // Numbers, or words where a newer server has more than two of them. The second is that of Aurora's readers.
        self.ask(&["SELECT concat_ws(',', @@global.read_only, @@global.innodb_read_only)"])?;
        let settings = self.read_cell()?.unwrap_or_default();
        let read_only = settings.split(',').any(|setting| !matches!(setting, "0" | "OFF"));
        Ok(Role { read_only, standby: read_only })
    }

    fn ask(&mut self, statements: &[&str]) -> Result<()> {
        for sql in statements {
            self.wire.write(0, |output| {
                output.push(Command::COM_QUERY as u8);
                output.extend_from_slice(sql.as_bytes());
                Ok(())
            })?;
        }
        self.wire.flush()?;
        self.wire.expect(1);
        Ok(())
    }

    /// The one cell of one row.
    fn read_cell(&mut self) -> Result<Option<String>> {
        let patience = &mut None;
        let mut found = None;
        if let Head::Columns(count) = self.read_head(patience)? {
            self.skip_definitions(count, patience)?;
            self.unfinished = true;
            while self.read_row(patience)?.is_none() {
                let text = Reader(self.wire.payload()).counted();
                found = text.map(|text| String::from_utf8_lossy(text).into_owned());
            }
        }
        Ok(found)
    }
}
