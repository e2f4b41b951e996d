//! What is logged, and what never is.

use tracing::Level;

use super::*;
use crate::process::capture::logged;

/// The lines up to DEBUG that an engine with these settings logs.
fn lines(build: impl FnOnce(EngineBuilder) -> EngineBuilder, run: impl FnOnce(&Engine)) -> Vec<String> {
    let script = Script::new();
    let engine = build(builder(&script, Dialect::POSTGRESQL)).build().unwrap();
    logged(Level::DEBUG, || run(&engine)).0
}

fn at(level: &str, lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| line.starts_with(level)).collect()
}

fn query(engine: &Engine) {
    engine.connect().unwrap().execute(text("select :a").bind("a", "s3cret")).unwrap();
}

#[test]
fn echo_shows_statements_and_values_a86() {
    let shown = at("INFO", lines(|builder| builder.echo(true), query));
    let statement = shown.iter().find(|line| line.contains("select $1")).unwrap();
    assert!(statement.contains(r#"parameters=["s3cret"]"#), "{statement}");
    assert!(statement.contains("sets=1") && statement.contains("cached=false"), "{statement}");
    let hidden = lines(|builder| builder.echo(true).hide_parameters(true), query);
    assert!(hidden.iter().any(|line| line.contains("[1 hidden]")), "{hidden:?}");
    assert!(!hidden.concat().contains("s3cret"), "{hidden:?}");
    let quiet = lines(|builder| builder, query);
    assert!(quiet.iter().any(|line| line.starts_with("DEBUG") && line.contains("select $1")), "{quiet:?}");
    assert!(!quiet.concat().contains("s3cret") && at("INFO", quiet).is_empty());
}

#[test]
fn errors_show_no_values_a86() {
    let script = Script::new();
    let engine = builder(&script, Dialect::POSTGRESQL).echo(true).hide_parameters(true).build().unwrap();
    script.fail("execute", 1, failed);
    let (lines, error) = logged(Level::TRACE, || {
        let mut conn = engine.connect().unwrap();
        conn.execute(text("select :a").bind("a", "s3cret")).map(drop).unwrap_err()
    });
    assert!(lines.iter().any(|line| line.contains("error=no such table")), "{lines:?}");
    assert!(!format!("{lines:?} {error:?} {error} {}", error.chain()).contains("s3cret"));
}

#[test]
fn of_many_sets_the_first_eight_and_the_last_two_are_shown_a86() {
    let many = |count: i64| {
        let run = move |engine: &Engine| {
            let sets = (0..count).map(|i| (i, "x"));
            engine.connect().unwrap().execute_many(text("insert :i, :t"), sets).unwrap();
        };
        let shown = at("INFO", lines(|builder| builder.echo(true), run));
        shown.into_iter().find(|line| line.contains("insert")).unwrap()
    };
    let ten = many(10);
    assert!(ten.contains(r#"(0, "x"), (1, "x"),"#) && ten.contains(r#"(8, "x"), (9, "x")]"#), "{ten}");
    assert!(!ten.contains("displaying"), "{ten}");
    let hundred = many(100);
    let middle = r#"(7, "x"), … displaying 10 of 100 sets …, (98, "x"), (99, "x")]"#;
    assert!(hundred.contains(middle) && !hundred.contains("(8, "), "{hundred}");
}

#[test]
fn long_values_lose_their_middle() {
    let run = |value: String| {
        let run = move |engine: &Engine| {
            engine.connect().unwrap().execute(text("select :a").bind("a", value)).unwrap();
        };
        lines(|builder| builder.echo(true), run).concat()
    };
    // With its quotes 300 characters, and two more.
    let whole = run("ä".repeat(298));
    assert!(whole.contains(&"ä".repeat(298)) && !whole.contains("truncated"));
    let cut = run(format!("{}{}", "a".repeat(150), "b".repeat(150)));
    let expected = format!("{} … (2 characters truncated) … {}", "a".repeat(149), "b".repeat(149));
    assert!(cut.contains(&expected), "{cut}");
    let bytes = lines(
        |builder| builder.echo(true),
        |engine| {
            let statement = text("select :a").bind("a", vec![115_u8; 1000]);
            engine.connect().unwrap().execute(statement).unwrap();
        },
    );
    assert!(bytes.concat().contains("[1000 bytes]"), "{bytes:?}");
}

#[test]
fn transactions_are_logged_c40() {
    let run = |engine: &Engine| {
        let mut conn = engine.connect().unwrap();
        conn.execute(text("q")).unwrap();
        conn.commit().unwrap();
        conn.execute(text("q")).unwrap();
        conn.rollback().unwrap();
        let mut tx = conn.begin().unwrap();
        tx.begin_nested().unwrap().commit().unwrap();
    };
    let said = at("INFO", lines(|builder| builder.echo(true), run));
    let said: Vec<_> = said.iter().filter(|line| !line.contains("sql=")).collect();
    let expected = [
        "INFO BEGIN (implicit)",
        "INFO COMMIT",
        "INFO BEGIN (implicit)",
        "INFO ROLLBACK",
        "INFO BEGIN",
        "INFO SAVEPOINT rebis_1",
        "INFO RELEASE SAVEPOINT rebis_1",
        "INFO ROLLBACK",
    ];
    assert_eq!(said, expected);
    let level = |builder: EngineBuilder| builder.echo(true).isolation_level(IsolationLevel::Autocommit);
    let autocommit = lines(level, |engine| drop(engine.connect().unwrap().execute(text("q")).unwrap()));
    assert!(!autocommit.iter().any(|line| line.contains("BEGIN")), "there is none: {autocommit:?}");
}

#[test]
fn a_token_stands_in_each_line() {
    let run = |engine: &Engine| {
        engine.transaction(|tx| tx.execute(text("q")).map(drop)).unwrap();
        let mut other = engine.connect().unwrap();
        other.execution_options(|options| options.logging_token = Some("two".into())).unwrap();
        other.execute(text("other")).unwrap();
    };
    let all = lines(|builder| builder.echo(true).logging_token("one"), run);
    let said: Vec<_> = all.iter().filter(|line| line.contains("sql=") || line.contains("BEGIN")).collect();
    assert!(said.len() >= 6, "{said:?}");
    for line in said {
        assert!(line.contains("token=one") ^ line.contains("token=two"), "{line}");
        assert_eq!(line.contains("token=two"), line.contains("other") || line.contains("implicit"), "{line}");
    }
}

#[test]
fn a_statement_is_a_span_with_its_line_inside() {
    let run = |engine: &Engine| {
        let mut conn = engine.connect().unwrap();
        assert_eq!(conn.execute(text("q")).unwrap().all().unwrap().len(), 1);
        conn.execute_many(text("insert :i"), [(1,), (2,)]).unwrap();
    };
    let all = lines(|builder| builder, run);
    assert_eq!(at("span DEBUG sql=", all.clone()).len(), 2, "{all:?}");
    let inside: Vec<_> = all.iter().filter_map(|line| line.split_once(" in span DEBUG sql=")).collect();
    assert!(matches!(inside[..], [(_, "q"), (_, "insert $1")]), "{all:?}");
    assert!(inside.iter().all(|(line, _)| line.contains("elapsed=") && !line.contains("sql=")), "{all:?}");
    let learned = at("record", all.clone());
    assert!(learned.contains(&"record rows=1".to_owned()), "{all:?}");
    assert!(learned.contains(&"record rows=2".to_owned()), "{all:?}");
}

/// Whatever is logged while connecting fails, works, and is done again.
#[test]
fn a_password_is_in_no_line() {
    let (lines, ()) = logged(Level::TRACE, || {
        for url in ["mysql://app:s3cret@127.0.0.1:1/shop", "postgresql://app:s3cret@127.0.0.1:1/shop"] {
            let engine = Engine::builder(url).unwrap().connect_attempts(2).echo(true).build().unwrap();
            engine.on_do_connect(|request| {
                tracing::info!(target: "rebis::test", ?request);
                Ok(None)
            });
            let error = engine.connect().map(|_| ()).unwrap_err();
            tracing::info!(target: "rebis::test", ?engine, ?error, chain = error.chain());
        }
    });
    assert!(lines.iter().filter(|line| line.starts_with("WARN cannot connect")).count() == 4, "{lines:?}");
    assert!(!lines.concat().contains("s3cret"), "{lines:?}");
}

/// With its connection a memory database goes: that is said, because the next statement finds no table and does not say why.
#[cfg(feature = "sqlite")]
#[test]
fn a_memory_database_that_is_replaced_is_told_of() {
    let engine = Engine::new("sqlite://").unwrap();
    let told = |run: &dyn Fn()| {
        let (lines, ()) = logged(Level::WARN, run);
        lines.iter().filter(|line| line.contains("is opened, and is empty")).count()
    };
    assert_eq!(told(&|| drop((engine.connect().unwrap(), engine.recreate()))), 0);
    assert_eq!(told(&|| engine.connect().unwrap().invalidate()), 0);
    assert_eq!(told(&|| drop(engine.connect().unwrap())), 1);
}
