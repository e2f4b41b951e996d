//! What a server says beside its answers.

#[cfg(feature = "postgres")]
use std::collections::VecDeque;

/// Something that a server said beside an answer: a warning, a `RAISE NOTICE`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// How grave it is, in the server's word: `NOTICE`, `WARNING`, `Note`.
    pub severity: String,
    /// The server's code: PostgreSQL's SQLSTATE, MySQL's number.
    pub code: String,
    /// The text. It may hold values: it is the statement's own, or a function's.
    pub message: String,
    /// How many notices before this one were dropped, because too many came between two looks.
    pub dropped_before: u64,
}

impl Notice {
    /// A notice of that severity, code and text.
    pub fn new(severity: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Notice { severity: severity.into(), code: code.into(), message: message.into(), dropped_before: 0 }
    }
}

/// The newest notices of a connection.
#[cfg(feature = "postgres")]
#[derive(Debug, Default)]
pub(super) struct Notices {
    kept: VecDeque<Notice>,
    dropped: u64,
}

/// How many are kept, and how many bytes of each text.
#[cfg(feature = "postgres")]
const MOST: usize = 100;
#[cfg(feature = "postgres")]
const LONGEST: usize = 8 * 1024;

#[cfg(feature = "postgres")]
impl Notices {
    /// Keeps one more; the oldest goes when there are too many.
    pub(super) fn push(&mut self, mut notice: Notice) {
        if notice.message.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| notice.message.is_char_boundary(*end));
            notice.message.truncate(end.unwrap_or(0));
            notice.message.push('…');
        }
        if self.kept.len() == MOST {
            self.kept.pop_front();
            self.dropped += 1;
        }
        self.kept.push_back(notice);
    }

    pub(super) fn take(&mut self) -> Vec<Notice> {
        let mut taken = Vec::from(std::mem::take(&mut self.kept));
        if let Some(first) = taken.first_mut() {
            first.dropped_before = std::mem::take(&mut self.dropped);
        }
        taken
    }
}
