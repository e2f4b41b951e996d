//! Expressions, with parentheses where they are needed and nowhere else.

use std::sync::Arc;

use super::Renderer;
use crate::compile::scan::{Piece, scan};
use crate::compile::types::cast_type;
use crate::dialect::{Concatenation, NullSafe};
use crate::error::Result;
use crate::sql::{BinaryOperator, DatePart, ESCAPE, Known, Node, SelectNode, Text};

// How strongly an operator binds; what binds less is put into parentheses.
const EITHER: u8 = 1;
const BOTH: u8 = 2;
const NEGATED: u8 = 3;
const COMPARISON: u8 = 4;
/// What stands on a side of a comparison binds more than one.
pub(super) const COMPARED: u8 = 5;
const CONCATENATION: u8 = 5;
const SUM: u8 = 6;
pub(super) const PRODUCT: u8 = 7;
const MINUS: u8 = 8;
pub(super) const ATOM: u8 = 9;

fn binds(node: &Node) -> u8 {
    match node {
        Node::AnyOf(parts) | Node::All(parts) if parts.len() == 1 => {
            parts.first().map_or(ATOM, |part| binds(part))
        }
        Node::AnyOf(parts) | Node::All(parts) if parts.is_empty() => COMPARISON,
        // What is in a text is not known.
        Node::AnyOf(_) | Node::Text(_) | Node::Operator { .. } => EITHER,
        Node::All(_) => BOTH,
        Node::Not(_) | Node::Exists { negated: true, .. } => NEGATED,
        Node::IsNull { .. }
        | Node::In { .. }
        | Node::InSelect { .. }
        | Node::Between { .. }
        | Node::Like { .. }
        | Node::Array { .. } => COMPARISON,
        Node::Known { known, .. } => strength(*known),
        Node::Digits(number) if *number < 0 => MINUS,
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

fn strength(known: Known) -> u8 {
    match known {
        Known::RegularExpression | Known::JsonBoolean | Known::FullText => COMPARISON,
        Known::JsonText => EITHER,
        Known::IntegerDivide
        | Known::WholeDivide
        | Known::UnsignedDivide
        | Known::TrueDivide
        | Known::FloatRemainder
        | Known::DecimalRemainder => PRODUCT,
        // Written with a sum or a product by one of the databases.
        Known::Extract(DatePart::Quarter | DatePart::DayOfWeek) => SUM,
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
            Node::Column { source, name, .. } => {
                self.check_column(source, name)?;
                if self.own_table.is_none() {
                    self.identifier(source.name())?;
                    self.push(".");
                }
                self.identifier(name)
            }
            Node::Value(value) => self.value(value),
            Node::Parameter(name) => self.parameter(node, name),
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
                if matches!(**item, Node::Row(_)) {
                    self.push(self.dialect.rows_in_list);
                }
                let length = self.numbers.map_or(list.len(), |numbers| numbers.filled_length(list.len()));
                self.value_list(list, length)?;
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
            Node::Function(call) => self.function(call),
            Node::Known { known, arguments } => self.known(*known, arguments),
            Node::Digits(number) => {
                self.push(&number.to_string());
                Ok(())
            }
            Node::Row(items) => {
                self.push("(");
                self.list(items, |this, item| this.expression(item))?;
                self.push(")");
                Ok(())
            }
            Node::Operator { operator, left, right } => {
                self.operand(left, ATOM)?;
                self.push(&format!(" {operator} "));
                self.operand(right, ATOM)
            }
            Node::JsonPath(steps) => self.json_path(steps),
            Node::Collate { item, name } => {
                self.operand(item, ATOM)?;
                self.push(" COLLATE ");
                self.identifier(name)
            }
            Node::Array { .. } if !self.dialect.types.arrays => {
                self.unsupported("arrays; use `in_list` or `not_in_list`")
            }
            Node::Array { item, array, all } => {
                self.operand(item, COMPARED)?;
                self.push(if *all { " <> ALL (" } else { " = ANY (" });
                self.expression(array)?;
                self.push(")");
                Ok(())
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
                let name = cast_type(to, self.dialect, self.schemas)?;
                self.push(&name);
                self.push(")");
                Ok(())
            }
            Node::Exists { select, negated } => {
                self.push(if *negated { "NOT EXISTS " } else { "EXISTS " });
                self.query(select)
            }
            Node::Scalar(select) => self.query(select),
            Node::NextValue { schema, name } => self.next_value(schema.as_deref(), name),
            Node::Star => {
                self.push("*");
                Ok(())
            }
            Node::Proposed(name) => self.proposed(name),
            Node::Named(name) => {
                let source = self.named_source(name)?;
                self.identifier(source.name())?;
                self.push(".");
                self.identifier(name)
            }
            Node::Quantified { .. } if !self.dialect.select.quantified => {
                self.unsupported("ANY and ALL of a query; compare with its min or max")
            }
            Node::Quantified { select, all } => {
                self.push(if *all { "ALL " } else { "ANY " });
                self.query(select)
            }
            Node::Grouping { kind, sets } => self.grouping(*kind, sets),
            Node::PerBackend(each) => match each.iter().find(|(backend, _)| self.dialect.is(*backend)) {
                Some((_, node)) => {
                    self.push("(");
                    self.expression(node)?;
                    self.push(")");
                    Ok(())
                }
                None => self.unsupported("expression here; `per_backend` names none for it"),
            },
            Node::Text(text) => self.text(text),
        }
    }

    fn constant(&mut self, value: bool) -> Result<()> {
        self.push(if value { "1 = 1" } else { "1 = 0" });
        Ok(())
    }

    pub(super) fn query(&mut self, select: &SelectNode) -> Result<()> {
        self.check_own_source(select)?;
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
            Op::Concatenate => {
                // SQLite's binds more strongly than `*`, PostgreSQL's less than `+`: nothing stands beside it bare but itself.
                self.operand(left, if binds(left) == CONCATENATION { CONCATENATION } else { ATOM })?;
                self.push(" || ");
                return self.operand(right, ATOM);
            }
        };
        self.operand(left, strength)?;
        self.push(text);
        // From the left: what stands on the right of `-` or `/` needs parentheses when it is one itself.
        self.operand(right, if strength > COMPARED { strength + 1 } else { strength })
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
                    self.value(text.value_of(name)?)?;
                }
            }
        }
        Ok(())
    }
}
