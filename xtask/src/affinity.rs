//! On which cores a server runs. By `sched_setaffinity`, thread by thread; threads and processes to come inherit it.

use crate::Result;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores this program may use.
#[derive(Debug)]
pub(crate) struct Affinity {
    all: CpuSet,
}

impl Affinity {
    pub(crate) fn own() -> Result<Affinity> {
        Ok(Affinity { all: sched_getaffinity(None)? })
    }

    /// The last of them: interrupts and others' programs are more often on the first one.
    pub(crate) fn last(&self) -> Result<usize> {
        let found = (0..CpuSet::MAX_CPU).rev().find(|cpu| self.all.is_set(*cpu));
        found.ok_or_else(|| "this program may use no core at all".into())
    }

    /// Puts a process and its children on one core.
    pub(crate) fn pin(&self, process: u32, cpu: usize) -> Result<()> {
        let mut cpus = CpuSet::new();
        cpus.set(cpu);
        set(process, &cpus)
    }

    /// Lets a process and its children run on all cores.
    pub(crate) fn spread(&self, process: u32) -> Result<()> {
        set(process, &self.all)
    }
}

fn set(process: u32, cpus: &CpuSet) -> Result<()> {
    let is_parent = |stat: &str| {
        // After the name, which may hold blanks and brackets: the state, then the parent.
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1));
        parent.and_then(|parent| parent.parse().ok()) == Some(process)
    };
    for pid in numbers("/proc") {
        let child = std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| is_parent(&stat));
        if pid != process && !child {
            continue;
        }
        for thread in numbers(&format!("/proc/{pid}/task")) {
            match sched_setaffinity(i32::try_from(thread).ok().and_then(Pid::from_raw), cpus) {
                // It has ended meanwhile.
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => {
                    return Err(format!("cannot choose the core of thread {thread}: {error}").into());
                }
            }
        }
    }
    Ok(())
}

/// The entries of a folder that are numbers.
fn numbers(folder: &str) -> Vec<u32> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_child_is_pinned_and_spread_again() {
        let affinity = Affinity::own().unwrap();
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let cpus =
            |pid: u32| sched_getaffinity(i32::try_from(pid).ok().and_then(Pid::from_raw)).unwrap().count();
        affinity.pin(child.id(), affinity.last().unwrap()).unwrap();
        assert_eq!(cpus(child.id()), 1);
        affinity.spread(child.id()).unwrap();
        assert_eq!(cpus(child.id()), affinity.all.count());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
