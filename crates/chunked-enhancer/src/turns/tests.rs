use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::*;

/// Work whose rank a test decides.
struct Asked(Mutex<Option<Rank>>);

impl Asked {
    fn new(rank: Rank) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(rank))))
    }

    fn set(&self, rank: Option<Rank>) {
        *self.0.lock().unwrap() = rank;
    }
}

impl Wanted for Asked {
    fn rank(&self, _: Instant) -> Option<Rank> {
        *self.0.lock().unwrap()
    }
}

/// Waits for a permit on a thread of its own, and says its name when it has one.
fn wait(
    turns: &Arc<Turns>,
    asked: &Arc<Asked>,
    name: &'static str,
    said: &Sender<&'static str>,
) -> thread::JoinHandle<()> {
    let (turns, asked, said) = (turns.clone(), asked.clone(), said.clone());
    let waiting = turns.counts().1;
    let thread = thread::spawn({
        let turns = turns.clone();
        move || {
            if let Some(_turn) = turns.begin(asked) {
                said.send(name).unwrap();
            }
        }
    });
    while turns.counts().1 == waiting {
        thread::yield_now();
    }
    thread
}

fn after(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[test]
fn permits_are_given_to_the_most_urgent_and_in_the_order_of_arrival_among_equals() {
    let (turns, start, (said, heard)) = (Arc::new(Turns::new(1)), Instant::now(), channel());
    let first = turns.begin(Asked::new(Rank::By(start))).unwrap();
    let all = [
        ("background", Rank::Background(start)),
        ("second", Rank::NothingYet(after(start, 1))),
        ("first", Rank::NothingYet(start)),
        ("third", Rank::NothingYet(after(start, 1))),
        ("due", Rank::By(start)),
        ("silent", Rank::OutOfSound(after(start, 2))),
    ];
    let threads: Vec<_> = all.map(|(name, rank)| wait(&turns, &Asked::new(rank), name, &said)).into();
    assert_eq!(turns.counts(), (1, 6));
    drop(first);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    drop(said);
    assert_eq!(heard.iter().collect::<Vec<_>>(), ["silent", "first", "second", "third", "due", "background"]);
    assert_eq!(turns.counts(), (0, 0));
}

#[test]
fn what_runs_lets_the_more_urgent_work_first_in_its_middle_and_goes_on_then() {
    let (turns, start, (said, heard)) = (Arc::new(Turns::new(1)), Instant::now(), channel());
    let turn = turns.begin(Asked::new(Rank::By(after(start, 29)))).unwrap();
    let less = wait(&turns, &Asked::new(Rank::Background(start)), "less", &said);
    thread::sleep(2 * LOOK);
    assert!(turn.go_on() && heard.try_recv().is_err());
    let more = wait(&turns, &Asked::new(Rank::NothingYet(start)), "more", &said);
    thread::sleep(2 * LOOK);
    assert!(turn.go_on());
    assert_eq!(heard.recv().unwrap(), "more");
    assert!(turn.away() > Duration::ZERO && heard.try_recv().is_err());
    drop(turn);
    assert_eq!(heard.recv().unwrap(), "less");
    less.join().unwrap();
    more.join().unwrap();
}

#[test]
fn what_nobody_wants_any_more_ends_whether_it_runs_or_waits() {
    let (turns, start, (said, heard)) = (Arc::new(Turns::new(1)), Instant::now(), channel());
    let (runs, waits) = (Asked::new(Rank::By(start)), Asked::new(Rank::By(start)));
    let turn = turns.begin(runs.clone()).unwrap();
    let waiting = wait(&turns, &waits, "never", &said);
    waits.set(None);
    turns.look();
    waiting.join().unwrap();
    assert_eq!(turns.counts(), (1, 0));
    runs.set(None);
    thread::sleep(2 * LOOK);
    assert!(!turn.go_on() && !turn.go_on());
    assert_eq!(turns.counts(), (0, 0));
    assert!(heard.try_recv().is_err());
}

#[test]
fn what_others_need_is_as_urgent_as_they_are_and_wanted_as_long_as_they_want_it() {
    let (turns, start) = (Arc::new(Turns::new(2)), Instant::now());
    let (runs, needs) = (Asked::new(Rank::Background(start)), Asked::new(Rank::NothingYet(start)));
    let (turn, other) = (turns.begin(runs.clone()).unwrap(), turns.begin(needs).unwrap());
    let (ranks, permitted) = other.beside(turn.work(), |wanted| {
        assert!(wanted() && turns.counts().0 == 1);
        runs.set(None);
        turn.work().rank(start)
    });
    assert!(permitted);
    assert_eq!((ranks, turn.work().rank(start)), (Some(Rank::NothingYet(start)), None));
}

#[test]
fn closing_ends_all_and_waits_for_it() {
    let turns = Arc::new(Turns::new(1));
    let turn = turns.begin(Asked::new(Rank::By(Instant::now()))).unwrap();
    thread::scope(|scope| {
        let closing = scope.spawn(|| turns.close());
        while turn.go_on() {
            thread::yield_now();
        }
        assert!(!closing.is_finished());
        drop(turn);
    });
    assert!(turns.begin(Asked::new(Rank::By(Instant::now()))).is_none());
}
