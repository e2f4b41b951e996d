//! Statements in the log.

use std::fmt::Write;
use std::time::{Duration, Instant};

use tracing::Span;
use tracing::field::Empty;

use super::options::ExecutionOptions;
use crate::error::Error;
use crate::value::{Value, ValueRef};

/// A statement's span in the log, and its line: INFO with `echo`, else DEBUG.
pub(super) struct Log<'o> {
    options: &'o ExecutionOptions,
    pub(super) span: Span,
    start: Option<Instant>,
}

/// What is said of a statement at its end.
pub(super) struct Sent<'s> {
    pub(super) parameters: &'s [ValueRef<'s>],
    pub(super) sets: usize,
    /// Whether its compiled form was in the cache.
    pub(super) cached: bool,
    pub(super) error: Option<&'s Error>,
}

impl<'o> Log<'o> {
    /// `timed` by a listener, even when nobody logs.
    pub(super) fn start(options: &'o ExecutionOptions, sql: &str, timed: bool) -> Self {
        let token = options.logging_token.as_deref();
        let span = if options.echo {
            tracing::info_span!(target: "rebis::sql", "statement", sql, token, rows = Empty)
        } else {
            tracing::debug_span!(target: "rebis::sql", "statement", sql, token, rows = Empty)
        };
        let wanted = timed || !span.is_disabled();
        Log { options, span, start: wanted.then(Instant::now) }
    }

    /// Says it, and how long it took.
    pub(super) fn end(&self, sent: &Sent<'_>) -> Duration {
        let elapsed = self.start.map_or(Duration::ZERO, |start| start.elapsed());
        if self.span.is_disabled() {
            return elapsed;
        }
        let Sent { parameters, sets, cached, error } = sent;
        let error = error.map(tracing::field::display);
        let count = parameters.len();
        // Inside the span, which has the statement and the token: a line that said them too would have them twice.
        if self.options.echo {
            let values = shown(parameters, *sets, self.options.hide_parameters);
            tracing::info!(target: "rebis::sql", parent: &self.span, parameters = values, sets, cached, ?elapsed, error);
        } else {
            tracing::debug!(target: "rebis::sql", parent: &self.span, parameters = count, sets, cached, ?elapsed, error);
        }
        elapsed
    }
}

/// Says that a transaction begins or ends.
pub(super) fn transaction(options: &ExecutionOptions, what: &str) {
    let token = options.logging_token.as_deref();
    if options.echo {
        tracing::info!(target: "rebis::sql", token, "{what}");
    } else {
        tracing::debug!(target: "rebis::sql", token, "{what}");
    }
}

/// Of more than ten sets, the first eight and the last two are shown; of a long text its beginning and its end.
const MOST_SETS: usize = 10;
const FIRST_SETS: usize = 8;
const MOST_CHARACTERS: usize = 300;

/// Values for the log.
pub(super) fn shown(parameters: &[ValueRef<'_>], sets: usize, hidden: bool) -> String {
    if hidden {
        return format!("[{} hidden]", parameters.len());
    }
    let width = parameters.len().checked_div(sets).unwrap_or(0).max(1);
    let mut text = String::from("[");
    let all: Vec<&[ValueRef<'_>]> = parameters.chunks(width).collect();
    for (index, set) in all.iter().enumerate() {
        if all.len() > MOST_SETS && (FIRST_SETS..all.len() - (MOST_SETS - FIRST_SETS)).contains(&index) {
            if index == FIRST_SETS {
                let _ = write!(text, ", … displaying {MOST_SETS} of {} sets …", all.len());
            }
            continue;
        }
        if index > 0 {
            text.push_str(", ");
        }
        if sets > 1 {
            text.push('(');
        }
        for (index, value) in set.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            show(&mut text, value);
        }
        if sets > 1 {
            text.push(')');
        }
    }
    text.push(']');
    text
}

fn show(text: &mut String, value: &ValueRef<'_>) {
    let whole = match Value::from(value.clone()) {
        Value::Text(value) => format!("{value:?}"),
        Value::Bytes(value) => format!("{} bytes", value.len()),
        Value::Null => "NULL".to_owned(),
        _ => plain(value),
    };
    let count = whole.chars().count();
    if count <= MOST_CHARACTERS {
        text.push_str(&whole);
        return;
    }
    let half = MOST_CHARACTERS / 2;
    text.extend(whole.chars().take(half));
    let _ = write!(text, " … ({} characters truncated) … ", count - MOST_CHARACTERS);
    text.extend(whole.chars().skip(count - half));
}

/// What `Debug` shows between its brackets: numbers, dates and decimals whole.
fn plain(value: &ValueRef<'_>) -> String {
    let debug = format!("{value:?}");
    let inner = debug.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.map_or(debug.clone(), ToOwned::to_owned)
}
