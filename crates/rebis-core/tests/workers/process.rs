//! The pool and its process: threads, output, signals, descriptors, other forks.

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Instant;

use rebis_core::process::Threads;
use rebis_core::{ErrorKind, ProcessPool, Result};
use rustix::process::Signal;

use super::support::*;

pub(crate) const TESTS: &[Test] = &[
    ("a_second_thread_is_refused", second_thread),
    ("a_joined_thread_is_not_a_thread", joined_thread),
    ("the_unsafe_constructor_accepts_threads", accepted),
    ("half_a_line_is_printed_once", half_a_line),
    ("printing_while_other_threads_print", printing_threads),
    ("workers_ignore_sigint", ignore_sigint),
    ("ctrl_c_ends_parent_and_workers", ctrl_c),
    ("a_killed_parent_takes_its_workers_along", killed_parent),
    ("early_drop_leaves_nobody", early_drop),
    ("early_drop_with_sigterm_blocked", early_drop_blocked),
    ("descriptors_return_to_the_baseline", descriptors),
    ("a_worker_has_no_descriptor_of_its_siblings", sibling_descriptors),
    ("two_runs_at_once", two_runs),
    ("a_forked_process_leaves_the_workers_alone", foreign_process),
    ("a_panic_in_the_job_iterator_ends_the_workers", panicking_jobs),
    ("a_signal_handler_in_the_parent_interrupts_nothing", interrupted),
];

fn second_thread() {
    let early = ProcessPool::new(1).build().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        while !theirs.load(Ordering::Relaxed) {
            std::thread::park();
        }
    });
    let refused = ProcessPool::new(1).build().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidState);
    assert!(refused.to_string().contains("2 threads"), "{refused}");
    assert!(refused.to_string().contains("Threads::any"), "{refused}");
    let refused = early.map([1], |number: i32| Ok(number)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidState);
    assert!(!has_children());
    stop.store(true, Ordering::Relaxed);
    thread.thread().unpark();
    thread.join().unwrap();
    assert!(early.map([1], |number: i32| Ok(number)).unwrap()[0].is_ok());
}

fn joined_thread() {
    for _ in 0..300 {
        std::thread::spawn(|| {}).join().unwrap();
        ProcessPool::new(1).build().unwrap();
    }
}

fn accepted() {
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stop);
    let thread = std::thread::spawn(move || while !theirs.load(Ordering::Relaxed) {});
    // SAFETY: the thread has nothing that a worker uses.
    let pool = ProcessPool::new(2).threads(unsafe { Threads::any() }).build().unwrap();
    let done = pool.map(0..20, |number: i32| Ok(number)).unwrap();
    assert!(done.into_iter().map(Result::unwrap).eq(0..20));
    stop.store(true, Ordering::Relaxed);
    thread.join().unwrap();
}

/// Standard output into a file from here on.
fn redirect_stdout(ledger: &Ledger) {
    let file = std::fs::File::options().append(true).open(ledger.path()).unwrap();
    // SAFETY: both numbers are open, and nobody else uses standard output meanwhile.
    assert_eq!(unsafe { libc::dup2(file.as_raw_fd(), 1) }, 1);
}

fn half_a_line() {
    let ledger = Ledger::new();
    redirect_stdout(&ledger);
    print!("half ");
    let pool = ProcessPool::new(4).build().unwrap();
    let done = pool.map(0..100, |number: i32| {
        println!("\nline {number}");
        print!("tail {number}");
        Ok(())
    });
    assert!(done.unwrap().iter().all(Result::is_ok));
    let printed = std::fs::read_to_string(ledger.path()).unwrap();
    ledger.remove();
    assert_eq!(printed.matches("half ").count(), 1, "{printed}");
    for number in 0..100 {
        // Not by whole lines: another worker's "tail", which ends without a newline, may come right before.
        assert_eq!(printed.matches(&format!("line {number}\n")).count(), 1, "{number}");
    }
    assert_eq!(printed.matches("tail").count(), 100);
}

fn printing_threads() {
    let ledger = Ledger::new();
    redirect_stdout(&ledger);
    let stop = Arc::new(AtomicBool::new(false));
    // A thread that is just starting holds a lock of std's that the workers' own threads need (see `Threads::any`).
    let started = Arc::new(Barrier::new(5));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (stop, started) = (Arc::clone(&stop), Arc::clone(&started));
            std::thread::spawn(move || {
                started.wait();
                while !stop.load(Ordering::Relaxed) {
                    println!("parent");
                    eprint!("");
                }
            })
        })
        .collect();
    started.wait();
    // SAFETY: the threads print and nothing else.
    let pool =
        ProcessPool::new(16).job_timeout(millis(10_000)).threads(unsafe { Threads::any() }).build().unwrap();
    for _ in 0..10 {
        let done = pool.map(0..32, |number: i32| {
            println!("worker");
            eprint!("");
            // The lock was given back in the worker: its own threads can print.
            std::thread::spawn(|| println!("worker")).join().unwrap();
            Ok(number)
        });
        assert!(done.unwrap().into_iter().map(Result::unwrap).eq(0..32));
    }
    stop.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let lines = ledger.lines();
    ledger.remove();
    assert_eq!(lines.iter().filter(|line| *line == "worker").count(), 640);
    assert!(lines.iter().all(|line| line == "worker" || line == "parent"));
}

fn ignore_sigint() {
    let pool = ProcessPool::new(2).build().unwrap();
    let done = pool.map(0..4, |number: i32| {
        signal(pid(), Signal::INT);
        Ok(number)
    });
    assert!(done.unwrap().into_iter().map(Result::unwrap).eq(0..4));
}

/// A program in a process group of its own whose workers, and workers' workers, write their pids and work for ever.
fn program(ledger: &Ledger) -> rustix::process::Pid {
    let theirs = ledger.again();
    let program = fork(move || {
        rustix::process::setpgid(None, None).unwrap();
        let pool = ProcessPool::new(3).build().unwrap();
        let done = pool.map(0..3, move |number: i32| {
            theirs.write(pid());
            if number == 0 {
                let theirs = theirs.again();
                ProcessPool::new(1).build()?.map([0], move |_: i32| {
                    theirs.write(pid());
                    std::thread::sleep(millis(60_000));
                    Ok(())
                })?;
            }
            std::thread::sleep(millis(60_000));
            Ok(())
        });
        drop(done);
    });
    assert!(within(millis(5000), || ledger.lines().len() == 4), "{:?}", ledger.lines());
    program
}

fn nobody_left(ledger: Ledger) {
    let pids: Vec<i32> = ledger.lines().iter().map(|line| line.parse().unwrap()).collect();
    assert!(within(millis(2000), || !pids.iter().any(|pid| is_alive(*pid))), "some are left of {pids:?}");
    ledger.remove();
}

fn ctrl_c() {
    let ledger = Ledger::new();
    let program = program(&ledger);
    rustix::process::kill_process_group(program, Signal::INT).unwrap();
    assert_eq!(wait(program).terminating_signal(), Some(libc::SIGINT));
    nobody_left(ledger);
}

fn killed_parent() {
    let ledger = Ledger::new();
    let program = program(&ledger);
    rustix::process::kill_process(program, Signal::KILL).unwrap();
    assert_eq!(wait(program).terminating_signal(), Some(libc::SIGKILL));
    nobody_left(ledger);
}

fn early_drop() {
    let fds = count_fds();
    let pool = ProcessPool::new(4).build().unwrap();
    let mut outcomes = pool
        .imap_unordered(0..100, |number: i32| {
            std::thread::sleep(millis(if number < 2 { 1 } else { 60_000 }));
            Ok(number)
        })
        .unwrap();
    assert!(outcomes.next().unwrap().0 < 2);
    assert!(outcomes.next().unwrap().0 < 2);
    let start = Instant::now();
    drop(outcomes);
    // SIGTERM was enough: SIGKILL comes after two seconds.
    assert!(start.elapsed() < millis(1900), "{:?}", start.elapsed());
    assert!(!has_children());
    assert_eq!(count_fds(), fds);
    // Before anything was asked for, too.
    drop(pool.imap_unordered(0..100, |number: i32| Ok(number)).unwrap());
    assert!(!has_children());
}

fn early_drop_blocked() {
    // SAFETY: a set of signals, filled before use.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGTERM);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
    early_drop();
}

fn descriptors() {
    let pool = ProcessPool::new(4).build().unwrap();
    let _ = pool.map(0..4, |number: i32| Ok(number)).unwrap();
    let fds = count_fds();
    for round in 0..50 {
        let done = pool.map(0..8, move |number: i32| {
            if round % 5 == 0 && number == 3 {
                std::process::exit(1);
            }
            Ok(number)
        });
        assert_eq!(done.unwrap().len(), 8);
        assert_eq!(count_fds(), fds);
    }
    assert!(!has_children());
}

fn sibling_descriptors() {
    let pool = ProcessPool::new(4).build().unwrap();
    let before = count_fds();
    let done = pool.map(0..20, |_: i32| {
        std::thread::sleep(millis(3));
        Ok(count_fds())
    });
    // Its own end of its own pipe, and nothing else.
    assert!(done.unwrap().into_iter().all(|count| count.unwrap() == before + 1));
}

fn two_runs() {
    let pool = ProcessPool::new(2).build().unwrap();
    let mut one = pool.imap_unordered(0..40, |number: i32| Ok((pid(), number))).unwrap();
    let mut two = pool.imap_unordered(0..40, |number: i32| Ok((pid(), -number))).unwrap();
    for _ in 0..40 {
        assert!(one.next().unwrap().1.unwrap().1 >= 0);
        assert!(two.next().unwrap().1.unwrap().1 <= 0);
    }
    // The workers of the second run hold no copy of the first one's pipes: it ends while they wait.
    let start = Instant::now();
    assert!(one.next().is_none());
    assert!(start.elapsed() < millis(5000));
    assert!(two.next().is_none());
    assert!(!has_children());
}

fn foreign_process() {
    let pool = ProcessPool::new(2).build().unwrap();
    let mut outcomes = pool
        .imap_unordered(0..20, |number: i32| {
            std::thread::sleep(millis(20));
            Ok(number)
        })
        .unwrap();
    let mut seen = vec![outcomes.next().unwrap().1.unwrap()];
    // One that uses it, one that only drops it, one that dropped all descriptors before.
    for way in 0..3 {
        let before = count_fds();
        let child = fork(|| {
            if way == 0 {
                let (_, result) = outcomes.next().unwrap();
                assert_eq!(result.unwrap_err().kind(), ErrorKind::Forked);
                assert!(outcomes.next().is_none());
            }
            if way == 2 {
                // SAFETY: the child's own things have no descriptors above 2.
                (3..64).for_each(|fd| unsafe {
                    libc::close(fd);
                });
                let files: Vec<_> = (0..16).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
                // SAFETY: the original is a copy of the parent's memory and not dropped again: the child ends by _exit.
                drop(unsafe { std::ptr::read(&raw const outcomes) });
                assert!(files.iter().all(|file| file.metadata().is_ok()), "a descriptor of ours was closed");
            } else {
                // SAFETY: as above.
                drop(unsafe { std::ptr::read(&raw const outcomes) });
            }
            // Its own pool works.
            let own = pool.map(0..3, |number: i32| Ok(number)).unwrap();
            assert!(own.into_iter().map(Result::unwrap).eq(0..3));
        });
        assert_eq!(wait(child).exit_status(), Some(0));
        assert_eq!(count_fds(), before);
        seen.push(outcomes.next().unwrap().1.unwrap());
    }
    seen.extend(outcomes.map(|(_, result)| result.unwrap()));
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..20));
    assert!(!has_children());
}

fn panicking_jobs() {
    let pool = ProcessPool::new(2).build().unwrap();
    let jobs = (0..10).inspect(|number: &i32| assert!(*number < 5, "no more"));
    let run =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pool.map(jobs, |number: i32| Ok(number))));
    assert!(run.is_err());
    assert!(!has_children());
}

extern "C" fn nothing(_: libc::c_int) {}

fn interrupted() {
    let handler: extern "C" fn(libc::c_int) = nothing;
    // SAFETY: the handler does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as libc::sighandler_t;
        // No SA_RESTART: calls answer EINTR.
        libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
    }
    let parent = pid();
    let pool = ProcessPool::new(3).build().unwrap();
    let done = pool.map(0..200, move |number: i32| {
        signal(parent, Signal::USR1);
        signal(pid(), Signal::USR1);
        Ok((number, "x".repeat(1_000_000)))
    });
    assert!(done.unwrap().into_iter().map(|result| result.unwrap().0).eq(0..200));
}
