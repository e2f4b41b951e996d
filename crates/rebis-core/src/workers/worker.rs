//! What a worker does: the initializer, then job after job, until the pipe ends.

use std::any::Any;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::frame::{Incoming, Outgoing};
use super::remote::Packed;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Pipe, Received};

// The first byte of what a worker says.
/// The initializer has run.
pub(super) const READY: u8 = 0;
/// The initializer panicked; its text follows, and the worker ends.
pub(super) const BROKEN: u8 = 1;
/// A job's value follows.
pub(super) const DONE: u8 = 2;
/// A job's packed error follows.
pub(super) const FAILED: u8 = 3;

// What a worker ends with; no more than a hint for who reads a process list.
const WELL: i32 = 0;
const PIPE_LOST: i32 = 102;
const INITIALIZER_PANICKED: i32 = 103;

/// A worker's life; returns its exit code.
pub(super) fn work<J, R, F>(pipe: OwnedFd, initializer: Option<&dyn Fn()>, job: &F) -> i32
where
    J: DeserializeOwned,
    R: Serialize,
    F: Fn(J) -> Result<R>,
{
    let Ok(pipe) = Pipe::adopt(pipe) else { return PIPE_LOST };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| initializer.map(|run| run()))) {
        say(&pipe, BROKEN, text_of(&*panic).as_bytes());
        return INITIALIZER_PANICKED;
    }
    if !say(&pipe, READY, &[]) {
        return WELL;
    }
    let mut incoming = Incoming::default();
    loop {
        match incoming.receive(&pipe, true) {
            Ok(Received::Bytes) => {}
            Ok(_) => return WELL,
            Err(_) => return PIPE_LOST,
        }
        let mut answer = incoming.body().map_or_else(Outgoing::default, |body| answer_to(body, job));
        incoming.consume();
        // A job may have forked, and its child come back here: the pipe refuses it, and it ends.
        if answer.send(&pipe, true) != Ok(true) {
            return WELL;
        }
    }
}

fn say(pipe: &Pipe, what: u8, text: &[u8]) -> bool {
    let mut bytes = Outgoing::start();
    bytes.push(what);
    bytes.extend_from_slice(text);
    Outgoing::seal(bytes).send(pipe, true) == Ok(true)
}

/// The frame of a job: its number, then its value.
pub(super) fn pack_job<J: Serialize>(index: usize, job: &J) -> Result<Outgoing> {
    let mut bytes = Outgoing::start();
    bytes.extend_from_slice(&(index as u64).to_le_bytes());
    write(&mut bytes, job).map_err(|error| {
        Error::new(ErrorKind::Conversion, format!("job {index} cannot be serialised for a worker"))
            .with_source(error)
    })?;
    Ok(Outgoing::seal(bytes))
}

/// By name and not by position, so that `#[serde(default)]`, `flatten` and the like do what they say.
fn write<T: Serialize>(bytes: &mut Vec<u8>, value: &T) -> Result<(), rmp_serde::encode::Error> {
    rmp_serde::encode::write_named(bytes, value)
}

fn answer_to<J, R, F>(body: &[u8], job: &F) -> Outgoing
where
    J: DeserializeOwned,
    R: Serialize,
    F: Fn(J) -> Result<R>,
{
    let index = body.first_chunk().map_or(0, |index| u64::from_le_bytes(*index));
    // User code runs in all three: reading the job, the job, and writing its value.
    let done = catch_unwind(AssertUnwindSafe(|| -> Result<Vec<u8>> {
        let misfit = |what: String, cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Conversion, what).with_source(cause)
        };
        let value = rmp_serde::from_slice(body.get(size_of::<u64>()..).unwrap_or_default())
            .map_err(|error| misfit(format!("job {index} cannot be read in the worker"), error.into()))?;
        let value = job(value)?;
        let mut bytes = Outgoing::start();
        bytes.push(DONE);
        write(&mut bytes, &value).map_err(|error| {
            misfit(format!("the value of job {index} cannot be serialised"), error.into())
        })?;
        Ok(bytes)
    }));
    let error = match done {
        Ok(Ok(bytes)) => return Outgoing::seal(bytes),
        Ok(Err(error)) => error,
        Err(panic) => {
            let worker = std::process::id();
            let text = text_of(&*panic);
            Error::new(ErrorKind::Other, format!("job {index} panicked in worker {worker}: {text}"))
        }
    };
    let mut bytes = Outgoing::start();
    bytes.push(FAILED);
    // Strings and numbers always serialise; if not, the parent finds no error to read and says so.
    let _ = write(&mut bytes, &Packed::pack(&error));
    Outgoing::seal(bytes)
}

/// The words of a panic.
fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without text".to_owned())
}

/// What a worker said of its job, as the parent reads it.
pub(super) fn read_answer<R: DeserializeOwned>(body: &[u8], index: usize, worker: i32) -> Result<R> {
    let unreadable = |cause: Option<rmp_serde::decode::Error>| {
        let message = format!("the answer of worker {worker} to job {index} cannot be read");
        let error = Error::new(ErrorKind::Conversion, message);
        match cause {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    };
    match body.split_first() {
        Some((&DONE, value)) => rmp_serde::from_slice(value).map_err(|error| unreadable(Some(error))),
        Some((&FAILED, packed)) => Err(match rmp_serde::from_slice::<Packed>(packed) {
            Ok(packed) => packed.unpack(worker),
            Err(error) => unreadable(Some(error)),
        }),
        _ => Err(unreadable(None)),
    }
}
