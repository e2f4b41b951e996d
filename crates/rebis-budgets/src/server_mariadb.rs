//! What a MariaDB server says to one client that logs in and runs one statement.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::rows::{Block, user};

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
const END_OF_ROWS: &[u8] = &[0xfe, 0, 0, 2, 0, 0, 0];
/// Behind the count of columns and three definitions.
const FIRST_ROW: u8 = 5;
const LONGLONG: u8 = 8;
const VAR_STRING: u8 = 253;

/// Up to the rows, that many of them.
pub(crate) fn play(mut stream: TcpStream, rows: usize) {
    let block = block(FIRST_ROW);
    send(&mut stream, &[(0, &greeting())]);
    receive(&mut stream);
    send(&mut stream, &[(2, OK)]);
    // The session's settings, and how long a packet may be.
    receive(&mut stream);
    receive(&mut stream);
    let longest = definition("longest", VAR_STRING);
    send(&mut stream, &[(1, OK), (1, &[1]), (2, &longest), (3, b"\x0816777216"), (4, END_OF_ROWS)]);
    // Prepare: statement 1, three columns, no parameters.
    receive(&mut stream);
    let [id, name, hair_color] = definitions();
    let prepared = [0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0];
    send(&mut stream, &[(1, &prepared), (2, &id), (3, &name), (4, &hair_color)]);
    receive(&mut stream);
    send(&mut stream, &[(1, &[3]), (2, &id), (3, &name), (4, &hair_color)]);
    block.send(&mut stream, rows);
    send(&mut stream, &[(FIRST_ROW.wrapping_add(rows as u8), END_OF_ROWS)]);
    // Until the client is gone.
    let _ = stream.read(&mut [0]);
}

/// The packets of rows that begin with that number.
fn block(first: u8) -> Block {
    let mut sequence = first;
    Block::new(|number| {
        let (name, hair_color) = user(number);
        // The third bit of the columns is the fifth: two are reserved.
        let mut row = vec![0, if hair_color.is_none() { 1 << 4 } else { 0 }];
        row.extend((number as u64).to_le_bytes());
        for text in [Some(name.as_str()), hair_color].into_iter().flatten() {
            row.push(text.len() as u8);
            row.extend(text.bytes());
        }
        let bytes = packet(sequence, &row);
        sequence = sequence.wrapping_add(1);
        bytes
    })
}

fn definitions() -> [Vec<u8>; 3] {
    [definition("id", LONGLONG), definition("name", VAR_STRING), definition("hair_color", VAR_STRING)]
}

fn definition(name: &str, kind: u8) -> Vec<u8> {
    let mut bytes = b"\x03def\0\0\0".to_vec();
    bytes.push(name.len() as u8);
    bytes.extend(name.bytes());
    bytes.extend([0, 12, 45, 0, 255, 0, 0, 0, kind, 0, 0, 0, 0, 0]);
    bytes
}

/// Protocol 4.1, secure connection, plugins, transactions, end of rows by OK; and not the bit by which MySQL is known.
fn greeting() -> Vec<u8> {
    let capabilities: u32 = 0x200 | 0x2000 | 0x8000 | 0x8_0000 | 0x20_0000 | 0x100_0000;
    let [a, b, c, d] = capabilities.to_le_bytes();
    let nonce = b"abcdefghijklmnopqrst";
    let mut bytes = b"\x0a5.5.5-10.11.6-MariaDB\0\x2a\0\0\0".to_vec();
    bytes.extend(&nonce[..8]);
    bytes.extend([0, a, b, 255, 2, 0, c, d, 21]);
    bytes.extend([0; 10]);
    bytes.extend(&nonce[8..]);
    bytes.extend(b"\0mysql_native_password\0");
    bytes
}

fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, ..] = payload.len().to_le_bytes();
    [&[a, b, c, sequence], payload].concat()
}

fn send(stream: &mut TcpStream, packets: &[(u8, &[u8])]) {
    let bytes: Vec<u8> = packets.iter().flat_map(|(sequence, payload)| packet(*sequence, payload)).collect();
    stream.write_all(&bytes).unwrap();
}

fn receive(stream: &mut TcpStream) {
    let mut header = [0; 4];
    stream.read_exact(&mut header).unwrap();
    let length = u32::from_le_bytes([header[0], header[1], header[2], 0]);
    stream.read_exact(&mut vec![0; length as usize]).unwrap();
}
