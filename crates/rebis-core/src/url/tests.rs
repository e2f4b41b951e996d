mod fuzz;

use super::*;
use crate::error::ErrorKind;

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

#[test]
fn sqlite_paths_follow_sqlalchemy() {
    assert_eq!(url("sqlite:///data/a.db").database(), Some("data/a.db"));
    assert_eq!(url("sqlite:////data/a.db").database(), Some("/data/a.db"));
    for memory in ["sqlite://", "sqlite:///", "sqlite:///:memory:"] {
        assert_eq!(url(memory).database(), None, "{memory}");
    }
    assert_eq!(url("sqlite:///100%.db").database(), Some("100%.db"));
}

#[test]
fn hosts_ports_and_accounts() {
    let url = url("postgresql+psycopg2://bob:p@ss@[::1]:5433,db2/shop?application_name=my%20app");
    assert_eq!((url.user(), url.password()), (Some("bob"), Some("p@ss")));
    assert_eq!(url.hosts()[0], Host { name: "::1".into(), port: Some(5433) });
    assert_eq!(url.hosts()[1], Host { name: "db2".into(), port: None });
    assert_eq!(url.options().text("application_name").unwrap(), Some("my app"));
    assert_eq!(url.to_string(), "postgresql://bob:***@[::1]:5433,db2/shop?application_name=my%20app");
    assert_eq!(url, url.to_string_with_password().parse().unwrap());
}

#[test]
fn mariadb_is_a_word_of_its_own() {
    use crate::Dialect;
    let (mysql, mariadb) = (url("mysql://h/d"), url("mariadb+mysqldb://h/d"));
    assert_eq!(mariadb.to_string(), "mariadb://h/d");
    assert_eq!((Dialect::of(&mysql), Dialect::of(&mariadb)), (Dialect::MYSQL, Dialect::MARIADB));
    // The server counts.
    let found = |product: &str| crate::driver::Server::new(product, "1", None);
    assert_eq!(Dialect::MYSQL.found(Some(&found("MariaDB"))), &Dialect::MARIADB);
    assert_eq!(Dialect::MARIADB.found(Some(&found("MySQL"))), &Dialect::MYSQL);
    assert_eq!(Dialect::MARIADB.found(None), &Dialect::MARIADB);
    assert_eq!(Dialect::SQLITE.found(Some(&found("MySQL"))), &Dialect::SQLITE);
}

#[test]
fn an_empty_host_is_a_unix_socket() {
    let url = url("postgresql://app@/shop?host=/run/postgresql");
    assert!(url.hosts().is_empty());
    assert_eq!(url.user(), Some("app"));
}

#[test]
fn what_cannot_be_read_is_an_error_without_the_text() {
    for text in [
        "postgres",
        "oracle://x",
        "secret:pw@x://",
        "mysql://u:secret@h:port/d",
        "mysql://u:%ff@h/d",
        "sqlite://host/a",
        "mysql://u:secret%00@h",
        "mysql://u:secret@h/d?flag",
        "mysql://u:secret@[::1/d",
    ] {
        let error = text.parse::<Url>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url, "{text}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn debug_hides_the_password() {
    assert_eq!(format!("{:?}", url("mysql://u:secret@h/d")), "Url(mysql://u:***@h/d)");
}

#[test]
fn a_changed_url_is_another_one_g32() {
    let text = "postgresql://app:old@db1,db2:5433/shop?sslmode=require&application-name=till";
    let old = url(text);
    let changed = [
        (
            old.with_user("a:b"),
            "postgresql://a%3Ab:old@db1,db2:5433/shop?sslmode=require&application-name=till",
        ),
        (
            old.with_password("n/w,[1]"),
            "postgresql://app:n%2Fw%2C%5B1%5D@db1,db2:5433/shop?sslmode=require&application-name=till",
        ),
        (old.with_host("::1", None), "postgresql://app:old@[::1]/shop?sslmode=require&application-name=till"),
        (
            old.with_host("/run/pg", 1),
            "postgresql://app:old@%2Frun%2Fpg:1/shop?sslmode=require&application-name=till",
        ),
        (
            old.with_host("fe80::1%eth0", 1),
            "postgresql://app:old@[fe80::1%25eth0]:1/shop?sslmode=require&application-name=till",
        ),
        (
            old.with_database("x?y"),
            "postgresql://app:old@db1,db2:5433/x%3Fy?sslmode=require&application-name=till",
        ),
        (old.with_database(""), "postgresql://app:old@db1,db2:5433?sslmode=require&application-name=till"),
        (
            old.update_query([("application_name", "a&b"), ("port", "1")]),
            "postgresql://app:old@db1,db2:5433/shop?sslmode=require&application_name=a%26b&port=1",
        ),
        (
            old.update_query([("sslmode", "a"), ("sslmode", "b")]),
            "postgresql://app:old@db1,db2:5433/shop?application-name=till&sslmode=b",
        ),
    ];
    for (new, expected) in changed {
        let new = new.unwrap();
        assert_eq!(new.to_string_with_password(), expected);
        assert_eq!(url(expected), new, "it reads as what it is");
        assert_eq!(url(text), old, "the old one stays");
    }
}

#[test]
fn parts_that_cannot_be_are_refused() {
    let server = url("mysql://h/d");
    let file = url("sqlite:///a.db");
    assert_eq!(file.with_database(":memory:").unwrap(), url("sqlite://"));
    assert_eq!(file.with_database("/b.db").unwrap().to_string(), "sqlite:////b.db");
    let refused = [
        file.with_user("u"),
        file.with_password("s3cret"),
        file.with_host("h", 1),
        file.with_database("/s3cret?mode=ro"),
        server.with_user("s3cret\0"),
        server.with_password("s3cret\0"),
        server.with_host("s3cret\0", None),
        server.with_database("s3cret\0"),
        server.update_query([("s3cret\0", "x")]),
        server.update_query([("x", "s3cret\0")]),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url);
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[test]
fn options_are_taken_once() {
    let url = url("mysql://h/d?connect-timeout=1.5&charset=x&charset=y");
    let mut options = url.options();
    assert_eq!(options.seconds("connect_timeout").unwrap(), Some(std::time::Duration::from_millis(1500)));
    assert!(options.text("charset").unwrap_err().to_string().contains("twice"));
}
