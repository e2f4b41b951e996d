//! A server that plays a script, with TLS or in the way of it; and several servers in one URL.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use mysql_common::auth::plugins::caching_sha2_password::scramble_sha256;

use super::connect;
use super::scripted::{
    NONCE, OK, PASSWORD, Peer, definition, greeting_with, play_with, refusal, refused_with,
};
use crate::driver::Connection;
use crate::driver::mysql::MysqlConnection;
use crate::driver::transport::testing::{Folder, Identity, TlsStream, authority};
use crate::error::{ErrorKind, Result};

const SSL: u32 = 0x800;

/// Greets, takes the request for TLS and goes on inside.
fn encrypt(peer: &mut Peer, plugin: &str, identity: &Identity) -> (Peer<TlsStream>, Vec<u8>) {
    peer.send(0, &greeting_with(plugin, SSL));
    let request = peer.receive();
    assert_eq!(request.len(), 32, "nothing of the login goes before the encryption");
    assert_eq!(u32::from_le_bytes(request[..4].try_into().unwrap()) & SSL, SSL);
    let mut peer = Peer(identity.accept(peer.0.try_clone().unwrap()).unwrap());
    let response = peer.receive();
    assert_eq!(response[..9], request[..9]);
    (peer, response)
}

#[test]
fn the_caching_method_in_full_sends_the_password_inside_of_tls() {
    let (_, identity) = authority(&["127.0.0.1"]);
    let (connection, server) = play_with("", move |peer| {
        let (mut peer, response) = encrypt(peer, "caching_sha2_password", &identity);
        let proof = scramble_sha256(NONCE, PASSWORD.as_bytes()).unwrap();
        assert!(response.windows(32).any(|part| part == proof));
        peer.send(3, &[1, 4]);
        assert_eq!(peer.receive(), b"topsecret\0");
        peer.send(5, OK);
        peer.set_up();
        assert_eq!(peer.receive(), [1]);
        // The goodbye of the encryption, behind the protocol's.
        assert_eq!(peer.0.read(&mut [0; 1]).unwrap(), 0);
    });
    connection.unwrap().close();
    server.join().unwrap();
}

#[test]
fn a_password_as_it_is_needs_leave_inside_of_tls_too() {
    let (_, identity) = authority(&["127.0.0.1"]);
    let error = refused_with("?ssl_mode=required", move |peer| {
        let (mut peer, _) = encrypt(peer, "mysql_native_password", &identity);
        peer.send(3, b"\xfemysql_clear_password\0");
        assert!(peer.receive().is_empty());
    });
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[test]
fn a_server_without_tls_is_spoken_to_only_where_that_will_do() {
    for mode in ["required", "verify_ca", "VERIFY_IDENTITY"] {
        let folder = Folder::new();
        let root = folder.write("ca.pem", &authority(&["x"]).0);
        let error = refused_with(&format!("?ssl-mode={mode}&ssl-ca={root}"), |peer| {
            peer.send(0, &greeting_with("mysql_native_password", 0));
            assert!(peer.receive().is_empty(), "nothing is sent");
        });
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().contains("no TLS") && error.to_string().contains("ssl_mode="), "{error}");
    }
    let (connection, server) = play_with("?ssl_mode=preferred", Peer::log_in);
    connection.unwrap();
    server.join().unwrap();
    // And one that has it is not asked for it where nobody wants it.
    let (connection, server) = play_with("?ssl_mode=disabled", |peer| {
        peer.send(0, &greeting_with("mysql_native_password", SSL));
        let response = peer.receive();
        assert_eq!(u32::from_le_bytes(response[..4].try_into().unwrap()) & SSL, 0);
        peer.send(2, OK);
        peer.set_up();
    });
    connection.unwrap();
    server.join().unwrap();
}

#[test]
fn a_preferred_encryption_that_fails_does_not_end_in_plain_text() {
    let error = refused_with("?ssl_mode=preferred", |peer| {
        peer.send(0, &greeting_with("mysql_native_password", SSL));
        assert_eq!(peer.receive().len(), 32);
        peer.0.write_all(b"no TLS here").unwrap();
        let mut rest = Vec::new();
        let _ = peer.0.read_to_end(&mut rest);
        assert!(!rest.windows(2).any(|part| part == b"ed"), "the login's name is not sent");
    });
    assert_eq!(error.kind(), ErrorKind::Connect);
}

#[test]
fn bytes_before_the_encryption_are_refused() {
    let error = refused_with("?ssl_mode=required", |peer| {
        let greeting = greeting_with("mysql_native_password", SSL);
        let [a, b, c, ..] = greeting.len().to_le_bytes();
        // In one write, so that it arrives with the greeting: what would be read as the answer to the login.
        let injected = [&[a, b, c, 0][..], &greeting, &[7, 0, 0, 2], OK].concat();
        peer.0.write_all(&injected).unwrap();
        peer.receive();
        assert!(peer.receive().is_empty());
    });
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

type Script = Box<dyn FnOnce(&mut Peer) + Send>;

/// Servers that play these scripts, in the order of the URL.
fn play_all(options: &str, scripts: Vec<Script>) -> (Result<MysqlConnection>, Vec<JoinHandle<()>>) {
    let mut hosts = Vec::new();
    let mut servers = Vec::new();
    for script in scripts {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        hosts.push(listener.local_addr().unwrap().to_string());
        servers.push(std::thread::spawn(move || {
            let accept = || listener.accept().map(|(stream, _): (TcpStream, _)| stream);
            script(&mut Peer(accept().unwrap()));
        }));
    }
    (connect(&format!("mysql://ed:{PASSWORD}@{}/shop{options}", hosts.join(","))), servers)
}

fn join(servers: Vec<JoinHandle<()>>) {
    servers.into_iter().for_each(|server| server.join().unwrap());
}

/// Logs in and tells whether it takes writes.
fn with_role(settings: &'static [u8]) -> Script {
    Box::new(move |peer| {
        peer.log_in();
        assert!(peer.receive().starts_with(b"\x03SELECT concat_ws"));
        peer.send(1, &[1]);
        peer.send(2, &definition("x"));
        peer.send(3, &[&[settings.len() as u8], settings].concat());
        peer.send(4, &[0xfe, 0, 0, 2, 0, 0, 0]);
        peer.receive();
    })
}

#[test]
fn the_next_server_is_tried_where_one_is_full_but_not_where_the_password_is_wrong() {
    let (connection, servers) = play_all(
        "",
        vec![
            Box::new(|peer| peer.send(0, b"\xff\x10\x04Too many connections")),
            Box::new(|peer| {
                peer.greet("mysql_native_password");
                peer.send(2, &refusal(1053, "Server shutdown in progress"));
            }),
            Box::new(Peer::log_in),
        ],
    );
    connection.unwrap();
    join(servers);
    let (connection, mut servers) = play_all(
        "",
        vec![
            Box::new(|peer| {
                peer.greet("mysql_native_password");
                peer.send(2, &refusal(1045, "Access denied"));
            }),
            Box::new(|_| {}),
        ],
    );
    assert_eq!(connection.unwrap_err().kind(), ErrorKind::Authentication);
    servers.truncate(1);
    join(servers);
}

#[test]
fn the_server_that_is_wanted_is_found_by_whether_it_takes_writes() {
    for (wanted, read_only, writing) in [
        ("read-write", &b"1,0"[..], &b"0,0"[..]),
        ("primary", b"ON,0", b"OFF,0"),
        // Aurora's readers.
        ("read-write", b"0,1", b"0,0"),
    ] {
        let options = format!("?target_session_attrs={wanted}");
        let (connection, servers) = play_all(&options, vec![with_role(read_only), with_role(writing)]);
        drop(connection.unwrap());
        join(servers);
    }
    let (connection, servers) =
        play_all("?target_session_attrs=read-only", vec![with_role(b"0,0"), with_role(b"1,0")]);
    drop(connection.unwrap());
    join(servers);
    let (connection, servers) =
        play_all("?target_session_attrs=read-write", vec![with_role(b"1,0"), with_role(b"1,0")]);
    let error = connection.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.to_string().matches("takes no writes").count(), 2, "{error}");
    join(servers);
}

#[test]
fn a_server_that_stops_taking_writes_is_gone_where_they_are_wanted() {
    for (options, code, text, lost) in [
        ("?target_session_attrs=read-write", 1290, "running with the --read-only option", true),
        ("?target_session_attrs=read-write", 1836, "Running in read-only mode", true),
        ("?target_session_attrs=read-write", 1290, "running with the --secure-file-priv option", false),
        ("", 1290, "running with the --read-only option", false),
    ] {
        let wants = !options.is_empty();
        let (connection, servers) = play_all(
            options,
            vec![Box::new(move |peer| {
                peer.log_in();
                if wants {
                    peer.receive();
                    peer.send(1, &[1]);
                    peer.send(2, &definition("x"));
                    peer.send(3, b"\x030,0");
                    peer.send(4, &[0xfe, 0, 0, 2, 0, 0, 0]);
                }
                peer.receive();
                peer.send(1, &refusal(code, text));
                peer.receive();
            })],
        );
        let mut connection = connection.unwrap();
        let error = connection.control("INSERT").unwrap_err();
        assert_eq!((error.is_disconnect(), connection.is_broken()), (lost, lost), "{error:?}");
        assert_eq!(error.code(), Some(i64::from(code)));
        drop(connection);
        join(servers);
    }
}
