//! Encryption without a database: options and their files, whom a client believes, what comes out of a connection.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::testing::{Folder, Identity, authority, first_version, self_signed};
use super::*;
use crate::Url;

const NAMES: TlsNames =
    TlsNames { mode: "sslmode", root: "sslrootcert", certificate: "sslcert", key: "sslkey" };

fn tls(options: &str) -> Result<Tls> {
    let url: Url = format!("postgresql://h/d?{options}").parse().unwrap();
    let mut options = url.options();
    let tls = Tls::take(&mut options, &NAMES)?;
    options.finish().map(|()| tls)
}

/// A transport to a server that does this; the server's side has no deadline of its own but the client's.
fn to_server<T: Send + 'static>(
    host: &str,
    options: &str,
    server: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Transport, std::thread::JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || server(listener.accept().unwrap().0));
    let url: Url = "postgresql://h/d".parse().unwrap();
    let location = (Location::Tcp(host.to_owned(), port), tls(options).unwrap());
    let endpoints = Endpoints::new(vec![location], Timeouts::default(), &mut url.options()).unwrap();
    (endpoints.connect(Deadline::after(Duration::from_secs(10)), Ok).unwrap(), server)
}

/// What becomes of a handshake with this server.
fn handshake(host: &str, options: &str, identity: &Identity) -> Result<Transport> {
    let identity = identity.clone();
    let (mut transport, server) = to_server(host, options, move |stream| identity.accept(stream).map(drop));
    let encrypted = transport.encrypt();
    let accepted = server.join().unwrap();
    assert!(encrypted.is_err() || accepted.is_ok());
    encrypted.map(|()| transport)
}

fn mode_of(options: &str) -> String {
    tls(options).unwrap().setting()
}

#[test]
fn modes_by_both_names() {
    assert_eq!(mode_of(""), "sslmode=prefer");
    for (words, mode) in [
        ("disable DISABLED", "disable"),
        ("prefer PREFERRED allow", "prefer"),
        ("require REQUIRED", "require"),
        ("verify-ca VERIFY_CA verify_ca", "verify-ca"),
        ("verify-full VERIFY_IDENTITY", "verify-full"),
    ] {
        let folder = Folder::new();
        let root = folder.write("ca.pem", &authority(&["localhost"]).0);
        for word in words.split(' ') {
            // Who names a root wants it looked at.
            let expected = if mode == "require" { "verify-ca" } else { mode };
            assert_eq!(mode_of(&format!("sslmode={word}&sslrootcert={root}")), format!("sslmode={expected}"));
        }
        assert_eq!(mode_of(&format!("sslrootcert={root}")), "sslmode=verify-ca");
    }
    assert_eq!(mode_of("sslmode=require"), "sslmode=require");
    assert_eq!(tls("sslmode=on").unwrap_err().kind(), ErrorKind::Url);
}

#[test]
fn the_systems_authorities_are_asked_for_their_names_too() {
    // A machine without any says so; with some they do not believe a server of ours.
    let known = tls("sslmode=verify-full");
    if let Err(error) = &known {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("system"), "{error}");
        return;
    }
    assert_eq!(mode_of("sslrootcert=system"), "sslmode=verify-full");
    assert_eq!(mode_of("sslmode=require&sslrootcert=system"), "sslmode=verify-full");
    assert!(handshake("localhost", "sslmode=verify-full", &authority(&["localhost"]).1).is_err());
}

#[test]
fn files_are_read_at_once_and_named_when_they_do_not_serve() {
    let folder = Folder::new();
    let (root, identity) = authority(&["localhost"]);
    let (root, certificate, key) = (
        folder.write("ca.pem", &root),
        folder.write("c.pem", &identity.certificate),
        folder.write("c.key", &identity.key),
    );
    let other = folder.write("other.key", &self_signed("x", false).key);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let encrypted = folder.write("encrypted.key", encrypted);
    let broken = folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let empty = folder.write("empty.pem", "nothing");
    let missing = folder.path().join("missing.pem").display().to_string();
    tls(&format!("sslmode=verify-full&sslrootcert={root}&sslcert={certificate}&sslkey={key}")).unwrap();
    for (options, words) in [
        (format!("sslrootcert={missing}"), vec![missing.as_str(), "'sslrootcert'", "cannot be read"]),
        (format!("sslrootcert={empty}"), vec![&empty, "holds no certificate"]),
        (format!("sslrootcert={broken}"), vec![&broken, "no certificate"]),
        (format!("sslcert={key}&sslkey={key}"), vec![&key, "'sslcert'", "holds no certificate"]),
        (format!("sslcert={certificate}&sslkey={certificate}"), vec!["'sslkey'", "no private key"]),
        (format!("sslcert={certificate}&sslkey={encrypted}"), vec!["'sslkey'", "encrypted key"]),
        (format!("sslcert={certificate}&sslkey={other}"), vec!["'sslcert'", "'sslkey'", "together"]),
    ] {
        let error = tls(&options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error:?}");
        for word in words {
            assert!(error.to_string().contains(word), "{word} in {error}");
        }
    }
    assert_eq!(tls(&format!("sslcert={certificate}")).unwrap_err().kind(), ErrorKind::Url);
    // Nothing is read that nobody asks for.
    tls(&format!("sslmode=disable&sslrootcert={missing}&sslcert={missing}")).unwrap();
}

#[test]
fn each_mode_believes_whom_it_should() {
    let folder = Folder::new();
    let (root, identity) = authority(&["localhost"]);
    let root = folder.write("ca.pem", &root);
    let wrong = folder.write("wrong.pem", &authority(&["localhost"]).0);
    for (options, host, believed) in [
        ("sslmode=prefer".to_owned(), "127.0.0.1", true),
        ("sslmode=require".to_owned(), "127.0.0.1", true),
        (format!("sslmode=require&sslrootcert={root}"), "127.0.0.1", true),
        (format!("sslmode=require&sslrootcert={wrong}"), "localhost", false),
        (format!("sslmode=verify-ca&sslrootcert={root}"), "127.0.0.1", true),
        (format!("sslmode=verify-ca&sslrootcert={wrong}"), "localhost", false),
        (format!("sslmode=verify-full&sslrootcert={root}"), "localhost", true),
        (format!("sslmode=verify-full&sslrootcert={root}"), "127.0.0.1", false),
        (format!("sslmode=verify-full&sslrootcert={wrong}"), "localhost", false),
    ] {
        match handshake(host, &options, &identity) {
            Ok(transport) => {
                assert!(believed && transport.is_encrypted(), "{options} {host}");
                assert_eq!(transport.is_trusted(), options.contains("verify") || options.contains("root"));
            }
            Err(error) => {
                assert!(!believed, "{options} {host}: {}", error.chain());
                assert_eq!(error.kind(), ErrorKind::Connect);
                assert!(error.chain().contains("certificate is not trusted"), "{}", error.chain());
            }
        }
    }
}

#[test]
fn a_self_signed_certificate_is_believed_where_it_is_the_root() {
    let folder = Folder::new();
    for is_over in [false, true] {
        let identity = self_signed("localhost", is_over);
        let root = folder.write("self.pem", &identity.certificate);
        let full = format!("sslmode=verify-full&sslrootcert={root}");
        assert_eq!(handshake("localhost", &full, &identity).is_ok(), !is_over);
        assert!(handshake("127.0.0.1", &full, &identity).is_err());
        let ca = format!("sslmode=verify-ca&sslrootcert={root}");
        assert_eq!(handshake("127.0.0.1", &ca, &identity).is_ok(), !is_over);
        // Another one of the same name.
        assert!(handshake("localhost", &ca, &self_signed("localhost", false)).is_err());
    }
}

#[test]
fn a_certificate_of_the_first_version_serves_where_any_does_and_binds_nothing() {
    let folder = Folder::new();
    let identity = first_version();
    let transport = handshake("localhost", "sslmode=require", &identity).unwrap();
    assert!(transport.is_encrypted() && transport.channel_binding().is_none());
    let root = folder.write("ca.pem", &authority(&["localhost"]).0);
    assert!(handshake("localhost", &format!("sslmode=verify-ca&sslrootcert={root}"), &identity).is_err());
    let transport = handshake("localhost", "sslmode=require", &authority(&["x"]).1).unwrap();
    assert_eq!(transport.channel_binding().unwrap().len(), 32);
}

#[test]
fn bytes_go_both_ways_and_the_goodbye_arrives() {
    let (_, identity) = authority(&["localhost"]);
    let (mut transport, server) = to_server("localhost", "sslmode=require", move |stream| {
        let mut stream = identity.accept(stream).unwrap();
        let mut received = vec![0; 3_000_000];
        stream.read_exact(&mut received).unwrap();
        stream.write_all(&received).unwrap();
        // Zero after a goodbye, an error after a connection that just ends.
        stream.read(&mut [0; 1]).unwrap()
    });
    transport.encrypt().unwrap();
    let sent: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[1] ^ 0x5a).collect();
    transport.output().extend_from_slice(&sent);
    transport.flush().unwrap();
    let deadline = transport.read_deadline();
    transport.need(sent.len(), deadline).unwrap();
    assert!(transport.buffered() == sent);
    transport.end().unwrap();
    assert_eq!(server.join().unwrap(), 0);
}

#[test]
fn dropping_says_nothing() {
    let (_, identity) = authority(&["localhost"]);
    let (mut transport, server) =
        to_server("localhost", "sslmode=require", move |stream| identity.accept(stream)?.read(&mut [0; 1]));
    transport.encrypt().unwrap();
    drop(transport);
    // Zero would be a goodbye. The tickets that the client has not read make a reset of the end.
    let error = server.join().unwrap().unwrap_err();
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    assert!(matches!(error.kind(), UnexpectedEof | ConnectionReset | BrokenPipe), "{error:?}");
}

#[test]
fn every_wait_has_its_deadline() {
    // A server that says nothing in the handshake.
    let (mut transport, server) =
        to_server("localhost", "sslmode=require", |mut stream| stream.read_to_end(&mut Vec::new()).unwrap());
    transport.limit(Deadline::after(Duration::from_millis(200)));
    assert_eq!(transport.encrypt().unwrap_err().kind(), ErrorKind::Timeout);
    drop(transport);
    assert!(server.join().unwrap() > 0, "the client has begun");
    // One that drips records without content: something always arrives, and nothing is to be read.
    let (_, identity) = authority(&["localhost"]);
    let (mut transport, server) = to_server("localhost", "sslmode=require", move |stream| {
        let mut stream = identity.accept(stream).unwrap();
        while stream.conn.refresh_traffic_keys().is_ok() && stream.conn.complete_io(&mut stream.sock).is_ok()
        {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    transport.encrypt().unwrap();
    let error = transport.need(1, Deadline::after(Duration::from_millis(300))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Disconnected), "{error:?}");
    drop(transport);
    server.join().unwrap();
}

#[test]
fn what_is_no_tls_is_an_error_that_ends_the_wait() {
    let (mut transport, server) = to_server("localhost", "sslmode=require", |mut stream| {
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let error = transport.encrypt().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    drop(transport);
    server.join().unwrap();
    // A record that was changed on its way.
    let (_, identity) = authority(&["localhost"]);
    let (mut transport, server) = to_server("localhost", "sslmode=require", move |stream| {
        let mut stream = identity.accept(stream).unwrap();
        stream
            .sock
            .write_all(&[0x17, 3, 3, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            .unwrap();
        let _ = stream.read(&mut [0; 1]);
    });
    transport.encrypt().unwrap();
    let deadline = transport.read_deadline();
    let error = transport.need(1, deadline).unwrap_err();
    assert!(error.is_disconnect(), "{error:?}");
    drop(transport);
    server.join().unwrap();
}

/// On every server alike: zero is no limit, not a deadline that has passed before anything is read.
#[test]
fn timeouts_of_zero_lift_the_limit() {
    let taken = |options: &str| {
        let url: Url = format!("mysql://app@db/app?{options}").parse().unwrap();
        Timeouts::take(&mut url.options()).map(|timeouts| (timeouts.read, timeouts.write))
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(taken("").unwrap(), (seconds(600), seconds(30)));
    assert_eq!(taken("read_timeout=0&write_timeout=5").unwrap(), (None, seconds(5)));
    assert_eq!(taken("read_timeout=-1").unwrap_err().kind(), ErrorKind::Url);
}
