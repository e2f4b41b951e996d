//! A table of events. The suite has its tests of forks by the same file.

use super::Engine;

/// What a listener does.
pub(super) type Run = Box<dyn Fn() + Send + Sync>;

/// Adds it for an event.
pub(super) type Add = fn(&Engine, Run);

/// Every event of an engine and its pool on the way of a statement that fails, and of a transaction with savepoints.
pub(super) const EVENTS: [(&str, Add); 18] = [
    ("do_connect", |engine, run| {
        engine.on_do_connect(move |_| {
            run();
            Ok(None)
        });
    }),
    ("first_connect", |engine, run| {
        engine.pool().on_first_connect(move |_, _| {
            run();
            Ok(())
        });
    }),
    ("connect", |engine, run| {
        engine.pool().on_connect(move |_, _| {
            run();
            Ok(())
        });
    }),
    ("checkout", |engine, run| {
        engine.pool().on_checkout(move |_, _, _| {
            run();
            Ok(())
        });
    }),
    ("engine_connect", |engine, run| {
        engine.on_engine_connect(move |_| {
            run();
            Ok(())
        });
    }),
    ("begin", |engine, run| {
        engine.on_begin(move |_| run());
    }),
    ("before_execute", |engine, run| {
        engine.on_before_execute(move |_| {
            run();
            Ok(())
        });
    }),
    ("before_cursor_execute", |engine, run| {
        engine.on_before_cursor_execute(move |_| {
            run();
            Ok(())
        });
    }),
    ("after_cursor_execute", |engine, run| {
        engine.on_after_cursor_execute(move |_| run());
    }),
    ("after_execute", |engine, run| {
        engine.on_after_execute(move |_| run());
    }),
    ("savepoint", |engine, run| {
        engine.on_savepoint(move |_| run());
    }),
    ("release_savepoint", |engine, run| {
        engine.on_release_savepoint(move |_| run());
    }),
    ("rollback_savepoint", |engine, run| {
        engine.on_rollback_savepoint(move |_| run());
    }),
    ("commit", |engine, run| {
        engine.on_commit(move |_| run());
    }),
    ("rollback", |engine, run| {
        engine.on_rollback(move |_| run());
    }),
    ("handle_error", |engine, run| {
        engine.on_handle_error(move |_| run());
    }),
    ("reset", |engine, run| {
        engine.pool().on_reset(move |_, _, _| {
            run();
            Ok(())
        });
    }),
    ("checkin", |engine, run| {
        engine.pool().on_checkin(move |_, _| run());
    }),
];
