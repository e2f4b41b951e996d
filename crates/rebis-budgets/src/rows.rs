//! One row into a struct: an answer of so many rows, from SQLite in memory and from the bytes that a server would send.

use rebis::{Connection, Engine, FromRow, IsolationLevel, raw};
use std::hint::black_box;
use std::io::Write;
use std::net::{TcpListener, TcpStream};

use crate::{server_mariadb, server_postgres};

#[derive(FromRow)]
struct User {
    id: i64,
    name: String,
    hair_color: Option<String>,
}

const QUERY: &str = "SELECT id, name, hair_color FROM users";

/// The name of the user with that number, and the color of its hair: every third has none.
pub(crate) fn user(id: usize) -> (String, Option<&'static str>) {
    (format!("user number {id:05}"), (!id.is_multiple_of(3)).then_some("brown"))
}

/// The rows of an answer as their bytes. They are made once and sent over and over: the making is not to be counted.
pub(crate) struct Block {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl Block {
    /// As many as there are numbers of packets, so that those of MariaDB go on from block to block.
    const ROWS: usize = 256;

    /// `row` makes the bytes of the row with that number.
    pub(crate) fn new(mut row: impl FnMut(usize) -> Vec<u8>) -> Self {
        let mut block = Block { bytes: Vec::new(), ends: Vec::new() };
        for number in 0..Block::ROWS {
            block.bytes.extend(row(number));
            block.ends.push(block.bytes.len());
        }
        block
    }

    /// Sends that many rows.
    pub(crate) fn send(&self, stream: &mut TcpStream, rows: usize) {
        (0..rows / Block::ROWS).for_each(|_| stream.write_all(&self.bytes).unwrap());
        let rest = (rows % Block::ROWS).checked_sub(1).map_or(0, |last| self.ends[last]);
        stream.write_all(&self.bytes[..rest]).unwrap();
    }
}

pub(crate) fn sqlite(count: usize) {
    let engine = Engine::new("sqlite://").unwrap();
    let mut connection = connect(&engine);
    connection
        .execute(raw(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, hair_color VARCHAR(50))",
        ))
        .unwrap();
    // Always as many, so that filling the table is the same work.
    connection
        .execute(raw("WITH RECURSIVE ids (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < 9999) \
             INSERT INTO users SELECT id, printf('user number %05d', id), iif(id % 3, 'brown', NULL) FROM ids"))
        .unwrap();
    read(&mut connection, &format!("{QUERY} LIMIT {count}"), count);
}

pub(crate) fn mariadb(count: usize) {
    let port = serve(move |stream| server_mariadb::play(stream, count));
    let url = format!("mariadb://ed:secret@127.0.0.1:{port}/shop?ssl-mode=disabled");
    read_from(&url, count);
}

pub(crate) fn postgres(count: usize) {
    let port = serve(move |stream| server_postgres::play(stream, count));
    let url = format!("postgresql://ed:secret@127.0.0.1:{port}/shop?sslmode=disable");
    read_from(&url, count);
}

/// A server of this process, for one connection. It writes many rows at once, which is next to nothing beside reading
/// them.
fn serve(play: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || play(listener.accept().unwrap().0));
    port
}

fn read_from(url: &str, count: usize) {
    let engine = Engine::new(url).unwrap();
    let mut connection = connect(&engine);
    read(&mut connection, QUERY, count);
    // It goes with the process: the server has no more to say.
    std::mem::forget((connection, engine));
}

fn connect(engine: &Engine) -> Connection {
    let mut connection = engine.connect().unwrap();
    connection.set_isolation_level(IsolationLevel::Autocommit).unwrap();
    connection
}

fn read(connection: &mut Connection, sql: &str, count: usize) {
    let rows = connection.execute(raw(sql.to_owned())).unwrap().of::<User>();
    let mut read = 0;
    for user in rows {
        let user = user.unwrap();
        black_box((user.id, &user.name, &user.hair_color));
        read += 1;
    }
    assert_eq!(read, count);
}
