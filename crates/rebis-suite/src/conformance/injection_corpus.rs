//! Texts that would be something else if they got out of their place, and a table that nothing may touch.

use rebis::{Connection, text};

use super::{Database, run_raw};

/// Each of them is in the corpus alone, in pairs, in front of a text, behind it, round it, and behind a backslash.
const MARKS: &[&str] = &[
    "'", "\"", "`", "\\", "´", "‘", "’", "‚", "“", "”", "„", "′", "″", "＇", "＂", "ʹ", "ʼ", "ˈ", "‹", "«",
    "｀", "[", "]", "{", "}", "(", ")", ";", "；", "--", "#", "/*", "*/", "$$", ",", "=", "||", "&", "%",
    "_", "*",
];

/// What ends a quoted text, a name, a comment or a list, if anything does.
const CLOSERS: &[&str] = &[
    "'", "''", "\\'", "\\\\'", "\"", "\\\"", "`", "``", "]", "')", "'))", "$$", "*/", "\n", "\\", "' ", "0",
];

/// What then would do harm.
const PAYLOADS: &[&str] = &[
    "; drop table conf_canary; --",
    "; delete from conf_canary where 1=1 -- ",
    " or 1=1 --",
    " union select * from conf_canary --",
    "); update conf_canary set word = 'gone'; /*",
    " || (select word from conf_canary) || '",
];

const COMMENTS: &[&str] = &[
    "-- x",
    "--x",
    "--\nx",
    "--\u{a0}x",
    "# x",
    "/* x",
    "*/ x",
    "/**/",
    "/* /* */ x",
    "/*! drop table conf_canary */",
    "/*!50000 drop table conf_canary */",
    "/*M! drop table conf_canary */",
    "/*+ x */",
    "-- \r; drop table conf_canary",
    ";",
    ";;",
    "; ;",
    "\\g",
    "\\q",
    "\\! x",
    "delimiter //",
    "//",
    "<!--",
    "-->",
    "a--b",
    "a/*b*/c",
];

const PLACEHOLDERS: &[&str] = &[
    "?",
    "??",
    "?1",
    "$1",
    "$0",
    "$",
    "$a$x$a$",
    "$a",
    ":name",
    ":1",
    "::int",
    "a::text",
    "\\:name",
    ":",
    "@x",
    "@@version",
    "@",
    "%s",
    "%%",
    "%(name)s",
    "%d",
    "{}",
    "{0}",
    "{name}",
    "${x}",
    "#{x}",
    "~x~",
    "!1",
    "&x",
    "&&x",
];

const PATTERNS: &[&str] = &[
    "a%b",
    "a_b",
    "%%%",
    "___",
    "/",
    "//",
    "/%",
    "/_",
    "/a",
    "a/",
    "\\%",
    "\\_",
    "\\\\%",
    "^%",
    "!%",
    "|%",
    "[a-z]",
    "[^a]",
    "*",
    ".*",
    "a|b",
    "(a",
    "a{2}",
    "~",
    "%' escape '/",
    "' escape '",
    "' like '%",
];

const PATHS: &[&str] = &[
    "$", "$.", "$.a", "a.b", "a[0]", "$[0]", "$**", "**", "a.*", "\"a\"", "a\"b", "'a'", "a\\b", "a\\\"b",
    "\\u0041", "{a,b}", "{", "a,b", "#-1", "#", "last", "[last]", "@", "0", "-1", "1", "null", "true", "->",
    "->>", "'->'", "$$.a", "\".\"", "\"].\"a", "\\\"", "\\\\",
];

/// Characters that look like others, that have no width, turn the direction, are nothing, or whose bytes end in a quote or a
/// backslash in another character set.
const CHARACTERS: &[&str] = &[
    "é",
    "e\u{301}",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "ſ",
    "\u{212a}",
    "Ａ",
    "ﬀ",
    "\u{ad}",
    "\u{a0}",
    "\u{2028}",
    "\u{2029}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}x\u{202c}",
    "\u{2066}x\u{2069}",
    "\u{feff}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{e000}",
    "\u{d7ff}",
    "\u{10000}",
    "\u{10ffff}",
    "🦀",
    "👩‍👩‍👧",
    "漢字",
    "ソ",
    "表",
    "能",
    "縗",
    "誠",
    "許",
    "¿'",
    "¿\\'",
    "¥'",
    "₩'",
    "\u{bf}\u{27}",
    "\u{8c}'",
    "\u{80}",
    "\u{9f}",
    "\u{85}",
    "Ω",
    "Ω",
    "а",
    "ѕеlесt",
    "ʼ or 1=1",
    "Å",
    "Å",
    "שלום",
    "ﷺ",
    "à̖̗̘",
    "\u{1f1e9}\u{1f1ea}",
];

const ATTACKS: &[&str] = &[
    "' or '1'='1",
    "' or ''='",
    "' or 1=1#",
    "admin'--",
    "admin' #",
    "admin'/*",
    "' having 1=1 --",
    "' group by 1 having 1=1 --",
    "' order by 99 --",
    "1; shutdown",
    "1 or sleep(5)",
    "' and sleep(5) and '1'='1",
    "1) or pg_sleep(5)--",
    "'||pg_sleep(5)--",
    "';select pg_sleep(5)--",
    "' waitfor delay '0:0:5'--",
    "' and 1=cast((select version()) as int)--",
    "' and extractvalue(1,concat(0x7e,version()))--",
    "' into outfile '/tmp/conf_x",
    "' union all select load_file('/etc/passwd') -- ",
    "'; copy conf_canary to '/tmp/conf_x'; --",
    "'; copy conf_canary from program 'id'; --",
    "'; attach database '/tmp/conf_x' as x; --",
    "' || load_extension('x') || '",
    "'; vacuum into '/tmp/conf_x",
    "'; set role postgres; --",
    "'; create table conf_x (n int); --",
    "'; commit; drop table conf_canary; begin; --",
    "'; rollback; --",
    "'; begin; --",
    "x'; exec xp_cmdshell 'dir'; --",
    "Robert'); DROP TABLE conf_canary;--",
    "0x27",
    "x'27'",
    "X'00'",
    "b'1'",
    "E'\\''",
    "U&'\\0027'",
    "U&\"\\0022\"",
    "N'x'",
    "_utf8mb4'x'",
    "char(39)",
    "chr(39)",
    "%27",
    "%2527",
    "&#39;",
    "&apos;",
    "\\x27",
    "\\u0027",
    "\\047",
    "\\0",
    "\\n",
    "\\Z",
    "\\b",
    "%00",
    "\\'; --",
    "\\\\'; --",
    "'\\",
    "\\'\\",
    "'''''''",
    "\"\"\"\"",
    "````",
    "'\"`",
    "`\"'",
    "'`'",
    "\"'\"",
    "a' b\" c` d\\",
    "\\\\\\",
    "\\\\\\\\",
    "drop table conf_canary",
    "select 1",
    "1; select 1",
    "../../etc/passwd",
    "<script>alert('x')</script>",
    "${jndi:x}",
    "=1+1",
    "1e400",
    "-1",
    "0",
    "1",
    "NaN",
    "true",
    "()",
    "a.b",
    "a.b.c",
    "a b",
    "\"a\".\"b\"",
    "`a`.`b`",
    "[a].[b]",
];

/// Words that mean something where a name stands.
const WORDS: &[&str] = &[
    "select",
    "SELECT",
    "table",
    "order",
    "group",
    "user",
    "User",
    "null",
    "NULL",
    "default",
    "values",
    "primary",
    "constraint",
    "check",
    "unique",
    "foreign",
    "references",
    "index",
    "end",
    "case",
    "from",
    "where",
    "as",
    "current_user",
    "interval",
    "window",
    "limit",
    "desc",
    "collate",
    "rowid",
    "ROW",
    "analyze",
    "natural",
    "using",
    "with",
    "main",
    "excluded",
    "new",
    "old",
    "key",
    "and",
    "or",
    "not",
    "in",
    "like",
    "between",
    "json",
    "date",
    "timestamp",
    "int",
    "x",
    "A",
    "id_",
];

/// Every text once.
pub(super) fn corpus() -> Vec<String> {
    let mut texts = vec![String::new()];
    for mark in MARKS {
        for form in ["M", "MM", "MMM", "Mx", "xM", "xMy", "MxM", "\\M", "x M y"] {
            texts.push(form.replace('M', mark));
        }
    }
    for closer in CLOSERS {
        texts.extend(PAYLOADS.iter().map(|payload| format!("{closer}{payload}")));
    }
    for family in [COMMENTS, PLACEHOLDERS, PATTERNS, PATHS, CHARACTERS, ATTACKS, WORDS] {
        texts.extend(family.iter().map(|&text| text.to_owned()));
    }
    for control in ('\u{1}'..=' ').chain(['\u{7f}']) {
        texts.extend([format!("a{control}b"), format!("{control}'"), format!("'{control}--")]);
    }
    texts.extend(
        [" ", "  ", " a", "a ", "a\t", "a\n", "\ta", "' ", "a\0", "\0", "\0a", "a\0b"].map(str::to_owned),
    );
    texts.push("'\0; drop table conf_canary; --".to_owned());
    // Limits: 63 bytes and 64 characters of names, 255 and 256 of aliases, 1024 and 2048 of comments.
    for length in [30, 31, 62, 63, 64, 65, 127, 128, 255, 256, 257, 1024, 1025, 2048, 2049, 5000] {
        texts.extend(["x", "'", "`", "\"", "é"].map(|part| part.repeat(length)));
    }
    let mut known = std::collections::HashSet::new();
    texts.retain(|text| known.insert(text.clone()));
    assert!(texts.len() >= 800, "{} texts", texts.len());
    texts
}

/// Makes the table that nothing may touch.
pub(super) fn guarded(database: &Database) -> Connection {
    let mut conn = database.engine(1).connect().unwrap();
    run_raw(&mut conn, "drop table if exists conf_canary");
    run_raw(&mut conn, "create table conf_canary (id int primary key, word varchar(20) not null)");
    run_raw(&mut conn, "insert into conf_canary (id, word) values (1, 'one'), (2, 'it''s')");
    conn.commit().unwrap();
    conn
}

/// The table is as it was made, and nothing that the texts name was made.
pub(super) fn untouched(conn: &mut Connection) {
    conn.rollback().unwrap();
    let rows: Vec<(i64, String)> =
        conn.fetch_all(text("select id, word from conf_canary order by id")).unwrap();
    assert_eq!(rows, [(1, "one".to_owned()), (2, "it's".to_owned())], "the canary");
    assert!(!conn.inspect().has_table("conf_x").unwrap(), "a table that only a text names");
    assert!(!std::path::Path::new("/tmp/conf_x").exists(), "a file that only a text names");
    conn.rollback().unwrap();
}

/// The table goes, after a last look.
pub(super) fn end(mut conn: Connection) {
    untouched(&mut conn);
    run_raw(&mut conn, "drop table conf_canary");
    conn.commit().unwrap();
}

/// How many texts were kept, refused by Rebis before anything was sent, and refused by the database.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) kept: usize,
    pub(super) refused: usize,
    pub(super) by_database: usize,
}

impl Tally {
    /// Counts a refusal: an error of the kind that says why, and never one of a text that the database read as SQL.
    pub(super) fn refuse(&mut self, error: &rebis::Error, what: &str) {
        let chain = error.chain();
        let code = (error.sqlstate().unwrap_or_default(), error.code());
        let syntax = matches!(code, ("42601", _)) || code.1 == Some(1064) || chain.contains("syntax error");
        assert!(!syntax, "{what}: read as SQL: {chain}");
        if error.code().is_none() && error.sqlstate().is_none() {
            self.refused += 1;
        } else {
            self.by_database += 1;
        }
    }

    pub(super) fn says(&self, what: &str) -> super::Outcome {
        super::passed(format!(
            "{what}: {} kept, {} refused before anything was sent, {} by the database",
            self.kept, self.refused, self.by_database
        ))
    }
}
