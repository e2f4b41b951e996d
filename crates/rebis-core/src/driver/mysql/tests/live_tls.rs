//! Against a real server with TLS: modes, certificates, methods of login.

use super::live::{select, table, url};
use super::{connect, references};
use crate::driver::Connection;
use crate::driver::mysql::MysqlConnection;
use crate::error::{ErrorKind, Result};
use crate::value::Value;

fn file(name: &str) -> String {
    format!("{}/{name}", std::env::var("REBIS_TEST_TLS_DIR").expect("REBIS_TEST_TLS_DIR"))
}

/// The server's URL for another user and another name of the host.
fn url_of(user: &str, host: &str, options: &str) -> String {
    let url: crate::Url = url().parse().unwrap();
    let (password, port) = (url.password().unwrap(), url.hosts()[0].port.unwrap());
    format!("mysql://{user}:{password}@{host}:{port}/{}?{options}", url.database().unwrap())
}

fn open(options: &str) -> Result<MysqlConnection> {
    connect(&url_of("rebis", "127.0.0.1", options))
}

/// The cipher of the connection; empty without one.
fn cipher(connection: &mut MysqlConnection) -> String {
    match select(connection, "SHOW STATUS LIKE 'Ssl_cipher'").remove(0).remove(1) {
        Value::Text(cipher) => cipher,
        other => panic!("{other:?}"),
    }
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL, REBIS_TEST_TLS_DIR"]
fn each_mode_encrypts_or_not() {
    let root = file("ca.pem");
    assert_eq!(cipher(&mut open("ssl_mode=DISABLED").unwrap()), "");
    for options in [
        String::new(),
        "ssl_mode=preferred".to_owned(),
        "ssl-mode=REQUIRED".to_owned(),
        format!("ssl_ca={root}"),
        format!("ssl_mode=verify_ca&ssl_ca={root}"),
        format!("ssl_mode=VERIFY_IDENTITY&ssl_ca={root}"),
    ] {
        let mut connection = open(&options).unwrap();
        assert!(cipher(&mut connection).starts_with("TLS_"), "{options}");
        connection.ping().unwrap();
        connection.close();
    }
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL, REBIS_TEST_TLS_DIR"]
fn a_wrong_authority_and_a_wrong_name_are_refused() {
    let (root, wrong) = (file("ca.pem"), file("wrong-ca.pem"));
    for mode in ["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"] {
        let error = open(&format!("ssl_mode={mode}&ssl_ca={wrong}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.chain().contains("certificate"), "{}", error.chain());
    }
    // The same address in another form, which the certificate does not have.
    let named = |mode: &str| {
        connect(&url_of("rebis", "[::ffff:127.0.0.1]", &format!("ssl_mode={mode}&ssl_ca={root}")))
    };
    assert!(!cipher(&mut named("VERIFY_CA").unwrap()).is_empty());
    assert_eq!(named("VERIFY_IDENTITY").unwrap_err().kind(), ErrorKind::Connect);
    assert!(connect(&url_of("rebis", "localhost", &format!("ssl_mode=verify-full&ssl_ca={root}"))).is_ok());
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL, REBIS_TEST_TLS_DIR"]
fn a_certificate_logs_in_where_it_is_asked_for() {
    let with = |name: &str| {
        format!("ssl_cert={}&ssl_key={}", file(&format!("{name}.pem")), file(&format!("{name}.key")))
    };
    let open = |options: &str| connect(&url_of("rebis_cert", "127.0.0.1", options));
    assert!(!cipher(&mut open(&with("client")).unwrap()).is_empty());
    assert_eq!(open("ssl_mode=REQUIRED").unwrap_err().kind(), ErrorKind::Authentication);
    // One that another authority has signed; the server ends the handshake, which here is over already.
    let error = open(&with("stranger")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert_eq!(
        connect(&url_of("rebis_tls", "127.0.0.1", "ssl_mode=disabled")).unwrap_err().kind(),
        ErrorKind::Authentication
    );
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_SOCKET, REBIS_TEST_TLS_DIR"]
fn a_unix_socket_is_encrypted_where_that_is_demanded() {
    let socket = std::env::var("REBIS_TEST_MYSQL_SOCKET").expect("REBIS_TEST_MYSQL_SOCKET");
    let root = file("ca.pem");
    let open =
        |user: &str, options: &str| connect(&url_of(user, "nowhere", &format!("socket={socket}&{options}")));
    assert_eq!(cipher(&mut open("rebis", "").unwrap()), "");
    let full = format!("ssl_mode=verify_identity&ssl_ca={root}");
    assert!(!cipher(&mut open("rebis_tls", &full).unwrap()).is_empty());
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL, REBIS_TEST_TLS_DIR"]
fn megabytes_go_both_ways() {
    let mut connection = open("ssl_mode=required").unwrap();
    let name = table(&mut connection, "id INT PRIMARY KEY, data LONGBLOB");
    let data: Vec<u8> =
        (0..9_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let values = [Value::Int(1), Value::Bytes(data.clone())];
    connection.execute(&format!("INSERT INTO {name} VALUES (?, ?)"), &references(&values)).unwrap();
    let mut rows = select(&mut connection, &format!("SELECT data, md5(data) FROM {name}"));
    assert!(rows[0][0] == Value::Bytes(data));
    rows = select(&mut connection, "SELECT seq, repeat('x', 50) FROM seq_1_to_100000");
    assert_eq!(rows.len(), 100_000);
    assert_eq!(rows[99_999][0], Value::Int(100_000));
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL, REBIS_TEST_MYSQL_ED25519"]
fn ed25519_signs_the_challenge() {
    for options in ["ssl_mode=disabled", "ssl_mode=required"] {
        let url = url_of("rebis_ed25519", "127.0.0.1", options);
        let mut connection = connect(&url).unwrap();
        let user = select(&mut connection, "SELECT substring_index(user(), '@', 1)");
        assert_eq!(user, [[Value::from("rebis_ed25519")]]);
        let password = url.parse::<crate::Url>().unwrap().password().unwrap().to_owned();
        let error = connect(&url.replace(&password, "wrong")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
    }
}

#[test]
#[ignore = "needs a server: REBIS_TEST_MYSQL_URL, REBIS_TEST_TLS_DIR"]
fn another_login_than_the_urls() {
    use crate::driver::{Connector, Login};
    use crate::process::Deadline;
    let url: crate::Url = url_of("rebis", "127.0.0.1", "").parse().unwrap();
    let connector = crate::driver::mysql::MysqlConnector::new(&url, &mut url.options()).unwrap();
    let deadline = Deadline::after(std::time::Duration::from_secs(10));
    let token = url.password().unwrap();
    let user = |login: &Login| {
        let mut connection = connector.open(login, deadline).unwrap();
        select(&mut connection, "SELECT substring_index(user(), '@', 1)").remove(0).remove(0)
    };
    assert_eq!(user(&Login::new("rebis_tls", token)), Value::from("rebis_tls"));
    assert_eq!(user(&connector.login()), Value::from("rebis"));
    let fresh = Login { user: None, password: Some(crate::driver::Password::new(token)) };
    assert_eq!(user(&fresh), Value::from("rebis"));
    let refused = connector.connect(&Login::new("rebis_tls", "wrong"), deadline).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Authentication);
}
