//! What a server may send: cells, rows, definitions, errors.

use super::super::columns::{Kind, Shape, append};
use super::super::packet::Reader;
use super::super::{decode, error};
use super::scripted::{OK, definition};
use crate::tests::fuzz::Target;

const KINDS: [Kind; 15] = [
    Kind::Tiny(true),
    Kind::Short(false),
    Kind::Long(true),
    Kind::LongLong(true),
    Kind::Float,
    Kind::Double,
    Kind::Decimal,
    Kind::Date,
    Kind::Time,
    Kind::DateTime,
    Kind::Timestamp,
    Kind::Bit,
    Kind::Text,
    Kind::Json,
    Kind::Bytes,
];

const WORDS: [&[u8]; 16] = [
    b"\0",
    b"\xff",
    b"\xfe",
    b"\xfd\xff\xff\xff",
    b"\xfc\xff\xff",
    b"\xfb",
    b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff",
    b"#42000",
    b"2024-02-29",
    b"23:59:59.999999",
    b"0000-00-00",
    b"-838:59:59",
    b"\x01\0\0\x01",
    b"\xff\xff\xff\0",
    b"\x0c\x3f\0",
    b"def",
];

#[test]
fn fuzz_mysql_bytes() {
    let definition = definition("x");
    let seeds: [&[u8]; 6] = [
        &[0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 2, b'a', b'b', 4, 0xd1, 7, 2, 3],
        b"\xff\x28\x04#42000You have an error",
        b"12345\x0523:59:59.5",
        &definition,
        &[12, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0],
        OK,
    ];
    let check = |bytes: &[u8]| {
        for kind in KINDS {
            let _ = decode::binary(kind, bytes);
            let _ = decode::text(kind, bytes);
        }
        let mut places = Vec::new();
        for count in [1, 3, 15] {
            let kinds = KINDS.get(..count).unwrap();
            if decode::locate_binary(bytes, kinds, &mut places).is_some() {
                assert_eq!(places.len(), count);
                for (place, kind) in places.iter().zip(kinds) {
                    let Some(place) = place else { continue };
                    let _ =
                        decode::binary(*kind, bytes.get(place.start as usize..place.end as usize).unwrap());
                }
            }
            if decode::locate_text(bytes, count, &mut places).is_some() {
                assert_eq!(places.len(), count);
            }
        }
        let _ = error::from_packet(bytes);
        let mut definitions = Vec::new();
        append(&mut definitions, bytes);
        append(&mut definitions, bytes);
        let _ = Shape::parse(&definitions);
        let _ = Shape::parse(bytes);
        let mut reader = Reader(bytes);
        while reader.counted().is_some() {}
    };
    Target { name: "mysql_bytes", seeds: &seeds, words: &WORDS, check: &check }.run();
}
