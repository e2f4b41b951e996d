//! The programs of the README and of the guide, run as tests.

#[doc = include_str!("../../../README.md")]
struct Readme;

#[doc = include_str!("../../../docs/guide/engine-and-pool.md")]
struct EngineAndPool;

#[doc = include_str!("../../../docs/guide/statements.md")]
struct Statements;

#[doc = include_str!("../../../docs/guide/README.md")]
struct Contents;

#[doc = include_str!("../../../docs/guide/events.md")]
struct Events;

#[doc = include_str!("../../../docs/guide/transactions.md")]
struct Transactions;

#[doc = include_str!("../../../docs/guide/threads-and-processes.md")]
struct ThreadsAndProcesses;

#[doc = include_str!("../../../docs/guide/logging.md")]
struct Logging;

#[doc = include_str!("../../../docs/guide/values.md")]
struct Values;

#[doc = include_str!("../../../docs/guide/types.md")]
struct Types;

#[doc = include_str!("../../../docs/guide/tls.md")]
struct Tls;

#[doc = include_str!("../../../docs/guide/tables.md")]
struct Tables;

#[doc = include_str!("../../../docs/guide/inspection.md")]
struct Inspection;

#[doc = include_str!("../../../docs/guide/expressions.md")]
struct Expressions;

#[doc = include_str!("../../../docs/guide/results.md")]
struct Results;

#[doc = include_str!("../../../docs/guide/models-and-sessions.md")]
struct ModelsAndSessions;

#[doc = include_str!("../../../docs/guide/tutorial.md")]
struct Tutorial;

#[doc = include_str!("../../../docs/guide/coming-from-sqlalchemy.md")]
struct ComingFromSqlalchemy;

#[doc = include_str!("../../../docs/guide/coming-from-diesel.md")]
struct ComingFromDiesel;

#[doc = include_str!("../../../docs/guide/coming-from-sea-orm.md")]
struct ComingFromSeaOrm;

/// The models of the tutorial stand in a block of it, and in a file for the blocks behind it.
///
/// ```
/// let tutorial = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/tutorial.md"));
/// assert!(tutorial.contains(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/tutorial_models.rs"))));
/// ```
struct TutorialModels;
