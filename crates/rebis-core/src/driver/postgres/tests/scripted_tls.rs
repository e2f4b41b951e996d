//! Servers that play bytes, with TLS or in the way of it; and several servers in one URL.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use super::super::*;
use super::scripted::{message, read_silence, read_startup, read_to, welcome};
use super::{connect, report};
use crate::driver::transport::testing::{Folder, Identity, TlsStream, authority};

type Script = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// Opens a connection to servers that play these scripts, in the order of the URL.
fn play_all(options: &str, scripts: Vec<Script>) -> (Result<Box<dyn Connection>>, Vec<JoinHandle<()>>) {
    let mut hosts = Vec::new();
    let mut servers = Vec::new();
    for script in scripts {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        hosts.push(listener.local_addr().unwrap().to_string());
        servers.push(std::thread::spawn(move || script(&mut listener.accept().unwrap().0)));
    }
    (connect(&format!("postgresql://app:hunter2@{}/app?{options}", hosts.join(","))), servers)
}

fn play(
    options: &str,
    script: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> (Result<Box<dyn Connection>>, JoinHandle<()>) {
    let (connection, mut servers) = play_all(options, vec![Box::new(script)]);
    (connection, servers.remove(0))
}

fn join(servers: Vec<JoinHandle<()>>) {
    servers.into_iter().for_each(|server| server.join().unwrap());
}

fn read_request(stream: &mut TcpStream) {
    let mut request = [0; 8];
    stream.read_exact(&mut request).unwrap();
    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47], "nothing goes before the encryption");
}

/// Agrees to TLS and goes on inside.
fn encrypt(stream: &mut TcpStream, identity: &Identity) -> TlsStream {
    read_request(stream);
    stream.write_all(b"S").unwrap();
    identity.accept(stream.try_clone().unwrap()).unwrap()
}

/// A certificate for the scripted servers, and options that have it verified.
fn verified() -> (Folder, Identity, String) {
    let folder = Folder::new();
    let (root, identity) = authority(&["127.0.0.1"]);
    let root = folder.write("ca.pem", &root);
    (folder, identity, format!("sslmode=verify-full&sslrootcert={root}"))
}

fn refuse(stream: &mut impl Write, sqlstate: &str) {
    let fields = [(b'V', "FATAL"), (b'C', sqlstate), (b'M', "no")];
    stream.write_all(&message(b'E', &report(&fields))).unwrap();
}

#[test]
fn a_server_without_tls_is_spoken_to_only_where_that_will_do() {
    let (_folder, _, full) = verified();
    for options in ["sslmode=require", &full] {
        let (refused, server) = play(options, |stream| {
            read_request(stream);
            stream.write_all(b"N").unwrap();
            read_silence(stream);
        });
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().contains("no TLS") && error.to_string().contains("sslmode="), "{error}");
        server.join().unwrap();
    }
    let (connection, server) = play("sslmode=prefer", |stream| {
        read_request(stream);
        stream.write_all(b"N").unwrap();
        welcome(stream);
    });
    connection.unwrap();
    server.join().unwrap();
    for answer in [&b"E\0\0\0\x10FATAL"[..], b"X", b""] {
        let (refused, server) = play("sslmode=prefer", move |stream| {
            read_request(stream);
            stream.write_all(answer).unwrap();
        });
        let error = refused.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Protocol), "{error:?}");
        assert!(!error.chain().contains("FATAL"), "{}", error.chain());
        server.join().unwrap();
    }
}

#[test]
fn bytes_before_the_encryption_are_refused() {
    let (refused, server) = play("sslmode=prefer", |stream| {
        read_request(stream);
        // What would be read as the answer to the login.
        let injected = [&b"S"[..], &message(b'R', &[0; 4]), &message(b'Z', b"I")].concat();
        stream.write_all(&injected).unwrap();
        read_silence(stream);
    });
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Protocol);
    server.join().unwrap();
}

#[test]
fn a_goodbye_ends_the_encryption_too() {
    let (_, identity) = authority(&["127.0.0.1"]);
    let (connection, server) = play("sslmode=require", move |stream| {
        let mut stream = encrypt(stream, &identity);
        welcome(&mut stream);
        read_to(&mut stream, b'X');
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    });
    connection.unwrap().close();
    server.join().unwrap();
}

#[test]
fn a_password_goes_out_in_clear_to_a_server_that_showed_who_it_is() {
    let (_folder, identity, full) = verified();
    for (options, sent) in [
        (full.clone(), true),
        ("sslmode=require&allow_cleartext_password=true".to_owned(), true),
        ("sslmode=require".to_owned(), false),
    ] {
        let identity = identity.clone();
        let (connection, server) = play(&options, move |stream| {
            let mut stream = encrypt(stream, &identity);
            read_startup(&mut stream);
            stream.write_all(&message(b'R', &[0, 0, 0, 3])).unwrap();
            if sent {
                assert_eq!(read_to(&mut stream, b'p'), b"hunter2\0");
                stream.write_all(&[message(b'R', &[0; 4]), message(b'Z', b"I")].concat()).unwrap();
                read_to(&mut stream, b'X');
            } else {
                assert!(!matches!(stream.read(&mut [0; 64]), Ok(1..)), "the client must not speak");
            }
        });
        match connection {
            Ok(mut connection) => {
                assert!(sent);
                connection.close();
            }
            Err(error) => {
                assert!(!sent, "{error:?}");
                assert_eq!(error.kind(), ErrorKind::Authentication);
            }
        }
        server.join().unwrap();
    }
}

/// What the client says first in an exchange where the server offers these mechanisms.
fn first_word(options: &str, identity: Option<Identity>, mechanisms: &'static str) -> Option<String> {
    let (said, told) = std::sync::mpsc::channel();
    let (connection, server) = play(options, move |stream| {
        let offer = message(b'R', &[b"\0\0\0\x0a", mechanisms.as_bytes(), b"\0"].concat());
        let exchange = |stream: &mut dyn ReadWrite| {
            let mut stream = stream;
            read_startup(&mut stream);
            stream.write_all(&offer).unwrap();
            let mut head = [0; 5];
            if stream.read_exact(&mut head).is_ok() {
                let mut body = vec![0; u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4];
                stream.read_exact(&mut body).unwrap();
                said.send(String::from_utf8_lossy(&body).into_owned()).unwrap();
            }
        };
        match identity {
            Some(identity) => exchange(&mut encrypt(stream, &identity)),
            None => exchange(stream),
        }
    });
    assert!(matches!(connection.unwrap_err().kind(), ErrorKind::Connect | ErrorKind::Authentication));
    server.join().unwrap();
    told.try_recv().ok()
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

#[test]
fn the_login_is_bound_to_the_certificate() {
    const BOTH: &str = "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0";
    const PLAIN: &str = "SCRAM-SHA-256\0";
    let (_, identity) = authority(&["127.0.0.1"]);
    let tls = |options: &str, mechanisms| {
        first_word(&format!("sslmode=require&{options}"), Some(identity.clone()), mechanisms)
    };
    let bound = tls("", BOTH).unwrap();
    assert!(
        bound.starts_with("SCRAM-SHA-256-PLUS\0") && bound.contains("p=tls-server-end-point,,"),
        "{bound}"
    );
    assert_eq!(tls("channel_binding=require", BOTH).map(|word| word.contains("p=tls")), Some(true));
    // It could have: somebody in between may have taken the offer away, and the server is told.
    let unbound = tls("", PLAIN).unwrap();
    assert!(unbound.starts_with("SCRAM-SHA-256\0") && unbound.contains("y,,"), "{unbound}");
    let never = tls("channel_binding=disable", BOTH).unwrap();
    assert!(never.starts_with("SCRAM-SHA-256\0") && never.contains("n,,"), "{never}");
    assert!(first_word("sslmode=disable", None, PLAIN).unwrap().contains("n,,"));
    // Nothing is said where it is demanded and cannot be.
    assert_eq!(tls("channel_binding=require", PLAIN), None);
    assert_eq!(first_word("sslmode=disable&channel_binding=require", None, BOTH), None);
}

#[test]
fn a_binding_that_is_demanded_is_not_talked_away() {
    for method in [0, 3, 5] {
        let (_, identity) = authority(&["127.0.0.1"]);
        let (refused, server) = play("sslmode=require&channel_binding=require", move |stream| {
            let mut stream = encrypt(stream, &identity);
            read_startup(&mut stream);
            stream.write_all(&message(b'R', &[0, 0, 0, method, 1, 2, 3, 4])).unwrap();
            assert!(!matches!(stream.read(&mut [0; 64]), Ok(1..)), "the client must not speak");
        });
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(error.to_string().contains("channel_binding"), "{error}");
        server.join().unwrap();
    }
}

#[test]
fn the_next_server_is_tried_where_one_is_not_ready_but_not_where_the_password_is_wrong() {
    let refusing = |sqlstate: &'static str| -> Script {
        Box::new(move |stream| {
            read_startup(stream);
            refuse(stream, sqlstate);
        })
    };
    for sqlstate in ["57P03", "53300", "57P01"] {
        let (connection, servers) = play_all("sslmode=disable", vec![refusing(sqlstate), Box::new(welcome)]);
        connection.unwrap();
        join(servers);
    }
    for sqlstate in ["28P01", "28000", "3D000"] {
        let (connection, mut servers) =
            play_all("sslmode=disable", vec![refusing(sqlstate), Box::new(|_| {})]);
        assert_eq!(connection.unwrap_err().kind(), ErrorKind::Authentication);
        servers.truncate(1);
        join(servers);
    }
    let (connection, servers) = play_all("sslmode=disable", vec![refusing("53300"), refusing("57P03")]);
    let error = connection.unwrap_err();
    assert_eq!((error.kind(), error.sqlstate()), (ErrorKind::Connect, Some("57P03")));
    assert!(error.to_string().starts_with("no server took the connection: no; no"), "{error}");
    join(servers);
}

/// Logs in and tells what it is, by itself or when asked.
fn with_role(read_only: bool, standby: bool, tells: bool) -> Script {
    Box::new(move |stream| {
        read_startup(stream);
        let mut parts = vec![message(b'R', &[0; 4])];
        let on = |flag| if flag { "on" } else { "off" };
        if tells {
            parts.push(message(b'S', format!("in_hot_standby\0{}\0", on(standby)).as_bytes()));
            let setting = format!("default_transaction_read_only\0{}\0", on(read_only));
            parts.push(message(b'S', setting.as_bytes()));
        }
        parts.push(message(b'Z', b"I"));
        stream.write_all(&parts.concat()).unwrap();
        if !tells {
            read_to(stream, b'Q');
            let letter = |flag| if flag { b't' } else { b'f' };
            let row = [0, 2, 0, 0, 0, 1, letter(read_only), 0, 0, 0, 1, letter(standby)];
            let parts = [message(b'D', &row), message(b'C', b"SELECT 1\0"), message(b'Z', b"I")];
            stream.write_all(&parts.concat()).unwrap();
        }
        let _ = stream.read(&mut [0; 64]);
    })
}

#[test]
fn the_server_that_is_wanted_is_found_by_its_role() {
    for tells in [true, false] {
        let primary = || with_role(false, false, tells);
        let standby = || with_role(false, true, tells);
        let sealed = || with_role(true, false, tells);
        for (wanted, first, second) in [
            ("read-write", standby(), primary()),
            ("read-write", sealed(), primary()),
            ("read-only", primary(), sealed()),
            ("primary", standby(), sealed()),
            ("standby", sealed(), standby()),
            ("prefer-standby", primary(), standby()),
        ] {
            let options = format!("sslmode=disable&target_session_attrs={wanted}");
            let (connection, servers) = play_all(&options, vec![first, second]);
            drop(connection.unwrap());
            join(servers);
        }
        let options = "sslmode=disable&target_session_attrs=standby";
        let (connection, servers) = play_all(options, vec![primary(), sealed()]);
        assert_eq!(connection.unwrap_err().kind(), ErrorKind::Connect);
        join(servers);
    }
}

#[test]
fn a_server_that_stops_taking_writes_is_gone_where_they_are_wanted() {
    for (options, lost) in [("target_session_attrs=read-write", true), ("target_session_attrs=any", false)] {
        let (connection, server) = play(&format!("sslmode=disable&{options}"), move |stream| {
            read_startup(stream);
            let status = [&b"in_hot_standby\0off\0"[..], b"default_transaction_read_only\0off\0"];
            let [one, other] = status.map(|status| message(b'S', status));
            let parts = [message(b'R', &[0; 4]), one, other, message(b'Z', b"I")];
            stream.write_all(&parts.concat()).unwrap();
            read_to(stream, b'Q');
            let fields = [(b'V', "ERROR"), (b'C', "25006"), (b'M', "cannot execute INSERT")];
            let parts = [message(b'E', &report(&fields)), message(b'Z', b"I")];
            stream.write_all(&parts.concat()).unwrap();
            let _ = stream.read(&mut [0; 64]);
        });
        let mut connection = connection.unwrap();
        let error = connection.control("insert into t values (1)").unwrap_err();
        assert_eq!(error.sqlstate(), Some("25006"));
        assert_eq!((error.is_disconnect(), connection.is_broken()), (lost, lost), "{error:?}");
        drop(connection);
        server.join().unwrap();
    }
}
