//! Who listens to a session.

/// The listeners of a session, or of a maker for all its sessions.
#[derive(Debug, Default)]
pub struct Listeners {}
