//! The tables and their rows: the same for all.

use crate::work::{Database, Peer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    None,
    /// 10,000 users, each third without a colour, and 5,000 posts.
    Users,
    /// 100 users, 1,000 posts, 10,000 comments.
    Associations,
}

/// SQLite's settings, the same for each peer, and the tables.
pub fn tables(peer: &mut dyn Peer, database: &Database) {
    let key = match database {
        Database::Postgres(_) => "SERIAL PRIMARY KEY",
        Database::MariaDb(_) => "INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY",
        Database::SqliteMemory | Database::SqliteFile(_) => "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
    };
    if matches!(database, Database::SqliteFile(_)) {
        peer.execute("PRAGMA journal_mode = WAL");
        peer.execute("PRAGMA synchronous = OFF");
        let synchronous = peer.number("SELECT synchronous FROM pragma_synchronous");
        assert_eq!(synchronous, 0, "{} has not switched `synchronous` off", peer.name());
    }
    for table in ["comments", "posts", "users"] {
        peer.execute(&format!("DROP TABLE IF EXISTS {table}"));
    }
    peer.execute(&format!(
        "CREATE TABLE users (id {key}, name VARCHAR(100) NOT NULL, hair_color VARCHAR(50) NULL)"
    ));
    peer.execute(&format!(
        "CREATE TABLE posts (id {key}, user_id INTEGER NOT NULL, title VARCHAR(200) NOT NULL, body TEXT NULL)"
    ));
    peer.execute(&format!(
        "CREATE TABLE comments (id {key}, post_id INTEGER NOT NULL, text VARCHAR(200) NOT NULL)"
    ));
    peer.execute("CREATE INDEX ix_posts_user ON posts(user_id)");
    peer.execute("CREATE INDEX ix_comments_post ON comments(post_id)");
}

pub fn empty(peer: &mut dyn Peer, database: &Database) {
    match database {
        Database::Postgres(_) => peer.execute("TRUNCATE users, posts, comments"),
        _ => {
            let verb = if database.is_sqlite() { "DELETE FROM" } else { "TRUNCATE TABLE" };
            for table in ["users", "posts", "comments"] {
                peer.execute(&format!("{verb} {table}"));
            }
        }
    }
}

pub fn fill(peer: &mut dyn Peer, rows: Rows, database: &Database) {
    empty(peer, database);
    let mut insert = |into: &str, rows: Vec<String>| {
        for some in rows.chunks(1000) {
            peer.execute(&format!("INSERT INTO {into} VALUES {}", some.join(",")));
        }
    };
    match rows {
        Rows::None => return,
        Rows::Users => {
            let color = |id: i32| if id % 3 == 0 { "NULL" } else { "'black'" };
            insert(
                "users(id,name,hair_color)",
                (1..=10_000).map(|id| format!("({id},'User {id}',{})", color(id))).collect(),
            );
            let post =
                |id: i32| format!("({id},{},'Post number {id} title','body of the post {id}')", id * 2);
            insert("posts(id,user_id,title,body)", (1..=5_000).map(post).collect());
        }
        Rows::Associations => {
            insert(
                "users(id,name,hair_color)",
                (1..=100).map(|id| format!("({id},'User {id}','black')")).collect(),
            );
            let post = |id: i32| format!("({id},{},'Post {id}',NULL)", (id - 1) / 10 + 1);
            insert("posts(id,user_id,title,body)", (1..=1000).map(post).collect());
            let comment = |id: i32| format!("({id},{},'Comment {id} on a post')", (id - 1) / 10 + 1);
            insert("comments(id,post_id,text)", (1..=10_000).map(comment).collect());
        }
    }
    peer.execute(match database {
        Database::MariaDb(_) => "ANALYZE TABLE users, posts, comments",
        _ => "ANALYZE",
    });
}
