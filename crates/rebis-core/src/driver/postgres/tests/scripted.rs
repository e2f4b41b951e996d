//! Servers that play bytes: what a real one never says, or not when it is wanted.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::super::*;
use super::{connect, report};

/// Opens a connection to a server that plays this script once.
fn play(
    options: &str,
    script: impl FnOnce(&mut TcpStream) + Send + 'static,
) -> (Result<Box<dyn Connection>>, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || script(&mut listener.accept().unwrap().0));
    let url = format!("postgresql://app:hunter2@127.0.0.1:{port}/app?sslmode=disable&{options}");
    (connect(&url), server)
}

pub(super) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    message.extend_from_slice(body);
    message
}

pub(super) fn read_startup(stream: &mut impl Read) {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    stream.read_exact(&mut vec![0; u32::from_be_bytes(length) as usize - 4]).unwrap();
}

/// Reads messages up to one with that tag; returns its body.
pub(super) fn read_to(stream: &mut impl Read, wanted: u8) -> Vec<u8> {
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let mut body = vec![0; u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4];
        stream.read_exact(&mut body).unwrap();
        if head[0] == wanted {
            return body;
        }
    }
}

/// The client hangs up, and says nothing before it.
pub(super) fn read_silence(stream: &mut impl Read) {
    assert_eq!(stream.read(&mut [0; 64]).unwrap(), 0, "the client must not speak");
}

pub(super) fn welcome(stream: &mut (impl Read + Write)) {
    read_startup(stream);
    let status = message(b'S', b"server_version\x0099\0");
    let parts =
        [message(b'R', &[0; 4]), status, message(b'K', &[0, 0, 0, 7, 1, 2, 3, 4]), message(b'Z', b"I")];
    stream.write_all(&parts.concat()).unwrap();
}

/// The answers to Parse and Describe for one column of text.
fn describe(stream: &mut (impl Read + Write)) {
    read_to(stream, b'H');
    let column = [&[0, 1][..], b"c\0", &[0; 6], &25_u32.to_be_bytes(), &[0; 8]].concat();
    let parts = [message(b'1', &[]), message(b't', &[0, 0]), message(b'T', &column)];
    stream.write_all(&parts.concat()).unwrap();
}

const ROW: &[u8] = &[0, 1, 0, 0, 0, 1, b'x'];

/// Runs `select` against a server that answers its execution with these bytes and hangs up.
fn answer(bytes: Vec<u8>) -> (Result<usize>, Box<dyn Connection>) {
    let (connection, server) = play("", move |stream| {
        welcome(stream);
        describe(stream);
        read_to(stream, b'S');
        stream.write_all(&bytes).unwrap();
    });
    let mut connection = connection.unwrap();
    let rows = connection.execute("select", &[]).and_then(|cursor| {
        let mut rows = 0;
        while cursor.advance()? {
            rows += 1;
        }
        Ok(rows)
    });
    server.join().unwrap();
    (rows, connection)
}

#[test]
fn a_refused_password_is_an_authentication_error_without_the_password() {
    let (refused, server) = play("", |stream| {
        read_startup(stream);
        let fields = [(b'V', "FATAL"), (b'C', "28P01"), (b'M', "password authentication failed")];
        stream.write_all(&message(b'E', &report(&fields))).unwrap();
    });
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.sqlstate(), Some("28P01"));
    assert!(!error.is_disconnect(), "no other connection is worse for it");
    assert!(!format!("{error:?}{}", error.chain()).contains("hunter2"));
    server.join().unwrap();
}

#[test]
fn a_full_server_is_a_connect_error() {
    let (refused, server) = play("", |stream| {
        read_startup(stream);
        let fields = [(b'V', "FATAL"), (b'C', "53300"), (b'M', "sorry, too many clients already")];
        stream.write_all(&message(b'E', &report(&fields))).unwrap();
    });
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Connect);
    server.join().unwrap();
}

#[test]
fn a_password_goes_out_in_clear_only_where_the_url_says_so() {
    let (refused, server) = play("", |stream| {
        read_startup(stream);
        stream.write_all(&message(b'R', &[0, 0, 0, 3])).unwrap();
        read_silence(stream);
    });
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("allow_cleartext_password"));
    server.join().unwrap();
    let (connection, server) = play("allow_cleartext_password=true", |stream| {
        read_startup(stream);
        stream.write_all(&message(b'R', &[0, 0, 0, 3])).unwrap();
        assert_eq!(read_to(stream, b'p'), b"hunter2\0");
        stream.write_all(&[message(b'R', &[0; 4]), message(b'Z', b"I")].concat()).unwrap();
        read_to(stream, b'X');
    });
    connection.unwrap().close();
    server.join().unwrap();
}

#[test]
fn md5_answers_the_salt() {
    let (connection, server) = play("", |stream| {
        read_startup(stream);
        stream.write_all(&message(b'R', &[0, 0, 0, 5, 1, 2, 3, 4])).unwrap();
        let hashed = read_to(stream, b'p');
        assert!(hashed.starts_with(b"md5") && hashed.len() == 36);
        stream.write_all(&[message(b'R', &[0; 4]), message(b'Z', b"I")].concat()).unwrap();
    });
    assert!(connection.is_ok());
    server.join().unwrap();
}

#[test]
fn a_server_that_skips_its_proof_is_not_believed() {
    let (refused, server) = play("", |stream| {
        read_startup(stream);
        stream.write_all(&message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0")).unwrap();
        read_to(stream, b'p');
        stream.write_all(&[message(b'R', &[0; 4]), message(b'Z', b"I")].concat()).unwrap();
        read_silence(stream);
    });
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Protocol);
    server.join().unwrap();
}

#[test]
fn a_wrong_proof_or_a_foreign_nonce_is_refused() {
    for first in ["r=mine,s=c2FsdA==,i=4096", "r=+more,s=c2FsdA==,i=4096", "r=+more,s=c2FsdA==,i=4294967295"]
    {
        let (refused, server) = play("", move |stream| {
            read_startup(stream);
            stream.write_all(&message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0")).unwrap();
            let initial = String::from_utf8(read_to(stream, b'p')).unwrap();
            let nonce = initial.rsplit_once("r=").unwrap().1;
            let challenge = first.replace('+', nonce);
            stream.write_all(&message(b'R', format!("\0\0\0\x0b{challenge}").as_bytes())).unwrap();
            if first.starts_with("r=+") && first.ends_with("i=4096") {
                read_to(stream, b'p');
                stream.write_all(&message(b'R', b"\0\0\0\x0cv=AAAA")).unwrap();
            }
            read_silence(stream);
        });
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{first}");
        assert!(!format!("{error:?}{}", error.chain()).contains("hunter2"));
        server.join().unwrap();
    }
}

#[test]
fn another_protocol_is_named_as_such() {
    let (refused, server) = play("", |stream| {
        read_startup(stream);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("does not speak"), "{error}");
    server.join().unwrap();
}

#[test]
fn a_handshake_that_hangs_or_breaks_off_is_a_connect_error() {
    let (refused, server) = play("read_timeout=0.2", |stream| {
        read_startup(stream);
        read_silence(stream);
    });
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Connect);
    server.join().unwrap();
    let (refused, server) = play("", read_startup);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Connect);
    server.join().unwrap();
}

#[test]
fn a_whole_answer_is_read() {
    let end = [message(b'C', b"SELECT 2\0"), message(b'Z', b"I")].concat();
    let rows =
        [message(b'2', &[]), message(b'D', ROW), message(b'N', b"\0"), message(b'D', ROW), end].concat();
    let (rows, connection) = answer(rows);
    assert_eq!(rows.unwrap(), 2);
    assert!(!connection.is_broken());
    assert_eq!((connection.server().version.as_str(), connection.server().session_id), ("99", Some(7)));
}

#[test]
fn lies_of_the_server_are_protocol_errors() {
    let bound = message(b'2', &[]);
    for (what, bytes) in [
        ("a huge length", b"D\x7f\xff\xff\xff".to_vec()),
        ("a negative length", b"D\xff\xff\xff\xff".to_vec()),
        ("a length below its own", b"D\0\0\0\x03".to_vec()),
        ("an unknown message", message(b'!', &[])),
        ("an early end", message(b'Z', b"I")),
        ("an unknown status", [message(b'C', b"SELECT 0\0"), message(b'Z', b"?")].concat()),
        ("an empty status", [message(b'C', b"SELECT 0\0"), message(b'Z', b"")].concat()),
        ("too many cells", message(b'D', &[0, 2, 0, 0, 0, 1, b'x', 0, 0, 0, 0])),
        ("an endless cell", message(b'D', &[0, 1, 0x7f, 0xff, 0xff, 0xff, b'x'])),
        ("an empty row message", message(b'D', &[])),
    ] {
        let (rows, connection) = answer([bound.clone(), bytes].concat());
        let error = rows.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{what}");
        assert!(error.is_disconnect() && connection.is_broken(), "{what}");
    }
}

#[test]
fn copy_is_refused() {
    for tag in *b"GHW" {
        let (rows, connection) = answer([message(b'2', &[]), message(tag, &[0, 0, 0])].concat());
        assert_eq!(rows.unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(connection.is_broken());
    }
}

#[test]
fn a_server_that_dies_in_its_answer_is_a_disconnect() {
    let whole = [message(b'2', &[]), message(b'D', ROW), message(b'D', ROW)].concat();
    for end in [0, 3, 5, 12, whole.len() - 1, whole.len()] {
        let (rows, mut connection) = answer(whole[..end].to_vec());
        assert_eq!(rows.unwrap_err().kind(), ErrorKind::Disconnected, "after {end} bytes");
        assert!(connection.is_broken());
        assert_eq!(connection.ping().unwrap_err().kind(), ErrorKind::Disconnected);
        connection.close();
    }
    let claimed = [message(b'2', &[]), b"D\x3f\xff\xff\xff\0\x01".to_vec()].concat();
    assert_eq!(answer(claimed).0.unwrap_err().kind(), ErrorKind::Disconnected, "1 GiB that never comes");
}

#[test]
fn a_flood_of_notices_does_not_extend_the_deadline() {
    let (connection, server) = play("read_timeout=0.3", |stream| {
        welcome(stream);
        read_to(stream, b'H');
        let notices = message(b'N', b"\0").repeat(1000);
        while stream.write_all(&notices).is_ok() {}
    });
    let mut connection = connection.unwrap();
    let error = connection.execute("select", &[]).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_disconnect() && connection.is_broken());
    drop(connection);
    server.join().unwrap();
}

#[test]
fn a_silent_server_is_a_timeout() {
    let (connection, server) = play("read_timeout=0.2", |stream| {
        welcome(stream);
        describe(stream);
        read_to(stream, b'S');
        stream.write_all(&[message(b'2', &[]), message(b'D', ROW)].concat()).unwrap();
        read_silence(stream);
    });
    let mut connection = connection.unwrap();
    let cursor = connection.execute("select", &[]).unwrap();
    assert!(cursor.advance().unwrap());
    assert_eq!(cursor.cell(0).unwrap(), ValueRef::Text("x"));
    assert_eq!(cursor.advance().unwrap_err().kind(), ErrorKind::Timeout);
    assert!(!cursor.advance().is_ok_and(|more| more));
    assert!(connection.is_broken());
    drop(connection);
    server.join().unwrap();
}

#[test]
fn a_begin_that_fails_keeps_the_statement_from_running() {
    let (connection, server) = play("", |stream| {
        welcome(stream);
        read_to(stream, b'H');
        let fields = [(b'V', "ERROR"), (b'C', "25006"), (b'M', "no transactions today")];
        stream.write_all(&message(b'E', &report(&fields))).unwrap();
        read_to(stream, b'S');
        stream.write_all(&message(b'Z', b"I")).unwrap();
        // The next call is a new group.
        read_to(stream, b'S');
        stream.write_all(&message(b'Z', b"I")).unwrap();
    });
    let mut connection = connection.unwrap();
    connection.begin("BEGIN").unwrap();
    assert_eq!(connection.status(), TransactionStatus::Active);
    let error = connection.execute("delete", &[]).map(drop).unwrap_err();
    assert_eq!((error.kind(), error.sql()), (ErrorKind::Statement, Some("delete")));
    assert_eq!(connection.status(), TransactionStatus::Idle);
    connection.ping().unwrap();
    server.join().unwrap();
}

#[test]
fn counts_that_no_table_has_do_not_overflow() {
    let (connection, server) = play("", |stream| {
        welcome(stream);
        read_to(stream, b'H');
        let parameter = [&[0, 1][..], &23_u32.to_be_bytes()].concat();
        stream
            .write_all(&[message(b'1', &[]), message(b't', &parameter), message(b'n', &[])].concat())
            .unwrap();
        read_to(stream, b'S');
        let changed = [message(b'2', &[]), message(b'C', b"UPDATE 18446744073709551615\0")].concat();
        stream.write_all(&[changed.clone(), changed, message(b'Z', b"I")].concat()).unwrap();
    });
    let sets = [ValueRef::Int(1), ValueRef::Int(2)];
    assert_eq!(connection.unwrap().execute_many("update", &sets, 1).unwrap(), u64::MAX);
    server.join().unwrap();
}
