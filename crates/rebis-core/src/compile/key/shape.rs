//! The bytes of a key.

use std::hash::{Hash, Hasher};

/// What [`Hash`] says of the parts, one behind the other: it tells apart whatever is not equal. Kept whole, so that two
/// statements never meet in one hash.
#[derive(Debug, Default)]
pub(in crate::compile) struct Shape(pub(in crate::compile) Vec<u8>);

impl Shape {
    pub(super) fn add<T: Hash + ?Sized>(&mut self, part: &T) {
        part.hash(self);
    }
}

impl Hasher for Shape {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn write_usize(&mut self, number: usize) {
        // Lengths and numbers of variants are small.
        match u8::try_from(number) {
            Ok(byte) if byte < u8::MAX => self.0.push(byte),
            _ => {
                self.0.push(u8::MAX);
                self.0.extend_from_slice(&number.to_ne_bytes());
            }
        }
    }

    fn write_isize(&mut self, number: isize) {
        self.write_usize(number.cast_unsigned());
    }

    /// There is none: the parts themselves are the key.
    fn finish(&self) -> u64 {
        0
    }
}
