use super::*;

#[test]
fn kinds_travel_by_name() {
    for name in ["Forked", "CommitUnknown", "WorkerDied", "UniqueViolation", "Url"] {
        assert_eq!(ErrorKind::from_name(name).name(), name);
    }
    assert_eq!(ErrorKind::from_name("FromTheFuture"), ErrorKind::Other);
}

#[test]
fn display_is_one_line_and_the_cause_is_the_source() {
    let io = std::io::Error::other("connection reset");
    let error = Error::new(ErrorKind::Disconnected, "the server went away").with_source(io);
    assert_eq!(error.to_string(), "the server went away");
    assert_eq!(error.chain(), "the server went away: connection reset");
    assert!(error.is_disconnect());
    assert!(error.is_retryable());
}

#[test]
fn wrapping_keeps_the_facts() {
    let inner = Error::new(ErrorKind::Disconnected, "gone")
        .with_sqlstate("57P01")
        .with_sql("commit")
        .with_constraint("c");
    let outer = inner.wrap(ErrorKind::CommitUnknown, "the answer to COMMIT was lost");
    assert_eq!(outer.sqlstate(), Some("57P01"));
    assert_eq!((outer.sql(), outer.constraint()), (Some("commit"), Some("c")));
    assert!(outer.is_disconnect());
    assert!(!outer.is_retryable(), "a lost commit must not be run again blindly");
}

#[test]
fn error_is_send_sync_and_small() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Error>();
    assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
}
