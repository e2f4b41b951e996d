//! The parent's loop over its workers, in bytes: who is idle, who answered, who died, whose time is up.
//!
//! It never waits for one worker alone: every read and write takes what is there, and `poll` waits for all.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::frame::{Incoming, Outgoing};
use super::worker::{BROKEN, DONE, FAILED, READY};
use crate::error::{Error, ErrorKind};
use crate::process::{Child, Deadline, End, Generation, Pipe, Received, generation};

/// For a worker that has nothing to do any more: to flush, to drop what its threads hold, to exit.
const TO_LEAVE: Duration = Duration::from_secs(10);
/// From SIGTERM, or from the end of its pipe, to SIGKILL.
const TO_STOP: Duration = Duration::from_secs(2);
/// From SIGKILL until it is given up: only a process inside a driver's call that cannot be interrupted outlives that.
const TO_DIE: Duration = Duration::from_secs(10);
/// How often to ask for the end of workers that have no descriptor for it.
const ASK: Duration = Duration::from_millis(20);

/// What happened to a job.
pub(super) enum Event {
    Answer {
        index: usize,
        worker: i32,
        body: Vec<u8>,
    },
    Died {
        index: usize,
        error: Error,
    },
    /// Its worker died before a byte of the job was out.
    NotBegun {
        index: usize,
        frame: Outgoing,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In its initializer.
    Starting,
    Idle,
    Running(usize),
    /// Told to go, or about to be ended.
    Leaving,
}

/// What happens when a worker's time is up.
#[derive(Debug, Clone, Copy)]
enum Step {
    Terminate,
    Kill,
    GiveUp,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    pipe: Pipe,
    incoming: Incoming,
    outgoing: Outgoing,
    state: State,
    ultimatum: Option<(Deadline, Step)>,
    /// Why we end it.
    reason: Option<String>,
    /// The pipe's end was read.
    silent: bool,
}

/// All workers of one run.
#[derive(Debug)]
pub(super) struct Crew {
    generation: Generation,
    workers: Vec<Worker>,
    job_timeout: Option<Duration>,
    last_death: Option<String>,
}

impl Crew {
    pub(super) fn new(job_timeout: Option<Duration>) -> Crew {
        Crew { generation: generation(), workers: Vec::new(), job_timeout, last_death: None }
    }

    pub(super) fn add(&mut self, child: Child, pipe: Pipe) {
        tracing::debug!(target: "rebis::workers", pid = child.pid(), "a worker was forked");
        self.workers.push(Worker {
            child,
            pipe,
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            state: State::Starting,
            ultimatum: self.work_ultimatum(),
            reason: None,
            silent: false,
        });
    }

    /// Once all are forked.
    pub(super) fn watch(&mut self) {
        self.workers.iter_mut().for_each(|worker| worker.child.watch());
    }

    fn work_ultimatum(&self) -> Option<(Deadline, Step)> {
        self.job_timeout.map(|timeout| (Deadline::after(timeout), Step::Terminate))
    }

    pub(super) fn len(&self) -> usize {
        self.workers.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }

    pub(super) fn idle(&self) -> Option<usize> {
        self.workers.iter().position(|worker| worker.state == State::Idle && !worker.silent)
    }

    /// Whether a job that was given may yet come back as not begun.
    pub(super) fn may_return_a_job(&self) -> bool {
        self.workers.iter().any(|worker| worker.outgoing.is_untouched())
    }

    /// Hands a job to an idle worker; what does not fit into the pipe goes out as it reads.
    pub(super) fn give(&mut self, idle: usize, index: usize, frame: Outgoing) {
        let ultimatum = self.work_ultimatum();
        if let Some(worker) = self.workers.get_mut(idle) {
            worker.state = State::Running(index);
            worker.outgoing = frame;
            worker.ultimatum = ultimatum;
            worker.speak();
        }
    }

    pub(super) fn dismiss_idle(&mut self) {
        for worker in self.workers.iter_mut().filter(|worker| worker.state == State::Idle) {
            worker.leave();
        }
    }

    /// What a job is told for which there is nobody.
    pub(super) fn nobody_left(&self, index: usize) -> Error {
        let last = self.last_death.as_deref().unwrap_or("all have ended");
        Error::new(ErrorKind::WorkerDied, format!("no worker is left for job {index}; the last one: {last}"))
    }

    /// Sees to all workers once; `wait` until there is something to see.
    pub(super) fn turn(&mut self, wait: bool) -> Vec<Event> {
        let mut events = Vec::new();
        let woken = self.poll(wait);
        let (job_timeout, last_death) = (self.job_timeout, &mut self.last_death);
        let mut woken = woken.into_iter();
        self.workers.retain_mut(|worker| {
            if woken.next().unwrap_or(true) {
                worker.speak();
                worker.listen(&mut events);
                if let Some(end) = worker.child.try_wait() {
                    // What it said before it died counts.
                    worker.listen(&mut events);
                    worker.bury(end, last_death, &mut events);
                    return false;
                }
            }
            !worker.is_given_up(job_timeout, last_death, &mut events)
        });
        events
    }

    /// Which workers have something: in the order of the list.
    fn poll(&self, wait: bool) -> Vec<bool> {
        let mut fds = Vec::with_capacity(2 * self.workers.len());
        let mut owners = Vec::with_capacity(2 * self.workers.len());
        let mut woken = vec![false; self.workers.len()];
        let mut until = Deadline::NEVER;
        for (number, worker) in self.workers.iter().enumerate() {
            if !worker.silent {
                let write = if worker.outgoing.is_pending() { PollFlags::OUT } else { PollFlags::empty() };
                fds.push(PollFd::from_borrowed_fd(worker.pipe.fd(), PollFlags::IN | write));
                owners.push(number);
            }
            if let Some(pidfd) = worker.child.pidfd() {
                fds.push(PollFd::from_borrowed_fd(pidfd, PollFlags::IN));
                owners.push(number);
            } else {
                until = until.min(Deadline::after(ASK));
                woken[number] = true;
            }
            if let Some((deadline, _)) = worker.ultimatum {
                until = until.min(deadline);
            }
        }
        let until = if wait { until } else { Deadline::after(Duration::ZERO) };
        let timeout = until.remaining().map(|left| Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {
                for (fd, owner) in fds.iter().zip(owners) {
                    woken[owner] |= !fd.revents().is_empty();
                }
            }
            Err(Errno::INTR) => {}
            // No memory for it: look at everybody, a little later.
            Err(_) => {
                std::thread::sleep(ASK);
                woken.fill(true);
            }
        }
        woken
    }

    /// Ends everybody: who works gets SIGTERM, who idles is told to go. Returns when all are reaped.
    fn end(&mut self) {
        for worker in &mut self.workers {
            match worker.state {
                State::Starting | State::Running(_) => worker.escalate(Step::Terminate),
                State::Idle => worker.leave(),
                State::Leaving => {}
            }
        }
        let start = Instant::now();
        while !self.workers.is_empty() {
            self.turn(true);
            // A worker that answered in between is idle.
            self.dismiss_idle();
        }
        tracing::debug!(target: "rebis::workers", waited = ?start.elapsed(), "all workers have ended");
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        // In a process that was forked since, the workers are its siblings: it has no business with them.
        if self.generation == generation() {
            self.end();
        }
    }
}

impl Worker {
    /// Tells it that there is no more work.
    fn leave(&mut self) {
        self.state = State::Leaving;
        self.ultimatum = Some((Deadline::after(TO_LEAVE), Step::Terminate));
        self.pipe.finish();
    }

    /// Writes what there is room for.
    fn speak(&mut self) {
        if self.outgoing.is_pending() && self.outgoing.send(&self.pipe, false).is_err() {
            self.fell_silent();
        }
    }

    /// Reads what it said.
    fn listen(&mut self, events: &mut Vec<Event>) {
        while !self.silent {
            match self.incoming.receive(&self.pipe, false) {
                Ok(Received::Bytes) => self.heard(events),
                Ok(Received::Nothing) => return,
                Ok(Received::End) | Err(_) => self.fell_silent(),
            }
        }
    }

    fn heard(&mut self, events: &mut Vec<Event>) {
        let body = self.incoming.body().unwrap_or_default();
        match (body.split_first(), self.state) {
            (Some((&READY, _)), State::Starting) => self.become_idle(),
            (Some((&BROKEN, text)), State::Starting) => {
                let (pid, text) = (self.child.pid(), String::from_utf8_lossy(text));
                self.reason = Some(format!("the initializer of worker {pid} panicked: {text}"));
                self.ultimatum = Some((Deadline::after(TO_STOP), Step::Kill));
            }
            (Some((&(DONE | FAILED), _)), State::Running(index)) => {
                events.push(Event::Answer { index, worker: self.child.pid(), body: body.to_vec() });
                self.become_idle();
            }
            (_, state) => {
                tracing::warn!(target: "rebis::workers", pid = self.child.pid(), ?state, "a worker spoke out of turn");
            }
        }
        self.incoming.consume();
    }

    /// Free for a job, unless its time was up just before it answered.
    fn become_idle(&mut self) {
        if self.reason.is_some() {
            self.state = State::Leaving;
        } else {
            self.state = State::Idle;
            self.ultimatum = None;
        }
    }

    /// The pipe has ended: the worker should be gone in a moment. (It is not if a job closed the descriptor.)
    fn fell_silent(&mut self) {
        self.silent = true;
        if self.state != State::Leaving {
            self.ultimatum = Some((Deadline::after(TO_STOP), Step::Kill));
        }
    }

    /// Takes the next step against it and sets the time of the one after.
    fn escalate(&mut self, step: Step) {
        self.ultimatum = match step {
            Step::Terminate => {
                self.child.signal(Signal::TERM);
                Some((Deadline::after(TO_STOP), Step::Kill))
            }
            Step::Kill => {
                self.child.signal(Signal::KILL);
                Some((Deadline::after(TO_DIE), Step::GiveUp))
            }
            Step::GiveUp => None,
        };
    }

    /// Looks at its deadline; true when even SIGKILL did not end it.
    fn is_given_up(
        &mut self,
        job_timeout: Option<Duration>,
        last_death: &mut Option<String>,
        events: &mut Vec<Event>,
    ) -> bool {
        let Some((deadline, step)) = self.ultimatum else { return false };
        if !deadline.has_passed() {
            return false;
        }
        let pid = self.child.pid();
        if self.reason.is_none() {
            self.reason = match (self.state, step) {
                (_, Step::Kill) if self.silent => {
                    Some(format!("worker {pid} closed its pipe and was killed"))
                }
                (State::Running(index), _) => Some(format!(
                    "worker {pid} was ended because job {index} took longer than the job_timeout of {:?}",
                    job_timeout.unwrap_or_default()
                )),
                (State::Starting, _) => Some(format!(
                    "worker {pid} was ended because its initializer took longer than the job_timeout of {:?}",
                    job_timeout.unwrap_or_default()
                )),
                _ => Some(format!("worker {pid} did not end by itself")),
            };
        }
        self.escalate(step);
        let given_up = matches!(step, Step::GiveUp);
        if given_up {
            self.reason = Some(format!("worker {pid} cannot be killed and is left behind"));
            self.bury(End::Unknown, last_death, events);
        }
        given_up
    }

    /// Says what its death means for its job.
    fn bury(&mut self, end: End, last_death: &mut Option<String>, events: &mut Vec<Event>) {
        let pid = self.child.pid();
        if self.state == State::Leaving && end == End::Exited(0) {
            tracing::debug!(target: "rebis::workers", pid, "a worker has ended");
            return;
        }
        let died = match (self.reason.take(), self.state) {
            (Some(reason), _) => reason,
            (None, State::Running(index)) if !self.outgoing.is_untouched() => {
                format!("worker {pid} {end} while it ran job {index}")
            }
            (None, State::Starting) => format!("worker {pid} {end} before its first job"),
            (None, _) => format!("worker {pid} {end} between jobs"),
        };
        tracing::warn!(target: "rebis::workers", pid, %end, "{died}");
        if let State::Running(index) = self.state {
            events.push(match self.outgoing.take_untouched() {
                Some(frame) => Event::NotBegun { index, frame },
                None => Event::Died { index, error: Error::new(ErrorKind::WorkerDied, died.clone()) },
            });
        }
        *last_death = Some(died);
    }
}
