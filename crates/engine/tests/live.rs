//! Live inputs: their stems play like tracks, wait or skip when frames are missing, and no input can harm the sound.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crowd_engine::feed::{InputError, LiveInfo, LiveInput, Starvation, StreamEvent};
use crowd_engine::{Bpm, CrossfadeLaw, DeckId, Engine, Event, Frames, Renderer, SampleRate, StemId, Track, When};

const RATE: SampleRate = SampleRate::CD;
const WINDOW: Duration = Duration::from_millis(100);

/// What a test lets an input do next.
enum Step {
    /// Append this many frames.
    Frames(usize),
    Fail,
    Panic,
    End,
    /// Append these frames to the stems.
    Raw(Vec<Vec<[f32; 2]>>),
}

/// An input that does what a test tells it, and blocks in between. Frame `n` of stem `s` is `value(n, s)`.
struct Told {
    steps: mpsc::Receiver<Step>,
    next: u64,
}

fn value(frame: u64, stem: usize) -> f32 {
    (stem as f32 + 1.0) / 16.0 + (frame % 1_000) as f32 / 16_000.0
}

impl LiveInput for Told {
    fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
        match self.steps.recv().unwrap_or(Step::End) {
            Step::Frames(frames) => {
                for frame in self.next..self.next + frames as u64 {
                    stems.iter_mut().enumerate().for_each(|(stem, sound)| sound.push([value(frame, stem); 2]));
                }
                self.next += frames as u64;
            }
            Step::Fail => return Err("the cable is out".into()),
            Step::Panic => panic!("a bug of the input"),
            Step::End => return Ok(false),
            Step::Raw(sound) => stems.iter_mut().zip(sound).for_each(|(stem, sound)| stem.extend(sound)),
        }
        Ok(true)
    }
}

fn told(info: LiveInfo) -> (mpsc::Sender<Step>, Vec<Track>) {
    let (sender, steps) = mpsc::channel();
    (sender, Track::from_live(Told { steps, next: 0 }, info).unwrap())
}

fn info() -> LiveInfo {
    LiveInfo::new(RATE).window(WINDOW)
}

/// An engine in whose deck A the tracks are stems.
fn playing(tracks: &[Track]) -> (Engine, Renderer) {
    let (mut engine, renderer) = Engine::builder().sample_rate(RATE).split().unwrap();
    for (stem, track) in (0..).zip(tracks) {
        engine.deck(DeckId::A).stem(StemId(stem)).load(track).unwrap();
    }
    engine.deck(DeckId::A).play().unwrap();
    (engine, renderer)
}

fn render(renderer: &mut Renderer, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; 2 * frames];
    renderer.render(&mut out);
    out.chunks(2).map(|frame| frame[0]).collect()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: it does not happen");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_stems_of_a_generator_play_sample_for_sample() {
    let (steps, tracks) = told(info().stems(3));
    (0..200).for_each(|_| steps.send(Step::Frames(441)).unwrap());
    let mut offline = Engine::builder().offline().unwrap();
    for (stem, track) in (0..).zip(&tracks) {
        assert!(track.is_live() && track.is_streamed() && track.length().is_none());
        offline.engine().deck(DeckId::B).stem(StemId(stem)).load(track).unwrap();
    }
    offline.engine().deck(DeckId::B).at(When::At(Frames(1_000))).play().unwrap();
    let sound = offline.render_frames(61_000);
    assert!(sound[..2_000].iter().all(|x| *x == 0.0));
    for (frame, sound) in (0..60_000).zip(sound[2_000..].chunks(2)) {
        let wanted = (value(frame, 0) + value(frame, 1)) + value(frame, 2);
        assert!((sound[0] - wanted).abs() < 1e-6 && sound[0] == sound[1], "frame {frame}: {sound:?}, {wanted}");
    }
    assert_eq!(offline.status().decks[1].length, None);
}

#[test]
fn the_position_of_a_generator_waits_and_its_stems_resume_together() {
    let (steps, tracks) = told(info().stems(2));
    let (mut engine, mut renderer) = playing(&tracks);
    steps.send(Step::Frames(20_000)).unwrap();
    until("frames are ready", || tracks[0].is_ready(Frames(0)));
    // The whole sound that is played, frames that wait excluded.
    let mut heard = Vec::new();
    let mut silent = 0;
    let starved = |sound: &[f32]| sound.iter().all(|x| *x == 0.0);
    while silent < 5_000 {
        let sound = render(&mut renderer, 64);
        silent = if starved(&sound) && !heard.is_empty() { silent + 64 } else { 0 };
        heard.extend(sound);
        std::thread::sleep(Duration::from_micros(300));
    }
    let before = engine.status().decks[0].position;
    let events: Vec<Event> = engine.events().collect();
    let underruns: Vec<_> = events.iter().filter(|event| matches!(event, Event::Underrun { .. })).collect();
    assert_eq!(underruns.len(), 2, "one for each stem: {events:?}");
    let at = |event: &Event| match event {
        Event::Underrun { at, .. } | Event::Resumed { at, .. } => *at,
        other => panic!("{other:?}"),
    };
    assert_eq!(at(underruns[0]), at(underruns[1]));
    steps.send(Step::Frames(20_000)).unwrap();
    until("it sounds again", || !starved(&render(&mut renderer, 64)));
    let sound = render(&mut renderer, 1_000);
    let after = engine.status().decks[0].position;
    assert!(after - before < 5_000.0, "the position waited: {before}, {after}");
    let resumed: Vec<_> = engine.events().filter(|event| matches!(event, Event::Resumed { .. })).collect();
    assert_eq!((resumed.len(), at(&resumed[0])), (2, at(&resumed[1])));
    // The sum of both stems continues where it stopped: the values tell the frame.
    let frame = (after as u64 - 600) % 1_000;
    assert!(sound.iter().any(|x| (x - value(frame, 0) - value(frame, 1)).abs() < 1e-6), "frame {frame}");
    assert!(tracks[0].underruns() >= 1 && tracks[0].missed().0 >= 5_000);
}

#[test]
fn a_live_stream_continues_with_the_newest_frames() {
    let (steps, tracks) = told(info().starvation(Starvation::Skip));
    let (engine, mut renderer) = playing(&tracks);
    let position = |renderer: &mut Renderer, engine: &Engine| {
        render(renderer, 64);
        engine.status().decks[0].position
    };
    // It plays what came last when it starts, a window later.
    steps.send(Step::Frames(30_000)).unwrap();
    until("it starts a window before the newest frame", || {
        let at = position(&mut renderer, &engine);
        (24_000.0..30_000.0).contains(&at)
    });
    until("it starves", || tracks[0].underruns() > 0 || position(&mut renderer, &engine) < 0.0);
    steps.send(Step::Frames(200_000)).unwrap();
    until("it skips to the newest", || position(&mut renderer, &engine) > 222_000.0);
    // Frames that arrive faster than they are played are left out too.
    steps.send(Step::Frames(100_000)).unwrap();
    until("it skips while it sounds", || position(&mut renderer, &engine) > 322_000.0);
}

#[test]
fn at_its_end_a_live_input_ends_as_a_track_does() {
    let (steps, tracks) = told(info());
    steps.send(Step::Frames(3_000)).unwrap();
    steps.send(Step::End).unwrap();
    until("the end is known", || tracks[0].length() == Some(Frames(3_000)));
    let (mut engine, mut renderer) = playing(&tracks);
    let sound = render(&mut renderer, 4_000);
    assert!(sound[..3_000].iter().zip(0..).all(|(x, frame)| (x - value(frame, 0)).abs() < 1e-6));
    let fade = sound[3_000..].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(fade < 0.01, "the end in the middle of a sound fades out: {fade}");
    assert!(engine.events().any(|event| matches!(event, Event::Ended { deck: DeckId::A, .. })));
    assert_eq!((engine.status().decks[0].playing, engine.status().decks[0].length), (0, Some(Frames(3_000))));
    assert!(!engine.events().any(|event| matches!(event, Event::Underrun { .. })));
}

#[test]
fn a_change_is_heard_after_the_window_and_what_the_method_reads() {
    let (steps, tracks) = told(info());
    let (engine, mut renderer) = playing(&tracks);
    (0..1_000).for_each(|_| steps.send(Step::Frames(64)).unwrap());
    until("it plays", || {
        render(&mut renderer, 64);
        engine.status().decks[0].position > 5_000.0
    });
    // While nothing is rendered, the feeder fills the window and stops.
    std::thread::sleep(Duration::from_millis(100));
    let position = engine.status().decks[0].position as u64;
    let (mut left, mut right) = ([0.0; 1], [0.0; 1]);
    let is_there = |frame: u64, left: &mut [f32], right: &mut [f32]| {
        tracks[0].read(frame as i64, [left, right]);
        left[0] != 0.0
    };
    let written = (position..).find(|frame| !is_there(*frame, &mut left, &mut right)).unwrap();
    let most = 4_410 + 1_024;
    assert!((4_410..=most).contains(&(written - position)), "{} frames are ready", written - position);
}

#[test]
fn an_input_that_blocks_stops_no_offline_engine() {
    let (steps, tracks) = told(info().timeout(Duration::from_millis(200)));
    steps.send(Step::Frames(10_000)).unwrap();
    let mut offline = Engine::builder().offline().unwrap();
    offline.engine().deck(DeckId::A).load(&tracks[0]).unwrap().play().unwrap();
    let start = Instant::now();
    let sound = offline.render_frames(200_000);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(sound[2 * 5_000] != 0.0 && sound[2 * 100_000..].iter().all(|x| *x == 0.0));
    assert_eq!(tracks[0].stream_event(), Some(StreamEvent::Stalled(Duration::from_millis(200))));
    assert!(offline.engine().events().any(|event| matches!(event, Event::Underrun { .. })));
    // It goes on when the input does.
    steps.send(Step::Frames(50_000)).unwrap();
    until("the input has returned", || {
        let (mut left, mut right) = ([0.0; 1], [0.0; 1]);
        tracks[0].read(10_200, [&mut left, &mut right]);
        left[0] != 0.0
    });
    assert!(offline.render_frames(20_000)[2 * 15_000] != 0.0);
    drop(steps);
}

#[test]
fn errors_damage_and_panics_are_reported_and_the_sound_goes_on() {
    let (steps, tracks) = told(info().stems(2));
    let next = || {
        let mut event = None;
        until("there is an event", || {
            event = tracks[1].stream_event();
            event.is_some()
        });
        event.unwrap()
    };
    steps.send(Step::Fail).unwrap();
    assert_eq!(next(), StreamEvent::Unreadable("the cable is out".into()));
    steps.send(Step::Frames(10)).unwrap();
    assert_eq!(next(), StreamEvent::Readable);
    steps.send(Step::Raw(vec![vec![[f32::NAN, 0.5]; 7], vec![[0.5; 2]; 9]])).unwrap();
    let words = |event| match event {
        StreamEvent::Damaged(words) => words,
        other => panic!("{other:?}"),
    };
    assert_eq!(words(next()), "the stems got different numbers of frames, [7, 9]: 7 count");
    assert_eq!(words(next()), "7 samples were infinite or no numbers: they are silent");
    let (mut left, mut right) = ([9.0; 2], [9.0; 2]);
    until("they are written", || {
        tracks[0].read(15, [&mut left, &mut right]);
        right == [0.5; 2]
    });
    assert_eq!(left, [0.0; 2]);
    steps.send(Step::Panic).unwrap();
    assert_eq!(next(), StreamEvent::Unreadable("the input panicked: a bug of the input".into()));
    until("a panic ends the input", || tracks[0].length() == Some(Frames(17)));
}

#[test]
fn a_stem_that_was_paused_while_frames_were_missing_reports_that_it_resumes() {
    let (steps, tracks) = told(info());
    steps.send(Step::Frames(10_000)).unwrap();
    let (mut engine, mut renderer) = playing(&tracks);
    let mut happens = |engine: &mut Engine, wanted: fn(&Event) -> bool| {
        until("the event", || {
            render(&mut renderer, 64);
            engine.events().any(|event| wanted(&event))
        });
    };
    happens(&mut engine, |event| matches!(event, Event::Underrun { .. }));
    engine.deck(DeckId::A).pause().unwrap();
    steps.send(Step::Frames(50_000)).unwrap();
    until("frames are there", || {
        let (mut left, mut right) = ([0.0; 1], [0.0; 1]);
        tracks[0].read(10_010, [&mut left, &mut right]);
        left[0] != 0.0
    });
    engine.deck(DeckId::A).play().unwrap();
    happens(&mut engine, |event| matches!(event, Event::Resumed { .. }));
}

#[test]
fn a_panic_of_an_input_sounds_like_its_end() {
    let end = |last: Step| {
        let (steps, tracks) = told(info().stems(2));
        steps.send(Step::Frames(10_000)).unwrap();
        steps.send(last).unwrap();
        let mut offline = Engine::builder().offline().unwrap();
        for (stem, track) in (0..).zip(&tracks) {
            offline.engine().deck(DeckId::A).stem(StemId(stem)).load(track).unwrap();
        }
        offline.engine().deck(DeckId::A).play().unwrap();
        let sound = offline.render_frames(20_000);
        let events: Vec<Event> = offline.engine().events().collect();
        (sound, events, tracks[0].stream_event())
    };
    let (ended, panicked) = (end(Step::End), end(Step::Panic));
    assert!(ended.1.iter().any(|event| matches!(event, Event::Ended { .. })));
    assert_eq!(ended.1, panicked.1);
    assert!(ended.0 == panicked.0);
    assert!(ended.2.is_none() && matches!(panicked.2, Some(StreamEvent::Unreadable(_))));
}

#[test]
fn a_live_stem_cannot_be_sought_and_stays_in_step_when_it_was_paused() {
    let (steps, tracks) = told(info().stems(2));
    (0..1_000).for_each(|_| steps.send(Step::Frames(200)).unwrap());
    let mut offline = Engine::builder().offline().unwrap();
    let engine = offline.engine();
    for (stem, track) in (0..).zip(&tracks) {
        engine.deck(DeckId::A).stem(StemId(stem)).load_cued(track, Frames(5_000)).unwrap();
    }
    let region = crowd_engine::LoopRegion::new(Frames(0), Frames(5_000)).unwrap();
    engine.deck(DeckId::A).play().unwrap();
    offline.render_frames(10_000);
    let engine = offline.engine();
    engine.deck(DeckId::A).seek(Frames(7)).unwrap().loop_(Some(region)).unwrap().cue(Frames(3)).unwrap();
    engine.deck(DeckId::A).stem(StemId(1)).pause().unwrap();
    offline.render_frames(10_000);
    offline.engine().deck(DeckId::A).stem(StemId(1)).play().unwrap();
    let sound = offline.render_frames(10_000);
    let position = offline.status().decks[0].position;
    assert!((position - 30_000.0).abs() < 200.0, "nothing moved the position: {position}");
    for (frame, sound) in (28_000..29_900).zip(sound[2 * 8_000..].chunks(2)) {
        assert!((sound[0] - value(frame, 0) - value(frame, 1)).abs() < 1e-6, "frame {frame}");
    }
    drop(steps);
}

#[test]
fn a_live_input_does_not_follow_the_master_tempo() {
    let (steps, tracks) = told(info());
    (0..1_000).for_each(|_| steps.send(Step::Frames(200)).unwrap());
    let mut offline = Engine::builder().base_tempo(Bpm::new(120.0).unwrap()).offline().unwrap();
    offline.engine().mix().tempo(Bpm::new(180.0).unwrap()).unwrap();
    offline.engine().deck(DeckId::A).load(&tracks[0]).unwrap().play().unwrap();
    let sound = offline.render_frames(20_000);
    assert!((sound[2 * 15_000] - value(15_000, 0)).abs() < 1e-6);
    assert_eq!(offline.status().decks[0].rate, 1.0);
    drop(steps);
}

#[test]
fn a_live_input_is_crossfaded_like_a_track() {
    let (steps, tracks) = told(info());
    (0..1_000).for_each(|_| steps.send(Step::Frames(200)).unwrap());
    let mut offline = Engine::builder().offline().unwrap();
    let track = Track::from_interleaved(vec![0.25; 400_000], RATE, 2).unwrap();
    offline.engine().deck(DeckId::A).load(&track).unwrap().play().unwrap();
    offline.engine().deck(DeckId::B).load(&tracks[0]).unwrap();
    let at = When::At(Frames(10_000));
    let second = Duration::from_secs(1);
    offline.engine().mix().at(at).crossfade(DeckId::A, DeckId::B, second, CrossfadeLaw::EqualPower).unwrap();
    let sound = offline.render_frames(80_000);
    assert_eq!(sound[2 * 9_999], 0.25);
    assert!((sound[2 * 60_000] - value(50_000, 0)).abs() < 1e-6);
    drop(steps);
}

#[test]
fn settings_out_of_range_are_refused_with_the_limits() {
    let refused = |info: LiveInfo| {
        let (_sender, steps) = mpsc::channel();
        Track::from_live(Told { steps, next: 0 }, info).unwrap_err().to_string()
    };
    assert!(refused(info().stems(0)).contains("0 is not within 1 to 16"));
    assert!(refused(info().stems(17)).contains("stems of a live input"));
    assert!(refused(info().window(Duration::from_millis(4))).contains("4 is not within 5 to 5000"));
    assert!(refused(info().window(Duration::from_secs(6))).contains("window of a live input in milliseconds"));
}
