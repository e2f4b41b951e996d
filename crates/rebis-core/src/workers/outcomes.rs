//! The results as they come: jobs are packed and handed out, answers are read.

use std::collections::VecDeque;
use std::fmt;
use std::iter::Fuse;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ProcessPool;
use super::frame::Outgoing;
use super::run::{Crew, Event};
use super::worker;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{self, Generation, Pipe, generation};

/// The results of [`ProcessPool::imap_unordered`], each with the number of its job, in the order in which they come.
///
/// Stays on the thread that made it: the workers end with that thread. In a process that was forked after it was made, it
/// gives one [`ErrorKind::Forked`] and ends, and its drop leaves the workers alone.
///
/// ```no_run
/// # fn main() -> rebis_core::Result<()> {
/// let pool = rebis_core::ProcessPool::new(2).build()?;
/// let mut outcomes = pool.imap_unordered([3_u32, 4], |number: u32| Ok(number + 1))?;
/// let first = outcomes.next();
/// drop(outcomes); // ends the workers
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it ends the workers"]
pub struct Outcomes<I: Iterator, R> {
    generation: Generation,
    jobs: Fuse<I>,
    exhausted: bool,
    /// The number of the next job.
    next: usize,
    /// Jobs whose worker died before it saw a byte of them.
    returned: Vec<(usize, Outgoing)>,
    crew: Crew,
    /// Read but not asked for yet.
    ready: VecDeque<(usize, Result<R>)>,
    told_of_fork: bool,
    /// `!Send`: the system signals the workers when the thread that forked them ends.
    _thread: PhantomData<*const ()>,
}

impl<I, R> Outcomes<I, R>
where
    I: Iterator,
    I::Item: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    /// Forks the workers.
    pub(super) fn start<F>(pool: &ProcessPool, jobs: I, job: &F) -> Result<Self>
    where
        F: Fn(I::Item) -> Result<R>,
    {
        let mut outcomes = Outcomes {
            generation: generation(),
            exhausted: false,
            next: 0,
            returned: Vec::new(),
            crew: Crew::new(pool.options.job_timeout),
            ready: VecDeque::new(),
            told_of_fork: false,
            _thread: PhantomData,
            jobs: jobs.fuse(),
        };
        // No worker without a job, where the number of jobs is known.
        let jobs = outcomes.jobs.size_hint().1.unwrap_or(usize::MAX);
        for number in 0..pool.options.workers.min(jobs) {
            let (ours, theirs) = Pipe::pair().map_err(|errno| {
                Error::new(ErrorKind::Operational, "cannot make the pipe to a worker")
                    .with_source(std::io::Error::from(errno))
            })?;
            let share = pool.share(number);
            let work = move || {
                if let Some(share) = share {
                    process::set_connection_limit(share);
                }
                worker::work(theirs, pool.options.initializer.as_deref(), job)
            };
            // On an error the drop of `outcomes` ends those that are there.
            outcomes.crew.add(process::fork_worker(work, pool.options.threads)?, ours);
        }
        outcomes.crew.watch();
        Ok(outcomes)
    }

    fn next_job(&mut self) -> Option<(usize, Result<Outgoing>)> {
        if let Some((index, frame)) = self.returned.pop() {
            return Some((index, Ok(frame)));
        }
        let Some(job) = self.jobs.next() else {
            self.exhausted = true;
            return None;
        };
        let index = self.next;
        self.next += 1;
        Some((index, worker::pack_job(index, &job)))
    }

    /// Gives each idle worker a job; the last ones go home.
    fn hand_out(&mut self) {
        while let Some(idle) = self.crew.idle() {
            match self.next_job() {
                Some((index, Ok(frame))) => self.crew.give(idle, index, frame),
                Some((index, Err(error))) => {
                    self.ready.push_back((index, Err(error)));
                    // An endless iterator of bad jobs must not be read to its end.
                    return;
                }
                None => break,
            }
        }
        if self.exhausted && self.returned.is_empty() && !self.crew.may_return_a_job() {
            self.crew.dismiss_idle();
        }
        if self.crew.is_empty()
            && self.ready.is_empty()
            && let Some((index, _)) = self.next_job()
        {
            self.ready.push_back((index, Err(self.crew.nobody_left(index))));
        }
    }

    fn turn(&mut self, wait: bool) {
        for event in self.crew.turn(wait) {
            match event {
                Event::Answer { index, worker, body } => {
                    self.ready.push_back((index, worker::read_answer(&body, index, worker)));
                }
                Event::Died { index, error } => self.ready.push_back((index, Err(error))),
                Event::NotBegun { index, frame } => self.returned.push((index, frame)),
            }
        }
    }
}

impl<I, R> Iterator for Outcomes<I, R>
where
    I: Iterator,
    I::Item: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    type Item = (usize, Result<R>);

    fn next(&mut self) -> Option<(usize, Result<R>)> {
        if self.generation != generation() {
            let first = !std::mem::replace(&mut self.told_of_fork, true);
            return first.then(|| (self.next, Err(process::forked("run of a process pool"))));
        }
        // With something to give already, only see to it that no worker idles; but do not read ahead without bound.
        if !self.ready.is_empty() && self.ready.len() <= self.crew.len() {
            self.turn(false);
        }
        loop {
            self.hand_out();
            if let Some(outcome) = self.ready.pop_front() {
                return Some(outcome);
            }
            // Nobody there and nothing to say: all jobs are told, all workers reaped.
            if self.crew.is_empty() {
                return None;
            }
            self.turn(true);
        }
    }
}

impl<I: Iterator, R> fmt::Debug for Outcomes<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcomes")
            .field("jobs_taken", &self.next)
            .field("workers", &self.crew.len())
            .finish_non_exhaustive()
    }
}
