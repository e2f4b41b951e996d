//! Any text is a URL that reads the same when it is printed, or an error.

use crate::tests::fuzz;
use crate::url::Url;

#[test]
fn fuzz_url() {
    let seeds = [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////a/b%20c.db?mode=ro&busy_timeout=30",
        "mysql+pymysql://app:se%40c@ret@db1,db2:3307/shop?ssl_mode=require",
        "mariadb://app@/shop?socket=/run/mysqld/mysqld.sock",
        "postgresql://app:secret@[::1]:5432,[fe80::1%25eth0],db/shop?host=/run&options=-c%20x",
        "postgres://:pw@host",
    ];
    let words = [
        "sqlite",
        "mysql",
        "postgresql",
        "://",
        "%",
        "%25",
        "%00",
        "%2F",
        "%ff",
        "@",
        ":",
        "/",
        "//",
        "?",
        "&",
        "=",
        "+",
        "[",
        "]",
        ",",
        "%5B",
        "%2C",
        "%3A",
        "%40",
        "#",
        "::1",
        "65536",
        "é",
        "\u{feff}",
        ":memory:",
        "%3Fa=b",
        "%26",
    ];
    fuzz::text("url", &seeds, &words, |text| {
        let Ok(url) = text.parse::<Url>() else { return };
        let printed = url.to_string_with_password();
        let again: Url = printed.parse().unwrap_or_else(|error| panic!("{printed:?}: {error}"));
        assert_eq!(again, url, "{printed:?}");
        let shown = url.to_string();
        // The stars may be the URL's own as well.
        assert!(format!("{url:?}").contains("***") || url.password().is_none());
        let shown: Url = shown.parse().unwrap_or_else(|error| panic!("{shown:?}: {error}"));
        assert_eq!(
            (shown.hosts(), shown.database(), shown.user()),
            (url.hosts(), url.database(), url.user())
        );
    });
}
