//! A query for the objects of one mapper, and the objects that come along with it by joins.

use std::rc::Rc;

use rebis_core::rows::RowView;
use rebis_core::schema::Table;
use rebis_core::sql::{Expr, Expression, Ordering, Select, Source, Untyped, all};
use rebis_core::{Connection, Result, Value};

use super::{Populate, Reading, after, columns, follows, own_columns};
use crate::mapper::{Direction, Mapper, Object, Relation, Secondary};
use crate::model::{LoadOptions, Loading, RelationKind};
use crate::unit::{LinkSet, Marks, NumberSet, Unit};

/// Joins inside each other end here, however the models lead to each other.
const MOST_JOINS_DEEP: usize = 16;

/// A query for all columns of one mapper.
pub(crate) struct Fetch {
    pub(crate) mapper: &'static Mapper,
    /// It selects the mapper's columns, and nothing else.
    pub(crate) select: Select<Untyped>,
    /// Whether it has a LIMIT, an OFFSET or a DISTINCT, which are to count its own objects.
    pub(crate) paged: bool,
    /// Whether its order ends with the key.
    pub(crate) keyed: bool,
    /// Whether it reads the row of one object, of which no condition is asked.
    pub(crate) by_key: bool,
    /// What is selected behind the mapper's columns, for the caller.
    pub(crate) extra: Vec<Expr<Value>>,
    pub(crate) options: Rc<LoadOptions>,
}

impl Fetch {
    pub(crate) fn new(mapper: &'static Mapper, select: Select<Untyped>, options: Rc<LoadOptions>) -> Self {
        Fetch { mapper, select, paged: false, keyed: false, by_key: false, extra: Vec::new(), options }
    }

    /// All objects, with what comes along with them and after them.
    pub(crate) fn all(
        self,
        unit: &Unit,
        conn: &mut Connection,
        populate: Populate,
    ) -> Result<Vec<Rc<Object>>> {
        self.each(&Reading::new(unit, populate), conn, &mut |_, _| Ok(()))
    }

    /// The same; each row is shown, with its object.
    pub(crate) fn each(
        self,
        reading: &Reading<'_>,
        conn: &mut Connection,
        each: &mut dyn FnMut(&RowView<'_>, &Rc<Object>) -> Result<()>,
    ) -> Result<Vec<Rc<Object>>> {
        let (select, mut assembly) = self.plan()?;
        let mut found = Vec::new();
        conn.execute(select)?.each(|view| {
            if let Some((object, first_time)) = assembly.row(reading, view)? {
                each(view, &object)?;
                if first_time {
                    found.push(object);
                }
            }
            Ok(())
        })?;
        assembly.finish(reading)?;
        assembly.after(reading, conn, &found)?;
        Ok(found)
    }

    /// The statement, and how its rows become objects.
    pub(crate) fn plan(self) -> Result<(Select<Untyped>, Assembly)> {
        let Fetch { mapper, mut select, paged, keyed, by_key, extra, options } = self;
        let own = mapper.width();
        let columns = own_columns(mapper, &options);
        let mut plan = Plan { joins: Vec::new(), columns, from: Vec::new(), number: 0 };
        plan.columns.extend(extra);
        if !by_key {
            select = options.criteria().apply(select, &[]);
        }
        plan.contained(mapper, &options, None)?;
        if plan.columns.len() > own {
            select = select.add_columns(plan.columns[own..].to_vec());
        }
        let contained = plan.joins.len();
        let joined = plan.joined(mapper, &options)?;
        let mut collections = false;
        for (_, options, number, relation) in &joined {
            collections |= is_collection(relation)
                || reaches_collection(
                    relation.target,
                    options.behind(*number),
                    vec![mapper, relation.target],
                )?;
        }
        let wrapped = paged && collections;
        if wrapped {
            let (alias, outside, order) = select.wrapped("page");
            select = rebis_core::sql::select(outside.clone()).from(&alias);
            select = order.into_iter().fold(select, Select::order_by);
            plan.columns = outside;
        }
        let mut order: Vec<Ordering> = Vec::new();
        let before = plan.columns.len();
        for joined in joined {
            plan.join(joined, &mut order, &mut vec![mapper])?;
        }
        if plan.columns.len() > before {
            select = select.add_columns(plan.columns[before..].to_vec());
        }
        select = plan.from.drain(..).fold(select, |select, joining| joining.add_to(select));
        if collections {
            // The order of a collection counts inside of its owner only.
            if wrapped || !keyed {
                let keys = mapper.key().iter().map(|key| plan.columns[*key].clone());
                select = keys.fold(select, Select::order_by);
            }
            select = order.into_iter().fold(select, Select::order_by);
        }
        let unique = collections || plan.joins[..contained].iter().any(|join| is_collection(join.relation));
        Ok((select, Assembly::new(mapper, options, plan.joins, unique)?))
    }
}

fn is_collection(relation: &Relation) -> bool {
    relation.definition.kind == RelationKind::Many
}

/// A relation whose rows come along.
pub(crate) struct Along {
    /// Which of the others it hangs on; `None` for the query's own objects.
    parent: Option<usize>,
    number: usize,
    relation: &'static Relation,
    /// Where its columns begin.
    first: usize,
    options: Rc<LoadOptions>,
    presence: Presence,
}

/// Whether a row of a join is there.
#[derive(Debug, Clone, Copy)]
enum Presence {
    /// Always: it was joined by an inner join.
    Sure,
    /// Unless the outer join with this number leaves it out.
    Behind(usize),
    /// As the program's own join says.
    Unknown,
}

/// A join to be added to the query.
struct Joining {
    source: Source,
    on: Expr<bool>,
    outer: bool,
    /// Inner joins inside of an outer one.
    inside: Vec<(Source, Expr<bool>)>,
}

impl Joining {
    fn add_to(self, select: Select<Untyped>) -> Select<Untyped> {
        match self {
            Joining { source, on, outer: false, .. } => select.join(source, on),
            Joining { source, on, inside, .. } if inside.is_empty() => select.outer_join(source, on),
            Joining { source, on, inside, .. } => select.outer_join_with(source, inside, on),
        }
    }
}

/// What is selected, and what it is for.
struct Plan {
    joins: Vec<Along>,
    columns: Vec<Expr<Value>>,
    from: Vec<Joining>,
    /// How many aliases there are.
    number: usize,
}

/// A relation to be joined: what it hangs on, what is said there, its number.
type Joined = (Option<usize>, Rc<LoadOptions>, usize, &'static Relation);

impl Plan {
    /// The columns of joins that the program has made.
    fn contained(
        &mut self,
        mapper: &'static Mapper,
        options: &LoadOptions,
        parent: Option<usize>,
    ) -> Result<()> {
        for (number, relation) in mapper.relations()?.iter().enumerate() {
            if options.loading(number) != Some(Loading::ContainsEager) {
                continue;
            }
            let source = options.source(number).cloned();
            let source = source.unwrap_or_else(|| Source::from(relation.target.table()));
            let inside = Rc::new(options.behind(number));
            let first = self.columns.len();
            self.columns.extend(columns(relation.target, &source, &inside));
            let presence = Presence::Unknown;
            self.joins.push(Along { parent, number, relation, first, options: Rc::clone(&inside), presence });
            self.contained(relation.target, &inside, Some(self.joins.len() - 1))?;
        }
        Ok(())
    }

    /// The relations to be joined to what is there already.
    fn joined(&self, mapper: &'static Mapper, options: &Rc<LoadOptions>) -> Result<Vec<Joined>> {
        let mut found = Vec::new();
        let root = (None, mapper, options);
        let others = self.joins.iter().enumerate();
        let others = others.map(|(at, join)| (Some(at), join.relation.target, &join.options));
        for (parent, mapper, options) in std::iter::once(root).chain(others) {
            for (number, relation) in mapper.relations()?.iter().enumerate() {
                if joins(options, number, relation, &[mapper]) {
                    found.push((parent, Rc::clone(options), number, relation));
                }
            }
        }
        Ok(found)
    }

    /// Joins the rows of a relation, and of those behind it.
    fn join(
        &mut self,
        (parent, options, number, relation): Joined,
        order: &mut Vec<Ordering>,
        path: &mut Vec<&'static Mapper>,
    ) -> Result<()> {
        let target = relation.target;
        let inside = Rc::new(options.behind(number));
        let from = parent.map_or(0, |parent| self.joins[parent].first);
        let mut presence = parent.map_or(Presence::Sure, |parent| self.joins[parent].presence);
        if matches!(presence, Presence::Unknown) || !options.is_inner(number) {
            presence = Presence::Unknown;
        }
        self.number += 1;
        let alias = target.table().alias(format!("{}_{}", target.table().name(), self.number));
        let column = |far: usize| alias.c(target.mapped()[far].name.to_string());
        match &relation.secondary {
            None => {
                let pairs = relation.pairs.iter();
                let on = pairs.map(|(near, far)| column(*far).eq(self.columns[from + near].clone()));
                let on = on.collect();
                presence = self.bring(Source::from(&alias), target.table(), on, presence, &inside);
            }
            Some(Secondary { table, near, far }) => {
                let between = table.alias(format!("{}_{}", table.name(), self.number));
                let on = near
                    .iter()
                    .map(|(near, name)| between.c(name.clone()).eq(self.columns[from + near].clone()));
                let (on, source) = (on.collect(), Source::from(&between));
                let first = self.bring(source, table, on, presence, &inside);
                let on = far.iter().map(|(far, name)| column(*far).eq(between.c(name.clone())));
                let on = on.collect();
                // A row between that leads nowhere is passed by.
                presence = if matches!(presence, Presence::Unknown) { presence } else { first };
                presence = self.bring(Source::from(&alias), target.table(), on, presence, &inside);
            }
        }
        if is_collection(relation) {
            for (name, descending) in &relation.definition.order_by {
                let key = alias.c(name.to_string());
                order.push(if *descending { key.desc() } else { key.asc() });
            }
            order.extend(target.key().iter().map(|key| column(*key).asc()));
        }
        let first = self.columns.len();
        self.columns.extend(columns(target, &Source::from(&alias), &inside));
        self.joins.push(Along { parent, number, relation, first, options: Rc::clone(&inside), presence });
        let this = self.joins.len() - 1;
        path.push(target);
        for (number, relation) in target.relations()?.iter().enumerate() {
            if joins(&inside, number, relation, path) {
                let next = (Some(this), Rc::clone(&inside), number, relation);
                self.join(next, order, path)?;
            }
        }
        path.pop();
        Ok(())
    }

    /// Adds a join of a table, with the criteria for it: inner where a row is sure to be there, inside of the outer join that it hangs
    /// on, else outer.
    fn bring(
        &mut self,
        source: Source,
        table: &Table,
        mut on: Vec<Expr<bool>>,
        presence: Presence,
        options: &LoadOptions,
    ) -> Presence {
        on.extend(options.criteria().of(table, &source));
        let on = all(on);
        if let Presence::Behind(number) = presence {
            self.from[number].inside.push((source, on));
            return presence;
        }
        let outer = matches!(presence, Presence::Unknown);
        self.from.push(Joining { source, on, outer, inside: Vec::new() });
        if outer { Presence::Behind(self.from.len() - 1) } else { Presence::Sure }
    }
}

/// Whether a collection is joined behind a relation to one.
fn reaches_collection(
    mapper: &'static Mapper,
    options: LoadOptions,
    path: Vec<&'static Mapper>,
) -> Result<bool> {
    let mut next = vec![(mapper, options, path)];
    while let Some((mapper, options, path)) = next.pop() {
        for (number, relation) in mapper.relations()?.iter().enumerate() {
            if !joins(&options, number, relation, &path) {
                continue;
            }
            if is_collection(relation) {
                return Ok(true);
            }
            let mut path = path.clone();
            path.push(relation.target);
            next.push((relation.target, options.behind(number), path));
        }
    }
    Ok(false)
}

/// Whether a relation is joined: by what the query says, or by the model's default, which ends where a model comes again.
fn joins(options: &LoadOptions, number: usize, relation: &Relation, path: &[&'static Mapper]) -> bool {
    if options.strategy(number, relation.definition.loading) != Loading::Joined {
        return false;
    }
    match options.loading(number) {
        Some(_) => path.len() <= MOST_JOINS_DEEP,
        None => !path.contains(&relation.target),
    }
}

/// Rows → objects and their relations.
pub(crate) struct Assembly {
    mapper: &'static Mapper,
    options: Rc<LoadOptions>,
    along: Vec<Along>,
    /// For each relation that comes along.
    levels: Vec<Level>,
    /// Whether an object can come in several rows.
    unique: bool,
    seen: Marks,
    /// The objects of the last row, where some come along: the query's own, then those. Rows of one owner mostly follow each other.
    last: Vec<Option<Rc<Object>>>,
}

impl Assembly {
    fn new(
        mapper: &'static Mapper,
        options: Rc<LoadOptions>,
        along: Vec<Along>,
        unique: bool,
    ) -> Result<Self> {
        let level = |along: &Along| -> Result<Level> {
            Ok(Level { follows: follows(along.relation.target, &along.options)?, ..Level::default() })
        };
        let levels = along.iter().map(level).collect::<Result<_>>()?;
        let last = if along.is_empty() { Vec::new() } else { vec![None; along.len() + 1] };
        Ok(Assembly { mapper, options, along, levels, unique, seen: Marks::default(), last })
    }

    /// The object of a row, and whether it comes for the first time.
    pub(crate) fn row(
        &mut self,
        reading: &Reading<'_>,
        row: &RowView<'_>,
    ) -> Result<Option<(Rc<Object>, bool)>> {
        let Assembly { mapper, options, last, .. } = self;
        let before = last.first().and_then(Option::as_ref);
        let Some(root) = reading.hydrate(mapper, row, 0, options, before)? else { return Ok(None) };
        if !self.along.is_empty() {
            self.along(reading, row, &root)?;
        }
        let first_time = !self.unique || std::mem::replace(self.seen.at(root.head.id, reading.since), 1) == 0;
        Ok(Some((root, first_time)))
    }

    /// The objects that come along with one of the query's own.
    fn along(&mut self, reading: &Reading<'_>, row: &RowView<'_>, root: &Rc<Object>) -> Result<()> {
        let there = &mut self.last;
        there[0] = Some(Rc::clone(root));
        for (at, (along, level)) in self.along.iter().zip(&mut self.levels).enumerate() {
            let owner = there[along.parent.map_or(0, |parent| parent + 1)].as_ref().map(Rc::clone);
            let known = there[at + 1].take();
            let Some(owner) = owner else { continue };
            let mapper = along.relation.target;
            let child = reading.hydrate(mapper, row, along.first, &along.options, known.as_ref())?;
            level.link(&owner, child.as_ref(), reading.since);
            there[at + 1] = child;
        }
        Ok(())
    }

    /// Puts what came along into the relations of its owners, unless they are loaded already.
    pub(crate) fn finish(&mut self, reading: &Reading<'_>) -> Result<()> {
        // The program may do anything with them before the next row.
        self.last.fill(None);
        for (along, level) in self.along.iter().zip(&mut self.levels) {
            for (owner, mut ids) in level.links.drain(..) {
                if along.relation.direction == Direction::ManyToOne {
                    ids.truncate(1);
                }
                reading.unit.set_loaded(&owner, along.number, ids)?;
            }
            level.places.clear();
            level.known.clear();
        }
        Ok(())
    }

    /// Whether rows can be turned into whole objects one by one: no collection comes along, and nothing is loaded afterwards.
    pub(crate) fn is_streamable(&self) -> bool {
        let levels = std::iter::once(&self.options).chain(self.along.iter().map(|along| &along.options));
        !self.unique && !levels.into_iter().any(|options| options.loads_after())
    }

    /// Forgets the objects that came along; they are in the relations.
    pub(crate) fn forget(&mut self) {
        self.levels.iter_mut().for_each(|level| level.objects.clear());
    }

    /// Loads what is to come right after these objects, and after those that came along with them.
    fn after(self, reading: &Reading<'_>, conn: &mut Connection, found: &[Rc<Object>]) -> Result<()> {
        after(reading, conn, found, &self.options)?;
        for (along, mut level) in self.along.into_iter().zip(self.levels) {
            let mut seen = NumberSet::default();
            level.objects.retain(|object| seen.insert(object.head.id));
            after(reading, conn, &level.objects, &along.options)?;
        }
        Ok(())
    }
}

/// So many objects of an owner are looked through; more are hashed.
const MOST_LOOKED_THROUGH: usize = 32;

/// What came along by one relation.
#[derive(Default)]
struct Level {
    /// The owners in their order, and the objects of each.
    links: Vec<(Rc<Object>, Vec<u64>)>,
    /// Behind which of them each owner stands.
    places: Marks,
    /// The objects of owners that have many.
    known: LinkSet,
    /// Whether something is loaded after them.
    follows: bool,
    /// Then the objects themselves.
    objects: Vec<Rc<Object>>,
}

impl Level {
    /// Links an object to its owner, once; or notes that the owner has none.
    fn link(&mut self, owner: &Rc<Object>, child: Option<&Rc<Object>>, since: u64) {
        let place = self.places.at(owner.head.id, since);
        if *place == 0 {
            self.links.push((Rc::clone(owner), Vec::new()));
            *place = u32::try_from(self.links.len()).unwrap_or(u32::MAX);
        }
        let (_, ids) = &mut self.links[*place as usize - 1];
        let Some(child) = child else { return };
        let id = child.head.id;
        let is_new = if ids.len() < MOST_LOOKED_THROUGH {
            !ids.contains(&id)
        } else {
            if ids.len() == MOST_LOOKED_THROUGH {
                self.known.extend(ids.iter().map(|id| (owner.head.id, *id)));
            }
            self.known.insert((owner.head.id, id))
        };
        if is_new {
            ids.push(id);
            if self.follows {
                self.objects.push(Rc::clone(child));
            }
        }
    }
}
