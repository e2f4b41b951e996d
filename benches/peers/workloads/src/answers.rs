//! What a peer has read or written, to be compared with the others'.

use crate::seed::empty;
use crate::work::{Database, Digest, Peer, Work};

pub fn of(peer: &mut dyn Peer, work: Work, database: &Database) -> Vec<i64> {
    if work.writes() && work != Work::Update {
        empty(peer, database);
    }
    peer.prepare(work);
    let mut digest = Digest::default();
    peer.run(work, Some(&mut digest));
    let mut answers = vec![digest.0];
    if work.writes() {
        answers.extend([
            peer.number("SELECT COUNT(*) FROM users"),
            peer.number("SELECT SUM(LENGTH(name)) FROM users"),
            peer.number("SELECT COUNT(*) FROM users WHERE name LIKE '% r%'"),
            peer.number("SELECT COUNT(hair_color) FROM users"),
            peer.number("SELECT COUNT(*) FROM posts"),
        ]);
    }
    if work == Work::UnitOfWork {
        // Each has three posts, whose titles name it.
        answers.extend([
            peer.number("SELECT COUNT(DISTINCT p.user_id) FROM posts p JOIN users u ON u.id = p.user_id"),
            peer.number("SELECT SUM(LENGTH(title)) FROM posts"),
            peer.number(
                "SELECT COUNT(*) FROM posts p JOIN users u ON u.id = p.user_id WHERE SUBSTR(p.title, 11) = SUBSTR(u.name, 6)",
            ),
        ]);
    }
    answers
}
