//! What a PostgreSQL server says to one client that logs in and runs one statement.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::rows::{Block, user};

const INT8: u32 = 20;
const VARCHAR: u32 = 1043;

/// Up to the rows, that many of them.
pub(crate) fn play(mut stream: TcpStream, rows: usize) {
    let block = block();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    stream.read_exact(&mut vec![0; u32::from_be_bytes(length) as usize - 4]).unwrap();
    let welcome = [
        message(b'R', &[0; 4]),
        message(b'S', b"server_version\x0015.6\0"),
        message(b'K', &[0, 0, 0, 7, 1, 2, 3, 4]),
        message(b'Z', b"I"),
    ];
    stream.write_all(&welcome.concat()).unwrap();
    // Parse and Describe end with Flush, Bind and Execute with Sync.
    read_to(&mut stream, b'H');
    let described = [message(b'1', &[]), message(b't', &[0, 0]), message(b'T', &columns())];
    stream.write_all(&described.concat()).unwrap();
    read_to(&mut stream, b'S');
    stream.write_all(&message(b'2', &[])).unwrap();
    block.send(&mut stream, rows);
    let end = [message(b'C', format!("SELECT {rows}\0").as_bytes()), message(b'Z', b"I")];
    stream.write_all(&end.concat()).unwrap();
    // Until the client is gone.
    let _ = stream.read(&mut [0]);
}

fn block() -> Block {
    Block::new(|number| {
        let (name, hair_color) = user(number);
        let id = (number as u64).to_be_bytes();
        let cells = [Some(&id[..]), Some(name.as_bytes()), hair_color.map(str::as_bytes)];
        let mut row = vec![0, 3];
        for cell in cells {
            row.extend(cell.map_or(-1, |cell| cell.len() as i32).to_be_bytes());
            row.extend(cell.unwrap_or_default());
        }
        message(b'D', &row)
    })
}

fn columns() -> Vec<u8> {
    let mut bytes = vec![0, 3];
    for (name, oid) in [("id", INT8), ("name", VARCHAR), ("hair_color", VARCHAR)] {
        bytes.extend(name.bytes());
        // The end of the name; table and column.
        bytes.extend([0; 7]);
        bytes.extend(oid.to_be_bytes());
        // Length, modifier, format.
        bytes.extend([0; 8]);
    }
    bytes
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.extend((body.len() as u32 + 4).to_be_bytes());
    message.extend(body);
    message
}

/// Reads messages up to one with that tag.
fn read_to(stream: &mut TcpStream, wanted: u8) {
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let [tag, length @ ..] = head;
        stream.read_exact(&mut vec![0; u32::from_be_bytes(length) as usize - 4]).unwrap();
        if tag == wanted {
            return;
        }
    }
}
