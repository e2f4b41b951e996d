//! `target_session_attrs`: which of several servers is wanted.

use super::endpoint::share;
use crate::error::{Error, ErrorKind, Result};
use crate::process::Deadline;
use crate::url::UrlOptions;

/// Which server is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// What a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Role {
    /// Takes no writes.
    pub(crate) read_only: bool,
    /// Follows another.
    pub(crate) standby: bool,
}

impl Target {
    /// Takes the option, with libpq's words.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for another word.
    pub(crate) fn take(options: &mut UrlOptions<'_>) -> Result<Self> {
        Ok(match options.text("target_session_attrs")? {
            None | Some("any") => Target::Any,
            Some("read-write") => Target::ReadWrite,
            Some("read-only") => Target::ReadOnly,
            Some("primary") => Target::Primary,
            Some("standby") => Target::Standby,
            Some("prefer-standby") => Target::PreferStandby,
            Some(_) => {
                let text = "the URL option 'target_session_attrs' must be any, read-write, read-only, primary, standby or \
                            prefer-standby";
                return Err(Error::new(ErrorKind::Url, text));
            }
        })
    }

    /// Tries for this kind of server; for a standby that is only preferred, then for any.
    ///
    /// # Errors
    /// Those of `connect`.
    pub(crate) fn choose<T>(
        self,
        deadline: Deadline,
        mut connect: impl FnMut(Target, Deadline) -> Result<T>,
    ) -> Result<T> {
        if self != Target::PreferStandby {
            return connect(self, deadline);
        }
        match connect(Target::Standby, share(deadline, 2)) {
            Err(error) if error.kind() == ErrorKind::Connect => connect(Target::Any, deadline),
            other => other,
        }
    }

    /// Whether the server's role matters.
    pub(crate) fn is_any(self) -> bool {
        matches!(self, Target::Any | Target::PreferStandby)
    }

    /// Whether a server that stops taking writes is as good as gone.
    pub(crate) fn must_write(self) -> bool {
        matches!(self, Target::ReadWrite | Target::Primary)
    }

    /// Whether this server will do.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`]: there may be another.
    pub(crate) fn check(self, role: Role) -> Result<()> {
        let (fits, wanted) = match self {
            Target::Any | Target::PreferStandby => (true, "any"),
            Target::ReadWrite => (!role.read_only, "read-write"),
            Target::ReadOnly => (role.read_only, "read-only"),
            Target::Primary => (!role.standby, "primary"),
            Target::Standby => (role.standby, "standby"),
        };
        if fits {
            return Ok(());
        }
        let found = match self {
            Target::Primary | Target::ReadWrite => "takes no writes",
            _ => "is one that takes writes",
        };
        Err(Error::new(
            ErrorKind::Connect,
            format!("the server {found}, and target_session_attrs={wanted} wants another"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(word: &str) -> Result<Target> {
        let url: crate::Url = format!("mysql://h/d?target_session_attrs={word}").parse().unwrap();
        Target::take(&mut url.options())
    }

    #[test]
    fn each_word_takes_its_servers() {
        let primary = Role { read_only: false, standby: false };
        let standby = Role { read_only: true, standby: true };
        let sealed = Role { read_only: true, standby: false };
        for (word, expected) in [
            ("any", [true, true, true]),
            ("read-write", [true, false, false]),
            ("read-only", [false, true, true]),
            ("primary", [true, false, true]),
            ("standby", [false, true, false]),
            ("prefer-standby", [true, true, true]),
        ] {
            let target = target(word).unwrap();
            let found = [primary, standby, sealed].map(|role| target.check(role).is_ok());
            assert_eq!(found, expected, "{word}");
        }
        assert_eq!(target("master").unwrap_err().kind(), ErrorKind::Url);
    }

    #[test]
    fn a_preferred_standby_is_tried_for_first() {
        let mut asked = Vec::new();
        let refuse = |kind| move |target: Target, _: Deadline| (target, Err::<(), _>(Error::new(kind, "no")));
        let mut run = |target: Target, kind| {
            asked.clear();
            let _ = target.choose(Deadline::NEVER, |target, deadline| {
                let (target, refused) = refuse(kind)(target, deadline);
                asked.push(target);
                refused
            });
            asked.clone()
        };
        assert_eq!(run(Target::PreferStandby, ErrorKind::Connect), [Target::Standby, Target::Any]);
        assert_eq!(run(Target::PreferStandby, ErrorKind::Authentication), [Target::Standby]);
        assert_eq!(run(Target::Primary, ErrorKind::Connect), [Target::Primary]);
    }
}
