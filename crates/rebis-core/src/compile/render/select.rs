//! SELECT, clause by clause.

use super::Renderer;
use crate::error::Result;
use crate::sql::{Item, Join, JoinKind, LockWait, Ordering, SelectNode, SetOperator, Source};
use crate::value::Value;

impl Renderer<'_> {
    pub(super) fn select(&mut self, select: &SelectNode) -> Result<()> {
        self.core(select)?;
        for (operator, other) in &select.combined {
            self.push(match operator {
                SetOperator::Union => " UNION ",
                SetOperator::UnionAll => " UNION ALL ",
                SetOperator::Intersect => " INTERSECT ",
                SetOperator::Except => " EXCEPT ",
            });
            let has_own_end = !other.order_by.is_empty() || other.limit.is_some() || other.offset.is_some();
            if has_own_end || !other.combined.is_empty() || other.lock.is_some() {
                return self.unsupported("combined query whose second part has an order, a limit or parts of its own; make it a subquery");
            }
            self.core(other)?;
        }
        self.order_by(select)?;
        self.limits(select)?;
        self.lock(select)
    }

    /// Everything but what stands once behind combined queries. The names of the first part count in the order.
    fn core(&mut self, select: &SelectNode) -> Result<()> {
        let first = self.first_source(select)?;
        let scope = self.scope(select, first.as_ref())?;
        self.scopes.push(scope);
        self.push(if select.distinct { "SELECT DISTINCT " } else { "SELECT " });
        self.list(&select.items, Self::item)?;
        if let Some(first) = &first {
            self.push(" FROM ");
            self.source(first)?;
        }
        select.joins.iter().try_for_each(|join| self.join(join))?;
        self.conditions(" WHERE ", &select.filters)?;
        if !select.group_by.is_empty() {
            self.push(" GROUP BY ");
            self.list(&select.group_by, |this, node| this.expression(node))?;
        }
        self.conditions(" HAVING ", &select.having)?;
        self.scopes.pop();
        Ok(())
    }

    pub(super) fn item(&mut self, item: &Item) -> Result<()> {
        self.check_nullable(item)?;
        self.expression(&item.node)?;
        if let Some(label) = item.label {
            self.push(" AS ");
            self.identifier(label)?;
        }
        Ok(())
    }

    fn source(&mut self, source: &Source) -> Result<()> {
        match source {
            Source::Table(table) => self.table(table),
            Source::Alias { table, name } => {
                self.table(table)?;
                self.push(" AS ");
                self.identifier(name)
            }
            Source::Subquery { select, name } => {
                self.push("(");
                // A query in FROM does not see its neighbours.
                let around = std::mem::take(&mut self.scopes);
                self.select(select)?;
                self.scopes = around;
                self.push(") AS ");
                self.identifier(name)
            }
        }
    }

    fn join(&mut self, join: &Join) -> Result<()> {
        self.push(match join.kind {
            JoinKind::Inner => " JOIN ",
            JoinKind::Left => " LEFT JOIN ",
            JoinKind::Full if !self.dialect.full_join => return self.unsupported("FULL JOIN"),
            JoinKind::Full => " FULL JOIN ",
            JoinKind::Cross => " CROSS JOIN ",
        });
        self.source(&join.source)?;
        if let Some(on) = &join.on {
            self.push(" ON ");
            self.expression(on)?;
        }
        Ok(())
    }

    fn order_by(&mut self, select: &SelectNode) -> Result<()> {
        if select.order_by.is_empty() {
            return Ok(());
        }
        let first = self.first_source(select)?;
        let scope = self.scope(select, first.as_ref())?;
        self.scopes.push(scope);
        self.push(" ORDER BY ");
        self.list(&select.order_by, Self::ordering)?;
        self.scopes.pop();
        Ok(())
    }

    pub(super) fn ordering(&mut self, key: &Ordering) -> Result<()> {
        if let (Some(first), false) = (key.nulls_first, self.dialect.orders_nulls) {
            // False sorts before true.
            self.operand(&key.node, super::expression::COMPARED)?;
            self.push(if first { " IS NOT NULL, " } else { " IS NULL, " });
        }
        self.expression(&key.node)?;
        self.push(if key.descending { " DESC" } else { "" });
        match key.nulls_first {
            Some(true) if self.dialect.orders_nulls => self.push(" NULLS FIRST"),
            Some(false) if self.dialect.orders_nulls => self.push(" NULLS LAST"),
            _ => {}
        }
        Ok(())
    }

    /// The counts are values, so that a page's text is every page's.
    fn limits(&mut self, select: &SelectNode) -> Result<()> {
        match (select.limit, select.offset) {
            (Some(limit), _) => {
                self.push(" LIMIT ");
                self.value(&Value::from(limit));
            }
            (None, Some(_)) => self.push(self.dialect.no_limit),
            (None, None) => {}
        }
        if let Some(offset) = select.offset {
            self.push(" OFFSET ");
            self.value(&Value::from(offset));
        }
        Ok(())
    }

    fn lock(&mut self, select: &SelectNode) -> Result<()> {
        let (Some(lock), Some(words)) = (select.lock, self.dialect.row_locks) else { return Ok(()) };
        self.push(if lock.share { words.share } else { words.update });
        self.push(match lock.wait {
            LockWait::Wait => "",
            LockWait::NoWait => " NOWAIT",
            LockWait::SkipLocked => " SKIP LOCKED",
        });
        Ok(())
    }
}
