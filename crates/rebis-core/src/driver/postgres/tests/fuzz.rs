//! What a server may send: cells, rows, reports.

use super::super::decode::{Shape, affected, cells, tag};
use super::super::error::{ServerReport, notice};
use super::super::types;
use crate::tests::fuzz::Target;

const TYPES: [u32; 18] = [
    types::BOOL,
    types::INT2,
    types::INT4,
    types::INT8,
    types::OID,
    types::FLOAT4,
    types::FLOAT8,
    types::BYTEA,
    types::DATE,
    types::TIME,
    types::TIMESTAMP,
    types::TIMESTAMPTZ,
    types::INTERVAL,
    types::UUID,
    types::NUMERIC,
    types::JSON,
    types::JSONB,
    25,
];

const WORDS: [&[u8]; 20] = [
    b"\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\0\0\0\x01",
    b"\0\0\0\x04",
    b"\0\x01",
    b"{",
    b"}",
    b",",
    b"\"",
    b"\\",
    b"NULL",
    b"SELECT 1\0",
    b"SERROR\0C42601\0",
    b"Z\0\0\0\x05I",
    b"D\0\0\0\x0a\0\x01",
    b"T\0\0\0",
    b"1\0\0\0\x04",
    b"E\0\0\0",
];

#[test]
fn fuzz_postgres_bytes() {
    let seeds: [&[u8]; 8] = [
        b"\0\x02\0\0\0\x01a\xff\xff\xff\xff",
        b"SERROR\0VERROR\0C42601\0Msyntax error\0P8\0\0",
        b"INSERT 0 18446744073709551615\0",
        b"{{1,2},{3,NULL}}",
        b"{\"a\\\"b\",\"\",\xc3\xa9}",
        b"\0\0\0\x01\0\0\0\x01\0\0\0\x17\0\0\0\x02\0\0\0\x01\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff",
        b"\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\0",
        b"-123456789012345678901234567890.5",
    ];
    let check = |bytes: &[u8]| {
        for oid in TYPES {
            let _ = Shape::of(oid).value(bytes);
            let _ = Shape::of(types::array_of(oid)).value(bytes);
        }
        let mut places = Vec::new();
        for columns in [0, 1, 2, 5] {
            if cells(bytes, columns, &mut places).is_ok() {
                assert_eq!(places.len(), columns);
                for cell in &places {
                    let _ = cell.bytes(bytes);
                }
            }
        }
        let _ = (affected(bytes), tag(bytes), notice(bytes));
        let report = ServerReport::read(bytes);
        let _ = (report.is_fatal(), report.is_stopped());
        let _ = report.into_error();
        let _ = ServerReport::read(bytes).into_startup_error();
    };
    Target { name: "postgres_bytes", seeds: &seeds, words: &WORDS, check: &check }.run();
}
