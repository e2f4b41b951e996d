//! A relation of one object, when it is first looked at.

use std::rc::Rc;

use rebis_core::sql::{Expr, Expression, Select, Source, Untyped, all};
use rebis_core::{Connection, Result, Value};

use super::{Populate, load, load_by_key, select_all};
use crate::mapper::{Direction, Object, Relation, Secondary};
use crate::unit::{Unit, conflict};

/// Loads the objects of a relation, unless they are there already.
pub(crate) fn load_related(
    unit: &Unit,
    conn: &mut Connection,
    object: &Rc<Object>,
    number: usize,
) -> Result<()> {
    if unit.linked(object, number)?.is_some() {
        return Ok(());
    }
    let relation = &object.head.mapper.relations()?[number];
    let found = match relation.direction {
        Direction::ManyToOne => target(unit, conn, object, relation)?.into_iter().collect(),
        Direction::OneToMany | Direction::ManyToMany => {
            load(unit, conn, relation.target, query(object, relation)?, Populate::Expired)?
        }
    };
    unit.set_loaded(object, number, found.iter().map(|found| found.head.id).collect())
}

/// The one object that the foreign key names: from the identity map where it is there.
fn target(
    unit: &Unit,
    conn: &mut Connection,
    object: &Rc<Object>,
    relation: &'static Relation,
) -> Result<Option<Rc<Object>>> {
    let values = near(object, relation.pairs.iter().map(|(near, _)| *near))?;
    if values.contains(&Value::Null) {
        return Ok(None);
    }
    let Some(key) = unit.referred_key(object, relation)? else {
        let found = load(unit, conn, relation.target, query(object, relation)?, Populate::Expired)?;
        return Ok(found.into_iter().next());
    };
    if let Some(found) = unit.find(relation.target, &key) {
        return Ok(Some(found));
    }
    // In the order of the key's columns, which may be another one than the foreign key's.
    let ordered = relation.target.key().iter().filter_map(|key| {
        let position = relation.pairs.iter().position(|(_, far)| far == key)?;
        values.get(position).cloned()
    });
    load_by_key(unit, conn, relation.target, ordered.collect(), Populate::Expired)
}

fn near(object: &Object, columns: impl Iterator<Item = usize>) -> Result<Vec<Value>> {
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    Ok(columns.map(|column| record.read(column)).collect())
}

/// The related objects of one, as a query.
fn query(object: &Object, relation: &'static Relation) -> Result<Select<Untyped>> {
    let target = relation.target;
    let column = |far: usize| target.table().c(target.mapped()[far].name.to_string());
    let query = match &relation.secondary {
        None => {
            let values = near(object, relation.pairs.iter().map(|(near, _)| *near))?;
            let equal = relation.pairs.iter().zip(values).map(|((_, far), value)| column(*far).eq(value));
            select_all(target).filter(all(equal))
        }
        Some(Secondary { table, near: near_side, far }) => {
            let values = near(object, near_side.iter().map(|(near, _)| *near))?;
            let joined = far.iter().map(|(far, name)| table.c(name.clone()).eq(column(*far)));
            let equal =
                near_side.iter().zip(values).map(|((_, name), value)| table.c(name.clone()).eq(value));
            select_all(target).join(Source::from(table), all(joined)).filter(all(equal))
        }
    };
    Ok(ordered(query, relation))
}

/// In the order that the relation asks for, else in that of the key: the same on every database.
pub(crate) fn ordered(mut query: Select<Untyped>, relation: &Relation) -> Select<Untyped> {
    let target = relation.target;
    let column = |name: &str| -> Expr<Value> { target.table().c(name.to_owned()) };
    for (name, descending) in &relation.definition.order_by {
        query = if *descending { query.order_by(column(name).desc()) } else { query.order_by(column(name)) };
    }
    for key in target.key() {
        query = query.order_by(column(&target.mapped()[*key].name));
    }
    query
}
