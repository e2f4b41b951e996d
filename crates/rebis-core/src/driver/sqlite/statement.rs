//! A prepared statement: every C call on it, inside the gate.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_int};
use std::ptr::NonNull;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use libsqlite3_sys as ffi;

use crate::driver::Column;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Generation, gate, generation};
use crate::value::{ValueRef, text};

/// A prepared statement of one handle; finalized on drop, before the handle is closed.
#[derive(Debug)]
pub(super) struct Statement {
    statement: NonNull<ffi::sqlite3_stmt>,
    generation: Generation,
    columns: Arc<[Column]>,
    /// How often SQLite had prepared it again, for a changed schema, when the columns were read.
    reprepared: c_int,
    /// No step was taken since the last reset: SQLite prepares it again at most in the first one.
    at_start: bool,
    inserts: bool,
}

// SAFETY: as for the handle it belongs to: one thread at a time.
unsafe impl Send for Statement {}

/// What one step of a statement came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Row,
    Done,
    /// An error code, SQLITE_BUSY among them.
    Failed(c_int),
}

/// How long the bytes of a bound value live.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lifetime {
    /// The statement is run to its end and reset while they live: SQLite need not copy them.
    OutlivesRun,
    Copied,
}

impl Statement {
    /// `None` for the null that SQLite returns for white space and comments.
    pub(super) fn new(statement: *mut ffi::sqlite3_stmt, sql: &str) -> Option<Statement> {
        let statement = NonNull::new(statement)?;
        let mut statement = Statement {
            statement,
            generation: generation(),
            columns: Arc::from([]),
            reprepared: 0,
            at_start: true,
            inserts: inserts(sql),
        };
        statement.read_columns();
        Some(statement)
    }

    fn as_ptr(&self) -> *mut ffi::sqlite3_stmt {
        self.statement.as_ptr()
    }

    pub(super) fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    /// Whether it inserts rows.
    pub(super) fn inserts(&self) -> bool {
        self.inserts
    }

    fn read_columns(&mut self) {
        let _inside = gate::enter();
        self.columns = (0..self.column_count())
            .map(|index| {
                // SAFETY: the statement is prepared and the index below its count; the names are copied at once.
                unsafe {
                    let name = copy(ffi::sqlite3_column_name(self.as_ptr(), index));
                    let declared = copy(ffi::sqlite3_column_decltype(self.as_ptr(), index));
                    Column::new(name.unwrap_or_default(), declared.unwrap_or_default())
                }
            })
            .collect();
    }

    /// A changed schema may have given `select *` other columns, even as many of other names.
    fn notice_new_schema(&mut self) {
        // SAFETY: the statement is prepared; the call reads a counter and leaves it as it is.
        let reprepared =
            unsafe { ffi::sqlite3_stmt_status(self.as_ptr(), ffi::SQLITE_STMTSTATUS_REPREPARE, 0) };
        if reprepared != self.reprepared {
            self.reprepared = reprepared;
            self.read_columns();
        }
    }

    fn column_count(&self) -> c_int {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_column_count(self.as_ptr()) }
    }

    pub(super) fn parameter_count(&self) -> usize {
        // SAFETY: the statement is prepared.
        usize::try_from(unsafe { ffi::sqlite3_bind_parameter_count(self.as_ptr()) }).unwrap_or(0)
    }

    /// Binds all parameters, first to last, and takes the first step. Bytes of `OutlivesRun` must live until the next `reset`
    /// and `unbind`.
    ///
    /// # Errors
    /// Those of binding; what the step came to is not among them.
    pub(super) fn start(&mut self, parameters: &[ValueRef<'_>], lifetime: Lifetime) -> Result<Step> {
        let _inside = gate::enter();
        self.bind(parameters, lifetime)?;
        Ok(self.step_inside())
    }

    fn bind(&mut self, parameters: &[ValueRef<'_>], lifetime: Lifetime) -> Result<()> {
        let expected = self.parameter_count();
        if expected != parameters.len() {
            return Err(Error::new(
                ErrorKind::Bind,
                format!("the statement has {expected} parameters, {} values were bound", parameters.len()),
            ));
        }
        for (index, parameter) in parameters.iter().enumerate() {
            self.bind_one(c_int::try_from(index + 1).unwrap_or(c_int::MAX), parameter, lifetime)?;
        }
        Ok(())
    }

    fn bind_one(&mut self, index: c_int, parameter: &ValueRef<'_>, lifetime: Lifetime) -> Result<()> {
        let code = match parameter {
            // SAFETY: the statement is prepared and reset.
            ValueRef::Null => unsafe { ffi::sqlite3_bind_null(self.as_ptr(), index) },
            ValueRef::Bool(value) => self.bind_integer(index, (*value).into()),
            ValueRef::Int(value) => self.bind_integer(index, *value),
            ValueRef::UInt(value) => match i64::try_from(*value) {
                Ok(value) => self.bind_integer(index, value),
                Err(_) => return Err(unfit(index, "an integer above 9223372036854775807")),
            },
            // SQLite would store NULL without a word.
            ValueRef::Float(value) if value.is_nan() => return Err(unfit(index, "NaN")),
            // SAFETY: as above.
            ValueRef::Float(value) => unsafe { ffi::sqlite3_bind_double(self.as_ptr(), index, *value) },
            ValueRef::Text(value) => self.bind_text(index, value, lifetime),
            ValueRef::Bytes(value) => self.bind_bytes(index, value, lifetime),
            ValueRef::Date(value) => {
                check_year(index, *value)?;
                self.bind_made(index, &text::date(*value))
            }
            ValueRef::Time(value) => self.bind_made(index, &text::time(*value)),
            ValueRef::DateTime(value) => {
                check_year(index, value.date())?;
                self.bind_made(index, &text::date_time(*value))
            }
            ValueRef::Timestamp(value) => {
                check_year(index, value.date_naive())?;
                self.bind_made(index, &text::timestamp(*value))
            }
            ValueRef::Decimal(digits) => self.bind_made(index, digits),
            // A NUMERIC or INTEGER column would make a float of it without a word.
            ValueRef::Digits(_) => return Err(unfit(index, "a number of more than 64 bits or 28 digits")),
            ValueRef::Uuid(value) => self.bind_made(index, &value.to_string()),
            ValueRef::Json(text) => self.bind_text(index, text, lifetime),
            ValueRef::Interval(_) => {
                return Err(unsupported(index, "a length of time; bind its seconds or microseconds"));
            }
            ValueRef::Array(_) => {
                return Err(unsupported(index, "an array; bind JSON, or one parameter each"));
            }
            ValueRef::Refused(why) => {
                return Err(Error::new(ErrorKind::Data, format!("parameter {index} has no value: {why}")));
            }
        };
        match code {
            ffi::SQLITE_OK => Ok(()),
            ffi::SQLITE_TOOBIG => Err(unfit(index, "more bytes than one value may have")),
            code => {
                Err(Error::new(ErrorKind::Internal, format!("SQLite refused parameter {index}: code {code}")))
            }
        }
    }

    fn bind_integer(&mut self, index: c_int, value: i64) -> c_int {
        // SAFETY: the statement is prepared and reset.
        unsafe { ffi::sqlite3_bind_int64(self.as_ptr(), index, value) }
    }

    fn bind_made(&mut self, index: c_int, value: &str) -> c_int {
        self.bind_text(index, value, Lifetime::Copied)
    }

    fn bind_text(&mut self, index: c_int, value: &str, lifetime: Lifetime) -> c_int {
        let (bytes, length) = (value.as_ptr().cast(), value.len() as u64);
        // SAFETY: the bytes are copied here, or live until the reset by `bind`'s contract; the length is theirs.
        unsafe {
            let encoding = ffi::SQLITE_UTF8 as _;
            ffi::sqlite3_bind_text64(self.as_ptr(), index, bytes, length, destructor(lifetime), encoding)
        }
    }

    fn bind_bytes(&mut self, index: c_int, value: &[u8], lifetime: Lifetime) -> c_int {
        // SAFETY: as for text. An empty slice's pointer is not null, so it is an empty blob and not NULL.
        unsafe {
            let (bytes, length) = (value.as_ptr().cast(), value.len() as u64);
            ffi::sqlite3_bind_blob64(self.as_ptr(), index, bytes, length, destructor(lifetime))
        }
    }

    /// One step; behind the last row the run has ended, as by `reset`. `&mut`, because it ends the life of what `cell` borrowed.
    pub(super) fn step(&mut self) -> Step {
        let _inside = gate::enter();
        self.step_inside()
    }

    fn step_inside(&mut self) -> Step {
        // SAFETY: the statement is prepared and bound.
        let code = unsafe { ffi::sqlite3_step(self.as_ptr()) };
        if std::mem::take(&mut self.at_start) {
            self.notice_new_schema();
        }
        match code {
            ffi::SQLITE_ROW => Step::Row,
            ffi::SQLITE_DONE => {
                self.reset_inside();
                Step::Done
            }
            code => Step::Failed(code),
        }
    }

    /// Ends the run; the statement lets go of its locks and can be bound again.
    pub(super) fn reset(&mut self) {
        if self.at_start {
            return;
        }
        let _inside = gate::enter();
        self.reset_inside();
    }

    fn reset_inside(&mut self) {
        self.at_start = true;
        // SAFETY: the statement is prepared; the code repeats the last step's error.
        unsafe { ffi::sqlite3_reset(self.as_ptr()) };
    }

    /// Forgets the bound values, whose bytes may end now.
    pub(super) fn unbind(&mut self) {
        let _inside = gate::enter();
        // SAFETY: the statement is prepared and reset.
        unsafe { ffi::sqlite3_clear_bindings(self.as_ptr()) };
    }

    /// One cell of the current row; the index must be below the number of columns.
    pub(super) fn cell(&self, index: usize) -> Result<ValueRef<'_>> {
        let column = c_int::try_from(index).unwrap_or(c_int::MAX);
        // SAFETY: `step` returned a row, and `&self` keeps the next step away while the borrow lives. The value is an
        // unprotected one: it asks for one thread at a time, which is so. Reading text as a blob hands out SQLite's own
        // bytes: no conversion, no allocation and no lock, hence no gate. Our connections are refused on databases whose
        // text is not UTF-8. A blob may be a `zeroblob` that is only now written out.
        unsafe {
            let value = ffi::sqlite3_column_value(self.as_ptr(), column);
            match ffi::sqlite3_value_type(value) {
                ffi::SQLITE_NULL => Ok(ValueRef::Null),
                ffi::SQLITE_INTEGER => Ok(ValueRef::Int(ffi::sqlite3_value_int64(value))),
                ffi::SQLITE_FLOAT => Ok(ValueRef::Float(ffi::sqlite3_value_double(value))),
                ffi::SQLITE_TEXT => match std::str::from_utf8(self.bytes(value)) {
                    Ok(text) => Ok(ValueRef::Text(text)),
                    Err(_) => Err(Error::new(
                        ErrorKind::Conversion,
                        "the text is not UTF-8; cast it to blob to read it",
                    )),
                },
                _ => {
                    let _inside = gate::enter();
                    Ok(ValueRef::Bytes(self.bytes(value)))
                }
            }
        }
    }

    /// # Safety
    /// It is a value of the current row, and text or a blob.
    unsafe fn bytes(&self, value: *mut ffi::sqlite3_value) -> &[u8] {
        // SAFETY: by the contract; blob first and length after it, as SQLite's manual asks. A null is an empty value.
        unsafe {
            let bytes = ffi::sqlite3_value_blob(value).cast::<u8>();
            let length = usize::try_from(ffi::sqlite3_value_bytes(value)).unwrap_or(0);
            if bytes.is_null() { &[] } else { std::slice::from_raw_parts(bytes, length) }
        }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // In a child the statement is the parent's memory and its handle abandoned: left as it is.
        if self.generation == generation() {
            let _inside = gate::enter();
            // SAFETY: the handle is still open and nothing borrows from the statement.
            unsafe { ffi::sqlite3_finalize(self.as_ptr()) };
        }
    }
}

/// Whether a statement's text inserts; it may begin with a comment or with WITH.
fn inserts(sql: &str) -> bool {
    let mut words = sql.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let verbs = ["select", "insert", "replace", "update", "delete", "with"];
    let verb = |word: &&str| verbs.iter().any(|verb| word.eq_ignore_ascii_case(verb));
    match words.clone().find(verb) {
        Some(word) if word.eq_ignore_ascii_case("with") => {
            words.any(|word| word.eq_ignore_ascii_case("into"))
        }
        Some(word) => word.eq_ignore_ascii_case("insert") || word.eq_ignore_ascii_case("replace"),
        None => false,
    }
}

fn destructor(lifetime: Lifetime) -> ffi::sqlite3_destructor_type {
    match lifetime {
        Lifetime::OutlivesRun => ffi::SQLITE_STATIC(),
        Lifetime::Copied => ffi::SQLITE_TRANSIENT(),
    }
}

/// Beyond these years the text does not sort like the date, and SQLite's functions do not read it.
fn check_year(index: c_int, date: NaiveDate) -> Result<()> {
    if (0..=9999).contains(&date.year()) {
        return Ok(());
    }
    Err(unfit(index, "a date that is not of the years 0 to 9999"))
}

fn unsupported(index: c_int, what: &str) -> Error {
    let text = format!("parameter {index} is {what}: SQLite has no type for it");
    Error::new(ErrorKind::Unsupported, text)
}

fn unfit(index: c_int, what: &str) -> Error {
    Error::new(ErrorKind::Data, format!("parameter {index} is {what}, which SQLite cannot store"))
}

/// # Safety
/// Null, or a NUL-terminated text that is valid now.
unsafe fn copy(text: *const std::ffi::c_char) -> Option<String> {
    // SAFETY: by the contract.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
