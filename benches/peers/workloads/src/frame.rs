//! The frame around the peers of this process: what is prepared before a workload, and what is looked at after it, is the same for all.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::rows::Seen;
use crate::work::{Digest, NewUser, Peer, UPDATED, Work, new_users, permuted};

/// The workloads, as a peer does them.
pub trait Workloads {
    type Users: Seen;
    type Pairs: Seen;
    type Tree: Seen;

    fn name(&self) -> &'static str;

    /// Whether it has this workload.
    fn does(&self, work: Work) -> bool {
        work != Work::Hit
    }

    fn execute(&mut self, sql: &str);

    /// A number from the database.
    fn number(&mut self, sql: &str) -> i64;

    fn load(&mut self, most: i32) -> Self::Users;

    /// The 10,000 users, with their post where there is one.
    fn join(&mut self) -> Self::Pairs;

    /// The 100 users with their posts with their comments.
    fn associations(&mut self) -> Self::Tree;

    /// A user for each key, one after the other.
    fn get(&mut self, keys: &[i32], see: &mut dyn FnMut(&dyn Seen));

    /// Loads the first users and holds them, for [`update`](Workloads::update) or [`hit`](Workloads::hit). Not measured.
    fn keep(&mut self, most: i32);

    /// Lets go of everything that was loaded. Not measured.
    fn forget(&mut self);

    /// A user for each key, when they are held.
    fn hit(&mut self, _keys: &[i32]) {}

    /// The users that are held get new names; how many they are.
    fn update(&mut self, mark: u32) -> usize;

    fn insert(&mut self, rows: &[NewUser]);

    /// In one transaction; how many keys came back.
    fn insert_keys(&mut self, rows: &[NewUser]) -> usize;

    /// How many keys of users came back.
    fn unit_of_work(&mut self, rows: &[NewUser]) -> usize;
}

/// The number in the names of the next update: another one each time, for all peers, so that each update changes something.
static MARKS: AtomicU32 = AtomicU32::new(1);

pub struct Framed<W> {
    workloads: W,
    rows: Vec<NewUser>,
    keys: Vec<i32>,
    /// How many users are held.
    kept: i32,
    mark: u32,
}

impl<W: Workloads + 'static> Framed<W> {
    pub fn boxed(workloads: W) -> Box<dyn Peer> {
        Box::new(Framed { workloads, rows: Vec::new(), keys: permuted(), kept: 0, mark: 0 })
    }
}

/// Keeps the optimiser from leaving it out, and looks at it if asked.
fn look<T: Seen>(read: T, digest: Option<&mut Digest>) {
    let read = black_box(read);
    if let Some(digest) = digest {
        read.see(digest);
    }
}

impl<W: Workloads> Peer for Framed<W> {
    fn name(&self) -> &'static str {
        self.workloads.name()
    }

    fn does(&self, work: Work) -> bool {
        self.workloads.does(work)
    }

    /// With nothing held: a session that holds objects may hold the only connection too.
    fn execute(&mut self, sql: &str) {
        self.rest();
        self.workloads.execute(sql);
    }

    fn number(&mut self, sql: &str) -> i64 {
        self.rest();
        self.workloads.number(sql)
    }

    fn prepare(&mut self, work: Work) {
        let wanted = match work {
            Work::Update => UPDATED,
            Work::Hit => 10_000,
            _ => 0,
        };
        if wanted == 0 || wanted != self.kept {
            self.rest();
        }
        if wanted != self.kept {
            self.workloads.keep(wanted);
            self.kept = wanted;
        }
        self.mark = MARKS.fetch_add(1, Ordering::Relaxed);
        let rows = match work {
            Work::Insert(count) | Work::InsertKeys(count) => count,
            Work::UnitOfWork => 10_000,
            _ => 0,
        };
        if self.rows.len() != rows {
            self.rows = new_users(rows);
        }
    }

    fn run(&mut self, work: Work, mut digest: Option<&mut Digest>) {
        let Framed { workloads, rows, keys, mark, .. } = self;
        match work {
            Work::Load(most) => look(workloads.load(most), digest),
            Work::Join => look(workloads.join(), digest),
            Work::Associations => look(workloads.associations(), digest),
            Work::Get => workloads.get(keys, &mut |user| {
                if let Some(digest) = &mut digest {
                    user.see(digest);
                }
            }),
            Work::Hit => workloads.hit(keys),
            Work::Update => assert_eq!(workloads.update(*mark), UPDATED as usize),
            Work::Insert(_) => (0..work.calls()).for_each(|_| workloads.insert(rows)),
            Work::InsertKeys(count) => {
                (0..work.calls()).for_each(|_| assert_eq!(workloads.insert_keys(rows), count));
            }
            Work::UnitOfWork => assert_eq!(workloads.unit_of_work(rows), rows.len()),
        }
    }

    fn rest(&mut self) {
        self.workloads.forget();
        self.kept = 0;
    }
}
