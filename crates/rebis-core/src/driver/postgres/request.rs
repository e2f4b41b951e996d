//! The messages that a client sends, written straight into the transport's output.
//!
//! `postgres-protocol` has builders too, but into a `BytesMut`: each request would be copied once more.

use postgres_protocol::Oid;

/// What the server takes: its largest allocation, less its own overhead.
pub(super) const LARGEST: usize = 0x3fff_ff00;

fn message(output: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    output.push(tag);
    with_length(output, body);
}

fn with_length(output: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = output.len();
    output.extend_from_slice(&[0; 4]);
    body(output);
    let length = (output.len() - start) as u32;
    if let Some(field) = output.get_mut(start..start + 4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
}

/// A C string. The callers have refused text with a NUL.
fn text(output: &mut Vec<u8>, text: &str) {
    output.extend_from_slice(text.as_bytes());
    output.push(0);
}

pub(super) fn count(output: &mut Vec<u8>, count: usize) {
    output.extend_from_slice(&(count as u16).to_be_bytes());
}

/// Asks whether the server speaks TLS; it answers by one byte.
pub(super) fn ssl(output: &mut Vec<u8>) {
    with_length(output, |output| output.extend_from_slice(&80_877_103_u32.to_be_bytes()));
}

/// Protocol 3.0 and the session's settings.
pub(super) fn startup(output: &mut Vec<u8>, settings: &[(&str, &str)]) {
    with_length(output, |output| {
        output.extend_from_slice(&0x0003_0000_u32.to_be_bytes());
        for (name, value) in settings {
            text(output, name);
            text(output, value);
        }
        output.push(0);
    });
}

/// A password in clear or hashed by MD5.
pub(super) fn password(output: &mut Vec<u8>, password: &str) {
    message(output, b'p', |output| text(output, password));
}

pub(super) fn sasl_initial(output: &mut Vec<u8>, mechanism: &str, data: &[u8]) {
    message(output, b'p', |output| {
        text(output, mechanism);
        output.extend_from_slice(&(data.len() as u32).to_be_bytes());
        output.extend_from_slice(data);
    });
}

pub(super) fn sasl(output: &mut Vec<u8>, data: &[u8]) {
    message(output, b'p', |output| output.extend_from_slice(data));
}

/// Simple protocol: runs the text as it stands and ends with ReadyForQuery by itself.
pub(super) fn query(output: &mut Vec<u8>, sql: &str) {
    message(output, b'Q', |output| text(output, sql));
}

pub(super) fn parse(output: &mut Vec<u8>, name: &str, sql: &str, types: impl ExactSizeIterator<Item = Oid>) {
    message(output, b'P', |output| {
        text(output, name);
        text(output, sql);
        count(output, types.len());
        for oid in types {
            output.extend_from_slice(&oid.to_be_bytes());
        }
    });
}

pub(super) fn describe_statement(output: &mut Vec<u8>, name: &str) {
    message(output, b'D', |output| {
        output.push(b'S');
        text(output, name);
    });
}

pub(super) fn close_statement(output: &mut Vec<u8>, name: &str) {
    message(output, b'C', |output| {
        output.push(b'S');
        text(output, name);
    });
}

/// Binds a statement to the unnamed portal; `rest` writes the parameters and the formats of the results.
pub(super) fn bind(output: &mut Vec<u8>, statement: &str, rest: impl FnOnce(&mut Vec<u8>)) {
    message(output, b'B', |output| {
        text(output, "");
        text(output, statement);
        rest(output);
    });
}

/// Runs the unnamed portal to its end.
pub(super) fn execute(output: &mut Vec<u8>) {
    message(output, b'E', |output| {
        text(output, "");
        output.extend_from_slice(&0_u32.to_be_bytes());
    });
}

/// Runs a portal that does not exist: an error, which undoes what the group has done.
pub(super) fn fail(output: &mut Vec<u8>) {
    message(output, b'E', |output| {
        text(output, "rebis_stopped");
        output.extend_from_slice(&0_u32.to_be_bytes());
    });
}

/// Lets the server send what it has, without ending the group.
pub(super) fn flush(output: &mut Vec<u8>) {
    message(output, b'H', |_| {});
}

/// Ends a group: the server commits what stands in no explicit transaction and answers ReadyForQuery.
pub(super) fn sync(output: &mut Vec<u8>) {
    message(output, b'S', |_| {});
}

/// On a connection of its own: stops what runs on a session.
pub(super) fn cancel(output: &mut Vec<u8>, session: u32, secret: &[u8]) {
    with_length(output, |output| {
        output.extend_from_slice(&CANCEL.to_be_bytes());
        output.extend_from_slice(&session.to_be_bytes());
        output.extend_from_slice(secret);
    });
}

/// A version that no protocol has.
const CANCEL: u32 = 1234 << 16 | 5678;

pub(super) fn terminate(output: &mut Vec<u8>) {
    message(output, b'X', |_| {});
}
