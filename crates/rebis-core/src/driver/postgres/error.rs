//! ErrorResponse and NoticeResponse → a classified [`Error`]: which SQLSTATE is which [`ErrorKind`].

use std::borrow::Cow;

use super::wire::Reader;
use crate::driver::Notice;
use crate::error::{Error, ErrorKind};
use crate::process::is_quiet;

/// The names of our prepared statements begin so: an error about one of them is ours to mend.
pub(super) const STATEMENT_PREFIX: &str = "rebis_";

/// What the server says of a failure, field by field.
#[derive(Debug, Default)]
pub(super) struct ServerReport<'a> {
    severity: Cow<'a, str>,
    sqlstate: Cow<'a, str>,
    message: Cow<'a, str>,
    detail: Option<Cow<'a, str>>,
    hint: Option<Cow<'a, str>>,
    position: Option<Cow<'a, str>>,
    constraint: Option<Cow<'a, str>>,
    routine: Cow<'a, str>,
}

impl<'a> ServerReport<'a> {
    /// Reads what can be read: a report that is cut short is still a report. Before the session's encoding is set, the
    /// text may be in any.
    pub(super) fn read(body: &'a [u8]) -> Self {
        let mut report = ServerReport::default();
        let mut reader = Reader(body);
        let mut localized = Cow::Borrowed("");
        while let Ok(field @ 1..) = reader.u8()
            && let Ok(text) = reader.text()
        {
            let text = String::from_utf8_lossy(text);
            match field {
                b'S' => localized = text,
                b'V' => report.severity = text,
                b'C' => report.sqlstate = text,
                b'M' => report.message = text,
                b'D' => report.detail = Some(text),
                b'H' => report.hint = Some(text),
                b'P' => report.position = Some(text),
                b'n' => report.constraint = Some(text),
                b'R' => report.routine = text,
                // Fields may be added at any time.
                _ => {}
            }
        }
        if report.severity.is_empty() {
            report.severity = localized;
        }
        report
    }

    /// The server hangs up after it. The class 08 alone does not say so: `postgres_fdw` and `dblink` raise it for
    /// *their* connections, in a session that lives on.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(&*self.severity, "FATAL" | "PANIC") || matches!(&*self.sqlstate, "57P01" | "57P02" | "57P03")
    }

    /// One of our prepared statements does not fit any more: its table was changed, a parameter's type was dropped (and perhaps made
    /// again, which is another one), or somebody ran DEALLOCATE ALL.
    fn is_stale(&self) -> bool {
        match &*self.sqlstate {
            // The message is translated, the name of the C function is not.
            "0A000" => self.routine == "RevalidateCachedQuery",
            "26000" => self.message.contains(STATEMENT_PREFIX),
            // Internal messages are not translated.
            "XX000" => self.message.starts_with("cache lookup failed for type "),
            _ => false,
        }
    }

    /// The statement was stopped: because somebody asked, or by a timeout of the server's own.
    pub(super) fn is_stopped(&self) -> bool {
        self.sqlstate == "57014"
    }

    /// Whether the server says that somebody asked; it may say so in another language.
    pub(super) fn was_asked_for(&self) -> bool {
        self.message.contains("user request")
    }

    /// The error, of a session that was up.
    pub(super) fn into_error(self) -> Error {
        let kind = if self.is_fatal() {
            ErrorKind::Disconnected
        } else if self.is_stale() {
            // The statement is prepared anew next time: the transaction, run again, will not see this.
            ErrorKind::Serialization
        } else {
            classify(&self.sqlstate)
        };
        self.into_error_of(kind)
    }

    /// The error of a session that did not come up. It is no disconnect: other connections may be well.
    pub(super) fn into_startup_error(self) -> Error {
        let kind = match &*self.sqlstate {
            // Too many connections; shutting down, starting up.
            "53300" | "57P01" | "57P02" | "57P03" => ErrorKind::Connect,
            sqlstate => match classify(sqlstate) {
                ErrorKind::Authentication => ErrorKind::Authentication,
                _ => ErrorKind::Connect,
            },
        };
        self.into_error_of(kind)
    }

    fn into_error_of(self, kind: ErrorKind) -> Error {
        let mut error = Error::new(kind, self.text()).with_sqlstate(self.sqlstate);
        if let Some(constraint) = self.constraint {
            error = error.with_constraint(constraint);
        }
        error
    }

    /// "message (detail; hint)", without values: the details of integrity errors quote the row ("Key (email)=(…) already
    /// exists", "Failing row contains …"), and the messages of data errors quote the value, and errors end up in logs.
    fn text(&self) -> String {
        let quotes_values = self.sqlstate.starts_with("22");
        let mut text = if quotes_values { without_quoted(&self.message) } else { self.message.to_string() };
        let detail = self.detail.as_deref().filter(|_| !quotes_values && !self.sqlstate.starts_with("23"));
        let position = self.position.as_deref().map(|position| format!("at character {position}"));
        let more: Vec<&str> =
            [position.as_deref(), detail, self.hint.as_deref()].into_iter().flatten().collect();
        if !more.is_empty() {
            text.push_str(&format!(" ({})", more.join("; ")));
        }
        text
    }
}

/// The text with everything from the first to the last quotation mark left out: a value may hold quotation marks itself,
/// and translated messages have their own.
fn without_quoted(text: &str) -> String {
    const MARKS: &[char] = &['"', '«', '»', '„', '“', '”', '‘', '’', '「', '」', '\''];
    match (text.find(MARKS), text.rfind(MARKS)) {
        (Some(first), Some(last)) => {
            let rest = text.get(last..).unwrap_or_default().trim_start_matches(MARKS);
            format!("{}…{rest}", text.get(..first).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

/// Whether the error may come from a statement that was prepared before its tables were changed.
/// It says so (see [`ServerReport::is_stale`]); or a parameter, whose type stays as it was inferred, does not fit a column
/// of another type (class 42), or is not written as that type wants it (class 22).
pub(super) fn may_be_stale(error: &Error) -> bool {
    match error.sqlstate() {
        Some("0A000" | "26000" | "XX000") => error.kind() == ErrorKind::Serialization,
        Some(sqlstate) => sqlstate.starts_with("42") || sqlstate.starts_with("22"),
        None => false,
    }
}

/// A notice; it is logged as well.
pub(super) fn notice(body: &[u8]) -> Notice {
    let report = ServerReport::read(body);
    if !is_quiet() {
        tracing::debug!(
            target: "rebis::notice", severity = &*report.severity, sqlstate = &*report.sqlstate, "{}", report.text()
        );
    }
    Notice::new(report.severity, report.sqlstate, report.message)
}

fn classify(sqlstate: &str) -> ErrorKind {
    match sqlstate {
        "23505" => return ErrorKind::UniqueViolation,
        "23503" | "23001" => return ErrorKind::ForeignKeyViolation,
        "23502" => return ErrorKind::NotNullViolation,
        "25P02" => return ErrorKind::PendingRollback,
        "25006" | "55000" => return ErrorKind::Statement,
        "53300" => return ErrorKind::Connect,
        "55P03" => return ErrorKind::Locked,
        "57014" => return ErrorKind::Timeout,
        _ => {}
    }
    match sqlstate.get(..2).unwrap_or_default() {
        "0A" => ErrorKind::Unsupported,
        "21" | "22" => ErrorKind::Data,
        // An exclusion constraint (23P01) is a check over several rows; 44 is a view's WITH CHECK OPTION.
        "23" | "44" => ErrorKind::CheckViolation,
        "24" | "25" | "2D" | "34" | "3B" => ErrorKind::InvalidState,
        "28" | "3D" => ErrorKind::Authentication,
        "26" | "2B" | "3F" | "42" => ErrorKind::Statement,
        "40" => ErrorKind::Serialization,
        // 53 resources, 54 limits, 55 object state, 57 operator, 58 system, P0 raised by a function, XX defects.
        _ => ErrorKind::Operational,
    }
}
