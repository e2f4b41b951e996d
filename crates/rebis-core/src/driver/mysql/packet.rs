//! Packets: the framing of the protocol, and a checked reader of what is inside.
//!
//! `mysql_common` has parsers of its own. They are used for what the client makes itself; what a server sends is read
//! here, because theirs overflow on an odd greeting, refuse flags that a newer server sets, and allocate per column.

use crate::driver::interrupt::Run;
use crate::driver::transport::{Transport, Way};
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Deadline, forked};

/// A payload of this length goes on in the next packet.
pub(super) const LONGEST: usize = 0xff_ffff;

/// No server accepts or sends a longer payload.
const LONGEST_JOINED: usize = 1 << 30;

/// How much of the buffer for joined packets is kept for the next one.
const KEPT: usize = 1 << 20;

/// A transport that speaks in packets. An error that it answers has broken it, and it says so from then on.
#[derive(Debug)]
pub(super) struct Wire {
    transport: Transport,
    /// The number that the next packet of the answer under way must have.
    sequence: u8,
    current: Current,
    /// The packets of a long payload, joined.
    joined: Vec<u8>,
    broken: bool,
    /// The statement that runs.
    pub(super) run: Run,
}

/// Where the payload that was read last lies.
#[derive(Debug, Clone, Copy)]
enum Current {
    None,
    /// That many bytes at the head of the transport's buffer.
    Buffered(usize),
    Joined,
}

impl Wire {
    pub(super) fn new(transport: Transport) -> Self {
        Wire {
            transport,
            sequence: 0,
            current: Current::None,
            joined: Vec::new(),
            broken: false,
            run: Run::new(),
        }
    }

    /// Whether this process may speak on it.
    ///
    /// # Errors
    /// [`ErrorKind::Forked`] in a child, [`ErrorKind::Disconnected`] when it broke before.
    pub(super) fn check(&self) -> Result<()> {
        if self.transport.is_inherited() {
            return Err(forked("connection"));
        }
        if self.is_broken() {
            return Err(Error::new(ErrorKind::Disconnected, "the connection was lost before"));
        }
        Ok(())
    }

    pub(super) fn is_inherited(&self) -> bool {
        self.transport.is_inherited()
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken || self.run.is_abandoned()
    }

    /// The way to the server, for another connection to it.
    pub(super) fn way(&self) -> Way {
        self.transport.way().clone()
    }

    pub(super) fn break_off(&mut self) {
        self.broken = true;
    }

    /// The server did what its protocol does not allow: nobody knows where its next packet begins.
    pub(super) fn protocol_error(&mut self, what: &str) -> Error {
        self.broken = true;
        Error::new(ErrorKind::Protocol, format!("the server sent {what}; the connection is closed"))
            .with_disconnect()
    }

    /// Ends every wait there at the latest.
    pub(super) fn limit(&mut self, deadline: Deadline) {
        self.transport.limit(deadline);
    }

    /// Gives each read and write its own deadline again.
    pub(super) fn unlimited(&mut self) {
        self.transport.connected();
    }

    /// The transport, for what comes before packets are encrypted.
    pub(super) fn transport(&mut self) -> &mut Transport {
        &mut self.transport
    }

    /// Goes past the payload that was read last, and encrypts what comes.
    ///
    /// # Errors
    /// As [`Transport::encrypt`].
    pub(super) fn encrypt(&mut self) -> Result<()> {
        self.release();
        self.transport.encrypt()
    }

    /// Ends the encryption behind the goodbye.
    pub(super) fn end(&mut self) {
        // Who has hung up already needs no goodbye.
        let _ = self.transport.end();
    }

    /// Appends one message to what the next flush sends, and returns the number of the packet that answers it.
    ///
    /// # Errors
    /// What `build` answers; then nothing was appended.
    pub(super) fn write(&mut self, first: u8, build: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<u8> {
        let output = self.transport.output();
        let start = output.len();
        output.extend_from_slice(&[0; 4]);
        if let Err(error) = build(output) {
            output.truncate(start);
            return Err(error);
        }
        let body = start + 4;
        let length = output.len() - body;
        if length < LONGEST {
            output[start..body].copy_from_slice(&header(length, first));
            return Ok(first.wrapping_add(1));
        }
        let long = output.split_off(body);
        output.truncate(start);
        let mut sequence = first;
        // The last packet is shorter than the longest, so it may be empty.
        for packet in 0..=length / LONGEST {
            let begin = packet * LONGEST;
            let part = &long[begin..length.min(begin + LONGEST)];
            output.extend_from_slice(&header(part.len(), sequence));
            output.extend_from_slice(part);
            sequence = sequence.wrapping_add(1);
        }
        Ok(sequence)
    }

    /// Takes back what was written since the last flush.
    pub(super) fn unwrite(&mut self) {
        self.transport.output().clear();
    }

    /// Sends what was written.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`], [`ErrorKind::Disconnected`], [`ErrorKind::Forked`].
    pub(super) fn flush(&mut self) -> Result<()> {
        let sent = self.transport.flush();
        self.broken |= sent.is_err();
        sent
    }

    /// From here on an answer is read whose first packet has that number.
    pub(super) fn expect(&mut self, sequence: u8) {
        self.sequence = sequence;
    }

    /// The number of the packet that comes next.
    pub(super) fn sequence(&self) -> u8 {
        self.sequence
    }

    /// Reads the next payload, in place. The deadline is made when the first byte has to be waited for.
    ///
    /// # Errors
    /// As [`flush`](Wire::flush), and [`ErrorKind::Protocol`].
    pub(super) fn read(&mut self, deadline: &mut Option<Deadline>) -> Result<()> {
        self.release();
        let length = self.read_header(deadline)?;
        if length < LONGEST {
            self.current = Current::Buffered(length);
            return Ok(());
        }
        let mut part = length;
        loop {
            if self.joined.len() + part > LONGEST_JOINED {
                return Err(self.protocol_error("a payload of more than 1 GiB"));
            }
            self.joined.extend_from_slice(&self.transport.buffered()[..part]);
            self.transport.consume(part);
            if part < LONGEST {
                self.current = Current::Joined;
                return Ok(());
            }
            part = self.read_header(deadline)?;
        }
    }

    /// The payload that was read last.
    pub(super) fn payload(&self) -> &[u8] {
        match self.current {
            Current::None => &[],
            Current::Buffered(length) => &self.transport.buffered()[..length],
            Current::Joined => &self.joined,
        }
    }

    /// Waits for one whole packet, goes past its header and returns its length.
    fn read_header(&mut self, deadline: &mut Option<Deadline>) -> Result<usize> {
        self.need(4, deadline)?;
        let &[a, b, c, sequence, ..] = self.transport.buffered() else {
            return Err(self.protocol_error("less than a packet's header"));
        };
        let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
        self.need(4 + length, deadline)?;
        self.transport.consume(4);
        // What a server says as it throws a client out is no answer, and begins to count anew.
        let thrown_out = sequence == 0 && self.transport.buffered().first() == Some(&0xff);
        if sequence != self.sequence && !thrown_out {
            return Err(self.protocol_error("a packet out of sequence"));
        }
        self.sequence = sequence.wrapping_add(1);
        Ok(length)
    }

    fn need(&mut self, count: usize, deadline: &mut Option<Deadline>) -> Result<()> {
        if self.transport.buffered().len() >= count {
            return Ok(());
        }
        let read = *deadline.get_or_insert_with(|| self.transport.read_deadline());
        loop {
            let deadline = read.min(self.run.limit.deadline());
            // A server that is fast enough has always something to read: the deadline counts all the same.
            let received =
                if deadline.has_passed() { Err(too_late()) } else { self.transport.need(count, deadline) };
            match received {
                // The time of the statement was up; the server was told, and says something soon.
                Err(waited) => self.run.pass(waited).inspect_err(|_| self.broken = true)?,
                Ok(()) => return Ok(()),
            }
        }
    }

    fn release(&mut self) {
        match std::mem::replace(&mut self.current, Current::None) {
            Current::None => {}
            Current::Buffered(length) => self.transport.consume(length),
            Current::Joined => {
                self.joined.clear();
                self.joined.shrink_to(KEPT);
            }
        }
    }
}

fn too_late() -> Error {
    Error::new(ErrorKind::Timeout, "the read deadline passed; the connection is closed").with_disconnect()
}

fn header(length: usize, sequence: u8) -> [u8; 4] {
    let [a, b, c, ..] = length.to_le_bytes();
    [a, b, c, sequence]
}

/// Takes a payload apart; `None` where it is shorter than it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// An integer that says how long it is.
    pub(super) fn length(&mut self) -> Option<u64> {
        match self.u8()? {
            0xfc => self.u16().map(u64::from),
            0xfd => self.array().map(|[a, b, c]| u64::from(a) | u64::from(b) << 8 | u64::from(c) << 16),
            0xfe => self.u64(),
            0xfb | 0xff => None,
            short => Some(short.into()),
        }
    }

    /// Bytes behind their length.
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.length()?).ok()?;
        self.bytes(length)
    }

    /// Bytes before a zero, or all when there is none.
    pub(super) fn terminated(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|&byte| byte == 0);
        let (head, rest) = end.map_or((self.0, &[][..]), |end| (&self.0[..end], &self.0[end + 1..]));
        self.0 = rest;
        head
    }
}

/// An integer behind its own length; the other end of [`Reader::length`].
pub(super) fn put_length(output: &mut Vec<u8>, length: usize) {
    let bytes = (length as u64).to_le_bytes();
    match length {
        0..=0xfa => output.push(bytes[0]),
        0xfb..=0xffff => {
            output.push(0xfc);
            output.extend_from_slice(&bytes[..2]);
        }
        0x1_0000..=0xff_ffff => {
            output.push(0xfd);
            output.extend_from_slice(&bytes[..3]);
        }
        _ => {
            output.push(0xfe);
            output.extend_from_slice(&bytes);
        }
    }
}
