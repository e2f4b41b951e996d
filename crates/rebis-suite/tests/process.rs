//! The process generation: every kind of fork, with and without the wiped page, and no socket left in a child.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::{c_int, c_void};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rebis::process::{Address, Deadline, Socket, SocketOptions, generation, testing};
use rebis_suite::fork::{self, Kind};
use rebis_suite::harness::{self, Case, Outcome, passed};

const CHILD: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let case = |name: &str, run| Case { name: name.to_owned(), deadline: Duration::from_secs(300), run };
    harness::main(&[
        case("fork_is_seen", |_| kind_is_seen(Kind::Fork)),
        case("underscore_fork_is_seen", |_| kind_is_seen(Kind::UnderscoreFork)),
        case("raw_clone_is_seen", |_| kind_is_seen(Kind::RawClone)),
        case("vfork_is_not_a_fork", |_| vfork_is_not_a_fork()),
        case("a_grandchild_before_the_first_look", |_| grandchildren()),
        case("equal_pids_in_nested_namespaces", |_| nested_namespaces()),
        case("many_threads_agree", |_| many_threads_agree()),
        case("without_the_page_failing_madvise", |_| without_the_page(failing)),
        case("without_the_page_lying_madvise", |_| without_the_page(lying)),
        case("a_child_closes_its_copies", |_| a_child_closes_its_copies()),
        case("reused_numbers_are_left_alone", |_| reused_numbers_are_left_alone()),
        case("forks_while_sockets_are_opened", |_| forks_while_sockets_are_opened()),
    ])
}

fn kind_is_seen(kind: Kind) -> Outcome {
    let parent = generation();
    fork::expect(kind, CHILD, || {
        let child = generation();
        i32::from(child == parent || child != generation())
    });
    assert_eq!(parent, generation(), "the parent's own generation stays");
    passed(format!("{kind:?}: another generation in the child, the same in the parent"))
}

/// vfork's child shares the memory: a change there would invalidate the parent's connections.
fn vfork_is_not_a_fork() -> Outcome {
    let before = generation();
    for _ in 0..20 {
        // `Command` without hooks uses posix_spawn, that is CLONE_VM | CLONE_VFORK.
        assert!(std::process::Command::new("/bin/true").status().unwrap().success());
    }
    assert_eq!(before, generation());
    passed("20 spawned programs, generation unchanged")
}

/// The child does not look, so nobody has counted its fork when the grandchild is born.
fn grandchildren() -> Outcome {
    let parent = generation();
    for kind in [Kind::Fork, Kind::UnderscoreFork, Kind::RawClone] {
        fork::expect(kind, CHILD, || {
            let code = fork::wait(fork::child(kind, || i32::from(generation() == parent)), CHILD);
            // And one whose parent has looked.
            let child = generation();
            let second =
                fork::wait(fork::child(kind, || i32::from([parent, child].contains(&generation()))), CHILD);
            i32::from(code != Some(0) || second != Some(0))
        });
    }
    passed("3 kinds, before and after the child's first look")
}

fn nested_namespaces() -> Outcome {
    if !fork::new_pid_namespace() {
        return Outcome::Skipped("no right to make a pid namespace".into());
    }
    // The first process in a namespace has pid 1; so has the first in a namespace inside it.
    fork::expect(Kind::Fork, CHILD, || {
        let (outer, outer_pid) = (generation(), fork::pid());
        if outer_pid != 1 || !fork::new_pid_namespace() {
            return 3;
        }
        let code = fork::wait(
            fork::child(Kind::RawClone, || i32::from(fork::pid() != 1 || generation() == outer)),
            CHILD,
        );
        i32::from(code != Some(0))
    });
    passed("pid 1 forked pid 1: another generation")
}

fn many_threads_agree() -> Outcome {
    generation();
    for _ in 0..200 {
        fork::expect(Kind::UnderscoreFork, CHILD, || {
            // `_Fork` runs no hook, so these threads race for the first look.
            let go = AtomicBool::new(false);
            let seen = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            while !go.load(Ordering::Acquire) {
                                std::hint::spin_loop();
                            }
                            generation()
                        })
                    })
                    .collect();
                go.store(true, Ordering::Release);
                threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
            });
            i32::from(!seen.iter().all(|one| *one == generation()))
        });
    }
    passed("200 children, 4 threads each race for the first look and agree")
}

unsafe extern "C" fn failing(_page: *mut c_void, _length: usize, _advice: c_int) -> c_int {
    -1
}

/// Says yes to everything and does nothing, as an emulator does.
unsafe extern "C" fn lying(_page: *mut c_void, _length: usize, _advice: c_int) -> c_int {
    0
}

fn without_the_page(madvise: unsafe extern "C" fn(*mut c_void, usize, c_int) -> c_int) -> Outcome {
    // SAFETY: both stand-ins do nothing.
    unsafe { testing::replace_madvise(madvise) };
    kind_is_seen(Kind::Fork);
    kind_is_seen(Kind::UnderscoreFork);
    kind_is_seen(Kind::RawClone);
    grandchildren();
    vfork_is_not_a_fork();
    // The hook sees what the pid does not tell.
    if fork::new_pid_namespace() {
        fork::expect(Kind::Fork, CHILD, || {
            let outer = generation();
            if !fork::new_pid_namespace() {
                return 3;
            }
            let code = fork::wait(fork::child(Kind::Fork, || i32::from(generation() == outer)), CHILD);
            i32::from(code != Some(0))
        });
    }
    passed("counter and pid see fork, _Fork, clone, grandchildren, equal pids")
}

fn listener() -> (TcpListener, Address) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap());
    (listener, address)
}

fn connect(address: &Address) -> Socket {
    Socket::connect(address, SocketOptions::default(), Deadline::after(Duration::from_secs(5))).unwrap()
}

/// How many sockets this process has open, by the kernel's own list.
fn open_sockets() -> usize {
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

fn a_child_closes_its_copies() -> Outcome {
    let (listener, address) = listener();
    let before = open_sockets();
    let connect = || {
        let socket = connect(&address);
        drop(listener.accept().unwrap());
        socket
    };
    // More than one chunk of the registry.
    let sockets: Vec<Socket> = (0..400).map(|_| connect()).collect();
    assert_eq!(testing::registered_sockets(), 400);
    for kind in [Kind::Fork, Kind::UnderscoreFork, Kind::RawClone] {
        fork::expect(kind, CHILD, || {
            if kind == Kind::Fork && open_sockets() != before {
                return 1; // the hook alone must have closed them
            }
            generation();
            let forked = sockets[7]
                .send_all(b"x", Deadline::NEVER)
                .is_err_and(|e| e.kind() == rebis::ErrorKind::Forked);
            i32::from(open_sockets() != before || testing::registered_sockets() != 0 || !forked)
        });
    }
    assert_eq!(open_sockets(), before + 400, "the parent's are open");
    drop(sockets);
    assert_eq!((open_sockets(), testing::registered_sockets()), (before, 0));
    passed("400 sockets: none left in 3 kinds of children, all left in the parent")
}

/// A daemon closes every descriptor and opens others under the same numbers.
fn reused_numbers_are_left_alone() -> Outcome {
    let (_listener, address) = listener();
    let socket = connect(&address);
    fork::expect(Kind::RawClone, CHILD, || {
        for number in 3..200 {
            // SAFETY: this child owns none of these; that it closes them blindly is the case.
            unsafe { libc::close(number) };
        }
        let mine: Vec<_> = (0..20).map(|_| std::os::unix::net::UnixStream::pair().unwrap()).collect();
        generation();
        drop(socket);
        let alive = mine.iter().all(|(one, _)| std::io::Write::write(&mut &*one, b"x").is_ok());
        i32::from(!alive)
    });
    passed("20 innocent socket pairs untouched")
}

/// Without the lock in the prepare hook, 32 of 20,000 children kept a socket that was not yet registered.
fn forks_while_sockets_are_opened() -> Outcome {
    const FORKS: u64 = 20_000;
    generation();
    let (listener, address) = listener();
    let before = open_sockets();
    let stop = AtomicBool::new(false);
    let opened = AtomicU64::new(0);
    let mut left_open = 0_u64;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // The queue of the listener is never emptied: whether the connect succeeds is beside the point.
                    let _ = Socket::connect(
                        &address,
                        SocketOptions::default(),
                        Deadline::after(Duration::from_millis(1)),
                    );
                    opened.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        listener.set_nonblocking(true).unwrap();
        for _ in 0..FORKS {
            let pid = fork::child(Kind::Fork, || i32::from(count_sockets_plainly() > before));
            match fork::wait(pid, CHILD) {
                Some(0) => {}
                Some(1) => left_open += 1,
                other => panic!("a child ended with {other:?}"),
            }
            // Keeps the queue from filling up; accepted ones are closed at once, before the next fork.
            while listener.accept().is_ok() {}
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(left_open, 0, "children with an inherited socket");
    passed(format!(
        "{FORKS} forks in {:.1} s beside {} sockets: 0 left open",
        start.elapsed().as_secs_f64(),
        opened.into_inner()
    ))
}

/// Without allocation or locks: the child is born beside threads that are gone.
fn count_sockets_plainly() -> usize {
    (3..128)
        .filter(|number| {
            // SAFETY: fstat writes into our own structure and answers EBADF for a closed number.
            unsafe {
                let mut stat: libc::stat = std::mem::zeroed();
                libc::fstat(*number, &raw mut stat) == 0 && stat.st_mode & libc::S_IFMT == libc::S_IFSOCK
            }
        })
        .count()
}
