//! What a relation means: which columns join both sides, found out from the foreign keys.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rebis_core::schema::{ForeignKey, Table};
use rebis_core::{Error, ErrorKind, Result};

use super::{Mapper, PassiveDeletes, RelationDef, Target};
use crate::model::RelationKind;

/// A relation whose meaning is known.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) definition: RelationDef,
    pub(crate) direction: Direction,
    pub(crate) target: &'static Mapper,
    /// Columns of this side and of the other one that are equal; empty for many to many.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// The same, the other side's first.
    pub(crate) reversed: Vec<(usize, usize)>,
    pub(crate) secondary: Option<Secondary>,
    /// The relation of the target that leads back.
    pub(crate) back: Option<usize>,
}

impl Relation {
    /// The columns of its own objects by which it leads to the others.
    pub(crate) fn near_columns(&self) -> Vec<usize> {
        match &self.secondary {
            None => self.pairs.iter().map(|(near, _)| *near).collect(),
            Some(secondary) => secondary.near.iter().map(|(near, _)| *near).collect(),
        }
    }

    /// Whether the foreign key is written by an UPDATE of its own: either side may say it.
    pub(crate) fn is_post_update(&self) -> bool {
        let back = self.back.and_then(|back| self.target.definitions().get(back));
        self.definition.post_update || back.is_some_and(|back| back.post_update)
    }

    /// The columns of the foreign key, and those that it names: a child's and a parent's.
    pub(crate) fn key_columns(&self) -> &[(usize, usize)] {
        match self.direction {
            Direction::OneToMany => &self.reversed,
            _ => &self.pairs,
        }
    }
}

/// The table between both sides of many to many.
#[derive(Debug)]
pub(crate) struct Secondary {
    pub(crate) table: Table,
    /// Columns of this side, and those of the table that have their values.
    pub(crate) near: Vec<(usize, String)>,
    /// Columns of the other side, and those of the table that have their values.
    pub(crate) far: Vec<(usize, String)>,
}

/// Which side has the foreign key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// This one.
    ManyToOne,
    /// The other one.
    OneToMany,
    /// A table between both.
    ManyToMany,
}

/// The relations of a mapper, all or none; the error has the faults of every mapper that can be reached from it.
pub(super) fn resolve(mapper: &'static Mapper) -> Result<Vec<Relation>> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::from([mapper.number()]);
    let relations = of_mapper(mapper, &mut faults);
    let mut next = targets(mapper);
    while let Some(other) = next.pop() {
        if seen.insert(other.number()) {
            of_mapper(other, &mut faults);
            next.extend(targets(other));
        }
    }
    if faults.is_empty() {
        return Ok(relations);
    }
    let text = format!("the models' relations make no sense:\n  {}", faults.join("\n  "));
    Err(Error::new(ErrorKind::Configuration, text))
}

/// Those that can be had: the fault of another one is told where it is named.
fn targets(mapper: &'static Mapper) -> Vec<&'static Mapper> {
    mapper.definitions().iter().filter_map(|definition| target(mapper, definition).ok()).collect()
}

fn target(mapper: &'static Mapper, definition: &RelationDef) -> Result<&'static Mapper> {
    match definition.target {
        Target::Of(of) => of(),
        Target::Mapper(mapper) => Ok(mapper),
        Target::Place(place) => place
            .get()
            .copied()
            .ok_or_else(|| Error::new(ErrorKind::Configuration, "its mapper was not made")),
        Target::Own => Ok(mapper),
    }
}

fn of_mapper(mapper: &'static Mapper, faults: &mut Vec<String>) -> Vec<Relation> {
    let mut relations = Vec::new();
    for definition in mapper.definitions() {
        match of_definition(mapper, definition) {
            Ok(relation) => relations.push(relation),
            Err(fault) => faults.push(format!("{}::{} {fault}", mapper.name(), definition.name)),
        }
    }
    relations
}

fn of_definition(mapper: &'static Mapper, definition: &RelationDef) -> Result<Relation, String> {
    let target = target(mapper, definition).map_err(|error| format!("leads nowhere: {error}"))?;
    let (direction, pairs, secondary) = match &definition.secondary {
        Some(_) if !definition.join.is_empty() => {
            return Err(
                "has a `join` and a `secondary` table; the table's foreign keys say how it is joined"
                    .to_owned(),
            );
        }
        Some(table) => (Direction::ManyToMany, Vec::new(), Some(between(mapper, target, table, definition)?)),
        None if !definition.join.is_empty() => {
            let (direction, pairs) = joined(mapper, target, definition)?;
            (direction, pairs, None)
        }
        None => {
            let (direction, pairs) = direct(mapper, target, definition)?;
            (direction, pairs, None)
        }
    };
    let back = definition
        .back_populates
        .as_deref()
        .map(|name| back(mapper, target, definition, name))
        .transpose()?;
    let owns_several = direction != Direction::OneToMany;
    if definition.cascade.delete_orphan && owns_several && !definition.single_parent {
        return Err("has delete-orphan, but an object there can have several owners; say single_parent, or put it on the \
                    side of the collection"
            .to_owned());
    }
    let writes = definition.cascade.delete || definition.cascade.delete_orphan;
    if definition.view_only && writes {
        return Err("is view_only, and yet its cascade deletes".to_owned());
    }
    if definition.passive_deletes == PassiveDeletes::All && writes {
        return Err(
            "leaves all children to the database by passive_deletes, and yet its cascade deletes".to_owned()
        );
    }
    let reversed = pairs.iter().map(|(near, far)| (*far, *near)).collect();
    Ok(Relation { definition: definition.clone(), direction, target, pairs, reversed, secondary, back })
}

fn back(
    mapper: &'static Mapper,
    other_side: &'static Mapper,
    definition: &RelationDef,
    name: &str,
) -> Result<usize, String> {
    let side = other_side.name();
    let mut numbered = other_side.definitions().iter().enumerate();
    let Some((found, other)) = numbered.find(|(_, other)| other.name == name) else {
        return Err(format!("goes back by '{name}', which {side} does not have"));
    };
    if target(other_side, other).is_ok_and(|target| *target != *mapper) {
        return Err(format!("goes back by {side}::{name}, which leads elsewhere"));
    }
    match other.back_populates.as_deref() {
        Some(back) if back == definition.name => Ok(found),
        _ => Err(format!(
            "goes back by {side}::{name}, which must say back_populates = \"{}\"",
            definition.name
        )),
    }
}

type Pairs = Vec<(usize, usize)>;

/// By the columns that the definition names itself.
fn joined(mapper: &Mapper, target: &Mapper, definition: &RelationDef) -> Result<(Direction, Pairs), String> {
    let pairs = definition.join.iter().map(|(near, far)| Ok((place(mapper, near)?, place(target, far)?)));
    let keys = &definition.foreign_keys;
    let there = !keys.is_empty() && definition.join.iter().all(|(_, far)| keys.contains(far));
    let one = definition.kind == RelationKind::One && !there;
    let direction = if one { Direction::ManyToOne } else { Direction::OneToMany };
    Ok((direction, pairs.collect::<Result<_, String>>()?))
}

/// By a foreign key of one of both sides. Between a table and itself the kind decides: one is what the key names.
fn direct(
    mapper: &'static Mapper,
    target: &'static Mapper,
    definition: &RelationDef,
) -> Result<(Direction, Pairs), String> {
    let here = keys(mapper.table(), target.table(), &definition.foreign_keys);
    let there = keys(target.table(), mapper.table(), &definition.foreign_keys);
    let many = definition.kind == RelationKind::Many;
    let (direction, found) =
        if many || here.is_empty() { (Direction::OneToMany, there) } else { (Direction::ManyToOne, here) };
    let (owner, other) = if direction == Direction::ManyToOne { (mapper, target) } else { (target, mapper) };
    match found.as_slice() {
        [] => Err(format!(
            "finds no foreign key between '{}' and '{}'{}",
            owner.table().name(),
            other.table().name(),
            if many {
                "; many to many needs a `secondary` table, other columns a `join`"
            } else {
                "; other columns need a `join`"
            }
        )),
        [key] => {
            let mut pairs = Pairs::new();
            for (column, referred) in key.columns().iter().zip(key.referred()) {
                let (near, far) = (place(owner, column)?, place(other, referred)?);
                pairs.push(if direction == Direction::ManyToOne { (near, far) } else { (far, near) });
            }
            Ok((direction, pairs))
        }
        several => {
            let names: Vec<String> = several.iter().map(|key| key.columns().join(", ")).collect();
            Err(format!("finds several foreign keys ({}); name one by `foreign_keys`", names.join("; ")))
        }
    }
}

/// The foreign keys of a table that lead to another one; only that of these columns, when some are named.
fn keys<'t>(from: &'t Table, to: &Table, columns: &[Cow<'static, str>]) -> Vec<&'t ForeignKey> {
    let leads = |key: &&ForeignKey| key.leads(from, to);
    let named = |key: &&ForeignKey| {
        columns.is_empty()
            || (key.columns().len() == columns.len()
                && key.columns().iter().all(|name| columns.iter().any(|column| column == name)))
    };
    from.foreign_keys().iter().filter(leads).filter(named).collect()
}

fn place(mapper: &Mapper, column: &str) -> Result<usize, String> {
    match mapper.position(column) {
        Ok(place) if place >= mapper.width() => Err(format!(
            "needs the column '{column}' with each object, and {} has it deferred",
            mapper.name()
        )),
        Ok(place) => Ok(place),
        Err(_) => Err(format!("needs the column '{column}', which {} has no field for", mapper.name())),
    }
}

fn between(
    mapper: &Mapper,
    target: &Mapper,
    table: &Table,
    definition: &RelationDef,
) -> Result<Secondary, String> {
    let side = |of: &Mapper, which: usize, others: usize| -> Result<Vec<(usize, String)>, String> {
        let found = keys(table, of.table(), &[]);
        // Both sides may be one table: the first key is this side's, the second the other's, unless the columns say it.
        let key = match found.as_slice() {
            [] => None,
            [one] => Some(*one),
            several => {
                let named = |key: &&&ForeignKey| {
                    key.columns()
                        .iter()
                        .all(|name| definition.foreign_keys.iter().any(|column| column == name))
                };
                match several.iter().find(named) {
                    Some(near) if which == 0 => Some(*near),
                    Some(near) => several.iter().find(|key| key.columns() != near.columns()).copied(),
                    None if several.len() == others => several.get(which).copied(),
                    None => None,
                }
            }
        };
        let Some(key) = key else {
            return Err(format!(
                "finds no single foreign key from '{}' to '{}'",
                table.name(),
                of.table().name()
            ));
        };
        key.columns()
            .iter()
            .zip(key.referred())
            .map(|(column, referred)| Ok((place(of, referred)?, column.clone())))
            .collect()
    };
    let both = if mapper == target { 2 } else { 0 };
    Ok(Secondary { table: table.clone(), near: side(mapper, 0, both)?, far: side(target, 1, both)? })
}
