//! Frames on the pipe: eight bytes of length, then the body. Whole frames in, whole frames out; the bytes come and go
//! in whatever pieces the kernel has room for.

use rustix::io::Errno;

use crate::process::{Pipe, Received};

const HEADER: usize = size_of::<u64>();

/// A buffer above this is given back after its frame.
const KEEP: usize = 1 << 20;

/// What comes in. The length is never trusted with memory: the buffer grows with what has arrived.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
}

impl Incoming {
    /// Reads what is there until a frame is whole; `Nothing` means that the rest has not come yet.
    pub(super) fn receive(&mut self, pipe: &Pipe, wait: bool) -> Result<Received, Errno> {
        while self.body().is_none() {
            match pipe.receive(&mut self.bytes, wait)? {
                Received::Bytes => {}
                other => return Ok(other),
            }
        }
        Ok(Received::Bytes)
    }

    /// The frame, when it is whole.
    pub(super) fn body(&self) -> Option<&[u8]> {
        let header = self.bytes.first_chunk::<HEADER>()?;
        let length = usize::try_from(u64::from_le_bytes(*header)).ok()?;
        self.bytes.get(HEADER..HEADER.checked_add(length)?)
    }

    /// Lets go of the frame.
    pub(super) fn consume(&mut self) {
        if let Some(length) = self.body().map(<[u8]>::len) {
            self.bytes.drain(..HEADER + length);
        }
        if self.bytes.is_empty() && self.bytes.capacity() > KEEP {
            self.bytes = Vec::new();
        }
    }
}

/// What goes out.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    /// A frame that is written part by part: leave room for the length, write the body, then `seal`.
    pub(super) fn start() -> Vec<u8> {
        vec![0; HEADER]
    }

    /// Writes the length in front of a body that was written after [`start`](Outgoing::start).
    pub(super) fn seal(mut bytes: Vec<u8>) -> Outgoing {
        // usize is at most 64 bits wide.
        let length = bytes.len().saturating_sub(HEADER) as u64;
        if let Some(header) = bytes.first_chunk_mut::<HEADER>() {
            *header = length.to_le_bytes();
        }
        Outgoing { bytes, sent: 0 }
    }

    /// Writes what there is room for; true when all of it is out.
    pub(super) fn send(&mut self, pipe: &Pipe, wait: bool) -> Result<bool, Errno> {
        while self.is_pending() {
            match pipe.send(&self.bytes[self.sent..], wait)? {
                0 => return Ok(false),
                count => self.sent += count,
            }
        }
        self.bytes = Vec::new();
        self.sent = 0;
        Ok(true)
    }

    pub(super) fn is_pending(&self) -> bool {
        self.sent < self.bytes.len()
    }

    /// Whether there is a frame of which nobody can have seen anything.
    pub(super) fn is_untouched(&self) -> bool {
        self.sent == 0 && self.is_pending()
    }

    /// That frame.
    pub(super) fn take_untouched(&mut self) -> Option<Outgoing> {
        self.is_untouched().then(|| std::mem::take(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Outgoing {
        let mut bytes = Outgoing::start();
        bytes.extend_from_slice(body);
        Outgoing::seal(bytes)
    }

    #[test]
    fn frames_come_whole_whatever_the_pieces() {
        let (ours, theirs) = Pipe::pair().unwrap();
        let theirs = Pipe::adopt(theirs).unwrap();
        let body: Vec<u8> = (0..3_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let (mut out, mut incoming) = (frame(&body), Incoming::default());
        let mut rounds = 0;
        while !out.send(&ours, false).unwrap() {
            assert_eq!(incoming.receive(&theirs, false).unwrap(), Received::Nothing);
            rounds += 1;
        }
        assert_eq!(incoming.receive(&theirs, false).unwrap(), Received::Bytes);
        assert_eq!(incoming.body(), Some(&body[..]));
        assert!(rounds > 1, "the kernel's buffer holds less than that");
        incoming.consume();
        assert_eq!(incoming.body(), None);
    }

    #[test]
    fn two_frames_in_one_piece_and_then_the_end() {
        let (ours, theirs) = Pipe::pair().unwrap();
        let theirs = Pipe::adopt(theirs).unwrap();
        assert!(frame(b"one").send(&ours, true).unwrap());
        assert!(frame(b"").send(&ours, true).unwrap());
        ours.finish();
        let mut incoming = Incoming::default();
        for body in [&b"one"[..], b""] {
            assert_eq!(incoming.receive(&theirs, true).unwrap(), Received::Bytes);
            assert_eq!(incoming.body(), Some(body));
            incoming.consume();
        }
        assert_eq!(incoming.receive(&theirs, true).unwrap(), Received::End);
    }

    #[test]
    fn a_write_to_a_closed_pipe_is_an_error() {
        let (ours, theirs) = Pipe::pair().unwrap();
        drop(theirs);
        assert_eq!(frame(b"x").send(&ours, true), Err(Errno::PIPE));
    }
}
