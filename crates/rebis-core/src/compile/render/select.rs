//! SELECT, clause by clause.

use std::sync::Arc;

use super::Renderer;
use super::scope::Scope;
use crate::dialect::Rollup;
use crate::error::{Error, ErrorKind, Result};
use crate::sql::{
    CteBody, CteNode, Grouping, Item, LockStrength, LockWait, Node, Ordering, SelectNode, SetOperator,
    WordsPlace,
};
use crate::url::Backend;

const PART_WITH_AN_END: &str =
    "combined query with a part that has an order, a limit, a CTE or parts of its own; make it a subquery";

impl Renderer<'_> {
    pub(super) fn select(&mut self, select: &SelectNode) -> Result<()> {
        let known = self.ctes.len();
        self.with(&select.with)?;
        self.whole(select)?;
        self.ctes.truncate(known);
        Ok(())
    }

    pub(super) fn with(&mut self, ctes: &[Arc<CteNode>]) -> Result<()> {
        if ctes.is_empty() {
            return Ok(());
        }
        let recursive = ctes.iter().any(|cte| cte.again.is_some());
        self.push(if recursive { "WITH RECURSIVE " } else { "WITH " });
        // Queries in WITH do not see what is around them, except for the CTEs before them.
        let around = std::mem::take(&mut self.scopes);
        self.list(ctes, |this, cte| this.cte(cte))?;
        self.scopes = around;
        self.push(" ");
        Ok(())
    }

    fn cte(&mut self, cte: &CteNode) -> Result<()> {
        let Some(columns) = cte.columns() else {
            let text = format!("an expression in the CTE '{}' has no name; give it one by `label`", cte.name);
            return Err(Error::new(ErrorKind::Statement, text));
        };
        self.identifier(&cte.name)?;
        if !columns.is_empty() {
            self.push(" (");
            self.list(&columns, |this, name| this.identifier(name))?;
            self.push(")");
        }
        self.push(match cte.materialized {
            Some(true) if self.dialect.writes.materialized => " AS MATERIALIZED (",
            Some(false) if self.dialect.writes.materialized => " AS NOT MATERIALIZED (",
            _ => " AS (",
        });
        match (&cte.first, &cte.again) {
            (CteBody::Select(first), Some((operator, again))) => {
                self.part(first)?;
                self.operator(*operator)?;
                self.ctes.push(Arc::clone(&cte.name));
                self.part(again)?;
            }
            (CteBody::Select(first), None) => self.select(first)?,
            (CteBody::Write(_), Some(_)) => {
                let text = format!("the CTE '{}' writes, so it cannot read itself", cte.name);
                return Err(Error::new(ErrorKind::Statement, text));
            }
            (CteBody::Write(_), None) if !self.dialect.writes.write_in_cte => {
                return self
                    .unsupported("statement in WITH that writes; run it first, in the same transaction");
            }
            (CteBody::Write(write), None) => self.statement(&write.0)?,
        }
        if cte.again.is_none() {
            self.ctes.push(Arc::clone(&cte.name));
        }
        self.push(")");
        Ok(())
    }

    /// One of several queries that are combined.
    fn part(&mut self, part: &SelectNode) -> Result<()> {
        if part.has_end() || !part.combined.is_empty() || !part.with.is_empty() {
            return self.unsupported(PART_WITH_AN_END);
        }
        self.core(part).map(drop)
    }

    fn operator(&mut self, operator: SetOperator) -> Result<()> {
        self.push(match operator {
            SetOperator::Union => " UNION ",
            SetOperator::UnionAll => " UNION ALL ",
            SetOperator::Intersect => " INTERSECT ",
            SetOperator::Except => " EXCEPT ",
            SetOperator::IntersectAll | SetOperator::ExceptAll if !self.dialect.select.combined_all => {
                return self.unsupported("INTERSECT ALL and EXCEPT ALL");
            }
            SetOperator::IntersectAll => " INTERSECT ALL ",
            SetOperator::ExceptAll => " EXCEPT ALL ",
        });
        Ok(())
    }

    /// Whether what was said before and behind the combination is what it would be taken for.
    fn check_combined(&self, select: &SelectNode) -> Result<()> {
        let Some(before) = &select.before else { return Ok(()) };
        if before.ended {
            return self.unsupported(PART_WITH_AN_END);
        }
        if before.parts != select.said_parts() {
            let text = "a condition, a join, a group or DISTINCT stands behind combined queries and would be of the first one alone; say \
                        it of each part, or make them a subquery";
            return Err(Error::new(ErrorKind::Statement, text));
        }
        let is_intersect =
            |operator: &SetOperator| matches!(operator, SetOperator::Intersect | SetOperator::IntersectAll);
        let mut operators = select.combined.iter().map(|(operator, _)| operator);
        // SQLite goes from the left, the others take INTERSECT first.
        if operators.by_ref().any(|operator| !is_intersect(operator)) && operators.any(is_intersect) {
            let text = "INTERSECT behind UNION or EXCEPT comes first on some databases; make what stands before it a subquery";
            return Err(Error::new(ErrorKind::Statement, text));
        }
        Ok(())
    }

    fn whole(&mut self, select: &SelectNode) -> Result<()> {
        self.check_combined(select)?;
        let scope = self.core(select)?;
        for (operator, other) in &select.combined {
            self.operator(*operator)?;
            self.part(other)?;
        }
        self.order_by(select, scope)?;
        self.limits(select)?;
        self.lock(select)?;
        self.words(select, WordsPlace::Suffix, " ", "");
        Ok(())
    }

    /// What the program says to this database alone.
    fn words(&mut self, select: &SelectNode, place: WordsPlace, before: &str, behind: &str) {
        for words in
            select.words.iter().filter(|words| words.place == place && self.dialect.is(words.backend))
        {
            self.sql.push_str(before);
            self.sql.push_str(words.words);
            self.sql.push_str(behind);
        }
    }

    /// Everything but what stands once behind combined queries. Returns what can be named: of the first part, in the order.
    fn core(&mut self, select: &SelectNode) -> Result<Scope> {
        let first = self.first_source(select)?;
        let scope = self.scope(select, first.as_ref())?;
        self.scopes.push(scope);
        let around = std::mem::replace(&mut self.keeps_numbers, is_grouped(select));
        self.push("SELECT ");
        self.words(select, WordsPlace::Hint, "/*+ ", " */ ");
        self.words(select, WordsPlace::Prefix, "", " ");
        self.push(if select.distinct { "DISTINCT " } else { "" });
        if !select.distinct_on.is_empty() {
            if !self.dialect.distinct_on {
                return self.unsupported("DISTINCT ON; number the rows by row_number() in a subquery");
            }
            self.push("DISTINCT ON (");
            self.list(&select.distinct_on, |this, node| this.expression(node))?;
            self.push(") ");
        }
        check_groupings(select)?;
        self.list(&select.items, Self::item)?;
        self.keeps_numbers = false;
        if let Some(first) = &first {
            self.push(" FROM ");
            self.source(first)?;
        }
        self.joins(select, usize::from(first.is_some()))?;
        self.conditions(" WHERE ", &select.filters)?;
        self.keeps_numbers = is_grouped(select);
        if !select.group_by.is_empty() {
            self.push(" GROUP BY ");
            self.group_by(&select.group_by)?;
        }
        self.conditions(" HAVING ", &select.having)?;
        self.keeps_numbers = around;
        Ok(self.scopes.pop().unwrap_or_default())
    }

    pub(super) fn item(&mut self, item: &Item) -> Result<()> {
        self.check_nullable(item)?;
        self.expression(&item.node)?;
        if let Some(label) = &item.label {
            self.push(" AS ");
            self.identifier(label)?;
        }
        Ok(())
    }

    fn group_by(&mut self, by: &[Arc<Node>]) -> Result<()> {
        if self.dialect.select.rollup == Rollup::Behind
            && let [one] = by
            && let Node::Grouping { kind: Grouping::Rollup, sets } = &**one
        {
            self.list(&sets.concat(), |this, node| this.expression(node))?;
            self.push(" WITH ROLLUP");
            return Ok(());
        }
        self.list(by, |this, node| this.expression(node))
    }

    pub(super) fn grouping(&mut self, kind: Grouping, sets: &[Vec<Arc<Node>>]) -> Result<()> {
        let words = self.dialect.select;
        let (name, there) = match kind {
            Grouping::Rollup => ("ROLLUP", words.rollup == Rollup::Function),
            Grouping::Cube => ("CUBE", words.grouping_sets),
            Grouping::Sets => ("GROUPING SETS", words.grouping_sets),
        };
        if !there {
            return self.unsupported(&format!("{name} here; combine several queries by `union_all`"));
        }
        self.push(name);
        self.push(" (");
        self.list(sets, |this, set| {
            this.push("(");
            this.list(set, |this, node| this.expression(node))?;
            this.push(")");
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }

    fn order_by(&mut self, select: &SelectNode, scope: Scope) -> Result<()> {
        if select.order_by.is_empty() {
            return Ok(());
        }
        self.scopes.push(scope);
        let around = std::mem::replace(&mut self.keeps_numbers, is_grouped(select));
        self.push(" ORDER BY ");
        self.list(&select.order_by, |this, key| {
            let name = answer_name(select, &key.node);
            if name.is_none() && !select.combined.is_empty() {
                let text = "combined queries are ordered by their columns alone; order by a column that the first one selects";
                return Err(Error::new(ErrorKind::Statement, text));
            }
            this.key(key, name)
        })?;
        self.keeps_numbers = around;
        self.scopes.pop();
        Ok(())
    }

    pub(super) fn ordering(&mut self, key: &Ordering) -> Result<()> {
        self.key(key, None)
    }

    /// One key of an order, by its name in the answer where it has one.
    fn key(&mut self, key: &Ordering, name: Option<&str>) -> Result<()> {
        let write = |this: &mut Self, least: u8| match name {
            Some(name) => this.identifier(name),
            None => this.operand(&key.node, least),
        };
        if let (Some(first), false) = (key.nulls_first, self.dialect.orders_nulls) {
            // False sorts before true.
            write(self, super::expression::COMPARED)?;
            self.push(if first { " IS NOT NULL, " } else { " IS NULL, " });
        }
        write(self, 0)?;
        self.push(if key.descending { " DESC" } else { "" });
        match key.nulls_first {
            Some(true) if self.dialect.orders_nulls => self.push(" NULLS FIRST"),
            Some(false) if self.dialect.orders_nulls => self.push(" NULLS LAST"),
            _ => {}
        }
        Ok(())
    }

    fn limits(&mut self, select: &SelectNode) -> Result<()> {
        if select.ties {
            return self.ties(select);
        }
        match (&select.limit, &select.offset) {
            (Some(limit), _) => {
                self.push(" LIMIT ");
                self.expression(limit)?;
            }
            (None, Some(_)) => self.push(self.dialect.no_limit),
            (None, None) => {}
        }
        if let Some(offset) = &select.offset {
            self.push(" OFFSET ");
            self.expression(offset)?;
        }
        Ok(())
    }

    fn ties(&mut self, select: &SelectNode) -> Result<()> {
        if !self.dialect.select.ties {
            return self.unsupported("FETCH FIRST … WITH TIES; compare rank() over the order with the limit");
        }
        if let Some(offset) = &select.offset {
            self.push(" OFFSET ");
            self.expression(offset)?;
            self.push(" ROWS");
        }
        // PostgreSQL takes a parameter here only in parentheses, MariaDB only without.
        let parentheses = self.dialect.is(Backend::Postgresql);
        self.push(if parentheses { " FETCH FIRST (" } else { " FETCH FIRST " });
        select.limit.iter().try_for_each(|limit| self.expression(limit))?;
        self.push(if parentheses { ") ROWS WITH TIES" } else { " ROWS WITH TIES" });
        Ok(())
    }

    fn lock(&mut self, select: &SelectNode) -> Result<()> {
        let Some(lock) = &select.lock else { return Ok(()) };
        let Some(strength) = lock.strength else {
            let text =
                "`lock_of` names a table of a lock, and the query has none; say `for_update` or its like";
            return Err(Error::new(ErrorKind::Statement, text));
        };
        let Some(words) = self.dialect.row_locks else { return Ok(()) };
        self.push(match strength {
            LockStrength::Update => words.update,
            LockStrength::NoKeyUpdate => words.no_key_update,
            LockStrength::Share => words.share,
            LockStrength::KeyShare => words.key_share,
        });
        if !lock.of.is_empty() {
            if !words.of {
                return self.unsupported("locks on some of the tables only; lock the rows of all of them");
            }
            self.push(" OF ");
            self.list(&lock.of, |this, source| this.identifier(source.name()))?;
        }
        self.push(match lock.wait {
            LockWait::Wait => "",
            LockWait::NoWait => " NOWAIT",
            LockWait::SkipLocked => " SKIP LOCKED",
        });
        Ok(())
    }
}

/// Whether its expressions have to be the same in several clauses.
fn is_grouped(select: &SelectNode) -> bool {
    select.distinct || !select.distinct_on.is_empty() || !select.group_by.is_empty()
}

/// What a key of the order is called in the answer: a label, or, behind combined queries, a column of the first one.
fn answer_name<'s>(select: &'s SelectNode, key: &Node) -> Option<&'s str> {
    let item = |found: &dyn Fn(&Item) -> bool| select.items.iter().find(|item| found(item));
    match key {
        Node::Named(name) if select.combined.is_empty() => {
            item(&|item| item.label.as_ref() == Some(name))?.name()
        }
        Node::Named(name) => item(&|item| item.name() == Some(name))?.name(),
        // PostgreSQL orders different rows by what they show.
        Node::Column { source, name, .. } if !select.combined.is_empty() || select.distinct => item(&|item| {
            let is_shown = !select.combined.is_empty() || item.column.is_some();
            is_shown && matches!(item.bare(), Node::Column { source: of, name: selected, .. } if of.is(source) && selected == name)
        })?
        .name(),
        _ => None,
    }
}

/// What only some of the groups are grouped by is NULL in the others.
fn check_groupings(select: &SelectNode) -> Result<()> {
    let sets = select.group_by.iter().filter_map(|node| match &**node {
        Node::Grouping { sets, .. } => Some(sets),
        _ => None,
    });
    for grouped in sets.flatten().flatten() {
        let Node::Column { source, name, .. } = &**grouped else { continue };
        let selected = select.items.iter().any(|item| match item.bare() {
            Node::Column { source: of, name: selected, .. } => {
                !item.nullable && of.is(source) && selected == name
            }
            _ => false,
        });
        if selected {
            let text = format!(
                "the column '{}.{name}' is NULL in the groups that leave it out; select it as `.nullable()`, which is read as an \
                 Option",
                source.name()
            );
            return Err(Error::new(ErrorKind::Statement, text));
        }
    }
    Ok(())
}
