use std::sync::atomic::AtomicUsize;

use super::*;

/// Endless zeros, from an input that can or cannot be opened again.
#[derive(Default)]
struct Zeros {
    /// Called at the first read.
    on_first_read: Option<Box<dyn FnOnce() + Send>>,
    opens_again: bool,
    /// How often opening it again was tried.
    tried: Arc<AtomicUsize>,
}

impl Input for Zeros {
    fn seek(&mut self, _frame: u64) -> Result<(), InputError> {
        Ok(())
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        frames.extend([[0.0; 2]; 1_024]);
        if let Some(on_first_read) = self.on_first_read.take() {
            on_first_read();
        }
        Ok(true)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        self.tried.fetch_add(1, Relaxed);
        let again = || Self { on_first_read: None, opens_again: true, tried: self.tried.clone() };
        self.opens_again.then(|| Box::new(again()) as Box<dyn Input>)
    }
}

#[test]
fn higher_sample_rates_take_more_pages_in_proportion() {
    for (rate, times) in [(8_000, 1), (44_100, 1), (48_000, 1), (88_200, 2), (96_000, 2), (192_000, 4)] {
        assert_eq!((slots(rate), reach(rate)), (128 * times, 25_600 * times as i64), "{rate} Hz");
    }
}

#[test]
fn playheads_share_the_pages_and_leave_the_spare_ones_free() {
    let (rate, page) = (96_000, PAGE as i64);
    for (playheads, pages) in [(1, 112), (2, 112), (4, 58), (5, 46), (64, 3)] {
        let mut feeder = Feeder::new(1 << 30, Arc::default(), Box::new(Zeros::default()), rate);
        let stream = feeder.stream();
        for _ in 0..playheads {
            let entry = stream.register_playhead().unwrap();
            stream.publish_playhead(entry, &PlayheadState { playing: true, speed: 1.0, ..PlayheadState::default() });
        }
        feeder.poll_playheads();
        assert_eq!(feeder.share(), (pages * page - 2 * reach(rate)).max(page), "{playheads} playheads");
    }
}

#[test]
fn playing_playheads_rank_first_and_among_them_the_most_urgent() {
    let job = |playing, urgency| ReadJob { urgency, playing, pages: Vec::new() };
    let in_order = [
        job(true, Urgency::Emergency),
        job(true, Urgency::Normal),
        job(false, Urgency::Emergency),
        job(false, Urgency::Normal),
    ];
    assert!(in_order.is_sorted_by(|earlier, later| earlier.rank() < later.rank()));
}

#[test]
fn playheads_are_polled_several_times_within_what_an_emergency_has_left() {
    for sample_rate in [8_000, 44_100, 192_000] {
        let mut feeder = Feeder::new(1 << 30, Arc::default(), Box::new(Zeros::default()), sample_rate);
        let stream = feeder.stream();
        assert_eq!(feeder.poll_interval(), POLL_IDLE);
        let entry = stream.register_playhead().unwrap();
        stream.publish_playhead(entry, &PlayheadState { playing: true, speed: 1.0, ..PlayheadState::default() });
        feeder.poll_playheads();
        let frames = feeder.poll_interval().as_secs_f64() * f64::from(sample_rate);
        let left = (feeder.thresholds.emergency * feeder.thresholds.chunk) as f64;
        assert!(frames < left / 4.0, "{frames} frames pass between two polls, {left} are left at {sample_rate} Hz");
    }
}

const RATE: u32 = 44_100;
const PLAYING: PlayheadState =
    PlayheadState { clock: 0, position: 0, speed: 1.0, playing: true, region: None, cue: 0, reach: 0 };

/// A feeder of a long track with these playheads.
fn feeder_for(playheads: &[PlayheadState]) -> Feeder {
    let mut feeder = Feeder::new(1 << 30, Arc::default(), Box::new(Zeros::default()), RATE);
    let stream = feeder.stream();
    for playhead in playheads {
        stream.publish_playhead(stream.register_playhead().unwrap(), playhead);
    }
    feeder.poll_playheads();
    feeder
}

#[test]
fn the_next_job_is_the_most_urgent_of_all_playheads() {
    let waiting = |position| PlayheadState { playing: false, position, cue: position, ..PLAYING };
    let playing = PlayheadState { position: 1 << 20, cue: 1 << 20, ..PLAYING };
    // The order in which playheads are polled differs from feeder to feeder.
    for _ in 0..16 {
        let mut feeder = feeder_for(&[waiting(1 << 24), playing, waiting(1 << 26)]);
        let job = feeder.next_job().unwrap();
        assert!(job.playing && job.urgency == Urgency::Emergency && job.pages[0] == 256, "{:?}", job.pages);
    }
}

#[test]
fn there_is_no_job_when_all_needed_pages_are_loaded() {
    let mut feeder = feeder_for(&[PLAYING]);
    feed(&mut feeder);
    assert!((0..12).all(|page| feeder.pages.has(page)));
}

#[test]
fn half_a_second_is_read_after_a_prepared_position() {
    let mut feeder = feeder_for(&[]);
    feeder.shared.prepared.lock().unwrap().push(0);
    // 22,050 frames and the reach of a stretcher.
    assert_eq!(feeder.next_job().unwrap().pages, (0..12).collect::<Vec<u64>>());
}

#[test]
fn a_job_is_completed_while_nothing_changes() {
    let mut feeder = feeder_for(&[]);
    feeder.shared.prepared.lock().unwrap().push(0);
    let job = feeder.next_job().unwrap();
    assert!(feeder.run_job(&job).unwrap());
    assert_eq!(job.pages.iter().filter(|page| feeder.pages.has(**page)).count(), 12);
}

#[test]
fn a_job_is_cancelled_when_a_more_urgent_one_comes_up_or_its_pages_are_not_needed_any_more() {
    let far = 1 << 24;
    for plays in [true, false] {
        let mut feeder = feeder_for(&[]);
        feeder.shared.prepared.lock().unwrap().push(0);
        let (stream, shared) = (feeder.stream.clone(), feeder.shared.clone());
        let entry = stream.register_playhead().unwrap();
        let on_first_read = move || {
            if plays {
                stream.publish_playhead(entry, &PlayheadState { position: far, cue: far, ..PLAYING });
            } else {
                *shared.prepared.lock().unwrap() = vec![far];
            }
        };
        feeder.cursors = vec![Cursor::new(
            Box::new(Zeros { on_first_read: Some(Box::new(on_first_read)), ..Zeros::default() }),
            RATE,
        )];
        let job = feeder.next_job().unwrap();
        assert!(feeder.run_job(&job).unwrap());
        let read = job.pages.iter().filter(|page| feeder.pages.has(**page)).count();
        assert_eq!(read, 1, "of {:?}; a playhead plays: {plays}", job.pages);
    }
}

/// Reads until there is nothing to do.
fn feed(feeder: &mut Feeder) {
    for pass in 0.. {
        assert!(pass < 1_000, "it does not end");
        feeder.poll_playheads();
        match feeder.next_job() {
            Some(job) => assert!(!job.pages.is_empty() && feeder.run_job(&job).unwrap()),
            None => break,
        }
    }
}

#[test]
fn the_same_time_is_prefetched_at_any_speed_but_the_slowest() {
    let pages = |speed| {
        let mut feeder = feeder_for(&[PlayheadState { speed, ..PLAYING }]);
        feed(&mut feeder);
        (0..).take_while(|page| feeder.pages.has(*page)).count()
    };
    // Two seconds of output, and half a second at the cue.
    let at = [1.0 / 16.0, 0.5, 1.0, 2.0].map(pages);
    assert_eq!(at, [6, 11, 22, 43]);
    assert_eq!(pages(0.001), at[0]);
}

#[test]
fn a_job_of_a_faster_playhead_has_more_pages() {
    let most_urgent = PrefetchPolicy::new(Thresholds::default()).unwrap().observe(Frames(0), Levels::default(), 0);
    for speed in [1.0, 4.0, 16.0] {
        let pages = (most_urgent.chunks as f64 * 1_024.0 * speed / PAGE as f64).ceil();
        // The cue is far away, so that its pages are in another job.
        let mut feeder = feeder_for(&[PlayheadState { speed, cue: 1 << 24, ..PLAYING }]);
        assert_eq!(feeder.next_job().unwrap().pages.len() as f64, pages, "{speed}");
    }
}

#[test]
fn the_cue_is_loaded_while_the_playhead_is_in_a_loop_elsewhere() {
    let region = crate::types::loop_region::LoopRegion { start: 1 << 20, end: (1 << 20) + 200_000 };
    let mut feeder = feeder_for(&[PlayheadState { position: 1 << 20, cue: 1 << 24, region: Some(region), ..PLAYING }]);
    feed(&mut feeder);
    // 22,050 frames after the cue.
    let cue = (1 << 24) / PAGE as u64;
    assert!((cue..cue + 6).all(|page| feeder.pages.has(page)));
}

#[test]
fn the_published_level_is_the_lowest_of_all_playing_playheads() {
    let level = |feeder: &mut Feeder| {
        feeder.poll_playheads();
        feeder.next_job();
        feeder.shared.levels.lock().unwrap().output.0
    };
    for _ in 0..16 {
        let mut feeder = feeder_for(&[PLAYING]);
        feed(&mut feeder);
        let alone = level(&mut feeder);
        assert!(alone > 50_000, "{alone}");
        let stream = feeder.stream.clone();
        let far = PlayheadState { position: 1 << 24, cue: 1 << 24, ..PLAYING };
        let entry = stream.register_playhead().unwrap();
        stream.publish_playhead(entry, &PlayheadState { playing: false, ..far });
        assert_eq!(level(&mut feeder), alone, "a playhead that does not play does not count");
        stream.publish_playhead(entry, &far);
        assert_eq!(level(&mut feeder), 0);
    }
}

#[test]
fn the_page_that_was_not_needed_for_longest_is_evicted() {
    let mut feeder = feeder_for(&[]);
    feeder.pass = 1_000;
    feeder.last_needed.fill(1_000);
    assert_eq!(feeder.slot_for(5), None, "all pages are needed now");
    feeder.last_needed[7] = 999;
    feeder.last_needed[90] = 998;
    assert_eq!(feeder.slot_for(5), Some(90));
    // Of pages that were not needed for long enough the nearest is evicted.
    feeder.last_needed[6] = 1_000 - KEEP_PASSES - 1;
    feeder.last_needed[20] = 1_000 - KEEP_PASSES - 50;
    assert_eq!(feeder.slot_for(5), Some(6));
    feeder.last_needed[6] = 1_000 - KEEP_PASSES;
    assert_eq!(feeder.slot_for(5), Some(20));
}

#[test]
fn playheads_far_apart_have_an_input_each_up_to_three_where_one_can_be_opened_again() {
    let far_apart: Vec<PlayheadState> =
        (1..6).map(|n| PlayheadState { position: n << 24, cue: n << 24, ..PLAYING }).collect();
    for (opens_again, inputs, tries) in [(true, CURSORS, CURSORS - 1), (false, 1, 1)] {
        let mut feeder = feeder_for(&far_apart);
        let tried = Arc::new(AtomicUsize::new(0));
        feeder.cursors =
            vec![Cursor::new(Box::new(Zeros { opens_again, tried: tried.clone(), ..Zeros::default() }), RATE)];
        feed(&mut feeder);
        assert_eq!((feeder.cursors.len(), tried.load(Relaxed)), (inputs, tries), "opens again: {opens_again}");
    }
}
