//! Against a real server with TLS: modes, certificates, methods of login.

use super::super::*;
use super::server::{one, rows};
use super::{connect, connector};
use crate::value::Value;

fn file(name: &str) -> String {
    format!("{}/{name}", std::env::var("REBIS_TEST_TLS_DIR").expect("REBIS_TEST_TLS_DIR"))
}

/// The server's URL for another user and another name of the host.
fn url_of(user: &str, host: &str, options: &str) -> String {
    let url: Url =
        std::env::var("REBIS_TEST_POSTGRES_URL").expect("REBIS_TEST_POSTGRES_URL").parse().unwrap();
    let (password, port) = (url.password().unwrap(), url.hosts()[0].port.unwrap());
    format!("postgresql://{user}:{password}@{host}:{port}/{}?{options}", url.database().unwrap())
}

fn open(options: &str) -> Result<Box<dyn Connection>> {
    connect(&url_of("rebis", "127.0.0.1", options))
}

fn is_encrypted(connection: &mut dyn Connection) -> bool {
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    one(connection, sql, &[]).unwrap() == Value::Bool(true)
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL, REBIS_TEST_TLS_DIR"]
fn each_mode_encrypts_or_not() {
    let root = file("ca.pem");
    assert!(!is_encrypted(&mut *open("sslmode=disable").unwrap()));
    for options in [
        String::new(),
        "sslmode=prefer".to_owned(),
        "sslmode=require&channel_binding=require".to_owned(),
        "sslmode=require&channel_binding=disable".to_owned(),
        format!("sslrootcert={root}"),
        format!("sslmode=verify-ca&sslrootcert={root}"),
        format!("sslmode=verify-full&sslrootcert={root}&channel_binding=require"),
    ] {
        let mut connection = open(&options).unwrap();
        assert!(is_encrypted(&mut *connection), "{options}");
        connection.ping().unwrap();
        connection.close();
    }
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL, REBIS_TEST_TLS_DIR"]
fn a_wrong_authority_and_a_wrong_name_are_refused() {
    let (root, wrong) = (file("ca.pem"), file("wrong-ca.pem"));
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = open(&format!("sslmode={mode}&sslrootcert={wrong}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.chain().contains("certificate"), "{}", error.chain());
    }
    // The same address in another form, which the certificate does not have.
    let named = |mode: &str| {
        connect(&url_of("rebis", "[::ffff:127.0.0.1]", &format!("sslmode={mode}&sslrootcert={root}")))
    };
    assert!(is_encrypted(&mut *named("verify-ca").unwrap()));
    assert_eq!(named("verify-full").unwrap_err().kind(), ErrorKind::Connect);
    let options = format!("sslmode=verify-full&sslrootcert={root}");
    assert!(connect(&url_of("rebis", "localhost", &options)).is_ok());
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL, REBIS_TEST_TLS_DIR"]
fn a_certificate_logs_in_where_it_is_asked_for() {
    let with = |name: &str| {
        format!("sslcert={}&sslkey={}", file(&format!("{name}.pem")), file(&format!("{name}.key")))
    };
    let open = |options: &str| connect(&url_of("rebis_cert", "127.0.0.1", options));
    let mut connection = open(&with("client")).unwrap();
    let sql = "select client_dn, current_user::text from pg_stat_ssl where pid = pg_backend_pid()";
    assert_eq!(
        rows(&mut *connection, sql, &[]).unwrap(),
        [["/CN=rebis_cert".into(), Value::from("rebis_cert")]]
    );
    assert_eq!(open("sslmode=require").unwrap_err().kind(), ErrorKind::Authentication);
    assert_eq!(open("sslmode=disable").unwrap_err().kind(), ErrorKind::Authentication);
    // One that another authority has signed; the server ends the handshake, which here is over already.
    let error = open(&with("stranger")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL, REBIS_TEST_TLS_DIR"]
fn each_method_of_login() {
    for (user, options) in [
        ("rebis_md5", "sslmode=disable"),
        ("rebis_md5", "sslmode=require"),
        ("rebis", "sslmode=disable"),
        ("rebis_clear", "sslmode=disable&allow_cleartext_password=true"),
    ] {
        let mut connection = connect(&url_of(user, "127.0.0.1", options)).unwrap();
        assert_eq!(one(&mut *connection, "select current_user::text", &[]).unwrap(), user.into());
    }
    let clear = |options: &str| connect(&url_of("rebis_clear", "127.0.0.1", options));
    assert!(clear(&format!("sslmode=verify-full&sslrootcert={}", file("ca.pem"))).is_ok());
    for options in ["sslmode=disable", "sslmode=require"] {
        assert_eq!(clear(options).unwrap_err().kind(), ErrorKind::Authentication);
    }
    let error = connect(&url_of("rebis_md5", "127.0.0.1", "channel_binding=require")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL, REBIS_TEST_TLS_DIR"]
fn megabytes_go_both_ways() {
    let mut connection = open("sslmode=require").unwrap();
    let data: Vec<u8> =
        (0..9_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let sent = Value::Bytes(data);
    let back = one(&mut *connection, "select $1::bytea", std::slice::from_ref(&sent)).unwrap();
    assert!(back == sent);
    let sql = "select i, repeat('x', 50) from generate_series(1, 100000) i";
    let rows = rows(&mut *connection, sql, &[]).unwrap();
    assert_eq!((rows.len(), &rows[99_999][0]), (100_000, &Value::Int(100_000)));
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL, REBIS_TEST_TLS_DIR"]
fn a_killed_session_is_a_disconnect_inside_of_tls_too() {
    let mut connection = open("sslmode=require").unwrap();
    let pid = Value::Int(i64::try_from(connection.server().session_id.unwrap()).unwrap());
    one(&mut *open("").unwrap(), "select pg_terminate_backend($1::int)", &[pid]).unwrap();
    let error = connection.ping().unwrap_err();
    assert!(error.is_disconnect() && connection.is_broken(), "{error:?}");
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL, REBIS_TEST_TLS_DIR"]
fn the_hosts_of_the_option_serve_in_their_order() {
    let url: Url = url_of("rebis", "127.0.0.1", "").parse().unwrap();
    let directory = std::env::var("REBIS_TEST_POSTGRES_SOCKET_DIR").expect("REBIS_TEST_POSTGRES_SOCKET_DIR");
    let (password, port) = (url.password().unwrap(), url.hosts()[0].port.unwrap());
    let open = |host: &str, ports: &str| {
        connect(&format!("postgresql://rebis:{password}@/rebis?host={host}&port={ports}"))
    };
    let is_local = "select inet_client_addr() is null";
    // Port 1 refuses; then a unix socket; then over TCP.
    for (hosts, ports, local) in [
        (format!("127.0.0.1,{directory}"), format!("1,{port}"), true),
        (format!("{directory},127.0.0.1"), format!("1,{port}"), false),
        (format!("127.0.0.1:1,127.0.0.1:{port}"), String::new(), false),
        (directory.clone(), port.to_string(), true),
    ] {
        let mut connection = open(&hosts, &ports).unwrap();
        assert_eq!(one(&mut *connection, is_local, &[]).unwrap(), Value::Bool(local), "{hosts}");
        assert_eq!(is_encrypted(&mut *connection), !local);
    }
    let target = format!("postgresql://rebis:{password}@127.0.0.1:{port}/rebis?target_session_attrs=");
    assert!(
        connect(&format!("{target}primary")).is_ok() && connect(&format!("{target}prefer-standby")).is_ok()
    );
    assert_eq!(connect(&format!("{target}standby")).unwrap_err().kind(), ErrorKind::Connect);
    for wanted in ["read-write", "read-only"] {
        let options = format!("{target}{wanted}&options=-c default_transaction_read_only=on");
        assert_eq!(connect(&options).is_ok(), wanted == "read-only");
    }
}

#[test]
#[ignore = "needs a server: REBIS_TEST_POSTGRES_URL, REBIS_TEST_TLS_DIR"]
fn another_login_than_the_urls() {
    let url = url_of("rebis", "127.0.0.1", "");
    let connector = connector(&url).unwrap();
    let url: Url = url.parse().unwrap();
    let token = url.password().unwrap();
    let deadline = Deadline::after(Duration::from_secs(10));
    let user = |login: &Login| {
        let mut connection = connector.connect(login, deadline).unwrap();
        one(&mut *connection, "select current_user::text", &[]).unwrap()
    };
    assert_eq!(user(&Login::new("rebis_md5", token)), "rebis_md5".into());
    assert_eq!(user(&connector.login()), "rebis".into());
    let fresh = Login { user: None, password: Some(crate::driver::Password::new(token)) };
    assert_eq!(user(&fresh), "rebis".into());
    let refused = connector.connect(&Login::new("rebis_md5", "wrong"), deadline).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Authentication);
    let none = Login { user: None, password: None };
    assert_eq!(connector.connect(&none, deadline).unwrap_err().kind(), ErrorKind::Authentication);
}
