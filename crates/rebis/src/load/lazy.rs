//! A relation of one object, when it is first looked at.

use std::rc::Rc;

use rebis_core::sql::{Expr, Expression, Select, Source, Untyped, all};
use rebis_core::{Connection, Error, ErrorKind, Result, Value};

use super::{Fetch, Populate, select_all, strategy, values_in_database};
use crate::mapper::{Direction, Object, Relation, Secondary};
use crate::model::{Loading, RelationKind};
use crate::unit::{Unit, conflict};

/// Loads the objects of a relation, unless they are there already.
pub(crate) fn load_related(
    unit: &Unit,
    conn: &mut Connection,
    object: &Rc<Object>,
    number: usize,
) -> Result<()> {
    if unit.linked(object, number)?.is_some() || find_related(unit, object, number)? {
        return Ok(());
    }
    let relation = &object.head.mapper.relations()?[number];
    let values = joined_by(object, relation)?;
    if values.contains(&Value::Null) {
        // Nobody refers to it; as a condition it would find those whose foreign key is NULL.
        return unit.set_loaded(object, number, Vec::new());
    }
    let options = object.head.options().map(|options| options.behind(number));
    let fetch = Fetch::new(relation.target, query(relation, values), Rc::new(options.unwrap_or_default()));
    let keyed = relation.direction != Direction::ManyToOne;
    let mut found = Fetch { keyed, ..fetch }.all(unit, conn, Populate::Expired)?;
    if relation.definition.kind == RelationKind::One {
        found.truncate(1);
    }
    unit.set_loaded(object, number, found.iter().map(|found| found.head.id).collect())
}

/// Finds the object of a relation to one without asking the database: in memory, or nobody, because the foreign key is NULL.
pub(crate) fn find_related(unit: &Unit, object: &Rc<Object>, number: usize) -> Result<bool> {
    let relation = &object.head.mapper.relations()?[number];
    if relation.direction != Direction::ManyToOne {
        return Ok(false);
    }
    let values = near(object, relation.pairs.iter().map(|(near, _)| *near))?;
    let found = if values.contains(&Value::Null) {
        None
    } else {
        let key = unit.referred_key(object, relation)?;
        // Whether a condition is true of an object in memory, only the database knows.
        let restricted = object
            .head
            .options()
            .is_some_and(|options| options.behind(number).criteria().restrict(relation.target.table()));
        match key.filter(|_| !restricted).and_then(|key| unit.find(relation.target, &key)) {
            None => return Ok(false),
            found => found,
        }
    };
    unit.set_loaded(object, number, found.iter().map(|found| found.head.id).collect())?;
    Ok(true)
}

/// What the query that loaded an object has said of a lazy load.
///
/// # Errors
/// [`ErrorKind::InvalidState`] when it has forbidden it.
pub(crate) fn check_lazy(object: &Object, number: usize, needs_sql: bool) -> Result<()> {
    let mapper = object.head.mapper;
    let relation = &mapper.relations()?[number];
    let loading = match object.head.options() {
        Some(options) => strategy(&options, number, relation),
        None => relation.definition.loading,
    };
    let refused = loading == Loading::Raise || (loading == Loading::RaiseOnSql && needs_sql);
    if !refused {
        return Ok(());
    }
    let (name, relation) = (mapper.name(), &relation.definition.name);
    let text = format!(
        "{name}::{relation} is not loaded, and raiseload forbids to load it now; load it with the query, by \
         `.option(selectinload({name}::{relation}))`"
    );
    Err(Error::new(ErrorKind::InvalidState, text))
}

/// The values of these columns.
pub(super) fn near(object: &Object, columns: impl Iterator<Item = usize>) -> Result<Vec<Value>> {
    let Some(record) = object.data.get() else { return Err(conflict(&object.head)) };
    Ok(columns.map(|column| record.read(column)).collect())
}

/// The values that the related rows have. A foreign key of the object's own says where it is to lead; what leads here is found by what
/// the database has, so by the values of the last flush where they have changed since.
fn joined_by(object: &Object, relation: &Relation) -> Result<Vec<Value>> {
    let columns = relation.near_columns();
    match relation.direction {
        Direction::ManyToOne => near(object, columns.into_iter()),
        _ => values_in_database(object, &columns),
    }
}

/// The objects that are related by these values, as a query.
fn query(relation: &'static Relation, values: Vec<Value>) -> Select<Untyped> {
    let target = relation.target;
    let column = |far: usize| target.column(far);
    let query = match &relation.secondary {
        None => {
            let equal = relation.pairs.iter().zip(values).map(|((_, far), value)| column(*far).eq(value));
            select_all(target).filter(all(equal))
        }
        Some(Secondary { table, near, far }) => {
            let joined = far.iter().map(|(far, name)| table.c(name.clone()).eq(column(*far)));
            let equal = near.iter().zip(values).map(|((_, name), value)| table.c(name.clone()).eq(value));
            select_all(target).join(Source::from(table), all(joined)).filter(all(equal))
        }
    };
    // What a foreign key names is one row.
    let one = relation.direction == Direction::ManyToOne;
    if one { query } else { ordered(query, relation) }
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
