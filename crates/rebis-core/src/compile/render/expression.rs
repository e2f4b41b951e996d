//! Expressions, with parentheses where they are needed and nowhere else.

use std::sync::Arc;

use super::Renderer;
use crate::compile::scan::{Piece, scan};
use crate::dialect::{Concatenation, NullSafe};
use crate::error::Result;
use crate::sql::{BinaryOperator, ESCAPE, Node, SelectNode, Text, Window};

// How strongly an operator binds; what binds less is put into parentheses.
const EITHER: u8 = 1;
const BOTH: u8 = 2;
const NEGATED: u8 = 3;
const COMPARISON: u8 = 4;
/// What stands on a side of a comparison binds more than one.
pub(super) const COMPARED: u8 = 5;
const CONCATENATION: u8 = 5;
const SUM: u8 = 6;
const PRODUCT: u8 = 7;
const MINUS: u8 = 8;
const ATOM: u8 = 9;

fn binds(node: &Node) -> u8 {
    match node {
        Node::AnyOf(parts) | Node::All(parts) if parts.len() == 1 => {
            parts.first().map_or(ATOM, |part| binds(part))
        }
        Node::AnyOf(parts) | Node::All(parts) if parts.is_empty() => COMPARISON,
        // What is in a text is not known.
        Node::AnyOf(_) | Node::Text(_) => EITHER,
        Node::All(_) => BOTH,
        Node::Not(_) | Node::Exists { negated: true, .. } => NEGATED,
        Node::IsNull { .. }
        | Node::In { .. }
        | Node::InSelect { .. }
        | Node::Between { .. }
        | Node::Like { .. } => COMPARISON,
        Node::Binary { operator, .. } => match operator {
            BinaryOperator::Add | BinaryOperator::Subtract => SUM,
            BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Remainder => PRODUCT,
            BinaryOperator::Concatenate => CONCATENATION,
            _ => COMPARISON,
        },
        Node::Negate(_) => MINUS,
        _ => ATOM,
    }
}

impl Renderer<'_> {
    /// An expression as a part of one that needs it to bind that strongly.
    pub(super) fn operand(&mut self, node: &Node, least: u8) -> Result<()> {
        if binds(node) >= least {
            return self.expression(node);
        }
        self.push("(");
        self.expression(node)?;
        self.push(")");
        Ok(())
    }

    pub(super) fn conditions(&mut self, keyword: &str, conditions: &[Arc<Node>]) -> Result<()> {
        if conditions.is_empty() {
            return Ok(());
        }
        self.push(keyword);
        self.junction(conditions, " AND ", BOTH)
    }

    fn junction(&mut self, parts: &[Arc<Node>], between: &str, strength: u8) -> Result<()> {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.push(between);
            }
            let least = if parts.len() == 1 { EITHER } else { strength + u8::from(strength == EITHER) };
            self.operand(part, least)?;
        }
        Ok(())
    }

    pub(super) fn expression(&mut self, node: &Node) -> Result<()> {
        match node {
            Node::Column { source, name } => {
                self.check_column(source, name)?;
                self.identifier(source.name())?;
                self.push(".");
                self.identifier(name)
            }
            Node::Value(value) => {
                self.value(value);
                Ok(())
            }
            Node::Not(item) => {
                self.push("NOT ");
                self.operand(item, COMPARED)
            }
            Node::Negate(item) => {
                self.push("-");
                self.operand(item, ATOM)
            }
            Node::IsNull { item, negated } => {
                self.operand(item, COMPARED)?;
                self.push(if *negated { " IS NOT NULL" } else { " IS NULL" });
                Ok(())
            }
            Node::Binary { operator, left, right } => self.binary(*operator, left, right),
            // None of no conditions is broken; none of no conditions holds.
            Node::All(parts) if parts.is_empty() => self.constant(true),
            Node::AnyOf(parts) if parts.is_empty() => self.constant(false),
            Node::All(parts) => self.junction(parts, " AND ", BOTH),
            Node::AnyOf(parts) => self.junction(parts, " OR ", EITHER),
            // False for NULL as well, so that NOT IN is true for every row.
            Node::In { list, negated, .. } if list.is_empty() => self.constant(*negated),
            Node::In { item, list, negated } => {
                self.operand(item, COMPARED)?;
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.list(list, |this, node| this.expression(node))?;
                self.push(")");
                Ok(())
            }
            Node::InSelect { item, select, negated } => {
                self.operand(item, COMPARED)?;
                self.push(if *negated { " NOT IN " } else { " IN " });
                self.query(select)
            }
            Node::Between { item, low, high, negated } => {
                self.operand(item, COMPARED)?;
                self.push(if *negated { " NOT BETWEEN " } else { " BETWEEN " });
                self.operand(low, COMPARED)?;
                self.push(" AND ");
                self.operand(high, COMPARED)
            }
            Node::Like { item, pattern, escaped, negated } => {
                self.operand(item, COMPARED)?;
                self.push(if *negated { " NOT LIKE " } else { " LIKE " });
                self.operand(pattern, COMPARED)?;
                if *escaped {
                    self.push(&format!(" ESCAPE '{ESCAPE}'"));
                }
                Ok(())
            }
            Node::Function { name, arguments, distinct, filter } => {
                self.function(name, arguments, *distinct, filter.as_deref())
            }
            Node::Over { function, window } => {
                self.expression(function)?;
                self.push(" OVER (");
                self.window(window)?;
                self.push(")");
                Ok(())
            }
            Node::Case { branches, otherwise } => self.case(branches, otherwise.as_deref()),
            Node::Cast { item, to } => {
                self.push("CAST(");
                self.expression(item)?;
                self.push(" AS ");
                let name = self.dialect.cast_name(to)?;
                self.push(&name);
                self.push(")");
                Ok(())
            }
            Node::Exists { select, negated } => {
                self.push(if *negated { "NOT EXISTS " } else { "EXISTS " });
                self.query(select)
            }
            Node::Scalar(select) => self.query(select),
            Node::Star => {
                self.push("*");
                Ok(())
            }
            Node::Proposed(name) => self.proposed(name),
            Node::Text(text) => self.text(text),
        }
    }

    fn constant(&mut self, value: bool) -> Result<()> {
        self.push(if value { "1 = 1" } else { "1 = 0" });
        Ok(())
    }

    fn query(&mut self, select: &SelectNode) -> Result<()> {
        self.push("(");
        self.select(select)?;
        self.push(")");
        Ok(())
    }

    fn binary(&mut self, operator: BinaryOperator, left: &Node, right: &Node) -> Result<()> {
        use BinaryOperator as Op;
        let (text, strength) = match operator {
            Op::Equal => (" = ", COMPARED),
            Op::NotEqual => (" <> ", COMPARED),
            Op::Less => (" < ", COMPARED),
            Op::LessOrEqual => (" <= ", COMPARED),
            Op::Greater => (" > ", COMPARED),
            Op::GreaterOrEqual => (" >= ", COMPARED),
            Op::Same | Op::Different => return self.null_safe(operator == Op::Different, left, right),
            Op::Add => (" + ", SUM),
            Op::Subtract => (" - ", SUM),
            Op::Multiply => (" * ", PRODUCT),
            Op::Divide => (" / ", PRODUCT),
            Op::Remainder => (" % ", PRODUCT),
            Op::Concatenate if self.dialect.concatenation == Concatenation::Function => {
                self.push("concat(");
                self.expression(left)?;
                self.push(", ");
                self.expression(right)?;
                self.push(")");
                return Ok(());
            }
            Op::Concatenate => (" || ", CONCATENATION),
        };
        self.operand(left, strength)?;
        self.push(text);
        // From the left: what stands on the right of `-` or `/` needs parentheses when it is one itself.
        self.operand(
            right,
            if strength >= CONCATENATION && strength != COMPARED { strength + 1 } else { strength },
        )
    }

    fn null_safe(&mut self, negated: bool, left: &Node, right: &Node) -> Result<()> {
        let text = match (self.dialect.null_safe, negated) {
            (NullSafe::Is, false) => " IS ",
            (NullSafe::Is, true) => " IS NOT ",
            (NullSafe::Distinct, false) => " IS NOT DISTINCT FROM ",
            (NullSafe::Distinct, true) => " IS DISTINCT FROM ",
            (NullSafe::Arrow, negated) => {
                self.push(if negated { "NOT (" } else { "" });
                self.operand(left, COMPARED)?;
                self.push(" <=> ");
                self.operand(right, COMPARED)?;
                self.push(if negated { ")" } else { "" });
                return Ok(());
            }
        };
        self.operand(left, COMPARED)?;
        self.push(text);
        self.operand(right, COMPARED)
    }

    fn function(
        &mut self,
        name: &str,
        arguments: &[Arc<Node>],
        distinct: bool,
        filter: Option<&Node>,
    ) -> Result<()> {
        self.push(name);
        self.push(if distinct { "(DISTINCT " } else { "(" });
        match filter.filter(|_| !self.dialect.filter_clause) {
            // Without the clause: what the condition leaves out is NULL, which aggregates do not count.
            Some(condition) => self.list(arguments, |this, argument| {
                this.push("CASE WHEN ");
                this.expression(condition)?;
                this.push(" THEN ");
                if matches!(**argument, Node::Star) {
                    this.push("1");
                } else {
                    this.expression(argument)?;
                }
                this.push(" END");
                Ok(())
            })?,
            None => self.list(arguments, |this, argument| this.expression(argument))?,
        }
        self.push(")");
        if let Some(condition) = filter.filter(|_| self.dialect.filter_clause) {
            self.push(" FILTER (WHERE ");
            self.expression(condition)?;
            self.push(")");
        }
        Ok(())
    }

    fn window(&mut self, window: &Window) -> Result<()> {
        if !window.partition_by.is_empty() {
            self.push("PARTITION BY ");
            self.list(&window.partition_by, |this, node| this.expression(node))?;
        }
        if !window.order_by.is_empty() {
            self.push(if window.partition_by.is_empty() { "ORDER BY " } else { " ORDER BY " });
            self.list(&window.order_by, Self::ordering)?;
        }
        Ok(())
    }

    fn case(&mut self, branches: &[(Arc<Node>, Arc<Node>)], otherwise: Option<&Node>) -> Result<()> {
        self.push("CASE");
        for (condition, value) in branches {
            self.push(" WHEN ");
            self.expression(condition)?;
            self.push(" THEN ");
            self.expression(value)?;
        }
        if let Some(value) = otherwise {
            self.push(" ELSE ");
            self.expression(value)?;
        }
        self.push(" END");
        Ok(())
    }

    /// SQL written by hand, with its own parameters.
    fn text(&mut self, text: &Text) -> Result<()> {
        for piece in scan(text.sql(), self.dialect) {
            match piece? {
                Piece::Sql(verbatim) => self.push(verbatim),
                Piece::Parameter(name) => {
                    let value = text.value_of(name)?;
                    self.value(value);
                }
            }
        }
        Ok(())
    }
}
