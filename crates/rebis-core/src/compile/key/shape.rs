//! The bytes of a key.

use std::hash::{Hash, Hasher};

/// So many bytes lie in the key itself: those of a statement with a dozen columns.
const FEW: usize = 192;

/// What [`Hash`] says of the parts, one behind the other: it tells apart whatever is not equal. Kept whole, so that two
/// statements never meet in one hash.
#[derive(Debug)]
pub(in crate::compile) struct Shape {
    few: [u8; FEW],
    /// How many of them there are.
    length: usize,
    /// All of them, when they are many.
    many: Vec<u8>,
}

/// No node's variant has this number.
const ADDRESS: u8 = u8::MAX;

impl Shape {
    #[inline]
    pub(super) fn add<T: Hash + ?Sized>(&mut self, part: &T) {
        part.hash(self);
    }

    /// In the place of a node: where it is, for as long as the process lives.
    pub(super) fn address(&mut self, address: *const ()) {
        self.write(&[ADDRESS]);
        self.write(&address.addr().to_ne_bytes());
    }

    /// Up to sixteen.
    #[inline]
    pub(super) fn flags(&mut self, flags: &[bool]) {
        let bits = flags.iter().rev().fold(0_u16, |bits, flag| (bits << 1) | u16::from(*flag));
        self.write(&bits.to_ne_bytes());
    }

    pub(in crate::compile) fn bytes(&self) -> &[u8] {
        if self.many.is_empty() { self.few.get(..self.length).unwrap_or_default() } else { &self.many }
    }

    #[cold]
    fn write_many(&mut self, bytes: &[u8]) {
        if self.many.is_empty() {
            self.many = self.bytes().to_vec();
        }
        self.many.extend_from_slice(bytes);
        // There is no more room in the few.
        self.length = FEW + 1;
    }
}

impl Default for Shape {
    fn default() -> Self {
        Shape { few: [0; FEW], length: 0, many: Vec::new() }
    }
}

impl Hasher for Shape {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        match self.few.get_mut(self.length..).and_then(|free| free.get_mut(..bytes.len())) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            None => self.write_many(bytes),
        }
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.write(&[byte]);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        // Lengths and numbers of variants are small.
        match u8::try_from(number) {
            Ok(byte) if byte < u8::MAX => self.write(&[byte]),
            _ => {
                self.write(&[u8::MAX]);
                self.write(&number.to_ne_bytes());
            }
        }
    }

    #[inline]
    fn write_isize(&mut self, number: isize) {
        self.write_usize(number.cast_unsigned());
    }

    /// There is none: the parts themselves are the key.
    fn finish(&self) -> u64 {
        0
    }
}
