//! The scenarios, the same on every Rust stack. What is known is printed at once: a parent that hangs later has said it.

use crate::child::{Child, Forked, end_at_once, fork, wait};
use crate::journal::Journal;
use crate::stack::Stack;
use crate::{One, Outcome, chain, mysql_stack, plan, postgres_stack, rebis_stack, snapshot};
use std::io::Write;
use std::time::Duration;

/// Runs the scenario once.
pub fn one(arguments: &One) -> Outcome<()> {
    match arguments.stack.as_str() {
        "rebis" if arguments.scenario == "snapshot" => snapshot::run(arguments),
        "rebis" => on::<rebis_stack::Rebis>(arguments),
        "mysql" => on::<mysql_stack::Mysql>(arguments),
        "postgres" => on::<postgres_stack::Postgres>(arguments),
        other => Err(format!("there is no stack {other}").into()),
    }
}

fn on<S: Stack>(arguments: &One) -> Outcome<()> {
    if arguments.scenario == "first" {
        return first::<S>(arguments);
    }
    let stack = S::open(&arguments.url)?;
    std::thread::sleep(Duration::from_millis(plan::SETTLE));
    match arguments.scenario.as_str() {
        "work" => work(&stack, arguments),
        "fresh" => fresh(&stack, arguments),
        "busy" => busy(&stack, arguments),
        "exit" => exit(&stack, arguments),
        "close" => close(stack, arguments),
        "cursor" => cursor(&stack, arguments),
        other => Err(format!("there is no scenario {other}").into()),
    }
}

/// The first control: the parent forks before it opens anything, and every process makes a pool of its own.
fn first<S: Stack>(arguments: &One) -> Outcome<()> {
    let children = fork_workers(|worker| work_on_own::<S>(worker, arguments));
    let stack = S::open(&arguments.url)?;
    collect(children, arguments);
    say_pool(&stack);
    Ok(())
}

/// The second control: the parent has a pool; each worker makes one of its own and leaves the inherited one alone.
fn fresh<S: Stack>(stack: &S, arguments: &One) -> Outcome<()> {
    let children = fork_workers(|worker| work_on_own::<S>(worker, arguments));
    collect(children, arguments);
    say_pool(stack);
    Ok(())
}

/// Four workers on the inherited pool.
fn work<S: Stack>(stack: &S, arguments: &One) -> Outcome<()> {
    let children = fork_workers(|worker| perform(stack, worker, arguments));
    collect(children, arguments);
    say_pool(stack);
    Ok(())
}

/// Four workers on the inherited pool, while the parent has a transaction open on one of its connections.
fn busy<S: Stack>(stack: &S, arguments: &One) -> Outcome<()> {
    let held = stack.hold(plan::PARENT_TOKENS[0])?;
    let children = fork_workers(|worker| perform(stack, worker, arguments));
    collect(children, arguments);
    say("transaction", &S::finish(held, plan::PARENT_TOKENS[1]).map(|()| "committed".to_owned()));
    say_pool(stack);
    Ok(())
}

/// Workers that end at once and leave alone what they did not use.
fn fork_workers(work: impl Fn(i64)) -> Vec<Child> {
    let mut children = Vec::new();
    for worker in 0..plan::WORKERS {
        match fork() {
            Forked::Child => {
                work(worker);
                end_at_once(0);
            }
            Forked::Parent(child) => children.push(child),
        }
    }
    children
}

fn work_on_own<S: Stack>(worker: i64, arguments: &One) {
    match S::open(&arguments.url) {
        Ok(stack) => {
            perform(&stack, worker, arguments);
            // Not dropped: what ends the worker ends its pool.
            std::mem::forget(stack);
        }
        Err(error) => eprintln!("worker {worker} has no pool: {}", chain(&*error)),
    }
}

/// A child that does nothing and ends as `main` does: everything it has inherited is dropped.
fn exit<S: Stack>(stack: &S, arguments: &One) -> Outcome<()> {
    let held = stack.hold(plan::PARENT_TOKENS[0])?;
    match fork() {
        Forked::Child => return Ok(()),
        Forked::Parent(child) => collect(vec![child], arguments),
    }
    say("transaction", &S::finish(held, plan::PARENT_TOKENS[1]).map(|()| "committed".to_owned()));
    say_pool(stack);
    Ok(())
}

/// A child that closes what it has inherited.
fn close<S: Stack>(stack: S, arguments: &One) -> Outcome<()> {
    let held = stack.hold(plan::PARENT_TOKENS[0])?;
    match fork() {
        Forked::Child => {
            stack.close(held);
            end_at_once(0);
        }
        Forked::Parent(child) => collect(vec![child], arguments),
    }
    say("transaction", &S::finish(held, plan::PARENT_TOKENS[1]).map(|()| "committed".to_owned()));
    say_pool(&stack);
    Ok(())
}

/// The parent is in the middle of an answer; workers work and end as `main` does; the parent reads on.
fn cursor<S: Stack>(stack: &S, arguments: &One) -> Outcome<()> {
    let mut children = Vec::new();
    let mut is_child = false;
    let sum = stack.stream(&mut || {
        for worker in 0..plan::WORKERS {
            match fork() {
                Forked::Child => {
                    is_child = true;
                    perform(stack, worker, arguments);
                    return false;
                }
                Forked::Parent(child) => children.push(child),
            }
        }
        collect(std::mem::take(&mut children), arguments);
        true
    });
    if is_child {
        return Ok(());
    }
    let right = plan::NUMBERS * (plan::NUMBERS + 1) / 2;
    let judged = |sum| if sum == right { "right".to_owned() } else { format!("wrong: {sum} for {right}") };
    say("cursor", &sum.map(judged));
    say_pool(stack);
    Ok(())
}

/// What a worker does: its transactions, each noted before and after.
fn perform<S: Stack>(stack: &S, worker: i64, arguments: &One) {
    let mut journal = Journal::create(&arguments.journals, worker).expect("a journal can be made");
    let mut failures = 0;
    for number in 0..arguments.transactions {
        let token = (worker + 1) * 1_000_000 + number;
        journal.line(&format!("start {token}"));
        match stack.transaction(token) {
            Ok(read) => {
                failures = 0;
                if read != Some(token) {
                    journal.line(&format!("wrong {token} {read:?}"));
                }
                journal.line(&format!("acked {token}"));
            }
            Err(error) => {
                failures += 1;
                journal.line(&format!("failed {token} {}", chain(&*error)));
            }
        }
        if failures == plan::FAILURES {
            journal.line("gave-up");
            return;
        }
    }
    journal.line("done");
}

fn collect(children: Vec<Child>, arguments: &One) {
    let (hung, _) = wait(children, &arguments.journals, Duration::from_secs(arguments.deadline));
    say("hung", &Ok(hung.to_string()));
}

fn say_pool<S: Stack>(stack: &S) {
    let probe = stack.probe();
    let judged = |right| if right == plan::POOL { "works".to_owned() } else { "wrong answers".to_owned() };
    say("pool", &probe.map(judged));
}

/// A line for the runner.
pub fn say(name: &str, value: &Outcome<String>) {
    let value = match value {
        Ok(value) => value.clone(),
        Err(error) => format!("error: {}", chain(&**error)).replace('\n', " "),
    };
    println!("{name}={value}");
    // Into a file it is not sent line by line.
    std::io::stdout().flush().expect("what was seen can be written");
}
