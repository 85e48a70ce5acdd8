use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::*;

/// A demand whose rank a test sets.
struct TestDemand(Mutex<Option<Rank>>);

impl TestDemand {
    fn new(rank: Rank) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(rank))))
    }

    fn set(&self, rank: Option<Rank>) {
        *self.0.lock().unwrap() = rank;
    }
}

impl Demand for TestDemand {
    fn rank(&self, _: Instant) -> Option<Rank> {
        *self.0.lock().unwrap()
    }
}

/// Waits for a permit on a thread of its own, and sends its name when it has one.
fn wait(
    permits: &Arc<Permits>,
    demand: &Arc<TestDemand>,
    name: &'static str,
    sender: &Sender<&'static str>,
) -> thread::JoinHandle<()> {
    let (permits, demand, sender) = (permits.clone(), demand.clone(), sender.clone());
    let waiting = permits.counts().1;
    let thread = thread::spawn({
        let permits = permits.clone();
        move || {
            if let Some(_permit) = permits.acquire(demand) {
                sender.send(name).unwrap();
            }
        }
    });
    while permits.counts().1 == waiting {
        thread::yield_now();
    }
    thread
}

fn after(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[test]
fn permits_are_given_to_the_most_urgent_and_in_the_order_of_arrival_among_equals() {
    let (permits, start, (sender, receiver)) = (Arc::new(Permits::new(1)), Instant::now(), channel());
    let first = permits.acquire(TestDemand::new(Rank::Due(start))).unwrap();
    let all = [
        ("background", Rank::Background(start)),
        ("second", Rank::Start(after(start, 1))),
        ("first", Rank::Start(start)),
        ("third", Rank::Start(after(start, 1))),
        ("due", Rank::Due(start)),
        ("underrun", Rank::Underrun(after(start, 2))),
    ];
    let threads: Vec<_> = all.map(|(name, rank)| wait(&permits, &TestDemand::new(rank), name, &sender)).into();
    assert_eq!(permits.counts(), (1, 6));
    drop(first);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    drop(sender);
    assert_eq!(receiver.iter().collect::<Vec<_>>(), ["underrun", "first", "second", "third", "due", "background"]);
    assert_eq!(permits.counts(), (0, 0));
}

#[test]
fn running_work_lets_more_urgent_work_run_first_and_then_continues() {
    let (permits, start, (sender, receiver)) = (Arc::new(Permits::new(1)), Instant::now(), channel());
    let permit = permits.acquire(TestDemand::new(Rank::Due(after(start, 29)))).unwrap();
    let less = wait(&permits, &TestDemand::new(Rank::Background(start)), "less", &sender);
    thread::sleep(2 * CHECK_INTERVAL);
    assert!(permit.may_continue() && receiver.try_recv().is_err());
    let more = wait(&permits, &TestDemand::new(Rank::Start(start)), "more", &sender);
    thread::sleep(2 * CHECK_INTERVAL);
    assert!(permit.may_continue());
    assert_eq!(receiver.recv().unwrap(), "more");
    assert!(permit.waited() > Duration::ZERO && receiver.try_recv().is_err());
    drop(permit);
    assert_eq!(receiver.recv().unwrap(), "less");
    less.join().unwrap();
    more.join().unwrap();
}

#[test]
fn work_that_is_not_needed_any_more_ends_whether_it_runs_or_waits() {
    let (permits, start, (sender, receiver)) = (Arc::new(Permits::new(1)), Instant::now(), channel());
    let (runs, waits) = (TestDemand::new(Rank::Due(start)), TestDemand::new(Rank::Due(start)));
    let permit = permits.acquire(runs.clone()).unwrap();
    let waiting = wait(&permits, &waits, "never", &sender);
    waits.set(None);
    permits.end_unneeded();
    waiting.join().unwrap();
    assert_eq!(permits.counts(), (1, 0));
    runs.set(None);
    thread::sleep(2 * CHECK_INTERVAL);
    assert!(!permit.may_continue() && !permit.may_continue());
    assert_eq!(permits.counts(), (0, 0));
    assert!(receiver.try_recv().is_err());
}

#[test]
fn work_is_as_urgent_as_the_work_that_waits_for_it_and_needed_as_long() {
    let (permits, start) = (Arc::new(Permits::new(2)), Instant::now());
    let (runs, needs) = (TestDemand::new(Rank::Background(start)), TestDemand::new(Rank::Start(start)));
    let (permit, other) = (permits.acquire(runs.clone()).unwrap(), permits.acquire(needs).unwrap());
    let (ranks, permitted) = other.wait_for(permit.item(), |needed| {
        assert!(needed() && permits.counts().0 == 1);
        runs.set(None);
        permit.item().rank(start)
    });
    assert!(permitted);
    assert_eq!((ranks, permit.item().rank(start)), (Some(Rank::Start(start)), None));
}

#[test]
fn closing_ends_all_work_and_waits_for_its_end() {
    let permits = Arc::new(Permits::new(1));
    let permit = permits.acquire(TestDemand::new(Rank::Due(Instant::now()))).unwrap();
    thread::scope(|scope| {
        let closing = scope.spawn(|| permits.close());
        while permit.may_continue() {
            thread::yield_now();
        }
        assert!(!closing.is_finished());
        drop(permit);
    });
    assert!(permits.acquire(TestDemand::new(Rank::Due(Instant::now()))).is_none());
}
