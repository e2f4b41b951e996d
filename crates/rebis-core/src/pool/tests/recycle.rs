//! Ages: when a connection is replaced because it is old, or as old as one that was lost.

use std::sync::Barrier;

use super::*;

fn aged(change: impl FnOnce(&mut PoolOptions)) -> (Script, ScriptedClock, Arc<Lending>) {
    let (script, clock) = (Script::new(), ScriptedClock::default());
    let pool = queue(&script, |options| {
        options.clock = clock.clock();
        change(options);
    });
    (script, clock, pool)
}

#[test]
fn recycle_looks_at_the_age_on_checkout_a50() {
    let (script, clock, pool) = aged(|options| options.recycle = Some(Duration::from_secs(30)));
    drop(lend(&pool).unwrap());
    clock.advance(Duration::from_secs(1));
    drop(lend(&pool).unwrap());
    assert_eq!(script.opened(), 1);
    clock.advance(Duration::from_secs(34));
    assert_eq!(script.closed(), 0, "nobody looks at it meanwhile");
    drop(lend(&pool).unwrap());
    assert_eq!((script.opened(), script.closed()), (2, 1));
}

/// Where Rebis does more: what has grown too old while it was out is closed on its way back, not kept until it is asked for.
#[test]
fn recycle_looks_at_the_age_on_return_too_a50() {
    let (script, clock, pool) = aged(|options| options.recycle = Some(Duration::from_secs(30)));
    let lease = lend(&pool).unwrap();
    clock.advance(Duration::from_secs(31));
    drop(lease);
    assert_eq!((script.closed(), pool.status().idle), (1, 0));
}

#[test]
fn age_counts_from_the_connect_not_from_the_last_use_a50() {
    let (script, clock, pool) = aged(|options| options.recycle = Some(Duration::from_secs(30)));
    for _ in 0..4 {
        drop(lend(&pool).unwrap());
        clock.advance(Duration::from_secs(10));
    }
    drop(lend(&pool).unwrap());
    assert_eq!((script.opened(), script.closed()), (2, 1));
}

#[test]
fn only_the_lost_one_is_closed_now_a52() {
    let script = Script::new();
    let pool = queue(&script, |options| options.size = 4);
    let mut leases: Vec<_> = (0..4).map(|_| lend(&pool).unwrap()).collect();
    let mut lost = leases.pop().unwrap();
    drop(leases);
    report_loss(&mut lost);
    drop(lost);
    assert_eq!((script.closed(), pool.status().idle), (1, 3));
    for replaced in 1..=3 {
        let lease = lend(&pool).unwrap();
        assert_eq!((script.opened(), script.closed()), (4 + replaced, 1 + replaced));
        std::mem::forget(lease);
    }
    // The place of the lost one; after that everything is younger than the loss.
    drop(lend(&pool).unwrap());
    drop(lend(&pool).unwrap());
    assert_eq!((script.opened(), script.closed()), (8, 4));
}

#[test]
fn fifteen_losses_replace_fifteen_a53() {
    let script = Script::new();
    let pool = queue(&script, |options| options.size = 15);
    let leases: Vec<_> = (0..15).map(|_| lend(&pool).unwrap()).collect();
    let barrier = Barrier::new(15);
    thread::scope(|scope| {
        for (index, mut lease) in leases.into_iter().enumerate() {
            let (barrier, pool) = (&barrier, &pool);
            scope.spawn(move || {
                barrier.wait();
                report_loss(&mut lease);
                if index % 3 == 0 {
                    drop(lease);
                    // And again, for one that is back already.
                    pool.invalidate();
                }
            });
        }
    });
    let leases: Vec<_> = (0..15).map(|_| lend(&pool).unwrap()).collect();
    assert_eq!((script.opened(), script.closed()), (30, 15));
    drop(leases);
    assert_eq!((pool.status().leased, pool.status().idle), (0, 15));
}

/// A thousand connections opened together are not replaced together.
#[test]
fn lifetimes_are_spread() {
    const COUNT: usize = 1000;
    let (script, clock, pool) = aged(|options| {
        options.size = COUNT;
        options.recycle = Some(Duration::from_secs(1000));
    });
    script.stop_recording();
    let all = || (0..COUNT).map(|_| lend(&pool).unwrap()).collect::<Vec<_>>();
    drop(all());
    clock.advance(Duration::from_secs(900));
    drop(all());
    assert_eq!(script.opened(), COUNT, "none before nine tenths of its time");
    for _ in 0..10 {
        let before = script.opened();
        clock.advance(Duration::from_secs(10));
        drop(all());
        let replaced = script.opened() - before;
        // A tenth of the spread: a tenth of the connections, give or take six standard deviations.
        assert!((COUNT / 25..=COUNT / 4).contains(&replaced), "{replaced} in a tenth of the spread");
    }
    clock.advance(Duration::from_nanos(1));
    drop(all());
    assert_eq!((script.opened(), script.closed()), (2 * COUNT, COUNT), "each once, in its time");
}

#[test]
fn without_jitter_all_live_equally_long() {
    let (script, clock, pool) = aged(|options| {
        options.recycle = Some(Duration::from_secs(100));
        options.recycle_jitter = 0.0;
    });
    drop([lend(&pool).unwrap(), lend(&pool).unwrap()]);
    clock.advance(Duration::from_secs(100));
    drop([lend(&pool).unwrap(), lend(&pool).unwrap()]);
    assert_eq!(script.opened(), 2);
    clock.advance(Duration::from_nanos(1));
    drop([lend(&pool).unwrap(), lend(&pool).unwrap()]);
    assert_eq!(script.opened(), 4);
}
