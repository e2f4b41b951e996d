//! A server that plays a script: what no real server does, or none that is at hand.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use mysql_common::auth::plugins::caching_sha2_password::scramble_sha256;

use super::{connect, rows};
use crate::driver::mysql::MysqlConnection;
use crate::driver::{Connection, TransactionStatus};
use crate::error::{Error, ErrorKind, Result};

pub(super) const NONCE: &[u8; 20] = b"abcdefghijklmnopqrst";
pub(super) const PASSWORD: &str = "topsecret";
pub(super) const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];

/// The server's side of one connection.
pub(super) struct Peer<S = TcpStream>(pub(super) S);

impl<S: Read + Write> Peer<S> {
    pub(super) fn send(&mut self, sequence: u8, payload: &[u8]) {
        let [a, b, c, ..] = payload.len().to_le_bytes();
        let packet = [&[a, b, c, sequence], payload].concat();
        // A client that has seen enough hangs up.
        let _ = self.0.write_all(&packet);
    }

    /// The next packet's payload; empty when the client hung up.
    pub(super) fn receive(&mut self) -> Vec<u8> {
        let mut header = [0; 4];
        if self.0.read_exact(&mut header).is_err() {
            return Vec::new();
        }
        let mut payload = vec![0; u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize];
        self.0.read_exact(&mut payload).unwrap();
        payload
    }

    pub(super) fn greet(&mut self, plugin: &str) -> Vec<u8> {
        self.send(0, &greeting(plugin));
        self.receive()
    }

    /// Up to the end of the session's set-up.
    pub(super) fn log_in(&mut self) {
        self.greet("mysql_native_password");
        self.send(2, OK);
        self.set_up();
    }

    pub(super) fn set_up(&mut self) {
        assert!(self.receive().starts_with(b"\x03SET NAMES utf8mb4"));
        assert!(self.receive().starts_with(b"\x03SELECT @@max_allowed_packet"));
        self.send(1, OK);
        self.send(1, &[1]);
        self.send(2, &definition("x"));
        self.send(3, b"\x0816777216");
        self.send(4, &[0xfe, 0, 0, 2, 0, 0, 0]);
    }

    /// Answers a prepare: statement 1, no parameters, one column.
    fn prepare(&mut self) {
        assert_eq!(self.receive()[0], 0x16);
        self.send(1, &[0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        self.send(2, &definition("x"));
    }
}

pub(super) fn greeting(plugin: &str) -> Vec<u8> {
    greeting_with(plugin, 0)
}

pub(super) fn greeting_with(plugin: &str, more: u32) -> Vec<u8> {
    // Protocol 4.1, secure connection, plugins, transactions, end of rows by OK.
    let capabilities: u32 = more | 1 | 0x200 | 0x2000 | 0x8000 | 0x8_0000 | 0x20_0000 | 0x100_0000;
    let [a, b, c, d] = capabilities.to_le_bytes();
    let mut bytes = b"\x0a8.4.0\0\x2a\0\0\0".to_vec();
    bytes.extend(&NONCE[..8]);
    bytes.extend([0, a, b, 255, 2, 0, c, d, 21]);
    bytes.extend([0; 10]);
    bytes.extend(&NONCE[8..]);
    bytes.push(0);
    bytes.extend(plugin.bytes());
    bytes.push(0);
    bytes
}

/// A varchar.
pub(super) fn definition(name: &str) -> Vec<u8> {
    let mut bytes = b"\x03def\0\0\0".to_vec();
    bytes.push(name.len() as u8);
    bytes.extend(name.bytes());
    bytes.extend([0, 12, 45, 0, 255, 0, 0, 0, 253, 0, 0, 0, 0, 0]);
    bytes
}

pub(super) fn refusal(code: u16, text: &str) -> Vec<u8> {
    [&[0xff], &code.to_le_bytes()[..], b"#28000", text.as_bytes()].concat()
}

/// Plays a script to one client, and connects to it.
fn play(script: impl FnOnce(&mut Peer) + Send + 'static) -> (Result<MysqlConnection>, JoinHandle<()>) {
    play_with("", script)
}

pub(super) fn play_with(
    options: &str,
    script: impl FnOnce(&mut Peer) + Send + 'static,
) -> (Result<MysqlConnection>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || script(&mut Peer(listener.accept().unwrap().0)));
    (connect(&format!("mysql://ed:{PASSWORD}@127.0.0.1:{port}/shop{options}")), server)
}

fn refused(script: impl FnOnce(&mut Peer) + Send + 'static) -> Error {
    refused_with("", script)
}

pub(super) fn refused_with(options: &str, script: impl FnOnce(&mut Peer) + Send + 'static) -> Error {
    let (connection, server) = play_with(options, script);
    let error = connection.unwrap_err();
    server.join().unwrap();
    assert!(!format!("{error:?} {}", error.chain()).contains(PASSWORD));
    error
}

/// A connection that is logged in, and what the server does with its first statement.
fn answered(script: impl FnOnce(&mut Peer) + Send + 'static) -> (MysqlConnection, JoinHandle<()>) {
    let (connection, server) = play(|peer| {
        peer.log_in();
        script(peer);
    });
    (connection.unwrap(), server)
}

#[test]
fn the_caching_method_by_its_fast_way() {
    let (connection, server) = play(|peer| {
        let response = peer.greet("caching_sha2_password");
        let proof = scramble_sha256(NONCE, PASSWORD.as_bytes()).unwrap();
        assert!(response.windows(32).any(|part| part == proof));
        assert!(!response.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()));
        // No local files, no several statements in one text, and rows that were found are counted.
        let capabilities = u32::from_le_bytes(response[..4].try_into().unwrap());
        assert_eq!((capabilities & 0x80, capabilities & 0x1_0000), (0, 0));
        peer.send(2, &[1, 3]);
        peer.send(3, OK);
        peer.set_up();
    });
    let connection = connection.unwrap();
    server.join().unwrap();
    let server = connection.server();
    assert_eq!((server.product.as_str(), server.version.as_str()), ("MySQL", "8.4.0"));
    assert_eq!(server.session_id, Some(42));
}

#[test]
fn the_caching_method_in_full_encrypts_the_password() {
    let (connection, server) = play(|peer| {
        peer.greet("caching_sha2_password");
        peer.send(2, &[1, 4]);
        assert_eq!(peer.receive(), [2]);
        peer.send(4, &[&[1], PEM.as_bytes()].concat());
        let encrypted = peer.receive();
        assert_eq!(encrypted.len(), 256);
        peer.send(6, OK);
        peer.set_up();
    });
    connection.unwrap();
    server.join().unwrap();
}

#[test]
fn a_public_key_that_is_none_is_refused() {
    let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    for cut in [0, 4, 8, 40, 100, body.len() - 8] {
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", &body[..cut]);
        let error = refused(move |peer| {
            peer.greet("caching_sha2_password");
            peer.send(2, &[1, 4]);
            peer.receive();
            peer.send(4, &[&[1], pem.as_bytes()].concat());
        });
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    }
}

#[test]
fn a_refusal_is_the_servers() {
    let error = refused(|peer| {
        peer.greet("mysql_native_password");
        peer.send(2, &refusal(1045, "Access denied for user 'ed'"));
    });
    assert_eq!((error.kind(), error.code()), (ErrorKind::Authentication, Some(1045)));
    let error = refused(|peer| peer.send(0, b"\xff\x10\x04Too many connections"));
    assert_eq!(error.kind(), ErrorKind::Connect);
}

#[test]
fn the_password_does_not_travel_as_it_is() {
    let switch = b"\xfemysql_clear_password\0";
    let error = refused(|peer| {
        peer.greet("mysql_native_password");
        peer.send(2, switch);
        assert!(peer.receive().is_empty());
    });
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("allow_cleartext_password"));
    let (connection, server) = play_with("?allow_cleartext_password=true", |peer| {
        peer.greet("mysql_native_password");
        peer.send(2, switch);
        assert_eq!(peer.receive(), b"topsecret\0");
        peer.send(4, OK);
        peer.set_up();
    });
    connection.unwrap();
    server.join().unwrap();
}

#[test]
fn methods_that_are_not_known_are_named() {
    let error = refused(|peer| {
        peer.greet("parsec");
        peer.send(2, b"\xfeparsec\0abcd");
    });
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("'parsec'"));
    // A challenge that is too short for its method.
    let error = refused(|peer| drop((peer.greet("x"), peer.send(2, b"\xfeclient_ed25519\0abcd"))));
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(refused(|peer| drop((peer.greet("x"), peer.send(2, &[0xfe])))).kind(), ErrorKind::Unsupported);
}

#[test]
fn nonsense_is_no_server() {
    for (bytes, kind) in [
        (b"\x09old\0".to_vec(), ErrorKind::Protocol),
        (greeting("x")[..20].to_vec(), ErrorKind::Protocol),
        (Vec::new(), ErrorKind::Protocol),
    ] {
        assert_eq!(refused(move |peer| peer.send(0, &bytes)).kind(), kind);
    }
    assert_eq!(refused(|_| {}).kind(), ErrorKind::Connect);
    let error = refused(|peer| drop(peer.0.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")));
    assert_eq!(error.kind(), ErrorKind::Connect);
    // Steps without end.
    let error = refused(|peer| {
        peer.greet("caching_sha2_password");
        for step in 0..20 {
            peer.send(2 + step, &[1, 3]);
        }
    });
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[test]
fn a_local_file_is_not_sent() {
    let (mut connection, server) = answered(|peer| {
        assert_eq!(peer.receive(), b"\x03LOAD DATA");
        peer.send(1, b"\xfb/etc/passwd");
        assert_eq!(peer.receive(), b"");
    });
    let error = connection.control("LOAD DATA").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.is_disconnect() && connection.is_broken());
    drop(connection);
    server.join().unwrap();
}

/// What a client makes of an answer to `SELECT 1`, and that it does not use the wire again.
fn broken_by(script: impl FnOnce(&mut Peer) + Send + 'static) -> Error {
    let (mut connection, server) = answered(|peer| {
        peer.prepare();
        peer.receive();
        script(peer);
    });
    let error = match connection.execute("SELECT 1", &[]) {
        Ok(cursor) => rows(cursor).unwrap_err(),
        Err(error) => error,
    };
    assert!(error.is_disconnect() && connection.is_broken(), "{error:?}");
    assert!(connection.execute("SELECT 1", &[]).map(drop).unwrap_err().is_disconnect());
    connection.close();
    server.join().unwrap();
    error
}

#[test]
fn what_the_protocol_does_not_allow_breaks_the_connection() {
    let answers: [&[(u8, &[u8])]; 9] = [
        // Out of sequence.
        &[(2, OK)],
        &[(1, &[1]), (3, &[])],
        // Truncated: OK, error, definition, row.
        &[(1, &[0, 0])],
        &[(1, &[0xff, 1])],
        &[(1, &[1]), (2, b"\x03def")],
        &[(1, &[1]), (2, b"\x03def\0\0\0\x01x\x00\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"), (3, &[0, 0, 9, b'a'])],
        // An empty answer, and one with more columns than there can be.
        &[(1, &[])],
        &[(1, &[0xfc, 0xff, 0xff])],
        &[(1, &[0xfe, 255, 255, 255, 255, 255, 255, 255, 255])],
    ];
    for answer in answers {
        let error =
            broken_by(move |peer| answer.iter().for_each(|(sequence, bytes)| peer.send(*sequence, bytes)));
        assert_eq!(error.kind(), ErrorKind::Protocol, "{answer:?}: {error:?}");
    }
}

#[test]
fn a_server_that_dies_in_the_middle_is_a_disconnect() {
    let error = broken_by(|peer| {
        peer.send(1, &[1]);
        peer.send(2, &definition("x"));
        peer.send(3, &[0, 0, 1, b'a']);
        // Half a row.
        let _ = peer.0.write_all(&[9, 0, 0, 4, 0, 0]);
    });
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(broken_by(|_| {}).kind(), ErrorKind::Disconnected);
    // A claim of 16 MiB that does not come takes no memory, and no other way.
    let error = broken_by(|peer| drop(peer.0.write_all(&[0xfe, 0xff, 0xff, 1, 0])));
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    // A farewell out of sequence is heard.
    let error = broken_by(|peer| peer.send(0, &refusal(4031, "inactive for too long")));
    assert_eq!((error.kind(), error.code()), (ErrorKind::Disconnected, Some(4031)));
}

#[test]
fn rows_without_end_are_not_read_past_for_ever() {
    let (connection, server) = play_with("?read_timeout=0.5", |peer| {
        peer.log_in();
        peer.prepare();
        peer.receive();
        peer.send(1, &[1]);
        peer.send(2, &definition("x"));
        for sequence in 3_u64.. {
            let row = [b"\x40\0\0".as_slice(), &[sequence as u8], &[0, 0, 61], &[b'a'; 61]].concat();
            if peer.0.write_all(&row).is_err() {
                break;
            }
        }
    });
    let mut connection = connection.unwrap();
    connection.execute("SELECT 1", &[]).unwrap();
    let error = connection.execute("SELECT 1", &[]).map(drop).unwrap_err();
    assert_eq!((error.kind(), error.is_disconnect()), (ErrorKind::Timeout, true));
    drop(connection);
    server.join().unwrap();
}

#[test]
fn the_status_is_what_the_server_said_last() {
    let (mut connection, server) = answered(|peer| {
        peer.receive();
        peer.send(1, &[0, 0, 0, 3, 0, 0, 0]);
        peer.receive();
        peer.send(1, &refusal(1213, "Deadlock found"));
        assert_eq!(peer.receive(), b"\x03ROLLBACK");
        peer.send(1, OK);
    });
    connection.control("SET autocommit = 0").unwrap();
    assert_eq!(connection.status(), TransactionStatus::Active);
    assert_eq!(connection.control("UPDATE").unwrap_err().kind(), ErrorKind::Serialization);
    assert_eq!(connection.status(), TransactionStatus::Failed);
    connection.reset().unwrap();
    assert_eq!(connection.status(), TransactionStatus::Idle);
    server.join().unwrap();
}

#[test]
fn a_lost_statement_is_prepared_again() {
    let (mut connection, server) = answered(|peer| {
        peer.prepare();
        assert_eq!(peer.receive()[0], 0x17);
        peer.send(1, &refusal(1243, "Unknown prepared statement handler"));
        assert_eq!(peer.receive(), [0x19, 1, 0, 0, 0]);
        peer.prepare();
        assert_eq!(peer.receive()[0], 0x17);
        peer.send(1, OK);
        // Another statement, and no room for it: all are closed, and it is tried again.
        assert_eq!(peer.receive(), b"\x16SELECT 2");
        peer.send(1, &refusal(1461, "Can't create more"));
        assert_eq!(peer.receive(), [0x19, 1, 0, 0, 0]);
        peer.prepare();
        assert_eq!(peer.receive()[0], 0x17);
        peer.send(1, OK);
    });
    connection.execute("SELECT 1", &[]).unwrap();
    connection.execute("SELECT 2", &[]).unwrap();
    server.join().unwrap();
}

const PEM: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxSKOcxiet8lLMn8ImyUE
bGGKob5EdRz/4wdiw12ED0GfKKTKhVnodFCfm1mdy7bKOX5QxL9skrvYodpW43eR
R5bfOzIgy1qIB8RYb6qOXRBw1oA4snBDqtUjDv/lbHLJN+IbzM4oU+e3Lt9rXyLX
VY289ewONPweXHqSCnTL91w+wkU1peIFV2QhZ+upUCdCtwOn5hnJPNgxtbklFoya
C8W3Z7Xx7He2QDJsEWAqX197efw0L6j8X8Tyd8Uwb7zUB1tfMGhHfm9EwejPAtzx
4GztQNtNMtGS2oGZLQBLV9hib4dDL92iiZeckg2LAf4GsJofLLR8mcHCRoqVbQJ1
YQIDAQAB
-----END PUBLIC KEY-----
";
