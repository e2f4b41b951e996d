//! For which databases a part of a description is meant.

use crate::url::Backend;

/// All databases, or some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OnlyOn([bool; 3]);

impl Default for OnlyOn {
    fn default() -> Self {
        OnlyOn([true; 3])
    }
}

impl OnlyOn {
    pub(super) fn these(backends: impl IntoIterator<Item = Backend>) -> Self {
        let mut only = OnlyOn([false; 3]);
        for backend in backends {
            only.0[place(backend)] = true;
        }
        only
    }

    /// Whether this database is one of them.
    pub(crate) fn includes(self, backend: Backend) -> bool {
        self.0[place(backend)]
    }
}

fn place(backend: Backend) -> usize {
    match backend {
        Backend::Sqlite => 0,
        Backend::Mysql => 1,
        Backend::Postgresql => 2,
    }
}
