//! For tests: what one thread logs while a closure runs.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The lines that the closure logs up to a level: an event's level and fields, and behind ` in ` the span whose child it is;
/// `span` and what a span is made with; `record` and what it learns later.
pub(crate) fn logged<T>(most: Level, run: impl FnOnce() -> T) -> (Vec<String>, T) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let subscriber = Capture { most, lines: Arc::clone(&lines), spans: Mutex::new(Vec::new()) };
    let value = tracing::subscriber::with_default(subscriber, run);
    let lines = lines.lock().unwrap().clone();
    (lines, value)
}

struct Capture {
    most: Level,
    lines: Arc<Mutex<Vec<String>>>,
    spans: Mutex<Vec<String>>,
}

struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = if field.name() == "message" {
            write!(self.0, " {value}")
        } else {
            write!(self.0, " {}={value}", field.name())
        };
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl Capture {
    fn push(&self, line: Line) {
        self.lines.lock().unwrap().push(line.0);
    }
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("rebis") && *metadata.level() <= self.most
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line(format!("span {}", attributes.metadata().level()));
        attributes.record(&mut line);
        let mut spans = self.spans.lock().unwrap();
        spans.push(line.0.clone());
        self.push(line);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line("record".to_owned());
        values.record(&mut line);
        self.push(line);
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        if let Some(parent) = event.parent() {
            let spans = self.spans.lock().unwrap();
            let span = &spans[usize::try_from(parent.into_u64()).unwrap() - 1];
            let _ = write!(line.0, " in {span}");
        }
        self.push(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
