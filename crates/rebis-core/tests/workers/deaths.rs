//! Workers that die, hang, or are ended: which job is told what, and who goes on.

use std::time::Instant;

use rebis_core::{Error, ErrorKind, ProcessPool, Result};
use rustix::process::Signal;

use super::support::*;

pub(crate) const TESTS: &[Test] = &[
    ("a_killed_worker_is_reported_with_its_job", killed),
    ("all_workers_die", all_die),
    ("a_worker_that_exits", exits),
    ("an_abort_and_a_segfault_are_named", aborts),
    ("an_initializer_that_panics", initializer_panics),
    ("job_timeout", job_timeout),
    ("job_timeout_of_a_worker_that_ignores_sigterm", stubborn),
    ("an_initializer_that_hangs", initializer_hangs),
    ("a_worker_killed_between_jobs_costs_no_job", killed_idle),
    ("a_worker_killed_while_it_writes_its_result", killed_writing),
    ("a_stopped_worker_does_not_hold_up_the_others", stopped),
    ("a_job_that_closes_the_pipe", closes_pipe),
    ("a_thousand_jobs_with_random_deaths", random_deaths),
    ("deaths_without_pidfd", without_pidfd),
    ("deaths_with_sigchld_ignored", sigchld_ignored),
    ("a_child_that_a_job_forked_cannot_speak_for_it", stray_child),
    ("a_daemon_that_a_job_forked_holds_nobody_up", daemon),
];

fn message<R: std::fmt::Debug>(result: &Result<R>) -> String {
    let error: &Error = result.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WorkerDied, "{error}");
    error.to_string()
}

fn die() -> ! {
    signal(pid(), Signal::KILL);
    loop {
        std::thread::sleep(millis(1000));
    }
}

fn killed() {
    let pool = ProcessPool::new(3).build().unwrap();
    let done = pool.map(0..30, |number: i32| {
        if number == 3 {
            die();
        }
        std::thread::sleep(millis(2));
        Ok(number)
    });
    let done = done.unwrap();
    let text = message(&done[3]);
    assert!(text.contains("was killed by signal 9 (SIGKILL) while it ran job 3"), "{text}");
    assert!(text.starts_with("worker "), "{text}");
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 29);
    assert!(!has_children());
}

fn all_die() {
    let pool = ProcessPool::new(3).build().unwrap();
    let done = pool.map(0..10, |_: i32| -> Result<()> { die() }).unwrap();
    assert_eq!(done.len(), 10);
    let texts: Vec<String> = done.iter().map(message).collect();
    assert_eq!(texts.iter().filter(|text| text.starts_with("worker ")).count(), 3, "{texts:?}");
    assert_eq!(texts.iter().filter(|text| text.contains("no worker is left")).count(), 7, "{texts:?}");
    assert!(texts[9].contains("job 9") && texts[9].contains("SIGKILL"), "{}", texts[9]);
    assert!(!has_children());
}

fn exits() {
    let pool = ProcessPool::new(2).build().unwrap();
    let done = pool.map(0..10, |number: i32| {
        if number == 4 {
            std::process::exit(7);
        }
        Ok(number)
    });
    let done = done.unwrap();
    let text = message(&done[4]);
    assert!(text.contains("exited with code 7 while it ran job 4"), "{text}");
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 9);
}

fn aborts() {
    let pool = ProcessPool::new(3).build().unwrap();
    let done = pool.map(0..2, |number: i32| -> Result<()> {
        if number == 0 {
            std::process::abort();
        }
        // The first one ends in Rust's own handler, which looks for a stack overflow and restores the default.
        signal(pid(), Signal::SEGV);
        signal(pid(), Signal::SEGV);
        Ok(())
    });
    let done = done.unwrap();
    assert!(message(&done[0]).contains("SIGABRT"));
    assert!(message(&done[1]).contains("SIGSEGV"));
}

fn initializer_panics() {
    let pool = ProcessPool::new(2).initializer(|| panic!("no log file")).build().unwrap();
    let done = pool.map(0..3, |number: i32| Ok(number)).unwrap();
    for (index, result) in done.iter().enumerate() {
        let text = message(result);
        assert!(text.contains(&format!("job {index}")) && text.contains("no log file"), "{text}");
    }
    // One that starts well does all the work.
    let ledger = Ledger::new();
    let theirs = ledger.again();
    let pool = ProcessPool::new(2).initializer(move || {
        theirs.write(pid());
        std::thread::sleep(millis(50));
        assert!(theirs.lines()[0] == pid().to_string(), "not the first");
    });
    let done = pool.build().unwrap().map(0..10, |number: i32| Ok(number)).unwrap();
    assert!(done.into_iter().map(Result::unwrap).eq(0..10));
    ledger.remove();
    assert!(!has_children());
}

fn job_timeout() {
    let pool = ProcessPool::new(2).job_timeout(millis(300)).build().unwrap();
    let start = Instant::now();
    let done = pool.map(0..10, |number: i32| {
        std::thread::sleep(millis(if number == 1 { 60_000 } else { 10 }));
        Ok(number)
    });
    let done = done.unwrap();
    let text = message(&done[1]);
    assert!(text.contains("job 1 took longer than the job_timeout of 300ms"), "{text}");
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 9);
    assert!(start.elapsed() < millis(20_000), "{:?}", start.elapsed());
    assert!(!has_children());
}

fn ignore_sigterm() {
    // SAFETY: ignoring a signal runs no code.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
}

fn stubborn() {
    let pool = ProcessPool::new(1).initializer(ignore_sigterm).job_timeout(millis(100)).build().unwrap();
    let start = Instant::now();
    let done = pool.map([0], |_: i32| {
        std::thread::sleep(millis(60_000));
        Ok(())
    });
    assert!(message(&done.unwrap()[0]).contains("job_timeout"));
    assert!((millis(2000)..millis(20_000)).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert!(!has_children());
}

fn initializer_hangs() {
    let pool = ProcessPool::new(2).initializer(|| std::thread::sleep(millis(60_000)));
    let pool = pool.job_timeout(millis(200)).build().unwrap();
    let done = pool.map([0], |_: i32| Ok(())).unwrap();
    let text = message(&done[0]);
    assert!(text.contains("its initializer took longer"), "{text}");
    assert!(!has_children());
}

fn killed_idle() {
    // Now one and now the other of the two is the one that the next job goes to.
    (0..8).for_each(|round| kill_idle(round % 2));
}

fn kill_idle(which: usize) {
    let pool = ProcessPool::new(2).build().unwrap();
    let ledger = Ledger::new();
    let theirs = ledger.again();
    let reader = ledger.again();
    // The third job is made only when both workers are idle; making it kills one of them.
    let jobs = (0..6).inspect(move |number: &i32| {
        if *number == 2 {
            within(millis(5000), || reader.lines().len() == 2);
            std::thread::sleep(millis(20));
            let victim = reader.lines()[which].parse().unwrap();
            signal(victim, Signal::KILL);
            assert!(within(millis(5000), || !is_alive(victim)));
        }
    });
    let done = pool.map(jobs, move |number: i32| {
        if number < 2 {
            theirs.write(pid());
            // One job for each of the two.
            assert!(within(millis(5000), || theirs.lines().len() == 2));
        }
        Ok(number)
    });
    let done = done.unwrap();
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    ledger.remove();
}

fn killed_writing() {
    let pool = ProcessPool::new(2).build().unwrap();
    let mut outcomes = pool
        .imap_unordered(0..3, |number: i32| {
            // 50 MB do not fit into the pipe: the worker hangs in its write while nobody reads.
            Ok((pid(), "x".repeat(if number == 1 { 50 << 20 } else { 1 })))
        })
        .unwrap();
    outcomes.next().unwrap().1.unwrap();
    std::thread::sleep(millis(300));
    for child in
        std::fs::read_to_string(format!("/proc/self/task/{}/children", pid())).unwrap().split_whitespace()
    {
        signal(child.parse().unwrap(), Signal::KILL);
    }
    let rest: Vec<_> = outcomes.by_ref().collect();
    let lost: Vec<String> =
        rest.iter().filter(|(index, _)| *index == 1).map(|(_, result)| message(result)).collect();
    assert!(lost.len() == 1 && lost[0].contains("SIGKILL"), "{lost:?}");
    assert_eq!(rest.len(), 2);
    assert!(!has_children());
}

fn stopped() {
    let pool = ProcessPool::new(2).build().unwrap();
    let ledger = Ledger::new();
    let theirs = ledger.again();
    let jobs = (0..12_u32).map(|number| {
        if number == 2 {
            // Job 0 is answered, and its worker has stopped itself by now.
            std::thread::sleep(millis(200));
        }
        (number, "x".repeat(if number == 2 { 10 << 20 } else { 1 }))
    });
    let done = pool.map(jobs, move |(number, text): (u32, String)| {
        match number {
            0 => {
                theirs.write(pid());
                assert!(within(millis(5000), || theirs.lines().len() == 2), "job 1 is the other worker's");
                std::thread::spawn(|| {
                    std::thread::sleep(millis(50));
                    signal(pid(), Signal::STOP);
                });
            }
            1 => {
                assert!(within(millis(5000), || !theirs.lines().is_empty()));
                theirs.write(pid());
                std::thread::sleep(millis(400));
            }
            11 => signal(theirs.lines()[0].parse().unwrap(), Signal::CONT),
            _ => {}
        }
        Ok((pid(), text.len()))
    });
    let done: Vec<(i32, usize)> = done.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(done[2], (done[0].0, 10 << 20), "the big job was the stopped worker's");
    assert!(done[3..12].iter().all(|(worker, _)| *worker == done[1].0));
    ledger.remove();
}

fn closes_pipe() {
    let pool = ProcessPool::new(2).build().unwrap();
    let start = Instant::now();
    let done = pool.map(0..6, |number: i32| {
        if number == 2 {
            for fd in 3..64 {
                // SAFETY: none of the job's own things has a descriptor.
                unsafe { libc::close(fd) };
            }
            std::thread::sleep(millis(60_000));
        }
        Ok(number)
    });
    let done = done.unwrap();
    assert!(message(&done[2]).contains("closed its pipe"));
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 5);
    assert!(start.elapsed() < millis(20_000));
}

fn random_deaths() {
    let pool = ProcessPool::new(40).build().unwrap();
    let done = pool.map(0..1000_u32, |number: u32| {
        if number % 29 == 28 {
            die();
        }
        Ok(number)
    });
    let done = done.unwrap();
    assert_eq!(done.len(), 1000);
    for (number, result) in (0..1000_u32).zip(&done) {
        match result {
            Ok(same) => assert!(*same == number && number % 29 != 28),
            Err(_) => {
                assert!(
                    number % 29 == 28 && message(result).contains(&format!("job {number}")),
                    "{result:?}"
                );
            }
        }
    }
    assert!(!has_children());
}

/// As on a kernel before 5.3, or in a sandbox.
fn forbid_pidfd_open() {
    let number = u32::try_from(libc::SYS_pidfd_open).unwrap();
    let statement = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt,
        jf,
        k,
    };
    let mut filter = [
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned()),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
    // SAFETY: `program` is a valid filter, which the kernel copies.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
    }
    let me = rustix::process::getpid();
    assert!(rustix::process::pidfd_open(me, rustix::process::PidfdFlags::empty()).is_err());
}

fn without_pidfd() {
    forbid_pidfd_open();
    killed();
    all_die();
    job_timeout();
    daemon();
}

fn sigchld_ignored() {
    // SAFETY: ignoring a signal runs no code.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let pool = ProcessPool::new(2).build().unwrap();
    let done = pool.map(0..10, |number: i32| if number == 3 { die() } else { Ok(number) }).unwrap();
    let text = message(&done[3]);
    assert!(text.contains("job 3") && text.contains("SIGCHLD"), "{text}");
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 9);
}

fn stray_child() {
    let pool = ProcessPool::new(2).build().unwrap();
    let done = pool.map(0..20, |number: i32| {
        let me = pid();
        // SAFETY: the worker has one thread.
        let forked = unsafe { libc::fork() };
        // Both return from the job; only the worker's answer may count.
        if forked > 0 {
            wait(rustix::process::Pid::from_raw(forked).unwrap());
        }
        Ok((number, me == pid()))
    });
    let done: Vec<(i32, bool)> = done.unwrap().into_iter().map(Result::unwrap).collect();
    assert!(done.into_iter().eq((0..20).map(|number| (number, true))));
}

fn daemon() {
    let start = Instant::now();
    let ledger = Ledger::new();
    let theirs = ledger.again();
    let pool = ProcessPool::new(2).build().unwrap();
    let done = pool.map(0..4, move |number: i32| {
        if number == 1 {
            let pid = fork(|| std::thread::sleep(millis(20_000)));
            theirs.write(pid.as_raw_pid());
            die();
        }
        Ok(number)
    });
    assert!(message(&done.unwrap()[1]).contains("SIGKILL"));
    assert!(start.elapsed() < millis(10_000), "{:?}", start.elapsed());
    let daemon: i32 = ledger.lines()[0].parse().unwrap();
    assert!(is_alive(daemon), "the daemon is not the pool's business");
    signal(daemon, Signal::KILL);
    ledger.remove();
}
