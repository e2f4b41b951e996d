//! SQLite's connection handle: every C call on it, inside the gate, and what a forked child does with it.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use libsqlite3_sys as ffi;

use super::error::{classify, classify_running};
use super::limit::Limit;
use super::statement::Statement;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{Generation, gate, generation, on_new_process};

/// An open database. Used by one thread at a time; opened without SQLite's own mutexes.
#[derive(Debug)]
pub(super) struct Handle {
    database: NonNull<ffi::sqlite3>,
    generation: Generation,
    /// Boxed, because C holds its address.
    callbacks: Box<Callbacks>,
}

/// What the callbacks say and are told.
#[derive(Debug)]
struct Callbacks {
    /// What the busy handler says: SQLite met a lock that is worth waiting for.
    waitable: Cell<bool>,
    /// What the progress handler asks.
    limit: Limit,
}

impl Callbacks {
    fn new() -> Box<Self> {
        Box::new(Callbacks { waitable: Cell::new(false), limit: Limit::new() })
    }
}

// SAFETY: SQLite in NOMUTEX mode lets a handle move between threads as long as one uses it at a time, which `&mut` and
// `!Sync` ensure; `callbacks` are touched only from calls on this handle, but for the atomic that other threads share.
unsafe impl Send for Handle {}

/// How many steps of SQLite's virtual machine lie between two looks at a waiting fork and at the statement's limit.
const STEPS: c_int = 1000;

impl Handle {
    /// Opens a file, or memory for `None`.
    pub(super) fn open(path: Option<&str>, flags: c_int) -> Result<Handle> {
        check_usable()?;
        let name = match path {
            None => c":memory:".to_owned(),
            // A name that begins with `file:` would be read as a URI with options of its own.
            Some(path) if path.starts_with("file:") => c_string(format!("./{path}"))?,
            Some(path) => c_string(path)?,
        };
        let _inside = gate::enter();
        on_new_process(abandon);
        let mut database = ptr::null_mut();
        let flags = flags | ffi::SQLITE_OPEN_NOMUTEX | ffi::SQLITE_OPEN_EXRESCODE;
        // SAFETY: the name is NUL-terminated and lives through the call; `database` takes the result.
        let code = unsafe { ffi::sqlite3_open_v2(name.as_ptr(), &raw mut database, flags, ptr::null()) };
        let Some(database) = NonNull::new(database) else {
            return Err(Error::new(ErrorKind::Operational, "SQLite is out of memory"));
        };
        let handle = Handle { database, generation: generation(), callbacks: Callbacks::new() };
        register(database);
        if code != ffi::SQLITE_OK {
            let shown = path.unwrap_or(":memory:");
            let error = handle.error(code);
            return Err(error.wrap(ErrorKind::Connect, format!("cannot open the SQLite file {shown}")));
        }
        handle.install_callbacks();
        Ok(handle)
    }

    fn install_callbacks(&self) {
        let callbacks = ptr::from_ref(&*self.callbacks).cast_mut().cast();
        // SAFETY: the handle is open; the callbacks are functions, and what they read lives in a box until after the close.
        unsafe {
            ffi::sqlite3_busy_handler(self.as_ptr(), Some(note_busy), callbacks);
            ffi::sqlite3_progress_handler(self.as_ptr(), STEPS, Some(between_steps), callbacks);
        }
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::sqlite3 {
        self.database.as_ptr()
    }

    /// Whether another process opened it: then no call is made on it.
    pub(super) fn is_inherited(&self) -> bool {
        self.generation != generation()
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<Statement> {
        if sql.contains('\0') {
            // SQLite would take it for the end of the statement, and run the half before it.
            return Err(Error::new(ErrorKind::Statement, "the statement contains a NUL"));
        }
        let _inside = gate::enter();
        let length = c_int::try_from(sql.len())
            .map_err(|_| Error::new(ErrorKind::Statement, "the statement is longer than 2 GiB"))?;
        let mut statement = ptr::null_mut();
        let mut tail = ptr::null();
        // SAFETY: the handle is open, the text is `length` bytes long, and both out-pointers are ours.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                self.as_ptr(),
                sql.as_ptr().cast(),
                length,
                ffi::SQLITE_PREPARE_PERSISTENT as _,
                &raw mut statement,
                &raw mut tail,
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(self.error(code));
        }
        let read = (tail as usize).saturating_sub(sql.as_ptr() as usize);
        let statement = Statement::new(statement, sql)
            .ok_or_else(|| Error::new(ErrorKind::Statement, "the statement is empty"))?;
        // Only what SQLite reads as nothing may follow: `prepare` of the rest tells.
        if sql.get(read..).is_some_and(|rest| !rest.trim().is_empty()) && !self.reads_as_nothing(&sql[read..])
        {
            return Err(Error::new(
                ErrorKind::Statement,
                "more than one statement in one text: run them one by one",
            ));
        }
        Ok(statement)
    }

    fn reads_as_nothing(&self, rest: &str) -> bool {
        let mut statement = ptr::null_mut();
        let length = c_int::try_from(rest.len()).unwrap_or(c_int::MAX);
        // SAFETY: as in `prepare`.
        let code = unsafe {
            ffi::sqlite3_prepare_v2(
                self.as_ptr(),
                rest.as_ptr().cast(),
                length,
                &raw mut statement,
                ptr::null_mut(),
            )
        };
        let statement = Statement::new(statement, rest);
        code == ffi::SQLITE_OK && statement.is_none()
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        // SAFETY: the handle is open; the call reads a flag.
        unsafe { ffi::sqlite3_get_autocommit(self.as_ptr()) != 0 }
    }

    /// Rows changed since the handle was opened, by triggers and cascades too.
    pub(super) fn total_changes(&self) -> i64 {
        // SAFETY: the handle is open; the call reads a counter.
        unsafe { ffi::sqlite3_total_changes64(self.as_ptr()) }
    }

    /// Rows changed by the last INSERT, UPDATE or DELETE itself.
    pub(super) fn changes(&self) -> i64 {
        // SAFETY: the handle is open; the call reads a counter.
        unsafe { ffi::sqlite3_changes64(self.as_ptr()) }
    }

    pub(super) fn last_insert_rowid(&self) -> i64 {
        // SAFETY: the handle is open; the call reads a number.
        unsafe { ffi::sqlite3_last_insert_rowid(self.as_ptr()) }
    }

    /// Whether the call that just failed with BUSY met a lock worth waiting for (a deadlock is not), and forgets it.
    pub(super) fn take_waitable(&self) -> bool {
        self.callbacks.waitable.replace(false)
    }

    /// The limit of the statement that runs.
    pub(super) fn limit(&self) -> &Limit {
        &self.callbacks.limit
    }

    /// The error of the call that returned this code.
    fn error(&self, code: c_int) -> Error {
        let (code, message) = self.failure(code);
        classify(code, message)
    }

    /// The error of the step that returned this code.
    pub(super) fn error_of_step(&self, code: c_int) -> Error {
        let (code, message) = self.failure(code);
        // Only the progress handler interrupts.
        if code & 0xff == ffi::SQLITE_INTERRUPT {
            return self.limit().error().with_code(code);
        }
        classify_running(code, message)
    }

    /// The extended code and the message of the call that returned this code.
    fn failure(&self, code: c_int) -> (c_int, String) {
        let _inside = gate::enter();
        // SAFETY: the handle is open; the message is valid until the next call on it, and copied here.
        let (extended, message) = unsafe {
            let message = ffi::sqlite3_errmsg(self.as_ptr());
            (
                ffi::sqlite3_extended_errcode(self.as_ptr()),
                CStr::from_ptr(message).to_string_lossy().into_owned(),
            )
        };
        // The handle keeps the last error only; a code from elsewhere has its primary part in common with it.
        let code = if extended & 0xff == code & 0xff { extended } else { code };
        (code, message)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A child lets go of nothing but the files, which `abandon` has closed: closing the handle there would break
        // the parent's transaction (107 of 20,000 rows written, seen).
        if self.is_inherited() {
            std::mem::forget(std::mem::replace(&mut self.callbacks, Callbacks::new()));
            return;
        }
        let _inside = gate::enter();
        deregister(self.database);
        // SAFETY: all statements are finalized before their handle is dropped (the connection's field order).
        unsafe { ffi::sqlite3_close(self.as_ptr()) };
    }
}

fn c_string(path: impl Into<String>) -> Result<CString> {
    CString::new(path.into())
        .map_err(|_| Error::new(ErrorKind::Connect, "the path of the SQLite file contains a NUL"))
}

/// Waiting inside the call would keep the gate shut; so the handler only notes that waiting makes sense.
extern "C" fn note_busy(callbacks: *mut c_void, _tries: c_int) -> c_int {
    // SAFETY: `install_callbacks` passed the address of a box that lives as long as the handle.
    unsafe { &*callbacks.cast::<Callbacks>() }.waitable.set(true);
    0
}

extern "C" fn between_steps(callbacks: *mut c_void) -> c_int {
    gate::let_fork_pass();
    // SAFETY: as above.
    unsafe { &*callbacks.cast::<Callbacks>() }.limit.must_stop().into()
}

// ---- fork ----

struct Open(NonNull<ffi::sqlite3>);

// SAFETY: the pointer is only compared, and used in a forked child where no other thread is.
unsafe impl Send for Open {}

/// Every open handle. Locked only inside the gate, so that a child never finds it locked.
static OPEN: Mutex<Vec<Open>> = Mutex::new(Vec::new());

/// SQLite was in use by another thread at the moment of the fork: nothing of it may be called here.
static REFUSED: AtomicBool = AtomicBool::new(false);

fn register(database: NonNull<ffi::sqlite3>) {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(Open(database));
}

fn deregister(database: NonNull<ffi::sqlite3>) {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).retain(|open| open.0 != database);
}

fn check_usable() -> Result<()> {
    // The first look in a new process runs `abandon`.
    let _generation = generation();
    if REFUSED.load(Ordering::Acquire) {
        return Err(Error::new(
            ErrorKind::Forked,
            "another thread was inside SQLite when this process was forked, so SQLite cannot be used here; \
             fork while no thread runs a SQLite statement, or exec",
        ));
    }
    Ok(())
}

/// In a child: closes the files of all inherited handles and leaves the rest. SQLite counts its file locks in memory; with
/// the inherited counts, but not the locks, a child would read torn snapshots or wait for ever. `xClose` drops the counts.
fn abandon(safe: bool) {
    if !safe {
        REFUSED.store(true, Ordering::Release);
        return;
    }
    // Free, because nobody was inside the gate; if not, something forked inside the gate after all.
    let Ok(mut open) = OPEN.try_lock() else {
        REFUSED.store(true, Ordering::Release);
        return;
    };
    for Open(database) in open.drain(..) {
        // SAFETY: the handle was open in the parent and nobody was inside a call; only this thread exists here.
        unsafe { close_files(database.as_ptr()) };
    }
}

/// # Safety
/// The handle must be open and in no call, and is not used afterwards.
unsafe fn close_files(database: *mut ffi::sqlite3) {
    // SAFETY: by the contract. SQLite answers a null name for an index beyond the last database, and `file_control`
    // gives the pager's own file objects, whose methods are null when they are not open.
    unsafe {
        let names =
            (0..).map(|index| ffi::sqlite3_db_name(database, index)).take_while(|name| !name.is_null());
        for name in names {
            close_file(database, name, ffi::SQLITE_FCNTL_JOURNAL_POINTER);
            close_file(database, name, ffi::SQLITE_FCNTL_FILE_POINTER);
        }
    }
}

/// # Safety
/// As [`close_files`], with the name of one of the handle's databases.
unsafe fn close_file(database: *mut ffi::sqlite3, name: *const std::ffi::c_char, which: c_int) {
    let mut file: *mut ffi::sqlite3_file = ptr::null_mut();
    // SAFETY: by the contract; both opcodes store one pointer.
    unsafe {
        let code = ffi::sqlite3_file_control(database, name, which, (&raw mut file).cast());
        if code == ffi::SQLITE_OK
            && let Some(methods) = file.as_ref().and_then(|file| file.pMethods.as_ref())
            && let Some(close) = methods.xClose
        {
            close(file);
        }
    }
}
