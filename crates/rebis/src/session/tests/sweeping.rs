//! Nobody holds anything, and a sweep follows each step: what is not flushed, and what a rollback needs, stays all the same.

use std::collections::{BTreeMap, BTreeSet};

use rebis_core::sql::Expression;
use rebis_core::text;
use rebis_derive::Model;

use super::*;
use crate::{Instance, Many, One, SessionOptions};

/// Without ways back: only the owner knows of a change.
#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "boxes")]
struct Box_ {
    #[rebis(primary_key)]
    id: i64,
    #[rebis(length = 40, unique)]
    name: String,
    #[rebis(foreign_key = Thing::id)]
    best_id: Option<i64>,
    #[rebis(relationship(foreign_keys = "box_id", cascade = "all, delete-orphan"))]
    things: Many<Thing>,
    #[rebis(relationship(post_update, foreign_keys = "best_id"))]
    best: One<Thing>,
    #[rebis(relationship(secondary = BoxLabel))]
    labels: Many<Label>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "things")]
struct Thing {
    #[rebis(primary_key)]
    id: i64,
    name: String,
    #[rebis(foreign_key = Box_::id)]
    box_id: Option<i64>,
}

#[derive(Debug, Clone, Default, Model)]
#[rebis(crate = "crate", table = "box_labels_of")]
struct Label {
    #[rebis(primary_key)]
    id: i64,
    name: String,
}

#[derive(Debug, Clone, Model)]
#[rebis(crate = "crate", table = "box_labels")]
struct BoxLabel {
    #[rebis(primary_key, foreign_key = Box_::id)]
    box_id: i64,
    #[rebis(primary_key, foreign_key = Label::id)]
    label_id: i64,
}

/// The things of a box, its labels, and its best thing.
type Contents = (BTreeSet<String>, BTreeSet<String>, Option<String>);

/// What should be there, by names.
#[derive(Debug, Clone, Default, PartialEq)]
struct Expected {
    boxes: BTreeMap<String, Contents>,
}

struct World {
    session: Session,
    state: u64,
    count: usize,
    now: Expected,
    /// Whether something is not flushed: a query by name does not find it.
    fresh: BTreeSet<String>,
}

impl World {
    fn below(&mut self, most: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 11).unwrap() % most
    }

    fn name(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what} {}", self.count)
    }

    /// One that is in the database already.
    fn pick(&mut self) -> Option<(String, Instance<Box_>)> {
        let names: Vec<String> =
            self.now.boxes.keys().filter(|name| !self.fresh.contains(*name)).cloned().collect();
        let name = names.get(self.below(names.len().max(1)))?.clone();
        let found = self.session.query::<Box_>().filter(Box_::name.eq(name.as_str())).one().unwrap();
        Some((name, found))
    }

    fn flush(&mut self) {
        self.session.flush().unwrap();
        self.fresh.clear();
    }

    fn step(&mut self) -> Option<()> {
        match self.below(12) {
            0 if self.now.boxes.len() < 6 => {
                let (name, thing) = (self.name("box"), self.name("thing"));
                let inside = [Thing { name: thing.clone(), ..Thing::default() }];
                self.session
                    .add(Box_ { name: name.clone(), things: inside.into(), ..Box_::default() })
                    .unwrap();
                self.fresh.insert(name.clone());
                self.now.boxes.insert(name, ([thing].into(), BTreeSet::new(), None));
            }
            1 | 2 => {
                let (owner, found) = self.pick()?;
                let name = self.name("thing");
                found
                    .related(Box_::things)
                    .unwrap()
                    .push(Thing { name: name.clone(), ..Thing::default() })
                    .unwrap();
                self.now.boxes.get_mut(&owner)?.0.insert(name);
            }
            // Taken out, or given to another one.
            3 | 4 => {
                let (owner, found) = self.pick()?;
                let thing = found.related(Box_::things).unwrap().all().into_iter().next()?;
                let name = thing.get(Thing::name).unwrap();
                for (_, _, best) in self.now.boxes.values_mut() {
                    if best.as_ref() == Some(&name) {
                        return None;
                    }
                }
                found.related(Box_::things).unwrap().remove(&thing).unwrap();
                self.now.boxes.get_mut(&owner)?.0.remove(&name);
                if self.below(2) == 0 {
                    let (other, found) = self.pick()?;
                    if thing.state() == crate::State::Persistent {
                        found.related(Box_::things).unwrap().push(&thing).unwrap();
                        self.now.boxes.get_mut(&other)?.0.insert(name);
                    }
                }
            }
            5 | 6 => {
                let (owner, found) = self.pick()?;
                let name = self.name("label");
                found
                    .related(Box_::labels)
                    .unwrap()
                    .push(Label { name: name.clone(), ..Label::default() })
                    .unwrap();
                self.now.boxes.get_mut(&owner)?.1.insert(name);
            }
            // Passed on.
            7 => {
                let (owner, found) = self.pick()?;
                let label = found.related(Box_::labels).unwrap().all().into_iter().next()?;
                found.related(Box_::labels).unwrap().remove(&label).unwrap();
                let name = label.get(Label::name).unwrap();
                self.now.boxes.get_mut(&owner)?.1.remove(&name);
                let (other, found) = self.pick()?;
                found.related(Box_::labels).unwrap().push(&label).unwrap();
                self.now.boxes.get_mut(&other)?.1.insert(name);
            }
            8 => {
                let (owner, found) = self.pick()?;
                let best = found.related(Box_::things).unwrap().all().into_iter().last()?;
                found.set(Box_::best, &best).unwrap();
                self.now.boxes.get_mut(&owner)?.2 = Some(best.get(Thing::name).unwrap());
            }
            9 => {
                let (owner, found) = self.pick()?;
                self.session.delete(&found).unwrap();
                self.flush();
                self.now.boxes.remove(&owner);
            }
            10 => self.session.commit().unwrap(),
            _ => self.flush(),
        }
        Some(())
    }

    fn compare(&mut self) {
        self.flush();
        let ask = |sql: &'static str| -> BTreeSet<(String, String)> {
            self.session.execute(text(sql)).unwrap().all().unwrap().into_iter().collect()
        };
        let things = ask("select b.name, t.name from boxes b join things t on t.box_id = b.id");
        let labels = ask(
            "select b.name, l.name from boxes b join box_labels bl on bl.box_id = b.id join box_labels_of l on l.id = bl.label_id",
        );
        let best = ask("select b.name, t.name from boxes b join things t on t.id = b.best_id");
        let mut expected = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (name, (things, labels, best)) in &self.now.boxes {
            expected.0.extend(things.iter().map(|thing| (name.clone(), thing.clone())));
            expected.1.extend(labels.iter().map(|label| (name.clone(), label.clone())));
            expected.2.extend(best.iter().map(|best| (name.clone(), best.clone())));
        }
        assert_eq!((things, labels, best), expected);
        for (name, (things, labels, _)) in &self.now.boxes {
            let found = self.session.query::<Box_>().filter(Box_::name.eq(name.as_str())).one().unwrap();
            assert_eq!(found.related(Box_::things).unwrap().len(), things.len(), "things of {name}");
            assert_eq!(found.related(Box_::labels).unwrap().len(), labels.len(), "labels of {name}");
        }
    }
}

#[test]
fn nobody_holds_anything_and_nothing_is_lost() {
    for seed in 1..=12_u64 {
        let db = Database::with(create_all::<(Box_, Thing, Label, BoxLabel)>);
        let options =
            SessionOptions { autoflush: false, expire_on_commit: seed % 2 == 0, ..SessionOptions::default() };
        let session = Session::with_options(&db.engine, options);
        let (state, now, fresh) =
            (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, Expected::default(), BTreeSet::new());
        let mut world = World { session, state, count: 0, now, fresh };
        for step in 0..150 {
            let before = (step % 10 == 3).then(|| {
                world.flush();
                (world.session.begin_nested().unwrap(), world.now.clone())
            });
            for _ in 0..3 {
                world.step();
                world.session.core.unit.sweep();
            }
            // A commit in between has ended it.
            if let Some((savepoint, now)) = before {
                if world.below(2) == 0 {
                    drop(savepoint.commit());
                } else if savepoint.rollback().is_ok() {
                    (world.now, world.fresh) = (now, BTreeSet::new());
                }
            }
            world.session.core.unit.sweep();
            if world.below(4) == 0 {
                world.compare();
            }
        }
        world.compare();
    }
}
