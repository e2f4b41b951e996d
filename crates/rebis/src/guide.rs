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
