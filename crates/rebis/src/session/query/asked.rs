//! What a query asks for, whatever the type of its objects: a program gets one copy of this, and not one for each model.

use std::rc::Rc;

use rebis_core::sql::{
    Expr, Expression, LockWait, Ordering, Select, Source, Untyped, count_all, literal, select,
};
use rebis_core::{Error, ErrorKind, Result, Value};

use crate::load::{Fetch, Populate, select_all};
use crate::mapper::{Mapper, Object};
use crate::model::LoadOptions;
use crate::session::core::Core;

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) core: CoreRef,
    /// The mapper and the query; or what is wrong with the model.
    pub(super) select: Result<(&'static Mapper, Select<Untyped>)>,
    /// Whether it has a LIMIT, an OFFSET or a DISTINCT.
    paged: bool,
    /// Whether it says more than which rows: to ask something else of them it is a subquery.
    ordered: bool,
    pub(super) filters: Vec<Expr<bool>>,
    /// Whether the rows are locked: then nothing is joined to them, as PostgreSQL locks no rows that may be missing.
    locked: bool,
    /// Whether nothing but filters was said.
    pub(super) only_filters: bool,
    pub(super) populate: Populate,
    pub(super) options: LoadOptions,
}

pub(super) struct CoreRef(pub(super) Rc<Core>);

impl std::fmt::Debug for CoreRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Asked {
    pub(super) fn of(core: &Rc<Core>, mapper: Result<&'static Mapper>) -> Self {
        Asked {
            core: CoreRef(Rc::clone(core)),
            select: mapper.map(|mapper| (mapper, select_all(mapper))),
            paged: false,
            ordered: false,
            filters: Vec::new(),
            locked: false,
            only_filters: true,
            populate: Populate::Expired,
            options: LoadOptions::default(),
        }
    }

    /// Says more than a filter.
    fn with(mut self, change: impl FnOnce(Select<Untyped>) -> Select<Untyped>) -> Self {
        self.only_filters = false;
        self.select = self.select.map(|(mapper, select)| (mapper, change(select)));
        self
    }

    fn name(&self) -> &'static str {
        self.select.as_ref().map_or("object", |(mapper, _)| mapper.name())
    }

    pub(super) fn filter(mut self, condition: Expr<bool>) -> Self {
        self.filters.push(condition.clone());
        self.select = self.select.map(|(mapper, select)| (mapper, select.filter(condition)));
        self
    }

    pub(super) fn filter_by(mut self, name: &str, value: Value) -> Self {
        let found = match &self.select {
            Ok((mapper, _)) => mapper.position(name).map(|position| mapper.column(position)),
            Err(_) => return self,
        };
        match found {
            Ok(column) => self.filter(column.eq(value)),
            Err(error) => {
                self.select = Err(error);
                self
            }
        }
    }

    pub(super) fn join(self, source: Source, on: Expr<bool>, outer: bool) -> Self {
        self.with(|select| if outer { select.outer_join(source, on) } else { select.join(source, on) })
    }

    pub(super) fn order_by(mut self, key: Ordering) -> Self {
        self.ordered = true;
        self.with(|select| select.order_by(key))
    }

    pub(super) fn limit(mut self, count: u64) -> Self {
        self.paged = true;
        self.with(|select| select.limit(count))
    }

    pub(super) fn offset(mut self, count: u64) -> Self {
        self.paged = true;
        self.with(|select| select.offset(count))
    }

    pub(super) fn distinct(mut self) -> Self {
        self.paged = true;
        self.with(Select::distinct)
    }

    pub(super) fn for_update(mut self, wait: LockWait) -> Self {
        self.locked = true;
        self.with(|select| select.for_update(wait))
    }

    pub(super) fn fetch(self) -> Result<(Rc<Core>, Fetch, Populate)> {
        let (mapper, select) = self.select?;
        let options = if self.locked { self.options.without_joins() } else { self.options };
        let fetch = Fetch::new(mapper, select, Rc::new(options));
        Ok((self.core.0, Fetch { paged: self.paged, ..fetch }, self.populate))
    }

    #[track_caller]
    pub(super) fn all(self) -> Result<(Rc<Core>, Vec<Rc<Object>>)> {
        let (core, fetch, populate) = self.fetch()?;
        core.autoflush()?;
        core.unit.sweep_if_due();
        let found = core.fetch(fetch, populate)?;
        Ok((core, found))
    }

    #[track_caller]
    pub(super) fn one_or_none(self) -> Result<(Rc<Core>, Option<Rc<Object>>)> {
        let name = self.name();
        let (core, mut found) = self.all()?;
        if found.len() > 1 {
            let text = format!("one {name} was expected, and there are more");
            return Err(Error::new(ErrorKind::MultipleRows, text));
        }
        Ok((core, found.pop()))
    }

    #[track_caller]
    pub(super) fn one(self) -> Result<(Rc<Core>, Rc<Object>)> {
        let name = self.name();
        let (core, found) = self.one_or_none()?;
        let none = || Error::new(ErrorKind::NoRow, format!("one {name} was expected, and there is none"));
        Ok((core, found.ok_or_else(none)?))
    }

    #[track_caller]
    pub(super) fn count(self) -> Result<u64> {
        let (_, rows) = self.select?;
        let rows = self.options.criteria().apply(rows, &[]);
        let core = &self.core.0;
        core.autoflush()?;
        let statement = if self.paged || self.ordered || self.locked {
            select((count_all(),)).from(&rows.subquery("counted"))
        } else {
            rows.with_only_columns((count_all(),))
        };
        let count = core.on_connection(|conn| conn.scalar(statement))?;
        u64::try_from(count)
            .map_err(|_| Error::new(ErrorKind::Protocol, "the database counts less than no rows"))
    }

    #[track_caller]
    pub(super) fn exists(self) -> Result<bool> {
        let (mapper, rows) = self.select?;
        let rows = self.options.criteria().apply(rows, &[]);
        let core = &self.core.0;
        core.autoflush()?;
        if self.paged || self.ordered || self.locked {
            let found = select((literal(1_i64),)).from(&rows.subquery("found")).limit(1);
            return core.on_connection(|conn| Ok(conn.execute(found)?.first()?.is_some()));
        }
        let key = mapper.key().iter().take(1).map(|key| &mapper.mapped()[*key].name);
        let key: Vec<_> = key.map(|name| mapper.table().c(name.to_string())).collect();
        let statement = rows.with_only_columns(key).limit(1);
        core.on_connection(|conn| Ok(conn.execute(statement)?.first()?.is_some()))
    }
}
