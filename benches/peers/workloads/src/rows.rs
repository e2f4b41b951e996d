//! The rows as plain structs, for the peers that have no structs of their own.

use std::collections::HashMap;

use crate::work::Digest;

/// What a peer has read, so that it can be compared with what the others have.
pub trait Seen {
    fn see(&self, digest: &mut Digest);
}

impl<T: Seen> Seen for Vec<T> {
    fn see(&self, digest: &mut Digest) {
        self.iter().for_each(|one| one.see(digest));
    }
}

impl<A: Seen, B: Seen> Seen for (A, Option<B>) {
    fn see(&self, digest: &mut Digest) {
        self.0.see(digest);
        if let Some(other) = &self.1 {
            other.see(digest);
        }
    }
}

#[derive(Debug, Clone, rebis::FromRow, sqlx::FromRow)]
pub struct User {
    pub id: i32,
    pub name: String,
    pub hair_color: Option<String>,
}

#[derive(Debug, rebis::FromRow, sqlx::FromRow)]
pub struct Post {
    pub id: i32,
    pub user_id: i32,
    pub title: String,
    pub body: Option<String>,
}

#[derive(Debug, rebis::FromRow, sqlx::FromRow)]
pub struct Comment {
    pub id: i32,
    pub post_id: i32,
    pub text: String,
}

impl Seen for User {
    fn see(&self, digest: &mut Digest) {
        digest.user(self.id, &self.name, self.hair_color.as_deref());
    }
}

impl Seen for Post {
    fn see(&self, digest: &mut Digest) {
        digest.post(self.id, self.user_id, &self.title, self.body.as_deref());
    }
}

pub struct Tree(pub Vec<(User, Vec<(Post, Vec<Comment>)>)>);

impl Seen for Tree {
    fn see(&self, digest: &mut Digest) {
        for (user, posts) in &self.0 {
            for (post, comments) in posts {
                comments
                    .iter()
                    .for_each(|comment| digest.comment(user.id, post.id, comment.id, &comment.text));
            }
        }
    }
}

/// Three answers as a tree.
pub fn grouped(users: Vec<User>, posts: Vec<Post>, comments: Vec<Comment>) -> Tree {
    let places: HashMap<i32, usize> = posts.iter().enumerate().map(|(at, post)| (post.id, at)).collect();
    let mut posts: Vec<(Post, Vec<Comment>)> = posts.into_iter().map(|post| (post, Vec::new())).collect();
    for comment in comments {
        posts[places[&comment.post_id]].1.push(comment);
    }
    let places: HashMap<i32, usize> = users.iter().enumerate().map(|(at, user)| (user.id, at)).collect();
    let mut users: Vec<_> = users.into_iter().map(|user| (user, Vec::new())).collect();
    for post in posts {
        users[places[&post.0.user_id]].1.push(post);
    }
    Tree(users)
}

/// `(?,?),(?,?)…`
pub fn values(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row; rows].join(",")
}

pub const JOIN: &str = "SELECT u.id, u.name, u.hair_color, p.id, p.user_id, p.title, p.body FROM users u LEFT JOIN posts p ON p.user_id = u.id WHERE u.id <= ";
