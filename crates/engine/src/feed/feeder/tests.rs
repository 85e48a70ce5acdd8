use std::sync::atomic::AtomicUsize;

use super::*;

/// Zeros without end, from a file that can be opened again or cannot.
#[derive(Default)]
struct Zeros {
    /// Happens when they are read first.
    happens: Option<Box<dyn FnOnce() + Send>>,
    opens_again: bool,
    /// How often that was tried.
    tried: Arc<AtomicUsize>,
}

impl Input for Zeros {
    fn seek(&mut self, _frame: u64) -> Result<(), Fault> {
        Ok(())
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, Fault> {
        frames.extend([[0.0; 2]; 1_024]);
        if let Some(happens) = self.happens.take() {
            happens();
        }
        Ok(true)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        self.tried.fetch_add(1, Relaxed);
        let again = || Self { happens: None, opens_again: true, tried: self.tried.clone() };
        self.opens_again.then(|| Box::new(again()) as Box<dyn Input>)
    }
}

#[test]
fn finer_time_takes_as_many_more_pages() {
    for (rate, times) in [(8_000, 1), (44_100, 1), (48_000, 1), (88_200, 2), (96_000, 2), (192_000, 4)] {
        assert_eq!((slots(rate), reach(rate)), (128 * times, 25_600 * times as i64), "{rate} Hz");
    }
}

#[test]
fn playheads_share_the_pages_and_leave_some_for_what_was_left() {
    let (rate, page) = (96_000, PAGE as i64);
    for (heads, pages) in [(1, 112), (2, 112), (4, 58), (5, 46), (64, 3)] {
        let stream = Arc::new(Stream::new(1 << 30, slots(rate)));
        let mut feeder = Feeder::new(stream.clone(), Arc::default(), Box::new(Zeros::default()), rate);
        for _ in 0..heads {
            let seat = stream.sit().unwrap();
            stream.wish(seat, &Wish { playing: true, speed: 1.0, ..Wish::default() });
        }
        feeder.look();
        assert_eq!(feeder.share(), (pages * page - 2 * reach(rate)).max(page), "{heads} playheads");
    }
}

#[test]
fn what_plays_is_read_first_and_of_that_what_is_most_urgent() {
    let job = |playing, urgency| Job { urgency, playing, pages: Vec::new() };
    let in_order = [
        job(true, Urgency::Emergency),
        job(true, Urgency::Normal),
        job(false, Urgency::Emergency),
        job(false, Urgency::Normal),
    ];
    assert!(in_order.is_sorted_by(|earlier, later| earlier.rank() < later.rank()));
}

#[test]
fn a_rest_beside_a_playhead_is_short_against_what_is_left_in_an_emergency() {
    for sample_rate in [8_000, 44_100, 192_000] {
        let stream = Arc::new(Stream::new(1 << 30, slots(sample_rate)));
        let mut feeder = Feeder::new(stream.clone(), Arc::default(), Box::new(Zeros::default()), sample_rate);
        assert_eq!(feeder.rest(), SLEEP);
        let seat = stream.sit().unwrap();
        stream.wish(seat, &Wish { playing: true, speed: 1.0, ..Wish::default() });
        feeder.look();
        let frames = feeder.rest().as_secs_f64() * f64::from(sample_rate);
        let left = (feeder.thresholds.emergency * feeder.thresholds.chunk) as f64;
        assert!(frames < left / 4.0, "{frames} frames pass in a rest, {left} are left at {sample_rate} Hz");
    }
}

const RATE: u32 = 44_100;
const PLAYING: Wish = Wish { clock: 0, position: 0, speed: 1.0, playing: true, region: None, cue: 0, reach: 0 };

/// A feeder of a long track with a playhead for each of these.
fn feeder_for(wishes: &[Wish]) -> Feeder {
    let stream = Arc::new(Stream::new(1 << 30, slots(RATE)));
    for wish in wishes {
        stream.wish(stream.sit().unwrap(), wish);
    }
    let mut feeder = Feeder::new(stream.clone(), Arc::default(), Box::new(Zeros::default()), RATE);
    feeder.look();
    feeder
}

#[test]
fn of_all_that_could_be_read_the_job_is_the_most_urgent() {
    let waiting = |position| Wish { playing: false, position, cue: position, ..PLAYING };
    let playing = Wish { position: 1 << 20, cue: 1 << 20, ..PLAYING };
    // The order in which playheads are looked at is another in each feeder.
    for _ in 0..16 {
        let mut feeder = feeder_for(&[waiting(1 << 24), playing, waiting(1 << 26)]);
        let job = feeder.job().unwrap();
        assert!(job.playing && job.urgency == Urgency::Emergency && job.pages[0] == 256, "{:?}", job.pages);
    }
}

#[test]
fn there_is_no_job_when_all_that_is_wanted_is_there() {
    let mut feeder = feeder_for(&[PLAYING]);
    feed(&mut feeder);
    assert!((0..12).all(|page| feeder.stream.pages.has(page)));
}

#[test]
fn half_a_second_is_read_behind_a_place_that_was_announced() {
    let mut feeder = feeder_for(&[]);
    feeder.desk.announced.lock().unwrap().push(0);
    // 22,050 frames and what a stretcher reads beyond them.
    assert_eq!(feeder.job().unwrap().pages, (0..12).collect::<Vec<u64>>());
}

#[test]
fn a_job_is_done_as_a_whole_while_nothing_changes() {
    let mut feeder = feeder_for(&[]);
    feeder.desk.announced.lock().unwrap().push(0);
    let job = feeder.job().unwrap();
    assert!(feeder.work(&job).unwrap());
    assert_eq!(job.pages.iter().filter(|page| feeder.stream.pages.has(**page)).count(), 12);
}

#[test]
fn a_job_is_given_up_when_something_more_urgent_comes_or_nobody_wants_it_any_more() {
    let far = 1 << 24;
    for plays in [true, false] {
        let mut feeder = feeder_for(&[]);
        feeder.desk.announced.lock().unwrap().push(0);
        let (stream, desk) = (feeder.stream.clone(), feeder.desk.clone());
        let seat = stream.sit().unwrap();
        let happens = move || {
            if plays {
                stream.wish(seat, &Wish { position: far, cue: far, ..PLAYING });
            } else {
                *desk.announced.lock().unwrap() = vec![far];
            }
        };
        feeder.cursors =
            vec![Cursor::new(Box::new(Zeros { happens: Some(Box::new(happens)), ..Zeros::default() }), RATE)];
        let job = feeder.job().unwrap();
        assert!(feeder.work(&job).unwrap());
        let read = job.pages.iter().filter(|page| feeder.stream.pages.has(**page)).count();
        assert_eq!(read, 1, "of {:?}; a playhead plays: {plays}", job.pages);
    }
}

/// Reads until there is nothing to do.
fn feed(feeder: &mut Feeder) {
    for turn in 0.. {
        assert!(turn < 1_000, "it does not end");
        feeder.look();
        match feeder.job() {
            Some(job) => assert!(!job.pages.is_empty() && feeder.work(&job).unwrap()),
            None => break,
        }
    }
}

#[test]
fn as_many_seconds_are_ready_at_any_speed_but_the_slowest() {
    let pages = |speed| {
        let mut feeder = feeder_for(&[Wish { speed, ..PLAYING }]);
        feed(&mut feeder);
        (0..).take_while(|page| feeder.stream.pages.has(*page)).count()
    };
    // Two seconds of output, and of the cue half a second.
    let at = [1.0 / 16.0, 0.5, 1.0, 2.0].map(pages);
    assert_eq!(at, [6, 11, 22, 43]);
    assert_eq!(pages(0.001), at[0]);
}

#[test]
fn a_faster_playhead_is_brought_more_pages_at_a_time() {
    let most_urgent = Adaptive::new(Thresholds::default()).unwrap().observe(Frames(0), Levels::default(), 0);
    for speed in [1.0, 4.0, 16.0] {
        let pages = (most_urgent.chunks as f64 * 1_024.0 * speed / PAGE as f64).ceil();
        // The cue is elsewhere, so that it is no part of this job.
        let mut feeder = feeder_for(&[Wish { speed, cue: 1 << 24, ..PLAYING }]);
        assert_eq!(feeder.job().unwrap().pages.len() as f64, pages, "{speed}");
    }
}

#[test]
fn the_cue_is_ready_wherever_a_loop_holds_the_playhead() {
    let region = crate::types::loop_region::LoopRegion { start: 1 << 20, end: (1 << 20) + 200_000 };
    let mut feeder = feeder_for(&[Wish { position: 1 << 20, cue: 1 << 24, region: Some(region), ..PLAYING }]);
    feed(&mut feeder);
    // 22,050 frames of it.
    let cue = (1 << 24) / PAGE as u64;
    assert!((cue..cue + 6).all(|page| feeder.stream.pages.has(page)));
}

#[test]
fn the_level_that_is_told_is_that_of_the_playhead_in_the_greatest_need() {
    let level = |feeder: &mut Feeder| {
        feeder.look();
        feeder.job();
        feeder.desk.levels.lock().unwrap().output.0
    };
    for _ in 0..16 {
        let mut feeder = feeder_for(&[PLAYING]);
        feed(&mut feeder);
        let alone = level(&mut feeder);
        assert!(alone > 50_000, "{alone}");
        let stream = feeder.stream.clone();
        let far = Wish { position: 1 << 24, cue: 1 << 24, ..PLAYING };
        let seat = stream.sit().unwrap();
        stream.wish(seat, &Wish { playing: false, ..far });
        assert_eq!(level(&mut feeder), alone, "one that does not play needs nothing");
        stream.wish(seat, &far);
        assert_eq!(level(&mut feeder), 0);
    }
}

#[test]
fn a_page_goes_where_nobody_has_wanted_what_is_there_for_longest() {
    let mut feeder = feeder_for(&[]);
    feeder.turn = 1_000;
    feeder.wanted.fill(1_000);
    assert_eq!(feeder.room(5), None, "all of it is wanted");
    feeder.wanted[7] = 999;
    feeder.wanted[90] = 998;
    assert_eq!(feeder.room(5), Some(90));
    // What lingered long enough goes, the nearest first.
    feeder.wanted[6] = 1_000 - LINGER - 1;
    feeder.wanted[20] = 1_000 - LINGER - 50;
    assert_eq!(feeder.room(5), Some(6));
    feeder.wanted[6] = 1_000 - LINGER;
    assert_eq!(feeder.room(5), Some(20));
}

#[test]
fn playheads_far_apart_have_an_input_each_up_to_three_where_one_can_be_opened_again() {
    let far_apart: Vec<Wish> = (1..6).map(|n| Wish { position: n << 24, cue: n << 24, ..PLAYING }).collect();
    for (opens_again, inputs, tries) in [(true, CURSORS, CURSORS - 1), (false, 1, 1)] {
        let mut feeder = feeder_for(&far_apart);
        let tried = Arc::new(AtomicUsize::new(0));
        feeder.cursors =
            vec![Cursor::new(Box::new(Zeros { opens_again, tried: tried.clone(), ..Zeros::default() }), RATE)];
        feed(&mut feeder);
        assert_eq!((feeder.cursors.len(), tried.load(Relaxed)), (inputs, tries), "opens again: {opens_again}");
    }
}
