//! One statement for many rows: MariaDB takes them in batches, MySQL one by one.
//!
//! A batch waits for the answer of the one before it: after an error nothing more runs. MariaDB runs a batch of INSERT as
//! one statement, so an error takes back the rows of its batch; the batches before it stay in the transaction.

use std::slice::Chunks;

use mysql_common::constants::Command;

use super::answer::{Expected, Head};
use super::encode::{self, ParameterType};
use super::{MysqlConnection, error};
use crate::error::{Error, ErrorKind, Result};
use crate::value::ValueRef;

/// A batch ends with the row that passes this.
const BATCH: usize = 512 * 1024;

/// The types are sent along.
const SEND_TYPES: u16 = 128;

/// Before each value: it follows, or it is NULL.
const FOLLOWS: u8 = 0;
const NULL: u8 = 1;

impl MysqlConnection {
    /// Runs a statement once for every `width` of the parameters, and returns how many rows it changed in all.
    ///
    /// # Errors
    /// The first that the server answers, a disconnect, [`ErrorKind::Bind`] when the parameters do not fit.
    pub(super) fn run_many(&mut self, sql: &str, parameters: &[ValueRef<'_>], width: usize) -> Result<u64> {
        if width == 0 || !parameters.len().is_multiple_of(width) {
            return Err(Error::new(
                ErrorKind::Bind,
                "the values do not divide into rows of the statement's width",
            ));
        }
        self.wire.check()?;
        encode::check(parameters)?;
        if self.session.bulk
            && parameters.len() > width
            && let Some(types) = unify(parameters, width)
            && let Some(affected) = self.run_bulk(sql, parameters, &types)?
        {
            return Ok(affected);
        }
        parameters
            .chunks(width)
            .try_fold(0, |affected, row| self.run_to_end(sql, row).map(|more| more.saturating_add(affected)))
    }

    fn run_to_end(&mut self, sql: &str, row: &[ValueRef<'_>]) -> Result<u64> {
        let outcome = self.run(sql, row)?;
        let patience = &mut None;
        let mut done = outcome.done;
        while done.is_none() {
            done = self.read_row(patience)?;
        }
        Ok(self.read_rest(done.unwrap_or_default(), patience)?.affected)
    }

    /// Nothing when the server does not run this statement in bulk; then it has not begun.
    fn run_bulk(
        &mut self,
        sql: &str,
        parameters: &[ValueRef<'_>],
        types: &[ParameterType],
    ) -> Result<Option<u64>> {
        let statement = self.prepare(sql)?;
        if statement.parameters != types.len() {
            let (wanted, given) = (statement.parameters, types.len());
            let message =
                format!("the statement has {wanted} parameters, and rows of {given} values were given");
            return Err(Error::new(ErrorKind::Bind, message));
        }
        let mut rows = parameters.chunks(types.len());
        let mut affected = None;
        while rows.len() > 0 {
            let longest = self.session.longest;
            self.request(Expected::Result, |output| batch(output, statement.id, types, longest, &mut rows))?;
            let patience = &mut None;
            let changed = match self.read_head(patience) {
                Ok(Head::Done(done)) => self.read_rest(done, patience)?.affected,
                Ok(rows) => {
                    self.skip_result(rows, patience)?;
                    0
                }
                Err(refused) if affected.is_none() && error::is_not_preparable(&refused) => return Ok(None),
                Err(error) => return Err(error),
            };
            affected = Some(changed.saturating_add(affected.unwrap_or(0)));
        }
        Ok(affected)
    }
}

/// Writes a batch of at least one row, and of no more than the server takes at a time.
fn batch<'v>(
    output: &mut Vec<u8>,
    statement: u32,
    types: &[ParameterType],
    longest: usize,
    rows: &mut Chunks<'v, ValueRef<'v>>,
) -> Result<()> {
    let start = output.len();
    output.push(Command::COM_STMT_BULK_EXECUTE as u8);
    output.extend_from_slice(&statement.to_le_bytes());
    output.extend_from_slice(&SEND_TYPES.to_le_bytes());
    types.iter().for_each(|parameter| output.extend_from_slice(&parameter.bytes()));
    let first = output.len();
    while output.len() - start < BATCH {
        let before = output.len();
        let mut rest = rows.clone();
        let Some(row) = rest.next() else { break };
        for (value, parameter) in row.iter().zip(types) {
            write(output, value, *parameter)?;
        }
        // It goes into the next batch.
        if output.len() - start >= longest && before > first {
            output.truncate(before);
            break;
        }
        *rows = rest;
    }
    Ok(())
}

fn write(output: &mut Vec<u8>, value: &ValueRef<'_>, parameter: ParameterType) -> Result<()> {
    output.push(if matches!(value, ValueRef::Null) { NULL } else { FOLLOWS });
    match value {
        // Among integers.
        ValueRef::Bool(value) if parameter != ParameterType::Bool => {
            output.extend_from_slice(&i64::from(*value).to_le_bytes());
            Ok(())
        }
        value => encode::value(output, value),
    }
}

/// One type for each parameter, over all rows; `None` when there is none that holds them all.
fn unify(parameters: &[ValueRef<'_>], width: usize) -> Option<Vec<ParameterType>> {
    let mut columns = vec![Column::default(); width];
    for row in parameters.chunks(width) {
        for (column, value) in columns.iter_mut().zip(row) {
            column.add(value)?;
        }
    }
    columns.into_iter().map(Column::parameter).collect()
}

/// What was seen of one parameter.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    parameter: Option<ParameterType>,
    negative: bool,
}

impl Column {
    fn add(&mut self, value: &ValueRef<'_>) -> Option<()> {
        use ParameterType as P;
        if let ValueRef::Int(value) = value {
            self.negative |= *value < 0;
        }
        let seen = P::of(value);
        let joined = match (self.parameter, seen) {
            (_, P::Null) => return Some(()),
            (None, _) => seen,
            (Some(known), _) if known == seen => return Some(()),
            (Some(P::Bool | P::Int), P::Bool | P::Int) => P::Int,
            // Signed and unsigned have the same bytes as long as none is negative.
            (Some(P::Bool | P::Int | P::UInt), P::Bool | P::Int | P::UInt) => P::UInt,
            _ => return None,
        };
        self.parameter = Some(joined);
        Some(())
    }

    fn parameter(self) -> Option<ParameterType> {
        match self.parameter {
            Some(ParameterType::UInt) if self.negative => None,
            // All NULL: any type does.
            parameter => Some(parameter.unwrap_or(ParameterType::Text)),
        }
    }
}
