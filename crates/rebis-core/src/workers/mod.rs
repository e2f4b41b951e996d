//! Work spread over processes: forked workers that take jobs and give back results.
//!
//! A worker is a copy of the program at the moment of the call. It uses the same engines as its parent: its connections
//! are its own, and the parent's go on undisturbed. Jobs and results cross by serde, errors with their kind and causes.
//!
//! What ends the workers: the last result, an early drop of the results, the end of the parent (they get SIGTERM, and
//! the servers roll back what was open). Ctrl-C is the parent's: workers ignore SIGINT, and so do programs they start.
//!
//! Large binary jobs go faster as `serde_bytes::ByteBuf` or `String` than as `Vec<u8>`, which serde takes for a list of
//! numbers.
//!
//! ```no_run
//! use rebis_core::{ProcessPool, Result};
//!
//! # fn main() -> Result<()> {
//! let pool = ProcessPool::new(4).initializer(|| println!("worker {} begins", std::process::id())).build()?;
//! let months = ["2024-01", "2024-02", "2024-03"].map(String::from);
//! let lengths: Vec<Result<usize>> = pool.map(months, |month: String| Ok(month.len()))?;
//! for length in lengths {
//!     assert_eq!(length?, 7);
//! }
//! # Ok(())
//! # }
//! ```

mod frame;
mod outcomes;
mod remote;
mod run;
mod worker;

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::process::Threads;

pub use crate::process::connection_limit;
pub use outcomes::Outcomes;
pub use remote::RemoteError;

/// A number of workers, forked anew by each [`map`](ProcessPool::map) or [`imap_unordered`](ProcessPool::imap_unordered).
///
/// The pool itself holds no process: it may be kept, used again, used inside a worker, and inherited.
///
/// ```no_run
/// # fn main() -> rebis_core::Result<()> {
/// let pool = rebis_core::ProcessPool::new(2).build()?;
/// for square in pool.map(1..=3_u32, |number: u32| Ok(number * number))? {
///     println!("{}", square?);
/// }
/// # Ok(())
/// # }
/// ```
pub struct ProcessPool {
    options: ProcessPoolBuilder,
}

/// What a [`ProcessPool`] is made of.
///
/// ```no_run
/// use std::time::Duration;
/// use rebis_core::ProcessPool;
///
/// # fn main() -> rebis_core::Result<()> {
/// let pool = ProcessPool::new(4)
///     .connection_budget(20)
///     .job_timeout(Duration::from_secs(600))
///     .initializer(|| eprintln!("worker {}", std::process::id()))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct ProcessPoolBuilder {
    workers: usize,
    initializer: Option<Box<dyn Fn()>>,
    connections: Option<usize>,
    job_timeout: Option<Duration>,
    threads: Threads,
}

impl ProcessPool {
    /// Begins a pool of that many worker processes.
    ///
    /// ```no_run
    /// let pool = rebis_core::ProcessPool::new(4).build();
    /// ```
    #[expect(clippy::new_ret_no_self, reason = "the common call reads `ProcessPool::new(4).build()`")]
    pub fn new(workers: usize) -> ProcessPoolBuilder {
        ProcessPoolBuilder {
            workers,
            initializer: None,
            connections: None,
            job_timeout: None,
            threads: Threads::only_this_one(),
        }
    }

    /// Runs every job in a worker; gives the results in the order of the jobs.
    ///
    /// The closure is copied into the workers by the fork, with all it captures; changes that it makes stay in its worker.
    /// A job that fails, panics, or whose worker dies is an error in its place; the others go on.
    ///
    /// A job is given as long as it takes, unless the pool has a [`job_timeout`](ProcessPoolBuilder::job_timeout).
    ///
    /// ```no_run
    /// use rebis_core::{ErrorKind, ProcessPool};
    ///
    /// # fn main() -> rebis_core::Result<()> {
    /// let pool = ProcessPool::new(2).build()?;
    /// let done = pool.map(vec![1, 2, 0], |divisor: u32| Ok(10 / divisor))?;
    /// assert_eq!(done[1].as_ref().ok(), Some(&5));
    /// assert_eq!(done[2].as_ref().unwrap_err().kind(), ErrorKind::Other); // the panic's text is in it
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidState`] when this process has other threads, [`ErrorKind::Operational`] when a worker cannot be
    /// forked. In the results: what the job returned, [`ErrorKind::WorkerDied`], [`ErrorKind::Other`] for a panic,
    /// [`ErrorKind::Conversion`] for what serde refuses.
    pub fn map<I, R, F>(&self, jobs: I, job: F) -> Result<Vec<Result<R>>>
    where
        I: IntoIterator,
        I::Item: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        F: Fn(I::Item) -> Result<R> + 'static,
    {
        let mut results = Vec::new();
        for (index, result) in self.imap_unordered(jobs, job)? {
            if results.len() <= index {
                results.resize_with(index + 1, || None);
            }
            results[index] = Some(result);
        }
        let lost = |index| Error::new(ErrorKind::Internal, format!("job {index} was never reported"));
        Ok(results
            .into_iter()
            .enumerate()
            .map(|(index, result)| result.unwrap_or_else(|| Err(lost(index))))
            .collect())
    }

    /// Runs every job in a worker; gives each result as it comes, with the number of its job.
    ///
    /// Jobs are taken from their iterator when a worker is free, and results are read when they are asked for: a slow
    /// consumer slows the workers down, and a `job_timeout` is looked at in `next`. Dropped early, it ends the
    /// workers: those in a job get SIGTERM, and SIGKILL two seconds later.
    ///
    /// ```no_run
    /// # fn main() -> rebis_core::Result<()> {
    /// let pool = rebis_core::ProcessPool::new(2).build()?;
    /// for (index, result) in pool.imap_unordered(0..100_u64, |number: u64| Ok(number * number))? {
    ///     println!("job {index}: {}", result?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`map`](ProcessPool::map).
    pub fn imap_unordered<I, R, F>(&self, jobs: I, job: F) -> Result<Outcomes<I::IntoIter, R>>
    where
        I: IntoIterator,
        I::Item: Serialize + DeserializeOwned,
        R: Serialize + DeserializeOwned,
        F: Fn(I::Item) -> Result<R> + 'static,
    {
        self.options.threads.check()?;
        Outcomes::start(self, jobs.into_iter(), &job)
    }

    /// The share of the budget that the worker of that number gets. A pool without a budget inside a worker divides the
    /// worker's own share; there one each is the least, since zero would mean none at all.
    fn share(&self, number: usize) -> Option<usize> {
        let total = self.options.connections.or_else(connection_limit)?;
        let rest = usize::from(number < total % self.options.workers);
        Some((total / self.options.workers + rest).max(1))
    }
}

impl ProcessPoolBuilder {
    /// Runs this once in every worker, before its first job: logging, a handler for signals. A panic in it ends the worker.
    ///
    /// ```no_run
    /// let pool = rebis_core::ProcessPool::new(4).initializer(|| println!("ready")).build();
    /// ```
    pub fn initializer(mut self, initializer: impl Fn() + 'static) -> Self {
        self.initializer = Some(Box::new(initializer));
        self
    }

    /// Divides that many connections among the workers: no engine in a worker opens more than its share, see
    /// [`connection_limit`].
    ///
    /// ```no_run
    /// let pool = rebis_core::ProcessPool::new(4).connection_budget(10).build(); // 3, 3, 2 and 2
    /// ```
    pub fn connection_budget(mut self, total: usize) -> Self {
        self.connections = Some(total);
        self
    }

    /// Ends a worker whose job (or initializer) takes longer than this; the job's result is then
    /// [`ErrorKind::WorkerDied`]. Without it, a job takes as long as it takes.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// let pool = rebis_core::ProcessPool::new(4).job_timeout(Duration::from_secs(60)).build();
    /// ```
    pub fn job_timeout(mut self, timeout: Duration) -> Self {
        self.job_timeout = Some(timeout);
        self
    }

    /// Whether workers may be forked while other threads run. Default: only where this thread is the only one;
    /// [`Threads::any`] accepts the risk.
    ///
    /// ```no_run
    /// use rebis_core::{ProcessPool, process::Threads};
    ///
    /// # fn main() -> rebis_core::Result<()> {
    /// let metrics = std::thread::spawn(|| loop { std::thread::park() });
    /// // SAFETY: the jobs below use nothing that the metrics thread has.
    /// let pool = ProcessPool::new(2).threads(unsafe { Threads::any() }).build()?;
    /// # drop(metrics);
    /// # Ok(())
    /// # }
    /// ```
    pub fn threads(mut self, threads: Threads) -> Self {
        self.threads = threads;
        self
    }

    /// Makes the pool. No worker is forked yet.
    ///
    /// ```no_run
    /// let pool = rebis_core::ProcessPool::new(4).build();
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for no workers and for a budget that gives a worker no connection;
    /// [`ErrorKind::InvalidState`] when this process has other threads.
    pub fn build(self) -> Result<ProcessPool> {
        self.check()?;
        self.threads.check()?;
        Ok(ProcessPool { options: self })
    }

    fn check(&self) -> Result<()> {
        let wrong = |message: String| Err(Error::new(ErrorKind::Configuration, message));
        if self.workers == 0 {
            return wrong("a process pool needs at least one worker".into());
        }
        match self.connections {
            Some(total) if total < self.workers => wrong(format!(
                "a connection budget of {total} leaves some of {} workers without a connection; \
                 raise the budget or take fewer workers",
                self.workers
            )),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for ProcessPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPool").field("options", &self.options).finish()
    }
}

impl fmt::Debug for ProcessPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPoolBuilder")
            .field("workers", &self.workers)
            .field("connections", &self.connections)
            .field("job_timeout", &self.job_timeout)
            .finish_non_exhaustive()
    }
}
